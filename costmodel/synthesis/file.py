"""The file of a synthesis as types: its dial, priors, runs beside, and which population uses what.

The text under a field is its documentation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from costmodel.errors import InputError, Problem
from costmodel.inputs.files import by_kind, named_file
from costmodel.scenario.fields import Block, Name, Text, Version
from costmodel.scenario.load import catalogue
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import read_file
from costmodel.scenario.validate import validate
from costmodel.synthesis.rows import (
    EvidenceRow,
    cannot_be_pooled,
    mixed_prices,
    not_of_a_base,
    read_rows,
    several_of_a_trial,
)

FOLDER, FILE = "synthesis", "synthesis.yaml"
ROWS = (100, 20_000)
"""Fewest and most draws of a file."""
BASE, BESIDE, CHANNEL, LISTED = "base", "beside", "channel", "listed"


class Priors(Block):
    class_sd: float = Field(gt=0)
    """Standard deviation of the means of classes around mu, log scale."""
    tau_scale: float = Field(gt=0)
    """Scale of the half-normal prior of tau, the standard deviation of trial effects in a class."""
    tau_scales_beside: list[float] = Field(min_length=1)
    """Other scales, shown beside."""
    source: Text
    status: Status


class Errors(Block):
    cv_low: float = Field(gt=0)
    """Smallest coefficient of variation of cost in an arm."""
    cv_high: float = Field(gt=0)
    """Largest; uniform between them, one a row."""
    cv_points: int = Field(ge=2, le=50)
    """Points of the quadrature."""
    source: Text
    status: Status


class Onset(Block):
    shape: float = Field(gt=0)
    """Of a Weibull distribution."""
    scale_months: float = Field(gt=0)
    points: int = Field(ge=8, le=50)
    """Onsets of equal weight for each of which the effect is fitted: at least eight."""
    typical_months: float = Field(ge=0)
    """The onset at which runs are compared."""
    beside_months: list[float] = []
    """Other onsets, shown beside."""
    source: Text
    status: Status


class DrawnSaving(Block):
    saving_low: float
    """Saving of therapy in other care, the least; uniform to the most."""
    saving_high: float
    of: float = Field(gt=0)
    """Cost of other care without therapy, in the same money."""
    saving_points: int = Field(ge=1, le=25)
    errors: list[float] = Field(min_length=1)
    """Standard errors of the log ratio, of equal weight."""
    source: Text
    status: Status


class Position(Block):
    label: Text
    role: Literal["base", "beside", "channel", "listed"]
    """base: one estimand, randomised; beside: pooled, mixed; channel: a part of care; listed: shown, never pooled."""
    estimand: Text | None = None
    classes: list[Text] = []
    verdicts: Literal["none", "all", "no falls"] = "all"
    onset_from_months: float | None = Field(default=None, ge=0)
    """Uniform onset instead of the common one, from here."""
    onset_to_months: float | None = Field(default=None, gt=0)
    source: Text | None = None
    """Where numbers of its own are from."""
    note: Text | None = None
    """What its reader has to know."""

    @model_validator(mode="after")
    def _complete(self) -> "Position":
        if self.role in (BASE, CHANNEL) and not (self.estimand and self.classes):
            raise ValueError("a base, and a channel, name their estimand and their classes")
        if (self.onset_from_months is None) != (self.onset_to_months is None):
            raise ValueError("onset_from_months and onset_to_months stand together")
        if self.onset_from_months is not None and self.source is None:
            raise ValueError("an onset of its own has a source")
        return self


class NamedRun(Block):
    label: Text
    programme_cost: list[Text] = []
    """Only rows whose totals hold the programme so: out, in, unknown."""
    without_flags: list[Text] = []
    """Without rows that carry one of these flags."""
    without: list[Text] = []
    """Without these trials."""
    bounds: Literal["as read", "every", "none"] = "as read"
    """Whether signs are taken as not significant: where that is known, always, never."""
    profile: Literal["onset", "at once", "after therapy"] = "onset"
    """How the effect comes."""


class FallOfMedicines(Block):
    change: float = Field(ge=-1)
    """Share of the cost of medicines, below 0 a fall."""
    low: float = Field(ge=-1)
    high: float
    source: Text
    status: Status


class OtherHalf(Block):
    position: Name
    outpatients_log_ratio: float
    outpatients_se: float = Field(gt=0)
    source: Text
    status: Status
    medicines: FallOfMedicines | None = None
    """A named alternative to what medicines are elsewhere."""


class PopulationUse(Block):
    uses: Literal["trial", "new service"]
    """The trial of these people shrunk by the posterior, or a service that is no trial."""
    trial: Text | None = None
    position: Name
    therapy: Text
    weight: float = Field(default=1, gt=0, le=1)
    other_half: OtherHalf | None = None
    scored_without: list[Text] = []
    """Trials without which a prediction is made before it is scored against them."""
    why: Text
    source: Text | None = None
    """Where a weight below 1 is from."""

    @model_validator(mode="after")
    def _complete(self) -> "PopulationUse":
        if (self.uses == "trial") != (self.trial is not None):
            raise ValueError("a trial is named where uses is trial, and only there")
        if (self.weight < 1) != (self.other_half is not None):
            raise ValueError("a weight below 1 has another half, and only that")
        if self.weight < 1 and self.source is None:
            raise ValueError("a weight below 1 has a source")
        return self


class ConstantPounds(Block):
    change_per_year: float
    """Pounds a year per person, average of trials, from the figures."""
    se: float = Field(gt=0)
    tau: float = Field(ge=0)
    adjusted_change_per_year: float
    """The same with the other analysis of the group of alternatives."""
    adjusted_se: float = Field(gt=0)
    adjusted_group: Text
    weight: float = Field(gt=0, lt=1)
    """Of the first in the pooled answer."""
    scaled_below_per_year: float = Field(gt=0)
    """Below this yearly cost the pounds shrink in proportion."""
    trials_from_per_year: float = Field(gt=0)
    trials_to_per_year: float = Field(gt=0)
    """Above this yearly cost an effect, fall or rise, acts on no more."""
    caps_beside_per_year: list[float] = []
    """Other such caps, shown beside."""
    source: Text
    status: Status


class DrawsFile(Block):
    position: Name
    therapy: Text | None = None
    """Of this class; the one in use if left out."""
    without: list[Text] = []
    """Without these trials."""
    onset_of: Name | None = None
    """With the onset of this position in the place of its own."""


class Draws(Block):
    rows: int = Field(ge=ROWS[0], le=ROWS[1])
    """Rows after the first, which has the median effects at the typical onset."""
    seed: int = Field(ge=0)
    files: dict[Name, DrawsFile] = {}
    """What is shipped in the folder draws, by the file's name without its ending."""


