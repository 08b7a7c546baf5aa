"""The value of information in a scenario: what knowing more before deciding is worth, a person and a population."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from costmodel.analysis.voi_answer import UNUSED, Kind, Line, Population, Question, Subject, ValueOfInformation
from costmodel.errors import InputError, Problem, listed, made_by, nearest, number, one_of, shown, whole_number
from costmodel.model.block import discount_factors
from costmodel.model.draws import Values
from costmodel.model.run import SEED, checked_draws, run, values_of
from costmodel.result.decision import value_of_a_qaly
from costmodel.result.information import (
    Array,
    Worth,
    best_today,
    worth_of_all_inputs,
    worth_of_everything,
    worth_of_inputs,
    worth_of_structure,
)
from costmodel.result.payback import NOTHING
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.parameter import heading, steps

__all__ = [
    "DRAWS", "Line", "Population", "Question", "Subject", "ValueOfInformation", "question_of",
    "value_of_information", "voi",
]  # fmt: skip

DRAWS = 10_000
"""Draws of an analysis unless told otherwise."""
FEWEST_DRAWS = 100
FEW_DRAWS = 1_000
"""Below this number the reader is told that it is small."""
MOST_YEARS = 100
QUESTIONS = ("nmb", "cash")


def voi(
    scenario: Scenario, *, question: str = "nmb", perspective: str | None = None, threshold: float | None = None,
    groups: Mapping[str, Iterable[str]] | None = None, people_a_year: float | None = None, years: int | None = None,
    draws: int = DRAWS, seed: int = SEED, given: Mapping[str, Array] | None = None, workers: int | None = None,
) -> ValueOfInformation:  # fmt: skip
    """Run a scenario and value what knowing more about it is worth before deciding.

    question: `nmb` or `cash`; see `Question`. threshold: money per QALY, the setting's if left out.
    groups: parameters to be known together, by a name of one's own. people_a_year, years: for how many people
    one decides, both or neither. given, workers: as in `run`. Raises InputError for what does not exist or cannot be.
    """
    draws = checked_draws(draws)
    if draws < FEWEST_DRAWS:
        raise InputError.at("draws", f"{draws} draws cannot value information", f"At least {FEWEST_DRAWS}.")
    made_by("scenario", scenario, Scenario, "costmodel.load")
    _decision(question, threshold)
    perspective = scenario.setting.asked(perspective)
    _population(scenario, people_a_year, years)
    _groups(groups)
    result = run(scenario, draws=draws, seed=seed, given=given, workers=workers)
    return value_of_information(result, question, perspective, threshold, groups, people_a_year, years)


def value_of_information(
    result: Result, question: str = "nmb", perspective: str | None = None, threshold: float | None = None,
    groups: Mapping[str, Iterable[str]] | None = None, people_a_year: float | None = None, years: int | None = None,
    horizon_months: float | None = None,
) -> ValueOfInformation:  # fmt: skip
    """As `voi`, of a run that was made; horizon_months: one of its horizons, the longest if left out."""
    decision = question_of(result, question, perspective, threshold, horizon_months)
    population = _population(result.scenario, people_a_year, years)
    benefits, weights = decision.net_benefits(result), result.weights
    draws = benefits.shape[-1]
    values = values_of(result, draws)
    subjects, warnings = subjects_of(result.scenario, values, _groups(groups))
    for subject in subjects:
        if len(subject.members) >= draws:
            wanting = f"{subject.name} has {len(subject.members)} inputs, and there are {draws:,} draws"
            raise InputError.at("draws", wanting, "There must be more draws than inputs of a group.")
    lines = [Line(Subject("everything", "everything", "Everything"), worth_of_everything(benefits, weights))]
    if len(weights) > 1:
        structures = " or ".join(structure.label for structure in result.scenario.readings)
        structure = Subject("structure", "structure", "Which structure is true", words=structures)
        inputs = Subject("inputs", "inputs", "Every input, but not the structure")
        lines.append(Line(structure, worth_of_structure(benefits, weights)))
        lines.append(Line(inputs, worth_of_all_inputs(benefits, weights)))
    found = worths(result.scenario, values, benefits, weights, subjects)
    lines += sorted(found, key=lambda line: (line.subject.kind, -line.worth.value))
    if draws < FEW_DRAWS:
        warnings.append(f"{draws:,} draws are few: {FEW_DRAWS:,} or more give steadier values")
    if draws < result.draws:
        warnings.append(f"the first {draws:,} of {result.draws:,} draws are looked at one by one")
    today = best_today(benefits, weights)
    right = benefits[today] >= benefits.max(axis=0) - NOTHING
    return ValueOfInformation(
        result, decision, result.strategies[today], float(right.mean(axis=-1) @ weights), tuple(lines), draws,
        population, tuple(warnings),
    )  # fmt: skip


# What is asked


def question_of(
    result: Result, kind: str = "nmb", perspective: str | None = None, threshold: float | None = None,
    horizon_months: float | None = None,
) -> Question:  # fmt: skip
    """A question about a result; its threshold and its longest horizon where none is named.

    Raises InputError for names that do not exist, and for a threshold that the question does not have.
    """
    made_by("result", result, Result, "costmodel.run")
    threshold, perspective = _decision(kind, threshold), result.setting.asked(perspective)
    if kind == "nmb" and threshold is None:
        threshold = result.threshold
    horizon = len(result.horizons) - 1 if horizon_months is None else result.at(horizon_months)
    return Question("cash" if kind == "cash" else "nmb", perspective, threshold, horizon)


def _decision(kind: str, threshold: float | None) -> float | None:
    """The threshold that is named. Raises InputError for a question that there is not."""
    one_of("question", kind, QUESTIONS)
    if threshold is None:
        return None
    if kind == "cash":
        raise InputError.at("threshold", "the question of cash has no threshold", "Leave it out.")
    return value_of_a_qaly("threshold", threshold)


def _groups(groups: object) -> Mapping[str, list[str]]:
    """Members of each group by its name. Raises InputError for what is none."""
    if groups is not None and not isinstance(groups, Mapping):
        remedy = 'Give parameters by a name of your own: {"prices": ["session_price", "gp_visit"]}.'
        raise InputError.at("groups", f"{shown(groups)} does not say which parameters belong together", remedy)
    return {str(name): listed(f"group {name}", members) for name, members in (groups or {}).items()}


def _population(scenario: Scenario, people_a_year: float | None, years: int | None) -> Population | None:
    if people_a_year is None and years is None:
        return None
    if people_a_year is None or years is None:
        missing, there = ("population", "years") if people_a_year is None else ("years", "population")
        raise InputError.at(missing, f"{there} is given without it", "Give both, or neither for values per person.")
    people_a_year = number("population", people_a_year, wrong="no number of people a year")
    if people_a_year <= 0:
        raise InputError.at("population", f"{people_a_year:g} is no number of people a year", "A number above 0.")
    years = whole_number("years", years, 1, MOST_YEARS, wrong="no number of years")
    costs = scenario.setting.discount.costs
    rates = tuple((begin, scenario.value(rate)) for begin, rate in steps(scenario.parameters, costs))
    people = people_a_year * discount_factors(scenario, costs, scenario.value, np.arange(float(years))).sum()
    return Population(float(people_a_year), years, rates, float(people))


# What may be known


def uncertain(scenario: Scenario, values: Values) -> list[str]:
    """Inputs whose draws differ, in the order of the file; what is made of others is not among them."""
    return [name for name in scenario.parameters if name in scenario.leaves and np.ptp(values[name]) > 0]


def drawn_together(scenario: Scenario, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Of some inputs, those that share a posterior or a group of the scenario.

    By the group's name, or the posterior's file without ending (and its folder where two are alike).
    """
    wanted = list(names)
    fitted: dict[Path, tuple[str, ...]] = {}
    for name in wanted:
        if posterior := scenario.leaves[name].posterior:
            fitted[posterior[0]] = (*fitted.get(posterior[0], ()), name)
    stems = [path.stem for path in fitted]
    found = {
        path.stem if stems.count(path.stem) == 1 else f"{path.parent.name}/{path.stem}": members
        for path, members in fitted.items()
    }
    for name, group in scenario.model.groups.items():
        found[name] = tuple(member for member in wanted if member in group.members)
    return {name: members for name, members in found.items() if len(members) > 1}


