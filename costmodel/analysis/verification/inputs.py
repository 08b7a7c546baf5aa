"""Checks of what goes in: probabilities and rates, distributions, sources and prices."""

from collections.abc import Iterator

import numpy as np
from scipy import special
from scipy.linalg import logm

from costmodel.analysis.verification.bench import TRIED, Bench, largest, worst_of
from costmodel.analysis.verification.check import Finding, Inapplicable, Measured, Rules
from costmodel.analysis.verification.inert import every_input_matters
from costmodel.analysis.verification.variants import (
    HORIZON,
    NO_DEATHS,
    NO_EFFECTS,
    NO_HARMS,
    REFERRAL,
    Edit,
    each_effect,
    edited,
    from_each_state,
    having,
    lasting,
    nothing_of_its_own,
    steady,
)
from costmodel.inputs.prices import factor, read_price_index
from costmodel.model.lines import rate_lines
from costmodel.model.lived import looking
from costmodel.model.values import Array
from costmodel.scenario.effect import Effect
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.used import used

RULES = Rules("inputs")
MONTHS = 12
FARTHEST = 7.5
"""Standard deviations to which a distribution's mean is integrated."""
POINTS = 1_501


def starts(model: ModelFile) -> dict[str, float | Array]:
    """Values with which draw number s of a model `from_each_state` starts wholly in state number s."""
    one = np.eye(len(model.states))
    return {f"start {state}": one[s] for s, state in enumerate(model.states)}


def generator(bench: Bench, model: ModelFile) -> Array:
    """Rates per year between living states at central values, rows summing to 0, (state, state)."""
    names = list(model.states)
    rates = np.zeros((len(names), len(names)))
    for arrow, reference in model.transitions.items():
        origin, _, destination = arrow.partition(" -> ")
        rates[names.index(origin), names.index(destination)] = bench.look(reference)
    return rates - np.diag(rates.sum(axis=1))


@RULES.law("V1", "Probabilities between 0 and 1, rates not negative, rows sum to one in every cycle", 1e-12, rates=True)
def _probabilities(bench: Bench) -> Finding:
    flows = bench.follow(edited(bench.scenario, from_each_state), starts(bench.model), len(bench.model.states))
    outside = worst_of(float(-flows.people.min()), float(flows.people.max()) - 1)
    lived = np.cumsum(bench.deaths * np.diff(bench.time))
    rows = 0.0
    for a, structure in enumerate(bench.structures):
        alive = np.exp(-np.append(0.0, lived) * bench.look(structure.model.deaths.rate_ratio))
        rows = worst_of(rows, largest(flows.people[:, :, :, a].sum(axis=1) - alive[:, None, None]))
    negative = worst_of(0.0, *(float(-np.min(rate)) for rate in _rates(bench)))
    return Measured(worst_of(outside, rows, negative, 0.0), "largest fault of a share, a row or a rate")


def _rates(bench: Bench) -> Iterator[Array]:
    look = looking(bench.some_values)
    for structure in bench.structures:
        for strategy in bench.strategies:
            for line in rate_lines(structure.model, strategy):
                for begin, end in zip(bench.time[:-1], bench.time[1:], strict=True):
                    yield line.rate(line.shares(begin, end, float(bench.time[-1])), look)


@RULES.law("V2", "Rates to probabilities and back; a year is twelve months", 1e-7, rates=True)
def _round_trip(bench: Bench) -> Finding:
    plain = edited(bench.scenario, steady, NO_EFFECTS, NO_DEATHS, from_each_state)
    count = len(bench.model.states)
    month, year = (
        bench.follow(edited(plain, having(cycle=cycle), lasting(months)), starts(bench.model), count).people[-1]
        for cycle, months in (("1 month", 1), ("12 months", MONTHS))
    )
    worst = 0.0
    for a, structure in enumerate(plain.structures):
        once, twelve = month[:, 0, a].T, year[:, 0, a].T
        rates = generator(bench, structure.model)
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
        reference = model.transitions[effect.target]
        record = model.parameters.get(str(reference))
        return None if record and record.over_time else effect.model_copy(update={"rate": reference})

    return nothing_of_its_own(each_effect(plain)(model))


@RULES.law("V3", "Every ratio 1: strategies differ by the therapy's own cost and harm alone", 1e-9)
def _ratios_of_one(bench: Bench) -> Finding:
    flows = bench.follow(edited(bench.scenario, NO_HARMS, _without_size), bench.some_values, TRIED)
    return Measured(
        worst_of(
            largest(flows.people - flows.people[:, :, :1]),
            largest(flows.cost[:, 1:] - flows.cost[:, 1:, :1]),
            largest(flows.qaly - flows.qaly[:, :1]),
        ),
        f"largest difference of people, £ or QALYs between strategies in a cycle of {TRIED} draws",
    )


def arrows_with_effects(bench: Bench) -> list[str]:
    """Transitions that any strategy changes in any alternative."""
    found = {
        effect.target
        for structure in bench.structures
        for strategy in structure.model.strategies.values()
        for effect in strategy.effects.values()
        if effect.transition
    }
    return sorted(found)


