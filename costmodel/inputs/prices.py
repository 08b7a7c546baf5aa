"""Price indices: bringing a price of one year to the prices of another."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from costmodel.errors import InputError, Problem
from costmodel.inputs.table import Table, by_kind, number, provenance_problems, read_table
from costmodel.units import parse_price_year, price_year_start


@dataclass(frozen=True)
class PriceIndex:
    """The level of prices by price year, any base; the years follow each other without a gap."""

    name: str
    levels: Mapping[str, float]

    @property
    def years_covered(self) -> str:
        """The first and the last year, in words."""
        years = list(self.levels)
        return f"{years[0]} to {years[-1]}"


def read_price_index(path: Path, name: str = "") -> PriceIndex:
    """Read the CSV of a price index: columns year, level, status and source.

    name: for messages; the file's name if left out.
    Raises InputError naming file and line.
    """
    table = read_table(path, ("year", "level", "status", "source"))
    levels: dict[str, float] = {}
    places: dict[str, str] = {}
    problems: list[Problem] = []
    for row in table.rows:
        problems += provenance_problems(row)
        try:
            year, level = parse_price_year(row.cells["year"]), number(row, "level")
        except InputError as error:
            problems += error.problems
            continue
        except ValueError as error:
            problems.append(Problem(row.place, str(error)))
            continue
        if year in levels:
            problems.append(Problem(row.place, f"the year {year} stands here and in {places[year]}", "Keep one."))
        if level <= 0:
            problems.append(Problem(row.place, f"the level of {year} is {level:g}", "Levels are above 0."))
        levels[year], places[year] = level, row.place
    problems = problems or _gaps(table, levels, places)
    if problems:
        raise InputError(*by_kind(problems))
    return PriceIndex(name or path.stem, {year: levels[year] for year in sorted(levels)})


def _gaps(table: Table, levels: Mapping[str, float], places: Mapping[str, str]) -> list[Problem]:
    years = sorted(levels)
    if len({len(year) for year in years}) > 1:
        found = "the index mixes financial and calendar years"
        return [Problem(table.place, found, "Keep to one of 2024/25 and 2024.")]
    return [
        Problem(places[later], f"there is no year between {earlier} and {later}", "Add the missing years.")
        for earlier, later in pairwise(years)
        if price_year_start(later) != price_year_start(earlier) + 1
    ]


def factor(index: PriceIndex, from_year: str, to_year: str) -> float:
    """What a price of `from_year` is multiplied by to become one of `to_year`.

    Raises ValueError naming the years covered where either is missing: nothing is extrapolated.
    """
    for year in (from_year, to_year):
        if year not in index.levels:
            raise ValueError(f'the price index "{index.name}" has no year {year}; it covers {index.years_covered}')
    return index.levels[to_year] / index.levels[from_year]
