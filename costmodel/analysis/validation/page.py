"""What models predict beside what studies found: the hits, a table of all targets, and what stands behind it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from costmodel.analysis.validation.scores import Distance, Prediction, Scores
from costmodel.analysis.validation.target import Target
from costmodel.content import by_content
from costmodel.currency import MINUS
from costmodel.page import FILE, SCREEN, Column, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.load import MODEL
from costmodel.scenario.setting import currency_of

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


@by_content
@dataclass(frozen=True)
class Judged:
    """One target beside the model.

    target: as declared; its money in the setting's price year where the model is asked.
    figure: the model's, None where it is not asked. readings: by alternative, where there are several.
    verdict: of predicted rows; for others empty, or why there is no figure. remark: what stands behind the verdict.
    distance: how far the draws lie from what was observed; None where nothing says its error.
    """

    name: str
    target: Target
    figure: Prediction | None = None
    readings: Mapping[str, Prediction] = field(default_factory=dict)
    verdict: str = ""
    remark: str = ""
    distance: Distance | None = None


@dataclass(frozen=True, repr=False)
class Validation(Paged):
    """All targets, and with what they were worked out."""

    rows: tuple[Judged, ...]
    draws: int
    seed: int
    scores: Scores | None = None
    """Of all targets, where the file has stages."""
    stages: Mapping[str, Mapping[str, Judged]] = field(default_factory=dict)
    """By stage, what it says of each target that counts."""

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
            *(self.scores.blocks() if self.scores else ()),
            *self._by_stage(),
            Table(pd.DataFrame([_cells(row) for row in self.rows]), COLUMNS, name="targets"),
            Notes("Row by row", tuple(self._remarks())),
            Notes("Roles", tuple(f"{role}: {meaning}" for role, meaning in ROLES.items())),
            Paragraph(self._footing()),
        )
        score = {"predicted": len(self._predicted), "answered": len(self.scored), "hit": len(self.hits)}
        data = {
            "schema": "costmodel/validation/1", "settings": {"draws": self.draws, "seed": self.seed}, "score": score,
            "targets": self.records(), "scores": self.scores.frame.to_dict("records") if self.scores else [],
        }  # fmt: skip
        title = "What studies found, beside what the models predict"
        return Page(title, blocks, data=data, frame=self.frame)

    def _by_stage(self) -> Iterator[Heading | Table]:
        """Each target that counts beside what every stage says of it, and a heading for the table after it."""
        if not self.stages:
            return
        rows = []
        for name, one in next(iter(self.stages.values())).items():
            row = {"name": name, "trial": one.target.trial, "roles": one.target.counts_as, "observed": NONE}
            for at, stage in enumerate(self.stages.values()):
                row[f"stage {at}"] = _of_stage(stage[name])
                row["observed"] = row["observed"] if stage[name].figure is None else _observed(stage[name].target)
            rows.append(row)
        columns = (
            Column("name", "Row"), Column("trial", "Trial", right=False), Column("roles", "Counts as", right=False),
            Column("observed", "Observed"), *(Column(f"stage {at}", label) for at, label in enumerate(self.stages)),
        )  # fmt: skip
        yield Heading("What counts, stage by stage", only=(FILE, SCREEN))
        yield Table(pd.DataFrame(rows), columns, name="stages", only=(FILE, SCREEN))
        yield Heading("Every target")

    def _remarks(self) -> Iterator[str]:
        """Row by row: why it has its role, what each structure says, and what stands behind the verdict."""
        for row in self.rows:
            said = [row.target.why]
            if row.target.used:
                said.append(f"Today {row.target.counts_as}: {row.target.used}")
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


def _of_stage(row: Judged) -> str:
    """What a stage says of a target, and whether that holds what was observed."""
    if row.figure is None or row.distance is None:
        return NONE
    figure = f"{_figure(row.figure.value, row.target)} ({_interval(row.figure.low, row.figure.high, row.target)})"
    return figure + ("" if row.distance.covered else ", outside")


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
    "perspective", "observed", "unit", "price_year", "tolerance", "trial", "counts_as",
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
