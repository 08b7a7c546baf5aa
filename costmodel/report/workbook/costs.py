"""The Costs sheet (each item by cycle) and the Net cost sheet (differences, payers, payback)."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import numpy as np

from costmodel.engine.formulas import NOTHING, cash, total_over_states, weighted
from costmodel.model.money import (
    THERAPY,
    Item,
    cost_per_year,
    harm,
    held_in,
    items,
    jobs_at_full,
    multiple,
    multiple_of_cost,
    of_sessions,
    sessions,
    share_open,
    taken_by_sessions,
    therapy_cost,
    therapy_window,
    utilities,
    years_in_work,
)
from costmodel.model.rates import Term, channel_terms, look_in, quantity_terms
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import REFERRAL, Cell, Sheet
from costmodel.report.workbook.trace import (
    DISCOUNTS,
    Variant,
    counted,
    live_term,
    model_of,
    moved_name,
    variant_name,
)
from costmodel.result.result import DETERMINISTIC
from costmodel.scenario.blocks import PAID_WORK, CostItem
from costmodel.scenario.clock import cycle_months
from costmodel.scenario.probabilities import changes
from costmodel.scenario.structure import Structure

QALYS = "QALYs"
VIEWS = {"value": "net cost", "discounted": "net cost discounted", "cash": "net cash"}
"""Ways of counting money, with their headings."""
BANDS = (0.025, 0.5, 0.975)
"""Quantiles of the run's cumulative net cost."""


def write_costs(sheet: Sheet, traces: dict[Variant, Sheet], rates: Sheet, inputs: Inputs) -> None:
    """Undiscounted cost of each item and QALYs, per person referred, by cycle; strata apart, then together."""
    model, look, months = inputs.scenario.model, inputs.look, inputs.months
    comparator = next(iter(model.strategies))
    per_year = {
        structure.name: {name: _cost_of_a_year(inputs, structure, name) for name in model.costs}
        for structure in inputs.scenario.structures
    }
    accounts = inputs.scenario.setting
    terms = {
        (*variant, name): _live(inputs, variant, quantity_terms(model_of(inputs, variant), variant[0], name, months))
        for variant, name in product(traces, model.costs)
    }
    on_channels = {
        (*variant, name): _live(
            inputs, variant, channel_terms(model_of(inputs, variant), accounts, variant[0], name, months)
        )
        for variant, name in product(traces, model.costs)
    }
    jobs = {variant: _jobs(inputs, variant) for variant in traces} if model.work else {}
    taken_alone = of_sessions(structure.model for structure in inputs.scenario.structures)
    windows = {s: _window(inputs, s) for s, strategy in model.strategies.items() if strategy.therapy}
    for row in inputs.booked:
        sheet.put("Month to", row, rates.outside("Month to", row))
        for strategy, window in windows.items() if row > REFERRAL else ():
            begin, end = _ends(rates, row)
            held = sessions(model, strategy, begin, end, window, look)
            held = sheet.put(f"{strategy}: sessions held", row, held)
            cost = therapy_cost(model, strategy, begin, end, window, held, look)
            sheet.put(cost_name((strategy, ""), THERAPY), row, cost, "money")
            for name in taken_alone:
                taken = taken_by_sessions(model, strategy, begin, end, window, held, look, item=name)
                for variant in (variant for variant in traces if variant[0] == strategy):
                    sheet.put(cost_name(variant, name), row, taken, "money")
        for variant, trace in traces.items():
            for name, spans in per_year[variant[1]].items():
                of_variant = model_of(inputs, variant)
                if (cost_name(variant, name), row) in sheet.values:
                    continue
                if effects := on_channels[(*variant, name)]:
                    cost = sheet.at(cost_name((comparator, variant[1]), name), row)
                    if row > REFERRAL:
                        gap = share_open(of_variant, variant[0], *_ends(rates, row), months)
                        purse = partial(_purse, sheet, traces, row, inputs, variant)
                        times = multiple_of_cost(of_variant, effects, gap, *_ends(rates, row), look, purse)
                        cost *= sheet.put(f"{cost_name(variant, name)}, multiple of the comparator's", row, times)
                    sheet.put(cost_name(variant, name), row, cost, "money")
                    continue
                in_force = spans[max(begins for begins in spans if begins <= _cycle(row))]
                cost = _item_cost(inputs, trace, row, variant[0], model.costs[name], in_force)
                if effects := terms[(*variant, name)]:
                    gap = share_open(of_variant, variant[0], *_ends(rates, row), months)
                    times = multiple(effects, gap, *_ends(rates, row), look)
                    cost = cost * sheet.put(f"{cost_name(variant, name)}, multiple of the quantity", row, times)
                sheet.put(cost_name(variant, name), row, cost, "money")
            if variant in jobs:
                _put_work(sheet, trace, row, _ends(rates, row), inputs, variant, jobs[variant])
            sheet.put(variant_name(variant, QALYS), row, _qalys(inputs, trace, rates, row, variant))
        for strategy, (reading, strata) in product(model.strategies, inputs.scenario.parts if model.strata else ()):
            shares = [structure.weight(look) for structure in strata]
            for name in (*model.costs, *(model.work.lines() if model.work else ()), QALYS):
                parts = [sheet.at(cost_name((strategy, s.name), name), row) for s in strata]
                style = "calculation" if name == QALYS else "money"
                sheet.put(cost_name((strategy, reading.name), name), row, weighted(shares, parts), style)


