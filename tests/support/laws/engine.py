"""Laws that only the program can break: the flow of people, accounts, a therapy without effects, its bill."""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np

from costmodel.analysis.verification import PENNY, Finding, Measured, answers, largest, worst_of
from costmodel.inputs.matrices import ROW_TOLERANCE
from costmodel.model.activity import looking
from costmodel.model.draws import Array
from costmodel.model.rates import Look, rate_lines
from costmodel.scenario.clock import CYCLES, MONTHS_A_YEAR, cycle_months, cycles, in_whole_cycles
from costmodel.scenario.probabilities import all_states
from costmodel.scenario.setting import NOBODY, THERAPY
from tests.support.flows import Flows
from tests.support.laws.context import (
    NEVER_CLOSING,
    NO_DEATHS,
    NO_EFFECTS,
    NO_HARMS,
    TRIED,
    Context,
    chances_of,
    edited,
    from_each_state,
    having,
    starts,
)
from tests.support.laws.rules import Rules

RULES = Rules()
TABLES = "the probabilities stand in a table, which is taken as it is"


@RULES.law("V1", "Probabilities between 0 and 1, rates not negative, rows sum to one in every cycle", 1e-12)
def _probabilities(context: Context) -> Finding:
    flows = context.follow(
        edited(context.scenario, from_each_state, NEVER_CLOSING), starts(context.model), len(context.model.states)
    )
    outside = worst_of(float(-flows.people.min()), float(flows.people.max()) - 1)
    rows = _lost_without_dying(context, flows, looking(context.central))
    negative = worst_of(0.0, *(float(-np.min(rate)) for rate in _rates(context)))
    return Measured(worst_of(outside, rows, negative, 0.0), "largest fault of a share, a row or a rate")


def _rates(context: Context) -> Iterator[Array]:
    look = looking(context.some_values)
    for structure in context.structures:
        for strategy in context.result.strategies:
            for line in rate_lines(structure.model, strategy):
                for begin, end in zip(context.time[:-1], context.time[1:], strict=True):
                    yield line.rate(line.shares(begin, end, float(context.time[-1]), look), look)


@RULES.chain("V1")
def _rows_sum_to_one(context: Context) -> Finding:
    """Of every cycle, in central values and in draws; a row of a table may miss 1 by its rounding."""
    worst = 0.0
    for look in (looking(context.central), looking(context.some_values)):
        for chances in chances_of(context.scenario):
            allowed = ROW_TOLERANCE if chances.matrices is not None else 0.0
            for cycle in range(cycles(context.model)):
                found = chances.at(cycle, look)
                for state in all_states(context.model):
                    row = [np.asarray(p) for move, p in found.items() if move[0] == state]
                    outside = max(float(np.max([np.max(-p), np.max(p - 1)])) for p in row)
                    worst = worst_of(worst, outside, largest(np.asarray(sum(row)) - 1) - allowed)
    return Measured(worst, "largest fault of a probability or a row")


@RULES.law("V8", "Occupancy sums to the time elapsed", 1e-12)
def _time_elapsed(context: Context) -> Finding:
    length = np.diff(context.time)
    immortal = context.follow(edited(context.scenario, NO_DEATHS), context.some_values, TRIED)
    elapsed = immortal.person_years.sum(axis=1) - length[:, None, None, None]
    mortal = context.follow(edited(context.scenario, NEVER_CLOSING), context.some_values, TRIED)
    lost = _lost_without_dying(context, mortal, looking(context.some_values))
    words = "largest gap in a cycle: years without deaths, and people lost beside rates of death × person-years"
    return Measured(worst_of(largest(elapsed), lost), words)


def _lost_without_dying(context: Context, flows: Flows, look: Look) -> float:
    """The largest difference in a cycle between the living who are lost and their rates of death × person-years."""
    states, worst = list(context.model.states), 0.0
    for (s, strategy), (a, structure) in product(enumerate(context.result.strategies), enumerate(context.structures)):
        years = flows.person_years[:, :, s, a]
        ratios = np.stack([np.broadcast_to(look(structure.model.deaths.ratio(one)), years.shape[2:]) for one in states])
        died = (context.deaths[:, None, None] * ratios * years).sum(axis=1)
        for line in rate_lines(structure.model, strategy):
            if line.destination == len(states):
                rates = [
                    line.rate(line.shares(*times, float(context.time[-1]), look), look)
                    for times in pairwise(context.time)
                ]
                died += np.stack([np.broadcast_to(rate, years.shape[2:]) for rate in rates]) * years[:, line.origin]
        alive = flows.people[:, :, s, a].sum(axis=1)
        worst = worst_of(worst, largest(alive[:-1] - alive[1:] - died))
    return worst


