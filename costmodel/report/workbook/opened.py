"""A workbook that somebody brings, as plain values: the rows of its sheet Inputs and what Provenance says."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from defusedxml.ElementTree import iterparse
from openpyxl.utils import get_column_letter

from costmodel.errors import InputError, Problem
from costmodel.report.workbook import package
from costmodel.report.workbook.sheet import clean
from costmodel.scenario.faults import number_hint, validate
from costmodel.scenario.read import LARGEST_NUMBER, parse_text
from costmodel.scenario.schema import Base, OverlayFile

INPUTS, PROVENANCE = "Inputs", "Provenance"
CHANGES = "Changes as a file"
"""Rows of Provenance that hold, one after the other, what a scenario file of the changes would say."""
NAMES = ("Id", "Default", "Your value", "Used", "In the model")
"""The headings that are looked for, wherever they stand."""
MOST_ROWS, MOST_COLUMNS = 5_000, 60
FIRST_ROWS = 30
"""Where headings are looked for."""
WITHOUT_VALUE = (
    "a formula without a stored value stands here",
    "Open and save the workbook in a spreadsheet program first, or type the number.",
)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DATES = (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)


@dataclass(frozen=True)
class Found:
    """A cell. fault, remedy: why its content is no number and what to do, or ""."""

    place: str
    value: Any = None
    formula: bool = False
    fault: str = ""
    remedy: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was written into it."""
        return self.value is None and not self.fault


@dataclass(frozen=True)
class Row:
    """A row of the sheet Inputs by heading."""

    id: str
    default: Found
    yours: Found
    used: Found
    model: Found


@dataclass(frozen=True)
class Opened:
    """What a workbook holds. title, file, engine, sha256: of the scenario that it was made from.

    saved: that scenario as a file of changes. base: which it names; None in a workbook of version 0.1.0.
    """

    rows: tuple[Row, ...]
    title: str
    file: str
    engine: str
    sha256: str
    saved: bytes
    base: Base | None
    warnings: tuple[str, ...]


