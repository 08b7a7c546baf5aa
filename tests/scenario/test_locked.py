"""A locked scenario loads as a refusal, holds no number, and nothing unlocks it."""

import pickle
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.scenario.load import MONEY, load_text
from tests.support.example import REMOVED, example
from tests.support.locked import PSYCHOSIS, locked, locked_example

UNLOCKING = {
    "another value": "change: {label: open}",
    "another kind of model": "change: {model: rates}",
    "without its refusal": "remove: [refusal]",
    "with parameters": "add: {parameters: {}}",
}

FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"strategies": {}}, 'unknown key "strategies"'),
    ({"parameters": {}}, 'unknown key "parameters"'),
    ({"costs": {}}, 'unknown key "costs"'),
    ({"horizon": "10 years"}, 'unknown key "horizon"'),
    ({"refusal": REMOVED}, 'the key "refusal" is missing'),
    ({"refusal.because": REMOVED}, 'the key "because" is missing'),
    ({"refusal.because": ""}, "refusal.because is empty"),
    ({"refusal.source": []}, "refusal.source has 0 entries"),
    ({"refusal.source": ["X002"]}, 'there is no source "X002"'),
    ({"findings": []}, "findings has 0 entries"),
    ({"findings": [{"about": "x", "says": "y", "status": "read"}]}, 'the key "source" is missing'),
    ({"findings": [{"about": "x", "says": "y", "source": ["X001"]}]}, 'the key "status" is missing'),
    ({"findings": [{"about": "x", "says": "y", "source": ["X002"], "status": "read"}]}, "no source"),
    (
        {"findings": [{"about": "x", "says": "y", "source": ["X001"], "status": "read"}]},
        'the status is "read" and its source X001 is "assumption"',
    ),
    ({"refusal.because": "It costs £400."}, 'the text speaks of money ("£")'),
    ({"leaves_out": ["The 2,444 euros a year."]}, 'the text speaks of money ("euros")'),
    ({"setting": "nowhere.yaml"}, "does not exist"),
    ({"sources": "nowhere.yaml"}, "does not exist"),
    ({"sources": "settings/sources.yaml"}, 'both have "X001"'),
]


def test_the_refusal_says_why_and_on_whose_word() -> None:
    with pytest.raises(cm.InputError) as caught:
        cm.load(PSYCHOSIS)
    said = str(caught.value)
    assert isinstance(caught.value, cm.Refused)
    assert "contraindicated" in said
    assert "8.35" in said
    assert "C207: Malmberg, Fenton & Rathbone" in said


def test_psychosis_holds_what_the_studies_found_and_no_money() -> None:
    found = locked()
    assert set(found.sources) >= {"C207", "C209a", "C210", "C235"}
    assert found.to_be_checked == ()
    assert {path.name for path in PSYCHOSIS.parent.iterdir()} == {"model.yaml", "sources.yaml", "README.md"}
    for path in PSYCHOSIS.parent.iterdir():
        assert MONEY.search(path.read_text("utf-8")) is None, path.name


def test_the_harm_that_is_stated_is_that_of_its_source() -> None:
    found = locked()
    for figure in ("8.35", "2.0 to 34.3"):
        assert figure in found.sources["C207"].figure
        assert figure in found.file.refusal.because


@pytest.mark.parametrize("change", UNLOCKING.values(), ids=UNLOCKING)
def test_no_overlay_unlocks_it(change: str, tmp_path: Path) -> None:
    locked_example(tmp_path)
    for name, parent, text in (("one", "model.yaml", change), ("two", "one.yaml", "change: {title: x}")):
        (tmp_path / f"{name}.yaml").write_text(f"format: 1\nextends: {parent}\nlabel: {name}\n{text}\n", "utf-8")
        with pytest.raises(cm.Refused, match=f"{name}.yaml, line 2: model.yaml is locked") as caught:
            cm.load(tmp_path / f"{name}.yaml")
        assert caught.value.asked


def test_an_open_scenario_is_not_locked_by_an_overlay_but_refused(tmp_path: Path) -> None:
    path = example(tmp_path)
    with pytest.raises(cm.InputError, match="Allowed: 'rates' or 'probabilities'") as caught:
        cm.load(path).changed({"model": "locked"})
    assert not isinstance(caught.value, cm.Refused)


@pytest.mark.parametrize(("edits", "message"), FAULTY, ids=[message for _, message in FAULTY])
def test_what_is_wrong_with_a_locked_file_is_said(edits: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(cm.InputError) as caught:
        cm.load(locked_example(tmp_path, **edits))
    assert message in str(caught.value)
    assert "model.yaml, line " in str(caught.value)
    assert not isinstance(caught.value, cm.Refused)


def test_a_source_that_names_a_sum_of_money_may_not_be_cited(tmp_path: Path) -> None:
    path = locked_example(tmp_path, sources="own.yaml", **{"refusal.source": ["Y001"]})
    record = "{citation: Who, where: there, figure: 'EUR 2,444 a year', status: read}"
    (tmp_path / "own.yaml").write_text(f"sources: {{Y001: {record}}}", "utf-8")
    with pytest.raises(cm.InputError, match='the source "Y001" speaks of money'):
        cm.load(path)


def test_a_recalled_finding_is_to_be_checked(tmp_path: Path) -> None:
    path = locked_example(
        tmp_path,
        sources="own.yaml",
        findings=[{"about": "A memory", "says": "It was so.", "source": ["Y001"], "status": "recalled"}],
    )
    record = "{citation: Who, where: there, figure: so, status: recalled}"
    (tmp_path / "own.yaml").write_text(f"sources: {{Y001: {record}}}", "utf-8")
    assert locked(path).to_be_checked == ("A memory",)


def test_its_sha256_covers_its_words_and_its_sources(tmp_path: Path) -> None:
    first = locked(locked_example(tmp_path / "a")).sha256
    assert locked(locked_example(tmp_path / "b")).sha256 == first
    assert locked(locked_example(tmp_path / "c", title="Another")).sha256 != first
    path = locked_example(tmp_path / "d")
    sources = tmp_path / "d" / "settings" / "sources.yaml"
    sources.write_text(sources.read_text("utf-8").replace("Invented", "Found"), "utf-8")
    assert locked(path).sha256 != first


def test_text_that_is_not_on_disk_is_refused_too(tmp_path: Path) -> None:
    path = locked_example(tmp_path)
    with pytest.raises(cm.Refused):
        load_text(path.read_bytes(), path)


def test_a_refusal_travels_between_processes() -> None:
    with pytest.raises(cm.Refused) as caught:
        cm.load(PSYCHOSIS)
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, cm.Refused)
    assert str(again) == str(caught.value)
    assert again.locked == caught.value.locked
