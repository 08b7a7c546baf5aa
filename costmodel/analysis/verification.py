"""Verification: laws that a reader's own numbers can break, or that an auditor asks of a run, measured on any scenario.

The laws that only this program itself can break are tests.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from costmodel.analysis.psa.comparison import MOST_OF_CHANCE, error_of_mean
from costmodel.analysis.psa.draws import MOST_OF_THERAPY_COST
from costmodel.content import by_content
from costmodel.errors import InputError, made_by, some_of
from costmodel.model.block import ledger_of
from costmodel.model.draws import Array, central_values
from costmodel.model.run import SEED, run, values_of
from costmodel.page import Column, Notes, Page, Paged, Paragraph, Table, titled
from costmodel.result.flows import apart
from costmodel.result.payback import NEVER
from costmodel.result.result import DETERMINISTIC, Result, Run
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.setting import THERAPY
from costmodel.units import out_of_support

__all__ = ["DRAWS", "RULES", "Check", "Verification", "verify", "verify_result"]

DRAWS = 500
"""Draws of the runs that are verified."""
FARTHEST, POINTS = 7.5, 1_501
"""Standard deviations to which a distribution's mean is integrated, and at how many points."""
PENNY = 0.005
EXACT = 1e-9
ENOUGH = 10_000
"""Draws for which the Monte-Carlo error is judged."""
NO_DRAWS = "no draws were made"
COLUMNS = (
    Column("id", "id"), Column("title", "check", "text", right=False, width=90), Column("value", "value", "rounded"),
    Column("tolerance", "tolerance", "rounded"), Column("state", "result", right=False),
)  # fmt: skip


@dataclass(frozen=True)
class Context:
    """The run that is verified."""

    result: Result

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return self.result.scenario

    @property
    def model(self) -> ModelFile:
        """The model file of the scenario."""
        return self.scenario.model

    @property
    def symbol(self) -> str:
        """Of the currency."""
        return self.scenario.setting.currency.symbol


@dataclass(frozen=True)
class Measured:
    """The largest deviation, what it is a deviation of and in which unit, and what else is worth knowing."""

    value: float
    words: str
    note: str = ""


Finding = Measured | str
"""What a law found; or why it says nothing about this scenario."""
Law = Callable[[Context], Finding]


State = Literal["OK", "flagged", "FAIL", "does not apply"]
STATES: dict[State, str] = {"OK": "OK", "flagged": "flagged", "FAIL": "failed", "does not apply": "does not apply"}
"""`flagged`: nothing is wrong with the run, and its reader should know. With how they are named in a count."""


@dataclass(frozen=True)
class Check:
    """One law and how well a scenario obeys it.

    value: the largest deviation that was found. tolerance: the largest that is allowed. Both are None where
    nothing was measured. words: what was measured and in which unit, or why nothing was. note: what a reader
    should know although the law holds.
    """

    id: str
    title: str
    value: float | None
    tolerance: float | None
    state: State
    words: str
    note: str = ""


@dataclass(frozen=True)
class Rule:
    """A law before it is measured. of_inputs: it judges the inputs rather than the run, which is then flagged."""

    id: str
    title: str
    tolerance: float
    law: Law
    of_inputs: bool = False

    def measure(self, context: Context) -> Check:
        """What came of it on a run: it fails too where its deviation is no number, or cannot be measured."""
        try:
            found = self.law(context)
        except InputError as error:
            words = f"it could not be measured: {error.problems[0]}"
            return Check(self.id, self.title, None, self.tolerance, "FAIL", words)
        if isinstance(found, str):
            return Check(self.id, self.title, None, None, "does not apply", found)
        value = float(found.value) + 0.0
        holds = math.isfinite(value) and value <= self.tolerance
        state: State = "OK" if holds else "flagged" if self.of_inputs and math.isfinite(value) else "FAIL"
        return Check(self.id, self.title, value, self.tolerance, state, found.words, found.note)


def largest(values: Array) -> float:
    """The largest absolute value; 0 where there is none, NaN where one is."""
    return float(np.max(np.abs(values))) if np.size(values) else 0.0


def worst_of(*deviations: float) -> float:
    """The largest of some deviations; NaN where one is."""
    return float(np.max(np.array(deviations)))


def count(checks: Collection[Check]) -> str:
    """How many checks came out how: "10 OK, 1 flagged, 0 failed, 0 does not apply"."""
    found = Counter(check.state for check in checks)
    return ", ".join(f"{found[state]} {word}" for state, word in STATES.items())


def answers(result: Result, *runs: Run) -> Iterator[tuple[Run, int, int]]:
    """Every reading of a result, or those given, with every horizon and every strategy but the comparator."""
    return product(runs or result.runs.values(), range(len(result.horizons)), range(1, len(result.strategies)))


def _centres(context: Context) -> Finding:
    uncertain = {name: leaf for name, leaf in context.scenario.leaves.items() if leaf.distribution}
    if not uncertain:
        return "no parameter has a distribution"
    worst = worst_of(*(_off_centre(context.scenario.parameters[name], leaf) for name, leaf in uncertain.items()))
    return Measured(worst, f"largest gap to the declared centre, as a share of it, of {len(uncertain)} distributions")


