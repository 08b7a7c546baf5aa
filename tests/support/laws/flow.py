"""Checks of the flow of people: nobody is lost, nobody returns from the dead, and known cases come out."""

import numpy as np

from costmodel.analysis.verification import Finding, Measured, largest, worst_of
from costmodel.model.draws import Array
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import DEAD
from costmodel.scenario.schema import ModelFile
from tests.support.laws.context import (
    NO_DEATHS,
    NO_EFFECTS,
    TRIED,
    Context,
    edited,
    free_of_own_items,
    from_each_state,
    having,
)
from tests.support.laws.inputs import arrows_with_effects, changes, generator, only_effect_on
from tests.support.laws.rules import Rules
from tests.support.laws.variants import NO_GAP_CLOSING, lasting, outcomes, steady, still, uncapped

RULES = Rules()
LONGEST = 400
"""Cycles of a year for which a cohort is followed to its long run."""
CLOSE = 1e-10
"""Of the distance to the long run, what may be left."""
OCCUPIED = 1e-9
"""Person-years, or rates per year, that count as nothing."""


def OF_POPULATION(model: ModelFile) -> ModelFile:
    """An edit: everybody dies as the general population does, in every state."""
    without = NO_DEATHS(model)
    usual = model.deaths.model_copy(update={"rate_ratio": 1, "rate_ratios": {}})
    return without.model_copy(update={"mortality": usual})


@RULES.law("V9", "No state below zero", 1e-12)
def _not_below_zero(context: Context) -> Finding:
    flows = context.follow(context.scenario, context.some_values, TRIED)
    return Measured(
        worst_of(0.0, float(-flows.people.min()), float(-flows.person_years.min())),
        f"farthest below zero, people or years, in {TRIED} draws",
    )


@RULES.law("V10", "The dead never become fewer", 1e-12)
def _dead_stay(context: Context) -> Finding:
    alive = context.follow(context.scenario, context.some_values, TRIED).people.sum(axis=1)
    return Measured(worst_of(0.0, float(np.diff(alive, axis=0).max())), "largest return from the dead in a cycle")


@RULES.law("V11", "All rates 0: nobody moves", 1e-12, rates=True)
def _nobody_moves(context: Context) -> Finding:
    flows = context.follow(edited(context.scenario, still, NO_EFFECTS, NO_DEATHS))
    start = context.model.cohort.start
    shares = np.array([context.look(start.get(state, 0)) for state in context.model.states])
    return Measured(largest(flows.people - shares[:, None, None, None]), "largest share that moved")


@RULES.law("V12", "No mortality: nobody dies", 1e-12, rates=True)
def _nobody_dies(context: Context) -> Finding:
    flows = context.follow(edited(context.scenario, NO_DEATHS), context.some_values, TRIED)
    return Measured(largest(flows.people.sum(axis=1) - 1), "largest share that died")


@RULES.law("LE", "Life expectancy without disease is that of the life table, each sex", 1e-9, rates=True)
def _life_expectancy(context: Context) -> Finding:
    table, worst = context.scenario.life_table, 0.0
    assert table is not None
    assert context.model.cohort.age is not None
    age = int(context.look(context.model.cohort.age))
    ahead = table.last_age + 1 - age
    for female, hazards in ((1, table.female), (0, table.male)):
        cohort = context.model.cohort.model_copy(update={"age": "whole age", "female": female})
        plain = edited(context.scenario, NO_EFFECTS, OF_POPULATION, having(cycle="12 months"))
        plain = edited(plain, lasting(ahead * MONTHS_A_YEAR))
        plain = edited(plain, lambda model, cohort=cohort: model.model_copy(update={"cohort": cohort}))  # type: ignore[misc]
        plain.__dict__["central"] = {**plain.central, "whole age": float(age)}
        lived = context.follow(plain).person_years.sum(axis=(0, 1))
        alive = np.exp(-np.append(0.0, np.cumsum(hazards[age:])))
        years = np.where(hazards[age:] > 0, (alive[:-1] - alive[1:]) / np.maximum(hazards[age:], 1e-300), alive[:-1])
        worst = worst_of(worst, largest(lived - years.sum()))
    return Measured(worst, f"largest gap in years of life from age {age} to {table.last_age + 1}")