class SynthesisFile(Block):
    """Which rows count, what is assumed, and which population uses what, declared before the first run."""

    format: Version
    title: Text
    rows: Text
    """The CSV file of rows, beside this one."""
    position: Name
    """Of the dial, in use."""
    therapy: Text
    """The class whose mean is the average trial."""
    priors: Priors
    errors: Errors
    onset: Onset
    drawn: dict[str, DrawnSaving] = {}
    positions: dict[Name, Position] = Field(min_length=1)
    runs: dict[Name, NamedRun] = {}
    draws: Draws
    populations: dict[Name, PopulationUse] = {}
    constant_pounds: ConstantPounds | None = None


@dataclass(frozen=True)
class RowsOfEvidence:
    """A synthesis file with its rows. dropped: a line for each copy that was left out."""

    path: Path
    file: SynthesisFile
    rows: tuple[EvidenceRow, ...]
    dropped: tuple[str, ...]

    def of(self, position: str) -> list[EvidenceRow]:
        """The rows that a position reads."""
        return [row for row in self.rows if position in row.sets]


def shipped() -> Path:
    """The synthesis file of the folder of scenarios."""
    return catalogue() / FOLDER / FILE


def read_synthesis(path: Path) -> RowsOfEvidence:
    """Read a synthesis file and its rows. Raises InputError with every problem."""
    tree = read_file(path)
    file, problems, _ = validate(SynthesisFile, tree)
    if problems or file is None:
        raise InputError(*problems)
    place = str(tree.place(("rows",)))
    rows, dropped = read_rows(named_file(file.rows, path, place), list(file.positions))
    found = RowsOfEvidence(path, file, tuple(rows), tuple(dropped))
    problems = list(dict.fromkeys([*_names(found, path.name), *_positions(found, path.name)]))
    if problems:
        raise InputError(*by_kind(problems))
    return found


def _positions(found: RowsOfEvidence, place: str) -> Iterator[Problem]:
    for name, position in found.file.positions.items():
        rows = found.of(name)
        if not rows:
            yield Problem(place, f"no row stands in the position {name}", "Write it into the sets of its rows.")
            continue
        if position.role == LISTED:
            continue
        for row in rows:
            yield from cannot_be_pooled(row, list(found.file.drawn), name, position.role == CHANNEL)
        yield from several_of_a_trial(rows)
        yield from mixed_prices(rows, name)
        if position.role in (BASE, CHANNEL):
            yield from not_of_a_base(
                rows, found.rows, name, position.estimand or "", position.classes, position.verdicts
            )


def _names(found: RowsOfEvidence, place: str) -> Iterator[Problem]:
    file = found.file
    pooled = [name for name, position in file.positions.items() if position.role != LISTED]
    trials = {row.trial for row in found.rows}
    if file.errors.cv_low >= file.errors.cv_high:
        yield Problem(place, "cv_low is not below cv_high", "Exchange them.")
    asked = [("position", file.position)] + [(name, one.position) for name, one in file.populations.items()]
    asked += [(name, one.other_half.position) for name, one in file.populations.items() if one.other_half]
    asked += [(f"the file of draws {name}", one.position) for name, one in file.draws.files.items()]
    asked += [
        (f"the onset of the draws {name}", one.onset_of) for name, one in file.draws.files.items() if one.onset_of
    ]
    for who, position in asked:
        if position not in pooled:
            yield Problem(place, f'{who} names "{position}", which is no position that pools', ", ".join(pooled))
    named = [(name, trial) for name, run in file.runs.items() for trial in run.without]
    named += [(name, trial) for name, one in file.populations.items() for trial in one.scored_without]
    named += [(f"the file of draws {name}", trial) for name, one in file.draws.files.items() for trial in one.without]
    named += [(name, one.trial) for name, one in file.populations.items() if one.trial]
    for who, trial in named:
        if trial not in trials:
            yield Problem(place, f'{who} names the trial "{trial}", of which there is no row', "See the rows.")
    for id_ in file.drawn:
        if id_ not in {row.id for row in found.rows}:
            yield Problem(place, f"drawn names {id_}, which is no row", "See the rows.")
