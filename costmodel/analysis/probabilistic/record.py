"""One row of an analysis of draws: the columns of a result's table, and what draws add to them."""

from dataclasses import dataclass
from typing import Any

from costmodel.analysis.probabilistic.spread import Spread
from costmodel.result.payback import NEVER
from costmodel.result.result import DETERMINISTIC, Result, Run

Row = dict[str, Any]


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
        behind = result.draws if draws is None else draws
        return {
            "strategy": result.strategies[self.strategy],
            "comparator": result.comparator if compared else "",
            "perspective": perspective,
            "party": party,
            "category": "all",
            "outcome": outcome,
            "value": None if found.value == NEVER else found.value,
            "unit": unit,
            "low": found.low,
            "high": found.high,
            "price_year": result.scenario.setting.price_year if unit == "GBP" else "",
            "discounted": discounted,
            "horizon_months": result.horizons[self.horizon],
            "draws": 0 if self.run.name == DETERMINISTIC else behind,
            "run": self.run.name,
            "words": words,
            "low_50": found.low_50,
            "high_50": found.high_50,
            "error": found.error,
            "threshold": threshold,
            "beyond_follow_up": result.scenario.model.beyond_follow_up,
        }
