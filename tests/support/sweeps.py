"""Grids of the example scenario, and sweeps of them without processes of their own."""

import random
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from costmodel.analysis import sweep as module
from costmodel.analysis.sweep import Swept, run_part, sweep
from costmodel.analysis.sweep_grid import Plan
from tests.support.example import example

SMALL = """format: 1
scenarios: [model.yaml, cautious.yaml]
set:
  attendance: [0.6, 0.7, 0.9]
  sessions: {from: 8, to: 16, steps: 2}
  horizon: [4 years, 5 years]
draws: 50
"""
"""24 cells."""


def grid_file(folder: Path, text: str = SMALL, **edits: Any) -> Path:
    """A grid beside the example of docs/format.md, or beside one with edits."""
    example(folder, **edits)
    path = folder / "grid.yaml"
    path.write_text(text, "utf-8")
    return path


def contents(directory: Path) -> dict[str, bytes]:
    """Every file among the parts, by name."""
    return {path.name: path.read_bytes() for path in sorted((directory / "parts").iterdir())}


FEW = "format: 1\nscenarios: [model.yaml]\nset: {attendance: [0.6, 0.7], horizon: [4 years, 5 years]}\ndraws: 20\n"
"""4 cells."""


def in_parts_of(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """That many cells a part."""
    monkeypatch.setattr("costmodel.analysis.sweep_grid.MOST_CELLS_A_PART", cells)


def swept_here(
    monkeypatch: pytest.MonkeyPatch, grid: Path, output: Path, stop_after: int | None = None, shuffle: int | None = None
) -> Swept:
    """A sweep in this process; stopped as by Ctrl-C after some parts, or with its parts in another order."""

    def run_here(parts: Mapping[Path, Plan], workers: int, scheduler: str | None) -> Generator[tuple[Path, bytes]]:
        order = list(parts.items())
        if shuffle is not None:
            random.Random(shuffle).shuffle(order)
        for done, (path, part) in enumerate(order):
            if done == stop_after:
                raise KeyboardInterrupt
            yield path, run_part(part)

    monkeypatch.setattr(module, "run_parts", run_here)
    return sweep(grid, output)
