"""Sweeps: any grid of scenarios and values, run into Parquet files, and gone on with after a kill.

A part's name holds a digest of all that its rows follow from, and each file takes its place in one step. So a part that
stands is right, whoever wrote it: a sweep that was killed goes on with what is missing, two processes may run the same
one in one folder, and a part of another sweep is not taken for one of this.
"""

import contextlib
import hashlib
import io
import itertools
import json
import multiprocessing
import os
import platform
import signal
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from costmodel.analysis.sweep_grid import Plan, Record, planned
from costmodel.content import by_content
from costmodel.errors import InputError, path_of, shown
from costmodel.inputs.files import read_bytes, temporary_beside
from costmodel.model.parallel import processors
from costmodel.model.run import Progress, checked_workers, run
from costmodel.page import Block, Notes, Page, Paged, Paragraph
from costmodel.version import __version__
from costmodel.words import cell as safe
from costmodel.words import counted

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    _REMEDY = 'Install it with its extra: pip install "psychotherapy-costmodel[sweep]".'
    raise InputError.at("sweep", "Parquet files need the package pyarrow", _REMEDY) from error

__all__ = ["Plan", "Swept", "planned", "sweep"]

MANIFEST, PARTS = "manifest.json", "parts"
"""What stands in the folder of a sweep; the manifest is written last."""
SHOWN = 3
"""Strange files that are named."""
LARGEST_FILE = 200_000_000
"""Bytes."""
REFUSED = "refused"
"""The outcome of the one row of a cell that the model refused to run; its words say why."""
MOST_DEATHS = 3
"""Processes that may die one after the other without a part done between."""
AHEAD = 2
"""Parts handed out for each process: one that runs and one that waits."""
PATIENCE = 30.0
"""Seconds until a scheduler must have answered, and have a worker."""
KEY = b"costmodel.part"
TABLE = {
    "strategy": pa.string(), "comparator": pa.string(), "perspective": pa.string(), "party": pa.string(),
    "category": pa.string(), "channel": pa.string(), "outcome": pa.string(), "value": pa.float64(), "unit": pa.string(),
    "low": pa.float64(), "high": pa.float64(), "price_year": pa.string(), "discounted": pa.bool_(),
    "horizon_months": pa.float64(), "draws": pa.int64(), "run": pa.string(), "words": pa.string(),
}  # fmt: skip
"""The columns of `Result.table()`."""
GO_ON = "The parts that are whole are kept: the same command goes on from there."


