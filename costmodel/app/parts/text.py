"""A user's text on screen letter for letter, and tables that a spreadsheet cannot mistake for formulas."""

import re

import pandas as pd

from costmodel.currency import MINUS
from costmodel.words import cell

_MARKS = re.compile(r"([\\`*_\[\]<&~|$@{}^]|:(?!\s|$)|(?<=www)\.|^[#+>=-])", re.IGNORECASE)
"""What may mean something in Markdown, within a line or at its beginning. The rest stays, for a label is read aloud
with its backslashes.
"""
_NUMBERED = re.compile(r"^(\d+)([.)])")
_SHORTCODE = re.compile(r":(?=[\w+/-]+:)")
_MINUS = re.compile(rf"{MINUS}(?=[^\d\s])")
WORD_JOINER = "\u2060"
"""Invisible. Keeps :word: from becoming a picture, and a minus sign on the line of its sum."""


def literal(text: str) -> str:
    """Text for a Markdown element that shows exactly these characters: no links, pictures or styles."""
    plain = _SHORTCODE.sub(f":{WORD_JOINER}", " ".join(text.split()))
    plain = _MINUS.sub(f"{MINUS}{WORD_JOINER}", plain)
    return _NUMBERED.sub(r"\1\\\2", _MARKS.sub(r"\\\1", plain))


def literal_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose words stay as they are in a Markdown table."""
    return table.map(lambda one: literal(one) if isinstance(one, str) else one)


def csv(table: pd.DataFrame) -> bytes:
    """A table as CSV with full precision; text that begins like a formula gets an apostrophe."""
    return table.map(cell).to_csv(index=False).encode("utf-8-sig")


def number(value: float | None) -> str:
    """A figure as it would be typed, to six significant figures."""
    if value is None:
        return ""
    return f"{value:,.6g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.3e}"
