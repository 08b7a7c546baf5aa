"""The sheet Value of information: what knowing more before deciding is worth, from the draws of the run itself."""

from __future__ import annotations

from costmodel.analysis.information import value_of_information
from costmodel.analysis.information.value import FEWEST_DRAWS
from costmodel.errors import InputError
from costmodel.report.workbook.run_sheet import RunSheet, nothing_drawn, unsteady, worksheet
from costmodel.result.result import Result


def write_information(page: RunSheet, result: Result) -> None:
    """What `value_of_information` says of two questions: which strategy is best, and whether it pays for itself."""
    if result.expected is None:
        nothing_drawn(page)
        return
    if result.draws < FEWEST_DRAWS:
        page.say(f"{result.draws:,} draws cannot value information: it takes at least {FEWEST_DRAWS}.")
        return
    page.say(
        "What is lost on average by deciding today, and how much of that each piece of knowledge would save. Worth is "
        "never negative. Less than its standard error is as good as nothing."
    )
    if few := unsteady(result):
        page.say(few, "strong_text")
    for kind in ("nmb", "cash"):
        try:
            found = value_of_information(result, kind)
        except InputError as error:
            page.say(f"Not valued: {'; '.join(f'{p.place}: {p.found}' for p in error.problems)}")
            continue
        worksheet(found.page(), page)