@by_content
@dataclass(frozen=True, repr=False)
class Swept(Paged):
    """A sweep that is complete.

    parts: folder of the Parquet files; read them with `pandas.read_parquet`. manifest: what was run. kept: parts that
    stood already. damaged: names of files that stood in the place of a part, were not it, and were made again.
    """

    plan: Plan
    parts: Path
    manifest: Mapping[str, Any]
    kept: int
    damaged: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.manifest["number_of_rows"])

    @property
    def refused(self) -> int:
        """Number of cells that the model refused to run; the words of their row say why."""
        return int(self.manifest["refused"])

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each cell, as the manifest lists them."""
        return self.plan.frame

    def page(self) -> Page:
        """How much was run, where it stands, and how it is read."""
        cells, draws = counted(len(self.plan.cells), "cell"), counted(self.plan.grid.draws, "draw")
        said = [Paragraph(f"{cells} × {draws}: {counted(self.rows, 'row')} in {self.parts}.", strong=True)]
        if self.kept:
            said.append(Paragraph(f"{counted(self.kept, 'part')} of {self.plan.parts:,} stood there already."))
        if self.refused:
            found = f'{counted(self.refused, "cell")} could not be run: a row with the outcome "{REFUSED}" says why.'
            said.append(Paragraph(found))
        read = Paragraph(f'Read it: pandas.read_parquet("{self.parts}")')
        blocks: tuple[Block, ...] = (*said, Notes("Damaged, and made again", self.damaged), read)
        data = {**self.manifest, "kept": self.kept, "damaged": self.damaged}
        return Page(f"Sweep of {self.plan.path.name}", blocks, data=data, frame=self.frame)


def sweep(
    grid: str | Path, output: str | Path, *, workers: int | None = None, scheduler: str | None = None,
    progress: Progress | None = None,
) -> Swept:  # fmt: skip
    """Run every cell of a grid file into a directory, or go on with one that was begun there.

    workers: processes, one for each processor by default. scheduler: address of a Dask cluster that does the work
    instead. No row depends on either, nor on where an earlier run of the same sweep was stopped.
    Raises InputError with every problem of the grid and its cells, before anything is run or written; where the
    directory holds something else; and where workers keep dying.
    """
    if scheduler is not None and not isinstance(scheduler, str):
        raise InputError.at("scheduler", f"{shown(scheduler)} is no address", 'Write one, such as "tcp://host:8786".')
    workers = checked_workers(workers)
    if workers is not None and scheduler is not None:
        raise InputError.at("workers", "a cluster has its own workers", "Leave out workers, or the scheduler.")
    directory = path_of("output", output)
    plan = planned(grid, progress)
    there = os.path.exists(directory)
    try:
        return _go_on(plan, directory, workers or processors(), scheduler, progress)
    except Exception as error:
        error.add_note(GO_ON)
        raise
    finally:  # what ends before there is a part leaves nothing behind
        with contextlib.suppress(OSError):
            (directory / PARTS).rmdir()
        with contextlib.suppress(OSError):
            if not there:
                directory.rmdir()


def _go_on(plan: Plan, directory: Path, workers: int, scheduler: str | None, progress: Progress | None) -> Swept:
    folder = directory / PARTS
    wanted = {}
    for part in map(plan.part, range(plan.parts)):
        wanted[folder / f"part-{part.cells[0]['cell']:05d}-{_digest(part)[:12]}.parquet"] = part
    with _used(directory):
        directory.mkdir(exist_ok=True)
        _refuse_others(directory, wanted)
    counts: dict[Path, tuple[int, int]] = {}
    damaged = []
    for path, part in wanted.items():
        if os.path.lexists(path):
            with contextlib.suppress(InputError):
                counts[path] = _counts(read_bytes(path, LARGEST_FILE), part)
            damaged += [] if path in counts else [path.name]
    kept = len(counts)
    missing = {path: part for path, part in wanted.items() if path not in counts}
    if missing:
        (directory / MANIFEST).unlink(missing_ok=True)
    with contextlib.closing(run_parts(missing, workers, scheduler)) as done:
        for path, content in done:
            counts[path] = _counts(content, wanted[path])
            _write(path, content)
            if progress is not None:
                progress("Running cells", sum(len(wanted[path].cells) for path in counts), len(plan.cells))
    _refuse_others(directory, wanted)
    packages = {name: version(name) for name in ("numpy", "scipy", "pandas", "pyarrow")}
    rows, refused = map(sum, zip(*counts.values(), strict=True))
    manifest = plan.about() | {
        "state": "complete", "versions": {"costmodel": __version__, "python": platform.python_version()} | packages,
        "number_of_rows": rows, "refused": refused,
    }  # fmt: skip
    text = json.dumps(manifest | {"cells": plan.cells}, ensure_ascii=False, allow_nan=False, indent=1)
    _write(directory / MANIFEST, text.encode())
    return Swept(plan, folder, manifest, kept, tuple(damaged))


@contextlib.contextmanager
def _used(path: Path) -> Iterator[None]:
    """Say of which file or folder the system has something against it."""
    try:
        yield
    except OSError as error:
        found = f"it cannot be made or written ({error.strerror})"
        remedy = f"Name a folder in one that exists and may be written in, or free some space. {GO_ON}"
        raise InputError.at(f"-o {path}", found, remedy) from error


def _refuse_others(directory: Path, wanted: Mapping[Path, Plan]) -> None:
    """A folder of something else, or of another sweep, is left alone."""
    folder, place = directory / PARTS, f"-o {directory}"
    begun = os.path.isdir(folder)
    ours = {path.name for path in wanted} if begun else {PARTS}
    names = sorted(name for name in os.listdir(folder if begun else directory) if not name.startswith("."))
    if strange := [name for name in names if name not in ours]:
        listed = ", ".join(strange[:SHOWN])
        found = f"the folder holds other files ({listed})"
        if begun:
            found = f"{PARTS} holds files of another sweep ({listed}): its grid, a scenario or costmodel differs"
        raise InputError.at(place, found, "Name a new folder.")


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, also where the machine goes down."""
    with _used(path):
        path.parent.mkdir(exist_ok=True)
        temporary = temporary_beside(path)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _digest(part: Plan) -> str:
    """Of all that the rows of a part follow from."""
    grid = part.grid
    content = [__version__, grid.draws, grid.seed, grid.outcomes, grid.perspectives, part.cells]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _schema(part: Plan) -> pa.Schema:
    """Columns of every part: the cell, its values as `set.NAME`, and the table."""
    text, number = pa.string(), pa.float64()
    cell = {"cell": pa.int64(), "cell_id": text, "scenario": text, "file": text}
    values = {f"set.{name}": text if isinstance(of[0], str) else number for name, of in part.grid.set.items()}
    return pa.schema(cell | values | TABLE)


def _counts(content: bytes, part: Plan) -> tuple[int, int]:
    """How many rows a part has, and refused cells. Raises InputError where it is not this part, whole and undamaged."""
    with contextlib.suppress(OSError, ValueError, pa.ArrowException):
        table = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True).read()
        about = json.loads((table.schema.metadata or {}).get(KEY, b"{}"))
        rows = Counter(map(str, table["cell"].to_pylist()))
        if table.schema.equals(_schema(part)) and about == {"part": _digest(part), "rows": rows}:
            return table.num_rows, table["outcome"].to_pylist().count(REFUSED)
    found = "what a worker made is not the part that was asked for"
    raise InputError.at("workers", found, f"Install costmodel {__version__} on every worker.")


