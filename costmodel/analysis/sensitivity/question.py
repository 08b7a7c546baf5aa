"""What is asked, of which strategy, for whom and until when; and the answers of many rows with other inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from costmodel.analysis.sensitivity.inputs import one_by_one
from costmodel.currency import significant
from costmodel.errors import InputError, made_by, number, one_of, true_or_false
from costmodel.model.activity import LARGEST_LEAK, looking
from costmodel.model.draws import Array, Values, completed
from costmodel.model.run import BLOCK, evaluate, run
from costmodel.page import Block, Page, titled
from costmodel.result import payback
from costmodel.result.outcomes import VIEWS, Outcomes, until
from costmodel.result.result import Result
from costmodel.result.table import cost_per_qaly, in_words, offset_ratio, payback_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.units import out_of_support

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
    "net_saving": "money", "payback": "months", "cost_per_qaly": "money per QALY", "nmb": "money",
    "offset_ratio": "ratio",
}  # fmt: skip
TARGETS = ("net_saving", "nmb", "payback", "offset_ratio")
WHOLE = 100
"""Money from which an answer is shown whole: bars differ in what three figures would hide."""
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

    def mixed(self, amounts: Array) -> Array:
        """Alternatives weighted as each row weighs them: (…, alternative, row) → (…, row)."""
        look = looking(self.values)
        weights = [structure.weight(look) for structure in self.result.scenario.readings]
        none = np.zeros(self.result.deterministic.draws)
        return sum((weight * amounts[..., a, :] for a, weight in enumerate(weights)), none)


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
        return UNITS[self.outcome].replace("money", self.scenario.setting.currency.code)

    @property
    def in_money(self) -> bool:
        """Whether the answer is money, or money per QALY."""
        return UNITS[self.outcome].startswith("money")

    @property
    def first_payment(self) -> float:
        """Month of the strategy's first therapy payment."""
        return self.template.first_payment[self.strategy]

    @property
    def in_present_values(self) -> bool:
        """Whether the answer is discounted."""
        return self.discounted or self.outcome in ("nmb", "cost_per_qaly")

    @property
    def words(self) -> str:
        """The outcome with its horizon, in words."""
        kind = ", discounted" if self.in_present_values else ""
        return f"{OUTCOMES[self.outcome]}{kind}, {in_words(self.months)}"

    def rows(self, outcomes: Outcomes, values: Values) -> Rows:
        """Outcomes of rows, to be asked."""
        return Rows(replace(self.template, deterministic=outcomes, expected=None, draws=0), values)

    def measure(self, rows: Rows) -> Array:
        """The figures behind the answer, (figure, row)."""
        match self.outcome:
            case "net_saving":
                return -self._net_cost(rows, self.discounted)[None]
            case "nmb":
                threshold = looking(rows.values)(self.scenario.setting.thresholds[0])
                return np.asarray(self._gain(rows) * threshold - self._net_cost(rows, True))[None]
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
        first, *second = map(float, figures)
        match self.outcome:
            case "payback":
                words = payback_words(first, self.months, self.first_payment)
                return Finding(None if first == payback.NEVER else first, words)
            case "cost_per_qaly":
                ratio, words = cost_per_qaly(first, second[0], self.scenario.setting.currency.units)
                return Finding(ratio + 0.0 if words == PLAIN_RATIO else None, words)
            case "offset_ratio":
                share = offset_ratio(first, *second)
                return Finding(share, "no therapy is paid for" if share is None else "")
        return Finding(first + 0.0)

    def curve(self, rows: Rows) -> tuple[Array, Array]:
        """Cumulative net cost of the mixture to the horizon, (time, row), and its months."""
        view = VIEWS.index("discounted" if self.discounted else "value")
        payer = self.scenario.setting.index(self.perspective)
        curves = rows.result.deterministic.curves_of(view, payer)[:, self.strategy - 1]
        return until(rows.mixed(curves), rows.result.edges, self.months / MONTHS_A_YEAR)

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


