"""From a published 95% interval to the parameters of a distribution, by bracketed root finding."""

import math
from collections.abc import Callable

import numpy as np
from scipy import special

LARGEST_MISS = 0.1
"""An end of an interval may be missed by this share of its width when value and interval are both given."""

Z = float(special.ndtri(0.975))
"""The 97.5% quantile of the standard normal distribution, 1.96."""

_STEPS = 160
_DECADES_DOWN, _DECADES_UP = 1.5, 2.5


def deviation_with_width(
    interval95: Callable[[float], tuple[float, float]], start: float, width: float, limit: float
) -> float | None:
    """The smallest standard deviation at which a distribution's 95% interval is as wide as wanted.

    interval95: the interval at a standard deviation. start: a deviation of the order of the wanted
    interval's width, in the deviation's own unit. limit: deviations from here on are impossible.
    The width of a skewed distribution about a fixed mean rises with the deviation and then falls again
    (its mass gathers at an end), so the first crossing is bracketed on a grid. None if there is none.
    """

    def excess(deviation: float) -> float:
        low, high = interval95(deviation)
        return high - low - width

    below = 0.0
    for deviation in start * np.geomspace(10**-_DECADES_DOWN, 10**_DECADES_UP, _STEPS):
        deviation = float(deviation)
        if deviation >= limit:
            deviation = below + (limit - below) * (1 - 1e-6)
        if excess(deviation) >= 0:
            return _zero(excess, below, deviation, 1e-15 * start) if below else None
        if deviation >= limit * (1 - 1e-5):
            return None
        below = deviation
    return None


def meeting_both_ends(kind: str, low: float, high: float) -> tuple[float, float]:
    """The two parameters, as `Distribution` holds them, of the distribution with this 95% interval.

    Raises ValueError where an end lies on or beyond the end of the kind's support.
    """
    if kind == "normal":
        return (low + high) / 2, (high - low) / (2 * Z)
    if low <= 0:
        raise ValueError(f"the 95% interval of a {kind} distribution begins above 0, not at {low:g}")
    if kind == "lognormal":
        return (math.log(low) + math.log(high)) / 2, math.log(high / low) / (2 * Z)
    if kind == "gamma":
        return _gamma_between(low, high)
    if high >= 1:
        raise ValueError(f"the 95% interval of a beta distribution ends below 1, not at {high:g}")
    return _beta_between(low, high)


def _gamma_between(low: float, high: float) -> tuple[float, float]:
    """Shape and scale. The ratio of two quantiles depends on the shape alone and falls as it grows."""

    def excess(log_shape: float) -> float:
        below, above = (float(special.gammaincinv(math.exp(log_shape), end)) for end in (0.025, 0.975))
        return math.inf if below == 0 else math.log(above / below) - math.log(high / low)

    shape = math.exp(_root(excess, -4.0, 30.0, "gamma", low, high))
    return shape, high / float(special.gammaincinv(shape, 0.975))


def _beta_between(low: float, high: float) -> tuple[float, float]:
    """Alpha and beta. At each effective size one mean meets the lower end; a larger size lowers the upper."""

    def mean_meeting_low(size: float) -> float:
        def excess(logit: float) -> float:
            mean = float(special.expit(logit))
            return float(special.betainc(mean * size, (1 - mean) * size, low)) - 0.025

        return float(special.expit(_zero(excess, -30.0, 30.0)))

    def shortfall(log_size: float) -> float:
        size = math.exp(log_size)
        mean = mean_meeting_low(size)
        return 0.975 - float(special.betainc(mean * size, (1 - mean) * size, high))

    size = math.exp(_root(shortfall, -3.0, 30.0, "beta", low, high))
    mean = mean_meeting_low(size)
    return mean * size, (1 - mean) * size


def _root(function: Callable[[float], float], low: float, high: float, kind: str, *ends: float) -> float:
    try:
        return _zero(function, low, high)
    except ValueError as error:
        raise ValueError(f"no {kind} distribution has the 95% interval [{ends[0]:g}, {ends[1]:g}]") from error


def _zero(function: Callable[[float], float], low: float, high: float, near: float = 1e-14) -> float:
    from scipy.optimize import brentq  # slow to import, and few files give intervals

    return float(brentq(function, low, high, xtol=near, rtol=1e-14))
