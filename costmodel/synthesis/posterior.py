"""What rows say of their trials' effects, and the posterior by quadrature on fixed grids.

theta is the log ratio of mean costs at full effect. The effect grows from the first session, min(t ÷ onset, 1), and a
row sees its mean over the row's own window, on a flat undiscounted purse at midpoints of months. Figures speak by their
error, verdicts by their probability.

Trial effects ~ N(mean of their class, tau²); means of classes ~ N(mu, class_sd²), mu flat; tau half-normal. What is
drawn (the analysis of a trial, its saving and error, the onset) is fitted one at a time, and the posteriors are pooled
with fixed weights. No simulation, so that the same rows give the same digits.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy import interpolate, special, stats

from costmodel.content import by_content
from costmodel.synthesis.rows import (
    LOWER,
    NO_DIFFERENCE,
    RAISED,
    SIGNIFICANTLY_LOWER,
    SIGNIFICANTLY_RAISED,
    EvidenceRow,
)

Array = npt.NDArray[np.float64]
REACH, STEP = 4.0, 0.02
"""The grid of effects, log scale. Half of the step moves no summary by 1e-5."""
TAU_POINTS, TAU_REACH = 32, 4.5
"""Points of the quadrature over tau, and how many scales of its prior it reaches (7 in a million lie beyond)."""
TINY = 1e-30
"""Weight of an effect below which it is none."""
LEVELS = (0.025, 0.5, 0.975)
SIGNIFICANT = 1.96
"""Standard errors beyond which a two-sided test at 5% is significant."""
LIMITS = {
    NO_DIFFERENCE: (-SIGNIFICANT, SIGNIFICANT),
    SIGNIFICANTLY_LOWER: (-math.inf, -SIGNIFICANT),
    SIGNIFICANTLY_RAISED: (SIGNIFICANT, math.inf),
    LOWER: (-math.inf, 0.0),
    RAISED: (0.0, math.inf),
}
"""Of z, between which it lies where a trial printed a verdict."""
BOUNDED = {LOWER: (-SIGNIFICANT, 0.0), RAISED: (0.0, SIGNIFICANT)}
"""The same where the sign is known not to have been significant."""


@dataclass(frozen=True)
class Profile:
    """How the effect comes. onset: months to the full effect, 0 at once. after: nothing before this month."""

    onset: float = 0.0
    after: float | None = None

    def at(self, months: Array) -> Array:
        """Share of the full effect at times since the first session, in months."""
        if self.after is not None:
            return (months > self.after).astype(float)
        return np.ones_like(months) if self.onset == 0 else np.minimum(months, self.onset) / self.onset


def months_of(start: float, end: float) -> tuple[Array, Array]:
    """Midpoints of the months of a window and the length of each; the last may be a part of one."""
    edges = np.append(np.arange(start, end, 1.0), end)
    lengths = np.diff(edges)
    kept = lengths > 1e-9
    return (edges[:-1] + lengths / 2)[kept], lengths[kept]


def ratio(theta: Array, start: float, end: float, profile: Profile) -> Array:
    """Mean ratio of costs over a window, in months, at full effects of any shape."""
    middles, lengths = months_of(start, end)
    shares, where = np.unique(profile.at(middles), return_inverse=True)
    weights = np.bincount(where, lengths) / lengths.sum()
    total = np.zeros_like(theta)
    for share, weight in zip(shares, weights, strict=True):
        total += weight * np.exp(theta * share)
    return total


def verdict_probability(verdict: str, bounded: bool, over_error: Array) -> Array:
    """Chance that a trial prints a verdict. over_error: its true log ratio in standard errors, any shape."""
    low, high = BOUNDED[verdict] if bounded and verdict in BOUNDED else LIMITS[verdict]
    mirrored = low >= 0  # both ends in the upper tail: there the difference of two numbers near 1 would lose digits
    if mirrored:
        return np.asarray(special.ndtr(over_error - low) - special.ndtr(over_error - high))
    return np.asarray(special.ndtr(high - over_error) - special.ndtr(low - over_error))


@dataclass(frozen=True)
class Error:
    """The rule for standard errors that were not printed: cv × √(1/n + 1/n), cv uniform between two values."""

    low: float
    high: float
    points: int

    def nodes(self, spread: float) -> tuple[Array, Array]:
        """Standard errors and their weights, by Gauss and Legendre. spread: √(1/n of therapy + 1/n of control)."""
        at, weight = np.polynomial.legendre.leggauss(self.points)
        return (self.low + (self.high - self.low) * (at + 1) / 2) * spread, weight / 2


def likelihood(row: EvidenceRow, theta: Array, profile: Profile, error: Error) -> Array:
    """What a row says of each full effect, shape of theta; by the rule for errors, averaged over them."""
    assert row.start is not None
    assert row.end is not None
    seen = np.log(ratio(theta, row.start, row.end, profile))
    if row.error == "rule":
        errors, weights = error.nodes(row.spread_of_n or math.nan)
    else:
        errors, weights = np.array([math.nan if row.se is None else row.se]), np.ones(1)
    total = np.zeros_like(theta)
    for one, weight in zip(errors, weights, strict=True):
        if row.kind == "figure":
            total += weight * np.exp(-(((row.log_ratio or 0.0) - seen) ** 2) / (2 * one**2)) / one
        else:
            total += weight * verdict_probability(row.verdict, row.bounded, seen / one)
    return total


def joined(pair: Sequence[EvidenceRow], theta: Array, profile: Profile) -> Array:
    """Two figures of one trial with the correlation of the second, for one effect: a normal of two dimensions."""
    first, second = pair
    rho = second.correlation or 0.0
    z = []
    for row in (first, second):
        assert row.start is not None
        assert row.end is not None
        assert row.log_ratio is not None
        assert row.se is not None
        z.append((row.log_ratio - np.log(ratio(theta, row.start, row.end, profile))) / row.se)
    squares = (z[0] ** 2 - 2 * rho * z[0] * z[1] + z[1] ** 2) / (1 - rho**2)
    return np.asarray(np.exp(-squares / 2))


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
