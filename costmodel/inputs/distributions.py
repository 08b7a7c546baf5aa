"""Distributions of uncertain parameters: the spread as declared → two parameters → quantiles.

The table in docs/format.md, section Distributions, governs. Everything is computed from quantiles, so
that draws are addressed by (seed, parameter name) and nothing is ever clipped to a support.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast, get_args

import numpy as np
from scipy import special

from costmodel.errors import nearest
from costmodel.inputs import shapes
from costmodel.inputs.shapes import (
    Declared,
    Distribution,
    Kind,
    beta_about,
    between,
    from_moments,
    largest_deviation,
    lognormal_about_median,
    mean_of_a_hurdle,
)
from costmodel.units import Unit, out_of_support

__all__ = ["Distribution", "fit", "recentred", "warnings"]

LARGEST_CHANCE_OF_ABSURD_RATE = 1e-6
"""A gamma or lognormal rate may exceed the highest allowed rate with at most this chance."""

FARTHEST_DRAW = 8.3
"""Standard deviations: no uniform number of 52 bits reaches a normal quantile beyond it."""

WIDEST_INTERVAL_RATIO = 100.0
"""A lognormal 95% interval whose ends differ by more than this factor is warned about."""

LARGEST_GAMMA_CV = 3.0
"""A gamma with a larger cv is warned about: a variance was probably typed as a standard error."""

SPREADS: dict[Declared, tuple[str, ...]] = {
    "beta": ("se", "ci95", "quantiles", "counts", "effective_size"),
    "gamma": ("se", "cv", "ci95", "quantiles"),
    "lognormal": ("se", "se_log", "cv", "ci95", "quantiles"),
    "normal": ("se", "cv", "ci95", "quantiles"),
    "uniform": ("range",),
    "pert": ("range",),
    "triangular": ("range",),
    "hurdle": ("counts",),
}
"""How each family's spread may be declared."""
ENDED: tuple[Kind, ...] = ("uniform", "pert", "triangular")
"""Families whose range is their support."""


FIELDS = (
    "value", "se", "se_log", "cv", "ci95", "counts", "effective_size", "range", "quantiles", "mode", "of_users",
)  # fmt: skip
"""Fields of a record that `fit` takes."""


def fit(
    kind: str,
    *,
    unit: Unit,
    value: float | None = None,
    mode: float | None = None,
    of_users: Sequence[float] | None = None,
    **spreads: Any,
) -> Distribution:
    """The distribution that the FIELDS of a parameter record declare.

    spreads: by the names of SPREADS. For kinds that are not ENDED, `range` is the plausible range of the record and is
    not used here.
    Raises ValueError with one sentence for the reader if the fields contradict each other, or allow
    values that the unit does not.
    """
    kind = _known(kind)
    given = {name: one for name, one in spreads.items() if one is not None and (name != "range" or kind in ENDED)}
    _only_with(kind, "mode", mode, ("pert", "triangular"))
    _only_with(kind, "of_users", of_users, ("hurdle",))
    name = _only_spread(kind, list(given))
    spread = given[name]
    if value is not None and (reason := out_of_support(unit, value)):
        raise ValueError(reason)
    if value is not None and (name in ("counts", "quantiles") or mode is not None):
        raise ValueError(f"{'range and mode' if mode is not None else name} give the value: leave value out")
    if kind == "hurdle":
        return _inside(unit, mean_of_a_hurdle(*_pair(name, spread), *_pair("of_users", of_users or ())))
    median = kind == "lognormal" and unit.is_ratio
    match name:
        case "counts":
            distribution = _from_counts(*_pair(name, spread))
        case "range" if mode is not None:
            low, high = _pair(name, spread)
            distribution = between(kind, low, mode, high)
        case "range":
            distribution = _from_range(*_pair(name, spread), value)
        case "ci95":
            distribution = _from_interval(kind, median, value, unit, *_pair(name, spread))
        case "quantiles":
            distribution = _with_parameters(kind, median, *shapes.meeting(kind, spread))
        case _ if value is None:
            raise ValueError("the distribution needs a value to lie about: add value")
        case _ if not math.isfinite(spread) or spread <= 0:
            remedy = "leave the distribution out to hold the value fixed"
            raise ValueError(f"{name} must be above 0, not {spread}; {remedy}")
        case "effective_size":
            distribution = beta_about(value, spread)
        case "se" if median:
            raise ValueError(_which_scale(value, spread))
        case _ if median:
            distribution = lognormal_about_median(value, spread)
        case "se_log":
            distribution = from_moments("lognormal", value, value * math.sqrt(math.expm1(spread**2)))
        case _:
            distribution = from_moments(kind, value, spread * (abs(value) if name == "cv" else 1))
    return _inside(unit, distribution)


