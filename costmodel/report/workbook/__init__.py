"""The workbook as a whole: its sheets in the order in which a reviewer reads them, and those without arithmetic of
their own, Cover, Sources, Checks and Provenance.
"""

from __future__ import annotations

import datetime
import json
import math
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.analysis.verification import Check, verify_result
from costmodel.engine.cohort import HIGHEST_EXIT
from costmodel.errors import InputError, made_by, path_of
from costmodel.inputs.files import write_whole
from costmodel.report import saved
from costmodel.report.sentence import answer
from costmodel.report.workbook.costs import write_costs, write_net_cost
from costmodel.report.workbook.inputs import DIFFERS, USED, Inputs
from costmodel.report.workbook.run_sheets import OF_THE_RUN, RunSheet
from costmodel.report.workbook.sheet import CHANGES, FORMAT, HEADINGS, REFERRAL, Cell, Sheet, formats
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
from costmodel.result.result import Result
from costmodel.scenario.probabilities import Move, convention
from costmodel.scenario.schema import CYCLES_OF_WEEKS
from costmodel.version import __version__

__all__ = ["named_as_workbook", "write"]

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
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
LONGEST_TEXT = 30_000
"""Characters in a cell; a spreadsheet keeps 32,767."""

LINE, A_LINE = 15, 115
"""Height of a line of the cover, points, and how many characters are sure to fit on one."""
KEY = {
    "input": "Yellow, boxed: type your value here (sheet Inputs, column Your value). Blank means the default.",
    "inert": "Grey, boxed: takes no value here; the column Note says why.",
    "constant": "Blue: a number that this workbook holds fixed.",
    "calculation": "Plain: a formula.",
    "output": "Bold, boxed: an answer.",
}
"""What the styles of cells mean."""
SIGNS = (
    "A positive net saving is money saved; a positive net cost is money spent. Per person referred, where a "
    "sheet does not say for how many."
)
FIGURES_OF_THE_RUN = (
    "Conventions, Tornado, Break-even, Uncertainty and Value of information hold values, not formulas: they took many "
    "runs of the model. Their third line counts the inputs that you changed since. To have them for your values, bring "
    "this workbook back (costmodel import, or the dashboard) and run it again."
)


def write(result: Result, path: str | Path, option: str = "path") -> None:
    """Write the workbook of a result, with its checks; the file appears whole or not at all.

    option: what named the path, for messages. Raises InputError if the name ends otherwise than in .xlsx, and if the
    folder is missing or cannot be written.
    """
    made_by("result", result, Result, "costmodel.run")
    write_whole(named_as_workbook(path, option), lambda temporary: temporary.write_bytes(as_bytes(result)), option)


def named_as_workbook(path: str | Path, option: str = "path") -> Path:
    """The path of a workbook. Raises InputError for a name with another ending."""
    found = path_of(option, path)
    if found.suffix.lower() != ".xlsx":
        remedy = f"Did you mean {found.stem or 'report'}.xlsx?"
        raise InputError.at(f"{option} {found}", "a workbook's name ends in .xlsx", remedy)
    return found


@dataclass(frozen=True)
class Live:
    """What was written into the sheets that recalculate.

    moves: of models of probabilities, by variant. steps: into which cycles are cut. fast: the rows of Checks that say
    whether that is fine enough, filled when they are written.
    """

    inputs: Inputs
    pages: Pages
    summary: Summary
    moves: dict[Variant, list[Move]]
    steps: int
    fast: list[int] = field(default_factory=list)


def as_bytes(result: Result) -> bytes:
    """The workbook as bytes."""
    model, stream = result.scenario.model, BytesIO()
    book = xlsxwriter.Workbook(stream, OPTIONS)
    book.set_calc_mode("auto")
    comments = f"scenario {result.scenario.sha256}, seed {result.seed}"
    book.set_properties({"title": model.title, "comments": comments})
    styles = formats(book, result.setting.currency)
    contents: list[tuple[str, str]] = []

    def page(name: str, title: str, says: str, live: bool = True) -> Sheet:
        contents.append((name, says))
        return Sheet(book, name, styles, title, says, live)

    cover = page("Cover", model.title, "The answer in words, what is on each sheet, and how to read the cells.", False)
    live = write_live(book, result, page)
    live.summary.charts(book)
    for name, says, fill in OF_THE_RUN:
        fill(RunSheet(book, page(name, name, says, False), live.inputs.since_the_run()), result)
    says = "Who says what, and whether it was read, derived, recalled or assumed."
    _write_sources(page("Sources", "Sources", says, False), result)
    flag = write_checks(page, live, verify_result(result).checks)
    says = "What was run, with what, and how to run it again."
    _write_provenance(page("Provenance", "Provenance", says, False), result)
    _write_cover(cover, result, contents, *flag)
    book.close()
    return stream.getvalue()