def _off_centre(record: Parameter, leaf: Leaf) -> float:
    """Relative distance between the centre of a distribution's quantiles and the declared value."""
    assert leaf.distribution is not None
    low, middle, high = leaf.distribution.quantile(np.array([0.025, 0.5, 0.975]))
    if not low < middle < high:
        return float("inf")
    declared = leaf.central if record.moved_to is not None else _declared(record, leaf)
    if leaf.distribution.kind == "lognormal" and record.unit.is_ratio:
        centre = float(middle)
    else:  # the integral of the quantile function over the normal scale, where the trapezium rule converges fast
        z = np.linspace(-FARTHEST, FARTHEST, POINTS)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        centre = float(np.sum(leaf.distribution.quantile(special.ndtr(z)) * density) * (z[1] - z[0]))
    return worst_of(abs(centre - declared), abs(leaf.central - declared)) / max(abs(declared), 1e-3)


def _declared(record: Parameter, leaf: Leaf) -> float:
    if record.value is not None:
        return record.value
    if record.counts:
        return record.counts[0] / record.counts[1]
    if record.distribution == "uniform" and record.range:
        return sum(record.range) / 2
    return leaf.central


def _traced(context: Context) -> Finding:
    scenario, untraced = context.scenario, []
    for name in scenario.used:
        record = scenario.parameters[name]
        named = bool(record.sources) or record.joint is not None
        known = named and all(source in scenario.sources for source in record.sources) and bool(record.unit.text)
        if name in scenario.leaves and (not known or (record.unit.kind == "price" and record.price_year is None)):
            untraced.append(name)
    words = "inputs without a source or fit, unit or price year"
    return Measured(len(untraced), f"{words}: {', '.join(untraced)}" if untraced else words)


def _parts_sum(context: Context) -> Finding:
    rows = context.result.table()
    saving = rows[rows.outcome == "net_saving"]
    keys = ["run", "strategy", "horizon_months", "discounted"]
    whole = saving[(saving.category == "all") & (saving.party == "all")].set_index([*keys, "perspective"]).value
    parts = saving[saving.category != "all"].groupby([*keys, "perspective"]).value.sum()
    worst = largest((whole - parts).to_numpy())
    parties = saving[(saving.party != "all")]
    for perspective in context.scenario.setting.perspectives:
        members = context.scenario.setting.members(perspective)
        theirs = parties[parties.party.isin(members)].groupby(keys).value.sum()
        one = whole.xs(perspective, level="perspective")
        worst = worst_of(worst, largest((one - theirs.reindex(one.index, fill_value=0.0)).to_numpy()))
    return Measured(worst_of(worst, _years_sum(context)), f"largest gap in {context.symbol} per person")


def _years_sum(context: Context) -> float:
    """Gap between the costs of every cycle, summed, and the total at the horizon."""
    last, worst = len(context.result.horizons) - 1, 0.0
    for reading in context.result.runs.values():
        by_cycle = reading.outcomes.mean_cost.sum(axis=0)
        if context.model.in_probabilities:  # what is booked at time 0 is in no cycle
            if reading.name != DETERMINISTIC:
                continue
            ledger = ledger_of(context.scenario, central_values(context.scenario), 1)
            for i, cost in enumerate(map(ledger.cost_of, range(ledger.items))):
                by_cycle[i] += 0.0 if cost.at_start is None else apart(cost.at_start, cost.column)[..., 0]
        worst = worst_of(worst, largest(by_cycle - reading.outcomes.cost[last, 0].mean(axis=-1)))
    return worst


def _payback(context: Context) -> Finding:
    result, worst = context.result, 0.0
    for reading, h, s in answers(result):
        for perspective in context.scenario.setting.perspectives:
            month = result.curve_payback(s, perspective, h, run=reading)
            curve = result.mean_curve(s, perspective, run=reading)
            worst = worst_of(worst, _off_curve(curve, result, h, s, month))
    return Measured(
        worst, f"largest {context.symbol} of the curve on the wrong side of nothing, before or after payback"
    )


def _off_curve(curve: Array, result: Result, horizon: int, strategy: int, month: float) -> float:
    """Money by which a month of payback and a curve disagree: owed after it, clear just before, or none back."""
    months, end = result.edges * MONTHS_A_YEAR, result.horizons[horizon]
    first = result.first_payment[strategy]
    at_end = float(np.interp(end, months, curve))
    if month == NEVER:
        return 0.0 if first >= end else worst_of(0.0, -at_end)
    after = np.append(curve[(months >= month) & (months <= end)], [at_end, np.interp(month, months, curve)])
    owing = worst_of(0.0, float(after.max()))
    if month <= first:
        return owing
    before = float(np.interp(month - EXACT, months, curve))
    return worst_of(owing, abs(float(np.interp(month, months, curve))), -before)