def subjects_of(
    scenario: Scenario, values: Values, asked: Mapping[str, Iterable[str]]
) -> tuple[list[Subject], list[str]]:
    """Inputs fitted together, those under one heading, groups that are asked for, each uncertain input; and warnings.

    A group with fewer than two uncertain inputs, or with the same inputs as one before it, is left out unless asked
    for. Raises InputError naming the group and the parameter that is not one.
    """
    names, needed = uncertain(scenario, values), set(scenario.used)
    used = [name for name in names if name in needed]
    together = drawn_together(scenario, used)
    found = [Subject("group", file, f"Fitted together: {file}", members) for file, members in together.items()]
    headings: dict[str, tuple[str, ...]] = {}
    for name in used:
        title = heading(scenario.parameters[name])
        headings[title] = (*headings.get(title, ()), name)
    for title, members in headings.items():
        if len(members) > 1 and set(members) not in [set(group.members) for group in found]:
            found.append(Subject("group", title, title, members))
    wanted, warnings = _asked(scenario, values, asked)
    taken = {subject.name for subject in wanted}
    found = [*(subject for subject in found if subject.name not in taken), *wanted]
    fitted = {name for members in drawn_together(scenario, names).values() for name in members}
    for name in names:
        words = UNUSED if name not in needed else ""
        if name in fitted and not words:
            words = "drawn together with others: what it says of them is counted"
        found.append(Subject("parameter", name, scenario.parameters[name].label, (name,), words))
    return found, warnings


