"""Assemble the workbook. The order of the sheets is the order in which a reviewer reads them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from costmodel.analysis.verification import verify_result
from costmodel.engine.cohort import steps_needed
from costmodel.engine.formulas import exit_rates
from costmodel.errors import InputError, made_by, path_of
from costmodel.model.activity import background_hazards, looking
from costmodel.model.rates import rate_lines
from costmodel.report.files import write_whole
from costmodel.report.workbook.activity import close_gap, variants, write_rates, write_trace
from costmodel.report.workbook.chain import write_chain, write_probabilities
from costmodel.report.workbook.costs import write_costs, write_net_cost
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.of_the_run import OF_THE_RUN
from costmodel.report.workbook.pages import write_checks, write_cover, write_provenance, write_sources
from costmodel.report.workbook.run_sheet import RunSheet
from costmodel.report.workbook.sheet import Sheet
from costmodel.report.workbook.styles import Styles
from costmodel.report.workbook.summary import Pages, Summary
from costmodel.result.result import Result

RATES = (
    "Rates",
    "Rates in force",
    "Clock, discount factors, deaths and the rate of each transition, per year, in each cycle.",
)
PROBABILITIES = (
    "Probabilities",
    "Probabilities in force",
    "Clock, discount factors, weights of instants and the probability of each transition in each cycle.",
)
"""Name, title and subject of the sheet of what moves people."""
CHECKS_SAY = (
    "Laws that every run must obey, with value, tolerance and flag. The first table recalculates; "
    "the second, checks of the run, is printed by the run."
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


def as_bytes(result: Result) -> bytes:
    """The workbook as bytes."""
    stream = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(stream, options)
    book.set_calc_mode("auto")
    book.set_properties(
        {
            "title": result.scenario.model.title,
            "comments": f"scenario {result.scenario.sha256}, seed {result.seed}",
        }
    )
    styles = Styles(book)
    contents: list[tuple[str, str]] = []

    def page(name: str, title: str, says: str, live: bool) -> Sheet:
        contents.append((name, says))
        return Sheet(book, name, styles, title, says, live)

    model = result.scenario.model
    cover = page("Cover", model.title, "The answer in words, what is on each sheet, and how to read the cells.", False)
    summary_page = page(
        "Summary",
        "Summary",
        "By perspective and payer: this workbook now, the original run, and the difference.",
        True,
    )
    inputs_page = page(
        "Inputs",
        "Inputs",
        "Every number once. Type in the yellow column; leave it blank for the default.",
        True,
    )
    rates_page = page(*(PROBABILITIES if model.in_probabilities else RATES), True)
    inputs = Inputs(book, inputs_page, result)
    steps = _steps(result)
    pairs = variants(inputs)
    trace_pages = {}
    for number, (strategy, alternative) in enumerate(pairs, 1):
        what = f"{model.strategies[strategy].label}, {_structure_label(result, alternative)}"
        trace_pages[strategy, alternative] = page(
            f"Trace {number}", f"Trace: {what}", f"People and person-years by cycle: {what}.", True
        )
    costs_page = page(
        "Costs",
        "Costs by cycle",
        "Undiscounted cost of each item and QALYs, per person referred, in each cycle.",
        True,
    )
    net_page = page(
        "Net cost",
        "Net cost by cycle",
        "Strategy less usual care by item and payer, in value, discounted and in cash; cumulative.",
        True,
    )
    of_the_run = [(page(name, name, says, False), fill) for name, says, fill in OF_THE_RUN]
    sources_page = page(
        "Sources", "Sources", "Who says what, and whether it was read, derived, recalled or assumed.", False
    )
    checks_page = page("Checks", "Checks", CHECKS_SAY, True)
    provenance_page = page("Provenance", "Provenance", "What was run, with what, and how to run it again.", False)

    moves: dict[Any, Any] = {}
    if model.in_probabilities:
        moves = write_probabilities(rates_page, inputs)
        for pair, trace_page in trace_pages.items():
            write_chain(trace_page, rates_page, inputs, pair, moves[pair])
    else:
        lines = write_rates(rates_page, inputs, steps)
        for pair, trace_page in trace_pages.items():
            write_trace(trace_page, rates_page, inputs, pair, lines[pair], steps)
    for pair, trace_page in trace_pages.items():
        if f"{_heading(pair)}: share before the gap closes" in rates_page.columns:
            close_gap(trace_page, trace_pages[result.comparator, pair[1]], rates_page, inputs, pair)
    write_costs(costs_page, trace_pages, rates_page, inputs)
    write_net_cost(net_page, costs_page, rates_page, inputs)
    pages = Pages(rates_page, costs_page, net_page)
    summary = Summary(summary_page, pages, inputs)
    summary.charts(book, trace_pages)
    for sheet, fill in of_the_run:
        fill(RunSheet(book, sheet, inputs.since_the_run()[0]), result)
    write_sources(sources_page, result)
    flag = write_checks(checks_page, pages, trace_pages, summary, inputs, moves, verify_result(result).checks)
    write_provenance(provenance_page, result)
    write_cover(cover, result, contents, flag)
    for sheet in (rates_page, *trace_pages.values(), costs_page, net_page):
        sheet.page.freeze_panes(4, 1)
    inputs_page.page.freeze_panes(4, 2)
    book.close()
    return stream.getvalue()


def _heading(pair: tuple[str, str]) -> str:
    return f"{pair[0]}, {pair[1]}" if pair[1] != "only" else pair[0]


def _structure_label(result: Result, alternative: str) -> str:
    return next(s.label for s in result.scenario.structures if s.name == alternative)


def _steps(result: Result) -> int:
    """Steps per cycle that the deterministic run needs; the same in every row, so that a column has one shape."""
    scenario = result.scenario
    if scenario.model.in_probabilities:
        return 1
    look = looking(scenario.central)
    hazards = background_hazards(scenario)
    years = float(result.edges[1] - result.edges[0])
    most = 1
    for strategy in scenario.model.strategies:
        for structure in scenario.structures:
            lines = rate_lines(structure.model, strategy)
            moves = [(line.origin, line.destination) for line in lines]
            ratio = look(structure.model.deaths.rate_ratio)
            for k, (begin, end) in enumerate(zip(result.edges[:-1], result.edges[1:], strict=True)):
                rates = [line.rate(line.shares(begin, end, float(result.edges[-1])), look) for line in lines]
                exits = exit_rates(len(scenario.model.states), moves, rates, hazards[k] * ratio)
                most = max(most, int(np.max(steps_needed([np.asarray(e) for e in exits], years))))
    return most
