"""Models of probabilities: the probability of each move in each cycle, the conventions, and what must hold of them."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from costmodel.errors import Problem
from costmodel.inputs.matrices import ROW_TOLERANCE, Matrices
from costmodel.scenario.blocks import MatricesBlock
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles, window
from costmodel.scenario.parameter import pieces
from costmodel.scenario.read import Keys
from costmodel.scenario.schema import CYCLES_OF_WEEKS, ModelFile
from costmodel.scenario.structure import Subject

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
    cycle = f"cycles of {model.cycle}" + ", 52 weeks to a year" * (model.cycle in CYCLES_OF_WEEKS)
    return f"{counted}, discounted {at}; {cycle}; costs at the start are neither weighted nor discounted"


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


WEIGHED = ("half-cycle", "weights")
"""Countings that weigh the people at each instant; their discounting is "at each count"."""
OF_PROBABILITIES = ("counting", "weights", "discounting", "absorbing", "matrices")
OF_STRATEGIES = ("matrices", "utilities")
OF_COSTS = ("at_start", "only_in")


def strangers(subject: Subject) -> Iterator[Problem]:
    """Keys of models of probabilities in a model of rates."""
    model = subject.model
    blocks: list[tuple[Keys, object, tuple[str, ...]]] = [((), model, OF_PROBABILITIES)]
    blocks += [(("strategies", name), strategy, OF_STRATEGIES) for name, strategy in model.strategies.items()]
    blocks += [(("costs", name), item, OF_COSTS) for name, item in model.costs.items()]
    for keys, block, names in blocks:
        for key in names:
            if getattr(block, key):
                found = f'"{key}" belongs to models of probabilities'
                yield subject.problem((*keys, key), found, "It is not yet supported with model: rates.")


def check(subject: Subject) -> Iterator[Problem]:
    """Every problem that only a model of probabilities can have."""
    for rule in (_conventions, _moves, _costs, _periods, _fading, _matrices, _rows):
        yield from rule(subject)


def _conventions(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for key, value in (("counting", model.counting), ("discounting", model.discounting)):
        if value is None:
            found = f'the key "{key}" is missing ({key})'
            yield subject.problem(("model",), found, "A model of probabilities has no default for it.")
    if model.mortality is not None:
        remedy = 'Declare "state -> dead" among the transitions.'
        yield subject.problem(("mortality",), "deaths are probabilities here", remedy)
    if model.beyond_follow_up == "gap closes":
        remedy = "Use effects cease or effects persist."
        yield subject.problem(("beyond_follow_up",), "gap closes is not yet supported with probabilities", remedy)
    if (model.counting == "weights") != (model.weights is not None):
        yield subject.problem(("counting",), "counting: weights and the list weights come together", "Give both.")
    if model.weights is not None and len(model.weights) != cycles(model) + 1:
        found = f"there are {len(model.weights)} weights for {cycles(model)} cycles"
        yield subject.problem(("weights",), found, "One for each instant: cycles + 1.")
    if model.weights is not None and (min(model.weights, default=0) < 0 or not any(model.weights)):
        yield subject.problem(("weights",), "a weight is negative, or all are 0", "Give weights from 0, such as 0.5.")
    if model.counting and model.discounting and (model.counting in WEIGHED) != (model.discounting == "at each count"):
        found = f"counting: {model.counting} does not go with discounting: {model.discounting}"
        remedy = "half-cycle and weights are discounted at each count; the others at a point of the cycle."
        yield subject.problem(("discounting",), found, remedy)


def _moves(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    places: list[tuple[Keys, str]] = [(("transitions", name), name) for name in model.transitions]
    for strategy, block in model.strategies.items():
        places += [(("strategies", strategy, "transitions", name), name) for name in block.transitions]
        if block.transitions and (block.matrices or model.matrices):
            found = "a strategy has transitions or matrices, not both"
            yield subject.problem(("strategies", strategy), found, "Keep one.")
    places += [(("qalys_on_transition", name), name) for name in model.qalys_on_transition]
    for cost, item in model.costs.items():
        places += [(("costs", cost, "on_transition", name), name) for name in item.on_transition]
    if model.transitions and model.matrices:
        yield subject.problem(("matrices",), "a model has transitions or matrices, not both", "Keep one.")
    states = all_states(model)
    for keys, name in places:
        yield from subject.arrow(keys, name, states)
        if " -> " in name and (origin := name.partition(" -> ")[0]) in (DEAD, *model.absorbing):
            yield subject.problem(keys, f'nobody leaves "{origin}"', "It is absorbing; remove the transition.")
    for state in model.absorbing:
        yield from subject.undeclared(("absorbing",), state, states)
    for strategy in model.strategies:
        yield from _remainders(subject, strategy)


def _remainders(subject: Subject, strategy: str) -> Iterator[Problem]:
    rest = [move for move, reference in declared(subject.model, strategy).items() if reference == REST]
    for origin in dict.fromkeys(move[0] for move in rest):
        if sum(move[0] == origin for move in rest) > 1:
            found = f'two transitions from "{origin}" take the remainder ({strategy})'
            yield subject.problem(("transitions",), found, "Keep one.")


def _costs(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name, item in model.costs.items():
        for strategy in item.only_in:
            yield from subject.undeclared(("costs", name, "only_in"), strategy, model.strategies, "strategy")
    for name, strategy_block in model.strategies.items():
        for state in strategy_block.utilities:
            yield from subject.undeclared(("strategies", name, "utilities", state), state, model.states)


def _periods(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    blocks: list[tuple[Keys, dict[str, str | int]]] = [(("transitions",), dict(model.transitions))]
    blocks += [(("strategies", name, "transitions"), dict(s.transitions)) for name, s in model.strategies.items()]
    tables: list[tuple[Keys, MatricesBlock | None]] = [(("matrices",), model.matrices)]
    tables += [(("strategies", name, "matrices"), s.matrices) for name, s in model.strategies.items()]
    remedy = (
        f"The cycle is {model.cycle}. A rate becomes a probability of any period with probability_of; a probability "
        "with competing exits cannot be divided or rescaled by itself: convert the whole matrix at the source."
    )
    for keys, transitions in blocks:
        for name, reference in transitions.items():
            record = model.parameters.get(str(reference))
            if record is None or record.unit.kind != "probability":
                continue
            if abs(record.unit.months - cycle_months(model)) > 1e-9:
                yield subject.problem((*keys, name), f'"{reference}" is a {record.unit.text}', remedy)
    for keys, table in tables:
        if table is not None and abs(table.period.months - cycle_months(model)) > 1e-9:
            yield subject.problem((*keys, "period"), f"the probabilities are those of {table.period.text}", remedy)


def _fading(subject: Subject) -> Iterator[Problem]:
    for name, strategy in subject.model.strategies.items():
        for key, effect in strategy.effects.items():
            if effect.half_life:
                at: Keys = ("strategies", name, "effects", key, "half_life")
                yield subject.problem(at, "fading is not yet supported with probabilities", "Give until.")


def _matrices(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name, table in subject.matrices.items():
        keys: Keys = ("matrices",) if model.strategies[name].matrices is None else ("strategies", name, "matrices")
        if table.last < cycles(model):
            found = f"the table ends with cycle {table.last} and the horizon has {cycles(model)}"
            yield subject.problem(keys, found, "Shorten the horizon, or add the missing cycles.")
        for state in (DEAD, *model.absorbing):
            index = table.states.index(state) if state in table.states else None
            if index is not None and (table.values[:, index, index] < 1).any():
                yield subject.problem(
                    keys, f'nobody leaves "{state}", and the table lets people out', "1 in its column."
                )


def _rows(subject: Subject) -> Iterator[Problem]:
    """Rows of declared probabilities, where every one of them is known."""
    model = subject.model
    for name in model.strategies:
        if name in subject.matrices:
            continue
        chances = Chances(model, name)
        try:
            found = list(faults(chances, _looking(subject)))
        except (KeyError, IndexError):  # a reference or a time is faulty, and was reported
            continue
        for what in found:
            yield subject.problem(("transitions",), f"{name}: {what}", "Probabilities are never clipped nor rescaled.")


def _looking(subject: Subject) -> Look:
    return lambda reference: float(reference) if isinstance(reference, int) else subject.central[reference]
