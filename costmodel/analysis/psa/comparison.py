"""One strategy against the comparator, and what draws know of it: mean, intervals, how exactly, the worst tenth."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import number
from costmodel.result.outcomes import Outcomes
from costmodel.result.payback import NEVER, settled
from costmodel.result.result import Result, Run
from costmodel.result.sums import Estimate
from costmodel.result.table import Row, payback_words, row_of
from costmodel.scenario.clock import MONTHS_A_YEAR

Array = NDArray[np.float64]

NORMAL95 = 1.959963984540054
LEVELS = (0.025, 0.975, 0.25, 0.75)
"""Ends of the 95% and of the 50% interval."""
TENTH = 0.1
MOST_OF_CHANCE = 0.01
"""Error of a chance that is small enough."""
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


@by_content
@dataclass(frozen=True)
class Comparison:
    """One strategy against the comparator, as a perspective sees it in one reading of a result, to one horizon.

    horizon, strategy: indices. Money is per person referred; what draws have is (alternative, draw).
    """

    result: Result
    run: Run
    horizon: int
    strategy: int
    perspective: str

    @property
    def months(self) -> float:
        """To where it looks."""
        return self.result.horizons[self.horizon]

    @property
    def name(self) -> str:
        """The strategy's."""
        return self.result.strategies[self.strategy]

    @property
    def label(self) -> str:
        """What the strategy is called."""
        return self.result.scenario.model.strategies[self.name].label

    @property
    def compared(self) -> str:
        """What is compared with what."""
        return f"{self.label} against {replace(self, strategy=0).label}"

    @property
    def about(self) -> tuple[str, str, float, str]:
        """Perspective, strategy, horizon in months and reading, by name."""
        return self.perspective, self.name, self.months, self.run.name

    def money(self, amount: float) -> str:
        """An amount of one person as that of the group, in words."""
        return self.result.setting.currency.money(amount * self.result.scenario.model.people)

    def saving(self, *, party: str | None = None, **how: Any) -> Array:
        """Net saving, or that of a party's own account. how: category, discounted, cash, as in `net_cost`."""
        whose: dict[str, Any] = {"party": party} if party else {"perspective": self.perspective}
        return -self.result.net_cost(self.run, self.horizon, self.strategy, **whose, **how)

    def therapy(self) -> Array:
        """Cost of the therapy."""
        return -self.saving(category="therapy")

    def elsewhere(self) -> Array:
        """Net saving on everything but the therapy."""
        return np.asarray(settled(self.therapy() + self.saving()), dtype=float)

    def gain(self) -> Array:
        """QALYs gained, discounted."""
        return self.result.qaly_gain(self.run, self.horizon, self.strategy)

    def peak(self) -> Array:
        """Peak funding, to the last horizon."""
        peaks: Array = self.run.outcomes.peak[0, self.result.setting.index(self.perspective), self.strategy]
        return peaks

    def paybacks(self, view: str = "value") -> Array:
        """Month of payback, NEVER beyond the horizon."""
        return self.result.paybacks(self.run, self.horizon, self.strategy, self.perspective, view)

    def to(self, horizon: int) -> "Comparison":
        """The same to another horizon, by its place among all."""
        return replace(self, horizon=range(len(self.result.horizons))[horizon])

    def of(self, outcomes: Outcomes) -> "Comparison":
        """The same of other outcomes."""
        return replace(self, run=replace(self.run, outcomes=outcomes, means=None))

    def mean(self, values: Array | NDArray[np.bool_]) -> float:
        """The mean over the kept draws and the alternatives."""
        return float(self.run.weights @ values.mean(axis=-1)) + 0.0

    def expected(self, measure: "Measure") -> float:
        """The mean over all draws of what is linear in their means."""
        return self.mean(measure(replace(self, run=self.run.averaged)))

    def around(self, value: float, values: Array | None, error: float | None = None) -> Spread:
        """A value with the intervals of its draws; None where there are none, for a single draw, beyond the horizon."""
        if values is None or values.shape[-1] < 2:
            return Spread(value)
        found = self.result.quantiles(self.run, values, LEVELS)
        low, high, low_50, high_50 = (end + 0.0 if math.isfinite(end) else None for end in found)
        return Spread(value, low, high, low_50, high_50, error)

    def spread(self, measure: "Measure") -> Spread:
        """An answer with its spread. measure: linear in what is averaged, so that its mean is that of the means."""
        values = measure(self)
        error = error_of_mean(values, self.run.weights, self.result.draws)
        return self.around(self.expected(measure), values, error)

    def paid_back(self, view: str = "value") -> Spread:
        """The chance of payback within the horizon, of all draws."""
        chance = self.result.chance_of_payback(self.run, self.horizon, self.strategy, self.perspective, view)
        error = error_of_chance(self.paybacks(view) < NEVER, self.run.weights, self.result.draws)
        return Spread(chance, error=error)

    def payback(self) -> float:
        """Month of payback of the expected curve, NEVER beyond the horizon."""
        return self.result.curve_payback(self.strategy, self.perspective, self.horizon, run=self.run)

    def when(self, month: float) -> str:
        """A month of payback as a finding in words."""
        first = self.result.first_payment[self.strategy]
        return payback_words(month, self.months, first, self.expected(Comparison.saving))

    def row(self, outcome: str, found: Spread, threshold: float | None = None, **more: Any) -> Row:
        """A row of the one table, as `row_of` makes it, with what draws know beside it.

        low_50 and high_50: the 50% interval. error: half the 95% interval of the value from the number of draws.
        threshold: money per QALY. beyond_follow_up: what happens after the last observation.
        """
        more = {"perspective": self.perspective} | more
        return row_of(self.result, self.run, self.horizon, self.strategy, outcome, found, **more) | {
            "low_50": found.low_50, "high_50": found.high_50, "error": found.error, "threshold": threshold,
            "beyond_follow_up": self.result.scenario.model.beyond_follow_up,
        }  # fmt: skip


