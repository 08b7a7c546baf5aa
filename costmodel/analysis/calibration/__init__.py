"""From a calibration file to fits: what was observed and how it is met, what was learned, and the posterior's rows."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from costmodel.analysis.calibration.file import Observation
from costmodel.analysis.calibration.posterior import (
    Density,
    Sample,
    band,
    density_of,
    far,
    highest,
    prior_uniforms,
    said,
    sampled,
)
from costmodel.analysis.calibration.problem import CalibrationProblem, load_problem
from costmodel.content import by_content
from costmodel.errors import InputError, can_be_called, listed, made_by, one_of, path_of, whole_number
from costmodel.inputs.draws import checked_seed
from costmodel.inputs.files import MARK, temporary_beside
from costmodel.model.run import Progress
from costmodel.scenario.joint import Label

__all__ = ["Fit", "calibrate", "posterior_text", "write"]

Array = NDArray[np.float64]

ROWS = 2_000
FEWEST_ROWS, MOST_ROWS = 2, 20_000
SEED = 1
FROM_PRIOR = 4_000
"""Draws of the prior: for what it predicts, and as starts of the search."""
FIRST = 200
"""Of these, to see whether the model takes them."""
START_SEED = 0
"""Theirs, so that the most plausible point does not depend on the seed of the posterior."""
STARTS = 12
MOST_REFUSED = 0.02
"""Share of the prior's draws that may have rates which the engine refuses; the prior is cut off there."""
ENOUGH = 1_000
"""Effective draws that a posterior, and its rows, must be worth."""
WANTED = 4 * ENOUGH
"""Effective size at which sampling ends, so that the picked rows are worth ENOUGH."""
TAILS = (0.025, 0.5, 0.975)
WIDE = 0.9
"""A posterior at least this wide beside its prior is the prior: the data hardly speak about the quantity."""
LEAST_LEARNT = 0.2
"""Contraction from prior to posterior below which a quantity is set by the prior."""
TIED = 0.95
"""Correlation of scores from which two quantities are known only together."""
FAR = 2.0
"""Scores: a posterior whose mean lies farther out contradicts its prior."""
NEAREST = 4
"""Searches for the point that comes nearest to an observation."""
DIGITS = 8
"""Significant digits written: more than a sample determines, so that reading back loses nothing."""


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

    @property
    def contraction(self) -> float:
        """1 − variance of the posterior ÷ variance of the prior, on that scale: 0 where nothing was learnt."""
        return 1 - self.width**2

    @property
    def by_prior(self) -> bool:
        """Whether it is set by the prior."""
        return self.contraction < LEAST_LEARNT


@dataclass(frozen=True)
class LeftOut:
    """An observation as the others predict it.

    mean: predicted share or score. low, high: 95% band of what would be observed, with the sampling error of n people.
    effective_size: of the draws behind it. resampled: they were drawn anew, because the weights degenerated.
    """

    mean: float
    low: float
    high: float
    inside: bool
    effective_size: float
    resampled: bool


