"""The grid of a sweep: scenarios, values, draws, rows; and its cells, each loaded and checked before any is run."""

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, PlainValidator, WithJsonSchema

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, can_be_called, nearest, path_of
from costmodel.inputs.files import named_file, read_bytes
from costmodel.model.run import DRAWS, MOST_DRAWS, SEED, Progress, check_size
from costmodel.page import Column, Page, Paged, Paragraph, Table
from costmodel.scenario.build import Scenario
from costmodel.scenario.fields import Block, Text, Version
from costmodel.scenario.load import Refused, load
from costmodel.scenario.read import Tree, parse_text
from costmodel.scenario.validate import validate
from costmodel.words import counted

MOST_CELLS = 10_000
MOST_CELL_DRAWS = 1_000_000_000
"""Cells × draws."""
DRAWS_A_PART, MOST_CELLS_A_PART = 8_000, 40
"""About as many draws, and at most so many cells, are written together: what a kill can lose of a worker's work."""
OUTCOMES = (
    "cost", "net_saving", "cash_net_saving", "qaly", "payback_sustained_months", "payback_first_touch_months",
    "cash_payback_sustained_months", "chance_payback", "chance_cash_payback", "peak_funding", "offset_ratio",
    "cost_per_qaly", "nmb", "purse", "taken_out", "share_achieved", "share_supported", "share_needed",
    "net_saving_extrapolated", "share_extrapolated",
)  # fmt: skip
"""Of the rows of `Result.table()`."""

Value = float | int | str
Record = Mapping[str, Value]
BY = "set"
LIST = "a list of numbers or of texts, each once, or from, to and steps"
SPAN = f"wanted: two numbers that differ and steps, how many values, both ends included, 2 to {MOST_CELLS:,}"


def _values(found: object) -> tuple[Value, ...]:
    if isinstance(found, dict):
        return _span(found)
    if not isinstance(found, list) or not found or any(isinstance(one, bool | list | dict | None) for one in found):
        raise ValueError(f'"{str(found)[:40]}" is not {LIST}')
    if len({isinstance(one, str) for one in found}) > 1:
        raise ValueError("numbers and texts cannot stand in one list; write all of them as numbers, or as texts")
    if twice := [one for i, one in enumerate(found) if one in found[:i]]:
        raise ValueError(f"{twice[0]} stands twice; keep one")
    return tuple(found)


def _span(found: Mapping[str, Any]) -> tuple[Value, ...]:
    """`steps` values from one end to the other, both included and equally far apart, each the nearest float."""
    numbers = [one for one in found.values() if isinstance(one, int | float) and not isinstance(one, bool)]
    steps = found.get("steps")
    if (
        found.keys() != {"from", "to", "steps"} or len(numbers) < 3 or found["from"] == found["to"]
        or not isinstance(steps, int) or not 2 <= steps <= MOST_CELLS
    ):  # fmt: skip
        raise ValueError(f"{', '.join(f'{key}: {one}' for key, one in found.items())[:80]}; {SPAN}")
    first, last = (Fraction(repr(found[key])) for key in ("from", "to"))
    return tuple(float(first + (last - first) * i / (steps - 1)) for i in range(steps))


Values = Annotated[
    tuple[Value, ...],
    PlainValidator(_values),
    WithJsonSchema({"anyOf": [{"type": "array"}, {"type": "object"}]}),
]
"""Values in their order."""


class GridFile(Block):
    """Everything that a sweep runs: each scenario with each combination of values."""

    format: Version
    """The version of this grammar."""
    scenarios: list[Text] = Field(min_length=1, max_length=MOST_CELLS)
    """Model files and overlays, paths from this file."""
    set: dict[str, Values] = {}
    """Values by parameter or path, as --set takes them: a list, or from, to and steps."""
    draws: int = Field(default=DRAWS, ge=0, le=MOST_DRAWS)
    """Draws of each cell; with 0 only the deterministic run."""
    seed: int = Field(default=SEED, ge=0)
    """Start of the random numbers, the same in each cell."""
    outcomes: list[Text] = Field(default=list(OUTCOMES), min_length=1)
    """Which outcomes are kept; all if left out."""
    perspectives: list[Text] | None = Field(default=None, min_length=1)
    """Which payers' rows are kept, beside those of none (health, parties); all if left out."""

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.scenarios) * math.prod(map(len, self.set.values()))


