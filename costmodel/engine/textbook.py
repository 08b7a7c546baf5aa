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