@dataclass(frozen=True)
class Row:
    """One observation beside a fit.

    fitted: share or score at the most plausible point; miss: fitted − observed, percentage points of a share, points of
    a score. score: its name, empty of shares; scatter: the standard deviation of one answer. used: the fit saw it.
    prior, posterior: 2.5%, 50% and 97.5% of what is predicted before and after the fit. left_out: how the other
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
    score: str = ""
    scatter: float = 0.0


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
        """Percentage points, among the shares that the fit saw; without sign."""
        return max((abs(row.miss) for row in self.rows if row.used and not row.scatter), default=0.0)

    @property
    def largest_miss_of_scores(self) -> float:
        """Points, among the means and standard deviations that the fit saw; without sign."""
        return max((abs(row.miss) for row in self.rows if row.used and row.scatter), default=0.0)

    @property
    def effective_rows(self) -> float:
        """How many independent draws the rows of the file are worth.

        Picking rows adds its own scatter to that of the draws behind them; systematic picking adds less than this says.
        """
        return 1 / (1 / (len(self.values) - 1) + 1 / self.effective_size)

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
                seen, best = (said(row.scatter, value) for value in (row.observed, row.apart))
                yield (
                    f"{row.name} ({seen}) cannot be reached together with the other observations: the best "
                    f"achievable is {best}"
                )
        if self.effective_rows < ENOUGH:
            yield f"the rows are worth {self.effective_rows:,.0f} independent draws, of {ENOUGH:,} needed: ask for more"


def calibrate(
    path: str | Path,
    fits: Sequence[str] | None = None,
    rows: int = ROWS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> list[Fit]:
    """The posteriors of the free quantities of a calibration file.

    fits: names of those to do; all by default. rows: of each posterior, the most plausible point among them.
    progress: called after each step. Nothing is written: see `write`.
    Raises InputError with everything that is wrong with the file; where an observation cannot be reached; and where a
    posterior cannot be sampled.
    """
    rows = whole_number("rows", rows, FEWEST_ROWS, MOST_ROWS, wrong="not a number of rows")
    seed = checked_seed(seed)
    can_be_called("progress", progress)
    wanted = None if fits is None else listed("fits", fits)
    problem = load_problem(path_of("path", path))
    names = list(problem.file.fits) if wanted is None else [one_of("fits", name, problem.file.fits) for name in wanted]
    return [_fitted(problem, name, rows, seed, progress) for name in dict.fromkeys(names)]


def _fitted(problem: CalibrationProblem, name: str, rows: int, seed: int, progress: Progress | None) -> Fit:
    block, observations = problem.file.fits[name], problem.file.observations
    seen, steps = problem.observed(block), iter(range(1, 4 + len(observations)))
    density, held, stream = density_of(problem, block), problem.held(block), f"calibration {name}"

    def done() -> None:
        if progress:
            progress(name, next(steps), 3 + len(seen))

    before, prior_shares = _before(problem, name, density, stream)
    plausible = density.log_likelihood(prior_shares) - np.sum(before**2, axis=0) / 2
    starts = before[:, np.argsort(-plausible, kind="stable")[: STARTS - 1]]
    mode = highest(density, np.concatenate([np.zeros((len(before), 1)), starts], axis=1))
    done()
    sample = sampled(density, mode.score, WANTED, seed, stream)
    if sample.effective_size < ENOUGH:
        found = f"{name}: {len(sample.log_weights):,} draws are worth {sample.effective_size:,.0f}"
        remedy = f"At least {ENOUGH:,} are needed. Free fewer quantities, or give priors nearer to what the data say."
        raise InputError(problem.tree.problem(("fits", name), found, remedy))
    done()
    left_out: dict[str, LeftOut] = {}
    for i, (one, observation) in enumerate(observations.items()):
        if one in seen and len(seen) > 1:
            left_out[one] = _predicted(density, sample, i, observation, seed, stream)
            done()
    points = np.concatenate([mode.score[:, None], sample.scores[:, sample.picked(rows - 1, seed, stream)]], axis=1)
    fixed = np.broadcast_to(np.array(list(held.values()))[:, None], (len(held), rows))
    made = tuple(_rows(observations, density, mode.score, prior_shares, sample, left_out))
    done()
    return Fit(
        name=name,
        label=block.label,
        alternative=block.alternative,
        output=problem.path.parent / block.output,
        free=tuple(block.free),
        held=held,
        columns=tuple(problem.columns[key] for key in (*block.free, *block.held)),
        values=_as_written(np.concatenate([density.values(points), fixed]).T),
        rows=made,
        learned=tuple(_learned(density, sample)),
        ties=tuple(_ties(sample, list(block.free))),
        log_likelihood=float(density.log_likelihood(density.shares(mode.score[:, None]))[0]),
        saturated=float(density.log_likelihood(density.observed[:, None])[0]),
        log_evidence=sample.log_evidence,
        searches=mode.searches,
        agreeing=mode.agreeing,
        draws=len(sample.log_weights),
        effective_size=sample.effective_size,
        design_effect=problem.design_effect,
        seed=seed,
        origin=problem.label(name, seed),
    )


def _rows(
    observations: Mapping[str, Observation], density: Density, best: Array, prior: Array, sample: Sample,
    left_out: Mapping[str, LeftOut],
) -> Iterator[Row]:  # fmt: skip
    """Every observation of the file beside the fit, also those that it did not see.

    best: scores of the most plausible point, (free,). prior: shares of its draws, (observation, draw).
    """
    likeliest = highest(density, best[:, None], with_prior=False).score
    fitted, together = density.shares(np.stack([best, likeliest], axis=1)).T
    for i, (name, one) in enumerate(observations.items()):
        used = bool(density.sizes[i])
        what = " or ".join(one.states) or f"{'spread of ' if one.of_spread else ''}{one.score}"
        yield Row(
            name=name,
            label=one.label or f"{what} at {one.time.text}".replace("_", " "),
            strategy=one.strategy,
            states=tuple(one.states),
            months=one.time.months,
            observed=one.observed,
            n=one.n,
            status=one.status,
            fitted=float(fitted[i]),
            miss=float(fitted[i] - one.observed) * (1 if one.scatter else 100),
            used=used,
            prior=tuple(map(float, np.quantile(prior[i], TAILS))),
            posterior=sample.quantiles(sample.shares[i], TAILS),
            left_out=left_out.get(name),
            apart=float(together[i]) if used and far(one, together[i]) else None,
            score=one.score or "",
            scatter=one.scatter,
        )


def _learned(density: Density, sample: Sample) -> Iterator[Learned]:
    """Prior beside posterior for each free quantity."""
    mean, covariance = sample.moments()
    values = density.values(sample.scores)
    for i, (name, distribution) in enumerate(density.priors.items()):
        prior = tuple(map(float, distribution.quantile(np.array(TAILS))))
        posterior, width = sample.quantiles(values[i], TAILS), float(np.sqrt(covariance[i, i]))
        yield Learned(name, prior, posterior, width, float(mean[i]))


def _ties(sample: Sample, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Pairs that the data know only together, with the correlation of their scores."""
    _, covariance = sample.moments()
    scale = np.sqrt(np.diag(covariance))
    for i, j in combinations(range(len(names)), 2):
        correlation = float(covariance[i, j] / (scale[i] * scale[j]))
        if abs(correlation) >= TIED:
            yield names[i], names[j], correlation


