"""The cohort recursion on arrays: people and person-years in each state, cycle by cycle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import HIGHEST_EXIT, CohortStep, exit_rates

Array = NDArray[np.float64]

HIGHEST_TOTAL_RATE = 52.0
"""Per year. A faster exit from a state (a mean stay under a week) is refused."""


@dataclass(frozen=True)
class Activity:
    """What a cohort of one person does; no money.

    people: in each living state at the start of each cycle and at the end, shape (cycle + 1, state, variant, draw).
    person_years: in each cycle, shape (cycle, state, variant, draw).
    """

    people: Array
    person_years: Array


def steps_needed(exits: Sequence[Array], years: float) -> NDArray[np.int64]:
    """Into how many equal steps (a power of two) a cycle is cut, elementwise, so that the series converges."""
    worst = np.max(np.stack([np.asarray(e, dtype=float) for e in exits]), axis=0) * years / HIGHEST_EXIT
    steps: NDArray[np.int64] = 2 ** np.ceil(np.log2(np.maximum(worst, 1.0))).astype(np.int64)
    return steps


def trace(
    start: Array,
    moves: Sequence[tuple[int, int]],
    rates: Callable[[int], tuple[Sequence[Array], Sequence[Array]]],
    cycles: int,
    years: float,
) -> Activity:
    """Follow a cohort.

    start: shares by state, shape (state, variant, draw). moves: (origin, destination) of each transition; a
    destination after the last living state is death. rates: for a cycle, the rate of each move and the death rate of
    each state beside them, per year, each of shape (variant, draw).
    years: length of a cycle. Each (variant, draw) is advanced by itself, so results do not depend on what
    else is in the block. Raises ValueError if a total exit rate is above HIGHEST_TOTAL_RATE.
    """
    states, *shape = start.shape
    people = np.empty((cycles + 1, states, *shape))
    person_years = np.empty((cycles, states, *shape))
    people[0] = start
    whole = CohortStep(moves, start.shape)
    before: object = None
    coefficients = np.empty(0)
    groups: list[tuple[int, NDArray[np.bool_] | None]] = []
    for k in range(cycles):
        in_force = rates(k)
        moving, dying = in_force
        if in_force is not before:
            exits = exit_rates(moves, moving, dying)
            if max(float(np.max(e)) for e in exits) > HIGHEST_TOTAL_RATE:
                raise ValueError(f"a state is left faster than {HIGHEST_TOTAL_RATE:g} times a year")
            coefficients = whole.coefficients(moving, exits)
            groups = _alike(steps_needed(exits, years))
            before = in_force
        for steps, chosen in groups:
            if chosen is None:
                whole.cycle(people[k], people[k + 1], person_years[k], coefficients, years, steps)
                continue
            x = people[k][:, chosen]
            after, time = np.empty_like(x), np.empty_like(x)
            some = CohortStep(moves, x.shape)
            some.cycle(x, after, time, coefficients[:, chosen], years, steps)
            people[k + 1][:, chosen] = after
            person_years[k][:, chosen] = time
    return Activity(people, person_years)


def _alike(needed: NDArray[np.int64]) -> list[tuple[int, NDArray[np.bool_] | None]]:
    """Numbers of steps, each with the elements that need it; None for all of them."""
    counts = np.unique(needed)
    return [(int(count), None if len(counts) == 1 else needed == count) for count in counts]
