"""What the model says about an observation, in every draw: read off activity and flows, not off a result."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.trial.file import CeilingBlock, TrialRow
from costmodel.model.activity import looking
from costmodel.model.draws import Values, central_values, drawn_values
from costmodel.model.ledger import shares_of_strata, simulate
from costmodel.model.money import THERAPY, Item, cost_per_year, items
from costmodel.perspectives import weight
from costmodel.result import outcomes
from costmodel.result.flows import Flows
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR

Array = NDArray[np.float64]
Measure = Callable[[Flows, Values], Array]
"""From flows and values to a quantity, shape (alternative, draw)."""

BLOCK = 1_024
"""Draws advanced together."""
PERSPECTIVE = "nhs_pss"
"""Whose costs: those of health and social care."""


def measured(
    scenario: Scenario, measures: Mapping[str, Measure], draws: int, seed: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Each measure at the central values, shape (alternative,), and in every draw, (alternative, draw).

    Strata are one cohort, so that they count as a single alternative.
    """
    central = central_values(scenario)
    flows = simulated(scenario, central, 1)
    best = {name: measure(flows, central)[:, 0] for name, measure in measures.items()}
    blocks: dict[str, list[Array]] = {name: [] for name in measures}
    for first in range(0, draws, BLOCK):
        size = min(BLOCK, draws - first)
        values = drawn_values(scenario, size, seed, first)
        flows = simulated(scenario, values, size)
        for name, measure in measures.items():
            blocks[name].append(measure(flows, values))
    return best, {name: np.concatenate(found, axis=1) for name, found in blocks.items()}


def simulated(scenario: Scenario, values: Values, draws: int) -> Flows:
    """The flows of every alternative, or of the whole cohort where there are strata."""
    flows = simulate(scenario, values, draws)
    if not scenario.model.strata:
        return flows
    shares = np.stack([np.broadcast_to(share, (draws,)) for share in shares_of_strata(scenario, looking(values))])

    def whole(parts: Array) -> Array:
        return np.asarray((parts * shares).sum(axis=-2, keepdims=True), dtype=float)

    return Flows(flows.edges, whole(flows.cost), whole(flows.qaly), whole(flows.people), whole(flows.person_years))


def of_row(scenario: Scenario, row: TrialRow) -> Measure:
    """The measure of a row of the trial file, undiscounted."""
    names = list(scenario.model.strategies)
    own, other = names.index(row.strategy), None if row.against is None else names.index(row.against)
    if row.outcome == "share in states":
        states = [list(scenario.model.states).index(state) for state in row.states]
        return lambda flows, _: share(flows, states, row.time.months, own, other)
    assert other is not None
    if row.outcome == "qaly gain":
        return lambda flows, _: gain(flows.qaly, cycles_to(flows, row.time.months), own, other)
    return lambda flows, _: net_cost(scenario, flows, row.time.months, own, other, PERSPECTIVE)


def person_years_gained(scenario: Scenario, block: CeilingBlock, states: Sequence[str]) -> Measure:
    """Person-years in some states within the follow-up, strategy less comparator."""
    names, all_states = list(scenario.model.strategies), list(scenario.model.states)
    own, other = names.index(block.strategy), names.index(block.against)
    chosen = [all_states.index(state) for state in states]

    def measure(flows: Flows, _: Values) -> Array:
        in_states = flows.person_years[:, chosen].sum(axis=1)
        return gain(in_states, cycles_to(flows, scenario.model.follow_up.months), own, other)

    return measure


def cost_of_a_year_ill(scenario: Scenario, block: CeilingBlock) -> Measure:
    """Everything that health and social care spends on a person-year in the ill state."""
    model, ill = scenario.model, list(scenario.model.states).index(block.ill)

    def measure(flows: Flows, values: Values) -> Array:
        total: float | Array = 0.0
        for cost in model.costs.values():
            sign = weight(PERSPECTIVE, cost.paid_by, cost.received_by)
            if sign:
                total = total + sign * cost_per_year(model, cost, looking(values))[ill]
        return np.broadcast_to(total, flows.qaly.shape[2:]).copy()

    return measure


def price_of_therapy(scenario: Scenario, block: CeilingBlock) -> Measure:
    """What the therapy costs within the follow-up, per person referred."""
    own = list(scenario.model.strategies).index(block.strategy)
    (line,) = [i for i, item in enumerate(items(scenario.model)) if item.name == THERAPY]
    months = scenario.model.follow_up.months
    return lambda flows, _: np.asarray(flows.cost[: cycles_to(flows, months), line, own].sum(axis=0), dtype=float)


def cycles_to(flows: Flows, months: float) -> int:
    """Cycles that have ended by a month. Raises InputError for one inside a cycle."""
    return outcomes.cycles_to(flows.edges, months / MONTHS_A_YEAR)


def share(flows: Flows, states: Sequence[int], months: float, own: int, other: int | None) -> Array:
    """Share of the living in some states, of a strategy or less that of another."""
    people = flows.people[cycles_to(flows, months)]
    shares = people[list(states)].sum(axis=0) / people.sum(axis=0)
    return np.asarray(shares[own] if other is None else shares[own] - shares[other], dtype=float)


def gain(per_cycle: Array, cycles: int, own: int, other: int | None) -> Array:
    """Sum over the first cycles, of a strategy or less that of another.

    per_cycle: (cycle, strategy, alternative, draw).
    """
    total = per_cycle[:cycles].sum(axis=0)
    return np.asarray(total[own] if other is None else total[own] - total[other], dtype=float)


def net_cost(
    scenario: Scenario,
    flows: Flows,
    months: float,
    own: int,
    other: int | None,
    perspective: str,
    counts: Callable[[Item], bool] = lambda item: True,
) -> Array:
    """Cost of a strategy to a perspective to a time, or less that of another; of the items that count."""
    total = np.zeros(flows.qaly.shape[2:])
    for i, item in enumerate(items(scenario.model)):
        sign = weight(perspective, item.paid_by, item.received_by)
        if sign and counts(item):
            total += sign * gain(flows.cost[:, i], cycles_to(flows, months), own, other)
    return total
