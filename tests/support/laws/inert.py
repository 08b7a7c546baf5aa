"""Does every input matter? Each is moved alone; one that moves nothing must be named, and be alive elsewhere."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from costmodel.analysis.sensitivity.inputs import one_by_one
from costmodel.analysis.sensitivity.question import central_leaves, changed
from costmodel.analysis.verification import Finding, Measured
from costmodel.errors import InputError
from costmodel.model.activity import edges, looking
from costmodel.model.draws import Array, Values, completed
from costmodel.model.money import sessions, therapy_window
from costmodel.model.run import evaluate
from costmodel.scenario.blocks import Effect
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MAX_CYCLES, MONTHS_A_YEAR, cycle_months
from costmodel.scenario.parameter import pieces
from costmodel.scenario.schema import ModelFile
from costmodel.units import Unit
from tests.support.laws.context import Context, Edit, edited
from tests.support.laws.variants import HORIZON, NO_GAP_CLOSING, REFERRAL, lasting

STEP = 0.01
"""By which share a value is moved."""
AWAY = {"share": 0.5, "utility": 0.5, "rate": 0.1}
"""What stands in for a 0, by kind of unit; 1 for every other kind."""
BESIDE_ONE = 0.8
"""What stands in for a 1, at which ratios, multipliers and shares may change nothing."""
SMALLEST = 1e-12
"""Movement of an output, as a share of its size, that is no rounding."""
HALF = "a half"
"""What stands for a literal 0 or 1 of the file."""
AFTERWARDS = 24.0
"""Months to which the model looks beyond the last thing that happens, when everything is to have its turn."""


def every_input_matters(context: Context) -> Finding:
    """How many inputs change nothing: neither here nor where no other input is 0 or 1 and time is long."""
    scenario = context.scenario
    names = [name for name in scenario.used if name in scenario.leaves]
    inert = _inert(scenario, names, central_leaves(scenario))
    dead = inert
    if dead:
        lively = {name: _lively(scenario, name, value) for name, value in central_leaves(scenario).items()}
        lively[HALF] = AWAY["share"]
        longer = edited(scenario, lasting(_long_enough(scenario.model)), NO_GAP_CLOSING, _without_literals)
        for version in (longer, edited(longer, _turned_round)):
            dead = _inert(version, dead, lively, activity=True) if dead else dead
    bound = [scenario.model.work.employed] if scenario.model.work else []  # of the jobs that can be gained or lost
    nothing = (*_cashable_of_nothing(scenario), *_causal_of_no_gap(scenario), *_discount_of_no_health(scenario))
    idle = scenario.behind([*nothing, *bound])
    dead = [name for name in dead if name not in idle]
    words = f"inputs of {len(names)} that never change an output"
    if dead:
        words += f": {', '.join(dead)}"
    listed = [name for name in inert if name not in dead]
    note = f"inert at the present values of other inputs: {', '.join(listed)}" if listed else ""
    return Measured(len(dead), words, note)


def _cashable_of_nothing(scenario: Scenario) -> list[str | int]:
    """Cashable shares of items of which every strategy uses the same."""
    models = [structure.model for structure in scenario.structures]
    return [
        item.cashable
        for name, item in scenario.model.costs.items()
        if not item.only_in and not any(_changes_use(model, name) for model in models)
    ]


def _discount_of_no_health(scenario: Scenario) -> list[str | int]:
    """The rate at which health is discounted, where no state has a utility."""
    return [] if any(scenario.model.utilities.values()) else [scenario.setting.discount.health]


def _causal_of_no_gap(scenario: Scenario) -> list[str | int]:
    """Causal shares of items that people use alike in every state."""
    model = scenario.model
    return [
        item.causal_share
        for item in model.costs.values()
        if item.causal_share is not None and len({item.quantity(state) for state in model.states}) == 1
    ]


def _changes_use(model: ModelFile, item: str) -> bool:
    """Whether a strategy moves people, or changes how much they use of an item."""
    return any(
        strategy.matrices is not None
        or strategy.transitions
        or any(effect.transition or effect.quantity == item for effect in strategy.effects.values())
        for strategy in model.strategies.values()
    )


def _lively(scenario: Scenario, name: str, value: float) -> float:
    """A value near the present one that is neither 0 nor 1."""
    kind = scenario.parameters[name].unit.kind
    if value == 0:
        return AWAY.get(kind, 1.0)
    return BESIDE_ONE if value == 1 and kind not in ("price", "age", "sessions") else value


def _moved(unit: Unit, value: float) -> float:
    """A value a little beside, within what its unit allows."""
    for other in (value * (1 + STEP), value * (1 - STEP), value + STEP):
        if other != value and unit.low <= other <= unit.high:
            return other
    return value - STEP


def _inert(scenario: Scenario, names: list[str], base: dict[str, float], activity: bool = False) -> list[str]:
    """Inputs of which a small change, alone, moves no output."""
    apart = one_by_one(scenario) | set(scenario.behind(scenario.model.cohort.start.values()))  # shares that sum to 1
    alone = [name for name in names if name in apart]
    together = [name for name in names if name not in alone]
    rows: dict[str, float | Array] = {name: np.full(len(together) + 1, value) for name, value in base.items()}
    for row, name in enumerate(together, 1):
        column = np.full(len(together) + 1, base[name])
        column[row] = _moved(scenario.parameters[name].unit, base[name])
        rows[name] = column
    values = {**rows, **completed(scenario, rows)}
    outputs = _outputs(scenario, values, len(together) + 1, activity)
    size = np.maximum(np.max(np.abs(outputs), axis=-1, keepdims=True), SMALLEST)
    alive = np.any(np.abs(outputs - outputs[:, :1]) > SMALLEST * size, axis=0)
    inert = [name for row, name in enumerate(together, 1) if not alive[row]]
    inert += [name for name in alone if not _matters(scenario, name, base)]
    return [name for name in names if name in inert]


def _outputs(scenario: Scenario, values: Values, draws: int, activity: bool = False) -> Array:
    """Every output of a version, one row each: costs, cash, QALYs, threshold and weights, (output, draw).

    Each stratum is an output too: an input may only say how their whole is divided between them.
    activity: sessions delivered too. A bill that was divided by its sessions for a price is the same bill
    whatever their number.
    """
    versions = [scenario, *(scenario.stratum(name) for name in scenario.model.strata)]
    found = [evaluate(version, values, draws) for version in versions]
    arrays = [array for one in found for array in (one.cost, one.cash, one.qaly)]
    references = [
        scenario.setting.thresholds[0],
        *(each for one in scenario.readings for each in one.factors),
        *_studied(scenario),
    ]
    alone = [np.broadcast_to(values[name], (draws,))[None] for name in references if isinstance(name, str)]
    if activity:
        alone += [np.broadcast_to(delivered, (draws,))[None] for delivered in _sessions(scenario, values)]
    return np.concatenate([array.reshape(-1, draws) for array in arrays] + alone)


def _studied(scenario: Scenario) -> Iterator[str | int]:
    """What is said of doses and purses, by effect: outside the studied range every output says so, and more adds
    nothing.
    """
    for strategy in scenario.model.strategies.values():
        for effect in strategy.effects.values():
            for block in (effect.dose, effect.purse):
                yield from (number for _, number in block or () if number is not None)


def _sessions(scenario: Scenario, values: Values) -> Iterator[float | Array]:
    """Sessions delivered to the horizon, by therapy."""
    model, time = scenario.model, edges(scenario)
    for name, strategy in model.strategies.items():
        if strategy.therapy:
            window = therapy_window(model, name)
            yield sessions(model, name, float(time[0]), float(time[-1]), window, looking(values))


def _matters(scenario: Scenario, name: str, base: dict[str, float]) -> bool:
    """Whether moving an input moves an output, or is refused, in a run of its own."""
    outputs = []
    for value in (base[name], _moved(scenario.parameters[name].unit, base[name])):
        version = changed(scenario, {**base, name: value})
        try:
            outputs.append(_outputs(version, {**base, **version.central}, 1))
        except InputError:
            return True
    return bool(np.any(outputs[0] != outputs[1]))


def _long_enough(model: ModelFile) -> float:
    """Months, a whole number of cycles, after which nothing begins any more."""
    starts = [0.0]
    for strategy in model.strategies.values():
        if strategy.therapy:
            starts.append(strategy.therapy.wait.months + strategy.therapy.over.months)
    changes = [
        years * MONTHS_A_YEAR
        for record in model.parameters.values()
        if record.over_time is not None
        for years, _ in pieces(record)
    ]
    lags = [item.lag.months for item in model.costs.values()]
    last = max(starts) + model.follow_up.months + max(changes, default=0.0) + max(lags, default=0.0) + AFTERWARDS
    cycle = cycle_months(model)
    return min(max(-(-last // cycle) * cycle, model.horizon.months), float(MAX_CYCLES * cycle))


def _lived(reference: str | int) -> str | int:
    return HALF if isinstance(reference, int) else reference


def _at_work(effect: Effect) -> Effect:
    """An effect whose size and shrinkage are no literal 0 or 1."""
    keys = ("hazard_ratio", "rate", "rate_ratio", "relative_risk", "cost_ratio", "jobs", "optimism", "controlled_share")
    return effect.model_copy(update={key: _lived(value) for key in keys if (value := getattr(effect, key)) is not None})


def _some_effect(model: ModelFile) -> dict[str, Effect]:
    """An effect on the first transition, so that strategies differ in what they save."""
    window: dict[str, Any] = {"from_": REFERRAL, "until": HORIZON, "half_life": None}
    size: dict[str, Any] = {"hazard_ratio": HALF, "rate": None}
    found = {}
    for arrow in list(model.transitions)[:1]:
        origin, _, destination = arrow.partition(" -> ")
        found[origin] = Effect.model_construct(None, transition=(origin, destination), **size, **window)
    return found


def _without_literals(model: ModelFile) -> ModelFile:
    """An edit: no 0 or 1 that the file writes literally hides what is multiplied by it, and every therapy works."""
    costs = {}
    for name, item in model.costs.items():
        update: dict[str, object] = {key: _lived(getattr(item, key)) for key in ("price", "cashable")}
        quantities = {state: _lived(item.quantity(state)) for state in model.states}
        others = [state for state in model.states if state != item.gap_from]
        if len(set(quantities.values())) == 1 and others:
            quantities[others[0]] = HALF
        update["while_in"] = quantities
        if item.causal_share is not None:
            update["causal_share"] = _lived(item.causal_share)
        costs[name] = item.model_copy(update=update)
    strategies = {}
    comparator = next(iter(model.strategies))
    for name, strategy in model.strategies.items():
        harms = {
            key: harm.model_copy(update={"share": _lived(harm.share), "utility_loss": _lived(harm.utility_loss)})
            for key, harm in strategy.harms.items()
        }
        therapy = strategy.therapy
        if therapy:
            keys = ("sessions", "attendance", "price")
            therapy = therapy.model_copy(update={key: _lived(getattr(therapy, key)) for key in keys})
        own = {key: _at_work(effect) for key, effect in strategy.effects.items()}
        effects = own or ({} if name == comparator else _some_effect(model))
        strategies[name] = strategy.model_copy(update={"harms": harms, "therapy": therapy, "effects": effects})
    moves = {arrow: _lived(reference) for arrow, reference in model.transitions.items()}
    lively: dict[str, object] = {"costs": costs, "strategies": strategies, "transitions": moves}
    if model.work and model.work.displaced:
        displaced = model.work.displaced.model_copy(update={"share": _lived(model.work.displaced.share)})
        lively["work"] = model.work.model_copy(update={"displaced": displaced})
    return model.model_copy(update=lively)


def _reversed(model: ModelFile) -> ModelFile:
    strategies = dict(reversed(model.strategies.items()))
    return model.model_copy(update={"strategies": strategies})


_turned_round: Edit = _reversed
"""An edit: the last strategy is the comparator, so that what was a reduction is an increase."""
