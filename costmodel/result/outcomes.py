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
    in_cash = _cash(cost, terms)
    curves = _curves(edges, cost, in_cash, factors[0], terms, min(kept, cost.shape[-1]))
    return Outcomes(
        cost=_totals(cost, within, factors[0]),
        cash=np.stack([_total(in_cash, share) for share in within]),
        qaly=_totals(qaly, within, factors[1]),
        **curves,
        mean_cost=cost.sum(axis=-1),
        mean_people=people.sum(axis=-1),
    )


def _curves(edges: Array, cost: Array, in_cash: Array, factor: Array, terms: Terms, kept: int) -> dict[str, Array]:
    """Cumulative net cost of every strategy but the comparator, by view and perspective, and its payback.

    A perspective that counts the same items as one before it has the same curve. The comparator's entries are 0.
    """
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
            net = sum((sign * (cost[:, i, s] - cost[:, i, 0]) for i, sign in enumerate(signs) if sign), np.zeros(1))
            paid = sum((sign * in_cash[:, i, s] for i, sign in enumerate(signs) if sign), np.zeros(1))
            for v, flow in enumerate((net, net * factor[:, None], paid)):
                curve = np.zeros((len(edges), alternatives, draws))
                np.cumsum(np.broadcast_to(flow, curve[1:].shape), axis=0, out=curve[1:])
                found["curves"][:, v, p, s - 1] = curve[..., :kept]
                found["mean_curve"][:, v, p, s] = curve.sum(axis=-1)
                found["peak"][v, p, s] = payback.peak(curve)
                for h, horizon in enumerate(terms.horizons):
                    shorter, months = until(curve, edges, horizon)
                    found["sustained"][h, v, p, s] = payback.sustained(shorter, months, terms.first_payment[s])
    return found


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


def _totals(flow: Array, within: list[Array], factor: Array) -> Array:
    """Sums to each horizon, undiscounted and discounted; factor: (cycle, draw)."""
    return np.stack([np.stack([_total(flow, share), _total(flow, share[:, None] * factor)]) for share in within])


def _total(flow: Array, share: Array) -> Array:
    """Σ over cycles of flow × share of the cycle, in the order of time."""
    total: Array = np.zeros(flow.shape[1:])
    for part, amount in zip(share, flow, strict=True):
        total += part * amount
    return total


def _cash(cost: Array, terms: Terms) -> Array:
    """Cash effect of every item against the comparator, in each cycle."""
    out = np.empty_like(cost)
    for i, (cashable, lag) in enumerate(zip(terms.cashable, terms.lags, strict=True)):
        now = cost[:, i] - cost[:, i, :1]
        earlier = np.zeros_like(now)
        if lag < len(now):
            earlier[lag:] = now[: len(now) - lag]
        out[:, i] = cash(now, earlier, cashable)
    return out
