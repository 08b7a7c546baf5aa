"""Draws of a synthesis, as scenarios read them: effects as ratios, each with the onset that it was fitted with.

Points are of a scrambled Sobol sequence: onsets and readings of the trials, by their weights, are one dimension of it,
and each uncertain number another.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import special

from costmodel.errors import path_of, whole_number
from costmodel.inputs.draws import checked_seed, sobol
from costmodel.inputs.files import MARK, named_file, read_table, write_whole
from costmodel.scenario.joint import FILE, ONSET, SynthesisLabel, evidence_digest
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.read import read_file
from costmodel.synthesis.file import ROWS
from costmodel.synthesis.posterior import REACH, STEP, Array, Combination, Model, Trial, combinations, grid, kernel
from costmodel.synthesis.result import Fits, fitted_trials

AVERAGE, NEW = "average", "new_service"
PARTS = READING, MEAN, TAU, SERVICE, MU = "reading", "mean", "tau", "new service", "mu"
"""What is drawn of every row; further the mean of each class, and the effect of each trial."""
FIRST, OTHERS = 8, 4
"""Digits of the numbers in the central row, and in the draws."""
Cells = npt.NDArray[np.intp]


def column_of(trial: str) -> str:
    """The column of a trial's own effect, drawn towards the others.

    >>> column_of("IMPACT-US")
    'trial_impact_us'
    """
    return "trial_" + re.sub(r"[^a-z0-9]+", "_", trial.casefold()).strip("_")


def central(found: Fits) -> dict[str, float]:
    """The first row: the median ratios at the typical onset, and that onset in months."""
    middle = {AVERAGE: found.typical.average, NEW: found.typical.new}
    middle |= {column_of(trial): found.of_trial(trial).shrunk for trial in _printed(found)}
    return {name: 1 + density.median for name, density in middle.items()} | {ONSET: found.typical_onset}


def drawn(found: Fits, rows: int, seed: int) -> dict[str, Array]:
    """The other rows, by column, shape (rows,) each: ratios at full effect, and the onset in months.

    In a row everything belongs together: the reading of the trials, tau, means of classes, effects and onset.
    """
    trials = _printed(found)
    columns = {name: np.empty(rows) for name in (AVERAGE, NEW, *map(column_of, trials), ONSET)}
    classes = dict.fromkeys(row.therapy for row in found.rows)
    points = sobol(seed, [*PARTS, *map("class {}".format, classes), *map("trial {}".format, trials)], rows)
    done = 0.0
    for onset, _ in found.by_onset:
        fitted = fitted_trials(found.evidence, found.rows, onset)
        own = {trial: next(one for one in fitted if one.id == unit) for trial, unit in trials.items()}
        for one in combinations(fitted, found.therapy, found.model):
            share = one.weight / len(found.by_onset)
            at = np.flatnonzero((points[READING] >= done) & (points[READING] < done + share))
            done += share
            columns[ONSET][at] = onset
            if len(at):
                here = {name: part[at] for name, part in points.items()}
                for name, effects in effects_of(one, own, found.therapy, found.model, here):
                    columns[name][at] = np.exp(effects)
    return columns


def _printed(found: Fits) -> dict[str, str]:
    """The trials with a figure, and what their effects belong to."""
    return {row.trial: row.unit for row in found.rows if row.kind == "figure"}


def effects_of(
    one: Combination, own: Mapping[str, Trial], therapy: str, model: Model, parts: Mapping[str, Array]
) -> Iterator[tuple[str, Array]]:
    """Log ratios of each column, drawn from one combination. parts: points by what is drawn, shape (row,) each."""
    taus, _ = model.taus()
    between = kernel(model.class_sd)
    mean = _quantiles(np.tile(one.joint.sum(axis=0), (len(parts[MEAN]), 1)), parts[MEAN])
    at = _cells(mean)
    below = one.joint[:, at].cumsum(axis=0)
    tau = np.minimum((below < parts[TAU] * below[-1]).sum(axis=0), len(taus) - 1)
    yield AVERAGE, mean
    yield NEW, mean + taus[tau] * special.ndtri(parts[SERVICE])
    around = between[at]
    for product in one.products.values():
        around = around * (product[tau] @ between)
    mu = _cells(_quantiles(around, parts[MU]))
    means = {therapy: at} | {
        name: _cells(_quantiles(between[mu] * product[tau], parts[f"class {name}"]))
        for name, product in one.products.items()
    }
    for trial, unit in own.items():
        likely = one.chosen[unit.id].likelihood
        chances = [kernel(float(taus[t]))[m] * likely for t, m in zip(tau, means[unit.therapy], strict=True)]
        yield column_of(trial), _quantiles(np.stack(chances), parts[f"trial {trial}"])


def _quantiles(chances: Array, levels: Array) -> Array:
    """Effects below which shares of distributions on the grid lie, even within a cell. Shapes (row, effect), (row,)."""
    edges = np.append(grid() - STEP / 2, REACH + STEP / 2)
    below = np.concatenate([np.zeros((len(chances), 1)), np.cumsum(chances, axis=1)], axis=1)
    pairs = zip(below, levels, strict=True)
    return np.array([np.interp(level * one[-1], one, edges) for one, level in pairs])


def _cells(effects: Array) -> Cells:
    """Where on the grid effects are."""
    return np.clip(np.rint((effects + REACH) / STEP), 0, len(grid()) - 1).astype(np.intp)


def label(found: Fits, seed: int, output: Path) -> SynthesisLabel:
    """What the draws say of their origin."""
    source = Path(os.path.realpath(found.evidence.path))
    file = Path(os.path.relpath(source, os.path.realpath(output.parent))).as_posix()
    cells = [row.cells for row in read_table(named_file(found.evidence.file.rows, source, source.name)).rows]
    costs = [row.baseline for row in found.rows if row.baseline is not None]
    return SynthesisLabel(
        format=1,
        file=file if re.fullmatch(FILE, file) else "",
        position=found.position,
        label=found.evidence.file.positions[found.position].label,
        therapy=found.therapy,
        without=list(found.without),
        onset_of=found.onset_of,
        seed=seed,
        digest=evidence_digest(
            {**read_file(source).data, "rows": cells}, found.position, found.without, found.onset_of
        ),
        behind=found.counts,
        costs=[min(costs), max(costs)] if costs else [],
        prices=next((row.prices for row in found.rows if row.prices), ""),
        status=STRENGTH[max(STRENGTH.index(row.status) for row in found.rows)],
        recalled=[row.id for row in found.rows if row.status == "recalled"],
    )


def text(found: Fits, output: Path, rows: int, seed: int) -> str:
    """The file of draws: a remark on their origin, the central row, and the draws."""
    first, others = central(found), drawn(found, rows, seed)
    lines = [f"{MARK} {label(found, seed, output).text}", ",".join(("best", *first))]
    lines.append(",".join(("1", *(f"{value:.{FIRST}g}" for value in first.values()))))
    for row in zip(*(others[name] for name in first), strict=True):
        lines.append(",".join(("0", *(f"{value:.{OTHERS}g}" for value in row))))
    return "\n".join(lines) + "\n"


def write(found: Fits, output: str | Path, rows: int | None = None, seed: int | None = None) -> Path:
    """Write the file of draws, whole or not at all. rows, seed: as the synthesis file has them if left out."""
    path, declared = path_of("output", output), found.evidence.file.draws
    seed = checked_seed(declared.seed if seed is None else seed)
    rows = declared.rows if rows is None else whole_number("rows", rows, *ROWS, wrong="not a number of rows")
    content = text(found, path, rows, seed)
    write_whole(path, lambda temporary: temporary.write_text(content, "utf-8", newline=""), "output")
    return path
