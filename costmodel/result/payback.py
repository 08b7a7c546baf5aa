"""When cumulative net cost comes back to zero, and how deep it went."""

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.formulas import NOTHING as NOTHING
from costmodel.engine.formulas import settled as settled

Array = NDArray[np.float64]

NEVER = np.inf
"""Stands for "not within the horizon" in arrays of months."""


def sustained(curve: Array, months: Array, first_payment: float | Array) -> Array:
    """Month from which cumulative net cost is at or below 0 and stays so to the horizon.

    curve: cumulative net cost at `months`, shape (time, …); linear between. first_payment: month of the first
    therapy payment, one or of a shape that fits the curve's without its time; a curve that is never above 0 pays back
    there. NEVER where it ends above 0, where nothing is paid before the last month, or where it is never anything but
    0: then there is nothing to pay back.
    """
    owing = curve > NOTHING
    count = np.arange(1, len(months) + 1).reshape(-1, *(1 for _ in owing.shape[1:]))
    last = (owing * count.astype(np.min_scalar_type(len(months)))).max(axis=0).astype(np.intp) - 1
    following = np.minimum(last + 1, len(months) - 1)
    crossing = _crossing(curve, months, last, following)
    found = np.where(owing[-1], NEVER, crossing)
    from_the_start = np.where(_saves(curve), first_payment, NEVER)
    month = np.where(last >= 0, np.maximum(found, first_payment), from_the_start)
    return np.asarray(np.where(first_payment >= months[-1], NEVER, month), dtype=float)


def first_touch(curve: Array, months: Array, first_payment: float) -> Array:
    """First month after the first payment at which cumulative net cost is at or below 0, whether or not it stays so.

    NEVER as in `sustained`.
    """
    if first_payment >= months[-1]:
        return np.full(curve.shape[1:], NEVER)
    begun = int(np.searchsorted(months, first_payment, side="right"))
    clear = curve[begun:] <= NOTHING
    index = begun + np.argmax(clear, axis=0)
    crossing = _crossing(curve, months, np.maximum(index - 1, 0), index)
    at_once = (index == begun) & (curve[begun - 1] <= NOTHING)
    found = np.where(at_once, first_payment, np.maximum(crossing, first_payment))
    something = _saves(curve) | (curve > NOTHING).any(axis=0)
    return np.asarray(np.where(clear.any(axis=0) & something, found, NEVER), dtype=float)


def peak(curve: Array) -> Array:
    """Most money ever put in before it comes back: the highest point of the curve, at least 0."""
    return np.asarray(settled(np.maximum(curve.max(axis=0), 0.0)), dtype=float)


def _saves(curve: Array) -> NDArray[np.bool_]:
    """Whether money is ever saved."""
    return np.asarray(curve.min(axis=0) < -NOTHING)


def _crossing(curve: Array, months: Array, before: NDArray[np.intp], after: NDArray[np.intp]) -> Array:
    """Where the straight line between two points of time meets 0."""
    high = np.take_along_axis(curve, before[None], axis=0)[0]
    low = np.minimum(np.take_along_axis(curve, after[None], axis=0)[0], 0.0)
    fall = np.where(high == low, 1.0, high - low)
    return np.asarray(months[before] + (months[after] - months[before]) * high / fall, dtype=float)
