"""A link of the dashboard: the state of a reader as text, and the scenario that it stands for."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from costmodel.errors import InputError
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import catalogue, load
from costmodel.version import __version__

NAME, FORMAT = "s", 1
LARGEST, LARGEST_TEXT = 20_000, 200_000
"""Characters of a link, and bytes of what it holds."""
MOST_CHANGES, LONGEST = 200, 300
WITHIN = re.compile(rf"[?&]{NAME}=([^&#\s]*)")
"""The link's own part of an address."""


def packed(population: str, file: str, changes: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """A state as the link's own part of an address. asked: what was asked of the scenario, by keys of one letter."""
    state = {"v": FORMAT, "e": __version__, "p": population, "f": file, "c": dict(changes), **asked}
    text = zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def unpacked(written: str) -> dict[str, Any] | None:
    """What a link holds, if it may be one of ours: names, and plain values by path. Whether they exist is not asked."""
    try:
        text = base64.urlsafe_b64decode(written[:LARGEST] + "=" * (-len(written) % 4))
        state = json.loads(zlib.decompressobj().decompress(text, LARGEST_TEXT))
    except (ValueError, zlib.error, binascii.Error, RecursionError):
        return None
    if not isinstance(state, dict) or state.get("v") != FORMAT:
        return None
    changes = state.get("c")
    if not all(isinstance(state.get(key), str) for key in "pf"):
        return None
    if not isinstance(changes, dict) or len(changes) > MOST_CHANGES:
        return None
    plain = all(isinstance(value, int | float | str) and len(str(value)) <= LONGEST for value in changes.values())
    return state if plain and all(len(path) <= LONGEST for path in changes) else None


def is_link(text: str) -> bool:
    """Whether a text is a link of the dashboard and no name of a file."""
    return WITHIN.search(text) is not None


def linked(text: str) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario of a link, an address with one or its own part alone, and what of it was left out and why.

    Raises InputError for what is no link, and for a scenario that there is not.
    """
    found = WITHIN.search(text)
    state = unpacked(found[1] if found else text.strip())
    if state is None:
        raise InputError.at("link", "this is no link of the dashboard", "Copy it whole, from ?s= on.")
    path = _path(state["p"], state["f"])
    scenario, said, _ = fitting(load(path), state["c"])
    return scenario, (*of_version(state), *said)


def of_version(state: Mapping[str, Any]) -> tuple[str, ...]:
    """That a link was made by another version."""
    if state.get("e") == __version__:
        return ()
    return (f"The link was made by version {str(state.get('e'))[:20]}, this is {__version__}: figures may differ.",)


def fitting(scenario: Scenario, changes: Mapping[str, Any]) -> tuple[Scenario, tuple[str, ...], dict[str, Any]]:
    """The scenario with those changes that fit, one after the other where they do not all; what is to be said of the
    others; and the changes that were made.
    """
    kept = dict(changes)
    try:
        return (scenario.changed(kept) if kept else scenario), (), kept
    except InputError:
        kept = {}
        for path, value in changes.items():
            try:
                scenario.changed(kept | {path: value})
            except InputError:
                continue
            kept[path] = value
    left = ", ".join(path for path in changes if path not in kept)
    said = f"Left out of the link, because they do not fit here: {left}."
    return (scenario.changed(kept) if kept else scenario), (said,), kept


def _path(population: str, file: str) -> Path:
    """A scenario of the catalogue by its names; nothing else is ever opened. Raises InputError."""
    there = {(path.parent.name, path.name): path for path in catalogue().glob("*/*.yaml")}
    if (population, file) not in there:
        found = f"the link is of {population[:40]}/{file[:40]}, which is not among the scenarios here"
        raise InputError.at("link", found, "Use a version that has it.")
    return there[population, file]