def _with_parameters(kind: Kind, median: bool, first: float, second: float) -> Distribution:
    """A distribution about its own mean, or where it is a ratio about its median."""
    match kind:
        case "beta":
            central = first / (first + second)
        case "gamma":
            central = first * second
        case "lognormal":
            central = math.exp(first if median else first + second**2 / 2)
        case _:
            central = first
    return Distribution(kind, central, first, second)


def _which_scale(ratio: float, se: float) -> str:
    """The se of a ratio may be that of its log or its own; taken for the other it is several times off."""
    (low, high), (own_low, own_high) = (
        lognormal_about_median(ratio, deviation).interval95 for deviation in (se, se / ratio)
    )
    return (
        f"the se of a ratio must say its scale. Write ci95 as published; or se_log: {se:g} if it is that of the log "
        f"(95% of draws {low:.3g} to {high:.3g}); or se_log: {se / ratio:.3g} if it is that of the ratio itself "
        f"(about {own_low:.3g} to {own_high:.3g})"
    )


def _only_with(kind: Declared, name: str, given: float | Sequence[float] | None, kinds: tuple[str, ...]) -> None:
    if given is not None and kind not in kinds:
        raise ValueError(f"{name} does not go with {kind}; it belongs to {' and '.join(kinds)}")
    if given is None and kind in kinds:
        raise ValueError(f"a {kind} distribution needs {name}")
    if isinstance(given, int | float) and not math.isfinite(given):
        raise ValueError(f"{name} must be a finite number")


def _known(kind: str) -> Declared:
    if kind not in get_args(Declared):
        raise ValueError(f'there is no distribution "{kind}". {nearest(kind, get_args(Declared))}')
    return cast(Declared, kind)


def _instead(unit: Unit, normal: Distribution | None = None) -> str:
    """Which distributions stay inside the support of a unit; how the draws of the first differ from a normal's."""
    kinds: tuple[Kind, ...] = ("beta",) if unit.high <= 1 else ("gamma", "lognormal")
    named = f"{', '.join(kinds)} or uniform"
    if normal is None:
        return named
    try:
        other = from_moments(kinds[0], normal.first, normal.second)
    except ValueError:
        return named
    ends = " and ".join(f"{low:.4g} to {high:.4g}" for low, high in (other.interval95, normal.interval95))
    return f"{named}: 95% of draws of a {kinds[0]} and of this normal lie within {ends}"


def _how_often(unit: Unit, normal: Distribution) -> str:
    ends = ((unit.low - normal.first) / normal.second, (normal.first - unit.high) / normal.second)
    return f"in {float(np.sum(special.ndtr(ends))):.2g} of draws"


def _only_spread(kind: Declared, given: Sequence[str]) -> str:
    allowed = SPREADS[kind]
    if wrong := [name for name in given if name not in allowed]:
        raise ValueError(f"{wrong[0]} does not go with {kind}. Allowed: {', '.join(allowed)}")
    if len(given) != 1:
        found = " and ".join(given) if given else "no spread"
        raise ValueError(f"a {kind} distribution needs exactly one of {', '.join(allowed)}; found: {found}")
    return given[0]


def _pair(name: str, ends: Sequence[float]) -> tuple[float, float]:
    if len(ends) != 2 or not all(math.isfinite(end) for end in ends):
        raise ValueError(f"{name} needs two finite numbers")
    return float(ends[0]), float(ends[1])


