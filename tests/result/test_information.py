"""What knowing something is worth: closed forms, exact tables, bounds, and the error that is stated."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import make_smoothing_spline

from costmodel.result.information import (
    Smoother,
    Worth,
    _strongest_first,
    bends,
    best_today,
    normal_scores,
    products,
    smoother,
    worth_of_all_inputs,
    worth_of_everything,
    worth_of_inputs,
    worth_of_structure,
)
from tests.support.normal_benefits import even_normals, therapy_or_not, worth_of_a_normal

ALONE = np.ones(1)
DRAWS = 8_192
FEWER = 4_096
ONE = np.random.default_rng(11).normal(size=(1, FEWER))
NOISE = np.random.default_rng(12).normal(size=FEWER)


@pytest.mark.parametrize("mean", [0.0, 1.0, -1.5])
def test_normals_are_worth_what_their_closed_form_says(mean: float) -> None:
    x = even_normals(2, DRAWS)
    benefits = therapy_or_not(mean + x[0] - 2 * x[1])
    assert worth_of_everything(benefits, ALONE).value == pytest.approx(worth_of_a_normal(mean, 5**0.5), rel=0.01)
    for inputs, sd in ((x[:1], 1), (x[1:], 2), (x, 5**0.5)):
        found = worth_of_inputs(benefits, ALONE, inputs)
        assert found.value == pytest.approx(worth_of_a_normal(mean, sd), rel=0.02)


def test_skewed_inputs_and_a_product_are_worth_what_integration_says() -> None:
    z = even_normals(3, DRAWS)
    price, share = np.exp(0.5 * z[0]), 1 / (1 + np.exp(-z[1]))
    gain = price * share - 0.6 + 0.5 * z[2]
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    prices, shares = np.exp(0.5 * nodes), 1 / (1 + np.exp(-nodes))
    mean_price, mean_share = weights @ prices, weights @ shares
    today = max(0.0, mean_price * mean_share - 0.6)
    wanted = {
        0: weights @ np.maximum(0, prices * mean_share - 0.6) - today,
        1: weights @ np.maximum(0, mean_price * shares - 0.6) - today,
    }
    for i, inputs in ((0, price), (1, share)):
        found = worth_of_inputs(therapy_or_not(gain), ALONE, inputs[None])
        assert found.value == pytest.approx(wanted[i], rel=0.03)
    both = weights @ np.maximum(0, np.outer(prices, shares) - 0.6) @ weights - today
    found = worth_of_inputs(therapy_or_not(gain), ALONE, np.stack([price, share]))
    assert found.value == pytest.approx(both, rel=0.03)


def test_three_strategies_are_compared_at_once() -> None:
    x = even_normals(2, DRAWS)
    benefits = np.stack([0 * x[0], x[0], x[1]])[:, None]
    wanted = (1 + 2**-0.5) / np.sqrt(2 * np.pi)  # E max(0, X, Y) of independent standard normals
    assert worth_of_everything(benefits, ALONE).value == pytest.approx(wanted, rel=0.01)
    assert worth_of_inputs(benefits, ALONE, x).value == pytest.approx(wanted, rel=0.02)
    assert worth_of_inputs(benefits, ALONE, x[:1]).value == pytest.approx(worth_of_a_normal(0, 1), rel=0.02)


def test_correlated_inputs_tell_of_each_other() -> None:
    z = even_normals(2, DRAWS)
    x = np.stack([z[0], 0.6 * z[0] + 0.8 * z[1]])
    benefits = therapy_or_not(x[0] + x[1])
    assert worth_of_inputs(benefits, ALONE, x[:1]).value == pytest.approx(worth_of_a_normal(0, 1.6), rel=0.02)


def test_small_tables_by_hand() -> None:
    # two strategies, two alternatives, four draws
    benefits = np.array([[[0, 0, 0, 0], [0, 0, 0, 0]], [[4, -8, 4, -8], [6, 2, 6, 2]]], dtype=float)
    weights = np.array([0.75, 0.25])
    assert best_today(benefits, weights) == 0  # 0.75 × −2 + 0.25 × 4 = −0.5
    assert worth_of_everything(benefits, weights).value == pytest.approx(0.75 * 2 + 0.25 * 4)
    assert worth_of_structure(benefits, weights).value == pytest.approx(0.25 * 4)
    assert worth_of_all_inputs(benefits, weights).value == pytest.approx((4.5 + 0 + 4.5 + 0) / 4)
    gains = 0.75 * np.array([4, 0, 4, 0]) + 0.25 * np.array([6, 2, 6, 2])
    assert worth_of_everything(benefits, weights).error == pytest.approx(np.std(gains, ddof=1) / 2)
    known = 0.25 * np.array([6, 2, 6, 2])
    assert worth_of_structure(benefits, weights).error == pytest.approx(np.std(known, ddof=1) / 2)


def test_of_equal_strategies_the_first_is_chosen_and_nothing_is_worth_knowing() -> None:
    same = np.tile(np.arange(50.0), (3, 1, 1))
    assert best_today(same, ALONE) == 0
    nothing = Worth(0.0, 0.0)
    assert worth_of_everything(same, ALONE) == worth_of_structure(same, ALONE) == nothing
    assert worth_of_inputs(same, ALONE, np.arange(50.0)[None]) == nothing


def test_alternatives_are_mixed_by_weight_when_inputs_are_known() -> None:
    x = even_normals(1, DRAWS)
    benefits = np.stack([np.zeros((2, DRAWS)), np.stack([x[0], 3 * x[0] + 8])])
    found = worth_of_inputs(benefits, np.array([0.5, 0.5]), x)
    assert found.value == pytest.approx(worth_of_a_normal(4, 2), rel=0.03)


def test_what_cannot_change_the_decision_is_worth_nothing() -> None:
    x = np.random.default_rng(1).normal(size=(2, 2_000))
    found = worth_of_inputs(therapy_or_not(100 + x[0]), ALONE, x[:1])
    assert found == Worth(0.0, 0.0)


def test_an_inert_input_is_worth_nothing_within_its_error() -> None:
    random = np.random.default_rng(7)
    total = worth_of_a_normal(0, 1)
    found = [
        worth_of_inputs(therapy_or_not(random.normal(size=1_000)), ALONE, random.normal(size=(1, 1_000)))
        for _ in range(60)
    ]
    assert np.mean([one.value for one in found]) < 0.02 * total
    assert np.mean([one.value <= 3 * one.error for one in found]) > 0.95
    assert all(0 < one.error < 0.1 * total for one in found)


@pytest.mark.parametrize(("mean", "sd", "strategies"), [(0.3, 1.0, 2), (1.0, 2.0, 2), (0.8, 1.0, 3)])
def test_the_stated_error_is_the_spread_of_repeated_estimates(mean: float, sd: float, strategies: int) -> None:
    random = np.random.default_rng(4)
    values, errors = [], []
    for _ in range(200):
        x = random.normal(size=400)
        noise = random.normal(size=(strategies - 1, 400))
        signs = np.array([1.0, -0.5])[: strategies - 1, None]
        benefits = np.concatenate([np.zeros((1, 400)), signs * mean + 0.5 * mean + sd * signs * x + noise])[:, None]
        found = worth_of_inputs(benefits, ALONE, x[None])
        values.append(found.value)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.12)


def test_the_least_error_is_what_a_straight_line_through_noise_would_be_worth() -> None:
    draws = np.arange(100.0)
    gain = np.where(draws % 2, 1.0, -1.0) + 0.1  # alternating: nothing smooth explains it
    found = worth_of_inputs(therapy_or_not(gain), ALONE, np.repeat(np.arange(50.0), 2)[None])
    assert found.value == 0
    assert found.error == pytest.approx(worth_of_a_normal(-0.1, 0.1))
    less = worth_of_inputs(therapy_or_not(-gain), ALONE, np.repeat(np.arange(50.0), 2)[None])
    assert less.error == pytest.approx(found.error)


def test_no_regression_is_worth_more_than_knowing_every_input(monkeypatch: pytest.MonkeyPatch) -> None:
    benefits = therapy_or_not(np.random.default_rng(6).normal(size=100))
    monkeypatch.setattr(Smoother, "fitted", lambda self, values, kept: 10 * (values - values.mean()))
    most = worth_of_all_inputs(benefits, ALONE)
    assert worth_of_inputs(benefits, ALONE, np.arange(100.0)[None]) == most


def test_the_strongest_inputs_come_first() -> None:
    random = np.random.default_rng(5)
    x = 7 + random.normal(size=(4, 500)) * [[1e6], [1.0], [1e-6], [0.0]]
    gains = np.stack([x[0] / 1e6 + 5 * x[2] * 1e6, 3 * x[1] + 0.1 * random.normal(size=500)])
    ordered = _strongest_first(x, gains)
    np.testing.assert_array_equal(ordered, x[[1, 2, 0, 3]])
    np.testing.assert_array_equal(_strongest_first(x, 3 - gains), ordered)
    np.testing.assert_array_equal(_strongest_first(x[:1], gains), x[:1])
    np.testing.assert_array_equal(_strongest_first(x, gains[:0]), x)


def test_a_common_shift_and_the_order_of_strategies_do_not_matter() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(2, 1_000))
    benefits = np.stack([0 * x[0], x[0] - 0.5, x[1] - 0.2])[:, None]
    wanted = worth_of_inputs(benefits, ALONE, x[:1])
    for other in (benefits[::-1], benefits + 1e3 * random.normal(size=1_000)):
        found = worth_of_inputs(other, ALONE, x[:1])
        assert found.value == pytest.approx(wanted.value, rel=1e-9)
        assert found.error == pytest.approx(wanted.error, rel=1e-9)
    thousandfold = worth_of_inputs(1e3 * benefits, ALONE, x[:1])
    assert thousandfold.value == pytest.approx(1e3 * wanted.value)
    assert thousandfold.error == pytest.approx(1e3 * wanted.error)


def test_with_many_inputs_the_strongest_get_the_products() -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=(30, 1_000))  # 435 pairs, and room for 50 products
    gain = x[28] + x[29] + x[28] * x[29]
    assert worth_of_inputs(therapy_or_not(gain), ALONE, x).value == pytest.approx(
        worth_of_everything(therapy_or_not(gain), ALONE).value, rel=0.03
    )


@pytest.mark.parametrize("shape", [lambda x: x - 0.2, lambda x: np.exp(0.5 * x) - 1.2, lambda x: np.sin(2 * x), np.abs])
def test_a_smoothing_spline_of_another_make_agrees(shape) -> None:
    """The generalised additive model of one input: scipy's smoothing spline, its penalty by cross-validation."""
    random = np.random.default_rng(6)
    x = np.sort(random.normal(size=1_500))
    gain = shape(x) + random.normal(size=1_500)
    fitted = make_smoothing_spline(x, gain)(x)
    wanted = np.maximum(fitted, 0).mean() - max(fitted.mean(), 0)
    found = worth_of_inputs(therapy_or_not(gain), ALONE, x[None])
    assert abs(found.value - wanted) < 0.5 * found.error + 1e-3


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(1, 3), st.integers(2, 60))
def test_worth_is_never_negative_and_never_above_what_contains_it(seed: int, s: int, a: int, draws: int) -> None:
    random = np.random.default_rng(seed)
    benefits, weights = random.normal(size=(s, a, draws)), random.dirichlet(np.ones(a))
    inputs = random.normal(size=(random.integers(1, 4), draws))
    everything, structure = worth_of_everything(benefits, weights), worth_of_structure(benefits, weights)
    numbers, some = worth_of_all_inputs(benefits, weights), worth_of_inputs(benefits, weights, inputs)
    assert 0 <= some.value <= numbers.value <= everything.value + 1e-12
    assert 0 <= structure.value <= everything.value + 1e-12
    assert all(one.error >= 0 for one in (everything, structure, numbers, some))


