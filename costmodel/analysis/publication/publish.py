"""Is a scenario, or every population below a folder, fit to publish? All that is not, at once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from costmodel.analysis.publication.fitted import calibration_file, fitted
from costmodel.analysis.publication.numbers import moved, numbers, unlabelled, unsourced
from costmodel.errors import InputError, Problem
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Locked, Refused, kind_of, load
from costmodel.scenario.read import read_file
from costmodel.scenario.used import assumed, to_be_checked

MODEL, README = "model.yaml", "README.md"
OVERLAYS = ("cautious", "favourable")
"""Labels of the overlays that stand beside every model."""


@dataclass(frozen=True)
class Fit:
    """A file that is fit to publish.

    numbers: parameters with a number of their own. assumed, to_be_checked: those behind the answer that are; of a
    locked scenario, findings.
    """

    path: Path
    label: str
    sha256: str
    numbers: int
    assumed: int
    to_be_checked: tuple[str, ...]
    locked: bool = False


@dataclass(frozen=True)
class Population:
    """A folder: its files that are fit to publish, and what is wrong with the others."""

    name: str
    files: tuple[Fit, ...]
    problems: tuple[Problem, ...]


def published(path: Path) -> Fit:
    """A scenario that is fit to publish. Raises InputError with every problem of the file and of its folder."""
    found, problems = _file(path)
    problems += _folder(path.resolve().parent, found)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    assert found is not None
    return _fit(path, found)


def published_all(folder: Path) -> list[Population]:
    """Every population below a folder with its overlays. Raises InputError if there is none."""
    found = (
        [_population(home) for home in sorted(folder.iterdir()) if _scenarios(home)] if os.path.isdir(folder) else []
    )
    if not found:
        raise InputError.at("SCENARIO", f"there is no scenario below {folder}", "Name a model file or an overlay.")
    return found


def _population(home: Path) -> Population:
    fit: list[Fit] = []
    problems: list[Problem] = []
    base: Scenario | Locked | None = None
    for path in _scenarios(home):
        one, wrong = _file(path)
        problems += wrong
        if one is not None and not wrong:
            fit.append(_fit(path, one))
        if path.name == MODEL:
            base = one
    problems += _folder(home, base)
    placed = [replace(one, place=f"{home.name}/{one.place}") for one in dict.fromkeys(problems)]
    return Population(home.name, tuple(fit), tuple(placed))


def _scenarios(home: Path) -> list[Path]:
    """The model and its overlays in a folder, the model first. Raises InputError for a file that cannot be read."""
    if not os.path.isdir(home):
        return []
    files = [path for path in sorted(home.glob("*.yaml")) if kind_of(read_file(path).data) != "other"]
    return sorted(files, key=lambda path: path.name != MODEL)


def _file(path: Path) -> tuple[Scenario | Locked | None, list[Problem]]:
    """What a file holds, None if it does not load, and what is wrong with it."""
    try:
        scenario = load(path)
    except Refused as refusal:
        return (None, list(refusal.problems)) if refusal.asked else (refusal.locked, [])
    except InputError as error:
        return None, list(error.problems)
    checks = (unsourced, moved, unlabelled, fitted)
    return scenario, [problem for check in checks for problem in check(scenario)]


def _folder(home: Path, found: Scenario | Locked | None) -> Iterator[Problem]:
    """What has to stand beside a model: a page in words, and what a sceptic and an enthusiast would say."""
    if not os.path.isfile(home / README):
        remedy = "Write it: who, what, against what, what is fitted and what assumed, and what the studies found."
        yield Problem(README, f"{home.name} has no {README} beside the model", remedy)
    if isinstance(found, Locked):
        return
    labels = {read_file(path).data.get("label") for path in _scenarios(home) if path.name != MODEL}
    for label in OVERLAYS:
        if label not in labels:
            remedy = f"Write {label}.yaml beside the model, with extends: {MODEL} and label: {label}."
            yield Problem(f"{label}.yaml", f"{home.name} has no {label} overlay", remedy)
    if found is not None:
        for path in sorted(home.glob("*.yaml")):
            if read_file(path).data.keys() >= {"observations", "fits"}:
                yield from calibration_file(path, found.sources)


def _fit(path: Path, found: Scenario | Locked) -> Fit:
    if isinstance(found, Locked):
        return Fit(path, found.file.label, found.sha256, 0, 0, found.to_be_checked, locked=True)
    checked = tuple(to_be_checked(found))
    return Fit(path, found.model.label, found.sha256, len(numbers(found)), len(assumed(found)), checked)
