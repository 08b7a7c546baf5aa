"""Checks of what comes out: money and health add up, scale, turn round, and agree with a hand calculation."""

from itertools import pairwise

import numpy as np
from scipy.linalg import expm

from costmodel.analysis.sensitivity import break_even
from costmodel.analysis.sensitivity.batch import changed
from costmodel.analysis.verification.bench import Bench, largest, same_as, worst_of
from costmodel.analysis.verification.check import Finding, Inapplicable, Measured, Rules
from costmodel.analysis.verification.inputs import generator
from costmodel.analysis.verification.variants import (
    NO_EFFECTS,
    NO_GAP_CLOSING,
    NO_HARMS,
    discounted_at,
    each_effect,
    edited,
    free,
    having,
    lasting,
    nothing_of_its_own,
    steady,
    well,
)
from costmodel.model.flows import THERAPY
from costmodel.model.values import Array
from costmodel.perspectives import PARTIES, PERSPECTIVES
from costmodel.result import table
from costmodel.result.payback import NEVER
from costmodel.result.result import Result, Run
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.schema import CostItem, ModelFile

RULES = Rules("results")
PENNY = 0.005
EXACT = 1e-9
BREAK_EVEN_FOR = "nhs_pss"
WIDEST = 3
"""Inputs whose break-even value is sought: those that move the net saving most."""
CYCLE_LENGTHS = (1, 2, 3, 4, 6, 12)


def deterministic(result: Result) -> Run:
    """The deterministic reading of a result."""
    return result.runs["deterministic"]


@RULES.law("V20", "Free care costs nothing; with every utility 1 a QALY is a year of life", EXACT)
def _free_and_well(bench: Bench) -> Finding:
    flows = bench.follow(edited(bench.scenario, free, well, NO_HARMS))
    lived = flows.person_years.sum(axis=1)
    return Measured(
        worst_of(largest(flows.cost), largest(flows.qaly - lived)), "largest £, or QALYs beside life-years, in a cycle"
    )


@RULES.law("V21", "Discounting at 0 changes nothing; more discounting makes totals smaller", EXACT)
def _discounting(bench: Bench) -> Finding:
    none = bench.outcomes(discounted_at(bench.scenario, 0))
    some = bench.result.deterministic
    whole = bench.outcomes(discounted_at(bench.scenario, 1))
    worst = worst_of(largest(none.cost[:, 1] - none.cost[:, 0]), largest(none.qaly[:, 1] - none.qaly[:, 0]))
    more = [none.cost[:, 1], some.cost[:, 1], whole.cost[:, 1]]
    if all(bench.look(utility) >= 0 for s in bench.structures for utility in s.model.utilities.values()):
        plain = edited(bench.scenario, NO_HARMS)
        versions = (discounted_at(plain, 0), plain, discounted_at(plain, 1))
        fewer = [bench.outcomes(version).qaly[:, 1] for version in versions]
        worst = worst_of(worst, *(float(np.max(b - a)) for a, b in pairwise(fewer)))
    worst = worst_of(worst, *(float(np.max(b - a)) for a, b in pairwise(more)))
    return Measured(worst_of(worst, 0.0), "largest difference at 0, or increase with more discounting, in £ or QALYs")


@RULES.law("V22", "Parts sum to the total, to the penny: by category, party and year", PENNY)
def _parts_sum(bench: Bench) -> Finding:
    rows = bench.result.table()
    saving = rows[rows.outcome == "net_saving"]
    keys = ["run", "strategy", "horizon_months", "discounted"]
    whole = saving[(saving.category == "all") & (saving.party == "all")].set_index([*keys, "perspective"]).value
    parts = saving[saving.category != "all"].groupby([*keys, "perspective"]).value.sum()
    worst = largest((whole - parts).to_numpy())
    parties = saving[(saving.party != "all")]
    for perspective, members in PERSPECTIVES.items():
        theirs = parties[parties.party.isin(members)].groupby(keys).value.sum()
        one = whole.xs(perspective, level="perspective")
        worst = worst_of(worst, largest((one - theirs.reindex(one.index, fill_value=0.0)).to_numpy()))
    return Measured(worst_of(worst, _years_sum(bench)), "largest gap in £ per person")


def _years_sum(bench: Bench) -> float:
    """Gap between the costs of every cycle, summed, and the total at the horizon."""
    last, worst = len(bench.result.horizons) - 1, 0.0
    for run in bench.result.runs.values():
        by_cycle = run.outcomes.mean_cost.sum(axis=0)
        if not bench.rates:  # what is booked at time 0 is in no cycle
            if run.name != "deterministic":
                continue
            at_start = bench.follow(bench.scenario).cost_at_start
            assert at_start is not None
            by_cycle = by_cycle + at_start[..., 0]
        worst = worst_of(worst, largest(by_cycle - run.outcomes.cost[last, 0].mean(axis=-1)))
    return worst


