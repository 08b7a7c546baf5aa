"""What is wrong with an input, where it stands, and what to do about it."""

import contextlib
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

LONGEST_LIST = 12
"""Allowed names are listed in full up to this many; beyond it the list is cut."""
LONGEST_VALUE = 40
"""Characters of a wrong value that are shown."""
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    place: file and line, workbook cell, or option ("model.yaml, line 12", "Inputs!E14", "--set").
    found: what stands there, in a sentence without its full stop.
    remedy: what is allowed, or what to do, as one or more whole sentences.
    """

    place: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        found = self.found if self.found.endswith((".", "?", "!")) else self.found + "."
        return f"{self.place}: {found} {self.remedy}".rstrip()


class InputError(Exception):
    """One or more problems with what the user supplied; its text lists all of them, one per line."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems: tuple[Problem, ...] = problems

    @classmethod
    def at(cls, place: str, found: str, remedy: str = "") -> "InputError":
        """An error with a single problem."""
        return cls(Problem(place, found, remedy))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The remedy for a wrong name: the most similar allowed one, or a list of what is allowed."""
    names = list(allowed)
    by_folded_name = {allowed_name.casefold(): allowed_name for allowed_name in names}
    similar = get_close_matches(name.casefold(), by_folded_name, n=1)
    if similar:
        return f'Did you mean "{by_folded_name[similar[0]]}"?'
    if not names:
        return "Nothing is allowed here."
    listed = ", ".join(names[:LONGEST_LIST])
    return f"Allowed: {listed}, …" if len(names) > LONGEST_LIST else f"Allowed: {listed}."


def one_of(place: str, name: object, allowed: Iterable[str], *, why: str = "") -> str:
    """A name that is one of those allowed. place: what it is a name of; why: no others are.

    Raises InputError with the nearest of them, or with all.
    """
    names = list(allowed)
    if isinstance(name, str) and name in names:
        return str(name)
    said = f'"{name[:LONGEST_VALUE]}"' if isinstance(name, str) else shown(name)
    remedy = nearest(name if isinstance(name, str) else "", names)
    raise InputError.at(place, f"there is no {place} {said} here", f"{remedy} {why}".rstrip())


def some_of(place: str, names: object, allowed: Iterable[str]) -> list[str]:
    """Names, each once, that are all among those allowed. Raises InputError; so for a text, which is no list."""
    return list(dict.fromkeys(one_of(place, name, allowed) for name in listed(place, names)))


def listed(place: str, values: object) -> list[Any]:
    """The entries of anything that can be gone through, but a text. Raises InputError."""
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        return list(values)
    raise InputError.at(place, f"{shown(values)} is no list", "Write a list, of one entry too.")


def whole_number(place: str, value: object, low: int, high: int, *, wrong: str) -> int:
    """A whole number between ends that belong to it: an int, a NumPy integer, or a float without a fraction.

    wrong: what another value is ("not a seed"). Raises InputError.
    """
    found = plain(value)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool) and low <= found <= high:
        return found
    raise InputError.at(place, f"{shown(value)} is {wrong}", f"Whole, from {low:,} to {high:,}.")


def number(
    place: str, value: object, low: float = -math.inf, high: float = math.inf, *, wrong: str = "not a number",
    allowed: str = "",
) -> float:  # fmt: skip
    """A finite number, of Python or NumPy, between ends that belong to it.

    wrong: as in `whole_number`. allowed: what is, where more is to be said than the ends. Raises InputError.
    """
    found = plain(value)
    if isinstance(found, int | float) and not isinstance(found, bool) and low <= found <= high:
        with contextlib.suppress(OverflowError):
            if math.isfinite(found := float(found)):
                return found
    ends = {
        (False, False): "A finite number.", (True, False): f"{low:,.10g} or more.",
        (False, True): f"{high:,.10g} or less.", (True, True): f"From {low:,.10g} to {high:,.10g}.",
    }  # fmt: skip
    raise InputError.at(place, f"{shown(value)} is {wrong}", allowed or ends[math.isfinite(low), math.isfinite(high)])


def true_or_false(place: str, value: object) -> bool:
    """True or False, of Python or NumPy. Raises InputError."""
    found = plain(value)
    if isinstance(found, bool):
        return found
    raise InputError.at(place, f"{shown(value)} is neither true nor false", "Write True or False.")


def made_by(place: str, value: object, kind: type[T], maker: str) -> T:
    """An object of this package. maker: what makes one. Raises InputError."""
    if isinstance(value, kind):
        return value
    raise InputError.at(place, f"{shown(value)} is no {kind.__name__}", f"Make one with {maker}.")


def can_be_called(place: str, value: object) -> None:
    """Raise InputError unless something can be called, or is None."""
    if value is not None and not callable(value):
        raise InputError.at(place, f"{shown(value)} is no function", "Give one, or leave it out.")


def path_of(place: str, value: object) -> Path:
    """The path that a text or a path names. Raises InputError."""
    name = os.fspath(value) if isinstance(value, os.PathLike) else value
    if isinstance(name, str):
        return Path(name)
    raise InputError.at(place, f"{shown(value)} is no path", "Write the name of a file or folder.")


def plain(value: object) -> object:
    """A number, text or truth of NumPy as Python has it; anything else as it is."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return value.item() if kind in tuple("biufU") and getattr(value, "ndim", 1) == 0 else value  # type: ignore[attr-defined]


def shown(value: object) -> str:
    """A wrong value as a message shows it: a number or the beginning of a text, and of all else the kind."""
    value = plain(value)
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**LONGEST_VALUE):
        return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
    if isinstance(value, str):
        return repr(value[:LONGEST_VALUE])
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
