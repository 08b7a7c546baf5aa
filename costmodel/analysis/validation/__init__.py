"""Every target beside what its population's model predicts."""

import os
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from costmodel.analysis.calibration.file import is_calibration, read_calibration
from costmodel.analysis.validation.page import HIT, NO_MODEL, PREDICTED, Judged, Prediction, Validation
from costmodel.analysis.validation.question import (
    Answers,
    Array,
    Parts,
    prediction,
    problems,
    utility_choices,
)
from costmodel.analysis.validation.target import MONEY, Declared, Target, read_validation
from costmodel.currency import Currency
from costmodel.errors import InputError, can_be_called, made_by, nearest, path_of
from costmodel.inputs.draws import checked_seed
from costmodel.inputs.prices import factor
from costmodel.model.run import DRAWS, SEED, Progress, checked_draws
from costmodel.result.outcomes import KEPT_DRAWS
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import on_the_clock
from costmodel.scenario.load import MODEL, catalogue, load

__all__ = ["HIT", "NO_MODEL", "VALIDATION_FILE", "Judged", "Validation", "targets_name", "validate"]

VALIDATION_FILE, FORMER_FILE = "validation.yaml", "trial.yaml"
CANNOT, VOID = "cannot be asked", "void"
OUTSIDE, WIDE, OUTSIDE_AND_WIDE = "miss: outside", "miss: too wide", "miss: outside, too wide"
ASSUMPTION = "A"
"""Ids that begin so name assumptions of the project, not observations."""
Group = tuple[str, str, str | None, str | None]
"""Rows that one variant of a scenario answers: population, file, stratum, set of utilities."""


def validate(
    folder: str | Path | None = None,
    population: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    progress: Progress | None = None,
    *,
    scenario: Scenario | None = None,
) -> Validation:
    """Lay what studies found beside what the models predict, for every population or one.

    folder: of the scenarios, with the validation file; the catalogue's if None. draws: of which the first 10,240 are
    asked. scenario: of the population, which both default to; it is asked in the place of its model file, and where it
    is not a file as it stands nothing scores. Raises InputError where the validation file is faulty or has no such
    population.
    A row whose population, file, strategy or state does not exist says so and does not score.
    """
    draws, seed = min(checked_draws(draws, 2), KEPT_DRAWS), checked_seed(seed)
    can_be_called("progress", progress)
    if scenario is not None:
        own = made_by("scenario", scenario, Scenario, "costmodel.load").path.resolve().parent
        folder, population = folder or own.parent, population or own.name
    home = catalogue() if folder is None else path_of("folder", folder)
    _refuse_former(home, population)
    if not os.path.lexists(home / VALIDATION_FILE):
        found = "the file cannot be opened: the folder of scenarios has none"
        raise InputError.at(VALIDATION_FILE, found, "It says what studies found, see docs/format.md.")
    declared = read_validation(home / VALIDATION_FILE)
    rows = {name: row for name, row in declared.rows.items() if population in (None, row.population)}
    if not rows:
        known = {row.population for row in declared.rows.values()}
        found = f'no target names the population "{population}"'
        raise InputError.at(VALIDATION_FILE, found, nearest(str(population), sorted(known)))
    changed = scenario if scenario and not _is_file(scenario, MODEL) else None
    if changed:
        rows = {name: row for name, row in rows.items() if row.scenario in (MODEL, changed.path.name)}
    groups: dict[Group, list[str]] = defaultdict(list)
    for name, row in rows.items():
        groups[row.population, row.scenario, row.stratum, row.utility_set].append(name)
    judged: dict[str, Judged] = {}
    for done, (group, names) in enumerate(groups.items()):
        if progress:
            progress("Asking the models", done, len(groups))
        for one in _group(declared, group, names, draws, seed, changed):
            judged[one.name] = one
    if progress:
        progress("Asking the models", len(groups), len(groups))
    return Validation(tuple(judged[name] for name in rows), draws, seed)


