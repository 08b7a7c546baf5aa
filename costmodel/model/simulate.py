"""One block of draws: what the cohort lives through, then money and health, cycle by cycle."""

from itertools import pairwise

import numpy as np

from costmodel.engine.formulas import closing, total_over_states
from costmodel.model.by_probabilities import live_by_probabilities
from costmodel.model.by_rates import live_by_rates
from costmodel.model.flows import (
    THERAPY,
    cost_per_year,
    harm,
    items,
    sessions,
    share_open,
    therapy_cost,
    therapy_window,
    utilities,
)
from costmodel.model.lines import Look
from costmodel.model.lived import Lived, edges, looking
from costmodel.model.spans import look_in, spans
from costmodel.model.values import Array, Values
from costmodel.result.outcomes import Flows
from costmodel.scenario.build import Scenario
from costmodel.scenario.schema import CostItem


def simulate(scenario: Scenario, values: Values, draws: int) -> Flows:
    """Run every strategy under every alternative for a block of draws.

    values: of every parameter, floats or arrays of shape (draw,). Raises InputError where the rates or
    probabilities of a draw are absurd.
    """
    model, look, time = scenario.model, looking(values), edges(scenario)
    lived = (live_by_probabilities if model.in_probabilities else live_by_rates)(scenario, values, draws)
    _close_gaps(scenario, time, lived.person_years)
    at_start = lived.at_start is not None
    cost, cost_at_start = _costs(scenario, time, lived, look)
    qaly, qaly_at_start = _health(scenario, time, lived, look)
    return Flows(
        time,
        cost,
        qaly,
        lived.people,
        lived.person_years,
        cost_at_start if at_start else None,
        qaly_at_start if at_start else None,
    )


def _costs(scenario: Scenario, time: Array, lived: Lived, look: Look) -> tuple[Array, Array]:
    """Cost of each item by cycle, and at time 0."""
    model = scenario.model
    ledger, shape = items(model), lived.people.shape[2:]
    cost, at_start = np.zeros((len(time) - 1, len(ledger), *shape)), np.zeros((len(ledger), *shape))
    in_state = _by_state(lived.person_years)
    for i, item in enumerate(ledger):
        if item.name != THERAPY:
            declared = model.costs[item.name]
            for span, looked in spans(scenario.model, declared.while_in.values(), look):
                per_year = cost_per_year(model, declared, looked)
                cost[span, i] = total_over_states([time_in[span] for time_in in in_state], per_year)
            if lived.at_start is not None:
                at_first = cost_per_year(model, declared, look_in(scenario.model, 0, look))
                at_start[i] = total_over_states(list(lived.at_start), at_first)
                _add_events(scenario, declared, lived, look, cost[:, i], at_start[i])
    for s, strategy in enumerate(model.strategies):
        if model.strategies[strategy].therapy:
            window = therapy_window(model, strategy)
            for k, (begin, end) in enumerate(pairwise(time)):
                held = sessions(model, strategy, begin, end, window, look)
                cost[k, 0, s] = therapy_cost(model, strategy, begin, end, window, held, look)
    return cost, at_start


def _add_events(scenario: Scenario, item: CostItem, lived: Lived, look: Look, cost: Array, at_start: Array) -> None:
    """Add what an item costs at transitions and once at time 0; strategies that do not use it have nothing of it."""
    price = look(item.price)
    for name, quantity in item.on_transition.items():
        if (moved := lived.moved.get(_move(name))) is not None:
            cost += moved * (look(quantity) * price)
    at_start += look(item.at_start) * price
    for s, strategy in enumerate(scenario.model.strategies):
        if item.only_in and strategy not in item.only_in:
            cost[:, s] = 0.0
            at_start[s] = 0.0


def _health(scenario: Scenario, time: Array, lived: Lived, look: Look) -> tuple[Array, Array]:
    """QALYs by cycle, and at time 0."""
    draws = lived.people.shape[-1]
    qaly, at_start = np.empty((len(time) - 1, *lived.people.shape[2:])), np.zeros(lived.people.shape[2:])
    for s, strategy in enumerate(scenario.model.strategies):
        for a, structure in enumerate(scenario.structures):
            references = utilities(structure.model, strategy)
            in_state = _by_state(lived.person_years[:, :, s, a])
            for span, looked in spans(scenario.model, references, look):
                spent = [time_in[span] for time_in in in_state]
                qaly[span, s, a] = total_over_states(spent, [looked(reference) for reference in references])
            lost = [harm(structure.model, strategy, b, e, look) for b, e in pairwise(time)]
            qaly[:, s, a] -= np.stack([np.broadcast_to(x, (draws,)) for x in lost])
            for name, gain in structure.model.qalys_on_transition.items():
                if (moved := lived.moved.get(_move(name))) is not None:
                    qaly[:, s, a] += moved[:, s, a] * look(gain)
            if lived.at_start is not None:
                first = [look_in(scenario.model, 0, look)(reference) for reference in references]
                at_start[s, a] = total_over_states(list(lived.at_start[:, s, a]), first)
    return qaly, at_start


def _by_state(person_years: Array) -> list[Array]:
    return [person_years[:, state] for state in range(person_years.shape[1])]


def _move(name: str) -> tuple[str, str]:
    origin, _, destination = name.partition(" -> ")
    return origin, destination


def _close_gaps(scenario: Scenario, time: Array, person_years: Array) -> None:
    """Where the gap closes after the follow-up, spread a strategy's people as the comparator's from then on."""
    for s, strategy in enumerate(scenario.model.strategies):
        for k in range(len(time) - 1):
            open_share = share_open(scenario.model, strategy, time[k], time[k + 1])
            if open_share is not None and open_share < 1:
                person_years[k, :, s] = closing(person_years[k, :, s], person_years[k, :, 0], open_share)
