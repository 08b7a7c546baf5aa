"""Checks of what comes out: money and health add up, scale, turn round, and agree with a hand calculation."""

from itertools import pairwise

import numpy as np
from scipy.linalg import expm

from costmodel.analysis.verification import EXACT, PENNY, Finding, Measured, answers, largest, worst_of
from costmodel.model.draws import Array
from costmodel.model.run import evaluate
from costmodel.result import table
from costmodel.result.payback import NEVER
from costmodel.result.result import DETERMINISTIC
from costmodel.scenario.blocks import CostItem
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.setting import THERAPY
from tests.support.laws.context import NO_EFFECTS, NO_HARMS, Context, each_effect, edited, nothing_of_its_own
from tests.support.laws.inputs import generator
from tests.support.laws.rules import Rules
from tests.support.laws.variants import (
    NO_GAP_CLOSING,
    discounted_at,
    free,
    lasting,
    outcomes,
    same_as,
    steady,
    uncapped,
    well,
    without_channels,
)
from tests.support.pounds import PARTIES, PERSPECTIVES

RULES = Rules()


@RULES.law("V20", "Free care costs nothing; with every utility 1 a QALY is a year of life", EXACT)
def _free_and_well(context: Context) -> Finding:
    flows = context.follow(edited(context.scenario, free, well, NO_HARMS))
    lived = flows.person_years.sum(axis=1)
    return Measured(
        worst_of(largest(flows.cost), largest(flows.qaly - lived)), "largest £, or QALYs beside life-years, in a cycle"
    )


@RULES.law("V21", "Discounting at 0 changes nothing; more discounting makes totals smaller", EXACT)
def _discounting(context: Context) -> Finding:
    none = outcomes(context, discounted_at(context.scenario, 0))
    some = context.result.deterministic
    whole = outcomes(context, discounted_at(context.scenario, 1))
    worst = worst_of(largest(none.cost[:, 1] - none.cost[:, 0]), largest(none.qaly[:, 1] - none.qaly[:, 0]))
    used = {THERAPY, *context.model.costs}  # jobs may be gained and lost
    kept = [i for i, item in enumerate(context.result.items) if item.name in used]
    more = [each.cost[:, 1][:, kept] for each in (none, some, whole)]
    if all(context.look(utility) >= 0 for s in context.structures for utility in s.model.utilities.values()):
        plain = edited(context.scenario, NO_HARMS)
        versions = (discounted_at(plain, 0), plain, discounted_at(plain, 1))
        fewer = [outcomes(context, version).qaly[:, 1] for version in versions]
        worst = worst_of(worst, *(float(np.max(b - a)) for a, b in pairwise(fewer)))
    worst = worst_of(worst, *(float(np.max(b - a)) for a, b in pairwise(more)))
    return Measured(worst_of(worst, 0.0), "largest difference at 0, or increase with more discounting, in £ or QALYs")


def _prices(model: ModelFile) -> ModelFile:
    """An edit: the price of every item is the value named `price of ITEM`."""
    costs = {name: item.model_copy(update={"price": f"price of {name}"}) for name, item in model.costs.items()}
    return model.model_copy(update={"costs": costs})


@RULES.law("V23", "Twice the price of an item is twice its cost, and nothing else", 1e-12)
def _one_price(context: Context) -> Finding:
    names = list(context.model.costs)
    if not names:
        return "there is no cost but the therapy"
    values: dict[str, float | Array] = {}
    for i, name in enumerate(names):
        price = np.full(len(names), context.look(context.model.costs[name].price))
        price[i] *= 2
        values[f"price of {name}"] = price
    twice = context.follow(edited(context.scenario, _prices, uncapped), values, len(names))
    once = context.follow(edited(context.scenario, uncapped))
    worst = largest(twice.qaly - once.qaly)
    for i, item in enumerate(context.result.items):
        factor = np.array([2.0 if item.name == name else 1.0 for name in names])
        size = max(largest(once.cost[:, i]), 1.0)
        worst = worst_of(worst, largest(twice.cost[:, i] - factor * once.cost[:, i]) / size)
    return Measured(worst, "largest gap as a share of the item's cost in a cycle")


