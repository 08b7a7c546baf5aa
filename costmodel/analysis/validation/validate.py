"""Every target beside what its population's model predicts."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from costmodel.analysis.trial.file import utility_choices
from costmodel.analysis.trial.measure import Array, measured
from costmodel.analysis.validation.answer import NO_MODEL, PREDICTED, Judged, Validation
from costmodel.analysis.validation.file import HOME, MONEY, Declared, Target, read_validation
from costmodel.analysis.validation.question import Question, problems, question
from costmodel.analysis.validation.verdict import already_seen, prediction, verdict
from costmodel.errors import InputError, can_be_called, nearest, path_of
from costmodel.inputs.datasets import factor, read_price_index
from costmodel.inputs.draws import checked_seed
from costmodel.model.activity import looking
from costmodel.model.run import DRAWS, SEED, checked_draws
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import catalogue, load

VALIDATION_FILE = "validation.yaml"
CANNOT, VOID = "cannot be asked", "void"
Progress = Callable[[str, int, int], None]
Group = tuple[str, str, str | None, str | None]
"""Rows that one variant of a scenario answers: population, file, stratum, set of utilities."""


def validate(
    folder: str | Path | None = None,
    population: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Validation:
    """Lay what studies found beside what the models predict, for every population or one.

    folder: of the scenarios, with the validation file; the catalogue's if None. Raises InputError where that is faulty
    or has no such population.
    A row whose population, file, strategy or state does not exist says so and does not score.
    """
    draws, seed = checked_draws(draws, 2), checked_seed(seed)
    can_be_called("progress", progress)
    home = catalogue() if folder is None else path_of("folder", folder)
    declared = read_validation(home / VALIDATION_FILE)
    rows = {name: row for name, row in declared.rows.items() if population in (None, row.population)}
    if not rows:
        known = {row.population for row in declared.rows.values()}
        found = f'no target names the population "{population}"'
        raise InputError.at(VALIDATION_FILE, found, nearest(str(population), sorted(known)))
    groups: dict[Group, list[str]] = defaultdict(list)
    for name, row in rows.items():
        groups[row.population, row.scenario, row.stratum, row.utility_set].append(name)
    judged: dict[str, Judged] = {}
    for done, (group, names) in enumerate(groups.items()):
        if progress:
            progress("Asking the models", done, len(groups))
        for one in _group(declared, group, names, draws, seed):
            judged[one.name] = one
    if progress:
        progress("Asking the models", len(groups), len(groups))
    return Validation(tuple(judged[name] for name in rows), draws, seed)


def targets_name(folder: Path, population: str) -> bool:
    """Whether a folder of scenarios has a validation file with a target for a population."""
    path = path_of("folder", folder) / VALIDATION_FILE
    return os.path.exists(path) and any(row.population == population for row in read_validation(path).rows.values())


def _group(declared: Declared, group: Group, names: list[str], draws: int, seed: int) -> Iterator[Judged]:
    population, file, stratum, option = group
    asked = [name for name in names if declared.rows[name].outcome != "none"]
    yield from (_unasked(name, declared.rows[name]) for name in names if name not in asked)
    path = declared.path.parent / population / file
    if not asked:
        return
    if not os.path.exists(path):
        yield from (_unasked(name, declared.rows[name], NO_MODEL) for name in asked)
        return
    try:
        scenario = load(path)
    except InputError as error:
        yield from (_unasked(name, declared.rows[name], CANNOT, str(error.problems[0])) for name in asked)
        return
    able = []
    for name in asked:
        row = declared.rows[name]
        place = partial(_place, declared, name)
        if found := list(problems(place, row, scenario)):
            yield _unasked(name, row, CANNOT, " ".join(map(str, found)))
        else:
            able.append(name)
    if not able:
        return
    rows = {name: declared.rows[name] for name in able}
    seen = {name: already_seen(row, scenario) for name, row in rows.items()}
    if stratum:
        scenario = scenario.stratum(stratum)
    if option:
        scenario = scenario.changed(utility_choices(scenario, option), by="validate")
    yield from _asked(scenario, rows, seen, draws, seed)


def _asked(
    scenario: Scenario, rows: Mapping[str, Target], seen: Mapping[str, str | None], draws: int, seed: int
) -> Iterator[Judged]:
    questions: dict[str, Question] = {}
    for name, row in rows.items():
        threshold = (row.threshold or 0.0) * _price_factor(scenario, row)
        questions[name] = question(scenario, row, threshold)
    measures = {f"{name} {part}": m for name, one in questions.items() for part, m in one.parts.items()}
    _, drawn = measured(scenario, measures, draws, seed)
    look = looking(scenario.central)
    weights = np.array([float(look(one.weight)) for one in scenario.readings])
    for name, row in rows.items():
        asked = questions[name]
        parts = {part: drawn[f"{name} {part}"] for part in asked.parts}
        yield _judged(scenario, name, row, asked, parts, weights, seen[name])


def _judged(
    scenario: Scenario, name: str, row: Target, asked: Question, parts: Mapping[str, Array], weights: Array,
    seen: str | None,
) -> Judged:  # fmt: skip
    is_money = row.outcome in MONEY and row.outcome != "chance cost-effective"
    scale = _price_factor(scenario, row) if is_money else 1.0

    def scaled(figure: float | None) -> float | None:
        return None if figure is None else figure * scale

    found = prediction(asked.kind, parts, weights)
    readings = {}
    if len(weights) > 1:
        for a, one in enumerate(scenario.readings):
            readings[one.label] = prediction(asked.kind, parts, np.eye(len(weights))[a])
    words, remark = "", ""
    if row.role == PREDICTED:
        words = verdict(found, _ends(row, scale), (row.tolerance or 0.0) * scale, (row.width or 0.0) * scale)
        if seen:
            words, remark = VOID, f"Not a prediction: {seen}."
    return Judged(
        name=name,
        target=row,
        observed=scaled(row.observed),
        low=scaled(row.low),
        high=scaled(row.high),
        unit=_in_pounds(row.unit) if is_money else row.unit,
        price_year=scenario.setting.price_year if is_money else row.price_year,
        tolerance=scaled(row.tolerance),
        width=scaled(row.width),
        figure=None if words == VOID else found,
        readings={} if words == VOID else readings,
        verdict=words,
        remark=remark,
    )


def _ends(row: Target, scale: float) -> tuple[float, float]:
    """Between what a prediction should lie, tolerance aside: the figure, or the range where there is only one."""
    if row.observed is not None:
        return row.observed * scale, row.observed * scale
    return (row.low or 0.0) * scale, (row.high or 0.0) * scale


def _unasked(name: str, row: Target, words: str = "", remark: str = "") -> Judged:
    figures = (row.observed, row.low, row.high)
    return Judged(
        name, row, *figures, row.unit, row.price_year, row.tolerance, row.width, None, {}, words, remark
    )  # fmt: skip


def _place(declared: Declared, name: str, key: str) -> str:
    return str(declared.tree.place(("rows", name, key)))


def _in_pounds(unit: str) -> str:
    return " ".join([HOME, *unit.split()[1:]])


def _price_factor(scenario: Scenario, row: Target) -> float:
    """What a unit of the source's money is in pounds of the setting's price year."""
    setting, rate = scenario.setting, row.currency.per_unit if row.currency else 1.0
    if row.price_year is None or row.index is None or row.price_year == setting.price_year:
        return rate
    folder = (scenario.tree.place(("setting",)).path.parent / scenario.model.setting).parent
    index = read_price_index(folder / setting.price_indices[row.index], row.index)
    return rate * factor(index, row.price_year, setting.price_year)
