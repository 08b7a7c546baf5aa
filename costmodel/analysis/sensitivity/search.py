"""Where a figure is zero along an input: scanned first, so that none, several and jumps are told apart."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.sensitivity.inputs import Input
from costmodel.model.draws import Array
from costmodel.words import amount

POINTS, POINTS_ALONE = 16, 9
"""Values from the lowest to the highest at which an input is scanned, evenly, and as many in equal proportions; evenly
only for an input each of whose values is a run of its own."""
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
EXACTLY = {"tolerances": {"xatol": 0.0, "xrtol": 1e-13, "fatol": 1e-6, "frtol": 0.0}}
"""A root is found when the figure is below a ten-thousandth of a penny."""

Which = NDArray[np.intp]
Figure = Callable[[Which, Array], Array]
"""The figure of inputs (by position) at values, (value,); NaN where the model refuses one."""
Curve = tuple[Array, Array]
"""Values of an input, rising, and the figure at each."""


@dataclass(frozen=True)
class Root:
    """A value at which the outcome is exactly met.

    met_above: whether larger values do better; None where the outcome only touches the target. residual: pounds by
    which it is missed when the value is put back. percentile: where it lies in the input's own uncertainty, 0 to 1,
    None where none is declared; place: the same in words.
    """

    value: float
    met_above: bool | None
    residual: float
    percentile: float | None
    place: str

    @property
    def side(self) -> str:
        """On which side of it the target is met."""
        return "only there" if self.met_above is None else "above" if self.met_above else "below"


@dataclass(frozen=True)
class BreakEven:
    """What was found for one input.

    roots: rising. jumps: values at which the outcome goes past the target without meeting it. met: stretches on which
    it is exactly met throughout. low, high: between which values was searched. limited: whether the model refused
    some values that the unit allows. inert: whether the input changes nothing here. met_now: whether the outcome is
    reached at the value in use.
    """

    input: Input
    roots: tuple[Root, ...]
    jumps: tuple[float, ...]
    met: tuple[tuple[float, float], ...]
    low: float
    high: float
    limited: bool
    inert: bool
    met_now: bool

    @property
    def words(self) -> str:
        """The finding in words, without figures of the roots."""
        if self.inert:
            return "changes nothing here"
        now = "already met at the value in use" if self.met_now else "not met at the value in use"
        if self.met:
            return f"{now}; exactly met over a stretch"
        if not self.roots and not self.jumps:
            always = "met" if self.met_now else "not met"
            return f"{always} at any value tried"
        count = len(self.roots)
        found = {0: "it jumps past the target", 1: "met at one value"}.get(count, f"met at {count} values")
        return f"{now}; {found}"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each value that was found, in numbers and in words; a row without one where there is none."""
        one = self.input
        about = {
            "input": one.name, "label": one.label, "unit": one.unit.text, "central": one.central,
            "met_now": self.met_now, "words": self.words, "searched_low": self.low, "searched_high": self.high,
            "limited": self.limited, "fitted_together": one.fitted, "marked": one.name + ("*" if one.fitted else ""),
            "central_words": amount(one.central, one.unit),
        }  # fmt: skip

        def at(value: float) -> dict[str, Any]:
            words = amount(value, one.unit, 4)
            return {"value": value, "as_declared": value / one.price_factor, "value_words": words}

        found = [
            {"kind": "root", **at(root.value), "met_above": root.met_above, "residual": root.residual,
             "percentile": root.percentile, "place": root.place, "met": root.side}
            for root in self.roots
        ] + [
            {"kind": "jump", **at(value), "place": "not met there: it jumps past", "met": "jumps"}
            for value in self.jumps
        ] + [
            {"kind": "stretch", **at(low), "until": high, "place": f"met all the way to {amount(high, one.unit, 4)}",
             "met": "from there"}
            for low, high in self.met
        ]  # fmt: skip
        return [about | row for row in found or [{"kind": "inert" if self.inert else "none", "met": "–"}]]

    def notes(self) -> Iterator[str]:
        """Limits of the search, jumps and stretches."""
        name = self.input.name
        if self.limited and not self.inert:
            searched = span(self.input, self.low, self.high)
            yield f"{name}: the model does not allow all values; searched from {searched}"
        for value in self.jumps:
            at = amount(value, self.input.unit, 4)
            yield f"{name}: the outcome jumps past the target at {at} and is not met there"
        for low, high in self.met:
            yield f"{name}: exactly met all the way from {span(self.input, low, high)}"


def span(one: Input, low: float, high: float) -> str:
    """Two values of an input, in words."""
    return f"{amount(low, one.unit)} to {amount(high, one.unit)}"


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


