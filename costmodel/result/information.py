"""The value of information: what knowing something before deciding is worth, from draws of net benefit.

Net benefits have the shape (strategy, alternative, draw); weights (alternative,) sum to 1. Whoever decides takes the
strategy that is best on average over what is not known. All values come from the same draws, so that they compare.
What would be expected of each draw if some inputs were known is a penalised regression of draws on draws. It is ours
because `scipy.interpolate.make_smoothing_spline` has the same error and takes 2.2 s an input for 1 ms (10,000 draws,
a value of 96 behind noise of 3,000: root mean square error 16 both).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

Array = NDArray[np.float64]

DEGREE = 3
SPLINES = 10
"""Cubic B-splines for each input: level, straight line, and eight bends."""
HIGHEST_DEGREE = 4
"""Of a product of inputs."""
DRAWS_A_TERM = 20
"""There are at most so many bends, and so many products, that each has this many draws."""
MOST_PRODUCTS = 200
NEGLIGIBLE = 1e-9
"""Share of the largest mean square below which a direction holds nothing but rounding."""
PENALTIES = np.append(np.logspace(-6, 4, 31), np.inf)
PRICE_OF_A_TERM = 1.4
"""How much more than itself a term counts as used, against fitting chance. Source: Kim and Gu 2004, JRSS B 66:337."""


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


# The regression


@dataclass(frozen=True)
class Smoother:
    """The terms that a conditional mean is made of.

    basis: uncorrelated terms of mean 0 and mean square 1, (term, draw). strength: their mean squares before they
    were scaled: a penalty leaves the share strength ÷ (strength + penalty) of a coefficient.
    blocks: terms that share one penalty.
    """

    basis: Array
    strength: Array
    blocks: tuple[slice, ...]

    def kept(self, values: Array) -> Array:
        """Share of each coefficient that the penalties leave, (term,), by generalised cross-validation.

        values: to be explained, (draw,). A block that explains nothing gets a penalty without end and vanishes.
        Source: Golub, Heath and Wahba 1979, Technometrics 21:215.
        """
        draws, found = len(values), self._coefficients(values) ** 2
        unexplained: Array = np.asarray(values.var() - found.sum())
        used: Array = np.asarray(1.0)
        shares: list[Array] = []
        for block in self.blocks:
            share = 1 / (1 + PENALTIES[:, None] / self.strength[block])
            unexplained = np.add.outer(unexplained, (1 - share) ** 2 @ found[block])
            used = np.add.outer(used, share.sum(axis=1))
            shares.append(share)
        left = np.maximum(1 - PRICE_OF_A_TERM * used / draws, NEGLIGIBLE)
        best = np.unravel_index(int(np.argmin(np.maximum(unexplained, 0.0) / left**2)), left.shape)
        return np.concatenate([np.zeros(0), *(share[i] for share, i in zip(shares, best, strict=True))])

    def fitted(self, values: Array, kept: Array) -> Array:
        """Conditional means less the overall mean, (draw,): linear in the values, by a symmetric matrix."""
        return np.asarray((kept * self._coefficients(values)) @ self.basis)

    def _coefficients(self, values: Array) -> Array:
        return np.asarray(self.basis @ (values - values.mean()) / len(values))


def smoother(inputs: Array) -> Smoother:
    """Straight lines and bends of some inputs, and products of them; inputs: (input, draw), the strongest first.

    An input enters as the normal scores of its ranks, so that neither its unit nor its skewness matters. Where
    there are too many products, those of the last inputs are left out. The terms of one input without equal draws are
    always the same but for their order: where it comes sorted, they are not made again.
    """
    if len(inputs) == 1 and np.all(inputs[0, 1:] > inputs[0, :-1]):
        return _of_a_sorted_input(inputs.shape[1])
    return _made(inputs)


@lru_cache(maxsize=4)
def _of_a_sorted_input(draws: int) -> Smoother:
    return _made(np.arange(float(draws))[None])


def _made(inputs: Array) -> Smoother:
    draws = inputs.shape[1]
    scores = np.array([normal_scores(values) for values in inputs if np.ptp(values) > 0]).reshape(-1, draws)
    each = int(np.clip(draws // (DRAWS_A_TERM * max(len(scores), 1)), 1, SPLINES - 2))
    parts = [scores, np.concatenate([scores[:0], *(bends(z)[:each] for z in scores)])]
    if len(scores) > 1:
        parts.append(products(scores, min(MOST_PRODUCTS, draws // DRAWS_A_TERM)))
    bases: list[Array] = []
    strengths: list[Array] = []
    blocks: list[slice] = []
    last = 0
    for part in parts:
        basis, strength = _uncorrelated(part, bases)
        bases.append(basis)
        strengths.append(strength)
        blocks.append(slice(last, last + len(basis)))
        last += len(basis)
    return Smoother(np.concatenate(bases), np.concatenate(strengths), tuple(blocks))


def normal_scores(values: Array) -> Array:
    """Standard normal quantiles at the ranks of some draws, (draw,); equal draws share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(special.ndtri(((np.cumsum(count) - count / 2) / len(values))[place]))


def bends(score: Array) -> Array:
    """A cubic spline less what has no roughness, (bend, draw), the smoothest first, each scaled by its roughness.

    Roughness: sum of squared second differences of coefficients. Source: Eilers, Marx 1996, Statistical Science 11:89.
    """
    from scipy.interpolate import BSpline  # slow to import, and most commands regress nothing

    low, high = float(score.min()), float(score.max())
    knots = low + (high - low) / (SPLINES - DEGREE) * np.arange(-DEGREE, SPLINES + 1)
    second = np.diff(np.eye(SPLINES), 2, axis=0)
    roughness, directions = linalg.eigh(second.T @ second)
    return np.asarray(BSpline(knots, directions[:, 2:] / np.sqrt(roughness[2:]), DEGREE)(score).T)


def products(scores: Array, most: int) -> Array:
    """Products of Hermite polynomials of different scores, (product, draw), the lowest degrees first.

    All up to the highest total degree at which there are at most `most`; with more inputs than have even their
    pairs among so many, the pairs of the first ones.
    """
    factors: list[tuple[int, ...]] = []
    for degree in range(2, HIGHEST_DEGREE + 1):
        each = combinations_with_replacement(range(len(scores)), degree)
        more = [inputs for inputs in each if len(set(inputs)) > 1]
        if factors and len(factors) + len(more) > most:
            break
        factors += sorted(more, key=lambda inputs: inputs[::-1])
    powers = (np.ones_like(scores), scores, (scores**2 - 1) / np.sqrt(2), (scores**3 - 3 * scores) / np.sqrt(6))
    found = np.empty((min(len(factors), most), scores.shape[1]))
    for row, inputs in zip(found, factors, strict=False):
        np.prod([powers[times][i] for i, times in Counter(inputs).items()], axis=0, out=row)
    return found


def _uncorrelated(part: Array, bases: Sequence[Array]) -> tuple[Array, Array]:
    """Terms turned so that they are uncorrelated with each other and with those before, and their mean squares."""
    draws = part.shape[1]
    part = part - part.mean(axis=1, keepdims=True)
    for basis in bases:
        part -= (part @ basis.T / draws) @ basis
    strength, directions = linalg.eigh(part @ part.T / draws)
    real = strength > NEGLIGIBLE * strength.max(initial=0.0)
    return (directions[:, real] / np.sqrt(strength[real])).T @ part, strength[real]
