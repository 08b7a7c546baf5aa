"""Units of parameters, and durations: what they may be, and which values they allow."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from costmodel.currency import Currency
from costmodel.errors import nearest

Kind = Literal[
    "share", "rate", "probability", "hazard_ratio", "rate_ratio", "cost_ratio", "relative_risk", "odds_ratio",
    "multiplier", "quantity", "price", "sessions", "utility", "years", "months", "discount_rate", "people_per_100",
    "points",
]  # fmt: skip

HIGHEST_RATE = 52.0
"""Per year: once a week. Faster transitions than this are refused."""

UNUSUAL_RATE = 12.0
"""Per year: once a month. Faster transitions are warned about; a percentage typed as a rate lands here."""

SYMBOLS = "[£$€¥]"
"""Symbols by which people write sums of money, whatever the setting's."""
MONTHS_A_YEAR = 12
DAYS_A_YEAR = 365.25
DAYS_A_WEEK = 7
WEEKS_A_YEAR = DAYS_A_YEAR / DAYS_A_WEEK
"""Of the calendar."""
CYCLE_WEEKS_A_YEAR = 52.0
"""Of a model with a cycle of weeks, so that its year is a whole number of cycles."""


@dataclass(frozen=True)
class Unit:
    """What a number counts, and between which ends it must lie.

    text: as declared. thing: the singular noun of a quantity, of a price's denominator, or of `sessions`;
    the period of a probability, such as "3 months"; "" otherwise. low, high: ends of the support, both allowed
    (for a discount rate, `high` is not). currency: of a price. months: the period of a probability.
    """

    text: str
    kind: Kind
    thing: str = ""
    low: float = 0.0
    high: float = math.inf
    currency: Currency | None = None
    months: float = 0.0

    @property
    def is_ratio(self) -> bool:
        """A relative effect: hazard, rate, cost or odds ratio, or relative risk."""
        return self.kind in ("hazard_ratio", "rate_ratio", "cost_ratio", "relative_risk", "odds_ratio")

    @property
    def in_a_year(self) -> float:
        """How many of a unit of time are a year."""
        return MONTHS_A_YEAR if self.kind == "months" else 1

    @property
    def bounded(self) -> bool:
        """Whether the support has a finite end (every unit of docs/format.md has)."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def support(self) -> str:
        """The support in words."""
        if self.kind == "discount_rate":
            return "0 to below 1"
        if math.isfinite(self.high):
            return f"{_shown(self.low)} to {_shown(self.high)}"
        return f"{_shown(self.low)} or more" if math.isfinite(self.low) else "any number"

    def __str__(self) -> str:
        return self.text


_FIXED_UNITS: dict[str, Unit] = {
    unit.text: unit
    for unit in (
        Unit("share", "share", high=1.0),
        Unit("per year", "rate", high=HIGHEST_RATE),
        Unit("hazard ratio", "hazard_ratio"),
        Unit("rate ratio", "rate_ratio"),
        Unit("cost ratio", "cost_ratio"),
        Unit("relative risk", "relative_risk"),
        Unit("odds ratio", "odds_ratio"),
        Unit("multiplier", "multiplier"),
        Unit("sessions", "sessions", thing="session"),
        Unit("utility", "utility", low=-1.0, high=1.0),
        Unit("years", "years"),
        Unit("months", "months"),
        Unit("discount rate", "discount_rate", high=1.0),
        Unit("people per 100", "people_per_100", low=-100.0, high=100.0),
        Unit("points", "points"),
    )
}

_FREQUENT_SLIPS = {
    "%": "share", "percent": "share", "percentage": "share", "proportion": "share",
    "rate": "per year", "per month": "per year", "per week": "per year", "hr": "hazard ratio",
    "rr": "rate ratio", "or": "odds ratio", "ratio": "hazard ratio", "year": "years", "month": "months",
    "qaly": "utility", "session": "sessions",
}  # fmt: skip


def parse_unit(text: object, currency: Currency, weeks_a_year: float = WEEKS_A_YEAR) -> Unit:
    """The unit that a text declares. currency: the setting's. Raises ValueError with what is allowed.

    weeks_a_year: of the model, for a probability per so many weeks.

    >>> parse_unit("EUR per visit", Currency(code="EUR", symbol="€")).thing
    'visit'
    """
    code = currency.code
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f'a unit must be text, such as "share", "visits per year" or "{code} per visit"')
    text = " ".join(text.split())
    if text in _FIXED_UNITS:
        return _FIXED_UNITS[text]
    if text.casefold() in ("probability", "prob"):
        raise ValueError(f'"{text}" has no period. Write "probability per year"; a proportion is a "share"')
    if text.casefold() in _FREQUENT_SLIPS:
        raise ValueError(f'"{text}" is not a unit. Did you mean "{_FREQUENT_SLIPS[text.casefold()]}"?')
    if text.startswith("probability per "):
        return _probability(text, weeks_a_year)
    word = r"(?!per\b)[A-Za-z]+"
    noun = rf"({word}(?:[ -]{word})*)"
    if price := re.fullmatch(rf"{code} per {noun}", text):
        return Unit(text, "price", thing=_singular(price[1]), currency=currency)
    if (quantity := re.fullmatch(rf"{noun} per year", text)) and _may_be_counted(quantity[1]):
        return Unit(text, "quantity", thing=_singular(quantity[1]))
    if money := re.fullmatch(rf"([A-Z]{{3}}|{SYMBOLS}|{re.escape(currency.symbol)}) ?(?:per |/ ?){noun}", text):
        also = "" if money[1] in (code, currency.symbol) else " Then convert the price too."
        raise ValueError(f'"{text}" is not in the setting\'s currency. Did you mean "{code} per {money[2]}"?{also}')
    if period := re.fullmatch(rf"{noun} per (?:month|week|day|quarter)", text):
        raise ValueError(f'"{text}" must be counted per year. Convert it to "{period[1]} per year".')
    allowed = ["THINGS per year", f"{code} per THING", "probability per TIME", *_FIXED_UNITS]
    raise ValueError(f'"{text}" is not a unit. {nearest(text, allowed)}')


def _probability(text: str, weeks_a_year: float) -> Unit:
    """The unit of a probability over a stated time: `probability per year`, `probability per 3 months`."""
    period = text.removeprefix("probability per ")
    period = period if period[0].isdigit() else f"1 {period}"
    stated = parse_duration(period, weeks_a_year=weeks_a_year)
    return Unit(text, "probability", thing=stated.text, high=1.0, months=stated.months)


def _may_be_counted(noun: str) -> bool:
    """Whether a noun can be the THINGS of "THINGS per year": not a unit itself, not money."""
    return noun not in _FIXED_UNITS.keys() - {"sessions", "months"} and not noun.isupper()


def _singular(noun: str) -> str:
    """The singular of an English plural, word for word the same as that of the singular itself."""
    if noun in ("people", "persons"):
        return "person"
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("xes", "ches", "shes", "sses")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else noun


def price_fits_quantity(price: Unit, quantity: Unit) -> bool:
    """Whether price times quantity is money per person-year (or, for `sessions`, per person)."""
    if price.kind != "price":
        return False
    if price.thing == "year":
        return quantity.kind in ("share", "multiplier")
    return quantity.kind in ("quantity", "sessions") and quantity.thing == price.thing


def out_of_support(unit: Unit, value: float) -> str | None:
    """Why a unit does not allow a value, with the likely slip; None if it does."""
    if not math.isfinite(value):
        return f"{value} is not a finite number"
    excluded_end = unit.kind == "discount_rate" and value == unit.high
    if unit.low <= value <= unit.high and not excluded_end:
        return None
    return f'{_shown(value)} is outside {unit.support}, which the unit "{unit.text}" allows{_slip(unit, value)}'


def _slip(unit: Unit, value: float) -> str:
    """What was probably meant by a value outside the support, as a question; "" if nothing is plain."""
    if unit.is_ratio and value < 0:
        return f": is this the log of the ratio? exp({_shown(value)}) = {math.exp(value):.2g}"
    if unit.kind == "probability" and 1 < value <= HIGHEST_RATE:
        as_rate = f"a rate makes it 1 − exp(−{_shown(value)}) = {1 - math.exp(-value):.3g}"
        return f": did you type a percentage? {_shown(value / 100)}; or a rate? {as_rate}"
    percentage = unit.kind in ("share", "utility", "discount_rate") and 1 <= value <= 100
    if percentage or (unit.kind == "rate" and value > unit.high):
        return f": did you type a percentage? {_shown(value / 100)}"
    if unit.kind == "price" and value < 0:
        return ": prices are positive; who pays and who receives gives the sign"
    return ""


def _shown(value: float) -> str:
    """A number as it would be typed, with a true minus sign."""
    return f"{value:.10g}".replace("-", "−")


def unusual(unit: Unit, value: float) -> str | None:
    """What is odd about an allowed value, for a warning; None if nothing is."""
    if unit.kind == "rate" and value > UNUSUAL_RATE:
        days = DAYS_A_YEAR / value
        meant = _shown(value / 100)
        return f"{_shown(value)} per year is once in {days:.0f} days: did you type a percentage? {meant}"
    if unit.kind == "utility" and value < 0:
        return f"a utility of {_shown(value)} is worse than being dead"
    return None


@dataclass(frozen=True)
class Duration:
    """A length of time. months: exact for months and years; a week is 7/365.25 of a year, or the model's 1/52."""

    months: float
    text: str

    @property
    def years(self) -> float:
        return self.months / MONTHS_A_YEAR

    def __str__(self) -> str:
        return self.text


