"""The break-even frontier of two inputs: for each value of the first, the values of the second at which it is met."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from costmodel.analysis.sensitivity.batch import batch
from costmodel.analysis.sensitivity.movable import Input, only_the_bill
from costmodel.analysis.sensitivity.question import ask, asked, prices, subject
from costmodel.analysis.sensitivity.search import Which, search
from costmodel.analysis.sensitivity.target import target
from costmodel.analysis.sensitivity.threshold import BreakEven, Sought, outcome_at, side, sought
from costmodel.analysis.sensitivity.two_way import pair, values_of
from costmodel.content import by_content
from costmodel.model.draws import Array
from costmodel.page import Column, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.build import Scenario
from costmodel.words import amount, upper_first

if TYPE_CHECKING:
    import pandas as pd


@by_content
@dataclass(frozen=True, repr=False)
class Frontier(Paged):
    """What was found for the second input at each value of the first."""

    target: Sought
    first: Input
    second: Input
    values: tuple[float, ...]
    found: tuple[BreakEven, ...]

    @property
    def frame(self) -> "pd.DataFrame":
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

    def page(self) -> Page:
        """What the second input has to be at each value of the first."""
        import pandas as pd

        question, first, second = self.target.question, self.first, self.second
        rows: list[dict[str, object]] = []
        for value, one in zip(self.values, self.found, strict=True):
            at = {"first": value, "first_words": amount(value, first.unit)}
            rows += [
                at | {"second": root.value, "second_words": amount(root.value, second.unit, 4), "met": side(root),
                      "place": root.place}
                for root in one.roots
            ] or [at | {"second": None, "second_words": "none", "met": "", "place": one.words}]  # fmt: skip
        columns = (
            Column("first", first.name, "rounded", "first_words"),
            Column("second", second.name, "rounded", "second_words"),
            Column("met", "met", right=False), Column("place", "where that lies", right=False),
        )  # fmt: skip
        takeaway = f"{upper_first(self.target.words)}: {second.label} needed at each value of {first.label}"
        blocks = (
            Paragraph(takeaway, strong=True),
            Table(pd.DataFrame(rows), columns, name="frontier"),
            Notes("What to know", tuple(only_the_bill((first, second)))),
        )
        more = {"target": sought(self.target), "first": first.name, "second": second.name}
        about = (subject(question), prices(question))
        return asked(question, "costmodel/break-even/1", blocks, about, self.frame, **more)


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
