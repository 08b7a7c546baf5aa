"""Numbers in words: the one place where figures are rounded for people."""

import math

from costmodel.units import Unit

MINUS = "\u2212"
PENNY = 0.01
"""Pounds. Less than half of it is nothing: a rounding of the arithmetic, not an answer."""


def money(amount: float, *, exact: bool = False) -> str:
    """Pounds, three significant figures unless exact.

    >>> money(-12_345), money(-12_345, exact=True), money(0.004)
    ('−£12,300', '−£12,345', '£0')
    """
    if abs(amount) < PENNY / 2:
        return "£0"
    rounded = round(amount, 2) if exact else _pounds(amount)
    sign = MINUS if rounded < 0 else ""
    size = abs(rounded)
    if exact and size != round(size):
        return f"{sign}£{size:,.2f}"
    if 0 < size < 10 and not exact:
        return f"{sign}£{size:.2f}"
    return f"{sign}£{size:,.0f}"


def _pounds(amount: float) -> float:
    """Three significant figures, whole from £10, pence below: rounded once, or £13.48 would be £13.5 and then £14."""
    if abs(amount) < 10:
        return round(amount, 2) + 0.0
    return float(round(amount)) if abs(amount) < 1_000 else significant(amount)


def short_money(amount: float) -> str:
    """Pounds in few characters, for metrics and axes: £1.23m, −£456k, £789."""
    size = abs(_pounds(amount) if abs(amount) >= 10 else round(amount))
    sign = MINUS if amount < 0 and size else ""
    for scale, suffix in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
        if size >= scale:
            unit = 1e3 if suffix == "k" else scale
            count = size / unit
            return f"{sign}£{count:,.0f}{suffix}" if count >= 1_000 else f"{sign}£{count:.3g}{suffix}"
    return f"{sign}£{size:,.0f}"


def significant(number: float, figures: int = 3) -> float:
    """A number rounded to significant figures; whole above 100."""
    if number == 0 or not math.isfinite(number):
        return 0.0 if number == 0 else number
    digits = figures - 1 - math.floor(math.log10(abs(number)))
    return round(number, digits) + 0.0


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


def qalys(amount: float) -> str:
    """Quality-adjusted life years, with sign: +0.123 QALYs."""
    sign = MINUS if amount < 0 else "+"
    size = significant(abs(amount))
    return f"{sign}{size:,.0f} QALYs" if size >= 1_000 else f"{sign}{size:.3g} QALYs"


def interval(low: float | None, high: float | None, exact: bool = False) -> str:
    """A 95% interval of money in words; nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"{money(low, exact=exact)} to {money(high, exact=exact)}"


def upper_first(text: str) -> str:
    """The same text, as a sentence begins."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The same text within a sentence; an abbreviation stays."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def amount(value: float, unit: Unit, figures: int = 3) -> str:
    """A value of an input with its unit: £371 per session, 80%, 0.397 per year."""
    sign = MINUS if value < 0 else ""
    if unit.kind == "price":
        thing = unit.text.partition(" per ")[2]
        pounds = f"{abs(value):,.2f}" if 0 < abs(value) < 1_000 else f"{abs(value):,.0f}"
        return f"{sign}£{pounds.removesuffix('.00')} per {thing}"
    if unit.kind in ("share", "probability", "discount_rate"):
        return f"{sign}{abs(value) * 100:.{figures}g}%"
    number = f"{sign}{significant(abs(value), figures + 1):,.{figures + 1}g}"
    if unit.kind in ("rate", "quantity", "sessions", "age"):
        return f"{number} {unit.text}"
    return number


def pair(first: float, second: float, unit: Unit, between: str = " to ") -> str:
    """Two values of an input, their unit once: £253 to £375 per session."""
    one, other = amount(first, unit), amount(second, unit)
    thing = other.partition(" ")[2]
    return f"{one.removesuffix(f' {thing}') if thing else one}{between}{other}"
