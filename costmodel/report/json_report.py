"""What every document of JSON says alike: the program, the scenario, its changes, and numbers that JSON can hold."""

import json
import math
from collections.abc import Iterable
from typing import Any

from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Locked
from costmodel.scenario.overlay import Change
from costmodel.version import __version__


def engine() -> str:
    """The program and its version."""
    return f"costmodel {__version__}"


def identity(one: Scenario | Locked) -> dict[str, str]:
    """Which scenario it is, and of which stratum alone where it is of one. The file is named without its folder."""
    words = one.file if isinstance(one, Locked) else one.model
    part = {} if isinstance(one, Locked) or not one.part else {"stratum": one.part}
    return {"title": words.title, "label": words.label, "sha256": one.sha256, "file": one.path.name, **part}


def plain(value: Any) -> Any:
    """A cell as JSON can hold it: NumPy scalars as Python's own, missing and infinite numbers as None."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def changes(made: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes of overlays and options, oldest first."""
    return [{"path": c.path, "old": c.old, "new": c.new, "by": c.by} for c in made]


def text(content: dict[str, Any]) -> str:
    """JSON as it is printed: numbers as Python writes them, so that reading them back gives the same bits."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)
