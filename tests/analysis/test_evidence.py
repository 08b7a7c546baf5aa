"""What the answers rest on: the page of the docs is what the command writes, and shares of a variance add up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from costmodel.analysis.evidence import STANDINGS, evidence, evidence_of_all, page_of
from costmodel.cli.answers import BY_HAND
from costmodel.report import render
from costmodel.result.information import share_explained
from tests.support.example import load_example

ROOT = Path(__file__).parents[2]


def test_the_share_of_a_sum_is_that_of_its_parts() -> None:
    rng = np.random.default_rng(5)
    one, other, inert = rng.normal(size=(3, 20_000))
    outcome = (3 * one + 4 * other)[None, :]
    weights = np.array([1.0])
    shares = [share_explained(outcome, weights, part[None, :]) for part in (one, other, inert)]
    assert shares == pytest.approx([9 / 25, 16 / 25, 0], abs=0.02)
    assert share_explained(outcome, weights, np.stack([one, other])) == pytest.approx(1, abs=0.001)


def test_every_uncertain_number_stands_once_with_its_share(tmp_path: Path) -> None:
    found = evidence(load_example(tmp_path), "example", draws=500)
    members = [name for one in found.bundles for name in one.members]
    assert len(set(members)) == len(members)
    assert {name for name, interval in found.intervals.items() if interval} == set(members)
    assert all(0 <= one.share <= 1 for one in found.bundles)
    assert set(found.by_standing) <= set(STANDINGS)
    assert 0.7 < sum(found.by_standing.values()) <= 1.1
    worth = [one.worth.value for one in found.gaps]
    assert worth == sorted(worth, reverse=True)


def test_a_population_is_a_page(tmp_path: Path) -> None:
    found = evidence(load_example(tmp_path), "example", draws=500)
    said = render.markdown(found.page())
    assert "Knowing everything would be worth" in said
    rows = [line.split(" | ") for line in said.splitlines() if "per session" in line]
    (row,) = [row for row in rows if row[0] == "| Price of a session"]
    assert row[1] == "100 GBP per session (2024/25)"
    assert set(found.frame.name) == set(found.intervals)
    assert len(repr(found).encode()) < 2_000
    assert "<table>" in found._repr_html_()


@pytest.mark.long
def test_the_page_of_the_docs_is_what_the_command_writes() -> None:
    page = page_of(evidence_of_all(ROOT / "scenarios"))
    written = render.markdown(replace(page, about=(BY_HAND, *page.about)))
    assert (ROOT / "docs" / "evidence.md").read_text("utf-8") == written