def test_one_draw_has_an_error_without_end() -> None:
    assert worth_of_everything(therapy_or_not(np.array([1.0])), ALONE) == Worth(0.0, np.inf)


@pytest.mark.long
@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (1.0, 1.0), (1.0, 2.0)])
def test_the_stated_error_covers_the_truth_as_often_as_it_says(mean: float, sd: float) -> None:
    random = np.random.default_rng(9)
    wanted = worth_of_a_normal(mean, sd)
    inside, values = [], []
    for _ in range(400):
        x = random.normal(size=2_000)
        found = worth_of_inputs(therapy_or_not(mean + sd * x + random.normal(size=2_000)), ALONE, x[None])
        inside.append(abs(found.value - wanted) < 1.96 * found.error)
        values.append(found.value)
    assert 0.91 < np.mean(inside) < 0.98
    tie = worth_of_a_normal(mean, (1 + sd**2) ** 0.5 / 2_000**0.5) * (mean == 0)
    """At an exact tie the draws choose today's best, and the value is short by what that choice is worth."""
    assert abs(np.mean(values) + tie - wanted) < 4 * np.std(values) / 20


@pytest.mark.long
def test_nested_monte_carlo_agrees_on_a_model_that_is_not_smooth() -> None:
    """20,000 outer draws of two inputs with 2,000 inner ones of a third, against one regression of 10,000."""
    random = np.random.default_rng(10)

    def gain(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0.3) * y - z * (x > 1) - 0.2

    outer = random.normal(size=(2, 20_000))
    inner = random.exponential(size=2_000)
    mean_z = np.array([gain(np.array(2.0), np.array(0.0), inner).mean() + 0.2]) * -1
    conditional = gain(outer[0], outer[1], np.full(20_000, mean_z))
    wanted = np.maximum(conditional, 0).mean() - max(conditional.mean(), 0.0)
    x, z = random.normal(size=(2, 10_000)), random.exponential(size=10_000)
    found = worth_of_inputs(therapy_or_not(gain(x[0], x[1], z)), ALONE, x)
    assert abs(found.value - wanted) < 3 * np.hypot(found.error, np.maximum(conditional, 0).std() / np.sqrt(20_000))


