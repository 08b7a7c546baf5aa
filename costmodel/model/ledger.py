"""The ledger of one block of draws: activity, then money and health, an item at a time; strata added up to a whole."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from costmodel.engine.formulas import closing, total_over_states
from costmodel.errors import InputError
from costmodel.model.activity import (
    LARGEST_LEAK,
    Activity,
    alike,
    draws_that_miss_one,
    edges,
    live_by_probabilities,
    live_by_rates,
    looking,
    move_of,
)
from costmodel.model.draws import Array, Values, impossible_in_draws
from costmodel.model.money import (
    THERAPY,
    Quantity,
    cost_per_year,
    harm,
    held_in,
    items,
    jobs_at_full,
    multiple,
    multiple_of_cost,
    of_sessions,
    sessions,
    share_open,
    taken_by_sessions,
    therapy_cost,
    therapy_window,
    utilities,
    years_in_work,
)
from costmodel.model.rates import Look, Term, channel_terms, look_in, quantity_terms, spans
from costmodel.result.flows import Ledger, Shared
from costmodel.result.outcomes import SAME_YEARS
from costmodel.scenario.blocks import PAID_WORK, CostItem, Effect
from costmodel.scenario.build import Scenario

BehindPurse = tuple[tuple[str | int, int, int], ...]
"""What a purse is made of: of each stratum its share, its column of the activity, and where its costs stand."""
ROOM = 32_768
"""Numbers that are priced at a time."""


@dataclass(frozen=True)
class CohortLedger:
    """The ledger of a block of draws: what the cohort lived through, and the values that price it."""

    scenario: Scenario
    look: Look
    activity: Activity
    draws: int
    purses: dict[tuple[BehindPurse, tuple[str, ...]], tuple[Array, Array]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What channels cost the comparator's people in a cycle, and the years they live in it, kept once worked out."""
    multiples: dict[Hashable, Array] = field(default_factory=dict, repr=False, compare=False)
    """Of what effects on a channel make of the cost of an item, (cycle, draw): the same for all items in it."""

    @classmethod
    def of(cls, scenario: Scenario, values: Values, draws: int) -> "CohortLedger":
        """Follow the cohort. Raises InputError where a derived number, the rates or the probabilities of a draw are
        absurd.
        """
        if problems := impossible_in_draws(scenario, [(values, draws)]):
            raise InputError(*problems)
        live = live_by_probabilities if scenario.model.in_probabilities else live_by_rates
        activity = _with_gaps_closed(scenario, live(scenario, values, draws))
        return cls(scenario, looking(values), activity, draws)

    def repriced(self, scenario: Scenario, values: Values) -> "CohortLedger":
        """What the same people lived through, priced by another scenario with the same people. Raises as `of`."""
        if problems := impossible_in_draws(scenario, [(values, self.draws)]):
            raise InputError(*problems)
        return replace(self, scenario=scenario, look=looking(values), purses={}, multiples={})

    @property
    def edges(self) -> Array:
        """Years from referral, (cycle + 1,)."""
        return edges(self.scenario)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Strategies, alternatives, draws."""
        strategies, alternatives = self.activity.column.shape
        return strategies, alternatives, self.draws

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(items(self.scenario.model))

    def _cycles(self) -> tuple[Array, Array]:
        """Beginnings and ends of the cycles in years, (cycle, 1) each: a row for the draws."""
        return self.edges[:-1, None], self.edges[1:, None]

    def cost_of(self, item: int) -> Shared:
        """What an item costs, (cycle, column, draw)."""
        name = items(self.scenario.model)[item].name
        costs = self.scenario.model.costs
        if name == THERAPY or name in of_sessions(structure.model for structure in self.scenario.structures):
            return self._at_sessions(name)
        if name in costs:
            return self._cost(name)
        jobs = self._years_in_work
        assert self.scenario.model.work is not None
        return Shared(jobs.values * self.scenario.model.work.money_of_an_extra_job(name, self.look), jobs.column)

    def living(self) -> Shared:
        """People at the start of each cycle and at the end, (cycle + 1, state, column, draw)."""
        return Shared(self.activity.people, self.activity.column)

    def time_in_states(self) -> Shared:
        """Person-years, (cycle, state, column, draw)."""
        return self.activity.time_in_states()

    def health(self) -> Shared:
        """QALYs, (cycle, column, draw)."""
        strategies, alternatives, draws = self.shape
        qaly = np.empty((len(self.edges) - 1, strategies * alternatives, draws))
        at_start = None if self.activity.at_start is None else np.empty(qaly.shape[1:])
        columns = np.arange(strategies * alternatives).reshape(strategies, alternatives)
        for s, strategy in enumerate(self.scenario.model.strategies):
            for a in range(alternatives):
                own = columns[s, a]
                qaly[:, own] = self._qalys(s, strategy, a)
                if at_start is not None and self.activity.at_start is not None:
                    references = utilities(self.scenario.structures[a].model, strategy)
                    first = [look_in(self.scenario.model, 0, self.look)(reference) for reference in references]
                    people = self.activity.at_start[:, self.activity.column[s, a]]
                    at_start[own] = total_over_states(list(people), first)
        return Shared(qaly, columns, at_start)

    def _qalys(self, s: int, strategy: str, a: int) -> Array:
        """QALYs of one strategy and alternative, (cycle, draw)."""
        model, structure, column = self.scenario.model, self.scenario.structures[a], self.activity.column[s, a]
        qaly = np.empty((len(self.edges) - 1, self.draws))
        references = utilities(structure.model, strategy)
        for span, looked in spans(model, references, self.look):
            worth = [looked(reference) for reference in references]
            _add_up(self.activity.person_years[span, :, column], worth, qaly[span])
        if structure.model.strategies[strategy].harms:
            begin, end = self._cycles()
            qaly -= harm(structure.model, strategy, begin, end, self.look)
        for name, gain in structure.model.qalys_on_transition.items():
            if (moved := self.activity.moved.get(move_of(name))) is not None:
                qaly += moved[:, column] * self.look(gain)
        return qaly

    def _at_sessions(self, name: str) -> Shared:
        """Therapy, or an item that sessions alone use, (cycle, strategy, draw); alternatives do not differ in them."""
        model, (begin, end) = self.scenario.model, self._cycles()
        strategies, alternatives, draws = self.shape
        cost = np.zeros((len(begin), strategies, draws))
        for s, (strategy, block) in enumerate(model.strategies.items()):
            if block.therapy:
                window = therapy_window(model, strategy)
                held = sessions(model, strategy, begin, end, window, self.look)
                price = therapy_cost if name == THERAPY else partial(taken_by_sessions, item=name)
                cost[:, s] = price(model, strategy, begin, end, window, held, self.look)
        column = np.repeat(np.arange(strategies)[:, None], alternatives, axis=1)
        return Shared(cost, column, None if self.activity.at_start is None else np.zeros(cost.shape[1:]))

    def _cost(self, name: str) -> Shared:
        """An item that people use while they are in a state, at transitions, or once at time 0."""
        model, activity, item = self.scenario.model, self.activity, self.scenario.model.costs[name]
        channel = self.scenario.setting.channel_of(item.category)
        mixed = model.strata or model.money_mixture
        if mixed or any(one.quantity == name or channel in (one.channels or ()) for one in self._effects()):
            return self._cost_apart(name)
        cost = np.empty((len(self.edges) - 1, *activity.people.shape[2:]))
        at_start = self._spend(item, slice(None), cost)
        return self._used_by(item, Shared(cost, activity.column, at_start))

    def _spend(self, item: CostItem, columns: int | slice, cost: Array) -> Array | None:
        """Write what some columns of the activity spend on an item into a total, (cycle, …, draw); return what they
        spend at time 0, (…, draw), in models of probabilities.
        """
        model, activity = self.scenario.model, self.activity
        for span, looked in spans(model, item.while_in.values(), self.look):
            _add_up(activity.person_years[span, :, columns], cost_per_year(model, item, looked), cost[span])
        price = self.look(item.price)
        for name, quantity in item.on_transition.items():
            if (moved := activity.moved.get(move_of(name))) is not None:
                cost += moved[:, columns] * (self.look(quantity) * price)
        if activity.at_start is None:
            return None
        per_year = cost_per_year(model, item, look_in(model, 0, self.look))
        at_start = np.empty(cost.shape[1:])
        at_start[...] = total_over_states(list(activity.at_start[:, columns]), per_year)
        at_start += self.look(item.at_start) * price
        return at_start

    @cached_property
    def _years_in_work(self) -> Shared:
        """Extra years in paid work, (cycle, column, draw): of models of rates.

        Raises InputError where the shares of the origins do not sum to 1 in every draw.
        """
        activity, strategies, model = self.activity, list(self.scenario.model.strategies), self.scenario.model
        assert model.work is not None
        shares = [self.look(origin.share) for origin in model.work.origins.values()]
        if wrong := draws_that_miss_one(shares, self.draws):
            found = f"the shares of the origins do not sum to 1 in {wrong:,} of {self.draws:,} draws"
            remedy = "Make one the complement_of another, or draw them as one (groups, together: dirichlet)."
            raise InputError.at("work.origins", found, remedy)
        terms = [
            [quantity_terms(structure.model, strategy, PAID_WORK) for structure in self.scenario.structures]
            for strategy in strategies
        ]
        keys = [[(activity.column[s, a], of) if of else () for a, of in enumerate(row)] for s, row in enumerate(terms)]
        column, first = alike(keys)
        years = np.zeros((len(self.edges) - 1, len(first), self.draws))
        begin, end = self._cycles()
        for c, (s, a) in enumerate(first):
            if of := terms[s][a]:
                own = self.scenario.structures[a].model
                full = [jobs_at_full(own, term, self.look) for term in of]
                alive = activity.person_years[:, :, activity.column[s, a]].sum(axis=1)
                gap = share_open(own, strategies[s], begin, end)
                years[:, c] = years_in_work(of, full, alive, gap, begin, end, self.look)
        return Shared(years, column)

    def _effects(self) -> Iterator[Effect]:
        for structure in self.scenario.structures:
            for strategy in structure.model.strategies.values():
                yield from strategy.effects.values()

    def _cost_apart(self, name: str) -> Shared:
        """An item of which strategies or strata use different quantities, or on whose channel there is an effect, which
        acts on what the comparator's people cost: a column for each that differs.
        """
        activity, strategies = self.activity, list(self.scenario.model.strategies)

        def lived(s: int, a: int) -> int:
            terms = channel_terms(self.scenario.structures[a].model, self.scenario.setting, strategies[s], name)
            return int(activity.column[0 if terms else s, a])

        keys = [
            [
                (
                    lived(s, a),
                    tuple(structure.model.costs[name].while_in.items()),
                    quantity_terms(structure.model, strategy, name),
                    channel_terms(structure.model, self.scenario.setting, strategy, name),
                    self._purses_of(a, strategy, name),
                    self._closes(s, a)[1],
                )
                for a, structure in enumerate(self.scenario.structures)
            ]
            for s, strategy in enumerate(strategies)
        ]
        column, first = alike(keys)
        cost = np.empty((len(self.edges) - 1, len(first), self.draws))
        at_start = None if activity.at_start is None else np.empty(cost.shape[1:])
        before: dict[Hashable, tuple[Array, Array | None]] = {}  # effects, of columns that are the same until then
        for c, (s, a) in enumerate(first):
            model = self.scenario.structures[a].model
            if (same := keys[s][a][:2]) not in before:
                once = self._spend(model.costs[name], lived(s, a), spent := np.empty_like(cost[:, c]))
                before[same] = spent, once
            cost[:, c], once = before[same]
            if at_start is not None and once is not None:
                at_start[c] = once
            if terms := quantity_terms(model, strategies[s], name):
                begin, end = self._cycles()
                cost[:, c] *= multiple(terms, share_open(model, strategies[s], begin, end), begin, end, self.look)
            if terms := channel_terms(model, self.scenario.setting, strategies[s], name):
                cost[:, c] *= self._multiple(terms, s, a)
        return self._used_by(self.scenario.model.costs[name], Shared(cost, column, at_start))

    def _closes(self, s: int, a: int) -> tuple[Array | None, bytes | None]:
        """Share of each cycle before a strategy's gap to the comparator closes, (cycle, 1), and what is the same where
        that is; None where it does not close.
        """
        strategy = list(self.scenario.model.strategies)[s]
        gap = share_open(self.scenario.structures[a].model, strategy, *self._cycles())
        return gap, None if gap is None else np.asarray(gap).tobytes()

    def _multiple(self, terms: tuple[Term, ...], s: int, a: int) -> Array:
        """What effects on a channel make of the cost of an item in it, (cycle, draw)."""
        model, (begin, end), (gap, closes) = self.scenario.structures[a].model, self._cycles(), self._closes(s, a)
        key = (terms, closes, *(self._behind_purse(a, term.channels) for term in terms if term.needs_purse))
        if key not in self.multiples:
            found = multiple_of_cost(model, terms, gap, begin, end, self.look, partial(self.purse, a))
            self.multiples[key] = np.broadcast_to(found, (len(begin), self.draws))
        return self.multiples[key]

    def _purses_of(self, a: int, strategy: str, name: str) -> tuple[tuple[BehindPurse, tuple[str, ...]], ...]:
        """What is behind the purses by which the effects on an item's channel go."""
        terms = channel_terms(self.scenario.structures[a].model, self.scenario.setting, strategy, name)
        return tuple((self._behind_purse(a, term.channels), term.channels) for term in terms if term.needs_purse)

    def purse(self, a: int, channels: tuple[str, ...]) -> Array:
        """What channels cost the comparator's people a person-year, (cycle, draw); of all strata together.

        a: which alternative or stratum.
        """
        spent, lived = self._spent_and_lived(a, channels)
        return spent / lived

    def mean_purse(self, a: int, channels: tuple[str, ...], years: float) -> float:
        """The same of all cycles that end by a time, over all draws."""
        spent, lived = self._spent_and_lived(a, channels)
        by_then = self.edges[1:] <= years + SAME_YEARS
        return float(spent[by_then].sum() / lived[by_then].sum())

    def _spent_and_lived(self, a: int, channels: tuple[str, ...]) -> tuple[Array, Array]:
        key, model = (self._behind_purse(a, channels), channels), self.scenario.model
        if key not in self.purses:
            spent, lived = np.zeros((2, len(self.edges) - 1, self.draws))
            for share, column, of in key[0]:
                costs = [self.scenario.structures[of].model.costs[name] for name in held_in(self.scenario, channels)]
                time, theirs = self.activity.person_years[:, :, column], np.zeros_like(spent)
                for span, looked in spans(model, [one for item in costs for one in item.while_in.values()], self.look):
                    each = zip(*(cost_per_year(model, item, looked) for item in costs), strict=True)
                    if costs:  # none where nobody uses what stands in the channel
                        _add_up(time[span], [sum(one[1:], one[0]) for one in each], theirs[span])
                spent += self.look(share) * theirs
                lived += self.look(share) * time.sum(axis=1)
            self.purses[key] = spent, lived
        return self.purses[key]

    def _behind_purse(self, a: int, channels: tuple[str, ...]) -> BehindPurse:
        """What a purse is made of, under an alternative or of the strata that a stratum is one of."""
        structures, count = self.scenario.structures, max(1, len(self.scenario.model.strata))
        found = []
        for one in range(a // count * count, a // count * count + count):
            of = structures[one].model.costs
            same = next(k for k, structure in enumerate(structures) if structure.model.costs == of)
            share = structures[one].factors[0] if self.scenario.model.strata else 1
            found.append((share, int(self.activity.column[0, one]), same))
        return tuple(found)

    def _used_by(self, item: CostItem, cost: Shared) -> Shared:
        """The same for those who use the item; strategies that do not have a column of nothing."""
        others = [s for s, name in enumerate(self.scenario.model.strategies) if name not in item.only_in]
        if not item.only_in or not others:
            return cost
        assert cost.at_start is not None
        column = cost.column.copy()
        column[others] = cost.values.shape[1]
        values = np.concatenate([cost.values, np.zeros_like(cost.values[:, :1])], axis=1)
        return Shared(values, column, np.concatenate([cost.at_start, np.zeros_like(cost.at_start[:1])]))


def _add_up(person_years: Array, per_year: list[Quantity], total: Array) -> None:
    """Write Σ over states into a total, (cycle, …, draw), a few cycles at a time so that they stay in the cache."""
    few = max(ROOM // total[0].size, 1)
    for first in range(0, len(total), few):
        part = slice(first, first + few)
        total[part] = total_over_states(list(person_years[part].swapaxes(0, 1)), per_year)


def _with_gaps_closed(scenario: Scenario, activity: Activity) -> Activity:
    """Where the gap closes after the follow-up, a strategy's people spread as the comparator's from then on."""
    model, time = scenario.model, edges(scenario)
    for s, strategy in enumerate(model.strategies):
        shares = [share_open(model, strategy, begin, end) for begin, end in pairwise(time)]
        for k, open_share in enumerate(shares):
            if open_share is None or open_share >= 1:
                continue
            if activity.column.size > activity.people.shape[2]:
                activity = activity.apart()
            person_years = activity.person_years[k]
            own, comparators = person_years[:, activity.column[s]], person_years[:, activity.column[0]]
            person_years[:, activity.column[s]] = closing(own, comparators, open_share)
    return activity


def shares_of_strata(scenario: Scenario, look: Look) -> list[float | Array]:
    """Share of each stratum, a float or (draw,). Raises InputError where they do not sum to 1 in every draw."""
    shares = [look(stratum.share) for stratum in scenario.model.strata.values()]
    if np.max(np.abs(sum(shares) - 1)) > LARGEST_LEAK:
        found = "the shares of the strata do not sum to 1 in every draw"
        raise InputError.at("strata", found, "Make one the complement_of another, or draw them together (groups).")
    return shares


@dataclass(frozen=True)
class LedgerOfStrata:
    """A ledger of the whole cohort: the strata of another, each by its share of the people.

    parts: its alternatives are the strata, or those of each alternative in turn.
    shares: of each, a float or (draw,); they sum to 1 in every draw.
    """

    parts: Ledger
    shares: Sequence[float | Array]

    @property
    def edges(self) -> Array:
        """Years from referral, (cycle + 1,)."""
        return self.parts.edges

    @property
    def shape(self) -> tuple[int, int, int]:
        """Strategies, alternatives, draws."""
        strategies, structures, draws = self.parts.shape
        return strategies, structures // len(self.shares), draws

    @property
    def items(self) -> int:
        """How many items there are."""
        return self.parts.items

    def cost_of(self, item: int) -> Shared:
        """What an item costs, (cycle, strategy, draw)."""
        return self._added(self.parts.cost_of(item))

    def health(self) -> Shared:
        """QALYs, (cycle, strategy, draw)."""
        return self._added(self.parts.health())

    def living(self) -> Shared:
        """People at the start of each cycle and at the end, (cycle + 1, state, strategy, draw)."""
        return self._added(self.parts.living())

    def time_in_states(self) -> Shared:
        """Person-years, (cycle, state, strategy, draw)."""
        return self._added(self.parts.time_in_states())

    def _added(self, parts: Shared) -> Shared:
        rows = parts.column.reshape(-1, len(self.shares))
        columns, kept = np.unique(rows, axis=0, return_inverse=True)

        def added(values: Array) -> Array:
            return np.stack([self._sum(values, column) for column in columns], axis=-2)

        at_start = None if parts.at_start is None else added(parts.at_start)
        return Shared(added(parts.values), kept.reshape(len(parts.column), -1), at_start)

    def _sum(self, values: Array, column: Array) -> Array:
        total: Array = np.zeros((*values.shape[:-2], values.shape[-1]))
        for share, of in zip(self.shares, column, strict=True):
            total += values[..., of, :] * share
        return total
