"""A sheet of the run: sentences and tagged tables of values, one below another; nothing on it follows an edit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.page import SHEET, Drawn, Figure, Heading, Notes, Page, Paragraph, Table, is_missing
from costmodel.page import Column as PageColumn
from costmodel.report.workbook.sheet import HEADINGS, Sheet, clean, in_a_chart

FIRST_WIDTH = 78
"""Width of the first column, which holds sentences and labels."""
A_LINE = 86
"""Characters that it holds in a line."""
LINE = 13.5
"""Height of a line in points."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "square_dot", "dash_dot", "long_dash", "round_dot")
CHARTS = 20
"""Rows that a chart covers."""

Column = tuple[str, str]
"""Heading and cell style."""
Value = str | float | None
"""Of a cell; None is left empty."""


class RunSheet:
    """Writes downwards. `row`: the next free row.

    edits: formula of how many inputs were changed since the run.
    """

    def __init__(self, book: Any, sheet: Sheet, edits: str) -> None:
        self.book, self.sheet, self.styles = book, sheet, sheet.styles
        self.row = HEADINGS
        self._tables, self._widths = 0, [float(FIRST_WIDTH)]
        sheet.page.set_column(0, 0, FIRST_WIDTH)
        sheet.page.set_row(HEADINGS, LINE)
        still = "These figures are of the original run, and every input is still as it was then."
        sheet.page.write_formula(
            2, 0,
            f'=IF({edits}=0,"{still}","These figures are of the original run; you changed "&{edits}&IF({edits}=1,'
            '" input"," inputs")&" since, and they do not follow. Run it again for new ones.")',
            self.styles.says, still,
        )  # fmt: skip

    def say(self, text: str, style: str = "text") -> None:
        """A sentence, wrapped in the first column."""
        shown = clean(text)
        self.sheet.page.write_string(self.row, 0, shown, self.styles[style])
        self.sheet.page.set_row(self.row, LINE * max(1, math.ceil(len(shown) / A_LINE)))
        self.row += 1

    def section(self, text: str) -> None:
        """A heading, with a row left free above it."""
        self.row += 1
        self.sheet.page.write_string(self.row, 0, clean(text), self.styles.section)
        self.row += 1

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Value]], widths: Sequence[float] = ()) -> range:
        """A tagged table. widths: of its columns, where they need more than they have. Returns its rows, if any."""
        page, found = self.sheet.page, [list(row) for row in rows]
        if not found:
            return range(self.row, self.row)
        for column, width in enumerate(widths):
            if width > (self._widths[column] if column < len(self._widths) else 0):
                self._widths[column:] = [width, *self._widths[column + 1 :]]
                page.set_column(column, column, width)
        self._tables += 1
        first, last = self.row + 1, self.row + len(found)
        name = "".join(c if c.isalnum() else "_" for c in self.sheet.name)
        headings = _distinct([clean(heading) for heading, _ in columns])
        page.add_table(
            self.row, 0, last, len(columns) - 1,
            {
                "name": f"{name}_{self._tables}", "autofilter": False, "style": None,
                "columns": [{"header": heading, "header_format": self.styles.heading} for heading in headings],
            },
        )  # fmt: skip
        lines = (math.ceil(len(heading) / width) + 1 for heading, width in zip(headings, self._widths, strict=False))
        page.set_row(self.row, LINE * max(3, *lines))
        for row, values in enumerate(found, first):
            for column, ((_, style), value) in enumerate(zip(columns, values, strict=True)):
                self._cell(row, column, value, style)
        self.row = last + 1
        return range(first, last + 1)

    def _cell(self, row: int, column: int, value: Value, style: str) -> None:
        if isinstance(value, str):
            self.sheet.page.write_string(row, column, clean(value), self.styles["text" if column == 0 else "aside"])
        elif value is not None:
            self.sheet.page.write_number(row, column, float(value), self.styles[style])

    def span(self, column: int, rows: range) -> str:
        """Reference to part of a column, for a chart."""
        ends = (xl_rowcol_to_cell(row, column, True, True) for row in (rows.start, rows.stop - 1))
        return f"='{self.sheet.name}'!{':'.join(ends)}"

    def leave(self) -> int:
        """Leave room for a chart; returns the row where it is to stand."""
        self.row += CHARTS + 1
        return self.row - CHARTS

    def chart(self, chart: Any, row: int, title: str, alt: str, x: dict[str, Any], y: dict[str, Any]) -> None:
        """Place a chart where room was left. alt: what it says, in a sentence; x, y: its axes."""
        chart.set_title({"name": in_a_chart(title), "name_font": {"size": 11}})
        chart.set_x_axis({"label_position": "low"} | x)
        chart.set_y_axis(y)
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 900, "height": 380})
        self.sheet.page.insert_chart(row, 0, chart, {"description": clean(alt)})


