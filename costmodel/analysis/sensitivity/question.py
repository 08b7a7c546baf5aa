"""What is asked of each row of a batch, read by the same functions that a result is read by."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from costmodel.errors import InputError, made_by, number, one_of, true_or_false
from costmodel.model.activity import looking
from costmodel.model.draws import Array, Values
from costmodel.model.run import run
from costmodel.page import Block, Page, titled
from costmodel.perspectives import PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.result import payback
from costmodel.result.outcomes import VIEWS, Outcomes, until
from costmodel.result.result import Result
from costmodel.result.table import cost_per_qaly, in_words, offset_ratio, payback_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import money, significant

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["net_saving", "payback", "cost_per_qaly", "nmb", "offset_ratio"]
OUTCOMES: dict[str, str] = {
    "net_saving": "net saving",
    "payback": "month of payback",
    "cost_per_qaly": "cost per QALY",
    "nmb": "net monetary benefit",
    "offset_ratio": "offset ratio",
}
UNITS = {
    "net_saving": "GBP", "payback": "months", "cost_per_qaly": "GBP per QALY", "nmb": "GBP", "offset_ratio": "ratio",
}  # fmt: skip
WHOLE = 100
"""Pounds from which an answer is shown whole: bars differ in what three figures would hide."""
PLAIN_RATIO = "costs more and improves health"
"""The only finding with which a cost per QALY is a price of health."""


@dataclass(frozen=True)
class Finding:
    """The answer of a row: a number, or None and the finding in words."""

    value: float | None
    words: str = ""

    def __str__(self) -> str:
        return self.words if self.value is None else f"{self.value:g}"


@dataclass(frozen=True)
class Rows:
    """Outcomes of the rows of a batch: a result that is asked of them, and the values of each row."""

    result: Result
    values: Values

    @property
    def size(self) -> int:
        """How many rows."""
        return self.result.deterministic.draws

    def mixed(self, amounts: Array) -> Array:
        """Alternatives weighted as each row weighs them: (…, alternative, row) → (…, row)."""
        look = looking(self.values)
        weights = [look(structure.weight) for structure in self.result.scenario.readings]
        return sum((weight * amounts[..., a, :] for a, weight in enumerate(weights)), np.zeros(self.size))


@dataclass(frozen=True)
class Question:
    """An outcome of one strategy against the comparator, for one perspective at one horizon.

    template: the deterministic run of the scenario. horizon: index into its horizons. strategy: its position.
    discounted: of net saving, payback and offset ratio; ratios to health always are.
    """

    template: Result
    outcome: Outcome
    perspective: str
    horizon: int
    strategy: int
    discounted: bool = False

    @property
    def scenario(self) -> Scenario:
        """Of what it is asked."""
        return self.template.scenario

    @property
    def months(self) -> float:
        """The horizon in months."""
        return self.template.horizons[self.horizon]

    @property
    def unit(self) -> str:
        """The unit of the answer."""
        return UNITS[self.outcome]

    def rows(self, outcomes: Outcomes, values: Values) -> Rows:
        """Outcomes of rows, to be asked."""
        return Rows(replace(self.template, deterministic=outcomes, expected=None, draws=0), values)

    def measure(self, rows: Rows) -> Array:
        """The figures behind the answer, (figure, row)."""
        match self.outcome:
            case "net_saving":
                return -self._net_cost(rows, self.discounted)[None]
            case "nmb":
                return self._net_benefit(rows)[None]
            case "cost_per_qaly":
                return np.stack([self._net_cost(rows, True), self._gain(rows)])
            case "offset_ratio":
                return np.stack(self.spent_and_returned(rows))
            case "payback":
                curve, months = self.curve(rows)
                return payback.sustained(curve, months, self.first_payment)[None]

    def finding(self, figures: Array) -> Finding:
        """The answer of a row from its figures, (figure,)."""
        if not np.isfinite(figures).all() and self.outcome != "payback":
            return Finding(None, "not computed")
        match self.outcome:
            case "payback":
                month = float(figures[0])
                words = payback_words(month, self.months, self.first_payment)
                return Finding(None if month == payback.NEVER else month, words)
            case "cost_per_qaly":
                ratio, words = cost_per_qaly(float(figures[0]), float(figures[1]))
                return Finding(ratio + 0.0 if words == PLAIN_RATIO else None, words)
            case "offset_ratio":
                share = offset_ratio(float(figures[0]), float(figures[1]))
                return Finding(share, "no therapy is paid for" if share is None else "")
        return Finding(float(figures[0]) + 0.0)

    @property
    def first_payment(self) -> float:
        """Month of the strategy's first therapy payment."""
        return self.template.first_payment[self.strategy]

    def curve(self, rows: Rows) -> tuple[Array, Array]:
        """Cumulative net cost of the mixture to the horizon, (time, row), and its months."""
        result = rows.result
        v, p = VIEWS.index("discounted" if self.discounted else "value"), list(PERSPECTIVES).index(self.perspective)
        curve = rows.mixed(result.deterministic.curves_of(v, p)[:, self.strategy - 1])
        return until(curve, result.edges, self.months / MONTHS_A_YEAR)

    def spent_and_returned(self, rows: Rows) -> tuple[Array, Array]:
        """What the therapy costs, and what everything else saves, (row,) each."""
        therapy = self._net_cost(rows, self.discounted, category="therapy")
        return therapy, therapy - self._net_cost(rows, self.discounted)

    def _net_cost(self, rows: Rows, discounted: bool, category: str | None = None) -> Array:
        result = rows.result
        return rows.mixed(
            result.net_cost(
                result.headline, self.horizon, self.strategy, perspective=self.perspective, category=category,
                discounted=discounted,
            )
        )  # fmt: skip

    def _gain(self, rows: Rows) -> Array:
        return rows.mixed(rows.result.qaly_gain(rows.result.headline, self.horizon, self.strategy, True))

    def _net_benefit(self, rows: Rows) -> Array:
        threshold = looking(rows.values)(rows.result.scenario.setting.thresholds[0])
        return np.asarray(self._gain(rows) * threshold - self._net_cost(rows, True))

    @property
    def words(self) -> str:
        """The outcome with its perspective and horizon, in words."""
        kind = ", discounted" if self.discounted or self.outcome in ("nmb", "cost_per_qaly") else ""
        return f"{OUTCOMES[self.outcome]}{kind}, {in_words(self.months)}"


