"""A point and its interval: the one place where quantiles of weighted alternatives are worked out."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A point with its 95% interval; the ends are None where nothing varies."""

    value: float
    low: float | None = None
    high: float | None = None


def quantiles(values: Array, weights: Array, at: tuple[float, ...]) -> tuple[float, ...]:
    """Quantiles of a mixture of alternatives: the lowest value that has at least the share `at` of all weight below.

    values: (alternative, draw). weights: (alternative,), they sum to 1. at: from 0 to 1.
    """
    used = np.flatnonzero(weights)
    weights, kept = weights[used], values[used]
    if (weights == weights[0]).all():  # which value has which weight does not matter, and sorting is cheap
        found = np.sort(kept, axis=None)[_ranks(float(weights[0]), kept.size, at)]
    else:
        each = np.repeat(weights, values.shape[-1])
        found = np.quantile(kept.ravel(), at, weights=each, method="inverted_cdf")
    return tuple(float(q) for q in found)


@lru_cache
def _ranks(weight: float, count: int, at: tuple[float, ...]) -> NDArray[np.intp]:
    """Places of quantiles among so many rising values of one weight each."""
    places = np.quantile(np.arange(count), at, weights=np.full(count, weight), method="inverted_cdf")
    return places.astype(np.intp)
