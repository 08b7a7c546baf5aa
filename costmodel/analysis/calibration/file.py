"""The calibration file as types. The text under a field is its documentation."""

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from costmodel.scenario.fields import Block, Name, Reference, Text, Time
from costmodel.scenario.parameter import Status

MOST_FREE = 6
"""Rates that may be free in one fit."""


class Observation(Block):
    label: Text | None = None
    """What was counted, in a few words."""
    strategy: Name
    """The group that was observed."""
    states: list[Name] = Field(min_length=1)
    """The states that count as the outcome."""
    time: Time
    """When, from referral."""
    share: float = Field(ge=0, le=1)
    """Share of the living group that was in one of the states."""
    n: int = Field(ge=1)
    """Size of the group."""
    source: Text
    """Source id of the share."""
    status: Status
    """How we know the share. `recalled` is shown as "to be checked"."""
    note: Text | None = None
    """What a reader should know about it."""


class Free(Block):
    start: float
    """Where the search begins."""
    low: float
    """The least value allowed."""
    high: float
    """The greatest value allowed."""

    @model_validator(mode="after")
    def _in_order(self) -> "Free":
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        if not self.low <= self.start <= self.high:
            raise ValueError(f"start {self.start:g} is outside {self.low:g} to {self.high:g}")
        return self


def _observed(value: object) -> list[str] | None:
    if value == "all":
        return None
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError("wanted: all, or a list of the names of observations")
    if twice := sorted({name for name in value if value.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} stands twice")
    return list(value)


Observed = Annotated[
    list[str] | None,
    PlainValidator(_observed),
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"const": "all"}]}),
]
"""Names of observations; None stands for all."""


class FitBlock(Block):
    label: Text
    """The fit in a few words."""
    alternative: Name | None = None
    """The structure that is fitted; left out where the scenario has only one."""
    observations: Observed
    """The observations that the fit may see: a list of names, or all."""
    free: dict[Name, Free] = Field(min_length=1, max_length=MOST_FREE)
    """Joint parameters that are fitted, at most six."""
    held: dict[Name, Name] = {}
    """Joint parameters that are fixed at the value of another parameter."""
    output: Text
    """The posterior CSV to write, from this file's folder."""

    @model_validator(mode="after")
    def _not_both(self) -> "FitBlock":
        if both := sorted(self.free.keys() & self.held.keys()):
            raise ValueError(f"{', '.join(both)} cannot be both free and held")
        return self


class CalibrationFile(Block):
    """Observed proportions, and the rates that are fitted to them."""

    format: Literal[1]
    """The version of this grammar."""
    scenario: Text
    """The model file, from this file's folder."""
    design_effect: Reference
    """Variance inflation, because repeated proportions are the same patients."""
    observations: dict[str, Observation] = Field(min_length=1)
    """Observed proportions by name."""
    fits: dict[Name, FitBlock] = Field(min_length=1)
    """The fits by name."""
