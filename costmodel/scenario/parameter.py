"""A number is a record: its value, unit, spread, price year, source and standing; or it is made of other numbers."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from costmodel.inputs.distributions import ENDED, FIELDS
from costmodel.inputs.shapes import Declared
from costmodel.scenario.fields import Block, Name, PriceYear, Text, Time
from costmodel.scenario.setting import UnitText
from costmodel.units import MONTHS_A_YEAR

Status = Literal["read", "derived", "recalled", "assumption"]
STRENGTH: tuple[Status, ...] = ("read", "derived", "recalled", "assumption")
"""From the best standing to the weakest."""

Pair = list[float]
_JUDGED = ("cv", "effective_size", "mode")
_ABOUT_SPREAD = re.compile(r"spread|interval", flags=re.IGNORECASE)
KINDS = (
    "value",
    "joint",
    "over_time",
    "one_of",
    "product_of",
    "mean_of",
    "ratio_of",
    "complement_of",
    "probability_of",
    "rebased",
)
INTERNAL = ("moved_to", "fixed")
"""Keys of a record that controls and options set, and that no file may hold."""
CENTRES = ("value", *INTERNAL)
"""Keys of a record that hold its centre."""
DERIVED = ("over_time", "product_of", "mean_of", "ratio_of", "complement_of", "probability_of", "rebased")


class Rebased(Block):
    ratio: Name
    """A ratio against people without the condition."""
    prevalence: Name
    """Share of the general population with it."""


class Parameter(Block):
    """A number with everything a reader needs to judge it."""

    label: Text
    """What the reader sees."""
    unit: UnitText
    """A unit of docs/format.md."""
    group: Text | None = None
    """The heading under which it is listed.
    In the dashboard; `voi` groups by it too. By unit where left out.
    """
    source: str | list[str] | None = None
    """One or more ids of the sources file.
    Required for values; each must stand there.
    """
    status: Status | None = None
    """How we know it. `recalled` is shown as "to be checked".
    Required for values.
    """
    note: Text | None = None
    """How it was derived, or why this value."""
    price_year: PriceYear | None = None
    """The year of the price.
    Required for prices.
    """
    index: Name | None = None
    """The price index that brings it to the setting's price year.
    Required where `price_year` is another.
    """
    range: Pair | None = Field(default=None, min_length=2, max_length=2)
    """The plausible range; for `uniform`, `pert` and `triangular` also the distribution's.
    `[low, high]`, shown.
    """

    value: float | None = None
    """The central value.
    With a distribution if it is uncertain.
    """
    constant: bool = False
    """A number that is no assumption, such as the number of a cycle: it needs no source, and no analysis moves it.
    A `value` with the unit `multiplier`, such as 1,000 for "per 1,000"; it needs no status either, and tornado, grid
    and break-even leave it alone.
    """
    distribution: Declared | None = None
    """The family of its uncertainty."""
    se: float | None = None
    """Standard error of the mean."""
    se_log: float | None = None
    """Standard error of the log."""
    cv: float | None = None
    """Standard deviation as a share of the mean."""
    ci95: Pair | None = Field(default=None, min_length=2, max_length=2)
    """95% interval."""
    counts: Pair | None = Field(default=None, min_length=2, max_length=2)
    """Events and number observed."""
    effective_size: float | None = None
    """Size of the sample that would be as sure."""
    quantiles: list[Pair] | None = None
    """[probability, value] pairs."""
    mode: float | None = None
    """The most likely value of a `pert` or `triangular`."""
    of_users: Pair | None = Field(default=None, min_length=2, max_length=2)
    """Of a `hurdle`: mean and standard deviation of those who use anything."""

    joint: Text | None = None
    """A posterior file; its columns are drawn together.
    A CSV, of which this parameter is a column. The row flagged in its column `best` serves the deterministic run.
    """
    column: Name | None = None
    """The column of the posterior; the parameter's own name by default.
    With `joint`.
    """
    over_time: dict[Time, Name] | None = None
    """Rates in force from stated times after referral.
    `{0 months: P, 18 months: P, …}`; begins at `0 months`.
    """
    use: Name | None = None
    """The option in use.
    With `one_of`.
    """
    one_of: dict[Name, Name] | None = None
    """Options: a word and the parameter behind it.
    For instance three prices of a session.
    """
    product_of: list[Name] | None = Field(default=None, min_length=2)
    """Product of parameters."""
    mean_of: list[Name] | None = Field(default=None, min_length=2)
    """Arithmetic mean of parameters."""
    ratio_of: list[Name] | None = Field(default=None, min_length=2, max_length=2)
    """The first divided by the second."""
    complement_of: Name | None = None
    """1 minus a parameter."""
    probability_of: Name | None = None
    """A rate; the probability of at least one event in the period of the unit, 1 − exp(−rate × period)."""
    rebased: Rebased | None = None
    """A ratio against the unaffected, made a ratio against everybody.
    A ratio r against people without the condition becomes one against the general population:
    r ÷ (1 + prevalence·(r − 1)).
    """

    moved_to: float | None = None
    """A new centre, set by an overlay or a control; the relative spread is kept."""
    fixed: float | None = None
    """A value held in every draw, set by `--fix`."""

    @property
    def kind(self) -> str:
        """Which of KINDS this record is. A value may follow from its distribution."""
        for kind in KINDS[1:]:
            if getattr(self, kind) is not None:
                return kind
        return "value"

    @property
    def sources(self) -> tuple[str, ...]:
        """The source ids, however they were written."""
        return (self.source,) if isinstance(self.source, str) else tuple(self.source or ())

    @property
    def judged(self) -> tuple[str, ...]:
        """Keys of its spread that nobody measured, unless its note says of what they are the spread.

        A standard error, an interval, counts and quantiles carry the record's source; these do not.
        """
        given = [key for key in _JUDGED if getattr(self, key) is not None]
        ends = ["range"] if self.distribution in ENDED else []
        return () if _ABOUT_SPREAD.search(self.note or "") else (*given, *ends)

    @property
    def operands(self) -> tuple[str, ...]:
        """The parameters this one is made of."""
        if self.rebased:
            return (self.rebased.ratio, self.rebased.prevalence)
        if self.one_of:
            return (self.one_of[self.use],) if self.use in self.one_of else tuple(self.one_of.values())
        if single := self.complement_of or self.probability_of:
            return (single,)
        if self.over_time:
            return tuple(self.over_time.values())
        return tuple(self.product_of or self.mean_of or self.ratio_of or ())

    @model_validator(mode="before")
    @classmethod
    def _no_hurdle_of_a_person(cls, given: object) -> object:
        """A hurdle was once declared by the spread of single people, which is not that of a cohort's mean."""
        if isinstance(given, dict) and given.get("distribution") == "hurdle" and {"chance", "cv"} & set(given):
            raise ValueError(
                "chance and cv spread a hurdle over single people, and a cohort needs the uncertainty of its mean, or "
                "nobody uses anything in most draws; give counts: [users, n] and of_users: [mean, standard deviation]"
            )
        return given

    @model_validator(mode="after")
    def _one_kind(self) -> "Parameter":
        kinds = [k for k in KINDS if k != "value" and getattr(self, k) is not None]
        plain = self.value is not None or self.distribution is not None
        if len(kinds) + plain != 1:
            found = ", ".join(kinds + ["value"] * plain) or "none"
            raise ValueError(f"a parameter has exactly one of {', '.join(KINDS)}; found: {found}")
        if plain and self.distribution is None:
            for name in FIELDS:
                if name not in ("value", "range") and getattr(self, name) is not None:
                    raise ValueError(f"{name} needs a distribution")
        if kinds and kinds[0] in DERIVED and (self.moved_to is not None or self.fixed is not None):
            raise ValueError(f"it is derived ({kinds[0]}); change what it is made of: {', '.join(self.operands)}")
        uncertain = self.distribution is not None or self.range is not None
        if self.constant and (kinds or uncertain or self.unit.kind != "multiplier"):
            raise ValueError(
                "constant: true belongs to a value with the unit multiplier, without distribution and range; a number "
                "that could be another is an input"
            )
        if (self.one_of is None) != (self.use is None):
            raise ValueError("use and one_of come together")
        if self.one_of and self.use not in self.one_of:
            raise ValueError(f'there is no option "{self.use}"; allowed: {", ".join(self.one_of)}')
        if self.column and not self.joint:
            raise ValueError("column belongs to joint")
        return self


