"""From a calibration file to fits."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.calibration.file import FitBlock
from costmodel.analysis.calibration.fit import (
    POINTS,
    Fit,
    Progress,
    Row,
    at_bounds,
    best_fit,
    directions,
    limits,
    refits,
    resampled,
)
from costmodel.analysis.calibration.posterior import DIGITS
from costmodel.analysis.calibration.prediction import prediction
from costmodel.analysis.calibration.problem import CalibrationProblem, load_problem
from costmodel.analysis.calibration.search import Task
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.draws import checked_seed

ROWS = 500
MOST_ROWS = 20_000
SEED = 1


def calibrate(
    path: str | Path,
    fits: Sequence[str] | None = None,
    rows: int = ROWS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> list[Fit]:
    """Fit the free rates of a calibration file by maximum likelihood.

    fits: names of those to do; all by default. rows: of each posterior, the best fit among them; 1 skips
    the refits. progress: called after each row. Nothing is written: see `write`.
    Raises InputError with everything that is wrong with the file.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or not 1 <= rows <= MOST_ROWS:
        raise InputError.at("rows", f"{rows!r} is not a number of rows", f"Whole, from 1 to {MOST_ROWS:,}.")
    checked_seed(seed)
    problem = load_problem(Path(path))
    names = list(problem.file.fits) if fits is None else list(fits)
    unknown = [name for name in names if name not in problem.file.fits]
    if unknown:
        raise InputError(
            *(Problem("fits", f'there is no fit "{name}"', nearest(name, problem.file.fits)) for name in unknown)
        )
    return [_fitted(problem, name, rows, seed, progress or _silent) for name in dict.fromkeys(names)]


def _silent(fit: str, done: int, wanted: int) -> None:
    """Report nothing."""


def _fitted(problem: CalibrationProblem, name: str, rows: int, seed: int, progress: Progress) -> Fit:
    block, scenario = problem.file.fits[name], problem.scenario
    structure = problem.structure(block)
    used = problem.observed(block)
    design_effect = problem.design_effect
    held = {joint: scenario.central[supply] for joint, supply in block.held.items()}
    seen = [problem.file.observations[key] for key in used]
    start, low, high = limits(block.free)
    observed = np.array([observation.share for observation in seen])
    sizes = np.array([observation.n / design_effect for observation in seen])
    task = Task(prediction(scenario, structure, seen, list(block.free), held), low, high, sizes)

    best, height, searches, agreeing = best_fit(task, observed, start, name)
    progress(name, 1, rows)
    shares = task.prediction.shares(best[:, None])[:, 0]
    samples = resampled(shares, sizes, used, rows - 1, seed, name)
    others, failed = refits(task, samples, (best, start), lambda done: progress(name, done + 1, rows))
    at_low, at_high = at_bounds(task, best[None, :])
    rows_low, rows_high = at_bounds(task, others)
    known, poorly_known = directions(task, best, list(block.free))
    points = np.concatenate([best[None, :], others])
    fixed = np.broadcast_to(np.array(list(held.values())), (len(points), len(held)))
    return Fit(
        name=name,
        label=block.label,
        alternative=block.alternative,
        output=problem.path.parent / block.output,
        free=tuple(block.free),
        held=held,
        columns=tuple(problem.columns[key] for key in (*block.free, *block.held)),
        bounds={key: (one.low, one.high) for key, one in block.free.items()},
        values=_as_written(np.concatenate([points, fixed], axis=1)),
        rows=tuple(_rows(problem, block, best, held)),
        log_likelihood=height,
        saturated=task.saturated(observed),
        at_bound={
            key: "low" if at_low[0, i] else "high" for i, key in enumerate(block.free) if at_low[0, i] or at_high[0, i]
        },
        rows_at_bound={
            key: (float(rows_low[:, i].mean()), float(rows_high[:, i].mean()))
            for i, key in enumerate(block.free)
            if len(others)
        },
        known=known,
        poorly_known=poorly_known,
        searches=searches,
        agreeing=agreeing,
        failed=failed,
        design_effect=design_effect,
        seed=seed,
    )


def _as_written(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded as the file holds them, so that a fit and its file are the same numbers."""
    return np.array([[float(f"{value + 0.0:.{DIGITS}g}") for value in row] for row in values])


def _rows(
    problem: CalibrationProblem, block: FitBlock, point: NDArray[np.float64], held: dict[str, float]
) -> Iterator[Row]:
    """Every observation of the file beside the fit, also those that it did not see."""
    everything = problem.file.observations
    whole = prediction(problem.scenario, problem.structure(block), list(everything.values()), list(block.free), held)
    shares = whole.shares(point[:, None])[:, 0]
    used = set(problem.observed(block))
    for (name, observation), fitted in zip(everything.items(), shares, strict=True):
        yield Row(
            name=name,
            label=observation.label or f"{' or '.join(observation.states)} at {observation.time.text}",
            strategy=observation.strategy,
            states=tuple(observation.states),
            months=observation.time.months,
            observed=observation.share,
            n=observation.n,
            status=observation.status,
            fitted=float(fitted),
            miss=(float(fitted) - observation.share) * POINTS,
            used=name in used,
        )
