"""What draws know of an answer, and how exactly: mean, intervals, the worst tenth, Monte-Carlo error, enough draws."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from costmodel.result.payback import NEVER
from costmodel.result.result import Result, Run
from costmodel.result.sums import Estimate

Array = NDArray[np.float64]
Measure = Callable[[Run], Array]
"""What is asked of a reading, (alternative, draw)."""
Ends = tuple[float | None, float | None, float | None, float | None]

NORMAL95 = 1.959963984540054
LEVELS = (0.025, 0.975, 0.25, 0.75)
"""Ends of the 95% and of the 50% interval."""
TENTH = 0.1
MOST_OF_CHANCE = 0.01
"""Error of a chance that is small enough."""
MOST_OF_THERAPY_COST = 0.02
"""Error of the net saving that is small enough, as a share of the cost of therapy."""
FEWEST = 100
"""Draws of the first step of a running mean, at least."""
UNSEEN = 0.05
"""What has not happened in n independent draws has, at 95%, a chance of at most 1 − 0.05^(1/n)."""


@dataclass(frozen=True)
class Spread(Estimate):
    """The expected value over all draws, its 95% and 50% intervals over the kept ones, and its Monte-Carlo error.

    error: half the 95% interval of the expected value. Everything but the value is None for a single draw.
    """

    low_50: float | None = None
    high_50: float | None = None
    error: float | None = None


def averaged(run: Run) -> Run:
    """The reading over all draws: their means in the place of a single draw, where not every draw is kept."""
    return run if run.means is None else replace(run, outcomes=run.means, means=None)


def expected(run: Run, measure: Measure) -> float:
    """The expected value over all draws of what is linear in their means."""
    return float(run.weights @ measure(averaged(run)).mean(axis=-1)) + 0.0


def spread(result: Result, run: Run, measure: Measure, *, kept: bool = False) -> Spread:
    """An answer with its spread.

    measure: linear in what is averaged, so that its mean is that of the means. kept: whether it knows the kept
    draws only, so that its value is theirs.
    """
    values = measure(run)
    value = float(run.weights @ values.mean(axis=-1)) + 0.0 if kept else expected(run, measure)
    if values.shape[-1] < 2:
        return Spread(value)
    draws = values.shape[-1] if kept else result.draws
    return Spread(value, *ends(result, run, values), error_of_mean(values, run.weights, draws))


def ends(result: Result, run: Run, values: Array) -> Ends:
    """Ends of the 95% and of the 50% interval; values: (alternative, draw). None beyond the horizon."""
    found = result.quantiles(run, values, LEVELS)
    low, high, low_50, high_50 = (end + 0.0 if math.isfinite(end) else None for end in found)
    return low, high, low_50, high_50


def error_of_mean(values: Array, weights: Array, draws: int) -> float | None:
    """Half the 95% interval of the expected value from its draws; None for a single draw.

    values: (alternative, draw). Alternatives share their draws, so that it is the spread of their weighted sum that
    counts. draws: how many the mean is over; the spread may be known from fewer.
    """
    if values.shape[-1] < 2:
        return None
    return NORMAL95 * float(np.std(weights @ values, ddof=1)) / math.sqrt(draws)


def error_of_chance(happens: NDArray[np.bool_], weights: Array, draws: int) -> float | None:
    """Half the 95% interval of a chance; at least what may still be unseen where no draw has it (the rule of three)."""
    error = error_of_mean(happens.astype(float), weights, draws)
    return None if error is None else max(error, 1 - UNSEEN ** (1 / draws))


def lowest(values: Array, weights: Array, share: float = TENTH) -> float:
    """Mean of the lowest share of the draws; values: (alternative, draw), weights: (alternative,), summing to 1.

    A draw on the border counts with the part of its weight that belongs to the share (expected shortfall: Acerbi
    and Tasche 2002, Journal of Banking & Finance 26:1487).
    """
    order = np.argsort(values, axis=None)
    each = np.repeat(weights / values.shape[-1], values.shape[-1])[order]
    counted = np.clip(share - (np.cumsum(each) - each), 0.0, each)
    return float(counted @ values.ravel()[order] / counted.sum()) + 0.0


def highest(values: Array, weights: Array, share: float = TENTH) -> float:
    """Mean of the highest share of the draws."""
    return -lowest(-values, weights, share) + 0.0


@dataclass(frozen=True)
class Step:
    """Net saving, money per person, and chance of payback of the first so many draws, with their errors."""

    draws: int
    saving: float
    saving_error: float | None
    chance: float
    chance_error: float | None


@dataclass(frozen=True)
class Convergence:
    """Answers at growing numbers of draws. wanted: errors of saving and chance that would be small enough.

    wanted_saving is None where no therapy is paid for.
    """

    steps: tuple[Step, ...]
    wanted_saving: float | None
    wanted_chance: float = MOST_OF_CHANCE

    @property
    def last(self) -> Step:
        """With all draws."""
        return self.steps[-1]

    @property
    def needed(self) -> int | None:
        """Draws with which both errors would be small enough, about; None where one draw tells nothing."""
        last = self.last
        if last.saving_error is None or last.chance_error is None:
            return None
        ratio = last.chance_error / self.wanted_chance
        if last.chance in (0.0, 1.0):  # the rule of three falls with n, not with its root
            ratio = math.sqrt(ratio)
        if self.wanted_saving:
            ratio = max(ratio, last.saving_error / self.wanted_saving)
        return math.ceil(last.draws * ratio**2)

    @property
    def enough(self) -> bool:
        """Whether the draws that were made are as many as are needed."""
        return self.needed is not None and self.needed <= self.last.draws

    @property
    def sure_of_sign(self) -> bool:
        """Whether more draws could hardly change a mean saving into a mean loss, or the other way round."""
        error = self.last.saving_error
        return error is not None and abs(self.last.saving) > error


def convergence(result: Result, run: Run, horizon: int, strategy: int, perspective: str) -> Convergence:
    """Net saving and chance of payback at N, N/2, N/4, … draws, the fewest first.

    Where not every draw is kept, the last step is of all of them, and the others of those that are.
    """
    saving = -result.net_cost(run, horizon, strategy, perspective=perspective)
    paid = result.paybacks(run, horizon, strategy, perspective) < NEVER

    def step(of: int, draws: int) -> Step:
        some, back, weights = saving[..., :of], paid[..., :of], run.weights
        errors = error_of_mean(some, weights, draws), error_of_chance(back, weights, draws)
        mean, chance = float(weights @ some.mean(axis=-1)) + 0.0, float(weights @ back.mean(axis=-1))
        return Step(draws, mean, errors[0], chance, errors[1])

    kept = saving.shape[-1]
    sizes = [kept]
    while sizes[0] // 2 >= FEWEST:
        sizes.insert(0, sizes[0] // 2)
    steps = [step(size, size) for size in sizes]
    if result.draws > kept:
        mean = -expected(run, lambda of: result.net_cost(of, horizon, strategy, perspective=perspective))
        chance = result.chance_of_payback(run, horizon, strategy, perspective)
        steps.append(replace(step(kept, result.draws), saving=mean, chance=chance))
    spent = expected(run, lambda of: result.net_cost(of, horizon, strategy, category="therapy"))
    return Convergence(tuple(steps), MOST_OF_THERAPY_COST * abs(spent) or None)