def search(
    moved: Sequence[Input], figure: Figure, now: Sequence[float] | Array, tried: Sequence[Array] | None = None,
    how: dict[str, Any] = EXACTLY,
) -> tuple[BreakEven, ...]:  # fmt: skip
    """Every value at which a figure is zero along each input, all inputs at once.

    now: the figure at the values in use. tried: values at which it is known alone; by default `scanned`, and closer
    where the figure turns or the model allows no more. how: options of scipy's `find_root`.
    """
    from scipy.optimize.elementwise import find_root

    xs = [scanned(one) for one in moved] if tried is None else tried
    curves = list(zip(xs, _at(figure, xs), strict=True))
    if tried is None:
        curves = _joined(figure, curves, _ends(figure, curves))
        curves = _joined(figure, curves, [_turns(x, y) for x, y in curves])
    found: list[list[tuple[float, float, bool | None]]] = [[] for _ in moved]
    spans = [
        (i, x[k], x[k + 1], y[k] < 0)
        for i, (x, y) in enumerate(curves)
        for k in np.flatnonzero((y[:-1] * y[1:] < 0) & (np.minimum(np.abs(y[:-1]), np.abs(y[1:])) > SOLVED))
    ]
    if spans:
        which, low, high, rises = map(np.array, zip(*spans, strict=True))
        solve: Any = find_root
        roots = solve(lambda x, which: figure(which, x), (low, high), args=(which,), **how)
        for i, value, residual, up in zip(which, roots.x, roots.f_x, rises, strict=True):
            found[i].append((float(value), float(residual), bool(up)))
    return tuple(_told(*of) for of in zip(moved, curves, found, now, strict=True))


def _at(figure: Figure, xs: Sequence[Array]) -> list[Array]:
    """The figure at some values of each input."""
    sizes = [len(x) for x in xs]
    return np.split(figure(np.repeat(np.arange(len(xs)), sizes), np.concatenate(xs)), np.cumsum(sizes)[:-1])


def _joined(figure: Figure, curves: list[Curve], more: list[Array]) -> list[Curve]:
    """Curves with further values."""
    if not any(map(len, more)):
        return curves
    joined = []
    for (x, y), extra, there in zip(curves, more, _at(figure, more), strict=True):
        values, first = np.unique(np.concatenate([x, extra]), return_index=True)
        joined.append((values, np.concatenate([y, there])[first]))
    return joined


def _ends(figure: Figure, curves: list[Curve]) -> list[Array]:
    """The last values that the model allows, beside values that it refuses, where the figure heads for zero."""
    heading = [(i, *pair) for i, curve in enumerate(curves) for pair in _heading(*curve)]
    if not heading:
        return [np.empty(0)] * len(curves)
    which, inside, outside = map(np.array, zip(*heading, strict=True))
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        allowed = np.isfinite(figure(which, middle))
        inside, outside = np.where(allowed, middle, inside), np.where(allowed, outside, middle)
    return [inside[which == i] for i in range(len(curves))]


def _heading(x: Array, y: Array) -> Iterator[tuple[float, float]]:
    """Allowed values beside refused ones, towards which the figure could be zero."""
    known = np.isfinite(y)
    for i in np.flatnonzero(known[:-1] != known[1:]):
        before, last, outside = (i - 1, i, i + 1) if known[i] else (i + 2, i + 1, i)
        if 0 <= before < len(x):
            step = (y[last] - y[before]) / abs(x[last] - x[before]) * abs(x[outside] - x[last])
            if step * y[last] < 0 and abs(y[last]) <= REACH * abs(step):
                yield x[last], x[outside]


def _turns(x: Array, y: Array) -> Array:
    """Values around those at which the figure comes nearest to zero and turns away: two zeros may hide there."""
    near, sign = np.abs(y), np.sign(y)
    slack = SOLVED * np.maximum(near[1:-1], 1.0)
    with np.errstate(invalid="ignore"):
        before, after = near[:-2] - near[1:-1], near[2:] - near[1:-1]
        turns = (np.minimum(before, after) > -slack) & (np.maximum(before, after) > slack)
    turns &= (sign[:-2] == sign[1:-1]) & (sign[1:-1] == sign[2:])
    between = [np.linspace(x[i + k], x[i + k + 1], CLOSER + 2)[1:-1] for i in np.flatnonzero(turns) for k in (0, 1)]
    return np.concatenate(between) if between else np.empty(0)


def _told(one: Input, curve: Curve, found: list[tuple[float, float, bool | None]], now: float) -> BreakEven:
    """What a curve and its crossings (value, figure there, whether it rises; None where it touches) say of an input."""
    x, y = curve
    zero, known = np.abs(y) <= SOLVED, np.isfinite(y)
    met = []
    for is_zero, run in groupby(range(len(x)), key=lambda k: bool(zero[k])):
        first, *more = run
        if is_zero and more:
            met.append((float(x[first]), float(x[more[-1]])))
        elif is_zero:
            before = y[first - 1] if first else np.nan
            after = y[first + 1] if first + 1 < len(x) else np.nan
            rises = None if before * after > 0 else bool(after > 0 or before < 0)
            found = [*found, (float(x[first]), float(y[first]), rises)]
    ordered = sorted(found, key=lambda crossing: crossing[0])
    roots = [Root(value, rises, off, *one.spread.place(value)) for value, off, rises in ordered if abs(off) <= JUMP]
    jumps = [value for value, off, _ in ordered if not abs(off) <= JUMP]
    seen = y[known]
    moves = bool(found) or (len(seen) > 0 and bool(np.ptp(seen) > SOLVED * max(1.0, np.abs(seen).max())))
    low, high = (float(x[known].min()), float(x[known].max())) if len(seen) else (np.nan, np.nan)
    return BreakEven(
        one, tuple(roots), tuple(jumps), tuple(met) if moves else (), low, high, not known.all(), not moves, now >= 0,
    )  # fmt: skip
