"""The scenarios that can be chosen: each appears by existing. And files that users bring, read in memory."""

import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costmodel.errors import InputError, Problem
from costmodel.inputs.files import read_bytes
from costmodel.report.saved import overlay_text
from costmodel.scenario.load import BASE, MODEL, load_text
from costmodel.scenario.load import catalogue as folder
from costmodel.scenario.read import Keys, Tree, parse_text, unshowable
from costmodel.scenario.schema import Base, OverlayFile
from costmodel.scenario.validate import validate
from costmodel.words import lower_first, upper_first

UPLOADED = "your_file.yaml"
"""A user's file is read as if it stood beside the chosen model under this name, whatever its own."""
NAMES_A_FILE = ("extends", "setting", "sources", "joint", "file")
NEEDED, ONLY_CHANGES = {"format", "extends", "label"}, {"format", "extends", "base", "label", "change", "add"}

COMPARATOR = "strategies.usual_care.label"
"""The path at which an overlay gives the comparator another name."""
_WORDS = ("label", "title", "extends")
"""Keys of a file that the menu needs."""


@dataclass(frozen=True)
class Entry:
    """A scenario file of the menu. label: its word. title: its own with the people first, or its folder's name.

    instead_of: what it compares with, where that is another alternative than the model's.
    """

    path: Path
    label: str
    title: str
    instead_of: str = ""

    @property
    def people(self) -> str:
        """Who is treated, as far as the title says."""
        return self.title.partition(": ")[0]


@dataclass(frozen=True)
class Shelf:
    """The scenarios folder as it was when it was last looked at: its files by population and name, the model first.

    stamp: differs whenever a file of the folder does.
    """

    home: Path
    stamp: str
    files: Mapping[str, Mapping[str, Entry]]


FRESH = 1.0
"""Seconds for which the folder is not looked at again, whoever asks."""
_looking = threading.Lock()
_last: tuple[float, Shelf] | None = None


def shelf() -> Shelf:
    """What the folder holds. One thread looks, at most once a second; the others are told what was there before."""
    global _last
    home, last = folder(), _last
    known = last is not None and last[1].home == home
    if last is not None and known and time.monotonic() - last[0] < FRESH:
        return last[1]
    if not _looking.acquire(blocking=not known):
        assert last is not None
        return last[1]
    try:
        stamp = _stamp(home)
        last = _last
        if last is None or last[1].home != home or last[1].stamp != stamp:
            found = sorted(path for path in home.glob(f"*/{MODEL}") if _readable(path, home))
            last = 0.0, Shelf(home, stamp, {path.parent.name: _files(path.parent) for path in found})
        _last = time.monotonic(), last[1]
        return last[1]
    finally:
        _looking.release()


def _stamp(home: Path) -> str:
    """A digest of the name, time and size of every file below a folder."""
    there = []
    for path in home.rglob("*"):
        with suppress(OSError):
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                there.append(f"{path.relative_to(home)} {found.st_mtime_ns} {found.st_size}")
    return hashlib.sha256("\n".join(sorted(there)).encode("utf-8", "surrogatepass")).hexdigest()


def _readable(path: Path, home: Path) -> bool:
    """Whether it is a regular file of the folder, wherever links lead."""
    try:
        return os.path.isfile(path) and path.resolve().is_relative_to(home)
    except (OSError, RuntimeError):
        return False


def _files(home: Path) -> dict[str, Entry]:
    entries = {MODEL: _entry(home / MODEL)}
    for path in sorted(home.glob("*.yaml"), key=lambda path: (path.name != BASE, path)):
        if path.name != MODEL and _readable(path, home.parent):
            entries[path.name] = _entry(path)
    if BASE in entries:
        entries = {BASE: entries[BASE], **entries}
    return {name: entry for name, entry in entries.items() if entry is not None}


def populations() -> dict[str, Entry]:
    """The base of each population by the name of its folder."""
    return {name: files[base_name(name)] for name, files in shelf().files.items()}


def base_name(population: str) -> str:
    """The file that answers for a population: base.yaml where it stands, else the model."""
    return BASE if BASE in scenarios(population) else MODEL


def scenarios(population: str) -> Mapping[str, Entry]:
    """The files of a population by file name: its base first, then the model, then its overlays."""
    return shelf().files.get(population, {})


def stamp() -> str:
    """Differs whenever a file of the folder does."""
    return shelf().stamp


def path_of(population: str, file: str) -> Path:
    """Where a scenario of the menu stands; nothing else is ever opened. Raises InputError for any other name."""
    entry = scenarios(population).get(file)
    if entry is None:
        raise InputError.at("Scenario", "this is not among the scenarios that can be chosen", "Choose one of the menu.")
    return entry.path


