"""A file that walks from one scenario to another in one order: steps with reasons, and which changes each takes."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import Field

from costmodel.analysis.explain_changes import Between, Difference
from costmodel.errors import InputError, Problem, nearest
from costmodel.scenario.build import Scenario
from costmodel.scenario.fields import Block, Text, Version
from costmodel.scenario.load import load, named
from costmodel.scenario.read import Tree, read_file
from costmodel.scenario.validate import validate

Direction = Literal["towards therapy", "away", "either"]


class StepBlock(Block):
    label: Text
    """What is decided."""
    reason: Text
    """Why."""
    expected: Direction
    """Where it was expected to move the answer, before it was run."""
    changes: list[Text] = []
    """Paths of changes, parameters by name; * stands for any part of a path."""
    overlays: list[Text] = []
    """Labels of overlays all of whose changes it takes."""
    after: list[Text] = []
    """Labels of steps without which it has no meaning; they come first in every order."""


class OrderFile(Block):
    """One order of steps; those of one step are taken together."""

    format: Version
    """The version of this grammar."""
    from_: Text = Field(alias="from")
    """The scenario at which the walk begins: a file from this file's folder, or a name of the catalogue."""
    steps: list[StepBlock] = Field(min_length=1)
    """In their order; together they take every change once."""


@dataclass(frozen=True)
class Step:
    """A step: what it takes, by index; and the steps that must come first, by theirs."""

    block: StepBlock | None
    takes: frozenset[int]
    after: frozenset[int]


@dataclass(frozen=True)
class Order:
    """An order file that was read."""

    path: Path
    file: OrderFile
    tree: Tree
    begins: Scenario

    def steps(self, found: Between) -> tuple[Step, ...]:
        """The steps with the changes that they take. Raises InputError, naming what is missing, doubled or unknown."""
        overlays = dict(_by_overlay(found))
        problems: list[Problem] = []
        taken: list[set[int]] = []
        for s, block in enumerate(self.file.steps):
            taken.append(set())
            for key, names in (("changes", block.changes), ("overlays", block.overlays)):
                for n, name in enumerate(names):
                    if key == "overlays":
                        matched = overlays.get(name, set())
                        known = list(overlays)
                    else:
                        matched = {i for i, one in enumerate(found.differences) if _takes(name, one)}
                        known = [path for one in found.differences for path in one.paths]
                    taken[-1] |= matched
                    if not matched:
                        what = "overlay changes" if key == "overlays" else "change is at"
                        said = f'no {what} "{name[:60]}" here'
                        problems.append(self.tree.problem(("steps", s, key, n), said, nearest(name, known)))
        problems += self._covering(found, taken)
        after = [frozenset(self._earlier(s, problems)) for s in range(len(taken))]
        if problems:
            raise InputError(*problems)
        of = zip(self.file.steps, taken, after, strict=True)
        return tuple(Step(block, frozenset(takes), earlier) for block, takes, earlier in of)

    def _covering(self, found: Between, taken: list[set[int]]) -> Iterator[Problem]:
        for i, one in enumerate(found.differences):
            steps = [s for s, takes in enumerate(taken) if i in takes]
            name = f"{one.paths[0]} ({one.label}{f'; {len(one.paths)} paths, one change' if one.paths[1:] else ''})"
            if not steps:
                yield self.tree.problem(("steps",), f"no step takes {name}", "Let one of them take it.")
            elif len(steps) > 1:
                both = " and ".join(f'"{self.file.steps[s].label}"' for s in steps)
                yield self.tree.problem(("steps", steps[-1]), f"{both} take {name}", "Let one of them take it.")

    def _earlier(self, s: int, problems: list[Problem]) -> Iterator[int]:
        labels = [one.label for one in self.file.steps]
        for n, name in enumerate(self.file.steps[s].after):
            if name in labels[:s]:
                yield labels.index(name)
            else:
                said = f'"{labels[s]}" comes after "{name[:60]}", which is no step before it'
                problems.append(self.tree.problem(("steps", s, "after", n), said, nearest(name, labels[:s])))


def read_order(path: Path) -> Order:
    """Read an order file. Raises InputError with every problem, each with file and line."""
    tree = read_file(path)
    file, problems, _ = validate(OrderFile, tree)
    if problems or file is None:
        raise InputError(*problems)
    labels = [one.label for one in file.steps]
    if twice := [s for s, label in enumerate(labels) if label in labels[:s]]:
        raise InputError(tree.problem(("steps", twice[0]), f'the step "{labels[twice[0]]}" stands twice', "Keep one."))
    beside = path.parent / file.from_
    return Order(path, file, tree, load(beside if os.path.isfile(beside) else named(Path(file.from_))))


def _takes(name: str, one: Difference) -> bool:
    """Whether a path, a parameter's name or a pattern is about a change: at it, within it, or around it."""
    for path in (*one.paths, *(f"parameters.{brought}" for brought in one.brings)):
        for wanted in (name, f"parameters.{name}"):
            if fnmatchcase(path, wanted) or path.startswith(f"{wanted}.") or wanted.startswith(f"{path}."):
                return True
            if fnmatchcase(path, f"{wanted}.*"):
                return True
    return False


def _by_overlay(found: Between) -> Mapping[str, set[int]]:
    """Which changes each overlay makes, by its label."""
    made: dict[str, set[int]] = {}
    for change in (*found.first.changes, *found.second.changes):
        for i, one in enumerate(found.differences):
            if _takes(change.path, one):
                made.setdefault(change.by, set()).add(i)
    return made
