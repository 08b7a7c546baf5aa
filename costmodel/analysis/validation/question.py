"""What a target asks of a scenario: whether it can be asked, what answers it draw by draw, and the prediction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.validation.scores import Prediction
from costmodel.analysis.validation.target import NORMAL, Target
from costmodel.errors import Problem, nearest
from costmodel.model.activity import edges, looking
from costmodel.model.draws import Values, drawn_values
from costmodel.model.money import cost_per_year
from costmodel.model.rates import rate_lines
from costmodel.model.run import living_at, run_at
from costmodel.result.frames import used_of
from costmodel.result.outcomes import Living, share_in
from costmodel.result.result import Result
from costmodel.result.sums import quantiles, score_in
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, in_whole_cycles
from costmodel.scenario.scores import unit_of_score
from costmodel.scenario.setting import THERAPY
from costmodel.units import Duration

Array = NDArray[np.float64]
Kind = Literal["mean", "median", "ratio", "chance"]
Parts = Mapping[str, Array]
"""What a kind of prediction is made of, (alternative, draw) each.

mean, median: of `value`. ratio: mean of `above` ÷ mean of `below`. chance: share of draws with `value` 1.
"""
SCORES = ("mean score", "spread of score")
ONLY_PEOPLE = ("share in states", "months in states", "share moved", *SCORES)
"""Outcomes without money and health: of the cohort alone."""
TAILS = (0.025, 0.975)


def problems(place: Callable[[str], str], row: Target, scenario: Scenario) -> Iterator[Problem]:
    """What a scenario lacks that a target asks about. place: of a key of the row."""
    model = scenario.model
    indices = scenario.setting.price_indices
    named = (
        ("strategy", [row.strategy], model.strategies),
        ("against", [row.against], model.strategies),
        ("stratum", [row.stratum], model.strata),
        ("states", row.states, model.states),
        ("score", [row.score], model.scores),
        ("ill", [row.ill], model.states),
        ("item", [row.item], model.costs),
        ("transition", [" -> ".join(row.transition) if row.transition else None], model.transitions),
        ("index", [row.index], indices),
    )
    for key, names, allowed in named:
        for name in names:
            if name is not None and name not in allowed:
                yield Problem(place(key), f'{scenario.path.name} has no {key} "{name}"', nearest(name, allowed))
    if row.time is not None and row.outcome != "share moved":
        if not (row.time.months or row.outcome in SCORES) or row.time.months > model.horizon.months:
            yield Problem(place("time"), f"{row.time.text} is outside the model's time", f"Up to {model.horizon.text}.")
        elif not in_whole_cycles(row.time.months, cycle_months(model)):
            yield Problem(place("time"), f"{row.time.text} is not a whole number of cycles of {model.cycle}")
    if row.score in model.scores:
        unit = unit_of_score(scenario, str(row.score)) or "share"
        if row.outcome == "spread of score" and unit == "share":
            found = f'"{row.score}" is a share on one side of a cut-off, which has no spread'
            yield Problem(place("outcome"), found, "Ask for its mean score, or name a score in points.")
        elif row.unit != unit:
            found = f'"{row.score}" is in {unit}, and the target in {row.unit}'
            yield Problem(place("unit"), found, f"Write unit: {unit}.")
    if row.outcome == "share moved" and (model.in_probabilities or (model.strata and not row.stratum)):
        found = "the share that moved needs a model of rates, and one stratum where there are any"
        yield Problem(place("outcome"), found)
    first = next(iter(model.strategies))
    if row.outcome == "payback month" and row.against != first and row.against in model.strategies:
        yield Problem(place("against"), "money is paid back against the first strategy", f"Write against: {first}.")
    if row.utility_set and not utility_choices(scenario, row.utility_set):
        yield Problem(place("utility_set"), f'no utility offers the option "{row.utility_set}"')
    if row.price_year and row.price_year != scenario.setting.price_year and row.index is None:
        yield Problem(place("price_year"), "money of another year needs an index", f"One of {', '.join(indices)}.")


def utility_choices(scenario: Scenario, option: str) -> Mapping[str, str]:
    """The utilities that are choices with such an option, and the option."""
    used = {str(one) for structure in scenario.structures for one in structure.model.utilities.values()}
    records = scenario.parameters
    return {name: option for name in sorted(used) if name in records and option in (records[name].one_of or ())}


@dataclass(frozen=True)
class Answers:
    """A scenario that is asked several targets: run once, and read at their times. Everything is undiscounted."""

    scenario: Scenario
    rows: Sequence[Target]
    draws: int
    seed: int

    @property
    def weights(self) -> Array:
        """Of the alternatives; they sum to 1."""
        look = looking(self.scenario.central)
        return np.array([float(one.weight(look)) for one in self.scenario.readings])

    @cached_property
    def _result(self) -> Result:
        months = {month for row in self.rows if row.outcome not in ONLY_PEOPLE for month in self._window(row)}
        months.add(self._one_cycle.months)
        return run_at(self.scenario, months, self.draws, self.seed)

    @cached_property
    def _lived(self) -> dict[float, Living]:
        months = sorted({0.0, *(row.months for row in self.rows if row.states or row.score)})
        lived = living_at(self.scenario, months, self.draws, self.seed)
        return {month: Living(*at) for month, *at in zip(months, *lived, strict=True)}

    @cached_property
    def _values(self) -> Values:
        return drawn_values(self.scenario, self.draws, self.seed)

    def _window(self, row: Target) -> list[float]:
        """Months at which a row is read: its last, and the one before where it is of a single cycle."""
        if row.time is None:
            return []
        before = [row.months - cycle_months(self.scenario.model)] if row.outcome == "fall in use" else []
        return [*before, row.months]

    def of(self, row: Target, threshold: float) -> tuple[Kind, Parts]:
        """What answers a target. threshold: money per QALY, in the setting's price year."""
        years = row.months / MONTHS_A_YEAR
        match row.outcome:
            case "share in states":
                people = self._lived[row.months].people
                return "mean", {"value": self._less(row, lambda s: share_in(people[:, s], self._states(row)))}
            case "months in states":
                return "mean", {"value": self._years_in_states(row) * MONTHS_A_YEAR}
            case "mean score" | "spread of score":
                people = self._lived[row.months].people
                return "mean", {"value": self._less(row, lambda s: self._score(row, people[:, s]))}
            case "share moved":
                return "mean", {"value": _share_moved(self.scenario, row, self._values, self.draws)}
            case "qaly gain":
                return "mean", {"value": self._qalys(row)}
            case "cost" | "cost per year":
                each = 1 / years if row.outcome == "cost per year" else 1.0
                return "mean", {"value": self._total(row) * each}
            case "net cost":
                return "mean", {"value": self._net(row, row.category)}
            case "offset per year":
                return "mean", {"value": self._offset(row) / years}
            case "offset ratio":
                return "ratio", {"above": self._offset(row), "below": self._net(row, THERAPY)}
            case "greatest offset ratio":
                gained, year = self._years_in_states(row), self._year_ill(row)
                therapy = self._net(row, THERAPY)
                return "ratio", {"above": gained * year, "below": therapy, "years": gained, "year ill": year}
            case "cost per qaly":
                return "ratio", {"above": self._net(row), "below": self._qalys(row)}
            case "use per year" | "fall in use":
                return "mean", {"value": self._use(row)}
            case "payback month":
                result = self._result
                last, own = len(result.horizons) - 1, self._place(row.strategy)
                return "median", {"value": result.paybacks(result.headline, last, own, str(row.perspective))}
            case "chance better and cheaper":
                both = (self._years_in_states(row) > 0) & (self._net(row) < 0)
                return "chance", {"value": both.astype(float)}
            case "chance cost-effective":
                worth = self._qalys(row) * threshold > self._net(row)
                return "chance", {"value": worth.astype(float)}
        raise ValueError(f"nothing is asked where the outcome is {row.outcome}")

    def unchanged(self, row: Target) -> Array | None:
        """The same as `of` if nothing changed, (alternative, draw): people as they entered, spending as in the first
        cycle, and therapy that moves nothing but its own price. None of a cost per QALY, which there is not.
        """
        years, nothing = row.months / MONTHS_A_YEAR, np.zeros((len(self.weights), 1))
        start = row.model_copy(update={"time": Duration(0.0, "0 months")})
        match row.outcome:
            case "cost per qaly":
                return None
            case "payback month":
                return nothing + self.scenario.model.horizon.months
            case "net cost" if row.category in (None, THERAPY):
                return self._net(row, THERAPY)
            case _ if row.against is not None or row.outcome == "share moved":
                return nothing
            case "cost" | "cost per year":
                first = next(iter(self.scenario.model.strategies))
                spent = self._total(row.model_copy(update={"strategy": first, "time": self._one_cycle}))
                course = self._net(row.model_copy(update={"against": first}), THERAPY) if row.strategy != first else 0.0
                spent = spent / (self._one_cycle.months / MONTHS_A_YEAR) + course / years
                return spent * years if row.outcome == "cost" else spent
            case "use per year":
                return self._use(row.model_copy(update={"time": self._one_cycle}))
            case "months in states":
                return self.of(start.model_copy(update={"outcome": "share in states"}), 0.0)[1]["value"] * row.months
            case _:
                return self.of(start, 0.0)[1]["value"]

    def of_comparator(self, row: Target) -> Array | None:
        """The same as `of` for usual care, (alternative, draw); a difference is none.

        None where the row is about usual care itself, and of what two equal groups do not have: a payback, a chance,
        a cost per QALY.
        """
        first = next(iter(self.scenario.model.strategies))
        if row.outcome in ("payback month", "chance better and cheaper", "chance cost-effective", "cost per qaly"):
            return None
        if row.against is not None:
            return np.zeros((len(self.weights), 1))
        return None if row.strategy == first else self.of(row.model_copy(update={"strategy": first}), 0.0)[1]["value"]

    @property
    def _one_cycle(self) -> Duration:
        return Duration(cycle_months(self.scenario.model), self.scenario.model.cycle)

    def _place(self, strategy: str | None) -> int:
        return list(self.scenario.model.strategies).index(str(strategy))

    def _states(self, row: Target) -> list[int]:
        return [list(self.scenario.model.states).index(state) for state in row.states]

    def _less(self, row: Target, of: Callable[[int], Array]) -> Array:
        """Of the row's strategy, less that of the one it is compared with, if any."""
        own = of(self._place(row.strategy))
        return own if row.against is None else own - of(self._place(row.against))

    def _gained(self, row: Target, of: Callable[[int], Array]) -> Array:
        """Of the row's strategy less that of the one it is compared with, where each is less the first's already."""
        own, other = self._place(row.strategy), self._place(row.against)
        return of(own) - of(other) if other else of(own)

    def _score(self, row: Target, people: Array) -> Array:
        """Mean score of the living, or its standard deviation; people: (state, alternative, draw)."""
        model, look = self.scenario.model, looking(self._values)
        means, spreads = (
            [look(one) for one in model.scores[str(row.score)].references(model.states, spread)]
            for spread in (False, True)
        )
        return score_in(people, means, spreads if row.outcome == "spread of score" else None)

    def _years_in_states(self, row: Target) -> Array:
        spent = self._lived[row.months].person_years[self._states(row)].sum(axis=0)
        return self._less(row, lambda s: spent[s])

    def _qalys(self, row: Target) -> Array:
        result, at = self._result, self._result.at(row.months)
        return self._gained(row, lambda s: result.qaly_gain(result.headline, at, s, discounted=False))

    def _net(self, row: Target, category: str | None = None) -> Array:
        result, at = self._result, self._result.at(row.months)
        run, payer = result.headline, row.perspective
        return self._gained(row, lambda s: result.net_cost(run, at, s, perspective=payer, category=category))

    def _offset(self, row: Target) -> Array:
        """Saving on everything but the therapy."""
        return self._net(row, THERAPY) - self._net(row)

    def _total(self, row: Target) -> Array:
        result, own = self._result, self._place(row.strategy)
        run, at = result.headline, result.at(row.months)
        return result.total_cost(run, at, own, str(row.perspective), discounted=False, category=row.category)

    def _use(self, row: Target) -> Array:
        """Use of a cost item a year: to the time, or of the comparator less one's own in the cycle that ends then."""
        result = self._result
        (item,) = [i for i, one in enumerate(result.items) if one.name == row.item]
        *before, last = self._window(row)

        def used_to(month: float) -> Array:
            at = result.at(month)
            return self._less(row, lambda s: used_of(result, result.headline, self._values, item, at, s))

        used = used_to(last) - sum((used_to(month) for month in before), np.zeros(()))
        return used * MONTHS_A_YEAR / (last - sum(before)) * (-1.0 if row.outcome == "fall in use" else 1.0)

    def _year_ill(self, row: Target) -> Array:
        """Everything that a perspective spends on a person-year in a state, (1, draw)."""
        model, look, total = self.scenario.model, looking(self._values), np.zeros((1, self.draws))
        for cost in model.costs.values():
            if sign := self.scenario.setting.weight(str(row.perspective), cost.paid_by, cost.received_by):
                total += sign * cost_per_year(model, cost, look)[list(model.states).index(str(row.ill))]
        return total


