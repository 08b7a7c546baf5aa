"""Targets: what studies found, and the role of each, as types (text under a field documents it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from costmodel.errors import InputError
from costmodel.scenario.attached import read_sources
from costmodel.scenario.fields import Block, Name, Names, PriceYear, Text, Time, Transition, Version
from costmodel.scenario.load import MODEL
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import Tree, read_file
from costmodel.scenario.schema import Source
from costmodel.scenario.setting import home
from costmodel.scenario.validate import citations, validate

Role = Literal["fitted", "input", "consistency", "predicted", "context"]
CountsAs = Literal["input", "fitted", "same trial", "prediction", "not counted"]
Outcome = Literal[
    "share in states", "months in states", "share moved", "mean score", "spread of score", "qaly gain", "cost",
    "cost per year", "net cost", "offset ratio", "offset per year", "greatest offset ratio", "use per year",
    "fall in use", "payback month", "chance better and cheaper", "cost per qaly", "chance cost-effective", "none",
]  # fmt: skip

COMPARED = {"strategy", "against", "perspective"}
NEEDS: dict[str, set[str]] = {
    **{key: {"strategy", "states", "time"} for key in ("share in states", "months in states")},
    "share moved": {"strategy", "transition", "time"},
    **{key: {"strategy", "score", "time"} for key in ("mean score", "spread of score")},
    "qaly gain": {"strategy", "against", "time"},
    **{key: {"strategy", "perspective", "time"} for key in ("cost", "cost per year")},
    **dict.fromkeys(("net cost", "offset ratio", "offset per year", "cost per qaly"), COMPARED | {"time"}),
    "greatest offset ratio": COMPARED | {"states", "ill", "time"},
    "use per year": {"strategy", "item", "time"},
    "fall in use": {"strategy", "against", "item", "time"},
    "payback month": COMPARED,
    "chance better and cheaper": COMPARED | {"states", "time"},
    "chance cost-effective": COMPARED | {"threshold", "time"},
    "none": set(),
}
"""The keys that an outcome cannot do without."""
MAY: dict[str, set[str]] = {
    **{key: {"against"} for key in ("share in states", "months in states", "mean score", "use per year")},
    **{key: {"utility_set"} for key in ("qaly gain", "cost per qaly", "chance cost-effective")},
    **{key: {"category"} for key in ("cost", "cost per year", "net cost")},
}
"""The keys that it may have beside them."""
KEYS = (
    "strategy", "against", "perspective", "states", "score", "ill", "transition", "item", "category", "threshold",
    "time", "utility_set",
)  # fmt: skip
MONEY = {"cost", "cost per year", "net cost", "offset per year", "cost per qaly", "chance cost-effective"}
"""Outcomes of which a figure is money, or rests on a threshold that is."""
ECONOMIC = MONEY | {
    "offset ratio", "greatest offset ratio", "use per year", "fall in use", "payback month",
    "chance better and cheaper",
}  # fmt: skip
"""Outcomes about money, or about what costs it."""
HOME = home().currency.code
NORMAL = 1.96
"""Standard errors on either side of a figure."""


class Exchange(Block):
    per_unit: float = Field(gt=0)
    """Pounds for one unit of the source's currency."""
    source: Text
    """Source id."""
    status: Status
    """How we know it."""


