"""The distributions: parameters, quantiles, and building them from moments, a 95% interval or published quantiles."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Kind = Literal["beta", "gamma", "lognormal", "normal", "uniform", "pert", "triangular"]
Declared = Literal[Kind, "hurdle"]
"""What a file may declare. A hurdle is people of whom some use nothing; the mean of a cohort of them is a gamma."""


@dataclass(frozen=True)
class Distribution:
    """A fitted distribution.

    central: the value that the deterministic run takes: the mean, or for a lognormal ratio the median.
    first, second: beta(alpha, beta), gamma(shape, scale), lognormal(mean and standard deviation of the
    log), normal(mean, standard deviation), uniform(low, high), pert(alpha, beta), triangular(low, high).
    more: of a pert its low and high end, of a triangular its mode.
    """

    kind: Kind
    central: float
    first: float
    second: float
    more: tuple[float, ...] = ()

    def quantile(self, u: Array) -> Array:
        """The values below which shares `u` of the distribution lie; u strictly inside 0 to 1, any shape."""
        a, b = self.first, self.second
        values: Any
        match self.kind:
            case "beta":
                values = special.betaincinv(a, b, u)
            case "gamma":
                values = special.gammaincinv(a, u) * b
            case "lognormal":
                values = np.exp(a + b * special.ndtri(u))
            case "normal":
                values = a + b * special.ndtri(u)
            case "uniform":
                values = a + (b - a) * u
            case "pert":
                low, high = self.more
                values = low + (high - low) * special.betaincinv(a, b, u)
            case "triangular":
                rising = (self.more[0] - a) / (b - a)
                share = np.where(u < rising, np.sqrt(rising * u), 1 - np.sqrt((1 - rising) * (1 - u)))
                values = a + (b - a) * share
        return np.asarray(values, dtype=np.float64)

    @property
    def interval95(self) -> tuple[float, float]:
        """The 2.5% and the 97.5% quantile."""
        low, high = self.quantile(np.array([0.025, 0.975]))
        return float(low), float(high)


_NO_BETA_MEAN = (
    "a beta distribution needs a mean strictly between 0 and 1, not {:g}; hold it fixed, or use another distribution"
)


def beta_about(mean: float, effective_size: float) -> Distribution:
    if not 0 < mean < 1:
        raise ValueError(_NO_BETA_MEAN.format(mean))
    return Distribution("beta", mean, mean * effective_size, (1 - mean) * effective_size)


def largest_deviation(mean: float) -> float:
    """The standard deviation that a beta distribution with a mean stays below: all mass at 0 and 1."""
    if not 0 < mean < 1:
        raise ValueError(_NO_BETA_MEAN.format(mean))
    return math.sqrt(mean * (1 - mean))


def from_moments(kind: Kind, mean: float, deviation: float) -> Distribution:
    """The distribution of a kind with a mean and a standard deviation."""
    if kind == "normal":
        return Distribution(kind, mean, mean, deviation)
    if kind == "beta":
        limit = largest_deviation(mean)
        if deviation >= limit:
            raise ValueError(
                f"no beta distribution has mean {mean:g} and standard error {deviation:g}: "
                f"at this mean it must be below {limit:.4g}"
            )
        return beta_about(mean, limit**2 / deviation**2 - 1)
    if mean <= 0:
        raise ValueError(
            f"a {kind} distribution needs a mean above 0, not {mean:g}; leave the distribution out to hold 0 fixed"
        )
    cv = deviation / mean
    if kind == "gamma":
        return Distribution(kind, mean, cv**-2, mean * cv**2)
    variance_of_log = math.log1p(cv**2)
    return Distribution(kind, mean, math.log(mean) - variance_of_log / 2, math.sqrt(variance_of_log))


def lognormal_about_median(median: float, deviation_of_log: float) -> Distribution:
    """The central value of a ratio is its median; its spread is the standard deviation of its log."""
    if median <= 0:
        raise ValueError(f"a ratio with a lognormal distribution must be above 0, not {median:g}")
    return Distribution("lognormal", median, math.log(median), deviation_of_log)


def between(kind: Kind, low: float, mode: float, high: float) -> Distribution:
    """A PERT or triangular distribution from its ends and its most likely value.

    A PERT is a beta stretched over [low, high] with mean (low + 4 mode + high) / 6 (Malcolm and others 1959).
    """
    if not low <= mode <= high or low >= high:
        raise ValueError(f"the mode {mode:g} must lie within the range [{low:g}, {high:g}], which must rise")
    if kind == "triangular":
        return Distribution(kind, (low + mode + high) / 3, low, high, (mode,))
    alpha = 1 + 4 * (mode - low) / (high - low)
    return Distribution(kind, (low + 4 * mode + high) / 6, alpha, 6 - alpha, (low, high))


def mean_of_a_hurdle(users: float, n: float, mean: float, deviation: float) -> Distribution:
    """The mean over n people of whom some use nothing: a gamma about p·mean with the standard error of a mean.

    users: how many of n use anything, p = users/n. mean, deviation: of those who do. A person's use has the variance
    p·deviation² + p(1 − p)·mean², and the mean of n people an n-th of it: a cohort is not one person who is admitted
    or not.
    """
    if not 0 < users < n:
        raise ValueError(
            f"counts [{users:g}, {n:g}] need more than 0 users and fewer than n; without a hurdle use gamma"
        )
    if mean <= 0 or deviation <= 0:
        raise ValueError(f"of_users [{mean:g}, {deviation:g}] needs a mean and a standard deviation above 0")
    p = users / n
    return from_moments("gamma", p * mean, math.sqrt((p * deviation**2 + p * (1 - p) * mean**2) / n))


LARGEST_MISS = 0.1
"""The share of the width by which an end may miss where the value is given too, or one of more than two quantiles."""

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
            from scipy.optimize import brentq  # slow to import, and few files give intervals

            return float(brentq(excess, below, deviation, xtol=1e-15 * start, rtol=1e-14)) if below else None
        if deviation >= limit * (1 - 1e-5):
            return None
        below = deviation
    return None


def meeting_both_ends(kind: Kind, low: float, high: float) -> tuple[float, float]:
    """The two parameters, as `Distribution` holds them, of the distribution with this 95% interval.

    Raises ValueError where an end lies on or beyond the end of the kind's support.
    """
    if kind == "normal":
        return (low + high) / 2, (high - low) / (2 * Z)
    if kind == "lognormal" and low > 0:
        return (math.log(low) + math.log(high)) / 2, math.log(high / low) / (2 * Z)
    return meeting(kind, [(0.025, low), (0.975, high)])


MOST_QUANTILES = 20
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
        raise ValueError(f"a {kind} distribution begins above 0, and has no quantile at {x[0]:g}")
    if kind == "beta" and x[-1] >= 1:
        raise ValueError(f"a beta distribution ends below 1, and has no quantile at {x[-1]:g}")
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