Value = Any
"""A float, an array of draws, or a worksheet cell: anything with + − × ÷."""


def combine(record: Parameter, operand: Callable[[str], Value]) -> Value:
    """The value of a derived record; `operand` gives the value of a parameter by name.

    A rate that changes over time has no single value: `over_time` is refused here with a ValueError.
    """
    values = [operand(name) for name in record.operands]
    if record.product_of:
        product = values[0]
        for value in values[1:]:
            product = product * value
        return product
    if record.mean_of:
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total / len(values)
    if record.ratio_of:
        return values[0] / values[1]
    if record.complement_of:
        return 1 - values[0]
    if record.probability_of:
        return 1 - math.e ** (0 - values[0] * (record.unit.months / MONTHS_A_YEAR))
    if record.rebased:
        ratio, prevalence = values
        return ratio / (1 + prevalence * (ratio - 1))
    if record.one_of:
        return values[0]
    raise ValueError(f"{record.label}: a {record.kind} has no single value")


LONGEST_CHAIN = 100
"""Parameters that are made of each other, one after the other."""


def order(parameters: Mapping[str, Parameter]) -> list[str]:
    """Names so that each stands after what it is made of.

    Raises ValueError, with what is wrong and the remedy, for a circle and for a chain longer than LONGEST_CHAIN.
    """
    length: dict[str, int] = {}
    for first in parameters:
        path = {first: iter(parameters[first].operands)} if first not in length else {}
        while path:
            name = next(reversed(path))
            operand = next((one for one in path[name] if one in parameters and one not in length), None)
            if operand in path:
                circle = [*path][[*path].index(operand) :]
                found = f"parameters are made of each other: {' → '.join((*circle, operand))}"
                raise ValueError(found, "Break the circle.")
            if operand is not None:
                path[operand] = iter(parameters[operand].operands)
                continue
            del path[name]
            length[name] = 1 + max((length.get(one, 0) for one in parameters[name].operands), default=0)
            if length[name] > LONGEST_CHAIN:
                found = f"{name} ends a chain of more than {LONGEST_CHAIN} parameters that are made one of the other"
                raise ValueError(found, "Make it of fewer: a product may have many factors.")
    return list(length)


