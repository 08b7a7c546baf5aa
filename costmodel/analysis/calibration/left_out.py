"""How a fit predicts each observation from the others, and which observations no fit can reach."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from costmodel.analysis.calibration.density import Density
from costmodel.analysis.calibration.mode import highest
from costmodel.analysis.calibration.sample import Sample, sampled

Array = NDArray[np.float64]

ENOUGH = 1_000
"""Effective draws below which the posterior without an observation is sampled anew."""
TAIL = 0.025
"""Chance of lying below the band, and of lying above it."""
NEAREST = 4
"""Searches for the point that comes nearest to an observation."""


@dataclass(frozen=True)
class LeftOut:
    """An observation as the others predict it.

    mean: predicted share. low, high: 95% band of what would be observed, with the sampling error of n people.
    effective_size: of the draws behind it. resampled: they were drawn anew, because the weights degenerated.
    """

    mean: float
    low: float
    high: float
    inside: bool
    effective_size: float
    resampled: bool


def predicted(density: Density, sample: Sample, observation: int, n: int, seed: int, name: str) -> LeftOut:
    """One observation, predicted from a fit to the others."""
    without = density.without(observation)
    rest = sample.reweighted(without.log_likelihood(sample.shares) - density.log_likelihood(sample.shares))
    resampled = rest.effective_size < ENOUGH
    if resampled:
        centre = highest(without, sample.scores[:, np.argsort(-rest.log_weights, kind="stable")[:NEAREST]]).score
        rest = sampled(without, centre, ENOUGH, seed, f"{name} without {observation}")
    shares, weights = rest.shares[observation], rest.weights
    low, high = band(shares, weights, n)
    seen = float(density.observed[observation])
    return LeftOut(float(shares @ weights), low, high, low <= seen <= high, rest.effective_size, resampled)


def band(shares: Array, weights: Array, n: int) -> tuple[float, float]:
    """95% band of the share among n people, each in the state with a share that is itself uncertain.

    shares, weights: of draws, shape (draw,). The mixture of binomial distributions is summed and not simulated.
    """
    held = weights > 0
    shares, weights = np.clip(shares[held], 0.0, 1.0), weights[held]

    def events(chance: float) -> int:
        """The fewest events that are not exceeded with at least this chance."""
        low, high = 0, n
        while low < high:
            middle = (low + high) // 2
            if float(bdtr(middle, n, shares) @ weights) >= chance:
                high = middle
            else:
                low = middle + 1
        return low

    return events(TAIL) / n, events(1 - TAIL) / n


def unreachable(density: Density, scores: Array, shares: Array, sizes: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Observations that the model cannot come near wherever the priors reach, each with the best achievable share.

    Not near: outside the 95% band of a sample of its size from the best achievable share.
    scores, shares: of draws from the prior. sizes: people behind each observation.
    """
    for i, seen in enumerate(density.observed):
        if not density.sizes[i] or shares[i].min() <= seen <= shares[i].max():
            continue
        nearest = np.argsort(np.abs(shares[i] - seen), kind="stable")[:NEAREST]
        found = highest(density.only(i), scores[:, nearest], with_prior=False)
        best = float(density.shares(found.score[:, None])[i, 0])
        if _outside(seen, best, sizes[i]):
            yield i, best


def apart(density: Density, start: Array, sizes: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Observations that cannot be reached together with the others, each with the share of the likeliest fit.

    start: where the search for it begins, shape (free,).
    """
    likeliest = highest(density, start[:, None], with_prior=False)
    for i, best in enumerate(density.shares(likeliest.score[:, None])[:, 0]):
        if density.sizes[i] and _outside(float(density.observed[i]), float(best), sizes[i]):
            yield i, float(best)


def _outside(seen: float, best: float, n: int) -> bool:
    low, high = band(np.array([best]), np.ones(1), n)
    return not low <= seen <= high
