"""What a cohort lives through before any money: people, time in states and moves, by rates or by probabilities."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.cohort import chain, moves_counted, time_in_states, trace
from costmodel.errors import InputError, Problem
from costmodel.inputs.lifetable import cycle_hazards
from costmodel.model.draws import Array, Values
from costmodel.model.rates import Look, RateLine, rate_lines
from costmodel.result.flows import Shared
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.conventions import models_that_price
from costmodel.scenario.probabilities import BrokenRow, Chances, Move, all_states, arrow, broken_rows
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.structure import ONLY, Structure, start_of

LARGEST_LEAK = 1e-9
"""People: by how much the shares of a cohort may miss 1."""


@dataclass(frozen=True)
class Activity:
    """Of one person referred. The states are the declared ones; the dead are the rest.

    Strategies and alternatives with the same transitions share a column.
    people: at the start of each cycle and at the end, (cycle + 1, state, column, draw).
    person_years: that count in each cycle, (cycle, state, column, draw).
    at_start: person-years that count at time 0, (state, column, draw); models of probabilities.
    moved: people that made each move that is priced, in each cycle, by (from, to), (cycle, column, draw) each.
    column: of each strategy and alternative, (strategy, alternative).
    """

    people: Array
    person_years: Array
    at_start: Array | None
    moved: dict[tuple[str, str], Array]
    column: NDArray[np.intp]

    def apart(self) -> "Activity":
        """The same with a column of its own for each strategy and alternative; models of rates."""
        columns = self.column.ravel()
        own = np.arange(len(columns)).reshape(self.column.shape)
        return replace(
            self,
            people=self.people[:, :, columns],
            person_years=self.person_years[:, :, columns],
            column=own,
            moved={move: people[:, columns] for move, people in self.moved.items()},
        )

    def time_in_states(self) -> Shared:
        """Person-years, (cycle, state, column, draw)."""
        return Shared(self.person_years, self.column, self.at_start)


def edges(scenario: Scenario) -> Array:
    """Beginnings of the cycles and the end of the last, in years from referral."""
    model = scenario.model
    months = np.arange(cycles(model) + 1) * cycle_months(model)
    return np.asarray(months / MONTHS_A_YEAR)


def looking(values: Values) -> Look:
    """References to values: 0 and 1 stand for themselves."""
    return lambda reference: float(reference) if isinstance(reference, int) else values[reference]


def draws_that_miss_one(shares: Sequence[float | Array], draws: int) -> int:
    """In how many draws shares do not sum to 1."""
    return int(np.count_nonzero(np.broadcast_to(np.abs(sum(shares) - 1) > LARGEST_LEAK, (draws,))))


def start_shares(structure: Structure, strategy: str, look: Look, draws: int) -> Array:
    """Shares of a strategy's people at referral, (state, draw).

    Raises InputError where they do not sum to 1 in every draw.
    """
    start = start_of(structure.model, strategy)
    shares = [look(start[state]) if state in start else 0.0 for state in structure.model.states]
    if wrong := draws_that_miss_one(shares, draws):
        found = f"the shares of the cohort do not sum to 1 in every draw: {wrong:,} of {draws:,} do not"
        remedy = "Make one the complement_of another, draw them as one (groups, together: dirichlet), or hold them."
        raise InputError.at("cohort.start", found, remedy)
    return np.stack([np.broadcast_to(share, (draws,)) for share in shares])


def alike(keys: Sequence[Sequence[Hashable]]) -> tuple[NDArray[np.intp], list[tuple[int, int]]]:
    """Columns of strategies and alternatives with equal keys, and of each column the first that has it.

    keys: by strategy and alternative.
    """
    columns: dict[Hashable, int] = {}
    first: list[tuple[int, int]] = []
    column = np.empty((len(keys), len(keys[0])), dtype=np.intp)
    for s, row in enumerate(keys):
        for a, key in enumerate(row):
            if key not in columns:
                columns[key] = len(columns)
                first.append((s, a))
            column[s, a] = columns[key]
    return column, first


HAZARD_DECIMALS = 14
"""Hazards are equal within a year of age; the differences of a cumulative sum are so only to rounding."""


def background_hazards(scenario: Scenario) -> Array:
    """Mean hazard of death in the general population, per year, in each cycle."""
    cohort, central = scenario.model.cohort, looking(scenario.central)
    assert cohort.age is not None
    assert cohort.female is not None
    assert scenario.life_table is not None
    age, female = float(central(cohort.age)), float(central(cohort.female))
    return np.round(cycle_hazards(scenario.life_table, age, female, edges(scenario)), HAZARD_DECIMALS)


def live_by_rates(scenario: Scenario, values: Values, draws: int) -> Activity:
    """The cohort of each strategy and alternative. Raises InputError where the rates of a draw are absurd."""
    model, look = scenario.model, looking(values)
    time = edges(scenario)
    lines = [
        [rate_lines(structure.model, strategy) for structure in scenario.structures] for strategy in model.strategies
    ]
    column, first = alike(
        [
            [
                (*own, *_death_ratios(structure.model), *start_of(structure.model, strategy).items())
                for own, structure in zip(row, scenario.structures, strict=True)
            ]
            for strategy, row in zip(model.strategies, lines, strict=True)
        ]
    )
    variants = [lines[s][a] for s, a in first]
    structures = [scenario.structures[a] for _, a in first]
    strategies = [list(model.strategies)[s] for s, _ in first]
    moves = [(line.origin, line.destination) for line in variants[0]]
    shares = [[_shares(line, time, look) for line in variant] for variant in variants]
    hazards = background_hazards(scenario)
    of_states = list(zip(*(_death_ratios(structure.model) for structure in structures), strict=True))
    ratios = {
        of_variants: np.stack([np.broadcast_to(look(one), (draws,)) for one in of_variants])
        for of_variants in dict.fromkeys(of_states)
    }
    altered = [_changes([row for variant in shares for row in variant[m]]) for m in range(len(moves))]
    begins = np.any([_changes([hazards]), *altered], axis=0)
    last: tuple[Sequence[Array], Sequence[Array]] = ([hazards] * len(moves), [])
    in_force: dict[int, Sequence[Array]] = {}

    def rates(k: int) -> tuple[Sequence[Array], Sequence[Array]]:
        nonlocal last
        if begins[k]:
            moving = [
                np.stack([_rate(v[m], s[m], k, look, draws) for v, s in zip(variants, shares, strict=True)])
                if altered[m][k]
                else last[0][m]
                for m in range(len(moves))
            ]
            dying = {of_variants: hazards[k] * ratio for of_variants, ratio in ratios.items()}
            last = (moving, [dying[of_variants] for of_variants in of_states])
            in_force[k] = moving
        return last

    start = _starts(structures, strategies, look, draws)
    try:
        activity = trace(start, moves, rates, len(time) - 1, float(time[1] - time[0]))
    except ValueError as error:
        raise InputError.at("transitions", str(error), "Check the units and the spread of the rates.") from error
    priced = _priced(models_that_price(scenario))
    moved = {
        move_of(line.name): _moved(m, line.origin, in_force, activity.person_years)
        for m, line in enumerate(variants[0]) if line.name in priced
    }  # fmt: skip
    return Activity(activity.people, activity.person_years, None, moved, column)


def _moved(move: int, origin: int, in_force: Mapping[int, Sequence[Array]], person_years: Array) -> Array:
    """People that make a move in each cycle, (cycle, column, draw): its rate × person-years in its origin."""
    people = person_years[:, origin].copy()
    for first, end in pairwise([*in_force, len(people)]):
        people[first:end] *= in_force[first][move]
    return people


def _starts(structures: Sequence[Structure], strategies: Sequence[str], look: Look, draws: int) -> Array:
    """Shares at referral of each variant, (state, variant, draw)."""
    each = [start_shares(one, strategy, look, draws) for one, strategy in zip(structures, strategies, strict=True)]
    return np.stack(each, axis=1)


def _death_ratios(model: ModelFile) -> list[str | int]:
    """References to what the general population's deaths are multiplied by, by state."""
    return [model.deaths.ratio(state) for state in model.states]


