"""Targets: what studies found, and the role of each, as types (text under a field documents it); and the page of them
beside what models predict: the score, a table, and what stands behind it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from costmodel.content import by_content
from costmodel.currency import MINUS
from costmodel.errors import InputError
from costmodel.page import FILE, SCREEN, Column, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.attached import read_sources
from costmodel.scenario.fields import Block, Name, Names, PriceYear, Text, Time, Transition, Version
from costmodel.scenario.load import MODEL
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import Tree, read_file
from costmodel.scenario.schema import Source
from costmodel.scenario.setting import currency_of, home
from costmodel.scenario.validate import citations, validate

Role = Literal["fitted", "input", "consistency", "predicted", "context"]
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
HOME = home().currency.code


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
    same_as: list[Text] = []
    """Other ids that hold the same observation, such as a rate derived from it."""
    status: Status
    """How we know it. `recalled` is shown as "to be checked"."""

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


class ValidationFile(Block):
    """What studies found that models were or were not fitted to, roles declared before the comparison."""

    format: Version
    """The version of this grammar."""
    sources: list[Text] = Field(min_length=1)
    """Files with the sources, from this file."""
    rows: dict[str, Target] = Field(min_length=1)
    """Targets by name."""


@dataclass(frozen=True)
class Declared:
    """A validation file that was read: its rows, and where they stand."""

    path: Path
    rows: Mapping[str, Target]
    tree: Tree

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
    return Declared(path, file.rows, tree)


PREDICTED, HIT = "predicted", "hit"
NO_MODEL = "no model yet"
ROLES = {
    "fitted": "the model was made to agree",
    "input": "the figure, or what it is made of, is an input",
    "consistency": "shown, but no test",
    "predicted": "the only rows that score",
    "context": "no model can be asked, or nothing could be learnt from the answer",
}
"""The roles, and what they mean."""
RULES = (
    "Roles, tolerances and greatest widths were committed before the comparison. Only predicted rows score. A hit is "
    "an expected value within the tolerance of what was observed, and a 95% interval no wider than the greatest width: "
    "a wide prediction cannot earn a hit. Every miss is explained in its population's README."
)
TO_BE_CHECKED = " (to be checked)"
NONE = "–"
COLUMNS = (
    Column("name", "Row"), Column("target", "Target", "text", right=False),
    Column("asked", "Population", only=(FILE, SCREEN), right=False, link="readme"),
    Column("role", "Role", right=False), Column("observed", "Observed"), Column("predicted", "Predicted"),
    Column("interval", "95% interval"), Column("allowed", "± and width"), Column("verdict", "Verdict", right=False),
)  # fmt: skip


@dataclass(frozen=True)
class Prediction:
    """The model's figure and its 95% interval; infinite where there is none, such as a payback beyond the horizon."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Infinite where either end is."""
        return self.high - self.low if np.isfinite(self.high) and np.isfinite(self.low) else np.inf


@by_content
@dataclass(frozen=True)
class Judged:
    """One target beside the model.

    target: as declared; its money in the setting's price year where the model is asked.
    figure: the model's, None where it is not asked. readings: by alternative, where there are several.
    verdict: of predicted rows; for others empty, or why there is no figure. remark: what stands behind the verdict.
    """

    name: str
    target: Target
    figure: Prediction | None = None
    readings: Mapping[str, Prediction] = field(default_factory=dict)
    verdict: str = ""
    remark: str = ""


