"""The example of docs/format.md with slips typed into its files, and what must then be said about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import costmodel as cm
from tests.support.example import example

Edits = Mapping[str, tuple[tuple[str, str], ...]]
"""By file, texts and what replaces each (its first occurrence)."""

MODEL = "model.yaml"
SETTING = "settings/example.yaml"
INDEX = "settings/data/index.csv"
LIFE_TABLE = "settings/data/life_table.csv"
SOURCES = "settings/sources.yaml"
OVERLAY = "cautious.yaml"


@dataclass(frozen=True)
class Slip:
    """One slip in a file.

    name: the test's name. old, new: the text and what was typed instead.
    found, remedy: what the message says. file: where it was typed. line: a text on the
    line that must be named (by default the new text's last line).
    loads: the file that is loaded. where: the file that must be named, if another.
    """

    name: str
    old: str
    new: str
    found: tuple[str, ...] | str
    remedy: str
    file: str = MODEL
    line: str | None = None
    loads: str = MODEL
    where: str | None = None
    also: tuple[tuple[str, str, str], ...] = field(default=())

    def write(self, folder: Path) -> Path:
        """The example with this slip; returns the file to load."""
        example(folder)
        for file, old, new in ((self.file, self.old, self.new), *self.also):
            replace(folder / file, old, new)
        return folder / self.loads

    def place(self, folder: Path) -> str:
        """The file and line that a message must name."""
        path = folder / (self.where or self.file)
        marker = self.line or self.new.strip().splitlines()[-1]
        lines = path.read_text("utf-8").splitlines()
        number = next((n for n, text in enumerate(lines, 1) if marker in text), None)
        assert number is not None, f"{marker!r} is not in {path.name}"
        return f"{path.name}, line {number}: "


def replace(path: Path, old: str, new: str) -> None:
    """Type `new` instead of the first `old` of a file; an empty `old` means at its end."""
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1) if old else text + new, "utf-8", newline="")


def problems(path: Path) -> list[str]:
    """The problems of a scenario that must not load, as they are printed."""
    with pytest.raises(cm.InputError) as caught:
        cm.load(path)
    return str(caught.value).splitlines()


def check_refusal(slip: Slip, folder: Path) -> None:
    """A slip is refused with its place, what was found and the remedy, all in one line."""
    said = problems(slip.write(folder))
    found = (slip.found,) if isinstance(slip.found, str) else slip.found
    fitting = [line for line in said if all(text in line for text in (*found, slip.remedy))]
    assert fitting, "\n".join(said)
    assert fitting[0].startswith(slip.place(folder)), fitting[0]
