"""Money in words: the one place where sums are rounded for people, in the currency of a setting."""

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

MINUS = "\u2212"
PENNY = 0.01
"""A hundredth of the unit. Less than half of it is nothing: a rounding of the arithmetic, not an answer."""
APART = "\u00a0"
"""Stands between a number and a symbol after it, or a symbol of letters before it."""


class Currency(BaseModel):
    """A currency, and how sums in it are written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    """Three capital letters, as in the units of prices: `EUR per visit`."""
    symbol: Annotated[str, StringConstraints(min_length=1, max_length=8, pattern=r'^[^\d"\x00-\x1f]+$')]
    """Stands beside a sum."""
    after: bool = False
    """Whether the symbol stands after the number."""
    thousands: Annotated[str, StringConstraints(max_length=1, pattern=r"^[^\dA-Za-z]?$")] = ","
    """Between thousands and hundreds."""
    decimal: Annotated[str, StringConstraints(pattern="^[.,·]$")] = "."
    """Between units and hundredths."""
    plural: Annotated[str, StringConstraints(max_length=20)] = ""
    """The unit in words, of many; the code if left out."""
    hundredths: Annotated[str, StringConstraints(min_length=1, max_length=20)] = "hundredths"
    """Its hundredth in words, of many."""

    def written(self, digits: str, negative: bool = False) -> str:
        """A sum with sign, symbol and separators. digits: in English notation, a letter for its size may follow.

        >>> Currency(code="EUR", symbol="€", after=True, thousands=".", decimal=",").written("1,234.50")
        '1.234,50\\xa0€'
        """
        if (self.thousands, self.decimal) != (",", "."):
            digits = self.thousands.join(self.decimal.join(part.split(".")) for part in digits.split(","))
        sign = MINUS if negative else ""
        if self.after:
            return f"{sign}{digits}{APART}{self.symbol}"
        return f"{sign}{self.symbol}{APART if self.symbol[-1].isalpha() else ''}{digits}"

    @property
    def units(self) -> str:
        """The unit in words, of many."""
        return self.plural or self.code

    @property
    def nothing(self) -> str:
        """No money at all, as `money` writes it."""
        return self.written("0")

    def money(self, amount: float, *, exact: bool = False) -> str:
        """A sum to three significant figures unless exact.

        >>> euros = Currency(code="EUR", symbol="€")
        >>> euros.money(-12_345), euros.money(-12_345, exact=True), euros.money(0.004)
        ('−€12,300', '−€12,345', '€0')
        """
        if abs(amount) < PENNY / 2:
            return self.nothing
        rounded = round(amount, 2) if exact else _rounded(amount)
        size = abs(rounded)
        if (exact and size != round(size)) or (not exact and 0 < size < 10):
            return self.written(f"{size:,.2f}", rounded < 0)
        return self.written(f"{size:,.0f}", rounded < 0)

    def short(self, amount: float) -> str:
        """A sum in few characters, for metrics and axes: 1.23m, −456k, 789, each with the symbol."""
        size = abs(_rounded(amount) if abs(amount) >= 10 else round(amount))
        negative = amount < 0 and size > 0
        for scale, suffix in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
            if size >= scale:
                count = size / (1e3 if suffix == "k" else scale)
                return self.written(f"{count:,.0f}{suffix}" if count >= 1_000 else f"{count:.3g}{suffix}", negative)
        return self.written(f"{size:,.0f}", negative)

    def interval(self, low: float | None, high: float | None, exact: bool = False) -> str:
        """A 95% interval of money in words; nothing where there is none."""
        if low is None or high is None:
            return ""
        return f"{self.money(low, exact=exact)} to {self.money(high, exact=exact)}"

    def cells(self, digits: str = "#,##0.00") -> str:
        """A sum as the number format of a worksheet; the reader's spreadsheet sets the separators."""
        parts = ("", f'{digits}"{APART}{self.symbol}"') if self.after else (f'"{self.written("")}"', digits)
        return "".join(parts)


def _rounded(amount: float) -> float:
    """Three significant figures, whole from 10, hundredths below: rounded once, or 13.48 would be 13.5 and then 14."""
    if abs(amount) < 10:
        return round(amount, 2) + 0.0
    return float(round(amount)) if abs(amount) < 1_000 else significant(amount)


def significant(number: float, figures: int = 3) -> float:
    """A number rounded to significant figures; whole above 100."""
    if number == 0 or not math.isfinite(number):
        return 0.0 if number == 0 else number
    digits = figures - 1 - math.floor(math.log10(abs(number)))
    return round(number, digits) + 0.0
