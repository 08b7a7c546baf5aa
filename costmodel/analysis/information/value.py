"""The value of information in a scenario: what knowing more before deciding is worth, a person and a population."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.information.answer import Line, Population, ValueOfInformation
from costmodel.analysis.information.question import (
    UNUSED,
    Benefit,
    Subject,
    groups,
    question_of,
    says_as_much,
    single_inputs,
    uncertain,
)
from costmodel.analysis.psa.decision import value_of_a_qaly
from costmodel.errors import InputError, listed, made_by, number, one_of, shown, whole_number
from costmodel.model.draws import Values
from costmodel.model.run import SEED, checked_draws, run, values_of
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.information import (
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

Array = NDArray[np.float64]

DRAWS = 10_000
"""Draws of an analysis unless told otherwise."""
FEWEST_DRAWS = 100
FEW_DRAWS = 1_000
"""Below this number the reader is told that it is small."""
MOST_YEARS = 100


def voi(
    scenario: Scenario, *, question: str = "nmb", perspective: str = "nhs_pss", threshold: float | None = None,
    groups: Mapping[str, Iterable[str]] | None = None, people_a_year: float | None = None, years: int | None = None,
    draws: int = DRAWS, seed: int = SEED, given: Mapping[str, Array] | None = None, workers: int | None = None,
) -> ValueOfInformation:  # fmt: skip
    """Run a scenario and value what knowing more about it is worth before deciding.

    question: `nmb` or `cash`; see `Question`. threshold: GBP per QALY, the setting's if left out.
    groups: parameters to be known together, by a name of one's own. people_a_year, years: for how many people
    one decides, both or neither. given, workers: as in `run`. Raises InputError for what does not exist or cannot be.
    """
    draws = checked_draws(draws)
    if draws < FEWEST_DRAWS:
        raise InputError.at("draws", f"{draws} draws cannot value information", f"At least {FEWEST_DRAWS}.")
    made_by("scenario", scenario, Scenario, "costmodel.load")
    one_of("question", question, get_args(Benefit))
    one_of("perspective", perspective, PERSPECTIVES)
    if threshold is not None:
        value_of_a_qaly("threshold", threshold)
    _population(scenario, people_a_year, years)
    _groups(groups)
    asked = (question, perspective, threshold)
    return value_of_information(
        run(scenario, draws=draws, seed=seed, given=given, workers=workers), *asked, groups, people_a_year, years
    )


def value_of_information(
    result: Result, question: str = "nmb", perspective: str = "nhs_pss", threshold: float | None = None,
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
        lines += [
            Line(Subject("structure", "structure", "Which structure is true", words=structures),
                 worth_of_structure(benefits, weights)),
            Line(Subject("inputs", "inputs", "Every input, but not the structure"),
                 worth_of_all_inputs(benefits, weights)),
        ]  # fmt: skip
    found = worths(result.scenario, values, benefits, weights, subjects)
    for kind in ("group", "parameter"):
        of_kind = [line for line in found if line.subject.kind == kind]
        lines += sorted(of_kind, key=lambda line: -line.worth.value)
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


def perfect_information(result: Result, threshold: float, perspective: str = "nhs_pss") -> float:
    """Expected value of perfect information at a threshold in GBP per QALY, GBP per person, to the longest horizon."""
    benefits = question_of(result, "nmb", perspective, threshold).net_benefits(result)
    return worth_of_everything(benefits, result.weights).value


def subjects_of(
    scenario: Scenario, values: Values, asked: Mapping[str, Iterable[str]]
) -> tuple[list[Subject], list[str]]:
    """Every uncertain input, and every group; and warnings."""
    names = uncertain(scenario, values)
    together, warnings = groups(scenario, values, names, asked)
    return [*together, *single_inputs(scenario, names)], warnings


def worths(scenario: Scenario, values: Values, benefits: Array, weights: Array, subjects: list[Subject]) -> list[Line]:
    """What each subject is worth. Who knows a group knows its parts: a group is worth at least what they are.

    Each is estimated on its own. Where chance makes a part look worth more than the whole, the whole takes the part's
    value, so that values never fall as a parameter joins.
    """
    varying = frozenset(uncertain(scenario, values))
    lines = [Line(subject, _worth(scenario, values, benefits, weights, subject, varying)) for subject in subjects]
    found = []
    for line in lines:
        larger = [one for one in lines if one.worth.value > line.worth.value]
        parts = [one for one in larger if says_as_much(scenario, varying, line.subject, one.subject)]
        best = max(parts, key=lambda one: one.worth.value, default=line)
        found.append(replace(line, worth=best.worth))
    return found


def _worth(
    scenario: Scenario, values: Values, benefits: Array, weights: Array, subject: Subject, varying: frozenset[str]
) -> Worth:
    inputs = [np.asarray(values[name]) for name in subject.members if np.ptp(values[name]) > 0]
    if subject.words == UNUSED or not inputs:
        return Worth(0.0, 0.0)
    if varying <= set(subject.members):
        return worth_of_all_inputs(benefits, weights)
    return worth_of_inputs(benefits, weights, np.array(inputs))


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
    reference = scenario.setting.discount.costs
    rate = float(reference) if isinstance(reference, int) else float(scenario.central[reference])
    return Population(float(people_a_year), years, rate)
