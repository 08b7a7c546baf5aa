"""A position of the dial, fitted: the average trial, a new service, and what stands beside them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, special, stats

from costmodel.errors import listed, one_of
from costmodel.scenario.joint import Behind
from costmodel.synthesis.file import LISTED, NamedRun, RowsOfEvidence
from costmodel.synthesis.posterior import (
    Array,
    DrawnFigure,
    EffectDensity,
    Error,
    Model,
    Posterior,
    Profile,
    Trial,
    fit,
    grid,
    pooled,
    ratio,
    shrunk,
    trials_of,
)
from costmodel.synthesis.rows import ASSUMED, EvidenceRow

if TYPE_CHECKING:
    import pandas as pd


OUT, UNKNOWN = "out", "unknown"
POINTS = 2_001
"""Of the integral behind a score."""
SCORED_WITHIN = 6.0
"""Log ratio within which a prediction is scored."""
LEVEL = 0.975


@dataclass(frozen=True)
class Beside:
    """A fit at the typical onset. kind: position, run, without, tau or onset."""

    kind: str
    name: str
    label: str
    counts: Behind
    fit: Posterior


@dataclass(frozen=True)
class OfTrial:
    """A trial three ways, at the typical onset: alone, drawn towards the others, and predicted without it."""

    trial: str
    alone: EffectDensity
    shrunk: EffectDensity
    predicted: EffectDensity


@dataclass(frozen=True)
class LeftOut:
    """A figure predicted from the other trials: effects over its own window (log ratio), and the mass of each."""

    row: EvidenceRow
    effects: Array
    mass: Array


@dataclass(frozen=True)
class Score:
    """Leave-one-trial-out on the figures: CRPS of the new service, and of no effect, by trial. Smaller is better."""

    trials: tuple[str, ...]
    of_synthesis: tuple[float, ...]
    of_no_effect: tuple[float, ...]

    @property
    def difference(self) -> float:
        """Mean over trials of the synthesis less no effect."""
        return float(np.mean(np.subtract(self.of_synthesis, self.of_no_effect)))

    @property
    def se(self) -> float:
        """Its standard error over the trials."""
        differences = np.subtract(self.of_synthesis, self.of_no_effect)
        return float(np.std(differences, ddof=1) / np.sqrt(len(differences)))


@dataclass(frozen=True)
class RandomEffects:
    """A random-effects estimate on the scale of the effects. half_width: of the 95% interval of Hartung and Knapp."""

    k: int
    tau: float
    estimate: float
    se: float
    hartung_knapp_se: float
    half_width: float


@dataclass(frozen=True, repr=False)
class Fits:
    """What the trials of a position say of therapy's effect on the cost of other health care, in numbers.

    onset_of: the position whose onset was taken in the place of its own.
    by_onset: (months, fit) with equal weights; an effect is applied with the onset it was fitted with. typical: at the
    typical onset. Effects are log ratios at full effect, as densities; `EffectDensity.median` and its like are changes.
    """

    evidence: RowsOfEvidence
    position: str
    therapy: str
    without: tuple[str, ...]
    by_onset: tuple[tuple[float, Posterior], ...]
    typical: Posterior
    onset_of: str = ""

    @property
    def rows(self) -> list[EvidenceRow]:
        """The rows that were fitted."""
        return [row for row in self.evidence.of(self.position) if row.trial not in self.without]

    @cached_property
    def fit(self) -> Posterior:
        """Over all onsets with equal weights."""
        return pooled([one for _, one in self.by_onset], [1 / len(self.by_onset)] * len(self.by_onset))

    @property
    def average(self) -> EffectDensity:
        """The mean of the therapy's class over all onsets, full effect."""
        return self.fit.average

    @property
    def new(self) -> EffectDensity:
        """A new service of the class over all onsets, full effect."""
        return self.fit.new

    @property
    def counts(self) -> Behind:
        """Rows, trials and people behind it."""
        return counted(self.rows)

    @property
    def typical_onset(self) -> float:
        """Months to the full effect at which runs are compared."""
        return self.evidence.file.onset.typical_months

    @cached_property
    def beside(self) -> tuple[Beside, ...]:
        """Other positions, named runs, each trial left out, other priors of tau and other onsets."""
        file, rows = self.evidence.file, self.rows
        found = [self._beside("position", self.position, file.positions[self.position].label, rows)]
        for name, position in file.positions.items():
            others = [row for row in self.evidence.of(name) if row.trial not in self.without]
            if name != self.position and position.role != LISTED:
                found.append(self._beside("position", name, position.label, others))
        for name, run in file.runs.items():
            if kept := changed(rows, run):
                onset = 0.0 if run.profile == "at once" else None
                after = run.profile == "after therapy"
                found.append(self._beside("run", name, run.label, kept, onset=onset, after_therapy=after))
        trials = list(dict.fromkeys(row.trial for row in rows))
        for trial in trials if len(trials) > 1 else ():
            kept = [row for row in rows if row.trial != trial]
            found.append(self._beside("without", trial, f"without {trial}", kept))
        for scale in file.priors.tau_scales_beside:
            model = Model(file.priors.class_sd, scale)
            found.append(self._beside("tau", f"{scale:g}", f"tau half-normal({scale:g})", rows, model=model))
        shown = {self.typical_onset} | {0.0 for run in file.runs.values() if run.profile == "at once"}
        for onset in [one for one in file.onset.beside_months if one not in shown]:
            label = f"onset {onset:g} months" if onset else "onset at once"
            found.append(self._beside("onset", f"{onset:g}", label, rows, onset=onset))
        return tuple(found)

    @property
    def model(self) -> Model:
        """What is assumed of effects."""
        return Model(self.evidence.file.priors.class_sd, self.evidence.file.priors.tau_scale)

    def of_trial(self, trial: str) -> OfTrial:
        """A trial of the position alone, drawn towards the others, and predicted without it, at the typical onset.

        Raises InputError for a trial that is not in the position.
        """
        rows = self.rows
        name = one_of("trial", trial, dict.fromkeys(row.trial for row in rows))
        trials = self._trials(rows, self.typical_onset)
        own = next(one for one in trials if one.id in {row.unit for row in rows if row.trial == name})
        mass = sum(one.weight * one.likelihood / one.likelihood.sum() for one in own.variants)
        others = fit([one for one in trials if one is not own], own.therapy, self.model)
        return OfTrial(name, EffectDensity(np.asarray(mass)), shrunk(trials, own, self.model), others.new)

    def predicted(self, without: Sequence[str]) -> Posterior:
        """The fit without some trials, at the typical onset: what may be scored against them. Raises InputError."""
        allowed = {row.trial: None for row in self.rows}
        names = [one_of("trial", name, allowed) for name in listed("trials", without)]
        kept = [row for row in self.rows if row.trial not in names]
        return fit(self._trials(kept, self.typical_onset), self.therapy, self.model)

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Each figure predicted from the other trials, verdicts too, at the typical onset; none of fewer than three."""
        rows = [row for row in self.rows if row.kind == "figure"]
        trials = list(dict.fromkeys(row.trial for row in rows))
        if len(trials) < 3:
            return ()
        found = []
        for trial in trials:
            own = [row for row in rows if row.trial == trial]
            others = self._trials([row for row in self.rows if row.trial != trial], self.typical_onset)
            mass = fit(others, own[0].therapy, self.model).new.mass
            found += [LeftOut(row, _over_window(row, self.typical_onset), mass) for row in own]
        return tuple(found)

    @cached_property
    def score(self) -> Score | None:
        """How well each figure is predicted from the other trials, verdicts too; None with fewer than three figures."""
        if not self.left_out:
            return None
        ours, none = [], []
        trials = list(dict.fromkeys(one.row.trial for one in self.left_out))
        for trial in trials:
            own = [one for one in self.left_out if one.row.trial == trial]
            weights = [one.row.weight for one in own]
            ours.append(np.average([_crps(one.row, one) for one in own], weights=weights))
            none.append(np.average([_crps(one.row) for one in own], weights=weights))
        return Score(tuple(trials), tuple(map(float, ours)), tuple(map(float, none)))

    @cached_property
    def random_effects(self) -> tuple[tuple[str, RandomEffects], ...]:
        """REML on the figures, one alternative of each group at a time, without profile: a cross-check."""
        return tuple(_reml_of(self.rows, lambda row: (row.log_ratio or 0.0, row.se or 0.0)))

    @cached_property
    def pounds(self) -> tuple[tuple[str, RandomEffects], ...]:
        """The figures in pounds a year, REML, for rows with the controls' yearly cost; one alternative at a time."""

        def per_year(row: EvidenceRow) -> tuple[float, float]:
            cost, log_ratio, se = row.baseline or 0.0, row.log_ratio or 0.0, row.se or 0.0
            return cost * math.expm1(log_ratio), cost * math.exp(log_ratio) * se

        return tuple(_reml_of([row for row in self.rows if row.baseline is not None], per_year))

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """One row a fit, changes at full effect as shares of cost: over all onsets first, then at the typical one."""
        import pandas as pd

        pool = Beside("position", self.position, "over all onsets", self.counts, self.fit)
        return pd.DataFrame([_record(pool, "all"), *(_record(one, self._onset(one)) for one in self.beside)])

    def _onset(self, one: Beside) -> str:
        return one.name if one.kind == "onset" else f"{self.typical_onset:g}"

    def _trials(self, rows: Sequence[EvidenceRow], onset: float, after_therapy: bool = False) -> list[Trial]:
        return fitted_trials(self.evidence, rows, onset, after_therapy)

    def _beside(
        self, kind: str, name: str, label: str, rows: Sequence[EvidenceRow], onset: float | None = None,
        model: Model | None = None, after_therapy: bool = False,
    ) -> Beside:  # fmt: skip
        trials = self._trials(rows, self.typical_onset if onset is None else onset, after_therapy)
        kept = [row for row in rows if row.unit in {one.id for one in trials}]
        return Beside(kind, name, label, counted(kept), fit(trials, self.therapy, model or self.model))


