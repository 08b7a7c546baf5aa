"""One piece of work for every program: a declared model of probabilities, its draws, and the same as plain arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import costmodel as cm
from costmodel.engine.cohort import TIMINGS, instant_weights
from costmodel.model.activity import chances, looking, move_probabilities
from costmodel.model.draws import Values, drawn_values
from costmodel.model.money import cost_per_year, utilities
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import all_states

Array = NDArray[np.float64]

SEED = 1


@dataclass(frozen=True)
class Problem:
    """A cohort model whose probabilities, costs and utilities do not change over time.

    transition: (strategy, draw, from, to). cost, utility: a year in each state, (strategy, draw, state), 0 when
    dead. weights: of the people at each instant 0 … n, (cycle + 1,). years: length of a cycle. rate: at which
    costs and health are discounted, at each instant, a year. correction: the weights' name in other programs.
    """

    name: str
    scenario: cm.Scenario
    values: Values
    draws: int
    transition: Array
    cost: Array
    utility: Array
    weights: Array
    years: float
    rate: float
    correction: str

    @property
    def cycles(self) -> int:
        """Number of cycles."""
        return len(self.weights) - 1

    @property
    def discounted_weights(self) -> Array:
        """Weight × length × discount factor of each instant."""
        return np.asarray(self.weights * self.years * (1 + self.rate) ** (-np.arange(len(self.weights)) * self.years))


@dataclass(frozen=True)
class Answer:
    """Discounted totals, (strategy, draw) each, and the seconds that they took."""

    cost: Array
    qaly: Array
    seconds: float


def problem(path: Path, name: str, draws: int, correction: str) -> Problem:
    """The work that a scenario file declares, with draws of its uncertain inputs."""
    scenario = cm.load(path)
    model, values = scenario.model, drawn_values(scenario, draws, SEED)
    look, states = looking(values), all_states(scenario.model)
    assert model.counting is not None
    assert model.discounting is not None
    assert TIMINGS[model.discounting] == 1.0
    sets, column, _ = chances(scenario)
    moves = list(dict.fromkeys(move for one in sets for move in one.moves()))
    found = move_probabilities(sets, [one.strategy for one in sets], moves, 0, draws, look)
    names = list(model.strategies)
    transition = np.zeros((len(names), draws, len(states), len(states)))
    cost, utility = np.zeros((len(names), draws, len(states))), np.zeros((len(names), draws, len(states)))
    for s, strategy in enumerate(names):
        for (origin, destination), p in zip(moves, found, strict=True):
            transition[s, :, states.index(origin), states.index(destination)] = p[column[s, 0]]
        for item in model.costs.values():
            if not item.only_in or strategy in item.only_in:
                cost[s, :, :-1] += np.stack([np.broadcast_to(c, (draws,)) for c in cost_per_year(model, item, look)], 1)
        worth = [look(reference) for reference in utilities(model, strategy)]
        utility[s, :, :-1] = np.stack([np.broadcast_to(u, (draws,)) for u in worth], axis=1)
    weights = instant_weights(model.counting, cycles(model), None if model.weights is None else np.array(model.weights))
    assert weights is not None
    return Problem(
        name, scenario, values, draws, transition, cost, utility, weights, cycle_months(model) / MONTHS_A_YEAR,
        float(np.mean(look(scenario.setting.discount.costs))), correction,
    )  # fmt: skip
