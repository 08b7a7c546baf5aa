"""The directory of a sweep: its manifest, its parts, and the lock that keeps a second process out."""

import contextlib
import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from costmodel.analysis.sweep.grid import Plan
from costmodel.analysis.sweep.part import NAMES, columns, texts, versions
from costmodel.errors import InputError, Problem
from costmodel.inputs.files import read_bytes

SCHEMA = "costmodel/sweep/1"
MANIFEST = "manifest.json"
PARTS = "parts"
LOCK = ".lock"
LARGEST_MANIFEST = 200_000_000
"""Bytes."""
TEMPORARY = ".tmp"
MAY_DIFFER = {"schema", "state", "grid", "versions", "rows", "refused", "cells"}
"""Keys of the manifest that are compared apart, or say how far a sweep is."""
SHOWN = 3
"""Differing cells that are named."""

Manifest = dict[str, Any]


def part_path(directory: Path, number: int) -> Path:
    """The file of a part."""
    return directory / PARTS / f"part-{number:05d}.parquet"


def manifest(plan: Plan) -> Manifest:
    """What a sweep is, before it has run."""
    grid = plan.grid
    return {
        "schema": SCHEMA,
        "state": "incomplete",
        "grid": {"file": grid.path.name, "sha256": grid.sha256, "text": grid.text},
        "versions": dict(versions()),
        "draws": grid.draws,
        "seed": grid.seed,
        "outcomes": list(grid.outcomes),
        "perspectives": list(grid.perspectives),
        "columns": list(columns(texts(plan))),
        "number_of_cells": len(plan.cells),
        "cells_a_part": grid.cells_a_part,
        "number_of_parts": plan.parts,
        "rows": None,
        "refused": None,
        "cells": [cell.record() for cell in plan.cells],
    }


