"""Checks of what goes in: probabilities and rates, distributions, sources and prices."""

import numpy as np
from scipy.linalg import logm

from costmodel.analysis.verification import Finding, Measured, largest, worst_of
from costmodel.inputs.prices import factor, read_price_index
from costmodel.model.draws import Array
from costmodel.scenario.blocks import Effect
from costmodel.scenario.probabilities import DEAD
from costmodel.scenario.schema import ModelFile
from tests.support.laws.context import (
    NO_DEATHS,
    NO_EFFECTS,
    NO_HARMS,
    TRIED,
    Context,
    Edit,
    each_effect,
    edited,
    from_each_state,
    having,
    nothing_of_its_own,
    starts,
)
from tests.support.laws.inert import every_input_matters
from tests.support.laws.rules import Rules
from tests.support.laws.variants import HORIZON, REFERRAL, lasting, steady

RULES = Rules()
MONTHS = 12


def generator(context: Context, model: ModelFile) -> Array:
    """Rates per year between living states at central values, (state, state); a row sums to 0, less its deaths."""
    names = list(model.states)
    rates, dying = np.zeros((len(names), len(names))), np.zeros(len(names))
    for arrow, reference in model.transitions.items():
        origin, _, destination = arrow.partition(" -> ")
        if destination == DEAD:
            dying[names.index(origin)] = context.look(reference)
        else:
            rates[names.index(origin), names.index(destination)] = context.look(reference)
    return rates - np.diag(rates.sum(axis=1) + dying)


@RULES.law("V2", "Rates to probabilities and back; a year is twelve months", 1e-7, rates=True)
def _round_trip(context: Context) -> Finding:
    plain = edited(context.scenario, steady, NO_EFFECTS, NO_DEATHS, from_each_state)
    count = len(context.model.states)
    month, year = (
        context.follow(edited(plain, having(cycle=cycle), lasting(months)), starts(context.model), count).people[-1]
        for cycle, months in (("1 month", 1), ("12 months", MONTHS))
    )
    worst = 0.0
    for a, structure in enumerate(plain.structures):
        once, twelve = month[:, 0, a].T, year[:, 0, a].T
        rates = generator(context, structure.model)
        back = np.real(logm(once)) * MONTHS
        scale = max(largest(rates), 1.0)
        worst = worst_of(worst, largest(np.linalg.matrix_power(once, MONTHS) - twelve), largest(back - rates) / scale)
    return Measured(worst, "largest difference of a probability, or of a rate as a share of the largest")


def _without_size(model: ModelFile) -> ModelFile:
    """The model with every ratio 1, and every replacing rate that of usual care."""

    def plain(effect: Effect) -> Effect | None:
        if effect.hazard_ratio is not None:
            return effect.model_copy(update={"hazard_ratio": 1})
        if effect.relative_risk is not None:
            return effect.model_copy(update={"relative_risk": 1})
        if effect.rate_ratio is not None:
            return effect.model_copy(update={"rate_ratio": 1})
        if effect.cost_ratio is not None:
            return effect.model_copy(update={"cost_ratio": 1})
        if effect.jobs is not None:
            return effect.model_copy(update={"jobs": 0})
        reference = model.transitions[effect.target]
        record = model.parameters.get(str(reference))
        return None if record and record.over_time else effect.model_copy(update={"rate": reference})

    return nothing_of_its_own(each_effect(plain)(model))


@RULES.law("V3", "Every ratio 1: strategies differ by the therapy's own cost and harm alone", 1e-9)
def _ratios_of_one(context: Context) -> Finding:
    flows = context.follow(edited(context.scenario, NO_HARMS, _without_size), context.some_values, TRIED)
    return Measured(
        worst_of(
            largest(flows.people - flows.people[:, :, :1]),
            largest(flows.cost[:, 1:] - flows.cost[:, 1:, :1]),
            largest(flows.qaly - flows.qaly[:, :1]),
        ),
        f"largest difference of people, £ or QALYs between strategies in a cycle of {TRIED} draws",
    )


def arrows_with_effects(context: Context) -> list[str]:
    """Transitions that any strategy changes in any alternative."""
    found = {
        effect.target
        for structure in context.structures
        for strategy in structure.model.strategies.values()
        for effect in strategy.effects.values()
        if effect.transition
    }
    return sorted(found)


def changes(model: ModelFile, strategy: str, arrow: str) -> bool:
    """Whether a strategy changes a transition."""
    return any(effect.target == arrow for effect in model.strategies[strategy].effects.values())


def only_effect_on(arrow: str, **size: str | int | None) -> Edit:
    """An edit: of each strategy, the first effect on a transition alone, from referral to the horizon."""

    def edit(model: ModelFile) -> ModelFile:
        strategies = {}
        for name, strategy in model.strategies.items():
            found = [(key, one) for key, one in strategy.effects.items() if one.target == arrow][:1]
            window = {"from_": REFERRAL, "until": HORIZON, "half_life": None, "onset": None, **size}
            effects = {key: effect.model_copy(update=window) for key, effect in found}
            strategies[name] = strategy.model_copy(update={"effects": effects, "transitions": {}, "cohort": None})
        return model.model_copy(update={"strategies": strategies})

    return edit


@RULES.law("V4", "A hazard ratio of 0: the event does not happen", 1e-12, rates=True)
def _ratio_of_zero(context: Context) -> Finding:
    arrows = arrows_with_effects(context)
    if not arrows:
        return "no strategy changes a transition"
    worst = 0.0
    for arrow in arrows:
        origin = arrow.partition(" -> ")[0]
        blocked = edited(
            context.scenario,
            NO_DEATHS,
            only_effect_on(arrow, hazard_ratio=0, rate=None),
            lambda model, arrow=arrow: model.model_copy(  # type: ignore[misc]
                update={"transitions": {a: r if a == arrow else 0 for a, r in model.transitions.items()}}
            ),
            from_each_state,
        )
        s = list(context.model.states).index(origin)
        people = context.follow(
            blocked, {f"start {name}": float(name == origin) for name in context.model.states}
        ).people
        for a, structure in enumerate(blocked.structures):
            for i, name in enumerate(context.result.strategies):
                if changes(structure.model, name, arrow):
                    worst = worst_of(worst, largest(people[:, s, i, a] - 1))
    return Measured(worst, "largest share that leaves although the event cannot happen")


RULES.law("V7", "Changing any input changes an output, or the input is listed as inert", 0)(every_input_matters)


@RULES.law("V6b", "Inflating a price and deflating it gives it back", 1e-12)
def _there_and_back(context: Context) -> Finding:
    scenario, worst = context.scenario, 0.0
    setting, year = scenario.tree.place(("setting",)).path.parent / scenario.model.setting, scenario.setting.price_year
    for name in (name for name in scenario.used if name in scenario.leaves):
        record, found = scenario.parameters[name], scenario.leaves[name].price_factor
        if record.unit.kind == "price" and record.price_year and record.price_year != year:
            index = str(record.index)
            table = read_price_index(setting.parent / scenario.setting.price_indices[index], index)
            there, back = factor(table, record.price_year, year), factor(table, year, record.price_year)
            worst = worst_of(worst, abs(found * back - 1), abs(there / found - 1))
        else:
            worst = worst_of(worst, abs(found - 1))
    return Measured(worst, "largest fault of an index there and back")
