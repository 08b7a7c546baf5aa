"""The laws that tell a reader something about a run of theirs."""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
from scipy import special

from costmodel.analysis.psa.comparison import MOST_OF_CHANCE, error_of_mean
from costmodel.analysis.psa.draws import MOST_OF_THERAPY_COST
from costmodel.analysis.verification.context import (
    NEVER_CLOSING,
    NO_DEATHS,
    NO_EFFECTS,
    NO_HARMS,
    TRIED,
    Context,
    Finding,
    Measured,
    Rule,
    answers,
    edited,
    from_each_state,
    having,
    largest,
    worst_of,
)
from costmodel.inputs.matrices import ROW_TOLERANCE
from costmodel.model.activity import looking
from costmodel.model.block import ledger_of
from costmodel.model.draws import Array
from costmodel.model.rates import Look, rate_lines
from costmodel.model.run import values_of
from costmodel.result.flows import Flows
from costmodel.result.flows import whole as written_out
from costmodel.result.payback import NEVER
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import CYCLES, MONTHS_A_YEAR, cycle_months, cycles, in_whole_cycles
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.probabilities import Chances, all_states
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.setting import NOBODY, THERAPY
from costmodel.units import out_of_support

FARTHEST, POINTS = 7.5, 1_501
"""Standard deviations to which a distribution's mean is integrated, and at how many points."""
PENNY = 0.005
EXACT = 1e-9
ENOUGH = 10_000
"""Draws for which the Monte-Carlo error is judged."""
NO_DRAWS = "no draws were made"
TABLES = "the probabilities stand in a table, which is taken as it is"


def starts(model: ModelFile) -> dict[str, float | Array]:
    """Values with which draw number s of a model `from_each_state` starts wholly in state number s."""
    one = np.eye(len(model.states))
    return {f"start {state}": one[s] for s, state in enumerate(model.states)}


def _probabilities(context: Context) -> Finding:
    if context.model.in_probabilities:
        return _rows_sum_to_one(context)
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


def chances_of(scenario: Scenario) -> list[Chances]:
    return [
        Chances(structure.model, strategy, scenario.matrices.get(strategy))
        for strategy in scenario.model.strategies
        for structure in scenario.structures
    ]


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


def _centres(context: Context) -> Finding:
    uncertain = {name: leaf for name, leaf in context.scenario.leaves.items() if leaf.distribution}
    if not uncertain:
        return "no parameter has a distribution"
    worst = worst_of(*(_off_centre(context.scenario.parameters[name], leaf) for name, leaf in uncertain.items()))
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


def _traced(context: Context) -> Finding:
    scenario, untraced = context.scenario, []
    for name in scenario.used:
        record = scenario.parameters[name]
        named = bool(record.sources) or record.joint is not None
        known = named and all(source in scenario.sources for source in record.sources) and bool(record.unit.text)
        if name in scenario.leaves and (not known or (record.unit.kind == "price" and record.price_year is None)):
            untraced.append(name)
    words = "inputs without a source or fit, unit or price year"
    return Measured(len(untraced), f"{words}: {', '.join(untraced)}" if untraced else words)


def _time_elapsed(context: Context) -> Finding:
    if context.model.in_probabilities:
        return _time_counted(context)
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


def _parts_sum(context: Context) -> Finding:
    rows = context.result.table()
    saving = rows[rows.outcome == "net_saving"]
    keys = ["run", "strategy", "horizon_months", "discounted"]
    whole = saving[(saving.category == "all") & (saving.party == "all")].set_index([*keys, "perspective"]).value
    parts = saving[saving.category != "all"].groupby([*keys, "perspective"]).value.sum()
    worst = largest((whole - parts).to_numpy())
    parties = saving[(saving.party != "all")]
    for perspective in context.setting.perspectives:
        members = context.setting.members(perspective)
        theirs = parties[parties.party.isin(members)].groupby(keys).value.sum()
        one = whole.xs(perspective, level="perspective")
        worst = worst_of(worst, largest((one - theirs.reindex(one.index, fill_value=0.0)).to_numpy()))
    return Measured(worst_of(worst, _years_sum(context)), f"largest gap in {context.symbol} per person")