def _shares(line: RateLine, time: Array, look: Look) -> list[Array]:
    """Shares of a rate line in every cycle, (cycle,) each, or (cycle, draw) where a time of an effect is drawn."""
    edge = time[:, None] if line.drawn else time
    found = [np.asarray(share, float) for share in line.shares(edge[:-1], edge[1:], float(time[-1]), look)]
    return [np.broadcast_to(share, (len(time) - 1, *share.shape[1:])) for share in found]


def _changes(by_cycle: Sequence[Array]) -> NDArray[np.bool_]:
    """Cycles in which something is not as in the cycle before, in any draw; the first is one."""
    changed = np.ones(len(by_cycle[0]), dtype=bool)
    different = [row[1:] != row[:-1] for row in by_cycle]
    changed[1:] = np.any([row.any(axis=-1) if row.ndim > 1 else row for row in different], axis=0)
    return changed


def _rate(line: RateLine, shares: Sequence[Array], cycle: int, look: Look, draws: int) -> Array:
    now = tuple(share[cycle] if share.ndim > 1 else float(share[cycle]) for share in shares)
    return np.broadcast_to(line.rate(now, look), (draws,))


def live_by_probabilities(scenario: Scenario, values: Values, draws: int) -> Activity:
    """The cohort of each strategy and alternative.

    Raises InputError where a draw has a row that is none: nothing is clipped or rescaled.
    """
    model, look = scenario.model, looking(values)
    variants, column, structures = chances(scenario)
    living = _starts(structures, [one.strategy for one in variants], look, draws)
    moves = list(dict.fromkeys(move for one in variants for move in one.moves()))
    changes = {cycle for one in variants for cycle in one.starts()}
    in_force: list[Array] = []
    whose = _whose(variants, structures)

    def probabilities(cycle: int) -> Sequence[Array]:
        nonlocal in_force
        if cycle in changes:
            in_force = move_probabilities(variants, whose, moves, cycle, draws, look)
        return in_force

    states = all_states(model)
    start = np.concatenate([living, np.zeros((1, len(variants), draws))])
    indices = [(states.index(origin), states.index(destination)) for origin, destination in moves]
    names = _priced(models_that_price(scenario))
    priced = [move for move in moves if arrow(move) in names]
    activity = chain(start, indices, probabilities, cycles(model), [moves.index(move) for move in priced])
    years = cycle_months(model) / MONTHS_A_YEAR
    assert model.counting is not None
    weights = None if model.weights is None else np.array(model.weights)
    at_start, in_cycles = time_in_states(activity.people[:, :-1], model.counting, weights)
    moved = moves_counted(activity.moved, model.counting, weights)
    return Activity(
        people=activity.people[:, :-1],
        person_years=in_cycles * years,
        at_start=at_start * years,
        moved={move: moved[:, i] for i, move in enumerate(priced)},
        column=column,
    )


