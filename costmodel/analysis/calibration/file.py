"""The calibration file as types, and whether its words stand on sources. The text under a field documents it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from costmodel.errors import InputError, Problem
from costmodel.inputs.distributions import fit
from costmodel.inputs.shapes import Declared, Distribution, Kind
from costmodel.scenario.fields import Block, Name, Names, Reference, Text, Time, Version
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import Keys, Tree, read_file
from costmodel.scenario.schema import Source
from costmodel.scenario.validate import citations, validate
from costmodel.units import Unit

MOST_FREE = 6
"""Rates that may be free in one fit."""
SQRT2 = 2**0.5


class Observation(Block):
    label: Text | None = None
    """What was counted, in a few words."""
    strategy: Name
    """The group that was observed."""
    states: Names = []
    """The states that count as the outcome. Either these or `score`."""
    score: Name | None = None
    """A score of the scenario: its mean, its standard deviation, or a share on one side of a cut-off."""
    time: Time
    """When, from referral."""
    share: float | None = Field(default=None, ge=0, le=1)
    """Share of the living group that was in one of the states. One of `share`, `mean` and, alone, `sd`."""
    mean: float | None = None
    """Mean score of the living group; with `sd`, which says how sure it is."""
    sd: float | None = Field(default=None, gt=0)
    """Standard deviation of the score. Without `mean` it is what is fitted."""
    n: int = Field(ge=1)
    """Size of the group."""
    source: Text
    """Source id of the share."""
    status: Status
    """How we know the share. `recalled` is shown as "to be checked"."""
    n_source: Text | None = None
    """Source id of the size of the group, where it is another."""
    n_status: Status | None = None
    """How we know the size of the group, where that is not as the share."""
    note: Text | None = None
    """What a reader should know about it."""

    @model_validator(mode="after")
    def _one_figure(self) -> "Observation":
        if bool(self.states) == bool(self.score):
            raise ValueError("it names either states or a score")
        if self.share is not None and (self.mean, self.sd) != (None, None):
            raise ValueError("it has either a share, or a mean and sd of a score")
        if self.share is None and (self.sd is None or not self.score):
            raise ValueError("give a share; of a score also its mean and sd, or its sd alone")
        return self

    @property
    def of_spread(self) -> bool:
        """Whether the standard deviation of a score is what was observed."""
        return self.share is None and self.mean is None

    @property
    def observed(self) -> float:
        """The share, the mean score, or its standard deviation."""
        found = self.share if self.share is not None else self.sd if self.mean is None else self.mean
        assert found is not None, "one of them is given"
        return found

    @property
    def scatter(self) -> float:
        """Standard deviation of one answer: of n answers the observation's error is this ÷ √n; 0 of a share.

        The error of a standard deviation is sd ÷ √(2n), of scores that are about normal.
        """
        return 0.0 if self.sd is None else self.sd / SQRT2 if self.of_spread else self.sd


PRIORS: tuple[Kind, ...] = ("beta", "gamma", "lognormal", "normal", "uniform", "pert", "triangular")
"""Families of priors: those of parameters without the hurdle, which is about a mean of people who use a service."""


class Prior(Block):
    """What is believed of a free quantity before the fit, as a parameter's distribution is declared."""

    distribution: Declared
    """The family.
    Any but `hurdle`; its spread is declared as that of a parameter.
    """
    value: float | None = None
    """The central value, where the spread does not imply it."""
    se: float | None = None
    """Standard error of the mean."""
    se_log: float | None = None
    """Standard error of the log."""
    cv: float | None = None
    """Standard deviation as a share of the mean."""
    ci95: list[float] | None = Field(default=None, min_length=2, max_length=2)
    """95% interval."""
    counts: list[float] | None = Field(default=None, min_length=2, max_length=2)
    """Events and number observed."""
    effective_size: float | None = None
    """Size of the sample that would be as sure."""
    range: list[float] | None = Field(default=None, min_length=2, max_length=2)
    """The ends of a `uniform`, `pert` or `triangular`."""
    quantiles: list[list[float]] | None = None
    """[probability, value] pairs."""
    mode: float | None = None
    """The most likely value of a `pert` or `triangular`."""
    source: Text | list[Text]
    """One or more source ids."""
    status: Status
    """How we know it."""
    note: Text | None = None
    """Why this prior."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The source ids, however they were written."""
        return (self.source,) if isinstance(self.source, str) else tuple(self.source)

    def fitted(self, unit: Unit) -> Distribution:
        """The distribution. Raises ValueError with one sentence for the reader."""
        if self.distribution not in PRIORS:
            raise ValueError(f"a {self.distribution} distribution cannot be a prior; allowed: {', '.join(PRIORS)}")
        fields = {key: getattr(self, key) for key in type(self).model_fields if key not in _WORDS}
        return fit(self.distribution, unit=unit, **fields)


