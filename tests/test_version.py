"""The version rises when a shipped headline moves, and the changelog says by how much."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from costmodel.version import __version__
from tests.support import headlines
from tests.support.headlines import SCENARIOS, Key, recorded, shipped, versions
from tests.support.pounds import money

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
PENNY, QALY = 0.01, 0.0005
FILES = [
    pytest.param(path, marks=() if path.name == "model.yaml" else pytest.mark.long, id=str(path.relative_to(SCENARIOS)))
    for path in shipped()
]


def section(version: str) -> str:
    """What the changelog says of a version."""
    found = re.search(
        rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## \[|\Z)", CHANGELOG.read_text("utf-8"), re.M | re.S
    )
    assert found, f"CHANGELOG.md has no section [{version}]"
    return found[1]


def largest_moves(before: dict[Key, float], after: dict[Key, float]) -> dict[str, dict[str, float]]:
    """The most by which a headline of each population moved, by outcome."""
    moves: dict[str, dict[str, float]] = defaultdict(dict)
    for key in before.keys() & after.keys():
        population, outcome = key[0].split("/")[0], key[2]
        moves[population][outcome] = max(moves[population].get(outcome, 0.0), abs(after[key] - before[key]))
    return moves


def unsaid(moves: dict[str, dict[str, float]], said: str) -> list[str]:
    """The lines that the changelog lacks: one for each population that moved, with the largest move."""
    lacking = []
    for population, most in moves.items():
        parts = []
        if most.get("net_saving", 0.0) >= PENNY:
            parts.append(f"net saving by at most {money(most['net_saving'])}")
        if most.get("qaly", 0.0) >= QALY:
            parts.append(f"QALYs by at most {most['qaly']:.3f}")
        line = f"* `{population}`: {', '.join(parts)}"
        if parts and line not in said:
            lacking.append(line)
    return lacking


@pytest.mark.parametrize("path", FILES)
def test_a_shipped_headline_stands_as_this_version_wrote_it_down(path: Path) -> None:
    """If it moves: a new version, `python -m tests.support.headlines`, and a line in the changelog."""
    written = {key: value for key, value in recorded(__version__).items() if key[0] == str(path.relative_to(SCENARIOS))}
    found = headlines.headlines(path)
    assert found.keys() == written.keys()
    assert found == pytest.approx(written, rel=1e-5, abs=1e-6)


def test_every_shipped_scenario_is_written_down() -> None:
    assert {key[0] for key in recorded(__version__)} == {str(path.relative_to(SCENARIOS)) for path in shipped()}


def test_the_changelog_says_by_how_much_each_version_moved() -> None:
    assert versions()[-1] == __version__
    pairs = list(zip(versions(), versions()[1:], strict=False))
    assert pairs
    assert {new: unsaid(largest_moves(recorded(old), recorded(new)), section(new)) for old, new in pairs} == {
        new: [] for _, new in pairs
    }


def test_a_move_that_is_not_said_is_noticed() -> None:
    before = {("panic/model.yaml", "pfpp", "net_saving", "expected"): -7_000.0}
    after = {("panic/model.yaml", "pfpp", "net_saving", "expected"): -6_900.0}
    line = "* `panic`: net saving by at most £100"
    assert unsaid(largest_moves(before, after), "") == [line]
    assert unsaid(largest_moves(before, after), line) == []
    assert unsaid(largest_moves(before, before), "") == []
