"""Which decision information is for, and what may be learnt: single inputs, inputs drawn together, headings, groups."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.psa.decision import value_of_a_qaly
from costmodel.errors import InputError, Problem, made_by, nearest, one_of
from costmodel.model.draws import Values
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.gather import KEPT_DRAWS
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.parameter import heading

Array = NDArray[np.float64]
Benefit = Literal["nmb", "cash"]

KEPT = KEPT_DRAWS
"""Draws that are looked at one by one; the first ones, where there are more."""


@dataclass(frozen=True)
class Question:
    """A decision between strategies.

    kind: `nmb`, which strategy has the highest net monetary benefit, discounted; `cash`, whether to pay for a
    strategy at all if nothing but its net saving counts, undiscounted (the comparator saves 0).
    threshold: GBP per QALY; None where the question is cash. horizon: index of a horizon of the result.
    """

    kind: Benefit
    perspective: str
    threshold: float | None
    horizon: int

    def net_benefits(self, result: Result) -> Array:
        """GBP per person of every strategy, (strategy, alternative, draw), of the first KEPT draws."""
        run, strategies = result.headline, range(len(result.strategies))
        if self.threshold is None:
            saved = [-result.net_cost(run, self.horizon, s, perspective=self.perspective) for s in strategies]
            return np.stack(saved)[..., :KEPT]
        costs = [result.total_cost(run, self.horizon, s, self.perspective, True) for s in strategies]
        qaly = run.outcomes.qaly[self.horizon, 1]
        return np.asarray(self.threshold * qaly - np.stack(costs))[..., :KEPT]


def question_of(
    result: Result, kind: str = "nmb", perspective: str = "nhs_pss", threshold: float | None = None,
    horizon_months: float | None = None,
) -> Question:  # fmt: skip
    """A question about a result; its threshold and its longest horizon where none is named.

    Raises InputError for names that do not exist, and for a threshold that the question does not have.
    """
    made_by("result", result, Result, "costmodel.run")
    one_of("question", kind, get_args(Benefit))
    one_of("perspective", perspective, PERSPECTIVES)
    if kind == "cash" and threshold is not None:
        raise InputError.at("threshold", "the question of cash has no threshold", "Leave it out.")
    threshold = result.threshold if threshold is None else value_of_a_qaly("threshold", threshold)
    horizon = len(result.horizons) - 1 if horizon_months is None else result.at(horizon_months)
    if kind == "nmb":
        return Question("nmb", perspective, threshold, horizon)
    return Question("cash", perspective, None, horizon)


Kind = Literal["everything", "inputs", "structure", "group", "parameter"]

UNUSED = "not used by this scenario"


@dataclass(frozen=True)
class Subject:
    """Something that might be known. members: parameters. words: what a reader should know about it."""

    kind: Kind
    name: str
    label: str
    members: tuple[str, ...] = ()
    words: str = ""


def uncertain(scenario: Scenario, values: Values) -> list[str]:
    """Inputs whose draws differ, in the order of the file; what is made of others is not among them."""
    return [name for name in scenario.parameters if name in scenario.leaves and np.ptp(values[name]) > 0]


def drawn_together(scenario: Scenario, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Of some inputs, those that share a posterior or a group of the scenario.

    By the group's name, or the posterior's file without ending (and its folder where two are alike).
    """
    wanted = list(names)
    grouped = {
        name: tuple(member for member in wanted if member in group.members)
        for name, group in scenario.model.groups.items()
    }
    found: dict[Path, tuple[str, ...]] = {}
    for name in wanted:
        if posterior := scenario.leaves[name].posterior:
            found[posterior[0]] = (*found.get(posterior[0], ()), name)
    stems = [path.stem for path in found]
    fitted = {
        path.stem if stems.count(path.stem) == 1 else f"{path.parent.name}/{path.stem}": members
        for path, members in found.items()
    }
    return {name: members for name, members in (fitted | grouped).items() if len(members) > 1}


def single_inputs(scenario: Scenario, names: Iterable[str]) -> list[Subject]:
    """Each uncertain input on its own."""
    together = {name: members for members in drawn_together(scenario, names).values() for name in members}
    needed = set(scenario.used)
    subjects = []
    for name in names:
        words = "" if name in needed else UNUSED
        if not words and name in together:
            words = "drawn together with others: what it says of them is counted"
        subjects.append(Subject("parameter", name, scenario.parameters[name].label, (name,), words))
    return subjects


def groups(
    scenario: Scenario, values: Values, names: list[str], asked: Mapping[str, Iterable[str]]
) -> tuple[list[Subject], list[str]]:
    """Inputs that are fitted together, those under one heading, and those that are asked for; and warnings.

    A group with fewer than two uncertain inputs, or with the same inputs as one before it, is left out unless asked
    for. Raises InputError naming the group and the parameter that is not one.
    """
    needed = set(scenario.used)
    listed = [name for name in names if name in needed]
    headings: dict[str, tuple[str, ...]] = {}
    for name in listed:
        title = heading(scenario.parameters[name])
        headings[title] = (*headings.get(title, ()), name)
    found: list[Subject] = []
    for file, members in drawn_together(scenario, listed).items():
        found.append(Subject("group", file, f"Fitted together: {file}", members))
    for title, members in headings.items():
        if len(members) > 1 and set(members) not in [set(group.members) for group in found]:
            found.append(Subject("group", title, title, members))
    wanted, warnings = _asked(scenario, values, asked)
    taken = {subject.name for subject in wanted}
    return [*(subject for subject in found if subject.name not in taken), *wanted], warnings


def _asked(scenario: Scenario, values: Values, asked: Mapping[str, Iterable[str]]) -> tuple[list[Subject], list[str]]:
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


def says_as_much(scenario: Scenario, varying: Set[str], whole: Subject, part: Subject) -> bool:
    """Whether who knows the members of `whole` knows those of `part` too. varying: the uncertain inputs."""
    known = set(whole.members)
    return known.issuperset(varying & set(scenario.behind(set(part.members) - known)))