def _share_moved(scenario: Scenario, row: Target, values: Values, draws: int) -> Array:
    """Share of those who begin at the origin that has made a move at least once, deaths and other moves aside.

    1 − exp(−Σ rate × length of cycle); beyond the horizon the last rate goes on.
    """
    arrow, time, look = " -> ".join(row.transition or ()), edges(scenario), looking(values)
    until = row.months / MONTHS_A_YEAR
    moved = np.empty((len(scenario.structures), draws))
    for a, structure in enumerate(scenario.structures):
        (line,) = [one for one in rate_lines(structure.model, str(row.strategy)) if one.name == arrow]
        hazard, rate = np.zeros(draws), np.zeros(draws)
        for begin, end in pairwise(time):
            rate = line.rate(line.shares(begin, end, float(time[-1]), look), look) + np.zeros(draws)
            hazard = hazard + rate * max(0.0, min(end, until) - begin)
        moved[a] = -np.expm1(-hazard - rate * max(0.0, until - time[-1]))
    return moved


def draws_of(kind: Kind, parts: Parts, horizon: float) -> Array | None:
    """What a prediction is a summary of, (alternative, draw); None of a ratio that is infinite in a draw.

    horizon: months, for which a payback that does not come counts.
    """
    if kind == "chance":
        return np.asarray(parts["value"].mean(axis=1, keepdims=True))
    if kind == "ratio":
        return np.asarray(parts["above"] / parts["below"]) if (parts["below"] > 0).all() else None
    return np.minimum(parts["value"], horizon) if kind == "median" else parts["value"]