def onsets(evidence: RowsOfEvidence, position: str) -> tuple[float, ...]:
    """Months to the full effect, of equal weight: the middles of equal parts of their distribution."""
    onset, own = evidence.file.onset, evidence.file.positions[position]
    middles = (np.arange(onset.points) + 0.5) / onset.points
    if own.onset_from_months is not None and own.onset_to_months is not None:
        found = own.onset_from_months + (own.onset_to_months - own.onset_from_months) * middles
    else:
        found = stats.weibull_min.ppf(middles, onset.shape, scale=onset.scale_months)
    return tuple(map(float, found))


def fitted_trials(
    evidence: RowsOfEvidence, rows: Sequence[EvidenceRow], onset: float, after_therapy: bool = False
) -> list[Trial]:
    """Rows as trials, under the file's rule for errors and with what it draws. onset: months."""
    file = evidence.file
    error = Error(file.errors.cv_low, file.errors.cv_high, file.errors.cv_points)
    drawn = {}
    for name, one in file.drawn.items():
        middles = (np.arange(one.saving_points) + 0.5) / one.saving_points
        saved = one.saving_low + (one.saving_high - one.saving_low) * middles
        drawn[name] = DrawnFigure(tuple(map(float, np.log1p(-saved / one.of))), tuple(one.errors))
    return trials_of(rows, Profile(onset), error, drawn, after_therapy)


