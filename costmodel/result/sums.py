"""What a run knows, and one place each for a sum, a weighted quantile, a mean score, a cumulative curve and a month of
payback.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.engine.formulas import settled
from costmodel.errors import InputError, listed, made_by, number, one_of, shown, true_or_false, whole_number
from costmodel.result import payback
from costmodel.result.outcomes import VIEWS, Outcomes, until
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.conventions import given_words
from costmodel.scenario.schema import SettingFile
from costmodel.scenario.setting import account
from costmodel.units import CYCLE_WEEKS_A_YEAR

Array = NDArray[np.float64]
OfAYear = Mapping[tuple[str, ...], tuple[float, ...]]
EXPECTED, DETERMINISTIC = "expected", "deterministic"


@dataclass(frozen=True)
class Estimate:
    """A point with its 95% interval; the ends are None where nothing varies."""

    value: float
    low: float | None = None
    high: float | None = None


def quantiles(values: Array, weights: Array, at: tuple[float, ...]) -> tuple[float, ...]:
    """Quantiles of a mixture of alternatives: the lowest value that has at least the share `at` of all weight below.

    values: (alternative, draw). weights: (alternative,), they sum to 1. at: from 0 to 1.
    """
    used = np.flatnonzero(weights)
    weights, kept = weights[used], values[used]
    if (weights == weights[0]).all():  # which value has which weight does not matter, and sorting is cheap
        found = np.sort(kept, axis=None)[_ranks(float(weights[0]), kept.size, at)]
    else:
        each = np.repeat(weights, values.shape[-1])
        found = np.quantile(kept.ravel(), at, weights=each, method="inverted_cdf")
    return tuple(float(q) for q in found)


@lru_cache
def _ranks(weight: float, count: int, at: tuple[float, ...]) -> NDArray[np.intp]:
    """Places of quantiles among so many rising values of one weight each."""
    places = np.quantile(np.arange(count), at, weights=np.full(count, weight), method="inverted_cdf")
    return places.astype(np.intp)


@dataclass(frozen=True)
class LedgerItem:
    """A line of the ledger by name, category, payer and receiver."""

    name: str
    label: str
    category: str
    paid_by: str
    received_by: str


@by_content
@dataclass(frozen=True)
class Run:
    """A reading of a result: outcomes, and how its alternatives are weighted.

    outcomes: of the draws that are kept. means: over all draws, in the place of a single draw; None where all
    are kept. given: the conventions about money that its chances are given, in words; "" where none is named.
    """

    name: str
    outcomes: Outcomes
    weights: Array
    means: Outcomes | None = None
    given: str = ""

    @property
    def averaged(self) -> "Run":
        """The reading over all draws: their means in the place of a single draw, where not every draw is kept."""
        return self if self.means is None else replace(self, outcomes=self.means, means=None)


@by_content
@dataclass(frozen=True)
class Sums:
    """Everything a run knows, per person referred, in the setting's price year.

    edges: years, (cycle + 1,). horizons: months of the follow-up and of the model's horizon.
    first_payment: month of the first therapy payment, by strategy. expected: of the draws that are kept one by
    one; None where nothing was drawn. means: over all draws, where not all are kept. sampling: how
    draws were made. given: draws that came from elsewhere, by parameter. strata: each stratum's people alone, by name.
    supported: by strategy and item, the share of its cost that the effects of the file take away when they are
    whole, at central values (alternative, 1) and in each draw that is kept (alternative, draw).
    of_a_year: what channels cost the comparator's people a person-year to the follow-up, at central values, by channels
    on which trials saw an effect in a range: under each structure.
    conventions: the same people priced otherwise, by name.
    """

    scenario: Scenario
    items: tuple[LedgerItem, ...]
    edges: Array
    horizons: tuple[float, ...]
    first_payment: tuple[float, ...]
    weights: Array
    threshold: float
    deterministic: Outcomes
    expected: Outcomes | None
    draws: int
    seed: int
    warnings: tuple[str, ...] = ()
    means: Outcomes | None = None
    sampling: str = "random"
    given: Mapping[str, Array] | None = None
    strata: "Mapping[str, Sums]" = field(default_factory=dict)
    supported: Mapping[tuple[str, str], tuple[Array, Array]] = field(default_factory=dict)
    of_a_year: OfAYear = field(default_factory=dict)
    conventions: Mapping[str, Run] = field(default_factory=dict)

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names; the first is the comparator."""
        return tuple(self.scenario.model.strategies)

    @property
    def comparator(self) -> str:
        """Name of the strategy that others are compared with."""
        return self.strategies[0]

    @cached_property
    def runs(self) -> dict[str, Run]:
        """The readings by name: expected, deterministic, and each alternative on its own."""
        given = given_words(self.scenario.model.money_base)
        runs = {DETERMINISTIC: Run(DETERMINISTIC, self.deterministic, self.weights, given=given)}
        if self.expected is not None:
            runs = {EXPECTED: Run(EXPECTED, self.expected, self.weights, self.means, given)} | runs
            if len(self.weights) > 1:
                for name in self.scenario.model.weighted:
                    alone = [float(one.weight(self.scenario.value, name)) for one in self.scenario.readings]
                    runs[name] = Run(name, self.expected, np.array(alone), self.means, given)
        return runs

    @property
    def headline(self) -> Run:
        """Expected values where draws were made, else the deterministic run."""
        return self.runs.get(EXPECTED, self.runs[DETERMINISTIC])

    def run(self, name: str | None = None) -> Run:
        """A reading or a convention by name; the headline by default. Raises InputError for one that there is not."""
        known = {**self.runs, **self.conventions}
        return self.headline if name is None else known[one_of("run", name, known)]

    def at(self, horizon_months: float | None = None, *, place: str = "horizon_months") -> int:
        """Index of a horizon; the follow-up by default. place: what named it, for messages.

        Raises InputError for one that was not run.
        """
        if horizon_months is None:
            return 0
        wanted = number(place, horizon_months, wrong="not a number of months")
        for index, months in enumerate(self.horizons):
            if abs(months - wanted) < 1e-9:
                return index
        there = " and ".join(in_words(months) for months in self.horizons)
        remedy = f"Answers are read at {there}; change the scenario's horizon to look elsewhere."
        raise InputError.at(place, f"there is no horizon of {wanted:g} months: it is no horizon of this run", remedy)

    def compared(self, strategy: str | None = None) -> int:
        """Index of a strategy that is compared with the first; the second by default. Raises InputError."""
        others = self.strategies[1:]
        if not others:
            raise InputError.at("strategy", "there is only one strategy", "Nothing is compared.")
        if strategy is None:
            return 1
        why = f"They are to be compared with {self.comparator}."
        return self.strategies.index(one_of("strategy", strategy, others, why=why))

    def _horizon(self, horizon: int) -> int:
        return whole_number("horizon", horizon, 0, len(self.horizons) - 1, wrong="not the place of a horizon")

    def _strategy(self, strategy: int, first: int = 0) -> int:
        """first: 1 where the comparator has no answer."""
        return whole_number("strategy", strategy, first, len(self.strategies) - 1, wrong="not the place of a strategy")

    def _counted(self, perspective: str | None, party: str | None, category: str | None) -> list[tuple[int, int]]:
        """Places of the items that count to a perspective or a party, of one category or of all, with their signs."""
        if category is not None:
            one_of("category", category, self.scenario.setting.categories)
        signs = enumerate(self.signs(perspective, party))
        return [(i, sign) for i, sign in signs if sign and category in (None, self.items[i].category)]

    def signs(self, perspective: str | None = None, party: str | None = None) -> tuple[int, ...]:
        """What one unit of each item costs a perspective or a party: 1 if it pays, −1 if it receives, else 0.

        Of society where neither is named. Raises InputError for names that there are not, and where both are named.
        """
        if party is not None and perspective is not None:
            raise InputError.at("party", "a perspective is named too", "Leave out one of the two.")
        setting = self.setting
        if party is not None:
            return self._signs["party", one_of("party", party, setting.parties)]
        return self._signs["perspective", setting.everyone if perspective is None else setting.asked(perspective)]

    @cached_property
    def _signs(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Of every party and every perspective: asked for thousands of times by one table."""
        setting = self.setting
        counted: tuple[tuple[str, Iterable[str], Callable[[str, str, str], int]], ...] = (
            ("party", setting.parties, account), ("perspective", setting.perspectives, setting.weight),
        )  # fmt: skip
        return {
            (kind, name): tuple(count(name, item.paid_by, item.received_by) for item in self.items)
            for kind, names, count in counted
            for name in names
        }

    def net_cost(
        self, run: Run, horizon: int, strategy: int, *, perspective: str | None = None, party: str | None = None,
        category: str | None = None, discounted: bool = False, cash: bool = False,
    ) -> Array:  # fmt: skip
        """Cost of a strategy less that of the comparator, (alternative, draw): of a perspective or one party.

        horizon, strategy: indices. perspective: society where neither it nor a party is named. cash: undiscounted.
        Raises InputError, as every method here does, for names and places that there are not.
        """
        horizon, strategy = self._horizon(horizon), self._strategy(strategy)
        discounted, cash = true_or_false("discounted", discounted), true_or_false("cash", cash)
        if cash and discounted:
            raise InputError.at("discounted", "cash is not discounted here", "Leave out one of the two.")
        total = np.zeros(_checked(run).outcomes.cost.shape[-2:])
        for i, sign in self._counted(perspective, party, category):
            if cash:
                total += sign * run.outcomes.cash[horizon, i, strategy]
            else:
                cost = run.outcomes.cost[horizon, int(discounted), i]
                total += sign * (cost[strategy] - cost[0])
        return np.asarray(settled(total), dtype=float)

    @property
    def setting(self) -> SettingFile:
        """The country: who pays, in what currency."""
        return self.scenario.setting

    def total_cost(
        self, run: Run, horizon: int, strategy: int, perspective: str, discounted: bool, category: str | None = None
    ) -> Array:
        """Cost of a strategy to a perspective, (alternative, draw); of one category, or of all."""
        one_of("perspective", perspective, self.scenario.setting.perspectives)
        horizon, strategy = self._horizon(horizon), self._strategy(strategy)
        discounted = true_or_false("discounted", discounted)
        total = np.zeros(_checked(run).outcomes.cost.shape[-2:])
        for i, sign in self._counted(perspective, None, category):
            total += sign * run.outcomes.cost[horizon, int(discounted), i, strategy]
        return total

    def qaly_gain(self, run: Run, horizon: int, strategy: int, discounted: bool = True) -> Array:
        """QALYs of a strategy less those of the comparator, (alternative, draw)."""
        discounted = true_or_false("discounted", discounted)
        qaly = _checked(run).outcomes.qaly[self._horizon(horizon), int(discounted)]
        strategy = self._strategy(strategy)
        return np.asarray(settled(qaly[strategy] - qaly[0]), dtype=float)

    def estimate(self, run: Run, values: Array) -> Estimate:
        """Expected value over draws and alternatives, with the interval of the weighted mixture."""
        values = _by_draw(run, values)
        value = float(run.weights @ values.mean(axis=-1)) + 0.0
        if run.outcomes.draws == 1:
            return Estimate(value)
        low, high = quantiles(values, run.weights, (0.025, 0.975))
        return Estimate(value, low + 0.0, high + 0.0)

    def quantiles(self, run: Run, values: Array, at: tuple[float, ...]) -> tuple[float, ...]:
        """Quantiles of the mixture of alternatives; values: (alternative, draw); at: from 0 to 1."""
        return quantiles(_by_draw(run, values), run.weights, _shares(at))

    def chance(self, run: Run, happens: NDArray[np.bool_]) -> float:
        """Weighted share of draws in which something happens; happens: (alternative, draw)."""
        happened = _by_draw(run, happens, "happens")
        return float(run.weights @ happened.mean(axis=-1))

    def mean_curve(self, strategy: int, perspective: str, view: str = "value", run: Run | None = None) -> Array:
        """Expected cumulative net cost at `edges`, (cycle + 1,)."""
        run, v, p = self._read(run, view, perspective)
        curves = run.outcomes.mean_curve[:, v, p, self._strategy(strategy)]
        return np.asarray(settled(curves @ run.weights), dtype=float)

    def band(
        self, strategy: int, perspective: str, at: tuple[float, ...], view: str = "value", run: Run | None = None
    ) -> Array:
        """Quantiles of cumulative net cost over the kept draws, (quantile, cycle + 1)."""
        run, v, p = self._read(run, view, perspective)
        strategy, at = self._strategy(strategy, 1), _shares(at)
        used = np.flatnonzero(run.weights)
        curves = run.outcomes.curves_of(v, p)[:, strategy - 1, used]
        weights = np.repeat(run.weights[used], curves.shape[-1])
        flat = curves.reshape(len(curves), -1)
        order = np.argsort(flat, axis=1)
        ordered = np.take_along_axis(flat, order, axis=1)
        share = np.cumsum(weights[order], axis=1) / weights.sum()
        index = np.stack([np.argmax(share >= q - 1e-12, axis=1) for q in at])
        return np.asarray(settled(np.take_along_axis(ordered, index.T, axis=1).T), dtype=float)

    def curve_payback(
        self, strategy: int, perspective: str, horizon: int, *, view: str = "value", run: Run | None = None,
        sustained: bool = True,
    ) -> float:  # fmt: skip
        """Month at which the expected curve pays back, NEVER beyond the horizon."""
        curve = self.mean_curve(strategy, perspective, view, run)
        strategy, horizon = self._strategy(strategy, 1), self._horizon(horizon)
        cut, months = until(curve[:, None], self.edges, self.horizons[horizon] / MONTHS_A_YEAR)
        find = payback.sustained if true_or_false("sustained", sustained) else payback.first_touch
        return float(find(cut, months, self.first_payment[strategy])[0])

    def paybacks(self, run: Run, horizon: int, strategy: int, perspective: str, view: str = "value") -> Array:
        """Month of sustained payback in every draw, (alternative, draw), NEVER beyond the horizon."""
        run, v, p = self._read(run, view, perspective)
        sustained = run.outcomes.sustained[self._horizon(horizon), v, p, self._strategy(strategy, 1)]
        return np.asarray(sustained, dtype=float)

    def chance_of_payback(self, run: Run, horizon: int, strategy: int, perspective: str, view: str = "value") -> float:
        """Share of all draws that pay back for good within a horizon."""
        run, v, p = self._read(run, view, perspective)
        paid = run.outcomes.mean_paid_within[self._horizon(horizon), v, p, self._strategy(strategy, 1)]
        return float(run.weights @ paid)

    def chance_by_month(self, strategy: int, perspective: str, view: str = "value", run: Run | None = None) -> Array:
        """Share of all draws that have paid back for good by each of `edges`, to the last horizon, (cycle + 1,)."""
        run, v, p = self._read(run, view, perspective)
        paid = run.outcomes.mean_paid[:, v, p, self._strategy(strategy, 1)]
        return np.asarray(paid @ run.weights, dtype=float)

    def _read(self, run: Run | None, view: str, perspective: str) -> tuple[Run, int, int]:
        """A reading (the headline where it is None), and the indices of a view and a perspective."""
        one_of("view", view, VIEWS)
        setting = self.scenario.setting
        at = setting.index(one_of("perspective", perspective, setting.perspectives))
        reading = self.headline if run is None else _checked(run)
        return reading, VIEWS.index(view), at

    def parties(self) -> Iterator[str]:
        """Parties that pay or receive anything here."""
        for party in self.scenario.setting.parties:
            if any(party in (item.paid_by, item.received_by) for item in self.items):
                yield party

    def categories(self) -> list[str]:
        """Categories in use, in the order of the ledger."""
        return list(dict.fromkeys(item.category for item in self.items))

    @property
    def cycle_months(self) -> float:
        """Length of a cycle; a fraction for a cycle of weeks, of which a year has 52."""
        return cycle_months(self.scenario.model)


def in_words(months: float) -> str:
    """A time in words: years where they are whole, else months, or the weeks of a model with a cycle of weeks."""
    if months >= 12 and abs(months / 12 - round(months / 12)) < 1e-9:
        years = round(months / 12)
        return f"{years} year" + ("s" if years != 1 else "")
    weeks = months * CYCLE_WEEKS_A_YEAR / 12
    if months and abs(months - round(months)) > 1e-9 > abs(weeks - round(weeks)):
        return f"{weeks:.0f} week" + ("s" if round(weeks) != 1 else "")
    return f"{months:.0f} month" + ("s" if round(months) != 1 else "")


def _checked(run: Run) -> Run:
    return made_by("run", run, Run, "Result.run, or leave it out")


def _by_draw(run: Run, values: Array | NDArray[np.bool_], place: str = "values") -> Array:
    """Values of each alternative and draw. Raises InputError."""
    if not _checked(run).outcomes.draws:
        kept = f"what each draw of {run.name} gives is not kept here"
        raise InputError.at("run", kept, "Ask the table, or run anew.")
    given: Array = np.asarray(values)
    if given.dtype.kind not in "biuf" or given.ndim != 2 or given.shape[0] != len(run.weights):
        wanted = f"Numbers of the shape ({len(run.weights)}, draws): a row for each alternative."
        what = f"an array of {given.dtype} and the shape {given.shape}"
        raise InputError.at(place, f"this is {what}" if given.ndim else f"this is {shown(values)}", wanted)
    return given


def _shares(at: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(number("at", share, 0, 1, wrong="not a share of draws") for share in listed("at", at))


def score_in(people: Array, means: Sequence[float | Array], spreads: Sequence[float | Array] | None = None) -> Array:
    """Mean score of the living; with spreads its standard deviation.

    people: (state, …). means, spreads: mean and standard deviation of the score within each state, floats or (draw,).
    """
    living = people.sum(axis=0)
    mean = sum(people[i] * one for i, one in enumerate(means)) / living
    if spreads is None:
        return np.asarray(mean, dtype=float)
    squares = sum(people[i] * (m**2 + s**2) for i, (m, s) in enumerate(zip(means, spreads, strict=True))) / living
    return np.asarray(np.sqrt(np.maximum(squares - mean**2, 0.0)), dtype=float)
