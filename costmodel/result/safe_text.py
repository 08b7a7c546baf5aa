"""Text that a spreadsheet will not run."""

from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a text for a formula; the full-width forms are read as the ASCII ones."""


def cell(value: Any) -> Any:
    """A value as a cell: a text like a formula gets an apostrophe, a missing one is empty, a number stays."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
