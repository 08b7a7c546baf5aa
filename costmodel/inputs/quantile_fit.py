"""From published quantiles to the parameters of a distribution."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from costmodel.inputs.shapes import Distribution, Kind

Array = NDArray[np.float64]

MOST_QUANTILES = 20
LARGEST_MISS = 0.1
"""More than two quantiles may each be missed by this share of the distance between the first and the last."""
EXACT = 1e-8
"""Two quantiles are met to this share of their distance."""


def meeting(kind: Kind, quantiles: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The two parameters, as `Distribution` holds them, that come nearest to some quantiles by least squares.

    quantiles: (probability, value) pairs, both rising. Two are met exactly. Raises ValueError in one sentence.
    """
    from scipy.optimize import least_squares

    u, x = _checked(kind, quantiles)
    width = x[-1] - x[0]

    def misses(free: Array) -> Array:
        found: Array = (Distribution(kind, math.nan, *_parameters(kind, free)).quantile(u) - x) / width
        return found

    best = least_squares(misses, _guess(kind, u, x), xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=2_000)
    miss = float(np.max(np.abs(best.fun)))
    if not miss <= (EXACT if len(u) == 2 else LARGEST_MISS):
        said = ", ".join(f"{p:g}: {value:g}" for p, value in zip(u, x, strict=True))
        raise ValueError(f"no {kind} distribution comes near the quantiles {said}; choose another distribution")
    return _parameters(kind, best.x)


def _checked(kind: Kind, quantiles: Sequence[Sequence[float]]) -> tuple[Array, Array]:
    if not 2 <= len(quantiles) <= MOST_QUANTILES or any(len(pair) != 2 for pair in quantiles):
        raise ValueError(f"quantiles are 2 to {MOST_QUANTILES} pairs of a probability and a value")
    u, x = (np.array([pair[i] for pair in quantiles], dtype=float) for i in (0, 1))
    if not (np.isfinite(u).all() and np.isfinite(x).all()):
        raise ValueError("quantiles need finite numbers")
    if not (np.diff(u) > 0).all() or not (np.diff(x) > 0).all() or u[0] <= 0 or u[-1] >= 1:
        raise ValueError("quantiles rise, in probability (strictly between 0 and 1) and in value")
    if kind != "normal" and x[0] <= 0:
        raise ValueError(f"the quantiles of a {kind} distribution are above 0, and the first is {x[0]:g}")
    if kind == "beta" and x[-1] >= 1:
        raise ValueError(f"the quantiles of a beta distribution are below 1, and the last is {x[-1]:g}")
    return u, x


def _guess(kind: Kind, u: Array, x: Array) -> Array:
    """Where the search begins: a straight line through normal scores."""
    z = special.ndtri(u)
    y = np.log(x) if kind in ("lognormal", "gamma") else x
    slope = float((y[-1] - y[0]) / (z[-1] - z[0]))
    level = float(np.mean(y - slope * z))
    if kind in ("normal", "lognormal"):
        return np.array([level, math.log(slope)])
    if kind == "gamma":
        shape = max(slope**-2, 0.05)
        return np.array([math.log(shape), level - math.log(shape)])
    mean = float(np.clip(level, 0.01, 0.99))
    size = max(mean * (1 - mean) / slope**2 - 1, 0.5)
    return np.log([mean * size, (1 - mean) * size])


def _parameters(kind: Kind, free: Array) -> tuple[float, float]:
    first, second = (float(x) for x in free)
    if kind in ("normal", "lognormal"):
        return first, math.exp(second)
    return math.exp(first), math.exp(second)
