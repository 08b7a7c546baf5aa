"""A sweep: every cell of a grid, run once, in a directory that can be gone on with."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costmodel.analysis.sweep import directory as folder
from costmodel.analysis.sweep.grid import Plan, Progress, plan, read_grid
from costmodel.analysis.sweep.part import Block, Counts, block, checked, texts
from costmodel.analysis.sweep.workers import connected, run_here, run_there
from costmodel.content import by_content
from costmodel.errors import InputError, can_be_called, path_of, shown
from costmodel.model.parallel import processors
from costmodel.model.run import checked_workers

WORK = "Running cells"


@by_content
@dataclass(frozen=True)
class Swept:
    """A sweep that is complete.

    parts: read them with `pandas.read_parquet`. kept: parts that stood already. damaged: names of files that stood
    in the place of a part, were not it, and were made again. lost: in words, workers of a cluster that were lost.
    """

    directory: Path
    manifest: dict[str, Any]
    kept: int
    damaged: tuple[str, ...]
    lost: tuple[str, ...] = ()

    @property
    def parts(self) -> Path:
        """The folder of the Parquet files."""
        return self.directory / folder.PARTS

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.manifest["rows"])

    @property
    def refused(self) -> int:
        """Number of cells that the model refused to run; the words of their row say why."""
        return int(self.manifest["refused"])


def _silent(what: str, done: int, wanted: int) -> None:
    pass


def planned(grid: str | Path, progress: Progress | None = None) -> Plan:
    """Every cell of a grid file, loaded and checked. Raises InputError with every problem of all of them."""
    can_be_called("progress", progress)
    return plan(read_grid(path_of("grid", grid)), progress or _silent)


def sweep(
    grid: str | Path, output: str | Path, *, workers: int | None = None, scheduler: str | None = None,
    progress: Progress | None = None,
) -> Swept:  # fmt: skip
    """Run every cell of a grid file into a directory, or go on with one that was begun there.

    workers: processes, one for each processor by default. scheduler: address of a Dask cluster that does the work
    instead. No row depends on either, nor on where an earlier run of the same sweep was stopped.
    Raises InputError with every problem of the grid and its cells, before anything is run or written; where the
    directory holds something else, or is in use; and where workers keep dying.
    """
    workers, progress = _checked(workers, scheduler), progress or _silent
    directory = path_of("output", output)
    asked = planned(grid, progress)
    with folder.locked(directory):
        manifest = folder.prepare(directory, folder.manifest(asked))
        try:
            return _go_on(asked, directory, manifest, workers or processors(), scheduler, progress)
        except Exception as error:
            error.add_note("The parts that are whole are kept: the same command goes on from there.")
            raise


def _go_on(
    asked: Plan, directory: Path, manifest: folder.Manifest, workers: int, scheduler: str | None, progress: Progress
) -> Swept:
    identity = folder.identity(manifest)
    found: dict[int, Counts] = {}
    damaged = []
    for number in range(asked.parts):
        path = folder.part_path(directory, number)
        if os.path.exists(path):
            counts = _counts(asked, directory, number, identity)
            found |= {number: counts} if counts else {}
            damaged += [] if counts else [path.name]
    kept = len(found)
    blocks = [block(asked, number, identity) for number in range(asked.parts) if number not in found]
    if blocks:
        manifest = folder.incomplete(directory, manifest)
    lost: list[str] = []
    done = sum(len(asked.part(number)) for number in found)
    progress(WORK, done, len(asked.cells))
    for number, content in _run(blocks, workers, scheduler, lost):
        path = folder.part_path(directory, number)
        folder.write(path, content)
        counts = _counts(asked, directory, number, identity)
        if counts is None:
            raise RuntimeError(f"{path.name} is not what was written")
        found[number] = counts
        done += len(asked.part(number))
        progress(WORK, done, len(asked.cells))
    rows, refused = (sum(getattr(one, name) for one in found.values()) for name in ("rows", "refused"))
    return Swept(directory, folder.complete(directory, manifest, rows, refused), kept, tuple(damaged), tuple(lost))


def _counts(asked: Plan, directory: Path, number: int, identity: str) -> Counts | None:
    cells = [cell.index for cell in asked.part(number)]
    return checked(folder.part_path(directory, number), number, cells, texts(asked), identity)


def _run(blocks: list[Block], workers: int, scheduler: str | None, lost: list[str]) -> Iterator[tuple[int, bytes]]:
    """Number and file of each block. lost: takes a line for each worker that was lost while it was checked."""
    if not blocks:
        return
    if scheduler is None:
        yield from run_here(blocks, workers)
        return
    with connected(scheduler, lost.append) as client:
        yield from run_there(client, blocks, scheduler)


def _checked(workers: int | None, scheduler: str | None) -> int | None:
    if scheduler is not None and not isinstance(scheduler, str):
        raise InputError.at("scheduler", f"{shown(scheduler)} is no address", 'Write one, such as "tcp://host:8786".')
    workers = checked_workers(workers)
    if workers is not None and scheduler is not None:
        raise InputError.at("workers", "a cluster has its own workers", "Leave out workers, or the scheduler.")
    return workers
