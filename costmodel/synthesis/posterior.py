"""The posterior by quadrature on fixed grids: no simulation, so that the same rows give the same digits.

Trial effects ~ N(mean of their class, tau²); means of classes ~ N(mu, class_sd²), mu flat; tau half-normal. What is
drawn (the analysis of a trial, its saving and error, the onset) is fitted one at a time, and the posteriors are pooled
with fixed weights.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy import interpolate, stats

from costmodel.content import by_content
from costmodel.synthesis.likelihood import Array, Error, Profile, joined, likelihood
from costmodel.synthesis.rows import EvidenceRow

REACH, STEP = 4.0, 0.02
"""The grid of effects, log scale. Half of the step moves no summary by 1e-5."""
TAU_POINTS, TAU_REACH = 32, 4.5
"""Points of the quadrature over tau, and how many scales of its prior it reaches (7 in a million lie beyond)."""
TINY = 1e-30
"""Weight of an effect below which it is none."""
LEVELS = (0.025, 0.5, 0.975)


@lru_cache(maxsize=1)
def grid() -> Array:
    """Effects at which densities are known, shape (effect,)."""
    return np.linspace(-REACH, REACH, round(2 * REACH / STEP) + 1)


@lru_cache(maxsize=2 * TAU_POINTS)
def kernel(sd: float) -> Array:
    """Normal weights from each mean (row) to each effect (column), rows adding to 1, shape (effect, effect)."""
    gaps = (grid()[:, None] - grid()[None, :]) / max(sd, 1e-6)
    weights = np.exp(-(gaps**2) / 2)
    weights[weights < TINY] = 0.0  # numbers so small take a processor a hundred times as long
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@lru_cache(maxsize=2)
def _all_kernels(sds: tuple[float, ...]) -> Array:
    """The kernels side by side, from effects (row) to the means of each in turn, shape (effect, sd × effect)."""
    return np.concatenate([kernel(sd) for sd in sds]).T


@dataclass(frozen=True)
class Variant:
    """One way to read a trial: its weight, and the likelihood of each effect, shape (effect,)."""

    weight: float
    likelihood: Array


@dataclass(frozen=True)
class Trial:
    """A trial in a fit, with the alternatives of how it is read; their weights add to 1. id: `EvidenceRow.unit`."""

    id: str
    therapy: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class DrawnFigure:
    """Log ratios and standard errors that stand for one printed value, all pairs of equal weight."""

    log_ratios: tuple[float, ...]
    errors: tuple[float, ...]


def trials_of(
    rows: Sequence[EvidenceRow],
    profile: Profile,
    error: Error,
    drawn: Mapping[str, DrawnFigure],
    after_therapy: bool = False,
) -> list[Trial]:
    """The rows of a position as trials: alternatives of a group are variants, a correlated pair is one likelihood.

    after_therapy: the effect comes only after a row's own end of therapy; rows where that is not known stay out.
    """
    units: dict[str, list[EvidenceRow]] = {}
    for row in rows:
        if not after_therapy or row.therapy_end is not None:
            units.setdefault(row.unit, []).append(row)
    found = []
    for several in units.values():
        profiles = [Profile(after=row.therapy_end) if after_therapy else profile for row in several]
        if len(several) > 1 and several[0].weight == 1:
            variants = [Variant(1.0, joined(several, grid(), profiles[0]))]
        else:
            total = sum(row.weight for row in several)  # a run may leave one of two alternatives
            variants = [
                Variant(row.weight / total * one.weight, one.likelihood)
                for row, how in zip(several, profiles, strict=True)
                for one in _variants(row, how, error, drawn.get(row.id))
            ]
        found.append(Trial(several[0].unit, several[0].therapy, tuple(variants)))
    return found


def _variants(row: EvidenceRow, profile: Profile, error: Error, drawn: DrawnFigure | None) -> Iterator[Variant]:
    if drawn is None or row.error != "drawn":
        yield Variant(1.0, likelihood(row, grid(), profile, error))
        return
    pairs = list(itertools.product(drawn.log_ratios, drawn.errors))
    for log_ratio, se in pairs:
        one = replace(row, error="figure", log_ratio=log_ratio, se=se)
        yield Variant(1 / len(pairs), likelihood(one, grid(), profile, error))


@by_content
@dataclass(frozen=True)
class EffectDensity:
    """A distribution of a log ratio on the grid; its mass adds to 1. Quantities are changes: exp(effect) − 1."""

    mass: Array

    @cached_property
    def _below(self) -> interpolate.CubicSpline:
        return interpolate.CubicSpline(grid(), self.mass / STEP).antiderivative()

    def quantile(self, level: float) -> float:
        """The change that a share of the distribution lies below."""
        fine = np.linspace(-REACH, REACH, 40_001)
        below = np.maximum.accumulate(self._below(fine))
        return float(np.expm1(np.interp(level, below / below[-1], fine)))

    @property
    def low(self) -> float:
        """End of the 95% interval."""
        return self.quantile(LEVELS[0])

    @property
    def median(self) -> float:
        """The change in the middle."""
        return self.quantile(LEVELS[1])

    @property
    def high(self) -> float:
        """End of the 95% interval."""
        return self.quantile(LEVELS[2])

    @property
    def mean(self) -> float:
        """The mean change, on the scale of money."""
        return float(np.expm1(grid()) @ self.mass)

    @property
    def rise(self) -> float:
        """Chance that cost rises."""
        return float(1 - self._below(0.0) / self._below(REACH))


@dataclass(frozen=True)
class Posterior:
    """The mean of a class, and a new service of it; for one onset, or pooled over several."""

    average: EffectDensity
    new: EffectDensity


@dataclass(frozen=True)
class Model:
    """What is assumed of effects: the spread of classes, and the scale of tau's prior."""

    class_sd: float
    tau_scale: float

    def taus(self) -> tuple[Array, Array]:
        """Points of tau and their prior weights, which add to 1."""
        at, weight = np.polynomial.legendre.leggauss(TAU_POINTS)
        tau = self.tau_scale * TAU_REACH * (at + 1) / 2
        prior = weight * stats.halfnorm.pdf(tau, scale=self.tau_scale)
        return tau, prior / prior.sum()