def parse_duration(text: object, zero_allowed: bool = False, weeks_a_year: float = WEEKS_A_YEAR) -> Duration:
    """The duration that a text such as "18 months" declares. Raises ValueError with what is allowed.

    weeks_a_year: 52 in a model with a cycle of weeks (`schema.weeks_a_year`), else those of the calendar.

    >>> parse_duration("1.5 years").months
    18.0
    """
    how = 'Write a number and "months", "years" or "weeks", such as "18 months".'
    text = str(text)
    match = re.fullmatch(r"\s*([-−+]?)(\d+(?:\.\d+)?)\s+(month|year|week)s?\s*", text, flags=re.ASCII)
    if not match:
        raise ValueError(f'"{text[:40]}" is not a duration. {how}')
    sign, number, word = match.groups()
    in_a_year = {"month": MONTHS_A_YEAR, "year": 1, "week": weeks_a_year}
    months = float(number) * MONTHS_A_YEAR / in_a_year[word]
    if not math.isfinite(months):
        raise ValueError(f'"{text[:20]}…" is too long a duration')
    if sign in ("-", "−") and months > 0:
        raise ValueError(f'"{text}" is negative: a duration runs forward from its start')
    if months == 0 and not zero_allowed:
        raise ValueError(f'"{text}" has no length: this duration must be above 0')
    return Duration(months, " ".join(text.split()))
