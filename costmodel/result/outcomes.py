"""Outcomes of every draw: flows summed over time, curves, payback; and those of all blocks of draws as one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.engine.formulas import cash
from costmodel.errors import InputError
from costmodel.result import payback
from costmodel.result.flows import Ledger, Shared, apart

Array = NDArray[np.float64]

SAME_YEARS = 1e-9
"""Years within which two times are one."""
VIEWS = ("value", "discounted", "cash")
"""Three readings of net cost: undiscounted opportunity cost, the same discounted, and undiscounted cash."""
KEPT_CURVES = 4_096
"""Draws whose cumulative curves are kept, for the bands."""
KEPT_BESIDE = 256
"""The same of a convention about money, of which there are many."""
KEPT_DRAWS = 10_240
"""Draws whose outcomes are kept one by one. Means and chances are over all draws, however many."""
PER_DRAW = ("cost", "cash", "qaly", "sustained", "peak", "curves")
AVERAGED = ("cost", "cash", "qaly", "peak")
"""What each draw has and a mean may be taken of; months of payback have none."""
ALIKE = ("sum_of",)
"""What is the same in every block."""
OVER_DRAWS = ("mean_curve", "mean_paid", "mean_paid_within")
"""What is kept of curves over all draws, its last axis the alternatives."""
FEW = 64
"""Numbers at one time below which the loop over time is NumPy's."""


@by_content
@dataclass(frozen=True)
class Outcomes:
    """Per person referred. Axes: horizon, discounted (no, yes), item, strategy, alternative, view, perspective, draw.

    cost: (horizon, discounted, item, strategy, alternative, draw).
    cash: cash effect against the comparator, undiscounted (horizon, item, strategy, alternative, draw).
    qaly: (horizon, discounted, strategy, alternative, draw).
    sustained: months, NEVER beyond the horizon (horizon, view, perspective, strategy, alternative, draw).
    peak: money to the last horizon (view, perspective, strategy, alternative, draw).
    curves: cumulative net cost of every strategy after the comparator, which has none
        (cycle + 1, view, sum, strategy − 1, alternative, draw up to KEPT_CURVES); perspectives that count the same
        items share a sum.
    sum_of: which sum is that of each perspective (perspective,).
    mean_curve: over all draws (cycle + 1, view, perspective, strategy, alternative).
    mean_cost: over all draws, undiscounted (cycle, item, strategy, alternative).
    mean_people: (cycle + 1, state, strategy, alternative).
    mean_paid: share of draws that have paid back for good by each edge of a cycle, seen to the last horizon
        (cycle + 1, view, perspective, strategy, alternative).
    mean_paid_within: share of draws that pay back within each horizon
        (horizon, view, perspective, strategy, alternative).
    In the outcomes of one block every mean is still a sum over its draws.
    """

    cost: Array
    cash: Array
    qaly: Array
    sustained: Array
    peak: Array
    curves: Array
    sum_of: NDArray[np.int64]
    mean_curve: Array
    mean_cost: Array
    mean_people: Array
    mean_paid: Array
    mean_paid_within: Array

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.cost.shape[-1])

    def of_payback(self) -> "Outcomes":
        """What is known over all draws, and of each draw its months of payback by value alone."""
        gone = {name: getattr(self, name)[..., :0].copy() for name in PER_DRAW}
        return replace(self, **(gone | {"sustained": self.sustained[:, : VIEWS.index("value") + 1].copy()}))

    def curves_of(self, view: int, perspective: int) -> Array:
        """The kept curves of a view and a perspective, (cycle + 1, strategy − 1, alternative, draw)."""
        return self.curves[:, view, self.sum_of[perspective]]


@dataclass(frozen=True)
class Terms:
    """What the summing needs beside the flows.

    horizons: years, rising. signs: by perspective, of each item: 1 a cost, −1 a receipt,
    0 none of its. cashable: by item, float or (draw,).
    lags: cycles, by item. factors: discount factors of costs and of health, (cycle, 1) or (cycle, draw); what is
    booked at time 0 is not discounted. first_payment: month, by strategy.
    """

    horizons: tuple[float, ...]
    signs: tuple[tuple[int, ...], ...]
    cashable: tuple[float | Array, ...]
    lags: tuple[int, ...]
    factors: tuple[Array, Array]
    first_payment: tuple[float, ...]


def year_of(edges: Array) -> Array:
    """Whole years before each cycle begins: discounting is constant within the year."""
    return np.asarray(np.floor(edges[:-1] + 1e-9), dtype=float)


