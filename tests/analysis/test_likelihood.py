"""The likelihood of observed proportions, against hand computation and finite differences."""

import math

import numpy as np
import pytest

from costmodel.analysis.calibration.posterior import gradient, information, log_likelihood

SIZES = np.array([20.0, 22.5])
OBSERVED = np.array([[0.3], [0.1]])


def test_the_log_likelihood_is_summed_over_people_in_and_out_of_the_state() -> None:
    found = log_likelihood(np.array([[0.25], [0.2]]), OBSERVED, SIZES)
    by_hand = 6 * math.log(0.25) + 14 * math.log(0.75) + 2.25 * math.log(0.2) + 20.25 * math.log(0.8)
    assert found[0] == pytest.approx(by_hand, rel=1e-12)


def test_nobody_observed_and_nobody_predicted_is_certain() -> None:
    nobody = np.array([[0.0]])
    assert log_likelihood(nobody, nobody, np.array([20.0]))[0] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(log_likelihood(nobody, np.array([[0.1]]), np.array([20.0])))[0]


def test_the_gradient_is_the_slope_of_the_log_likelihood() -> None:
    slopes = np.array([[[0.5], [0.1]], [[-0.2], [0.4]]])
    at = np.array([[0.25], [0.2]])
    step = 1e-6
    for parameter, found in enumerate(gradient(at, slopes, OBSERVED, SIZES)[:, 0]):
        up = log_likelihood(at + step * slopes[:, parameter], OBSERVED, SIZES)
        down = log_likelihood(at - step * slopes[:, parameter], OBSERVED, SIZES)
        assert found == pytest.approx(float((up - down)[0]) / (2 * step), rel=1e-6)


def test_a_score_counts_by_its_distance_in_standard_errors() -> None:
    """A share and a mean of 16.4 with standard deviation 6.2, predicted as 17, side by side."""
    at, seen, scatter = np.array([[0.25], [17.0]]), np.array([[0.3], [16.4]]), np.array([0.0, 6.2])
    by_hand = 6 * math.log(0.25) + 14 * math.log(0.75) - 22.5 * 0.6**2 / (2 * 6.2**2)
    assert log_likelihood(at, seen, SIZES, scatter)[0] == pytest.approx(by_hand, rel=1e-12)
    slopes, step = np.array([[[0.5]], [[3.0]]]), 1e-6
    up, down = (log_likelihood(at + sign * step * slopes[:, 0], seen, SIZES, scatter)[0] for sign in (1, -1))
    assert gradient(at, slopes, seen, SIZES, scatter)[0, 0] == pytest.approx((up - down) / (2 * step), rel=1e-6)
    told = 20 * 0.5**2 / (0.25 * 0.75) + 22.5 * 3.0**2 / 6.2**2
    assert information(at, slopes, SIZES, scatter)[0, 0, 0] == pytest.approx(told, rel=1e-12)


def test_the_information_is_the_mean_square_of_the_gradient() -> None:
    """Fisher's identity, over every possible outcome of one small sample."""
    p, n, slope = 0.3, 5, 0.7
    slopes = np.array([[[slope]]])
    total = 0.0
    for events in range(n + 1):
        pull = gradient(np.array([[p]]), slopes, np.array([[events / n]]), np.array([float(n)]))[0, 0]
        total += math.comb(n, events) * p**events * (1 - p) ** (n - events) * pull**2
    assert information(np.array([[p]]), slopes, np.array([float(n)]))[0, 0, 0] == pytest.approx(total, rel=1e-12)
