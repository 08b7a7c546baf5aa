"""A page: what an analysis has to say, in blocks that name no medium. `report/render.py` puts it into each of them.

An analysis has `frame` (its tidy table), `page()` and, where there is a chart, `figure()`; with `Paged` it is shown
short where Python or a notebook shows it.
"""

import html
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from costmodel.currency import Currency, significant
from costmodel.result.result import DETERMINISTIC, EXPECTED, Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.parameter import steps
from costmodel.scenario.probabilities import convention
from costmodel.words import chance

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart

TEXT, FILE, SCREEN, SHEET = "text", "file", "screen", "sheet"
"""Kinds of media: lines of characters (a terminal), and more of them in a file (Markdown, which shows all that TEXT
does), drawn pages (HTML, the dashboard), and a worksheet."""
EVERYWHERE = (TEXT, SCREEN, SHEET)
NONE = "–"
"""A number that there is not."""

WRITTEN: dict[str, Callable[[float], str]] = {
    "share": lambda value: f"{value:.1%}",
    "chance": chance,
    "count": lambda value: f"{value:,.0f}",
    "whole": lambda value: f"{value:,.0f}",
    "months": lambda value: f"{value:,.2f}",
    "tiny": lambda value: f"{value:.1e}",
}
"""How numbers of a style are read, money in the page's currency and others to four significant figures. The names are
those of the workbook's cells."""


def shows(only: Sequence[str], medium: str) -> bool:
    """Whether what is for some media is shown in one."""
    return medium in only or (medium == FILE and TEXT in only)


@dataclass(frozen=True)
class Heading:
    """What the blocks after it are about. sheet: in print they begin a new sheet of paper."""

    text: str
    only: Sequence[str] = EVERYWHERE
    sheet: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A sentence or more. strong: what a reader is to take away."""

    text: str
    strong: bool = False
    only: Sequence[str] = EVERYWHERE


@dataclass(frozen=True)
class Notes:
    """Lines under a heading; nothing where there are none. names: lines of a word, which may stand in one line."""

    heading: str
    lines: tuple[str, ...]
    names: bool = False
    only: Sequence[str] = EVERYWHERE


@dataclass(frozen=True)
class Column:
    """A column of a table. style: how its numbers are written, a key of `WRITTEN`, "money", "rounded", "label", "text",
    or "interval": two amounts of money, the second in the column `to`.

    words: the column of the frame that says the same with its unit; it is read instead of the number, and stands in
    a worksheet where there is no number. only: the media that show it. right: whether text is set to the right.
    width: in a worksheet, characters. link: the column with an address, for files. people: the group whose money is
    read; a worksheet has that of one person.
    """

    key: str
    label: str
    style: str = "label"
    words: str = ""
    only: Sequence[str] = EVERYWHERE
    right: bool = True
    width: int = 14
    link: str = ""
    people: int = 1
    to: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headings. frame: one row each, numbers as numbers. most: rows shown where there is little room."""

    frame: "pd.DataFrame"
    columns: tuple[Column, ...]
    most: int | None = None
    name: str = "table"
    only: Sequence[str] = EVERYWHERE
    currency: Currency | None = None
    """In which its money is written; that of the page if left out."""

    def shown(self, medium: str) -> tuple[Column, ...]:
        """The columns that a medium shows."""
        return tuple(column for column in self.columns if shows(column.only, medium))

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its rows by the names of the frame's columns."""
        return [{str(key): value for key, value in row.items()} for row in self.frame.to_dict("records")]

    def cells(self, medium: str, most: int | None = None) -> list[list[str]]:
        """The rows in words, as they are read."""
        columns = self.shown(medium)
        rows = [[written(row, column, self.currency) for column in columns] for row in self.records[:most]]
        if medium == FILE:
            for row, cells in zip(self.records, rows, strict=False):
                for at, column in enumerate(columns):
                    if column.link and row[column.link]:
                        cells[at] = f"[{cells[at]}]({row[column.link]})"
        return rows


