"""What a row says: windows, profiles, verdicts, the rule for errors, and two rows of one trial."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from costmodel.synthesis.file import read_synthesis, shipped
from costmodel.synthesis.posterior import (
    BOUNDED,
    LIMITS,
    Error,
    Profile,
    grid,
    joined,
    likelihood,
    months_of,
    ratio,
    verdict_probability,
)
from costmodel.synthesis.rows import EvidenceRow

ROWS = {row.id: row for row in read_synthesis(shipped()).rows}
RULE = Error(0.9, 1.8, 8)
AT_ONCE = Profile(0.0)
WIDEST = 50.0
"""Log ratio within which a full effect is sought."""


def full_effect(seen: float, start: float, end: float, profile: Profile) -> float:
    """The theta whose mean ratio over a window is the one that was seen.

    nan where no effect of any size gives it: a window before the effect begins, or a fall that its early months forbid.
    """

    def missed(theta: float) -> float:
        return float(ratio(np.array([theta]), start, end, profile)[0]) - seen

    if not missed(-WIDEST) * missed(WIDEST) < 0:
        return math.nan
    return float(optimize.brentq(missed, -WIDEST, WIDEST, xtol=1e-14, rtol=1e-14, maxiter=500))


@pytest.mark.parametrize("onset", [0.0, 1.4, 6.0, 15.0])
@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.kind == "figure" and row.start is not None])
def test_the_effect_that_solves_a_figure_returns_its_ratio(row: EvidenceRow, onset: float) -> None:
    assert row.log_ratio is not None
    assert row.start is not None
    assert row.end is not None
    seen = math.exp(row.log_ratio)
    theta = full_effect(seen, row.start, row.end, Profile(onset))
    middle = row.start + 0.5  # a flat purse of £100 a month, month by month
    spent = []
    while middle < row.end:
        spent.append(100 * math.exp(theta * (min(middle / onset, 1.0) if onset else 1.0)))
        middle += 1
    assert sum(spent) / (100 * len(spent)) == pytest.approx(seen, abs=1e-9)


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.error == "rule" and row.kind != "figure"])
def test_an_effect_gives_a_verdict_its_probability(row: EvidenceRow) -> None:
    """Month by month over the row's own window, then over every coefficient of variation of the rule."""
    assert row.start is not None
    assert row.end is not None
    assert row.spread_of_n is not None
    low, high = (BOUNDED if row.bounded else LIMITS)[row.verdict]
    for theta, onset in ((-1.0, 0.0), (-0.3, 6.0), (0.5, 15.0)):
        spent, month = 0.0, row.start
        while month < row.end - 1e-9:
            part = min(1.0, row.end - month)
            spent += part * math.exp(theta * (min((month + part / 2) / onset, 1.0) if onset else 1.0))
            month += part
        seen = math.log(spent / (row.end - row.start)) / row.spread_of_n

        def chance(cv: float, seen: float = seen) -> float:
            return float(stats.norm.cdf(high - seen / cv) - stats.norm.cdf(low - seen / cv))

        exact = integrate.quad(chance, 0.9, 1.8, epsabs=1e-12)[0] / 0.9
        found = likelihood(row, np.array([theta]), Profile(onset), RULE)[0]
        assert found == pytest.approx(exact, abs=1e-9)


def test_a_window_before_the_effect_begins_has_no_solution() -> None:
    assert math.isnan(full_effect(0.8, 0, 6, Profile(after=6)))


@pytest.mark.parametrize(
    ("verdict", "bounded", "ends"),
    [
        ("no difference", False, (-1.96, 1.96)), ("significantly lower", False, (-math.inf, -1.96)),
        ("significantly raised", False, (1.96, math.inf)), ("lower", False, (-math.inf, 0)),
        ("raised", False, (0, math.inf)), ("lower", True, (-1.96, 0)), ("raised", True, (0, 1.96)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("true", [-3.0, -1.0, 0.0, 0.4, 2.5])
def test_a_verdict_has_the_probability_of_its_z(
    verdict: str, bounded: bool, ends: tuple[float, float], true: float
) -> None:
    normal = stats.norm(true)
    found = float(verdict_probability(verdict, bounded, np.array([true]))[0])
    assert found == pytest.approx(normal.cdf(ends[1]) - normal.cdf(ends[0]), abs=1e-12)


@given(st.floats(0, 30), st.floats(0.3, 40), st.floats(-1.5, 1.5), st.floats(0, 20))
def test_the_ratio_over_a_window_lies_between_none_and_the_full_effect(
    start: float, length: float, theta: float, onset: float
) -> None:
    found = float(ratio(np.array([theta]), start, start + length, Profile(onset))[0])
    low, high = sorted((1.0, math.exp(theta)))
    assert low - 1e-12 <= found <= high + 1e-12


def test_a_part_of_a_month_counts_as_its_part() -> None:
    middles, lengths = months_of(0, 2.3)
    assert middles == pytest.approx([0.5, 1.5, 2.15])
    assert lengths == pytest.approx([1, 1, 0.3])


def test_verdicts_of_both_directions_mirror_each_other() -> None:
    lower, raised = (replace(ROWS["Y014"], verdict=one) for one in ("lower", "raised"))
    theta = np.linspace(-1, 1, 41)
    assert likelihood(lower, theta, AT_ONCE, RULE) == pytest.approx(
        likelihood(raised, -theta, AT_ONCE, RULE), abs=1e-12
    )


def test_the_rule_is_the_mean_over_its_coefficients_of_variation() -> None:
    row = ROWS["Y012"]
    cvs = 0.9 + 0.9 * (np.arange(2_000) + 0.5) / 2_000
    spread = math.sqrt(1 / 73 + 1 / 72)
    chances = stats.norm.cdf(1.96 + 0.3 / (cvs * spread)) - stats.norm.cdf(-1.96 + 0.3 / (cvs * spread))
    assert likelihood(row, np.array([-0.3]), AT_ONCE, RULE)[0] == pytest.approx(chances.mean(), abs=1e-6)


def test_equal_arms_are_taken_where_only_the_total_is_known() -> None:
    assert ROWS["Y013"].spread_of_n == pytest.approx(math.sqrt(2 / (197 / 3)))
    assert ROWS["Y013"].people == pytest.approx(2 * 197 / 3)


def test_two_rows_of_a_trial_are_one_normal_of_two_dimensions() -> None:
    first = ROWS["Y004"]
    second = replace(first, log_ratio=0.1, se=0.25, correlation=0.6)
    theta = np.array([-0.2, 0.0, 0.15])
    cov = 0.6 * 0.1787 * 0.25
    plain = [
        stats.multivariate_normal([one, one], [[0.1787**2, cov], [cov, 0.25**2]]).pdf([-0.0097, 0.1]) for one in theta
    ]
    found = joined([first, second], theta, AT_ONCE)
    assert found / found[1] == pytest.approx(np.array(plain) / plain[1], rel=1e-9)


def test_a_sure_second_copy_of_an_outcome_adds_nothing() -> None:
    first = ROWS["Y004"]
    found = joined([first, replace(first, correlation=1 - 1e-6)], grid(), AT_ONCE)
    alone = likelihood(first, grid(), AT_ONCE, RULE)
    assert found / found.sum() == pytest.approx(alone / alone.sum(), abs=1e-6)
