"""Checks of models of probabilities, where a law is measured in another way than with rates."""

import numpy as np

from costmodel.analysis.verification import Finding, Measured, largest, worst_of
from costmodel.model.activity import looking
from costmodel.model.draws import Array
from costmodel.scenario.clock import cycle_months, cycles
from costmodel.scenario.probabilities import all_states
from tests.support.laws import flow, inputs, results
from tests.support.laws.context import NO_DEATHS, NO_EFFECTS, TRIED, Context, chances_of, each_effect, edited
from tests.support.laws.engine import TABLES
from tests.support.laws.variants import lasting, still


@inputs.RULES.chain("V2")
def _no_rates(context: Context) -> Finding:
    return "no rate becomes a probability but by probability_of, whose period is its unit"


@inputs.RULES.chain("V4")
def _no_risk(context: Context) -> Finding:
    version = edited(context.scenario, each_effect(lambda effect: effect.model_copy(update={"relative_risk": 0})))
    look, worst, tried = looking(context.central), 0.0, 0
    for chances in chances_of(version):
        effects = [e.transition for e in chances.model.strategies[chances.strategy].effects.values() if e.transition]
        for move in effects:
            of_move = [chances.at(cycle, look)[move] for cycle in chances.starts()]
            tried += 1
            worst = worst_of(worst, float(min(of_move)))
    if not tried:
        return "no strategy changes a transition by a relative risk"
    return Measured(worst, "largest probability while the relative risk of 0 is in force")


@flow.RULES.chain("V11")
def _nobody_moves(context: Context) -> Finding:
    if context.scenario.matrices:
        return TABLES
    flows = context.follow(edited(context.scenario, still, NO_EFFECTS))
    start = context.model.cohort.start
    shares = np.array([context.look(start.get(state, 0)) for state in context.model.states])
    return Measured(largest(flows.people - shares[:, None, None, None]), "largest share that moved")


@flow.RULES.chain("V12")
def _nobody_dies(context: Context) -> Finding:
    if context.scenario.matrices:
        return TABLES
    flows = context.follow(edited(context.scenario, NO_DEATHS), context.some_values, TRIED)
    return Measured(largest(flows.people.sum(axis=1) - 1), "largest share that died")


@flow.RULES.chain("V19")
def _begun_alike(context: Context) -> Finding:
    count = cycles(context.model)
    if count < 2 or context.model.weights is not None:
        return "the horizon is one cycle, or the weights are those of the whole horizon"
    first = count // 2
    short = context.follow(edited(context.scenario, lasting(first * cycle_months(context.model))))
    whole = context.follow(context.scenario)
    return Measured(largest(short.people - whole.people[: first + 1]), f"largest difference in {first} cycles")


@results.RULES.chain("V26")
def _one_matrix(context: Context) -> Finding:
    """People after the first cycle: the start times the matrix of the first cycle."""
    states, worst = all_states(context.model), 0.0
    whole = context.follow(context.scenario)
    for i, chances in enumerate(chances_of(context.scenario)):
        strategy, alternative = divmod(i, len(context.structures))
        matrix: Array = np.zeros((len(states), len(states)))
        for (origin, destination), p in chances.at(0, looking(context.central)).items():
            matrix[states.index(origin), states.index(destination)] = p
        start = np.append(whole.people[0, :, strategy, alternative, 0], 0.0)
        worst = worst_of(worst, largest((start @ matrix)[:-1] - whole.people[1, :, strategy, alternative, 0]))
    return Measured(worst, "largest difference in people after one cycle")