def ask(
    scenario: Scenario, outcome: str = "net_saving", perspective: str = "nhs_pss", horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Question:  # fmt: skip
    """A question of a scenario. horizon: months, the follow-up by default. strategy: the second by default.

    Raises InputError for names and horizons that there are not.
    """
    made_by("scenario", scenario, Scenario, "costmodel.load")
    one_of("outcome", outcome, OUTCOMES)
    one_of("perspective", perspective, PERSPECTIVES)
    discounted = true_or_false("discounted", discounted)
    template = run(scenario, draws=0)
    index, position = template.at(horizon, place="horizon"), template.compared(strategy)
    return Question(template, outcome, perspective, index, position, discounted)  # type: ignore[arg-type]


def said(finding: Finding, question: Question) -> str:
    """An answer as it is read: pounds, months or a ratio, or its words."""
    if finding.value is None or question.outcome == "payback":
        return finding.words
    if question.outcome == "offset_ratio":
        return f"{significant(finding.value):.3g}"
    pounds = money(float(round(finding.value)), exact=True) if abs(finding.value) >= WHOLE else money(finding.value)
    return pounds + (" per QALY" if question.outcome == "cost_per_qaly" else "")


def subject(question: Question) -> str:
    """Who is compared with whom, for whom, until when."""
    strategies = question.scenario.model.strategies
    own = strategies[question.template.strategies[question.strategy]].label
    observed = "" if question.horizon == 0 else " (extrapolation)"
    return (
        f"{own} against {strategies[question.template.comparator].label}, "
        f"{PERSPECTIVE_NAMES[question.perspective]}, {in_words(question.months)}{observed}"
    )


def prices(question: Question) -> str:
    """What money is: of which year, of whom."""
    return f"£ of {question.scenario.setting.price_year} per person referred; a saving is positive"


def asked(
    question: Question, schema: str, blocks: tuple[Block, ...], about: tuple[str, ...], frame: "pd.DataFrame",
    **more: Any,
) -> Page:  # fmt: skip
    """The page of an answer to a question. more: what a program reads beside the settings and the rows."""
    data = {"schema": schema, "settings": settings(question), **more}
    scenario = question.scenario
    return Page(titled(scenario), blocks, about, scenario, "", question.template.warnings, data, frame)


def settings(question: Question) -> dict[str, Any]:
    """What was asked, and of what, for a program."""
    template, scenario = question.template, question.scenario
    return {
        "setting": scenario.setting.title,
        "price_year": scenario.setting.price_year,
        "outcome": question.outcome,
        "unit": question.unit,
        "discounted": question.discounted or question.outcome in ("nmb", "cost_per_qaly"),
        "perspective": question.perspective,
        "strategy": template.strategies[question.strategy],
        "comparator": template.comparator,
        "horizon_months": question.months,
        "follow_up_months": template.horizons[0],
        "threshold": template.threshold,
        "run": "deterministic",
    }


TARGETS = ("net_saving", "nmb", "payback", "offset_ratio")


@dataclass(frozen=True)
class Target:
    """An outcome and the value it is to reach: pounds, months, or a ratio."""

    question: Question
    value: float

    def figure(self, rows: Rows) -> Array:
        """Pounds by which the outcome is more than met, (1, row); continuous where the outcome's money is.

        Payback by a month: less the most that is still owed at that month or later. A ratio r: what is saved
        less r times what the therapy costs.
        """
        match self.question.outcome:
            case "payback":
                curve, months = self.question.curve(rows)
                later = [curve[months > self.value], _at(curve, months, self.value)[None]]
                return np.asarray(-np.concatenate(later).max(axis=0)[None], dtype=float)
            case "offset_ratio":
                spent, returned = self.question.spent_and_returned(rows)
                return (returned - self.value * spent)[None]
        return self.question.measure(rows) - self.value

    @property
    def words(self) -> str:
        """What is to be met, in words."""
        horizon = in_words(self.question.months)
        discounted = "discounted " if self.question.discounted or self.question.outcome == "nmb" else ""
        match self.question.outcome:
            case "payback":
                beyond = "" if self.value == self.question.months else f", lasting to {horizon}"
                return f"{discounted}payback by {in_words(self.value)}{beyond}"
            case "offset_ratio":
                return f"{discounted}savings of {self.value:g} times the therapy's cost over {horizon}"
        return f"{discounted}{OUTCOMES[self.question.outcome]} of £{self.value:,.0f} over {horizon}"


def target(question: Question, value: float | None) -> Target:
    """A target; by default £0, payback within the horizon, a ratio of 1. Raises InputError for what cannot be met."""
    if question.outcome not in TARGETS:
        remedy = f"Take one of {', '.join(TARGETS)}: a cost per QALY is met where nmb is 0 at that threshold."
        raise InputError.at("outcome", f"break-even is not sought for a {OUTCOMES[question.outcome]}", remedy)
    if value is None:
        value = {"payback": question.months, "offset_ratio": 1.0}.get(question.outcome, 0.0)
    value = number("target", value)
    if question.outcome == "payback" and not question.first_payment < value <= question.months:
        found = f"month {value:g} is not between the first payment and {in_words(question.months)}"
        raise InputError.at("target", found, "Name a month in between, or another horizon.")
    return Target(question, float(value))


def _at(curve: Array, months: Array, month: float) -> Array:
    """The curve at a month, straight between its points."""
    after = int(np.searchsorted(months, month))
    if months[after] == month:
        return np.asarray(curve[after], dtype=float)
    share = (month - months[after - 1]) / (months[after] - months[after - 1])
    return np.asarray(curve[after - 1] + share * (curve[after] - curve[after - 1]), dtype=float)