def _before(problem: CalibrationProblem, name: str, density: Density, stream: str) -> tuple[Array, Array]:
    """Draws of the prior that the model takes, (free, draw), and their shares, (observation, draw).

    Raises InputError where the priors allow rates that the engine refuses more often than now and then, and where the
    model cannot come near an observation wherever they reach: the best achievable share has a 95% band that the
    observation is outside of.
    """
    scores = ndtri(prior_uniforms(len(density.priors), FROM_PRIOR, START_SEED, f"{stream} prior"))
    refused = float(np.isnan(density.shares(scores[:, :FIRST])).any(axis=0).mean())
    if refused > MOST_REFUSED:
        found = f"{name}: the model refuses {refused:.0%} of what the priors allow, because people would move too fast"
        raise InputError(problem.tree.problem(("fits", name, "free"), found, "Narrow them."))
    shares = density.shares(scores)
    kept = ~np.isnan(shares).any(axis=0)
    scores, shares = scores[:, kept], shares[:, kept]
    problems = []
    for i, (key, one) in enumerate(problem.file.observations.items()):
        if not density.sizes[i] or shares[i].min() <= one.observed <= shares[i].max():
            continue
        nearest = np.argsort(np.abs(shares[i] - one.observed), kind="stable")[:NEAREST]
        alone = density.only(np.arange(len(shares)) == i)
        best = density.shares(highest(alone, scores[:, nearest], with_prior=False).score[:, None])[i, 0]
        if far(one, best):
            seen, reached = (said(one.scatter, value) for value in (one.observed, best))
            found = f"{key}: {seen} cannot be reached by the fit {name}: the best achievable is {reached}"
            remedy = "Check it, widen the priors, or let another structure explain it."
            at = "share" if one.share is not None else "sd" if one.of_spread else "mean"
            problems.append(problem.tree.problem(("observations", key, at), found, remedy))
    if problems:
        raise InputError(*problems)
    return scores, shares


def _predicted(density: Density, sample: Sample, at: int, one: Observation, seed: int, name: str) -> LeftOut:
    """One observation, predicted from a fit to the others."""
    without = density.only(np.arange(len(density.observed)) != at)
    ratio = without.log_likelihood(sample.shares) - density.log_likelihood(sample.shares)
    rest = replace(sample, log_weights=sample.log_weights + ratio)
    if resampled := rest.effective_size < ENOUGH:
        centre = highest(without, sample.scores[:, np.argsort(-rest.log_weights, kind="stable")[:NEAREST]]).score
        rest = sampled(without, centre, ENOUGH, seed, f"{name} without {at}")
    shares, weights = rest.shares[at], rest.weights
    low, high = band(shares, weights, one)
    inside = low <= one.observed <= high
    return LeftOut(float(shares @ weights), low, high, inside, rest.effective_size, resampled)


def _as_written(values: Array) -> Array:
    """Rounded as the file holds them, so that a fit and its file are the same numbers."""
    return np.array([[float(f"{value + 0.0:.{DIGITS}g}") for value in row] for row in values])


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