# The regression: it finds the conditional mean, says how much it used, and ignores what is chance


def regressed(inputs: np.ndarray, values: np.ndarray) -> np.ndarray:
    terms = smoother(inputs)
    return values.mean() + terms.fitted(values, terms.kept(values))


@pytest.mark.parametrize(
    "mean",
    [lambda x: 3 * x, np.sin, lambda x: x**2, np.exp, lambda x: np.maximum(x, 0.5), lambda x: np.tanh(3 * x)],
    ids=["line", "sine", "square", "exponential", "bend", "step"],
)
def test_the_conditional_mean_is_found_through_noise(mean) -> None:
    wanted = mean(ONE[0])
    error = regressed(ONE, wanted + NOISE) - wanted
    assert np.sqrt(np.mean(error**2)) < 0.15  # sqrt(terms ÷ draws) is 0.05, and some bends are too sharp for a spline


@pytest.mark.parametrize("degree", [2, 3])
def test_products_of_inputs_are_found(degree: int) -> None:
    x = even_normals(3, FEWER)
    wanted = x[0] * x[1] + (x[0] * x[1] * x[2] if degree == 3 else 0)
    error = regressed(x, wanted + NOISE) - wanted
    assert np.sqrt(np.mean(error**2)) < 0.15
    assert np.std(regressed(x[:1], wanted + NOISE)) < 0.15


