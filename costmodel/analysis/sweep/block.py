"""The work of one part, as it is handed to a process: some cells in, a Parquet file out."""

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from costmodel.analysis.sweep.cells import Cell, Plan, with_values
from costmodel.analysis.sweep.part import FLOATS, REFUSED, TABLE, encoded
from costmodel.analysis.sweep.versions import versions
from costmodel.errors import InputError
from costmodel.model.run import run
from costmodel.result.safe_text import cell as safe
from costmodel.scenario.build import Scenario

MOST_SCENARIOS_HELD = 16
"""Loaded scenarios that a process keeps."""


@dataclass(frozen=True)
class Block:
    """One part's cells and all that is needed to run them, on this machine or another.

    scenarios: pickled, by file. texts: names of `set` whose values are texts. sweep: which sweep it belongs to.
    versions: those that the process must have.
    """

    number: int
    cells: tuple[Cell, ...]
    scenarios: Mapping[str, bytes]
    texts: Mapping[str, bool]
    draws: int
    seed: int
    outcomes: tuple[str, ...]
    perspectives: tuple[str, ...]
    sweep: str
    versions: Mapping[str, str]


def block(plan: Plan, number: int, sweep: str) -> Block:
    """The work of a part."""
    grid, cells = plan.grid, plan.part(number)
    return Block(
        number=number,
        cells=cells,
        scenarios={cell.file: plan.scenarios[cell.file] for cell in cells},
        texts=texts(plan),
        draws=grid.draws,
        seed=grid.seed,
        outcomes=grid.outcomes,
        perspectives=grid.perspectives,
        sweep=sweep,
        versions=versions(),
    )


def texts(plan: Plan) -> dict[str, bool]:
    """For each name of `set`, whether its values are texts."""
    return {name: isinstance(values[0], str) for name, values in plan.grid.values.items()}


def run_block(work: Block) -> bytes:
    """Run the cells of a part and return its file. Raises InputError where this process is not the one asked for."""
    if differing := [name for name, wanted in work.versions.items() if versions()[name] != wanted]:
        found = f"a worker has another {', '.join(f'{name} ({versions()[name]})' for name in differing)}"
        raise InputError.at("workers", found, "Install the same on every worker.")
    rows: list[dict[str, Any]] = []
    counts = []
    for cell in work.cells:
        of_cell = list(_rows(work, cell))
        counts.append(len(of_cell))
        rows += of_cell
    return encoded(work.number, rows, counts, work.texts, work.sweep)


def _rows(work: Block, cell: Cell) -> Iterator[dict[str, Any]]:
    """The rows of a cell; one that says why where the model refuses to run it."""
    of_cell = {"cell": cell.index, "cell_id": cell.id, "scenario": safe(cell.label), "file": safe(cell.file)}
    of_cell |= {f"set.{name}": safe(value) if work.texts[name] else float(value) for name, value in cell.values.items()}
    try:
        scenario = with_values(_scenario(_digest(work.scenarios[cell.file]), work.scenarios[cell.file]), cell.values)
        table = run(scenario, draws=work.draws, seed=work.seed, workers=1).table()
    except InputError as error:
        nothing = dict.fromkeys(TABLE, "") | dict.fromkeys(FLOATS) | {"discounted": False}
        words = " ".join(str(error).splitlines())
        yield of_cell | nothing | {"outcome": REFUSED, "draws": work.draws, "words": safe(words)}
        return
    if list(table.columns) != list(TABLE):
        raise RuntimeError(f"the table has other columns than a part: {', '.join(table.columns)}")
    kept = table.outcome.isin(work.outcomes) & table.perspective.isin([*work.perspectives, ""])
    for record in table[kept].to_dict("records"):
        yield of_cell | {str(name): None if name in FLOATS and pd.isna(x) else safe(x) for name, x in record.items()}


def _digest(pickled: bytes) -> str:
    return hashlib.sha256(pickled).hexdigest()


_HELD: dict[str, Scenario] = {}


def _scenario(digest: str, pickled: bytes) -> Scenario:
    """A scenario that this process has loaded, or loads now."""
    if digest not in _HELD:
        while len(_HELD) >= MOST_SCENARIOS_HELD:
            del _HELD[next(iter(_HELD))]
        _HELD[digest] = pickle.loads(pickled)
    return _HELD[digest]
