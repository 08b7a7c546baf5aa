"""The answers of a probabilistic analysis, one row each."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from costmodel.analysis.probabilistic.decision import Choice
from costmodel.analysis.probabilistic.draws import Draws
from costmodel.analysis.probabilistic.monte_carlo import error_of_chance
from costmodel.analysis.probabilistic.plane import QUARTERS
from costmodel.analysis.probabilistic.spread import LEVELS, At, Row, Spread, averaged, highest, lowest, spread
from costmodel.errors import made_by, some_of
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.payback import NEVER, NOTHING, settled
from costmodel.result.result import Run
from costmodel.result.table import payback_words

MONEY_ALONE = "judged by net saving alone"


def rows(
    psa: Draws, perspectives: Collection[str] = tuple(PERSPECTIVES), strategies: Collection[str] | None = None
) -> Iterator[Row]:
    """Every answer: the mixture and each alternative, both horizons, the strategies and perspectives asked for.

    Choices are between all strategies, whichever are asked for.
    """
    result = made_by("psa", psa, Draws, "costmodel.psa").result
    perspectives = some_of("perspective", perspectives, PERSPECTIVES)
    named = result.strategies[1:] if strategies is None else some_of("strategy", strategies, result.strategies[1:])
    wanted = [s for s, name in enumerate(result.strategies) if s and name in named]
    for run in psa.readings.values():
        for h in range(len(result.horizons)):
            for s in wanted:
                yield from _Answers(psa, run, h, s).rows(perspectives)
            for perspective in perspectives:
                yield from _choices(psa, run, h, perspective)


@dataclass(frozen=True)
class _Answers:
    """The rows of one strategy against the comparator, in one reading, to one horizon."""

    psa: Draws
    run: Run
    h: int
    s: int

    def rows(self, perspectives: Collection[str]) -> Iterator[Row]:
        result, run, h, s = self.psa.result, self.run, self.h, self.s
        gain = spread(result, run, lambda of: result.qaly_gain(of, h, s))
        yield self.row("qaly", gain, unit="QALY", discounted=True)
        for party in result.parties():
            yield from self._savings(party=party)
            if self._last:
                yield from self._peak_of_party(party)
        for perspective in perspectives:
            yield from self._of_perspective(perspective)

    @property
    def _last(self) -> bool:
        return self.h == len(self.psa.result.horizons) - 1

    def row(self, outcome: str, found: Spread, **more: Any) -> Row:
        return At(self.psa.result, self.run, self.h, self.s).row(outcome, found, **more)

    def one_by_one(self, outcome: str, value: float, **more: Any) -> Row:
        """A row without an interval, of the kept draws."""
        return self.row(outcome, Spread(value), draws=self.psa.kept, **more)

    def _savings(self, **whose: Any) -> Iterator[Row]:
        """Net saving of a party or perspective and its worst tenth."""
        result, run, h, s = self.psa.result, self.run, self.h, self.s
        yield self.row("net_saving", spread(result, run, lambda of: -result.net_cost(of, h, s, **whose)), **whose)
        worst = lowest(-result.net_cost(run, h, s, **whose), run.weights)
        yield self.one_by_one("net_saving_worst_tenth", worst, **whose)

    def _peak_of_party(self, party: str) -> Iterator[Row]:
        values = self.psa.party_peaks[party][self.s]
        found = spread(self.psa.result, self.run, lambda of: values, kept=True)
        yield from self._peak(found, values, party=party)

    def _peak(self, found: Spread, values: Any, **whose: Any) -> Iterator[Row]:
        more = {"draws": self.psa.kept} if "party" in whose else {}
        yield self.row("peak_funding", found, **whose, **more)
        yield self.one_by_one("peak_funding_worst_tenth", highest(values, self.run.weights), **whose)

    def _of_perspective(self, perspective: str) -> Iterator[Row]:
        result, run, h, s = self.psa.result, self.run, self.h, self.s
        whose: dict[str, Any] = {"perspective": perspective}
        yield from self._savings(**whose)
        discounted = spread(result, run, lambda of: -result.net_cost(of, h, s, discounted=True, **whose))
        yield self.row("net_saving", discounted, discounted=True, **whose)
        cash = spread(result, run, lambda of: -result.net_cost(of, h, s, cash=True, **whose))
        yield self.row("cash_net_saving", cash, **whose)
        yield from self._offset_ratio(perspective)
        for threshold in self.psa.setting_thresholds:
            yield self._net_benefit(threshold, perspective)
        yield from self._payback(perspective)
        if self._last:
            p = list(PERSPECTIVES).index(perspective)
            peak = spread(result, run, lambda of: of.outcomes.peak[0, p, s])
            yield from self._peak(peak, run.outcomes.peak[0, p, s], **whose)
        for quarter, share in self.psa.plane(
            perspective, result.strategies[s], result.horizons[h], run.name
        ).shares.items():  # fmt: skip
            words = QUARTERS[quarter]
            yield self.one_by_one(f"chance_{quarter}", share, unit="share", discounted=True, words=words, **whose)

    def _offset_ratio(self, perspective: str) -> Iterator[Row]:
        """Expected savings ÷ expected cost of therapy, with the intervals of the ratio of each draw."""
        result, h, s = self.psa.result, self.h, self.s

        def parts(of: Run) -> tuple[Any, Any]:
            therapy = result.net_cost(of, h, s, perspective=perspective, category="therapy")
            return settled(therapy - result.net_cost(of, h, s, perspective=perspective)), therapy

        returned, spent = (float(self.run.weights @ part.mean(axis=-1)) for part in parts(averaged(self.run)))
        if spent <= NOTHING:
            return
        back, therapy = parts(self.run)
        found = Spread(returned / spent + 0.0)
        if self.psa.kept > 1 and np.all(therapy > NOTHING):
            found = Spread(found.value, *self._ends(back / therapy))
        yield self.row("offset_ratio", found, perspective=perspective, unit="ratio")

    def _ends(self, values: Any) -> tuple[float | None, ...]:
        """Ends of the 95% and the 50% interval, as a spread has them; None beyond the horizon."""
        low, low_50, high_50, high = self.psa.result.quantiles(self.run, values, LEVELS)
        return tuple(end + 0.0 if np.isfinite(end) else None for end in (low, high, low_50, high_50))

    def _net_benefit(self, threshold: float, perspective: str) -> Row:
        result, h, s = self.psa.result, self.h, self.s

        def benefit(of: Run) -> Any:
            cost = result.net_cost(of, h, s, perspective=perspective, discounted=True)
            return threshold * result.qaly_gain(of, h, s) - cost

        found = spread(result, self.run, benefit)
        words = f"at £{threshold:,.0f} per QALY"
        return self.row("nmb", found, perspective=perspective, discounted=True, threshold=threshold, words=words)

    def _payback(self, perspective: str) -> Iterator[Row]:
        result, run, h, s = self.psa.result, self.run, self.h, self.s
        end, first = result.horizons[h], result.first_payment[s]
        for outcome, view in (("chance_payback", "value"), ("chance_cash_payback", "cash")):
            paid = result.paybacks(run, h, s, perspective, view) < NEVER
            chance = result.chance_of_payback(run, h, s, perspective, view)
            found = Spread(chance, error=error_of_chance(paid, run.weights, result.draws))
            yield self.row(outcome, found, perspective=perspective, unit="share")
        saved = spread(result, run, lambda of: -result.net_cost(of, h, s, perspective=perspective)).value
        month = result.curve_payback(s, perspective, h, run=run)
        ends = self._ends(result.paybacks(run, h, s, perspective)) if self.psa.kept > 1 else ()
        of_curve = {"unit": "months", "words": payback_words(month, end, first, saved)}
        yield self.row("payback_sustained_months", Spread(month, *ends), perspective=perspective, **of_curve)
        name = result.strategies[s]
        for percent, month in self.psa.percentiles(perspective, name, end, run.name).items():
            words = payback_words(month, end, first, saved)
            outcome = f"payback_p{percent:02d}"
            yield self.one_by_one(outcome, month, perspective=perspective, unit="months", words=words)


def _choices(psa: Draws, run: Run, h: int, perspective: str) -> Iterator[Row]:
    """Chance of being the best and expected loss of every strategy, by net saving alone and at the thresholds."""
    end = psa.result.horizons[h]
    for choice in psa.choices(perspective, end, run.name, (None, *psa.setting_thresholds)):
        for s in range(len(psa.result.strategies)):
            yield from _of_choice(psa, run, h, s, perspective, choice)


def _of_choice(psa: Draws, run: Run, h: int, s: int, perspective: str, choice: Choice) -> Iterator[Row]:
    by = MONEY_ALONE if choice.threshold is None else f"at £{choice.threshold:,.0f} per QALY"
    best = f"best on average, {by}" if s == choice.chosen else by
    at = At(psa.result, run, h, s)
    more: dict[str, Any] = {
        "perspective": perspective, "discounted": choice.threshold is not None, "threshold": choice.threshold,
        "draws": psa.kept, "compared": False, "words": best,
    }  # fmt: skip
    yield at.row("chance_best", Spread(float(choice.chance[s])), unit="share", **more)
    yield at.row("expected_loss", Spread(float(choice.loss[s])), **more)