@RULES.chain("V8")
def _time_counted(context: Context) -> Finding:
    if context.scenario.matrices:
        return TABLES
    flows = context.follow(edited(context.scenario, NO_DEATHS), context.some_values, TRIED)
    length = cycle_months(context.model) / MONTHS_A_YEAR
    counted = flows.person_years.sum(axis=(0, 1))
    weights = context.model.weights
    total = length * (sum(weights[1:]) if weights is not None else cycles(context.model))
    if context.model.counting == "half-cycle":
        total -= length / 2  # the other half stands at time 0
    return Measured(largest(counted - total), "largest gap to the time that the convention counts, in years")


@RULES.law("V30", "Perspectives nest; transfers cancel in the sum of all parties", PENNY)
def _perspectives(context: Context) -> Finding:
    every = {name: context.setting.members(name) for name in context.setting.perspectives}
    broken = sum(not set(a) <= set(b) for a, b in pairwise(every.values()))
    result, worst = context.result, 0.0
    real = [i for i, item in enumerate(result.items) if NOBODY in (item.paid_by, item.received_by)]
    for run, h, s in answers(result):
        more = run.outcomes.cost[h, 0, :, s] - run.outcomes.cost[h, 0, :, 0]
        by_hand = sum((1 if result.items[i].paid_by != NOBODY else -1) * more[i] for i in real)
        worst = worst_of(worst, largest(result.net_cost(run, h, s, perspective=context.setting.everyone) - by_hand))
        for name, members in every.items():
            accounts = sum(result.net_cost(run, h, s, party=party) for party in members)
            worst = worst_of(worst, largest(result.net_cost(run, h, s, perspective=name) - accounts))
    return Measured(worst + broken, f"perspectives not inside the next, plus the largest gap in {context.symbol}")


@RULES.law("V31", "No effect and no harm: nothing is saved, and the net cost is the therapy", 0)
def _nothing_saved(context: Context) -> Finding:
    result, worst = context.at_centre(edited(context.scenario, NO_EFFECTS, NO_HARMS)), 0.0
    for (run, h, s), discounted in product(answers(result), (False, True)):
        worst = worst_of(worst, largest(result.qaly_gain(run, h, s, discounted)))
        for name in context.setting.perspectives:
            whole, therapy = (
                result.net_cost(run, h, s, perspective=name, category=one, discounted=discounted)
                for one in (None, THERAPY)
            )
            worst = worst_of(worst, largest(whole - therapy))
    return Measured(worst, f"largest saving in {context.symbol} or QALYs")


@RULES.law("V33", "Therapy costs its sessions at their price, whatever the cycle length", PENNY)
def _sessions(context: Context) -> Finding:
    if not list(context.therapies()):
        return "no strategy has a therapy"
    months, worst, tried = context.model.horizon.months, 0.0, []
    lengths = {f"{step} months" if step > 1 else "1 month": step for step in CYCLES if in_whole_cycles(months, step)}
    for cycle in [context.model.cycle] if context.model.in_probabilities else lengths:  # a probability has one period
        tried.append(cycle)
        cost = context.follow(edited(context.scenario, having(cycle=cycle))).cost
        for s, _, therapy in context.therapies():
            share = max(0.0, min(months - therapy.wait.months, therapy.over.months)) / therapy.over.months
            delivered = context.look(therapy.sessions) * context.look(therapy.attendance) * share
            begins = context.look(therapy.set_up) if therapy.wait.months < months else 0.0
            bill = delivered * context.look(therapy.price) + begins
            worst = worst_of(worst, largest(cost[:, 0, s].sum(axis=0) - bill))
    return Measured(worst, f"largest gap in {context.symbol} per person, cycles of {', '.join(tried)}")