def run_part(part: Plan) -> bytes:
    """Run the cells of a part and return its file, which says whose rows it holds."""
    rows = [row for cell in part.cells for row in _rows(part, cell)]
    about = {"part": _digest(part), "rows": Counter(str(row["cell"]) for row in rows)}
    schema = _schema(part).with_metadata({KEY: json.dumps(about).encode()})
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out, compression="zstd", write_page_checksum=True)
    return out.getvalue()


def _rows(part: Plan, cell: Record) -> Iterator[dict[str, Any]]:
    """The rows of a cell; one that says why where the model refuses to run it."""
    grid, of_cell = part.grid, {name: safe(value) for name, value in cell.items()}
    try:
        table = run(part.scenario(cell), draws=grid.draws, seed=grid.seed, workers=1).table()
    except InputError as error:
        words = safe(" ".join(str(error).splitlines()))
        nothing = {name: "" for name, kind in TABLE.items() if kind == pa.string()}
        yield of_cell | nothing | {"outcome": REFUSED, "discounted": False, "draws": grid.draws, "words": words}
        return
    table = table[table.outcome.isin(grid.outcomes)]
    if grid.perspectives is not None:
        table = table[table.perspective.isin([*grid.perspectives, ""])]
    for record in table.to_dict("records"):
        yield of_cell | {str(name): None if value != value else safe(value) for name, value in record.items()}


def run_parts(parts: Mapping[Path, Plan], workers: int, scheduler: str | None) -> Generator[tuple[Path, bytes]]:
    """Each part's file, as they are done. What a process that died had begun is run again.

    Raises InputError where that keeps happening.
    """
    left, deaths = dict(parts), 0
    while left and deaths < MOST_DEATHS:
        deaths += 1
        with contextlib.suppress(BrokenExecutor), _executor(min(workers, len(left)), scheduler) as (pool, at_once):
            for path, content in _done(pool, dict(left), at_once):
                yield path, content
                del left[path]
                deaths = 0
    if left:
        remedy = f"It may have run out of memory: fewer workers, or fewer draws. {GO_ON}"
        raise InputError.at("workers", f"a process died {MOST_DEATHS} times in a row", remedy)


def _done(pool: Executor, parts: Mapping[Path, Plan], at_once: int) -> Iterator[tuple[Path, bytes]]:
    """Parts as they are done, so many of them handed out at once."""
    waiting: dict[Future[bytes], Path] = {}
    rest = iter(parts.items())
    while True:
        # Processes begin with the first part, and never get an interrupt that is held back then: only this one answers.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for path, part in itertools.islice(rest, at_once - len(waiting)):
                waiting[pool.submit(run_part, part)] = path
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            yield waiting.pop(future), future.result()


@contextlib.contextmanager
def _executor(workers: int, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """What runs parts, and how many are handed out at once; processes are ended, whatever they do, when it is left."""
    if scheduler is not None:
        with _cluster(scheduler) as (client, threads):
            yield client.get_executor(), AHEAD * threads
        return
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(workers, _Apart(), initializer=_end_with_parent)
    try:
        yield pool, AHEAD * workers
    finally:
        for process in multiprocessing.active_children():
            if process not in others:
                process.kill()
        pool.shutdown(cancel_futures=True)


class _Worker(SpawnProcess):
    """A process that imports what its work needs, and not the main module of the caller.

    A new process is told to run again the file that `__main__` came from. That may be a script without a guard, which
    would sweep again, or what a server such as Streamlit left there, which runs nowhere else.
    """

    _one_at_a_time = threading.Lock()

    def start(self) -> None:
        with self._one_at_a_time:
            main, empty = sys.modules["__main__"], ModuleType("__main__")
            sys.modules["__main__"] = empty
            try:
                super().start()
            finally:
                if sys.modules["__main__"] is empty:
                    sys.modules["__main__"] = main


class _Apart(SpawnContext):
    Process = _Worker


def _end_with_parent() -> None:
    """Leave no orphan: a process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _cluster(address: str) -> Iterator[tuple[Any, int]]:
    """A client of a Dask scheduler, and its workers' threads. Raises InputError where there are none."""
    place = f"--scheduler {address}"
    try:
        from distributed import CancelledError, Client, KilledWorker
    except ImportError as error:
        remedy = 'Install it with its extra: pip install "psychotherapy-costmodel[cluster]".'
        raise InputError.at(place, "a Dask cluster needs the package distributed", remedy) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False, name="costmodel sweep")
    except (OSError, ValueError) as error:
        remedy = "Start one with `dask scheduler`, and give the address that it prints."
        raise InputError.at(place, "no scheduler answers", remedy) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        yield client, sum(client.nthreads().values())
    except TimeoutError as error:
        raise InputError.at(place, "the scheduler has no workers", "Start some: `dask worker ADDRESS`.") from error
    except (KilledWorker, CancelledError, ImportError, OSError) as error:
        found = "a part could not be run: its workers died or have no costmodel, or the scheduler let go of it"
        raise InputError.at(place, found, f"See the workers' logs. {GO_ON}") from error
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=PATIENCE)
