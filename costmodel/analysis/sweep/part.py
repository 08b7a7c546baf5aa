"""A part: the rows of some cells as one Parquet file that says whose rows it holds."""

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costmodel.errors import InputError
from costmodel.inputs.files import read_bytes

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
