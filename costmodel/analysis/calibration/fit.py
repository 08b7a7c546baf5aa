"""Maximum likelihood with a parametric bootstrap, for one fit of a calibration file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from costmodel.analysis.calibration.file import Free
from costmodel.analysis.calibration.likelihood import information, log_likelihood
from costmodel.analysis.calibration.search import Task, climb
from costmodel.inputs.draws import uniforms

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
"""Called with the fit's name, the rows done and the rows wanted."""

STARTS = 32
"""Searches for the best fit: the file's own start, and the best of SCREENED random points."""
SCREENED = 2_000
START_SEED = 0
"""The random points are always the same, so that the best fit does not depend on the seed of the refits."""
BLOCK = 250
"""Samples refitted together."""
ENOUGH = 1e-7
"""Gain in log-likelihood at which a refit ends: nothing beside the scatter that refits are there to show."""
SAME_LIKELIHOOD = 1e-4
"""Searches that end within this of the best log-likelihood have found the same fit."""
AT_BOUND = 1e-6
"""A parameter this near to a bound, as a share of the width of its bounds, is at it."""
KNOWN = 12.0
"""Information on a direction, in units of the bounds' width, above which the data say more than the bounds:
a uniform distribution between the bounds has variance 1/12."""
POINTS = 100.0
"""Percentage points in 1."""


@dataclass(frozen=True)
class Row:
    """One observation beside a fit. miss: fitted − observed, percentage points. used: the fit saw it."""

    name: str
    label: str
    strategy: str
    states: tuple[str, ...]
    months: float
    observed: float
    n: int
    status: str
    fitted: float
    miss: float
    used: bool