def move_of(name: str) -> Move:
    """A move as it is written, `from -> to`."""
    origin, _, destination = name.partition(" -> ")
    return origin, destination


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
            (one.key(), *start_of(structure.model, one.strategy).items())
            for one, structure in zip(row, scenario.structures, strict=True)
        ]
        for row in each
    ]
    column, first = alike(keys)
    return [each[s][a] for s, a in first], column, [scenario.structures[a] for _, a in first]


def _whose(variants: Sequence[Chances], structures: Sequence[Structure]) -> list[str]:
    """The strategy of each variant, with its alternative or stratum where there are several."""
    return [
        one.strategy if structure.name == ONLY else f"{one.strategy}, {structure.name}"
        for one, structure in zip(variants, structures, strict=True)
    ]


def move_probabilities(
    variants: list[Chances], whose: list[str], moves: list[Move], cycle: int, draws: int, look: Any
) -> list[Array]:
    """The probability of each move in a cycle, (variant, draw) each; rounding of a remainder below 0 is taken off.

    Raises InputError where what leaves a state is no row of probabilities in some draw.
    """
    found = [one.at(cycle, look) for one in variants]
    broken = BrokenDraws()
    for name, one, probabilities in zip(whose, variants, found, strict=True):
        broken.add(name, broken_rows(one, cycle, probabilities), draws)
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
        variants, _, structures = chances(scenario)
        for name, one in zip(_whose(variants, structures), variants, strict=True):
            rows = [row for cycle in one.starts() for row in broken_rows(one, cycle, one.at(cycle, look))]
            broken.add(name, rows, draws)
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

    def add(self, whose: str, rows: Iterable[BrokenRow], draws: int) -> None:
        """Count the broken rows of one variant in a block of draws, a draw once for all cycles."""
        wrong: dict[str, Any] = {}
        for row in rows:
            key = (whose, row.state)
            self._first.setdefault(key, row)
            wrong[row.state] = wrong.get(row.state, np.zeros(draws, dtype=bool)) | row.wrong
            sums = np.broadcast_to(row.total, (draws,))[np.broadcast_to(row.wrong, (draws,))]
            self._sums.setdefault(key, []).extend((float(np.min(sums)), float(np.max(sums))))
        for state, where in wrong.items():
            self._count[whose, state] += int(where.sum())

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


