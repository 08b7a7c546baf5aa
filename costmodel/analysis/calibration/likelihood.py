"""The binomial likelihood of observed proportions: pure functions of predicted shares."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlog1py, xlogy

Array = NDArray[np.float64]

SMALLEST_SHARE = 1e-12
"""Predicted shares are kept this far from 0 and 1, where a logarithm has no value."""


def _inside(predicted: Array) -> Array:
    return np.asarray(np.clip(predicted, SMALLEST_SHARE, 1 - SMALLEST_SHARE), dtype=np.float64)


def log_likelihood(predicted: Array, observed: Array, sizes: Array) -> Array:
    """Σ size · [share · ln p + (1 − share) · ln(1 − p)], without the constant of the binomial coefficient.

    predicted, observed: p and shares, shape (observation, draw). sizes: effective numbers (n ÷ design
    effect), shape (observation,). Returns shape (draw,).
    """
    p = _inside(predicted)
    return np.asarray(sizes @ (xlogy(observed, p) + xlog1py(1 - observed, -p)), dtype=np.float64)


def gradient(predicted: Array, slopes: Array, observed: Array, sizes: Array) -> Array:
    """Slope of the log-likelihood in each parameter, shape (parameter, draw).

    slopes: d predicted / d parameter, shape (observation, parameter, draw); the rest as above.
    """
    p = _inside(predicted)
    pull = sizes[:, None] * (observed - p) / (p * (1 - p))
    return np.asarray(np.einsum("od,opd->pd", pull, slopes), dtype=np.float64)


def information(predicted: Array, slopes: Array, sizes: Array) -> Array:
    """Expected (Fisher) information: Σ size · slope slopeᵀ ÷ (p (1 − p)).

    Shape (parameter, parameter, draw).
    """
    p = _inside(predicted)
    root = slopes * np.sqrt(sizes[:, None] / (p * (1 - p)))[:, None]
    return np.asarray(np.einsum("opd,oqd->pqd", root, root), dtype=np.float64)
