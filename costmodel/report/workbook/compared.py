"""Whether a workbook that came back still holds what this program writes: every formula, fixed number and label of the
sheets that recalculate, and on the Summary the model's own answers to the inputs that were read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from io import BytesIO
from math import isclose
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from costmodel.errors import InputError
from costmodel.model.run import run
from costmodel.report.workbook.board import ABOUT_BOARD, BOARD, PEOPLE
from costmodel.report.workbook.draws import check_seals
from costmodel.report.workbook.inputs import DEFAULT, DIFFERS, YOURS
from costmodel.report.workbook.live import CANARY, CHECKS, INPUTS, SUMMARY, Live, write_checks, write_live
from costmodel.report.workbook.sheet import HEADINGS, Sheet, clean, formats, in_fifteen_digits, plain
from costmodel.report.workbook.summary import NOW
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario

Rows = dict[int, dict[int, Any]]
"""What stands in cells, by row and column, from 0."""
NEAR = 1e-12
"""Relative difference below which two numbers are the same: some spreadsheet programs keep 15 digits."""
HALF_A_PENNY, EXACTLY = 0.005, 1e-6
"""By how much an answer may differ after recalculation: money and months, and relatively; QALYs."""
TAGS_OF_A_CELL, TAGS_OF_A_SHEET = 12, 100_000
"""The most XML that a sheet may have, by the cells that belong on it; spreadsheet programs write 6 tags a cell."""
LONGEST = 90
"""Characters of a formula in a message."""
REMEDY = (
    'Take that back: rows, columns and cells stay as they were written. Type your own numbers into "Your value" on the '
    "sheet Inputs, and notes to the right of a table or on a sheet of your own."
)
NOT_RECALCULATED = (
    "The workbook was not recalculated since values were typed or since it was written: its inputs and formulas were "
    "read, and its Summary was not compared with the model."
)
TOO_FAST = (
    "People move faster than the workbook's cycles can follow (its Checks say so): its Summary was not compared, and "
    "the model computes it anew."
)


class _Cells:
    """In the place of a worksheet: keeps what is written into cells, and lets all else pass."""

    def __init__(self) -> None:
        self.rows: Rows = defaultdict(dict)

    def write_string(self, row: int, column: int, text: str, style: object) -> None:
        if text:
            self.rows[row][column] = text

    def write_number(self, row: int, column: int, number: float, style: object) -> None:
        self.rows[row][column] = number

    def write_formula(self, row: int, column: int, text: str, style: object, value: object) -> None:
        self.rows[row][column] = text

    def __getattr__(self, name: str) -> Any:
        return _nothing


class _Book:
    """In the place of a workbook: its sheets and defined names."""

    def __init__(self) -> None:
        self.sheets: dict[str, _Cells] = {}
        self.names: dict[str, str] = {}

    def add_worksheet(self, name: str, kind: type) -> _Cells:
        return self.sheets.setdefault(name, _Cells())

    def define_name(self, name: str, text: str) -> None:
        self.names[name] = text

    def __getattr__(self, name: str) -> Any:
        return _nothing


def _nothing(*args: object, **more: object) -> None:
    """What a format, a width or a validation is where only cells are kept."""


def as_written(scenario: Scenario) -> tuple[_Book, Live]:
    """The cells of the live sheets as this program writes them, and what was written into them."""
    book = _Book()
    styles = formats(book, scenario.setting.currency)

    def page(name: str, title: str, says: str) -> Sheet:
        return Sheet(book, name, styles, title, says, live=True)

    live = write_live(book, run(scenario, draws=0, strata=False), page, page(BOARD, scenario.model.title, ABOUT_BOARD))
    write_checks(page, live, ())
    return book, live


def compare(content: bytes, scenario: Scenario, result: Result) -> tuple[str, ...]:
    """What is to be said of a workbook beside its inputs.

    scenario: which it was made from. result: with what was typed into it. Raises InputError with the first cell that
    does not hold what this program writes there, and with the first answer that is not the model's.
    """
    wanted, live = as_written(scenario)
    formulas, values = (
        openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=stored, keep_links=False)
        for stored in (False, True)
    )
    for name in sorted(wanted.sheets, key=lambda name: name != INPUTS):
        if name not in formulas.sheetnames:
            raise InputError.at("workbook", f'there is no sheet "{name}"', REMEDY)
        _check_size(formulas, name, wanted.sheets[name].rows)
        _check_cells(name, wanted.sheets[name].rows, formulas[name])
    _check_names(wanted.names, formulas.defined_names)
    check_seals(formulas)
    return _check_answers(values, wanted, live, scenario, result)


def _check_size(book: Any, name: str, rows: Rows) -> None:
    """Raises InputError for a sheet with far more in it than belongs there, before it is read."""
    with book._archive.open(book[name]._worksheet_path) as part:
        tags = sum(piece.count(b"<") for piece in iter(lambda: part.read(1 << 20), b""))
    if tags > TAGS_OF_A_SHEET + TAGS_OF_A_CELL * sum(map(len, rows.values())):
        raise InputError.at(name, "the sheet holds far more than this program wrote", REMEDY)


def _check_cells(name: str, rows: Rows, sheet: Any) -> None:
    """Raises InputError for the first cell, row by row, that does not hold what belongs there."""
    sheet.reset_dimensions()
    last, seen = max(rows), -1
    for seen, values in enumerate(sheet.iter_rows(max_row=last + 1, values_only=True)):
        _check_row(name, seen, rows.get(seen, {}), values)
    for row in range(seen + 1, last + 1):
        _check_row(name, row, rows.get(row, {}), ())


def _check_row(name: str, row: int, wanted: Mapping[int, Any], values: tuple[Any, ...]) -> None:
    for column, belongs in wanted.items():
        stands = values[column] if column < len(values) else None
        if stands == belongs or _typed_here(name, row, column, belongs) or _alike(stands, belongs):
            continue
        if name == INPUTS and column == DIFFERS and _alike(stands, _as_typed_before(row, belongs)):
            continue
        raise InputError.at(f"{name}!{_at(row, column)}", f"{_words(stands)}; {_words(belongs)} belongs there", REMEDY)
    for column, stands in enumerate(values[: max(wanted, default=0) + 1]):
        more = column not in wanted and stands is not None and not _is_text(stands)
        if more and not (name == INPUTS and column == YOURS):
            raise InputError.at(f"{name}!{_at(row, column)}", f"{_words(stands)}; the cell was empty", REMEDY)


def _typed_here(name: str, row: int, column: int, belongs: object) -> bool:
    """Whether a cell may hold a value of one's own, or was read with the inputs as the defaults beside them were."""
    if (name, row, column) == (BOARD, PEOPLE, 1):
        return True
    if name != INPUTS or row <= HEADINGS:
        return False
    return column == YOURS or (column == DEFAULT and not isinstance(belongs, str))