def _prices(model: ModelFile) -> ModelFile:
    """An edit: the price of every item is the value named `price of ITEM`."""
    costs = {name: item.model_copy(update={"price": f"price of {name}"}) for name, item in model.costs.items()}
    return model.model_copy(update={"costs": costs})


@RULES.law("V23", "Twice the price of an item is twice its cost, and nothing else", 1e-12)
def _one_price(bench: Bench) -> Finding:
    names = list(bench.model.costs)
    if not names:
        return Inapplicable("there is no cost but the therapy")
    values: dict[str, float | Array] = {}
    for i, name in enumerate(names):
        price = np.full(len(names), bench.look(bench.model.costs[name].price))
        price[i] *= 2
        values[f"price of {name}"] = price
    twice = bench.follow(edited(bench.scenario, _prices), values, len(names))
    once = bench.follow(bench.scenario)
    worst = largest(twice.qaly - once.qaly)
    for i, item in enumerate(bench.result.items):
        factor = np.array([2.0 if item.name == name else 1.0 for name in names])
        size = max(largest(once.cost[:, i]), 1.0)
        worst = worst_of(worst, largest(twice.cost[:, i] - factor * once.cost[:, i]) / size)
    return Measured(worst, "largest gap as a share of the item's cost in a cycle")


@RULES.law("V24", "Two strategies swapped: every sign turns", EXACT)
def _swapped(bench: Bench) -> Finding:
    plain = edited(bench.scenario, NO_GAP_CLOSING)
    there = same_as(bench.result, bench.outcomes(plain), plain)
    worst, comparator = 0.0, bench.strategies[0]
    for position, name in enumerate(bench.strategies[1:], 1):
        turned = edited(plain, lambda model, name=name: _only(model, name, comparator))  # type: ignore[misc]
        back = same_as(bench.result, bench.outcomes(turned), turned)
        for h in range(len(there.horizons)):
            for discounted in (False, True):
                for perspective in PERSPECTIVES:
                    one, other = (
                        result.net_cost(deterministic(result), h, s, perspective=perspective, discounted=discounted)
                        for result, s in ((there, position), (back, 1))
                    )
                    worst = worst_of(worst, largest(one + other))
                gains = there.qaly_gain(deterministic(there), h, position, discounted)
                worst = worst_of(worst, largest(gains + back.qaly_gain(deterministic(back), h, 1, discounted)))
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
def _one_pound(bench: Bench) -> Finding:
    horizon = bench.model.horizon.months
    begun = [(s, n, t) for s, n, t in bench.therapies() if s and t.wait.months < horizon]
    if not begun:
        return Inapplicable("no therapy begins within the horizon")
    version = edited(bench.scenario, _set_up)
    values = {f"set-up of {n}": bench.look(t.set_up) + np.arange(2.0) for s, n, t in bench.therapies() if s}
    result = same_as(bench.result, bench.outcomes(version, values, 2))
    last, worst = len(result.horizons) - 1, 0.0
    for s, _, therapy in begun:
        for perspective, members in PERSPECTIVES.items():
            cost = result.net_cost(deterministic(result), last, s, perspective=perspective)
            pays = float(therapy.paid_by in members)
            worst = worst_of(worst, largest(cost[:, 1] - cost[:, 0] - pays))
    return Measured(worst, "largest gap to £1, undiscounted, in the perspectives that pay")


