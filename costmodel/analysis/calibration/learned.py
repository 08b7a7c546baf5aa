"""What the data said about each free quantity: prior beside posterior."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.calibration.density import Density
from costmodel.analysis.calibration.sample import Sample

Array = NDArray[np.float64]

TAILS = (0.025, 0.5, 0.975)
WIDE = 0.9
"""A posterior at least this wide beside its prior is the prior: the data hardly speak about the quantity."""
TIED = 0.95
"""Correlation of scores from which two quantities are known only together."""
FAR = 2.0
"""Scores: a posterior whose mean lies farther out contradicts its prior."""


@dataclass(frozen=True)
class Learned:
    """One free quantity. prior, posterior: 2.5%, 50% and 97.5% quantiles.

    width: standard deviation of the posterior as a share of the prior's, on the scale of prior scores, where a prior is
    standard normal whatever its family. place: mean of the posterior on that scale.
    """

    name: str
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    width: float
    place: float


def learned(density: Density, sample: Sample, names: Sequence[str]) -> Iterator[Learned]:
    """Prior beside posterior for each free quantity."""
    mean, covariance = sample.moments()
    values = density.values(sample.scores)
    for i, name in enumerate(names):
        before = density.priors[i].quantile(np.array(TAILS))
        after = sample.quantiles(values[i], TAILS)
        width = float(np.sqrt(covariance[i, i]))
        yield Learned(name, tuple(map(float, before)), tuple(after), width, float(mean[i]))


def ties(sample: Sample, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Pairs that the data know only together, with the correlation of their scores."""
    _, covariance = sample.moments()
    scale = np.sqrt(np.diag(covariance))
    for i, j in combinations(range(len(names)), 2):
        correlation = float(covariance[i, j] / (scale[i] * scale[j]))
        if abs(correlation) >= TIED:
            yield names[i], names[j], correlation
