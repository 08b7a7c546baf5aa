"""The run that laws are measured on, and versions of it that are changed on purpose: no effects, no deaths."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from costmodel.analysis import verification
from costmodel.inputs.matrices import Matrices
from costmodel.model.activity import background_hazards, edges
from costmodel.model.draws import Array, Values, central_values, drawn_values
from costmodel.model.run import run
from costmodel.result.result import Result
from costmodel.scenario.blocks import Effect, Strategy, Therapy
from costmodel.scenario.build import Scenario
from costmodel.scenario.probabilities import DEAD, Chances
from costmodel.scenario.schema import ModelFile, SettingFile
from costmodel.scenario.structure import Structure
from tests.support.flows import Flows, simulate

TRIED = 24
"""Draws in which laws of single draws are tried; they are alike in this."""


@dataclass(frozen=True)
class Context(verification.Context):
    """The run that is verified, and what laws ask of it again."""

    @property
    def setting(self) -> SettingFile:
        """Its country."""
        return self.scenario.setting

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The alternatives."""
        return self.scenario.structures

    @cached_property
    def central(self) -> Values:
        """Central values by parameter."""
        return central_values(self.scenario)

    @cached_property
    def some_values(self) -> Values:
        """A few draws of every parameter."""
        return drawn_values(self.scenario, TRIED, self.result.seed)

    @cached_property
    def time(self) -> Array:
        """Beginnings of the cycles and the end of the last, in years from referral."""
        return edges(self.scenario)

    @cached_property
    def deaths(self) -> Array:
        """Hazard of death per year in each cycle, general population."""
        return background_hazards(self.scenario)

    def look(self, reference: str | int) -> float:
        """Central value of a reference."""
        return float(reference) if isinstance(reference, int) else float(self.central[reference])

    def therapies(self) -> Iterator[tuple[int, str, Therapy]]:
        """Strategies with a therapy: position, name, block."""
        for position, (name, strategy) in enumerate(self.model.strategies.items()):
            if strategy.therapy:
                yield position, name, strategy.therapy

    def at_centre(self, scenario: Scenario) -> Result:
        """The deterministic run of a version of the scenario."""
        return run(scenario, draws=0)

    def follow(self, scenario: Scenario, more: Mapping[str, float | Array] | None = None, draws: int = 1) -> Flows:
        """Flows of a version of the scenario at central values; more: values that stand in their place or beside."""
        return simulate(scenario, {**self.central, **(more or {})}, draws)


Edit = Callable[[ModelFile], ModelFile]


def edited(scenario: Scenario, *edits: Edit) -> Scenario:
    """The scenario with its model, and that of every alternative, edited alike."""

    def apply(model: ModelFile) -> ModelFile:
        for edit in edits:
            model = edit(model)
        return model

    structures = tuple(replace(one, model=apply(one.model)) for one in scenario.structures)
    model = apply(scenario.model)
    return replace(scenario, model=model, structures=structures, conventions={}, matrices=_tables(scenario, model))


def _tables(scenario: Scenario, model: ModelFile) -> Mapping[str, Matrices]:
    """Tables of probabilities by strategy: each goes with the block that names it; without one, the comparator's."""
    if not scenario.matrices:
        return scenario.matrices
    named = [(strategy.matrices, scenario.matrices.get(name)) for name, strategy in scenario.model.strategies.items()]
    found: dict[str, Matrices] = {}
    for name, strategy in model.strategies.items():
        table = next((table for block, table in named if block == strategy.matrices), named[0][1])
        if table is not None:
            found[name] = table
    return found


def having(**entries: Any) -> Edit:
    """An edit that puts entries in the place of the model's own."""
    return lambda model: model.model_copy(update=entries)


def each_strategy(edit: Callable[[Strategy], Strategy]) -> Edit:
    """An edit of every strategy."""
    return lambda model: model.model_copy(
        update={"strategies": {name: edit(one) for name, one in model.strategies.items()}}
    )


def each_effect(edit: Callable[[Effect], Effect | None]) -> Edit:
    """An edit of every effect; None takes it away."""

    def strategy(one: Strategy) -> Strategy:
        found = {name: edit(effect) for name, effect in one.effects.items()}
        return one.model_copy(update={"effects": {name: new for name, new in found.items() if new is not None}})

    return each_strategy(strategy)


def NO_DEATHS(model: ModelFile) -> ModelFile:
    """An edit: the mortality ratio is 0, and there are no transitions to death."""

    def living(moves: dict[str, str | int]) -> dict[str, str | int]:
        return {arrow: 0 if arrow.endswith(f"-> {DEAD}") else reference for arrow, reference in moves.items()}

    alive = each_strategy(lambda one: one.model_copy(update={"transitions": living(one.transitions)}))(model)
    alive = each_effect(lambda one: None if one.target.endswith(f"-> {DEAD}") else one)(alive)
    update: dict[str, object] = {"transitions": living(model.transitions)}
    if not model.in_probabilities:
        update["mortality"] = model.deaths.model_copy(update={"rate_ratio": 0, "rate_ratios": {}})
    return alive.model_copy(update=update)


def NEVER_CLOSING(model: ModelFile) -> ModelFile:
    """An edit: person-years are those of the strategy's own people to the end."""
    ever = "effects cease" if model.beyond_follow_up == "gap closes" else model.beyond_follow_up
    return model.model_copy(update={"beyond_follow_up": ever})


def nothing_of_its_own(model: ModelFile) -> ModelFile:
    """An edit: strategies have no start, transitions, utilities or items of their own."""
    own: dict[str, Any] = {"cohort": None, "transitions": {}, "utilities": {}, "matrices": None}
    return free_of_own_items(SESSIONS_ALONE(each_strategy(lambda strategy: strategy.model_copy(update=own))(model)))


def _sessions_alone(strategy: Strategy) -> Strategy:
    if strategy.therapy is None:
        return strategy
    return strategy.model_copy(update={"therapy": strategy.therapy.model_copy(update={"per_session": {}, "once": {}})})


SESSIONS_ALONE = each_strategy(_sessions_alone)
"""An edit: sessions take nothing of any cost item."""


def free_of_own_items(model: ModelFile) -> ModelFile:
    """An edit: items that some strategies alone use cost nothing."""
    costs = {name: item.model_copy(update={"price": 0}) if item.only_in else item for name, item in model.costs.items()}
    return model.model_copy(update={"costs": costs})


def NO_EFFECTS(model: ModelFile) -> ModelFile:
    """An edit: no strategy changes anything."""
    return nothing_of_its_own(each_effect(lambda effect: None)(model))


NO_HARMS = each_strategy(lambda strategy: strategy.model_copy(update={"harms": {}}))


def from_each_state(model: ModelFile) -> ModelFile:
    """An edit: the share that starts in a state is the value named `start STATE`."""
    start = {"cohort": model.cohort.model_copy(update={"start": {s: f"start {s}" for s in model.states}})}
    return each_strategy(lambda one: one.model_copy(update={"cohort": None}))(model.model_copy(update=start))


def starts(model: ModelFile) -> dict[str, float | Array]:
    """Values with which draw number s of a model `from_each_state` starts wholly in state number s."""
    one = np.eye(len(model.states))
    return {f"start {state}": one[s] for s, state in enumerate(model.states)}


def chances_of(scenario: Scenario) -> list[Chances]:
    return [
        Chances(structure.model, strategy, scenario.matrices.get(strategy))
        for strategy in scenario.model.strategies
        for structure in scenario.structures
    ]
