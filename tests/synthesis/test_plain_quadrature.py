"""Every position again by a quadrature written here: its own reading of the file, its own windows and verdicts."""

import csv
import itertools
import math
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

import costmodel as cm
from costmodel.synthesis import posterior
from costmodel.synthesis.file import read_synthesis, shipped
from costmodel.synthesis.posterior import Array, EffectDensity, Model, Profile
from costmodel.synthesis.result import fitted_trials

FOLDER = Path(__file__).parents[2] / "scenarios" / "synthesis"
STEP, TAU_STEP = 0.02, 0.04
THETA = np.arange(-3.2, 3.2001, STEP)
TAU = np.arange(TAU_STEP / 2, 1.5, TAU_STEP)
CLASS_SD, TAU_SCALE = 0.15, 0.3
TARGET = "psychodynamic"
SAVING, OF, ERRORS = (-28.0, 850.0), 15_488.0, (0.075, 0.131, 0.149, 0.21, 0.30)
TOLERANCE = 1e-3


def _window(theta: Array, row: dict[str, str], onset: float) -> Array:
    """Log of the mean ratio over a window, month by month."""
    start, end = float(row["from_month"]), float(row["to_month"])
    total, length = np.zeros_like(theta), 0.0
    month = start
    while month < end - 1e-9:
        step = min(1.0, end - month)
        share = min((month + step / 2) / onset, 1.0) if onset else 1.0
        total, length, month = total + step * np.exp(theta * share), length + step, month + step
    return np.log(total / length)


def _verdict(row: dict[str, str], z: Array) -> Array:
    normal = stats.norm()
    outside = {"significantly lower": normal.cdf(-1.96 - z), "significantly raised": normal.sf(1.96 - z)}
    if row["verdict"] in outside:
        return np.asarray(outside[row["verdict"]])
    if row["verdict"] == "no difference":
        return np.asarray(normal.cdf(1.96 - z) - normal.cdf(-1.96 - z))
    lower = normal.cdf(-z) - (normal.cdf(-1.96 - z) if row["bounded"] else 0.0)
    raised = normal.sf(-z) - (normal.sf(1.96 - z) if row["bounded"] else 0.0)
    return np.asarray(lower if row["verdict"] == "lower" else raised)


def _likelihoods(row: dict[str, str], onset: float) -> list[tuple[float, Array]]:
    """The ways to read a row, each with its weight."""
    seen = _window(THETA, row, onset)
    if row["error"] == "drawn":
        savings = SAVING[0] + (SAVING[1] - SAVING[0]) * (np.arange(9) + 0.5) / 9
        pairs = list(itertools.product(np.log(1 - savings / OF), ERRORS))
        return [(1 / len(pairs), stats.norm.pdf(ratio, seen, se)) for ratio, se in pairs]
    if row["kind"] == "figure":
        return [(1.0, stats.norm.pdf(float(row["log_ratio"]), seen, float(row["se"])))]
    if row["n_therapy"]:
        spread = math.sqrt(1 / float(row["n_therapy"]) + 1 / float(row["n_control"]))
    else:
        spread = math.sqrt(2 * float(row["arms"]) / float(row["n_total"]))
    errors = (0.9 + 0.9 * (np.arange(60) + 0.5) / 60) * spread
    return [(1.0, np.mean([_verdict(row, seen / se) for se in errors], axis=0))]


def _normal(sd: float) -> Array:
    """Densities times the step, from each mean (row) to each effect."""
    density = np.asarray(stats.norm.pdf(THETA[None, :] - THETA[:, None], scale=sd)) * STEP
    return np.where(density > 1e-30, density, 0.0)


KERNELS = [_normal(tau) for tau in TAU]
BETWEEN = _normal(CLASS_SD)


@lru_cache
def plain(position: str, onset: float) -> tuple[Array, Array]:
    """Densities of the mean of the class and of a new service on THETA."""
    with (FOLDER / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if position in row["sets"].split(";")]
    trials: dict[str, list[tuple[float, Array]]] = defaultdict(list)
    classes: dict[str, str] = {}
    for row in rows:
        name = row["group"] or row["trial"] + row["year"]
        classes[name] = row["class"]
        trials[name] += [(float(row["weight"]) * w, one) for w, one in _likelihoods(row, onset)]
    seen = {name: [(w, np.array([k @ one for k in KERNELS])) for w, one in ways] for name, ways in trials.items()}
    prior = stats.halfnorm.pdf(TAU, scale=TAU_SCALE)
    average, new = np.zeros_like(THETA), np.zeros_like(THETA)
    for ways in itertools.product(*seen.values()):
        weight = math.prod(w for w, _ in ways)
        by_class: dict[str, Any] = defaultdict(lambda: np.ones((len(TAU), len(THETA))))
        for name, (_, one) in zip(seen, ways, strict=True):
            by_class[classes[name]] = by_class[classes[name]] * one
        of_mu = np.ones((len(TAU), len(THETA)))
        for name, product in by_class.items():
            if name != TARGET:
                of_mu = of_mu * (product @ BETWEEN)
        joint = prior[:, None] * by_class[TARGET] * (of_mu @ BETWEEN)
        joint *= weight / joint.sum()
        average += joint.sum(axis=0)
        for i, kernel in enumerate(KERNELS):
            new += joint[i] @ kernel
    return average, new


