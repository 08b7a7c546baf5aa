"""Payback read off a curve by walking along it, point by point."""

import itertools
import math
from collections.abc import Sequence

NOT_WITHIN = math.inf
ROUNDING = 1e-6
"""Pounds per person that are nothing."""
Points = Sequence[tuple[float, float]]
"""(month, cumulative net cost), straight lines between."""


def cut(points: Points, horizon: float) -> list[tuple[float, float]]:
    """The curve up to a month, with its value there."""
    kept: list[tuple[float, float]] = []
    for month, value in points:
        if month >= horizon - 1e-9:
            t0, v0 = kept[-1]
            kept.append((horizon, v0 + (value - v0) * (horizon - t0) / (month - t0)))
            return kept
        kept.append((month, value))
    return kept


def sustained(points: Points, first_payment: float) -> float:
    """From when on the curve stays at or below 0, not before the first payment."""
    if first_payment >= points[-1][0] or all(abs(value) <= ROUNDING for _, value in points):
        return NOT_WITHIN
    since = points[0][0]
    for (t0, v0), (t1, v1) in itertools.pairwise(points):
        if v1 > ROUNDING:
            since = NOT_WITHIN
        elif v0 > ROUNDING:
            since = _zero(t0, v0, t1, min(v1, 0.0))
    return max(since, first_payment)


def first_touch(points: Points, first_payment: float) -> float:
    """When the curve is first at or below 0 after the first payment; at once, if it is not above 0 there."""
    if all(abs(value) <= ROUNDING for _, value in points):
        return NOT_WITHIN
    for (t0, v0), (t1, v1) in itertools.pairwise(points):
        if t1 > first_payment and v1 <= ROUNDING:
            return max(first_payment, _zero(t0, v0, t1, min(v1, 0.0)) if v0 > ROUNDING else first_payment)
    return NOT_WITHIN


def _zero(t0: float, v0: float, t1: float, v1: float) -> float:
    return t0 + (t1 - t0) * v0 / (v0 - v1)
