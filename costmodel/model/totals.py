"""Totals of a model of probabilities to its horizon, without curves: for analyses of very many draws.

The same probabilities, counting, prices and utilities as in a run, summed in another order: people are added up
over time first, and money follows from the sums. Equal to `run` but for rounding.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import discount_factor, total_over_states
from costmodel.engine.textbook import TIMINGS, chain_sums, instant_coefficients
from costmodel.errors import InputError
from costmodel.model.by_probabilities import chances, move_probabilities
from costmodel.model.flows import cost_per_year, utilities
from costmodel.model.lived import looking, start_shares
from costmodel.model.parallel import in_order
from costmodel.model.spans import look_in
from costmodel.model.values import Array, Values
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import DEAD, all_states, changes
from costmodel.scenario.schema import ModelFile

BLOCK = 8_192
"""Draws advanced together: enough that arithmetic takes longer than asking for it."""


@dataclass(frozen=True)
class Totals:
    """Discounted, per person referred, to the model's horizon.

    items: names of the cost items. cost: (item, strategy, alternative, draw). qaly: (strategy, alternative, draw).
    """

    items: tuple[str, ...]
    cost: Array
    qaly: Array


def totals(scenario: Scenario, values: Values, draws: int, *, workers: int = 1) -> Totals:
    """Discounted cost of each item and QALYs of every strategy, alternative and draw.

    values: of every parameter, floats or arrays of shape (draw,). Raises InputError for what only a run can sum
    up: models of rates, sessions, harms and events at transitions; and for probabilities outside [0, 1].
    """
    if reason := _unsuited(scenario):
        raise InputError.at("totals", reason, "Use run.")
    names = tuple(scenario.model.costs)
    shape = (len(scenario.model.strategies), len(scenario.structures), draws)
    cost, qaly = np.empty((len(names), *shape)), np.empty(shape)

    def block(first: int) -> None:
        part = slice(first, min(first + BLOCK, draws))
        some = {name: value[part] if isinstance(value, np.ndarray) else value for name, value in values.items()}
        cost[..., part], qaly[..., part] = _block(scenario, some, part.stop - part.start)

    for _ in in_order(block, range(0, draws, BLOCK), workers):
        pass
    return Totals(names, cost, qaly)


def _unsuited(scenario: Scenario) -> str | None:
    models = [structure.model for structure in scenario.structures]
    if not scenario.model.in_probabilities:
        return "the model is one of rates"
    if any(strategy.therapy or strategy.harms for model in models for strategy in model.strategies.values()):
        return "a strategy has a therapy or a harm"
    if any(model.qalys_on_transition for model in models) or any(
        c.on_transition for c in scenario.model.costs.values()
    ):
        return "something happens at a transition"
    return None


def _block(scenario: Scenario, values: Values, draws: int) -> tuple[Array, Array]:
    model, look = scenario.model, looking(values)
    variants, column, structures = chances(scenario)
    begins = _spans(scenario)
    sums = _sums(scenario, values, draws, begins)
    living = [state for state in all_states(model) if state != DEAD]
    moves = list(dict.fromkeys(move for one in variants for move in one.moves() if DEAD not in move))
    every = list(dict.fromkeys(move for one in variants for move in one.moves()))
    altered = {cycle for one in variants for cycle in one.starts()}
    in_force: list[Array] = []

    def probabilities(cycle: int) -> Sequence[Array]:
        nonlocal in_force
        if cycle in altered:
            found = dict(zip(every, move_probabilities(variants, every, cycle, draws, look), strict=True))
            in_force = [found[move] for move in moves]
        return in_force

    start = np.stack([start_shares(structure, look, draws) for structure in structures], axis=1)
    indices = [(living.index(origin), living.index(destination)) for origin, destination in moves]
    people = chain_sums(start, indices, probabilities, sums, len(begins))
    of_cost, of_qaly = people[0], people[-1]
    shape = (len(model.strategies), len(scenario.structures), draws)
    cost, qaly = np.zeros((len(model.costs), *shape)), np.zeros(shape)
    for j, begin in enumerate(begins):
        looked = look_in(model, begin, look)
        for i, item in enumerate(model.costs.values()):
            per_year = cost_per_year(model, item, looked)
            spent = total_over_states(list(of_cost[j]), per_year)
            if j == 0:
                spent = spent + look(item.at_start) * look(item.price)
            for s, strategy in enumerate(model.strategies):
                if not item.only_in or strategy in item.only_in:
                    cost[i, s] += spent[column[s]]
        for s, strategy in enumerate(model.strategies):
            for a, structure in enumerate(scenario.structures):
                worth = [looked(reference) for reference in utilities(structure.model, strategy)]
                qaly[s, a] += total_over_states(list(of_qaly[j][:, column[s, a]]), worth)
    return cost, qaly


def _spans(scenario: Scenario) -> list[int]:
    """Cycles in which a quantity or a utility may begin to differ; the first is 0."""
    found: set[int] = {0}
    for structure in scenario.structures:
        model: ModelFile = structure.model
        references: Iterable[str | int] = [
            *(reference for item in model.costs.values() for reference in item.while_in.values()),
            *(reference for strategy in model.strategies for reference in utilities(model, strategy)),
        ]
        found |= set(changes(scenario.model, references))
    return sorted(found)


def _sums(scenario: Scenario, values: Values, draws: int, begins: list[int]) -> list[list[list[tuple[int, Array]]]]:
    """Coefficients of the people at each instant, for costs and for QALYs; once where they are the same."""
    model, discount, look = scenario.model, scenario.setting.discount, looking(values)
    assert model.counting is not None
    assert model.discounting is not None
    length = cycle_months(model) / MONTHS_A_YEAR
    years = (np.arange(cycles(model)) + TIMINGS[model.discounting]) * length
    span: NDArray[np.intp] = np.searchsorted(begins, np.arange(cycles(model)), side="right") - 1
    weights = None if model.weights is None else np.array(model.weights)
    rates = [look(discount.costs), look(discount.health)]
    found = []
    for rate in rates[:1] if np.array_equal(rates[0], rates[1]) else rates:
        factors = np.stack([np.asarray(discount_factor(rate, year), dtype=float) for year in years])
        coefficients = instant_coefficients(model.counting, factors, span, weights)
        found.append([[(of, c * length) for of, c in at] for at in coefficients])
    return found