@RULES.law("V13", "Equal rates give equal traces", 0)
def _equal_traces(context: Context) -> Finding:
    worst = 0.0
    for name in context.result.strategies[1:]:
        alike = edited(
            context.scenario,
            lambda model, name=name: model.model_copy(  # type: ignore[misc]
                update={"strategies": dict.fromkeys(model.strategies, model.strategies[name])}
            ),
            free_of_own_items,
            NO_GAP_CLOSING,  # to a comparator with effects, which no file can declare
        )
        flows = context.follow(alike, context.some_values, TRIED)
        worst = worst_of(
            worst,
            largest(flows.people - flows.people[:, :, :1]),
            largest(flows.cost - flows.cost[:, :, :1]),
            largest(flows.qaly - flows.qaly[:, :1]),
        )
    return Measured(worst, "largest difference of people, £ or QALYs between strategies that are declared alike")


@RULES.law("V14", "A better effect moves occupancy the right way; deaths stay equal", 0, rates=True)
def _right_way(context: Context) -> Finding:
    arrows = [arrow for arrow in arrows_with_effects(context) if not arrow.endswith(f"-> {DEAD}")]
    if not arrows:
        return "no strategy changes a transition between living states"
    wrong = []
    for arrow in arrows:
        version = edited(context.scenario, steady, NO_GAP_CLOSING, only_effect_on(arrow), OF_POPULATION)
        flows = context.follow(version)
        s = list(context.model.states).index(arrow.partition(" -> ")[0])
        spent = flows.person_years[:, s].sum(axis=0)[..., 0]
        deaths = largest(flows.people.sum(axis=1) - flows.people[:, :, :1].sum(axis=1))
        for a, structure in enumerate(version.structures):
            for i, name in enumerate(context.result.strategies):
                if not changes(structure.model, name, arrow) or spent[0, a] < OCCUPIED:
                    continue
                direction = _direction(context, structure.model, name, arrow)
                moved = spent[i, a] - spent[0, a]
                as_it_should = moved * direction < 0 if direction else abs(moved) <= CLOSE
                if not (as_it_should and deaths <= CLOSE):
                    wrong.append(f"{name}, {arrow}")
    words = "effects that do not change the time in the state they lead from as their size says"
    return Measured(len(wrong), f"{words}: {'; '.join(dict.fromkeys(wrong))}" if wrong else words)


def _direction(context: Context, model: ModelFile, strategy: str, arrow: str) -> float:
    """1 where the transition becomes faster, −1 where slower, 0 where it stays."""
    base = context.look(model.transitions[arrow])
    (effect,) = model.strategies[strategy].effects.values()
    rate = context.look(effect.rate) if effect.rate is not None else base * context.look(effect.hazard_ratio or 0)
    return float(np.sign(rate - base)) if abs(rate - base) > OCCUPIED else 0.0


@RULES.law("V16", "Ten times the people, ten times the totals; cohorts add up", 1e-9)
def _cohorts_add_up(context: Context) -> Finding:
    states = list(context.model.states)
    apart = context.follow(
        edited(context.scenario, from_each_state, uncapped),
        {f"start {state}": np.eye(len(states))[s] for s, state in enumerate(states)},
        len(states),
    )
    shares = np.full(len(states), 1 / len(states))
    whole = context.follow(
        edited(context.scenario, from_each_state, uncapped), {f"start {state}": shares[0] for state in states}
    )
    added = [
        largest(one @ shares - all_[..., 0]) for one, all_ in ((apart.cost, whole.cost), (apart.people, whole.people))
    ]
    more = edited(context.scenario, having(people=context.model.people * 10))
    tenfold = outcomes(context, more)
    per_person = largest(tenfold.cost - context.result.deterministic.cost)
    return Measured(worst_of(*added, per_person), "largest difference per person, in £ or people")


