"""When money comes back: for good, for the first time, at once, or not within the horizon."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from costmodel.result import payback
from costmodel.result.outcomes import VIEWS, Outcomes, Terms, outcomes
from tests.support import plain_payback
from tests.support.flows import Flows

MONTHS = np.arange(0, 121, 1.0)


def both(curve: Sequence[float], months: Sequence[float], first: float = 0.0) -> tuple[float, float]:
    """Sustained and first touch of one curve."""
    values, times = np.asarray(curve, dtype=float)[:, None], np.asarray(months, dtype=float)
    return float(payback.sustained(values, times, first)[0]), float(payback.first_touch(values, times, first)[0])


@st.composite
def curves(draw: st.DrawFn) -> tuple[list[float], list[float], float]:
    """Cumulative net cost that begins at 0, at rising months, and the month of the first payment."""
    steps = draw(st.lists(st.integers(1, 6), min_size=2, max_size=12))
    months = [0.0, *np.cumsum(steps).astype(float)]
    pounds = st.one_of(st.integers(-50, 50).map(float), st.floats(-50, 50).filter(lambda x: abs(x) > 1e-3))
    values = [0.0, *draw(st.lists(pounds, min_size=len(steps), max_size=len(steps)))]
    first = draw(st.one_of(st.just(0.0), st.floats(0, months[-1] + 3).map(lambda m: round(m, 2))))
    return values, months, first


@given(curves())
def test_they_are_what_one_finds_by_walking_along_the_curve(
    case: tuple[list[float], list[float], float],
) -> None:
    values, months, first = case
    points = list(zip(months, values, strict=True))
    sustained, touch = both(values, months, first)
    assert sustained == pytest.approx(plain_payback.sustained(points, first), abs=1e-9)
    assert touch == pytest.approx(plain_payback.first_touch(points, first), abs=1e-9)


@given(curves())
def test_what_stays_paid_back_was_first_touched_no_later(
    case: tuple[list[float], list[float], float],
) -> None:
    sustained, touch = both(*case)
    assert touch <= sustained + 1e-9
    assert sustained >= case[2]


@given(curves())
def test_the_curve_is_0_where_it_pays_back_and_never_above_it_after(
    case: tuple[list[float], list[float], float],
) -> None:
    values, months, first = case
    sustained, _ = both(values, months, first)
    assume(first < sustained < math.inf)
    assert np.interp(sustained, months, values) == pytest.approx(0, abs=1e-9)
    later = np.linspace(sustained, months[-1], 200)
    assert np.interp(later, months, values).max() <= 1e-9


@given(curves(), st.floats(0.01, 100))
def test_in_pence_it_takes_as_long_as_in_pounds(case: tuple[list[float], list[float], float], scale: float) -> None:
    values, months, first = case
    assert both([scale * v for v in values], months, first) == pytest.approx(both(values, months, first), rel=1e-9)


@given(st.lists(curves(), min_size=2, max_size=5))
def test_curves_side_by_side_do_not_disturb_each_other(
    cases: list[tuple[list[float], list[float], float]],
) -> None:
    shortest = min(len(months) for _, months, _ in cases)
    months = np.arange(shortest, dtype=float)
    together = np.array([values[:shortest] for values, _, _ in cases]).T
    for found, alone in ((payback.sustained, 0), (payback.first_touch, 1)):
        column = found(together, months, 0.0)
        assert [both(values[:shortest], months)[alone] for values, _, _ in cases] == column.tolist()


def test_what_pays_back_and_then_loses_again_is_touched_and_not_sustained() -> None:
    assert both([0, 100, -50, 20], [0, 12, 24, 36]) == (math.inf, pytest.approx(20))


def test_what_loses_and_recovers_again_is_sustained_from_the_last_time() -> None:
    assert both([0, 100, -100, 100, -100], [0, 12, 24, 36, 48]) == (pytest.approx(42), pytest.approx(18))


def test_what_saves_from_the_outset_pays_back_at_the_first_payment() -> None:
    assert both([0, -1, -2, -3], [0, 1, 2, 3]) == (0, 0)
    assert both([0, -1, -2, -3], [0, 1, 2, 3], first=1.5) == (1.5, 1.5)


@pytest.mark.parametrize("rounding", [0, 1e-13, -1e-13, 3e-7])
def test_what_costs_and_saves_nothing_has_nothing_to_pay_back(rounding: float) -> None:
    assert both([0, rounding, 0, rounding], [0, 1, 2, 3]) == (math.inf, math.inf)
    assert both([0, rounding, -5, -5], [0, 1, 2, 3]) == (0, 0)


@pytest.mark.parametrize("rounding", [1e-13, -1e-13, 3e-7])
def test_what_comes_back_to_0_but_for_rounding_has_paid_back(rounding: float) -> None:
    assert both([0, 10, rounding, rounding], [0, 6, 12, 18]) == pytest.approx((12, 12), abs=1e-6)


def test_what_ends_exactly_at_0_has_paid_back_there() -> None:
    assert both([0, 10, 0], [0, 6, 12]) == (12, 12)


def test_what_is_never_repaid_is_not_within_the_horizon() -> None:
    assert both([0, 10, 5, 1], [0, 1, 2, 3]) == (math.inf, math.inf)


def test_where_nothing_is_paid_within_the_horizon_nothing_pays_back() -> None:
    """A wait as long as the follow-up, or longer."""
    for first in (3.0, 4.0):
        assert both([0, 0, 0, 0], [0, 1, 2, 3], first) == (math.inf, math.inf)
        assert both([0, -1, -2, -3], [0, 1, 2, 3], first) == (math.inf, math.inf)


def test_money_lost_before_the_first_payment_has_to_come_back_too() -> None:
    """Above 0 at month 2, below at month 4: it was not at once at month 2."""
    assert both([0, 10, 10, -10], [0, 1, 2, 4], first=2) == (3, 3)
    assert both([0, 10, -10, -20], [0, 1, 4, 5], first=3) == (3, 3)


def test_what_is_saved_before_the_first_payment_is_paid_back_there_even_if_some_of_it_is_lost_again() -> None:
    assert both([0, -10, -5], [0, 1, 2], first=1) == (1, 1)


def test_what_is_owed_at_the_first_payment_however_little_is_not_paid_back_there() -> None:
    assert both([0, 1, -1, -1], [0, 1, 2, 3], first=1) == (1.5, 1.5)


def test_what_is_owed_from_time_0_comes_back_on_the_way_to_the_first_point() -> None:
    assert both([10, -10, -10], [0, 2, 4]) == (1, 1)


def test_peak_is_the_most_ever_put_in() -> None:
    curve = np.array([[0, 0], [5, -1], [12, -2], [-3, -3]], dtype=float)
    assert payback.peak(curve).tolist() == [12, 0]


def summed(cost: np.ndarray, first_payment: float = 0.0, lag: int = 0, cashable: float = 1.0) -> Outcomes:
    """Outcomes of a therapy against nothing, from what both cost the NHS each month, (2, months)."""
    months = cost.shape[1]
    flows = cost.T[:, None, :, None, None]
    terms = Terms(
        horizons=(months / 12,),
        signs=((1,),) * 4,
        cashable=(cashable,),
        lags=(lag,),
        factors=(np.ones((months, 1)), np.ones((months, 1))),
        first_payment=(0.0, first_payment),
    )
    nothing = np.zeros((months, 2, 1, 1))
    people = np.zeros((months + 1, 1, 2, 1, 1))
    return outcomes(Flows(np.arange(months + 1) / 12, flows, nothing, people, people[1:]), terms, 1)


def touched(found: Outcomes) -> float:
    """Month of first touch of the only curve's value."""
    curve = found.curves[:, VIEWS.index("value"), 0, 0, 0]
    return float(payback.first_touch(curve, np.arange(len(curve)), 0.0)[0])