def _from_counts(events: float, n: float) -> Distribution:
    if not 0 < events < n:
        raise ValueError(
            f"counts [{events:g}, {n:g}] need more than 0 events and fewer than n, "
            "since beta(events, n − events) needs both; use effective_size, or hold it fixed"
        )
    return Distribution("beta", events / n, events, n - events)


def _from_range(low: float, high: float, value: float | None) -> Distribution:
    if low >= high:
        raise ValueError(f"the range [{low:g}, {high:g}] must rise; leave the distribution out to hold the value fixed")
    midpoint = (low + high) / 2
    if value is not None and not math.isclose(value, midpoint, rel_tol=1e-9, abs_tol=1e-12):
        raise ValueError(
            f"the value {value:g} is not the midpoint {midpoint:.10g} of its uniform range: leave value out, "
            "or move the range"
        )
    return Distribution("uniform", midpoint if value is None else value, low, high)


def _from_interval(kind: Kind, median: bool, value: float | None, unit: Unit, low: float, high: float) -> Distribution:
    for end in (low, high):
        if reason := out_of_support(unit, end):
            raise ValueError(f"an end of ci95 is not possible: {reason}")
    if low >= high:
        raise ValueError(f"ci95 [{low:g}, {high:g}] must rise; leave the distribution out to hold the value fixed")
    if value is None:
        return _with_parameters(kind, median, *shapes.meeting_both_ends(kind, low, high))
    if not low < value < high:
        raise ValueError(f"the value {value:g} is outside its 95% interval [{low:g}, {high:g}]")
    fitted = _as_wide_as(high - low, kind, median, value)
    if fitted is None:
        raise ValueError(f"no {kind} distribution about {value:g} has a 95% interval as wide as [{low:g}, {high:g}]")
    reached_low, reached_high = fitted.interval95
    if max(abs(reached_low - low), abs(reached_high - high)) > shapes.LARGEST_MISS * (high - low):
        raise ValueError(
            f"a {kind} distribution about {value:g} as wide as ci95 [{low:g}, {high:g}] reaches from "
            f"{reached_low:.4g} to {reached_high:.4g}; an end is missed by more than a tenth of the width. "
            "Leave value out to meet both ends, or choose another distribution"
        )
    return fitted


@lru_cache(maxsize=4_096)
def _as_wide_as(width: float, kind: Kind, median: bool, value: float) -> Distribution | None:
    """The distribution about a value whose 95% interval has a width; None if there is none."""

    def about(deviation: float) -> Distribution:
        return lognormal_about_median(value, deviation) if median else from_moments(kind, value, deviation)

    limit = largest_deviation(value) if kind == "beta" else math.inf
    start = width / value if median else width
    deviation = shapes.deviation_with_width(lambda trial: about(trial).interval95, start, width, limit)
    return None if deviation is None else about(deviation)


def _inside(unit: Unit, distribution: Distribution) -> Distribution:
    """The same distribution, once it is certain that its values stay inside the unit's support."""
    kind = distribution.kind
    quantiles = distribution.quantile(np.array([0.025, 0.5, 0.975]))
    if not (np.isfinite(quantiles).all() and np.all(np.diff(quantiles) > 0)):
        raise ValueError(f"the spread of this {kind} distribution is too small or too large to be computed")
    if kind in ENDED:
        for end in distribution.more if kind == "pert" else (distribution.first, distribution.second):
            if reason := out_of_support(unit, end):
                raise ValueError(f"an end of the {kind} distribution is not possible: {reason}")
    elif reason := out_of_support(unit, distribution.central):
        raise ValueError(reason)
    if kind == "normal" and not (
        unit.low <= distribution.first - FARTHEST_DRAW * distribution.second
        and distribution.first + FARTHEST_DRAW * distribution.second <= unit.high
    ):
        raise ValueError(
            f'this normal distribution leaves the support of the unit "{unit.text}" ({unit.support}) '
            f"{_how_often(unit, distribution)}, and nothing is clipped. Use {_instead(unit, distribution)}"
        )
    if kind in ("gamma", "lognormal") and math.isfinite(unit.high):
        if unit.kind != "rate":
            raise ValueError(
                f'a {kind} distribution has no upper end, and the unit "{unit.text}" has ({unit.support}). '
                f"Use {_instead(unit)}"
            )
        a, b, high = distribution.first, distribution.second, unit.high
        chance = float(special.gammaincc(a, high / b) if kind == "gamma" else special.ndtr((a - math.log(high)) / b))
        if chance > LARGEST_CHANCE_OF_ABSURD_RATE:
            raise ValueError(f"the rate exceeds {unit.high:g} per year with chance {chance:.2g}: narrow its spread")
    return distribution