def _asked(scenario: Scenario, values: Values, asked: Mapping[str, Iterable[str]]) -> tuple[list[Subject], list[str]]:
    """Groups that are asked for, and warnings."""
    found, warnings, problems = [], [], []
    for group, members in asked.items():
        place, chosen = f"group {group}", tuple(dict.fromkeys(members))
        if not chosen:
            problems.append(Problem(place, "it is empty", "Name one or more parameters."))
        if group in scenario.parameters or group in get_args(Kind):
            what = "a parameter" if group in scenario.parameters else "a line of the answer"
            problems.append(Problem(place, f"{what} has this name", "Choose another."))
        for name in chosen:
            if name not in scenario.parameters:
                remedy = nearest(str(name), scenario.parameters)
                problems.append(Problem(place, f'there is no parameter "{name}"', remedy))
            elif name not in values:
                made_of = ", ".join(scenario.parameters[name].operands)
                problems.append(Problem(place, f'"{name}" has no single value', f"Name what it is made of: {made_of}."))
            elif np.ptp(values[name]) == 0:
                warnings.append(f"group {group}: {name} is held fixed, so that knowing it is worth nothing")
        found.append(Subject("group", group, group, chosen))
    if problems:
        raise InputError(*problems)
    return found, warnings


# What it is worth


def worths(scenario: Scenario, values: Values, benefits: Array, weights: Array, subjects: list[Subject]) -> list[Line]:
    """What each subject is worth. Who knows a group knows its parts: a group is worth at least what they are.

    Each is estimated on its own. Where chance makes a part look worth more than the whole, the whole takes the part's
    value, so that values never fall as a parameter joins.
    """
    varying = frozenset(uncertain(scenario, values))

    def alone(subject: Subject) -> Worth:
        inputs = [np.asarray(values[name]) for name in subject.members if np.ptp(values[name]) > 0]
        if subject.words == UNUSED or not inputs:
            return Worth(0.0, 0.0)
        if varying <= set(subject.members):
            return worth_of_all_inputs(benefits, weights)
        return worth_of_inputs(benefits, weights, np.array(inputs))

    lines = [Line(subject, alone(subject)) for subject in subjects]
    found = []
    for line in lines:
        larger = [one for one in lines if one.worth.value > line.worth.value]
        parts = [one for one in larger if _says_as_much(scenario, varying, line.subject, one.subject)]
        best = max(parts, key=lambda one: one.worth.value, default=line)
        found.append(replace(line, worth=best.worth))
    return found


def _says_as_much(scenario: Scenario, varying: Set[str], whole: Subject, part: Subject) -> bool:
    """Whether who knows the members of `whole` knows those of `part` too. varying: the uncertain inputs."""
    known = set(whole.members)
    return known.issuperset(varying & set(scenario.behind(set(part.members) - known)))
