"""The draws of a result, to be asked: how sure it is, by when, what a wrong decision loses; every answer as rows."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from costmodel.analysis.psa.comparison import (
    AgainstCentral,
    Array,
    Chances,
    Comparison,
    Convergence,
    Plane,
    Spread,
    Step,
    error_of_chance,
    error_of_mean,
    highest,
    lowest,
)
from costmodel.content import by_content
from costmodel.errors import listed, made_by, one_of, some_of
from costmodel.model.block import ledger_of
from costmodel.model.draws import completed
from costmodel.model.run import BLOCK, evaluate, values_of
from costmodel.result.decision import Choice, judged, net_benefits, value_of_a_qaly
from costmodel.result.flows import Ledger
from costmodel.result.outcomes import Outcomes, changes, cycles_to
from costmodel.result.payback import NEVER, NOTHING, peak
from costmodel.result.result import DETERMINISTIC, Result, Run
from costmodel.result.table import Row
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.parameter import heading
from costmodel.scenario.setting import account

THRESHOLDS = tuple(float(amount) for amount in range(0, 100_001, 1_000))
"""Money per QALY, of the curve of acceptability."""
PERCENTILES = (5, 25, 50, 75, 95)
MOST_OF_THERAPY_COST = 0.02
"""Error of the net saving that is small enough, as a share of the cost of therapy."""
FEWEST = 100
"""Draws of the first step of a running mean, at least."""
NOT_MOVED = 1e-12
"""As a share of its size: an input whose draws have a mean nearer to its central value than this is not off it."""
MONEY_ALONE = "judged by net saving alone"
QUARTERS = {
    "more_health_saves": "more health, and money is saved",
    "more_health_costs": "more health, and it costs more",
    "less_health_saves": "less health, and money is saved",
    "less_health_costs": "less health, and it costs more",
    "on_an_axis": "no difference in health or in cost",
}
"""Parts of the plane, and what they mean."""


@by_content
@dataclass(frozen=True, repr=False)
class Draws:
    """The draws of a result, to be asked.

    Questions are of one strategy (the second by default), perspective, horizon in months (the last by default) and
    reading (`expected`, the weighted mixture, or an alternative by name). Money is per person referred.
    """

    result: Result
    thresholds: tuple[float, ...] = THRESHOLDS

    @property
    def readings(self) -> dict[str, Run]:
        """The mixture, then each alternative on its own."""
        return {name: run for name, run in self.result.runs.items() if name != DETERMINISTIC}

    @property
    def kept(self) -> int:
        """Draws that are looked at one by one: the first of all."""
        return self.result.headline.outcomes.draws

    @property
    def setting_thresholds(self) -> tuple[float, ...]:
        """The setting's values of a QALY, the lowest first."""
        scenario = self.result.scenario
        return tuple(sorted({scenario.value(name) for name in scenario.setting.thresholds}))

    @cached_property
    def party_peaks(self) -> dict[str, Array]:
        """Peak funding of each party that pays or receives anything, (strategy, alternative, draw) of the kept draws.

        The most that a party is ever out of pocket up to the last horizon, undiscounted, against the comparator,
        whose own entries are 0. A run keeps this for perspectives; for parties the draws are followed again.
        """
        result, shape = self.result, (len(self.result.strategies), len(self.result.weights), self.kept)
        found = {party: np.zeros(shape) for party in result.parties()}
        for first in range(0, self.kept, BLOCK):
            size = min(BLOCK, self.kept - first)
            ledger = ledger_of(result.scenario, values_of(result, size, first), size)
            for party, peaks in found.items():
                signs = [account(party, item.paid_by, item.received_by) for item in result.items]
                peaks[1:, :, first : first + size] = peak(_curve(ledger, signs))
        return found

    @cached_property
    def at_means(self) -> tuple[tuple[str, ...], Outcomes]:
        """Groups of inputs, and outcomes at the means of the kept draws: of every input, then of each group alone."""
        scenario, drawn = self.result.scenario, values_of(self.result, self.kept)
        off: dict[str, float] = {}
        for name in scenario.leaves:
            mean, central = float(np.mean(drawn[name])), scenario.central[name]
            if abs(mean - central) > NOT_MOVED * max(abs(central), abs(mean)):
                off[name] = mean
        groups = tuple(dict.fromkeys(heading(scenario.parameters[name]) for name in off))
        rows = 1 + len(groups)
        values = {name: np.full(rows, scenario.central[name]) for name in scenario.leaves}
        for name, mean in off.items():
            values[name][[0, 1 + groups.index(heading(scenario.parameters[name]))]] = mean
        return groups, evaluate(scenario, completed(scenario, values), rows)

    def chances(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None, view: str = "value",
    ) -> Chances:  # fmt: skip
        """Chance that the money is back for good by each month; view: `value` or `cash`.

        To the last horizon, of all draws; to the follow-up, of those that are kept.
        """
        one_of("view", view, ("value", "cash"))
        of, result, edges = self.comparison(perspective, strategy, horizon, run), self.result, self.result.edges
        if of.horizon == len(result.horizons) - 1:
            chances = result.chance_by_month(of.strategy, of.perspective, view, of.run)
            return Chances(edges * MONTHS_A_YEAR, chances, result.draws)
        months = edges[: cycles_to(edges, of.months / MONTHS_A_YEAR) + 1] * MONTHS_A_YEAR
        back = of.paybacks(view)
        return Chances(months, np.array([result.chance(of.run, back <= month) for month in months]), self.kept)

    def percentiles(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> dict[int, float]:  # fmt: skip
        """Months by which so many of 100 draws have paid back; infinite where that is beyond the horizon."""
        of = self.comparison(perspective, strategy, horizon, run)
        shares = tuple(percent / 100 for percent in PERCENTILES)
        return dict(zip(PERCENTILES, self.result.quantiles(of.run, of.paybacks(), shares), strict=True))

    def plane(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Plane:  # fmt: skip
        """The cost-effectiveness plane; the shares of its quarters sum to 1."""
        of = self.comparison(perspective, strategy, horizon, run)
        gain, cost = of.gain(), -of.saving(discounted=True)
        more, less = gain > NOTHING, gain < -NOTHING
        saves, costs = cost < -NOTHING, cost > NOTHING
        parts = (more & saves, more & costs, less & saves, less & costs)
        shares = [self.result.chance(of.run, part) for part in (*parts, ~np.logical_or.reduce(parts))]
        return Plane(gain, cost, dict(zip(QUARTERS, shares, strict=True)))

    def choices(
        self, perspective: str | None = None, horizon: float | None = None, run: str | None = None,
        thresholds: Iterable[float | None] | None = None,
    ) -> list[Choice]:  # fmt: skip
        """All strategies at thresholds (those of the curve by default); None stands for net saving alone."""
        of, wanted = self.comparison(perspective, None, horizon, run), list[float | None](self.thresholds)
        if thresholds is not None:
            given = listed("thresholds", thresholds)
            wanted = [None if one is None else value_of_a_qaly("thresholds", one) for one in given]
        benefits = net_benefits(self.result, of.run, of.horizon, of.perspective, wanted)
        return [judged(one, of.run.weights, threshold) for one, threshold in zip(benefits, wanted, strict=True)]

    def convergence(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Convergence:  # fmt: skip
        """Net saving and chance of payback at N, N/2, N/4, … draws, the fewest first.

        Where not every draw is kept, the last step is of all of them, and the others of those that are.
        """
        of, made = self.comparison(perspective, strategy, horizon, run), self.result.draws
        saving, paid, weights = of.saving(), of.paybacks() < NEVER, of.run.weights

        def step(first: int, draws: int) -> Step:
            some, back = saving[..., :first], paid[..., :first]
            error, error_of_paid = error_of_mean(some, weights, draws), error_of_chance(back, weights, draws)
            return Step(draws, of.mean(some), error, of.mean(back), error_of_paid)

        sizes = [self.kept]
        while sizes[0] // 2 >= FEWEST:
            sizes.insert(0, sizes[0] // 2)
        steps = [step(size, size) for size in sizes]
        if made > self.kept:
            mean, chance = of.expected(Comparison.saving), of.paid_back().value
            steps.append(replace(step(self.kept, made), saving=mean, chance=chance))
        spent = replace(of, perspective=self.result.setting.everyone).expected(Comparison.therapy)
        return Convergence(tuple(steps), MOST_OF_THERAPY_COST * abs(spent) or None)

    def against_central(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> AgainstCentral:  # fmt: skip
        """Why the expected net saving is not that of the run at central values."""
        of, (groups, outcomes) = self.comparison(perspective, strategy, horizon, run), self.at_means
        central = of.of(self.result.deterministic)
        at_centre = central.expected(Comparison.saving)
        at_means, *of_groups = (of.run.weights @ of.of(outcomes).saving()).tolist()

        def moved(category: str) -> float:
            drawn, fixed = (one.expected(lambda at: at.saving(category=category)) for one in (of, central))
            return drawn - fixed

        return AgainstCentral(
            expected=of.expected(Comparison.saving),
            central=at_centre,
            at_means=at_means,
            by_category={category: moved(category) for category in self.result.categories()},
            by_group={group: value - at_centre for group, value in zip(groups, of_groups, strict=True)},
            error=error_of_mean(of.saving(), of.run.weights, self.result.draws),
        )

    def comparison(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Comparison:  # fmt: skip
        """What is asked about. Raises InputError for what does not exist."""
        result = self.result
        if run is not None:
            one_of("run", run, self.readings)
        index = len(result.horizons) - 1 if horizon is None else result.at(horizon, place="horizon")
        perspective = result.setting.asked(perspective)
        return Comparison(result, result.run(run), index, result.compared(strategy), perspective)


def _curve(ledger: Ledger, signs: Sequence[int]) -> Array:
    """Cumulative cost of every strategy less that of the comparator, (cycle + 1, strategy − 1, alternative, draw).

    signs: what a unit of each item costs whoever it is.
    """
    strategies, *others = ledger.shape
    curve = np.zeros((len(ledger.edges), strategies - 1, *others))
    for i in np.flatnonzero(signs).tolist():
        change, at_start = changes(ledger.cost_of(i))
        curve[1:] += signs[i] * change
        if at_start is not None:
            curve[0] += signs[i] * at_start
    return np.cumsum(curve, axis=0)


def asked_for(
    result: Result, perspectives: Collection[str] | None, strategies: Collection[str] | None
) -> tuple[list[str], list[str]]:
    """Perspectives, and strategies beside the first in their order: all of them, or these. Raises InputError."""
    every, others = result.setting.perspectives, result.strategies[1:]
    named = some_of("strategy", others if strategies is None else strategies, others)
    payers = some_of("perspective", every if perspectives is None else perspectives, every)
    return payers, [name for name in others if name in named]


# Every answer, a row each


def rows(
    psa: Draws, perspectives: Collection[str] | None = None, strategies: Collection[str] | None = None
) -> Iterator[Row]:
    """Every answer: the mixture and each alternative, both horizons, the strategies and perspectives asked for.

    Choices are between all strategies, whichever are asked for.
    """
    result = made_by("psa", psa, Draws, "costmodel.psa").result
    payers, named = asked_for(result, perspectives, strategies)
    for run, end in product(psa.readings, result.horizons):
        for strategy in named:
            of = psa.comparison(None, strategy, end, run)
            yield of.row("qaly", of.spread(Comparison.gain), unit="QALY", discounted=True, perspective="")
            for party in result.parties():
                yield from _account(psa, of, party)
            for payer in payers:
                yield from _of_perspective(psa, replace(of, perspective=payer))
        for payer in payers:
            yield from _choices(psa, psa.comparison(payer, None, end, run))


def _account(psa: Draws, of: Comparison, party: str | None = None) -> Iterator[Row]:
    """Net saving and, to the last horizon, peak funding, with their worst tenths: of its perspective or of a party."""
    whose: dict[str, Any] = {"party": party, "perspective": ""} if party else {}
    kept, weights = whose | {"draws": psa.kept}, of.run.weights
    yield of.row("net_saving", of.spread(lambda one: one.saving(party=party)), **whose)
    yield of.row("net_saving_worst_tenth", Spread(lowest(of.saving(party=party), weights)), **kept)
    if of.horizon < len(psa.result.horizons) - 1:
        return
    peaks = psa.party_peaks[party][of.strategy] if party else of.peak()
    own = of.around(of.mean(peaks), peaks, error_of_mean(peaks, weights, psa.kept))
    known = own if party else of.spread(Comparison.peak)
    yield of.row("peak_funding", known, **(kept if party else {}))
    yield of.row("peak_funding_worst_tenth", Spread(highest(peaks, weights)), **kept)


def _of_perspective(psa: Draws, of: Comparison) -> Iterator[Row]:
    """Everything that is asked of a perspective."""
    yield from _account(psa, of)
    yield of.row("net_saving", of.spread(lambda one: one.saving(discounted=True)), discounted=True)
    yield of.row("cash_net_saving", of.spread(lambda one: one.saving(cash=True)))
    if (spent := of.expected(Comparison.therapy)) > NOTHING:
        each, back = of.therapy(), of.elsewhere()
        ratio = of.expected(Comparison.elsewhere) / spent + 0.0
        yield of.row("offset_ratio", of.around(ratio, back / each if np.all(each > NOTHING) else None), unit="ratio")
    for value in psa.setting_thresholds:
        benefit = of.spread(lambda one, value=value: value * one.gain() + one.saving(discounted=True))  # type: ignore[misc]
        yield of.row("nmb", benefit, value, discounted=True, words=_at(psa, value))
    for outcome, view in (("chance_payback", "value"), ("chance_cash_payback", "cash")):
        yield of.row(outcome, of.paid_back(view), unit="share")
    month = of.payback()
    yield of.row("payback_sustained_months", of.around(month, of.paybacks()), unit="months", words=of.when(month))
    kept: dict[str, Any] = {"draws": psa.kept}
    for percent, month in psa.percentiles(*of.about).items():
        yield of.row(f"payback_p{percent:02d}", Spread(month), unit="months", words=of.when(month), **kept)
    for quarter, share in psa.plane(*of.about).shares.items():
        words = QUARTERS[quarter]
        yield of.row(f"chance_{quarter}", Spread(share), unit="share", discounted=True, words=words, **kept)


def _choices(psa: Draws, of: Comparison) -> Iterator[Row]:
    """Chance of being the best and expected loss of every strategy, by net saving alone and at the thresholds."""
    at = (None, *psa.setting_thresholds)
    for choice in psa.choices(of.perspective, of.months, of.run.name, at):
        by = MONEY_ALONE if choice.threshold is None else _at(psa, choice.threshold)
        more: dict[str, Any] = {"discounted": choice.threshold is not None, "draws": psa.kept, "compared": False}
        for s, (chance, loss) in enumerate(zip(choice.chance.tolist(), choice.loss.tolist(), strict=True)):
            one, words = replace(of, strategy=s), f"best on average, {by}" if s == choice.chosen else by
            yield one.row("chance_best", Spread(chance), choice.threshold, unit="share", words=words, **more)
            yield one.row("expected_loss", Spread(loss), choice.threshold, words=words, **more)


def _at(psa: Draws, threshold: float) -> str:
    return f"at {psa.result.setting.currency.written(f'{threshold:,.0f}')} per QALY"
