"""A check of a run: what was measured, how far it may be off, and what came of it."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from costmodel.analysis.sensitivity import Tornado, tornado
from costmodel.errors import InputError
from costmodel.model.activity import background_hazards, edges
from costmodel.model.draws import Array, Values, central_values, drawn_values
from costmodel.model.ledger import simulate
from costmodel.model.run import evaluate, run
from costmodel.result.flows import Flows
from costmodel.result.outcomes import Outcomes
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.scenario.blocks import Therapy
from costmodel.scenario.build import Scenario
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.structure import Structure

TRIED = 24
"""Draws in which laws of single draws are tried; they are alike in this."""


@dataclass(frozen=True)
class Context:
    """The run that is verified."""

    result: Result

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return self.result.scenario

    @property
    def draws(self) -> int:
        """With how many draws."""
        return self.result.draws

    @property
    def seed(self) -> int:
        """From which seed."""
        return self.result.seed

    @property
    def model(self) -> ModelFile:
        """The model file of the scenario."""
        return self.scenario.model

    @property
    def rates(self) -> bool:
        """Whether transitions are given as rates."""
        return str(self.model.model) == "rates"

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The alternatives."""
        return self.scenario.structures

    @property
    def strategies(self) -> list[str]:
        """Names; the first is the comparator."""
        return list(self.model.strategies)

    @cached_property
    def central(self) -> Values:
        """Central values by parameter."""
        return central_values(self.scenario)

    @cached_property
    def some_values(self) -> Values:
        """A few draws of every parameter."""
        return drawn_values(self.scenario, TRIED, self.seed)

    @cached_property
    def flows(self) -> Flows:
        """Flows of a few draws."""
        return simulate(self.scenario, self.some_values, TRIED)

    @cached_property
    def tornado(self) -> Tornado:
        """Every input moved alone; net saving at the follow-up."""
        return tornado(self.scenario)

    def look(self, reference: str | int) -> float:
        """Central value of a reference."""
        return float(reference) if isinstance(reference, int) else float(self.central[reference])

    @cached_property
    def time(self) -> Array:
        """Beginnings of the cycles and the end of the last, in years from referral."""
        return edges(self.scenario)

    @cached_property
    def deaths(self) -> Array:
        """Hazard of death per year in each cycle, general population."""
        return background_hazards(self.scenario)

    def therapies(self) -> Iterator[tuple[int, str, Therapy]]:
        """Strategies with a therapy: position, name, block."""
        for position, (name, strategy) in enumerate(self.model.strategies.items()):
            if strategy.therapy:
                yield position, name, strategy.therapy

    def net_cost_at_centre(self, perspective: str, result: Result | None = None) -> Array:
        """Net cost of the second strategy at the follow-up in a deterministic run, undiscounted, (alternative,)."""
        result = result or self.result
        net = result.net_cost(result.runs[DETERMINISTIC], 0, 1, perspective=perspective)
        return np.asarray(net[:, 0], dtype=float)

    def at_centre(self, scenario: Scenario) -> Result:
        """The deterministic run of a version of the scenario."""
        return run(scenario, draws=0)

    def outcomes(self, scenario: Scenario, more: Mapping[str, float | Array] | None = None, draws: int = 1) -> Outcomes:
        """Outcomes of a version of the scenario at central values; more: values that stand in their place or beside."""
        return evaluate(scenario, {**self.central, **(more or {})}, draws)

    def follow(self, scenario: Scenario, more: Mapping[str, float | Array] | None = None, draws: int = 1) -> Flows:
        """Flows of a version of the scenario at central values; more: as in `outcomes`."""
        return simulate(scenario, {**self.central, **(more or {})}, draws)


def same_as(result: Result, outcomes: Outcomes, scenario: Scenario | None = None) -> Result:
    """A result that asks its questions of other outcomes, read as the deterministic run."""
    return replace(result, scenario=scenario or result.scenario, deterministic=outcomes, expected=None, draws=0)


def largest(values: Array) -> float:
    """The largest absolute value; 0 where there is none, NaN where one is."""
    return float(np.max(np.abs(values))) if np.size(values) else 0.0


def worst_of(*deviations: float) -> float:
    """The largest of some deviations; NaN where one is."""
    return float(np.max(np.array(deviations)))


State = Literal["OK", "flagged", "FAIL", "does not apply"]
STATES: tuple[State, ...] = ("OK", "flagged", "FAIL", "does not apply")
"""`flagged`: nothing is wrong with the run, and its reader should know."""


@dataclass(frozen=True)
class Check:
    """One law and how well a scenario obeys it.

    value: the largest deviation that was found. tolerance: the largest that is allowed. Both are None where
    nothing was measured. words: what was measured and in which unit, or why nothing was. note: what a reader
    should know although the law holds.
    """

    id: str
    title: str
    value: float | None
    tolerance: float | None
    state: State
    words: str
    note: str = ""

    def __repr__(self) -> str:
        measured = "" if self.value is None else f", {self.value:.2g} of {self.tolerance:g} allowed"
        return f"<{self.id} {self.state}: {self.title}{measured}>"


@dataclass(frozen=True)
class Measured:
    """A deviation, what it is a deviation of, and what else is worth knowing."""

    value: float
    words: str
    note: str = ""


@dataclass(frozen=True)
class Inapplicable:
    """Why a law says nothing about this scenario."""

    why: str


Finding = Measured | Inapplicable
Law = Callable[[Context], Finding]


@dataclass(frozen=True)
class Rule:
    """A law before it is measured.

    rates: whether it rests on transitions given as rates; chain: the same law of transitions given as
    probabilities, where it is another. of_inputs: whether it judges the inputs rather than the run, which is
    then flagged.
    """

    id: str
    title: str
    tolerance: float
    rates: bool
    law: Law
    chain: Law | None = None
    of_inputs: bool = False

    def measure(self, context: Context) -> Check:
        """The check of this law on a scenario."""
        law = self.law if context.rates else self.chain or self.law
        if self.rates and not context.rates and self.chain is None:
            why = "the transitions are given as probabilities, and this law is about rates"
            return Check(self.id, self.title, None, None, "does not apply", why)
        try:
            found = law(context)
        except InputError as error:
            words = f"it could not be measured: {error.problems[0]}"
            return Check(self.id, self.title, None, self.tolerance, "FAIL", words)
        if isinstance(found, Inapplicable):
            return Check(self.id, self.title, None, None, "does not apply", found.why)
        value = float(found.value) + 0.0
        holds = math.isfinite(value) and value <= self.tolerance
        state: State = "OK" if holds else "flagged" if self.of_inputs and math.isfinite(value) else "FAIL"
        return Check(self.id, self.title, value, self.tolerance, state, found.words, found.note)


class Rules:
    """Laws, in the order in which they are declared."""

    def __init__(self) -> None:
        self.all: list[Rule] = []

    def law(
        self, id: str, title: str, tolerance: float, *, rates: bool = False, of_inputs: bool = False
    ) -> Callable[[Law], Law]:
        """Declare a function as the measurement of a law."""

        def declare(law: Law) -> Law:
            self.all.append(Rule(id, title, tolerance, rates, law, of_inputs=of_inputs))
            return law

        return declare

    def chain(self, id: str) -> Callable[[Law], Law]:
        """Declare a function as the measurement of a law where transitions are given as probabilities."""

        def declare(law: Law) -> Law:
            position = next(i for i, rule in enumerate(self.all) if rule.id == id)
            self.all[position] = replace(self.all[position], chain=law)
            return law

        return declare
