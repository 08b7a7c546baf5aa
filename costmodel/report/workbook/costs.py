"""The Costs sheet (each item by cycle) and the Net cost sheet (differences, payers, payback)."""

from __future__ import annotations

from typing import Any

import numpy as np

from costmodel.engine.formulas import NOTHING, cash, total_over_states
from costmodel.model.money import (
    THERAPY,
    cost_per_year,
    harm,
    items,
    multiple,
    sessions,
    share_open,
    therapy_cost,
    therapy_window,
    utilities,
)
from costmodel.model.rates import Term, look_in, quantity_terms
from costmodel.perspectives import PERSPECTIVES, weight
from costmodel.report.workbook.activity import Variant, counted, live_term, structure_of
from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import REFERRAL, Sheet
from costmodel.scenario.blocks import CostItem
from costmodel.scenario.clock import cycle_months
from costmodel.scenario.probabilities import changes
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.structure import Structure


def write_costs(sheet: Sheet, traces: dict[Variant, Sheet], rates: Sheet, inputs: Inputs) -> None:
    """Undiscounted cost of each item and QALYs, per person referred, by cycle; strata apart, then together."""
    model = inputs.scenario.model
    per_year = {
        structure.name: {name: _per_year(inputs, structure, name) for name in model.costs}
        for structure in inputs.scenario.structures
    }
    terms = {
        (strategy, alternative, name): tuple(
            live_term(inputs, strategy, term)
            for term in quantity_terms(structure_of(inputs, alternative).model, strategy, name, inputs.months)
        )
        for strategy, alternative in traces
        for name in model.costs
    }
    windows = {s: _window(inputs, s) for s, strategy in model.strategies.items() if strategy.therapy}
    for row in inputs.rows_booked:
        sheet.put("Month to", row, rates.outside("Month to", row))
        if row > REFERRAL:
            for strategy, window in windows.items():
                _write_therapy(sheet, rates, inputs, row, strategy, window)
        for variant, trace in traces.items():
            for name, spans in per_year[variant[1]].items():
                cost = _item_cost(inputs, trace, row, variant[0], model.costs[name], _in_force(spans, row))
                if effects := terms[(*variant, name)]:
                    cost = cost * _multiple(sheet, rates, inputs, row, variant, name, effects)
                sheet.put(cost_name(*variant, name), row, cost, "money")
            sheet.put(f"{_variant(variant)}: QALYs", row, _qalys(inputs, trace, rates, row, variant))
        if model.strata:
            _add_up(sheet, inputs, row)


def _multiple(
    sheet: Sheet, rates: Sheet, inputs: Inputs, row: int, variant: Variant, item: str, effects: tuple[Term, ...]
) -> Cell:
    """Multiple of a quantity in a cycle that a strategy's effects on it make."""
    begin, end = rates.outside("Begin, years", row), rates.outside("End, years", row)
    gap = share_open(structure_of(inputs, variant[1]).model, variant[0], begin, end, inputs.months)
    name = f"{cost_name(*variant, item)}, multiple of the quantity"
    return sheet.put(name, row, multiple(effects, gap, begin, end, inputs.look))


def _add_up(sheet: Sheet, inputs: Inputs, row: int) -> None:
    """The strata together, each by its share of the people."""
    shares = {structure.name: inputs.look(structure.weight) for structure in inputs.scenario.structures}
    for strategy in inputs.scenario.model.strategies:
        for name in (*inputs.scenario.model.costs, "QALYs"):
            parts = [share * sheet.at(cost_name(strategy, stratum, name), row) for stratum, share in shares.items()]
            style = () if name == "QALYs" else ("money",)
            sheet.put(cost_name(strategy, "", name), row, sum(parts[1:], parts[0]), *style)