@dataclass(frozen=True, repr=False)
class Validation(Paged):
    """All targets, and with what they were worked out."""

    rows: tuple[Judged, ...]
    draws: int
    seed: int

    @property
    def scored(self) -> list[Judged]:
        """Predicted rows with a hit or a miss."""
        return [row for row in self._predicted if row.verdict and row.figure is not None]

    @property
    def _predicted(self) -> list[Judged]:
        return [row for row in self.rows if row.target.role == PREDICTED]

    @property
    def hits(self) -> list[Judged]:
        """Those that were hit."""
        return [row for row in self.scored if row.verdict == HIT]

    def records(self) -> list[dict[str, Any]]:
        """Each row as plain keys and values."""
        return [_record(row) for row in self.rows]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each target."""
        return pd.DataFrame(self.records()).astype(object)

    @property
    def headline(self) -> str:
        """How many predictions hit, in a sentence."""
        scored, hits = self.scored, self.hits
        others = {
            "missed": [row for row in scored if row not in hits],
            "without a prediction": [row for row in self._predicted if row.figure is None],
            "asked of another scenario than was declared": [
                row for row in self._predicted if row.figure and not row.verdict
            ],
        }
        said = [f"{len(hits)} of {len(scored)} predicted targets were hit"]
        said += [f"{words}: {', '.join(row.name for row in rows)}" for words, rows in others.items() if rows]
        return "; ".join(said) + "."

    def page(self) -> Page:
        """The score, the roles, every target beside its prediction, and row by row what stands behind it."""
        blocks = (
            Paragraph(self.headline, strong=True),
            Paragraph(RULES),
            Table(pd.DataFrame([_cells(row) for row in self.rows]), COLUMNS, name="targets"),
            Notes("Row by row", tuple(self._remarks())),
            Notes("Roles", tuple(f"{role}: {meaning}" for role, meaning in ROLES.items())),
            Paragraph(self._footing()),
        )
        score = {"predicted": len(self._predicted), "answered": len(self.scored), "hit": len(self.hits)}
        data = {
            "schema": "costmodel/validation/1", "settings": {"draws": self.draws, "seed": self.seed}, "score": score,
            "targets": self.records(),
        }  # fmt: skip
        title = "What studies found, beside what the models predict"
        return Page(title, blocks, data=data, frame=self.frame)

    def _remarks(self) -> Iterator[str]:
        """Row by row: why it has its role, what each structure says, and what stands behind the verdict."""
        for row in self.rows:
            said = [row.target.why]
            if row.readings:
                each = (
                    f"{label} {_figure(one.value, row.target)} ({_interval(one.low, one.high, row.target)})"
                    for label, one in row.readings.items()
                )
                said.append(f"By structure: {'; '.join(each)}")
            if row.remark:
                said.append(row.remark.rstrip("."))
            yield f"{row.name}: {'. '.join(one.rstrip('.') for one in said)}. ({', '.join(row.target.sources)})"

    def _footing(self) -> str:
        """With what the figures were worked out."""
        priced = [row.target for row in self.rows if row.figure and currency_of(row.target.unit)]
        years = sorted({target.price_year for target in priced if target.price_year})
        symbols = dict.fromkeys(one.symbol for target in priced if (one := currency_of(target.unit)))
        prices = f" Money in {' or '.join(symbols)} of {', '.join(years)}." if years else ""
        return (
            f"{self.draws:,} draws, seed {self.seed}. Per person referred, undiscounted.{prices} Where there "
            "are several structures, the weighted mixture. Of a payback, the median and the months by which 2.5% and "
            "97.5% of simulations have paid back; of a chance, the interval reaches from one structure to the other."
        )


def _cells(row: Judged) -> dict[str, str]:
    target, figure = row.target, row.figure
    recalled = TO_BE_CHECKED if target.status == "recalled" else ""
    file = "" if target.scenario == MODEL else f", {target.scenario.removesuffix('.yaml')}"
    width = "" if target.width is None else f", {_size(target.width, target)}"
    return {
        "name": row.name, "target": target.label + recalled, "role": target.role, "observed": _observed(target),
        "asked": target.population + file + (f", {target.stratum}" if target.stratum else ""),
        "predicted": NONE if figure is None else _figure(figure.value, target),
        "interval": NONE if figure is None else _interval(figure.low, figure.high, target),
        "verdict": row.verdict or NONE,
        "allowed": NONE if target.tolerance is None else f"± {_size(target.tolerance, target)}{width}",
        "readme": "" if row.verdict == NO_MODEL else f"../scenarios/{target.population}/README.md",
    }  # fmt: skip


def _observed(target: Target) -> str:
    between = ""
    if target.low is not None and target.high is not None:
        between = _interval(target.low, target.high, target)
    if target.observed is None:
        return between
    return _figure(target.observed, target) + (f" ({between})" if between else "")


def _interval(low: float, high: float, target: Target) -> str:
    return f"{_figure(low, target)} to {_figure(high, target)}"


def _figure(value: float, target: Target) -> str:
    if not math.isfinite(value):
        return "beyond the horizon" if target.outcome == "payback month" else "no limit"
    size = _size(abs(value), target)
    return MINUS + size if value < 0 and any(digit in size for digit in "123456789") else size


def _size(value: float, target: Target) -> str:
    kind = target.unit.split()[0]
    if currency := currency_of(target.unit):
        return currency.money(value)
    if kind == "share":
        return f"{value:.1%}"
    if kind == "QALY":
        return f"{value:.3f}"
    return f"{value:,.0f} {target.unit}" if value >= 1_000 else f"{value:.4g} {target.unit}"


TOLD = {
    "label", "role", "why", "population", "scenario", "outcome", "status", "strategy", "against", "stratum",
    "perspective", "observed", "unit", "price_year", "tolerance",
}  # fmt: skip
"""Keys of a target that are handed on as they are."""


def _record(row: Judged) -> dict[str, Any]:
    target, figure = row.target, row.figure
    return {
        "name": row.name,
        **target.model_dump(mode="json", include=TOLD),
        "observed_low": target.low,
        "observed_high": target.high,
        "max_width": target.width,
        "predicted": figure and figure.value,
        "predicted_low": figure and figure.low,
        "predicted_high": figure and figure.high,
        "readings": {label: asdict(one) for label, one in row.readings.items()},
        "verdict": row.verdict,
        "remark": row.remark,
        "sources": target.sources,
    }