def behind(
    parameters: Mapping[str, Parameter],
    references: Iterable[str | int | None],
    also: Callable[[str], Iterable[str]] = lambda name: (),
) -> list[str]:
    """The parameters at some references and all that they are made of: each once, before what it is made of.

    Names without a parameter, and structural numbers, are passed over. also: what else is behind a parameter.
    """
    waiting = [str(reference) for reference in references][::-1]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        if name in parameters and name not in found:
            found[name] = None
            waiting += [*parameters[name].operands, *also(name)][::-1]
    return list(found)


def varies(parameters: Mapping[str, Parameter], reference: str | int | None) -> str | None:
    """The parameter through which a reference differs between draws: itself, or one it is made of; None without."""
    return next((n for n in behind(parameters, [reference]) if parameters[n].distribution or parameters[n].joint), None)


def pieces(record: Parameter) -> list[tuple[float, str]]:
    """An `over_time` record as (years from referral, parameter), in order of time."""
    assert record.over_time is not None
    return sorted((time.years, name) for time, name in record.over_time.items())


def steps(parameters: Mapping[str, Parameter], reference: str | int) -> list[tuple[float, str | int]]:
    """A reference as (years from referral, reference) in order of time: one where it does not change over time."""
    record = parameters.get(str(reference))
    if record is None or record.over_time is None:
        return [(0.0, reference)]
    return list(pieces(record))


BY_UNIT = {
    "price": "Prices",
    "quantity": "Care used",
    "multiplier": "Care used",
    "rate": "Course of illness",
    "probability": "Course of illness",
    "hazard_ratio": "Effects",
    "rate_ratio": "Effects",
    "cost_ratio": "Effects",
    "relative_risk": "Effects",
    "odds_ratio": "Effects",
    "utility": "Quality of life",
    "share": "Shares",
    "sessions": "Therapy",
    "discount_rate": "Method",
    "years": "People",
    "months": "Effects",
    "people_per_100": "Work",
}


def heading(record: Parameter) -> str:
    """The heading that a record names, else that of its unit."""
    return record.group or BY_UNIT[record.unit.kind]