def recentred(distribution: Distribution, unit: Unit, new_value: float) -> Distribution:
    """The distribution moved to a new central value, keeping its relative uncertainty.

    Gamma, lognormal, PERT and triangular are scaled (same cv), beta is refitted at equal effective size,
    normal is shifted, a uniform share becomes a beta of the same effective size (uniform on 0 to 1 is beta(1, 1)), any
    other uniform keeps its width relative to its midpoint (its width, where the midpoint is 0).
    Raises ValueError where the result would leave the support.
    """
    if reason := out_of_support(unit, new_value):
        raise ValueError(reason)
    first, second = distribution.first, distribution.second
    if distribution.kind in ("gamma", "lognormal") and new_value <= 0:
        raise ValueError(f"a {distribution.kind} distribution cannot be moved to {new_value:g}: hold it fixed there")
    match distribution.kind:
        case "beta" if not 0 < new_value < 1:
            raise ValueError(
                f"a beta distribution lives between 0 and 1 and cannot be moved to {new_value:g}"
                + (": hold it fixed there" if new_value in (0, 1) else "")
            )
        case "beta":
            moved = beta_about(new_value, first + second)
        case "gamma":
            moved = Distribution("gamma", new_value, first, second * new_value / distribution.central)
        case "lognormal":
            moved = Distribution("lognormal", new_value, first + math.log(new_value / distribution.central), second)
        case "normal":
            moved = Distribution("normal", new_value, new_value, second)
        case "pert" | "triangular":
            scale = new_value / distribution.central if distribution.central else 0.0
            if scale <= 0:
                raise ValueError(f"a {distribution.kind} distribution cannot be moved to {new_value:g}: hold it fixed")
            ends = (first, second) if distribution.kind == "pert" else (first * scale, second * scale)
            more = tuple(one * scale for one in distribution.more)
            moved = Distribution(distribution.kind, new_value, *ends, more)
        case "uniform" if unit.kind == "share" and 0 < new_value < 1:
            spread = (second - first) ** 2 / 12
            middle = distribution.central
            moved = beta_about(new_value, middle * (1 - middle) / spread - 1)
        case "uniform":
            scale = abs(new_value / distribution.central) if distribution.central else 1.0
            half_width = scale * (second - first) / 2
            if half_width == 0:
                raise ValueError(f"a uniform distribution cannot be moved to {new_value:g}: hold it fixed there")
            moved = Distribution("uniform", new_value, new_value - half_width, new_value + half_width)
    return _inside(unit, moved)


def warnings(distribution: Distribution) -> list[str]:
    """What is allowed but unusual about a distribution, one sentence each."""
    first, second = distribution.first, distribution.second
    if distribution.kind == "gamma" and first**-0.5 > LARGEST_GAMMA_CV:
        return [f"the standard error is {first**-0.5:.1f} times the mean: was a variance typed in its place?"]
    if distribution.kind == "lognormal":
        low, high = distribution.interval95
        if low * WIDEST_INTERVAL_RATIO < high:
            span = f"the 95% interval spans from {low:.3g} to {high:.3g}, more than a hundredfold"
            return [f"{span}: was a standard error typed that is not on the log scale?"]
    if distribution.kind == "beta" and first < 1 and second < 1:
        return ["the values pile up at 0 and at 1: is the spread too large?"]
    return []