Measure = Callable[[Comparison], Array]
"""What is asked of a comparison, (alternative, draw)."""


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


# Answers of more than one number


@by_content
@dataclass(frozen=True)
class Chances:
    """Chance that the money is back for good by each month, seen to one horizon.

    months: 0 and the end of each cycle (each month, where cycles are not longer) to the horizon. chances: the same
    shape; they never fall. draws: behind the chances.
    """

    months: Array
    chances: Array
    draws: int

    def at(self, month: float) -> float:
        """The chance at the last of the months that is not after this one. Raises InputError beyond the horizon."""
        last = float(self.months[-1])
        number("month", month, 0, last + 1e-6, wrong=f"not a month from 0 to the horizon of {last:g}")
        return float(self.chances[np.searchsorted(self.months, month + 1e-9, side="right") - 1])

    def by_year(self) -> dict[int, float]:
        """The chance by the end of each whole year."""
        years = range(1, int(self.months[-1] / MONTHS_A_YEAR + 1e-9) + 1)
        return {year: self.at(year * MONTHS_A_YEAR) for year in years}


@by_content
@dataclass(frozen=True)
class Plane:
    """QALYs gained and net cost of a strategy in each draw, discounted, (alternative, draw); shares by quarter."""

    qalys: Array
    cost: Array
    shares: dict[str, float]


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


@by_content
@dataclass(frozen=True)
class AgainstCentral:
    """Expected net saving beside that at central values, money per person, and where the difference comes from.

    at_means: with every input at the mean of its draws, which need not be its central value (a median, a best fit,
    or chance). by_category: each category's part of the difference. by_group: what it moves to put one group of
    inputs at the means of its draws and leave the others at their central values; where groups act on each other
    these do not sum to `of_inputs`. error: half the 95% interval of the expected saving, from the draws.
    """

    expected: float
    central: float
    at_means: float
    by_category: dict[str, float]
    by_group: dict[str, float]
    error: float | None

    @property
    def difference(self) -> float:
        """Expected less central."""
        return self.expected - self.central

    @property
    def of_inputs(self) -> float:
        """Because the means of the draws are not the central values."""
        return self.at_means - self.central

    @property
    def of_shape(self) -> float:
        """Because the saving is no straight line in the inputs, taken together."""
        return self.expected - self.at_means
