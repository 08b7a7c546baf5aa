"""What is wrong with an input, where it stands, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

LONGEST_LIST = 12
"""Allowed names are listed in full up to this many; beyond it the list is cut."""


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
