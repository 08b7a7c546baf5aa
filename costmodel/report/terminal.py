"""What is printed on a terminal: text as it is, lines under headings, and how far long work is."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

WIDTH = 132
"""Columns of tables where the output is not a terminal; sentences are then not broken."""

Piece = Text | Table


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


def headed(heading: str, lines: Iterable[Text] | None = None) -> Iterator[Text]:
    """A heading with its lines; nothing where there are no lines."""
    under = list(lines or ())
    if lines is None or under:
        yield from (Text(""), Text(heading, style="bold"), *under)


def listed(lines: Iterable[str]) -> Iterator[Text]:
    """Lines with dashes."""
    return (Text(f" – {line}") for line in lines)
