"""Are scenarios fit to publish? Every number with its source and standing, and nothing recalled unsaid.

A measured spread (se, se_log, ci95, counts, of_users, quantiles, a plausible range) carries its source and
standing from its record. A judged one (cv, effective_size, mode, the range of a uniform, pert or triangular) does not:
unless the whole record is an assumption, an assumption stands among its sources, or its note speaks of the spread.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from costmodel.analysis.calibration.file import FitBlock, Observation, is_calibration, read_calibration, unfounded
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.distributions import ENDED
from costmodel.page import Column, Page, Paged, Table
from costmodel.scenario.build import Scenario
from costmodel.scenario.joint import SynthesisLabel, label_of
from costmodel.scenario.load import MODEL, Locked, Refused, kind_of, load
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.read import Keys, Tree, read_file
from costmodel.scenario.setting import home

__all__ = ["Fit", "Population", "Publication", "published", "published_all"]

README = "README.md"
OVERLAYS = ("cautious", "favourable")
"""Labels of the overlays that stand beside every model."""
SPREADS = r"parameters\.([^.]+)\.(value|moved_to|cv|effective_size|se|se_log|ci95|range|mode)"
Fault = tuple[Keys, str, str]
"""Where in a file, what is wrong, and what to do."""
COLUMNS = (
    Column("population", "population"), Column("labels", "files", right=False), Column("numbers", "numbers", "count"),
    Column("assumed", "assumed", "count"), Column("to_be_checked", "to be checked", "count"),
    Column("verdict", "fit to publish", right=False, width=40),
)  # fmt: skip


def numbers(scenario: Scenario) -> list[str]:
    """Parameters that hold a number of their own; constants are none that anybody must have seen."""
    records = scenario.parameters.items()
    return [name for name, record in records if record.kind in ("value", "joint") and not record.constant]


def _placed(tree: Tree, faults: Iterable[Fault]) -> list[Problem]:
    return [Problem(str(tree.place(keys)), found, remedy) for keys, found, remedy in faults]


def _unsourced(scenario: Scenario) -> Iterator[Fault]:
    """Numbers without source or status, spreads without a word, assumptions that nobody owns up to."""
    for name in numbers(scenario):
        record, at = scenario.parameters[name], ("parameters", name)
        assumed = any(scenario.sources[source].status == "assumption" for source in record.sources)
        for key in ("source", "status"):
            if not getattr(record, key):
                yield (
                    at,
                    f"{name}: the {key} is missing",
                    f"Give it a {key}: a figure without one is not fit to publish.",
                )
        if record.status == "assumption" and record.sources and not assumed:
            remedy = "Add an entry with an id that begins with A to the sources file, and name it."
            yield at, f"{name}: the status is assumption and no source is one", remedy
        if record.judged and record.status != "assumption" and not assumed:
            found = f"the {' and '.join(record.judged)} is a judgement, and the status of the record is {record.status}"
            remedy = "Name an assumption (an id that begins with A) for the spread, or say in the note what it is of."
            yield at, f"{name}: {found}", remedy
    for group, block in scenario.model.groups.items():
        if block.correlation is not None:
            remedy = "Fit the members together in a calibration file, or leave the correlation out."
            yield ("groups", group), f"{group}: the correlation has no source and no status", remedy


def _moved(scenario: Scenario) -> Iterator[Fault]:
    """Numbers that an overlay moves without saying on whose word."""
    named = {(change.by, change.path) for change in scenario.changes}
    for change in scenario.changes:
        match = re.fullmatch(SPREADS, change.path)
        if match is None or (change.by, f"parameters.{match[1]}.source") in named:
            continue
        name, key = match.groups()
        if key == "range" and scenario.parameters[name].distribution not in ENDED:
            continue
        keys = [("parameters", name, "moved_to"), ("parameters", name, key)]
        yield (
            next((one for one in keys if one in scenario.tree.places), keys[1]),
            f"{name}: the {key} is changed and its source is still that of the old one",
            f"Change parameters.{name}.source too: say on whose word, or name an assumption.",
        )


def _unlabelled(scenario: Scenario) -> Iterator[Fault]:
    """Effects and tables whose source was recalled, while nothing that a reader sees says so."""

    def faults(keys: Keys, source: str, marked: bool, found: str, remedy: str, status: str = "read") -> Iterator[Fault]:
        if source not in scenario.sources:
            yield keys, f'there is no source "{source}"', "Add it to the sources file."
        elif "recalled" in (status, scenario.sources[source].status) and not marked:
            yield keys, found, remedy

    for name, channel in scenario.setting.channels.items():
        ours = channel != home().channels.get(name)
        if ours and channel.unmeasured and channel.unmeasured.source not in scenario.sources:
            found = f'channel {name} of the setting: there is no source "{channel.unmeasured.source}"'
            yield ("setting",), found, "Add it to the sources file."
    for structure in scenario.structures:
        for strategy, block in structure.model.strategies.items():
            for name, effect in block.effects.items():
                source, size = effect.estimand.source, str(effect.size)
                yield from faults(
                    ("strategies", strategy, "effects", name, "estimand", "source"),
                    source,
                    any(scenario.is_recalled(one) for one in scenario.behind([size])),
                    f"the effect rests on {source}, which is recalled, and {size} is not marked",
                    f'Name {source} among the sources of {size}, so that "to be checked" appears.',
                )
    remedy = "Check the table at its source first: nothing shows the reader that it is to be checked."
    own = {("strategies", name, "matrices"): one.matrices for name, one in scenario.model.strategies.items()}
    for key, table in ({("matrices",): scenario.model.matrices} | own).items():
        if table is not None:
            found = "the table of probabilities is recalled"
            yield from faults((*key, "source"), table.source, False, found, remedy, table.status)


def _fitted(scenario: Scenario) -> Iterator[Fault]:
    """Joint parameters that claim to be better known than what they were fitted to."""
    for name, record in scenario.parameters.items():
        leaf = scenario.leaves.get(name)
        if leaf is None or leaf.posterior is None:
            continue
        at, path = ("parameters", name, "joint"), leaf.posterior[0]
        label = label_of(scenario.posteriors[path], path.name)
        if label is None:
            continue
        try:
            standings: list[tuple[str, str]]
            if isinstance(label, SynthesisLabel):
                standings = [(label.status, "its trials"), *(("recalled", f"row {one}") for one in label.recalled)]
            else:
                standings = list(_standings(scenario, name, *_fit_of(path.parent / label.file, label.fit)))
        except InputError as error:
            found = f"{name}: what it was fitted to cannot be read ({error.problems[0].found})"
            yield at, found, f"{path.name} names {label.file or 'no calibration file'}: put it there."
            continue
        weakest, because = max(standings, key=lambda one: STRENGTH.index(one[0]), default=("read", ""))
        if record.status and STRENGTH.index(record.status) < STRENGTH.index(weakest):
            found = f'{name}: the status is "{record.status}" and the fit rests on what is {weakest} ({because})'
            yield at, found, f"Its status is {weakest} at best."
        recalled = [because for standing, because in standings if standing == "recalled"]
        if recalled and not scenario.is_recalled(name):
            remedy = 'Set its status to recalled, or name the source, so that "to be checked" appears.'
            yield at, f"{name}: it rests on what is recalled ({recalled[0]}) and is not marked", remedy


def _standings(
    scenario: Scenario, name: str, block: FitBlock, used: Mapping[str, Observation]
) -> Iterator[tuple[str, str]]:
    """How what lies behind a fitted number is known, with the name of each."""
    if name in block.held and block.held[name] in scenario.parameters:
        value = block.held[name]
        yield scenario.status(value), value
        if scenario.is_recalled(value):
            yield "recalled", value
        return
    for observation, row in used.items():
        yield row.status, f"the share of {observation}"
        yield row.n_status or row.status, f"the number of people of {observation}"
        for source in {row.source, row.n_source or row.source} & scenario.sources.keys():
            if scenario.sources[source].status == "recalled":
                yield "recalled", source


def _fit_of(path: Path, fit: str) -> tuple[FitBlock, Mapping[str, Observation]]:
    """A fit of a calibration file and the observations that it uses. Raises InputError if they are not there."""
    file, _ = read_calibration(path)
    if fit not in file.fits:
        raise InputError.at(path.name, f'there is no fit "{fit}"', nearest(fit, file.fits))
    block = file.fits[fit]
    seen = list(file.observations) if block.observations is None else block.observations
    if missing := [name for name in seen if name not in file.observations]:
        raise InputError.at(path.name, f'there is no observation "{missing[0]}"', "Check the fit.")
    return block, {name: file.observations[name] for name in seen}


@dataclass(frozen=True)
class Fit:
    """A file that is fit to publish.

    numbers: parameters with a number of their own. assumed, to_be_checked: those behind the answer that are; of a
    locked scenario, findings.
    """

    file: str
    label: str
    sha256: str
    locked: bool
    numbers: int
    assumed: int
    to_be_checked: tuple[str, ...]


@dataclass(frozen=True)
class Population:
    """A folder: its files that are fit to publish, and what is wrong with the others."""

    name: str
    files: tuple[Fit, ...]
    problems: tuple[Problem, ...]

    @property
    def record(self) -> dict[str, Any]:
        """Its row: the numbers of its model, what is to be checked in any file, and whether it is fit."""
        base = self.files[0] if self.files else None
        verdict = f"no, {len(self.problems)} problem{'s' * (len(self.problems) != 1)}" if self.problems else "yes"
        if base and base.locked and not self.problems:
            verdict = "yes; locked, its refusal is sourced"
        return {
            "population": self.name,
            "labels": ", ".join(file.label for file in self.files),
            "numbers": base and base.numbers,
            "assumed": base and base.assumed,
            "to_be_checked": len({name for file in self.files for name in file.to_be_checked}),
            "verdict": verdict,
        }


@dataclass(frozen=True, repr=False)
class Publication(Paged):
    """Which populations are fit to publish."""

    populations: tuple[Population, ...]

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong."""
        return [problem for population in self.populations for problem in population.problems]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each population."""
        return pd.DataFrame([population.record for population in self.populations]).astype(object)

    def page(self) -> Page:
        """A table; a program reads every file and problem too."""
        populations = [
            {
                "name": one.name,
                "fit": not one.problems,
                "files": [vars(file) for file in one.files],
                "problems": [vars(problem) for problem in one.problems],
            }
            for one in self.populations
        ]
        data = {"schema": "costmodel/publish/1", "populations": populations}
        return Page("What is fit to publish", (Table(self.frame, COLUMNS, name="publication"),), data=data)


def published(path: Path) -> Publication:
    """A scenario that is fit to publish. Raises InputError with every problem of the file and of its folder."""
    found = _population(path.resolve().parent, [path])
    if found.problems:
        raise InputError(*found.problems)
    return Publication((found,))


def published_all(folder: Path) -> Publication:
    """Every population below a folder with its overlays. Raises InputError if there is none."""
    homes = sorted(folder.iterdir()) if os.path.isdir(folder) else []
    found = [_population(home, paths) for home in homes if (paths := _scenarios(home))]
    if not found:
        raise InputError.at("SCENARIO", f"there is no scenario below {folder}", "Name a model file or an overlay.")
    return Publication(
        tuple(
            replace(one, problems=tuple(replace(p, place=f"{one.name}/{p.place}") for p in one.problems))
            for one in found
        )
    )


def _population(home: Path, paths: list[Path]) -> Population:
    """Some files of a folder, the model first."""
    fit: list[Fit] = []
    problems: list[Problem] = []
    base: Scenario | Locked | None = None
    for path in paths:
        one, wrong = _file(path)
        problems += wrong
        base = one if path == paths[0] else base
        if isinstance(one, Locked):
            fit.append(Fit(path.name, one.file.label, one.sha256, True, 0, 0, one.to_be_checked))
        elif one is not None and not wrong:
            counts = len(numbers(one)), len(one.assumed)
            fit.append(Fit(path.name, one.model.label, one.sha256, False, *counts, one.to_be_checked))
    problems += _folder(home, base)
    return Population(home.name, tuple(fit), tuple(dict.fromkeys(problems)))


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
    checks = (_unsourced, _moved, _unlabelled, _fitted)
    return scenario, [problem for check in checks for problem in _placed(scenario.tree, check(scenario))]


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
            if is_calibration(path):
                try:
                    yield from unfounded(*read_calibration(path), found.sources)
                except InputError as error:
                    yield from error.problems
