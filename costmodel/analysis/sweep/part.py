"""The work of one part of a sweep: some cells in, one Parquet file out that says whose rows it holds."""

import hashlib
import io
import json
import pickle
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from costmodel.analysis.sweep.grid import Cell, Plan, with_values
from costmodel.errors import InputError
from costmodel.inputs.files import read_bytes
from costmodel.model.run import run
from costmodel.result.safe_text import cell as safe
from costmodel.scenario.build import Scenario
from costmodel.version import __version__

NAMES = {
    "costmodel": "the engine's version",
    "source": "the engine's source",
    "python": "the version of Python",
    "numpy": "the version of NumPy",
    "scipy": "the version of SciPy",
    "pandas": "the version of pandas",
    "pyarrow": "the version of pyarrow",
    "machine": "the kind of processor",
}


@cache
def versions() -> dict[str, str]:
    """Of this process. `source` is the SHA-256 of the package's files: a version may be worked on."""
    packages = {name: version(name) for name in ("numpy", "scipy", "pandas", "pyarrow")}
    return {
        "costmodel": __version__, "source": _source(), "python": platform.python_version(), **packages,
        "machine": platform.machine(),
    }  # fmt: skip


def _source() -> str:
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(read_bytes(path)).digest())
    return digest.hexdigest()


try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    _REMEDY = 'Install it with its extra: pip install "psychotherapy-costmodel[sweep]".'
    raise InputError.at("sweep", "Parquet files need the package pyarrow", _REMEDY) from error

REFUSED = "refused"
"""The outcome of the one row of a cell that the model refused to run; its words say why."""
KEY = b"costmodel.part"
LARGEST_FILE = 200_000_000
"""Bytes."""

TABLE = {
    "strategy": pa.string(), "comparator": pa.string(), "perspective": pa.string(), "party": pa.string(),
    "category": pa.string(), "outcome": pa.string(), "value": pa.float64(), "unit": pa.string(), "low": pa.float64(),
    "high": pa.float64(), "price_year": pa.string(), "discounted": pa.bool_(), "horizon_months": pa.float64(),
    "draws": pa.int64(), "run": pa.string(), "words": pa.string(),
}  # fmt: skip
"""The columns of `Result.table()`."""
CELL = {"cell": pa.int64(), "cell_id": pa.string(), "scenario": pa.string(), "file": pa.string()}
FLOATS = tuple(name for name, kind in TABLE.items() if kind == pa.float64())


@dataclass(frozen=True)
class Counts:
    """How many rows a part has, and how many of its cells were refused."""

    rows: int
    refused: int


def columns(texts: Mapping[str, bool]) -> dict[str, pa.DataType]:
    """Columns of every part: the cell, its values as `set.NAME`, and the table. texts: which values are texts."""
    values = {f"set.{name}": pa.string() if text else pa.float64() for name, text in texts.items()}
    return CELL | values | TABLE


def encoded(
    number: int, rows: Sequence[Mapping[str, Any]], counts: Sequence[int], texts: Mapping[str, bool], sweep: str
) -> bytes:
    """A part as the content of its file. counts: rows of each cell, in the order of the cells."""
    about = {"sweep": sweep, "part": number, "rows": list(counts)}
    schema = pa.schema(columns(texts), metadata={KEY: json.dumps(about).encode()})
    table = pa.Table.from_pylist(list(rows), schema=schema)
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    return out.getvalue()


def checked(path: Path, number: int, cells: Sequence[int], texts: Mapping[str, bool], sweep: str) -> Counts | None:
    """What a part holds, read from end to end; None where it is not this part of this sweep, whole and undamaged.

    cells: the indices that it must hold.
    """
    try:
        content = read_bytes(path, LARGEST_FILE)
        with pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True) as file:
            schema, table = file.schema_arrow, file.read(["cell", "outcome"])
            file.read()
        about = json.loads((schema.metadata or {}).get(KEY, b"{}"))
    except (InputError, OSError, ValueError, pa.ArrowException):
        return None
    if (about.get("sweep"), about.get("part")) != (sweep, number) or not schema.equals(pa.schema(columns(texts))):
        return None
    wanted = {cell: rows for cell, rows in zip(cells, about["rows"], strict=False) if rows}
    if len(about["rows"]) != len(cells) or Counter(table["cell"].to_pylist()) != wanted:
        return None
    return Counts(table.num_rows, table["outcome"].to_pylist().count(REFUSED))


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
