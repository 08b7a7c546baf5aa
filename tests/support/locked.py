"""Locked scenarios for tests: the shipped one, and that of docs/format.md with edits."""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

import costmodel as cm
from tests.support.example import DOCS, edited, write_setting, yaml_blocks

PSYCHOSIS = Path(__file__).parents[2] / "scenarios" / "psychosis" / "model.yaml"
SPOKEN_OF = ("£", "GBP", "EUR", "QALY", "net saving", "net_saving")
"""What no output of a locked scenario may hold."""


def locked_example(folder: Path, **edits: Any) -> Path:
    """The locked file of docs/format.md in a folder, beside its setting, as written there or with edits."""
    (block,) = (block for block in yaml_blocks(DOCS / "format.md") if "\nmodel: locked" in block)
    write_setting(folder)
    path = folder / "model.yaml"
    path.write_text(json.dumps(edited(YAML(typ="safe", pure=True).load(block), edits)), "utf-8")
    return path


def locked(path: Path = PSYCHOSIS) -> cm.Locked:
    """A locked scenario, out of the refusal to load it."""
    try:
        cm.load(path)
    except cm.Refused as refused:
        return refused.locked
    raise AssertionError(f"{path} is not locked")