def summaries(density: Array) -> list[float]:
    """Median, mean, interval and chance of a rise."""
    density = density / density.sum()
    edges = THETA + STEP / 2
    below = np.cumsum(density)
    quantiles = [math.expm1(float(np.interp(level, below, edges))) for level in (0.5, 0.025, 0.975)]
    return [quantiles[0], float(np.expm1(THETA) @ density), *quantiles[1:], float(1 - np.interp(0.0, edges, below))]


def ours(density: EffectDensity) -> list[float]:
    return [density.median, density.mean, density.low, density.high, density.rise]


LONG = pytest.mark.long
POSITIONS = [
    "figures", *(pytest.param(name, marks=LONG) for name in ("tests", "wider", "collaborative", "sceptic_bound",
                                                             "psychodynamic", "borderline_hospital")),
]  # fmt: skip


@pytest.mark.parametrize("position", POSITIONS)
def test_a_position_is_what_a_plain_quadrature_says(position: str) -> None:
    found = cm.synthesise(position=position)
    average, new = plain(position, found.typical_onset)
    assert ours(found.typical.average) == pytest.approx(summaries(average), abs=TOLERANCE)
    assert ours(found.typical.new) == pytest.approx(summaries(new), abs=TOLERANCE)


@pytest.mark.long
@pytest.mark.parametrize(
    "position", [name for name, one in read_synthesis(shipped()).file.positions.items() if one.role != "listed"]
)
def test_the_onsets_are_pooled_with_equal_weights(position: str) -> None:
    found = cm.synthesise(position=position)
    parts = [plain(position, onset) for onset, _ in found.by_onset]
    assert len(parts) >= 8
    for density, part in ((found.average, 0), (found.new, 1)):
        each = [one[part] / one[part].sum() for one in parts]
        assert ours(density) == pytest.approx(summaries(np.mean(each, axis=0)), abs=TOLERANCE)


def _no_profile(theta: Array, start: float, end: float, profile: Profile) -> Array:
    return np.exp(theta)


def _from_the_start(theta: Array, start: float, end: float, profile: Profile) -> Array:
    return RATIO(theta, 0.0, end, profile)


def _one_sided(verdict: str, bounded: bool, over_error: Array) -> Array:
    return (
        np.asarray(stats.norm.cdf(-1.645 - over_error))
        if "significantly" in verdict
        else CHANCE(verdict, bounded, over_error)
    )


def _unbounded(verdict: str, bounded: bool, over_error: Array) -> Array:
    return CHANCE(verdict, False, over_error)


def _all_bounded(verdict: str, bounded: bool, over_error: Array) -> Array:
    return CHANCE(verdict, True, over_error)


RATIO, CHANCE, COMBINED = posterior.ratio, posterior.verdict_probability, posterior._combined


def _mixture(members: Any, seen: Any, taus: Any) -> Any:
    """Likelihoods of variants added up, so that trials update the weights."""
    found = COMBINED(members, seen, taus)
    return [(1.0, sum(w * product for w, product, _ in found), {})]


def _first_variant(members: Any, seen: Any, taus: Any) -> Any:
    return COMBINED(members, seen, taus)[:1]


FAULTS: dict[str, tuple[str, ModuleType | type, str, Any]] = {
    "no profile": ("figures", posterior, "ratio", _no_profile),
    "every window from the start": ("figures", posterior, "ratio", _from_the_start),
    "a mixture of likelihoods": ("figures", posterior, "_combined", _mixture),
    "the first analysis alone": ("figures", posterior, "_combined", _first_variant),
    "no classes": ("figures", Model, "class_sd", 1e-3),
    "a wider prior of tau": ("figures", Model, "tau_scale", 0.36),
    "a one-sided test": ("tests", posterior, "verdict_probability", _one_sided),
    "known bounds forgotten": ("tests", posterior, "verdict_probability", _unbounded),
    "every sign bounded": ("tests", posterior, "verdict_probability", _all_bounded),
}
"""By name: the position that shows it, and what stands in place of what."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[LONG] if FAULTS[one][0] != "figures" else []) for one in FAULTS]
)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    position, owner, attribute, fault = FAULTS[name]
    evidence = read_synthesis(shipped())
    model = {"class_sd": CLASS_SD, "tau_scale": TAU_SCALE}
    if owner is Model:
        model[attribute] = fault
    else:
        monkeypatch.setattr(owner, attribute, fault)
    trials = fitted_trials(evidence, evidence.of(position), 6.0)
    found = posterior.fit(trials, TARGET, Model(**model))
    average, new = plain(position, 6.0)
    both = [*ours(found.average), *ours(found.new)]
    assert both != pytest.approx([*summaries(average), *summaries(new)], abs=TOLERANCE)