def targets_name(folder: Path, population: str) -> bool:
    """Whether a folder of scenarios has a validation file with a target for a population."""
    path = path_of("folder", folder) / VALIDATION_FILE
    return os.path.exists(path) and any(row.population == population for row in read_validation(path).rows.values())


def _is_file(scenario: Scenario, name: str) -> bool:
    """Whether a scenario is what a file of this name holds, as it stands."""
    return scenario.path.name == name and load(scenario.path).sha256 == scenario.sha256


def _refuse_former(home: Path, population: str | None) -> None:
    """Raise InputError where a population has the file of rows that it had before version 0.2.0."""
    for path in [home / str(population) / FORMER_FILE] if population else sorted(home.glob(f"*/{FORMER_FILE}")):
        if os.path.lexists(path):
            found = f"what a trial observed stands among the rows of {VALIDATION_FILE} since version 0.2.0"
            remedy = f"Move its rows there, each with population: {path.parent.name} and why; then delete this file."
            raise InputError.at(f"{path.parent.name}/{FORMER_FILE}", found, remedy)


def _group(
    declared: Declared, group: Group, names: list[str], draws: int, seed: int, changed: Scenario | None
) -> Iterator[Judged]:
    """Rows that one variant of a scenario answers. changed: in the place of their file."""
    population, file, stratum, option = group
    asked = [name for name in names if declared.rows[name].outcome != "none"]
    yield from (Judged(name, declared.rows[name]) for name in names if name not in asked)
    path = declared.path.parent / population / file
    if not asked:
        return
    if changed is None and not os.path.exists(path):
        yield from (Judged(name, declared.rows[name], verdict=NO_MODEL) for name in asked)
        return
    try:
        scenario = changed or load(path)
    except InputError as error:
        said = str(error.problems[0])
        yield from (Judged(name, declared.rows[name], verdict=CANNOT, remark=said) for name in asked)
        return
    able = {}
    for name in asked:
        row = declared.rows[name]
        if row.time and row.months:
            row = row.model_copy(update={"time": on_the_clock(scenario.model, row.time.text)})
        if found := list(problems(partial(declared.place, name), row, scenario)):
            yield Judged(name, row, verdict=CANNOT, remark=" ".join(map(str, found)))
        else:
            able[name] = row
    if not able:
        return
    as_declared = changed is None or _is_file(changed, file)
    seen = _Seen(scenario)
    remarks = {name: seen.remark(row, as_declared) for name, row in able.items()}
    if stratum:
        scenario = scenario.stratum(stratum)
    if option:
        scenario = scenario.changed(utility_choices(scenario, option), by="validate")
    answers = Answers(scenario, tuple(able.values()), draws, seed)
    for name, row in able.items():
        yield _judged(answers, name, row, remarks[name])


def _judged(answers: Answers, name: str, row: Target, remark: str) -> Judged:
    """A row with its prediction and, where it is predicted and nothing is remarked, its verdict."""
    weights, (row, threshold) = answers.weights, _priced(answers.scenario, row)
    kind, parts = answers.of(row, threshold)
    figure = prediction(kind, parts, weights)
    readings = {}
    if len(weights) > 1:
        for a, one in enumerate(answers.scenario.readings):
            readings[one.label] = prediction(kind, parts, np.eye(len(weights))[a])
    if remark.startswith(NOT_PREDICTED):
        return Judged(name, row, verdict=VOID, remark=remark)
    words = verdict(figure, row) if row.role == PREDICTED and not remark else ""
    if row.outcome == "greatest offset ratio":
        remark = f"{_ceiling(answers.scenario.setting.currency, row, parts, weights)} {remark}".rstrip()
    return Judged(name, row, figure, readings, words, remark)


def verdict(found: Prediction, row: Target) -> str:
    """Hit or miss of a predicted row, whose money is in the prices of the prediction.

    A hit lies within the tolerance of the figure, or of the range where there is none, and has an interval no wider
    than the width; both ends count as inside.
    """
    low, high = (row.low, row.high) if row.observed is None else (row.observed, row.observed)
    tolerance = row.tolerance or 0.0
    outside = not (low or 0.0) - tolerance <= found.value <= (high or 0.0) + tolerance
    wide = not found.width <= (row.width or 0.0)
    if outside:
        return OUTSIDE_AND_WIDE if wide else OUTSIDE
    return WIDE if wide else HIT