@RULES.law("V26", "One cycle, worked out by hand", EXACT, rates=True)
def _by_hand(bench: Bench) -> Finding:
    """Matrix exponential of the rates and deaths of the first cycle, with its integral as one block matrix."""
    step = cycle_months(bench.model)
    plain = edited(bench.scenario, steady, NO_EFFECTS, NO_HARMS, lasting(step))
    flows, years, count = bench.follow(plain), step / MONTHS_A_YEAR, len(bench.model.states)
    worst = 0.0
    for a, structure in enumerate(plain.structures):
        dying = bench.deaths[0] * bench.look(structure.model.deaths.rate_ratio)
        rates = generator(bench, structure.model) - dying * np.eye(count)
        block = np.zeros((2 * count, 2 * count))
        block[:count, :count], block[:count, count:] = rates, np.eye(count)
        whole = expm(block * years)
        start = np.array([bench.look(structure.model.cohort.start.get(state, 0)) for state in bench.model.states])
        spent = start @ whole[:count, count:]
        utilities = np.array([bench.look(structure.model.utilities[state]) for state in bench.model.states])
        worst = worst_of(worst, largest(flows.people[-1, :, 0, a, 0] - start @ whole[:count, :count]))
        worst = worst_of(worst, largest(flows.qaly[0, :, a] - spent @ utilities))
        for i, item in enumerate(bench.result.items):
            if item.name != THERAPY:
                worst = worst_of(
                    worst, largest(flows.cost[0, i, :, a] - spent @ _per_year(bench, structure.model.costs[item.name]))
                )
    for s, _, therapy in bench.therapies():
        share = max(0.0, min(step - therapy.wait.months, therapy.over.months)) / therapy.over.months
        sessions = bench.look(therapy.sessions) * bench.look(therapy.attendance) * share
        begins = bench.look(therapy.set_up) if therapy.wait.months < step else 0.0
        worst = worst_of(worst, largest(flows.cost[0, 0, s] - sessions * bench.look(therapy.price) - begins))
    return Measured(worst, "largest gap in people, QALYs or £")


def _per_year(bench: Bench, item: CostItem) -> Array:
    """Cost of an item per year in each state: price × (observed + causal share × (here − observed))."""
    here = np.array([bench.look(item.quantity(state)) for state in bench.model.states])
    if item.causal_share is not None and item.gap_from is not None:
        observed = bench.look(item.quantity(item.gap_from))
        here = observed + bench.look(item.causal_share) * (here - observed)
    return here * bench.look(item.price)


@RULES.law("V28", "No cost per QALY where one strategy is better in both, or the difference is nothing", 0)
def _no_ratio(bench: Bench) -> Finding:
    tried = [(cost, health) for cost in (-500.0, 0.0, 500.0) for health in (-0.1, -1e-6, 0.0, 1e-6, 0.1)]
    wrong = sum(table.cost_per_qaly(cost, health)[0] != _ratio(cost, health) for cost, health in tried)
    result = bench.result
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


@RULES.law("V29", "Payback agrees with the cumulative curve", 1e-6)
def _payback(bench: Bench) -> Finding:
    result, worst = bench.result, 0.0
    for run in result.runs.values():
        for h in range(len(result.horizons)):
            for s in range(1, len(result.strategies)):
                for perspective in PERSPECTIVES:
                    month = result.curve_payback(s, perspective, h, run=run)
                    curve = result.curve(s, perspective, run=run)
                    worst = worst_of(worst, _off_curve(curve, result, h, s, month))
    return Measured(worst, "largest £ of the curve on the wrong side of nothing, before or after payback")


def _off_curve(curve: Array, result: Result, horizon: int, strategy: int, month: float) -> float:
    """£ by which a month of payback and a curve disagree: owing after it, clear just before it, or no money back."""
    months, end = result.edges * MONTHS_A_YEAR, result.horizons[horizon]
    first = result.first_payment[strategy]
    at_end = float(np.interp(end, months, curve))
    if month == NEVER:
        return 0.0 if first >= end else worst_of(0.0, -at_end)
    after = np.append(curve[(months >= month) & (months <= end)], [at_end, np.interp(month, months, curve)])
    owing = worst_of(0.0, float(after.max()))
    if month <= first:
        return owing
    before = float(np.interp(month - EXACT, months, curve))
    return worst_of(owing, abs(float(np.interp(month, months, curve))), -before)


@RULES.law("V29b", "The break-even value, put back, gives a net saving of 0", PENNY)
def _break_even(bench: Bench) -> Finding:
    if len(bench.strategies) < 2:
        return Inapplicable("there is only one strategy")
    scenario, worst, roots = bench.scenario, 0.0, 0
    for bar in [bar for bar in bench.tornado.bars if bar.input.name in scenario.leaves][:WIDEST]:
        for one in break_even(scenario, bar.input.name).found:
            for root in one.roots:
                again = bench.at_centre(changed(scenario, {one.input.name: root.value}))
                worst = worst_of(worst, abs(float(again.weights @ bench.net_cost_at_centre(BREAK_EVEN_FOR, again))))
                roots += 1
    if not roots:
        return Inapplicable(f"none of the {WIDEST} inputs that matter most makes the net saving 0")
    return Measured(worst, f"largest £ of net saving at {roots} break-even values of the {WIDEST} widest inputs")


