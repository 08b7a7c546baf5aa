"""A sheet of the live model: formulas with their values, columns by name, and the styles of cells.

The functions of `engine.formulas` run on cells as on arrays; each operation extends the formula's text and computes its
value. Text stays in the portable subset of spreadsheet functions; powers are always parenthesised, because a
spreadsheet reads −a^b as (−a)^b.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from costmodel.currency import Currency
from costmodel.engine.formulas import NOTHING

HEADINGS = 3
"""Row (from 0) of the column headings; A1 holds the title, A2 what the sheet says, A3 whether it is live."""
REFERRAL = HEADINGS + 1
"""Row of the state of affairs at referral; the first cycle stands below it."""
FORMAT = "3"
"""Of workbooks, for those who read one back: 1 named no population, 2 had other formulas."""
CHANGES = "Changes as a file"
"""Rows of Provenance that hold, one after the other, what a scenario file of the changes would say."""
NUMBER = re.compile(r"(?<![\w$.])\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w.])")
"""A number of a formula, which one program writes as 0.000000001 and another as 1E-9."""
LINE, ROOM = 13.5, 1.1
"""Height of a line in points, and how many characters are sure to fit into a unit of width."""
SCREEN_COLUMNS = 12
"""Columns over which the title of a sheet for the screen runs."""
WIDTH = 13.0
"""Of a column by name, in characters."""
ATOM, POWER, PRODUCT, SUM = 9, 3, 2, 1
"""How tightly an expression binds: a name or call, a ^ b, a * b, a + b."""


class Cell:
    """A formula (without "=") and its value."""

    __slots__ = ("binds", "text", "value")

    def __init__(self, text: str, value: float, binds: int = ATOM) -> None:
        self.text, self.value, self.binds = text, float(value), binds

    @staticmethod
    def of(thing: Cell | float) -> Cell:
        """A cell as it is; a number as a constant, in the fifteen digits that spreadsheet programs keep."""
        if isinstance(thing, Cell):
            return thing
        number = float(thing)
        text = f"{number:.0f}" if number == int(number) and abs(number) < 1e15 else f"{Decimal(f'{number:.15g}'):f}"
        return Cell(text, number, ATOM if number >= 0 else 0)

    def _inside(self, binds: int, strict: bool) -> str:
        return f"({self.text})" if self.binds < binds or (strict and self.binds == binds) else self.text

    def __add__(self, other: Cell | float) -> Cell:
        return _binary(self, "+", other, SUM, lambda a, b: a + b)

    def __radd__(self, other: float) -> Cell:
        return Cell.of(other) + self

    def __sub__(self, other: Cell | float) -> Cell:
        return _binary(self, "-", other, SUM, lambda a, b: a - b)

    def __rsub__(self, other: float) -> Cell:
        return Cell.of(other) - self

    def __mul__(self, other: Cell | float) -> Cell:
        """A product; with the number 0, which stands where the model has no flow, the number 0."""
        if not isinstance(other, Cell) and other == 0:
            return Cell.of(0)
        return _binary(self, "*", other, PRODUCT, lambda a, b: a * b)

    def __rmul__(self, other: float) -> Cell:
        return self * 0 if other == 0 else Cell.of(other) * self

    def __truediv__(self, other: Cell | float) -> Cell:
        """A quotient; by the number 1, the cell itself."""
        if not isinstance(other, Cell) and other == 1:
            return self
        return _binary(self, "/", other, PRODUCT, lambda a, b: a / b)

    def __rtruediv__(self, other: float) -> Cell:
        return Cell.of(other) / self

    def __pow__(self, other: Cell | float) -> Cell:
        return _binary(self, "^", other, POWER, lambda a, b: a**b)

    def __rpow__(self, other: float) -> Cell:
        return Cell.of(other) ** self

    def least(self, other: Cell | float) -> Cell:
        """The smaller of two."""
        other = Cell.of(other)
        return Cell(f"MIN({self.text},{other.text})", min(self.value, other.value))

    def greatest(self, other: Cell | float) -> Cell:
        """The larger of two."""
        other = Cell.of(other)
        return Cell(f"MAX({self.text},{other.text})", max(self.value, other.value))

    def settled(self) -> Cell:
        """This difference, 0 where it is no more than rounding."""
        value = 0.0 if abs(self.value) <= NOTHING else self.value
        return Cell(f"IF(ABS({self.text})<={NOTHING:.6f},0,{self.text})", value)

    def size(self) -> Cell:
        """How far this is from 0."""
        return Cell(f"ABS({self.text})", abs(self.value))

    def falls_within(self, begin: Cell | float, end: Cell | float) -> Cell:
        """1 if begin <= this < end, else 0."""
        begin, end = Cell.of(begin), Cell.of(end)
        inside = begin.value <= self.value < end.value
        return Cell(f"IF(AND({begin.text}<={self.text},{self.text}<{end.text}),1,0)", float(inside))

    def __repr__(self) -> str:
        return f"={self.text} [{self.value:g}]"


def _binary(a: Cell, sign: str, b: Cell | float, binds: int, do: Callable[[float, float], float]) -> Cell:
    b = Cell.of(b)
    left = a._inside(binds, strict=sign == "^")
    right = b._inside(binds, strict=sign in "-/^")
    return Cell(f"{left}{sign}{right}", do(a.value, b.value), binds)


FONT = {"font_name": "Arial", "font_size": 10}


def formats(book: Any, currency: Currency) -> dict[str, Any]:
    """The formats of a workbook by name: input, calculation and output differ by border and typeface, not by colour
    alone. Less than half a hundredth of money is nothing, as in `Currency.money`.
    """
    cell, nothing = currency.cells(), currency.written("0.00")
    money = f'[>=0.005]{cell};[Red][<=-0.005]-{cell};"{nothing}"'

    sums = currency.cells("#,##0")

    def style(**more: Any) -> Any:
        return book.add_format({**FONT, **more})

    return {
        "title": style(bold=True, font_size=14),
        "says": style(italic=True, font_color="#444444"),
        "heading": style(bold=True, text_wrap=True, valign="top", bottom=2, bg_color="#E8EEF4"),
        "over_numbers": style(bold=True, text_wrap=True, valign="top", align="right", bottom=2, bg_color="#E8EEF4"),
        "text": style(text_wrap=True, valign="top"),
        "right": style(align="right", valign="top"),
        "label": style(valign="top"),
        "answer": style(valign="top", text_wrap=True),
        "strong": style(bold=True),
        "strong_text": style(bold=True, text_wrap=True, valign="top"),
        "section": style(bold=True, bottom=1, font_size=11),
        "sentence": style(text_wrap=True, valign="top", font_size=12),
        "verdict": style(bold=True, font_size=12, text_wrap=True, valign="vcenter", border=1, bg_color="#E8EEF4"),
        "mark": style(bold=True, indent=1),
        "people": style(bg_color="#FFF7CC", border=1, border_color="#7F6000", num_format="#,##0", locked=False),
        "thousands": style(num_format=f"{sums};[Red]-{sums}"),
        "per_qaly": style(num_format=sums, text_wrap=True, align="right", valign="top"),
        "month": style(num_format="0.0", align="right"),
        "input": style(bg_color="#FFF7CC", border=1, border_color="#7F6000", num_format="General", locked=False),
        "inert": style(bg_color="#D9D9D9", border=1, pattern=1, num_format="General"),
        "wrong": style(bold=True, bg_color="#F4B6B6", font_color="#7A0000"),
        "default": style(num_format="General"),
        "rounded": style(num_format="#,##0.0###"),
        "used": style(bold=True, num_format="General"),
        "constant": style(font_color="#1F3864", num_format="General"),
        "calculation": style(num_format="#,##0.000000"),
        "money": style(num_format=money),
        "output": style(bold=True, num_format=money, border=1),
        "number": style(num_format="#,##0.0000", border=1),
        "months": style(num_format="0.00", border=1),
        "share": style(num_format="0.0%", border=1),
        "chance": style(num_format="0.0%", border=1),
        "whole": style(num_format="#,##0", border=1),
        "count": style(num_format="0"),
        "tiny": style(num_format="0.0E+00"),
        "aside": style(align="left", valign="top", indent=1),
        "flag": style(bold=True, border=2, align="center"),
        "link": style(underline=1, font_color="#0B5394", valign="top"),
    }


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


def clean(text: object) -> str:
    """Text for a cell: control and direction-changing characters removed, cut to what a cell holds."""
    kept = "".join(
        c for c in str(text) if c >= " " and c not in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"
    )
    return kept[:32_000]


def plain(formula: str) -> str:
    """A formula without what spreadsheet programs add and leave out: spaces, quotes around the names of sheets, and the
    prefix of functions that are newer than the file format.
    """
    return formula.replace("'", "").replace(" ", "").replace("_xlfn.", "")


def in_fifteen_digits(formula: str) -> str:
    """A formula, `plain`, with its numbers as any spreadsheet program may write them."""
    return NUMBER.sub(lambda number: f"{float(number[0]):.15g}", plain(formula))


def height(text: str, width: float, size: float = 10) -> float:
    """Of a row, in points, whose text is wrapped in a column of a width. size: of its type, points."""
    return LINE * size / 10 * max(1, math.ceil(len(clean(text)) * size / 10 / (ROOM * width)))


def in_a_chart(text: str) -> str:
    """Text of a chart. The library takes what looks like a reference (`x!A1`) for one, so it is broken up."""
    return clean(text).replace("!", "! ")


class Sheet:
    """A worksheet under construction: writes cells and remembers in which column a name stands.

    styles: the formats of the workbook by name. title, says: its first lines. live: whether it follows an edit; its
    cells are then locked without a password, but for those of inputs. formulas: how many were written into each column.
    """

    def __init__(self, book: Any, name: str, styles: dict[str, Any], title: str, says: str, live: bool) -> None:
        self.name, self.styles = name, styles
        self.page = book.add_worksheet(name, ExactWorksheet)
        self.columns: dict[str, int] = {}
        self.values: dict[tuple[str, int], float] = {}
        self.formulas: Counter[int] = Counter()
        self._last = HEADINGS
        moves = "Live: recalculates when an input changes." if live else "Printed by the run; does not change."
        self.text(0, 0, title, "title")
        self.text(1, 0, says, "says")
        self.text(2, 0, moves, "says")
        self.page.set_row(HEADINGS, 42)
        self.page.hide_gridlines(2)
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)
        self.page.repeat_rows(0)
        if live:
            self.lock()

    def for_the_screen(self) -> None:
        """Of this sheet, too wide for paper, only the title and what it says are printed."""
        self.page.print_area(0, 0, HEADINGS - 1, SCREEN_COLUMNS - 1)

    def lock(self) -> None:
        """Lock all cells but those of inputs, without a password."""
        self.page.protect("", {"format_columns": True, "format_rows": True, "objects": True})

    def text(self, row: int, column: int, text: object, style: str = "text") -> None:
        """Write a text, never a formula or a link."""
        self.page.write_string(row, column, clean(text), self.styles[style])

    def formula(self, row: int, column: int, text: str, value: float | str, style: str) -> None:
        """Write a formula (without "=") with its value as cache."""
        self.formulas[column] += 1
        self._last = max(self._last, row)
        self.page.write_formula(row, column, f"={text}", self.styles[style], value)

    def number(self, row: int, column: int, value: float, style: str) -> None:
        """Write a number."""
        self.page.write_number(row, column, value, self.styles[style])

    def headings(self, widths: Mapping[str, float]) -> None:
        """Headings of a plain table, each with the width of its column in characters; they are repeated in print."""
        self.page.repeat_rows(HEADINGS)
        for column, (heading, width) in enumerate(widths.items()):
            self.text(HEADINGS, column, heading, "heading")
            self.page.set_column(column, column, width)

    def chart(
        self, chart: Any, row: int, title: str, alt: str, x: dict[str, Any], y: dict[str, Any], *, width: int,
        height: int = 380, column: int = 0,
    ) -> None:  # fmt: skip
        """Place a chart. alt: what it says, in a sentence; x, y: its axes; width, height: in pixels."""
        chart.set_title({"name": in_a_chart(title), "name_font": {"size": 11}})
        chart.set_x_axis(x)
        chart.set_y_axis(y)
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": width, "height": height})
        self.page.insert_chart(row, column, chart, {"description": clean(alt)})

    def column(self, name: str) -> int:
        """The column of a name, made with its heading when it is new."""
        if name not in self.columns:
            self.columns[name] = index = len(self.columns)
            self.text(HEADINGS, index, name, "heading")
            self.page.set_column(index, index, WIDTH)
        return self.columns[name]

    def put(self, name: str, row: int, cell: Cell | float, style: str = "calculation") -> Cell:
        """Write a formula with its value as cache into a column; returns the reference to it."""
        cell = Cell.of(cell)
        self.formula(row, self.column(name), cell.text, cell.value, style)
        self.values[name, row] = cell.value
        return self.at(name, row)

    def constant(self, name: str, row: int, value: float, style: str = "constant") -> Cell:
        """Write a number into a column; returns the reference to it."""
        self.number(row, self.column(name), value, style)
        self.values[name, row] = value
        return self.at(name, row)

    def at(self, name: str, row: int) -> Cell:
        """Reference to a cell of this sheet, for use on it."""
        return Cell(xl_rowcol_to_cell(row, self.columns[name], col_abs=True), self.values[name, row])

    def outside(self, name: str, row: int) -> Cell:
        """Reference to a cell of this sheet, for use on another."""
        cell = self.at(name, row)
        return Cell(f"'{self.name}'!{cell.text}", cell.value)

    def block(self, first: int, last: int) -> str:
        """Reference to some columns below the headings, as far down as formulas go, for use on any sheet."""
        ends = (xl_rowcol_to_cell(HEADINGS + 1, first, True, True), xl_rowcol_to_cell(self._last, last, True, True))
        return f"'{self.name}'!{':'.join(ends)}"

    def span(self, name: str, first: int, last: int) -> str:
        """Reference to part of a column, for use on any sheet."""
        letter = xl_col_to_name(self.columns[name])
        return f"'{self.name}'!${letter}${first + 1}:${letter}${last + 1}"
