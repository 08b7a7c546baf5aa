"""The unlucky end of a distribution, of draws under weighted alternatives."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TENTH = 0.1


def lowest(values: Array, weights: Array, share: float = TENTH) -> float:
    """Mean of the lowest share of the draws; values: (alternative, draw), weights: (alternative,), summing to 1.

    A draw on the border counts with the part of its weight that belongs to the share (expected shortfall: Acerbi
    and Tasche 2002, Journal of Banking & Finance 26:1487).
    """
    each = np.repeat(weights / values.shape[-1], values.shape[-1])
    order = np.argsort(values, axis=None)
    each = each[order]
    counted = np.clip(share - (np.cumsum(each) - each), 0.0, each)
    return float(counted @ values.ravel()[order] / counted.sum()) + 0.0


def highest(values: Array, weights: Array, share: float = TENTH) -> float:
    """Mean of the highest share of the draws."""
    return -lowest(-values, weights, share) + 0.0
