"""Checks of models of probabilities, where a law is measured in another way than with rates."""

import numpy as np

from costmodel.analysis.verification import flow, inputs, results
from costmodel.analysis.verification.bench import TRIED, Bench, largest, worst_of
from costmodel.analysis.verification.check import Finding, Inapplicable, Measured
from costmodel.analysis.verification.variants import (
    NO_DEATHS,
    NO_EFFECTS,
    each_effect,
    edited,
    lasting,
    still,
)
from costmodel.inputs.matrices import ROW_TOLERANCE
from costmodel.model.lived import looking
from costmodel.model.values import Array
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import Chances, all_states

TABLES = Inapplicable("the probabilities stand in a table, which is taken as it is")


def _chances(scenario: Scenario) -> list[Chances]:
    return [
        Chances(structure.model, strategy, scenario.matrices.get(strategy))
        for strategy in scenario.model.strategies
        for structure in scenario.structures
    ]


@inputs.RULES.chain("V1")
def _rows_sum_to_one(bench: Bench) -> Finding:
    """Of every cycle, in central values and in draws; a row of a table may miss 1 by its rounding."""
    worst = 0.0
    for look in (looking(bench.central), looking(bench.some_values)):
        for chances in _chances(bench.scenario):
            allowed = ROW_TOLERANCE if chances.matrices is not None else 0.0
            for cycle in range(cycles(bench.model)):
                found = chances.at(cycle, look)
                for state in all_states(bench.model):
                    row = [np.asarray(p) for move, p in found.items() if move[0] == state]
                    outside = max(float(np.max([np.max(-p), np.max(p - 1)])) for p in row)
                    worst = worst_of(worst, outside, largest(np.asarray(sum(row)) - 1) - allowed)
    return Measured(worst, "largest fault of a probability or a row")


@inputs.RULES.chain("V2")
def _no_rates(bench: Bench) -> Finding:
    return Inapplicable("no rate becomes a probability but by probability_of, whose period is its unit")


@inputs.RULES.chain("V4")
def _no_risk(bench: Bench) -> Finding:
    version = edited(bench.scenario, each_effect(lambda effect: effect.model_copy(update={"relative_risk": 0})))
    look, worst, tried = looking(bench.central), 0.0, 0
    for chances in _chances(version):
        effects = [e.transition for e in chances.model.strategies[chances.strategy].effects.values() if e.transition]
        for move in effects:
            of_move = [chances.at(cycle, look)[move] for cycle in chances.starts()]
            tried += 1
            worst = worst_of(worst, float(min(of_move)))
    if not tried:
        return Inapplicable("no strategy changes a transition by a relative risk")
    return Measured(worst, "largest probability while the relative risk of 0 is in force")


@flow.RULES.chain("V8")
def _time_counted(bench: Bench) -> Finding:
    if bench.scenario.matrices:
        return TABLES
    flows = bench.follow(edited(bench.scenario, NO_DEATHS), bench.some_values, TRIED)
    length = cycle_months(bench.model) / MONTHS_A_YEAR
    counted = flows.person_years.sum(axis=(0, 1))
    weights = bench.model.weights
    total = length * (sum(weights[1:]) if weights is not None else cycles(bench.model))
    if bench.model.counting == "half-cycle":
        total -= length / 2  # the other half stands at time 0
    return Measured(largest(counted - total), "largest gap to the time that the convention counts, in years")


@flow.RULES.chain("V11")
def _nobody_moves(bench: Bench) -> Finding:
    if bench.scenario.matrices:
        return TABLES
    flows = bench.follow(edited(bench.scenario, still, NO_EFFECTS))
    start = bench.model.cohort.start
    shares = np.array([bench.look(start.get(state, 0)) for state in bench.model.states])
    return Measured(largest(flows.people - shares[:, None, None, None]), "largest share that moved")


@flow.RULES.chain("V12")
def _nobody_dies(bench: Bench) -> Finding:
    if bench.scenario.matrices:
        return TABLES
    flows = bench.follow(edited(bench.scenario, NO_DEATHS), bench.some_values, TRIED)
    return Measured(largest(flows.people.sum(axis=1) - 1), "largest share that died")


@flow.RULES.chain("V19")
def _begun_alike(bench: Bench) -> Finding:
    count = cycles(bench.model)
    if count < 2 or bench.model.weights is not None:
        return Inapplicable("the horizon is one cycle, or the weights are those of the whole horizon")
    first = count // 2
    short = bench.follow(edited(bench.scenario, lasting(first * cycle_months(bench.model))))
    whole = bench.follow(bench.scenario)
    return Measured(largest(short.people - whole.people[: first + 1]), f"largest difference in {first} cycles")


@results.RULES.chain("V26")
def _one_matrix(bench: Bench) -> Finding:
    """People after the first cycle: the start times the matrix of the first cycle."""
    states, worst = all_states(bench.model), 0.0
    whole = bench.follow(bench.scenario)
    for i, chances in enumerate(_chances(bench.scenario)):
        strategy, alternative = divmod(i, len(bench.structures))
        matrix: Array = np.zeros((len(states), len(states)))
        for (origin, destination), p in chances.at(0, looking(bench.central)).items():
            matrix[states.index(origin), states.index(destination)] = p
        start = np.append(whole.people[0, :, strategy, alternative, 0], 0.0)
        worst = worst_of(worst, largest((start @ matrix)[:-1] - whole.people[1, :, strategy, alternative, 0]))
    return Measured(worst, "largest difference in people after one cycle")