class Target(Block):
    label: Text
    """What was observed, in a few words."""
    role: Role
    """fitted, input, consistency, predicted or context; only predicted rows score.
    Consistency: shown, but no test. Context: no model can be asked.
    """
    why: Text
    """Why it has this role, and this tolerance."""
    population: Name
    """The folder of the scenario that is asked."""
    scenario: Text = MODEL
    """The file in it."""
    outcome: Outcome
    """What the model works out; none where it is not asked."""
    strategy: Name | None = None
    """The group that was observed."""
    against: Name | None = None
    """The group that it is compared with."""
    stratum: Name | None = None
    """The people asked about; all where left out."""
    perspective: Name | None = None
    """Whose costs."""
    states: Names = []
    """The states that count."""
    score: Name | None = None
    """The score of the scenario that is asked: its mean among the living, or its standard deviation."""
    ill: Name | None = None
    """The state whose whole cost is taken to end with it, of a `greatest offset ratio`."""
    transition: Transition | None = None
    """The move that is counted."""
    item: Name | None = None
    """The cost item whose use is counted."""
    category: Text | None = None
    """The category of costs that counts; all where left out."""
    threshold: float | None = Field(default=None, gt=0)
    """Money per QALY, in the source's prices."""
    time: Time | None = None
    """From referral to when, or when."""
    utility_set: Name | None = None
    """The option of every utility that is a choice."""
    observed: float | None = None
    """What the study found.
    A figure, or a range of `low` and `high`, or a figure with its interval.
    """
    low: float | None = None
    """The lower end of what it found."""
    high: float | None = None
    """The upper end."""
    unit: Text
    """share, months, QALY, a currency, or another word for rows that are not asked.
    `EUR`, `EUR per QALY`.
    """
    currency: Exchange | None = None
    """What a unit of a currency other than the setting's is worth.
    In pounds.
    """
    price_year: PriceYear | None = None
    """The year of money.
    Figure, tolerance, width and threshold are brought from it to the setting's price year.
    """
    index: Name | None = None
    """The price index of the setting that brings it to the setting's price year."""
    tolerance: float | None = Field(default=None, ge=0)
    """How far from what was observed the model's expected value may lie, in the unit.
    Of predicted rows, and required there.
    """
    width: float | None = Field(default=None, gt=0)
    """How wide the model's 95% interval may be, in the unit.
    Of predicted rows, and required there.
    """
    source: Text | list[Text]
    """Source ids."""
    trial: Text | None = None
    """Whose observation it is: the trial or cohort, by the name that the synthesis has. A score counts each once."""
    counts_as: CountsAs = "not counted"
    """What the model of today has seen of it, whatever its role was at first.
    Same trial: not seen, but the fit or the synthesis has used another figure of its trial. Not counted: no model can
    be asked, or another row counts the same observation.
    """
    used: Text | None = None
    """What of its trial the model of today has used."""
    since: Text | None = None
    """The version whose file first had it; the first where left out."""
    error: float | None = Field(default=None, gt=0)
    """Standard error of what was observed, in the unit.
    Where it is left out, half of the range ÷ 1.96, or the tolerance ÷ 1.96.
    """
    same_as: list[Text] = []
    """Other ids that hold the same observation, such as a rate derived from it."""
    status: Status
    """How we know it. `recalled` is shown as "to be checked"."""

    @property
    def middle(self) -> float:
        """What was observed, or the middle of the range."""
        return ((self.low or 0.0) + (self.high or 0.0)) / 2 if self.observed is None else self.observed

    @property
    def standard_error(self) -> float | None:
        """Of what was observed: as given, or from its range, or from its tolerance; None where nothing says it."""
        half = (self.high - self.low) / 2 if self.low is not None and self.high is not None else self.tolerance
        return self.error or (half / NORMAL if half else None)

    @property
    def months(self) -> float:
        """From referral to when; 0 where no time is given."""
        return self.time.months if self.time else 0.0

    @property
    def sources(self) -> list[str]:
        """Source ids."""
        return [self.source] if isinstance(self.source, str) else self.source

    @model_validator(mode="after")
    def _complete(self) -> "Target":
        given = {key for key in KEYS if getattr(self, key) not in (None, [])}
        needs, may = NEEDS[self.outcome], MAY.get(self.outcome, set())
        if missing := sorted(needs - given):
            raise ValueError(f"the outcome {self.outcome} needs {', '.join(missing)}")
        if extra := sorted(given - needs - may):
            raise ValueError(f"the outcome {self.outcome} has no use for {', '.join(extra)}")
        if self.observed is None and (self.low is None or self.high is None):
            raise ValueError("give observed, or low and high")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high is {self.high:g}")
        if self.role == "predicted":
            if self.outcome == "none":
                raise ValueError("a predicted row asks the model something; give an outcome")
            if self.tolerance is None or self.width is None:
                raise ValueError("a predicted row declares tolerance and width")
        elif self.tolerance is not None or self.width is not None:
            raise ValueError("tolerance and width belong to predicted rows, which alone score")
        if self.outcome in MONEY and self.price_year is None:
            raise ValueError("money has a price_year")
        in_money = self.outcome in MONEY - {"chance cost-effective"}
        if in_money and self.unit.startswith(HOME) == (self.currency is not None):
            raise ValueError(f"money is in {HOME}, or has a currency that says what it is worth")
        return self


class Stage(Block):
    label: Text
    """What the model was then."""
    files: dict[str, Text] = {}
    """The file that is asked in the place of another, in every population."""
    populations: dict[str, dict[str, Text]] = {}
    """The same for one population, in the place of `files`."""
    rows: dict[str, Text] = {}
    """The row that asks the question of another where its states are not there."""

    def file(self, population: str, named: str) -> str:
        """The file that is asked in the place of the one that a row names."""
        return self.populations.get(population, self.files).get(named, named)


class ValidationFile(Block):
    """What studies found that models were or were not fitted to, roles declared before the comparison."""

    format: Version
    """The version of this grammar."""
    sources: list[Text] = Field(min_length=1)
    """Files with the sources, from this file."""
    stages: list[Stage] = []
    """What the model was, one after the other: each is scored, in the first roles and in those of today."""
    rows: dict[str, Target] = Field(min_length=1)
    """Targets by name."""


@dataclass(frozen=True)
class Declared:
    """A validation file that was read: its rows, where they stand, and what the model was."""

    path: Path
    rows: Mapping[str, Target]
    tree: Tree
    stages: Sequence[Stage] = ()

    def place(self, name: str, key: str) -> str:
        """File and line of a key of a row."""
        return str(self.tree.place(("rows", name, key)))


def read_validation(path: Path) -> Declared:
    """Read a validation file and its sources. Raises InputError with every problem."""
    tree = read_file(path)
    file, problems, _ = validate(ValidationFile, tree)
    if file is None:
        raise InputError(*dict.fromkeys(problems))
    sources: dict[str, Source] = {}
    for name in file.sources:
        sources |= read_sources(path.parent / name)
    for name, row in file.rows.items():
        cited = [*row.sources, *([row.currency.source] if row.currency else [])]
        problems += citations(tree, ("rows", name, "source"), cited, sources)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return Declared(path, file.rows, tree, file.stages)
