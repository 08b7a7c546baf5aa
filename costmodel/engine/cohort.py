"""How a cohort moves, cycle by cycle, written once: exactly under rates, and by the probabilities of textbook models.

Engine and workbook use the same recursions, the engine with arrays of draws, the workbook with worksheet cells. A
*quantity* is either. `keep` lets the caller store intermediate results (the workbook gives each a column); the engine
keeps nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import Quantity

Array = NDArray[np.float64]
Keep = Callable[[int, str, Quantity], Quantity]
"""Stores intermediate quantities of a step (from 0) under a name, by state, and returns what stands for them."""

TERMS = 12
"""Terms of the exponential series. With an exit rate × step of at most HIGHEST_EXIT the rest is below 1e-13."""
HIGHEST_EXIT = 0.5
HIGHEST_TOTAL_RATE = 52.0
"""Per year. A faster exit from a state (a mean stay under a week) is refused."""
COUNTINGS = ("start", "end", "life-table", "half-cycle", "weights")
"""Who counts in a cycle. The first three count within each cycle; the last two weigh the people at each instant."""
TIMINGS = {"start of cycle": 0.0, "middle of cycle": 0.5, "end of cycle": 1.0, "at each count": 1.0}
"""When the flows of a cycle are discounted, in cycles from its start. "at each count" belongs to weighted instants."""


@dataclass(frozen=True)
class Activity:
    """What a cohort of one person does; no money.

    people: in each living state at the start of each cycle and at the end, shape (cycle + 1, state, variant, draw).
    person_years: in each cycle, shape (cycle, state, variant, draw).
    """

    people: Array
    person_years: Array


def exit_rates(
    moves: Sequence[tuple[int, int]], rates: Sequence[Quantity], deaths: Sequence[Quantity]
) -> list[Quantity]:
    """Total rate out of each living state: its transitions and its deaths.

    moves: (origin, destination) of each transition; a destination after the last living state is death. deaths: of
    each living state, beside those that are transitions.
    """
    exits = [*deaths]
    for (origin, _), rate in zip(moves, rates, strict=True):
        exits[origin] = exits[origin] + rate
    return exits


class CohortStep:
    """The only recursion of models of rates: advance the living by cycles of constant rates, exactly.

    On arrays of draws and on arrays of worksheet cells alike: the matrix exponential and its integral as power
    series, term_0 = x, term_(k+1) = term_k Q h / (k + 1), people = Σ term_k, person-years = h Σ term_k / (k + 1).

    moves: (origin, destination) of each transition, of which those to the state after the last bring nobody anywhere:
    deaths. shape: of a cohort, (state, …). kind: float, or object for cells.
    Room is taken once and used in every step, because allocation would take longer than arithmetic. All flows of a
    term are one product: first the arrivals in each state by its first transition, then further arrivals, then exits.
    """

    def __init__(self, moves: Sequence[tuple[int, int]], shape: tuple[int, ...], kind: type = float) -> None:
        states = shape[0]
        first: dict[int, int] = {}
        among_the_living = [(move, to) for move, (_, to) in enumerate(moves) if to < states]
        for move, destination in among_the_living:
            first.setdefault(destination, move)
        more = [move for move, destination in among_the_living if first[destination] != move]
        self._moves, self._states = len(moves), states
        self._order = [first.get(state) for state in range(states)] + [*more]
        origins = [0 if move is None else moves[move][0] for move in self._order]
        self._origins = np.array([*origins, *range(states)])
        self._flow: Quantity = np.empty((len(self._origins), *shape[1:]), kind)
        self._arriving, self._leaving = self._flow[:states], self._flow[len(origins) :]
        first_of = [self._flow[moves[move][1] : moves[move][1] + 1] for move in more]
        self._more = [(arrived, self._flow[states + i : states + i + 1]) for i, arrived in enumerate(first_of)]
        self._series: Quantity = np.empty((TERMS + 1, 2, *shape), kind)
        self._divisors = np.arange(1.0, TERMS + 2).reshape(-1, *(1 for _ in shape))

    def coefficients(self, rates: Sequence[Quantity], exits: Sequence[Quantity]) -> Quantity:
        """Per year, of every flow in the order of this room; 0 where no transition arrives.

        rates: of each move. exits: of each state, from `exit_rates`. Raises ValueError where one is missing.
        """
        if (len(rates), len(exits)) != (self._moves, self._states):
            wanted = f"{self._moves} rates and {self._states} exits"
            raise ValueError(f"{len(rates)} rates and {len(exits)} exits for {wanted}")
        none = np.zeros_like(exits[0])
        return np.stack([*(none if move is None else rates[move] for move in self._order), *exits])

    def cycle(
        self, before: Quantity, after: Quantity, time: Quantity, coefficients: Quantity, years: Quantity, steps: int,
        keep: Keep | None = None,
    ) -> None:  # fmt: skip
        """Write people and person-years of a cycle, shape (state, …); before and after may not overlap.

        coefficients: of this cycle. years: its length. steps: into how many equal steps it is cut, so that
        exit × step is at most HIGHEST_EXIT. keep: stores each term and what each step but the last leaves.
        """
        h = years / steps if steps > 1 else years
        spent = time if steps == 1 else np.empty_like(time)
        for step in range(steps):
            self._step(before if step == 0 else after, after, spent, coefficients, h, step, keep)
            if keep is not None and step < steps - 1:
                after[...] = keep(step, "people", after)
                spent[...] = keep(step, "person-years", spent)
            if steps > 1 and step == 0:
                time[...] = spent
            elif steps > 1:
                time += spent

    def _step(
        self, before: Quantity, people: Quantity, time: Quantity, coefficients: Quantity, h: Quantity, step: int,
        keep: Keep | None,
    ) -> None:  # fmt: skip
        flow, series = self._flow, self._series
        series[0, 0] = before
        for k in range(1, TERMS + 1):
            series[k - 1, 0].take(self._origins, axis=0, out=flow, mode="clip")
            np.multiply(coefficients, flow, flow)
            for arriving, more in self._more:
                np.add(arriving, more, arriving)
            np.subtract(self._arriving, self._leaving, self._arriving)
            np.multiply(self._arriving, h / k, series[k, 0])
            if keep is not None:
                series[k, 0] = keep(step, f"term {k}", series[k, 0])
        np.divide(series[:, 0], self._divisors, series[:, 1])
        total = series.sum(axis=0)
        people[...] = total[0]
        np.multiply(h, total[1], time)


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


def probability_step(
    cohort: Sequence[Quantity], moves: Sequence[tuple[int, int]], probabilities: Sequence[Quantity]
) -> tuple[list[Quantity], list[Quantity]]:
    """Advance a cohort by one cycle of given transition probabilities.

    cohort: people in each state. moves: (origin, destination), staying included. probabilities: of each
    move, in one cycle; those of an origin sum to 1. Returns people in each state a cycle later, and the
    people that made each move.
    """
    flows = [probability * cohort[origin] for (origin, _), probability in zip(moves, probabilities, strict=True)]
    people: list[Quantity] = [0.0] * len(cohort)
    for (_, destination), flow in zip(moves, flows, strict=True):
        people[destination] = people[destination] + flow
    return people, flows


@dataclass(frozen=True)
class Chain:
    """What a cohort does; no money.

    people: at time 0 and at the end of each cycle, shape (cycle + 1, state, variant, draw).
    moved: people that made each of the wanted moves in each cycle, shape (cycle, wanted move, variant, draw).
    """

    people: Array
    moved: Array


def chain(
    start: Array,
    moves: Sequence[tuple[int, int]],
    probabilities: Callable[[int], Sequence[Array]],
    cycles: int,
    wanted: Sequence[int] | None = None,
) -> Chain:
    """Follow a cohort.

    start: people by state, shape (state, variant, draw). moves: (origin, destination), staying included.
    probabilities: of each move in a cycle (from 0), each of shape (variant, draw) or broadcasting to it.
    wanted: moves of which the people that made them are kept, by position; all of them where it is None.
    """
    wanted = range(len(moves)) if wanted is None else wanted
    people = np.empty((cycles + 1, *start.shape))
    moved = np.empty((cycles, len(wanted), *start.shape[1:]))
    people[0] = start
    for k in range(cycles):
        after, flows = probability_step(list(people[k]), moves, probabilities(k))
        for state, x in enumerate(after):
            people[k + 1, state] = x
        for place, move in enumerate(wanted):
            moved[k, place] = flows[move]
    return Chain(people, moved)


def counted_in_cycle(counting: str, before: Quantity, after: Quantity) -> Quantity:
    """People who count in a cycle: those at its start, those at its end, or the mean of both ("life-table")."""
    if counting == "start":
        return before
    return after if counting == "end" else (before + after) / 2


def instant_weights(counting: str, cycles: int, weights: Array | None = None) -> Array | None:
    """Weight of the people at each instant 0 … n, shape (cycles + 1,); None where cycles are counted, not instants.

    "half-cycle" is the trapezoid: ½, 1, …, 1, ½.
    """
    if counting == "half-cycle":
        return np.concatenate([[0.5], np.ones(cycles - 1), [0.5]])
    return weights if counting == "weights" else None


def time_in_states(people: Array, counting: str, weights: Array | None = None) -> tuple[Array, Array]:
    """Person-cycles that count at time 0, shape (state, …), and in each cycle, shape (cycle, state, …).

    At time 0 nothing counts unless instants are weighted.
    """
    at_instants = instant_weights(counting, len(people) - 1, weights)
    if at_instants is None:
        counted: Array = counted_in_cycle(counting, people[:-1], people[1:])
        return np.zeros_like(people[0]), counted
    weighted = people * at_instants.reshape(-1, *(1,) * (people.ndim - 1))
    return weighted[0], weighted[1:]


def moves_counted(moved: Array, counting: str, weights: Array | None = None) -> Array:
    """Moves that count in each cycle: all of them, or with the weight of the instant at which they arrive."""
    at_instants = instant_weights(counting, len(moved), weights)
    if at_instants is None:
        return moved
    return moved * at_instants[1:].reshape(-1, *(1,) * (moved.ndim - 1))
