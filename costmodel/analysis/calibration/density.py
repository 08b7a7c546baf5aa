"""Prior and likelihood of one fit, on the scale of prior scores.

A score is the standard normal number that has the same place in its distribution as the value has in its prior: 0 is
the prior's median, 2 its upper 2.3%. On this scale every prior is standard normal, so that rates, ratios and shares can
be searched and sampled alike, and a width can be compared with the prior's, which is 1.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from costmodel.analysis.calibration.likelihood import gradient, information, log_likelihood
from costmodel.analysis.calibration.prediction import Prediction
from costmodel.errors import InputError
from costmodel.inputs.shapes import Distribution

Array = NDArray[np.float64]

REACH = 4.5
"""Scores beyond this are not looked at: of each prior 7 in a million lie there."""
STEP = 1e-4
"""Of the central differences, in scores."""
REFUSED = -1e6
"""A log-likelihood below all others, for searches that step where the model cannot follow."""
BLOCK = 2_000
"""Draws that the engine follows together, in steps as short as the fastest of them needs."""


@dataclass(frozen=True)
class Density:
    """prediction: of every observation. priors: of the free parameters, in its order. observed: shares, and sizes:
    effective numbers (n ÷ design effect), 0 for what the fit does not see; both of shape (observation,).
    """

    prediction: Prediction
    priors: tuple[Distribution, ...]
    observed: Array
    sizes: Array

    def values(self, scores: Array) -> Array:
        """The parameters themselves; shapes (free, draw)."""
        return np.stack([prior.quantile(ndtr(score)) for prior, score in zip(self.priors, scores, strict=True)])

    def shares(self, scores: Array) -> Array:
        """Predicted shares, shape (observation, draw); NaN where the model refuses the rates of a draw."""
        alike = np.argsort(scores.sum(axis=0), kind="stable")  # those with high rates together
        values = self.values(np.clip(scores[:, alike], -REACH, REACH))
        found = np.empty((len(self.observed), scores.shape[1]))
        for first in range(0, scores.shape[1], BLOCK):
            block = slice(first, first + BLOCK)
            found[:, alike[block]] = self._followed(values[:, block])
        return found

    def _followed(self, values: Array) -> Array:
        """The model refuses all draws together: those that it must are found by halves."""
        try:
            return self.prediction.shares(values)
        except InputError:
            if values.shape[1] == 1:
                return np.full((len(self.observed), 1), np.nan)
            middle = values.shape[1] // 2
            return np.concatenate([self._followed(values[:, :middle]), self._followed(values[:, middle:])], axis=1)

    def log_likelihood(self, shares: Array) -> Array:
        """Of predicted shares, without the constant of the binomial coefficient; shape (draw,)."""
        found = log_likelihood(np.nan_to_num(shares), self.observed[:, None], self.sizes)
        return np.where(np.isnan(shares).any(axis=0), -np.inf, found)

    def only(self, observation: int) -> "Density":
        """With one observation and no other."""
        return replace(self, sizes=np.where(np.arange(len(self.sizes)) == observation, self.sizes, 0.0))

    def without(self, observation: int) -> "Density":
        """With one observation left out."""
        return replace(self, sizes=np.where(np.arange(len(self.sizes)) == observation, 0.0, self.sizes))

    def height_and_slope(self, score: Array) -> tuple[float, Array]:
        """Log-likelihood at one point, shape (free,), and its slope in the scores.

        Where the model refuses the rates: REFUSED, and uphill towards the priors' medians.
        """
        shares, slopes = self._slopes(score)
        if not np.isfinite(slopes).all():
            return REFUSED, -score
        height = float(self.log_likelihood(shares)[0])
        return height, gradient(shares, slopes, self.observed[:, None], self.sizes)[:, 0]

    def information(self, score: Array) -> Array:
        """What the data tell at one point (Fisher), shape (free, free), in scores: the prior alone tells 1."""
        shares, slopes = self._slopes(score)
        return information(shares, slopes, self.sizes)[:, :, 0]

    def _slopes(self, score: Array) -> tuple[Array, Array]:
        """Shares, (observation, 1), and their slopes, (observation, free, 1), in one call of the engine."""
        count = len(score)
        above, below = np.minimum(score + STEP, REACH), np.maximum(score - STEP, -REACH)
        points = np.repeat(score[:, None], 2 * count + 1, axis=1)
        points[range(count), range(1, count + 1)] = above
        points[range(count), range(count + 1, 2 * count + 1)] = below
        shares = self.shares(points)
        slopes = (shares[:, 1 : count + 1] - shares[:, count + 1 :]) / (above - below)
        return shares[:, :1], slopes[:, :, None]
