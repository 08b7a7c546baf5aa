"""`python -m tests.support.headlines`: write what this version answers to tests/headlines, a file a version.

A headline is the net saving to the NHS and social care, and the QALYs gained, to the end of the follow-up: at central
values, expected over a few draws, and for each alternative. Money and QALYs per person, undiscounted.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import costmodel as cm
from costmodel.version import __version__

SCENARIOS = Path(__file__).parents[2] / "scenarios"
HEADLINES = Path(__file__).parents[1] / "headlines"
DRAWS = 256
"""Enough to see that a spread has moved, and not only a centre."""
COLUMNS = ("scenario", "strategy", "outcome", "run", "value")
Key = tuple[str, str, str, str]


def shipped() -> list[Path]:
    """The scenario files that have an answer."""
    return [
        path
        for path in sorted(SCENARIOS.glob("*/*.yaml"))
        if re.search(r"^(extends|strategies):", text := path.read_text("utf-8"), re.M)
        and not re.search(r"^model: locked", text, re.M)
    ]


def headlines(path: Path) -> dict[Key, float]:
    """The headlines of a scenario file."""
    result = cm.run(cm.load(path), draws=DRAWS)
    table = result.table()
    rows = table[
        ~table.run.isin(list(result.conventions))
        & (table.party == "all")
        & (table.category == "all")
        & ~table.discounted
        & (table.horizon_months == result.horizons[0])
        & (
            ((table.outcome == "net_saving") & (table.perspective == "nhs_pss"))
            | ((table.outcome == "qaly") & (table.comparator == result.comparator))
        )
    ]
    name = path.relative_to(SCENARIOS).as_posix()
    return {(name, row.strategy, row.outcome, row.run): float(row.value) for row in rows.itertuples()}


def recorded(version: str) -> dict[Key, float]:
    """The headlines of a version, as they were written down."""
    with (HEADLINES / f"{version}.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["scenario"], row["strategy"], row["outcome"], row["run"]): float(row["value"])
            for row in csv.DictReader(file)
        }


def versions() -> list[str]:
    """The versions whose headlines are written down, oldest first."""
    return sorted((path.stem for path in HEADLINES.glob("*.csv")), key=lambda name: [*map(int, name.split("."))])


def rows() -> Iterator[tuple[str, ...]]:
    """Every headline of this version, as it is written."""
    for path in shipped():
        yield from ((*key, f"{value:.6g}") for key, value in headlines(path).items())


if __name__ == "__main__":
    with (HEADLINES / f"{__version__}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows()])
