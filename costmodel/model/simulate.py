"""One block of draws through the engine: activity, then money and health, cycle by cycle."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.cohort import Activity, trace
from costmodel.engine.formulas import closing, total_over_states
from costmodel.errors import InputError
from costmodel.inputs.lifetable import cycle_hazards
from costmodel.model.flows import (
    THERAPY,
    cost_per_year,
    harm,
    items,
    sessions,
    share_open,
    therapy_cost,
    therapy_window,
)
from costmodel.model.lines import Look, rate_lines
from costmodel.model.values import Array, Values
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles

LARGEST_LEAK = 1e-9
"""People: by how much the shares of a cohort may miss 1."""
HAZARD_DECIMALS = 14
"""Hazards are equal within a year of age; the differences of a cumulative sum are so only to rounding."""


@dataclass(frozen=True)
class Flows:
    """Undiscounted flows in real terms, per person referred.

    cost: shape (cycle, item, strategy, alternative, draw). qaly: (cycle, strategy, alternative, draw).
    people: at the start of each cycle and at the end, (cycle + 1, state, strategy, alternative, draw).
    person_years: (cycle, state, strategy, alternative, draw). edges: years from referral, (cycle + 1,).
    """

    edges: Array
    cost: Array
    qaly: Array
    people: Array
    person_years: Array


def edges(scenario: Scenario) -> Array:
    """Beginnings of the cycles and the end of the last, in years from referral."""
    model = scenario.model
    months = np.arange(cycles(model) + 1) * cycle_months(model)
    years: Array = months / MONTHS_A_YEAR
    return years


def looking(values: Values) -> Look:
    """References to values: 0 and 1 stand for themselves."""
    return lambda reference: float(reference) if isinstance(reference, int) else values[reference]


def background_hazards(scenario: Scenario) -> Array:
    """Mean hazard of death in the general population, per year, in each cycle."""
    cohort, central = scenario.model.cohort, looking(scenario.central)
    age, female = float(central(cohort.age)), float(central(cohort.female))
    return np.round(cycle_hazards(scenario.life_table, age, female, edges(scenario)), HAZARD_DECIMALS)


def simulate(scenario: Scenario, values: Values, draws: int) -> Flows:
    """Run every strategy under every alternative for a block of draws.

    values: of every parameter, floats or arrays of shape (draw,). Raises InputError where the rates of a
    draw are absurd.
    """
    activity = _activity(scenario, values, draws)
    model, look = scenario.model, looking(values)
    strategies, alternatives = list(model.strategies), scenario.structures
    shape = (len(strategies), len(alternatives), draws)
    time = edges(scenario)
    people = activity.people.reshape(*activity.people.shape[:2], *shape)
    person_years = activity.person_years.reshape(*activity.person_years.shape[:2], *shape)
    _close_gaps(scenario, time, person_years)

    ledger = items(model)
    cost = np.zeros((len(time) - 1, len(ledger), *shape))
    qaly = np.empty((len(time) - 1, *shape))
    in_state = [person_years[:, state] for state in range(person_years.shape[1])]
    for i, item in enumerate(ledger):
        if item.name != THERAPY:
            cost[:, i] = total_over_states(in_state, cost_per_year(model, model.costs[item.name], look))
    for s, strategy in enumerate(strategies):
        if model.strategies[strategy].therapy:
            window = therapy_window(model, strategy)
            for k, (begin, end) in enumerate(pairwise(time)):
                held = sessions(model, strategy, begin, end, window, look)
                cost[k, 0, s] = therapy_cost(model, strategy, begin, end, window, held, look)
        for a, structure in enumerate(alternatives):
            utilities = [look(structure.model.utilities[state]) for state in model.states]
            gained = total_over_states([time_in[:, s, a] for time_in in in_state], utilities)
            lost = [harm(structure.model, strategy, b, e, look) for b, e in pairwise(time)]
            qaly[:, s, a] = gained - np.stack([np.broadcast_to(x, (draws,)) for x in lost])
    return Flows(time, cost, qaly, people, person_years)


def _activity(scenario: Scenario, values: Values, draws: int) -> Activity:
    """The cohort of each (strategy, alternative), stacked in that order along the variant axis."""
    model, look = scenario.model, looking(values)
    time = edges(scenario)
    horizon = float(time[-1])
    lines, ratios, starts = [], [], []
    for strategy in model.strategies:
        for structure in scenario.structures:
            lines.append(rate_lines(structure.model, strategy))
            ratios.append(np.broadcast_to(look(structure.model.mortality.rate_ratio), (draws,)))
            start = structure.model.cohort.start
            shares = [look(start[state]) if state in start else 0.0 for state in model.states]
            if np.max(np.abs(sum(shares) - 1)) > LARGEST_LEAK:
                found = "the shares of the cohort do not sum to 1 in every draw"
                raise InputError.at("cohort.start", found, "Make one the complement_of another, or hold them fixed.")
            starts.append(np.stack([np.broadcast_to(share, (draws,)) for share in shares]))
    moves = [(line.origin, line.destination) for line in lines[0]]
    hazards = background_hazards(scenario)
    death_ratio = np.stack(ratios)
    last: tuple[object, tuple[list[NDArray[np.float64]], NDArray[np.float64]]] | None = None

    def rates(k: int) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
        nonlocal last
        shares = [[line.shares(time[k], time[k + 1], horizon) for line in variant] for variant in lines]
        key = (shares, hazards[k])
        if last is None or last[0] != key:
            by_move = [
                np.stack([np.broadcast_to(v[m].rate(s[m], look), (draws,)) for v, s in zip(lines, shares, strict=True)])
                for m in range(len(moves))
            ]
            last = (key, (by_move, hazards[k] * death_ratio))
        return last[1]

    try:
        return trace(np.stack(starts, axis=1), moves, rates, len(time) - 1, float(time[1] - time[0]))
    except ValueError as error:
        raise InputError.at("transitions", str(error), "Check the units and the spread of the rates.") from error


def _close_gaps(scenario: Scenario, time: Array, person_years: Array) -> None:
    """Where the gap closes after the follow-up, spread a strategy's people as the comparator's from then on."""
    for s, strategy in enumerate(scenario.model.strategies):
        for k in range(len(time) - 1):
            open_share = share_open(scenario.model, strategy, time[k], time[k + 1])
            if open_share is not None and open_share < 1:
                person_years[k, :, s] = closing(person_years[k, :, s], person_years[k, :, 0], open_share)
