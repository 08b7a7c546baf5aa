"""Fully incremental analysis: each strategy against the next best one, and not against the first alone."""

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from costmodel.content import by_content
from costmodel.errors import made_by
from costmodel.page import Block, Column, Page, Paged, Paragraph, Table, of_run, page_of
from costmodel.result.decision import DOMINATED, EXTENDED, frontier
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import qalys

WORDS = {DOMINATED: "dominated", EXTENDED: "dominated by a mixture of two others"}
COLUMNS = (
    Column("label", "Strategy", width=40),
    Column("cost", "Cost", "money"),
    Column("qaly", "QALYs", "rounded"),
    Column("more_cost", "More than the one before", "money"),
    Column("more_qaly", "QALYs more", "rounded"),
    Column("ratio", "Cost per QALY", "money", words="words", width=34),
)


@by_content
@dataclass(frozen=True, repr=False)
class Incremental(Paged):
    """The strategies of a result by rising cost, and what each step along the frontier costs.

    perspective: whose costs. horizon: index of a horizon of the result. Costs and QALYs are expected values, or those
    at central values without draws, discounted, per person.
    """

    result: Result
    perspective: str
    horizon: int

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each strategy by rising cost: strategy, label, cost, qaly, status (ND on the frontier, ED and D
        dominated), same_as, and against the one before it on the frontier more_cost, more_qaly, ratio; words.
        """
        result, run, h = self.result, self.result.headline.averaged, self.horizon
        strategies, money = result.scenario.model.strategies, result.setting.currency.money
        cost, qaly = {}, {}
        for s, name in enumerate(strategies):
            cost[name] = result.estimate(run, result.total_cost(run, h, s, self.perspective, True)).value
            qaly[name] = result.estimate(run, run.outcomes.qaly[h, 1, s]).value
        rows = []
        for step in sorted(frontier(cost, qaly), key=lambda one: (cost[one.strategy], -qaly[one.strategy])):
            words = WORDS.get(step.status, "where the frontier begins" if step.ratio is None else money(step.ratio))
            if step.same_as is not None:
                words = f"costs and does the same as {strategies[step.same_as].label}"
            rows.append(
                {
                    "strategy": step.strategy, "label": strategies[step.strategy].label, "cost": cost[step.strategy],
                    "qaly": qaly[step.strategy], "status": step.status, "same_as": step.same_as or "",
                    "more_cost": step.cost, "more_qaly": step.effect, "ratio": step.ratio, "words": words,
                }
            )  # fmt: skip
        numbers = ("more_cost", "more_qaly", "ratio")
        return pd.DataFrame(rows).astype(dict.fromkeys(numbers, float))

    def sentences(self) -> list[str]:
        """Each strategy of the frontier and what the step to it costs; then those that are not on it."""
        money = self.result.setting.currency.money
        rows = self.frame.to_dict("records")
        on = [row for row in rows if row["status"] not in WORDS and not row["same_as"]]
        health = " and does most for health" if self.result.scenario.model.health else "; health is not modelled"
        said = [] if len(on) > 1 else [f"{on[0]['label']} costs least{health}."]
        for before, row in pairwise(on):
            said.append(
                f"{row['label']} gains {qalys(row['more_qaly']).removeprefix('+')} a person over {before['label']} "
                f"for {money(row['more_cost'])}: {money(row['ratio'])} a QALY."
            )
        off = [row["label"] for row in rows if row["status"] in WORDS]
        if off:
            said.append(
                f"Not on the frontier: {', '.join(off)}. Another strategy, or a mixture of two, does more for less."
            )
        return said

    def page(self) -> Page:
        """The frontier in sentences, and every strategy in a table."""
        setting, end = self.result.setting, in_words(self.result.horizons[self.horizon])
        about = (
            f"Each strategy against the next best one, {setting.name(self.perspective)}, {end}",
            f"{setting.prices} and QALYs per person, discounted; costs are those of {setting.payer(self.perspective)}",
        )
        first, *others = self.sentences()
        table = Table(self.frame, COLUMNS, name="incremental")
        blocks: tuple[Block, ...] = (Paragraph(first, strong=True), *map(Paragraph, others), table)
        data = {"schema": "costmodel/incremental/1", **of_run(self.result, self.perspective)}
        return page_of(self.result, blocks, about, data)


def incremental(result: Result, perspective: str | None = None, horizon_months: float | None = None) -> Incremental:
    """The fully incremental analysis of a result.

    horizon_months: one of the result's, the follow-up by default. Raises InputError for a wrong name. Of two strategies
    it says what the result itself says.
    Source: NICE, health technology evaluations: the manual (PMG36), 4.10.
    """
    made_by("result", result, Result, "costmodel.run")
    return Incremental(result, result.setting.asked(perspective), result.at(horizon_months))
