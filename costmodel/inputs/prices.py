"""Prices of different years: what a price year is, the index of prices, and how a price is carried to another year."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from costmodel.content import by_content
from costmodel.errors import InputError, Problem
from costmodel.inputs.files import Table, by_kind, number, provenance_problems, read_table
from costmodel.units import Unit


def parse_price_year(text: object) -> str:
    """A financial year ("2024/25") or a calendar year ("2024"), checked. Raises ValueError otherwise.

    A whole number is taken as a calendar year, because YAML reads 2024 as one.
    """
    text = str(text).strip()
    if re.fullmatch(r"(19|20)\d\d", text, flags=re.ASCII):
        return text
    match = re.fullmatch(r"((?:19|20)?\d\d)[/–-](\d\d(?:\d\d)?)", text, flags=re.ASCII)
    if not match:
        raise ValueError(f'"{text[:40]}" is not a price year. Write "2024/25", or "2024" for a calendar year')
    start = int(match[1]) if len(match[1]) == 4 else 2000 + int(match[1])
    financial_year = f"{start}/{(start + 1) % 100:02d}"
    if text != financial_year:
        raise ValueError(f'"{text}" is not a financial year. Did you mean "{financial_year}"?')
    return financial_year


def price_year_start(price_year: str) -> int:
    """The calendar year in which a checked price year begins."""
    return int(price_year[:4])


INDEX_COLUMNS = ("year", "level", "status", "source")


@by_content
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


LEVEL_JUMPS = (0.85, 1.15)
"""By how much levels may change from one year to the next. Yearly changes written as levels jump by more."""
CHANGES = (-50.0, 100.0)
"""Per cent a year."""
SMALL_CHANGE = 0.3
"""Per cent. Where no change of several years is larger, they are shares."""


def read_price_index(path: Path, name: str = "") -> PriceIndex:
    """Read the CSV of a price index: columns year, level, status and source.

    In place of level there may be change: per cent on the year before.
    name: for messages; the file's name if left out.
    Raises InputError naming file and line, with one problem for each kind of mistake.
    """
    table = read_table(path, INDEX_COLUMNS, instead=("level", "change"))
    of_changes = "change" in table.columns
    column = "change" if of_changes else "level"
    values: dict[str, float] = {}
    places: dict[str, str] = {}
    problems: list[Problem] = []
    for row in table.rows:
        problems += provenance_problems(row)
        try:
            year, value = parse_price_year(row.cells["year"]), number(row, column)
        except InputError as error:
            problems += error.problems
            continue
        except ValueError as error:
            problems.append(Problem(row.place, str(error)))
            continue
        if year in values:
            problems.append(Problem(row.place, f"the year {year} stands here and in {places[year]}", "Keep one."))
        if of_changes and not CHANGES[0] <= value <= CHANGES[1]:
            remedy = (
                f"Give per cent on the year before, {CHANGES[0]:g} to {CHANGES[1]:g}; levels belong to a column level."
            )
            problems.append(Problem(row.place, f"the change of {year} is {value:g}", remedy))
        if not of_changes and value <= 0:
            problems.append(Problem(row.place, f"the level of {year} is {value:g}", "Levels are above 0."))
        values[year], places[year] = value, row.place
    problems = problems or _gaps(table, values, places)
    problems = problems or list((_small_changes if of_changes else _jumps)(table, values, places))
    if problems:
        raise InputError(*by_kind(problems))
    in_order = {year: values[year] for year in sorted(values)}
    return PriceIndex(name or path.stem, _chained(in_order) if of_changes else in_order)


def _chained(changes: Mapping[str, float]) -> dict[str, float]:
    """Levels from changes in per cent, in the order of years: 100 in the year before the first."""
    first = next(iter(changes))
    start = price_year_start(first)
    level = 100.0
    levels = {f"{start - 1}/{start % 100:02d}" if "/" in first else f"{start - 1}": level}
    for year, change in changes.items():
        level *= 1 + change / 100
        levels[year] = level
    return levels


def _jumps(table: Table, levels: Mapping[str, float], places: Mapping[str, str]) -> Iterator[Problem]:
    fall, rise = LEVEL_JUMPS
    for earlier, later in pairwise(sorted(levels)):
        ratio = levels[later] / levels[earlier]
        change = f"{levels[earlier]:g} in {earlier} to {levels[later]:g} in {later} ({ratio - 1:+.0%})"
        if not fall <= ratio <= rise:
            yield Problem(
                places[later],
                f"the level goes from {change}",
                "If these are yearly changes, name the column change (per cent on the year before). If prices did move "
                f"by more than {rise - 1:.0%} in a year, give the changes instead of the levels.",
            )


def _small_changes(table: Table, changes: Mapping[str, float], _: Mapping[str, str]) -> Iterator[Problem]:
    largest = max(map(abs, changes.values()))
    if len(changes) > 1 and 0 < largest < SMALL_CHANGE:
        found = f"no change is larger than {largest:g}%"
        yield Problem(table.place, found, "Give per cent on the year before: 7.06 for 7.06%, not 0.0706.")


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


def price_factor(
    unit: Unit, year: str | None, index: str | None, price_year: str, indices: Mapping[str, PriceIndex]
) -> float:
    """What a number of a unit is multiplied by to stand in the prices of `price_year`: 1 for what is not money.

    year, index: the price year of the number, and the name of the index that carries it. Raises ValueError where a
    price has no year or no index that it needs, and as `factor`.
    """
    if unit.kind != "price":
        if year:
            raise ValueError(f'a price year belongs to a price; the unit is "{unit.text}"')
        return 1.0
    if year is None:
        raise ValueError("the price year is missing; without it the price cannot be compared with others")
    if year == price_year:
        return 1.0
    if index is None:
        raise ValueError(
            f"the price is of {year} and the setting of {price_year}: "
            f"name the index that converts it ({', '.join(indices)})"
        )
    if index not in indices:
        raise ValueError(f'there is no price index "{index}"; allowed: {", ".join(indices) or "none"}')
    return factor(indices[index], year, price_year)
