"""What must hold of a cohort case before it is run: shapes, conventions, intervals, rows that sum to 1."""

from collections.abc import Iterator, Sequence

import numpy as np

from costmodel.cases.file import CohortCase, Transition, Values
from costmodel.errors import Problem, nearest
from costmodel.inputs.datasets import faults_of_rows, gaps

ROUNDING = 1e-12
"""By how much a complement that was worked out may miss 0 or 1."""
LARGEST_CASE = 200_000_000
"""States × cycles × strategies × moves from a state, at most: seconds, and under a gigabyte."""


def problems(case: CohortCase) -> list[Problem]:
    """Everything that is wrong with a case, each with its key."""
    return [*_shapes(case), *_accrual(case)] or [*_intervals(case), *_probabilities(case)]


def _shapes(case: CohortCase) -> Iterator[Problem]:
    n = len(case.states)
    if len(set(case.states)) < n:
        yield Problem("states", "a state stands twice", "Names differ.")
    if len(case.initial) != n:
        yield Problem("initial", f"{len(case.initial)} entries for {n} states")
    elif min(case.initial) < 0 or sum(case.initial) <= 0:
        yield Problem("initial", "the people at the start are negative, or nobody", "Numbers from 0, not all 0.")
    for name, strategy in case.strategies.items():
        at = f"strategies.{name}"
        for i, transition in enumerate(strategy.transition):
            yield from _matrix(f"{at}.transition[{i}]", transition.matrix, n)
        for key in ("transition_cost", "transition_effect"):
            if (matrix := getattr(strategy, key)) is not None:
                yield from _matrix(f"{at}.{key}", matrix, n)
        for key in ("state_cost", "state_effect"):
            yield from _lengths(f"{at}.{key}", getattr(strategy, key), n)
    for component, by_strategy in case.components.items():
        if component in ("cost", "effect", "trace"):
            yield Problem(f"components.{component}", "the name is taken", "Choose another.")
        for name, segments in by_strategy.items():
            at = f"components.{component}.{name}"
            if name not in case.strategies:
                yield Problem(at, "this is not a strategy", nearest(name, case.strategies))
            yield from _lengths(at, segments, n)
    most = max(len(s.transition) for s in case.strategies.values())
    if n * n * most > LARGEST_CASE or n * case.n_cycles * len(case.strategies) * 8 > LARGEST_CASE:
        yield Problem("n_cycles", "states × cycles × strategies are too many", "Make the case smaller.")


def _matrix(at: str, matrix: Sequence[Sequence[float]], n: int) -> Iterator[Problem]:
    if len(matrix) != n or any(len(row) != n for row in matrix):
        widths = sorted({len(row) for row in matrix})
        found = f"the matrix is {len(matrix)} × {' or '.join(map(str, widths))} for {n} states"
        yield Problem(at, found, "One row and one column for each state.")


def _lengths(at: str, segments: Sequence[Values], n: int) -> Iterator[Problem]:
    for i, segment in enumerate(segments):
        if len(segment.values) != n:
            yield Problem(f"{at}[{i}].values", f"{len(segment.values)} entries for {n} states")


def _accrual(case: CohortCase) -> Iterator[Problem]:
    accrual = case.accrual
    if accrual.scheme == "index":
        if accrual.weights is None or len(accrual.weights) != case.n_cycles + 1:
            given = 0 if accrual.weights is None else len(accrual.weights)
            yield Problem("accrual.weights", f"{given} weights for {case.n_cycles} cycles", "One an instant: n + 1.")
        return
    both = accrual.cost_occupancy and accrual.effect_occupancy
    if not (accrual.occupancy or both):
        yield Problem("accrual.occupancy", "nothing says who counts in a cycle", "Allowed: start, end, average.")
    if accrual.discount_exponent is None:
        yield Problem("accrual.discount_exponent", "nothing says when a cycle is discounted", "Allowed: k-1, k, k-0.5.")


def _intervals(case: CohortCase) -> Iterator[Problem]:
    for name, strategy in case.strategies.items():
        for key in ("transition", "state_cost", "state_effect"):
            yield from _covered(case, f"strategies.{name}.{key}", getattr(strategy, key))
    for component, by_strategy in case.components.items():
        for name, segments in by_strategy.items():
            yield from _covered(case, f"components.{component}.{name}", segments)


def _covered(case: CohortCase, at: str, segments: Sequence[Transition] | Sequence[Values]) -> Iterator[Problem]:
    """Intervals in order, from cycle 1 (or instant 0) to the last, without gap or overlap."""
    if any(segment.first > segment.last for segment in segments):
        yield Problem(at, "an interval ends before it begins", "from ≤ to.")
        return
    if [s.first for s in segments] != sorted(s.first for s in segments):
        yield Problem(at, "the intervals are not in order", "Earliest first.")
        return
    yield from gaps(at, [(max(segment.first, 1), segment.last) for segment in segments if segment.last >= 1])
    if segments[-1].last < case.n_cycles:
        yield Problem(at, f"cycle {segments[-1].last + 1} is not covered", f"Intervals run to {case.n_cycles}.")


def _probabilities(case: CohortCase) -> Iterator[Problem]:
    for name, strategy in case.strategies.items():
        for i, transition in enumerate(strategy.transition):
            at = f"strategies.{name}.transition[{i}] (from cycle {transition.first})"
            matrix = np.array(transition.matrix)
            outside = np.argwhere((matrix < -ROUNDING) | (matrix > 1 + ROUNDING))
            for row, column in outside[:3]:
                move = f"{case.states[row]} → {case.states[column]}"
                found = f"the probability of {move} is {matrix[row, column]:g}"
                yield Problem(at, found, "Between 0 and 1; a percentage typed?")
            if not len(outside):
                yield from faults_of_rows(at, case.states, matrix)
            for state in case.absorbing:
                if state not in case.states:
                    yield Problem("absorbing", f'"{state}" is not a state', nearest(state, case.states))
                elif abs(matrix[case.states.index(state), case.states.index(state)] - 1) > ROUNDING:
                    yield Problem(at, f'"{state}" is absorbing and the matrix lets people out')
