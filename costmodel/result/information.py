"""The value of information: what knowing something before deciding is worth, from draws of net benefit.

Net benefits have the shape (strategy, alternative, draw); weights (alternative,) sum to 1. Whoever decides takes the
strategy that is best on average over what is not known. All values come from the same draws, so that they compare.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from costmodel.result.regression import smoother

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Worth:
    """What knowing something is worth, in the unit of the net benefits, with the standard error from the draws."""

    value: float
    error: float


def best_today(benefits: Array, weights: Array) -> int:
    """The strategy with the highest expected net benefit; of equals the first."""
    return int(np.argmax(benefits.mean(axis=-1) @ weights))


def worth_of_everything(benefits: Array, weights: Array) -> Worth:
    """Expected value of perfect information: the best of each draw and alternative, less the best on average."""
    return _mean(weights @ _gains(benefits, weights).max(axis=0))


def worth_of_structure(benefits: Array, weights: Array) -> Worth:
    """Value of knowing which alternative is true, and none of the inputs."""
    gains = _gains(benefits, weights)
    chosen = gains.mean(axis=-1).argmax(axis=0)
    found = _mean(weights @ np.take_along_axis(gains, chosen[None, :, None], axis=0)[0])
    return Worth(max(found.value, 0.0), found.error)


def worth_of_all_inputs(benefits: Array, weights: Array) -> Worth:
    """Value of knowing every input, and not which alternative is true."""
    return _mean(np.tensordot(_gains(benefits, weights), weights, (1, 0)).max(axis=0))


def worth_of_inputs(benefits: Array, weights: Array, inputs: Array) -> Worth:
    """Value of knowing some inputs, (input, draw): expected value of partial perfect information.

    Each strategy's net benefit less that of the best one is regressed on the inputs' draws (Strong, Oakley and
    Brennan 2014, Medical Decision Making 34:311); the value is the mean over draws of the largest fitted one. It is
    never negative, because the fitted mean is the mean, nor above that of knowing every input. Its standard error
    counts the draws and the regression: the spread over draws of what one draw adds to the value. The error is at
    least what a single straight line through noise would be worth.
    """
    gains = np.tensordot(_gains(benefits, weights), weights, (1, 0))
    draws = gains.shape[-1]
    if len(inputs) == 1:
        order = np.argsort(inputs[0])
        inputs, gains = inputs[:, order], gains[:, order]
    others = [s for s in range(len(gains)) if np.ptp(gains[s]) > 0]
    terms = smoother(_strongest_first(inputs, gains[others]))
    kept = {s: terms.kept(gains[s]) for s in others}
    expected = np.repeat(gains.mean(axis=-1)[:, None], draws, axis=1)
    for s in others:
        expected[s] += terms.fitted(gains[s], kept[s])
    chosen, value = expected.argmax(axis=0), expected.max(axis=0)
    added = value.copy()
    for s in others:
        taken = (chosen == s).astype(float)
        free = draws - 1 - kept[s].sum()
        residual = (gains[s] - expected[s]) * draws / max(free, 1.0)
        added += residual * (taken.mean() + terms.fitted(taken, kept[s]))
    error = max([_mean(added).error, *(_noise(gains[s]) for s in others)])
    most = worth_of_all_inputs(benefits, weights)
    return most if value.mean() > most.value else Worth(float(value.mean()), error)


def _gains(benefits: Array, weights: Array) -> Array:
    """Net benefit of each strategy less that of the one that is best on average."""
    return np.asarray(benefits - benefits[best_today(benefits, weights)])


def _mean(gain: Array) -> Worth:
    """The mean over draws, (draw,), and its standard error."""
    error = float(gain.std(ddof=1) / math.sqrt(len(gain))) if len(gain) > 1 else math.inf
    return Worth(float(gain.mean()), error)


def _noise(gain: Array) -> float:
    """Expected value of knowing a straight line that is nothing but the standard error of a mean gain."""
    mean, spread = float(gain.mean()), float(gain.std() / math.sqrt(len(gain)))
    z = mean / spread
    return spread * (math.exp(-0.5 * z**2) / math.sqrt(2 * math.pi) - abs(z) * float(special.ndtr(-abs(z))))


def _strongest_first(inputs: Array, gains: Array) -> Array:
    """Inputs in the order in which a straight line explains most of any gain."""
    if len(inputs) < 2 or not len(gains):
        return inputs
    centred = inputs - inputs.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        along = np.abs(centred @ (gains - gains.mean(axis=1, keepdims=True)).T / gains.std(axis=1))
        strength = np.nan_to_num((along / centred.std(axis=1)[:, None]).max(axis=1))
    return np.asarray(inputs[np.argsort(-strength, kind="stable")])


def share_explained(outcome: Array, weights: Array, inputs: Array) -> float:
    """Share of an outcome's variance that knowing some inputs would take away: Var(E(outcome | inputs)) ÷ Var(outcome).

    outcome: (alternative, draw). inputs: (input, draw). The variance is that over draws and alternatives; the
    conditional mean is the regression of `worth_of_inputs`. 0 where nothing varies.
    """
    whole = variance(outcome, weights)
    if not whole or not len(inputs):
        return 0.0
    mixed = weights @ outcome
    terms = smoother(_strongest_first(inputs, mixed[None]))
    return float(terms.fitted(mixed, terms.kept(mixed)).var() / whole)


def share_between(outcome: Array, weights: Array) -> float:
    """Share of an outcome's variance that knowing which alternative is true would take away."""
    whole, means = variance(outcome, weights), outcome.mean(axis=-1)
    return float(weights @ (means - weights @ means) ** 2 / whole) if whole else 0.0


def variance(outcome: Array, weights: Array) -> float:
    """Variance of an outcome, (alternative, draw), over draws and alternatives."""
    mean = float(weights @ outcome.mean(axis=-1))
    return float(weights @ ((outcome - mean) ** 2).mean(axis=-1))
