"""Outcomes of every draw: flows summed over time, curves, payback."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import cash, discount_factor, window_share
from costmodel.perspectives import PERSPECTIVES, weight
from costmodel.result import payback

Array = NDArray[np.float64]

VIEWS = ("value", "discounted", "cash")
"""Three readings of net cost: undiscounted opportunity cost, the same discounted, and undiscounted cash."""
KEPT_CURVES = 4_096
"""Draws whose cumulative curves are kept, for the bands."""


@dataclass(frozen=True)
class Outcomes:
    """Per person referred. Axes: horizon, discounted (no, yes), item, strategy, alternative, view, perspective, draw.

    cost: (horizon, discounted, item, strategy, alternative, draw).
    cash: cash effect against the comparator, undiscounted (horizon, item, strategy, alternative, draw).
    qaly: (horizon, discounted, strategy, alternative, draw).
    sustained: months, NEVER beyond the horizon (horizon, view, perspective, strategy, alternative, draw).
    peak: money to the last horizon (view, perspective, strategy, alternative, draw).
    curves: cumulative net cost of every strategy after the comparator, which has none
        (cycle + 1, view, perspective, strategy − 1, alternative, draw up to KEPT_CURVES).
    mean_curve: over all draws (cycle + 1, view, perspective, strategy, alternative).
    mean_cost: over all draws, undiscounted (cycle, item, strategy, alternative).
    mean_people: (cycle + 1, state, strategy, alternative).
    """

    cost: Array
    cash: Array
    qaly: Array
    sustained: Array
    peak: Array
    curves: Array
    mean_curve: Array
    mean_cost: Array
    mean_people: Array

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.cost.shape[-1])


@dataclass(frozen=True)
class Terms:
    """What the summing needs beside the flows.

    horizons: years. payers: (paid_by, received_by) of each item. cashable: by item, float or (draw,).
    lags: cycles, by item. rates: discount rate of costs and of health. first_payment: month, by strategy.
    years: by which the flows of each cycle are discounted; what is booked at time 0 is not.
    """

    horizons: tuple[float, ...]
    payers: tuple[tuple[str, str], ...]
    cashable: tuple[float | Array, ...]
    lags: tuple[int, ...]
    rates: tuple[float | Array, float | Array]
    first_payment: tuple[float, ...]
    years: Array


@dataclass(frozen=True)
class Flows:
    """Undiscounted flows in real terms, per person referred.

    edges: years from referral, (cycle + 1,). cost: (cycle, item, strategy, alternative, draw).
    qaly: (cycle, strategy, alternative, draw).
    people: at the start of each cycle and at the end, (cycle + 1, state, strategy, alternative, draw).
    person_years: (cycle, state, strategy, alternative, draw).
    cost_at_start, qaly_at_start: booked at time 0, shapes as above without the cycle; None where nothing is.
    """

    edges: Array
    cost: Array
    qaly: Array
    people: Array
    person_years: Array
    cost_at_start: Array | None = None
    qaly_at_start: Array | None = None


def year_of(edges: Array) -> Array:
    """Whole years before each cycle begins: discounting is constant within the year."""
    return np.asarray(np.floor(edges[:-1] + 1e-9), dtype=float)


def outcomes(flows: Flows, terms: Terms, kept: int) -> Outcomes:
    """Sum the flows of a block of draws. kept: curves to keep."""
    edges, cost = flows.edges, flows.cost
    begin, end = edges[:-1], edges[1:]
    factors = [
        np.stack([np.broadcast_to(discount_factor(rate, year), cost.shape[-1:]) for year in terms.years])
        for rate in terms.rates
    ]
    within = [np.array([window_share(b, e, 0.0, h) for b, e in zip(begin, end, strict=True)]) for h in terms.horizons]
    in_cash = _cash(flows, terms)
    curves = _curves(flows, in_cash, factors[0], terms, min(kept, cost.shape[-1]))
    return Outcomes(
        cost=_totals(cost, within, factors[0], flows.cost_at_start),
        cash=np.stack([_total(in_cash[0], share, in_cash[1]) for share in within]),
        qaly=_totals(flows.qaly, within, factors[1], flows.qaly_at_start),
        **curves,
        mean_cost=cost.sum(axis=-1),
        mean_people=flows.people.sum(axis=-1),
    )


def _curves(
    flows: Flows, in_cash: tuple[Array, Array | None], factor: Array, terms: Terms, kept: int
) -> dict[str, Array]:
    """Cumulative net cost of every strategy but the comparator, by view and perspective, and its payback.

    A perspective that counts the same items as one before it has the same curve. The comparator's entries are 0.
    """
    edges, cost = flows.edges, flows.cost
    _, _, strategies, alternatives, draws = cost.shape
    shape = (len(VIEWS), len(PERSPECTIVES), strategies, alternatives)
    found = {
        "curves": np.empty((len(edges), len(VIEWS), len(PERSPECTIVES), strategies - 1, alternatives, kept)),
        "mean_curve": np.zeros((len(edges), *shape)),
        "sustained": np.zeros((len(terms.horizons), *shape, draws)),
        "peak": np.zeros((*shape, draws)),
    }
    weights = [tuple(weight(name, *payer) for payer in terms.payers) for name in PERSPECTIVES]
    for s in range(1, strategies):
        for p, signs in enumerate(weights):
            if signs in weights[:p]:
                same = weights.index(signs)
                for name, array in found.items():
                    rest: Any = (slice(None),) * (1 if name == "mean_curve" else 2)
                    strategy = s - 1 if name == "curves" else s
                    array[(..., p, strategy, *rest)] = array[(..., same, strategy, *rest)]
                continue
            net = _counted(cost, signs, s, 0)
            paid = _counted(in_cash[0], signs, s)
            first = _counted_at_start(flows.cost_at_start, signs, s, 0)
            first_paid = _counted_at_start(in_cash[1], signs, s)
            for v, (flow, at_start) in enumerate(
                ((net, first), (net * factor[:, None], first), (paid, first_paid)),
            ):
                curve = np.empty((len(edges), alternatives, draws))
                curve[0] = at_start
                curve[1:] = flow
                np.cumsum(curve, axis=0, out=curve)
                found["curves"][:, v, p, s - 1] = curve[..., :kept]
                found["mean_curve"][:, v, p, s] = curve.sum(axis=-1)
                found["peak"][v, p, s] = payback.peak(curve)
                for h, horizon in enumerate(terms.horizons):
                    shorter, months = until(curve, edges, horizon)
                    found["sustained"][h, v, p, s] = payback.sustained(shorter, months, terms.first_payment[s])
    return found


def _counted(cost: Array, signs: tuple[int, ...], strategy: int, comparator: int | None = None) -> Array:
    """Σ over the items that count of cost, or of its difference from the comparator's; by cycle."""
    total: Array = np.zeros(1)
    for i, sign in enumerate(signs):
        if sign:
            own = cost[:, i, strategy]
            total = total + sign * (own if comparator is None else own - cost[:, i, comparator])
    return total


