"""The grid of a sweep: scenarios, values, draws, rows; and its cells, each loaded and checked before any is run."""

import hashlib
import itertools
import json
import math
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import named_file, read_bytes
from costmodel.model.run import DRAWS, MOST_DRAWS, SEED, check_size
from costmodel.perspectives import PERSPECTIVES
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.fields import Block, Text, Version
from costmodel.scenario.load import Refused, load
from costmodel.scenario.read import Tree, parse_text

MOST_CELLS = 10_000
MOST_CELL_DRAWS = 1_000_000_000
"""Cells × draws."""
DRAWS_A_PART = 8_000
"""About as many draws are written together; a part is what a kill can lose of each worker's work."""
MOST_CELLS_A_PART = 40

OUTCOMES = (
    "cost", "net_saving", "cash_net_saving", "qaly", "payback_sustained_months", "payback_first_touch_months",
    "cash_payback_sustained_months", "chance_payback", "chance_cash_payback", "peak_funding", "offset_ratio",
    "cost_per_qaly", "nmb",
)  # fmt: skip
"""Of the rows of `Result.table()`."""

Value = float | int | str
SPAN = ("from", "to", "steps")


def _values(found: object) -> tuple[Value, ...]:
    if isinstance(found, dict):
        return _span(found)
    if not isinstance(found, list) or not found:
        raise ValueError("wanted: a list of values, or from, to and steps")
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"{str(value)[:40]} is not a number or a text")
    if twice := [value for i, value in enumerate(found) if value in found[:i]]:
        raise ValueError(f"{twice[0]} stands twice; keep one")
    if len({isinstance(value, str) for value in found}) > 1:
        raise ValueError("numbers and texts cannot stand in one list; write all of them as numbers, or as texts")
    return tuple(found)


def _span(found: dict[str, Any]) -> tuple[Value, ...]:
    """`steps` values from one end to the other, both included and equally far apart, each the nearest float."""
    if unknown := [key for key in found if key not in SPAN]:
        raise ValueError(f'unknown key "{unknown[0]}". {nearest(unknown[0], SPAN)}')
    if missing := [key for key in SPAN if key not in found]:
        raise ValueError(f"{missing[0]} is missing; wanted: from, to and steps")
    for key, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{key} is {str(value)[:40]}; wanted: a number")
    steps = found["steps"]
    if not isinstance(steps, int) or not 2 <= steps <= MOST_CELLS:
        raise ValueError(f"steps is {steps}; wanted: the number of values, both ends included, 2 to {MOST_CELLS:,}")
    first, last = (Fraction(repr(found[key])) for key in ("from", "to"))
    if first == last:
        raise ValueError("from and to are the same; write the value in a list")
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
    outcomes: list[Text] | None = Field(default=None, min_length=1)
    """Which outcomes are kept; all if left out."""
    perspectives: list[Text] | None = Field(default=None, min_length=1)
    """Which payers' rows are kept, beside those of none (health, parties); all if left out."""


@by_content
@dataclass(frozen=True)
class Grid:
    """A checked grid file. The scenarios that it names are not loaded yet.

    values: by parameter or path, in the order of the file. text, sha256: of the file.
    """

    path: Path
    tree: Tree
    text: str
    sha256: str
    scenarios: tuple[str, ...]
    values: dict[str, tuple[Value, ...]]
    draws: int
    seed: int
    outcomes: tuple[str, ...]
    perspectives: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return _size(len(self.scenarios), self.values)

    @property
    def cells_a_part(self) -> int:
        """Cells that are written together: as the grid has it, whatever the number of workers."""
        return max(1, min(MOST_CELLS_A_PART, DRAWS_A_PART // max(self.draws, 1)))

    def place(self, *keys: str | int) -> str:
        """File and line of an entry."""
        return str(self.tree.place(keys))


def read_grid(path: str | Path) -> Grid:
    """Read a grid file. Raises InputError with every problem in it."""
    path = Path(path)
    content = read_bytes(path)
    tree = parse_text(content, path)
    file, problems, _ = validate(GridFile, tree)
    problems = [*tree.problems, *problems]
    if file is None:
        raise InputError(*problems)
    problems += _problems(tree, file)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return Grid(
        path=path,
        tree=tree,
        text=content.decode("utf-8-sig"),
        sha256=hashlib.sha256(content).hexdigest(),
        scenarios=tuple(file.scenarios),
        values=dict(file.set),
        draws=file.draws,
        seed=file.seed,
        outcomes=tuple(name for name in OUTCOMES if file.outcomes is None or name in file.outcomes),
        perspectives=tuple(name for name in PERSPECTIVES if file.perspectives is None or name in file.perspectives),
    )


def _problems(tree: Tree, file: GridFile) -> list[Problem]:
    """What the types do not see: names that do not exist or stand twice, and too many cells."""
    problems = []
    named = {"scenarios": (file.scenarios, None), "outcomes": (file.outcomes, OUTCOMES)}
    for key, (names, allowed) in {**named, "perspectives": (file.perspectives, tuple(PERSPECTIVES))}.items():
        for i, name in enumerate(names or ()):
            at = str(tree.place((key, i)))
            if allowed is not None and name not in allowed:
                problems.append(Problem(at, f'there is no {key[:-1]} "{name[:40]}"', nearest(name, allowed)))
            elif name in (names or ())[:i]:
                problems.append(Problem(at, f'"{name[:40]}" stands twice', "Keep one."))
    if "setting" in file.set:
        found, remedy = "the setting cannot be set", "Write an overlay that changes it, and name it under scenarios."
        problems.append(Problem(str(tree.place(("set", "setting"))), found, remedy))
    cells = _size(len(file.scenarios), file.set)
    if cells > MOST_CELLS:
        found, remedy = f"the grid has {cells:,} cells", f"At most {MOST_CELLS:,}: fewer values, or several grids."
        problems.append(Problem(str(tree.place(("set",))), found, remedy))
    elif cells * file.draws > MOST_CELL_DRAWS:
        found = f"{cells:,} cells of {file.draws:,} draws are {cells * file.draws:,} draws"
        problems.append(Problem(str(tree.place(("draws",))), found, f"At most {MOST_CELL_DRAWS:,}."))
    return problems


def _size(scenarios: int, values: dict[str, tuple[Value, ...]]) -> int:
    return scenarios * math.prod(map(len, values.values()))


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