def changed(rows: Sequence[EvidenceRow], run: NamedRun) -> list[EvidenceRow]:
    """The rows of a named run, with its reading of signs."""
    bounded: dict[str, Callable[[EvidenceRow], bool]] = {
        "as read": lambda row: row.bounded,
        "every": lambda row: row.kind == "sign",
        "none": lambda row: False,
    }
    kept = [row for row in rows if not run.programme_cost or row.programme_cost in run.programme_cost]
    kept = [row for row in kept if row.trial not in run.without and not set(row.flags) & set(run.without_flags)]
    return [replace(row, bounded=bounded[run.bounds](row)) for row in kept]


def counted(rows: Sequence[EvidenceRow]) -> Behind:
    """What stands behind rows."""
    by_unit = {row.unit: row for row in rows if row.design != ASSUMED}
    nulls = len({row.unit for row in rows if row.design == ASSUMED})
    assumed = {row.unit for row in rows if row.error != "figure"}
    unknown = sum(row.programme_cost == UNKNOWN for row in rows)
    people = sum(row.people for row in by_unit.values())
    return Behind(
        rows=len(rows), trials=len(by_unit), nulls=nulls, people=people, assumed_trials=len(assumed),
        unknown_rows=unknown,
    )  # fmt: skip


def alternatives(rows: Sequence[EvidenceRow]) -> list[tuple[str, list[EvidenceRow]]]:
    """The rows with one alternative of each group at a time, and which."""
    units: dict[str, list[EvidenceRow]] = {}
    for row in rows:
        units.setdefault(row.unit, []).append(row)
    found: list[tuple[list[str], list[EvidenceRow]]] = [([], [])]
    for several in units.values():
        options = several if several[0].weight < 1 else several[:1]
        found = [
            ([*names, row.id] if len(options) > 1 else names, [*chosen, row])
            for names, chosen in found
            for row in options
        ]
    return [(", ".join(names), chosen) for names, chosen in found]