@dataclass(frozen=True)
class Fit:
    """One fitted structure.

    free, held: joint parameters of the scenario; columns: theirs in the posterior, free ones first.
    values: shape (row, column), the best fit first, then the refits.
    log_likelihood: of the best fit, without the binomial constant; saturated: of fitted = observed.
    at_bound: free parameters of the best fit at "low" or "high". rows_at_bound: share of the refits with
    each free parameter at (low, high).
    known: how many independent directions of the free parameters the data determine better than the
    bounds alone. poorly_known: the parameters that lie along the others.
    agreeing: of `searches` starts, those that ended at the best fit. failed: refits whose search did not
    converge.
    """

    name: str
    label: str
    alternative: str | None
    output: Path
    free: tuple[str, ...]
    held: Mapping[str, float]
    columns: tuple[str, ...]
    bounds: Mapping[str, tuple[float, float]]
    values: Array
    rows: tuple[Row, ...]
    log_likelihood: float
    saturated: float
    at_bound: Mapping[str, str]
    rows_at_bound: Mapping[str, tuple[float, float]]
    known: int
    poorly_known: tuple[str, ...]
    searches: int
    agreeing: int
    failed: int
    design_effect: float
    seed: int

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters behind the columns."""
        return (*self.free, *self.held)

    @property
    def best(self) -> dict[str, float]:
        """The best-fitting values."""
        return dict(zip(self.parameters, map(float, self.values[0]), strict=True))

    @property
    def largest_miss(self) -> float:
        """Percentage points, among the observations that the fit saw; without sign."""
        return max(abs(row.miss) for row in self.rows if row.used)

    def interval(self, name: str) -> tuple[float, float]:
        """95% of the rows of a parameter."""
        low, high = np.quantile(self.values[:, self.parameters.index(name)], [0.025, 0.975])
        return float(low), float(high)


def best_fit(task: Task, observed: Array, own_start: Array, name: str) -> tuple[Array, float, int, int]:
    """The likeliest of several searches: point, log-likelihood, number of searches, how many agree."""
    starts = _starts(task, observed, own_start, name)
    found = climb(task, np.repeat(observed[:, None], starts.shape[1], axis=1), starts)
    height = float(found.heights.max())
    return found.best, height, starts.shape[1], int(np.sum(found.heights > height - SAME_LIKELIHOOD))


def _starts(task: Task, observed: Array, own: Array, name: str) -> Array:
    """The file's start, and the likeliest of many random points between the bounds, shape (free, start).

    Half of the points are uniform; half are denser near the lower bound, where slow rates lie.
    """
    unit = np.stack([uniforms(START_SEED, f"calibration {name} start {i}", SCREENED) for i in range(len(own))])
    unit[:, ::2] **= 3
    points = task.low[:, None] + unit * (task.high - task.low)[:, None]
    heights = log_likelihood(task.prediction.shares(points), observed[:, None], task.sizes)
    order = np.argsort(-heights, kind="stable")[: STARTS - 1]
    return np.concatenate([own[:, None], points[:, order]], axis=1)


def resampled(shares: Array, sizes: Array, names: Sequence[str], rows: int, seed: int, name: str) -> Array:
    """Shares observed in repeats of the study, shape (observation, row).

    The *parametric* bootstrap: events ~ Binomial(round(effective size), fitted share). The fitted shares and
    not the observed ones, because the rows are to show how far estimates scatter when the model holds; with
    the observed ones, every refit would in addition inherit the misfit (Efron & Tibshirani 1993, 6.5).
    Each observation has its own stream, so that more rows extend and never reshuffle.
    """
    events = []
    for share, size, observation in zip(shares, sizes, names, strict=True):
        trials = max(1, round(float(size)))
        chances = bdtr(np.arange(trials), trials, min(max(float(share), 0.0), 1.0))
        u = uniforms(seed, f"calibration {name} {observation}", rows)
        events.append(np.searchsorted(chances, u) / trials)
    return np.stack(events)


def refits(task: Task, samples: Array, starts: Sequence[Array], progress: Callable[[int], None]) -> tuple[Array, int]:
    """The likeliest point of each sample, shape (row, free), and how many searches did not converge.

    Each sample is searched from every start (the best fit, the file's own), and the likelier end is kept.
    """
    points, failed = np.empty((samples.shape[1], len(starts[0]))), 0
    for first in range(0, samples.shape[1], BLOCK):
        block = samples[:, first : first + BLOCK]
        ends = [climb(task, block, np.repeat(start[:, None], block.shape[1], axis=1), ENOUGH) for start in starts]
        which = np.argmax(np.stack([end.heights for end in ends]), axis=0)
        rows = np.arange(block.shape[1])
        points[first : first + BLOCK] = np.stack([end.points for end in ends])[which, :, rows]
        failed += int(np.sum(~np.stack([end.converged for end in ends])[which, rows]))
        progress(first + block.shape[1])
    return points, failed


def directions(task: Task, point: Array, names: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """How many directions the data know better than the bounds do, and the parameters along the others.

    The Fisher information with each parameter measured in widths of its bounds; its eigenvalues are the
    precisions along independent directions. A parameter is poorly known where more than half of it lies
    along directions whose precision is below that of the bounds alone.
    """
    width = (task.high - task.low)[:, None]
    shares, slopes = task.prediction.shares_and_slopes(point[:, None], task.low, task.high)
    precisions, axes = np.linalg.eigh(information(shares, slopes * width, task.sizes)[:, :, 0])
    unknown = precisions < KNOWN
    along = (axes[:, unknown] ** 2).sum(axis=1)
    return int((~unknown).sum()), tuple(name for name, part in zip(names, along, strict=True) if part > 1 / 2)


def at_bounds(task: Task, points: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which values stand at their lower and upper bound; points and results of shape (row, free)."""
    slack = AT_BOUND * (task.high - task.low)
    return points <= task.low + slack, points >= task.high - slack


def limits(free: Mapping[str, Free]) -> tuple[Array, Array, Array]:
    """Start, low and high of the free parameters, shape (free,) each."""
    chosen = list(free.values())
    return (
        np.array([one.start for one in chosen], dtype=float),
        np.array([one.low for one in chosen], dtype=float),
        np.array([one.high for one in chosen], dtype=float),
    )