def _years_sum(context: Context) -> float:
    """Gap between the costs of every cycle, summed, and the total at the horizon."""
    last, worst = len(context.result.horizons) - 1, 0.0
    for run in context.result.runs.values():
        by_cycle = run.outcomes.mean_cost.sum(axis=0)
        if context.model.in_probabilities:  # what is booked at time 0 is in no cycle
            if run.name != DETERMINISTIC:
                continue
            at_start = written_out(ledger_of(context.scenario, context.central, 1)).cost_at_start
            assert at_start is not None
            by_cycle = by_cycle + at_start[..., 0]
        worst = worst_of(worst, largest(by_cycle - run.outcomes.cost[last, 0].mean(axis=-1)))
    return worst


def _payback(context: Context) -> Finding:
    result, worst = context.result, 0.0
    for run, h, s in answers(result):
        for perspective in context.setting.perspectives:
            month = result.curve_payback(s, perspective, h, run=run)
            curve = result.mean_curve(s, perspective, run=run)
            worst = worst_of(worst, _off_curve(curve, result, h, s, month))
    return Measured(
        worst, f"largest {context.symbol} of the curve on the wrong side of nothing, before or after payback"
    )


def _off_curve(curve: Array, result: Result, horizon: int, strategy: int, month: float) -> float:
    """Money by which a month of payback and a curve disagree: owed after it, clear just before, or none back."""
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


def _supports(context: Context) -> Finding:
    if not context.result.draws:
        return NO_DRAWS
    values = values_of(context.result, context.result.draws)
    wrong = []
    for name, draws in values.items():
        record, leaf = context.scenario.parameters[name], context.scenario.leaves.get(name)
        low, high = float(np.min(draws)), float(np.max(draws))
        outside = any(out_of_support(record.unit, end) for end in (low, high))
        sampled = leaf is not None and leaf.distribution is not None
        clipped = sampled and any(
            np.sum(draws == end) > 1 and end in _ends(record.unit, record.range) for end in (low, high)
        )
        if outside or clipped:
            wrong.append(name)
    words = f"parameters with such a draw among {context.result.draws:,}"
    return Measured(len(wrong), f"{words}: {', '.join(wrong)}" if wrong else words)


def _ends(unit: object, plausible: list[float] | None) -> tuple[float, ...]:
    """Where a clipped draw would lie."""
    return (getattr(unit, "low", 0.0), getattr(unit, "high", 1.0), *(plausible or ()))


def _enough_draws(context: Context) -> Finding:
    if context.result.draws < 2:
        return NO_DRAWS
    result = context.result
    weights, worst = result.weights, 0.0
    for run, h, s in answers(result, result.headline):
        paid = (result.paybacks(run, h, s, context.setting.main) < np.inf).astype(float)
        worst = worst_of(worst, _foretold(paid, weights) / MOST_OF_CHANCE)
        cost = result.net_cost(run, h, s, perspective=context.setting.main)
        therapy = result.net_cost(run, h, s, category=THERAPY)
        if spent := abs(float(weights @ therapy.mean(axis=-1))):
            worst = worst_of(worst, _foretold(cost, weights) / (MOST_OF_THERAPY_COST * spent))
    return Measured(
        worst, f"largest 95% error as a share of what is allowed, foretold from {context.result.draws:,} draws"
    )


def _foretold(values: Array, weights: Array) -> float:
    """Half the 95% interval of the weighted mean of `ENOUGH` draws; values: (alternative, draw)."""
    error = error_of_mean(values, weights, ENOUGH)
    assert error is not None
    return error


RULES: tuple[Rule, ...] = (
    Rule(
        "V1", "Probabilities between 0 and 1, rates not negative, rows sum to one in every cycle", 1e-12, _probabilities
    ),
    Rule("V5", "Each distribution has its declared centre, and its interval is in order", 1e-6, _centres),
    Rule("V6", "Each input has its source or fit, its unit and its price year", 0, _traced),
    Rule("V8", "Occupancy sums to the time elapsed", 1e-12, _time_elapsed),
    Rule("V22", "Parts sum to the total, to the penny: by category, party and year", PENNY, _parts_sum),
    Rule("V29", "Payback agrees with the cumulative curve", 1e-6, _payback),
    Rule("V30", "Perspectives nest; transfers cancel in the sum of all parties", PENNY, _perspectives),
    Rule("V31", "No effect and no harm: nothing is saved, and the net cost is the therapy", 0, _nothing_saved),
    Rule("V33", "Therapy costs its sessions at their price, whatever the cycle length", PENNY, _sessions),
    Rule("V38", "No draw outside its support, and none clipped to its ends", 0, _supports),
    Rule(
        "V42",
        "10,000 draws are enough: chance of payback to 1 point, net saving to 2% of therapy cost",
        1,
        _enough_draws,
        of_inputs=True,
    ),
)
"""Every law, in order."""
