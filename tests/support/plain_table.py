"""The rows of the one table, worked out a second time from the outcomes of every draw, in plain loops."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import costmodel as cm
from costmodel.result.outcomes import VIEWS
from costmodel.result.result import Run
from costmodel.result.table import cost_per_qaly, payback_words
from tests.support import plain_payback
from tests.support.pounds import PARTIES, PERSPECTIVES

KEY = (
    "run",
    "horizon_months",
    "strategy",
    "perspective",
    "party",
    "category",
    "channel",
    "outcome",
    "discounted",
    "comparator",
)
Values = list[list[float]]
"""By alternative and draw."""


def smallest_reaching(share: float, values: Any, weights: Any) -> float:
    """The smallest value at or below which at least `share` of the weight lies."""
    pairs = sorted((v, w) for row, w in zip(values, weights, strict=True) for v in row if w)
    total, below = sum(w for _, w in pairs), 0.0
    for value, weight in pairs:
        below += weight
        if below >= share * total - 1e-12:
            return float(value)
    raise AssertionError(share)


def mean(values: Values, weights: Any) -> float:
    """Mean over draws, then over alternatives by weight."""
    return math.fsum(w * math.fsum(row) / len(row) for row, w in zip(values, weights, strict=True))


class PlainTable:
    """Rows of a run by KEY: what the table must say."""

    def __init__(self, result: cm.Result, run: Run) -> None:
        self.result, self.run, self.found = result, run, run.outcomes
        self.draws, self.alternatives = self.found.cost.shape[-1], len(run.weights)

    def rows(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for h, horizon in enumerate(self.result.horizons):
            for s, strategy in enumerate(self.result.strategies):
                for part in (self._alone(h, s), self._compared(h, s) if s else ()):
                    for row in part:
                        whole = {"run": self.run.name, "horizon_months": horizon, "strategy": strategy} | row
                        key = tuple(whole[name] for name in KEY)
                        assert key not in found
                        found[key] = whole
        return found

    def _alone(self, h: int, s: int) -> Iterator[dict[str, Any]]:
        for d in (False, True):
            for perspective, parties in PERSPECTIVES.items():
                cost = self._sum(lambda i, a, n, d=d: self.found.cost[h, int(d), i, s, a, n], parties)
                yield self._row("cost", cost, perspective=perspective, discounted=d, comparator="")
            qaly = self._each(lambda a, n, d=d: self.found.qaly[h, int(d), s, a, n])
            yield self._row("qaly", qaly, unit="QALY", discounted=d, comparator="")

    def _compared(self, h: int, s: int) -> Iterator[dict[str, Any]]:
        for d in (False, True):
            yield self._row("qaly", self._gain(h, s, d), unit="QALY", discounted=d)
            for party in (one for one in PARTIES if any(one in (i.paid_by, i.received_by) for i in self.result.items)):
                yield self._row("net_saving", self._saved(h, s, d, (party,)), party=party, discounted=d)
            for perspective, parties in PERSPECTIVES.items():
                yield self._row("net_saving", self._saved(h, s, d, parties), perspective=perspective, discounted=d)
                for category in self.result.categories():
                    saved = self._saved(h, s, d, parties, category)
                    yield self._row("net_saving", saved, perspective=perspective, category=category, discounted=d)
        for p, (perspective, parties) in enumerate(PERSPECTIVES.items()):
            cash = self._sum(lambda i, a, n: -self.found.cash[h, i, s, a, n], parties)
            yield self._row("cash_net_saving", cash, perspective=perspective)
            for row in (
                *self._paybacks(h, s, p),
                *self._ratios(h, s, parties),
                *self._after(h, s, parties),
                *self._purse(h, s, parties),
            ):
                yield row | {"perspective": perspective}
            if h == len(self.result.horizons) - 1:
                yield self._row("peak_funding", self.found.peak[0, p, s].tolist(), perspective=perspective)

    def _paybacks(self, h: int, s: int, p: int) -> Iterator[dict[str, Any]]:
        horizon, first = self.result.horizons[h], self.result.first_payment[s]
        parties = list(PERSPECTIVES.values())[p]
        saved = {view: mean(self._saved(h, s, view == "discounted", parties), self.run.weights) for view in VIEWS}
        in_cash = self._sum(lambda i, a, n: -self.found.cash[h, i, s, a, n], parties)
        saved["cash"] = mean(in_cash, self.run.weights)
        for outcome, view, walk in (
            ("payback_sustained_months", "value", plain_payback.sustained),
            ("payback_first_touch_months", "value", plain_payback.first_touch),
            ("payback_sustained_months", "discounted", plain_payback.sustained),
            ("cash_payback_sustained_months", "cash", plain_payback.sustained),
        ):
            v = VIEWS.index(view)
            curve = sum(w * self.found.mean_curve[:, v, p, s, a] for a, w in enumerate(self.run.weights))
            months = walk(plain_payback.cut(list(zip(12 * self.result.edges, curve, strict=True)), horizon), first)
            row = self._row(outcome, [], unit="months", discounted=view == "discounted")
            if walk is plain_payback.sustained:
                row |= self._interval(self.found.sustained[h, v, p, s].tolist())
            yield row | {"value": months, "words": payback_words(months, horizon, first, saved[view])}
        if self.draws > 1:
            for outcome, v in (("chance_payback", 0), ("chance_cash_payback", 2)):
                paid = [[float(m < math.inf) for m in row] for row in self.found.sustained[h, v, p, s]]
                yield self._row(outcome, [], unit="share") | {"value": mean(paid, self.run.weights)}

    def _ratios(self, h: int, s: int, parties: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        spent = -mean(self._saved(h, s, False, parties, "therapy"), self.run.weights)
        if spent > 1e-6:
            returned = mean(self._saved(h, s, False, parties), self.run.weights) + spent
            yield self._row("offset_ratio", [], unit="ratio") | {"value": returned / spent}
        saved, gain, threshold = self._saved(h, s, True, parties), self._gain(h, s, True), self.result.threshold
        value, words = cost_per_qaly(-mean(saved, self.run.weights), mean(gain, self.run.weights), "pounds")
        yield self._row("cost_per_qaly", [], unit="GBP per QALY", discounted=True) | {"value": value, "words": words}
        benefit = self._each(lambda a, n: threshold * gain[a][n] + saved[a][n])
        yield self._row("nmb", benefit, discounted=True) | {"words": f"at £{threshold:,.0f} per QALY"}

    def _after(self, h: int, s: int, parties: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """What is saved between the follow-up and a later horizon, and its share of what all but sessions save."""
        if h == 0:
            return
        net, therapy = (
            [self._saved(at, s, False, parties, *category) for at in (h, 0)] for category in ((), ("therapy",))
        )
        later = self._each(lambda a, n: net[0][a][n] - net[1][a][n])
        yield self._row("net_saving_extrapolated", later)
        other = [self._each(lambda a, n, i=i: net[i][a][n] - therapy[i][a][n]) for i in (0, 1)]
        whole, before = (mean(values, self.run.weights) for values in other)
        share = {"value": (whole - before) / whole, "words": ""}
        if whole <= 1e-6:
            share = {"value": None, "words": "other care saves nothing"}
        yield self._row("share_extrapolated", [], unit="share") | share

    def _purse(self, h: int, s: int, parties: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """What the parties pay for the comparator's people, and the shares of it: of all but sessions and receipts."""
        holds = {name: one.categories for name, one in self.result.setting.channels.items()}
        paid: dict[str, list[int]] = {}
        for i, item in enumerate(self.result.items):
            for name, categories in holds.items():
                if item.category in categories and item.paid_by in parties and item.received_by not in parties:
                    paid.setdefault(name, []).append(i)
        paid["all"] = [i for items in paid.values() for i in items]
        cost = self.found.cost[h, 0]
        for name, items in paid.items():
            spent = self._each(lambda a, n, items=items: math.fsum(cost[i, 0, a, n] for i in items))
            own = self._each(lambda a, n, items=items: math.fsum(cost[i, s, a, n] for i in items))
            taken = [[x - y for x, y in zip(*rows, strict=True)] for rows in zip(spent, own, strict=True)]
            yield self._row("purse", spent, channel=name)
            yield self._row("taken_out", taken, channel=name)
            nothing = mean(spent, self.run.weights) <= 1e-6
            words = "nothing is spent there without the therapy" if nothing else ""
            yield self._share_of("share_achieved", taken, spent) | {"channel": name, "words": words}
            if name == "all":
                course = self._each(lambda a, n: -self._saved(h, s, False, parties, "therapy")[a][n])
                yield self._share_of("share_needed", course, spent) | {"words": self._needed(course, spent)}
            else:
                words = words or "no trial of this effect is used"
                found = self._row("share_supported", [], unit="share", channel=name, words=words)
                yield found | {"value": math.inf}

    def _share_of(self, outcome: str, part: Values, whole: Values) -> dict[str, Any]:
        under = mean(whole, self.run.weights)
        if under <= 1e-6:
            return self._row(outcome, [], unit="share") | {"value": math.inf}
        pairs = [zip(*rows, strict=True) for rows in zip(part, whole, strict=True)]
        each = [[x / y if y > 1e-6 else 0.0 for x, y in row] for row in pairs]
        value = {"value": mean(part, self.run.weights) / under}
        return self._row(outcome, [], unit="share") | value | self._interval(each)

    def _needed(self, course: Values, spent: Values) -> str:
        cost = mean(course, self.run.weights)
        if cost <= 1e-6:
            return "no course is paid for"
        most = spent[0][0] if self.draws == 1 else smallest_reaching(0.975, spent, self.run.weights)
        if most <= 1e-6:
            return "nothing is spent there without the therapy"
        if most < 0.05 * cost:
            return "the purse is too small for any input to matter"
        return "even every pound would not do" if most < cost else ""

    def _each(self, of: Any) -> Values:
        return [[float(of(a, n)) for n in range(self.draws)] for a in range(self.alternatives)]

    def _sum(self, of: Any, parties: tuple[str, ...], category: str | None = None) -> Values:
        """Σ over items of what the parties pay less what they receive."""
        signs = {
            i: (item.paid_by in parties) - (item.received_by in parties)
            for i, item in enumerate(self.result.items)
            if category in (None, item.category)
        }
        return self._each(lambda a, n: math.fsum(sign * of(i, a, n) for i, sign in signs.items() if sign))

    def _saved(self, h: int, s: int, d: bool, parties: tuple[str, ...], category: str | None = None) -> Values:
        cost = self.found.cost[h, int(d)]
        return self._sum(lambda i, a, n: cost[i, 0, a, n] - cost[i, s, a, n], parties, category)

    def _gain(self, h: int, s: int, d: bool) -> Values:
        return self._each(lambda a, n: self.found.qaly[h, int(d), s, a, n] - self.found.qaly[h, int(d), 0, a, n])

    def _interval(self, values: Values) -> dict[str, float | None]:
        if self.draws == 1:
            return {"low": None, "high": None}
        low, high = (smallest_reaching(q, values, self.run.weights) for q in (0.025, 0.975))
        return {"low": low, "high": high}

    def _row(self, outcome: str, values: Values, unit: str = "GBP", **more: Any) -> dict[str, Any]:
        usual = {
            "perspective": "",
            "party": "all",
            "category": "all",
            "channel": "all",
            "discounted": False,
            "words": "",
        }
        usual |= {"comparator": self.result.comparator, "outcome": outcome, "unit": unit, "low": None, "high": None}
        usual["price_year"] = self.result.scenario.setting.price_year if "GBP" in unit else ""
        usual["draws"] = 0 if self.run.name == "deterministic" else self.draws
        if values:
            usual |= {"value": mean(values, self.run.weights)} | self._interval(values)
        return usual | more


def random_walks(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Curves that begin at 0 and cross it now and then; time is the first axis."""
    return np.concatenate([np.zeros((1, *shape[1:])), rng.normal(5, 100, (shape[0] - 1, *shape[1:])).cumsum(axis=0)])
