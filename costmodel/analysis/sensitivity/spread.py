"""How far an input is uncertain by itself: the values at which it is tried, and where a value lies in between."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.scenario.build import Scenario
from costmodel.scenario.leaves import HIGHEST_PRICE
from costmodel.units import UNUSUAL_RATE, Unit

Array = NDArray[np.float64]

DEFAULT_CHANGE = 0.2
"""By which share of itself an input is moved that declares no range; and how far a 0 of a share is."""
INTERVAL = "95% interval"
FIT = "95% interval of its fit"
RANGE = "plausible range"
NONE = "no range declared: ±20%"
NOT_TRIED = "it is 0 and declares no range"
BELOW_ONE = 1 - 1e-6
"""Highest discount rate that is tried: its support ends below 1."""
FARTHEST = 1e-9
"""Chance beyond which no value of a distribution is looked for."""
TAIL = 0.0005
"""Chance beyond each end of a 99.9% range."""


@by_content
@dataclass(frozen=True)
class Spread:
    """The uncertainty of one input, in the setting's price year.

    low, high: the values at which it is tried; equal where it cannot be tried. why: where they come from.
    widened: the value in use lay outside and was taken in. below: the chance that the input is at most a value,
    None where no uncertainty is declared. range: the plausible range, where there is one.
    """

    low: float
    high: float
    why: str
    widened: bool = False
    below: Callable[[float], float] | None = None
    range: tuple[float, float] | None = None

    def place(self, value: float) -> tuple[float | None, str]:
        """The percentile of a value within the input's own uncertainty, 0 to 1, and the same in words."""
        if self.below is not None:
            share = self.below(value)
            if not TAIL <= share <= 1 - TAIL:
                return share, "outside its 99.9% range"
            return share, f"at the {ordinal(share)} percentile of its uncertainty"
        if self.range is not None:
            inside = self.range[0] <= value <= self.range[1]
            return None, f"{'inside' if inside else 'outside'} its plausible range"
        return None, "no uncertainty is declared for it"


def ordinal(share: float) -> str:
    """A share as a percentile: 7th, 21st; the ends in words of their own."""
    percent = 100 * share
    if percent < 1 or percent > 99:
        return f"{percent:.1f}th"
    whole = round(percent)
    ending = "th" if whole % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{ending}"


def spread_of(scenario: Scenario, name: str) -> Spread:
    """The uncertainty of an input: of its distribution, its fit, its plausible range, or a declared default."""
    record, central = scenario.parameters[name], float(scenario.central[name])
    if name not in scenario.leaves:
        return _of_a_choice(scenario, name)
    leaf = scenario.leaves[name]
    factor = leaf.price_factor
    declared = (record.range[0] * factor, record.range[1] * factor) if record.range else None
    if leaf.posterior is not None:
        path, column = leaf.posterior
        rows = np.sort(scenario.posteriors[path].columns[column])
        if rows[0] < rows[-1]:
            low, high = (float(end) for end in np.quantile(rows, (0.025, 0.975)))
            return _holding(central, low, high, FIT, partial(_share_of_rows, rows), declared)
    elif leaf.distribution is not None:
        quantile = leaf.distribution.quantile
        low, high = (float(end) * factor for end in quantile(np.array([0.025, 0.975])))
        return _holding(central, low, high, INTERVAL, partial(_chance_below, quantile, factor), declared)
    if declared is not None:
        return _holding(central, *declared, RANGE, None, declared)
    return _default(record.unit, central)


def _of_a_choice(scenario: Scenario, name: str) -> Spread:
    """A choice with a number of its own: the spread of the option in use, scaled to it unless it is held."""
    record, central = scenario.parameters[name], float(scenario.central[name])
    option = record.operands[0]
    if record.fixed is None and option in scenario.leaves and scenario.central[option]:
        scale = central / float(scenario.central[option])
        of_option = spread_of(scenario, option)
        below = of_option.below
        scaled = None if below is None else partial(_scaled, below, scale)
        ends = None if of_option.range is None else (of_option.range[0] * scale, of_option.range[1] * scale)
        return _holding(central, of_option.low * scale, of_option.high * scale, of_option.why, scaled, ends)
    return _default(record.unit, central)


def _holding(
    central: float, low: float, high: float, why: str, below: Callable[[float], float] | None,
    declared: tuple[float, float] | None,
) -> Spread:  # fmt: skip
    """An interval that holds the value in use."""
    widened = not low <= central <= high
    return Spread(min(low, central), max(high, central), why, widened, below, declared)


def _default(unit: Unit, central: float) -> Spread:
    lowest, highest = limits(unit)
    if central == 0 and highest <= 1:
        return Spread(max(lowest, 0.0), min(highest, DEFAULT_CHANGE), f"no range declared: 0 to {DEFAULT_CHANGE:g}")
    ends = sorted((central * (1 - DEFAULT_CHANGE), central * (1 + DEFAULT_CHANGE)))
    low, high = max(lowest, ends[0]), min(highest, ends[1])
    return Spread(low, high, NONE if low < high else NOT_TRIED)


def limits(unit: Unit) -> tuple[float, float]:
    """The ends between which a file may give a number of this unit."""
    highest = {"discount_rate": BELOW_ONE, "rate": UNUSUAL_RATE, "price": HIGHEST_PRICE}
    return unit.low, min(unit.high, highest.get(unit.kind, np.inf))


def _share_of_rows(rows: Array, value: float) -> float:
    """The share of sorted rows that are at most a value."""
    return float(np.searchsorted(rows, value, side="right") / len(rows))


def _chance_below(quantile: Callable[[Array], Array], factor: float, value: float) -> float:
    """The chance of at most a value, found by turning the quantiles round; 0 or 1 beyond FARTHEST."""
    ends = np.array([FARTHEST, 1 - FARTHEST])
    low, high = quantile(ends) * factor
    if value <= low:
        return 0.0
    if value >= high:
        return 1.0
    from scipy.optimize.elementwise import find_root

    found = find_root(lambda u: quantile(u) * factor - value, (ends[:1], ends[1:]))
    return float(found.x[0])


def _scaled(below: Callable[[float], float], scale: float, value: float) -> float:
    """The chance of at most a value that is another one times a scale."""
    return below(value / scale)