@RULES.law("V30", "Perspectives nest; transfers cancel in the societal sum", PENNY)
def _perspectives(bench: Bench) -> Finding:
    names = list(PERSPECTIVES)
    broken = sum(not set(PERSPECTIVES[a]) <= set(PERSPECTIVES[b]) for a, b in pairwise(names))
    result, worst = bench.result, 0.0
    for run in result.runs.values():
        cost = run.outcomes.cost[:, 0]
        for h in range(len(result.horizons)):
            for s in range(1, len(result.strategies)):
                real = [i for i, item in enumerate(result.items) if "nobody" in (item.paid_by, item.received_by)]
                by_hand = sum(
                    (1 if result.items[i].paid_by != "nobody" else -1) * (cost[h, i, s] - cost[h, i, 0]) for i in real
                )
                worst = worst_of(worst, largest(result.net_cost(run, h, s, perspective="societal") - by_hand))
                for name, members in PERSPECTIVES.items():
                    accounts = sum(result.net_cost(run, h, s, party=party) for party in members)
                    worst = worst_of(worst, largest(result.net_cost(run, h, s, perspective=name) - accounts))
    return Measured(worst + broken, "perspectives not inside the next, plus the largest gap in £")


@RULES.law("V31", "No effect and no harm: nothing is saved, and the net cost is the therapy", 0)
def _nothing_saved(bench: Bench) -> Finding:
    version = edited(bench.scenario, NO_EFFECTS, NO_HARMS)
    result = same_as(bench.result, bench.outcomes(version), version)
    run, worst = deterministic(result), 0.0
    for h in range(len(result.horizons)):
        for s in range(1, len(result.strategies)):
            for discounted in (False, True):
                worst = worst_of(worst, largest(result.qaly_gain(run, h, s, discounted)))
                for name in PERSPECTIVES:
                    whole, therapy = (
                        result.net_cost(run, h, s, perspective=name, category=one, discounted=discounted)
                        for one in (None, "therapy")
                    )
                    worst = worst_of(worst, largest(whole - therapy))
    return Measured(worst, "largest saving in £ or QALYs")


@RULES.law("V32", "An effect that lasts no time is no effect", 1e-12)
def _no_time(bench: Bench) -> Finding:
    at_once = each_effect(lambda one: one.model_copy(update={"until": one.from_, "half_life": None}))
    none = bench.follow(edited(bench.scenario, NO_GAP_CLOSING, NO_EFFECTS))
    short = bench.follow(edited(bench.scenario, NO_GAP_CLOSING, at_once, nothing_of_its_own))
    return Measured(
        worst_of(largest(short.people - none.people), largest(short.cost - none.cost)),
        "largest difference in people or £",
    )


@RULES.law("V33", "Therapy costs its sessions at their price, whatever the cycle length", PENNY)
def _sessions(bench: Bench) -> Finding:
    if not list(bench.therapies()):
        return Inapplicable("no strategy has a therapy")
    months, worst, tried = bench.model.horizon.months, 0.0, []
    for step in CYCLE_LENGTHS:
        fixed = not bench.rates and step != cycle_months(bench.model)  # a probability has one period
        if fixed or abs(months / step - round(months / step)) > EXACT:
            continue
        tried.append(step)
        cost = bench.follow(edited(bench.scenario, having(cycle=f"{step} months" if step > 1 else "1 month"))).cost
        for s, _, therapy in bench.therapies():
            share = max(0.0, min(months - therapy.wait.months, therapy.over.months)) / therapy.over.months
            delivered = bench.look(therapy.sessions) * bench.look(therapy.attendance) * share
            begins = bench.look(therapy.set_up) if therapy.wait.months < months else 0.0
            bill = delivered * bench.look(therapy.price) + begins
            worst = worst_of(worst, largest(cost[:, 0, s].sum(axis=0) - bill))
    return Measured(worst, f"largest gap in £ per person, cycles of {', '.join(map(str, tried))} months")


@RULES.law("V34", "Every flow has a payer or a receiver; all accounts sum to resources used less output created", PENNY)
def _double_entry(bench: Bench) -> Finding:
    items = bench.result.items
    nameless = sum(item.paid_by == "nobody" and item.received_by == "nobody" for item in items)
    result, worst = bench.result, 0.0
    for run in result.runs.values():
        for h in range(len(result.horizons)):
            for s in range(1, len(result.strategies)):
                cost = run.outcomes.cost[h, 0, :, s] - run.outcomes.cost[h, 0, :, 0]
                used = sum(cost[k] for k, item in enumerate(items) if item.received_by == "nobody")
                created = sum(cost[k] for k, item in enumerate(items) if item.paid_by == "nobody")
                accounts = sum(result.net_cost(run, h, s, party=party) for party in PARTIES)
                worst = worst_of(worst, largest(np.asarray(accounts) - (np.asarray(used) - np.asarray(created))))
    return Measured(worst + nameless, "flows of nobody, plus the largest gap in £")