def test_units_and_skewness_of_an_input_do_not_matter() -> None:
    values = ONE[0] + NOISE
    wanted = regressed(ONE, values)
    for other in (np.exp(2 * ONE), 1e3 + ONE, 1e-9 * ONE):
        np.testing.assert_array_equal(regressed(other, values), wanted)
    np.testing.assert_allclose(regressed(-ONE, values), wanted, atol=1e-9)


def test_a_shift_and_a_scale_of_the_values_pass_through() -> None:
    values = ONE[0] + NOISE
    wanted = regressed(ONE, values)
    np.testing.assert_allclose(regressed(ONE, 7 - 1e4 * values), 7 - 1e4 * wanted, rtol=1e-9, atol=1e-6)


def test_a_sorted_input_has_the_same_terms_whatever_its_values() -> None:
    order = np.argsort(ONE[0])
    values = (ONE[0] + NOISE)[order]
    np.testing.assert_allclose(regressed(ONE[:, order], values), regressed(ONE, ONE[0] + NOISE)[order], atol=1e-9)
    one, other = smoother(np.array([[1.0, 2.0, 7.0]])), smoother(np.array([[-5.0, 0.0, 0.1]]))
    assert one is other
    assert smoother(np.array([[1.0, 1.0, 7.0]])) is not one  # equal draws share their score


def test_the_order_of_draws_does_not_matter() -> None:
    values, order = ONE[0] + NOISE, np.random.default_rng(1).permutation(FEWER)
    np.testing.assert_allclose(regressed(ONE[:, order], values[order]), regressed(ONE, values)[order], atol=1e-9)


def test_what_explains_nothing_mostly_vanishes() -> None:
    random = np.random.default_rng(3)
    spreads = []
    for _ in range(40):
        values = random.normal(size=1_000)
        spreads.append(np.std(regressed(random.normal(size=(1, 1_000)), values)))
    assert np.mean(np.array(spreads) < 1e-9) > 0.5
    assert np.mean(spreads) < 0.02  # a straight line through noise: 0.8 ÷ sqrt(1000) = 0.025
    assert np.quantile(spreads, 0.9) < 0.08