def moves(scenario: Scenario) -> dict[str, Array]:
    """People that make each transition in each cycle, deaths too, by `from -> to`, (cycle, strategy, reading).

    Per person referred, at central values; strata by their shares. In models of rates: rate in force × person-years in
    the state that is left, which is what leaves it, for rates are constant within a cycle.
    """
    found = _moves_by_probabilities(scenario) if scenario.model.in_probabilities else _moves_by_rates(scenario)
    if not scenario.model.strata:
        return found
    look = looking(scenario.central)
    shares = np.array([float(look(stratum.share)) for stratum in scenario.model.strata.values()])
    return {name: moved.reshape(*moved.shape[:-1], -1, len(shares)) @ shares for name, moved in found.items()}


def _moves_by_rates(scenario: Scenario) -> dict[str, Array]:
    model, look, time = scenario.model, looking(scenario.central), edges(scenario)
    lived, hazards = live_by_rates(scenario, scenario.central, 1), background_hazards(scenario)
    shape = (len(time) - 1, *lived.column.shape)
    found = {name: np.zeros(shape) for name in model.transitions}
    found |= {f"{state} -> dead": np.zeros(shape) for state in model.states}
    for s, strategy in enumerate(model.strategies):
        for a, structure in enumerate(scenario.structures):
            years = lived.person_years[:, :, lived.column[s, a], 0]
            for line in rate_lines(structure.model, strategy):
                horizon = float(time[-1])
                rates = [line.rate(line.shares(begin, end, horizon, look), look) for begin, end in pairwise(time)]
                found[line.name][:, s, a] = np.array(rates, dtype=float) * years[:, line.origin]
            for i, (state, ratio) in enumerate(zip(model.states, _death_ratios(structure.model), strict=True)):
                found[f"{state} -> dead"][:, s, a] += hazards * float(look(ratio)) * years[:, i]
    return found


def _moves_by_probabilities(scenario: Scenario) -> dict[str, Array]:
    model, look = scenario.model, looking(scenario.central)
    lived = live_by_probabilities(scenario, scenario.central, 1)
    variants, column, _ = chances(scenario)
    states, shape = list(model.states), (cycles(model), *column.shape)
    found: dict[str, Array] = {}
    for s, a in np.ndindex(*column.shape):
        people = lived.people[:, :, lived.column[s, a], 0]
        for k in range(shape[0]):
            for move, chance in variants[column[s, a]].at(k, look).items():
                if move[0] in states and move[0] != move[1]:
                    moved = found.setdefault(arrow(move), np.zeros(shape))
                    moved[k, s, a] = people[k, states.index(move[0])] * float(chance)
    return found