def _purse(
    sheet: Sheet, traces: dict[Variant, Sheet], row: int, inputs: Inputs, variant: Variant, channels: tuple[str, ...]
) -> Cell:
    """What channels cost the comparator's people in a cycle, a person-year, of all strata together."""
    scenario, names = inputs.scenario, held_in(inputs.scenario, channels)
    strata = next(of for _, of in scenario.parts if variant[1] in [structure.name for structure in of])
    comparator = next(iter(scenario.model.strategies))
    heading = variant_name((comparator, strata[0].name), f"{', '.join(channels)}, a person-year")
    if (heading, row) not in sheet.values:
        each, theirs = [], [(comparator, structure.name) for structure in strata]
        for one in theirs:
            time = [counted(traces[one], state, row) for state in scenario.model.states]
            each.append(
                (sum((sheet.at(cost_name(one, name), row) for name in names), Cell.of(0)), sum(time[1:], time[0]))
            )
        shares = [structure.weight(inputs.look) for structure in strata] if len(strata) > 1 else [1]
        spent, lived = (weighted(shares, part) for part in zip(*each, strict=True))
        sheet.put(heading, row, spent / lived, "money")
    return sheet.at(heading, row)


def _live(inputs: Inputs, variant: Variant, terms: tuple[Term, ...]) -> tuple[Term, ...]:
    return tuple(live_term(inputs, variant[0], term) for term in terms)


def _jobs(inputs: Inputs, variant: Variant) -> list[tuple[Term, Cell]]:
    """The effects of a variant on paid work, each with its extra people in work at full size."""
    model, found = model_of(inputs, variant), []
    for term in quantity_terms(model, variant[0], PAID_WORK, inputs.months):
        live = live_term(inputs, variant[0], term)
        label = variant_name(variant, f"{term.name}, extra people in paid work at full size")
        name, full = "_".join((*variant, term.name, "jobs")), jobs_at_full(model, live, inputs.look)
        found.append((live, inputs.derived(name, label, "share", full)))
    return found


def _put_work(
    sheet: Sheet, trace: Sheet, row: int, ends: tuple[Cell, Cell], inputs: Inputs, variant: Variant,
    jobs: list[tuple[Term, Cell]],
) -> None:  # fmt: skip
    """Extra years in paid work of a variant in a cycle, and what they move."""
    model, work = model_of(inputs, variant), inputs.scenario.model.work
    assert work is not None
    unit = f"{inputs.scenario.setting.currency.code} per year"
    years: Cell | float = 0.0
    if jobs:
        time = [counted(trace, state, row) for state in model.states]
        gap = share_open(model, variant[0], *ends, inputs.months)
        full = [at_full for _, at_full in jobs]
        extra = years_in_work(tuple(term for term, _ in jobs), full, sum(time[1:], time[0]), gap, *ends, inputs.look)
        years = sheet.put(variant_name(variant, "extra years in paid work"), row, extra)
    for name, (label, *_) in work.lines().items():
        money = work.money_of_an_extra_job(name, inputs.look)
        a_job = inputs.derived(f"{name}_of_a_job", f"{label}: moved in a year by a job", unit, money)
        sheet.put(cost_name(variant, name), row, years * a_job if jobs else 0.0, "money")


