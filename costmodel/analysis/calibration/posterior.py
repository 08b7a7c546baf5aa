"""The posterior of a fit: its density by what the model predicts, its highest point, and a weighted sample of it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import bdtr, gammaincinv, logsumexp, ndtr, ndtri, xlog1py, xlogy
from scipy.stats import multivariate_t

from costmodel.analysis.calibration.file import FitBlock, Observation
from costmodel.analysis.calibration.problem import CalibrationProblem, narrowed
from costmodel.errors import InputError
from costmodel.inputs.draws import uniforms
from costmodel.inputs.shapes import Distribution
from costmodel.model.activity import edges
from costmodel.model.draws import completed
from costmodel.model.ledger import CohortLedger
from costmodel.result.outcomes import share_in
from costmodel.result.sums import score_in
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR

Array = NDArray[np.float64]


SMALLEST_SHARE = 1e-12
"""Predicted shares are kept this far from 0 and 1, where a logarithm has no value."""


def _inside(predicted: Array) -> Array:
    return np.asarray(np.clip(predicted, SMALLEST_SHARE, 1 - SMALLEST_SHARE), dtype=np.float64)


def log_likelihood(predicted: Array, observed: Array, sizes: Array, scatter: Array | float = 0.0) -> Array:
    """Of shares Σ size · [share · ln p + (1 − share) · ln(1 − p)], without the constant of the binomial coefficient; of
    scores −Σ size · (score − p)² ÷ (2 scatter²), without that of the normal density.

    predicted, observed: p and what was observed, shape (observation, draw). sizes: effective numbers (n ÷ design
    effect), scatter: of a score the standard deviation of one answer, 0 of a share, shape (observation,) each.
    Returns shape (draw,), −∞ where a p is NaN.
    """
    share, error = _kinds(scatter, sizes)
    p = _inside(predicted)
    each = np.where(share, xlogy(observed, p) + xlog1py(1 - observed, -p), -(((observed - predicted) / error) ** 2) / 2)
    return np.where(np.isnan(predicted).any(axis=0), -np.inf, sizes @ np.nan_to_num(each))


def gradient(
    predicted: Array, slopes: Array, observed: Array, sizes: Array, scatter: Array | float = 0.0
) -> Array:  # fmt: skip
    """Slope of the log-likelihood in each parameter, shape (parameter, draw).

    slopes: d predicted / d parameter, shape (observation, parameter, draw); the rest as above.
    """
    value, variance = _one_answer(predicted, scatter, sizes)
    return np.asarray(np.einsum("od,opd->pd", sizes[:, None] * (observed - value) / variance, slopes))


def information(predicted: Array, slopes: Array, sizes: Array, scatter: Array | float = 0.0) -> Array:
    """Expected (Fisher) information: Σ size · slope slopeᵀ ÷ variance of an answer, (parameter, parameter, draw)."""
    _, variance = _one_answer(predicted, scatter, sizes)
    root = slopes * np.sqrt(sizes[:, None] / variance)[:, None]
    return np.asarray(np.einsum("opd,oqd->pqd", root, root))


def _kinds(scatter: Array | float, sizes: Array) -> tuple[NDArray[np.bool_], Array]:
    """Which observations are shares, and the scatter of the others with 1 in place of 0; (observation, 1) each."""
    error = np.broadcast_to(scatter, sizes.shape)[:, None]
    return error == 0, np.where(error == 0, 1.0, error)


def _one_answer(predicted: Array, scatter: Array | float, sizes: Array) -> tuple[Array, Array]:
    """What is predicted, a share kept inside 0 and 1, and the variance of one answer, (observation, draw) each."""
    share, error = _kinds(scatter, sizes)
    value = np.where(share, _inside(predicted), predicted)
    return value, np.where(share, value * (1 - value), error**2)


REACH = 4.5
"""Scores beyond this are not looked at: of each prior 7 in a million lie there."""
STEP = 1e-4
"""Of the central differences, in scores."""
REFUSED = -1e6
"""A log-likelihood below all others, for searches that step where the model cannot follow."""
BLOCK = 2_000
"""Draws that the engine follows together, in steps as short as the fastest of them needs."""


@dataclass(frozen=True)
class Read:
    """What is read of a cohort: the share in some states, or the mean or standard deviation of a score.

    edge: of the cycles. means, spreads: of the score within each state; empty where they do not count.
    """

    strategy: int
    edge: int
    states: tuple[int, ...] = ()
    means: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()

    def of(self, people: Array) -> Array:
        """Of the people in each state, (state, draw) → (draw,)."""
        return score_in(people, self.means, self.spreads or None) if self.means else share_in(people, self.states)


@dataclass(frozen=True)
class Density:
    """Of the free parameters, by what the model's own engine predicts of every observation of the file.

    scenario: with one structure and the longest cycle on which every change falls: the cohort recursion is exact, so
    the cycle does not move the shares. priors: of the free parameters. leaves: values of all others that are made of
    none. reads: of each observation. observed: shares or scores, sizes: effective numbers (n ÷ design effect), 0 for
    what the fit does not see, and scatter: of a score the standard deviation of one answer, 0 of a share; each of shape
    (observation,).
    """

    scenario: Scenario
    priors: Mapping[str, Distribution]
    leaves: Mapping[str, float]
    reads: tuple[Read, ...]
    observed: Array
    sizes: Array
    scatter: Array

    def predicted(self, values: Array) -> Array:
        """Shares and scores of the living for values of the free parameters, (free, draw) → (observation, draw)."""
        everything = completed(self.scenario, {**self.leaves, **dict(zip(self.priors, values, strict=True))})
        # the ledger itself is never written out
        activity = CohortLedger.of(self.scenario, everything, values.shape[1]).activity
        return np.stack(
            [read.of(activity.people[read.edge, :, activity.column[read.strategy, 0]]) for read in self.reads]
        )

    def values(self, scores: Array) -> Array:
        """The parameters themselves; shapes (free, draw)."""
        priors = self.priors.values()
        return np.stack([prior.quantile(ndtr(score)) for prior, score in zip(priors, scores, strict=True)])

    def shares(self, scores: Array) -> Array:
        """Predicted shares, shape (observation, draw); NaN where the model refuses the rates of a draw."""
        alike = np.argsort(scores.sum(axis=0), kind="stable")  # those with high rates together
        values = self.values(np.clip(scores[:, alike], -REACH, REACH))
        found = np.empty((len(self.observed), scores.shape[1]))
        for first in range(0, scores.shape[1], BLOCK):
            block = slice(first, first + BLOCK)
            found[:, alike[block]] = self._followed(values[:, block])
        return found

    def _followed(self, values: Array) -> Array:
        """The model refuses all draws together: those that it must are found by halves."""
        try:
            return self.predicted(values)
        except InputError:
            if values.shape[1] == 1:
                return np.full((len(self.observed), 1), np.nan)
            halves = np.split(values, [values.shape[1] // 2], axis=1)
            return np.concatenate([self._followed(half) for half in halves], axis=1)

    def log_likelihood(self, shares: Array) -> Array:
        """Of what is predicted, without constants (see `log_likelihood`); shape (draw,)."""
        return log_likelihood(shares, self.observed[:, None], self.sizes, self.scatter)

    def only(self, seen: NDArray[np.bool_]) -> "Density":
        """Of some of the observations, a mask of shape (observation,)."""
        return replace(self, sizes=np.where(seen, self.sizes, 0.0))

    def height_and_slope(self, score: Array) -> tuple[float, Array]:
        """Log-likelihood at one point, shape (free,), and its slope in the scores.

        Where the model refuses the rates: REFUSED, and uphill towards the priors' medians.
        """
        shares, slopes = self._slopes(score)
        if not np.isfinite(slopes).all():
            return REFUSED, -score
        height = float(self.log_likelihood(shares)[0])
        return height, gradient(shares, slopes, self.observed[:, None], self.sizes, self.scatter)[:, 0]

    def information(self, score: Array) -> Array:
        """What the data tell at one point (Fisher), shape (free, free), in scores: the prior alone tells 1."""
        return information(*self._slopes(score), self.sizes, self.scatter)[:, :, 0]

    def _slopes(self, score: Array) -> tuple[Array, Array]:
        """Shares, (observation, 1), and their slopes, (observation, free, 1), in one call of the engine."""
        count = len(score)
        above, below = np.minimum(score + STEP, REACH), np.maximum(score - STEP, -REACH)
        points = np.repeat(score[:, None], 2 * count + 1, axis=1)
        points[range(count), range(1, count + 1)] = above
        points[range(count), range(count + 1, 2 * count + 1)] = below
        shares = self.shares(points)
        slopes = (shares[:, 1 : count + 1] - shares[:, count + 1 :]) / (above - below)
        return shares[:, :1], slopes[:, :, None]


def density_of(problem: CalibrationProblem, block: FitBlock) -> Density:
    """The density of a fit; observations that it does not see have no weight."""
    scenario, observations = problem.scenario, problem.file.observations
    narrow = narrowed(scenario, problem.structure(block), [one.time.months for one in observations.values()])
    time, seen = edges(narrow) * MONTHS_A_YEAR, set(problem.observed(block))
    everything = observations.values()
    return Density(
        scenario=narrow,
        priors={name: free.prior.fitted(scenario.parameters[name].unit) for name, free in block.free.items()},
        leaves={name: scenario.central[name] for name in scenario.leaves} | problem.held(block),
        reads=tuple(_read(scenario, one, int(np.argmin(np.abs(time - one.time.months)))) for one in everything),
        observed=np.array([one.observed for one in everything]),
        sizes=np.array([one.n / problem.design_effect if name in seen else 0.0 for name, one in observations.items()]),
        scatter=np.array([one.scatter for one in everything]),
    )


def _read(scenario: Scenario, one: Observation, edge: int) -> Read:
    model = scenario.model
    strategy, states = list(model.strategies).index(one.strategy), list(model.states)
    if one.score is None:
        return Read(strategy, edge, tuple(states.index(state) for state in one.states))
    score = model.scores[one.score]
    means, spreads = (tuple(map(scenario.value, score.references(states, spread))) for spread in (False, True))
    return Read(strategy, edge, (), means, spreads if one.of_spread else ())


SAME = 1e-4
"""Searches that end within this of the highest log-density have found the same point."""
SEARCH = {"ftol": 1e-12, "maxiter": 500}
"""Relative gain at which a search ends, and its most steps."""


@dataclass(frozen=True)
class Mode:
    """score: the highest point found, shape (free,).

    agreeing: of `searches` from different starts, those that ended at it.
    """

    score: Array
    searches: int
    agreeing: int


def highest(density: Density, starts: Array, with_prior: bool = True) -> Mode:
    """Climb from each start, shape (free, search), within REACH.

    The density is that of the scores, on which the prior is standard normal: without data the highest point is the
    median of each prior. with_prior: False looks for the likeliest point within the priors' reach.
    """

    def lost(score: Array) -> tuple[float, Array]:
        height, slope = density.height_and_slope(score)
        if with_prior:
            height, slope = height - float(score @ score) / 2, slope - score
        return -height, -slope

    bounds: Any = [(-REACH, REACH)] * len(starts)
    ends: list[Any] = [
        minimize(lost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=SEARCH)  # type: ignore[call-overload]
        for start in starts.T
    ]
    best = min(ends, key=lambda end: float(end.fun))
    agreeing = sum(float(end.fun) < float(best.fun) + SAME for end in ends)
    return Mode(np.asarray(best.x, dtype=np.float64), len(ends), agreeing)


ROUNDS = (4_000, 8_000, 8_000)
"""Draws of the rounds by which the t distribution is adapted."""
DRAWS = 20_000
"""Draws of the last round; as many again until they are worth enough."""
MOST_DRAWS = 16 * DRAWS
FREEDOM = 5
"""Degrees of freedom: tails that are heavier than those of a posterior."""
FROM_PRIOR = 0.1
"""Share of draws that come from the prior."""
WIDER = 1.2
"""By how much the t distribution is wider than what it is adapted to, in standard deviations."""


@dataclass(frozen=True)
class Sample:
    """scores: shape (free, draw). shares: predicted, (observation, draw). log_weights: (draw,)."""

    scores: Array
    shares: Array
    log_weights: Array

    @property
    def weights(self) -> Array:
        """They sum to 1."""
        return np.asarray(np.exp(self.log_weights - logsumexp(self.log_weights)), dtype=np.float64)

    @property
    def effective_size(self) -> float:
        """How many independent draws these are worth: (Σw)² ÷ Σw² (Kong 1992)."""
        return float(1 / np.sum(self.weights**2))

    @property
    def log_evidence(self) -> float:
        """Log of the mean likelihood over the prior, without the constant of the binomial coefficients."""
        return float(logsumexp(self.log_weights) - np.log(len(self.log_weights)))

    def moments(self) -> tuple[Array, Array]:
        """Mean, (free,), and covariance, (free, free), of the scores."""
        covariance = np.cov(self.scores, aweights=self.weights, ddof=0)
        return self.scores @ self.weights, covariance.reshape(len(self.scores), -1)

    def quantiles(self, values: Array, chances: Sequence[float]) -> tuple[float, ...]:
        """Weighted quantiles of a quantity of each draw, shape (draw,)."""
        return tuple(map(float, np.quantile(values, chances, weights=self.weights, method="inverted_cdf")))

    def picked(self, rows: int, seed: int, name: str) -> NDArray[np.int64]:
        """Rows drawn with their weights: systematic resampling, one number for all rows."""
        places = (np.arange(rows) + uniforms(seed, f"{name} rows", 1)[0]) / rows
        found = np.searchsorted(np.cumsum(self.weights), places)
        return np.asarray(np.minimum(found, len(self.log_weights) - 1), dtype=np.int64)


def sampled(density: Density, centre: Array, enough: float, seed: int, name: str) -> Sample:
    """Draws of the posterior.

    centre: the posterior's highest point, shape (free,). enough: the effective size at which the last round ends; it
    ends at MOST_DRAWS anyway. name: of the random numbers.

    An importance sampler of our own: a mixture of the prior and an adapted t, so that the evidence comes with it and
    nothing depends on a chain that has to settle.
    """
    spread = np.asarray(np.linalg.inv(density.information(centre) + np.eye(len(centre))), dtype=np.float64)
    for number, draws in enumerate(ROUNDS):
        found = _round(density, centre, spread, seed, f"{name} round {number}", 0, draws)
        if found.effective_size > 2 * len(centre):
            centre, spread = found.moments()
    found = _round(density, centre, spread, seed, f"{name} last round", 0, DRAWS)
    while found.effective_size < enough and (count := len(found.log_weights)) < MOST_DRAWS:
        more = _round(density, centre, spread, seed, f"{name} last round", count, count)
        both = ((getattr(found, part), getattr(more, part)) for part in ("scores", "shares", "log_weights"))
        found = Sample(*(np.concatenate(parts, axis=-1) for parts in both))
    return found


def _round(density: Density, centre: Array, spread: Array, seed: int, name: str, first: int, draws: int) -> Sample:
    """Draws `first` to `first + draws` of the mixture of t distribution and prior, with their weights."""
    count, shape = len(centre), WIDER**2 * spread
    normal = ndtri(prior_uniforms(count, draws, seed, name, first))
    tail = np.sqrt(2 * gammaincinv(FREEDOM / 2, uniforms(seed, f"{name} tail", draws, first)) / FREEDOM)
    scores = centre[:, None] + np.linalg.cholesky(shape) @ normal / tail
    scores = np.where(uniforms(seed, f"{name} which", draws, first) < FROM_PRIOR, normal, scores)
    shares = density.shares(scores)
    prior = -np.sum(scores**2, axis=0) / 2 - count / 2 * np.log(2 * np.pi)
    near = multivariate_t.logpdf(scores.T, loc=centre, shape=shape, df=FREEDOM)
    proposed = np.logaddexp(np.log1p(-FROM_PRIOR) + near, np.log(FROM_PRIOR) + prior)
    weights = density.log_likelihood(shares) + prior - proposed
    weights = np.where(np.all(np.abs(scores) <= REACH, axis=0), weights, -np.inf)
    return Sample(scores, np.nan_to_num(shares), weights)


def prior_uniforms(count: int, draws: int, seed: int, name: str, first: int = 0) -> Array:
    """Independent uniform numbers, shape (count, draws), a stream for each row."""
    return np.stack([uniforms(seed, f"{name} {i}", draws, first) for i in range(count)])


ENDS = (0.025, 0.975)
"""Of a 95% band."""
SURELY = 8.0
"""Standard errors beyond which no end of a band is looked for."""


def band(shares: Array, weights: Array, one: Observation) -> tuple[float, float]:
    """95% band of the share among n people, each in the state with a share that is itself uncertain; or of a score.

    shares, weights: of draws, shape (draw,). The mixture of binomial or normal distributions is summed, not simulated.
    """
    held, n = weights > 0, one.n
    shares, weights = shares[held], weights[held]
    if one.scatter:
        error = one.scatter / np.sqrt(n)
        ends = float(shares.min() - SURELY * error), float(shares.max() + SURELY * error)

        def beyond(score: float, chance: float) -> float:
            return float(ndtr((score - shares) / error) @ weights) - chance

        low, high = (float(brentq(beyond, *ends, args=(chance,))) for chance in ENDS)
        return low, high
    shares = np.clip(shares, 0.0, 1.0)

    def at_most(events: int) -> float:
        return float(bdtr(events, n, shares) @ weights)

    least, most = (bisect_left(range(n), chance, key=at_most) for chance in ENDS)
    return least / n, most / n


def far(one: Observation, best: float) -> bool:
    """Whether what was observed is outside the 95% band of what the best achievable share or score would give."""
    low, high = band(np.array([best]), np.ones(1), one)
    return not low <= one.observed <= high


def said(scatter: float, value: float) -> str:
    """A share as a percentage; a score, which has a scatter, in points."""
    return f"{value:.1f}" if scatter else f"{value:.1%}"