def outcomes(ledger: Ledger, terms: Terms, kept: int, lived: Outcomes | None = None) -> Outcomes:
    """Sum the flows of a block of draws, an item at a time.

    kept: curves to keep. lived: outcomes of the same people at other prices; their people and health are taken over.
    """
    edges = ledger.edges
    strategies, alternatives, draws = ledger.shape
    ends = [cycles_to(edges, horizon) for horizon in terms.horizons]
    pair = (strategies, alternatives)
    cost = np.empty((len(ends), 2, ledger.items, *pair, draws))
    in_cash = np.zeros((len(ends), ledger.items, *pair, draws))
    mean_cost = np.empty((len(edges) - 1, ledger.items, *pair))
    net = _Net(terms, (len(edges), strategies - 1, alternatives, draws))
    for i in range(ledger.items):
        item = ledger.cost_of(i)
        cost[:, :, i] = _both(item, ends, terms.factors[0])
        mean_cost[:, i] = item.values.sum(axis=-1)[:, item.column]
        change, first = changes(item)
        effect, at_start = cash_effect(change, first, terms.cashable[i], terms.lags[i])
        in_cash[:, i, 1:] = _totals(effect, ends, None, at_start)
        net.add(i, change, first, effect, at_start)
    curves = _curves(net, edges, terms.factors[0], terms, min(kept, draws))
    if lived is not None:
        return Outcomes(
            cost=cost, cash=in_cash, qaly=lived.qaly, **curves, mean_cost=mean_cost, mean_people=lived.mean_people
        )
    health, living = ledger.health(), ledger.living()
    return Outcomes(
        cost=cost,
        cash=in_cash,
        qaly=_both(health, ends, terms.factors[1]),
        **curves,
        mean_cost=mean_cost,
        mean_people=living.values.sum(axis=-1)[..., living.column],
    )


def with_other_care_as_compared(
    ledger: Ledger, terms: Terms, kept: int, base: Outcomes, of_therapy: Sequence[int]
) -> Outcomes:
    """The same where a strategy's people cost what the comparator's cost, but for the items of the therapy itself.

    base: outcomes of the ledger. of_therapy: the places of those items, in which alternatives do not differ.
    """
    strategies, alternatives, draws = ledger.shape
    cost, in_cash, mean_cost = base.cost.copy(), base.cash.copy(), base.mean_cost.copy()
    for i in sorted(set(range(ledger.items)) - set(of_therapy)):
        cost[:, :, i], mean_cost[:, i], in_cash[:, i] = cost[:, :, i, :1], mean_cost[:, i, :1], 0.0
    signs = tuple(tuple(one if i in of_therapy else 0 for i, one in enumerate(signs)) for signs in terms.signs)
    terms = replace(terms, signs=signs)
    net = _Net(terms, (len(ledger.edges), strategies - 1, 1, draws))
    for i in of_therapy:
        change, first = changes(ledger.cost_of(i))
        change, first = change[..., :1, :], None if first is None else first[..., :1, :]
        net.add(i, change, first, *cash_effect(change, first, terms.cashable[i], terms.lags[i]))
    curves = _curves(net, ledger.edges, terms.factors[0], terms, min(kept, draws))
    for name, axis in (("curves", -2), ("sustained", -2), ("peak", -2), *((name, -1) for name in OVER_DRAWS)):
        curves[name] = np.repeat(curves[name], alternatives, axis=axis)
    return replace(base, cost=cost, cash=in_cash, **curves, mean_cost=mean_cost)


class Living(NamedTuple):
    """What a cohort lives through, (time, state, strategy, alternative, draw) each.

    people: in each state at each time, per person referred. person_years: in each state from referral to each time.
    """

    people: Array
    person_years: Array


def living(ledger: Ledger, years: Sequence[float]) -> Living:
    """People at some times, which rise, and person-years to each. Raises InputError for a time inside a cycle."""
    ends = [cycles_to(ledger.edges, year) for year in years]
    people, spent = ledger.living(), ledger.time_in_states()
    to_each = _totals(spent.values, ends, None, spent.at_start)
    return Living(apart(people.values[ends], people.column), apart(to_each, spent.column))


def share_in(people: Array, states: Sequence[int]) -> Array:
    """Share of the living in some states. people: (state, …)."""
    return np.asarray(people[list(states)].sum(axis=0) / people.sum(axis=0), dtype=float)


def changes(item: Shared) -> tuple[Array, Array | None]:
    """Cost of each strategy after the comparator less the comparator's, in each cycle and at time 0.

    Shapes (cycle, strategy − 1, alternative, draw) and the same without the cycle.
    """

    def less(values: Array) -> Array:
        strategies, alternatives = item.column.shape
        found = np.empty((*values.shape[:-2], strategies - 1, alternatives, values.shape[-1]))
        for s in range(1, strategies):
            for a in range(alternatives):
                own, comparator = values[..., item.column[s, a], :], values[..., item.column[0, a], :]
                np.subtract(own, comparator, out=found[..., s - 1, a, :])
        return found

    return less(item.values), None if item.at_start is None else less(item.at_start)