def cost_name(variant: Variant, item: str) -> str:
    """Heading of a cost column. Therapy does not depend on the alternative."""
    return variant_name((variant[0], "") if item == THERAPY else variant, item)


def _ends(rates: Sheet, row: int) -> tuple[Cell, Cell]:
    """Begin and end of a cycle, in years."""
    return rates.outside("Begin, years", row), rates.outside("End, years", row)


def _cycle(row: int) -> int:
    """The cycle of a row; time 0 has the numbers of the first."""
    return max(row - REFERRAL - 1, 0)


def _cost_of_a_year(inputs: Inputs, structure: Structure, name: str) -> dict[int, list[Cell]]:
    """Cost of a year in each state, by the cycle from which it holds; each a line of the Inputs sheet, and one for each
    stratum where the item's use differs.
    """
    item, model = structure.model.costs[name], inputs.scenario.model
    apart = any(one.model.costs[name].while_in != item.while_in for one in inputs.scenario.structures)
    whose, line = (f" ({structure.label})", f"{name}_{structure.name}") if apart else ("", name)
    found: dict[int, list[Cell]] = {}
    begins = changes(model, item.while_in.values())
    for begin in begins:
        since, number = (f" from cycle {begin + 1}", f"_{begin + 1}") if len(begins) > 1 else ("", "")
        amounts = cost_per_year(model, item, look_in(model, begin, inputs.look))
        found[begin] = []
        for state, amount in zip(model.states, amounts, strict=True):
            label = f"{item.label}: cost of a year in {state.replace('_', ' ')}{since}{whose}"
            found[begin].append(
                inputs.derived(
                    f"{line}_{state}{number}", label, f"{inputs.scenario.setting.currency.code} per year", amount
                )
            )
    return found


def _item_cost(
    inputs: Inputs, trace: Sheet, row: int, strategy: str, item: CostItem, per_year: list[Cell]
) -> Cell | float:
    """Time in states × cost of a year; in models of probabilities also what transitions and the start cost."""
    if item.only_in and strategy not in item.only_in:
        return 0.0
    states, price = inputs.scenario.model.states, inputs.look(item.price)
    cost: Any = total_over_states([counted(trace, state, row) for state in states], per_year)
    if row == REFERRAL and item.at_start != 0:
        cost = cost + inputs.look(item.at_start) * price
    for name, quantity in item.on_transition.items():
        if (moved := _moved(trace, name, row)) is not None:
            cost = cost + moved * (inputs.look(quantity) * price)
    total: Cell | float = cost
    return total


def _moved(trace: Sheet, name: str, row: int) -> Cell | None:
    """Reference to the people who make a transition; None where nobody can, and at time 0."""
    column = moved_name(name)
    return trace.outside(column, row) if row > REFERRAL and column in trace.columns else None


def _qalys(inputs: Inputs, trace: Sheet, rates: Sheet, row: int, variant: Variant) -> Cell | float:
    model = model_of(inputs, variant)
    look = look_in(model, _cycle(row), inputs.look)
    time = [counted(trace, state, row) for state in model.states]
    gained: Any = total_over_states(time, [look(reference) for reference in utilities(model, variant[0])])
    for name, gain in model.qalys_on_transition.items():
        if (moved := _moved(trace, name, row)) is not None:
            gained = gained + moved * inputs.look(gain)
    lost: Any = 0
    if row != REFERRAL and model.strategies[variant[0]].harms:
        lost = harm(model, variant[0], *_ends(rates, row), inputs.look, inputs.months)
    total: Cell | float = gained - lost
    return total


