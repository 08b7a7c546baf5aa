"""The one gate through which files are read: regular files only, whole, and no larger than they may be.

A pipe, a terminal, a socket or a device may never begin or never end, so none of them is opened. What a scenario takes
its numbers from lies, after links are followed, in the folder above its own: beside it, or in a folder beside its own.
"""

import contextlib
import errno
import os
import re
import socket
import stat
import uuid
import zlib
from pathlib import Path

from costmodel.errors import InputError

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