def changes(model: ModelFile, strategy: str, arrow: str) -> bool:
    """Whether a strategy changes a transition."""
    return any(effect.target == arrow for effect in model.strategies[strategy].effects.values())


def only_effect_on(arrow: str, **size: str | int | None) -> Edit:
    """An edit: of each strategy's effects, the first on a transition, from referral to the horizon."""

    def edit(model: ModelFile) -> ModelFile:
        strategies = {}
        for name, strategy in model.strategies.items():
            found = [(key, one) for key, one in strategy.effects.items() if one.target == arrow][:1]
            window = {"from_": REFERRAL, "until": HORIZON, "half_life": None, "onset": None, **size}
            effects = {key: effect.model_copy(update=window) for key, effect in found}
            strategies[name] = strategy.model_copy(update={"effects": effects})
        return model.model_copy(update={"strategies": strategies})

    return edit


@RULES.law("V4", "A hazard ratio of 0: the event does not happen", 1e-12, rates=True)
def _ratio_of_zero(bench: Bench) -> Finding:
    arrows = arrows_with_effects(bench)
    if not arrows:
        return Inapplicable("no strategy changes a transition")
    worst = 0.0
    for arrow in arrows:
        origin = arrow.partition(" -> ")[0]
        blocked = edited(
            bench.scenario,
            NO_DEATHS,
            only_effect_on(arrow, hazard_ratio=0, rate=None),
            lambda model, arrow=arrow: model.model_copy(  # type: ignore[misc]
                update={"transitions": {a: r if a == arrow else 0 for a, r in model.transitions.items()}}
            ),
            from_each_state,
        )
        s = list(bench.model.states).index(origin)
        people = bench.follow(blocked, {f"start {name}": float(name == origin) for name in bench.model.states}).people
        for a, structure in enumerate(blocked.structures):
            for i, name in enumerate(bench.strategies):
                if changes(structure.model, name, arrow):
                    worst = worst_of(worst, largest(people[:, s, i, a] - 1))
    return Measured(worst, "largest share that leaves although the event cannot happen")


@RULES.law("V5", "Each distribution has its declared centre, and its interval is in order", 1e-6)
def _centres(bench: Bench) -> Finding:
    uncertain = {name: leaf for name, leaf in bench.scenario.leaves.items() if leaf.distribution}
    if not uncertain:
        return Inapplicable("no parameter has a distribution")
    worst = worst_of(*(_off_centre(bench.scenario.parameters[name], leaf) for name, leaf in uncertain.items()))
    return Measured(worst, f"largest gap to the declared centre, as a share of it, of {len(uncertain)} distributions")


def _off_centre(record: Parameter, leaf: Leaf) -> float:
    """Relative distance between the centre of a distribution's quantiles and the declared value."""
    assert leaf.distribution is not None
    low, middle, high = leaf.distribution.quantile(np.array([0.025, 0.5, 0.975]))
    if not low < middle < high:
        return float("inf")
    declared = leaf.central if record.moved_to is not None else _declared(record, leaf)
    if leaf.distribution.kind == "lognormal" and record.unit.is_ratio:
        centre = float(middle)
    else:  # the integral of the quantile function over the normal scale, where the trapezium rule converges fast
        z = np.linspace(-FARTHEST, FARTHEST, POINTS)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        centre = float(np.sum(leaf.distribution.quantile(special.ndtr(z)) * density) * (z[1] - z[0]))
    return worst_of(abs(centre - declared), abs(leaf.central - declared)) / max(abs(declared), 1e-3)


def _declared(record: Parameter, leaf: Leaf) -> float:
    if record.value is not None:
        return record.value
    if record.counts:
        return record.counts[0] / record.counts[1]
    if record.distribution == "uniform" and record.range:
        return sum(record.range) / 2
    return leaf.central


@RULES.law("V6", "Each input has its source or fit, unit and price year; inflating and deflating gives it back", 1e-12)
def _traced(bench: Bench) -> Finding:
    scenario = bench.scenario
    setting = scenario.tree.place(("setting",)).path.parent / scenario.model.setting
    indices = {
        name: read_price_index(setting.parent / file, name) for name, file in scenario.setting.price_indices.items()
    }
    untraced, worst = [], 0.0
    year = scenario.setting.price_year
    for name in used(scenario):
        record, leaf = scenario.parameters[name], scenario.leaves.get(name)
        if leaf is None:
            continue
        named = bool(record.sources) or record.joint is not None
        known = named and all(source in scenario.sources for source in record.sources) and bool(record.unit.text)
        price = record.unit.kind == "price"
        if not known or (price and record.price_year is None):
            untraced.append(name)
        elif price and record.price_year and record.price_year != year:
            index = indices[str(record.index)]
            there, back = factor(index, record.price_year, year), factor(index, year, record.price_year)
            worst = worst_of(worst, abs(leaf.price_factor * back - 1), abs(there / leaf.price_factor - 1))
        else:
            worst = worst_of(worst, abs(leaf.price_factor - 1))
    words = "inputs without a source or fit, unit or price year, plus the largest fault of an index there and back"
    return Measured(len(untraced) + worst, f"{words}: {', '.join(untraced)}" if untraced else words)


RULES.law("V7", "Changing any input changes an output, or the input is listed as inert", 0)(every_input_matters)
