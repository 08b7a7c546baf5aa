"""A run as tidy frames: occupancy and transitions, activity in natural units, the ledger, curves and single draws."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from costmodel.errors import InputError
from costmodel.inputs.draws import pick_rows, uniforms
from costmodel.result.sums import DETERMINISTIC, Array, Estimate, Run, Sums
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.units import DAYS_A_YEAR, Unit

ALTERNATIVE = "alternative"
"""The column of which alternative a draw has, counted from 1."""
THERAPY = "therapy"
Values = Mapping[str, Any]


class Behind(Protocol):
    """The model behind a run, for what its outcomes do not keep."""

    def values(
        self, result: Sums, draws: int, convention: str = "", names: Iterable[str | int] | None = None
    ) -> Values:  # fmt: skip
        """The first draws of every parameter, of the base or of a convention about money; floats or (draw,), in the
        order of the outcomes. names: of the base, those that are wanted.
        """
        ...

    def moves(self, result: Sums) -> dict[str, Array]:
        """People that make each move in each cycle at central values, (cycle, strategy, alternative)."""
        ...


def trace(result: Sums, behind: Behind, run: Run) -> pd.DataFrame:
    """Occupancy at each edge of a cycle, and at central values the people that make each move before it."""
    model, months = result.scenario.model, result.edges * MONTHS_A_YEAR
    people = run.outcomes.mean_people @ run.weights
    moves = behind.moves(result) if run.name == DETERMINISTIC else {}
    parts = []
    for s, strategy in enumerate(result.strategies):
        for i, state in enumerate(model.states):
            parts.append(_over_time(strategy, "occupancy", state, months, people[:, i, s]))
        for name, moved in moves.items():
            parts.append(_over_time(strategy, "transition", name, months[1:], moved[:, s] @ run.weights))
    return pd.concat(parts, ignore_index=True)


def _over_time(strategy: str, kind: str, name: str, months: Array, people: Array) -> pd.DataFrame:
    return pd.DataFrame({"strategy": strategy, "kind": kind, "name": name, "month": months, "people": people})


def activity(result: Sums, behind: Behind, run: Run) -> pd.DataFrame:
    """What is used of each item to each horizon, a row for each strategy: cost ÷ price, draw by draw."""
    draws = run.outcomes.draws
    central = run.name == DETERMINISTIC or not result.draws
    values = _scenario(result, run).central if central else behind.values(result, draws, run.name)
    found = []
    for h, horizon in enumerate(result.horizons):
        for i, item in enumerate(result.items):
            for s, strategy in enumerate(result.strategies):
                unit, times = counted_in(result, i)
                used = used_of(result, run, values, i, h, s) * times
                free = not np.all(np.isfinite(used))
                estimate = Estimate(np.nan) if free else result.estimate(run, used)
                found.append(
                    {
                        "strategy": strategy, "item": item.name, "label": item.label, "category": item.category,
                        "horizon_months": horizon, "unit": unit, "value": estimate.value, "low": estimate.low,
                        "high": estimate.high, "run": run.name,
                    }
                )  # fmt: skip
    return pd.DataFrame(found)


def _scenario(result: Sums, run: Run) -> Scenario:
    """By what a run is priced: a convention's own scenario, or the result's."""
    convention = result.scenario.conventions.get(run.name)
    return result.scenario if convention is None else convention.scenario


def used_of(result: Sums, run: Run, values: Values, item: int, horizon: int, strategy: int) -> Array:
    """Priced units of an item that are used to a horizon, (alternative, draw); not finite where a price is 0."""
    model, name = _scenario(result, run).model, result.items[item].name
    spent, price = run.outcomes.cost[horizon, 0, item, strategy], 1.0
    if model.work and name in model.work.lines():
        price = model.work.money_of_a_job(name, partial(_look, values))
    elif name != THERAPY:
        price = _look(values, model.costs[name].price)
    elif (therapy := model.strategies[result.strategies[strategy]].therapy) is not None:
        price = _look(values, therapy.price)
        if result.first_payment[strategy] < result.horizons[horizon]:
            spent = spent - _look(values, therapy.set_up)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(spent / price, dtype=float)


def counted_in(result: Sums, i: int) -> tuple[str, float]:
    """The plural of an item's unit, and how many there are in what is priced."""
    model, item = result.scenario.model, result.items[i]
    if item.name == THERAPY:
        return "sessions", 1.0
    if item.name not in model.costs:
        return "years in paid work", 1.0
    cost = model.costs[item.name]
    records = result.scenario.parameters
    unit = records[str(cost.price)].unit if str(cost.price) in records else None
    thing = unit.thing if isinstance(unit, Unit) else ""
    quantities = {str(reference) for reference in cost.while_in.values()}
    shares = [name for name in quantities if name in records and records[name].unit.kind == "share"]
    if thing == "year" and shares:
        return "days", DAYS_A_YEAR
    return f"{thing or 'unit'}s", 1.0


