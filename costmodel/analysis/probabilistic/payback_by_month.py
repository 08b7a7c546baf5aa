"""When the money is back: the chance by each month, and percentiles that count those who never get it back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import number
from costmodel.result.outcomes import cycles_to
from costmodel.result.payback import NEVER
from costmodel.result.result import Result, Run
from costmodel.scenario.clock import MONTHS_A_YEAR

Array = NDArray[np.float64]

PERCENTILES = (5, 25, 50, 75, 95)


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


def chances_by_month(
    result: Result, run: Run, horizon: int, strategy: int, perspective: str, view: str = "value"
) -> Chances:
    """Share of the draws that have paid back for good by each month; view: `value` or `cash`.

    To the last horizon, of all draws; to the follow-up, of those that are kept.
    """
    if horizon == len(result.horizons) - 1:
        chances = result.chance_by_month(strategy, perspective, view, run)
        return Chances(result.edges * MONTHS_A_YEAR, chances, result.draws)
    months = result.edges[: cycles_to(result.edges, result.horizons[horizon] / MONTHS_A_YEAR) + 1] * MONTHS_A_YEAR
    back = result.paybacks(run, horizon, strategy, perspective, view)
    return Chances(months, np.array([result.chance(run, back <= month) for month in months]), back.shape[-1])


def percentiles(
    result: Result, run: Run, horizon: int, strategy: int, perspective: str, at: tuple[int, ...] = PERCENTILES
) -> dict[int, float]:
    """Months by which so many of 100 draws have paid back; NEVER where that is beyond the horizon."""
    back = result.paybacks(run, horizon, strategy, perspective)
    found = result.quantiles(run, back, tuple(p / 100 for p in at))
    return {p: month if np.isfinite(month) else NEVER for p, month in zip(at, found, strict=True)}
