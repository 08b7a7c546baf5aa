"""Models of probabilities: the probability of each move in each cycle, and what must hold of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from costmodel.errors import Problem
from costmodel.inputs.matrices import ROW_TOLERANCE, Matrices
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


@dataclass(frozen=True)
class Chances:
    """The probabilities of one strategy: declared, or a table."""

    model: ModelFile
    strategy: str
    matrices: Matrices | None = None

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
        months = {0.0}
        for reference in declared(self.model, self.strategy).values():
            record = self.model.parameters.get(str(reference))
            if record is not None and record.over_time:
                months |= {years * MONTHS_A_YEAR for years, _ in pieces(record)}
        for key, effect in self.model.strategies[self.strategy].effects.items():
            months |= {years * MONTHS_A_YEAR for years in window(self.model, self.strategy, key, effect)}
        length, last = cycle_months(self.model), cycles(self.model)
        return sorted({cycle for m in months if (cycle := round(m / length)) < last})

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
                found[move] = look(self._in_force(reference, cycle)) * self._relative_risk(move, cycle, look)
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

    def _in_force(self, reference: str | int, cycle: int) -> str | int:
        record = self.model.parameters.get(str(reference))
        if record is None or record.over_time is None:
            return reference
        years = cycle * cycle_months(self.model) / MONTHS_A_YEAR
        return [name for begin, name in pieces(record) if begin <= years + 1e-9][-1]

    def _relative_risk(self, move: Move, cycle: int, look: Look) -> Quantity:
        years = cycle * cycle_months(self.model) / MONTHS_A_YEAR + 1e-9
        for key, effect in self.model.strategies[self.strategy].effects.items():
            begin, end = window(self.model, self.strategy, key, effect)
            if effect.transition == move and effect.relative_risk is not None and begin <= years < end:
                return look(effect.relative_risk)
        return 1.0


def faults(chances: Chances, look: Look) -> Iterator[str]:
    """What is wrong with the central probabilities, each with the first cycle in which it is so.

    Above 1 with a relative risk, or the probabilities of leaving a state above 1, or a row that does not sum to 1.
    """
    references = declared(chances.model, chances.strategy)
    said: set[str] = set()
    for cycle in chances.starts():
        found = chances.at(cycle, look)
        for state in all_states(chances.model):
            given = {m: found[m] for m in references if m[0] == state and references[m] != REST}
            rest = any(m[0] == state and references[m] == REST for m in references)
            what = _row_fault(state, given, closed=(state, state) in given and not rest)
            if what and state not in said:
                said.add(state)
                yield f"{what} (cycle {cycle + 1})"


def _row_fault(state: str, given: Mapping[Move, float], closed: bool) -> str | None:
    """closed: staying is declared and nothing takes the remainder, so that the row must sum to 1 by itself."""
    for move, p in given.items():
        if p > 1:
            return f"the probability of {arrow(move)} is {p:g} with its relative risk"
    total = sum(given.values())
    named = ", ".join(f"{arrow(move)} {p:g}" for move, p in given.items())
    if closed and abs(total - 1) > ROW_TOLERANCE:
        return f'the row from "{state}" sums to {total:.10g}, {total - 1:+.3g} from 1: {named}'
    if total > 1 + ROW_TOLERANCE:
        return f'the probabilities of leaving "{state}" sum to {total:g}: {named}'
    return None


def check_clock(model: ModelFile, problem: Callable[[Sequence[str], str, str], Problem]) -> Iterator[Problem]:
    """Times that are not whole cycles: a probability holds for a whole cycle."""
    length = cycle_months(model)
    for name, record in model.parameters.items():
        for text, (years, _) in zip(record.over_time or (), pieces(record) if record.over_time else (), strict=True):
            if not _whole(years * MONTHS_A_YEAR / length):
                remedy = f"The cycle is {model.cycle}."
                yield problem(("parameters", name), f"{text} is not a whole number of cycles", remedy)
    for name, strategy in model.strategies.items():
        for key, effect in strategy.effects.items():
            if not all(_whole(years * MONTHS_A_YEAR / length) for years in window(model, name, key, effect)):
                found = "it begins or ends within a cycle"
                yield problem(("strategies", name, "effects", key), found, f"The cycle is {model.cycle}.")


def _whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-9