def test_a_cost_now_and_a_constant_saving_pay_back_when_they_are_equal() -> None:
    """K at the first session, s a year from then on: after K/s years; 100 random cases."""
    rng = np.random.default_rng(20)
    paid_back = 0
    for _ in range(100):
        k, s = rng.uniform(100, 5_000), rng.uniform(100, 2_000)
        cost = np.zeros((2, 120))
        cost[0] = s / 12
        cost[1, 0] = k
        found = summed(cost)
        months = 12 * k / s
        expected = math.inf if months > 120 else 0.0 if months <= 1 else months
        for month in (found.sustained[0, VIEWS.index("value"), 0, 1, 0, 0], touched(found)):
            assert month == pytest.approx(expected, rel=1e-9)
        assert found.peak[0, 0, 1, 0, 0] == pytest.approx(max(0.0, k - s / 12), rel=1e-9)
        paid_back += expected < math.inf
    assert 30 < paid_back < 100


def test_in_cash_it_takes_the_lag_longer_and_the_cashable_share_stretches_it() -> None:
    """A saving of 100 a month, half of it cashable and four months later, repays 1,200 in 24 + 4 months."""
    cost = np.zeros((2, 120))
    cost[0], cost[1, 0] = 100.0, 1_300.0
    found = summed(cost, lag=4, cashable=0.5)
    assert found.sustained[0, VIEWS.index("value"), 0, 1, 0, 0] == pytest.approx(13)
    # the first month's increase of 1,200 is cash at once; reductions begin in the second month
    assert found.sustained[0, VIEWS.index("cash"), 0, 1, 0, 0] == pytest.approx(24 + 4 + 1)


def test_a_slow_start_a_middle_and_a_relapse_of_costs() -> None:
    """Costs 600, saves 100 a month for a year, then costs 200 a month again: touched at 6, lost by 18."""
    cost = np.zeros((2, 36))
    cost[1, 0], cost[0, :12], cost[1, 12:] = 600.0, 100.0, 200.0
    found = summed(cost)
    assert touched(found) == pytest.approx(6)
    assert found.sustained[0, 0, 0, 1, 0, 0] == math.inf
