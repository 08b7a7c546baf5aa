"""The inputs of an answer, one by one: which can be moved, how far each is uncertain, where a value lies in that."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import InputError, listed, made_by, nearest, number, one_of
from costmodel.page import SCREEN, TEXT, Block, Notes
from costmodel.scenario.build import Scenario
from costmodel.scenario.leaves import HIGHEST_PRICE
from costmodel.scenario.structure import uses
from costmodel.units import UNUSUAL_RATE, Unit, out_of_support

Array = NDArray[np.float64]

PARTS = 4
"""Into how many equal parts the way from the low to the high value is cut; the outcome is read at each cut."""
STEPS = 11
"""Values of each of two inputs where they are not named."""
DEFAULT_CHANGE = 0.2
"""By which share of itself an input is moved that declares no range; and how far a 0 of a share is."""
INTERVAL = "95% interval"
FIT = "95% interval of its fit"
RANGE = "plausible range"
NONE = "no range declared: ±20%"
NOT_TRIED = "it is 0 and declares no range"
BELOW_ONE = 1 - 1e-6
"""Highest discount rate that is tried: its support ends below 1."""
ENDS = np.array([0.025, 0.975])
"""Chances at the ends of an interval."""
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
    """The uncertainty of an input: of its distribution, its fit, its plausible range, or a declared default.

    A choice with a number of its own has that of the option in use, scaled to it unless it is held.
    """
    record, central, scale = scenario.parameters[name], float(scenario.central[name]), 1.0
    unit, leaf = record.unit, scenario.leaves.get(name)
    if leaf is None:
        option = record.operands[0]
        if record.fixed is not None or option not in scenario.leaves or not scenario.central[option]:
            return _default(unit, central)
        record, leaf, scale = scenario.parameters[option], scenario.leaves[option], central / scenario.central[option]
    factor = leaf.price_factor * scale
    declared = (record.range[0] * factor, record.range[1] * factor) if record.range else None
    rows = leaf.posterior and np.sort(scenario.posteriors[leaf.posterior[0]].columns[leaf.posterior[1]]) * scale
    below: Callable[[float], float] | None = None
    if rows is not None and rows[0] < rows[-1]:
        (low, high), why, below = np.quantile(rows, ENDS), FIT, partial(_share_of_rows, rows)
    elif rows is None and leaf.distribution is not None:
        quantile = leaf.distribution.quantile
        (low, high), why, below = quantile(ENDS) * factor, INTERVAL, partial(_chance_below, quantile, factor)
    elif declared is not None:
        (low, high), why = declared, RANGE
    else:
        return _default(unit, central)
    outside = not low <= central <= high
    return Spread(min(float(low), central), max(float(high), central), why, outside, below, declared)


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


@dataclass(frozen=True)
class Input:
    """A number that can be moved alone.

    central: in the setting's price year. fitted: the posterior file of numbers that were fitted together; "" for
    others. alone: whether a row of a batch cannot hold it, so that each of its values is a run of its own.
    limits: between which it can be moved. price_factor: divides a value into the price year of its own record, in
    which `Scenario.changed` and `--set` take it; 1 for what is not money. bill_only: whether it is of the sessions or
    the attendance of therapies no effect of which depends on the sessions delivered.
    """

    name: str
    label: str
    unit: Unit
    central: float
    spread: Spread
    fitted: str
    alone: bool
    limits: tuple[float, float]
    price_factor: float = 1.0
    bill_only: bool = False


def inputs(scenario: Scenario) -> list[Input]:
    """Every registered input that feeds the result, in the order of the file, the setting's among them; no constants.

    A choice that was given a number of its own stands for the option behind it.
    """
    names = made_by("scenario", scenario, Scenario, "costmodel.load").used
    moved = {name for name in names if _has_own_number(scenario, name)}
    referred = {use.reference for structure in scenario.structures for use in uses(structure.model)}
    hidden = set()
    for name in moved:
        option = scenario.parameters[name].operands[0]
        others = [other for other in names if other != name and option in scenario.parameters[other].operands]
        if option not in referred and not others:
            hidden.add(option)
    runs_of_their_own, bill = one_by_one(scenario), bill_only(scenario)
    return [
        _input(scenario, name, name in runs_of_their_own, name in bill)
        for name in names
        if (name in scenario.leaves or name in moved) and name not in hidden and not scenario.parameters[name].constant
    ]


def named(scenario: Scenario, name: str) -> Input:
    """One input by name; a choice stands for the option in use. Raises InputError where there is none such."""
    found = {one.name: one for one in inputs(scenario)}
    if not isinstance(name, str):
        one_of("input", name, found)
    meant = name
    while meant not in found and meant in scenario.parameters and scenario.parameters[meant].one_of:
        meant = scenario.parameters[meant].operands[0]
    if meant in found:
        return found[meant]
    place = f'input "{name[:40]}"'
    if name in scenario.parameters and scenario.parameters[name].operands:
        remedy = f"Name one of what it is made of: {', '.join(scenario.parameters[name].operands)}."
        raise InputError.at(place, "this is made of other inputs", remedy)
    if name in scenario.parameters and scenario.parameters[name].constant:
        raise InputError.at(place, "this is a constant", "If it could be another number, remove constant: true.")
    if name in scenario.parameters:
        raise InputError.at(place, "this does not feed the answer", "`costmodel check` lists what does not.")
    raise InputError.at(place, "there is no such input", nearest(name, found))


def two(scenario: Scenario, first: str, second: str) -> tuple[Input, Input]:
    """Two different inputs by name. Raises InputError otherwise."""
    one, other = named(scenario, first), named(scenario, second)
    if one.name == other.name:
        raise InputError.at(f"{first} and {second}", "these are one input", "Name two different ones.")
    return one, other


def tried(one: Input) -> list[float]:
    """The values at which an input is tried, from low to high: its ends, and evenly between them.

    An input that cannot be tried is moved by 1 once, to see whether it matters at all.
    """
    low, high = one.spread.low, one.spread.high
    return [one.central + 1] if low == high else [float(value) for value in np.linspace(low, high, PARTS + 1)]


def values_of(one: Input, given: Sequence[float] | None) -> tuple[float, ...]:
    """Values of an input that its unit allows; by default from the low to the high end of its uncertainty."""
    if given is None:
        if one.spread.low == one.spread.high:
            raise InputError.at(one.name, one.spread.why, "Name the values at which it is to be tried.")
        return tuple(float(x) for x in np.linspace(one.spread.low, one.spread.high, STEPS))
    values = tuple(number(one.name, x, wrong="not a value of it") for x in listed(one.name, given))
    if not values:
        raise InputError.at(one.name, "no values are named", "Name at least one.")
    for value in values:
        if fault := out_of_support(one.unit, value):
            raise InputError.at(one.name, fault)
    return values


def one_by_one(scenario: Scenario) -> set[str]:
    """Inputs that a row of a batch cannot move: those behind the age and the sexes, which choose the hazards."""
    cohort = scenario.model.cohort
    return set(scenario.behind((cohort.age, cohort.female)))


def bill_only(scenario: Scenario) -> set[str]:
    """Parameters behind sessions and attendance that change what a therapy costs and nothing that it does."""
    billed: list[str | int] = []
    others: list[str | int] = []
    for structure in scenario.structures:
        strategies = structure.model.strategies
        for use in uses(structure.model):
            of_sessions = use.keys[0] == "strategies" and use.keys[2:] in (
                ("therapy", "sessions"), ("therapy", "attendance"),
            )  # fmt: skip
            dosed = of_sessions and any(effect.dose for effect in strategies[str(use.keys[1])].effects.values())
            (billed if of_sessions and not dosed else others).append(use.reference)
    return set(scenario.behind(billed)) - set(scenario.behind(others))


def _has_own_number(scenario: Scenario, name: str) -> bool:
    record = scenario.parameters[name]
    return record.one_of is not None and (record.fixed is not None or record.moved_to is not None)


def _input(scenario: Scenario, name: str, alone: bool, bill: bool) -> Input:
    record, leaf = scenario.parameters[name], scenario.leaves.get(name)
    fitted = leaf.posterior[0].name if leaf is not None and leaf.posterior else ""
    factor = leaf.price_factor if leaf is not None else 1.0
    central, ends = float(scenario.central[name]), limits(record.unit)
    if record.unit.kind == "years" and scenario.life_table is not None and name in one_by_one(scenario):
        ends = (ends[0], min(ends[1], float(scenario.life_table.last_age)))
    spread = spread_of(scenario, name)
    return Input(name, record.label, record.unit, central, spread, fitted, alone, ends, factor, bill)


def only_the_bill(moved: Iterable[Input]) -> Iterator[str]:
    """That sessions and attendance change what a therapy costs and nothing that it does, where that is so."""
    if names := [one.name for one in moved if one.bill_only]:
        verb = "changes" if len(names) == 1 else "change"
        yield f"{verb} only the bill, because no effect here depends on the sessions delivered: {', '.join(names)}"


def quoted(one: Input) -> str:
    """An input inside a sentence."""
    return f"“{one.label}”" + (" (by the bill alone)" if one.bill_only else "")


def origin(one: Input) -> str:
    """Where the values come from at which an input is tried."""
    fitted = ["fitted together with others, which stay"] if one.fitted else []
    return "; ".join((one.spread.why, *fitted, *(["widened to the value in use"] if one.spread.widened else [])))


def named_on(heading: str, found: Iterable[Input]) -> tuple[Block, ...]:
    """Inputs under a heading: their names where one types them, their labels where one reads."""
    some = list(found)
    names, labels = (tuple(getattr(one, what) for one in some) for what in ("name", "label"))
    return Notes(heading, names, names=True, only=(TEXT,)), Notes(heading, labels, names=True, only=(SCREEN,))
