"""Predictions are only added to: each part of the page keeps its seal; what can still be answered comes out again."""

import datetime
import re

import pytest

from costmodel.version import __version__
from scripts import predictions as script

SEALS = (
    "6cc3ddfbe4b9a2b060d15b07432439fab7dedd6909d345d43319051400bfaa44",
    "6e93ba48e287b8b87cd2d23999f3c445b6d8b4883e22574bc641b833c0e7257c",
    "32705d0bf86f3f828f27e6ef44f09ad5829ec9fcc765fcbba422ae7ed9b54a48",
    "6e8d1191b4c6f97ef560cedffc7b57c988a4f09f81e31dd5560491717d23ee1a",
)
"""Of the parts that were committed; a new one is added here with its part, and none is ever taken away."""
DAY = datetime.date(2030, 1, 1)


def page() -> str:
    return script.PAGE.read_text("utf-8")


def test_no_part_of_the_page_was_edited() -> None:
    found = list(script.parts(page()))
    assert tuple(seal for _, seal in found) == SEALS
    assert [script.seal(text) for text, _ in found] == list(SEALS)
    assert page().endswith(f"{script.SEAL}{SEALS[-1]}.\n\n")


def test_an_edit_is_seen() -> None:
    edited = re.sub(r"0\.690023", "0.690024", page())
    assert edited != page()
    assert [script.seal(text) for text, _ in script.parts(edited)] != list(SEALS)


def test_every_question_is_answered_and_each_part_says_when_and_by_what() -> None:
    text = page()
    assert {name for name, _, _ in script.known(text)} == set(script.declared()["questions"])
    assert len(re.findall(r"^## \d{4}-\d\d-\d\d, version \d+\.\d+\.\d+$", text, flags=re.M)) == len(SEALS)
    rows = [line for line in text.splitlines() if re.match(r"\| P\d", line)]
    assert len(rows) == len(script.ROW.findall(text))


def test_only_what_is_lacking_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "sha_of", lambda one: "0" * 64)
    monkeypatch.setattr(script, "answer", lambda one: ([0.1, 0.2, 0.3, 0.4, 0.5], "ratio"))
    longer = script.added(page(), DAY)
    assert longer.startswith(page())
    assert len(list(script.parts(longer))) == len(SEALS) + 1
    assert "## 2030-01-01, version " in longer.removeprefix(page())
    assert script.added(longer, DAY) == longer
    assert all(script.seal(text) == seal for text, seal in script.parts(longer))


@pytest.mark.parametrize("name", script.declared()["questions"])
def test_a_prediction_of_this_version_and_scenario_comes_out_again(name: str) -> None:
    question = script.declared()["questions"][name]
    for row in script.ROW.finditer(page()):
        if (row[1], row[3]) == (name, __version__) and row[4] == script.sha_of(question):
            quantiles, unit = script.answer(question)
            assert f"| {' | '.join(map(script.written, quantiles))} | {unit} |" in row[0]