def _window(inputs: Inputs, strategy: str) -> tuple[Cell, Cell]:
    first, last = therapy_window(inputs.scenario.model, strategy, inputs.months)
    return (
        inputs.instant(f"{strategy}_therapy_first", f"{strategy}: first session", first),
        inputs.instant(f"{strategy}_therapy_last", f"{strategy}: last session", last),
    )


def write_net_cost(sheet: Sheet, costs: Sheet, rates: Sheet, inputs: Inputs) -> None:
    """Strategy less comparator by item, mixed over the alternatives; by payer; cumulative; whether money is owed."""
    result, scenario, setting = inputs.result, inputs.scenario, inputs.scenario.setting
    comparator, *others = scenario.model.strategies
    lags = {name: inputs.months(f"costs.{name}.lag", item.lag.months) for name, item in scenario.model.costs.items()}
    bands = {s: result.band(i, setting.main, BANDS) for i, s in enumerate(others, 1)} if result.expected else {}
    if inputs.booked[0] > REFERRAL:
        sheet.constant("Month to", REFERRAL, 0)
        for strategy in others:
            for perspective in setting.perspectives:
                for view in VIEWS:
                    sheet.constant(cumulative_name(strategy, perspective, view), REFERRAL, 0, "money")
    for row in inputs.booked:
        month = sheet.put("Month to", row, rates.outside("Month to", row))
        factor = rates.outside(DISCOUNTS[0], row)
        for strategy in others:
            net = {}
            for item in items(scenario.model):
                pair = (strategy, comparator)
                if mixed := _difference(sheet, costs, inputs, row, month, pair, item, lags.get(item.name)):
                    net[item.name] = mixed
            for perspective in setting.perspectives:
                _perspective(sheet, inputs, row, strategy, perspective, net, factor, month)
    for strategy, curves in bands.items():  # last: what the run knows stands right of what recalculates
        for quantile, curve in zip(BANDS, curves, strict=True):
            name = band_name(strategy, quantile, setting.name(setting.main))
            for row in inputs.booked:
                sheet.constant(name, row, float(curve[row - REFERRAL]), "money")


def _difference(
    sheet: Sheet, costs: Sheet, inputs: Inputs, row: int, month: Cell, pair: tuple[str, str], item: Item,
    lag: Cell | None,
) -> tuple[Cell, Cell] | None:  # fmt: skip
    """By how much an item costs the first strategy of a pair more in a cycle, and what of that is cash; mixed over the
    alternatives; None where neither has it. lag: of the cash; None for the sessions, which have none.
    """
    shares, flows, released = [], [], []
    for structure in inputs.scenario.readings:
        own, theirs = (cost_name((strategy, structure.name), item.name) for strategy in pair)
        if (own, row) not in costs.values:
            continue
        flow = costs.outside(own, row)
        if (theirs, row) in costs.values:
            flow = flow - costs.outside(theirs, row)
        name = f"{pair[0]}, {structure.name}: {item.name}, difference"
        flow = sheet.put(name, row, flow, "money")
        earlier = flow if lag is None else _earlier(sheet, inputs, name, row, month, lag)
        shares.append(structure.weight(inputs.look))
        flows.append(flow)
        released.append(sheet.put(f"{name} in cash", row, cash(flow, earlier, inputs.look(item.cashable)), "money"))
    if not flows:
        return None
    name = difference_name(pair[0], item.name)
    mixed = sheet.put(name, row, weighted(shares, flows), "money")
    return mixed, sheet.put(f"{name} in cash", row, weighted(shares, released), "money")


def _earlier(sheet: Sheet, inputs: Inputs, name: str, row: int, month: Cell, lag: Cell) -> Cell:
    """A difference one lag ago, 0 before that."""
    first = inputs.booked[0]
    column = sheet.span(name, first, inputs.last)
    then = row - round(lag.value / cycle_months(inputs.scenario.model))
    value = sheet.values[name, then] if then >= first else 0.0
    after, one = (">=", "+1") if first == REFERRAL else (">", "")  # time 0 has a row of its own
    ago = f"ROUND(({month.text}-{lag.text})/t_cycle,0)"  # a cycle of weeks is no finite decimal of months
    text = f"IF({ago}{after}0,INDEX({column},{ago}{one}),0)"
    return Cell(text, value)