@dataclass
class _Marks:
    """What the XML of a sheet says beside its values."""

    formulas: set[str] = field(default_factory=set)
    without_value: set[str] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def opened(content: bytes) -> Opened:
    """Read a workbook. Raises InputError if it is none of this program's, or not safe to read."""
    package.check(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _opened(content)
    except InputError:
        raise
    except Exception as error:  # whatever the parser runs into in a part that is not as it should be
        raise package.damaged() from error


def _opened(content: bytes) -> Opened:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    missing = [name for name in (INPUTS, PROVENANCE) if name not in book.sheetnames]
    if missing:
        problems = [Problem(package.PLACE, f'there is no sheet "{name}"', package.AGAIN) for name in missing]
        raise InputError(*problems)
    facts, saved = _facts(book[PROVENANCE])
    marks = _marks(book, book[INPUTS])
    if marks.merged:
        found = f"cells are merged ({clean(', '.join(marks.merged))[:60]})"
        raise InputError.at(INPUTS, found, "Split them again: a merged cell hides what stands beneath it.")
    return Opened(
        rows=tuple(_rows(book[INPUTS], marks)),
        title=clean(book.properties.title or "")[:100],
        file=facts.get("Scenario file", ""),
        engine=facts.get("Engine", ""),
        sha256=facts["Scenario SHA-256"],
        saved=saved.encode(),
        base=_base(saved),
        warnings=tuple(_hidden(book, marks)),
    )


def _facts(sheet: Any) -> tuple[dict[str, str], str]:
    """What Provenance says, by name, and the changes as the text of a file."""
    facts: dict[str, str] = {}
    saved: list[str] = []
    for row in sheet.iter_rows(max_row=MOST_ROWS, max_col=2, values_only=True):
        if len(row) == 2 and all(isinstance(text, str) for text in row):
            if row[0] == CHANGES:
                saved.append(row[1])
            facts.setdefault(row[0], clean(row[1])[:100])
    if "Scenario SHA-256" not in facts:
        found = "it does not say which scenario the workbook was made from (Scenario SHA-256)"
        raise InputError.at(PROVENANCE, found, package.AGAIN)
    return facts, "".join(saved)


def _base(saved: str) -> Base | None:
    """The base that the changes name. Raises InputError if they were tampered with."""
    if not saved:
        return None
    place = Path(f"{PROVENANCE}, {CHANGES}")
    tree = parse_text(saved.encode(), place)
    file, problems, _ = validate(OverlayFile, tree)
    if tree.problems or problems or file is None or file.base is None:
        lacking = Problem(str(place), "the changes name no base", package.AGAIN)
        raise InputError(*(tree.problems or problems or [lacking]))
    return file.base


def _marks(book: Any, sheet: Any) -> _Marks:
    """Formulas, merged cells, and hidden rows and columns, which the values alone do not show."""
    marks = _Marks()
    with book._archive.open(sheet._worksheet_path) as part:
        for _, element in iterparse(part, forbid_dtd=True):
            tag = element.tag.removeprefix(MAIN)
            if tag == "c" and element.find(f"{MAIN}f") is not None:
                marks.formulas.add(element.get("r", ""))
                if not element.findtext(f"{MAIN}v"):
                    marks.without_value.add(element.get("r", ""))
            elif tag == "mergeCell":
                marks.merged.append(element.get("ref", ""))
            elif tag in ("row", "col") and element.get("hidden") in ("1", "true"):
                marks.hidden.append(_hidden_place(tag, element))
            if tag in ("row", "col"):
                element.clear()
    return marks


def _hidden_place(tag: str, element: Any) -> str:
    if tag == "row":
        return f"row {int(element.get('r', 0))}"
    first, last = (get_column_letter(int(element.get(end, 1))) for end in ("min", "max"))
    return f"column {first}" if first == last else f"columns {first} to {last}"


def _hidden(book: Any, marks: _Marks) -> Iterator[str]:
    for name in (INPUTS, PROVENANCE):
        if book[name].sheet_state != "visible":
            yield f"The sheet {name} is hidden. It was read all the same."
    if marks.hidden:
        rest = f" and {len(marks.hidden) - 5} more" if len(marks.hidden) > 5 else ""
        yield f"On the sheet Inputs {', '.join(marks.hidden[:5])}{rest} are hidden. Their values count all the same."


def _rows(sheet: Any, marks: _Marks) -> Iterator[Row]:
    """The rows below the headings that hold anything in the columns read."""
    columns: dict[str, int] = {}
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS), 1):
        if not columns:
            columns = _headings(cells)
            if not columns and number >= FIRST_ROWS:
                break
            continue
        found = [_found(cells, columns[name], number, marks) for name in NAMES]
        if not (found[0].blank and found[2].blank):
            yield Row(_id(found[0]), *found[1:])
    if not columns:
        wanted = ", ".join(f'"{name}"' for name in NAMES)
        raise InputError.at(INPUTS, f"the headings {wanted} do not stand in one row", package.AGAIN)


def _headings(cells: Any) -> dict[str, int]:
    """The column (from 0) of each heading, if this row holds them all, each once."""
    texts = [cell.value for cell in cells]
    return {name: texts.index(name) for name in NAMES} if all(texts.count(name) == 1 for name in NAMES) else {}


def _id(cell: Found) -> str:
    return clean(cell.value)[:200] if isinstance(cell.value, str) else ""


def _found(cells: Any, column: int, number: int, marks: _Marks) -> Found:
    """A cell with what is wrong with it as a number; a blank one has neither value nor fault."""
    at = f"{get_column_letter(column + 1)}{number}"
    cell = cells[column] if column < len(cells) else None
    value = cell.value if cell is not None else None
    fault = _fault(cell, value) if at not in marks.without_value else WITHOUT_VALUE
    return Found(f"{INPUTS}!{at}", value, at in marks.formulas, *fault)


def _fault(cell: Any, value: Any) -> tuple[str, str]:
    """What stands in a cell instead of a number, and the remedy; twice "" for a number or nothing."""
    if value is None:
        return "", ""
    if cell.data_type == "e":
        return f"the error {clean(value)[:20]} stands here", "Type a number, or empty the cell."
    if isinstance(value, DATES):
        return f"the date {clean(value)[:30]} stands here", "Format the cell as a number and type the number again."
    if isinstance(value, bool):
        return f"the truth value {str(value).upper()} stands here", "Type a number, such as 0 or 1."
    if isinstance(value, str):
        text = clean(value)[:40].strip()
        found = f'the text "{text}" stands here'
        return found, f"Type a number, {number_hint(text)}." if text else "Empty the cell."
    if not abs(value) <= LARGEST_NUMBER:
        return "the number is too large", f"At most {LARGEST_NUMBER:,}."
    return "", ""
