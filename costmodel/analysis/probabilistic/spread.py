"""An answer with its spread over draws, how exactly their number knows it, its worst tenth, and its row."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from costmodel.result.estimate import Estimate
from costmodel.result.result import Result, Run
from costmodel.result.table import Row as Row
from costmodel.result.table import row_of

Array = NDArray[np.float64]
Measure = Callable[[Run], Array]
"""What is asked of a reading, (alternative, draw)."""

NORMAL95 = 1.959963984540054
LEVELS = (0.025, 0.25, 0.75, 0.975)
TENTH = 0.1


@dataclass(frozen=True)
class Spread:
    """The expected value over all draws, its 95% and 50% intervals over the kept ones, and its Monte-Carlo error.

    error: half the 95% interval of the expected value. Everything but the value is None for a single draw.
    """

    value: float
    low: float | None = None
    high: float | None = None
    low_50: float | None = None
    high_50: float | None = None
    error: float | None = None


def averaged(run: Run) -> Run:
    """The reading over all draws: their means in the place of a single draw, where not every draw is kept."""
    return run if run.means is None else replace(run, outcomes=run.means, means=None)


def spread(result: Result, run: Run, measure: Measure, *, kept: bool = False) -> Spread:
    """An answer with its spread.

    measure: linear in what is averaged, so that its mean is that of the means. kept: whether it knows the kept
    draws only, so that its value is theirs.
    """
    values = measure(run)
    value = float(run.weights @ (values if kept else measure(averaged(run))).mean(axis=-1)) + 0.0
    if values.shape[-1] < 2:
        return Spread(value)
    draws = values.shape[-1] if kept else result.draws
    low, low_50, high_50, high = (end + 0.0 for end in result.quantiles(run, values, LEVELS))
    return Spread(value, low, high, low_50, high_50, error_of_mean(values, run.weights, draws))


def error_of_mean(values: Array, weights: Array, draws: int) -> float | None:
    """Half the 95% interval of the expected value from its draws; None for a single draw.

    values: (alternative, draw). Alternatives share their draws, so that it is the spread of their weighted sum that
    counts. draws: how many the mean is over; the spread may be known from fewer.
    """
    if values.shape[-1] < 2:
        return None
    return NORMAL95 * float(np.std(weights @ values, ddof=1)) / math.sqrt(draws)


@dataclass(frozen=True)
class At:
    """Where a row stands: a result, a reading of it, and indices of horizon and strategy."""

    result: Result
    run: Run
    horizon: int
    strategy: int

    def row(
        self, outcome: str, found: Spread, *, perspective: str = "", party: str = "all", unit: str = "GBP",
        discounted: bool = False, words: str = "", compared: bool = True, threshold: float | None = None,
        draws: int | None = None,
    ) -> Row:  # fmt: skip
        """A row. draws: behind the value, all of them unless told otherwise.

        Beside the columns of a table: low_50 and high_50, the 50% interval; error, half the 95% interval of the value
        from the number of draws; threshold, GBP per QALY; beyond_follow_up, what happens after the last observation.
        """
        result = self.result
        row = row_of(
            result, self.run, self.horizon, self.strategy, outcome, Estimate(found.value, found.low, found.high),
            perspective=perspective, party=party, unit=unit, discounted=discounted, words=words, compared=compared,
            draws=draws,
        )  # fmt: skip
        return row | {
            "low_50": found.low_50,
            "high_50": found.high_50,
            "error": found.error,
            "threshold": threshold,
            "beyond_follow_up": result.scenario.model.beyond_follow_up,
        }


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