def _perspective(
    sheet: Sheet, inputs: Inputs, row: int, strategy: str, perspective: str, net: dict[str, tuple[Cell, Cell]],
    factor: Cell, month: Cell,
) -> None:  # fmt: skip
    """A payer's net cost in a cycle, in each view; so far; and the month, if money is still owed then."""
    total, in_cash = Cell.of(0), Cell.of(0)
    for item in items(inputs.scenario.model):
        sign = inputs.scenario.setting.weight(perspective, item.paid_by, item.received_by)
        if sign and item.name in net:
            flow, released = net[item.name]
            total = total + flow if sign > 0 else total - flow
            in_cash = in_cash + released if sign > 0 else in_cash - released
    value = sheet.put(view_name(strategy, perspective, "value"), row, total, "money")
    discounted = sheet.put(view_name(strategy, perspective, "discounted"), row, value * factor, "money")
    paid = sheet.put(view_name(strategy, perspective, "cash"), row, in_cash, "money")
    for view, flow in zip(VIEWS, (value, discounted, paid), strict=True):
        name = cumulative_name(strategy, perspective, view)
        so_far = sheet.put(name, row, flow if row == REFERRAL else sheet.at(name, row - 1) + flow, "money")
        text = f"IF({so_far.text}>{NOTHING:.6f},{month.text},-1)"
        owed = Cell(text, month.value if so_far.value > NOTHING else -1.0)
        sheet.put(owing_name(strategy, perspective, view), row, owed)


def difference_name(strategy: str, item: str) -> str:
    """Heading of an item's difference, mixed over the alternatives."""
    return f"{strategy}: {item}, mixed difference"


def view_name(strategy: str, perspective: str, view: str) -> str:
    """Heading of a net cost by cycle."""
    return f"{strategy}: {VIEWS[view]}, {perspective}"


def cumulative_name(strategy: str, perspective: str, view: str) -> str:
    """Heading of a cumulative net cost."""
    return f"{strategy}: cumulative {view}, {perspective}"


def owing_name(strategy: str, perspective: str, view: str) -> str:
    """Heading of the month in which money is still owed (−1 where not)."""
    return f"{strategy}: owing {view}, {perspective}"


def band_name(strategy: str, quantile: float, who: str) -> str:
    """Heading of a quantile of the run's cumulative net cost to the main perspective, by its name."""
    return f"{strategy}: {100 * quantile:.3g}% of draws, cumulative, {who} (run)"


def payback(sheet: Sheet, inputs: Inputs, strategy: str, perspective: str, view: str) -> Cell:
    """Month of sustained payback, as the run has it and as a formula; −1 where it is not within the horizon or nothing
    is to be paid back.

    The last month in which money is owed, then the crossing on the straight line to the next month.
    """
    result = inputs.result
    owing = sheet.span(owing_name(strategy, perspective, view), inputs.booked[0], inputs.last)
    months = sheet.span("Month to", REFERRAL, inputs.last)
    curve = sheet.span(cumulative_name(strategy, perspective, view), REFERRAL, inputs.last)
    first = f"12*t_{strategy}_therapy_first" if result.scenario.model.strategies[strategy].therapy else "0"
    at = f"MATCH(MAX({owing}),{months},0)"
    following = f"MIN(0,INDEX({curve},MIN({at}+1,{len(result.edges)})))"
    at_once = f"IF(MIN({curve})<-{NOTHING:.6f},{first},-1)"
    crossing = f"MAX({owing})+t_cycle*INDEX({curve},{at})/(INDEX({curve},{at})-{following})"
    paid = f"IF(MAX({owing})<0,{at_once},IF(MAX({owing})>=MAX({months}),-1,MAX({first},{crossing})))"
    month = result.curve_payback(
        result.strategies.index(strategy),
        perspective,
        len(result.horizons) - 1,
        view=view,
        run=result.runs[DETERMINISTIC],
    )
    return Cell(f"IF({first}>=MAX({months}),-1,{paid})", -1.0 if np.isinf(month) else month)
