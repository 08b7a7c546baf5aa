"""The sheets without arithmetic of their own: Cover, Sources, Checks, Provenance."""

from __future__ import annotations

import datetime
import json
import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.analysis.verification import Check
from costmodel.perspectives import PERSPECTIVES
from costmodel.report import saved
from costmodel.report.sentence import answer
from costmodel.report.workbook.activity import Variant
from costmodel.report.workbook.chain import row_sum_checks
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.opened import CHANGES
from costmodel.report.workbook.sheet import HEADINGS, REFERRAL, Sheet, clean, table
from costmodel.report.workbook.summary import Pages, Summary
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.probabilities import Move, convention
from costmodel.version import __version__

TOLERANCE = 1e-9
SUM_TOLERANCE = 1e-4
"""Over all cycles together; a row of a published table may miss 1 by a millionth."""

FORMAT = "2"
"""Of the sheets Inputs and Provenance, for those who read a workbook back; 1 named no population."""
LONGEST_TEXT = 30_000
"""Characters in a cell; a spreadsheet keeps 32,767."""

LINE, A_LINE = 15, 115
"""Height of a line of the cover, points, and how many characters are sure to fit on one."""


@dataclass(frozen=True)
class Flag:
    """The overall flag of the checks: where it stands, and what it says as stored."""

    reference: str
    stored: str


def write_cover(sheet: Sheet, result: Result, contents: list[tuple[str, str]], flag: Flag) -> None:
    """Title, the answer, the flag of the checks, contents with links, key to the cell styles."""
    page, styles = sheet.page, sheet.styles
    page.set_column(0, 0, 26)
    page.set_column(1, 1, 110)
    row = HEADINGS
    words = answer(result)
    for text, style, height in [
        (words.headline, "sentence", 52),
        *((line, "text", 30) for line in words.beside),
    ]:
        page.set_row(row, height)
        page.write_string(row, 1, clean(text), styles[style])
        row += 1
    for text in words.warnings:
        page.set_row(row, LINE * max(1, math.ceil(len(text) / A_LINE)))
        page.write_string(row, 0, "Warning", styles.strong_text)
        page.write_string(row, 1, clean(text), styles.text)
        row += 1
    facts = (
        ("Scenario", f"{result.scenario.model.title} ({result.scenario.model.label})"),
        ("Place", result.scenario.setting.title),
        ("Written", f"{datetime.date.today():%-d %B %Y}, costmodel {__version__}"),
    )
    for name, text in facts:
        page.write_string(row, 0, name, styles.strong)
        page.write_string(row, 1, clean(text), styles.text)
        row += 1
    page.write_string(row, 0, "Checks", styles.strong)
    page.write_formula(row, 1, f"={flag.reference}", styles.flag, flag.stored)
    row += 2
    page.write_string(row, 0, "Contents", styles.section)
    for name, says in contents:
        row += 1
        page.write_url(row, 0, f"internal:'{name}'!A1", styles.link, name)
        page.write_string(row, 1, clean(says), styles.text)
    row += 2
    page.write_string(row, 0, "Key to cells", styles.section)
    for style, says in (
        (
            "input",
            "Yellow, boxed: type your value here (sheet Inputs, column Your value). Blank means the default.",
        ),
        ("constant", "Blue: a number that this workbook holds fixed."),
        ("calculation", "Plain: a formula."),
        ("output", "Bold, boxed: an answer."),
    ):
        row += 1
        page.write_string(row, 0, style, styles[style])
        page.write_string(row, 1, says, styles.text)
    row += 2
    page.write_string(row, 0, "Signs", styles.section)
    page.write_string(
        row,
        1,
        "A positive net saving is money saved; a positive net cost is money spent. Per person referred.",
        styles.text,
    )
    row += 2
    page.write_string(row, 0, "Figures of the run", styles.section)
    row += 1
    page.set_row(row, 3 * LINE)
    page.write_string(
        row,
        1,
        "Tornado, Break-even, Uncertainty and Value of information hold values, not formulas: they took many runs of "
        "the model. Their third line counts the inputs that you changed since. To have them for your values, bring "
        "this workbook back (costmodel import, or the dashboard) and run it again.",
        styles.text,
    )


def write_sources(sheet: Sheet, result: Result) -> None:
    """Every source that a parameter names."""
    headings = ("Id", "Citation", "Where seen", "What it says", "Standing")
    table(sheet, HEADINGS, headings, (10, 60, 44, 70, 22))
    named = {source for record in result.scenario.parameters.values() for source in record.sources}
    for row, name in enumerate(sorted(named), HEADINGS + 1):
        source = result.scenario.sources[name]
        standing = "recalled: to be checked" if source.status == "recalled" else source.status
        for column, text in enumerate((name, source.citation, source.where, source.figure, standing)):
            sheet.page.write_string(row, column, clean(text), sheet.styles.text)


