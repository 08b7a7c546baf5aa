"""The cohort recursion on arrays: people and person-years in each state, cycle by cycle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import HIGHEST_EXIT, TERMS, exit_rates

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
    whole = _Stepper(moves, start.shape)
    before: object = None
    exits: list[Array] = []
    groups: list[tuple[int, NDArray[np.bool_] | None]] = []
    for k in range(cycles):
        in_force = rates(k)
        moving, dying = in_force
        if in_force is not before:
            exits = exit_rates(states, moves, moving, dying)
            if max(float(np.max(e)) for e in exits) > HIGHEST_TOTAL_RATE:
                raise ValueError(f"a state is left faster than {HIGHEST_TOTAL_RATE:g} times a year")
            groups = _alike(steps_needed(exits, years))
            before = in_force
        for steps, chosen in groups:
            if chosen is None:
                whole.cycle(people[k], people[k + 1], person_years[k], moving, exits, years, steps)
                continue
            x = people[k][:, chosen]
            after, time = np.empty_like(x), np.empty_like(x)
            some = _Stepper(moves, x.shape)
            some.cycle(x, after, time, [r[chosen] for r in moving], [e[chosen] for e in exits], years, steps)
            people[k + 1][:, chosen] = after
            person_years[k][:, chosen] = time
    return Activity(people, person_years)


def _alike(needed: NDArray[np.int64]) -> list[tuple[int, NDArray[np.bool_] | None]]:
    """Numbers of steps, each with the elements that need it; None for all of them."""
    counts = np.unique(needed)
    return [(int(count), None if len(counts) == 1 else needed == count) for count in counts]


class _Stepper:
    """`formulas.cohort_step` on arrays, in place: the same operations on each element in the same order.

    Its room is taken once and used in every step, because allocation would take longer than arithmetic.
    """

    def __init__(self, moves: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> None:
        self._term, self._change, self._leaving = np.empty(shape), np.zeros(shape), np.empty(shape)
        self._flow = np.empty(shape[1:])
        self._moves = []
        arrived: set[int] = set()
        for origin, destination in moves:
            into = self._change[destination]
            self._moves.append((self._term[origin], into, destination in arrived))
            arrived.add(destination)
        self._unreached = [self._change[state] for state in range(shape[0]) if state not in arrived]

    def cycle(
        self,
        before: Array,
        after: Array,
        time: Array,
        rates: Sequence[Array],
        exits: Sequence[Array],
        years: float,
        steps: int,
    ) -> None:
        """Write people and person-years of a cycle, shape (state, …); before and after may not overlap."""
        leave = np.stack(exits)
        spent, x = (time, after) if steps == 1 else (np.empty_like(time), before.copy())
        time[...] = 0.0
        for step in range(steps):
            self._step(before if step == 0 else x, after, spent, rates, leave, years / steps)
            if steps > 1:
                time += spent
                x[...] = after

    def _step(self, before: Array, people: Array, time: Array, rates: Sequence[Array], exits: Array, h: float) -> None:
        term, change, leaving, flow = self._term, self._change, self._leaving, self._flow
        multiply, add = np.multiply, np.add
        term[...] = people[...] = time[...] = before
        for k in range(1, TERMS + 1):
            for (leavers, into, again), rate in zip(self._moves, rates, strict=True):
                if again:
                    add(into, multiply(rate, leavers, flow), into)
                else:
                    multiply(rate, leavers, into)
            for into in self._unreached:
                into[...] = 0.0
            multiply(exits, term, leaving)
            np.subtract(change, leaving, change)
            multiply(change, h / k, term)
            add(people, term, people)
            np.divide(term, k + 1, leaving)
            add(time, leaving, time)
        multiply(time, h, time)