@by_content
@dataclass(frozen=True, repr=False)
class Plan(Paged):
    """The cells of a grid file, or of one part of it, all of them loaded and checked. text: of the file.

    cells: in the order of the grid (scenarios change slowest, the last of the values fastest), by column: `cell` (from
    0), `cell_id` (of its file and values; it stays as the grid grows), `scenario` (its label), `file`, each value as
    `set.NAME`, and the SHA-256 of the scenario that the values make. scenarios: by file.
    """

    path: Path
    text: str
    grid: GridFile
    cells: tuple[Record, ...]
    scenarios: Mapping[str, Scenario]

    @property
    def cells_a_part(self) -> int:
        """Cells that are written together: as the grid has it, whatever the number of workers."""
        return max(1, min(MOST_CELLS_A_PART, DRAWS_A_PART // max(self.grid.draws, 1)))

    @property
    def parts(self) -> int:
        """Number of parts."""
        return -(-len(self.cells) // self.cells_a_part)

    def part(self, number: int) -> "Plan":
        """The cells of a part, with what is needed to run them."""
        cells = self.cells[number * self.cells_a_part : (number + 1) * self.cells_a_part]
        return replace(
            self, cells=cells, scenarios={str(one["file"]): self.scenarios[str(one["file"])] for one in cells}
        )

    def scenario(self, cell: Record) -> Scenario:
        """The scenario that the values of a cell make."""
        values = {name: cell[f"set.{name}"] for name in self.grid.set}
        return self.scenarios[str(cell["file"])].changed(values, by=BY)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each cell."""
        return pd.DataFrame(list(self.cells))

    def page(self) -> Page:
        """Every cell that would be run."""
        said = (
            f"{counted(len(self.cells), 'cell')} × {counted(self.grid.draws, 'draw')}, in "
            f"{counted(self.parts, 'part')} of up to {counted(self.cells_a_part, 'cell')}. Seed {self.grid.seed}."
        )
        columns = (
            Column("cell", "cell", "whole"), Column("cell_id", "id", right=False), Column("file", "file", right=False),
            Column("scenario", "scenario", right=False), *(Column(f"set.{name}", name) for name in self.grid.set),
        )  # fmt: skip
        blocks = (
            Paragraph(said, strong=True), Paragraph("Nothing was run or written."),
            Table(self.frame, columns, name="cells"),
        )  # fmt: skip
        return Page(f"Cells of {self.path.name}", blocks, data=self.about() | {"state": "dry run"}, frame=self.frame)

    def about(self) -> dict[str, Any]:
        """What a sweep of it is made of, cells apart; the schema of its manifest first."""
        grid = self.grid
        return {
            "schema": "costmodel/sweep/2",
            "grid": {"file": self.path.name, "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
                     "text": self.text},
            "draws": grid.draws, "seed": grid.seed,
            "outcomes": grid.outcomes, "perspectives": grid.perspectives,
            "number_of_cells": len(self.cells), "cells_a_part": self.cells_a_part, "number_of_parts": self.parts,
        }  # fmt: skip


def read_grid(path: Path) -> tuple[GridFile, Tree, str]:
    """A grid file, its entries by line, and its text. Raises InputError with every problem in it."""
    content = read_bytes(path)
    tree = parse_text(content, path)
    grid, problems, _ = validate(GridFile, tree)
    problems = [*tree.problems, *problems, *(_problems(tree, grid) if grid is not None else ())]
    if grid is None or problems:
        raise InputError(*dict.fromkeys(problems))
    return grid, tree, content.decode("utf-8-sig")


def _problems(tree: Tree, grid: GridFile) -> Iterator[Problem]:
    """What the types do not see: names that do not exist or stand twice, and too many cells."""
    for key, allowed in (
        ("scenarios", grid.scenarios),
        ("outcomes", OUTCOMES),
        ("perspectives", grid.perspectives or ()),
    ):
        names = getattr(grid, key) or ()
        for i, name in enumerate(names):
            if name not in allowed:
                place = str(tree.place((key, i)))
                yield Problem(place, f'there is no {key[:-1]} "{name[:40]}"', nearest(name, allowed))
            elif name in names[:i]:
                yield Problem(str(tree.place((key, i))), f'"{name[:40]}" stands twice', "Keep one.")
    if "setting" in grid.set:
        remedy = "Write an overlay that changes it, and name it under scenarios."
        yield Problem(str(tree.place(("set", "setting"))), "the setting cannot be set", remedy)
    draws = grid.size * grid.draws
    if grid.size > MOST_CELLS:
        remedy = f"At most {MOST_CELLS:,}: fewer values, or several grids."
        yield Problem(str(tree.place(("set",))), f"the grid has {grid.size:,} cells", remedy)
    elif draws > MOST_CELL_DRAWS:
        found = f"{grid.size:,} cells of {grid.draws:,} draws are {draws:,} draws"
        yield Problem(str(tree.place(("draws",))), found, f"At most {MOST_CELL_DRAWS:,}.")


def planned(grid: str | Path, progress: Progress | None = None) -> Plan:
    """Every cell of a grid file, loaded and checked.

    Raises InputError with the problems of all of them; Refused for the first scenario that is locked.
    """
    can_be_called("progress", progress)
    path = path_of("grid", grid)
    file, tree, text = read_grid(path)
    problems: list[Problem] = []
    scenarios = {name: _loaded(name, path, str(tree.place(("scenarios", i))), problems)
                 for i, name in enumerate(file.scenarios)}  # fmt: skip
    for i, name in enumerate(file.perspectives or ()):
        for scenario in scenarios.values():
            if scenario is not None and name not in (known := scenario.setting.perspectives):
                place = str(tree.place(("perspectives", i)))
                problems.append(Problem(place, f'there is no perspective "{name[:40]}"', nearest(name, known)))
    found: dict[Problem, list[int]] = {}
    cells = []
    of_each = itertools.product(file.scenarios, itertools.product(*file.set.values()))
    for index, (name, combination) in enumerate(of_each):
        values = dict(zip(file.set, combination, strict=True))
        if (scenario := scenarios[name]) is None:
            continue
        try:
            changed = scenario.changed(values, by=BY)
            check_size(changed, file.draws, file.seed, 1)
        except InputError as error:
            for problem in error.problems:
                found.setdefault(_in_grid(tree, file, values, problem), []).append(index)
        else:
            identity = json.dumps([name, values], sort_keys=True, ensure_ascii=False)
            named: dict[str, Value] = {f"set.{one}": value for one, value in values.items()}
            cells.append(
                {"cell": index, "cell_id": hashlib.sha256(identity.encode()).hexdigest()[:12],
                 "scenario": scenario.model.label, "file": name, **named, "sha256": changed.sha256}
            )  # fmt: skip
        if progress is not None:
            progress("Checking cells", index + 1, file.size)
    for problem, (first, *others) in found.items():
        more = f" and {len(others):,} more" if others else ""
        problems.append(replace(problem, found=f"{problem.found} (cell {first}{more})"))
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return Plan(path, text, file, tuple(cells), {name: one for name, one in scenarios.items() if one is not None})


def _loaded(name: str, grid: Path, place: str, problems: list[Problem]) -> Scenario | None:
    """A scenario that a grid names; None where it has problems, which are added to the others."""
    try:
        return load(named_file(name, grid, place, anywhere=True))
    except Refused as refused:
        problem = Problem(place, f'"{name[:100]}" is locked', "Take it out of the grid.")
        raise Refused(refused.locked, [problem, *refused.asked]) from None
    except InputError as error:
        problems += error.problems
    return None


def _in_grid(tree: Tree, grid: GridFile, values: Mapping[str, Value], problem: Problem) -> Problem:
    """A problem of a value, with the line of the grid that gives it."""
    name = problem.place.removeprefix(f"{BY} ")
    if name == problem.place or name not in values:
        return problem
    return replace(problem, place=str(tree.place(("set", name, grid.set[name].index(values[name])))))
