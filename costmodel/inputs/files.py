"""The one gate of files: read (regular ones only, whole, no larger than they may be) and written whole; and CSV tables.

A pipe, a terminal, a socket or a device may never begin or never end, so none of them is opened. What a scenario takes
its numbers from lies, after links are followed, in the folder above its own: beside it, or in a folder beside its own.
Tables are read strictly: columns by name, every fault with its file and line, all at once.
"""

import contextlib
import csv
import errno
import io
import math
import os
import re
import socket
import stat
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from costmodel.errors import InputError, Problem, nearest

LARGEST_TEXT = 1_000_000
"""Bytes of a file that people write."""
LONGEST_NAME = 100
"""Characters of a name that are shown."""
LONGEST_STEM, LONGEST_SUFFIX = 150, 10
"""Of the name of a temporary file: bytes of the file's own name, and characters of its ending."""

_KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFIFO: "it is a pipe, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
    stat.S_IFCHR: "it is a device or a terminal, not a file",
    stat.S_IFBLK: "it is a device, not a file",
}
_FAULTS = {
    errno.ENOENT: os.strerror(errno.ENOENT),
    errno.ELOOP: "its links lead in a circle",
    errno.ENAMETOOLONG: "the path is longer than the system allows",
}
_DANGLING = "it is a link to a file that does not exist"
_NO_NAME = "its name holds a character that no file name can have"
_MISSING = {_FAULTS[errno.ENOENT], _FAULTS[errno.ENAMETOOLONG], _NO_NAME}
_CHANGED = "the file changed while it was read"