def test_a_penalty_keeps_a_share_and_a_clear_line_whole() -> None:
    terms = smoother(ONE)
    line, curve = terms.blocks
    assert (line.stop - line.start, curve.stop - curve.start) == (1, 8)
    kept = terms.kept(ONE[0] + NOISE)
    assert kept.shape == (9,)
    assert np.all((kept >= 0) & (kept <= 1))
    assert kept[line] > 0.99
    assert np.all(terms.kept(np.random.default_rng(5).normal(size=FEWER))[line] < 0.9)


def test_terms_are_uncorrelated_and_of_equal_size() -> None:
    terms = smoother(np.random.default_rng(2).normal(size=(3, 1_000)))
    sizes = [block.stop - block.start for block in terms.blocks]
    assert sizes == [3, 24, comb(3 + 4, 4) - 1 - 3 * 4]
    np.testing.assert_allclose(terms.basis @ terms.basis.T / 1_000, np.eye(sum(sizes)), atol=1e-7)
    np.testing.assert_allclose(terms.basis.mean(axis=1), 0, atol=1e-9)


def test_the_smoother_is_a_symmetric_matrix() -> None:
    terms = smoother(ONE[:, :50])
    kept = np.linspace(0.2, 1, len(terms.basis))
    matrix = np.array([terms.fitted(column, kept) for column in np.eye(50)])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert np.trace(matrix) == pytest.approx(kept.sum())


def test_inputs_that_do_not_vary_or_say_the_same_twice_add_nothing() -> None:
    values = ONE[0] + NOISE
    wanted = regressed(ONE, values)
    np.testing.assert_allclose(regressed(np.vstack([ONE, np.full(FEWER, 3.0)]), values), wanted, atol=1e-12)
    twice = regressed(np.vstack([ONE, 2 * ONE]), values)
    assert np.sqrt(np.mean((twice - wanted) ** 2)) < 0.03
    assert np.all(regressed(np.full((1, FEWER), 3.0), values) == values.mean())
    assert np.all(regressed(np.empty((0, FEWER)), values) == values.mean())


def test_two_values_of_an_input_give_their_two_means() -> None:
    heads = (NOISE > 0.5).astype(float)
    values = 4 * heads + ONE[0]
    found = regressed(heads[None], values)
    for side in (0, 1):
        assert found[heads == side] == pytest.approx(values[heads == side].mean(), abs=0.02)


def test_equal_draws_share_their_score() -> None:
    scores = normal_scores(np.array([3.0, 1.0, 1.0, 7.0]))
    assert scores[1] == scores[2]
    np.testing.assert_allclose(scores, [0.31863936, -0.67448975, -0.67448975, 1.15034938], atol=1e-8)


def test_rougher_bends_are_smaller() -> None:
    score = normal_scores(np.random.default_rng(4).normal(size=FEWER))
    found = bends(score)
    assert found.shape == (8, FEWER)
    spread = found.std(axis=1)
    assert spread[:2].min() > 5 * spread[6:].max()


def test_products_go_as_far_as_there_is_room_for_them() -> None:
    scores = np.random.default_rng(6).normal(size=(5, 30))
    assert len(products(scores, 200)) == comb(9, 4) - 1 - 5 * 4
    assert len(products(scores, 100)) == comb(8, 3) - 1 - 5 * 3
    pairs = products(scores, 10)
    np.testing.assert_allclose(pairs[0], scores[0] * scores[1])
    assert len(pairs) == 10
    few = products(scores, 3)
    np.testing.assert_allclose(few, [scores[0] * scores[1], scores[0] * scores[2], scores[1] * scores[2]])
    third = products(scores[:2], 4)
    np.testing.assert_allclose(third[1], scores[1] * (scores[0] ** 2 - 1) / np.sqrt(2))
    fourth = products(scores[:2], 6)
    np.testing.assert_allclose(fourth[3], scores[1] * (scores[0] ** 3 - 3 * scores[0]) / np.sqrt(6))


def test_with_few_draws_there_are_fewer_terms() -> None:
    random = np.random.default_rng(8)
    many = smoother(random.normal(size=(10, 400)))
    assert [block.stop - block.start for block in many.blocks] == [10, 20, 20]
    few = smoother(random.normal(size=(10, 40)))
    assert [block.stop - block.start for block in few.blocks] == [10, 10, 2]