_WORDS = ("distribution", "source", "status", "note")


class Free(Block):
    prior: Prior
    """What is believed of it before the fit.
    Chosen before the fit and from other evidence than the observations, else these count twice.
    """

    @model_validator(mode="before")
    @classmethod
    def _has_a_prior(cls, given: object) -> object:
        if isinstance(given, dict) and "prior" not in given:
            older = [key for key in ("start", "low", "high") if key in given]
            instead = f" in the place of {', '.join(older)}" if older else ""
            raise ValueError(
                f"it has no prior; write prior: {{distribution: …, source: …, status: …}}{instead}, chosen before the "
                "fit and from other evidence than the observations"
            )
        return given


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
    """Joint parameters that are fitted, at most six, each with its prior.
    Rates, ratios or shares of the scenario.
    """
    held: dict[Name, Name] = {}
    """Joint parameters that are fixed at the value of another parameter."""
    on_recalled: Text | None = None
    """Why it may count targets that are recalled, or assumed.
    Without it a fit has no more free parameters than targets that were read.
    """
    output: Text
    """The posterior CSV to write, from this file's folder.
    In that folder, or below it.
    """

    @model_validator(mode="after")
    def _not_both(self) -> "FitBlock":
        if both := sorted(self.free.keys() & self.held.keys()):
            raise ValueError(f"{', '.join(both)} cannot be both free and held")
        return self


class CalibrationFile(Block):
    """Observed proportions, and the rates that are fitted to them."""

    format: Version
    """The version of this grammar."""
    scenario: Text
    """The model file, from this file's folder."""
    design_effect: Reference
    """Variance inflation, because repeated proportions are the same patients.
    A parameter of the scenario.
    """
    observations: dict[str, Observation] = Field(min_length=1)
    """Observed proportions by name."""
    fits: dict[Name, FitBlock] = Field(min_length=1)
    """The fits by name."""


def read_calibration(path: Path) -> tuple[CalibrationFile, Tree]:
    """Read a calibration file. Raises InputError with every problem of the file itself."""
    tree = read_file(path)
    file, problems, _ = validate(CalibrationFile, tree)
    if file is None or problems:
        raise InputError(*problems)
    return file, tree


def is_calibration(path: Path) -> bool:
    """Whether a YAML file is a calibration file, by its keys."""
    return read_file(path).data.keys() >= {"observations", "fits"}


def unfounded(file: CalibrationFile, tree: Tree, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """What the file says without a source that exists, or claims to know better than that source."""
    for name, row in file.observations.items():
        keys: Keys = ("observations", name)
        yield from citations(tree, (*keys, "source"), [row.source], sources, row.status, f"{name}: ")
        if row.n_source or row.n_status:
            counted, status = [row.n_source or row.source], row.n_status or row.status
            yield from citations(tree, (*keys, "n"), counted, sources, status, f"{name}, number of people: ")
    for fit_name, block in file.fits.items():
        for name, free in block.free.items():
            keys, prior = ("fits", fit_name, "free", name, "prior", "source"), free.prior
            yield from citations(tree, keys, prior.sources, sources, prior.status, f"the prior of {name}: ")
