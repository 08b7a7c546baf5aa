"""Numbers in words: the one place where figures are rounded for people, but for money, which is its currency's.

And text that a spreadsheet will not run.
"""

from typing import Any

from costmodel.currency import MINUS, significant
from costmodel.units import Unit

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a text for a formula; the full-width forms are read as the ASCII ones."""


def chance(share: float) -> str:
    """A chance as so many of 100 simulations."""
    if share == 0:
        return "none of 100"
    if share == 1:
        return "all of 100"
    if share < 0.01:
        return "fewer than 1 of 100"
    if share > 0.99:
        return "more than 99 of 100"
    return f"{share * 100:.0f} of 100"


def in_100(share: float) -> str:
    """A chance as a verdict says it: so many in 100."""
    return chance(share).replace(" of ", " in ")


def qalys(amount: float) -> str:
    """Quality-adjusted life years, with sign: +0.123 QALYs."""
    sign = MINUS if amount < 0 else "+"
    size = significant(abs(amount))
    return f"{sign}{size:,.0f} QALYs" if size >= 1_000 else f"{sign}{size:.3g} QALYs"


def upper_first(text: str) -> str:
    """The same text, as a sentence begins."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The same text within a sentence; an abbreviation stays."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def percent(share: float, figures: int = 3) -> str:
    """A share in hundredths, in so many figures and never in powers of ten: 41%, 130%, 1,300%."""
    digits = f"{abs(share) * 100:.{figures}g}"
    return f"{MINUS if share < 0 else ''}{f'{float(digits):,.0f}' if 'e+' in digits else digits}%"


def amount(value: float, unit: Unit, figures: int = 3) -> str:
    """A value of an input with its unit: €371 per session, 80%, 0.397 per year."""
    sign = MINUS if value < 0 else ""
    if unit.kind == "price":
        thing = unit.text.partition(" per ")[2]
        digits = f"{abs(value):,.2f}" if 0 < abs(value) < 1_000 else f"{abs(value):,.0f}"
        assert unit.currency is not None, "a price has a currency"
        return f"{unit.currency.written(digits.removesuffix('.00'), value < 0)} per {thing}"
    if unit.kind in ("share", "probability", "discount_rate"):
        return percent(value, figures)
    number = f"{sign}{significant(abs(value), figures + 1):,.{figures + 1}g}"
    if unit.kind in ("rate", "quantity", "sessions", "years", "months", "people_per_100"):
        return f"{number} {unit.text}"
    return number


def pair(first: float, second: float, unit: Unit, between: str = " to ") -> str:
    """Two values of an input, their unit once: €253 to €375 per session."""
    one, other = amount(first, unit), amount(second, unit)
    thing = other.partition(" ")[2]
    return f"{one.removesuffix(f' {thing}') if thing else one}{between}{other}"


def cell(value: Any) -> Any:
    """A value as a cell: a text like a formula gets an apostrophe, a missing one is empty, a number stays."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
