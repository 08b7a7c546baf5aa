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
    coefficients = np.empty(0)
    groups: list[tuple[int, NDArray[np.bool_] | None]] = []
    for k in range(cycles):
        in_force = rates(k)
        moving, dying = in_force
        if in_force is not before:
            exits = exit_rates(states, moves, moving, dying)
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
            some = _Stepper(moves, x.shape)
            some.cycle(x, after, time, coefficients[:, chosen], years, steps)
            people[k + 1][:, chosen] = after
            person_years[k][:, chosen] = time
    return Activity(people, person_years)


def _alike(needed: NDArray[np.int64]) -> list[tuple[int, NDArray[np.bool_] | None]]:
    """Numbers of steps, each with the elements that need it; None for all of them."""
    counts = np.unique(needed)
    return [(int(count), None if len(counts) == 1 else needed == count) for count in counts]


class _Stepper:
    """`formulas.cohort_step` on arrays, in place: the same operations on each element in the same order.

    Its room is taken once and used in every step, because allocation would take longer than arithmetic. All flows of a
    term are one product: first the arrivals in each state by its first transition, then further arrivals, then exits.
    """

    def __init__(self, moves: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> None:
        states = shape[0]
        first: dict[int, int] = {}
        for move, (_, destination) in enumerate(moves):
            first.setdefault(destination, move)
        more = [move for move, (_, destination) in enumerate(moves) if first[destination] != move]
        self._order = [first.get(state) for state in range(states)] + [*more]
        origins = [0 if move is None else moves[move][0] for move in self._order]
        self._origins = np.array([*origins, *range(states)])
        self._flow = np.empty((len(self._origins), *shape[1:]))
        self._arriving, self._leaving = self._flow[:states], self._flow[len(origins) :]
        self._more = [(self._flow[moves[move][1]], self._flow[states + i]) for i, move in enumerate(more)]
        self._series = np.empty((TERMS + 1, 2, *shape))
        self._divisors = np.arange(1.0, TERMS + 2).reshape(-1, *(1 for _ in shape))

    def coefficients(self, rates: Sequence[Array], exits: Sequence[Array]) -> Array:
        """Per year, of every flow in the order of this room; 0 where no transition arrives."""
        none = np.zeros_like(exits[0])
        return np.stack([*(none if move is None else rates[move] for move in self._order), *exits])

    def cycle(self, before: Array, after: Array, time: Array, coefficients: Array, years: float, steps: int) -> None:
        """Write people and person-years of a cycle, shape (state, …); before and after may not overlap."""
        spent = time if steps == 1 else np.empty_like(time)
        time[...] = 0.0
        for step in range(steps):
            self._step(before if step == 0 else after, after, spent, coefficients, years / steps)
            if steps > 1:
                time += spent

    def _step(self, before: Array, people: Array, time: Array, coefficients: Array, h: float) -> None:
        flow, series = self._flow, self._series
        series[0, 0] = before
        for k in range(1, TERMS + 1):
            series[k - 1, 0].take(self._origins, axis=0, out=flow, mode="clip")
            np.multiply(flow, coefficients, flow)
            for arriving, more in self._more:
                np.add(arriving, more, arriving)
            np.subtract(self._arriving, self._leaving, self._arriving)
            np.multiply(self._arriving, h / k, series[k, 0])
        np.divide(series[:, 0], self._divisors, series[:, 1])
        total = series.sum(axis=0)
        people[...] = total[0]
        np.multiply(total[1], h, time)
