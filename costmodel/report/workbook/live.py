"""The sheets that recalculate, from the Summary to Net cost, and the checks of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.analysis.verification import Check
from costmodel.engine.cohort import HIGHEST_EXIT
from costmodel.report.workbook.board import Front
from costmodel.report.workbook.costs import write_costs, write_net_cost
from costmodel.report.workbook.inputs import DIFFERS, USED, Inputs
from costmodel.report.workbook.sheet import HEADINGS, REFERRAL, Cell, Sheet
from costmodel.report.workbook.summary import DIFFERENCE, NOW, Pages, Summary
from costmodel.report.workbook.trace import (
    BALANCE,
    PEOPLE,
    Variant,
    close_gap,
    row_sum_checks,
    steps_of,
    variants,
    write_chain,
    write_probabilities,
    write_rates,
    write_trace,
)
from costmodel.report.workbook.words import ABOUT_WORDS, WORDS
from costmodel.result.result import Result
from costmodel.scenario.probabilities import Move

RATES = "Rates", "Clock, discount factors, deaths and the rate of each transition, per year, in each cycle."
PROBABILITIES = (
    "Probabilities",
    "Clock, discount factors, weights of instants and the probability of each transition in each cycle.",
)
"""Name and subject of the sheet of what moves people."""
CHECKS_SAY = (
    "Laws that every run must obey, with value, tolerance and flag. The first table recalculates; "
    "the second, checks of the run, is printed by the run."
)
TOLERANCE = 1e-9
SUM_TOLERANCE = 1e-4
"""Over all cycles together; a row of a published table may miss 1 by a millionth."""
CATEGORY_TOLERANCE = 1e-6

INPUTS, SUMMARY, CHECKS = "Inputs", "Summary", "Checks"
"""Names of sheets."""
CANARY = "Recalculation canary: 1 once this workbook was recalculated, 0 as stored"
SLOW_ENOUGH = "Rates slow enough for the series (rate × cycle)"
WRITTEN = 4
"""Column of Checks with how many formulas were written."""
MOST_CHECKS = 60
"""Rows in which checks of the run may stand."""


@dataclass(frozen=True)
class Live:
    """What was written into the sheets that recalculate.

    moves: of models of probabilities, by variant. steps: into which cycles are cut. fast: the rows of Checks that say
    whether that is fine enough, filled when they are written.
    """

    inputs: Inputs
    pages: Pages
    summary: Summary
    front: Front
    moves: dict[Variant, list[Move]]
    steps: int
    fast: list[int] = field(default_factory=list)


def write_live(book: Any, result: Result, page: Callable[[str, str, str], Sheet], front: Sheet) -> Live:
    """Write the sheets of the live model, from the board page to Net cost, and the words of the first.

    front: the sheet of the board page. page: makes a sheet of a name, with its title and what it says.
    """
    model = result.scenario.model
    says = "By perspective and payer: this workbook now, the original run, and the difference."
    summary_page = page(SUMMARY, SUMMARY, says)
    says = "Every number once. Type in the yellow column; leave it blank for the default."
    inputs = Inputs(book, page(INPUTS, INPUTS, says), result)
    name, says = PROBABILITIES if model.in_probabilities else RATES
    rates = page(name, f"{name} in force", says)
    labels = {structure.name: structure.label for structure in result.scenario.structures}
    traces = {}
    for number, variant in enumerate(variants(inputs), 1):
        what = f"{model.strategies[variant[0]].label}, {labels[variant[1]]}"
        traces[variant] = page(f"Trace {number}", f"Trace: {what}", f"People and person-years by cycle: {what}.")
    says = "Undiscounted cost of each item and QALYs, per person referred, in each cycle."
    costs = page("Costs", "Costs by cycle", says)
    says = "Strategy less usual care by item and payer, in value, discounted and in cash; cumulative."
    net = page("Net cost", "Net cost by cycle", says)
    moves: dict[Any, Any] = {}
    steps = 1
    if model.in_probabilities:
        moves = write_probabilities(rates, inputs)
        for variant, trace in traces.items():
            write_chain(trace, rates, inputs, variant, moves[variant])
    else:
        lines = write_rates(rates, inputs)
        steps = steps_of(rates, inputs, lines)
        for variant, trace in traces.items():
            write_trace(trace, rates, inputs, variant, lines[variant], steps)
        for variant, trace in traces.items():
            close_gap(trace, traces[result.comparator, variant[1]], rates, inputs, variant)
    write_costs(costs, traces, rates, inputs)
    write_net_cost(net, costs, rates, inputs)
    pages = Pages(rates, traces, costs, net)
    summary = Summary(summary_page, pages, inputs)
    words = page(WORDS, WORDS, ABOUT_WORDS)
    board = Front(front, words, summary, inputs)
    words.for_the_screen()
    for sheet in (rates, *traces.values(), costs, net):
        sheet.page.freeze_panes(HEADINGS + 1, 1)
        sheet.for_the_screen()
    inputs.sheet.page.freeze_panes(HEADINGS + 1, 2)
    return Live(inputs, pages, summary, board, moves, steps)


def write_checks(page: Callable[[str, str, str], Sheet], live: Live, of_the_run: Sequence[Check]) -> tuple[str, str]:
    """Live checks and those of the run, each with its result; returns the overall flag: its cell and what it says."""
    sheet, inputs = page(CHECKS, CHECKS, CHECKS_SAY), live.inputs
    sheet.headings({"Check": 90, "Value": 18, "Tolerance": 14, "Result": 12, "Formulas written": 90})
    found = list(_live_checks(live))
    first, end = HEADINGS + 1, HEADINGS + 1 + len(found)
    for row, (label, cell, tolerance, *written) in enumerate(found, first):
        sheet.text(row, 0, label, "label")
        for count in written:
            sheet.number(row, WRITTEN, count, "count")
        text = cell.text.replace("{written}", xl_rowcol_to_cell(row, WRITTEN))
        sheet.formula(row, 1, text, cell.value, "calculation")
        sheet.number(row, 2, tolerance, "constant")
        inside = f"{xl_rowcol_to_cell(row, 1)}<={xl_rowcol_to_cell(row, 2)}"
        sheet.formula(row, 3, f'IF({inside},"OK","CHECK")', "OK" if cell.value <= tolerance else "CHECK", "flag")
        if label.startswith(SLOW_ENOUGH):
            live.fast.append(row)
    failures = _write_checks_of_the_run(sheet, end + 6, of_the_run)
    all_well = f'AND(COUNTIF({_results(first, end)},"OK")={len(found)},COUNTIF({failures},"FAIL")=0)'
    well = all(cell.value <= tolerance for _, cell, tolerance, *_ in found) and all(
        c.state != "FAIL" for c in of_the_run
    )
    stored = "OK" if well else "CHECK"
    for first_row, last_row, bad in ((first, end + 1, "CHECK"), (end + 8, end + 7 + MOST_CHECKS, "FAIL")):
        mark_red(sheet, first_row, last_row, 3, bad)
    sheet.text(end + 1, 0, "Overall, live checks and checks of the run", "strong")
    sheet.formula(end + 1, 3, f'IF({all_well},"OK","CHECK")', stored, "flag")
    sheet.text(end + 2, 0, "Values of your own on the sheet Inputs", "label")
    sheet.formula(end + 2, 1, *inputs.changed(), "label")
    sheet.text(end + 3, 0, CANARY, "label")
    sheet.formula(end + 3, 1, "1", 0, "label")
    return f"'{sheet.name}'!{xl_rowcol_to_cell(end + 1, 3, True, True)}", stored


def mark_red(sheet: Sheet, first: int, last: int, column: int, bad: str) -> None:
    """Cells of a column are red where they say what is bad."""
    rule = {"type": "cell", "criteria": "==", "value": f'"{bad}"', "format": sheet.styles["wrong"]}
    sheet.page.conditional_format(first, column, last, column, rule)


def _live_checks(live: Live) -> Iterator[tuple[Any, ...]]:
    """Label, formula with its value, and tolerance; of some also how many formulas were written."""
    yield from _touched(live)
    inputs, pages, summary = live.inputs, live.pages, live.summary
    model, first, last = inputs.scenario.model, REFERRAL + 1, inputs.last
    states = list(model.states)
    for variant, trace in pages.traces.items():
        of = f"{variant[0]}, {variant[1]}"
        everybody = "+".join(f"SUM({trace.span(f'{state}: {PEOPLE}', first, last)})" for state in (*states, "dead"))
        people = Cell(f"ABS({everybody}-{len(inputs.cycles)})", 0.0)
        yield f"People of all cycles together are one a cycle: {of}", people, TOLERANCE
        least = ",".join(f"MIN({trace.span(f'{state}: {PEOPLE}', REFERRAL, last)})" for state in states)
        yield f"No state below zero: {of}", Cell(f"0-MIN(0,{least})", 0.0), TOLERANCE
        if model.in_probabilities:
            for label, formula in row_sum_checks(pages.rates, inputs, variant, live.moves[variant]):
                yield label, Cell(formula, 0.0), SUM_TOLERANCE
            continue
        balance = max(trace.values[BALANCE, row] for row in inputs.cycles)
        label = f"Nobody is lost or made in any cycle: {of}"
        yield label, Cell(f"MAX({trace.span(BALANCE, first, last)})", balance), TOLERANCE
        names = [f"{state}: rate of leaving" for state in states]
        fastest = ",".join(f"MAX({trace.span(name, first, last)})" for name in names)
        value = max(trace.values[name, row] for name in names for row in inputs.cycles)
        label = f"{SLOW_ENOUGH}: {of}"
        yield label, Cell(f"MAX({fastest})", value) * inputs.cycle_years, HIGHEST_EXIT * live.steps
    for name, strategy in model.strategies.items():
        if strategy.therapy:
            held = f"SUM({pages.costs.span(f'{name}: sessions held', first, last)})"
            planned, attended = (
                getattr(cell, "text", f"{cell}")
                for cell in map(inputs.look, (strategy.therapy.sessions, strategy.therapy.attendance))
            )
            over = f"12*t_{name}_therapy_last<=MAX({pages.net.span('Month to', REFERRAL, last)})"
            formula = f"IF({over},ABS({held}-{planned}*{attended}),0)"
            yield f"Sessions held = planned × attendance: {name}", Cell(formula, 0.0), TOLERANCE
    for months in inputs.result.horizons:
        for perspective in inputs.scenario.setting.perspectives:
            cells = {
                category: f"'{summary.sheet.name}'!{cell}"
                for (strategy, payer, category, horizon), cell in summary.savings.items()
                if (strategy, payer, horizon) == (inputs.result.strategies[1], perspective, months)
            }
            total = cells.pop("all")
            label = f"Categories sum to the total: {perspective}, {months:g} months"
            yield label, Cell(f"ABS({'+'.join(cells.values())}-{total})", 0.0), CATEGORY_TOLERANCE


def _touched(live: Live) -> Iterator[tuple[Any, ...]]:
    """Checks that see a number typed over a formula. One compares answers with the run while no input is changed; the
    others count the formulas of a sheet, and are 0 in programs that cannot.
    """
    inputs, summary, pages = live.inputs, live.summary, live.pages
    gap = summary.sheet.block(DIFFERENCE, DIFFERENCE)
    furthest = f"MAX(MAX({gap}),0-MIN({gap}))"
    unchanged = Cell(f"IF({inputs.since_the_run()}=0,{furthest},0)", 0.0)
    yield "While no input is changed, every answer of the Summary is that of the run", unchanged, CATEGORY_TOLERANCE
    begin, end = (pages.rates.span(name, REFERRAL + 1, inputs.last) for name in ("Month from", "Month to"))
    cycles = f"COUNT({end})"
    clock = f"ABS(SUM({end})-t_cycle*{cycles}*({cycles}+1)/2)+ABS(SUM({end})-SUM({begin})-t_cycle*{cycles})"
    yield "The months of all cycles follow on one another", Cell(clock, 0.0), CATEGORY_TOLERANCE
    columns = {summary.sheet: (NOW, DIFFERENCE), inputs.sheet: (USED, DIFFERS)}
    front = (live.front.sheet, live.front.words.sheet)
    able = "+".join(
        f"_xlfn.ISFORMULA({cell})" for cell in ("t_cycle", pages.rates.span("Month to", inputs.last, inputs.last))
    )
    for sheet in (*front, summary.sheet, inputs.sheet, pages.rates, *pages.traces.values(), pages.costs, pages.net):
        first, last = columns.get(sheet, (0, max(sheet.formulas)))
        written = sum(count for column, count in sheet.formulas.items() if first <= column <= last)
        counted = f"SUMPRODUCT(1*_xlfn.ISFORMULA({sheet.block(first, last)}))"
        missing = Cell(f"IF({able}=0,0,ABS({counted}-{{written}}))", 0.0)
        yield (
            f"{sheet.name}: cells in which something else stands than the formula written there",
            missing,
            0.0,
            written,
        )


def _write_checks_of_the_run(sheet: Sheet, row: int, checks: Sequence[Check]) -> str:
    """The table of the checks of the run, which does not change; returns the reference to its results."""
    sheet.text(row, 0, "Checks of the run, printed by it: they do not follow values of your own", "section")
    headings = ("Check of the run", "Deviation", "Largest allowed", "Outcome", "What was measured")
    for column, heading in enumerate(headings):
        sheet.text(row + 1, column, heading, "heading")
    sheet.page.set_column(4, 4, 90)
    first = row + 2
    for i, check in enumerate(checks, first):
        sheet.text(i, 0, f"{check.id}  {check.title}", "label")
        for column, number in ((1, check.value), (2, check.tolerance)):
            if number is None or not math.isfinite(number):
                sheet.text(i, column, "–", "constant")
            else:
                sheet.number(i, column, number, "constant")
        sheet.text(i, 3, check.state, "flag")
        sheet.text(i, 4, "; ".join(filter(None, (check.words, check.note))), "label")
    return _results(first, first + MOST_CHECKS)


def _results(first: int, end: int) -> str:
    """Reference to the results of checks, in the rows from the first to before the end."""
    return ":".join(xl_rowcol_to_cell(row, 3, True, True) for row in (first, end - 1))
