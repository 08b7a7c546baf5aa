"""A fit: what was observed and how it is met, what was learned, and the rows of the posterior."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from costmodel.analysis.calibration.density import Density, Sample, highest, sampled
from costmodel.content import by_content
from costmodel.errors import InputError, listed, made_by
from costmodel.inputs.files import MARK, temporary_beside
from costmodel.scenario.origin import Label

Array = NDArray[np.float64]

TAILS = (0.025, 0.5, 0.975)
WIDE = 0.9
"""A posterior at least this wide beside its prior is the prior: the data hardly speak about the quantity."""
TIED = 0.95
"""Correlation of scores from which two quantities are known only together."""
FAR = 2.0
"""Scores: a posterior whose mean lies farther out contradicts its prior."""


@dataclass(frozen=True)
class Learned:
    """One free quantity. prior, posterior: 2.5%, 50% and 97.5% quantiles.

    width: standard deviation of the posterior as a share of the prior's, on the scale of prior scores, where a prior is
    standard normal whatever its family. place: mean of the posterior on that scale.
    """

    name: str
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    width: float
    place: float


def learned(density: Density, sample: Sample, names: Sequence[str]) -> Iterator[Learned]:
    """Prior beside posterior for each free quantity."""
    mean, covariance = sample.moments()
    values = density.values(sample.scores)
    for i, name in enumerate(names):
        before = density.priors[i].quantile(np.array(TAILS))
        after = sample.quantiles(values[i], TAILS)
        width = float(np.sqrt(covariance[i, i]))
        yield Learned(name, tuple(map(float, before)), tuple(after), width, float(mean[i]))


def ties(sample: Sample, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Pairs that the data know only together, with the correlation of their scores."""
    _, covariance = sample.moments()
    scale = np.sqrt(np.diag(covariance))
    for i, j in combinations(range(len(names)), 2):
        correlation = float(covariance[i, j] / (scale[i] * scale[j]))
        if abs(correlation) >= TIED:
            yield names[i], names[j], correlation


ENOUGH = 1_000
"""Effective draws below which the posterior without an observation is sampled anew."""
TAIL = 0.025
"""Chance of lying below the band, and of lying above it."""
NEAREST = 4
"""Searches for the point that comes nearest to an observation."""


@dataclass(frozen=True)
class LeftOut:
    """An observation as the others predict it.

    mean: predicted share. low, high: 95% band of what would be observed, with the sampling error of n people.
    effective_size: of the draws behind it. resampled: they were drawn anew, because the weights degenerated.
    """

    mean: float
    low: float
    high: float
    inside: bool
    effective_size: float
    resampled: bool


def predicted(density: Density, sample: Sample, observation: int, n: int, seed: int, name: str) -> LeftOut:
    """One observation, predicted from a fit to the others."""
    without = density.without(observation)
    rest = sample.reweighted(without.log_likelihood(sample.shares) - density.log_likelihood(sample.shares))
    resampled = rest.effective_size < ENOUGH
    if resampled:
        centre = highest(without, sample.scores[:, np.argsort(-rest.log_weights, kind="stable")[:NEAREST]]).score
        rest = sampled(without, centre, ENOUGH, seed, f"{name} without {observation}")
    shares, weights = rest.shares[observation], rest.weights
    low, high = band(shares, weights, n)
    seen = float(density.observed[observation])
    return LeftOut(float(shares @ weights), low, high, low <= seen <= high, rest.effective_size, resampled)


def band(shares: Array, weights: Array, n: int) -> tuple[float, float]:
    """95% band of the share among n people, each in the state with a share that is itself uncertain.

    shares, weights: of draws, shape (draw,). The mixture of binomial distributions is summed and not simulated.
    """
    held = weights > 0
    shares, weights = np.clip(shares[held], 0.0, 1.0), weights[held]

    def events(chance: float) -> int:
        """The fewest events that are not exceeded with at least this chance."""
        low, high = 0, n
        while low < high:
            middle = (low + high) // 2
            if float(bdtr(middle, n, shares) @ weights) >= chance:
                high = middle
            else:
                low = middle + 1
        return low

    return events(TAIL) / n, events(1 - TAIL) / n