@RULES.law("V17", "The order of the states does not matter", 1e-9)
def _any_order(context: Context) -> Finding:
    def turned(model: ModelFile) -> ModelFile:
        blocks = {name: dict(reversed(getattr(model, name).items())) for name in ("states", "transitions", "utilities")}
        return model.model_copy(update=blocks)

    usual = context.follow(context.scenario, context.some_values, TRIED)
    flows = context.follow(edited(context.scenario, turned), context.some_values, TRIED)
    return Measured(
        worst_of(
            largest(flows.people[:, ::-1] - usual.people),
            largest(flows.cost - usual.cost),
            largest(flows.qaly - usual.qaly),
        ),
        "largest difference of people, £ or QALYs in a cycle",
    )


@RULES.law("V18", "The long run of the living is the stationary distribution", 1e-8, rates=True)
def _long_run(context: Context) -> Finding:
    plain = edited(context.scenario, steady, NO_EFFECTS, NO_DEATHS, from_each_state, having(cycle="12 months"))
    matrices = [generator(context, structure.model) for structure in plain.structures]
    chosen = [a for a, rates in enumerate(matrices) if _ergodic(rates)]
    if not chosen or len(context.model.states) == 1:
        return "some state cannot be reached from every other, so no one long run exists"
    at_rest = np.stack([_stationary(matrices[a]) for a in chosen])
    worst, longest = 0.0, max(_years_to_rest(matrices[a]) for a in chosen)
    years = min(longest, LONGEST)
    begin: dict[str, float | Array] = {f"start {state}": at_rest[:, s] for s, state in enumerate(context.model.states)}
    people = context.follow(edited(plain, lasting(years * MONTHS_A_YEAR)), begin, len(chosen)).people
    for row, a in enumerate(chosen):
        worst = worst_of(worst, largest(people[:, :, 0, a, row] - at_rest[row]))
    words = "largest distance of a cohort that starts there"
    if longest <= LONGEST:
        begin = {f"start {state}": float(s == 0) for s, state in enumerate(context.model.states)}
        people = context.follow(edited(plain, lasting(years * MONTHS_A_YEAR)), begin).people[-1, :, 0, :, 0]
        worst = worst_of(worst, largest(people[:, chosen] - at_rest.T))
        words += f", and of one that starts in one state after {years} years"
    return Measured(worst, words)


def _ergodic(rates: Array) -> bool:
    reached = np.linalg.matrix_power((rates > 0) + np.eye(len(rates)), len(rates))
    return bool(np.all(reached > 0))


def _stationary(rates: Array) -> Array:
    """The distribution that the rates leave as it is."""
    count = len(rates)
    equations = np.vstack([rates.T, np.ones(count)])
    found, *_ = np.linalg.lstsq(equations, np.append(np.zeros(count), 1.0), rcond=None)
    return np.asarray(found, dtype=float)


def _years_to_rest(rates: Array) -> int:
    """Years after which a cohort is as good as at rest: the slowest mode has faded to `CLOSE`."""
    slowest = np.sort(-np.real(np.linalg.eigvals(rates)))[1]
    return max(1, int(np.ceil(-np.log(CLOSE) / slowest)) + 1) if slowest > 0 else LONGEST + 1


@RULES.law("V19", "Many cycles are the first of them and then the rest", 1e-10, rates=True)
def _split(context: Context) -> Finding:
    count = cycles(context.model)
    if count < 2:
        return "the horizon is one cycle"
    first, step = count // 2, cycle_months(context.model)
    short = context.follow(edited(context.scenario, lasting(first * step)))
    whole = context.follow(context.scenario)
    begun = largest(short.people - whole.people[: first + 1])
    plain = edited(context.scenario, steady, NO_EFFECTS, NO_DEATHS)
    all_at_once = context.follow(plain).people[..., 0]
    where = {f"start {state}": all_at_once[first, s, 0] for s, state in enumerate(context.model.states)}
    rest = edited(plain, from_each_state, lasting((count - first) * step))
    people = context.follow(rest, where, len(context.structures)).people[-1]
    ends = [largest(people[:, 0, a, a] - all_at_once[-1, :, 0, a]) for a in range(len(context.structures))]
    return Measured(worst_of(begun, *ends), f"largest difference in people: {first} cycles, then {count - first}")
