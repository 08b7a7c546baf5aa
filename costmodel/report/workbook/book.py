"""Assemble the workbook. The order of the sheets is the order in which a reviewer reads them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from costmodel.analysis.verification import verify_result
from costmodel.errors import InputError, made_by, path_of
from costmodel.inputs.files import write_whole
from costmodel.report.workbook.costs import write_costs, write_net_cost
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.pages import write_checks, write_cover, write_provenance, write_sources
from costmodel.report.workbook.run_sheets import OF_THE_RUN, RunSheet
from costmodel.report.workbook.sheet import HEADINGS, Sheet, formats
from costmodel.report.workbook.summary import Pages, Summary
from costmodel.report.workbook.trace import (
    close_gap,
    steps_of,
    variants,
    write_chain,
    write_probabilities,
    write_rates,
    write_trace,
)
from costmodel.result.result import Result

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
    says = "By perspective and payer: this workbook now, the original run, and the difference."
    summary_page = page("Summary", "Summary", says)
    says = "Every number once. Type in the yellow column; leave it blank for the default."
    inputs = Inputs(book, page("Inputs", "Inputs", says), result)
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
    of_the_run = [(page(name, name, says, False), fill) for name, says, fill in OF_THE_RUN]
    says = "Who says what, and whether it was read, derived, recalled or assumed."
    sources = page("Sources", "Sources", says, False)
    checks = page("Checks", "Checks", CHECKS_SAY)
    says = "What was run, with what, and how to run it again."
    provenance = page("Provenance", "Provenance", says, False)

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
    summary.charts(book)
    for sheet, fill in of_the_run:
        fill(RunSheet(book, sheet, inputs.since_the_run()), result)
    write_sources(sources, result)
    flag = write_checks(checks, pages, summary, inputs, moves, steps, verify_result(result).checks)
    write_provenance(provenance, result)
    write_cover(cover, result, contents, *flag)
    for sheet in (rates, *traces.values(), costs, net):
        sheet.page.freeze_panes(HEADINGS + 1, 1)
    inputs.sheet.page.freeze_panes(HEADINGS + 1, 2)
    book.close()
    return stream.getvalue()
