"""What one who starts costs and uses more than without the therapy, by month; and the wards that many close."""

from dataclasses import dataclass

import numpy as np

from costmodel.analysis.service_plan import Array, ServicePlan
from costmodel.model.activity import looking
from costmodel.model.money import items, sessions, therapy_window
from costmodel.result.frames import counted_in
from costmodel.result.outcomes import cash_effect
from costmodel.result.payback import NOTHING
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months

NIGHT = "bed-days"
"""The unit of items whose fall closes wards."""
NO_UNIT = ("years", "units", "years in paid work")
"""Units that say nothing by themselves."""


@dataclass(frozen=True)
class Person:
    """What one who starts costs and uses more than without the therapy, by month from the start, at central values.

    value, cash, later: (month, item); later is what a fall has not released as cash, its lag over. used: natural
    units, (month, item), not finite where an item has none. sessions: held, (month,).
    """

    value: Array
    cash: Array
    later: Array
    used: Array
    sessions: Array


def person_of(result: Result, strategy: str) -> Person:
    """The run at central values by month; cycles of another length are spread evenly over the months they hold."""
    run, s, scenario = result.runs[DETERMINISTIC], result.compared(strategy), result.scenario
    look, ledger, outcomes = looking(scenario.central), items(scenario.model), run.outcomes
    change = outcomes.mean_cost[:, :, s] - outcomes.mean_cost[:, :, 0]
    total = outcomes.cost[-1, 0, ..., 0]
    first = total[:, s] - total[:, 0] - change.sum(axis=0)
    months = int(np.ceil(result.edges[-1] * MONTHS_A_YEAR - NOTHING))
    edges = result.edges * MONTHS_A_YEAR
    month = np.arange(months)[:, None]
    shared = np.minimum(month + 1, edges[1:]) - np.maximum(month, edges[:-1])
    spread = np.maximum(shared, 0.0) / np.diff(edges)

    def monthly(flow: Array, at_start: Array | None) -> Array:
        found = spread @ (flow @ run.weights)
        found[0] += 0.0 if at_start is None else at_start @ run.weights
        return np.asarray(found, dtype=float)

    value, cash, whole = (np.zeros((months, len(ledger))) for _ in range(3))
    used = np.full(value.shape, np.nan)
    for i, item in enumerate(ledger):
        own, once = change[:, i], first[i] if scenario.model.in_probabilities else None
        lag = round(item.lag_months / cycle_months(scenario.model))
        value[:, i] = monthly(own, once)
        cash[:, i] = monthly(*cash_effect(own, once, look(item.cashable), lag))
        whole[:, i] = monthly(*cash_effect(own, once, 1.0, lag))
        unit, times = counted_in(result, i)
        price = float(look(scenario.model.costs[item.name].price)) if item.name in scenario.model.costs else 0.0
        if price > 0 and unit not in NO_UNIT:
            used[:, i] = value[:, i] / price * times
    held = np.zeros(months)
    if scenario.model.strategies[strategy].therapy is not None:
        window = therapy_window(scenario.model, strategy)
        edge = np.arange(months + 1) / MONTHS_A_YEAR
        held[:] = sessions(scenario.model, strategy, edge[:-1], edge[1:], window, look)
    return Person(value, cash, np.minimum(whole - cash, 0.0), used, held)


def closed_wards(result: Result, plan: ServicePlan, later: Array) -> tuple[Array, Array, Array]:
    """Money that closed wards release, (month, item); nights not used and whole wards in them by year, (year,) each.

    later: money of falls that no cash has released, (month, item), below 0.
    """
    costs, look = result.scenario.model.costs, looking(result.scenario.central)
    of = plan.year_of(len(later))
    inside = np.arange(of[-1] + 1)[:, None] == of
    free, money = np.zeros(len(inside)), np.zeros(later.shape)
    for i, item in enumerate(result.items):
        price = float(look(costs[item.name].price)) if item.name in costs else 0.0
        if price > 0 and counted_in(result, i)[0] == NIGHT:
            free -= inside @ later[:, i] / price
            money[:, i] = later[:, i]
    wards = np.zeros(len(free))
    if plan.ward_nights:
        wards = np.maximum(np.floor(free / plan.ward_nights + NOTHING), 0.0)
    share = np.divide(wards * plan.ward_nights, free, out=np.zeros(len(free)), where=free > 0)
    return money * share[of][:, None], free, wards