def unreachable(density: Density, scores: Array, shares: Array, sizes: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Observations that the model cannot come near wherever the priors reach, each with the best achievable share.

    Not near: outside the 95% band of a sample of its size from the best achievable share.
    scores, shares: of draws from the prior. sizes: people behind each observation.
    """
    for i, seen in enumerate(density.observed):
        if not density.sizes[i] or shares[i].min() <= seen <= shares[i].max():
            continue
        nearest = np.argsort(np.abs(shares[i] - seen), kind="stable")[:NEAREST]
        found = highest(density.only(i), scores[:, nearest], with_prior=False)
        best = float(density.shares(found.score[:, None])[i, 0])
        if _outside(seen, best, sizes[i]):
            yield i, best


def apart(density: Density, start: Array, sizes: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Observations that cannot be reached together with the others, each with the share of the likeliest fit.

    start: where the search for it begins, shape (free,).
    """
    likeliest = highest(density, start[:, None], with_prior=False)
    for i, best in enumerate(density.shares(likeliest.score[:, None])[:, 0]):
        if density.sizes[i] and _outside(float(density.observed[i]), float(best), sizes[i]):
            yield i, float(best)


def _outside(seen: float, best: float, n: int) -> bool:
    low, high = band(np.array([best]), np.ones(1), n)
    return not low <= seen <= high


Progress = Callable[[str, int, int], None]
"""Called with the fit's name, the steps done and the steps wanted."""

POINTS = 100.0
"""Percentage points in 1."""


@dataclass(frozen=True)
class Row:
    """One observation beside a fit.

    fitted: share at the most plausible point; miss: fitted − observed, percentage points. used: the fit saw it.
    prior, posterior: 2.5%, 50% and 97.5% of the predicted share before and after the fit. left_out: how the other
    observations predict it; None for one that the fit did not see, and where it is the only one.
    apart: share of the likeliest fit, where even that is outside the observation's sampling error.
    """

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
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    left_out: LeftOut | None
    apart: float | None


@by_content
@dataclass(frozen=True)
class Fit:
    """One fitted structure.

    free, held: joint parameters of the scenario; columns: theirs in the posterior, free ones first.
    values: shape (row, column), the most plausible point first, then rows picked from the draws by their weights.
    ties: pairs that are known only together, with their correlation.
    log_likelihood: at the most plausible point, without the binomial constant; saturated: of fitted = observed.
    log_evidence: log of the mean likelihood over the prior, without that constant: differences compare structures.
    agreeing: of `searches` starts, those that ended at the most plausible point.
    draws: of the last round; their effective_size. origin: what the posterior file says of its origin.
    """

    name: str
    label: str
    alternative: str | None
    output: Path
    free: tuple[str, ...]
    held: Mapping[str, float]
    columns: tuple[str, ...]
    values: Array
    rows: tuple[Row, ...]
    learned: tuple[Learned, ...]
    ties: tuple[tuple[str, str, float], ...]
    log_likelihood: float
    saturated: float
    log_evidence: float
    searches: int
    agreeing: int
    draws: int
    effective_size: float
    design_effect: float
    seed: int
    origin: Label

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters behind the columns."""
        return (*self.free, *self.held)

    @property
    def best(self) -> dict[str, float]:
        """The most plausible values."""
        return dict(zip(self.parameters, map(float, self.values[0]), strict=True))

    @property
    def largest_miss(self) -> float:
        """Percentage points, among the observations that the fit saw; without sign."""
        return max(abs(row.miss) for row in self.rows if row.used)

    @property
    def effective_rows(self) -> float:
        """How many independent draws the rows of the file are worth.

        Picking rows adds its own scatter to that of the draws behind them; systematic picking adds less than this says.
        """
        picked = len(self.values) - 1
        return 1 / (1 / picked + 1 / self.effective_size)

    @property
    def predicted_inside(self) -> tuple[int, int]:
        """Observations within the 95% band that the others predict for them, and all that were so predicted."""
        found = [row.left_out.inside for row in self.rows if row.left_out]
        return sum(found), len(found)

    @property
    def warnings(self) -> Iterator[str]:
        """What a reader must know before the posterior is used."""
        for one in self.learned:
            if one.width >= WIDE:
                yield (
                    f"{one.name} is not identified: its posterior is {one.width:.0%} as wide as its prior, so that the "
                    "prior decides"
                )
            if abs(one.place) >= FAR:
                side = "above" if one.place > 0 else "below"
                yield f"{one.name}: the data pull it {abs(one.place):.1f} standard deviations {side} its prior"
        for first, second, correlation in self.ties:
            yield f"{first} and {second} are known only together (correlation {correlation:.2f})"
        for row in self.rows:
            if row.apart is not None:
                yield (
                    f"{row.name} ({row.observed:.1%}) cannot be reached together with the other observations: the best "
                    f"achievable is {row.apart:.1%}"
                )
        if self.effective_rows < ENOUGH:
            yield f"the rows are worth {self.effective_rows:,.0f} independent draws, of {ENOUGH:,} needed: ask for more"


DIGITS = 8
"""Significant digits written: more than a sample determines, so that reading back loses nothing."""


def posterior_text(fit: Fit) -> str:
    """The CSV of a fit: a remark on its origin, then `best` and a column for each parameter."""
    made_by("fit", fit, Fit, "calibrate")
    lines = [f"{MARK} {fit.origin.text}", ",".join(("best", *fit.columns))]
    for i, row in enumerate(fit.values):
        lines.append(",".join(("1" if i == 0 else "0", *(f"{value + 0.0:.{DIGITS}g}" for value in row))))
    return "\n".join(lines) + "\n"


def write(fits: Iterable[Fit]) -> list[Path]:
    """Write the posterior of each fit to its own file; all are prepared before the first takes its place."""
    prepared: list[tuple[Path, Path]] = []
    made = [made_by("fits", fit, Fit, "calibrate") for fit in listed("fits", fits)]
    try:
        for fit in made:
            fit.output.parent.mkdir(parents=True, exist_ok=True)
            prepared.append((temporary_beside(fit.output), fit.output))
            prepared[-1][0].write_text(posterior_text(fit), "utf-8", newline="")
        for temporary, path in prepared:
            os.replace(temporary, path)
    except OSError as error:
        found = f"the posterior cannot be written ({error.strerror})"
        raise InputError.at(prepared[-1][1].name if prepared else "output", found, "Free some space.") from error
    finally:
        for temporary, _ in prepared:
            temporary.unlink(missing_ok=True)
    return [path for _, path in prepared]