def _as_typed_before(row: int, formula: str) -> str:
    """How "Differs from the run" is written where "Your value" was filled when the workbook was made, or was not."""
    blank = f"=IF(ISBLANK(${get_column_letter(YOURS + 1)}{row + 1}),0,"
    return f"={formula.removeprefix(blank)[:-1]}" if formula.startswith(blank) else f"{blank}{formula[1:]})"


def _at(row: int, column: int) -> str:
    return f"{get_column_letter(column + 1)}{row + 1}"


def _words(cell: object) -> str:
    """What stands in a cell, in a few words."""
    text = clean(getattr(cell, "text", cell))
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    if cell is None:
        return "nothing stands here"
    return f"the formula {short}" if text.startswith("=") else f'"{short}"' if isinstance(cell, str) else short


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and not cell.startswith("=")


def _alike(stands: Any, belongs: Any) -> bool:
    """Whether a cell holds what belongs there, as any spreadsheet program may have saved it."""
    if not isinstance(belongs, str):
        return type(stands) in (int, float) and isclose(stands, belongs, rel_tol=NEAR)
    stands = getattr(stands, "text", stands)
    if not isinstance(stands, str):
        return False
    if _is_text(belongs):
        return clean(stands).split() == belongs.split()
    return plain(stands) == plain(belongs) or in_fifteen_digits(stands) == in_fifteen_digits(belongs)


def _check_names(wanted: Mapping[str, str], names: Mapping[str, Any]) -> None:
    """Raises InputError for a defined name that is gone or means another cell."""
    for name, text in wanted.items():
        stands = names[name].attr_text if name in names else None
        if stands is None or plain(stands) != plain(text.removeprefix("=")):
            found = f"it means {clean(stands)[:40]}" if stands else "it is gone"
            raise InputError.at(f"defined name {name}", f"{found}; {text.removeprefix('=')} belongs there", REMEDY)


def _check_answers(book: Any, wanted: _Book, live: Live, scenario: Scenario, result: Result) -> tuple[str, ...]:
    """What is to be said of the stored Summary. Raises InputError where it is not the model's."""
    rows, changed = wanted.sheets[CHECKS].rows, result.scenario
    canary = next(row for row, cells in rows.items() if cells.get(0) == CANARY)
    checks, summary = _column(book[CHECKS], 1, 3), _column(book[SUMMARY], NOW, NOW)
    recalculated = checks[canary][0]
    if recalculated != 1:
        return (NOT_RECALCULATED,) if recalculated is None or changed is not scenario else ()
    cohort = scenario.model.cohort
    if any(isinstance(x, str) and changed.central[x] != scenario.central[x] for x in (cohort.age, cohort.female)):
        return ()  # the workbook keeps the deaths of the exported ones, which is said
    if any(checks[row][-1] != "OK" for row in live.fast):
        return (TOO_FAST,)
    for row in live.summary.lines:
        answer, stands = live.summary.answer(result, row), summary[row][0]
        most = EXACTLY if live.summary.lines[row][0] == "qaly" else HALF_A_PENNY
        near = isinstance(stands, int | float) and isclose(stands, answer, rel_tol=EXACTLY, abs_tol=most)
        if not near:
            found = f"{_words(stands)} stands here; the model's answer to these inputs is {answer:.6g}"
            remedy = "Recalculate the workbook in full (Ctrl+Alt+F9 or Ctrl+Shift+F9), save it, and bring it again."
            raise InputError.at(f"{SUMMARY}!{_at(row, NOW)}", found, remedy)
    return ()


def _column(sheet: Any, first: int, last: int) -> dict[int, tuple[Any, ...]]:
    """Stored values of some columns, by row from 0; None where nothing is."""
    found: dict[int, tuple[Any, ...]] = defaultdict(lambda: (None,) * (last - first + 1))
    sheet.reset_dimensions()
    for row, values in enumerate(sheet.iter_rows(min_col=first + 1, max_col=last + 1, values_only=True)):
        found[row] = (*values, *(None,) * (last - first + 1 - len(values)))
    return found
