"""A sheet of the live model: columns of cells by name, and numbers that read back to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.styles import Styles


class _AllDigits(float):
    """A float that is formatted as the shortest text that reads back as itself."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


class ExactWorksheet(Worksheet):  # type: ignore[misc]
    """Numbers read back as exactly what was written: the writer's sixteen digits lose the last bit of some.

    Formulas are in the portable subset, so the search for functions newer than the file format, half the
    time of writing, is left out.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        super()._xml_number_element(_AllDigits(number), attributes)


HEADINGS = 3
"""Row (from 0) of the column headings; A1 holds the title, A2 what the sheet says, A3 whether it is live."""
REFERRAL = HEADINGS + 1
"""Row of the state of affairs at referral; the first cycle stands below it."""


def clean(text: object) -> str:
    """Text for a cell: control and direction-changing characters removed, cut to what a cell holds."""
    kept = "".join(
        c for c in str(text) if c >= " " and c not in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"
    )
    return kept[:32_000]


def in_a_chart(text: str) -> str:
    """Text of a chart. The library takes what looks like a reference (`x!A1`) for one, so it is broken up."""
    return clean(text).replace("!", "! ")


class Sheet:
    """A worksheet under construction: writes cells and remembers in which column a name stands."""

    def __init__(self, book: Any, name: str, styles: Styles, title: str, says: str, live: bool) -> None:
        self.name, self.styles = name, styles
        self.page = book.add_worksheet(name, ExactWorksheet)
        self.columns: dict[str, int] = {}
        self.values: dict[tuple[str, int], float] = {}
        self.page.write_string(0, 0, clean(title), styles.title)
        self.page.write_string(1, 0, clean(says), styles.says)
        text = "Live: recalculates when an input changes." if live else "Printed by the run; does not change."
        self.page.write_string(2, 0, text, styles.says)
        self.page.set_row(HEADINGS, 42)
        self.page.hide_gridlines(2)
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)

    def column(self, name: str, width: float = 13.0) -> int:
        """The column of a name, made with its heading when it is new."""
        if name not in self.columns:
            index = len(self.columns)
            self.columns[name] = index
            self.page.write_string(HEADINGS, index, clean(name), self.styles.heading)
            self.page.set_column(index, index, width)
        return self.columns[name]

    def put(self, name: str, row: int, cell: Cell | float, style: str = "calculation") -> Cell:
        """Write a formula with its value as cache into a column; returns the reference to it."""
        column = self.column(name)
        cell = Cell.of(cell)
        self.page.write_formula(row, column, f"={cell.text}", self.styles[style], cell.value)
        self.values[name, row] = cell.value
        return Cell(xl_rowcol_to_cell(row, column, col_abs=True), cell.value)

    def constant(self, name: str, row: int, value: float, style: str = "constant") -> Cell:
        """Write a number into a column."""
        column = self.column(name)
        self.page.write_number(row, column, value, self.styles[style])
        self.values[name, row] = value
        return Cell(xl_rowcol_to_cell(row, column, col_abs=True), value)

    def at(self, name: str, row: int) -> Cell:
        """Reference to a cell of this sheet, for use on it."""
        return Cell(xl_rowcol_to_cell(row, self.columns[name], col_abs=True), self.values[name, row])

    def outside(self, name: str, row: int) -> Cell:
        """Reference to a cell of this sheet, for use on another."""
        return Cell(
            f"'{self.name}'!{xl_rowcol_to_cell(row, self.columns[name], col_abs=True)}",
            self.values[name, row],
        )

    def span(self, name: str, first: int, last: int) -> str:
        """Reference to part of a column, for use on any sheet."""
        letter = xl_col_to_name(self.columns[name])
        return f"'{self.name}'!${letter}${first + 1}:${letter}${last + 1}"


def table(sheet: Sheet, row: int, headings: Sequence[str], widths: Sequence[float]) -> None:
    """Headings of a plain table with unique names."""
    for column, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.page.write_string(row, column, heading, sheet.styles.heading)
        sheet.page.set_column(column, column, width)
