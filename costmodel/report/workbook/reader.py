"""The workbook's way back: what was typed into "Your value" on the sheet Inputs, as changes of the scenario.

Formulas and macros are not run. Only numbers are taken, and only from a workbook of the scenario that they change.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from math import isclose
from pathlib import Path
from typing import Any, TypeVar

import openpyxl
from defusedxml.ElementTree import iterparse
from openpyxl.utils import get_column_letter

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.model.run import run
from costmodel.report.workbook.compared import NEAR, compare
from costmodel.report.workbook.inputs import MOST_MONTHS, declared_time, moves_the_centre, time_at
from costmodel.report.workbook.live import INPUTS
from costmodel.report.workbook.sheet import CHANGES, FORMAT, clean
from costmodel.scenario.build import Scenario
from costmodel.scenario.fields import Instant
from costmodel.scenario.read import LARGEST_NUMBER, parse_text
from costmodel.scenario.schema import Base, OverlayFile
from costmodel.scenario.validate import number_hint, validate
from costmodel.units import Duration, out_of_support
from costmodel.version import engine

Content = TypeVar("Content")
FILE, PROVENANCE = "workbook", "Provenance"
"""Places: the file as such, and the sheet that says what it was made from."""
OUTSIDE = "its distribution cannot be moved there, so that it has no spread."
NOT_COMPARED = "Its formulas were not compared with the model's: another version of the program or scenario wrote them."
NAMES = ("Id", "Default", "Your value", "Used", "In the model")
"""The headings that are looked for, wherever they stand in the first rows."""
MOST_BYTES, MOST_UNZIPPED, MOST_PARTS = 8_000_000, 60_000_000, 1_000
HIGHEST_RATIO = 100
"""Unzipped to zipped. Workbooks of numbers and formulas reach about 15."""
MOST_ROWS, MOST_COLUMNS, FIRST_ROWS = 5_000, 60, 30
OLE2, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK"
"""How files of the old Excel format, or with a password, begin; and archives, among them .xlsx."""
DECLARATIONS = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")
)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
AGAIN = (
    "Take the workbook that this program wrote, type your values into it and save it as .xlsx, "
    "without password and macros."
)
PUT_BACK = 'Put it back, and type your own number into "Your value".'
DAYS = range(36_526, 54_789)
"""2000 to 2049 as a spreadsheet counts days."""
FAR = 10
"""So many times the default, a whole number like a day's is taken for a date."""


@dataclass(frozen=True)
class InputCell:
    """A cell of the sheet Inputs. formula: whether it holds one; its value is then what was stored with it, if any."""

    place: str
    value: Any = None
    formula: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing was written into it."""
        return self.value is None and not self.formula

    @property
    def number(self) -> float:
        """What it holds. Raises InputError for anything but a number."""
        if self.value is None:
            remedy = "Open and save the workbook in a spreadsheet program first, or type the number."
            raise InputError.at(self.place, "a formula without a stored value stands here", remedy)
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            text = clean(self.value)[:40].strip()
            remedy = f"Type a number, {number_hint(text)}; format the cell as a number, or empty it."
            raise InputError.at(self.place, f'"{text}" is no number', remedy)
        if not abs(self.value) <= LARGEST_NUMBER:
            raise InputError.at(self.place, "the number is too large", f"At most {LARGEST_NUMBER:,}.")
        return float(self.value)

    def holds(self, number: float) -> bool:
        """Whether this number stands in it."""
        return type(self.value) in (int, float) and isclose(self.value, number, rel_tol=NEAR)


@dataclass(frozen=True)
class Row:
    """A row of the sheet Inputs by heading."""

    id: str
    default: InputCell
    yours: InputCell
    used: InputCell
    model: InputCell


@dataclass(frozen=True)
class Opened:
    """What a workbook holds. title, file, engine, sha256: of the scenario that it was made from.

    content: the file. format: of its sheets. saved: that scenario as a file of changes. base: which it names; None in a
    workbook of version 0.1.0.
    """

    rows: tuple[Row, ...]
    title: str
    file: str
    engine: str
    sha256: str
    saved: bytes
    base: Base | None
    format: str
    content: bytes = field(repr=False)


@by_content
@dataclass(frozen=True)
class Returned:
    """What a workbook brings back.

    changes: by parameter name, or by path for durations, as `Scenario.changed` takes them.
    scenario: with these changes. warnings: what is unusual, in sentences. held: which numbers have no spread any more.
    """

    changes: Mapping[str, Any]
    scenario: Scenario
    warnings: tuple[str, ...]
    held: frozenset[str] = frozenset()

    @property
    def paths(self) -> dict[str, Any]:
        """The changes by path, as an overlay takes them."""
        names = self.scenario.parameters
        keys = {name: "fixed" if name in self.held else "value" for name in self.changes}
        return {f"parameters.{n}.{keys[n]}" if n in names else n: value for n, value in self.changes.items()}


def read_changes(content: bytes, scenario: Scenario) -> Returned:
    """What a workbook of a scenario changes in it; values that stand already are left out.

    Raises InputError for a file that is no workbook of this scenario, and with every cell that cannot be used.
    """
    return changes_of(opened(content), scenario)


def is_workbook(content: bytes) -> bool:
    """Whether the content is to be read as a workbook, going by its first bytes."""
    return content.startswith((OLE2, ZIP))


def opened(content: bytes) -> Opened:
    """Read a workbook. Raises InputError if it is none of this program's, or not safe to read."""
    return _whole(partial(_opened, content))


