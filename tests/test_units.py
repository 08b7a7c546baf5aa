"""Units, durations and price years refuse what they cannot mean, and say what was probably meant."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.currency import Currency
from costmodel.units import (
    Unit,
    out_of_support,
    parse_duration,
    parse_unit,
    price_fits_quantity,
    unusual,
)
from costmodel.words import percent
from tests.support.pounds import unit_of


@pytest.mark.parametrize(
    ("text", "kind", "thing", "low", "high"),
    [
        ("share", "share", "", 0, 1),
        ("per year", "rate", "", 0, 52),
        ("hazard ratio", "hazard_ratio", "", 0, math.inf),
        ("rate ratio", "rate_ratio", "", 0, math.inf),
        ("odds ratio", "odds_ratio", "", 0, math.inf),
        ("multiplier", "multiplier", "", 0, math.inf),
        ("visits per year", "quantity", "visit", 0, math.inf),
        ("bed-days per year", "quantity", "bed-day", 0, math.inf),
        ("sessions per year", "quantity", "session", 0, math.inf),
        ("months per year", "quantity", "month", 0, math.inf),
        ("GBP per outpatient visit", "price", "outpatient visit", 0, math.inf),
        ("GBP per QALY", "price", "QALY", 0, math.inf),
        ("sessions", "sessions", "session", 0, math.inf),
        ("utility", "utility", "", -1, 1),
        ("years", "years", "", 0, math.inf),
        ("months", "months", "", 0, math.inf),
        ("discount rate", "discount_rate", "", 0, 1),
    ],
)
def test_every_unit_of_the_format_is_understood(text: str, kind: str, thing: str, low: float, high: float) -> None:
    unit = unit_of(text)
    assert (unit.text, unit.kind, unit.thing, unit.low, unit.high) == (text, kind, thing, low, high)
    assert unit.bounded
    assert unit.is_ratio == text.endswith("ratio")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("%", '"share"'),
        ("Share", '"share"'),
        ("per month", '"per year"'),
        ("hazard rate", '"hazard ratio"'),
        ("visits per month", '"visits per year"'),
        ("EUR per visit", '"GBP per visit"'),
        ("£ per visit", '"GBP per visit"'),
        ("GBP per visit per year", "not a unit"),
        ("GBP", "not a unit"),
        ("share per year", "not a unit"),
        ("", "must be text"),
        (12, "must be text"),
        (None, "must be text"),
    ],
)
def test_a_unit_that_does_not_exist_is_refused_with_the_nearest(text: object, hint: str) -> None:
    with pytest.raises(ValueError, match="unit|currency|per year") as refused:
        unit_of(text)
    assert hint in str(refused.value)


def test_prices_are_in_the_currency_of_the_setting() -> None:
    assert parse_unit("EUR per visit", Currency(code="EUR", symbol="€")).kind == "price"
    with pytest.raises(ValueError, match='"EUR per visit"'):
        parse_unit("GBP per visit", Currency(code="EUR", symbol="€"))


@pytest.mark.parametrize(
    ("price", "quantity", "fits"),
    [
        ("GBP per visit", "visits per year", True),
        ("GBP per bed-day", "bed-days per year", True),
        ("GBP per contact", "contacts per year", True),
        ("GBP per course", "courses per year", True),
        ("GBP per therapy", "therapies per year", True),
        ("GBP per box", "boxes per year", True),
        ("GBP per session", "sessions", True),
        ("GBP per session", "sessions per year", True),
        ("GBP per year", "share", True),
        ("GBP per year", "multiplier", True),
        ("GBP per year", "utility", False),
        ("GBP per year", "visits per year", False),
        ("GBP per visit", "share", False),
        ("GBP per visit", "contacts per year", False),
        ("GBP per person", "sessions", False),
        ("visits per year", "visits per year", False),
    ],
)
def test_a_price_fits_only_the_quantity_that_it_prices(price: str, quantity: str, fits: bool) -> None:
    assert price_fits_quantity(unit_of(price), unit_of(quantity)) is fits


@pytest.mark.parametrize(
    ("unit", "value", "hint"),
    [
        ("share", 35, "percentage? 0.35"),
        ("share", -0.1, "0 to 1"),
        ("discount rate", 3.5, "percentage? 0.035"),
        ("discount rate", 1, "percentage? 0.01"),
        ("discount rate", -0.02, "0 to below 1"),
        ("hazard ratio", -0.69, "log of the ratio? exp(−0.69) = 0.5"),
        ("per year", 53, "percentage? 0.53"),
        ("per year", -1, "0 to 52"),
        ("utility", 1.3, "−1 to 1"),
        ("utility", -2, "−1 to 1"),
        ("utility", 70, "percentage? 0.7"),
        ("GBP per visit", -500, "prices are positive"),
        ("years", -3, "0 or more"),
        ("share", math.nan, "finite"),
        ("GBP per visit", math.inf, "finite"),
    ],
)
def test_a_value_outside_its_support_is_refused_with_the_likely_slip(unit: str, value: float, hint: str) -> None:
    assert hint in (out_of_support(unit_of(unit), value) or "allowed")


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("share", 0),
        ("share", 1),
        ("per year", 52),
        ("utility", -0.2),
        ("discount rate", 0),
        ("hazard ratio", 0),
    ],
)
def test_the_ends_of_a_support_are_allowed(unit: str, value: float) -> None:
    assert out_of_support(unit_of(unit), value) is None


def test_what_is_only_unusual_is_warned_about() -> None:
    assert "0.3" in (unusual(unit_of("per year"), 30) or "")
    assert unusual(unit_of("per year"), 12) is None
    assert "dead" in (unusual(unit_of("utility"), -0.2) or "")
    assert unusual(unit_of("utility"), 0.2) is None


@pytest.mark.parametrize(
    ("text", "months"),
    [("18 months", 18), ("1 month", 1), ("10 years", 120), ("1.5 years", 18), ("6 weeks", 12 * 42 / 365.25)],
)
def test_durations_have_their_length(text: str, months: float) -> None:
    assert parse_duration(text).months == months
    assert parse_duration(text).years == months / 12
    assert str(parse_duration(text)) == text


@given(st.integers(1, 10_000))
def test_whole_years_and_months_are_exact(number: int) -> None:
    assert parse_duration(f"{number} years") == parse_duration(f"{number} years", zero_allowed=True)
    assert parse_duration(f"{number} years").months == parse_duration(f"{12 * number} months").months
    assert parse_duration(f"{number} years").years == number


@pytest.mark.parametrize(
    "text",
    ["1 mo", "30", 30, "-4 weeks", "0 months", "12months", "1e3 months", "٣ months", "", None, True, "1 day"],
)
def test_a_duration_without_a_clear_length_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"months|negative|above 0"):
        parse_duration(text)


def test_zero_is_a_duration_only_where_it_is_allowed() -> None:
    assert parse_duration("0 months", zero_allowed=True).months == 0
    with pytest.raises(ValueError, match="negative"):
        parse_duration("-1 months", zero_allowed=True)


def test_a_unit_without_bounds_says_so() -> None:
    difference = Unit("difference", "quantity", low=-math.inf)
    assert not difference.bounded
    assert difference.support == "any number"


@pytest.mark.parametrize(
    ("share", "figures", "said"),
    [(0.41, 2, "41%"), (0.0975, 2, "9.8%"), (1.3, 2, "130%"), (13.04, 3, "1,300%"), (-2.1, 2, "−210%"),
     (0.999, 2, "100%"), (0.0, 2, "0%")],
)  # fmt: skip
def test_a_share_is_told_in_figures_and_never_in_powers_of_ten(share: float, figures: int, said: str) -> None:
    assert percent(share, figures) == said
