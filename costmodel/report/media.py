"""What leaves the program: text on a terminal, how far long work is, and files that appear whole or not at all."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from costmodel.errors import InputError
from costmodel.inputs.files import LONGEST_NAME, temporary_beside

WIDTH = 132
"""Columns of tables where the output is not a terminal; sentences are then not broken."""


def console(*, stderr: bool = False) -> Console:
    """A console that shows text as it is: a scenario's words are never markup."""
    plain = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    return plain if plain.is_terminal else Console(
        stderr=stderr, markup=False, highlight=False, emoji=False, width=WIDTH
    )  # fmt: skip


@contextmanager
def progress(every: float = 0.0) -> Iterator[Callable[[str, int, int], None]]:
    """A counter on stderr, called with what is worked at, how much of it is done and how much is wanted.

    every: part of the work after which a line is printed where stderr is no terminal; 0 for none.
    """
    out = console(stderr=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        lines: dict[str, int] = {}

        def show(what: str, done: int, wanted: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=wanted)
            if every and not out.is_terminal and (done - lines.get(what, 0) >= every * wanted or done == wanted):
                lines[what] = done
                out.print(f"{what}: {done:,} of {wanted:,}.")
            bars.update(tasks[what], completed=done)

        yield show


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