def identity(found: Manifest) -> str:
    """What each part of a sweep carries, so that no other sweep's part is taken for it."""
    same = {key: found[key] for key in ("grid", "versions", "cells", "cells_a_part")}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the directory where it is missing, and hold it. Raises InputError where another process does.

    What ends with an error before there is a part leaves nothing behind that was not there before.
    """
    place = f"-o {directory}"
    there = os.path.exists(directory)
    try:
        directory.mkdir(exist_ok=True)
        begun = os.path.exists(directory / MANIFEST)
        _refuse_strangers(directory, place)
        handle = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        found = f"the folder cannot be made or used ({error.strerror})"
        raise InputError.at(place, found, "Name a folder in one that exists and may be written in.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino != (directory / LOCK).stat().st_ino:
            raise FileNotFoundError  # who held it has taken it away
    except OSError as error:
        os.close(handle)
        remedy = "Wait until it has ended, or name another folder."
        raise InputError.at(place, "another process runs a sweep into this folder", remedy) from error
    try:
        yield
    except BaseException:
        if not begun:
            _take_back(directory, there)
        raise
    finally:
        os.close(handle)


def _take_back(directory: Path, there: bool) -> None:
    """Remove what was begun, unless it holds a part. there: whether the directory was there before."""
    parts = directory / PARTS
    with contextlib.suppress(OSError):
        if os.path.exists(parts):
            parts.rmdir()
        (directory / MANIFEST).unlink(missing_ok=True)
        (directory / LOCK).unlink(missing_ok=True)
        if not there:
            directory.rmdir()


def _refuse_strangers(directory: Path, place: str) -> None:
    """A folder with files that no sweep wrote is not taken over."""
    ours = {MANIFEST, PARTS, LOCK}
    names = [path.name for path in directory.iterdir()]
    strange = sorted(name for name in names if name not in ours and not _temporary(name))
    if strange and MANIFEST not in names:
        found = f"the folder holds other files ({', '.join(strange[:SHOWN])})"
        raise InputError.at(place, found, "Name a new folder, or one of a sweep.")
    if MANIFEST not in names and os.path.exists(directory / PARTS) and any((directory / PARTS).iterdir()):
        remedy = "Put the manifest back, or name a new folder."
        raise InputError.at(place, f"there are parts without a {MANIFEST}", remedy)


def prepare(directory: Path, wanted: Manifest) -> Manifest:
    """Write the manifest, or compare it with the one that stands; take away what a kill left half-written.

    Returns the manifest that stands. Raises InputError with everything that differs.
    """
    parts = directory / PARTS
    path = directory / MANIFEST
    if os.path.exists(path):
        found = _read(path)
        if problems := _differences(found, wanted, f"-o {directory}"):
            raise InputError(*problems)
        wanted = found
    else:
        _write_manifest(directory, wanted)
    parts.mkdir(exist_ok=True)
    for folder in (directory, parts):
        for file in folder.iterdir():
            if _temporary(file.name):
                file.unlink()
    allowed = {part_path(directory, number).name for number in range(wanted["number_of_parts"])}
    if strange := sorted(path.name for path in parts.iterdir() if path.name not in allowed):
        names = f"{PARTS} holds files of no part ({', '.join(strange[:SHOWN])}), which would be read with the parts"
        raise InputError.at(f"-o {directory}", names, "Take them away.")
    return wanted


def complete(directory: Path, found: Manifest, rows: int, refused: int) -> Manifest:
    """Say in the manifest that every part is there."""
    done = found | {"state": "complete", "rows": rows, "refused": refused}
    if done != found:
        _write_manifest(directory, done)
    return done


def incomplete(directory: Path, found: Manifest) -> Manifest:
    """Say in the manifest that parts are missing."""
    begun = found | {"state": "incomplete", "rows": None, "refused": None}
    if begun != found:
        _write_manifest(directory, begun)
    return begun


def _write_manifest(directory: Path, content: Manifest) -> None:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    write(directory / MANIFEST, text.encode())


def write(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, also where the machine goes down."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        remedy = "Free some space, and give the same command again: it goes on where it stopped."
        raise InputError.at(f"-o {path}", f"the file cannot be written ({error.strerror})", remedy) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(TEMPORARY)


def _read(path: Path) -> Manifest:
    try:
        found = json.loads(read_bytes(path, LARGEST_MANIFEST))
    except (InputError, ValueError) as error:
        raise InputError.at(f"-o {path}", "the manifest cannot be read", "Name a new folder.") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        remedy = "Name a new folder."
        raise InputError.at(f"-o {path}", f"this is no manifest of the kind {SCHEMA}", remedy)
    return found


def _differences(found: Manifest, wanted: Manifest, place: str) -> list[Problem]:
    """What a sweep that began here was made of and this one is not."""
    problems = []
    remedy = "Name a new folder, or go back to what the sweep began with."
    if _at(found, "grid", "sha256") != wanted["grid"]["sha256"]:
        text = "the grid differs from the one that the sweep began with, whose text stands in the manifest"
        problems.append(Problem(place, text, "Name a new folder, or give that grid."))
    for name, words in NAMES.items():
        old, new = _at(found, "versions", name), wanted["versions"].get(name)
        if old != new:
            shown = "" if name == "source" else f" ({old}, now {new})"
            problems.append(Problem(place, f"{words} differs from that of the sweep{shown}", remedy))
    if not problems:
        problems += _differing_cells(found, wanted, place, remedy)
    changed = [key for key in wanted.keys() - MAY_DIFFER if found.get(key) != wanted[key]]
    if changed and not problems:
        problems.append(Problem(place, f"the manifest was changed: {', '.join(sorted(changed))}", "Name a new folder."))
    return problems


def _differing_cells(found: Manifest, wanted: Manifest, place: str, remedy: str) -> Iterator[Problem]:
    old = found.get("cells")
    if not isinstance(old, list) or len(old) != len(wanted["cells"]):
        yield Problem(place, "the manifest was changed: cells", "Name a new folder.")
        return
    pairs = zip(old, wanted["cells"], strict=True)
    if differing := [new for one, new in pairs if one != new]:
        files = dict.fromkeys(cell["file"] for cell in differing)
        shown = ", ".join(str(cell["cell"]) for cell in differing[:SHOWN]) + ", …" * (len(differing) > SHOWN)
        text = f"what {', '.join(files)} says differs from what it said when the sweep began (cells {shown})"
        yield Problem(place, text, remedy)


def _at(found: Mapping[str, Any], key: str, inner: str) -> Any:
    block = found.get(key)
    return block.get(inner) if isinstance(block, dict) else None
