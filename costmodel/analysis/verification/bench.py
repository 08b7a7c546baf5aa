"""A result on the bench, and runs of versions of its scenario that are changed on purpose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from costmodel.analysis.sensitivity import Tornado, tornado
from costmodel.model.by_rates import background_hazards
from costmodel.model.lived import edges
from costmodel.model.run import evaluate, run
from costmodel.model.simulate import simulate
from costmodel.model.values import Array, Values, central_values, drawn_values
from costmodel.result.flows import Flows
from costmodel.result.outcomes import Outcomes
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.scenario.build import Scenario, Structure
from costmodel.scenario.schema import ModelFile, Therapy

TRIED = 24
"""Draws in which laws of single draws are tried; they are alike in this."""


@dataclass(frozen=True)
class Bench:
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