def _ceiling(currency: Currency, row: Target, parts: Parts, weights: Array) -> str:
    """What the greatest possible saving is made of, as means of the mixture."""
    money = currency.money
    each = (np.broadcast_to(parts[name], parts["years"].shape) for name in ("years", "year ill", "above", "below"))
    years, year, saved, paid = (float(weights @ part.mean(axis=1)) for part in each)
    if years <= 0 or paid <= 0:
        return "No time in these states is gained, or nothing is paid for therapy."
    return (
        f"Even if all that a year in the state {row.ill} costs ({money(year)}) ended with it, the {years:.2f} years "
        f"gained a person would save {money(saved)}, against {money(paid)} for the therapy."
    )


def _priced(scenario: Scenario, row: Target) -> tuple[Target, float]:
    """A row with its money in the money and price year of the setting, and its threshold there."""
    setting, rate = scenario.setting, row.currency.per_unit if row.currency else 1.0
    if row.index is not None and row.price_year not in (None, setting.price_year):
        rate *= factor(scenario.indices[row.index], str(row.price_year), setting.price_year)
    threshold = (row.threshold or 0.0) * rate
    if row.outcome not in MONEY or row.outcome == "chance cost-effective":
        return row, threshold
    figures = {key: getattr(row, key) for key in ("observed", "low", "high", "tolerance", "width")}
    now = {key: None if figure is None else figure * rate for key, figure in figures.items()}
    unit = " ".join([setting.currency.code, *row.unit.split()[1:]])
    return row.model_copy(update=now | {"unit": unit, "price_year": setting.price_year}), threshold


NOT_PREDICTED = "Not a prediction:"


class _Seen:
    """What a scenario has seen of the observations: those it was fitted to, and those that are sources of its inputs.

    ids: source ids, with what they are the source of. fitted: those of the fits on which the scenario rests; None
    where it rests on no fit of a calibration file in its folder.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.path = scenario.path
        self.ids: list[tuple[str, set[str]]] = []
        self.fitted: set[str] | None = None
        posteriors = {os.path.realpath(one) for one in scenario.posteriors}
        for path in sorted(self.path.parent.glob("*.yaml")):
            if is_calibration(path):
                file, _ = read_calibration(path)
                observed = {name: {name, one.source} for name, one in file.observations.items()}
                self.ids.append((f"an observation of {path.name}", set().union(*observed.values())))
                for fit in file.fits.values():
                    if os.path.realpath(path.parent / fit.output) in posteriors:
                        names = file.observations if fit.observations is None else fit.observations
                        self.fitted = (self.fitted or set()).union(*(observed[name] for name in names))
        self.ids += [(f"the source of {name}", set(record.sources)) for name, record in scenario.parameters.items()]
        for structure in scenario.structures:
            for strategy in structure.model.strategies.values():
                for name, effect in strategy.effects.items():
                    if effect.estimand is not None:
                        self.ids.append((f"the source of the effect {name}", {effect.estimand.source}))

    def remark(self, row: Target, as_declared: bool) -> str:
        """Why a row does not score, or was not fitted although it is declared to be; empty where neither is so."""
        observations = {one for one in [*row.sources, *row.same_as] if not one.startswith(ASSUMPTION)}
        if row.role == PREDICTED:
            for place, ids in self.ids:
                if found := sorted(observations & ids):
                    return f"{NOT_PREDICTED} {', '.join(found)} is {place}."
        asked = "" if as_declared else f"Asked of {self.path.name} in the place of {row.scenario}: it does not score."
        if row.role == "fitted" and self.fitted is not None and not observations & self.fitted:
            return "The fit of this scenario did not see it."
        return asked if row.role == PREDICTED else ""
