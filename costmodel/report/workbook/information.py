"""The sheet Value of information: what knowing more before deciding is worth, from the draws of the run itself."""

from __future__ import annotations

from costmodel.analysis.information import ValueOfInformation, value_of_information
from costmodel.analysis.information.value import FEWEST_DRAWS
from costmodel.errors import InputError
from costmodel.report.information_table import about, notes
from costmodel.report.workbook.run_sheet import Column, RunSheet, Value, nothing_drawn, unsteady
from costmodel.result.result import Result

LINES: tuple[Column, ...] = (
    ("What might be known", "text"), ("Kind", "label"), ("Id", "label"), ("Inputs", "count"),
    ("Worth, £ a person", "money"), ("Standard error", "money"), ("Share of everything", "share"),
    ("To know", "label"),
)  # fmt: skip
WIDTHS = (17, 30, 9, 14, 14, 14, 50)
KINDS = {
    "everything": "everything", "structure": "structure", "inputs": "all inputs", "group": "inputs together",
    "parameter": "single input",
}  # fmt: skip


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
        _of_question(page, found)


def _of_question(page: RunSheet, found: ValueOfInformation) -> None:
    page.section(about(found))
    for text in (*notes(found), *found.warnings):
        if not text.startswith("to be checked"):
            page.say(text)
    whole = found.everything.worth.value
    rows: list[list[Value]] = [
        [
            line.subject.label,
            KINDS[line.subject.kind],
            line.subject.name,
            float(len(line.subject.members)) if line.subject.members else None,
            line.worth.value,
            line.worth.error,
            line.worth.value / whole if whole else None,
            line.subject.words,
        ]
        for line in found.lines
    ]
    page.table(LINES, rows)
