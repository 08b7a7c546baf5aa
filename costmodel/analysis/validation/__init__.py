"""Every target beside what its population's model predicts."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from costmodel.analysis.calibration.file import is_calibration, read_calibration
from costmodel.analysis.validation import scores
from costmodel.analysis.validation.page import HIT, NO_MODEL, PREDICTED, Judged, Validation
from costmodel.analysis.validation.question import (
    Answers,
    Array,
    Parts,
    draws_of,
    prediction,
    problems,
    utility_choices,
)
from costmodel.analysis.validation.scores import Prediction, Score, Scores, distance
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
from costmodel.synthesis import synthesise
from costmodel.synthesis.file import FILE, FOLDER, read_synthesis

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
    is not a file as it stands nothing scores. Scores are of all populations together, where the file has stages.
    Raises InputError where the validation file is faulty, has no such population, or counts as prediction what a model
    has used.
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
    ask = _Ask(declared, draws, seed, changed, progress)
    judged = ask(rows)
    whole = population is None and declared.stages and changed is None
    scored, stages = _scores(ask, judged) if whole else (None, {})
    if progress:
        progress("Asking the models", ask.done, ask.done)
    return Validation(tuple(judged[name] for name in rows), draws, seed, scored, stages)


def _scores(ask: "_Ask", judged: Mapping[str, Judged]) -> tuple[Scores, dict[str, dict[str, Judged]]]:
    """The scores of every stage, and what it says of every target that counts, by its label and the target's name.

    judged: the rows of the file, which are not run again where a stage asks the same.
    """
    declared = ask.declared
    path = declared.path.parent / FOLDER / FILE
    evidence = read_synthesis(path) if os.path.exists(path) else None
    if found := list(scores.problems(declared, evidence)):
        raise InputError(*found)
    counted = {name: row for name, row in declared.rows.items() if any(scores.counts(row, one) for one in scores.ROLES)}
    known = {_question(declared.rows[name]): one for name, one in judged.items()}
    table: list[Score] = []
    missing, stages = {}, {}
    for stage in declared.stages:
        asked = {}
        for name, row in counted.items():
            if name in stage.rows:  # the question is another's; what was observed, by whom and how surely, is its own
                own = {"trial": row.trial, "error": row.standard_error}
                asked[name] = declared.rows[stage.rows[name]].model_copy(update=own)
            else:
                asked[name] = row.model_copy(update={"scenario": stage.file(row.population, row.scenario)})
        known |= {
            _question(asked[name]): one
            for name, one in ask({name: row for name, row in asked.items() if _question(row) not in known}).items()
        }
        stages[stage.label] = {name: known[_question(row)] for name, row in asked.items()}
        far = {name: one.distance for name, one in stages[stage.label].items() if one.distance is not None}
        missing[stage.label] = tuple(name for name in counted if name not in far)
        table += scores.by_stage(stage.label, counted, far)
    table += scores.of_synthesis(synthesise(path)) if evidence else ()
    return Scores(tuple(table), missing), stages


def _question(row: Target) -> str:
    """What a row asks of which file, and what was observed."""
    return repr(row.model_copy(update=dict.fromkeys(("label", "role", "why", "counts_as", "used", "since", "width"))))


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


@dataclass
class _Ask:
    """Asks models what rows say. changed: a scenario in the place of its file. done: groups of rows that were asked."""

    declared: Declared
    draws: int
    seed: int
    changed: Scenario | None
    progress: Progress | None
    done: int = 0

    def __call__(self, rows: Mapping[str, Target]) -> dict[str, Judged]:
        """Each row with what its model says."""
        groups: dict[Group, dict[str, Target]] = defaultdict(dict)
        for name, row in rows.items():
            groups[row.population, row.scenario, row.stratum, row.utility_set][name] = row
        judged: dict[str, Judged] = {}
        for at, (group, asked) in enumerate(groups.items()):
            if self.progress:
                self.progress("Asking the models", self.done, self.done + len(groups) - at)
            judged |= {one.name: one for one in self._group(group, asked)}
            self.done += 1
        return judged

    def _group(self, group: Group, rows: Mapping[str, Target]) -> Iterator[Judged]:
        """Rows that one variant of a scenario answers."""
        population, file, stratum, option = group
        asked = {name: row for name, row in rows.items() if row.outcome != "none"}
        yield from (Judged(name, row) for name, row in rows.items() if name not in asked)
        path, changed = self.declared.path.parent / population / file, self.changed
        if not asked:
            return
        if changed is None and not os.path.exists(path):
            yield from (Judged(name, row, verdict=NO_MODEL) for name, row in asked.items())
            return
        try:
            scenario = changed or load(path)
        except InputError as error:
            said = str(error.problems[0])
            yield from (Judged(name, row, verdict=CANNOT, remark=said) for name, row in asked.items())
            return
        able = {}
        for name, row in asked.items():
            if row.time and row.months:
                row = row.model_copy(update={"time": on_the_clock(scenario.model, row.time.text)})
            if found := list(problems(partial(self.declared.place, name), row, scenario)):
                yield Judged(name, row, verdict=CANNOT, remark=" ".join(map(str, found)))
            else:
                able[name] = row
        if not able:
            return
        as_declared = changed is None or _is_file(changed, file)
        seen = _Seen(scenario)
        remarks = {name: seen.remark(row, as_declared) for name, row in able.items()}
        for name, row in able.items():
            if row.counts_as == scores.PREDICTION and as_declared and (used := seen.used(row)):
                place = self.declared.place(name, "counts_as")
                raise InputError.at(place, f"{used}, which {file} uses", f"Write counts_as: {scores.SAME_TRIAL}.")
        if stratum:
            scenario = scenario.stratum(stratum)
        if option:
            scenario = scenario.changed(utility_choices(scenario, option), by="validate")
        answers = Answers(scenario, tuple(able.values()), self.draws, self.seed)
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
    far = None
    if row.standard_error is not None and row.trial:
        beside = answers.unchanged(row), answers.of_comparator(row)
        values = draws_of(kind, parts, answers.scenario.model.horizon.months)
        far = distance(row.middle, row.standard_error, figure, weights, values, *beside)
    return Judged(name, row, figure, readings, words, remark, far)


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
    figures = {key: getattr(row, key) for key in ("observed", "low", "high", "tolerance", "width", "error")}
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

    def used(self, row: Target) -> str:
        """Of which input or fit what a row observed is a source; empty where it is none."""
        each = ((sorted(_observations(row) & ids), place) for place, ids in self.ids)
        return next((f"{', '.join(found)} is {place}" for found, place in each if found), "")

    def remark(self, row: Target, as_declared: bool) -> str:
        """Why a row does not score, or was not fitted although it is declared to be; empty where neither is so."""
        if row.role == PREDICTED and (used := self.used(row)):
            return f"{NOT_PREDICTED} {used}."
        asked = "" if as_declared else f"Asked of {self.path.name} in the place of {row.scenario}: it does not score."
        if row.role == "fitted" and self.fitted is not None and not _observations(row) & self.fitted:
            return "The fit of this scenario did not see it."
        return asked if row.role == PREDICTED else ""


def _observations(row: Target) -> set[str]:
    """The ids of what a row observed."""
    return {one for one in [*row.sources, *row.same_as] if not one.startswith(ASSUMPTION)}