def _over_window(row: EvidenceRow, onset: float) -> Array:
    """Effects on the grid as the row's window shows them, log ratio."""
    assert row.start is not None
    assert row.end is not None
    return np.log(ratio(grid(), row.start, row.end, Profile(onset)))


def _crps(row: EvidenceRow, found: LeftOut | None = None) -> float:
    """Continuous ranked probability score of what a row saw, log ratio, its own error in the prediction.

    found: what the other trials predict; None for no effect.
    """
    assert row.log_ratio is not None
    assert row.se is not None
    at = np.linspace(-SCORED_WITHIN, SCORED_WITHIN, POINTS)
    effects, mass = (np.zeros(1), np.ones(1)) if found is None else (found.effects, found.mass)
    below = special.ndtr((at[:, None] - effects) / row.se) @ mass
    y = row.log_ratio  # the two sides of the step apart, so that it costs no accuracy
    level = float(np.interp(y, at, below))
    left, right = at < y, at >= y
    lower = np.trapezoid(np.append(below[left], level) ** 2, np.append(at[left], y))
    upper = np.trapezoid(np.insert((1 - below[right]) ** 2, 0, (1 - level) ** 2), np.insert(at[right], 0, y))
    return float(lower + upper)


def _record(one: Beside, onset: str) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": one.kind, "name": one.name, "label": one.label, "onset_months": onset}
    counts = one.counts
    found |= {"rows": counts.rows, "trials": counts.trials, "assumed_nulls": counts.nulls, "people": counts.people}
    found |= {"assumed_errors": counts.assumed_trials, "unknown_programme_cost": counts.unknown_rows}
    for name, density in (("average", one.fit.average), ("new", one.fit.new)):
        found |= {f"{name}_median": density.median, f"{name}_low": density.low, f"{name}_high": density.high}
        found |= {f"{name}_mean": density.mean, f"{name}_chance_of_a_rise": density.rise}
    return found


def _reml_of(
    rows: Sequence[EvidenceRow], printed: Callable[[EvidenceRow], tuple[float, float]]
) -> Iterator[tuple[str, RandomEffects]]:
    """The estimate from figures with one alternative of each group at a time. printed: effect and error of a row."""
    for label, chosen in alternatives([row for row in rows if row.kind == "figure"]):
        if len(chosen) > 1:
            effects, errors = np.array([printed(row) for row in chosen]).T
            yield label, reml(effects, errors)


def reml(effects: Array, errors: Array) -> RandomEffects:
    """The same figures without priors: restricted maximum likelihood, and the interval of Hartung and Knapp.

    A cross-check that shares nothing with the posterior: without profile and without classes. effects, errors: shape
    (row,), at least two rows. Source: Viechtbauer 2005, J Educ Behav Stat 30:261-293; Hartung and Knapp 2001, Stat Med
    20:3875-3889.
    """
    return with_tau2(effects, errors, _tau2(effects, errors**2))


def with_tau2(effects: Array, errors: Array, tau2: float) -> RandomEffects:
    """The estimate at a variance of the effects."""
    weights = 1 / (errors**2 + tau2)
    estimate = float(weights @ effects / weights.sum())
    k = len(effects)
    spread = float(weights @ (effects - estimate) ** 2) / (k - 1)
    knapp = float(np.sqrt(spread / weights.sum()))
    return RandomEffects(
        k, float(np.sqrt(tau2)), estimate, float(weights.sum() ** -0.5), knapp, float(stats.t.ppf(LEVEL, k - 1)) * knapp
    )


def _tau2(effects: Array, variances: Array) -> float:
    """Where the restricted likelihood is greatest: the root of its slope, or 0 where it only falls."""

    def slope(tau2: float) -> float:
        weights = 1 / (variances + tau2)
        squares = weights**2 @ (effects - weights @ effects / weights.sum()) ** 2
        return float(squares - weights.sum() + weights @ weights / weights.sum())

    scale = float(np.sqrt(np.var(effects) + variances.mean()))
    at = np.concatenate([[0.0], np.geomspace(1e-10, 1e2, 400) * scale**2])
    slopes = np.array([slope(one) for one in at])
    falls = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    best = [0.0] + [float(optimize.brentq(slope, at[i], at[i + 1], xtol=1e-16, rtol=1e-14)) for i in falls]
    return max(best, key=lambda tau2: _restricted(tau2, effects, variances))


def _restricted(tau2: float, effects: Array, variances: Array) -> float:
    weights = 1 / (variances + tau2)
    squares = weights @ (effects - weights @ effects / weights.sum()) ** 2
    return float((np.log(weights).sum() - np.log(weights.sum()) - squares) / 2)
