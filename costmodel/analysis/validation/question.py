"""What a target asks of a scenario: what is wrong with the question, and what answers it draw by draw."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from costmodel.analysis.trial.file import utility_choices
from costmodel.analysis.trial.measure import Array, Measure, cycles_to, gain, net_cost, share
from costmodel.analysis.validation.file import Target
from costmodel.errors import Problem, nearest
from costmodel.model.activity import edges, looking
from costmodel.model.draws import Values
from costmodel.model.money import Item, items, therapy_window
from costmodel.model.rates import rate_lines
from costmodel.perspectives import weight
from costmodel.result.flows import Flows
from costmodel.result.payback import sustained
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, in_whole_cycles

Kind = Literal["mean", "median", "ratio", "chance"]
THERAPY_CATEGORY = "therapy"


@dataclass(frozen=True)
class Question:
    """How draws become a prediction.

    mean, median: of `value`. ratio: mean of `above` ÷ mean of `below`. chance: share of draws with `value` 1.
    """

    kind: Kind
    parts: Mapping[str, Measure]


def problems(place: Callable[[str], str], row: Target, scenario: Scenario) -> Iterator[Problem]:
    """What a scenario lacks that a target asks about. place: of a key of the row."""
    model = scenario.model
    indices = scenario.setting.price_indices
    named = (
        ("strategy", [row.strategy], model.strategies),
        ("against", [row.against], model.strategies),
        ("stratum", [row.stratum], model.strata),
        ("states", row.states, model.states),
        ("item", [row.item], model.costs),
        ("transition", [" -> ".join(row.transition) if row.transition else None], model.transitions),
        ("index", [row.index], indices),
    )
    for key, names, allowed in named:
        for name in names:
            if name is not None and name not in allowed:
                yield Problem(place(key), f'{scenario.path.name} has no {key} "{name}"', nearest(name, allowed))
    if row.time is not None and row.outcome != "share moved":
        cycle = cycle_months(model)
        if not 0 < row.time.months <= model.horizon.months:
            yield Problem(place("time"), f"{row.time.text} is outside the model's time", f"Up to {model.horizon.text}.")
        elif not in_whole_cycles(row.time.months, cycle):
            yield Problem(place("time"), f"{row.time.text} is not a whole number of cycles of {cycle} months")
    if row.outcome == "share moved" and (model.in_probabilities or (model.strata and not row.stratum)):
        yield Problem(
            place("outcome"), "the share that moved needs a model of rates, and one stratum where there are any"
        )
    if row.utility_set and not utility_choices(scenario, row.utility_set):
        yield Problem(place("utility_set"), f'no utility offers the option "{row.utility_set}"')
    if row.price_year and row.price_year != scenario.setting.price_year and row.index is None:
        yield Problem(place("price_year"), "money of another year needs an index", f"One of {', '.join(indices)}.")


def question(scenario: Scenario, row: Target, threshold: float) -> Question:
    """The question that a target asks, undiscounted. threshold: in the setting's price year."""
    names = list(scenario.model.strategies)
    own = names.index(str(row.strategy))
    other = None if row.against is None else names.index(row.against)
    states = [list(scenario.model.states).index(state) for state in row.states]
    perspective, months = str(row.perspective), row.time.months if row.time else 0.0
    years = months / MONTHS_A_YEAR

    def cost(counts: Callable[[Item], bool] = lambda item: True) -> Measure:
        return lambda flows, _: net_cost(scenario, flows, months, own, other, perspective, counts)

    def times(measure: Measure, factor: float) -> Measure:
        return lambda flows, values: measure(flows, values) * factor

    def months_in(flows: Flows, _: Values) -> Array:
        spent = flows.person_years[:, states].sum(axis=1)
        return gain(spent, cycles_to(flows, months), own, other) * MONTHS_A_YEAR

    def qalys(flows: Flows, _: Values) -> Array:
        return gain(flows.qaly, cycles_to(flows, months), own, other)

    def better_and_cheaper(flows: Flows, values: Values) -> Array:
        return np.asarray((months_in(flows, values) > 0) & (cost()(flows, values) < 0), dtype=float)

    def cost_effective(flows: Flows, values: Values) -> Array:
        return np.asarray(qalys(flows, values) * threshold > cost()(flows, values), dtype=float)

    offset = times(cost(lambda item: item.category != THERAPY_CATEGORY), -1.0)
    match row.outcome:
        case "share in states":
            return Question("mean", {"value": lambda flows, _: share(flows, states, months, own, other)})
        case "months in states":
            return Question("mean", {"value": months_in})
        case "share moved":
            return Question("mean", {"value": _share_moved(scenario, row, months)})
        case "qaly gain":
            return Question("mean", {"value": qalys})
        case "cost" | "cost per year" | "net cost":
            counted = cost(lambda item: row.category in (None, item.category))
            return Question("mean", {"value": times(counted, 1 / years if row.outcome == "cost per year" else 1.0)})
        case "offset per year":
            return Question("mean", {"value": times(offset, 1 / years)})
        case "offset ratio":
            return Question("ratio", {"above": offset, "below": cost(lambda item: item.category == THERAPY_CATEGORY)})
        case "cost per qaly":
            return Question("ratio", {"above": cost(), "below": qalys})
        case "use per year":
            return Question("mean", {"value": _use(scenario, str(row.item), (0.0, months), own, other)})
        case "fall in use":
            last = (months - cycle_months(scenario.model), months)
            return Question("mean", {"value": times(_use(scenario, str(row.item), last, own, other), -1.0)})
        case "payback month":
            return Question("median", {"value": _payback(scenario, row, own, other)})
        case "chance better and cheaper":
            return Question("chance", {"value": better_and_cheaper})
        case "chance cost-effective":
            return Question("chance", {"value": cost_effective})
    raise ValueError(f"nothing is asked where the outcome is {row.outcome}")


