"""REML and the interval of Hartung and Knapp beside a library, published algebra, and the figures of the trials."""

import warnings
from importlib import import_module

import numpy as np
import pytest
from scipy import stats

import costmodel as cm
from costmodel.synthesis import Synthesis
from costmodel.synthesis.posterior import Array
from costmodel.synthesis.result import reml

FIGURES = {
    "Y001": (-0.0269, 0.149), "Y002": (-0.159, 0.087), "Y003": (-0.5329, 0.2332), "Y004": (-0.0097, 0.1787),
    "Y005": (-0.2948, 0.2319),
}  # fmt: skip
"""Log ratios and standard errors of the trials, TADS at its centre."""
CREED = ("Y002", "Y003")
PYMARE = {"Y002": (0.0, -0.12332708, 0.04751577), "Y003": (0.01528018, -0.16743775, 0.11804384)}
"""tau², estimate and its standard error by Hartung and Knapp, from PyMARE 0.0.13."""


def _with(creed: str) -> tuple[Array, Array]:
    kept = np.array([FIGURES[name] for name in FIGURES if name == creed or name not in CREED])
    return kept[:, 0], kept[:, 1]


@pytest.mark.parametrize("creed", CREED)
def test_the_figures_are_what_a_library_said(creed: str) -> None:
    found = reml(*_with(creed))
    assert (found.tau**2, found.estimate, found.hartung_knapp_se) == pytest.approx(PYMARE[creed], abs=1e-6)


@pytest.mark.parametrize("creed", CREED)
def test_the_figures_are_what_a_library_says_now(creed: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the library imports
        estimators = import_module("pymare.estimators")
    effects, errors = _with(creed)
    design = np.ones((len(effects), 1))
    fitted = estimators.VarianceBasedLikelihoodEstimator(method="REML").fit(
        y=effects[:, None], v=errors[:, None] ** 2, X=design
    )
    summary = fitted.summary()
    fixed = {key: float(np.ravel(value)[0]) for key, value in summary.get_fe_stats().items()}
    found = reml(effects, errors)
    assert found.tau**2 == pytest.approx(float(np.ravel(summary.tau2)[0]), abs=1e-6)
    assert found.estimate == pytest.approx(fixed["est"], abs=1e-6)
    assert found.hartung_knapp_se == pytest.approx(fixed["se"], abs=1e-6)
    ends = (found.estimate - found.half_width, found.estimate + found.half_width)
    assert ends == pytest.approx((fixed["ci_l"], fixed["ci_u"]), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_with_equal_errors_it_is_the_interval_of_student(seed: int) -> None:
    """Then REML's tau² is the sample variance less the error's, and Hartung and Knapp's interval that of a mean."""
    effects = np.random.default_rng(seed).normal(-0.1, 0.4, 7)
    found = reml(effects, np.full(7, 0.15))
    assert found.tau**2 == pytest.approx(max(effects.var(ddof=1) - 0.15**2, 0.0), abs=1e-10)
    assert found.estimate == pytest.approx(effects.mean(), abs=1e-10)
    ends = stats.t.interval(0.95, 6, effects.mean(), stats.sem(effects))
    assert (found.estimate - found.half_width, found.estimate + found.half_width) == pytest.approx(ends, abs=1e-10)


def test_trials_that_agree_have_no_tau() -> None:
    found = reml(np.array([0.1, 0.1, 0.1]), np.array([0.2, 0.1, 0.3]))
    assert (found.tau, found.estimate) == pytest.approx((0.0, 0.1))


def test_the_position_gives_each_analysis_of_creed_in_turn() -> None:
    found = dict(cm.synthesise(position="figures").random_effects)
    assert list(found) == list(CREED)
    for creed, one in found.items():
        assert one.estimate == pytest.approx(reml(*_with(creed)).estimate, abs=1e-12)


def test_constant_pounds_in_use_are_those_of_the_figures() -> None:
    found = cm.synthesise(position="figures")
    declared = found.evidence.file.constant_pounds
    assert declared is not None
    own, adjusted = dict(found.pounds)["Y003"], dict(found.pounds)["Y002"]
    in_use = (declared.change_per_year, declared.se, declared.tau)
    assert (own.estimate, own.se, own.tau) == pytest.approx(in_use, abs=1)
    assert (adjusted.estimate, adjusted.se) == pytest.approx(
        (declared.adjusted_change_per_year, declared.adjusted_se), abs=1
    )
    assert declared.trials_from_per_year == pytest.approx(min(_costs(found)), abs=10)
    assert declared.trials_to_per_year == pytest.approx(max(_costs(found)), abs=10)


def _costs(found: Synthesis) -> list[float]:
    return [row.baseline for row in found.rows if row.baseline is not None]
