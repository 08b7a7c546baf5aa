"""The workbook as a whole: its sheets in the order in which a reviewer reads them, and those without arithmetic of
their own, Cover, Sources, Checks and Provenance.
"""

from __future__ import annotations

import datetime
import json
import platform
from io import BytesIO
from pathlib import Path

import numpy as np
import xlsxwriter

from costmodel.analysis.verification import verify_result
from costmodel.errors import InputError, made_by, path_of
from costmodel.inputs.files import write_whole
from costmodel.report import saved
from costmodel.report.sentence import answer
from costmodel.report.workbook.board import ABOUT_BOARD, BOARD
from costmodel.report.workbook.draws import SEALS, Sealed, write_draws
from costmodel.report.workbook.live import mark_red, write_checks, write_live
from costmodel.report.workbook.run_sheets import OF_THE_RUN, RunSheet
from costmodel.report.workbook.sheet import CHANGES, FORMAT, HEADINGS, Sheet, clean, formats, height
from costmodel.result.result import Result
from costmodel.scenario.probabilities import convention
from costmodel.scenario.schema import CYCLES_OF_WEEKS
from costmodel.version import __version__

__all__ = ["named_as_workbook", "write"]

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
LONGEST_TEXT = 30_000
"""Characters in a cell; a spreadsheet keeps 32,767."""
COVER = (20, 90)
"""Widths of the columns of the cover, which is printed upright."""
LONGEST_HEADER = 150
"""Characters of a title above a printed page."""
A4, MARGINS = 9, {"left": 0.4, "right": 0.4, "top": 0.7, "bottom": 0.6}
"""The number of the paper, and inches around what is printed."""
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

    front = page(BOARD, model.title, ABOUT_BOARD)
    cover = page("Cover", model.title, "The answer in words, what is on each sheet, and how to read the cells.", False)
    live = write_live(book, result, page, front)
    live.front.of_the_run(book, result)
    live.summary.charts(book)
    for name, says, fill in OF_THE_RUN:
        fill(RunSheet(book, page(name, name, says, False), live.inputs.since_the_run()), result)
    seals: dict[str, dict[str, str]] = {}
    if result.expected is not None:

        def sealed(name: str, says: str) -> Sealed:
            contents.append((name, says))
            return Sealed(book, name, styles, says)

        seals = write_draws(book, sealed, result, live.inputs.since_the_run())
    says = "Who says what, and whether it was read, derived, recalled or assumed."
    _write_sources(page("Sources", "Sources", says, False), result)
    flag = write_checks(page, live, verify_result(result).checks)
    says = "What was run, with what, and how to run it again."
    _write_provenance(page("Provenance", "Provenance", says, False), result, seals)
    _write_cover(cover, result, contents, *flag)
    _print(book, result)
    book.close()
    return stream.getvalue()


def _print(book: xlsxwriter.Workbook, result: Result) -> None:
    """Every sheet on A4, with what it is of above and its page below."""
    title = clean(result.scenario.model.title).replace("&", "&&")[:LONGEST_HEADER]
    for page in book.worksheets():
        page.set_paper(A4)
        page.set_margins(**MARGINS)
        page.set_header(f"&L&8{title}&R&8&A")
        page.set_footer(f"&L&8costmodel {__version__}, run {result.run_id[:12]}&R&8Page &P of &N")


def _write_cover(sheet: Sheet, result: Result, contents: list[tuple[str, str]], flag: str, stored: str) -> None:
    """Title, the answer, the flag of the checks, contents with links, key to the cell styles.

    flag: the cell of the overall flag. stored: what it says as stored.
    """
    page = sheet.page
    page.set_portrait()
    for at, width in enumerate(COVER):
        page.set_column(at, at, width)
    row = HEADINGS
    words = answer(result)
    lines = [("", line, 12) for line in words.verdict.lines]
    lines += [("", line, 10) for line in (*words.verdict.beside, words.headline, *words.beside)]
    lines += [("Warning", line, 10) for line in words.warnings]
    for lead, text, size in lines:
        page.set_row(row, height(text, COVER[1], size))
        sheet.text(row, 0, lead, "strong_text")
        sheet.text(row, 1, text, "sentence" if size > 10 else "text")
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
        page.set_row(row, height(says, COVER[1]))
        sheet.text(row, 1, says)
    row += 2
    sheet.text(row, 0, "Key to cells", "section")
    for style, says in KEY.items():
        row += 1
        sheet.text(row, 0, style, style)
        sheet.text(row, 1, says)
    row += 2
    for title, says in (("Signs", SIGNS), ("Figures of the run", FIGURES_OF_THE_RUN)):
        sheet.text(row, 0, title, "section")
        page.set_row(row + 1, height(says, COVER[1]))
        sheet.text(row + 1, 1, says)
        row += 2


def _write_sources(sheet: Sheet, result: Result) -> None:
    """Every source that a parameter names."""
    sheet.headings({"Id": 10, "Citation": 60, "Where seen": 44, "What it says": 70, "Standing": 22})
    named = {source for record in result.scenario.parameters.values() for source in record.sources}
    for row, name in enumerate(sorted(named), HEADINGS + 1):
        source = result.scenario.sources[name]
        standing = "recalled: to be checked" if source.status == "recalled" else source.status
        for column, text in enumerate((name, source.citation, source.where, source.figure, standing)):
            sheet.text(row, column, text)


def _write_provenance(sheet: Sheet, result: Result, seals: dict[str, dict[str, str]]) -> None:
    """What was run, with what, and how to run it again. seals: of the sheets of the draws."""
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
    if seals:
        facts.append((SEALS, json.dumps(seals)))
    for row, (name, text) in enumerate(facts, HEADINGS + 1):
        sheet.text(row, 0, name, "strong")
        sheet.text(row, 1, text)