def prediction(kind: Kind, parts: Parts, weights: Array) -> Prediction:
    """The prediction of a weighted mixture of alternatives.

    parts: (alternative, draw) each. weights: (alternative,), they sum to 1.
    A chance has no spread over draws: its interval reaches from the lowest alternative to the highest, with the
    sampling error of each. A ratio whose denominator is not above 0 in a draw counts as infinite there.
    """
    if kind == "chance":
        return _chance(parts["value"], weights)
    if kind == "ratio":
        above, below = parts["above"], parts["below"]
        each = np.full(above.shape, np.inf)
        np.divide(above, below, out=each, where=below > 0)
        spent, gained = float(weights @ above.mean(axis=1)), float(weights @ below.mean(axis=1))
        return Prediction(spent / gained if gained > 0 else np.inf, *quantiles(each, weights, TAILS))
    values = parts["value"]
    if kind == "median":
        low, middle, high = quantiles(values, weights, (TAILS[0], 0.5, TAILS[1]))
        return Prediction(middle, low, high)
    return Prediction(float(weights @ values.mean(axis=1)), *quantiles(values, weights, TAILS))


def _chance(happens: Array, weights: Array) -> Prediction:
    used = np.flatnonzero(weights)
    chances = happens.mean(axis=1)
    errors = NORMAL * np.sqrt(chances * (1 - chances) / happens.shape[1])
    low, high = (chances - errors)[used].min(), (chances + errors)[used].max()
    return Prediction(float(weights @ chances), float(max(low, 0.0)), float(min(high, 1.0)))
