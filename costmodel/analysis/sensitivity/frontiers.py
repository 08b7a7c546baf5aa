"""The break-even frontier of two inputs: for each value of the first, the values of the second at which it is met."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from costmodel.analysis.sensitivity.batch import batch
from costmodel.analysis.sensitivity.movable import Input
from costmodel.analysis.sensitivity.question import ask
from costmodel.analysis.sensitivity.search import Which, search
from costmodel.analysis.sensitivity.target import target
from costmodel.analysis.sensitivity.threshold import BreakEven, Sought, outcome_at
from costmodel.analysis.sensitivity.two_way import pair, values_of
from costmodel.content import by_content
from costmodel.model.values import Array
from costmodel.scenario.build import Scenario

if TYPE_CHECKING:
    import pandas as pd


@by_content
@dataclass(frozen=True)
class Frontier:
    """What was found for the second input at each value of the first."""

    target: Sought
    first: Input
    second: Input
    values: tuple[float, ...]
    found: tuple[BreakEven, ...]

    def to_frame(self) -> "pd.DataFrame":
        """One row for each root, and one for each value of the first that has none."""
        import pandas as pd

        rows = []
        for value, one in zip(self.values, self.found, strict=True):
            roots = [
                {self.second.name: root.value, "met_above": root.met_above, "percentile": root.percentile,
                 "place": root.place, "residual": root.residual}
                for root in one.roots
            ]  # fmt: skip
            base = {self.first.name: value, "words": one.words}
            rows += [base | more for more in roots or [{self.second.name: None}]]
        return pd.DataFrame(rows)


def frontier(
    scenario: Scenario, first: str, second: str, values: Sequence[float] | None = None, outcome: str = "net_saving",
    value: float | None = None, perspective: str = "nhs_pss", horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Frontier:  # fmt: skip
    """For each value of the first input, the values of the second at which an outcome is met.

    values: of the first, by default from the low to the high end of its uncertainty. Else as `break_even`.
    """
    wanted = target(ask(scenario, outcome, perspective, horizon, strategy, discounted), value)
    one, other = pair(scenario, first, second)
    xs = values_of(one, values)

    def figure(which: Which, tried: Array) -> Array:
        changes = [{one.name: xs[i], other.name: float(y)} for i, y in zip(which, tried, strict=True)]
        return np.asarray(batch(wanted.question, changes, wanted.figure).figures[0], dtype=float)

    at_central = [{one.name: x} for x in xs]
    now = batch(wanted.question, at_central, wanted.figure).figures[0]
    scans = search([other] * len(xs), figure)
    found = tuple(outcome_at(other, scan, float(y)) for scan, y in zip(scans, now, strict=True))
    return Frontier(wanted, one, other, xs, found)
