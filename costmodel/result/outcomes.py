"""Outcomes of every draw: flows summed over time, curves, payback."""

from dataclasses import dataclass, fields

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
    sustained, first_touch: months, NEVER beyond the horizon
        (horizon, view, perspective, strategy, alternative, draw).
    peak: money to the last horizon (view, perspective, strategy, alternative, draw).
    curves: cumulative net cost (cycle + 1, view, perspective, strategy, alternative, draw up to KEPT_CURVES).
    mean_curve: over all draws (cycle + 1, view, perspective, strategy, alternative).
    mean_cost: over all draws, undiscounted (cycle, item, strategy, alternative).
    mean_people: (cycle + 1, state, strategy, alternative).
    """

    cost: Array
    cash: Array
    qaly: Array
    sustained: Array
    first_touch: Array
    peak: Array
    curves: Array
    mean_curve: Array
    mean_cost: Array
    mean_people: Array

    @property
    def draws(self) -> int:
        """Number of draws."""
        return self.cost.shape[-1]


@dataclass(frozen=True)
class Terms:
    """What the summing needs beside the flows.

    horizons: years. payers: (paid_by, received_by) of each item. cashable: by item, float or (draw,).
    lags: cycles, by item. rates: discount rate of costs and of health. first_payment: month, by strategy.
    """

    horizons: tuple[float, ...]
    payers: tuple[tuple[str, str], ...]
    cashable: tuple[float | Array, ...]
    lags: tuple[int, ...]
    rates: tuple[float | Array, float | Array]
    first_payment: tuple[float, ...]


def outcomes(edges: Array, cost: Array, qaly: Array, people: Array, terms: Terms, kept: int) -> Outcomes:
    """Sum the flows of a block of draws. Shapes as in `model.simulate.Flows`; kept: curves to keep."""
    begin, end = edges[:-1], edges[1:]
    year = np.floor(begin + 1e-9)
    factors = [np.stack([np.broadcast_to(discount_factor(r, y), cost.shape[-1:]) for y in year]) for r in terms.rates]
    within = [np.array([window_share(b, e, 0.0, h) for b, e in zip(begin, end, strict=True)]) for h in terms.horizons]
    discounted = cost * factors[0][:, None, None, None]
    difference = cost - cost[:, :, :1]
    in_cash = _cash(difference, terms)
    healthy = qaly * factors[1][:, None, None]

    by_perspective = np.array(
        [[weight(name, *payer) for payer in terms.payers] for name in PERSPECTIVES], dtype=float
    )
    net = [difference, discounted - discounted[:, :, :1], in_cash]
    curves = np.zeros((len(edges), len(VIEWS), len(PERSPECTIVES), *cost.shape[2:]))
    for v, flow in enumerate(net):
        for p, weights in enumerate(by_perspective):
            per_cycle = np.zeros((len(begin), *cost.shape[2:]))
            for i in np.flatnonzero(weights):
                per_cycle += weights[i] * flow[:, i]
            curves[1:, v, p] = np.cumsum(per_cycle, axis=0)
    stays, first = _paybacks(curves, edges, terms)
    return Outcomes(
        cost=np.stack([np.stack([_total(flow, share) for flow in (cost, discounted)]) for share in within]),
        cash=np.stack([_total(in_cash, share) for share in within]),
        qaly=np.stack([np.stack([_total(flow, share) for flow in (qaly, healthy)]) for share in within]),
        sustained=stays,
        first_touch=first,
        peak=payback.peak(curves),
        curves=curves[..., :kept],
        mean_curve=curves.sum(axis=-1),
        mean_cost=cost.sum(axis=-1),
        mean_people=people.sum(axis=-1),
    )


def until(curve: Array, edges: Array, horizon: float) -> tuple[Array, Array]:
    """A curve and its months up to a horizon in years, with the value there by linear interpolation."""
    months = edges * 12.0
    end = horizon * 12.0
    inside = months < end - 1e-9
    last = int(inside.sum())
    share = (end - months[last - 1]) / (months[last] - months[last - 1])
    at_end = curve[last] if abs(share - 1) < 1e-9 else curve[last - 1] + share * (curve[last] - curve[last - 1])
    return np.concatenate([curve[inside], at_end[None]]), np.append(months[inside], end)


def _paybacks(curves: Array, edges: Array, terms: Terms) -> tuple[Array, Array]:
    shape = (len(terms.horizons), *curves.shape[1:])
    stays, first = np.empty(shape), np.empty(shape)
    for h, horizon in enumerate(terms.horizons):
        shorter, months = until(curves, edges, horizon)
        for s, payment in enumerate(terms.first_payment):
            stays[h, :, :, s] = payback.sustained(shorter[:, :, :, s], months, payment)
            first[h, :, :, s] = payback.first_touch(shorter[:, :, :, s], months, payment)
    return stays, first


def joined(blocks: list[Outcomes]) -> Outcomes:
    """Blocks of draws, in order, as one. Sums become means."""
    draws = sum(block.draws for block in blocks)
    parts = {}
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


def _total(flow: Array, share: Array) -> Array:
    """Σ over cycles of flow × share of the cycle inside the horizon."""
    total: Array = np.zeros(flow.shape[1:])
    for part, amount in zip(share, flow, strict=True):
        total += part * amount
    return total


def _cash(difference: Array, terms: Terms) -> Array:
    out = np.empty_like(difference)
    for i, (cashable, lag) in enumerate(zip(terms.cashable, terms.lags, strict=True)):
        now = difference[:, i]
        earlier = np.zeros_like(now)
        if lag < len(now):
            earlier[lag:] = now[: len(now) - lag]
        out[:, i] = cash(now, earlier, cashable)
    return out