def _use(scenario: Scenario, item: str, window: tuple[float, float], own: int, other: int | None) -> Measure:
    """Use of a cost item per year and person referred between two times, of a strategy or less that of another."""
    (line,) = [i for i, one in enumerate(items(scenario.model)) if one.name == item]
    price, years = scenario.model.costs[item].price, (window[1] - window[0]) / MONTHS_A_YEAR

    def measure(flows: Flows, values: Values) -> Array:
        first, last = (cycles_to(flows, time) for time in window)
        spent = gain(flows.cost[first:, line], last - first, own, other)
        return np.asarray(spent / looking(values)(price) / years, dtype=float)

    return measure


def _payback(scenario: Scenario, row: Target, own: int, other: int | None) -> Measure:
    """Month from referral of sustained payback within the model's horizon, infinite beyond it."""
    model = scenario.model
    signs = [weight(str(row.perspective), one.paid_by, one.received_by) for one in items(model)]
    therapy = model.strategies[str(row.strategy)].therapy
    first = therapy_window(model, str(row.strategy))[0] * MONTHS_A_YEAR if therapy else 0.0

    def measure(flows: Flows, _: Values) -> Array:
        per_cycle = np.tensordot(signs, flows.cost, axes=(0, 1))
        net = per_cycle[:, own] - (0.0 if other is None else per_cycle[:, other])
        curve = np.concatenate([np.zeros_like(net[:1]), np.cumsum(net, axis=0)])
        return sustained(curve, flows.edges * MONTHS_A_YEAR, first)

    return measure


def _share_moved(scenario: Scenario, row: Target, months: float) -> Measure:
    """Share of those who begin at the origin that has made a move at least once, deaths and other moves aside.

    1 − exp(−Σ rate × length of cycle); beyond the horizon the last rate goes on.
    """
    arrow, time = " -> ".join(row.transition or ()), edges(scenario)
    until = months / MONTHS_A_YEAR

    def measure(flows: Flows, values: Values) -> Array:
        look, shape = looking(values), flows.qaly.shape[2:]
        moved = np.empty(shape)
        for a, structure in enumerate(scenario.structures):
            (line,) = [one for one in rate_lines(structure.model, str(row.strategy)) if one.name == arrow]
            hazard, rate = np.zeros(shape[1]), np.zeros(shape[1])
            for begin, end in pairwise(time):
                rate = line.rate(line.shares(begin, end, float(time[-1])), look) + np.zeros(shape[1])
                hazard = hazard + rate * max(0.0, min(end, until) - begin)
            moved[a] = -np.expm1(-hazard - rate * max(0.0, until - time[-1]))
        return moved

    return measure
