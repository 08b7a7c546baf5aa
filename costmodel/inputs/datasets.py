"""The tables of numbers that scenarios name: price indices, transition probabilities, and posteriors."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import Row, Table, by_kind, number, provenance_problems, read_table
from costmodel.units import parse_price_year, price_year_start

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


Array = NDArray[np.float64]

ROW_TOLERANCE = 1e-6
"""By how much the probabilities of a row may miss 1: the rounding of a published table. Rows are never rescaled."""


@by_content
@dataclass(frozen=True)
class Matrices:
    """Probabilities by interval.

    states: names, in the order of the arrays. first: cycle, from 1, in which each interval begins.
    last: the last cycle covered. values: shape (interval, from, to).
    """

    states: tuple[str, ...]
    first: tuple[int, ...]
    last: int
    values: Array

    def interval(self, cycle: int) -> int:
        """Index of the interval in force in a cycle (from 1)."""
        return int(np.searchsorted(self.first, cycle, side="right")) - 1

    def moves(self) -> list[tuple[str, str]]:
        """(from, to) of every probability that is above 0 in some interval."""
        used = self.values.max(axis=0) > 0
        return [(self.states[i], self.states[j]) for i, j in zip(*np.nonzero(used), strict=True)]


def read_matrices(path: Path, states: Sequence[str]) -> Matrices:
    """Read the CSV of a model's probabilities.

    Columns: first and last (cycles, from 1), from, and one for each of `states`, in any order; rows in any
    order. Raises InputError naming file and line: every row sums to 1, intervals follow without gap or overlap.
    """
    table = read_table(path, ("first", "last", "from", *states))
    problems: list[Problem] = []
    rows: dict[tuple[int, int], dict[str, list[float]]] = {}
    for row in table.rows:
        try:
            first, last, origin, values = _entry(row, states)
        except InputError as error:
            problems += error.problems
            continue
        interval = rows.setdefault((first, last), {})
        if origin in interval:
            problems.append(Problem(row.place, f'"{origin}" has two rows for cycles {first} to {last}', "Keep one."))
        interval[origin] = values
    for (first, last), by_origin in rows.items():
        matrix = np.array([by_origin.get(state, [np.nan] * len(states)) for state in states])
        place = f"{table.place}, cycles {first} to {last}"
        missing = [state for state in states if state not in by_origin]
        if missing and not problems:
            remedy = "Each state needs one: 1 in its own column where nobody leaves it."
            problems.append(Problem(place, f"there is no row from {', '.join(missing)}", remedy))
        elif not missing:
            problems += faults_of_rows(place, states, matrix)
    problems += gaps(table.place, rows)
    if problems:
        raise InputError(*by_kind(problems))
    ordered = sorted(rows)
    matrices = np.array([[rows[interval][state] for state in states] for interval in ordered])
    return Matrices(tuple(states), tuple(first for first, _ in ordered), ordered[-1][1], matrices)


def _entry(row: Row, states: Sequence[str]) -> tuple[int, int, str, list[float]]:
    first, last = (int(number(row, column)) for column in ("first", "last"))
    origin = row.cells["from"]
    if origin not in states:
        raise InputError.at(row.place, f'"{origin[:40]}" is not a declared state', nearest(origin, states))
    if not (1 <= first <= last) or first != number(row, "first") or last != number(row, "last"):
        raise InputError.at(
            row.place, f"cycles {first} to {last} are no interval", "Whole numbers from 1, first ≤ last."
        )
    values = [number(row, state) for state in states]
    wrong = [
        Problem(row.place, f"{state}: {value:g} is not a probability", _remedy(value))
        for state, value in zip(states, values, strict=True)
        if not 0 <= value <= 1
    ]
    if wrong:
        raise InputError(*wrong)
    return first, last, origin, values


def _remedy(value: float) -> str:
    return f"Between 0 and 1; a percentage typed? {value / 100:g}." if 1 < value <= 100 else "Between 0 and 1."


def faults_of_rows(place: str, states: Sequence[str], matrix: Array) -> Iterator[Problem]:
    """Rows of a (from, to) matrix that do not sum to 1, each with its sum and the gap."""
    sums = matrix.sum(axis=1)
    wrong = np.abs(sums - 1) > ROW_TOLERANCE
    if wrong.any() and np.all(np.abs(matrix.sum(axis=0) - 1) <= ROW_TOLERANCE):
        yield Problem(place, "the columns sum to 1 and the rows do not", "It looks transposed: rows are origins.")
        return
    for state, total in zip(np.array(states)[wrong], sums[wrong], strict=True):
        if total == 0:
            remedy = "Write 1 in its own column if nobody leaves it."
            yield Problem(place, f'the row from "{state}" is empty', remedy)
        else:
            found = f'the row from "{state}" sums to {total:.10g}, {total - 1:+.3g} from 1'
            yield Problem(place, found, "Correct the row; it is not rescaled.")


def gaps(place: str, intervals: Iterable[tuple[int, int]]) -> Iterator[Problem]:
    """Cycles that no interval, or more than one, covers; the first interval begins at cycle 1."""
    expected = 1
    for first, last in sorted(intervals):
        if first > expected:
            yield Problem(place, f"cycle {expected} is not covered", "Intervals follow without a gap.")
        elif first < expected:
            yield Problem(place, f"cycle {first} is covered twice", "Intervals do not overlap.")
        expected = max(expected, last + 1)


LARGEST_POSTERIOR = 5_000_000
"""Bytes."""

_PARAMETER = re.compile(r"[a-z][a-z0-9_]*", flags=re.ASCII)


@by_content
@dataclass(frozen=True)
class Posterior:
    """Rows of parameters that belong together.

    columns: by parameter, shape (rows,) each. best: the row (from 0) that serves the deterministic run.
    remark: what the file says of its origin; empty for a table of somebody's own.
    """

    columns: Mapping[str, Array]
    best: int
    remark: str = ""

    @property
    def rows(self) -> int:
        return next(iter(self.columns.values())).size


def read_posterior(path: Path) -> Posterior:
    """Read a posterior CSV.

    A first line that begins with # is a remark. The first column is `best` (1 in one row, 0 in the others); the others
    are parameters.
    Raises InputError naming file and line.
    """
    table = read_table(path, largest_file=LARGEST_POSTERIOR, remarked=True)
    header = f"{table.place}, line {2 if table.remark else 1}"
    if table.columns[0] != "best":
        raise InputError.at(header, f'the first column is "{table.columns[0]}"', 'It must be "best".')
    names = table.columns[1:]
    problems = [
        Problem(
            header,
            f'"{name}" cannot be a parameter',
            "Write small letters, digits and _ as in session_price.",
        )
        for name in names
        if not _PARAMETER.fullmatch(name)
    ]
    if not names:
        problems.append(Problem(header, "there is no column beside best", "Add one for each parameter."))
    if len(table.rows) < 2:
        problems.append(Problem(table.place, "there is only one row", "A posterior has at least 2."))
    best = _best_row(table, problems)
    values = np.empty((len(names), len(table.rows)))
    for row_number, row in enumerate(table.rows):
        for column, name in enumerate(names):
            try:
                values[column, row_number] = number(row, name)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(*by_kind(problems))
    return Posterior(dict(zip(names, values, strict=True)), best, table.remark)


def _best_row(table: Table, problems: list[Problem]) -> int:
    problems += [
        Problem(row.place, f'best is "{row.cells["best"][:40]}"', "Write 1 for the best row and 0 for the others.")
        for row in table.rows
        if row.cells["best"] not in ("0", "1")
    ]
    flagged = [number_ for number_, row in enumerate(table.rows) if row.cells["best"] == "1"]
    if len(flagged) != 1:
        problems.append(Problem(table.place, f"{len(flagged)} rows have best = 1", "Exactly one row must."))
    return flagged[0] if flagged else 0
