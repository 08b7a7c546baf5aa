"""The most plausible point of a fit, and the likeliest one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from costmodel.analysis.calibration.density import REACH, Density

Array = NDArray[np.float64]

SAME = 1e-4
"""Searches that end within this of the highest log-density have found the same point."""
PRECISION = 1e-12
"""Relative gain at which a search ends."""
MOST_STEPS = 500


@dataclass(frozen=True)
class Mode:
    """score: the highest point found, shape (free,). height: its log-density.

    agreeing: of `searches` from different starts, those that ended at it.
    """

    score: Array
    height: float
    searches: int
    agreeing: int


def highest(density: Density, starts: Array, with_prior: bool = True) -> Mode:
    """Climb from each start, shape (free, search), within REACH.

    The density is that of the scores, on which the prior is standard normal: without data the highest point is the
    median of each prior. with_prior: False looks for the likeliest point within the priors' reach.
    """

    def lost(score: Array) -> tuple[float, Array]:
        height, slope = density.height_and_slope(score)
        if with_prior:
            height, slope = height - float(score @ score) / 2, slope - score
        return -height, -slope

    bounds = [(-REACH, REACH)] * len(starts)
    options = {"ftol": PRECISION, "maxiter": MOST_STEPS}
    ends: list[Any] = [
        minimize(lost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)  # type: ignore[call-overload]
        for start in starts.T
    ]
    heights = np.array([-float(end.fun) for end in ends])
    best = int(np.argmax(heights))
    agreeing = int(np.sum(heights > heights[best] - SAME))
    return Mode(np.asarray(ends[best].x, dtype=np.float64), float(heights[best]), len(ends), agreeing)
