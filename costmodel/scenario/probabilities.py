"""Models of probabilities: the probability of each move in each cycle, and what must hold of them."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from costmodel.inputs.datasets import ROW_TOLERANCE, Matrices
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles, window
from costmodel.scenario.derived import pieces
from costmodel.scenario.schema import ModelFile

Quantity = Any
Look = Callable[[str | int], Quantity]
Move = tuple[str, str]
"""(from, to); a state to itself is staying."""

DEAD = "dead"
REST = "remainder"
"""In place of a reference: what the other moves from the same state leave over."""


def all_states(model: ModelFile) -> list[str]:
    """The declared states and `dead`, which nobody leaves."""
    return [*model.states, DEAD]


def arrow(move: Move) -> str:
    """A move as it stands in a file."""
    return " -> ".join(move)


def declared(model: ModelFile, strategy: str) -> dict[Move, str | int]:
    """The declared moves of a strategy with their references: usual care's, and the strategy's own instead."""
    both = {**model.transitions, **model.strategies[strategy].transitions}
    return {(name.partition(" -> ")[0], name.partition(" -> ")[2]): reference for name, reference in both.items()}


def in_force(model: ModelFile, reference: str | int, cycle: int) -> str | int:
    """What a reference means in a cycle (from 0): its piece, where it changes over time."""
    record = model.parameters.get(str(reference))
    if record is None or record.over_time is None:
        return reference
    years = cycle * cycle_months(model) / MONTHS_A_YEAR
    return [name for begin, name in pieces(record) if begin <= years + 1e-9][-1]


def changes(model: ModelFile, references: Iterable[str | int], times: Iterable[float] = ()) -> list[int]:
    """Cycles (from 0) in which something begins: 0, the pieces of what changes over time, and times in years."""
    years = {0.0, *times}
    for reference in references:
        record = model.parameters.get(str(reference))
        if record is not None and record.over_time:
            years |= {begin for begin, _ in pieces(record)}
    length = cycle_months(model) / MONTHS_A_YEAR
    return sorted({cycle for year in years if (cycle := round(year / length)) < cycles(model)})


def convention(model: ModelFile) -> str:
    """Who counts in a cycle and when it is discounted, in words; every report prints it."""
    if not model.in_probabilities:
        return "time in states is integrated exactly; discounted by whole years from referral"
    counted = {
        "start": "people at the start of each cycle",
        "end": "people at the end of each cycle",
        "life-table": "the mean of the people at the start and the end of each cycle",
        "half-cycle": "people at each instant, the first and the last by half",
        "weights": "people at each instant with the declared weights",
    }[str(model.counting)]
    at = "at each instant" if model.discounting == "at each count" else f"at the {model.discounting}"
    return (
        f"{counted}, discounted {at}; cycles of {model.cycle}; costs at the start are neither weighted nor discounted"
    )


@dataclass(frozen=True)
class Chances:
    """The probabilities of one strategy: declared, or a table."""

    model: ModelFile
    strategy: str
    matrices: Matrices | None = None

    def key(self) -> Hashable:
        """Equal for strategies whose people move alike."""
        if self.matrices is not None:
            return id(self.matrices)
        effects = self.model.strategies[self.strategy].effects
        windows = [
            (effect.transition, effect.relative_risk, *window(self.model, self.strategy, name, effect))
            for name, effect in effects.items()
        ]
        return (tuple(declared(self.model, self.strategy).items()), tuple(windows))

    def moves(self) -> list[Move]:
        """Every move that can happen, staying and the dead included."""
        if self.matrices is not None:
            return self.matrices.moves()
        moves = dict.fromkeys(declared(self.model, self.strategy))
        moves |= dict.fromkeys((state, state) for state in all_states(self.model))
        return list(moves)

    def starts(self) -> list[int]:
        """Cycles, from 0, in which the probabilities may change: 0 and later ones in order."""
        if self.matrices is not None:
            return [first - 1 for first in self.matrices.first]
        times: list[float] = []
        for key, effect in self.model.strategies[self.strategy].effects.items():
            times += window(self.model, self.strategy, key, effect)
        return changes(self.model, declared(self.model, self.strategy).values(), times)

    def at(self, cycle: int, look: Look) -> dict[Move, Quantity]:
        """Probability of each move in a cycle (from 0); the remainder of a state goes to `remainder`, or stays."""
        if self.matrices is not None:
            table = self.matrices.values[self.matrices.interval(cycle + 1)]
            index = {state: i for i, state in enumerate(self.matrices.states)}
            return {(a, b): float(table[index[a], index[b]]) for a, b in self.moves()}
        found: dict[Move, Quantity] = {}
        remainder = {state: (state, state) for state in all_states(self.model)}
        for move, reference in declared(self.model, self.strategy).items():
            if reference == REST:
                remainder[move[0]] = move
            else:
                found[move] = look(in_force(self.model, reference, cycle)) * self._relative_risk(move, cycle, look)
        for state, move in remainder.items():
            if move in found:  # staying is declared: the row must sum to 1 by itself
                continue
            rest: Quantity = 1.0
            for other in [m for m in found if m[0] == state]:
                rest = rest - found[other]
            found[move] = rest
        for state in all_states(self.model):
            found.setdefault((state, state), 0.0)
        return found

    def _relative_risk(self, move: Move, cycle: int, look: Look) -> Quantity:
        years = cycle * cycle_months(self.model) / MONTHS_A_YEAR + 1e-9
        for key, effect in self.model.strategies[self.strategy].effects.items():
            begin, end = window(self.model, self.strategy, key, effect)
            if effect.transition == move and effect.relative_risk is not None and begin <= years < end:
                return look(effect.relative_risk)
        return 1.0


@dataclass(frozen=True)
class BrokenRow:
    """What leaves a state in a cycle (from 0), where it is no row of probabilities at the centre or in some draws.

    closed: staying is declared and nothing takes the remainder, so that the row must sum to 1 by itself.
    given: the declared probabilities. total: their sum. wrong: where it is so. Numbers, or of shape (draw,).
    """

    state: str
    cycle: int
    closed: bool
    given: Mapping[Move, Quantity]
    total: Quantity
    wrong: Any

    def alone(self) -> str:
        """The fault with every number, where there is one of each."""
        numbers = {move: float(np.max(p)) for move, p in self.given.items()}
        total, at = float(np.max(self.total)), f" (cycle {self.cycle + 1})"
        for move, p in numbers.items():
            if p > 1 + ROW_TOLERANCE:
                return f"the probability of {arrow(move)} is {p:g} with its relative risk{at}"
        named = ", ".join(f"{arrow(move)} {p:g}" for move, p in numbers.items())
        if self.closed:
            return f'the row from "{self.state}" sums to {total:.10g}, {total - 1:+.3g} from 1: {named}{at}'
        return f'the probabilities of leaving "{self.state}" sum to {total:g}: {named}{at}'


def broken_rows(chances: Chances, cycle: int, found: Mapping[Move, Quantity]) -> Iterator[BrokenRow]:
    """The rule of every matrix, at the centre and in each draw: what leaves a state is no more than all of it.

    found: `chances.at(cycle, …)`. Tables of probabilities are held to it where they are read.
    """
    references = {} if chances.matrices is not None else declared(chances.model, chances.strategy)
    for state in {move[0]: None for move in references}:
        given = {m: found[m] for m in references if m[0] == state and references[m] != REST}
        rest = any(m[0] == state and references[m] == REST for m in references)
        closed = (state, state) in given and not rest
        total = sum(given.values())
        wrong = np.logical_not(total <= 1 + ROW_TOLERANCE)
        if closed:
            wrong = wrong | (total < 1 - ROW_TOLERANCE)
        if np.any(wrong):
            yield BrokenRow(state, cycle, closed, given, total, wrong)


def faults(chances: Chances, look: Look) -> Iterator[str]:
    """What is wrong with the central probabilities, each state with the first cycle in which it is so."""
    said: set[str] = set()
    for cycle in chances.starts():
        for row in broken_rows(chances, cycle, chances.at(cycle, look)):
            if row.state not in said:
                said.add(row.state)
                yield row.alone()
