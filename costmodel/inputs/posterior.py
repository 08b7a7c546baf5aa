"""Posteriors: parameters that were fitted together and are drawn together, a row at a time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import InputError, Problem
from costmodel.inputs.table import Table, by_kind, number, read_table

Array = NDArray[np.float64]

LARGEST_FILE = 5_000_000
"""Bytes."""

_NAME = re.compile(r"[a-z][a-z0-9_]*", flags=re.ASCII)


@by_content
@dataclass(frozen=True)
class Posterior:
    """Rows of parameters that belong together.

    columns: by parameter, shape (rows,) each. best: the row (from 0) that serves the deterministic run.
    remark: what the file says of its origin; empty for a table of somebody's own.
    """

    columns: Mapping[str, Array]
    best: int
    remark: str = ""

    @property
    def rows(self) -> int:
        return next(iter(self.columns.values())).size


def read_posterior(path: Path) -> Posterior:
    """Read a posterior CSV.

    A first line that begins with # is a remark. The first column is `best` (1 in one row, 0 in the others); the others
    are parameters.
    Raises InputError naming file and line.
    """
    table = read_table(path, largest_file=LARGEST_FILE, remarked=True)
    header = f"{table.place}, line {2 if table.remark else 1}"
    if table.columns[0] != "best":
        raise InputError.at(header, f'the first column is "{table.columns[0]}"', 'It must be "best".')
    names = table.columns[1:]
    problems = [
        Problem(
            header,
            f'"{name}" cannot be a parameter',
            "Write small letters, digits and _ as in session_price.",
        )
        for name in names
        if not _NAME.fullmatch(name)
    ]
    if not names:
        problems.append(Problem(header, "there is no column beside best", "Add one for each parameter."))
    if len(table.rows) < 2:
        problems.append(Problem(table.place, "there is only one row", "A posterior has at least 2."))
    best = _best_row(table, problems)
    values = np.empty((len(names), len(table.rows)))
    for row_number, row in enumerate(table.rows):
        for column, name in enumerate(names):
            try:
                values[column, row_number] = number(row, name)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(*by_kind(problems))
    return Posterior(dict(zip(names, values, strict=True)), best, table.remark)


def _best_row(table: Table, problems: list[Problem]) -> int:
    problems += [
        Problem(row.place, f'best is "{row.cells["best"][:40]}"', "Write 1 for the best row and 0 for the others.")
        for row in table.rows
        if row.cells["best"] not in ("0", "1")
    ]
    flagged = [number_ for number_, row in enumerate(table.rows) if row.cells["best"] == "1"]
    if len(flagged) != 1:
        problems.append(Problem(table.place, f"{len(flagged)} rows have best = 1", "Exactly one row must."))
    return flagged[0] if flagged else 0
