"""Are scenarios fit to publish? Every number with its source and standing, and nothing recalled unsaid.

A measured spread (se, se_log, ci95, counts, of_users, quantiles, a plausible range) carries its source and
standing from its record. A judged one (cv, effective_size, mode, the range of a uniform, pert or triangular) does not:
unless the whole record is an assumption, an assumption stands among its sources, or its note speaks of the spread.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from costmodel.analysis.calibration.file import CalibrationFile, FitBlock, Observation, Prior
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.distributions import ENDED
from costmodel.scenario.blocks import MatricesBlock
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.load import Locked, Refused, kind_of, load
from costmodel.scenario.origin import label_of
from costmodel.scenario.parameter import STRENGTH, Parameter
from costmodel.scenario.read import Keys, Tree, read_file
from costmodel.scenario.schema import Source

__all__ = ["Fit", "Population", "published", "published_all"]

Said = tuple[str, str]


def numbers(scenario: Scenario) -> list[str]:
    """Parameters that hold a number of their own; constants are none that anybody must have seen."""
    return [
        name
        for name, record in scenario.parameters.items()
        if record.kind in ("value", "joint") and not record.constant
    ]


def unsourced(scenario: Scenario) -> Iterator[Problem]:
    """Numbers without source or status, spreads without a word, assumptions that nobody owns up to."""
    for name in numbers(scenario):
        at = str(scenario.tree.place(("parameters", name)))
        for found, remedy in (*_record(scenario.parameters[name]), *_owned(scenario, scenario.parameters[name])):
            yield Problem(at, f"{name}: {found}", remedy)
    for group, block in scenario.model.groups.items():
        if block.correlation is not None:
            yield Problem(
                str(scenario.tree.place(("groups", group))),
                f"{group}: the correlation has no source and no status",
                "Fit the members together in a calibration file, or leave the correlation out.",
            )


def _record(record: Parameter) -> Iterator[Said]:
    for key in ("source", "status"):
        if not getattr(record, key):
            yield f"the {key} is missing", f"Give it a {key}: a figure without one is not fit to publish."


def _owned(scenario: Scenario, record: Parameter) -> Iterator[Said]:
    assumed = any(scenario.sources[source].status == "assumption" for source in record.sources)
    if record.status == "assumption" and record.sources and not assumed:
        yield (
            "the status is assumption and no source is one",
            "Add an entry with an id that begins with A to the sources file, and name it.",
        )
    if record.judged and record.status != "assumption" and not assumed:
        yield (
            f"the {' and '.join(record.judged)} is a judgement, and the status of the record is {record.status}",
            "Name an assumption (an id that begins with A) for the spread, or say in the note what the spread is of.",
        )


def moved(scenario: Scenario) -> Iterator[Problem]:
    """Numbers that an overlay moves without saying on whose word."""
    named = {(change.by, change.path) for change in scenario.changes}
    for change in scenario.changes:
        match = re.fullmatch(
            r"parameters\.([^.]+)\.(value|moved_to|cv|effective_size|se|se_log|ci95|range|mode)", change.path
        )
        if match is None or (change.by, f"parameters.{match[1]}.source") in named:
            continue
        if match[2] == "range" and scenario.parameters[match[1]].distribution not in ENDED:
            continue
        keys = [("parameters", match[1], key) for key in ("moved_to", match[2])]
        at = str(scenario.tree.place(next((one for one in keys if one in scenario.tree.places), keys[1])))
        yield Problem(
            at,
            f"{match[1]}: the {match[2]} is changed and its source is still that of the old one",
            f"Change parameters.{match[1]}.source too: say on whose word, or name an assumption.",
        )


def unlabelled(scenario: Scenario) -> Iterator[Problem]:
    """Effects and tables whose source was recalled, while nothing that a reader sees says so."""
    for structure in scenario.structures:
        for strategy, block in structure.model.strategies.items():
            for name, effect in block.effects.items():
                keys = ("strategies", strategy, "effects", name)
                yield from _effect(scenario, keys, effect.estimand.source, str(effect.size))
    tables: dict[tuple[str, ...], MatricesBlock | None] = {("matrices",): scenario.model.matrices}
    tables |= {("strategies", name, "matrices"): one.matrices for name, one in scenario.model.strategies.items()}
    for key, table in tables.items():
        if table is not None:
            yield from _table(scenario, str(scenario.tree.place((*key, "source"))), table)


def _table(scenario: Scenario, at: str, table: MatricesBlock) -> Iterator[Problem]:
    if table.source not in scenario.sources:
        yield Problem(at, f'there is no source "{table.source}"', "Add it to the sources file.")
    elif "recalled" in (table.status, scenario.sources[table.source].status):
        remedy = "Check the table at its source first: nothing shows the reader that it is to be checked."
        yield Problem(at, "the table of probabilities is recalled", remedy)


def _effect(scenario: Scenario, keys: tuple[str, ...], source: str, size: str) -> Iterator[Problem]:
    at = str(scenario.tree.place((*keys, "estimand", "source")))
    if source not in scenario.sources:
        yield Problem(at, f'there is no source "{source}"', "Add it to the sources file.")
    elif scenario.sources[source].status == "recalled" and not any(
        scenario.is_recalled(name) for name in scenario.behind([size])
    ):
        yield Problem(
            at,
            f"the effect rests on {source}, which is recalled, and {size} is not marked",
            f'Name {source} among the sources of {size}, so that "to be checked" appears.',
        )


Sources = Mapping[str, Source]


def fitted(scenario: Scenario) -> Iterator[Problem]:
    """Joint parameters that claim to be better known than what they were fitted to."""
    for name, record in scenario.parameters.items():
        leaf = scenario.leaves.get(name)
        if leaf is None or leaf.posterior is None:
            continue
        at = str(scenario.tree.place(("parameters", name, "joint")))
        path = leaf.posterior[0]
        label = label_of(scenario.posteriors[path], path.name)
        if label is None:
            continue
        try:
            block, used = fit_of(path.parent / label.file, label.fit)
        except InputError as error:
            found = f"{name}: what it was fitted to cannot be read ({error.problems[0].found})"
            yield Problem(at, found, f"{path.name} names {label.file or 'no calibration file'}: put it there.")
            continue
        standings = _standings(scenario, name, block, used)
        weakest, because = max(standings, key=lambda one: STRENGTH.index(one[0]), default=("read", ""))
        if record.status and STRENGTH.index(record.status) < STRENGTH.index(weakest):
            yield Problem(
                at,
                f'{name}: the status is "{record.status}" and the fit rests on what is {weakest} ({because})',
                f"Its status is {weakest} at best.",
            )
        recalled = [because for standing, because in standings if standing == "recalled"]
        if recalled and not scenario.is_recalled(name):
            yield Problem(
                at,
                f"{name}: it rests on what is recalled ({recalled[0]}) and is not marked",
                'Set its status to recalled, or name the source, so that "to be checked" appears.',
            )


def _standings(
    scenario: Scenario, name: str, block: FitBlock, used: Mapping[str, Observation]
) -> list[tuple[str, str]]:
    """How what lies behind a fitted number is known, with the name of each."""
    if name in block.held and block.held[name] in scenario.parameters:
        value = block.held[name]
        mark = [("recalled", value)] if scenario.is_recalled(value) else []
        return [(scenario.status(value), value), *mark]
    found: list[tuple[str, str]] = []
    for observation, row in used.items():
        found.append((row.status, f"the share of {observation}"))
        found.append((row.n_status or row.status, f"the number of people of {observation}"))
        cited = {row.source, row.n_source or row.source} & scenario.sources.keys()
        found += [("recalled", source) for source in cited if scenario.sources[source].status == "recalled"]
    return found


def fit_of(path: Path, fit: str) -> tuple[FitBlock, Mapping[str, Observation]]:
    """A fit of a calibration file and the observations that it uses. Raises InputError if they are not there."""
    file, _ = _calibration(path)
    if fit not in file.fits:
        raise InputError.at(path.name, f'there is no fit "{fit}"', nearest(fit, file.fits))
    block = file.fits[fit]
    seen = list(file.observations) if block.observations is None else block.observations
    if missing := [name for name in seen if name not in file.observations]:
        raise InputError.at(path.name, f'there is no observation "{missing[0]}"', "Check the fit.")
    return block, {name: file.observations[name] for name in seen}


def calibration_file(path: Path, sources: Sources) -> Iterator[Problem]:
    """What a calibration file says without a source that exists, or claims to know better than that source."""
    try:
        file, tree = _calibration(path)
    except InputError as error:
        yield from error.problems
        return
    for name, row in file.observations.items():
        keys: Keys = ("observations", name)
        yield from _cited(tree, (*keys, "source"), name, (row.source,), row.status, sources)
        if row.n_source or row.n_status:
            word, cited = f"{name}, number of people", (row.n_source or row.source,)
            yield from _cited(tree, (*keys, "n"), word, cited, row.n_status or row.status, sources)
    for fit, block in file.fits.items():
        for name, free in block.free.items():
            yield from _prior(tree, ("fits", fit, "free", name, "prior"), f"{fit}, {name}", free.prior, sources)


def _prior(tree: Tree, keys: Keys, name: str, prior: Prior, sources: Sources) -> Iterator[Problem]:
    yield from _cited(tree, keys, f"the prior of {name}", prior.sources, prior.status, sources)


def _cited(
    tree: Tree, keys: Keys, name: str, cited: tuple[str, ...], status: str, sources: Sources
) -> Iterator[Problem]:
    at = str(tree.place(keys))
    for source in cited:
        if source not in sources:
            yield Problem(at, f'{name}: there is no source "{source}"', nearest(source, sources))
    known = [sources[source].status for source in cited if source in sources]
    best = min(known, key=STRENGTH.index, default=status)
    if STRENGTH.index(status) < STRENGTH.index(best):
        yield Problem(
            at, f'{name}: the status is "{status}" and its best source is "{best}"', "Say what the source is."
        )


def _calibration(path: Path) -> tuple[CalibrationFile, Tree]:
    tree = read_file(path)
    file, problems, _ = validate(CalibrationFile, tree)
    if file is None or problems:
        raise InputError(*problems)
    return file, tree


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
    checked = found.to_be_checked
    return Fit(path, found.model.label, found.sha256, len(numbers(found)), len(found.assumed), checked)