def _whole(read: Callable[[], Content]) -> Content:
    """What is read from a file. Raises InputError if that is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except InputError:
        raise
    except Exception as error:  # whatever a reader runs into in a part that is not as it should be
        raise InputError.at(FILE, "the file is damaged and cannot be read", AGAIN) from error


def _check_file(content: bytes) -> None:
    """Raises InputError unless the content is a macro-free .xlsx of bearable size with plain XML parts."""
    if len(content) > MOST_BYTES:
        raise InputError.at(FILE, f"the file has more than {MOST_BYTES:,} bytes", AGAIN)
    another = InputError.at(FILE, "this is no Excel workbook (.xlsx), or one protected by a password", AGAIN)
    if not content.startswith(ZIP):
        raise another
    with zipfile.ZipFile(BytesIO(content)) as package:
        parts = package.infolist()
        size = sum(part.file_size for part in parts)  # reading stops there, so that they cannot hold more
        if len(parts) > MOST_PARTS or size > MOST_UNZIPPED or size > HIGHEST_RATIO * len(content):
            found = (
                f"the file unpacks to {size:,} bytes in {len(parts):,} parts, {size / len(content):,.0f} times its size"
            )
            remedy = f"At most {MOST_UNZIPPED:,} bytes, {MOST_PARTS:,} parts and {HIGHEST_RATIO} times. {AGAIN}"
            raise InputError.at(FILE, found, remedy)
        names = [part.filename.lower() for part in parts]
        if "xl/workbook.xml" not in names or any(part.flag_bits & 1 for part in parts):
            raise another
        if len(set(names)) < len(names):
            raise ValueError("two parts have one name")
        for name, part in zip(names, map(package.read, parts), strict=True):
            if name.endswith("vbaproject.bin") or b"macroEnabled" in part:
                raise InputError.at(FILE, "the workbook holds macros", AGAIN)
            if any(word in part for word in DECLARATIONS) and name.endswith((".xml", ".rels")):
                found = f"its part {clean(name)[:60]!r} declares a document type or entities"
                raise InputError.at(FILE, found, f"No spreadsheet program writes them. {AGAIN}")


def _opened(content: bytes) -> Opened:
    _check_file(content)
    book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    missing = [name for name in (INPUTS, PROVENANCE) if name not in book.sheetnames]
    if missing:
        raise InputError(*(Problem(FILE, f'there is no sheet "{name}"', AGAIN) for name in missing))
    rows = book[PROVENANCE].iter_rows(max_row=MOST_ROWS, max_col=2, values_only=True)
    lines = [row for row in rows if len(row) == 2 and all(isinstance(text, str) for text in row)]
    facts = {name: clean(text)[:100] for name, text in reversed(lines)}
    saved = "".join(text for name, text in lines if name == CHANGES)
    if "Scenario SHA-256" not in facts:
        found = "it does not say which scenario the workbook was made from (Scenario SHA-256)"
        raise InputError.at(PROVENANCE, found, AGAIN)
    return Opened(
        rows=tuple(_rows(book[INPUTS], set(_formulas(book, book[INPUTS])))),
        title=clean(book.properties.title or "")[:100],
        file=facts.get("Scenario file", ""),
        engine=facts.get("Engine", ""),
        sha256=facts["Scenario SHA-256"],
        saved=saved.encode(),
        base=_base(saved),
        format=facts.get("Format of this workbook", ""),
        content=content,
    )


def _base(saved: str) -> Base | None:
    """The base that the changes name. Raises InputError if they were tampered with."""
    if not saved:
        return None
    place = Path(f"{PROVENANCE}, {CHANGES}")
    tree = parse_text(saved.encode(), place)
    file, problems, _ = validate(OverlayFile, tree)
    if tree.problems or problems or file is None or file.base is None:
        lacking = Problem(str(place), "the changes name no base", AGAIN)
        raise InputError(*(tree.problems or problems or [lacking]))
    return file.base


def _formulas(book: Any, sheet: Any) -> Iterator[str]:
    """The cells of a sheet with a formula, which is neither read nor run."""
    with book._archive.open(sheet._worksheet_path) as part:
        for _, element in iterparse(part, forbid_dtd=True):
            if element.tag == f"{MAIN}c" and element.find(f"{MAIN}f") is not None:
                yield element.get("r", "")
            if element.tag == f"{MAIN}row":
                element.clear()


def _rows(sheet: Any, formulas: set[str]) -> Iterator[Row]:
    """The rows below the headings that hold anything in the columns read."""
    columns: list[int] = []
    sheet.reset_dimensions()
    for number, values in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True), 1):
        if not columns and all(values.count(name) == 1 for name in NAMES):
            columns = [values.index(name) for name in NAMES]
        elif columns:
            found = [_cell(values, column, number, formulas) for column in columns]
            if not (found[0].blank and found[2].blank):
                yield Row(clean(found[0].value)[:200] if isinstance(found[0].value, str) else "", *found[1:])
        elif number >= FIRST_ROWS:
            break
    if not columns:
        wanted = ", ".join(f'"{name}"' for name in NAMES)
        raise InputError.at(INPUTS, f"the headings {wanted} do not stand in one row", AGAIN)


def _cell(values: tuple[Any, ...], column: int, number: int, formulas: set[str]) -> InputCell:
    at = f"{get_column_letter(column + 1)}{number}"
    return InputCell(f"{INPUTS}!{at}", values[column] if column < len(values) else None, at in formulas)


def changes_of(book: Opened, scenario: Scenario, *, another_version: bool = False) -> Returned:
    """As `read_changes`, for a workbook that has been opened.

    another_version: take what was typed although the scenario has changed since; what differs is said in a line.
    """
    same = book.sha256 == scenario.sha256
    if not same and not another_version:
        found = (
            f'the workbook was made from another scenario or another version of it: "{book.title}" '
            f"({book.file}, SHA-256 {book.sha256[:12]}…), not from {scenario.path.name} ({scenario.sha256[:12]}…)"
        )
        raise InputError.at(PROVENANCE, found, "Give the scenario it was made from, or write the workbook anew.")
    problems: list[Problem] = []
    changes: dict[str, Any] = {}
    places: dict[str, str] = {}
    moved: list[str] = []
    for row in book.rows:
        try:
            if f"{INPUTS} {row.id}" not in places:
                changes |= _change(row, scenario, None if same else moved)
            elif not (row.default.blank and row.yours.blank):
                raise InputError.at(row.yours.place, f'a second row has the Id "{row.id}"', "Take it out.")
        except InputError as error:
            problems += error.problems
        places.setdefault(f"{INPUTS} {row.id}", row.yours.place)
    changed, held = scenario, frozenset[str]()
    try:
        changed, held = _changed(scenario, changes)
        result = run(changed, draws=0, strata=False)
    except InputError as error:
        problems += _at_cells(error, places, changes)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    said = [] if same else [_other_version(book, scenario, moved)]
    if same and book.engine == engine() and book.format == FORMAT:
        said += _whole(partial(compare, book.content, scenario, result))
    else:
        said.append(NOT_COMPARED)
    said += [f"{name} is held at {changes[name]:g} in every draw: {OUTSIDE}" for name in sorted(held)]
    return Returned(changes, changed, (*said, *_unusual(book, scenario, changed)), held)


def _changed(scenario: Scenario, changes: Mapping[str, Any]) -> tuple[Scenario, frozenset[str]]:
    """The scenario with what was typed; and which numbers are held: their distributions cannot be moved there."""
    try:
        return scenario.changed(changes, by=INPUTS), frozenset()
    except InputError as error:
        named = {problem.place for problem in error.problems}
        held = {name: x for name, x in changes.items() if name in scenario.leaves and f"{INPUTS} {name}" in named}
        if not held:
            raise
    rest = {name: value for name, value in changes.items() if name not in held}
    return scenario.changed(rest, by=INPUTS).changed(held, by=INPUTS, fix=True), frozenset(held)


def _at_cells(error: InputError, places: Mapping[str, str], changes: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems at the cells that were typed, with a remedy."""
    typed = ", ".join(places[f"{INPUTS} {name}"] for name in changes)
    for problem in error.problems:
        place = places.get(problem.place, f"{typed} ({problem.place})")
        yield replace(problem, place=place, remedy=problem.remedy or "Type another number, or empty the cell.")