def _supports(context: Context) -> Finding:
    if not context.result.draws:
        return NO_DRAWS
    values = values_of(context.result, context.result.draws)
    wrong = []
    for name, draws in values.items():
        record, leaf = context.scenario.parameters[name], context.scenario.leaves.get(name)
        low, high = float(np.min(draws)), float(np.max(draws))
        outside = any(out_of_support(record.unit, end) for end in (low, high))
        sampled = leaf is not None and leaf.distribution is not None
        clipped = sampled and any(
            np.sum(draws == end) > 1 and end in _ends(record.unit, record.range) for end in (low, high)
        )
        if outside or clipped:
            wrong.append(name)
    words = f"parameters with such a draw among {context.result.draws:,}"
    return Measured(len(wrong), f"{words}: {', '.join(wrong)}" if wrong else words)


def _ends(unit: object, plausible: list[float] | None) -> tuple[float, ...]:
    """Where a clipped draw would lie."""
    return (getattr(unit, "low", 0.0), getattr(unit, "high", 1.0), *(plausible or ()))


def _enough_draws(context: Context) -> Finding:
    if context.result.draws < 2:
        return NO_DRAWS
    result = context.result
    weights, worst = result.weights, 0.0
    for reading, h, s in answers(result, result.headline):
        paid = (result.paybacks(reading, h, s, context.scenario.setting.main) < np.inf).astype(float)
        worst = worst_of(worst, _foretold(paid, weights) / MOST_OF_CHANCE)
        cost = result.net_cost(reading, h, s, perspective=context.scenario.setting.main)
        therapy = result.net_cost(reading, h, s, category=THERAPY)
        if spent := abs(float(weights @ therapy.mean(axis=-1))):
            worst = worst_of(worst, _foretold(cost, weights) / (MOST_OF_THERAPY_COST * spent))
    return Measured(
        worst, f"largest 95% error as a share of what is allowed, foretold from {context.result.draws:,} draws"
    )


def _foretold(values: Array, weights: Array) -> float:
    """Half the 95% interval of the weighted mean of `ENOUGH` draws; values: (alternative, draw)."""
    error = error_of_mean(values, weights, ENOUGH)
    assert error is not None
    return error


RULES: tuple[Rule, ...] = (
    Rule("V5", "Each distribution has its declared centre, and its interval is in order", 1e-6, _centres),
    Rule("V6", "Each input has its source or fit, its unit and its price year", 0, _traced),
    Rule("V22", "Parts sum to the total, to the penny: by category, party and year", PENNY, _parts_sum),
    Rule("V29", "Payback agrees with the cumulative curve", 1e-6, _payback),
    Rule("V38", "No draw outside its support, and none clipped to its ends", 0, _supports),
    Rule(
        "V42",
        "10,000 draws are enough: chance of payback to 1 point, net saving to 2% of therapy cost",
        1,
        _enough_draws,
        of_inputs=True,
    ),
)
"""Every law, in order."""


@by_content
@dataclass(frozen=True, repr=False)
class Verification(Paged):
    """The run that was verified, and its checks in order, over which it can be looped."""

    result: Result
    checks: tuple[Check, ...]

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    @property
    def failed(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if check.state == "FAIL"]

    @property
    def headline(self) -> str:
        """How many checks came out how, and what follows if one failed."""
        warning = " Do not rely on these figures until the failed checks are explained." if self.failed else ""
        return f"{count(self.checks)}.{warning}"

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each check."""
        return pd.DataFrame([asdict(check) for check in self.checks]).astype(object)

    def page(self) -> Page:
        """Every law with its deviation, how many hold, and what is to be said of those that do not simply hold."""
        scenario = self.result.scenario
        remarks = []
        for check in self.checks:
            if said := [text for text in (check.words if check.state != "OK" else "", check.note) if text]:
                remarks.append(f"{check.id}: {'; '.join(said)}")
        blocks = (
            Paragraph(self.headline, strong=True),
            Table(self.frame, COLUMNS, name="checks"),
            Notes("What to know", tuple(remarks)),
        )
        data = {
            "schema": "costmodel/verify/1",
            "settings": {"draws": self.result.draws, "seed": self.result.seed},
            "counts": dict(Counter(check.state for check in self.checks)),
        }
        return Page(f"{scenario.path.name}: {titled(scenario)}", blocks, scenario=scenario, data=data)


def verify(
    scenario: Scenario, draws: int = DRAWS, seed: int = SEED, only: Collection[str] | None = None
) -> Verification:
    """Run a scenario and measure every law on it; only: the ids of those wanted.

    Raises InputError if the scenario cannot be run with these draws and this seed, and for ids that there are not.
    """
    _wanted(only)
    return verify_result(run(scenario, draws=draws, seed=seed), only)


def verify_result(result: Result, only: Collection[str] | None = None) -> Verification:
    """Measure every law on a run that was made; only: the ids of those wanted."""
    wanted = _wanted(only)
    context = Context(made_by("result", result, Result, "costmodel.run"))
    return Verification(result, tuple(rule.measure(context) for rule in RULES if rule.id in wanted))


def _wanted(only: Collection[str] | None) -> Collection[str]:
    known = [rule.id for rule in RULES]
    return known if only is None else some_of("only", only, known)
