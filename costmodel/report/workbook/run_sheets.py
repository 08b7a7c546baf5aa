"""The sheets that print the run: pages of the analyses, as Python makes them by default; nothing here recalculates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.analysis.incremental import incremental
from costmodel.analysis.psa import psa
from costmodel.analysis.sensitivity import break_even, tornado
from costmodel.analysis.voi import FEWEST_DRAWS, value_of_information
from costmodel.currency import Currency
from costmodel.errors import InputError
from costmodel.page import (
    SHEET,
    Column,
    Drawn,
    Figure,
    Heading,
    Notes,
    Page,
    Paged,
    Paragraph,
    Table,
    is_missing,
    titled,
    written,
)
from costmodel.report.answer import by_convention
from costmodel.report.workbook.sheet import HEADINGS, LINE, Sheet, clean, height, in_a_chart
from costmodel.result.result import Result

STEADY = 2_000
"""Draws below which nothing that was drawn is called steady."""
FIRST_WIDTH = 78
"""Width of the first column, which holds sentences and labels."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "square_dot", "dash_dot", "long_dash", "round_dot")
CHART_ROWS = 20
"""Rows that a chart covers."""


class RunSheet:
    """Writes pages downwards: sentences, tagged tables of numbers, charts of its own. `row`: the next free row.

    edits: formula of how many inputs were changed since the run.
    """

    def __init__(self, book: Any, sheet: Sheet, edits: str) -> None:
        self.book, self.sheet, self.row = book, sheet, HEADINGS
        self._tables, self._widths = 0, [float(FIRST_WIDTH)]
        sheet.page.set_column(0, 0, FIRST_WIDTH)
        sheet.page.set_row(HEADINGS, LINE)
        still = "These figures are of the original run, and every input is still as it was then."
        changed = (
            f'"These figures are of the original run; you changed "&{edits}&IF({edits}=1," input"," inputs")&'
            '" since, and they do not follow. Run it again for new ones."'
        )
        sheet.formula(2, 0, f'IF({edits}=0,"{still}",{changed})', still, "says")

    def say(self, text: str, style: str = "text") -> None:
        """A sentence, wrapped in the first column."""
        self.sheet.text(self.row, 0, text, style)
        self.sheet.page.set_row(self.row, height(text, FIRST_WIDTH))
        self.row += 1

    def section(self, text: str) -> None:
        """A heading, with a row left free above it."""
        self.sheet.text(self.row + 1, 0, text, "section")
        self.row += 2

    def write(self, page: Page) -> None:
        """A page below what stands already."""
        for number, line in enumerate(page.about):
            (self.say if number else self.section)(line)
        drawn: Drawn | None = None
        for block in page.for_(SHEET):
            match block:
                case Heading():
                    self.section(block.text)
                case Paragraph():
                    self.say(block.text)
                case Notes():
                    for line in block.lines:
                        self.say(line)
                case Figure():
                    drawn = block.drawn
                case Table():
                    rows = self._table(block)
                    if drawn is not None and rows:
                        self._chart(drawn, block, rows, next(iter(page.sentences), page.title))
                    drawn = None

    def _table(self, table: Table) -> range:
        """A tagged table, its columns as wide as the widest needs; returns its rows, if any."""
        page, columns, records = self.sheet.page, table.shown(SHEET), table.records
        first = self.row + 1
        rows = range(first, first + len(records))
        if not rows:
            return rows
        self._widths += [0.0] * (len(columns) - len(self._widths))
        for at, column in enumerate(columns):
            if column.width > self._widths[at]:
                self._widths[at] = column.width
                page.set_column(at, at, column.width)
        self._tables += 1
        name = "".join(c if c.isalnum() else "_" for c in self.sheet.name)
        headings = _distinct([clean(column.label) for column in columns])
        style = self.sheet.styles["heading"]
        tag = {"name": f"{name}_{self._tables}", "autofilter": False, "style": None}
        tag["columns"] = [{"header": heading, "header_format": style} for heading in headings]
        page.add_table(self.row, 0, rows[-1], len(columns) - 1, tag)
        lines = (math.ceil(len(text) / width) + 1 for text, width in zip(headings, self._widths, strict=False))
        page.set_row(self.row, LINE * max(3, *lines))
        for row, record in zip(rows, records, strict=True):
            for at, column in enumerate(columns):
                self._cell(row, at, _value(record, column, table.currency), column.style)
        self.row = rows.stop
        return rows

    def _cell(self, row: int, column: int, value: str | float | None, style: str) -> None:
        if isinstance(value, str):
            self.sheet.text(row, column, value, "text" if column == 0 else "aside")
        elif value is not None:
            self.sheet.number(row, column, value, style)

    def _chart(self, drawn: Drawn, table: Table, rows: range, alt: str) -> None:
        """What a figure shows, drawn by the spreadsheet program from the table above it."""
        at = [column.key for column in table.shown(SHEET)]
        chart = self.book.add_chart({"type": drawn.kind})

        def span(key: str) -> str:
            shown = rows[: drawn.most] if drawn.most else rows
            ends = (xl_rowcol_to_cell(row, at.index(key), True, True) for row in (shown[0], shown[-1]))
            return f"='{self.sheet.name}'!{':'.join(ends)}"

        def add(key: str, name: str, **more: Any) -> None:
            where = {"categories": span(drawn.labels), "values": span(key)}
            chart.add_series({"name": in_a_chart(name), **where, **more})

        no_marker = {"type": "none"}
        if drawn.broad:
            add(drawn.broad, "frontier", line={"color": "#BBBBBB", "width": 7}, marker=no_marker)
        for number, (key, name) in enumerate(drawn.series):
            colour = COLOURS[number % len(COLOURS)]
            if drawn.kind == "line":
                line = {"color": colour, "width": 2, "dash_type": DASHES[number % len(DASHES)]}
                add(key, name, line=line, marker=no_marker)
                continue
            fill: dict[str, Any] = {"fill": {"color": colour}}
            if number % 2:
                fill = {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": colour, "bg_color": "#FFFFFF"}}
            add(key, name, overlap=100, gap=40, border={"color": colour}, **fill)
        sums = table.currency.cells("#,##0") if table.currency else "#,##0"
        numbers = {"money": f"{sums};-{sums}", "share": "0%"}[drawn.style]
        values: dict[str, Any] = {"name": drawn.axis, "num_format": numbers}
        values |= {"min": 0, "max": 1} if drawn.style == "share" else {}
        labels: dict[str, Any] = {"label_position": "low"} | ({"name": drawn.across} if drawn.across else {})
        axes = (labels, values)
        if drawn.kind != "line":
            axes = (values | {"label_position": "high"}, labels | {"reverse": True})
        self.row += CHART_ROWS + 1
        self.sheet.chart(chart, self.row - CHART_ROWS, drawn.title, drawn.alt or alt, *axes, width=900)


def _distinct(headings: Sequence[str]) -> list[str]:
    """Headings that differ when capitals do not count, as a spreadsheet wants them."""
    found: dict[str, str] = {}
    for heading in headings:
        text, number = heading, 1
        while text.casefold() in found:
            number += 1
            text = f"{heading} ({number})"
        found[text.casefold()] = text
    return list(found.values())


def _value(row: dict[str, Any], column: Column, currency: Currency | None) -> str | float | None:
    """A cell as a number where there is one, else in words; an interval is words."""
    value: Any = row.get(column.key) if column.style != "interval" else written(row, column, currency)
    if is_missing(value):
        value = row.get(column.words) if column.words else None
    if is_missing(value):
        return None
    return value if isinstance(value, str) else float(value)


def each_strategy(analysis: Callable[..., Paged]) -> Callable[[RunSheet, Result], None]:
    """What fills a sheet with the page of an analysis for each strategy."""

    def write(sheet: RunSheet, result: Result) -> None:
        for strategy in result.strategies[1:]:
            sheet.write(analysis(result.scenario, strategy=strategy).page())

    return write


def write_uncertainty(sheet: RunSheet, result: Result) -> None:
    """Everything that `cm.psa` says of the run."""
    if _drawn(sheet, result):
        _say_unsteady(sheet, result)
        sheet.write(psa(result).page())


def write_information(sheet: RunSheet, result: Result) -> None:
    """What `value_of_information` says of two questions: which strategy is best, and whether it pays for itself."""
    if not _drawn(sheet, result):
        return
    if result.draws < FEWEST_DRAWS:
        sheet.say(f"{result.draws:,} draws cannot value information: it takes at least {FEWEST_DRAWS}.")
        return
    sheet.say(
        "What is lost on average by deciding today, and how much of that each piece of knowledge would save. Worth is "
        "never negative. Less than its standard error is as good as nothing."
    )
    _say_unsteady(sheet, result)
    for kind in ("nmb", "cash"):
        try:
            sheet.write(value_of_information(result, kind).page())
        except InputError as error:
            sheet.say(f"Not valued: {'; '.join(f'{p.place}: {p.found}' for p in error.problems)}")


def write_conventions(sheet: RunSheet, result: Result) -> None:
    """The same people priced by each convention about money."""
    if not result.conventions:
        sheet.say("Nothing here changes what care beside therapy costs, and the scenario declares no convention.")
    for strategy in result.strategies[1:]:
        blocks = tuple(by_convention(result, strategy, list(result.setting.perspectives)))
        if blocks:
            of = result.scenario.model
            money = f"{result.setting.prices} for {of.people:,} people, undiscounted; a saving is positive"
            sheet.write(Page(titled(result.scenario), blocks, (of.strategies[strategy].label, money)))


def write_incremental(sheet: RunSheet, result: Result) -> None:
    """Each strategy against the next best one, for each payer; of two strategies the Summary says it."""
    if len(result.strategies) < 3:
        sheet.say("Two strategies have one step: the Summary compares them.")
        return
    for perspective in result.setting.perspectives:
        sheet.write(incremental(result, perspective).page())


def _drawn(sheet: RunSheet, result: Result) -> bool:
    """Whether there are draws; where there are none the sheet says so."""
    if result.expected is None:
        sheet.say(f"Nothing was drawn: the run has no draws. Run it with {STEADY:,} or more and this sheet is filled.")
    return result.expected is not None


def _say_unsteady(sheet: RunSheet, result: Result) -> None:
    if result.draws < STEADY:
        few = f"{result.draws:,} draws are few: none of these figures is steady. {STEADY:,} or more are usual."
        sheet.say(few, "strong_text")


OF_THE_RUN = (
    (
        "Conventions",
        "The same people priced by each convention about money, side by side and never averaged.",
        write_conventions,
    ),
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