def fit(trials: Sequence[Trial], therapy: str, model: Model) -> Posterior:
    """The posterior of a class's mean and of a new service, pooled over the variants of the trials.

    A class without a trial here is a new class: its mean is N(mu, class_sd²).
    """
    taus, _ = model.taus()
    joint = np.zeros((len(taus), len(grid())))
    for one in combinations(trials, therapy, model):
        joint += one.weight * one.joint
    new = sum(joint[i] @ kernel(float(tau)) for i, tau in enumerate(taus))
    return Posterior(EffectDensity(joint.sum(axis=0)), EffectDensity(np.asarray(new)))


def shrunk(trials: Sequence[Trial], own: Trial, model: Model) -> EffectDensity:
    """The posterior of one trial's own effect: what it saw, drawn towards the others of its class."""
    taus, _ = model.taus()
    joints = {id(variant): np.zeros((len(taus), len(grid()))) for variant in own.variants}
    for one in combinations(trials, own.therapy, model):
        joints[id(one.chosen[own.id])] += one.weight * one.joint
    total = np.zeros(len(grid()))
    for variant in own.variants:
        for i, tau in enumerate(taus):
            seen = kernel(float(tau)) @ variant.likelihood
            others = np.divide(joints[id(variant)][i], seen, out=np.zeros_like(seen), where=seen > 0)
            total += (others @ kernel(float(tau))) * variant.likelihood
    return EffectDensity(total / total.sum())


@dataclass(frozen=True)
class Combination:
    """One way to read every trial: its weight, and the posterior given it.

    joint: of tau and the mean of the class asked for, shape (tau, effect), adding to 1. products: by other class, what
    its trials say of its mean, same shape. chosen: the variant of each trial by its id.
    """

    weight: float
    joint: Array
    products: Mapping[str, Array]
    chosen: Mapping[str, Variant]


def combinations(trials: Sequence[Trial], therapy: str, model: Model) -> Iterator[Combination]:
    """Every combination of the variants of trials, for the mean of one class of therapy."""
    taus, prior = model.taus()
    seen = _seen(trials, taus)
    between = kernel(model.class_sd)
    classes = list(dict.fromkeys([therapy, *(trial.therapy for trial in trials)]))
    combined = {name: _combined([one for one in trials if one.therapy == name], seen, taus) for name in classes}
    others = [[(*one, one[1] @ between) for one in combined[name]] for name in classes[1:]]
    for combination in itertools.product(*others):
        around = np.ones((len(taus), len(grid())))
        for *_, mean in combination:
            around = around * mean
        around = prior[:, None] * (around @ between)
        share = float(np.prod([w for w, *_ in combination]))
        products = {name: one[1] for name, one in zip(classes[1:], combination, strict=True)}
        elsewhere = {id_: variant for one in combination for id_, variant in one[2].items()}
        for w, own, chosen in combined[therapy]:
            joint = own * around
            yield Combination(w * share, joint / joint.sum(), products, chosen | elsewhere)


def _seen(trials: Sequence[Trial], taus: Array) -> dict[int, Array]:
    """By variant its likelihood of each mean of a class, shape (tau, effect): the trial's own effect integrated out."""
    variants = [variant for trial in trials for variant in trial.variants]
    if not variants:
        return {}
    stacked = np.column_stack([variant.likelihood for variant in variants])
    by_tau = stacked.T @ _all_kernels(tuple(map(float, taus)))
    return {id(variant): by_tau[i].reshape(len(taus), -1) for i, variant in enumerate(variants)}


def _combined(
    members: Sequence[Trial], seen: Mapping[int, Array], taus: Array
) -> list[tuple[float, Array, dict[str, Variant]]]:
    """The trials of a class: for each combination of variants its weight, the product of likelihoods, the variants."""
    found: list[tuple[float, Array, dict[str, Variant]]] = [(1.0, np.ones((len(taus), len(grid()))), {})]
    for trial in sorted(members, key=lambda one: len(one.variants)):
        found = [
            (weight * variant.weight, product * seen[id(variant)], chosen | {trial.id: variant})
            for weight, product, chosen in found
            for variant in trial.variants
        ]
    return found


def pooled(fits: Sequence[Posterior], weights: Sequence[float]) -> Posterior:
    """Posteriors side by side with fixed weights, which add to 1."""

    def mixed(masses: Sequence[Array]) -> EffectDensity:
        return EffectDensity(np.asarray(sum(w * mass for w, mass in zip(weights, masses, strict=True))))

    return Posterior(mixed([one.average.mass for one in fits]), mixed([one.new.mass for one in fits]))
