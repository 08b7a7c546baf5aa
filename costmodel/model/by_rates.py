"""Models of rates: rate lines and the life table through the exact recursion."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.cohort import trace
from costmodel.errors import InputError
from costmodel.inputs.lifetable import cycle_hazards
from costmodel.model.lines import Look, RateLine, rate_lines
from costmodel.model.lived import Lived, alike, edges, looking, start_shares
from costmodel.model.values import Array, Values
from costmodel.scenario.build import Scenario

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


def live_by_rates(scenario: Scenario, values: Values, draws: int) -> Lived:
    """The cohort of each strategy and alternative. Raises InputError where the rates of a draw are absurd."""
    model, look = scenario.model, looking(values)
    time = edges(scenario)
    lines = [
        [rate_lines(structure.model, strategy) for structure in scenario.structures] for strategy in model.strategies
    ]
    column, first = alike(
        [
            [
                (*own, structure.model.deaths.rate_ratio, tuple(structure.model.cohort.start.items()))
                for own, structure in zip(row, scenario.structures, strict=True)
            ]
            for row in lines
        ]
    )
    variants = [lines[s][a] for s, a in first]
    structures = [scenario.structures[a] for _, a in first]
    moves = [(line.origin, line.destination) for line in variants[0]]
    shares = [[_shares(line, time) for line in variant] for variant in variants]
    hazards = background_hazards(scenario)
    death_ratio = np.stack([np.broadcast_to(look(s.model.deaths.rate_ratio), (draws,)) for s in structures])
    altered = [_changes([row for variant in shares for row in variant[m]]) for m in range(len(moves))]
    begins = np.any([_changes([hazards]), *altered], axis=0)
    last: tuple[Sequence[Array], Array] = ([hazards] * len(moves), hazards)

    def rates(k: int) -> tuple[Sequence[Array], Array]:
        nonlocal last
        if begins[k]:
            moving = [
                np.stack([_rate(v[m], s[m], k, look, draws) for v, s in zip(variants, shares, strict=True)])
                if altered[m][k]
                else last[0][m]
                for m in range(len(moves))
            ]
            last = (moving, hazards[k] * death_ratio)
        return last

    start = np.stack([start_shares(structure, look, draws) for structure in structures], axis=1)
    try:
        activity = trace(start, moves, rates, len(time) - 1, float(time[1] - time[0]))
    except ValueError as error:
        raise InputError.at("transitions", str(error), "Check the units and the spread of the rates.") from error
    return Lived(activity.people, activity.person_years, None, {}, column)


def _shares(line: RateLine, time: Array) -> Array:
    """Shares of a rate line in every cycle, (share, cycle)."""
    found = line.shares(time[:-1], time[1:], float(time[-1]))
    return np.stack([np.broadcast_to(np.asarray(share, dtype=float), (len(time) - 1,)) for share in found])


def _changes(by_cycle: Sequence[Array]) -> NDArray[np.bool_]:
    """Cycles in which something is not as in the cycle before; the first is one."""
    rows = np.stack(by_cycle)
    return np.concatenate([[True], (rows[:, 1:] != rows[:, :-1]).any(axis=0)])


def _rate(line: RateLine, shares: Array, cycle: int, look: Look, draws: int) -> Array:
    return np.broadcast_to(line.rate(tuple(float(share) for share in shares[:, cycle]), look), (draws,))