@dataclass(frozen=True)
class Drawn:
    """How a spreadsheet draws a figure itself from the table that follows it.

    kind: bar or line. labels: the column of the labels. series: columns with their names. axis, across: titles of the
    axis of values and of the other. most: rows drawn. alt: what it says, the first sentence of the page if left out.
    broad: a column that is drawn as a broad grey line under the others.
    """

    kind: str
    labels: str
    series: tuple[tuple[str, str], ...]
    title: str
    axis: str
    style: str = "money"
    most: int | None = None
    across: str = ""
    alt: str = ""
    broad: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart, drawn when a medium asks for it; the chart has its takeaway and its alternative text."""

    draw: "Callable[[], Chart]"
    name: str = "figure"
    height: int | None = None
    drawn: Drawn | None = None
    only: Sequence[str] = EVERYWHERE


Block = Heading | Paragraph | Notes | Table | Figure


@dataclass(frozen=True)
class Page:
    """What an analysis has to say.

    about: lines on what is asked, of whom, in which unit. scenario: of what; its changes and standing close the page.
    drawn: with how many draws and which seed. data: what a program reads beside the rows, the schema first. frame: the
    rows that it reads; those of the first table if left out. again: the command that gives the same.
    in_currency: of its money, where it has no scenario. told: how many of the scenario's first changes need no telling.
    """

    title: str
    blocks: tuple[Block, ...]
    about: tuple[str, ...] = ()
    scenario: Scenario | None = None
    drawn: str = ""
    warnings: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    frame: "pd.DataFrame | None" = None
    again: str = ""
    in_currency: Currency | None = None
    told: int = 0

    @property
    def currency(self) -> Currency | None:
        """In which its money is written: the scenario's where it is not said."""
        return self.in_currency or (self.scenario.setting.currency if self.scenario else None)

    def for_(self, medium: str) -> Iterator[Block]:
        """The blocks that a medium shows."""
        for block in self.blocks:
            if isinstance(block, Table) and block.currency is None:
                block = replace(block, currency=self.currency)
            if shows(block.only, medium):
                yield block

    @property
    def sentences(self) -> list[str]:
        """Everything that is said in words, each once: what a program passes on to a reader."""
        said: dict[str, None] = {}
        for block in self.blocks:
            if isinstance(block, Paragraph):
                said[block.text] = None
            elif isinstance(block, Notes) and not block.names:
                said |= dict.fromkeys(block.lines)
        return list(said)

    @property
    def rows(self) -> "pd.DataFrame":
        """The rows that a program reads."""
        import pandas as pd

        if self.frame is not None:
            return self.frame
        return next((block.frame for block in self.blocks if isinstance(block, Table)), pd.DataFrame())


def titled(scenario: Scenario) -> str:
    """The title of a page about a scenario."""
    return f"{scenario.model.title} ({scenario.model.label})"


def drawn_of(result: Result) -> str:
    """With how many draws a result was made, and which."""
    if not result.draws:
        return "no draws"
    return f"{result.draws:,} draws, seed {result.seed}" + (", Sobol sequence" if result.sampling == "sobol" else "")


def page_of(
    result: Result, blocks: Iterable[Block], about: tuple[str, ...], data: Mapping[str, Any],
    frame: "pd.DataFrame | None" = None, warnings: tuple[str, ...] = (),
) -> Page:  # fmt: skip
    """A page about a result. warnings: those of the page beside the result's own."""
    scenario, every = result.scenario, (*result.warnings, *warnings)
    return Page(titled(scenario), tuple(blocks), about, scenario, drawn_of(result), every, data, frame)


def reading_label(result: Result, name: str) -> str:
    """What a reading of the model is called."""
    if name == EXPECTED:
        return f"Expected value of {result.draws:,} draws"
    if name == DETERMINISTIC:
        return "Deterministic: central values"
    model, value = result.scenario.model, result.scenario.value
    if name in result.conventions:
        return f"Given: {result.conventions[name].given}"
    if name in model.strata:
        return f"{model.strata[name].label} ({value(model.strata[name].share):.0%} of people)"
    return f"{model.weighted[name].label} (weight {value(model.weighted[name].weight):g})"


def _discount(scenario: Scenario, reference: str | int) -> float | dict[str, float]:
    """A discount rate; by the year from which it holds where it changes."""
    found = {f"{begin:g}": scenario.value(rate) for begin, rate in steps(scenario.parameters, reference)}
    return found["0"] if len(found) == 1 else found