def write_checks(
    sheet: Sheet,
    pages: Pages,
    traces: dict[Variant, Sheet],
    summary: Summary,
    inputs: Inputs,
    moves: dict[Variant, list[Move]],
    of_the_run: Sequence[Check],
) -> Flag:
    """Live checks and those of the run, each with its result; returns the overall flag.

    moves: of models of probabilities, by variant.
    """
    table(sheet, HEADINGS, ("Check", "Value", "Tolerance", "Result"), (90, 18, 14, 12))
    page, styles, result = sheet.page, sheet.styles, inputs.result
    last = REFERRAL + len(result.edges) - 1
    rows: list[tuple[str, str, float, float]] = []
    for (strategy, alternative), trace in traces.items():
        names = [*result.scenario.model.states]
        everybody = "+".join(f"SUM({trace.span(f'{s}: people at end', REFERRAL + 1, last)})" for s in (*names, "dead"))
        cycles = last - REFERRAL
        rows.append(
            (
                f"People sum to one in every cycle: {strategy}, {alternative}",
                f"ABS({everybody}-{cycles})",
                0.0,
                TOLERANCE,
            )
        )
        least = ",".join(f"MIN({trace.span(f'{s}: people at end', REFERRAL, last)})" for s in names)
        rows.append((f"No state below zero: {strategy}, {alternative}", f"0-MIN(0,{least})", 0.0, TOLERANCE))
        if inputs.scenario.model.in_probabilities:
            sums = row_sum_checks(pages.rates, inputs, (strategy, alternative), moves[strategy, alternative])
            rows += [(label, formula, 0.0, SUM_TOLERANCE) for label, formula in sums]
            continue
        fastest = ",".join(f"MAX({trace.span(f'{s}: rate of leaving', REFERRAL + 1, last)})" for s in names)
        value = max(max(trace.values[f"{s}: rate of leaving", r] for r in range(REFERRAL + 1, last + 1)) for s in names)
        limit = 0.5 * _steps(trace)
        rows.append(
            (
                f"Rates slow enough for the series (rate × cycle): {strategy}, {alternative}",
                f"MAX({fastest})*{inputs.cycle_years.text}",
                value * inputs.cycle_years.value,
                limit,
            )
        )
    for name, declared in result.scenario.model.strategies.items():
        if declared.therapy:
            held = f"SUM({pages.costs.span(f'{name}: sessions held', REFERRAL + 1, last)})"
            wanted = f"{_text(inputs, declared.therapy.sessions)}*{_text(inputs, declared.therapy.attendance)}"
            over = f"12*t_{name}_therapy_last<=MAX({pages.net.span('Month to', REFERRAL, last)})"
            rows.append(
                (
                    f"Sessions held = planned × attendance: {name}",
                    f"IF({over},ABS({held}-{wanted}),0)",
                    0.0,
                    TOLERANCE,
                )
            )
    for months in result.horizons:
        for perspective in PERSPECTIVES:
            parts = "+".join(
                f"'{summary.sheet.name}'!{cell}"
                for key, cell in summary.cells.items()
                if (key[0], key[1], key[3]) == ("net_saving", perspective, months) and key[2] not in ("all", "party")
            )
            total = f"'{summary.sheet.name}'!{summary.cells['net_saving', perspective, 'all', months]}"
            rows.append(
                (
                    f"Categories sum to the total: {perspective}, {months:g} months",
                    f"ABS({parts}-{total})",
                    0.0,
                    1e-6,
                )
            )
    for i, (label, formula, value, tolerance) in enumerate(rows, HEADINGS + 1):
        page.write_string(i, 0, clean(label), styles.label)
        page.write_formula(i, 1, f"={formula}", styles.calculation, value)
        page.write_number(i, 2, tolerance, styles.constant)
        inside = f"{xl_rowcol_to_cell(i, 1)}<={xl_rowcol_to_cell(i, 2)}"
        page.write_formula(i, 3, f'=IF({inside},"OK","CHECK")', styles.flag, "OK" if value <= tolerance else "CHECK")
    end = HEADINGS + 1 + len(rows)
    flags = f"{xl_rowcol_to_cell(HEADINGS + 1, 3, True, True)}:{xl_rowcol_to_cell(end - 1, 3, True, True)}"
    failures = write_checks_of_the_run(sheet, end + 6, of_the_run)
    all_well = f'AND(COUNTIF({flags},"OK")={len(rows)},COUNTIF({failures},"FAIL")=0)'
    well = all(value <= tolerance for *_, value, tolerance in rows) and all(c.state != "FAIL" for c in of_the_run)
    page.write_string(end + 1, 0, "Overall, live checks and checks of the run", styles.strong)
    overall = "OK" if well else "CHECK"
    page.write_formula(end + 1, 3, f'=IF({all_well},"OK","CHECK")', styles.flag, overall)
    formula, changed = inputs.changed()
    page.write_string(end + 2, 0, "Values of your own on the sheet Inputs", styles.label)
    page.write_formula(end + 2, 1, f"={formula}", styles.label, changed)
    page.write_string(
        end + 3, 0, "Recalculation canary: 1 once this workbook was recalculated, 0 as stored", styles.label
    )
    page.write_formula(end + 3, 1, "=1", styles.label, 0)
    return Flag(f"'{sheet.name}'!{xl_rowcol_to_cell(end + 1, 3, True, True)}", overall)