def _per_year(inputs: Inputs, structure: Structure, name: str) -> dict[int, list[Cell]]:
    """Cost of a year in each state, by the cycle from which it holds; each a line of the Inputs sheet, and one for each
    stratum where the item's use differs.
    """
    item, model = structure.model.costs[name], inputs.scenario.model
    whose, row = "", name
    if any(one.model.costs[name].while_in != item.while_in for one in inputs.scenario.structures):
        whose, row = f" ({structure.label})", f"{name}_{structure.name}"
    known = inputs.per_year.get(row)
    if known is not None:
        return known
    inputs.per_year[row] = found = _cost_of_a_year(inputs, model, item, row, whose)
    return found


def _cost_of_a_year(inputs: Inputs, model: ModelFile, item: CostItem, row: str, whose: str) -> dict[int, list[Cell]]:
    found: dict[int, list[Cell]] = {}
    begins = changes(model, item.while_in.values())
    for begin in begins:
        since = f" from cycle {begin + 1}" if len(begins) > 1 else ""
        amounts = cost_per_year(model, item, look_in(model, begin, inputs.look))
        found[begin] = [
            inputs.derived(
                f"{row}_{state}" + (f"_{begin + 1}" if since else ""),
                f"{item.label}: cost of a year in {state.replace('_', ' ')}{since}{whose}",
                "GBP per year",
                cell,
            )
            for state, cell in zip(model.states, amounts, strict=True)
        ]
    return found


def _in_force(spans: dict[int, list[Cell]], row: int) -> list[Cell]:
    cycle = max(row - REFERRAL - 1, 0)
    return spans[max(begin for begin in spans if begin <= cycle)]


def _write_therapy(
    sheet: Sheet, rates: Sheet, inputs: Inputs, row: int, strategy: str, window: tuple[Cell, Cell]
) -> None:
    model = inputs.scenario.model
    begin, end = rates.outside("Begin, years", row), rates.outside("End, years", row)
    held = sessions(model, strategy, begin, end, window, inputs.look)
    held = sheet.put(f"{strategy}: sessions held", row, held)
    cost = therapy_cost(model, strategy, begin, end, window, held, inputs.look)
    sheet.put(cost_name(strategy, "", THERAPY), row, cost, "money")


def _item_cost(
    inputs: Inputs, trace: Sheet, row: int, strategy: str, item: CostItem, per_year: list[Cell]
) -> Cell | float:
    """Time in states × cost of a year; in models of probabilities also what transitions and the start cost."""
    model = inputs.scenario.model
    if item.only_in and strategy not in item.only_in:
        return 0.0
    cost: Any = total_over_states([counted(trace, state, row) for state in model.states], per_year)
    if row == REFERRAL and item.at_start != 0:
        cost = cost + inputs.look(item.at_start) * inputs.look(item.price)
    for name, quantity in item.on_transition.items():
        if (moved := _moved(trace, name, row)) is not None:
            cost = cost + moved * (inputs.look(quantity) * inputs.look(item.price))
    total: Cell | float = cost
    return total


def _moved(trace: Sheet, name: str, row: int) -> Cell | None:
    """Reference to the people who make a transition; None where nobody can, and at time 0."""
    column = f"{name}: people who move"
    return trace.outside(column, row) if row > REFERRAL and column in trace.columns else None


def _qalys(inputs: Inputs, trace: Sheet, rates: Sheet, row: int, variant: Variant) -> Cell | float:
    strategy, alternative = variant
    model = structure_of(inputs, alternative).model
    look = look_in(model, max(row - REFERRAL - 1, 0), inputs.look)
    time = [counted(trace, state, row) for state in model.states]
    gained: Any = total_over_states(time, [look(reference) for reference in utilities(model, strategy)])
    for name, gain in model.qalys_on_transition.items():
        if (moved := _moved(trace, name, row)) is not None:
            gained = gained + moved * inputs.look(gain)
    lost: Any = 0
    if row != REFERRAL and model.strategies[strategy].harms:
        begin, end = rates.outside("Begin, years", row), rates.outside("End, years", row)
        lost = harm(model, strategy, begin, end, inputs.look, inputs.months)
    total: Cell | float = gained - lost
    return total


