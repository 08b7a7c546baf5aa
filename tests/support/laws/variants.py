"""Versions of a scenario that are changed on purpose, past what its file may say: no effects, no deaths, free care."""

from dataclasses import replace
from typing import Any

from costmodel.model.run import evaluate
from costmodel.result.outcomes import Outcomes
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import cycles
from costmodel.scenario.fields import Instant
from costmodel.scenario.parameter import pieces
from costmodel.scenario.schema import ModelFile
from costmodel.units import Duration
from tests.support.laws.context import Context, Edit, each_effect, each_strategy, having

REFERRAL = Instant("referral", 0.0, "referral")
HORIZON = Instant("horizon", 0.0, "horizon")


def lasting(months: float) -> Edit:
    """An edit of the horizon; weights of instants are cut, or go on as the last."""

    def edit(model: ModelFile) -> ModelFile:
        longer = model.model_copy(update={"horizon": Duration(months, f"{months:g} months")})
        if model.weights is None:
            return longer
        count = cycles(longer) + 1
        weights = [*model.weights, *[model.weights[-1]] * count][:count]
        return longer.model_copy(update={"weights": weights})

    return edit


def steady(model: ModelFile) -> ModelFile:
    """An edit: rates that change over time stay at the first."""
    moves: dict[str, str | int] = {}
    for arrow, reference in model.transitions.items():
        record = model.parameters.get(str(reference))
        changes = record is not None and record.over_time is not None
        moves[arrow] = pieces(model.parameters[str(reference)])[0][1] if changes else reference
    return model.model_copy(update={"transitions": moves})


NO_GAP_CLOSING: Edit = having(beyond_follow_up="effects cease")


def still(model: ModelFile) -> ModelFile:
    """An edit: nobody moves between living states."""
    alone = each_strategy(lambda strategy: strategy.model_copy(update={"transitions": {}}))(model)
    return alone.model_copy(update={"transitions": dict.fromkeys(model.transitions, 0)})


def free(model: ModelFile) -> ModelFile:
    """An edit: everything costs nothing."""
    costs = {name: item.model_copy(update={"price": 0}) for name, item in model.costs.items()}
    strategies = {
        name: one.model_copy(update={"therapy": one.therapy.model_copy(update={"price": 0, "set_up": 0})})
        if one.therapy
        else one
        for name, one in model.strategies.items()
    }
    update: dict[str, Any] = {"costs": costs, "strategies": strategies}
    if model.work:
        nothing = {"in_work": {"others": 0}, "out_of_work": {}}
        flows = {name: flow.model_copy(update=nothing) for name, flow in model.work.flows.items()}
        update["work"] = model.work.model_copy(update={"flows": flows})
    return model.model_copy(update=update)


def without_channels(model: ModelFile) -> ModelFile:
    """An edit: no effect acts on what the comparator's people cost."""
    return each_effect(lambda effect: None if effect.cost_ratio is not None else effect)(model)


def uncapped(model: ModelFile) -> ModelFile:
    """An edit: effects on channels act on every pound, whatever trials saw."""
    return each_effect(lambda effect: effect.model_copy(update={"purse": None}))(model)


def well(model: ModelFile) -> ModelFile:
    """An edit: every utility is 1."""
    plain = model.model_copy(update={"utilities": dict.fromkeys(model.utilities, 1), "qalys_on_transition": {}})
    return each_strategy(lambda strategy: strategy.model_copy(update={"utilities": {}}))(plain)


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


def same_as(result: Result, outcomes: Outcomes, scenario: Scenario) -> Result:
    """A result that asks its questions of the outcomes of a version of its scenario, read as the deterministic run."""
    return replace(result, scenario=scenario, deterministic=outcomes, expected=None, draws=0)


def outcomes(context: Context, scenario: Scenario) -> Outcomes:
    """Outcomes of a version of the scenario at central values."""
    return evaluate(scenario, context.central, 1)