def write_checks_of_the_run(sheet: Sheet, row: int, checks: Sequence[Check]) -> str:
    """The table of the checks of the run, which does not change; returns the reference to its results."""
    page, styles = sheet.page, sheet.styles
    page.write_string(row, 0, "Checks of the run, printed by it: they do not follow values of your own", styles.section)
    headings = ("Check of the run", "Deviation", "Largest allowed", "Outcome", "What was measured")
    for column, heading in enumerate(headings):
        page.write_string(row + 1, column, heading, styles.heading)
    page.set_column(4, 4, 90)
    first = row + 2
    for i, check in enumerate(checks, first):
        page.write_string(i, 0, clean(f"{check.id}  {check.title}"), styles.label)
        for column, number in ((1, check.value), (2, check.tolerance)):
            if number is None or not math.isfinite(number):
                page.write_string(i, column, "–", styles.constant)
            else:
                page.write_number(i, column, number, styles.constant)
        page.write_string(i, 3, check.state, styles.flag)
        page.write_string(i, 4, clean("; ".join(filter(None, (check.words, check.note)))), styles.label)
    last = first + max(len(checks), 1) - 1
    return f"{xl_rowcol_to_cell(first, 3, True, True)}:{xl_rowcol_to_cell(last, 3, True, True)}"


def _steps(trace: Sheet) -> int:
    return max((int(n.split(",")[0].split()[1]) for n in trace.columns if n.startswith("step ")), default=1)


def _text(inputs: Inputs, reference: str | int) -> str:
    cell: Any = inputs.look(reference)
    return getattr(cell, "text", f"{cell}")


def write_provenance(sheet: Sheet, result: Result) -> None:
    """What was run, with what, and how to run it again."""
    scenario = result.scenario
    table(sheet, HEADINGS, ("What", "Value"), (34, 110))
    facts = [
        ("Engine", f"costmodel {__version__}"),
        ("Scenario file", scenario.path.name),
        ("Scenario SHA-256", scenario.sha256),
        *_base(scenario),
        ("Run id", result.run_id),
        ("Seed", str(result.seed)),
        ("Sampling", result.sampling),
        ("Draws that came from elsewhere", ", ".join(sorted(result.given or ())) or "none"),
        ("Draws", f"{result.draws:,}"),
        ("Cycle", scenario.model.cycle),
        ("Convention", convention(scenario.model)),
        ("A year", "12 months; a week is 7/365.25 of it"),
        ("Command", saved.command(result, "report", output="report.xlsx")),
        ("Python, NumPy", f"{platform.python_version()}, {np.__version__}"),
    ]
    facts += [("Changed", str(change)) for change in scenario.changes]
    text = json.dumps(saved.saved(scenario, scenario.model.label), ensure_ascii=False)
    facts += [(CHANGES, text[i : i + LONGEST_TEXT]) for i in range(0, len(text), LONGEST_TEXT)]
    for row, (name, text) in enumerate(facts, HEADINGS + 1):
        sheet.page.write_string(row, 0, name, sheet.styles.strong)
        sheet.page.write_string(row, 1, clean(text), sheet.styles.text)


def _base(scenario: Scenario) -> list[tuple[str, str]]:
    """Where the scenario came from before it was changed: names of the catalogue."""
    base = scenario.base or scenario
    return [
        ("Base population", base.path.resolve().parent.name),
        ("Base file", base.path.name),
        ("Base SHA-256", base.sha256),
        ("Format of this workbook", FORMAT),
    ]