def of_run(result: Result, perspective: str | None = None) -> dict[str, Any]:
    """What a run was made with, for a program. perspective: the one whose rows are kept."""
    scenario = result.scenario
    model, setting = scenario.model, scenario.setting

    return {
        "setting": setting.title,
        "price_year": setting.price_year,
        "follow_up_months": model.follow_up.months,
        "horizon_months": model.horizon.months,
        "beyond_follow_up": model.beyond_follow_up,
        "cycle_months": result.cycle_months,
        "convention": convention(model),
        "people": model.people,
        "discount": {
            "costs": _discount(scenario, setting.discount.costs),
            "health": _discount(scenario, setting.discount.health),
        },
        "threshold": result.threshold,
        "perspective": perspective,
        "draws": result.draws,
        "seed": result.seed,
        "sampling": result.sampling,
        "given": sorted(result.given or ()),
        "run_id": result.run_id,
    }


def is_missing(value: Any) -> bool:
    """Whether a cell of a frame holds nothing."""
    return value is None or value != value or str(value) == "<NA>"


def written(row: Mapping[str, Any], column: Column, currency: Currency | None = None) -> str:
    """A cell as it is read. currency: of money, which is a bare number without."""
    value: Any = row.get(column.words or column.key)
    if is_missing(value):
        return "" if column.style in ("text", "label") else NONE
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not math.isfinite(value):
        return NONE
    if column.style == "money" and currency is not None:
        return currency.money(value * column.people)
    if column.style == "interval" and currency is not None:
        return currency.interval(value * column.people, row[column.to] * column.people) or NONE
    return WRITTEN[column.style](value) if column.style in WRITTEN else f"{significant(float(value), 4):,.10g}"


def table_html(table: Table, most: int | None = None) -> str:
    """A table as HTML, all of its text literal; what may be broken into lines has the class `words`."""
    columns = table.shown(SCREEN)
    kinds = [" class=words" * (one.style in ("label", "text") or bool(one.words)) for one in columns]

    def row(cells: Iterable[str], tag: str) -> str:
        told = zip(cells, kinds, strict=True)
        return f"<tr>{''.join(f'<{tag}{kind}>{html.escape(cell)}</{tag}>' for cell, kind in told)}</tr>"

    body = "".join(row(cells, "td") for cells in table.cells(SCREEN, most))
    return f"<table><thead>{row((c.label for c in columns), 'th')}</thead><tbody>{body}</tbody></table>"


LONGEST, LONGEST_HTML, FEW_ROWS = 2_000, 20_000, 10
"""Bytes of an object as Python and as a notebook shows it, and rows of a table there."""


class Paged:
    """What an object with a page is by that alone: shown short, and a table by another name.

    A dataclass takes these in place of its own `repr` with `repr=False`.
    """

    def page(self) -> Page:
        """What it has to say."""
        raise NotImplementedError

    @property
    def frame(self) -> "pd.DataFrame":
        """Its tidy table."""
        return self.page().rows

    def to_frame(self) -> "pd.DataFrame":
        """The same as `frame`."""
        return self.frame

    def __repr__(self) -> str:
        page = self.page()
        strong = [block.text for block in page.blocks if isinstance(block, Paragraph) and block.strong]
        return cut("\n".join((page.title, *page.about, *strong)), LONGEST)

    def _repr_html_(self) -> str:
        page = self.page()
        parts = [f"<b>{html.escape(page.title)}</b>", *(f"<p>{html.escape(line)}</p>" for line in page.about)]
        for block in page.for_(SCREEN):
            if isinstance(block, Paragraph):
                part = f"<p>{html.escape(block.text)}</p>"
            elif isinstance(block, Table):
                part = table_html(block, FEW_ROWS)
            else:
                continue
            if len("".join((*parts, part)).encode()) > LONGEST_HTML:
                break
            parts.append(part)
        return "".join(parts)


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most so many bytes."""
    whole = text.encode()
    return text if len(whole) <= most else whole[: most - 3].decode(errors="ignore") + "…"