def _window(inputs: Inputs, strategy: str) -> tuple[Cell, Cell]:
    first, last = therapy_window(inputs.scenario.model, strategy, inputs.months)
    return (
        inputs.instant(f"{strategy}_therapy_first", f"{strategy}: first session", first),
        inputs.instant(f"{strategy}_therapy_last", f"{strategy}: last session", last),
    )


def _variant(variant: Variant) -> str:
    return f"{variant[0]}, {variant[1]}" if variant[1] != "only" else variant[0]


def cost_name(strategy: str, alternative: str, item: str) -> str:
    """Heading of a cost column. Therapy does not depend on the alternative."""
    if item == THERAPY or alternative in ("", "only"):
        return f"{strategy}: {item}"
    return f"{strategy}, {alternative}: {item}"


def write_net_cost(sheet: Sheet, costs: Sheet, rates: Sheet, inputs: Inputs) -> None:
    """Strategy less comparator by item, mixed over the alternatives; by payer; cumulative; whether money is owed."""
    result, scenario = inputs.result, inputs.scenario
    ledger = items(scenario.model)
    comparator, *others = scenario.model.strategies
    weights = {structure.name: inputs.look(structure.weight) for structure in scenario.readings}
    lags = {name: inputs.months(f"costs.{name}.lag", item.lag.months) for name, item in scenario.model.costs.items()}
    bands = (
        {s: result.band(i + 1, "nhs_pss", (0.025, 0.5, 0.975)) for i, s in enumerate(others)} if result.expected else {}
    )
    if inputs.first_booked > REFERRAL:
        sheet.constant("Month to", REFERRAL, 0)
        for strategy in others:
            for perspective in PERSPECTIVES:
                for view in ("value", "discounted", "cash"):
                    sheet.constant(cumulative_name(strategy, perspective, view), REFERRAL, 0, "money")
    for row in inputs.rows_booked:
        month = sheet.put("Month to", row, rates.outside("Month to", row))
        factor = rates.outside("Discount factor, costs", row)
        for strategy in others:
            net: dict[str, tuple[Cell, Cell]] = {}
            for item in ledger:
                flows, released = [], []
                for alternative, share in weights.items():
                    own, theirs = (
                        cost_name(strategy, alternative, item.name),
                        cost_name(comparator, alternative, item.name),
                    )
                    if (own, row) not in costs.values:
                        continue
                    difference = costs.outside(own, row)
                    if (theirs, row) in costs.values:
                        difference = difference - costs.outside(theirs, row)
                    name = f"{strategy}, {alternative}: {item.name}, difference"
                    difference = sheet.put(name, row, difference, "money")
                    earlier = _earlier(sheet, name, row, month, lags.get(item.name), inputs) or difference
                    paid = sheet.put(
                        f"{name} in cash", row, cash(difference, earlier, inputs.look(item.cashable)), "money"
                    )
                    flows.append(share * difference)
                    released.append(share * paid)
                if flows:
                    mixed = sheet.put(difference_name(strategy, item.name), row, sum(flows[1:], flows[0]), "money")
                    in_cash = sheet.put(
                        f"{difference_name(strategy, item.name)} in cash",
                        row,
                        sum(released[1:], released[0]),
                        "money",
                    )
                    net[item.name] = (mixed, in_cash)
            for perspective in PERSPECTIVES:
                _perspective(sheet, row, strategy, perspective, ledger, net, factor, month)
            if bands:
                for quantile, label in enumerate(("2.5%", "50%", "97.5%")):
                    value = float(bands[strategy][quantile][row - REFERRAL])
                    sheet.constant(
                        f"{strategy}: {label} of draws, cumulative, NHS and social care (run)",
                        row,
                        value,
                        "money",
                    )


def _earlier(sheet: Sheet, name: str, row: int, month: Cell, lag: Cell | None, inputs: Inputs) -> Cell | None:
    """A difference one lag ago, 0 before that; None for the sessions themselves, which have no lag."""
    if lag is None:
        return None
    column = sheet.span(name, inputs.first_booked, REFERRAL + len(inputs.result.edges) - 1)
    then = row - round(lag.value / cycle_months(inputs.scenario.model))
    value = sheet.values[name, then] if then >= inputs.first_booked else 0.0
    if inputs.first_booked == REFERRAL:  # time 0 has a row of its own
        return Cell(f"IF({month.text}>={lag.text},INDEX({column},({month.text}-{lag.text})/t_cycle+1),0)", value)
    return Cell(f"IF({month.text}>{lag.text},INDEX({column},({month.text}-{lag.text})/t_cycle),0)", value)