def read_bytes(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """The content of a regular file. most: bytes that it may have. Raises InputError naming the file."""
    name = path.name[:LONGEST_NAME]
    if fault := _fault(path):
        raise InputError.at(name, f"the file cannot be opened ({fault})")
    try:
        with open(path, "rb", opener=_opener) as file:
            found = os.fstat(file.fileno())  # the name may stand for another file by now
            if not stat.S_ISREG(found.st_mode):
                raise InputError.at(name, _CHANGED, "Run again.")
            if found.st_size > most:
                more = f"the file has {found.st_size:,} bytes; more than {most:,} bytes are not read"
                raise InputError.at(name, more, f"At most {most:,}.")
            content = file.read(found.st_size + 1)
    except OSError as error:
        raise InputError.at(name, f"the file cannot be opened ({error.strerror})") from error
    if len(content) != found.st_size:
        raise InputError.at(name, _CHANGED, "Run again.")
    return content


def named_file(name: str, naming: Path, place: str, anywhere: bool = False) -> Path:
    """The file that another one names. place: the line of `naming` that does.

    anywhere: whether it may lie outside the folder above that of `naming`.
    Raises InputError at that line unless it is a regular file.
    """
    path = naming.parent / name
    shown = Path(name).name[:LONGEST_NAME]
    if not anywhere and not _is_within(path, naming):
        remedy = "Put the file beside this one, or in a folder beside its own, and name it from here."
        raise InputError.at(place, f'"{name[:LONGEST_NAME]}" leads outside the folder of the scenarios', remedy)
    if fault := _fault(path):
        why = "" if fault == _FAULTS[errno.ENOENT] else f" ({fault})"
        found = f'the file "{shown}" {"does not exist" if fault in _MISSING else "cannot be opened"}{why}'
        raise InputError.at(place, found, "Check the path.")
    return path


def _is_within(path: Path, naming: Path) -> bool:
    try:
        root = os.path.dirname(os.path.realpath(naming.parent))
        return os.path.realpath(path).startswith(os.path.join(root, ""))
    except (OSError, ValueError):
        return True  # no such file can exist: what is wrong with it is said below


def _fault(path: Path) -> str:
    """Why a path cannot be read as a file; "" if nothing speaks against it."""
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except OSError as error:
        if error.errno == errno.ENOENT and os.path.islink(path):
            return _DANGLING
        return _FAULTS.get(error.errno or 0, error.strerror or "")
    except ValueError:
        return _NO_NAME
    return "" if kind == stat.S_IFREG else _KINDS.get(kind, "it is no regular file")


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def temporary_beside(path: Path) -> Path:
    """A new hidden name beside a file, under which it is filled before it takes its place in one step.

    What a process of this machine was filling when it was killed is taken away.
    """
    machine = f"{zlib.crc32(socket.gethostname().encode()):08x}"
    start = f".{os.fsencode(path.name)[:LONGEST_STEM].decode(errors='ignore')}."
    ours = re.compile(rf"{re.escape(start)}{machine}\.(\d+)\.[0-9a-f]{{8}}{re.escape(path.suffix[:LONGEST_SUFFIX])}")
    with contextlib.suppress(OSError):
        for name in os.listdir(path.parent):
            if (found := ours.fullmatch(name)) and not _is_running(int(found[1])):
                path.with_name(name).unlink(missing_ok=True)
    return path.with_name(f"{start}{machine}.{os.getpid()}.{uuid.uuid4().hex[:8]}{path.suffix[:LONGEST_SUFFIX]}")


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def write_whole(path: Path, write: Callable[[Path], object], option: str = "-o") -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place of `path` in one step.

    Raises InputError naming the option where the folder is missing or cannot be written.
    """
    check_folder(path, option)
    place = f"{option} {path}"
    temporary = temporary_beside(path)
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        write(temporary)
        temporary.chmod(mode)  # whoever writes may have put a private file in its place
        os.replace(temporary, path)
    except OSError as error:
        remedy = "Close it where it is open, free some space, or name another."
        raise InputError.at(place, f"the file cannot be written ({error.strerror})", remedy) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_csv(path: Path, content: str) -> None:
    """Write a table for people. Raises as `write_whole`.

    It has a byte-order mark, without which Excel shows the symbol of a currency as two letters.
    """
    write_whole(path, lambda temporary: temporary.write_text(content, "utf-8-sig"), "--csv")


def check_folder(path: Path, option: str) -> None:
    """Refuse a file that cannot be written, before anything long is done."""
    place = f"{option} {path}"
    folder = path.parent
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            named = f"{option} {path.name[:LONGEST_NAME]}"
            raise InputError.at(named, f"no such file can be ({error.strerror})", "Choose a shorter name.") from error
    if not os.path.isdir(folder):
        raise InputError.at(place, f'the folder "{folder}" does not exist', "Make it first, or name another.")
    if os.path.isdir(path):
        raise InputError.at(place, "this is a folder", "Name a file in it.")
    if option == "--csv" and path.suffix.lower() != ".csv":
        raise InputError.at(place, "a table's name ends in .csv", f"Did you mean {path.stem}.csv?")
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError.at(place, "this is a device or a pipe, not a file", "Name a file; it is put there whole.")
    if not os.access(folder, os.W_OK):
        raise InputError.at(place, f'nothing may be written in "{folder}"', "Name another folder.")


MARK = "#"
"""Begins a remark."""

STATUSES = ("read", "derived", "recalled", "assumption")

SEPARATORS = (",", "\t", ";")
"""Of cells. The first is the rule."""

_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?[,;\t]*\r?\n', flags=re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?\d[\d./]*,\d")
_VARYING = re.compile(r'"[^"]*"|\d[\d.,/]*(e[-+]?\d+)?')
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
    path: Path,
    columns: Sequence[str] = (),
    largest_file: int = LARGEST_TEXT,
    remarked: bool = False,
    instead: tuple[str, str] | None = None,
) -> Table:
    """Read a CSV file.

    columns: exactly these must be there, in any order; left out, the header names them as it likes.
    instead: a column, and another that may stand in its place.
    remarked: a first line that begins with MARK is a remark.
    Raises InputError naming file and line.
    """
    text = text_of(path, largest_file)
    if not remarked or not text.startswith(MARK):
        return _table(text, path.name, columns, instead=instead)
    remark, _, rest = text.partition("\n")
    return replace(_table(rest, path.name, columns, first=2, instead=instead), remark=remark.removeprefix(MARK).strip())


def text_of(path: Path, largest_file: int = LARGEST_TEXT) -> str:
    """The text of a file, without a byte-order mark. Raises InputError naming the file."""
    content = read_bytes(path, largest_file)
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


def _table(
    text: str, name: str, columns: Sequence[str], first: int = 1, instead: tuple[str, str] | None = None
) -> Table:
    """first: the number of the text's first line."""
    lines = records(text, name, first)
    place, header = next(lines, ("", []))
    if not header:
        raise InputError.at(name, "the file is empty", f"Columns: {', '.join(columns)}." if columns else "")
    header = cut(header, 0)
    if instead and instead[1] in map(str.casefold, header):
        if instead[0] in map(str.casefold, header):
            raise InputError.at(place, f'there are columns "{instead[0]}" and "{instead[1]}"', "Keep one.")
        columns = [instead[1] if column == instead[0] else column for column in columns]
    by_folded_name = {column.casefold(): column for column in columns}
    header = [by_folded_name.get(column.casefold(), column) for column in header]
    _check_header(header, columns, place)
    rows: list[Row] = []
    problems: list[Problem] = []
    for here, line in lines:
        cells = cut(line, len(header))
        if len(cells) == len(header):
            rows.append(Row(here, dict(zip(header, cells, strict=True))))
            continue
        found = f"the row has {len(cells)} cells and the header {len(header)}"
        problems.append(Problem(here, found, "Put text that contains commas in double quotes."))
    if not rows:
        problems.append(Problem(name, "the file has a header and no rows"))
    if problems:
        raise InputError(*by_kind(problems))
    return Table(name, tuple(header), tuple(rows))


def records(text: str, name: str, first: int = 1, heading: str = "") -> Iterator[tuple[str, list[str]]]:
    """The lines of a table as spreadsheets save it: the place of each that holds something, and its stripped cells.

    Commas, tabs or semicolons separate the cells, as the header shows or Excel's line `sep=;` says. With semicolons,
    numbers have decimal points all the same.
    name: the file's, for messages. first: the number of the text's first line. heading: the column by which the
    header is known; then lines may stand above it, and blanks may separate the cells.
    Raises InputError naming file and line.
    """
    if marked := _SEPARATOR_LINE.match(text):
        text = text[marked.end() :]
        first += 1
    separator = marked[1] if marked else _separator(text, heading)
    if separator == " ":
        text = "\n".join(" ".join(line.split()) for line in text.splitlines())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = first
    try:
        for fields in reader:
            cells = [field.strip() for field in fields]
            if separator == ";" and (odd := next(filter(_DECIMAL_COMMA.match, cells), None)):
                found = f'the columns are separated by semicolons, and line {line} holds "{odd[:40]}"'
                remedy = "Separate columns with commas, and write 0.35 for 0,35."
                raise InputError.at(f"{name}, line {first}", found, remedy)
            if any(cells):
                yield f"{name}, line {line}", cells
            line = reader.line_num + first
    except csv.Error as error:
        raise InputError.at(f"{name}, line {line}", f"not valid CSV ({error})") from error


def _separator(text: str, heading: str) -> str:
    """What separates the cells of the header: the first line, or the first that has the cell `heading`."""
    for line in io.StringIO(text):
        plain = re.sub(r'"[^"]*"', lambda quoted: re.sub("[,;\t]", "", quoted[0]), line)
        split = {mark: [cell.strip(' "\r\n') for cell in plain.split(mark)] for mark in SEPARATORS}
        found = [mark for mark, cells in split.items() if not heading or heading in map(str.casefold, cells)]
        if found and plain.strip():
            return max(found, key=lambda mark: len(split[mark]))
        if heading and heading in plain.casefold().split():
            return " "
    return SEPARATORS[0]


def cut(cells: list[str], width: int) -> list[str]:
    """A line without the empty cells that a spreadsheet leaves to the right of a table `width` columns wide."""
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    return cells


def _check_header(header: Sequence[str], columns: Sequence[str], place: str) -> None:
    problems = [
        Problem(place, f'the column "{column}" stands twice', "Keep one.")
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
    if columns:
        missing = [column for column in columns if column not in header]
        unknown = [column for column in header if column not in columns]
        if missing:
            named = " or ".join(", ".join(f'"{column}"' for column in missing).rsplit(", ", 1))
            problems.append(Problem(place, f"there is no column {named}", f"Columns: {', '.join(columns)}."))
        problems += [
            Problem(place, f'the column "{column[:40]}" is not known', nearest(column, missing or columns))
            for column in dict.fromkeys(unknown)
        ]
    if problems:
        raise InputError(*by_kind(problems))


def by_kind(problems: Iterable[Problem]) -> list[Problem]:
    """The first problem of each kind, which says how many there are: a thousand lines are no help.

    Of one kind are those of one file that differ only in the numbers and the quoted words that they name.
    """
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        file = problem.place.partition(", line ")[0]
        kinds.setdefault((file, _VARYING.sub("…", problem.found)), []).append(problem)
    return [_counted(same) for same in kinds.values()]


def _counted(same: Sequence[Problem]) -> Problem:
    first, *others = same
    if not others:
        return first
    last = others[-1].place.rpartition(", ")[2]
    return replace(first, found=f"{first.found} (and {len(others):,} more like it, the last in {last})")


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