@RULES.law("V24", "Two strategies swapped: every sign turns", EXACT)
def _swapped(context: Context) -> Finding:
    plain = edited(context.scenario, NO_GAP_CLOSING, without_channels)
    there = same_as(context.result, outcomes(context, plain), plain)
    worst, comparator = 0.0, context.result.strategies[0]
    for position, name in enumerate(context.result.strategies[1:], 1):
        turned = edited(plain, lambda model, name=name: _only(model, name, comparator))  # type: ignore[misc]
        back = same_as(context.result, outcomes(context, turned), turned)
        for h in range(len(there.horizons)):
            for discounted in (False, True):
                for perspective in PERSPECTIVES:
                    one, other = (
                        result.net_cost(
                            result.runs[DETERMINISTIC], h, s, perspective=perspective, discounted=discounted
                        )
                        for result, s in ((there, position), (back, 1))
                    )
                    worst = worst_of(worst, largest(one + other))
                gains = there.qaly_gain(there.runs[DETERMINISTIC], h, position, discounted)
                worst = worst_of(worst, largest(gains + back.qaly_gain(back.runs[DETERMINISTIC], h, 1, discounted)))
    return Measured(worst, "largest sum of a difference and its reverse, in £ or QALYs")


def _only(model: ModelFile, *names: str) -> ModelFile:
    return model.model_copy(update={"strategies": {name: model.strategies[name] for name in names}})


def _set_up(model: ModelFile) -> ModelFile:
    """An edit: the set-up cost of every strategy but the comparator is the value named `set-up of STRATEGY`."""
    strategies = dict(model.strategies)
    for name in list(strategies)[1:]:
        if therapy := strategies[name].therapy:
            priced = therapy.model_copy(update={"set_up": f"set-up of {name}"})
            strategies[name] = strategies[name].model_copy(update={"therapy": priced})
    return model.model_copy(update={"strategies": strategies})


@RULES.law("V25", "A pound more for each starter: a pound more of net cost", EXACT)
def _one_pound(context: Context) -> Finding:
    horizon = context.model.horizon.months
    begun = [(s, n, t) for s, n, t in context.therapies() if s and t.wait.months < horizon]
    if not begun:
        return "no therapy begins within the horizon"
    version = edited(context.scenario, _set_up)
    values = {f"set-up of {n}": context.look(t.set_up) + np.arange(2.0) for s, n, t in context.therapies() if s}
    result = same_as(context.result, evaluate(version, {**context.central, **values}, 2), version)
    last, worst = len(result.horizons) - 1, 0.0
    for s, _, therapy in begun:
        for perspective, members in PERSPECTIVES.items():
            cost = result.net_cost(result.runs[DETERMINISTIC], last, s, perspective=perspective)
            pays = float(therapy.paid_by in members)
            worst = worst_of(worst, largest(cost[:, 1] - cost[:, 0] - pays))
    return Measured(worst, "largest gap to £1, undiscounted, in the perspectives that pay")


@RULES.law("V26", "One cycle, worked out by hand", EXACT, rates=True)
def _by_hand(context: Context) -> Finding:
    """Matrix exponential of the rates and deaths of the first cycle, with its integral as one block matrix."""
    step = cycle_months(context.model)
    plain = edited(context.scenario, steady, NO_EFFECTS, NO_HARMS, lasting(step))
    flows, years, count = context.follow(plain), step / MONTHS_A_YEAR, len(context.model.states)
    worst = 0.0
    for a, structure in enumerate(plain.structures):
        ratios = [context.look(structure.model.deaths.ratio(state)) for state in context.model.states]
        rates = generator(context, structure.model) - np.diag(context.deaths[0] * np.array(ratios))
        block = np.zeros((2 * count, 2 * count))
        block[:count, :count], block[:count, count:] = rates, np.eye(count)
        whole = expm(block * years)
        start = np.array([context.look(structure.model.cohort.start.get(state, 0)) for state in context.model.states])
        spent = start @ whole[:count, count:]
        utilities = np.array([context.look(structure.model.utilities[state]) for state in context.model.states])
        worst = worst_of(worst, largest(flows.people[-1, :, 0, a, 0] - start @ whole[:count, :count]))
        worst = worst_of(worst, largest(flows.qaly[0, :, a] - spent @ utilities))
        for i, item in enumerate(context.result.items):
            if item.name in structure.model.costs:  # what jobs move begins when therapy has ended
                worst = worst_of(
                    worst,
                    largest(flows.cost[0, i, :, a] - spent @ _per_year(context, structure.model.costs[item.name])),
                )
    for s, _, therapy in context.therapies():
        share = max(0.0, min(step - therapy.wait.months, therapy.over.months)) / therapy.over.months
        sessions = context.look(therapy.sessions) * context.look(therapy.attendance) * share
        begins = context.look(therapy.set_up) if therapy.wait.months < step else 0.0
        worst = worst_of(worst, largest(flows.cost[0, 0, s] - sessions * context.look(therapy.price) - begins))
    return Measured(worst, "largest gap in people, QALYs or £")


