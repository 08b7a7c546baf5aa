"""Intervals and bands are quantiles of the weighted mixture of alternatives."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import costmodel as cm
from costmodel.result.result import Run
from tests.support.plain_table import smallest_reaching

eighths = st.lists(st.integers(0, 8), min_size=1, max_size=4).filter(any)


def with_weights(result: cm.Result, weights: list[float]) -> Run:
    return Run("mixture", result.headline.outcomes, np.array(weights))


@given(eighths, st.sampled_from([1, 2, 8, 32]), st.integers(0, 2**32 - 1), st.booleans())
def test_a_quantile_is_the_smallest_value_that_reaches_its_share_of_the_weight(
    example_result: cm.Result, parts: list[int], draws: int, seed: int, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(parts), draws)).round(0 if ties else 12)
    weights = [part / 8 for part in parts]
    at = (0.025, 0.25, 0.5, 0.75, 0.975, 1.0)
    found = example_result.quantiles(with_weights(example_result, weights), values, at)
    assert found == tuple(smallest_reaching(share, values, weights) for share in at)
    assert list(found) == sorted(found)


def test_with_one_alternative_it_is_the_plain_quantile(example_result: cm.Result) -> None:
    values = np.random.default_rng(1).normal(size=(1, 1_001))
    found = example_result.quantiles(with_weights(example_result, [1.0]), values, (0.025, 0.5, 0.975))
    ordered = np.sort(values[0])
    assert found == tuple(ordered[math.ceil(q * 1_001) - 1] for q in (0.025, 0.5, 0.975))


def test_an_alternative_without_weight_is_not_looked_at(example_result: cm.Result) -> None:
    values = np.array([[1.0, 2.0, 3.0, 4.0], [100.0, -100.0, math.inf, 5.0]])
    run = with_weights(example_result, [1.0, 0.0])
    assert example_result.quantiles(run, values, (0.01, 1.0)) == (1.0, 4.0)


def test_who_never_pays_back_stands_last(example_result: cm.Result) -> None:
    values = np.array([[5.0, math.inf, 7.0, math.inf]])
    run = with_weights(example_result, [1.0])
    assert example_result.quantiles(run, values, (0.25, 0.5, 0.75)) == (5.0, 7.0, math.inf)


def test_a_heavier_alternative_pulls_the_median_to_itself(example_result: cm.Result) -> None:
    values = np.stack([np.zeros(16), np.ones(16)])
    medians = [
        example_result.quantiles(with_weights(example_result, [1 - w, w]), values, (0.5,))[0] for w in (0.25, 0.5, 0.75)
    ]
    assert medians == [0.0, 0.0, 1.0]


def test_the_chance_is_the_weighted_share(example_result: cm.Result) -> None:
    happens = np.array([[True, True, False, False], [True, False, False, False]])
    run = with_weights(example_result, [0.25, 0.75])
    assert example_result.chance(run, happens) == 0.25 * 0.5 + 0.75 * 0.25


@pytest.mark.parametrize("view", ["value", "discounted", "cash"])
def test_a_band_is_the_quantiles_of_the_curves_at_each_time(example_result: cm.Result, view: str) -> None:
    at = (0.025, 0.5, 0.975)
    band = example_result.band(1, "nhs", at, view)
    assert example_result.expected is not None
    curves = example_result.expected.curves[:, ("value", "discounted", "cash").index(view), 0, 0]
    assert band.shape == (3, 61)
    for time in (0, 1, 24, 60):
        found = example_result.quantiles(example_result.headline, curves[time], at)
        assert tuple(band[:, time]) == found


def test_an_estimate_has_no_interval_where_nothing_varies(example_result: cm.Result) -> None:
    one = example_result.estimate(example_result.runs["deterministic"], np.array([[3.0]]))
    assert (one.value, one.low, one.high) == (3.0, None, None)
    nothing = example_result.estimate(example_result.headline, np.full((1, 200), -0.0))
    assert [math.copysign(1, x) for x in (nothing.value, nothing.low, nothing.high)] == [1, 1, 1]
