"""Models of rates: rate lines and the life table through the exact recursion."""

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.cohort import trace
from costmodel.errors import InputError
from costmodel.inputs.lifetable import cycle_hazards
from costmodel.model.lines import rate_lines
from costmodel.model.lived import Lived, edges, looking, start_shares
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
    horizon = float(time[-1])
    lines, ratios, starts = [], [], []
    for strategy in model.strategies:
        for structure in scenario.structures:
            lines.append(rate_lines(structure.model, strategy))
            ratios.append(np.broadcast_to(look(structure.model.deaths.rate_ratio), (draws,)))
            starts.append(start_shares(structure, look, draws))
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
        activity = trace(np.stack(starts, axis=1), moves, rates, len(time) - 1, float(time[1] - time[0]))
    except ValueError as error:
        raise InputError.at("transitions", str(error), "Check the units and the spread of the rates.") from error
    shape = (len(model.strategies), len(scenario.structures), draws)
    people = activity.people.reshape(*activity.people.shape[:2], *shape)
    return Lived(people, activity.person_years.reshape(*activity.person_years.shape[:2], *shape), None, {})
