"""Fitted numbers: no stronger than the weakest observation behind them, and what was recalled stays marked."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from costmodel.analysis.calibration.file import CalibrationFile, FitBlock, Observation, Prior
from costmodel.errors import InputError, Problem, nearest
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.origin import label_of
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.read import Keys, Tree, read_file
from costmodel.scenario.schema import Source
from costmodel.scenario.used import is_recalled

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
        if recalled and not is_recalled(scenario, name):
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
        mark = [("recalled", value)] if is_recalled(scenario, value) else []
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