def _other_version(book: Opened, scenario: Scenario, moved: list[str]) -> str:
    """What is said where a workbook's scenario has changed since. moved: the defaults that are others now."""
    names = f"{', '.join(moved[:5])}{f' and {len(moved) - 5} more' if len(moved) > 5 else ''}"
    count = f"{len(moved)} of its defaults {'has' if len(moved) == 1 else 'have'} changed: {names}"
    return (
        f"The workbook was made from another version of {book.file}: its SHA-256 was {book.sha256[:12]}…, and is "
        f"{scenario.sha256[:12]}… now; {count if moved else 'its defaults are the same'}."
    )


def _unusual(book: Opened, before: Scenario, after: Scenario) -> Iterator[str]:
    if book.engine != engine():
        yield f"The workbook was written by {book.engine or 'an unnamed program'}; this is {engine()}."
    for name in (before.model.cohort.age, before.model.cohort.female):  # the life table is not in the workbook
        if isinstance(name, str) and after.central[name] != before.central[name]:
            yield f"The workbook holds deaths as they were before {name} changed; the model computes them anew."


def _change(row: Row, scenario: Scenario, moved: list[str] | None) -> dict[str, Any]:
    """The change that a row asks for, if any. Raises InputError naming the cell.

    moved: takes the Id where the default is another now; None where it must be the same.
    """
    record, declared = scenario.parameters.get(row.id), declared_time(scenario, row.id)
    choice = record is not None and bool(record.one_of)
    if not choice and row.id not in scenario.leaves and (declared is None or row.default.blank):
        if not row.yours.blank:
            raise InputError(_no_input(row, scenario))
        return {}
    for cell in (row.used, row.model, *((row.default,) if choice else ())):
        if not cell.formula:
            raise InputError.at(cell.place, f"the formula of {row.id} was overwritten", PUT_BACK)
    if record is None:
        assert declared is not None
        return _time(row, declared, _default(row, [declared.months], moved))
    if choice:
        default, now = scenario.central[record.operands[0]], scenario.central[row.id]
    else:
        now = scenario.leaves[row.id].central
        by_hand = scenario.changes[len((scenario.base or scenario).changes) :]
        before = [c.old for c in by_hand if moves_the_centre(c) and c.path.split(".")[1] == row.id][:1]
        default = _default(row, [*before, now], moved)
    value = default if row.yours.blank else _value(row.yours, default)
    if isclose(value, now, rel_tol=NEAR):
        return {}
    if choice and row.yours.blank:
        remedy = f"Type the price of the option ({default:g}), or choose the option in the scenario."
        raise InputError.at(row.yours.place, "a value of your own was taken out of a choice", remedy)
    if fault := out_of_support(record.unit, value):
        raise InputError.at(row.yours.place, f"{row.id}: {fault}", f"Allowed: {record.unit.support}.")
    return {row.id: value}


