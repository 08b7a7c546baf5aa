"""The five distributions: their two parameters, their quantiles, and building them from moments."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Kind = Literal["beta", "gamma", "lognormal", "normal", "uniform"]


@dataclass(frozen=True)
class Distribution:
    """A fitted distribution.

    central: the value that the deterministic run takes: the mean, or for a lognormal ratio the median.
    first, second: beta(alpha, beta), gamma(shape, scale), lognormal(mean and standard deviation of the
    log), normal(mean, standard deviation), uniform(low, high).
    """

    kind: Kind
    central: float
    first: float
    second: float

    def quantile(self, u: Array) -> Array:
        """The values below which shares `u` of the distribution lie; u strictly inside 0 to 1, any shape."""
        return np.asarray(_frozen(self).ppf(u), dtype=np.float64)

    @property
    def mean(self) -> float:
        return float(_frozen(self).mean())

    @property
    def standard_deviation(self) -> float:
        return float(_frozen(self).std())

    @property
    def interval95(self) -> tuple[float, float]:
        """The 2.5% and the 97.5% quantile."""
        low, high = self.quantile(np.array([0.025, 0.975]))
        return float(low), float(high)

    def chance_above(self, value: float) -> float:
        return float(_frozen(self).sf(value))


def _frozen(distribution: Distribution) -> "stats.distributions.rv_frozen":
    a, b = distribution.first, distribution.second
    match distribution.kind:
        case "beta":
            return stats.beta(a, b)
        case "gamma":
            return stats.gamma(a, scale=b)
        case "lognormal":
            return stats.lognorm(b, scale=math.exp(a))
        case "normal":
            return stats.norm(a, b)
        case "uniform":
            return stats.uniform(a, b - a)


_NO_BETA_MEAN = (
    "a beta distribution needs a mean strictly between 0 and 1, not {:g}; "
    "hold it fixed, or use another distribution"
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
            f"a {kind} distribution needs a mean above 0, not {mean:g}; "
            "leave the distribution out to hold 0 fixed"
        )
    cv = deviation / mean
    if kind == "gamma":
        return Distribution(kind, mean, cv**-2, mean * cv**2)
    variance_of_log = math.log1p(cv**2)
    return Distribution(kind, mean, math.log(mean) - variance_of_log / 2, math.sqrt(variance_of_log))


def lognormal_about_median(median: float, deviation_of_log: float) -> Distribution:
    """The central value of a ratio is its median; both `se` and `cv` are standard deviations of its log."""
    if median <= 0:
        raise ValueError(f"a ratio with a lognormal distribution must be above 0, not {median:g}")
    return Distribution("lognormal", median, math.log(median), deviation_of_log)
