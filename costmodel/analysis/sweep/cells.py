"""The cells of a grid, in their order, each loaded and checked before anything is run."""

import hashlib
import itertools
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from costmodel.analysis.sweep.grid import Grid, Value
from costmodel.content import by_content
from costmodel.errors import InputError, Problem
from costmodel.inputs.files import named_file
from costmodel.model.run import check_size
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Refused, load

Progress = Callable[[str, int, int], None]
"""Called with what is worked at, how much of it is done and how much is wanted."""

BY = "set"
ID_LENGTH = 12


@by_content
@dataclass(frozen=True)
class Cell:
    """One scenario with one combination of values.

    index: its place in the grid's order, from 0. id: of its scenario and values; it stays as the grid grows.
    file: as the grid names it. label: of the scenario. sha256: of the scenario with the values.
    """

    index: int
    id: str
    file: str
    label: str
    values: Mapping[str, Value]
    sha256: str

    def record(self) -> dict[str, Any]:
        """As the manifest lists it."""
        return {
            "cell": self.index, "id": self.id, "scenario": self.label, "file": self.file, "values": dict(self.values),
            "sha256": self.sha256,
        }  # fmt: skip


@by_content
@dataclass(frozen=True)
class Plan:
    """A grid whose cells were all loaded. scenarios: each file's, pickled, as workers take them."""

    grid: Grid
    cells: tuple[Cell, ...]
    scenarios: Mapping[str, bytes]

    def part(self, number: int) -> tuple[Cell, ...]:
        """The cells of a part."""
        size = self.grid.cells_a_part
        return self.cells[number * size : (number + 1) * size]

    @property
    def parts(self) -> int:
        """Number of parts."""
        return -(-len(self.cells) // self.grid.cells_a_part)


def plan(grid: Grid, progress: Progress = lambda what, done, wanted: None) -> Plan:
    """Load every scenario and make every cell.

    Raises InputError with the problems of all of them; Refused for the first one that is locked.
    """
    problems: list[Problem] = []
    scenarios = {name: _loaded(grid, i, problems) for i, name in enumerate(grid.scenarios)}
    found: dict[Problem, list[int]] = {}
    cells = []
    for index, (file, values) in enumerate(combinations(grid)):
        scenario = scenarios[file]
        if scenario is None:
            continue
        try:
            changed = with_values(scenario, values)
            check_size(changed, grid.draws, grid.seed, 1)
        except InputError as error:
            for problem in error.problems:
                found.setdefault(_in_grid(grid, values, problem), []).append(index)
        else:
            cells.append(Cell(index, _id(file, values), file, scenario.model.label, values, changed.sha256))
        progress("Checking cells", index + 1, grid.size)
    problems += [replace(problem, found=f"{problem.found} {_where(indices)}") for problem, indices in found.items()]
    if problems:
        raise InputError(*dict.fromkeys(problems))
    pickled = {name: pickle.dumps(scenario) for name, scenario in scenarios.items()}
    return Plan(grid, tuple(cells), pickled)


def combinations(grid: Grid) -> Iterator[tuple[str, dict[str, Value]]]:
    """File and values of each cell: scenarios change slowest, then values in the file's order, the last one fastest."""
    for file in grid.scenarios:
        for values in itertools.product(*grid.values.values()):
            yield file, dict(zip(grid.values, values, strict=True))


def with_values(scenario: Scenario, values: Mapping[str, Value]) -> Scenario:
    """The scenario of a cell. Raises InputError."""
    return scenario.changed(values, by=BY) if values else scenario


def _loaded(grid: Grid, i: int, problems: list[Problem]) -> Scenario | None:
    name, place = grid.scenarios[i], grid.place("scenarios", i)
    try:
        return load(named_file(name, grid.path, place, anywhere=True))
    except Refused as refused:
        problem = Problem(place, f'"{name[:100]}" is locked', "Take it out of the grid.")
        raise Refused(refused.locked, [problem, *refused.asked]) from None
    except InputError as error:
        problems += error.problems
    return None


def _in_grid(grid: Grid, values: Mapping[str, Value], problem: Problem) -> Problem:
    """A problem of a value, with the line of the grid that gives it."""
    name = problem.place.removeprefix(f"{BY} ")
    if name == problem.place or name not in values:
        return problem
    position = grid.values[name].index(values[name])
    return replace(problem, place=grid.place("set", name, position))


def _where(indices: list[int]) -> str:
    more = f" and {len(indices) - 1:,} more" if len(indices) > 1 else ""
    return f"(cell {indices[0]}{more})"


def _id(file: str, values: Mapping[str, Value]) -> str:
    content = json.dumps([file, dict(values)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:ID_LENGTH]