def _per_year(context: Context, item: CostItem) -> Array:
    """Cost of an item per year in each state: price × (observed + causal share × (here − observed))."""
    here = np.array([context.look(item.quantity(state)) for state in context.model.states])
    if item.causal_share is not None and item.gap_from is not None:
        observed = context.look(item.quantity(item.gap_from))
        here = observed + context.look(item.causal_share) * (here - observed)
    return here * context.look(item.price)


@RULES.law("V28", "No cost per QALY where one strategy is better in both, or the difference is nothing", 0)
def _no_ratio(context: Context) -> Finding:
    tried = [(cost, health) for cost in (-500.0, 0.0, 500.0) for health in (-0.1, -1e-6, 0.0, 1e-6, 0.1)]
    wrong = sum(table.cost_per_qaly(cost, health, "pounds")[0] != _ratio(cost, health) for cost, health in tried)
    result = context.result
    rows = result.table()
    rows = rows[(rows.outcome == "cost_per_qaly") & rows.run.isin(list(result.runs))]
    for row in rows.to_dict("records"):
        run, h, s = result.runs[row["run"]], result.at(row["horizon_months"]), result.strategies.index(row["strategy"])
        more = result.net_cost(run, h, s, perspective=row["perspective"], discounted=True)
        cost, gain = (float(run.weights @ x.mean(axis=-1)) for x in (more, result.qaly_gain(run, h, s)))
        wanted, found = _ratio(cost, gain), row["value"]
        printed = NEVER if found is None or np.isnan(found) else float(found)
        wrong += not (printed == wanted or abs(printed - wanted) <= EXACT * abs(wanted))
    return Measured(wrong, f"ratios wrongly printed or left out, of {len(rows)} rows and {len(tried)} cases")


def _ratio(cost: float, health: float) -> float:
    """The ratio that may be printed; NEVER where none may."""
    if abs(health) < table.SMALLEST_QALY or cost * health < 0 or cost == 0:
        return NEVER
    return cost / health


@RULES.law("V32", "An effect that lasts no time is no effect", 1e-12)
def _no_time(context: Context) -> Finding:
    at_once = each_effect(lambda one: one.model_copy(update={"until": one.from_, "half_life": None}))
    none = context.follow(edited(context.scenario, NO_GAP_CLOSING, NO_EFFECTS))
    short = context.follow(edited(context.scenario, NO_GAP_CLOSING, at_once, nothing_of_its_own))
    return Measured(
        worst_of(largest(short.people - none.people), largest(short.cost - none.cost)),
        "largest difference in people or £",
    )


@RULES.law("V34", "Every flow has a payer or a receiver; all accounts sum to resources used less output created", PENNY)
def _double_entry(context: Context) -> Finding:
    items = context.result.items
    nameless = sum(item.paid_by == "nobody" and item.received_by == "nobody" for item in items)
    result, worst = context.result, 0.0
    for run, h, s in answers(result):
        cost = run.outcomes.cost[h, 0, :, s] - run.outcomes.cost[h, 0, :, 0]
        used = sum(cost[k] for k, item in enumerate(items) if item.received_by == "nobody")
        created = sum(cost[k] for k, item in enumerate(items) if item.paid_by == "nobody")
        accounts = sum(result.net_cost(run, h, s, party=party) for party in PARTIES)
        worst = worst_of(worst, largest(np.asarray(accounts) - (np.asarray(used) - np.asarray(created))))
    return Measured(worst + nameless, "flows of nobody, plus the largest gap in £")
