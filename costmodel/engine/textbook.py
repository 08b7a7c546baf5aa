"""The cohort recursion of textbook models: probabilities per cycle, and the counting convention made explicit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import counted_in_cycle, probability_step

Array = NDArray[np.float64]

COUNTINGS = ("start", "end", "life-table", "half-cycle", "weights")
"""Who counts in a cycle. The first three count within each cycle; the last two weigh the people at each instant."""
TIMINGS = {"start of cycle": 0.0, "middle of cycle": 0.5, "end of cycle": 1.0, "at each count": 1.0}
"""When the flows of a cycle are discounted, in cycles from its start. "at each count" belongs to weighted instants."""


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


def instant_coefficients(
    counting: str, factors: Array, span: NDArray[np.intp], weights: Array | None = None
) -> list[list[tuple[int, Array]]]:
    """By which numbers the people at each instant 0 … n enter the sums over spans of cycles: (span, coefficient).

    factors: what each cycle counts for, such as its discount factor, shape (cycle,) or (cycle, draw).
    span: to which each cycle belongs, shape (cycle,). What is booked at time 0 is not discounted and belongs to span 0.
    """
    cycles = len(factors)
    found: list[dict[int, Array]] = [{} for _ in range(cycles + 1)]

    def add(instant: int, of: int, coefficient: Array) -> None:
        found[instant][of] = found[instant].get(of, 0.0) + coefficient

    at_instants = instant_weights(counting, cycles, weights)
    for k in range(cycles):
        before, after = {"start": (1.0, 0.0), "end": (0.0, 1.0), "life-table": (0.5, 0.5)}.get(counting, (0.0, 1.0))
        if at_instants is not None:
            after = float(at_instants[k + 1])
        if before:
            add(k, int(span[k]), before * factors[k])
        if after:
            add(k + 1, int(span[k]), after * factors[k])
    if at_instants is not None:
        add(0, 0, np.asarray(float(at_instants[0])))
    return [sorted(one.items()) for one in found]


def chain_sums(
    start: Array,
    moves: Sequence[tuple[int, int]],
    probabilities: Callable[[int], Sequence[Array]],
    coefficients: Sequence[Sequence[Sequence[tuple[int, Array]]]],
    sums: int,
) -> Array:
    """Follow a cohort and keep nothing of it but weighted sums of the people in each state.

    start, moves, probabilities: as in `chain`; probabilities of shape (variant, draw). coefficients: for each
    weighting, by instant 0 … n, (sum, coefficient) pairs. Returns (weighting, sum, state, variant, draw).
    """
    found = np.zeros((len(coefficients), sums, *start.shape))
    people, after = np.empty_like(start), np.empty_like(start)
    room, flow = np.empty_like(start), np.empty(start.shape[1:])
    people[...] = start
    instants = len(coefficients[0])
    for k in range(instants):
        for total, by_instant in zip(found, coefficients, strict=True):
            for of, coefficient in by_instant[k]:
                total[of] += np.multiply(people, coefficient, out=room)
        if k + 1 == instants:
            break
        arrived: set[int] = set()
        for (origin, destination), probability in zip(moves, probabilities(k), strict=True):
            if destination in arrived:
                after[destination] += np.multiply(probability, people[origin], out=flow)
            else:
                np.multiply(probability, people[origin], out=after[destination])
                arrived.add(destination)
        for state in set(range(len(start))) - arrived:
            after[state] = 0.0
        people, after = after, people
    return found
