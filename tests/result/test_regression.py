"""The penalised regression finds the conditional mean, says how much it used, and ignores what is chance."""

from math import comb

import numpy as np
import pytest

from costmodel.result.information import bends, normal_scores, products, smoother
from tests.support.normal_benefits import even_normals

DRAWS = 4_096
ONE = np.random.default_rng(11).normal(size=(1, DRAWS))
NOISE = np.random.default_rng(12).normal(size=DRAWS)


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
    x = even_normals(3, DRAWS)
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
    values, order = ONE[0] + NOISE, np.random.default_rng(1).permutation(DRAWS)
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
    assert np.all(terms.kept(np.random.default_rng(5).normal(size=DRAWS))[line] < 0.9)


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
    np.testing.assert_allclose(regressed(np.vstack([ONE, np.full(DRAWS, 3.0)]), values), wanted, atol=1e-12)
    twice = regressed(np.vstack([ONE, 2 * ONE]), values)
    assert np.sqrt(np.mean((twice - wanted) ** 2)) < 0.03
    assert np.all(regressed(np.full((1, DRAWS), 3.0), values) == values.mean())
    assert np.all(regressed(np.empty((0, DRAWS)), values) == values.mean())


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
    score = normal_scores(np.random.default_rng(4).normal(size=DRAWS))
    found = bends(score)
    assert found.shape == (8, DRAWS)
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