def _distinct(headings: Sequence[str]) -> list[str]:
    """Headings that differ when capitals do not count, as a spreadsheet wants them."""
    found: list[str] = []
    seen: set[str] = set()
    for heading in headings:
        tries = chain((heading,), (f"{heading} ({n})" for n in count(2)))
        found.append(next(one for one in tries if one.casefold() not in seen))
        seen.add(found[-1].casefold())
    return found


def worksheet(page: Page, sheet: RunSheet) -> None:
    """A page below what a sheet of the run holds already: sentences, tagged tables of numbers, charts of its own."""
    for number, line in enumerate(page.about):
        (sheet.say if number else sheet.section)(line)
    waiting: Figure | None = None
    for block in page.for_(SHEET):
        match block:
            case Heading():
                sheet.section(block.text)
            case Paragraph():
                sheet.say(block.text)
            case Notes():
                for line in block.lines:
                    sheet.say(line)
            case Figure():
                waiting = block
            case Table():
                columns = block.shown(SHEET)
                rows = sheet.table(
                    [(column.label, column.style) for column in columns],
                    ([_value(row, column) for column in columns] for row in block.records),
                    [column.width for column in columns],
                )
                if waiting is not None and waiting.drawn is not None and len(rows):
                    _chart(sheet, waiting.drawn, columns, rows, next(iter(page.sentences), page.title))
                waiting = None


def _value(row: dict[str, Any], column: PageColumn) -> str | float | None:
    """A cell as a number where there is one, else in words."""
    value: Any = row.get(column.key)
    if is_missing(value):
        value = row.get(column.words) if column.words else None
    if is_missing(value):
        return None
    return value if isinstance(value, str) else float(value)


def _chart(sheet: RunSheet, drawn: Drawn, columns: tuple[PageColumn, ...], rows: range, alt: str) -> None:
    at = [column.key for column in columns]
    some = range(rows.start, min(rows.stop, rows.start + drawn.most)) if drawn.most else rows
    chart = sheet.book.add_chart({"type": drawn.kind})

    def add(key: str, name: str, **more: Any) -> None:
        where = {"categories": sheet.span(at.index(drawn.labels), some), "values": sheet.span(at.index(key), some)}
        chart.add_series({"name": in_a_chart(name), **where, **more})

    if drawn.broad:
        add(drawn.broad, "frontier", line={"color": "#BBBBBB", "width": 7}, marker={"type": "none"})
    for number, (key, name) in enumerate(drawn.series):
        colour = COLOURS[number % len(COLOURS)]
        if drawn.kind == "line":
            line = {"color": colour, "width": 2, "dash_type": DASHES[number % len(DASHES)]}
            add(key, name, line=line, marker={"type": "none"})
            continue
        fill: dict[str, Any] = {"fill": {"color": colour}}
        if number % 2:
            fill = {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": colour, "bg_color": "#FFFFFF"}}
        add(key, name, overlap=100, gap=40, border={"color": colour}, **fill)
    values: dict[str, Any] = {
        "name": drawn.axis,
        "num_format": {"money": '"£"#,##0;-"£"#,##0', "share": "0%"}[drawn.style],
    }
    values |= {"min": 0, "max": 1} if drawn.style == "share" else {}
    labels = {"name": drawn.across} if drawn.across else {}
    said = drawn.alt or alt
    if drawn.kind == "line":
        sheet.chart(chart, sheet.leave(), drawn.title, said, labels, values)
    else:
        values |= {"label_position": "high"}
        sheet.chart(
            chart, sheet.leave(), drawn.title, said, values, labels | {"reverse": True, "label_position": "low"}
        )
