"""From a calibration file to fits."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from costmodel.analysis.calibration.density import Density, Sample, highest, prior_uniforms, sampled
from costmodel.analysis.calibration.file import FitBlock, Observation
from costmodel.analysis.calibration.fit import (
    DIGITS,
    ENOUGH,
    POINTS,
    TAILS,
    Fit,
    LeftOut,
    Progress,
    Row,
    apart,
    learned,
    predicted,
    ties,
    unreachable,
)
from costmodel.analysis.calibration.problem import CalibrationProblem, load_problem, prediction
from costmodel.errors import InputError, Problem, can_be_called, listed, nearest, path_of, whole_number
from costmodel.inputs.draws import checked_seed

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
WANTED = 4 * ENOUGH
"""Effective size at which sampling ends, so that the picked rows are worth ENOUGH."""


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
    names = list(problem.file.fits) if wanted is None else wanted
    unknown = [name for name in names if name not in problem.file.fits]
    if unknown:
        raise InputError(
            *(Problem("fits", f'there is no fit "{name}"', nearest(str(name), problem.file.fits)) for name in unknown)
        )
    return [_fitted(problem, name, rows, seed, progress or _silent) for name in dict.fromkeys(names)]


def _silent(fit: str, done: int, wanted: int) -> None:
    """Report nothing."""


def _fitted(problem: CalibrationProblem, name: str, rows: int, seed: int, progress: Progress) -> Fit:
    block, seen = problem.file.fits[name], problem.observed(problem.file.fits[name])
    held = {joint: problem.scenario.central[supply] for joint, supply in block.held.items()}
    density, stream, steps = _density(problem, block, held), f"calibration {name}", 3 + len(seen)
    sizes = [observation.n for observation in problem.file.observations.values()]

    before = ndtri(prior_uniforms(len(block.free), FROM_PRIOR, START_SEED, f"{stream} prior"))
    _refuse_wild(problem, name, density.shares(before[:, :FIRST]))
    prior_shares = density.shares(before)
    before, prior_shares = _allowed(before, prior_shares)
    _refuse_unreachable(problem, name, unreachable(density, before, prior_shares, sizes))
    plausible = density.log_likelihood(prior_shares) - np.sum(before**2, axis=0) / 2
    starts = before[:, np.argsort(-plausible, kind="stable")[: STARTS - 1]]
    mode = highest(density, np.concatenate([np.zeros((len(before), 1)), starts], axis=1))
    progress(name, 1, steps)

    sample = sampled(density, mode.score, WANTED, seed, stream)
    if sample.effective_size < ENOUGH:
        found = f"{name}: {len(sample.log_weights):,} draws are worth {sample.effective_size:,.0f}"
        remedy = f"At least {ENOUGH:,} are needed. Free fewer quantities, or give priors nearer to what the data say."
        raise InputError.at(str(problem.place("fits", name)), found, remedy)
    progress(name, 2, steps)
    left_out: dict[str, LeftOut] = {}
    for i, (observation, size) in enumerate(zip(problem.file.observations, sizes, strict=True)):
        if observation in seen and len(seen) > 1:
            left_out[observation] = predicted(density, sample, i, size, seed, stream)
            progress(name, 2 + len(left_out), steps)

    best_shares = density.shares(mode.score[:, None])[:, 0]
    points = np.concatenate([mode.score[:, None], sample.scores[:, sample.picked(rows - 1, seed, stream)]], axis=1)
    fixed = np.broadcast_to(np.array(list(held.values()))[:, None], (len(held), rows))
    too_far = dict(apart(density, mode.score, sizes))
    progress(name, steps, steps)
    return Fit(
        name=name,
        label=block.label,
        alternative=block.alternative,
        output=problem.path.parent / block.output,
        free=tuple(block.free),
        held=held,
        columns=tuple(problem.columns[key] for key in (*block.free, *block.held)),
        values=_as_written(np.concatenate([density.values(points), fixed]).T),
        rows=tuple(_rows(problem, seen, best_shares, prior_shares, sample, left_out, too_far)),
        learned=tuple(learned(density, sample, list(block.free))),
        ties=tuple(ties(sample, list(block.free))),
        log_likelihood=float(density.log_likelihood(best_shares[:, None])[0]),
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


def _density(problem: CalibrationProblem, block: FitBlock, held: dict[str, float]) -> Density:
    """Of every observation of the file; those that the fit does not see have no weight."""
    everything, seen = problem.file.observations, set(problem.observed(block))
    model = prediction(problem.scenario, problem.structure(block), list(everything.values()), list(block.free), held)
    priors = tuple(
        free.prior.fitted(problem.scenario.parameters[parameter].unit) for parameter, free in block.free.items()
    )
    sizes = [one.n / problem.design_effect if key in seen else 0.0 for key, one in everything.items()]
    return Density(model, priors, np.array([one.share for one in everything.values()]), np.array(sizes))


def _refuse_wild(problem: CalibrationProblem, name: str, shares: Array) -> None:
    """Raises InputError where the priors allow rates that the engine refuses more often than now and then."""
    refused = float(np.isnan(shares).any(axis=0).mean())
    if refused > MOST_REFUSED:
        found = f"{name}: the model refuses {refused:.0%} of what the priors allow, because people would move too fast"
        raise InputError.at(str(problem.place("fits", name, "free")), found, "Narrow them.")


def _allowed(scores: Array, shares: Array) -> tuple[Array, Array]:
    kept = ~np.isnan(shares).any(axis=0)
    return scores[:, kept], shares[:, kept]


def _refuse_unreachable(problem: CalibrationProblem, name: str, found: Iterator[tuple[int, float]]) -> None:
    everything = list(problem.file.observations.items())
    problems = []
    for i, best in found:
        key, observation = everything[i]
        at = str(problem.place("observations", key, "share"))
        said = f"{key}: {observation.share:.1%} cannot be reached by the fit {name}: the best achievable is {best:.1%}"
        problems.append(Problem(at, said, "Check it, widen the priors, or let another structure explain it."))
    if problems:
        raise InputError(*problems)


def _as_written(values: Array) -> Array:
    """Rounded as the file holds them, so that a fit and its file are the same numbers."""
    return np.array([[float(f"{value + 0.0:.{DIGITS}g}") for value in row] for row in values])


def _rows(
    problem: CalibrationProblem,
    seen: Sequence[str],
    best: Array,
    prior: Array,
    sample: Sample,
    left_out: dict[str, LeftOut],
    too_far: dict[int, float],
) -> Iterator[Row]:
    """Every observation of the file beside the fit, also those that it did not see."""
    for i, (name, observation) in enumerate(problem.file.observations.items()):
        yield Row(
            name=name,
            label=observation.label or _in_words(observation),
            strategy=observation.strategy,
            states=tuple(observation.states),
            months=observation.time.months,
            observed=observation.share,
            n=observation.n,
            status=observation.status,
            fitted=float(best[i]),
            miss=(float(best[i]) - observation.share) * POINTS,
            used=name in seen,
            prior=tuple(float(share) for share in np.quantile(prior[i], TAILS)),
            posterior=tuple(sample.quantiles(sample.shares[i], TAILS)),
            left_out=left_out.get(name),
            apart=too_far.get(i),
        )


def _in_words(observation: Observation) -> str:
    return f"{' or '.join(observation.states)} at {observation.time.text}".replace("_", " ")
