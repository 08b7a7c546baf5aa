"""Models of probabilities: the published recursion, cycle by cycle, with the declared counting convention."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.textbook import chain, moves_counted, time_in_states
from costmodel.errors import InputError, Problem
from costmodel.model.lived import Lived, alike, looking, start_shares
from costmodel.model.values import Array, Values
from costmodel.scenario.build import Scenario, Structure
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import BrokenRow, Chances, Move, all_states, arrow, broken_rows
from costmodel.scenario.schema import ModelFile


def live_by_probabilities(scenario: Scenario, values: Values, draws: int) -> Lived:
    """The cohort of each strategy and alternative.

    Raises InputError where a draw has a row that is none: nothing is clipped or rescaled.
    """
    model, look = scenario.model, looking(values)
    variants, column, structures = chances(scenario)
    starts = [start_shares(structure, look, draws) for structure in structures]
    moves = list(dict.fromkeys(move for one in variants for move in one.moves()))
    changes = {cycle for one in variants for cycle in one.starts()}
    in_force: list[Array] = []

    def probabilities(cycle: int) -> Sequence[Array]:
        nonlocal in_force
        if cycle in changes:
            in_force = move_probabilities(variants, moves, cycle, draws, look)
        return in_force

    states = all_states(model)
    dead = np.zeros((1, len(variants), draws))
    start = np.concatenate([np.stack(starts, axis=1), dead])
    indices = [(states.index(origin), states.index(destination)) for origin, destination in moves]
    names = _priced(structure.model for structure in scenario.structures)
    priced = [move for move in moves if arrow(move) in names]
    lived = chain(start, indices, probabilities, cycles(model), [moves.index(move) for move in priced])
    years = cycle_months(model) / MONTHS_A_YEAR
    assert model.counting is not None
    weights = None if model.weights is None else np.array(model.weights)
    at_start, in_cycles = time_in_states(lived.people[:, :-1], model.counting, weights)
    moved = moves_counted(lived.moved, model.counting, weights)
    return Lived(
        people=lived.people[:, :-1],
        person_years=in_cycles * years,
        at_start=at_start * years,
        moved={move: moved[:, i] for i, move in enumerate(priced)},
        column=column,
    )


def _priced(models: Iterable[ModelFile]) -> set[str]:
    """Moves that cost something or bring health, as they are written."""
    return {
        name
        for model in models
        for named in (model.qalys_on_transition, *(item.on_transition for item in model.costs.values()))
        for name in named
    }


def chances(scenario: Scenario) -> tuple[list[Chances], NDArray[np.intp], list[Structure]]:
    """The different sets of probabilities, which of them each strategy and alternative has, and whose start."""
    each = [
        [Chances(structure.model, strategy, scenario.matrices.get(strategy)) for structure in scenario.structures]
        for strategy in scenario.model.strategies
    ]
    keys = [
        [
            (one.key(), tuple(structure.model.cohort.start.items()))
            for one, structure in zip(row, scenario.structures, strict=True)
        ]
        for row in each
    ]
    column, first = alike(keys)
    return [each[s][a] for s, a in first], column, [scenario.structures[a] for _, a in first]


def move_probabilities(variants: list[Chances], moves: list[Move], cycle: int, draws: int, look: Any) -> list[Array]:
    """The probability of each move in a cycle, (variant, draw) each; rounding of a remainder below 0 is taken off.

    Raises InputError where what leaves a state is no row of probabilities in some draw.
    """
    found = [one.at(cycle, look) for one in variants]
    broken = BrokenDraws()
    for one, probabilities in zip(variants, found, strict=True):
        broken.add(one.strategy, broken_rows(one, cycle, probabilities), draws)
    if problems := broken.problems(draws):
        raise InputError(*problems)
    return [
        np.maximum(np.stack([np.broadcast_to(one.get(move, 0.0), (draws,)) for one in found]), 0.0) for move in moves
    ]


def broken_in_draws(scenario: Scenario, blocks: Iterable[tuple[Values, int]]) -> list[Problem]:
    """Rows of probabilities that are none in some of all draws: one problem a row, with their number.

    blocks: values of every parameter with how many draws they are, one block after the other.
    """
    broken, total = BrokenDraws(), 0
    for values, draws in blocks if scenario.model.in_probabilities else ():
        look, total = looking(values), total + draws
        for one in chances(scenario)[0]:
            rows = [row for cycle in one.starts() for row in broken_rows(one, cycle, one.at(cycle, look))]
            broken.add(one.strategy, rows, draws)
    return broken.problems(total)


CLOSED = (
    'Draw the row as one (groups, together: dirichlet), or write "remainder" for one of its transitions; draws from a '
    "file keep the sum."
)
OPEN = "Draw them as one (groups, together: dirichlet), or narrow their spread; nothing is clipped or rescaled."


class BrokenDraws:
    """Rows of probabilities that are none in some draws, counted over cycles and blocks of draws."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], BrokenRow] = {}
        self._count: Counter[tuple[str, str]] = Counter()
        self._sums: dict[tuple[str, str], list[float]] = {}

    def add(self, strategy: str, rows: Iterable[BrokenRow], draws: int) -> None:
        """Count the broken rows of a strategy in a block of draws, a draw once for all cycles."""
        wrong: dict[str, Any] = {}
        for row in rows:
            key = (strategy, row.state)
            self._first.setdefault(key, row)
            wrong[row.state] = wrong.get(row.state, np.zeros(draws, dtype=bool)) | row.wrong
            sums = np.broadcast_to(row.total, (draws,))[np.broadcast_to(row.wrong, (draws,))]
            self._sums.setdefault(key, []).extend((float(np.min(sums)), float(np.max(sums))))
        for state, where in wrong.items():
            self._count[strategy, state] += int(where.sum())

    def problems(self, draws: int) -> list[Problem]:
        """One for each row that is broken in any of so many draws."""
        return [
            Problem("transitions", f"{key[0]}: {self._words(key, draws)}", CLOSED if row.closed else OPEN)
            for key, row in self._first.items()
        ]

    def _words(self, key: tuple[str, str], draws: int) -> str:
        row, count, high = self._first[key], self._count[key], max(self._sums[key])
        if draws == 1:
            return row.alone()
        of, cycle = f"in {count:,} of {draws:,} draws", f"cycle {row.cycle + 1}"
        if row.closed:
            low = min(self._sums[key])
            return f'the row from "{row.state}" does not sum to 1 {of}, but to {low:.4g} to {high:.4g} ({cycle})'
        return f'the probabilities of leaving "{row.state}" sum to more than 1 {of}, up to {high:.4g} ({cycle})'