def cash_effect(change: Array, first: Array | None, cashable: float | Array, lag: int) -> tuple[Array, Array | None]:
    """Cash effect of an item's changes, in each cycle and at time 0.

    A reduction at time 0 is released a lag later, in the cycle that ends then.
    """
    earlier = change
    if lag:
        earlier = np.zeros_like(change)
        earlier[lag:] = change[: max(len(change) - lag, 0)]
    effect = cash(change, earlier, cashable)
    if first is None:
        return effect, None
    none = np.zeros_like(first)
    if 0 < lag <= len(effect):
        effect[lag - 1] += cash(none, first, cashable)
    return effect, cash(first, none if lag else first, cashable)


class _Net:
    """Net cost in every cycle, summed over the items that a perspective counts.

    Perspectives that count the same items share a sum. value, cash: (cycle + 1, strategy − 1, alternative, draw)
    each; what is booked at time 0 stands first.
    """

    def __init__(self, terms: Terms, shape: tuple[int, ...]) -> None:
        self.signs = list(dict.fromkeys(terms.signs))
        self.of_perspective = np.array([self.signs.index(signs) for signs in terms.signs])
        self.value = [np.zeros(shape) for _ in self.signs]
        self.cash = [np.zeros(shape) for _ in self.signs]

    def add(self, item: int, change: Array, first: Array | None, effect: Array, at_start: Array | None) -> None:
        for signs, value, in_cash in zip(self.signs, self.value, self.cash, strict=True):
            if signs[item]:
                put = np.add if signs[item] > 0 else np.subtract
                put(value[1:], change, out=value[1:])
                put(in_cash[1:], effect, out=in_cash[1:])
                if first is not None and at_start is not None:
                    put(value[0], first, out=value[0])
                    put(in_cash[0], at_start, out=in_cash[0])


def _curves(net: _Net, edges: Array, factor: Array, terms: Terms, kept: int) -> dict[str, Any]:
    """Cumulative net cost of every strategy but the comparator, by view and perspective, and its payback.

    The comparator's entries are 0, and it has nothing to pay back.
    """
    _, others, alternatives, draws = net.value[0].shape
    shape = (len(VIEWS), len(terms.signs), others + 1, alternatives)
    found = {
        "curves": np.empty((len(edges), len(VIEWS), len(net.signs), others, alternatives, kept)),
        "sum_of": net.of_perspective,
        "mean_curve": np.zeros((len(edges), *shape)),
        "sustained": np.full((len(terms.horizons), *shape, draws), payback.NEVER),
        "peak": np.zeros((*shape, draws)),
    }
    first_payments = np.array(terms.first_payment[1:]).reshape(-1, 1, 1)
    for n, (value, in_cash) in enumerate(zip(net.value, net.cash, strict=True)):
        at = np.flatnonzero(net.of_perspective == n)
        discounted = value.copy()
        discounted[1:] *= factor.reshape(len(factor), 1, 1, -1)
        for v, curve in enumerate((value, discounted, in_cash)):
            _accumulate(curve)
            peak, mean = payback.peak(curve), curve.sum(axis=-1)
            found["curves"][:, v, n] = curve[..., :kept]
            for p in at:
                found["mean_curve"][:, v, p, 1:] = mean
                found["peak"][v, p, 1:] = peak
            for h, horizon in enumerate(terms.horizons):
                paid = payback.sustained(*until(curve, edges, horizon), first_payments)
                for p in at:
                    found["sustained"][h, v, p, 1:] = paid
    found["mean_paid_within"] = (found["sustained"] < payback.NEVER).sum(axis=-1).astype(float)
    found["mean_paid"] = paid_by(found["sustained"][-1], edges)
    return found


def paid_by(sustained: Array, edges: Array) -> Array:
    """How many draws have paid back by each edge of a cycle; the comparator's entries are 0.

    sustained: months, (view, perspective, strategy, alternative, draw).
    """
    months = edges * 12.0
    paid = np.zeros((len(months), *sustained.shape[:-1]))
    for at in np.ndindex(*sustained.shape[:-1]):
        if at[2]:
            edge = np.searchsorted(months, sustained[at], side="left")
            counts = np.bincount(edge, minlength=len(months) + 1)[: len(months)]
            paid[(slice(None), *at)] = np.cumsum(counts)
    return paid


def cycles_to(edges: Array, horizon: float) -> int:
    """Cycles that have ended by a horizon in years. Raises InputError for one inside a cycle: no sum ends there."""
    at = int(np.argmin(np.abs(edges - horizon)))
    if abs(edges[at] - horizon) > SAME_YEARS:
        k = int(np.searchsorted(edges, horizon))
        place = "beyond the last cycle"
        if k < len(edges):
            place = f"within a cycle: cycle {k} runs from month {edges[k - 1] * 12:g} to month {edges[k] * 12:g}"
        raise InputError.at("horizon", f"month {horizon * 12:.6g} is {place}", "Sums end where cycles end.")
    return at


