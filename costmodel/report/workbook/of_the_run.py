"""The sheets that print the run: the pages of the analyses, as Python makes them by default; nothing recalculates."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.analysis.incremental import incremental
from costmodel.analysis.information import value_of_information
from costmodel.analysis.information.value import FEWEST_DRAWS
from costmodel.analysis.psa import psa
from costmodel.analysis.sensitivity import break_even, tornado
from costmodel.errors import InputError
from costmodel.page import Paged
from costmodel.perspectives import PERSPECTIVES
from costmodel.report.workbook.run_sheet import RunSheet, worksheet
from costmodel.result.result import Result

STEADY = 2_000
"""Draws below which nothing that was drawn is called steady."""


def each_strategy(analysis: Callable[..., Paged]) -> Callable[[RunSheet, Result], None]:
    """What fills a sheet with the page of an analysis for each strategy."""

    def write(sheet: RunSheet, result: Result) -> None:
        for strategy in result.strategies[1:]:
            worksheet(analysis(result.scenario, strategy=strategy).page(), sheet)

    return write


def write_uncertainty(sheet: RunSheet, result: Result) -> None:
    """Everything that `cm.psa` says of the run."""
    if drawn(sheet, result):
        steady(sheet, result)
        worksheet(psa(result).page(), sheet)


def write_information(sheet: RunSheet, result: Result) -> None:
    """What `value_of_information` says of two questions: which strategy is best, and whether it pays for itself."""
    if not drawn(sheet, result):
        return
    if result.draws < FEWEST_DRAWS:
        sheet.say(f"{result.draws:,} draws cannot value information: it takes at least {FEWEST_DRAWS}.")
        return
    sheet.say(
        "What is lost on average by deciding today, and how much of that each piece of knowledge would save. Worth is "
        "never negative. Less than its standard error is as good as nothing."
    )
    steady(sheet, result)
    for kind in ("nmb", "cash"):
        try:
            found = value_of_information(result, kind)
        except InputError as error:
            sheet.say(f"Not valued: {'; '.join(f'{p.place}: {p.found}' for p in error.problems)}")
            continue
        worksheet(found.page(), sheet)


def write_incremental(sheet: RunSheet, result: Result) -> None:
    """Each strategy against the next best one, for each payer; of two strategies the Summary says it."""
    if len(result.strategies) < 3:
        sheet.say("Two strategies have one step: the Summary compares them.")
        return
    for perspective in PERSPECTIVES:
        worksheet(incremental(result, perspective).page(), sheet)


def drawn(sheet: RunSheet, result: Result) -> bool:
    """Whether there are draws; where there are none the sheet says so."""
    if result.expected is None:
        sheet.say(f"Nothing was drawn: the run has no draws. Run it with {STEADY:,} or more and this sheet is filled.")
    return result.expected is not None


def steady(sheet: RunSheet, result: Result) -> None:
    """What must be said of few draws."""
    if result.draws < STEADY:
        few = f"{result.draws:,} draws are few: none of these figures is steady. {STEADY:,} or more are usual."
        sheet.say(few, "strong_text")


OF_THE_RUN = (
    (
        "Tornado",
        "Each input moved alone through its own uncertainty: which move the net saving, by how much, which not.",
        each_strategy(tornado),
    ),
    (
        "Break-even",
        "For each input the value at which the net saving is nothing, and how likely that value is.",
        each_strategy(break_even),
    ),
    (
        "Uncertainty",
        "By when, how much and how sure: chances, intervals, worst tenth, choices, and how exact the draws are.",
        write_uncertainty,
    ),
    (
        "Incremental",
        "Each strategy against the next best one: who is dominated, and what each step along the frontier costs.",
        write_incremental,
    ),
    (
        "Value of information",
        "What knowing more before deciding is worth, for everything, groups of inputs and each input.",
        write_information,
    ),
)
"""Name of each sheet, what it says, and how it is filled."""