def _look(values: Values, reference: str | int) -> Any:
    return float(reference) if isinstance(reference, int) else values[reference]


def ledger(result: Sums, run: Run) -> pd.DataFrame:
    """Money of each item in each cycle, undiscounted; a cycle that ends at month 0 is what is booked at time 0."""
    flows = run.outcomes.mean_cost @ run.weights
    totals = (run.means or run.outcomes).cost[-1, 0].mean(axis=-1) @ run.weights
    months, first = result.edges * MONTHS_A_YEAR, totals - flows.sum(axis=0)
    at_start = result.scenario.model.in_probabilities
    parts = []
    for s, strategy in enumerate(result.strategies):
        for i, item in enumerate(result.items):
            begins, money = months[:-1], flows[:, i, s]
            ends = months[1:]
            if at_start:
                begins, ends = np.insert(begins, 0, 0.0), np.insert(ends, 0, 0.0)
                money = np.insert(money, 0, first[i, s])
            about = {
                "strategy": strategy, "item": item.name, "label": item.label, "category": item.category,
                "paid_by": item.paid_by, "received_by": item.received_by,
            }  # fmt: skip
            parts.append(pd.DataFrame({**about, "from_month": begins, "to_month": ends, "money": money}))
    return pd.concat(parts, ignore_index=True)


def curve(result: Sums, run: Run, strategy: int, perspective: str, view: str) -> pd.DataFrame:
    """Cumulative net cost at each edge of a cycle with its 95% band, and the chance that it is back for good."""
    found = {
        "month": result.edges * MONTHS_A_YEAR,
        "net_cost": result.mean_curve(strategy, perspective, view, run),
    }
    if run.name != DETERMINISTIC:
        low, high = result.band(strategy, perspective, (0.025, 0.975), view, run)
        found |= {"low": low, "high": high, "chance_payback": result.chance_by_month(strategy, perspective, view, run)}
    return pd.DataFrame(found)


def by_draw(result: Sums, behind: Behind, most: int) -> pd.DataFrame:
    """Every draw: inputs that vary, costs by perspective and QALYs by strategy, discounted, to the last horizon."""
    run = result.headline
    if not 0 < result.draws <= most:
        found = f"{result.draws:,} draws cannot be written one by one"
        raise InputError.at("draws", found, f"From 1 to {most:,}.")
    which = pick_rows(uniforms(result.seed, ALTERNATIVE, result.draws), result.weights)
    row, last = np.arange(result.draws), len(result.horizons) - 1
    columns: dict[tuple[str, str], Any] = dict(_inputs(result, behind.values(result, result.draws)))
    if len(result.weights) > 1:
        columns["input", ALTERNATIVE] = which + 1
    for perspective in result.scenario.setting.perspectives:
        for s, name in enumerate(result.strategies):
            cost = result.total_cost(run, last, s, perspective, True)[which, row]
            columns[f"cost_{perspective}", name] = cost
    for s, name in enumerate(result.strategies):
        columns["qaly", name] = run.outcomes.qaly[last, 1, s][which, row]
    frame = pd.DataFrame({key: np.broadcast_to(value, row.shape) for key, value in columns.items()})
    frame.columns = pd.MultiIndex.from_tuples(columns, names=("what", "name"))
    return frame.rename_axis(index="draw")


def _inputs(result: Sums, values: Values) -> Iterator[tuple[tuple[str, str], Array]]:
    for name in result.scenario.leaves:
        if np.ptp(values[name]) > 0:
            yield ("input", name), values[name]
