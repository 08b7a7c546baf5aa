"""Draws of a posterior by adaptive importance sampling, and rows picked from them.

Draws come from a multivariate t distribution about the posterior, which is adapted to the draws of the round before
(Oh and Berger 1992), mixed with the prior itself, so that no weight can be large where the prior reaches and the t does
not (defensive mixture: Hesterberg 1995). Unlike a chain, draws are independent, the number that they are worth is
known, and the last bits of a likelihood do not decide over what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, logsumexp, ndtri
from scipy.stats import multivariate_t

from costmodel.analysis.calibration.density import REACH, Density
from costmodel.inputs.draws import uniforms

Array = NDArray[np.float64]

ROUNDS = (4_000, 8_000, 8_000)
"""Draws of the rounds by which the t distribution is adapted."""
DRAWS = 20_000
"""Draws of the last round; as many again until they are worth enough."""
MOST_DRAWS = 16 * DRAWS
FREEDOM = 5
"""Degrees of freedom: tails that are heavier than those of a posterior."""
FROM_PRIOR = 0.1
"""Share of draws that come from the prior."""
WIDER = 1.2
"""By how much the t distribution is wider than what it is adapted to, in standard deviations."""


@dataclass(frozen=True)
class Sample:
    """scores: shape (free, draw). shares: predicted, (observation, draw). log_weights: (draw,)."""

    scores: Array
    shares: Array
    log_weights: Array

    @property
    def weights(self) -> Array:
        """They sum to 1."""
        return np.asarray(np.exp(self.log_weights - logsumexp(self.log_weights)), dtype=np.float64)

    @property
    def effective_size(self) -> float:
        """How many independent draws these are worth: (Σw)² ÷ Σw² (Kong 1992)."""
        return float(1 / np.sum(self.weights**2))

    @property
    def log_evidence(self) -> float:
        """Log of the mean likelihood over the prior, without the constant of the binomial coefficients."""
        return float(logsumexp(self.log_weights) - np.log(len(self.log_weights)))

    def reweighted(self, log_ratio: Array) -> "Sample":
        """The same draws for another density; log_ratio: of that density to this one, shape (draw,)."""
        return replace(self, log_weights=self.log_weights + log_ratio)

    def moments(self) -> tuple[Array, Array]:
        """Mean, (free,), and covariance, (free, free), of the scores."""
        weights = self.weights
        mean = self.scores @ weights
        apart = self.scores - mean[:, None]
        return mean, (apart * weights) @ apart.T

    def quantiles(self, values: Array, chances: Sequence[float]) -> list[float]:
        """Weighted quantiles of a quantity of each draw, shape (draw,)."""
        order = np.argsort(values, kind="stable")
        heights = np.cumsum(self.weights[order])
        last = len(values) - 1
        return [float(values[order[min(int(np.searchsorted(heights, chance)), last)]]) for chance in chances]

    def picked(self, rows: int, seed: int, name: str) -> NDArray[np.int64]:
        """Rows drawn with their weights: systematic resampling, one number for all rows."""
        places = (np.arange(rows) + uniforms(seed, f"{name} rows", 1)[0]) / rows
        found = np.searchsorted(np.cumsum(self.weights), places)
        return np.asarray(np.minimum(found, len(self.log_weights) - 1), dtype=np.int64)


def sampled(density: Density, centre: Array, enough: float, seed: int, name: str) -> Sample:
    """Draws of the posterior.

    centre: the posterior's highest point, shape (free,). enough: the effective size at which the last round ends; it
    ends at MOST_DRAWS anyway. name: of the random numbers.
    """
    spread = np.asarray(np.linalg.inv(density.information(centre) + np.eye(len(centre))), dtype=np.float64)
    for number, draws in enumerate(ROUNDS):
        found = _round(density, centre, spread, seed, f"{name} round {number}", 0, draws)
        if found.effective_size > 2 * len(centre):
            centre, spread = found.moments()
    found = _round(density, centre, spread, seed, f"{name} last round", 0, DRAWS)
    while found.effective_size < enough and len(found.log_weights) < MOST_DRAWS:
        count = len(found.log_weights)
        more = _round(density, centre, spread, seed, f"{name} last round", count, count)
        found = Sample(*(np.concatenate(parts, axis=-1) for parts in zip(_parts(found), _parts(more), strict=True)))
    return found


def _parts(sample: Sample) -> tuple[Array, Array, Array]:
    return sample.scores, sample.shares, sample.log_weights


def _round(density: Density, centre: Array, spread: Array, seed: int, name: str, first: int, draws: int) -> Sample:
    """Draws `first` to `first + draws` of the mixture of t distribution and prior, with their weights."""
    count = len(centre)
    shape = WIDER**2 * spread
    normal = ndtri(prior_uniforms(count, draws, seed, name, first))
    tail = np.sqrt(2 * gammaincinv(FREEDOM / 2, uniforms(seed, f"{name} tail", draws, first)) / FREEDOM)
    scores = centre[:, None] + np.linalg.cholesky(shape) @ normal / tail
    scores = np.where(uniforms(seed, f"{name} which", draws, first) < FROM_PRIOR, normal, scores)
    shares = density.shares(scores)
    prior = -np.sum(scores**2, axis=0) / 2 - count / 2 * np.log(2 * np.pi)
    near = multivariate_t.logpdf(scores.T, loc=centre, shape=shape, df=FREEDOM)
    proposed = np.logaddexp(np.log1p(-FROM_PRIOR) + near, np.log(FROM_PRIOR) + prior)
    weights = density.log_likelihood(shares) + prior - proposed
    weights = np.where(np.all(np.abs(scores) <= REACH, axis=0), weights, -np.inf)
    return Sample(scores, np.nan_to_num(shares), weights)


def prior_uniforms(count: int, draws: int, seed: int, name: str, first: int = 0) -> Array:
    """Independent uniform numbers, shape (count, draws), a stream for each row."""
    return np.stack([uniforms(seed, f"{name} {i}", draws, first) for i in range(count)])
