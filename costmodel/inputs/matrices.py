"""Tables of transition probabilities by interval of cycles: read, and checked row by row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import Row, by_kind, number, read_table

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
