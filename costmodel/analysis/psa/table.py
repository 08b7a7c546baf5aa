"""What a program reads of a probabilistic analysis: its answers, one row each, and its curves."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from costmodel.analysis.psa.decision import QUARTERS
from costmodel.analysis.psa.draws import Draws
from costmodel.analysis.psa.monte_carlo import (
    Measure,
    Spread,
    averaged,
    ends,
    error_of_chance,
    expected,
    highest,
    lowest,
    spread,
)
from costmodel.currency import Currency
from costmodel.errors import made_by, some_of
from costmodel.page import of_run
from costmodel.result.payback import NEVER, NOTHING, settled
from costmodel.result.result import Result, Run
from costmodel.result.table import Row, payback_words, row_of

MONEY_ALONE = "judged by net saving alone"
POINTS = 250
"""Draws of each alternative that a program is shown in the plane: the first."""


def row(
    result: Result, run: Run, h: int, s: int, outcome: str, found: Spread, threshold: float | None = None, **more: Any
) -> Row:
    """A row of the one table, as `row_of` makes it, with what draws know beside it.

    low_50 and high_50: the 50% interval. error: half the 95% interval of the value from the number of draws.
    threshold: money per QALY. beyond_follow_up: what happens after the last observation.
    """
    return row_of(result, run, h, s, outcome, found, **more) | {
        "low_50": found.low_50, "high_50": found.high_50, "error": found.error, "threshold": threshold,
        "beyond_follow_up": result.scenario.model.beyond_follow_up,
    }  # fmt: skip


def paid_back(result: Result, run: Run, h: int, s: int, perspective: str, view: str = "value") -> Spread:
    """The chance of payback within a horizon, of all draws."""
    paid = result.paybacks(run, h, s, perspective, view) < NEVER
    chance = result.chance_of_payback(run, h, s, perspective, view)
    return Spread(chance, error=error_of_chance(paid, run.weights, result.draws))


def rows(
    psa: Draws, perspectives: Collection[str] | None = None, strategies: Collection[str] | None = None
) -> Iterator[Row]:
    """Every answer: the mixture and each alternative, both horizons, the strategies and perspectives asked for.

    Choices are between all strategies, whichever are asked for.
    """
    result = made_by("psa", psa, Draws, "costmodel.psa").result
    known = result.setting.perspectives
    perspectives = some_of("perspective", known if perspectives is None else perspectives, known)
    named = result.strategies[1:] if strategies is None else some_of("strategy", strategies, result.strategies[1:])
    for run, h in product(psa.readings.values(), range(len(result.horizons))):
        for s, name in enumerate(result.strategies):
            if s and name in named:
                yield from _Place(psa, run, h, s).rows(perspectives)
        for perspective in perspectives:
            yield from _choices(psa, run, h, perspective)


@dataclass(frozen=True)
class _Place:
    """One strategy against the comparator, in one reading, to one horizon, and the rows about it."""

    psa: Draws
    run: Run
    h: int
    s: int

    def rows(self, perspectives: Collection[str]) -> Iterator[Row]:
        result, h, s = self.psa.result, self.h, self.s
        gain = self.spread(lambda of: result.qaly_gain(of, h, s))
        yield self.row("qaly", gain, unit="QALY", discounted=True)
        for party in result.parties():
            yield from self.account(party=party)
        for perspective in perspectives:
            yield from self.account(perspective=perspective)
            yield from self.perspective(perspective)

    def row(self, outcome: str, found: Spread, **more: Any) -> Row:
        return row(self.psa.result, self.run, self.h, self.s, outcome, found, **more)

    def one_by_one(self, outcome: str, value: float, **more: Any) -> Row:
        """A row without an interval, of the kept draws."""
        return self.row(outcome, Spread(value), draws=self.psa.kept, **more)

    def spread(self, measure: Measure, *, kept: bool = False) -> Spread:
        return spread(self.psa.result, self.run, measure, kept=kept)

    def saving(self, **how: Any) -> Measure:
        return lambda of: -self.psa.result.net_cost(of, self.h, self.s, **how)

    def benefit(self, threshold: float, perspective: str) -> Measure:
        saving = self.saving(perspective=perspective, discounted=True)
        return lambda of: threshold * self.psa.result.qaly_gain(of, self.h, self.s) + saving(of)

    def account(self, **whose: Any) -> Iterator[Row]:
        """Net saving of a party or perspective and, to the last horizon, peak funding, with their worst tenths."""
        saving, weights = self.saving(**whose), self.run.weights
        yield self.row("net_saving", self.spread(saving), **whose)
        yield self.one_by_one("net_saving_worst_tenth", lowest(saving(self.run), weights), **whose)
        if self.h < len(self.psa.result.horizons) - 1:
            return
        if party := whose.get("party"):
            values = self.psa.party_peaks[party][self.s]
            found, more = self.spread(lambda of: values, kept=True), {"draws": self.psa.kept}
        else:
            p = self.psa.result.setting.index(whose["perspective"])
            values = self.run.outcomes.peak[0, p, self.s]
            found, more = self.spread(lambda of: of.outcomes.peak[0, p, self.s]), {}
        yield self.row("peak_funding", found, **whose, **more)
        yield self.one_by_one("peak_funding_worst_tenth", highest(values, weights), **whose)

    def perspective(self, perspective: str) -> Iterator[Row]:
        """What a perspective has beside its account."""
        psa, result, run, h, s = self.psa, self.psa.result, self.run, self.h, self.s
        whose: dict[str, Any] = {"perspective": perspective}
        discounted = self.spread(self.saving(**whose, discounted=True))
        yield self.row("net_saving", discounted, discounted=True, **whose)
        yield self.row("cash_net_saving", self.spread(self.saving(**whose, cash=True)), **whose)
        if (ratio := self.offset_ratio(perspective)) is not None:
            yield self.row("offset_ratio", ratio, unit="ratio", **whose)
        for value in psa.setting_thresholds:
            benefit, words = self.benefit(value, perspective), _at(value, result.setting.currency)
            yield self.row("nmb", self.spread(benefit), discounted=True, threshold=value, words=words, **whose)
        for outcome, view in (("chance_payback", "value"), ("chance_cash_payback", "cash")):
            yield self.row(outcome, paid_back(result, run, h, s, perspective, view), unit="share", **whose)
        yield from self.payback(perspective)
        name, end = result.strategies[s], result.horizons[h]
        for quarter, share in psa.plane(perspective, name, end, run.name).shares.items():
            more = {"unit": "share", "discounted": True, "words": QUARTERS[quarter]}
            yield self.one_by_one(f"chance_{quarter}", share, **more, **whose)

    def offset_ratio(self, perspective: str) -> Spread | None:
        """Expected savings ÷ expected cost of therapy, with the intervals of the ratio of each draw."""

        def parts(of: Run) -> tuple[Any, Any]:
            therapy = -self.saving(perspective=perspective, category="therapy")(of)
            return settled(therapy + self.saving(perspective=perspective)(of)), therapy

        returned, spent = (float(self.run.weights @ part.mean(axis=-1)) for part in parts(averaged(self.run)))
        if spent <= NOTHING:
            return None
        back, therapy = parts(self.run)
        known = self.psa.kept > 1 and np.all(therapy > NOTHING)
        return Spread(returned / spent + 0.0, *(ends(self.psa.result, self.run, back / therapy) if known else ()))

    def payback(self, perspective: str) -> Iterator[Row]:
        """Month of payback of the expected curve, and by which so many of 100 draws have it."""
        psa, result, run, h, s = self.psa, self.psa.result, self.run, self.h, self.s
        saved = expected(run, self.saving(perspective=perspective))
        end, first = result.horizons[h], result.first_payment[s]

        def told(month: float) -> dict[str, Any]:
            return {"unit": "months", "perspective": perspective, "words": payback_words(month, end, first, saved)}

        month = result.curve_payback(s, perspective, h, run=run)
        known = ends(result, run, result.paybacks(run, h, s, perspective)) if psa.kept > 1 else ()
        yield self.row("payback_sustained_months", Spread(month, *known), **told(month))
        for percent, month in psa.percentiles(perspective, result.strategies[s], end, run.name).items():
            yield self.one_by_one(f"payback_p{percent:02d}", month, **told(month))


def _at(threshold: float, currency: Currency) -> str:
    return f"at {currency.written(f'{threshold:,.0f}')} per QALY"


def _choices(psa: Draws, run: Run, h: int, perspective: str) -> Iterator[Row]:
    """Chance of being the best and expected loss of every strategy, by net saving alone and at the thresholds."""
    result = psa.result
    for choice in psa.choices(perspective, result.horizons[h], run.name, (None, *psa.setting_thresholds)):
        by = MONEY_ALONE if choice.threshold is None else _at(choice.threshold, result.setting.currency)
        for s in range(len(result.strategies)):
            more: dict[str, Any] = {
                "perspective": perspective, "discounted": choice.threshold is not None, "threshold": choice.threshold,
                "draws": psa.kept, "compared": False,
                "words": f"best on average, {by}" if s == choice.chosen else by,
            }  # fmt: skip
            yield row(result, run, h, s, "chance_best", Spread(float(choice.chance[s])), unit="share", **more)
            yield row(result, run, h, s, "expected_loss", Spread(float(choice.loss[s])), **more)


@dataclass(frozen=True)
class Answers:
    """What is reported. perspectives, strategies: those that were asked for."""

    psa: Draws
    perspectives: tuple[str, ...]
    strategies: tuple[str, ...]

    @property
    def result(self) -> Result:
        """What was run."""
        return self.psa.result

    @property
    def perspective(self) -> str:
        """The one in the sentences and curves: the setting's main one where several were asked for."""
        main = self.result.setting.main
        return main if main in self.perspectives else self.perspectives[0]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every answer."""
        return tuple(rows(self.psa, self.perspectives, self.strategies))

    @cached_property
    def _by_key(self) -> dict[tuple[object, ...], Row]:
        names = ("outcome", "strategy", "perspective", "party", "horizon_months", "run", "discounted", "threshold")
        return {tuple(row[name] for name in names): row for row in self.rows}

    def pick(
        self, outcome: str, strategy: str, *, perspective: str = "", party: str = "all", horizon: float | None = None,
        run: str | None = None, discounted: bool = False, threshold: float | None = None,
    ) -> Row:  # fmt: skip
        """The row of an answer; to the last horizon and of the mixture unless told otherwise. Raises KeyError."""
        end = self.result.horizons[-1] if horizon is None else horizon
        reading = run or self.result.headline.name
        return self._by_key[outcome, strategy, perspective, party, end, reading, discounted, threshold]


def answers(psa: Draws, perspective: str | None = None, strategies: Collection[str] | None = None) -> Answers:
    """Everything that is reported of an analysis; perspective, strategies: only these. Raises InputError."""
    others = psa.result.strategies[1:]
    known = psa.result.setting.perspectives
    perspectives = some_of("perspective", known if perspective is None else [perspective], known)
    wanted = some_of("strategy", others if strategies is None else strategies, others)
    return Answers(psa, tuple(perspectives), tuple(wanted))


def data_of(found: Answers) -> dict[str, Any]:
    """What a program reads beside the rows: the run, curves, and how exact it is, of one perspective."""
    psa, result = found.psa, found.result
    settings = of_run(result, found.perspective if len(found.perspectives) == 1 else None) | {
        "strategies": list(found.strategies), "draws_one_by_one": psa.kept, "thresholds": list(psa.setting_thresholds),
    }  # fmt: skip
    by_month, convergence, apart = [], [], []
    for strategy, end, run in product(found.strategies, result.horizons, psa.readings):
        at: dict[str, Any] = {"strategy": strategy, "perspective": found.perspective, "run": run}
        named, at = at | {"horizon_months": end}, at | {"horizon": end}
        for view, outcome in (("value", "chance_payback"), ("cash", "chance_cash_payback")):
            curve = psa.chances(**at, view=view)
            by_month.append(
                named | {"outcome": outcome, "draws": curve.draws, "months": curve.months.tolist(),
                         "chances": curve.chances.tolist()}
            )  # fmt: skip
        steps, why = psa.convergence(**at), psa.against_central(**at)
        more = {"needed": steps.needed, "enough": steps.enough, "sure_of_sign": steps.sure_of_sign}
        convergence.append(named | asdict(steps) | more)
        parts = {"difference": why.difference, "of_inputs": why.of_inputs, "of_shape": why.of_shape}
        apart.append(named | asdict(why) | parts)
    return {
        "schema": "costmodel/psa/1",
        "settings": settings,
        "curves": {"chance_by_month": by_month, "ceac": list(_ceac(found)), "ce_plane": list(_plane(found))},
        "convergence": convergence,
        "against_central": apart,
    }


def _ceac(found: Answers) -> Iterator[dict[str, Any]]:
    """Chance of being the best, expected net benefit and expected loss of each strategy by threshold."""
    result, psa = found.result, found.psa
    for end, run in product(result.horizons, psa.readings):
        choices = psa.choices(found.perspective, end, run)
        yield {
            "perspective": found.perspective, "horizon_months": end, "run": run, "draws": psa.kept,
            "thresholds": [choice.threshold for choice in choices],
            **{
                name: {
                    strategy: [float(getattr(choice, what)[s]) for choice in choices]
                    for s, strategy in enumerate(result.strategies)
                }
                for name, what in
                (("chance_best", "chance"), ("expected_net_benefit", "expected"), ("expected_loss", "loss"))
            },
            "frontier": [result.strategies[choice.chosen] for choice in choices],
        }  # fmt: skip


def _plane(found: Answers) -> Iterator[dict[str, Any]]:
    """The first points of the plane, of each alternative."""
    result = found.result
    for strategy, end in product(found.strategies, result.horizons):
        plane = found.psa.plane(found.perspective, strategy, end)
        for a, structure in enumerate(result.scenario.readings):
            yield {
                "strategy": strategy, "perspective": found.perspective, "horizon_months": end,
                "alternative": structure.name, "weight": float(result.weights[a]),
                "qalys": plane.qalys[a, :POINTS].tolist(), "costs": plane.cost[a, :POINTS].tolist(),
            }  # fmt: skip
