"""The same figures without priors: restricted maximum likelihood, and the interval of Hartung and Knapp.

A cross-check, on rows with a figure, without profile and without classes.
Source: Viechtbauer 2005, J Educ Behav Stat 30:261-293; Hartung and Knapp 2001, Stat Med 20:3875-3889.

Apart because it checks the posterior by other means and shares nothing with it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from costmodel.synthesis.likelihood import Array

LEVEL = 0.975


@dataclass(frozen=True)
class RandomEffects:
    """A random-effects estimate on the scale of the effects. half_width: of the 95% interval of Hartung and Knapp."""

    k: int
    tau: float
    estimate: float
    se: float
    hartung_knapp_se: float
    half_width: float


def reml(effects: Array, errors: Array) -> RandomEffects:
    """The estimate by restricted maximum likelihood. effects, errors: shape (row,), at least two rows."""
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