def _perspective(
    sheet: Sheet,
    row: int,
    strategy: str,
    perspective: str,
    ledger: list[Any],
    net: dict[str, tuple[Cell, Cell]],
    factor: Cell,
    month: Cell,
) -> None:
    total, in_cash = Cell.of(0), Cell.of(0)
    for item in ledger:
        sign = weight(perspective, item.paid_by, item.received_by)
        if sign and item.name in net:
            flow, released = net[item.name]
            total = total + flow if sign > 0 else total - flow
            in_cash = in_cash + released if sign > 0 else in_cash - released
    per_cycle = sheet.put(f"{strategy}: net cost, {perspective}", row, total, "money")
    discounted = sheet.put(f"{strategy}: net cost discounted, {perspective}", row, per_cycle * factor, "money")
    paid = sheet.put(f"{strategy}: net cash, {perspective}", row, in_cash, "money")
    for view, flow in (("value", per_cycle), ("discounted", discounted), ("cash", paid)):
        name = cumulative_name(strategy, perspective, view)
        so_far = sheet.put(name, row, flow if row == REFERRAL else sheet.at(name, row - 1) + flow, "money")
        owing = so_far.value > NOTHING
        text = f"IF({so_far.text}>{NOTHING:.6f},{month.text},-1)"
        sheet.put(f"{owing_name(strategy, perspective, view)}", row, Cell(text, month.value if owing else -1.0))


def difference_name(strategy: str, item: str) -> str:
    """Heading of an item's difference, mixed over the alternatives."""
    return f"{strategy}: {item}, mixed difference"


def cumulative_name(strategy: str, perspective: str, view: str) -> str:
    """Heading of a cumulative net cost."""
    return f"{strategy}: cumulative {view}, {perspective}"


def owing_name(strategy: str, perspective: str, view: str) -> str:
    """Heading of the month in which money is still owed (−1 where not)."""
    return f"{strategy}: owing {view}, {perspective}"


def payback_formula(sheet: Sheet, strategy: str, perspective: str, view: str, inputs: Inputs) -> str:
    """Month of sustained payback as a formula; −1 where it is not within the horizon or nothing is to be paid back.

    The last month in which money is owed, then the crossing on the straight line to the next month.
    """
    last_row = REFERRAL + len(inputs.result.edges) - 1
    owing = sheet.span(owing_name(strategy, perspective, view), inputs.first_booked, last_row)
    months = sheet.span("Month to", REFERRAL, last_row)
    curve = sheet.span(cumulative_name(strategy, perspective, view), REFERRAL, last_row)
    first = f"12*t_{strategy}_therapy_first" if f"{strategy}_therapy_first" in inputs.clock else "0"
    at = f"MATCH(MAX({owing}),{months},0)"
    following = f"MIN(0,INDEX({curve},MIN({at}+1,{len(inputs.result.edges)})))"
    at_once = f"IF(MIN({curve})<-{NOTHING:.6f},{first},-1)"
    crossing = f"MAX({owing})+t_cycle*INDEX({curve},{at})/(INDEX({curve},{at})-{following})"
    paid = f"IF(MAX({owing})<0,{at_once},IF(MAX({owing})>=MAX({months}),-1,MAX({first},{crossing})))"
    return f"=IF({first}>=MAX({months}),-1,{paid})"


def payback_value(inputs: Inputs, strategy: int, perspective: str, view: str) -> float:
    """The engine's answer to the same question, for the deterministic run."""
    result = inputs.result
    months = result.curve_payback(
        strategy, perspective, len(result.horizons) - 1, view=view, run=result.runs["deterministic"]
    )
    return -1.0 if np.isinf(months) else months
