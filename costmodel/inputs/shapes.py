"""The distributions: their parameters, their quantiles, and building them from moments."""

import math
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
    def mean(self) -> float:
        a, b = self.first, self.second
        match self.kind:
            case "beta":
                return a / (a + b)
            case "gamma":
                return a * b
            case "lognormal":
                return math.exp(a + b**2 / 2)
            case "normal":
                return a
            case "uniform":
                return (a + b) / 2
            case "pert":
                low, high = self.more
                return low + (high - low) * a / (a + b)
            case "triangular":
                return (a + b + self.more[0]) / 3

    @property
    def standard_deviation(self) -> float:
        a, b = self.first, self.second
        match self.kind:
            case "beta":
                return math.sqrt(a * b / (a + b + 1)) / (a + b)
            case "gamma":
                return math.sqrt(a) * b
            case "lognormal":
                return self.mean * math.sqrt(math.expm1(b**2))
            case "normal":
                return b
            case "uniform":
                return (b - a) / math.sqrt(12)
            case "pert":
                low, high = self.more
                return (high - low) * math.sqrt(a * b / (a + b + 1)) / (a + b)
            case "triangular":
                mode = self.more[0]
                return math.sqrt((a**2 + b**2 + mode**2 - a * b - a * mode - b * mode) / 18)

    @property
    def interval95(self) -> tuple[float, float]:
        """The 2.5% and the 97.5% quantile."""
        low, high = self.quantile(np.array([0.025, 0.975]))
        return float(low), float(high)

    def chance_above(self, value: float) -> float:
        """Chance of a value above a positive one, for the kinds without an upper end."""
        if self.kind == "gamma":
            return float(special.gammaincc(self.first, value / self.second))
        if self.kind == "lognormal":
            return float(special.ndtr((self.first - math.log(value)) / self.second))
        raise ValueError(f"a {self.kind} distribution is not asked for its upper tail")


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
