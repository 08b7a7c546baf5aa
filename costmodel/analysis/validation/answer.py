"""Every target beside what its model predicts, and the page of them: the score, a table, and what stands behind it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from costmodel.analysis.validation.file import Target
from costmodel.analysis.validation.verdict import HIT, Prediction
from costmodel.content import by_content
from costmodel.page import FILE, SCREEN, Column, Notes, Page, Paged, Paragraph, Table
from costmodel.words import MINUS, money

if TYPE_CHECKING:
    import pandas as pd

PREDICTED = "predicted"
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

    observed, low, high, tolerance, width: as declared; money in the setting's price year where the model is asked.
    figure: the model's, None where it is not asked. readings: by alternative, where there are several.
    verdict: of predicted rows; for others empty, or why there is no figure. remark: what stands behind the verdict.
    """

    name: str
    target: Target
    observed: float | None
    low: float | None
    high: float | None
    unit: str
    price_year: str | None
    tolerance: float | None
    width: float | None
    figure: Prediction | None
    readings: Mapping[str, Prediction]
    verdict: str
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
        return [row for row in self.rows if row.target.role == PREDICTED and row.figure is not None]

    @property
    def hits(self) -> list[Judged]:
        """Those that were hit."""
        return [row for row in self.scored if row.verdict == HIT]

    def records(self) -> list[dict[str, Any]]:
        """Each row as plain keys and values."""
        return [_record(row) for row in self.rows]

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each target."""
        import pandas as pd

        return pd.DataFrame(self.records()).astype(object)

    @property
    def headline(self) -> str:
        """How many predictions hit, in a sentence."""
        scored, hits = self.scored, self.hits
        waiting = [row for row in self.rows if row.target.role == "predicted" and row.figure is None]
        said = f"{len(hits)} of {len(scored)} predicted targets were hit"
        if missed := [row.name for row in scored if row not in hits]:
            said += f"; missed: {', '.join(missed)}"
        if waiting:
            said += f"; without a prediction: {', '.join(row.name for row in waiting)}"
        return said + "."

    def page(self) -> Page:
        """The score, the roles, every target beside its prediction, and row by row what stands behind it."""
        import pandas as pd

        blocks = (
            Paragraph(self.headline, strong=True),
            Paragraph(RULES),
            Table(pd.DataFrame([_cells(row) for row in self.rows]), COLUMNS, name="targets"),
            Notes("Row by row", tuple(self._remarks())),
            Notes("Roles", tuple(f"{role}: {meaning}" for role, meaning in ROLES.items())),
            Paragraph(self._footing()),
        )
        predicted = [row for row in self.rows if row.target.role == PREDICTED]
        score = {"predicted": len(predicted), "answered": len(self.scored), "hit": len(self.hits)}
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
                each = (f"{label} {_figure(one.value, row)}" for label, one in row.readings.items())
                said.append(f"By structure: {'; '.join(each)}")
            if row.remark:
                said.append(row.remark.rstrip("."))
            yield f"{row.name}: {'. '.join(one.rstrip('.') for one in said)}. ({', '.join(row.target.sources)})"

    def _footing(self) -> str:
        """With what the figures were worked out."""
        years = sorted({row.price_year for row in self.rows if row.figure and row.price_year and "GBP" in row.unit})
        prices = f" Money in £ of {', '.join(years)}." if years else ""
        return (
            f"{self.draws:,} draws, seed {self.seed}. Per person referred, undiscounted.{prices} Where there "
            "are several structures, the weighted mixture. Of a payback, the median and the months by which 2.5% and "
            "97.5% of simulations have paid back; of a chance, the interval reaches from one structure to the other."
        )


def _cells(row: Judged) -> dict[str, str]:
    target, figure = row.target, row.figure
    recalled = TO_BE_CHECKED if target.status == "recalled" else ""
    file = "" if target.scenario == "model.yaml" else f", {target.scenario.removesuffix('.yaml')}"
    found = NONE if figure is None else _figure(figure.value, row)
    interval = NONE if figure is None else f"{_figure(figure.low, row)} to {_figure(figure.high, row)}"
    width = "" if row.width is None else f", {_size(row.width, row)}"
    return {
        "name": row.name, "target": target.label + recalled, "role": target.role, "observed": _observed(row),
        "asked": target.population + file + (f", {target.stratum}" if target.stratum else ""),
        "predicted": found, "interval": interval, "verdict": row.verdict or NONE,
        "allowed": NONE if row.tolerance is None else f"± {_size(row.tolerance, row)}{width}",
        "readme": "" if row.verdict == NO_MODEL else f"../scenarios/{target.population}/README.md",
    }  # fmt: skip


def _observed(row: Judged) -> str:
    between = ""
    if row.low is not None and row.high is not None:
        between = f"{_figure(row.low, row)} to {_figure(row.high, row)}"
    if row.observed is None:
        return between
    return _figure(row.observed, row) + (f" ({between})" if between else "")


def _figure(value: float, row: Judged) -> str:
    if not math.isfinite(value):
        return "beyond the horizon" if row.target.outcome == "payback month" else "no limit"
    return f"{MINUS}{_size(-value, row)}" if value < 0 else _size(value, row)


def _size(value: float, row: Judged) -> str:
    kind = row.unit.split()[0]
    if kind == "GBP":
        return money(value)
    if kind == "share":
        return f"{value:.1%}"
    if kind == "QALY":
        return f"{value:.3f}"
    return f"{value:,.0f} {row.unit}" if value >= 1_000 else f"{value:.4g} {row.unit}"


def _record(row: Judged) -> dict[str, Any]:
    target = row.target
    told = ("label", "role", "why", "population", "scenario", "outcome", "status")
    asked = target.model_dump(mode="json", include={"strategy", "against", "stratum", "perspective"})
    figure = asdict(row.figure) if row.figure else {"value": None, "low": None, "high": None}
    return {
        "name": row.name,
        **{key: getattr(target, key) for key in told},
        **asked,
        "observed": row.observed,
        "observed_low": row.low,
        "observed_high": row.high,
        "unit": row.unit,
        "price_year": row.price_year,
        "tolerance": row.tolerance,
        "max_width": row.width,
        **{f"predicted_{key}" if key != "value" else "predicted": figure[key] for key in ("value", "low", "high")},
        "readings": {label: asdict(one) for label, one in row.readings.items()},
        "verdict": row.verdict,
        "remark": row.remark,
        "sources": target.sources,
    }
