"""Draws with their costs and effects as CSV files, in the columns that SAVI and BCEA read."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from costmodel.errors import InputError
from costmodel.inputs.draws import pick_rows, uniforms
from costmodel.model.given import ALTERNATIVE
from costmodel.model.run import values_of
from costmodel.perspectives import PERSPECTIVES
from costmodel.report.files import write_whole
from costmodel.result.gather import KEPT_DRAWS
from costmodel.result.result import Result


def tables(result: Result) -> dict[str, pd.DataFrame]:
    """By file name: parameters (a column an uncertain input), costs by perspective and effects (a column a strategy).

    A row a draw, the same in all. Costs and QALYs are discounted, to the longest horizon, per person referred. Where
    there are alternatives each draw has one of them, chosen with their weights. Raises InputError without draws, or
    with more than are kept one by one.
    """
    run = result.headline
    if not result.draws or result.draws > KEPT_DRAWS:
        remedy = f"From 1 to {KEPT_DRAWS:,}."
        raise InputError.at("draws", f"{result.draws:,} draws cannot be written one by one", remedy)
    which = _alternative(result)
    row, last = np.arange(result.draws), len(result.horizons) - 1
    values = values_of(result, result.draws)
    inputs: dict[str, Any] = {name: values[name] for name in result.scenario.leaves if np.ptp(values[name]) > 0}
    if len(result.weights) > 1:
        inputs[ALTERNATIVE] = which + 1
    found = {"parameters.csv": pd.DataFrame({name: np.broadcast_to(x, row.shape) for name, x in inputs.items()})}
    strategies = list(enumerate(result.strategies))
    for perspective in PERSPECTIVES:
        costs = {name: result.total_cost(run, last, s, perspective, True)[which, row] for s, name in strategies}
        found[f"costs_{perspective}.csv"] = pd.DataFrame(costs)
    effects = {name: run.outcomes.qaly[last, 1, s][which, row] for s, name in strategies}
    return found | {"effects.csv": pd.DataFrame(effects)}


def _alternative(result: Result) -> NDArray[np.intp]:
    return pick_rows(uniforms(result.seed, ALTERNATIVE, result.draws), result.weights)


def write(result: Result, folder: Path) -> list[Path]:
    """Write the tables into a folder, which is made if it is new; numbers in full."""
    content = tables(result)
    if folder.exists() and not folder.is_dir():
        raise InputError.at(f"-o {folder}", "this is a file", "Name a folder.")
    if not folder.parent.is_dir():
        raise InputError.at(f"-o {folder}", f'the folder "{folder.parent}" does not exist', "Make it first.")
    folder.mkdir(exist_ok=True)
    for name, table in content.items():
        write_whole(folder / name, partial(table.to_csv, index=False, lineterminator="\n"))
    return [folder / name for name in content]
