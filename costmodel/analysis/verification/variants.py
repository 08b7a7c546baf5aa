"""Versions of a scenario that are changed on purpose, past what its file may say: no effects, no deaths."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from costmodel.inputs.datasets import Matrices
from costmodel.scenario.blocks import Effect, Strategy
from costmodel.scenario.build import Scenario
from costmodel.scenario.probabilities import DEAD
from costmodel.scenario.schema import ModelFile

Edit = Callable[[ModelFile], ModelFile]


def edited(scenario: Scenario, *edits: Edit) -> Scenario:
    """The scenario with its model, and that of every alternative, edited alike."""

    def apply(model: ModelFile) -> ModelFile:
        for edit in edits:
            model = edit(model)
        return model

    structures = tuple(replace(one, model=apply(one.model)) for one in scenario.structures)
    model = apply(scenario.model)
    return replace(scenario, model=model, structures=structures, matrices=_tables(scenario, model))


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


def deaths(ratio: str | int) -> Edit:
    """An edit of the mortality ratio; where deaths are transitions, 0 takes them away."""

    def edit(model: ModelFile) -> ModelFile:
        if model.in_probabilities:
            return _without_deaths(model)
        return model.model_copy(update={"mortality": model.deaths.model_copy(update={"rate_ratio": ratio})})

    return edit


def _without_deaths(model: ModelFile) -> ModelFile:
    def living(transitions: dict[str, str | int]) -> dict[str, str | int]:
        return {arrow: 0 if arrow.endswith(f"-> {DEAD}") else reference for arrow, reference in transitions.items()}

    strategies = {
        name: strategy.model_copy(update={"transitions": living(strategy.transitions)})
        for name, strategy in model.strategies.items()
    }
    return model.model_copy(update={"transitions": living(model.transitions), "strategies": strategies})


def nothing_of_its_own(model: ModelFile) -> ModelFile:
    """An edit: strategies have no probabilities, utilities or items of their own, as models of probabilities may."""
    own: dict[str, Any] = {"transitions": {}, "utilities": {}, "matrices": None}
    return free_of_own_items(each_strategy(lambda strategy: strategy.model_copy(update=own))(model))


def free_of_own_items(model: ModelFile) -> ModelFile:
    """An edit: items that some strategies alone use cost nothing."""
    costs = {name: item.model_copy(update={"price": 0}) if item.only_in else item for name, item in model.costs.items()}
    return model.model_copy(update={"costs": costs})


def NO_EFFECTS(model: ModelFile) -> ModelFile:
    """An edit: no strategy changes anything."""
    return nothing_of_its_own(each_effect(lambda effect: None)(model))


NO_HARMS = each_strategy(lambda strategy: strategy.model_copy(update={"harms": {}}))


NO_DEATHS = deaths(0)


def from_each_state(model: ModelFile) -> ModelFile:
    """An edit: the share that starts in a state is the value named `start STATE`."""
    return model.model_copy(
        update={"cohort": model.cohort.model_copy(update={"start": {s: f"start {s}" for s in model.states}})}
    )
