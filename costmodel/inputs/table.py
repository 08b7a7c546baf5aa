"""CSV data files, read strictly: columns by name, every fault with its file and line, all at once."""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from costmodel.errors import InputError, Problem, nearest

LARGEST_FILE = 1_000_000
"""Bytes."""

MARK = "#"
"""Begins a remark."""

STATUSES = ("read", "derived", "recalled", "assumption")

_DECIMAL = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", flags=re.ASCII)
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK": "an Excel or zip file, not text"}


@dataclass(frozen=True)
class Row:
    """One row of a table: its cells by column, stripped of blanks, and where it stands."""

    place: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table of text. place: the file's name. remark: the first line after its mark, where it has one."""

    place: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    remark: str = ""


def read_table(
    path: Path, columns: Sequence[str] = (), largest_file: int = LARGEST_FILE, remarked: bool = False
) -> Table:
    """Read a CSV file.

    columns: exactly these must be there, in any order; left out, the header names them as it likes.
    remarked: a first line that begins with MARK is a remark.
    Raises InputError naming file and line.
    """
    text = _text(path, largest_file)
    if not remarked or not text.startswith(MARK):
        return _table(text, path.name, columns)
    remark, _, rest = text.partition("\n")
    return replace(_table(rest, path.name, columns, first=2), remark=remark.removeprefix(MARK).strip())


def _text(path: Path, largest_file: int) -> str:
    try:
        size = path.stat().st_size
        if size > largest_file:
            raise InputError.at(path.name, f"the file has {size:,} bytes", f"At most {largest_file:,}.")
        content = path.read_bytes()
    except OSError as error:
        raise InputError.at(path.name, f"the file cannot be opened ({error.strerror})") from error
    for mark, encoding in _OTHER_ENCODINGS.items():
        if content.startswith(mark):
            raise InputError.at(path.name, f"the file is {encoding}", "Save it as CSV in UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte {content[error.start]:#04x} is not UTF-8; the file may be Windows-1252"
        raise InputError.at(f"{path.name}, line {line}", found, "Save it as CSV in UTF-8.") from error
    if "\0" in text:
        raise InputError.at(path.name, "the file holds zero bytes", "Save it as CSV in UTF-8.")
    return text


def _table(text: str, name: str, columns: Sequence[str], first: int = 1) -> Table:
    """first: the number of the text's first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: list[Row] = []
    problems: list[Problem] = []
    line = first
    try:
        for fields in reader:
            cells = [field.strip() for field in fields]
            place = f"{name}, line {line}"
            line = reader.line_num + first
            if not cells:
                continue
            if not header:
                header = cells
                _check_header(header, columns, place)
            elif len(cells) != len(header):
                found = f"the row has {len(cells)} cells and the header {len(header)}"
                problems.append(Problem(place, found, "Put text that contains commas in double quotes."))
            else:
                rows.append(Row(place, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise InputError.at(f"{name}, line {line}", f"not valid CSV ({error})") from error
    if not header:
        raise InputError.at(name, "the file is empty", f"Columns: {', '.join(columns)}." if columns else "")
    if not rows:
        problems.append(Problem(name, "the file has a header and no rows"))
    if problems:
        raise InputError(*problems)
    return Table(name, tuple(header), tuple(rows))


def _check_header(header: Sequence[str], columns: Sequence[str], place: str) -> None:
    problems = [
        Problem(place, f'the column "{column}" stands twice', "Keep one.")
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
    if columns:
        missing = [column for column in columns if column not in header]
        if len(header) == 1 and ";" in header[0]:
            remedy = "Separate columns with commas, and write 0.35 for 0,35."
            raise InputError.at(place, "the columns are separated by semicolons", remedy)
        problems += [
            Problem(place, f'there is no column "{column}"', f"Columns: {', '.join(columns)}.") for column in missing
        ]
        problems += [
            Problem(place, f'the column "{column}" is not known', nearest(column, missing or columns))
            for column in header
            if column not in columns
        ]
    if problems:
        raise InputError(*problems)


def number(row: Row, column: str) -> float:
    """The number in a cell. Raises InputError unless it is a plain finite decimal."""
    text = row.cells[column]
    if not _DECIMAL.fullmatch(text) or not math.isfinite(float(text)):
        remedy = "Write a plain decimal such as 1200 or 0.035: no %, no thousands separator, no decimal comma."
        raise InputError.at(row.place, f'{column} "{text[:40]}" is not a finite number', remedy)
    return float(text) + 0.0


def provenance_problems(row: Row) -> list[Problem]:
    """What is wrong with the columns `status` and `source` of a row."""
    problems = []
    if row.cells["status"] not in STATUSES:
        found = f'there is no status "{row.cells["status"][:40]}"'
        problems.append(Problem(row.place, found, nearest(row.cells["status"], STATUSES)))
    if not row.cells["source"]:
        problems.append(Problem(row.place, "the source is missing", "Say where the number was seen."))
    return problems