def _default(row: Row, possible: list[float], moved: list[str] | None) -> float:
    """What a row's default is: the first possible number that stands there; the first of all in another version."""
    default = next((number for number in possible if row.default.holds(number)), None)
    if default is not None:
        return default
    if moved is None:
        found = f"the default of {row.id} was {possible[0]:g} and was overwritten"
        raise InputError.at(row.default.place, found, PUT_BACK)
    moved.append(row.id)
    return possible[0]


def _time(row: Row, declared: Duration | Instant, default: float) -> dict[str, Any]:
    """The change of a duration, or of the time after an anchor."""
    months = default if row.yours.blank else _value(row.yours, default)
    if not 0 <= months <= MOST_MONTHS:
        remedy = f"Type months, from 0 to {MOST_MONTHS:,}."
        raise InputError.at(row.yours.place, f"{row.id}: {months:g} months is not a time", remedy)
    if isclose(months, default, rel_tol=NEAR):
        return {}
    if isinstance(declared, Instant) and (declared.or_later or row.id.endswith(".or_later")):
        found = f"{row.id} is the later of two moments, which is not read back"
        raise InputError.at(row.yours.place, found, "Empty the cell. Change the scenario file.")
    length = f"{Decimal(repr(months)).normalize():f} month{'' if months == 1 else 's'}"
    if isinstance(declared, Instant):
        return {row.id: f"{declared.anchor} + {length}" if months else declared.anchor}
    return {row.id: length}


def _value(cell: InputCell, default: float) -> float:
    value = cell.number
    if value in DAYS and value > FAR * abs(default):
        found = f"{value:.0f} is what a spreadsheet makes of a date such as 3-4; the default is {default:g}"
        raise InputError.at(cell.place, found, "Type the number again; if it is meant, change the scenario file.")
    return value


def _no_input(row: Row, scenario: Scenario) -> Problem:
    """Why a row takes no value."""
    place, record = row.yours.place, scenario.parameters.get(row.id)
    if not row.id:
        return Problem(place, "a value stands in a row without an Id", "Type values only beside an Id.")
    times = ".over_time." in row.id or any(time_at(one.model, row.id) for one in scenario.structures)
    if record is None and not row.default.blank and not times:
        return Problem(place, f'there is no parameter "{row.id}"', nearest(row.id, scenario.parameters))
    remedy = f"Change what it is made of: {', '.join(record.operands)}." if record else "Change the scenario file."
    return Problem(place, f"{row.id} is worked out or fixed here, and takes no value", f"Empty the cell. {remedy}")