def _counted_at_start(
    cost: Array | None, signs: tuple[int, ...], strategy: int, comparator: int | None = None
) -> Array | float:
    return 0.0 if cost is None else _counted(cost[None], signs, strategy, comparator)[0]


def until(curve: Array, edges: Array, horizon: float) -> tuple[Array, Array]:
    """A curve and its months up to a horizon in years, with the value there by linear interpolation."""
    months = edges * 12.0
    end = horizon * 12.0
    last = int((months < end - 1e-9).sum())
    share = (end - months[last - 1]) / (months[last] - months[last - 1])
    if abs(share - 1) < 1e-9:
        return curve[: last + 1], months[: last + 1]
    at_end = curve[last - 1] + share * (curve[last] - curve[last - 1])
    return np.concatenate([curve[:last], at_end[None]]), np.append(months[:last], end)


def joined(blocks: list[Outcomes]) -> Outcomes:
    """Blocks of draws, in order, as one. Sums become means."""
    draws = sum(block.draws for block in blocks)
    parts: dict[str, Array] = {}
    for name in (field.name for field in fields(Outcomes)):
        arrays = [getattr(block, name) for block in blocks]
        if name.startswith("mean_"):
            total = arrays[0]
            for array in arrays[1:]:
                total = total + array
            parts[name] = total / draws
        else:
            parts[name] = np.concatenate(arrays, axis=-1) if len(arrays) > 1 else arrays[0]
    return Outcomes(**parts)


def _totals(flow: Array, within: list[Array], factor: Array, at_start: Array | None) -> Array:
    """Sums to each horizon, undiscounted and discounted; factor: (cycle, draw)."""
    return np.stack(
        [np.stack([_total(flow, share, at_start), _total(flow, share[:, None] * factor, at_start)]) for share in within]
    )


def _total(flow: Array, share: Array, at_start: Array | None) -> Array:
    """What is booked at time 0, and Σ over cycles of flow × share of the cycle, in the order of time."""
    total: Array = np.zeros(flow.shape[1:])
    if at_start is not None:
        total += at_start
    for part, amount in zip(share, flow, strict=True):
        total += part * amount
    return total


def _cash(flows: Flows, terms: Terms) -> tuple[Array, Array | None]:
    """Cash effect of every item against the comparator, in each cycle and at time 0.

    A reduction at time 0 is released a lag later, in the cycle that ends then.
    """
    cost, at_start = flows.cost, flows.cost_at_start
    out = np.empty_like(cost)
    first = None if at_start is None else np.zeros_like(at_start)
    for i, (cashable, lag) in enumerate(zip(terms.cashable, terms.lags, strict=True)):
        now = cost[:, i] - cost[:, i, :1]
        earlier = np.zeros_like(now)
        if lag < len(now):
            earlier[lag:] = now[: len(now) - lag]
        out[:, i] = cash(now, earlier, cashable)
        if at_start is None or first is None:
            continue
        change = at_start[i] - at_start[i, :1]
        none = np.zeros_like(change)
        first[i] = cash(change, none if lag else change, cashable)
        if 0 < lag <= len(out):
            out[lag - 1, i] += cash(none, change, cashable)
    return out, first
