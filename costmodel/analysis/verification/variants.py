"""Versions of a scenario that are changed on purpose, past what its file may say: no effects, no deaths, free care."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from costmodel.scenario.build import Scenario
from costmodel.scenario.derived import pieces
from costmodel.scenario.fields import Instant
from costmodel.scenario.schema import Effect, ModelFile, Strategy
from costmodel.units import Duration

Edit = Callable[[ModelFile], ModelFile]

REFERRAL = Instant("referral", 0.0, "referral")
HORIZON = Instant("horizon", 0.0, "horizon")


def edited(scenario: Scenario, *edits: Edit) -> Scenario:
    """The scenario with its model, and that of every alternative, edited alike."""

    def apply(model: ModelFile) -> ModelFile:
        for edit in edits:
            model = edit(model)
        return model

    structures = tuple(replace(one, model=apply(one.model)) for one in scenario.structures)
    return replace(scenario, model=apply(scenario.model), structures=structures)


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
    """An edit of the mortality ratio."""
    return lambda model: model.model_copy(update={"mortality": model.deaths.model_copy(update={"rate_ratio": ratio})})


def lasting(months: float) -> Edit:
    """An edit of the horizon."""
    return having(horizon=Duration(months, f"{months:g} months"))


def steady(model: ModelFile) -> ModelFile:
    """An edit: rates that change over time stay at the first."""
    moves: dict[str, str | int] = {}
    for arrow, reference in model.transitions.items():
        record = model.parameters.get(str(reference))
        changes = record is not None and record.over_time is not None
        moves[arrow] = pieces(model.parameters[str(reference)])[0][1] if changes else reference
    return model.model_copy(update={"transitions": moves})


NO_EFFECTS = each_effect(lambda effect: None)
NO_HARMS = each_strategy(lambda strategy: strategy.model_copy(update={"harms": {}}))
NO_DEATHS = deaths(0)
NO_GAP_CLOSING: Edit = having(beyond_follow_up="effects cease")


def still(model: ModelFile) -> ModelFile:
    """An edit: nobody moves between living states."""
    return model.model_copy(update={"transitions": dict.fromkeys(model.transitions, 0)})


def free(model: ModelFile) -> ModelFile:
    """An edit: everything costs nothing."""
    costs = {name: item.model_copy(update={"price": 0}) for name, item in model.costs.items()}
    strategies = {
        name: one.model_copy(update={"therapy": one.therapy.model_copy(update={"price": 0, "set_up": 0})})
        if one.therapy
        else one
        for name, one in model.strategies.items()
    }
    return model.model_copy(update={"costs": costs, "strategies": strategies})


def well(model: ModelFile) -> ModelFile:
    """An edit: every utility is 1."""
    return model.model_copy(update={"utilities": dict.fromkeys(model.utilities, 1)})


def discounted_at(scenario: Scenario, rate: int) -> Scenario:
    """The scenario with both discount rates 0 or 1."""
    discount = scenario.setting.discount.model_copy(update={"costs": rate, "health": rate})
    return replace(scenario, setting=scenario.setting.model_copy(update={"discount": discount}))


def certain(scenario: Scenario) -> Scenario:
    """The scenario with every parameter held at its central value."""
    leaves = {
        name: replace(leaf, distribution=None, posterior=None, moved=None) for name, leaf in scenario.leaves.items()
    }
    return replace(scenario, leaves=leaves)


def from_each_state(model: ModelFile) -> ModelFile:
    """An edit: the share that starts in a state is the value named `start STATE`."""
    return model.model_copy(
        update={"cohort": model.cohort.model_copy(update={"start": {s: f"start {s}" for s in model.states}})}
    )