def write_live(book: Any, result: Result, page: Callable[[str, str, str], Sheet]) -> Live:
    """Write the sheets of the live model, from the Summary to Net cost.

    page: makes a sheet of a name, with its title and what it says.
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
    for sheet in (rates, *traces.values(), costs, net):
        sheet.page.freeze_panes(HEADINGS + 1, 1)
    inputs.sheet.page.freeze_panes(HEADINGS + 1, 2)
    return Live(inputs, pages, summary, moves, steps)


def _write_cover(sheet: Sheet, result: Result, contents: list[tuple[str, str]], flag: str, stored: str) -> None:
    """Title, the answer, the flag of the checks, contents with links, key to the cell styles.

    flag: the cell of the overall flag. stored: what it says as stored.
    """
    page = sheet.page
    page.set_column(0, 0, 26)
    page.set_column(1, 1, 110)
    row = HEADINGS
    words = answer(result)
    lines = [(line, "sentence", 52) for line in words.verdict.lines]
    lines += [(line, "text", 30) for line in (*words.verdict.beside, words.headline, *words.beside)]
    for text, style, height in lines:
        page.set_row(row, height)
        sheet.text(row, 1, text, style)
        row += 1
    for text in words.warnings:
        page.set_row(row, LINE * max(1, math.ceil(len(text) / A_LINE)))
        sheet.text(row, 0, "Warning", "strong_text")
        sheet.text(row, 1, text)
        row += 1
    for name, text in (
        ("Scenario", f"{result.scenario.model.title} ({result.scenario.model.label})"),
        ("Place", result.scenario.setting.title),
        ("Written", f"{datetime.date.today():%-d %B %Y}, costmodel {__version__}"),
    ):
        sheet.text(row, 0, name, "strong")
        sheet.text(row, 1, text)
        row += 1
    sheet.text(row, 0, "Checks", "strong")
    sheet.formula(row, 1, flag, stored, "flag")
    mark_red(sheet, row, row, 1, "CHECK")
    row += 2
    sheet.text(row, 0, "Contents", "section")
    for name, says in contents:
        row += 1
        page.write_url(row, 0, f"internal:'{name}'!A1", sheet.styles["link"], name)
        sheet.text(row, 1, says)
    row += 2
    sheet.text(row, 0, "Key to cells", "section")
    for style, says in KEY.items():
        row += 1
        sheet.text(row, 0, style, style)
        sheet.text(row, 1, says)
    row += 2
    sheet.text(row, 0, "Signs", "section")
    sheet.text(row, 1, SIGNS)
    row += 2
    sheet.text(row, 0, "Figures of the run", "section")
    page.set_row(row + 1, 3 * LINE)
    sheet.text(row + 1, 1, FIGURES_OF_THE_RUN)


def _write_sources(sheet: Sheet, result: Result) -> None:
    """Every source that a parameter names."""
    sheet.headings({"Id": 10, "Citation": 60, "Where seen": 44, "What it says": 70, "Standing": 22})
    named = {source for record in result.scenario.parameters.values() for source in record.sources}
    for row, name in enumerate(sorted(named), HEADINGS + 1):
        source = result.scenario.sources[name]
        standing = "recalled: to be checked" if source.status == "recalled" else source.status
        for column, text in enumerate((name, source.citation, source.where, source.figure, standing)):
            sheet.text(row, column, text)


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
        yield f"People sum to one in every cycle: {of}", people, TOLERANCE
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
    for sheet in (summary.sheet, inputs.sheet, pages.rates, *pages.traces.values(), pages.costs, pages.net):
        first, last = columns.get(sheet, (0, max(sheet.formulas)))
        written = sum(count for column, count in sheet.formulas.items() if first <= column <= last)
        counted = f"SUMPRODUCT(1*_xlfn.ISFORMULA({sheet.block(first, last)}))"
        missing = Cell(f"IF({counted}=0,0,ABS({counted}-{{written}}))", 0.0)
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


def _write_provenance(sheet: Sheet, result: Result) -> None:
    """What was run, with what, and how to run it again."""
    scenario = result.scenario
    base = scenario.base or scenario
    week = "1/52" if scenario.model.cycle in CYCLES_OF_WEEKS else "7/365.25"
    sheet.headings({"What": 34, "Value": 110})
    facts = [
        ("Engine", f"costmodel {__version__}"),
        ("Scenario file", scenario.path.name),
        ("Scenario SHA-256", scenario.sha256),
        ("Base population", base.path.resolve().parent.name),
        ("Base file", base.path.name),
        ("Base SHA-256", base.sha256),
        ("Format of this workbook", FORMAT),
        ("Run id", result.run_id),
        ("Seed", str(result.seed)),
        ("Sampling", result.sampling),
        ("Draws that came from elsewhere", ", ".join(sorted(result.given or ())) or "none"),
        ("Draws", f"{result.draws:,}"),
        ("Cycle", scenario.model.cycle),
        ("Convention", convention(scenario.model)),
        ("A year", f"12 months; a week is {week} of it"),
        ("Command", saved.command(result, "report", output="report.xlsx")),
        ("Python, NumPy", f"{platform.python_version()}, {np.__version__}"),
        *(("From trials taken together", one) for one in scenario.origins),
        *(("Changed", str(change)) for change in scenario.changes),
    ]
    text = json.dumps(saved.saved(scenario, scenario.model.label), ensure_ascii=False)
    facts += [(CHANGES, text[i : i + LONGEST_TEXT]) for i in range(0, len(text), LONGEST_TEXT)]
    for row, (name, text) in enumerate(facts, HEADINGS + 1):
        sheet.text(row, 0, name, "strong")
        sheet.text(row, 1, text)
