"""Scores: how near the model comes to what was observed, in the roles of its first version and in those of today.

Nothing is a goal here, the coverage least of all: every figure was known when the model was made.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from costmodel.analysis.validation.target import ECONOMIC, NORMAL, Declared, Target
from costmodel.currency import MINUS
from costmodel.errors import Problem
from costmodel.page import NONE, SHEET, Block, Column, Heading, Notes, Paragraph, Table
from costmodel.result.sums import quantiles
from costmodel.synthesis import Synthesis
from costmodel.synthesis.file import LISTED, RowsOfEvidence
from costmodel.words import upper_first

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
FIRST, PREDICTION, SAME_TRIAL, LEFT_OUT = "predicted at first", "prediction", "same trial", "each trial left out"
ROLES = (FIRST, PREDICTION, SAME_TRIAL)
KINDS = ("all", "health", "money")
Kind = Literal["all", "health", "money"]
CONSISTENCY = "Consistency, not prediction; all were known."
COVERED = "Targets whose figure lies within the model's 95% interval, with the exact 95% interval of that share:"
COLUMNS = (
    Column("stage", "Model", "text"), Column("roles", "Roles", right=False), Column("kind", "Targets of", right=False),
    Column("targets", "Targets", "count", only=(SHEET,)), Column("trials", "Trials", "count"),
    Column("coverage", "Covered (exact 95%)"), Column("width", "Width ÷ error"),
    Column("endless", "Without limit", "count", only=(SHEET,)), Column("crps", "CRPS ÷ error"),
    Column("unchanged", "Less no change (SE)"), Column("comparator", "Less the comparator (SE)"),
)  # fmt: skip
MEANING = (
    "Predicted at first: the roles that were committed first, before any comparison. Prediction: today's roles, where "
    "neither the fit nor the synthesis has used the trial. Same trial: another figure of the trial was used.",
    "CRPS: how far the draws lie from what was observed; smaller is better. Width and CRPS are in standard errors "
    "of what was observed, averaged within each trial and then over trials; a + after a width: other intervals have no "
    "limit. Below 0: nearer than what is named.",
    "No change: people stay as they entered, and therapy moves nothing but its own price. The comparator: what its "
    "people are predicted; where two groups are compared, no difference.",
    "A payback that does not come counts as the horizon, without a width. A cost per QALY counts as covered or not. "
    "Of a range that was observed its middle has to lie within.",
)


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


def crps(values: Array, weights: Array, observed: float) -> float:
    """Continuous ranked probability score of a mixture of alternatives, in the unit of the values.

    values: (alternative, draw), finite. weights: (alternative,), they sum to 1. It is half of the squared energy
    distance to what was observed. Source: Gneiting and Raftery 2007, J Am Stat Assoc 102:359-378.

    >>> round(crps(np.array([[0.0, 2.0]]), np.array([1.0]), 1.0), 6)
    0.5
    """
    each = np.repeat(weights / values.shape[1], values.shape[1])
    used = each > 0
    return float(stats.energy_distance(values.ravel()[used], [observed], each[used])) ** 2 / 2


@dataclass(frozen=True)
class Distance:
    """How far a target's draws lie from what was observed, in standard errors of that. None: there is no such figure.

    unchanged, comparator: the same of what stands beside the model.
    """

    covered: bool
    width: float
    crps: float | None = None
    unchanged: float | None = None
    comparator: float | None = None


def distance(
    observed: float, error: float, found: Prediction, weights: Array, values: Array | None = None,
    unchanged: Array | None = None, comparator: Array | None = None,
) -> Distance:  # fmt: skip
    """The distance of a prediction. values, unchanged, comparator: (alternative, draw); None where there is no mean."""
    here = [None if each is None else crps(each, weights, observed) / error for each in (values, unchanged, comparator)]
    if here[0] is None:
        here = [None, None, None]
    return Distance(found.low <= observed <= found.high, found.width / error, *here)


class Counted(NamedTuple):
    """A target in a score."""

    trial: str
    kind: str
    distance: Distance


@dataclass(frozen=True)
class Score:
    """A row of the table: a stage of the model, roles, and money or health. Distances are in standard errors.

    low, high: the exact (Clopper-Pearson) 95% interval of the share that is covered. width: of those that have one;
    endless: intervals without an end. unchanged, comparator: CRPS less theirs, with its standard error over trials; NaN
    where there are fewer than two.
    """

    stage: str
    roles: str
    kind: str
    targets: int
    trials: int
    covered: int
    low: float
    high: float
    width: float
    endless: int
    crps: float
    unchanged: float
    unchanged_se: float
    comparator: float
    comparator_se: float


def score(stage: str, roles: str, kind: str, counted: Sequence[Counted]) -> Score:
    """The score of targets, at least one."""
    far = [(one.trial, one.distance) for one in counted]
    covered = sum(one.covered for _, one in far)
    exact = stats.binomtest(covered, len(far)).proportion_ci(0.95, method="exact")
    width, _ = _by_trial((trial, one.width) for trial, one in far if np.isfinite(one.width))
    mean, _ = _by_trial((trial, one.crps) for trial, one in far)
    less = (
        _by_trial((trial, _less(one.crps, beside)) for trial, one in far for beside in [getattr(one, name)])
        for name in ("unchanged", "comparator")
    )
    (unchanged, unchanged_se), (comparator, comparator_se) = less
    trials = len({trial for trial, _ in far})
    return Score(
        stage, roles, kind, len(far), trials, covered, float(exact.low), float(exact.high), width,
        sum(np.isinf(one.width) for _, one in far), mean, unchanged, unchanged_se, comparator, comparator_se,
    )  # fmt: skip


def _less(own: float | None, beside: float | None) -> float | None:
    return None if own is None or beside is None else own - beside


def _by_trial(pairs: Iterable[tuple[str, float | None]]) -> tuple[float, float]:
    """The mean over trials of the means within them, and its standard error; NaN where there is none."""
    trials: dict[str, list[float]] = {}
    for trial, value in pairs:
        if value is not None:
            trials.setdefault(trial, []).append(value)
    means = np.array([np.mean(each) for each in trials.values()])
    if not len(means):
        return np.nan, np.nan
    se = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else np.nan
    return float(means.mean()), se


def counts(row: Target, roles: str) -> bool:
    """Whether a target counts in such roles: in the first ones what was predicted then, in others what counts as it."""
    if row.status == "recalled" or row.outcome == "none":
        return False
    return row.role == "predicted" and row.since is None if roles == FIRST else row.counts_as == roles


def kind_of(row: Target) -> str:
    """What a target is about."""
    return "money" if row.outcome in ECONOMIC else "health"


@dataclass(frozen=True)
class Scores:
    """The table of scores. missing: targets that a stage could not be asked, by stage."""

    rows: tuple[Score, ...]
    missing: Mapping[str, tuple[str, ...]]

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each score, in numbers."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows])

    @property
    def lines(self) -> list[str]:
        """How many targets each stage covers in each of the roles, and how surely it is nearer than its rivals."""
        whole = [row for row in self.rows if row.kind == "all"]
        said = []
        for roles in ROLES:
            each = (
                f"{row.stage} {row.covered} of {row.targets} targets of {row.trials} independent trials "
                f"({row.low:.0%} to {row.high:.0%})"
                for row in whole
                if row.roles == roles
            )
            said += [f"{upper_first(roles)}: {listed}." for listed in ["; ".join(each)] if listed]
        for name, rival in (("unchanged", "no change"), ("comparator", "the comparator")):
            pairs = [(getattr(row, name), getattr(row, f"{name}_se")) for row in whole]
            known = [(less, se) for less, se in pairs if np.isfinite(se)]
            surely = sum(less < -NORMAL * se for less, se in known)
            said += [
                f"By CRPS the model is nearer than {rival}, beyond chance, in {surely} of {len(known)} of these."
            ] * bool(known)
        return said

    def blocks(self) -> Iterator[Block]:
        """The sentence with what is covered, the table, and what its columns mean."""
        import pandas as pd

        yield Heading("How near it comes")
        yield Paragraph(f"{CONSISTENCY} {COVERED}")
        yield from map(Paragraph, self.lines)
        yield Table(pd.DataFrame([_cells(row) for row in self.rows]), COLUMNS, name="scores")
        without = tuple(f"{stage}, not asked: {', '.join(names)}" for stage, names in self.missing.items() if names)
        yield Notes("What the scores mean", (*MEANING, *without))


def _cells(row: Score) -> dict[str, object]:
    def less(value: float, se: float) -> str:
        return NONE if np.isnan(value) else f"{value:+.2f}{'' if np.isnan(se) else f' ({se:.2f})'}".replace("-", MINUS)

    return asdict(row) | {
        "coverage": f"{row.covered} of {row.targets} ({row.low:.0%} to {row.high:.0%})", "crps": f"{row.crps:.2f}",
        "width": NONE if np.isnan(row.width) else f"{row.width:.1f}{'+' if row.endless else ''}",
        "unchanged": less(row.unchanged, row.unchanged_se), "comparator": less(row.comparator, row.comparator_se),
    }  # fmt: skip


def by_stage(stage: str, rows: Mapping[str, Target], found: Mapping[str, Distance]) -> Iterator[Score]:
    """The scores of a stage. rows: the targets as declared. found: those that could be asked."""
    for roles in ROLES:
        counted = [
            Counted(str(row.trial), kind_of(row), found[name])
            for name, row in rows.items()
            if name in found and counts(row, roles)
        ]
        for kind in KINDS:
            if own := [one for one in counted if kind in ("all", one.kind)]:
                yield score(stage, roles, kind, own)


def of_synthesis(found: Synthesis) -> Iterator[Score]:
    """Each figure of the synthesis predicted from the other trials: a new service over its own window, log ratio."""
    counted = []
    for one in found.left_out:
        assert one.row.log_ratio is not None
        assert one.row.se is not None
        mass, effects = one.mass / one.mass.sum(), one.effects[:, None]
        low, high = quantiles(effects, mass, (0.025, 0.975))
        here = Prediction(float(mass @ one.effects), low, high)
        far = distance(one.row.log_ratio, one.row.se, here, mass, effects, np.zeros_like(effects))
        counted.append(Counted(one.row.trial, "money", far))
    if counted:
        yield score("synthesis", LEFT_OUT, "money", counted)


def problems(declared: Declared, evidence: RowsOfEvidence | None) -> Iterator[Problem]:
    """Why targets cannot be scored as they are declared."""
    rows = declared.rows
    pooled = (
        {row.trial for row in evidence.rows if any(_pools(evidence, one) for one in row.sets)} if evidence else set()
    )
    fitted = {row.trial: name for name, row in rows.items() if row.counts_as in ("fitted", "input") and row.trial}
    for name, row in rows.items():
        if not any(counts(row, roles) for roles in ROLES):
            continue
        if row.trial is None:
            found = "a score has the number of its independent trials, and this target names none"
            yield Problem(declared.place(name, "counts_as"), found, "Write trial: whose observation it is.")
        if row.standard_error is None:
            found = "a score is in standard errors of what was observed, and nothing says this one's"
            yield Problem(declared.place(name, "observed"), found, "Write error, or low and high.")
        if row.counts_as == PREDICTION and row.trial in (pooled | fitted.keys()):
            by = "the synthesis has used it" if row.trial in pooled else f"{fitted[row.trial]} of it was used"
            found = f"the trial {row.trial} is no test of the model: {by}"
            yield Problem(declared.place(name, "counts_as"), found, f"Write counts_as: {SAME_TRIAL}.")
    for at, stage in enumerate(declared.stages):
        for name in {*stage.rows, *stage.rows.values()} - rows.keys():
            yield Problem(
                str(declared.tree.place(("stages", at, "rows"))), f'there is no row "{name}"', "Name a target."
            )


def _pools(evidence: RowsOfEvidence, position: str) -> bool:
    return evidence.file.positions[position].role != LISTED