def until(curve: Array, edges: Array, horizon: float) -> tuple[Array, Array]:
    """A curve and its months up to a horizon in years, which ends a cycle."""
    end = cycles_to(edges, horizon) + 1
    return curve[:end], edges[:end] * 12.0


def _both(flows: Shared, ends: list[int], factor: Array) -> Array:
    """Sums to each horizon, undiscounted and discounted, (horizon, discounted, strategy, alternative, draw)."""
    sums = [_totals(flows.values, ends, factors, flows.at_start) for factors in (None, factor)]
    return apart(np.stack(sums, axis=1), flows.column)


def _totals(flow: Array, ends: list[int], factor: Array | None, at_start: Array | None) -> Array:
    """What is booked at time 0, and flow × factor of so many cycles, in the order of time, (end, …); ends rise.

    flow: (cycle, …, draw). factor: (cycle,) or (cycle, draw).
    """
    first = np.zeros(flow.shape[1:]) if at_start is None else at_start
    if flow[0].size < FEW:
        each = flow if factor is None else flow * factor.reshape(len(factor), *(1 for _ in flow.shape[2:]), -1)
        return np.asarray(np.cumsum(np.concatenate([first[None], each]), axis=0)[ends])
    found = np.empty((len(ends), *first.shape))
    total, room, done = first.copy(), np.empty_like(first), 0
    for at_end, end in zip(found, ends, strict=True):
        for k in range(done, end):
            total += flow[k] if factor is None else np.multiply(flow[k], factor[k], out=room)
        at_end[...], done = total, end
    return found


def _accumulate(flow: Array) -> None:
    """Add up in place along time, in its order: in one go where that is fast, which it is not across many draws."""
    if flow[0].size < FEW:
        np.cumsum(flow, axis=0, out=flow)
        return
    for k in range(1, len(flow)):
        np.add(flow[k - 1], flow[k], out=flow[k])


@dataclass
class Gathering:
    """Takes blocks of draws in their order. Its room does not grow with the draws beyond those that are kept.

    curves: of how many draws curves are kept. views: of how many VIEWS.
    """

    draws: int
    curves: int = KEPT_CURVES
    views: int = len(VIEWS)
    seen: int = 0

    def __post_init__(self) -> None:
        self._kept: dict[str, Array] = {}
        self._sums: dict[str, Array] = {}
        self._alike: dict[str, NDArray[np.int64]] = {}

    def add(self, block: Outcomes) -> None:
        """The next block."""
        for name in PER_DRAW:
            if name != "curves":
                self._keep(name, getattr(block, name), KEPT_DRAWS)
        self._keep("curves", block.curves[:, : self.views], self.curves)
        for name in AVERAGED:
            self._sum(name, getattr(block, name).sum(axis=-1, keepdims=True))
        for name in (field.name for field in fields(Outcomes)):
            if name in ALIKE:
                self._alike[name] = getattr(block, name)
            elif name not in PER_DRAW:
                self._sum(name, getattr(block, name))
        self.seen += block.draws

    def _keep(self, name: str, values: Array, most: int) -> None:
        if name not in self._kept:
            self._kept[name] = np.empty((*values.shape[:-1], min(self.draws, most)))
        room = self._kept[name][..., self.seen : self.seen + values.shape[-1]]
        room[...] = values[..., : room.shape[-1]]

    def _sum(self, name: str, values: Array) -> None:
        if name in self._sums:
            self._sums[name] += values
        else:
            self._sums[name] = values.copy()

    def outcomes(self) -> Outcomes:
        """Outcomes of the kept draws; sums have become means over all draws."""
        return self._outcomes(self._kept | self._means(without=PER_DRAW))

    def means(self) -> Outcomes | None:
        """Means over all draws in the place of a single draw, or None where every draw is kept."""
        if self.draws <= KEPT_DRAWS:
            return None
        one = {name: self._kept[name][..., :1] for name in PER_DRAW}
        return self._outcomes(one | self._means(without=()))

    def _outcomes(self, rest: dict[str, Any]) -> Outcomes:
        return Outcomes(**(rest | self._alike))

    def _means(self, without: tuple[str, ...]) -> dict[str, Any]:
        return {name: total / self.draws for name, total in self._sums.items() if name not in without}


def joined(blocks: list[Outcomes]) -> Outcomes:
    """Blocks of draws as one."""
    gathering = Gathering(sum(block.draws for block in blocks))
    for block in blocks:
        gathering.add(block)
    return gathering.outcomes()
