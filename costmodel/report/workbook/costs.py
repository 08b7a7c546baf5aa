"""The Costs sheet (each item by cycle) and the Net cost sheet (differences, payers, payback)."""

from __future__ import annotations

import numpy as np

from costmodel.engine.formulas import cash, total_over_states
from costmodel.model.flows import THERAPY, cost_per_year, harm, items, sessions, therapy_cost, therapy_window
from costmodel.perspectives import PERSPECTIVES, weight
from costmodel.report.workbook.activity import Variant, counted, variants
from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import REFERRAL, Sheet
from costmodel.scenario.clock import cycle_months


def write_costs(sheet: Sheet, traces: dict[Variant, Sheet], rates: Sheet, inputs: Inputs) -> None:
    """Undiscounted cost of each item and QALYs, per person referred, by cycle."""
    scenario = inputs.scenario
    model = scenario.model
    states = list(model.states)
    per_year = {
        name: [
            inputs.derived(
                f"{name}_{state}",
                f"{item.label}: cost of a year in {state.replace('_', ' ')}",
                "GBP per year",
                cell,
            )
            for state, cell in zip(states, cost_per_year(model, item, inputs.look), strict=True)
        ]
        for name, item in model.costs.items()
    }
    windows = {s: _window(inputs, s) for s, strategy in model.strategies.items() if strategy.therapy}
    structures = {structure.name: structure.model for structure in scenario.structures}
    harms = {v: _harm_terms(inputs, v) for v in variants(inputs)}
    for k in range(len(inputs.result.edges) - 1):
        row = REFERRAL + 1 + k
        sheet.put("Month to", row, rates.outside("Month to", row))
        begin, end = rates.outside("Begin, years", row), rates.outside("End, years", row)
        for strategy, window in windows.items():
            held = sheet.put(
                f"{strategy}: sessions held", row, sessions(model, strategy, begin, end, window, inputs.look)
            )
            sheet.put(
                cost_name(strategy, "", THERAPY),
                row,
                therapy_cost(model, strategy, begin, end, window, held, inputs.look),
                "money",
            )
        for variant, trace in traces.items():
            strategy, alternative = variant
            time = [counted(trace, state, row) for state in states]
            for name, amounts in per_year.items():
                sheet.put(cost_name(strategy, alternative, name), row, total_over_states(time, amounts), "money")
            utilities = [inputs.look(structures[alternative].utilities[state]) for state in states]
            lost = (
                harm(structures[alternative], strategy, begin, end, inputs.look, inputs.months) if harms[variant] else 0
            )
            sheet.put(f"{_variant(variant)}: QALYs", row, total_over_states(time, utilities) - lost)


def _window(inputs: Inputs, strategy: str) -> tuple[Cell, Cell]:
    first, last = therapy_window(inputs.scenario.model, strategy, inputs.months)
    return (
        inputs.instant(f"{strategy}_therapy_first", f"{strategy}: first session", first),
        inputs.instant(f"{strategy}_therapy_last", f"{strategy}: last session", last),
    )


def _harm_terms(inputs: Inputs, variant: Variant) -> bool:
    return bool(inputs.scenario.model.strategies[variant[0]].harms)


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
    weights = {structure.name: inputs.look(structure.weight) for structure in scenario.structures}
    lags = {name: inputs.months(f"costs.{name}.lag", item.lag.months) for name, item in scenario.model.costs.items()}
    bands = (
        {s: result.band(i + 1, "nhs_pss", (0.025, 0.5, 0.975)) for i, s in enumerate(others)} if result.expected else {}
    )
    sheet.column("Month to")
    sheet.constant("Month to", REFERRAL, 0)
    for strategy in others:
        for perspective in PERSPECTIVES:
            for view in ("value", "discounted", "cash"):
                sheet.constant(cumulative_name(strategy, perspective, view), REFERRAL, 0, "money")
    for k in range(len(result.edges) - 1):
        row = REFERRAL + 1 + k
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
                    if own not in costs.columns:
                        continue
                    difference = costs.outside(own, row)
                    if theirs in costs.columns:
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
                    value = float(bands[strategy][quantile][k + 1])
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
    column = sheet.span(name, REFERRAL + 1, REFERRAL + len(inputs.result.edges) - 1)
    then = row - round(lag.value / cycle_months(inputs.scenario.model))
    value = sheet.values[name, then] if month.value > lag.value else 0.0
    return Cell(f"IF({month.text}>{lag.text},INDEX({column},({month.text}-{lag.text})/t_cycle),0)", value)


def _perspective(
    sheet: Sheet,
    row: int,
    strategy: str,
    perspective: str,
    ledger: list,
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
        so_far = sheet.put(name, row, sheet.at(name, row - 1) + flow, "money")
        owing = so_far.value > 0
        text = f"IF({so_far.text}>0,{month.text},-1)"
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
    """Month of sustained payback as a formula; −1 where it is not within the horizon.

    The last month in which money is owed, then the crossing on the straight line to the next month.
    """
    last_row = REFERRAL + len(inputs.result.edges) - 1
    owing = sheet.span(owing_name(strategy, perspective, view), REFERRAL + 1, last_row)
    months = sheet.span("Month to", REFERRAL, last_row)
    curve = sheet.span(cumulative_name(strategy, perspective, view), REFERRAL, last_row)
    first = f"12*t_{strategy}_therapy_first" if f"{strategy}_therapy_first" in inputs.clock else "0"
    at = f"MATCH(MAX({owing}),{months},0)"
    following = f"INDEX({curve},MIN({at}+1,{len(inputs.result.edges)}))"
    crossing = f"MAX({owing})+t_cycle*INDEX({curve},{at})/(INDEX({curve},{at})-{following})"
    return f"=IF(MAX({owing})<0,{first},IF(MAX({owing})>=MAX({months}),-1,MAX({first},{crossing})))"


def payback_value(inputs: Inputs, strategy: int, perspective: str, view: str) -> float:
    """The engine's answer to the same question, for the deterministic run."""
    result = inputs.result
    months = result.curve_payback(
        strategy, perspective, len(result.horizons) - 1, view=view, run=result.runs["deterministic"]
    )
    return -1.0 if np.isinf(months) else months