def _entry(path: Path) -> Entry | None:
    """What the menu says about a file; None if it is neither a model nor an overlay."""
    home = path.parent.name.replace("_", " ").capitalize()
    try:
        data = _head(path)
    except (InputError, OSError):
        return Entry(path, path.stem, home) if path.name == MODEL else None
    if path.name != MODEL and "extends" not in data:
        return None
    title = _people_first(data.get("title", home))
    return Entry(path, data.get("label", path.stem), title, data.get("instead_of", ""))


def _people_first(title: str) -> str:
    """A title "therapy for people" as "People: therapy": a narrow menu tells titles apart by how they begin."""
    therapy, found, people = title.partition(" for ")
    return f"{upper_first(people)}: {lower_first(therapy)}" if found and people else title


def _head(path: Path) -> dict[str, str]:
    """The words of a shipped file that the menu needs; the rest of it is read when it is chosen."""
    content = read_bytes(path)
    lines = "\n".join(_lines(content.decode("utf-8-sig", "replace")))
    if not lines and b"\n{" not in b"\n" + content:  # of another kind: sources, a calibration
        return {}
    data = parse_text(lines.encode() or content, path).data
    words = {key: str(data[key]) for key in _WORDS if data.get(key) is not None}
    change = data.get("change")
    return words | (
        {"instead_of": str(change[COMPARATOR])} if isinstance(change, dict) and COMPARATOR in change else {}
    )


def _lines(text: str) -> Iterator[str]:
    """The lines of a text in block style on which these words stand, and the comparator's name; none of any other."""
    key = ""
    for line in text.splitlines():
        if line[:1].strip(" #-"):
            key = line.partition(":")[0]
        if key in _WORDS or (key == "change" and (line[:1].strip() or line.strip().startswith(COMPARATOR))):
            yield line


def check_upload(content: bytes, population: str) -> Tree:
    """A user's file, parsed. Raises InputError if it is no safe YAML or names a file outside the folder."""
    path = folder() / population / UPLOADED
    tree = parse_text(content, path)
    outside = [
        Problem(
            str(tree.place(keys)),
            f'"{name}" leads outside the scenarios folder',
            "Name a file that stands there, such as model.yaml.",
        )
        for keys, name in _named_files(tree.data)
        if not unshowable(name) and not _inside(path.parent, name)
    ]
    if problems := [*tree.problems, *outside]:
        raise InputError(*problems)
    return tree


def base_of(content: bytes) -> tuple[Base | None, bool]:
    """The base that a user's file names, and whether it holds changes without naming one. Raises InputError."""
    tree = parse_text(content, folder() / UPLOADED)
    if tree.problems:
        raise InputError(*tree.problems)
    if "base" not in tree.data:
        return None, "extends" in tree.data and "/" not in str(tree.data["extends"])  # a folder names the population
    file, problems, _ = validate(OverlayFile, tree)
    if problems or file is None or file.base is None:
        raise InputError(*problems)
    known = {*scenarios(file.base.population), UPLOADED}
    if file.base.population not in populations() or file.base.file not in known:
        found = f'"{file.base.population}/{file.base.file}", which it changes, is not among the scenarios here'
        raise InputError.at(str(tree.place(("base",))), found, "Use a dashboard that has it.")
    return file.base, False


def beside_its_base(content: bytes, base: Base) -> bytes:
    """A user's file of changes as it would stand in the folder of the file that it changes."""
    data = parse_text(content, folder() / UPLOADED).data
    return overlay_text({**data, "extends": base.file})


def read_upload(content: bytes, population: str) -> Any:
    """The scenario of a user's file. Raises InputError with everything that is wrong."""
    check_upload(content, population)
    return load_text(content, folder() / population / UPLOADED)


def changes_of(tree: Tree, population: str) -> tuple[str, dict[str, Any]] | None:
    """Parent and changes of a file that holds nothing but changes to a scenario that is there, else None."""
    parent, change, add = tree.data.get("extends"), tree.data.get("change", {}), tree.data.get("add", {})
    if not NEEDED <= set(tree.data) <= ONLY_CHANGES or not isinstance(change, dict) or not isinstance(add, dict):
        return None
    if parent not in {*scenarios(population), UPLOADED} or any("." in path for path in add):
        return None
    change = change | add
    if any(isinstance(value, dict | list) for value in change.values()):
        return None
    return str(parent), change


def _named_files(node: Any, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if str(key).rpartition(".")[2] in NAMES_A_FILE and isinstance(value, str):
                yield (*keys, key), value
            yield from _named_files(value, (*keys, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from _named_files(value, (*keys, i))


def _inside(home: Path, name: str) -> bool:
    try:
        return (home / name).resolve().is_relative_to(folder())
    except (OSError, ValueError, RuntimeError):
        return False
