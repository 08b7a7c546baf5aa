"""A fitted distribution has the declared centre and spread, and never leaves the support of its unit."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

import costmodel as cm
from costmodel.inputs.distributions import Distribution, fit, recentred, warnings
from costmodel.inputs.draws import uniforms
from costmodel.units import Unit
from tests.cli.commands import done, parsed
from tests.support.example import example, number, price, write_model
from tests.support.pounds import unit_of
from tests.support.small_probabilities import small

SHARE, RATE, HAZARD_RATIO = unit_of("share"), unit_of("per year"), unit_of("hazard ratio")
PRICE, UTILITY, DISCOUNT = unit_of("GBP per visit"), unit_of("utility"), unit_of("discount rate")
DAYS = unit_of("days per year")
DIFFERENCE = Unit("difference", "quantity", low=-math.inf)
"""No unit of the format is unbounded, so normal distributions are tried on an invented one."""


def moments(distribution: Distribution) -> tuple[float, float]:
    """Mean and standard deviation as scipy.stats has them."""
    a, b = distribution.first, distribution.second
    ends = distribution.more
    textbook = {
        "beta": lambda: stats.beta(a, b),
        "gamma": lambda: stats.gamma(a, scale=b),
        "lognormal": lambda: stats.lognorm(b, scale=math.exp(a)),
        "normal": lambda: stats.norm(a, b),
        "uniform": lambda: stats.uniform(a, b - a),
        "pert": lambda: stats.beta(a, b, ends[0], ends[1] - ends[0]),
        "triangular": lambda: stats.triang((ends[0] - a) / (b - a), a, b - a),
    }[distribution.kind]()
    return float(textbook.mean()), float(textbook.std())


DECLARED: list[tuple[str, Unit, dict[str, Any]]] = [
    ("beta", SHARE, {"value": 0.8, "effective_size": 30}),
    ("beta", SHARE, {"counts": [3, 40]}),
    ("beta", SHARE, {"value": 0.19, "ci95": [0.1, 0.3]}),
    ("beta", SHARE, {"ci95": [0.6, 0.99]}),
    ("beta", UTILITY, {"value": 0.5, "se": 0.02}),
    ("beta", DISCOUNT, {"value": 0.035, "se": 0.005}),
    ("gamma", RATE, {"value": 0.3, "cv": 0.2}),
    ("gamma", PRICE, {"value": 719, "se": 300}),
    ("gamma", PRICE, {"value": 100, "ci95": [60, 150]}),
    ("gamma", PRICE, {"ci95": [10, 300]}),
    ("lognormal", HAZARD_RATIO, {"value": 1.5, "ci95": [1.1, 2.0454545]}),
    ("lognormal", HAZARD_RATIO, {"value": 0.69, "se_log": 0.15}),
    ("lognormal", PRICE, {"value": 100, "se_log": 0.4}),
    ("lognormal", HAZARD_RATIO, {"ci95": [0.5, 4.0]}),
    ("lognormal", PRICE, {"value": 100, "cv": 0.4}),
    ("lognormal", PRICE, {"ci95": [50, 200]}),
    ("normal", DIFFERENCE, {"value": -0.2, "se": 0.1}),
    ("normal", DIFFERENCE, {"value": -2, "cv": 0.1}),
    ("normal", DIFFERENCE, {"ci95": [-1, 0.4]}),
    ("uniform", SHARE, {"range": [0, 1]}),
    ("uniform", UTILITY, {"value": 0.1, "range": [-0.1, 0.3]}),
    ("pert", SHARE, {"range": [0.1, 0.9], "mode": 0.2}),
    ("pert", PRICE, {"range": [0, 200], "mode": 0}),
    ("triangular", PRICE, {"range": [10, 300], "mode": 50}),
    ("triangular", SHARE, {"range": [0, 1], "mode": 1}),
    ("hurdle", DAYS, {"counts": [66, 160], "of_users": [14.6, 21.9]}),
    ("hurdle", DAYS, {"counts": [4, 80], "of_users": [4, 3.2]}),
    ("beta", SHARE, {"quantiles": [[0.1, 0.2], [0.9, 0.5]]}),
    ("gamma", RATE, {"quantiles": [[0.25, 0.1], [0.5, 0.2], [0.75, 0.35]]}),
    ("lognormal", HAZARD_RATIO, {"quantiles": [[0.25, 0.7], [0.75, 0.9]]}),
    ("normal", DIFFERENCE, {"quantiles": [[0.05, -1], [0.5, 0.1], [0.95, 1]]}),
]


@pytest.mark.parametrize(("kind", "unit", "fields"), DECLARED)
def test_draws_have_the_declared_centre_and_stay_in_the_support(kind: str, unit: Unit, fields: dict[str, Any]) -> None:
    distribution = fit(kind, unit=unit, **fields)
    draws = distribution.quantile(uniforms(1, "tested", 40_000))
    if "value" in fields:
        assert distribution.central == fields["value"]
    if kind == "lognormal" and unit.is_ratio:
        centre = np.log(draws) - math.log(distribution.central)
    else:
        centre = draws - distribution.central
        assert moments(distribution)[0] == pytest.approx(distribution.central, rel=1e-12)
    assert abs(centre.mean()) < 4 * centre.std() / math.sqrt(draws.size)
    assert np.all((draws >= unit.low) & (draws <= unit.high))
    assert np.isfinite(draws).all()


@pytest.mark.parametrize(("kind", "unit", "fields"), DECLARED)
def test_the_deepest_draws_stay_in_the_support(kind: str, unit: Unit, fields: dict[str, Any]) -> None:
    ends = fit(kind, unit=unit, **fields).quantile(np.array([2.0**-53, 1 - 2.0**-53]))
    assert np.isfinite(ends).all()
    assert ends[0] >= unit.low
    assert ends[1] <= unit.high


@pytest.mark.parametrize("field", ["se", "cv"])
@pytest.mark.parametrize(("kind", "unit"), [("gamma", PRICE), ("lognormal", PRICE), ("normal", DIFFERENCE)])
def test_the_standard_deviation_is_as_declared(kind: str, unit: Unit, field: str) -> None:
    fields: dict[str, Any] = {field: 15.0 if field == "se" else 0.3}
    assert moments(fit(kind, unit=unit, value=50, **fields))[1] == pytest.approx(15)


def test_a_beta_has_the_declared_standard_error_or_effective_size() -> None:
    assert moments(fit("beta", unit=SHARE, value=0.3, se=0.1))[1] == pytest.approx(0.1)
    by_size = fit("beta", unit=SHARE, value=0.3, effective_size=10)
    assert (by_size.first, by_size.second) == pytest.approx((3, 7))
    by_counts = fit("beta", unit=SHARE, counts=[3, 10])
    assert (by_counts.first, by_counts.second, by_counts.central) == pytest.approx((3, 7, 0.3))


def test_spread_of_a_ratio_is_on_the_log_scale() -> None:
    by_se = fit("lognormal", unit=HAZARD_RATIO, value=0.5, se_log=0.2)
    assert by_se.central == 0.5
    assert float(by_se.quantile(np.array(0.5))) == pytest.approx(0.5)
    assert by_se.second == 0.2
    assert by_se == fit("lognormal", unit=HAZARD_RATIO, value=0.5, cv=0.2)
    price = fit("lognormal", unit=PRICE, value=50, se_log=0.2)
    assert (moments(price)[0], price.second) == pytest.approx((50, 0.2), rel=1e-12)


def test_the_se_of_a_ratio_must_say_its_scale_and_both_readings_are_shown() -> None:
    """0.5 × exp(±1.96 × 0.1) as of the log, 0.5 × exp(±1.96 × 0.2) as of the ratio: 0.411 to 0.608, 0.338 to 0.74."""
    with pytest.raises(ValueError, match="must say its scale") as refused:
        fit("lognormal", unit=HAZARD_RATIO, value=0.5, se=0.1)
    assert "se_log: 0.1 if it is that of the log (95% of draws 0.411 to 0.608)" in str(refused.value)
    assert "se_log: 0.2 if it is that of the ratio itself (about 0.338 to 0.74)" in str(refused.value)
    assert "ci95" in str(refused.value)
    assert moments(fit("gamma", unit=HAZARD_RATIO, value=0.5, se=0.1))[1] == pytest.approx(0.1)


def test_the_interval_of_a_ratio_is_reproduced() -> None:
    low, high = fit("lognormal", unit=HAZARD_RATIO, value=1.5, ci95=[1.1, 1.5**2 / 1.1]).interval95
    assert (low, high) == pytest.approx((1.1, 1.5**2 / 1.1))


@given(
    low=st.floats(0.01, 0.9),
    width=st.floats(0.01, 0.98),
    kind=st.sampled_from(["beta", "gamma", "lognormal"]),
)
def test_an_interval_without_a_value_is_met_at_both_ends(low: float, width: float, kind: str) -> None:
    high = low + width * (1 - low)
    unit = SHARE if kind == "beta" else PRICE
    assert fit(kind, unit=unit, ci95=[low, high]).interval95 == pytest.approx((low, high), rel=1e-6)


@given(
    mean=st.floats(0.05, 0.95),
    relative_spread=st.floats(0.02, 0.5),
    kind=st.sampled_from(["beta", "gamma", "lognormal", "normal"]),
)
def test_fitting_the_interval_of_a_distribution_gives_it_back(mean: float, relative_spread: float, kind: str) -> None:
    unit = {"beta": SHARE, "normal": DIFFERENCE}.get(kind, PRICE)
    spread = relative_spread * math.sqrt(mean * (1 - mean)) if kind == "beta" else relative_spread * mean
    original = fit(kind, unit=unit, value=mean, se=spread)
    again = fit(kind, unit=unit, value=mean, ci95=original.interval95)
    assert again.central == original.central
    assert (again.first, again.second) == pytest.approx((original.first, original.second), rel=1e-5)


def test_beta_mean_equals_the_integral_of_its_quantiles() -> None:
    """A check of `quantile` and `mean` against each other by quadrature."""
    distribution = fit("beta", unit=SHARE, value=0.19, ci95=[0.1, 0.3])
    mean, _ = integrate.quad(lambda u: float(distribution.quantile(np.array(u))), 0, 1, epsabs=1e-9)
    assert mean == pytest.approx(0.19, abs=1e-7)


REFUSED: list[tuple[str, Unit, dict[str, Any], str]] = [
    ("beta", SHARE, {"value": 0.9, "se": 0.5}, "below 0.3"),
    ("beta", SHARE, {"value": 0.9, "se": 0.3}, "below 0.3"),
    ("beta", SHARE, {"value": 0, "se": 0.1}, "between 0 and 1"),
    ("beta", SHARE, {"value": 35, "se": 0.1}, "percentage"),
    ("beta", SHARE, {"counts": [0, 10]}, "more than 0 events"),
    ("beta", SHARE, {"counts": [10, 10]}, "fewer than n"),
    ("beta", SHARE, {"counts": [-1, 10]}, "more than 0 events"),
    ("beta", SHARE, {"counts": [1, 10], "value": 0.1}, "leave value out"),
    ("beta", SHARE, {"counts": [1, 2, 3]}, "two finite numbers"),
    ("beta", SHARE, {"value": 0.1, "effective_size": -5}, "above 0"),
    ("beta", SHARE, {"value": 0.1, "cv": 0.2}, "does not go with beta"),
    ("beta", SHARE, {"ci95": [0, 0.5]}, "begins above 0"),
    ("beta", SHARE, {"ci95": [0.5, 1]}, "ends below 1"),
    ("beta", SHARE, {"value": 0.01, "ci95": [0, 0.9]}, "as wide as"),
    ("beta", UTILITY, {"value": -0.2, "se": 0.1}, "between 0 and 1"),
    ("gamma", PRICE, {"value": 0, "se": 1}, "above 0"),
    ("gamma", PRICE, {"value": 10, "se": -1}, "above 0"),
    ("gamma", PRICE, {"value": 10, "se": 0}, "leave the distribution out"),
    ("gamma", PRICE, {"value": 10, "cv": math.nan}, "above 0"),
    ("gamma", PRICE, {"value": 10, "cv": 0.1, "se": 1}, "exactly one"),
    ("gamma", PRICE, {"value": 10}, "no spread"),
    ("gamma", PRICE, {"cv": 0.1}, "add value"),
    ("gamma", PRICE, {"value": 5, "ci95": [1, 3]}, "outside its 95% interval"),
    ("gamma", PRICE, {"ci95": [3, 1]}, "must rise"),
    ("gamma", PRICE, {"ci95": [0, 3]}, "begins above 0"),
    ("gamma", SHARE, {"value": 0.5, "cv": 0.1}, "no upper end"),
    ("gamma", RATE, {"value": 10, "cv": 1}, "52 per year"),
    ("lognormal", UTILITY, {"value": 0.5, "cv": 0.1}, "no upper end"),
    ("lognormal", HAZARD_RATIO, {"value": 1.5, "ci95": [1.1, 5]}, "tenth of the width"),
    ("lognormal", HAZARD_RATIO, {"value": -0.69, "se_log": 0.1}, "log of the ratio"),
    ("lognormal", HAZARD_RATIO, {"value": 0, "se_log": 0.1}, "above 0"),
    ("lognormal", HAZARD_RATIO, {"ci95": [-0.5, 0.1]}, "log of the ratio"),
    ("normal", SHARE, {"value": 0.5, "se": 0.1}, "beta or uniform"),
    ("normal", PRICE, {"value": 100, "se": 15}, "gamma, lognormal or uniform"),
    ("normal", PRICE, {"value": 30, "se": 15}, "(0 or more) in 0.023 of draws"),
    (
        "normal",
        PRICE,
        {"value": 30, "se": 15},
        "draws of a gamma and of this normal lie within 8.174 to 65.75 and 0.6005 to 59.4",
    ),
    ("normal", PRICE, {"value": -1, "se": 15}, "−1 is outside"),
    ("uniform", SHARE, {"range": [1, 1]}, "must rise"),
    ("uniform", SHARE, {"range": [0, 1.2]}, "not possible"),
    ("uniform", SHARE, {"range": [0, 1], "value": 0.4}, "midpoint"),
    ("uniform", SHARE, {"range": [0, math.inf]}, "finite"),
    ("uniform", DISCOUNT, {"range": [0, 1]}, "below 1"),
    ("uniform", SHARE, {"value": 0.4}, "no spread"),
    ("gama", PRICE, {"value": 1, "cv": 0.1}, 'Did you mean "gamma"'),
    ("cauchy", PRICE, {"value": 1, "cv": 0.1}, "Allowed: beta"),
    ("triangular", PRICE, {"range": [1, 3]}, "needs mode"),
    ("triangular", PRICE, {"range": [1, 3], "mode": 4}, "within the range"),
    ("pert", PRICE, {"range": [3, 1], "mode": 2}, "must rise"),
    ("pert", PRICE, {"range": [1, 3], "mode": 2, "value": 2}, "leave value out"),
    ("pert", SHARE, {"range": [0.5, 1.4], "mode": 1}, "not possible"),
    ("pert", PRICE, {"range": [1, 3], "mode": math.nan}, "finite"),
    ("gamma", PRICE, {"value": 1, "cv": 0.1, "mode": 1}, "mode does not go with gamma"),
    ("gamma", PRICE, {"value": 1, "cv": 0.1, "of_users": [1, 2]}, "of_users does not go with gamma"),
    ("gamma", PRICE, {"value": 1, "se_log": 0.1}, "se_log does not go with gamma"),
    ("hurdle", DAYS, {"counts": [3, 10]}, "needs of_users"),
    ("hurdle", DAYS, {"counts": [10, 10], "of_users": [3, 2]}, "more than 0 users and fewer than n"),
    ("hurdle", DAYS, {"counts": [3, 10], "of_users": [3, 0]}, "standard deviation above 0"),
    ("hurdle", DAYS, {"counts": [3, 10], "of_users": [3, math.nan]}, "two finite numbers"),
    ("hurdle", DAYS, {"value": 6, "counts": [3, 10], "of_users": [3, 2]}, "leave value out"),
    ("hurdle", DAYS, {"value": 6, "se": 1, "of_users": [3, 2]}, "se does not go with hurdle"),
    ("hurdle", SHARE, {"counts": [3, 10], "of_users": [0.3, 0.2]}, "no upper end"),
    ("gamma", PRICE, {"quantiles": [[0.5, 1]]}, "2 to 20 pairs"),
    ("gamma", PRICE, {"quantiles": [[0.5, 1], [0.4, 2]]}, "rise"),
    ("gamma", PRICE, {"quantiles": [[0.4, 2], [0.5, 1]]}, "rise"),
    ("gamma", PRICE, {"quantiles": [[0, 1], [0.5, 2]]}, "strictly between 0 and 1"),
    ("gamma", PRICE, {"quantiles": [[0.1, 0], [0.5, 2]]}, "above 0"),
    ("beta", SHARE, {"quantiles": [[0.1, 0.1], [0.5, 1]]}, "below 1"),
    ("normal", DIFFERENCE, {"quantiles": [[0.01, -9], [0.5, 0], [0.99, 1]]}, "comes near"),
    ("gamma", PRICE, {"value": 2, "quantiles": [[0.1, 1], [0.5, 2]]}, "leave value out"),
]


@pytest.mark.parametrize(("kind", "unit", "fields", "reason"), REFUSED)
def test_a_contradiction_is_refused_with_its_limit(kind: str, unit: Unit, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as refused:
        fit(kind, unit=unit, **fields)
    assert "\n" not in str(refused.value)


def test_the_plausible_range_of_a_record_is_not_the_spread_of_a_gamma() -> None:
    assert fit("gamma", unit=PRICE, value=10, cv=0.1, range=[5, 20]) == fit("gamma", unit=PRICE, value=10, cv=0.1)


@pytest.mark.parametrize(("kind", "unit", "fields"), DECLARED)
def test_moving_there_and_back_changes_nothing(kind: str, unit: Unit, fields: dict[str, Any]) -> None:
    original = fit(kind, unit=unit, **fields)
    nearer = recentred(original, unit, 0.9 * original.central)
    back = recentred(nearer, unit, original.central)
    assert nearer.central == 0.9 * original.central
    assert back.interval95 == pytest.approx(original.interval95, rel=1e-12)


@given(
    first=st.floats(0.02, 0.6),
    width=st.floats(0.02, 0.95),
    low=st.floats(0.01, 0.45),
    high=st.floats(0.55, 0.99),
    kind=st.sampled_from(["beta", "gamma", "lognormal", "normal"]),
)
def test_two_quantiles_are_met_exactly(first: float, width: float, low: float, high: float, kind: str) -> None:
    last = first + width * (1 - first)
    unit = {"beta": SHARE, "normal": DIFFERENCE}.get(kind, PRICE)
    try:
        found = fit(kind, unit=unit, quantiles=[[low, first], [high, last]])
    except ValueError as error:
        if re.search("comes near|too small or too large", str(error)):
            return
        raise
    assert found.quantile(np.array([low, high])) == pytest.approx((first, last), abs=1e-6)


@pytest.mark.parametrize(("kind", "unit", "fields"), [d for d in DECLARED if d[0] in ("gamma", "beta", "lognormal")])
def test_the_quantiles_of_a_distribution_give_it_back(kind: str, unit: Unit, fields: dict[str, Any]) -> None:
    original = fit(kind, unit=unit, **fields)
    u = np.array([0.1, 0.3, 0.5, 0.8])
    again = fit(kind, unit=unit, quantiles=np.stack([u, original.quantile(u)], axis=1).tolist())
    assert (again.first, again.second) == pytest.approx((original.first, original.second), rel=1e-5)


def test_a_pert_and_a_triangular_have_their_textbook_mean_and_deviation() -> None:
    pert = fit("pert", unit=PRICE, range=[0, 10], mode=4)
    assert moments(pert)[0] == pytest.approx((0 + 4 * 4 + 10) / 6)
    assert (pert.first, pert.second) == pytest.approx((1 + 4 * 0.4, 1 + 4 * 0.6))
    triangular = fit("triangular", unit=PRICE, range=[0, 10], mode=4)
    assert moments(triangular)[0] == pytest.approx(14 / 3)
    for one in (pert, triangular):
        draws = one.quantile((np.arange(200_000) + 0.5) / 200_000)
        assert moments(one)[1] == pytest.approx(draws.std(), rel=1e-4)


def test_a_hurdle_is_as_uncertain_as_the_mean_of_as_many_people() -> None:
    """Means of 120 people, of whom three in ten use a lognormal number of days, spread as the draws do."""
    rng = np.random.default_rng(5)
    users, n, mean, deviation = 36, 120, 20.0, 25.0
    of_log = math.log1p((deviation / mean) ** 2)
    days = rng.lognormal(math.log(mean) - of_log / 2, math.sqrt(of_log), (20_000, n))
    means = np.where(rng.random(days.shape) < users / n, days, 0.0).mean(axis=1)
    hurdle = fit("hurdle", unit=DAYS, counts=[users, n], of_users=[mean, deviation])
    assert hurdle.central == moments(hurdle)[0] == pytest.approx(6.0, rel=1e-12)
    assert moments(hurdle)[1] == pytest.approx(math.sqrt((0.3 * 625 + 0.21 * 400) / 120), rel=1e-12)
    assert moments(hurdle)[1] == pytest.approx(means.std(), rel=0.03)
    assert hurdle.interval95 == pytest.approx(np.quantile(means, [0.025, 0.975]), rel=0.05)


def test_a_cohort_whose_users_are_few_uses_something_in_every_draw(tmp_path: Path) -> None:
    """Six in a hundred are admitted: their cohort costs about 0.06 × 15 days × £400 a year, in every draw above 0."""
    days = number("days per year", distribution="hurdle", counts=[12, 200], of_users=[15, 18])
    model = small(horizon="1 year", follow_up="1 year", counting="start", discounting="start of cycle")
    model["parameters"] |= {"visits": days, "visit": price("day", 400.0)}
    result = cm.run(cm.load(write_model(tmp_path, model)), draws=4_000)
    cost = result.headline.outcomes.cost[-1, 0, [item.name for item in result.items].index("gp"), 0, 0]
    assert cost.min() > 0
    assert cost.mean() == pytest.approx(0.06 * 15 * 400, rel=0.02)
    assert cost.std() == pytest.approx(400 * math.sqrt((0.06 * 18**2 + 0.06 * 0.94 * 15**2) / 200), rel=0.05)


def test_a_hurdle_spread_over_single_people_is_refused_with_what_to_give(tmp_path: Path) -> None:
    model = small()
    model["parameters"]["visits"] = number("visits per year", 6.0, distribution="hurdle", chance=0.4, cv=1.5)
    with pytest.raises(cm.InputError) as refused:
        cm.load(write_model(tmp_path, model))
    (one,) = refused.value.problems
    assert "model.yaml, line " in one.place
    assert "a cohort needs the uncertainty of its mean" in str(one)
    assert "counts: [users, n] and of_users: [mean, standard deviation]" in str(one)


def test_check_shows_the_range_of_every_ratio_that_is_drawn(tmp_path: Path) -> None:
    """1.5 × exp(±1.96 × 0.2) is 1.01 to 2.22."""
    ratio = number("hazard ratio", 1.5, distribution="lognormal", se_log=0.2)
    path = example(tmp_path, **{"parameters.hr_recover": ratio})
    assert "hr_recover: hazard ratio 1.5, 95% of draws 1.01 to 2.22" in done("check", path)
    found = parsed("check", path, "--json")["ratios"]["hr_recover"]
    assert found["central"] == 1.5
    assert found["interval95"] == pytest.approx([1.5 * math.exp(-0.39199), 1.5 * math.exp(0.39199)], rel=1e-4)


@pytest.mark.parametrize("kind", ["gamma", "lognormal"])
def test_positive_quantities_keep_their_cv(kind: str) -> None:
    moved = recentred(fit(kind, unit=PRICE, value=100, cv=0.3), PRICE, 250)
    assert (moments(moved)[0], moments(moved)[1] / 250) == pytest.approx((250, 0.3))


def test_shares_keep_their_effective_size() -> None:
    moved = recentred(fit("beta", unit=SHARE, value=0.8, effective_size=30), SHARE, 0.7)
    assert (moved.first, moved.second) == pytest.approx((21, 9))


def test_a_uniform_share_moves_as_a_beta_of_equal_effective_size() -> None:
    moved = recentred(fit("uniform", unit=SHARE, range=[0, 1]), SHARE, 0.8)
    assert (moved.kind, moved.first, moved.second) == ("beta", pytest.approx(1.6), pytest.approx(0.4))


def test_a_normal_price_far_from_zero_is_allowed() -> None:
    assert fit("normal", unit=PRICE, value=100, se=10).interval95 == pytest.approx((80.4, 119.6), abs=0.01)


def test_a_uniform_keeps_its_relative_width() -> None:
    moved = recentred(fit("uniform", unit=PRICE, range=[50, 150]), PRICE, 200)
    assert (moved.first, moved.second) == (100, 300)
    about_zero = recentred(fit("uniform", unit=UTILITY, range=[-0.1, 0.1]), UTILITY, 0.3)
    assert (about_zero.first, about_zero.second) == pytest.approx((0.2, 0.4))


@pytest.mark.parametrize(
    ("distribution", "unit", "new_value", "reason"),
    [
        (Distribution("beta", 0.5, 5, 5), SHARE, 1.2, "0 to 1"),
        (Distribution("beta", 0.5, 5, 5), SHARE, 1, "hold it fixed"),
        (Distribution("beta", 0.5, 5, 5), unit_of("multiplier"), 1.2, "between 0 and 1"),
        (Distribution("beta", 0.5, 5, 5), UTILITY, -0.1, "between 0 and 1"),
        (Distribution("gamma", 10, 4, 2.5), PRICE, 0, "hold it fixed"),
        (Distribution("gamma", 10, 4, 2.5), PRICE, -1, "prices are positive"),
        (Distribution("gamma", 1, 4, 0.25), RATE, 40, "52 per year"),
        (Distribution("uniform", 0.1, 0, 0.2), UTILITY, 2.0, "-1 to 1|−1 to 1"),
        (Distribution("uniform", 0.5, 0, 1), SHARE, 0, "hold it fixed"),
    ],
)
def test_a_move_out_of_the_support_is_refused(
    distribution: Distribution, unit: Unit, new_value: float, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        recentred(distribution, unit, new_value)


def test_only_odd_spreads_are_warned_about() -> None:
    assert "variance" in warnings(fit("gamma", unit=PRICE, value=10, se=31))[0]
    assert "log scale" in warnings(fit("lognormal", unit=HAZARD_RATIO, value=0.5, se_log=1.2))[0]
    assert "pile up" in warnings(fit("beta", unit=SHARE, value=0.5, effective_size=1))[0]
    assert warnings(fit("gamma", unit=PRICE, value=10, se=29)) == []
    assert warnings(fit("lognormal", unit=HAZARD_RATIO, value=0.5, se_log=1.1)) == []
    assert warnings(fit("beta", unit=SHARE, value=0.02, effective_size=20)) == []
