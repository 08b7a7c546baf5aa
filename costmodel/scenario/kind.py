"""Which kind of scenario file this is, from the keys at its top. The one place where that is decided."""

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["overlay", "locked", "model", "other"]


def kind_of(data: Mapping[str, Any]) -> Kind:
    """The kind of a file by its content: changes to another, a locked scenario, a model, or none of these."""
    if "extends" in data:
        return "overlay"
    if data.get("model") == "locked":
        return "locked"
    return "model" if "states" in data else "other"
