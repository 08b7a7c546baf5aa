"""Files that appear whole or not at all, and text that a spreadsheet will not run."""

import contextlib
import csv
import errno
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from costmodel.errors import InputError
from costmodel.inputs.files import LONGEST_NAME, temporary_beside
from costmodel.result.safe_text import FORMULA_STARTS, cell

__all__ = ["FORMULA_STARTS", "cell", "check_folder", "write_csv", "write_whole"]


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
    """Write a table for people: with a byte-order mark, without which Excel shows £ as Â£. Raises as `write_whole`."""
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


def records_as_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """Records with the same keys as CSV, at least one."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    for row in records:
        writer.writerow({key: cell(value) for key, value in row.items()})
    return out.getvalue()
