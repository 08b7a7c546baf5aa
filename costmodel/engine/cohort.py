"""The cohort recursion on arrays: people and person-years in each state, cycle by cycle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import HIGHEST_EXIT, cohort_step, exit_rates

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
    rates: Callable[[int], tuple[Sequence[Array], Array]],
    cycles: int,
    years: float,
) -> Activity:
    """Follow a cohort.

    start: shares by state, shape (state, variant, draw). moves: (origin, destination) of each transition.
    rates: for a cycle, the rate of each move and the death rate, per year, each of shape (variant, draw).
    years: length of a cycle. Each (variant, draw) is advanced by itself, so results do not depend on what
    else is in the block. Raises ValueError if a total exit rate is above HIGHEST_TOTAL_RATE.
    """
    states, *shape = start.shape
    people = np.empty((cycles + 1, states, *shape))
    person_years = np.empty((cycles, states, *shape))
    people[0] = start
    before: object = None
    steps: NDArray[np.int64] = np.ones(1, dtype=np.int64)
    exits: list[Array] = []
    for k in range(cycles):
        in_force = rates(k)
        moving, dying = in_force
        if in_force is not before:
            exits = exit_rates(states, moves, moving, dying)
            if max(float(np.max(e)) for e in exits) > HIGHEST_TOTAL_RATE:
                raise ValueError(f"a state is left faster than {HIGHEST_TOTAL_RATE:g} times a year")
            steps = np.unique(needed := steps_needed(exits, years))
            before = in_force
        if len(steps) == 1:
            x, t = _cycle([people[k, s] for s in range(states)], moves, moving, exits, years, int(steps[0]))
            people[k + 1], person_years[k] = x, t
            continue
        for count in steps:
            chosen = needed == count
            x, t = _cycle(
                [people[k, s][chosen] for s in range(states)],
                moves,
                [rate[chosen] for rate in moving],
                [out[chosen] for out in exits],
                years,
                int(count),
            )
            people[k + 1][:, chosen] = x
            person_years[k][:, chosen] = t
    return Activity(people, person_years)


def _cycle(
    x: list[Array],
    moves: Sequence[tuple[int, int]],
    rates: Sequence[Array],
    exits: Sequence[Array],
    years: float,
    steps: int,
) -> tuple[list[Array], list[Array]]:
    time: list[Array] | None = None
    for _ in range(steps):
        x, spent = cohort_step(x, moves, rates, exits, years / steps, _keep_nothing)
        time = spent if time is None else [a + b for a, b in zip(time, spent, strict=True)]
    assert time is not None
    return x, time


def _keep_nothing(_: str, value: Array) -> Array:
    return value
