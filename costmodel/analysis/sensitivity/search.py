"""Where a figure is zero along one input: scanned first, so that none, several and jumps are told apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.sensitivity.inputs import Input

Array = NDArray[np.float64]

POINTS = 16
"""Values from the lowest to the highest at which an input is scanned, evenly, and as many in equal proportions."""
POINTS_ALONE = 9
"""The same, evenly only, for an input each of whose values is a run of its own."""
FACTOR = 100.0
"""An input without ends is scanned from 1/100 to 100 times its value in use, and at 0."""
FROM_ZERO = (0.01, 10_000.0)
"""Where an input without ends is scanned whose value in use is 0, beside 0."""
CLOSER = 7
"""Values between two neighbours where the figure comes near zero and turns."""
HALVINGS = 10
"""Steps in which the last value that the model allows is approached, where the figure heads for zero."""
REACH = 3.0
"""By how many times the last step the figure may fall short of zero at that value, to be followed further."""
SOLVED = 1e-9
"""Figure that is zero to rounding."""
JUMP = 0.01
"""Figure beyond which a change of sign is a jump, not a root: a penny."""
TOLERANCES = {"xatol": 0.0, "xrtol": 1e-13, "fatol": 1e-6, "frtol": 0.0}
"""A root is found when the figure is below a ten-thousandth of a penny."""

Which = NDArray[np.intp]
Figure = Callable[[Which, Array], Array]
"""The figure of inputs (by position) at values, (value,); NaN where the model refuses one."""


@dataclass(frozen=True)
class Crossing:
    """A value at which the figure is zero, or jumps over it.

    rises: whether the figure is above zero for larger values; None where it only touches. residual: the figure there.
    """

    value: float
    residual: float
    rises: bool | None

    @property
    def jumps(self) -> bool:
        """Whether the figure goes from one side of zero to the other without being zero."""
        return not abs(self.residual) <= JUMP


@dataclass(frozen=True)
class Scan:
    """What a search along one input found.

    low, high: the lowest and highest values that could be tried. flat: stretches on which the figure is zero
    throughout. tried: how many values could be; allowed: whether none was refused.
    """

    crossings: tuple[Crossing, ...]
    flat: tuple[tuple[float, float], ...]
    low: float
    high: float
    allowed: bool
    moves: bool


def scanned(one: Input) -> Array:
    """The values at which an input is scanned, rising: the ends of its unit, or a wide range of the value in use."""
    lowest, highest = one.limits
    points = POINTS_ALONE if one.alone else POINTS
    size = abs(one.central)
    near, far = (size / FACTOR, size * FACTOR) if size else FROM_ZERO
    if np.isfinite(highest):
        far = highest if one.unit.kind != "price" else min(far, highest)
        near = min(near, far / FACTOR)
    steps = [np.linspace(max(lowest, 0.0), min(far, 4 * size) if size and far > 4 * size else far, points)]
    if not one.alone:
        steps.append(np.geomspace(near, far, points))
    if lowest < 0:
        steps.append(np.linspace(lowest, 0.0, points))
    steps.append(np.array([one.central, one.spread.low, one.spread.high]))
    values = np.unique(np.concatenate(steps))
    return values[(values >= lowest) & (values <= min(far, highest) if size <= far else values <= highest)]


def search(inputs: Sequence[Input], figure: Figure) -> list[Scan]:
    """Every zero of a figure along each input, all inputs at once."""
    grids = [scanned(one) for one in inputs]
    owner: Which = np.repeat(np.arange(len(grids), dtype=np.intp), [len(grid) for grid in grids])
    x = np.concatenate(grids)
    y = figure(owner, x)
    for more in (_edges, _turns):
        extra_owner, extra = more(owner, x, y, figure)
        if len(extra):
            owner, x, y = _joined(owner, x, y, extra_owner, extra, figure)
    return _scans(len(inputs), owner, x, y, figure)


def _joined(
    owner: NDArray[np.intp], x: Array, y: Array, more_owner: NDArray[np.intp], more: Array, figure: Figure
) -> tuple[NDArray[np.intp], Array, Array]:
    who, values = np.concatenate([owner, more_owner]), np.concatenate([x, more])
    figures = np.concatenate([y, figure(more_owner, more)])
    order = np.lexsort((values, who))
    again = (np.diff(who[order]) == 0) & (np.diff(values[order]) == 0)
    order = order[np.concatenate([[True], ~again])]
    return who[order], values[order], figures[order]


def _edges(owner: NDArray[np.intp], x: Array, y: Array, figure: Figure) -> tuple[NDArray[np.intp], Array]:
    """The last values that the model allows, beside values that it refuses, where the figure heads for zero."""
    known = np.isfinite(y)
    at = np.flatnonzero((known[:-1] != known[1:]) & (owner[:-1] == owner[1:]))
    last = np.where(known[at], at, at + 1)
    before = np.clip(np.where(known[at], at - 1, at + 2), 0, len(x) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = (y[last] - y[before]) / np.abs(x[last] - x[before]) * np.abs(x[at + 1] - x[at])
        heading = (owner[before] == owner[last]) & (step * y[last] < 0) & (np.abs(y[last]) <= REACH * np.abs(step))
    at, last = at[heading], last[heading]
    who, inside, outside = owner[last], x[last], np.where(known[at], x[at + 1], x[at])
    if not len(at):
        return who, inside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        allowed = np.isfinite(figure(who, middle))
        inside, outside = np.where(allowed, middle, inside), np.where(allowed, outside, middle)
    return who, inside


def _turns(owner: NDArray[np.intp], x: Array, y: Array, figure: Figure) -> tuple[NDArray[np.intp], Array]:
    """Values around those at which the figure comes nearest to zero and turns away: two zeros may hide there."""
    near = np.abs(y)
    same = (owner[:-2] == owner[1:-1]) & (owner[1:-1] == owner[2:])
    sign = (np.sign(y[:-2]) == np.sign(y[1:-1])) & (np.sign(y[1:-1]) == np.sign(y[2:]))
    slack = SOLVED * np.maximum(near[1:-1], 1.0)
    with np.errstate(invalid="ignore"):
        before, after = near[:-2] - near[1:-1], near[2:] - near[1:-1]
        lowest = (np.minimum(before, after) > -slack) & (np.maximum(before, after) > slack)
    at = np.flatnonzero(same & sign & lowest) + 1
    between = np.linspace(0, 1, CLOSER + 2)[1:-1]
    who = np.repeat(owner[at], 2 * CLOSER)
    left = x[at - 1][:, None] + between * (x[at] - x[at - 1])[:, None]
    right = x[at][:, None] + between * (x[at + 1] - x[at])[:, None]
    return who, np.concatenate([left, right], axis=1).ravel()


def _scans(count: int, owner: NDArray[np.intp], x: Array, y: Array, figure: Figure) -> list[Scan]:
    zero = np.abs(y) <= SOLVED
    follows = owner[:-1] == owner[1:]
    crossing = np.flatnonzero(follows & ~zero[:-1] & ~zero[1:] & (y[:-1] * y[1:] < 0))
    found: list[list[Crossing]] = [[] for _ in range(count)]
    if len(crossing):
        who, low, high = owner[crossing], x[crossing], x[crossing + 1]
        from scipy.optimize.elementwise import find_root

        solve: Any = find_root
        roots = solve(_elementwise(figure), (low, high), args=(who,), tolerances=TOLERANCES).x
        for i, value, residual, rises in zip(who, roots, figure(who, roots), y[crossing] < 0, strict=True):
            found[i].append(Crossing(float(value), float(residual), bool(rises)))
    flats: list[list[tuple[float, float]]] = [[] for _ in range(count)]
    for i in range(count):
        own = np.flatnonzero(owner == i)
        for first, last in _stretches(zero[own]):
            begin, end = own[first], own[last]
            if first < last:
                flats[i].append((float(x[begin]), float(x[end])))
                continue
            before = y[begin - 1] if first > 0 else np.nan
            after = y[end + 1] if last + 1 < len(own) else np.nan
            rises = None if before * after > 0 else bool(after > 0 or before < 0)
            found[i].append(Crossing(float(x[begin]), float(y[begin]), rises))
    return [_scan(owner, x, y, i, found[i], flats[i]) for i in range(count)]


def _elementwise(figure: Figure) -> Callable[[Array, Which], Array]:
    return lambda values, which: figure(which, values)


def _scan(
    owner: NDArray[np.intp], x: Array, y: Array, i: int, found: list[Crossing], flat: list[tuple[float, float]]
) -> Scan:
    own = owner == i
    known = own & np.isfinite(y)
    values = x[known] if known.any() else x[own]
    with np.errstate(invalid="ignore"):
        moves = bool(known.any() and np.ptp(y[known]) > SOLVED * max(1.0, np.max(np.abs(y[known]))))
    ordered = tuple(sorted(found, key=lambda one: one.value))
    return Scan(ordered, tuple(flat), float(values.min()), float(values.max()), bool(known.sum() == own.sum()), moves)


def _stretches(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last positions of each run of true values."""
    edge = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    return [(int(a), int(b) - 1) for a, b in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True)]