def ask(
    scenario: Scenario, outcome: str = "net_saving", perspective: str | None = None, horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Question:  # fmt: skip
    """A question of a scenario. horizon: months, the follow-up by default. strategy: the second by default.

    Raises InputError for names and horizons that there are not.
    """
    made_by("scenario", scenario, Scenario, "costmodel.load")
    one_of("outcome", outcome, OUTCOMES)
    perspective = scenario.setting.asked(perspective)
    discounted = true_or_false("discounted", discounted)
    template = run(scenario, draws=0)
    index, position = template.at(horizon, place="horizon"), template.compared(strategy)
    return Question(template, outcome, perspective, index, position, discounted)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Target:
    """What an outcome is to reach: pounds, months, a ratio, or a chance of payback. words: the same in words."""

    question: Question
    value: float
    words: str

    def figure(self, rows: Rows) -> Array:
        """Money by which the outcome is more than met, (1, row); continuous where the outcome's money is.

        Payback by a month: less the most that is still owed at that month or later. A ratio r: what is saved
        less r times what the therapy costs.
        """
        match self.question.outcome:
            case "payback":
                curve, months = self.question.curve(rows)
                after = int(np.searchsorted(months, self.value))
                share = (self.value - months[after - 1]) / (months[after] - months[after - 1])
                at = curve[after - 1] + share * (curve[after] - curve[after - 1])
                return np.asarray(-np.concatenate([at[None], curve[months > self.value]]).max(axis=0)[None])
            case "offset_ratio":
                spent, returned = self.question.spent_and_returned(rows)
                return (returned - self.value * spent)[None]
        return self.question.measure(rows) - self.value


def target(question: Question, value: float | None) -> Target:
    """A target; by default no money, payback within the horizon, a ratio of 1.

    Raises InputError for what cannot be met.
    """
    horizon, outcome = in_words(question.months), question.outcome
    if outcome not in TARGETS:
        remedy = f"Take one of {', '.join(TARGETS)}: a cost per QALY is met where nmb is 0 at that threshold."
        raise InputError.at("outcome", f"break-even is not sought for a {OUTCOMES[outcome]}", remedy)
    if value is None:
        value = {"payback": question.months, "offset_ratio": 1.0}.get(outcome, 0.0)
    value = number("target", value)
    if outcome == "payback":
        by_a_month("target", question, value)
        words = f"payback by {in_words(value)}" + ("" if value == question.months else f", lasting to {horizon}")
    elif outcome == "offset_ratio":
        words = f"savings of {value:g} times the therapy's cost over {horizon}"
    else:
        words = f"{OUTCOMES[outcome]} of {question.scenario.setting.currency.written(f'{value:,.0f}')} over {horizon}"
    return Target(question, float(value), f"{'discounted ' if question.in_present_values else ''}{words}")


def by_a_month(place: str, question: Question, month: float) -> None:
    """Raise InputError for a month by which payback cannot be asked."""
    if not question.first_payment < month <= question.months:
        found = f"month {month:g} is not between the first payment and {in_words(question.months)}"
        raise InputError.at(place, found, "Name a month in between, or another horizon.")


# Many rows at once

Change = Mapping[str, float]
"""Inputs of a row that differ from the central values, by name; in the setting's price year."""
Measure = Callable[[Rows], Array]
"""Figures of rows, (figure, row)."""


@dataclass(frozen=True)
class Batch:
    """Figures of rows, (figure, row), NaN where the model refuses a row; and the reason, "" where it does not."""

    figures: Array
    refused: tuple[str, ...]


def central_leaves(scenario: Scenario) -> dict[str, float]:
    """The central value of every input, in the setting's price year."""
    return {name: leaf.central * leaf.price_factor for name, leaf in scenario.leaves.items()}


def changed(scenario: Scenario, change: Change) -> Scenario:
    """The scenario with other central values of inputs, which are held; of the age, say, that chooses the hazards."""
    leaves = {
        name: replace(leaf, central=change[name] / leaf.price_factor) if name in change else leaf
        for name, leaf in scenario.leaves.items()
    }
    return replace(scenario, leaves=leaves)


def batch(question: Question, changes: Sequence[Change], measure: Measure | None = None) -> Batch:
    """The figures of a question for every row. measure: other figures of the same rows.

    A value that the model does not allow, alone or with others, refuses its row and no other.
    """
    scenario = question.scenario
    apart, table = one_by_one(scenario), scenario.life_table
    groups: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for row, change in enumerate(changes):
        groups.setdefault(tuple((name, x) for name, x in sorted(change.items()) if name in apart), []).append(row)
    answers: dict[int, Array | str] = {}
    for own, rows in groups.items():
        version = changed(scenario, dict(own)) if own else scenario
        if own and table and not 0 <= version.central[str(scenario.model.cohort.age)] <= table.last_age:
            answers |= dict.fromkeys(rows, f"the life table covers ages of 0 to {table.last_age}")
            continue
        for first in range(0, len(rows), BLOCK):
            part = rows[first : first + BLOCK]
            found = _answers(question, version, [changes[row] for row in part], measure or question.measure)
            answers |= {part[i]: answer for i, answer in found.items()}
    count = max((len(answer) for answer in answers.values() if not isinstance(answer, str)), default=1)
    figures = np.full((count, len(changes)), np.nan)
    for row, answer in answers.items():
        if not isinstance(answer, str):
            figures[:, row] = answer
    return Batch(figures, tuple(a if isinstance(a := answers[row], str) else "" for row in range(len(changes))))


def _answers(
    question: Question, scenario: Scenario, changes: Sequence[Change], measure: Measure
) -> dict[int, Array | str]:
    """The figures of each row that one evaluation can hold, or why the model refuses it."""
    leaves: dict[str, float | Array] = dict(central_leaves(scenario))
    for name in dict.fromkeys(name for change in changes for name in change):
        leaves[name] = np.array([change.get(name, float(scenario.central[name])) for change in changes])
    with np.errstate(all="ignore"):
        values = completed(scenario, leaves)
    answers: dict[int, Array | str] = dict(_refused_on_load(scenario, values, len(changes)))
    horizons = tuple(months / MONTHS_A_YEAR for months in question.template.horizons)
    waiting = [np.array([row for row in range(len(changes)) if row not in answers], int)]
    while waiting:  # where the model refuses some of the rows, they are found by halving
        rows = waiting.pop()
        chosen = {name: value[rows] if isinstance(value, np.ndarray) else value for name, value in values.items()}
        try:
            figures = (
                measure(question.rows(evaluate(scenario, chosen, len(rows), horizons), chosen)) if len(rows) else None
            )
        except InputError as error:
            if len(rows) == 1:
                answers[int(rows[0])] = error.problems[0].found
            else:
                waiting += np.array_split(rows, 2)
            continue
        answers |= {} if figures is None else dict(zip(rows.tolist(), figures.T, strict=True))
    return answers


def _refused_on_load(scenario: Scenario, values: Values, rows: int) -> dict[int, str]:
    """Why a file with a row's values would be refused on load, for rows of which it would."""
    reasons: dict[int, str] = {}
    for name in scenario.used:
        value, unit = values.get(name), scenario.parameters[name].unit
        if not isinstance(value, np.ndarray):
            continue
        with np.errstate(invalid="ignore"):
            odd = ~((unit.low <= value) & (value < unit.high) & np.isfinite(value))
        for row in np.flatnonzero(odd).tolist():
            if fault := out_of_support(unit, float(value[row])):
                reasons.setdefault(row, f"{name}: {fault}")
    model = scenario.model
    starts = [model.cohort.start, *(one.cohort.start for one in model.strategies.values() if one.cohort)]
    sums: list[tuple[str, list[str | int]]] = [
        ("the shares of the cohort at referral", [*start.values()]) for start in starts
    ]
    if model.alternatives:
        sums.append(("the weights of the alternatives", [one.weight for one in model.alternatives.values()]))
    if model.money_mixture:
        sums.append(("the weights of the uses of money", [one.weight for one in model.money_mixture.values()]))
    for what, references in sums:
        shares = [values[one] if isinstance(one, str) else float(one) for one in references]
        for row in np.flatnonzero(np.broadcast_to(np.abs(sum(shares) - 1) > LARGEST_LEAK, (rows,))).tolist():
            reasons.setdefault(row, f"{what} would no longer sum to 1")
    return reasons


# The answer in words, and its page


def said(finding: Finding, question: Question) -> str:
    """An answer as it is read: money, months or a ratio, or its words."""
    money = question.scenario.setting.currency.money
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
        f"{question.scenario.setting.name(question.perspective)}, {in_words(question.months)}{observed}"
    )


def prices(question: Question) -> str:
    """What money is: of which year, of whom."""
    return f"{question.scenario.setting.prices} per person referred; a saving is positive"


def asked(
    question: Question, schema: str, blocks: tuple[Block, ...], about: tuple[str, ...], frame: "pd.DataFrame",
    **more: Any,
) -> Page:  # fmt: skip
    """The page of an answer to a question. more: what a program reads beside what was asked, and the rows."""
    template, scenario = question.template, question.scenario
    settings = {
        "setting": scenario.setting.title,
        "price_year": scenario.setting.price_year,
        "outcome": question.outcome,
        "unit": question.unit,
        "discounted": question.in_present_values,
        "perspective": question.perspective,
        "strategy": template.strategies[question.strategy],
        "comparator": template.comparator,
        "horizon_months": question.months,
        "follow_up_months": template.horizons[0],
        "threshold": template.threshold,
        "run": "deterministic",
    }
    data = {"schema": schema, "settings": settings, **more}
    return Page(titled(scenario), blocks, about, scenario, "", template.warnings, data, frame)
