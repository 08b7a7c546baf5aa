"""Checks of the draws: they extend, they are shared, they stay in their supports, and they are enough."""

import math

import numpy as np

from costmodel.analysis.psa.draws import Draws
from costmodel.analysis.sensitivity import break_even, tornado
from costmodel.analysis.sensitivity.question import changed
from costmodel.analysis.verification import NO_DRAWS, Finding, Measured, largest, worst_of
from costmodel.analysis.voi import Subject, question_of, subjects_of, uncertain, worths
from costmodel.engine.formulas import NOTHING
from costmodel.errors import InputError
from costmodel.inputs.draws import uniforms
from costmodel.model.draws import drawn_values
from costmodel.model.run import run, values_of
from costmodel.result.decision import HIGHEST_THRESHOLD
from costmodel.result.information import worth_of_everything, worth_of_inputs
from costmodel.result.outcomes import Outcomes
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import SMALLEST_QALY
from tests.support.flows import simulate
from tests.support.laws.context import NO_EFFECTS, NO_HARMS, TRIED, Context, edited
from tests.support.laws.rules import Rules
from tests.support.laws.variants import certain

RULES = Rules()
FEW = 8
THRESHOLDS = (0.0, 10_000.0, 20_000.0, 30_000.0, 100_000.0)
"""£ per QALY at which the curve of acceptability is tried."""
REGRESSED = 400
"""Draws on which the value of parts is tried at least."""
MOST_ERRORS = 5
"""Standard errors that an input that nothing uses may be worth."""
WIDEST = 3
"""Inputs whose break-even value is sought: those that move the net saving most."""
ONE_STRATEGY = "there is only one strategy"


def acceptability(result: Result, threshold: float) -> np.ndarray:
    """Chance of each strategy being the one with the highest net benefit to the last horizon, (strategy,)."""
    (choice,) = Draws(result).choices(thresholds=[threshold])
    return choice.chance


def perfect_information(result: Result, threshold: float) -> float:
    """Expected value of perfect information at a threshold, £ per person, to the longest horizon."""
    benefits = question_of(result, "nmb", result.setting.main, threshold).net_benefits(result)
    return worth_of_everything(benefits, result.weights).value


@RULES.law("V35", "Without spread, each draw is the deterministic run", 1e-9)
def _no_spread(context: Context) -> Finding:
    result = run(certain(context.scenario), draws=FEW, seed=context.result.seed)
    assert result.expected is not None
    one, many = result.deterministic, result.expected
    return Measured(
        worst_of(largest(many.cost - one.cost), largest(many.qaly - one.qaly)), "largest difference in £ or QALYs"
    )


@RULES.law("V36", "The same seed gives the same draws; more draws extend them", 0)
def _extends(context: Context) -> Finding:
    short, again, long = (
        run(context.scenario, draws=n, seed=context.result.seed).expected for n in (FEW, FEW, 2 * FEW)
    )
    assert short
    assert again
    assert long
    worst = worst_of(_apart(short, again, FEW), _apart(short, long, FEW))
    values = [drawn_values(context.scenario, n, context.result.seed, first) for n, first in ((2 * FEW, 0), (FEW, FEW))]
    for name, draws in values[0].items():
        later = np.broadcast_to(values[1][name], (FEW,))
        worst = worst_of(worst, largest(np.broadcast_to(draws, (2 * FEW,))[FEW:] - later))
    return Measured(worst, "largest difference between runs")


def _apart(one: Outcomes, other: Outcomes, draws: int) -> float:
    return worst_of(largest(one.cost - other.cost[..., :draws]), largest(one.qaly - other.qaly[..., :draws]))


@RULES.law("V37", "Strategies share each draw of a parameter that they share", 0)
def _shared(context: Context) -> Finding:
    flows = simulate(edited(context.scenario, NO_EFFECTS, NO_HARMS), context.some_values, TRIED)
    return Measured(
        worst_of(
            largest(flows.people - flows.people[:, :, :1]),
            largest(flows.cost[:, 1:] - flows.cost[:, 1:, :1]),
            largest(flows.qaly - flows.qaly[:, :1]),
        ),
        "largest difference between strategies without effects, in people, £ or QALYs, in any draw",
    )


@RULES.law("V39", "Chances of being best sum to 1; at £0 a QALY they are the chances of being cheapest", 1e-9)
def _acceptability(context: Context) -> Finding:
    if not context.result.draws:
        return NO_DRAWS
    result = context.result
    worst = worst_of(*(abs(float(acceptability(result, threshold).sum()) - 1) for threshold in THRESHOLDS))
    run_, last = result.headline, len(result.horizons) - 1
    costs = np.stack(
        [result.total_cost(run_, last, s, result.setting.main, True) for s in range(len(result.strategies))]
    )
    cheapest = costs <= costs.min(axis=0) + NOTHING
    chances = (cheapest / cheapest.sum(axis=0)).mean(axis=-1) @ result.weights
    return Measured(worst_of(worst, largest(acceptability(result, 0.0) - chances)), "largest gap in a chance")


@RULES.law("V40", "Perfect information is worth at least nothing", 1e-9)
def _information(context: Context) -> Finding:
    if not context.result.draws:
        return NO_DRAWS
    below = (-perfect_information(context.result, threshold) for threshold in THRESHOLDS)
    return Measured(worst_of(0.0, *below), "farthest below £0 per person, at £0 to £100,000 a QALY")


@RULES.law("V40b", "Information on a part is worth no more than on the whole, and never less as parameters join", 1)
def _information_on_a_part(context: Context) -> Finding:
    if not context.result.draws:
        return NO_DRAWS
    result = context.result
    if context.result.draws < REGRESSED:
        try:
            result = run(context.scenario, draws=REGRESSED, seed=context.result.seed)
        except InputError as error:  # of draws that the run itself does not have
            return f"it needs {REGRESSED} draws, and some beyond the run's own are refused: {error}"
    question = question_of(result, "nmb", result.setting.main, _nearest_to_a_tie(result))
    benefits, weights = question.net_benefits(result), result.weights
    draws = benefits.shape[-1]
    values = values_of(result, draws)
    names = uncertain(context.scenario, values)
    if not names:
        return "no input is uncertain"
    joining = {f"the first {n}": names[:n] for n in [2**i for i in range(len(names).bit_length())]}
    subjects, _ = subjects_of(context.scenario, values, joining | {"all": names})
    worth = {line.subject: line.worth.value for line in worths(context.scenario, values, benefits, weights, subjects)}
    everything = worth_of_everything(benefits, weights).value
    rounding = 1e-9 * max(1.0, everything)
    worst = max(max(-value, value - everything) / rounding for value in worth.values())
    for whole, value in worth.items():
        worst = worst_of(worst, *((worth[part] - value) / rounding for part in worth if _within(part, whole)))
    nothing = worth_of_inputs(
        benefits, weights, uniforms(context.result.seed, "an input that nothing uses", draws)[None]
    )
    if nothing.value > 0:
        worst = worst_of(worst, nothing.value / (MOST_ERRORS * nothing.error))
    words = (
        f"largest excess as a share of what is allowed, among {len(worth)} inputs and groups: rounding, and "
        f"{MOST_ERRORS} standard errors for an input that nothing uses"
    )
    return Measured(worst_of(0.0, worst), words)


def _within(part: Subject, whole: Subject) -> bool:
    return part is not whole and set(part.members) <= set(whole.members)


def _nearest_to_a_tie(result: Result) -> float:
    """The threshold at which the second strategy is as good as the first, or that of the setting."""
    run_, last = result.headline, len(result.horizons) - 1
    cost = result.weights @ result.net_cost(run_, last, 1, perspective=result.setting.main, discounted=True).mean(
        axis=-1
    )
    gain = result.weights @ result.qaly_gain(run_, last, 1).mean(axis=-1)
    ratio = float(cost / gain) if abs(gain) > SMALLEST_QALY else math.inf
    return ratio if 0 <= ratio <= HIGHEST_THRESHOLD else result.threshold


@RULES.law("V41", "Each bar of the tornado contains the deterministic run", 1e-6)
def _tornado(context: Context) -> Finding:
    if len(context.result.strategies) < 2:
        return ONE_STRATEGY
    saving, found = _saving(context.result), tornado(context.scenario)
    assert found.central.value is not None
    worst = abs(found.central.value - saving)
    for bar in found.bars:
        ends = [end.value for end in (bar.at_low, bar.at_high) if bar.monotone and end.value is not None]
        ends = ends if len(ends) == 2 else [end for end in (bar.least, bar.most) if end is not None]
        worst = worst_of(worst, min(ends) - saving, saving - max(ends))
    return Measured(worst, f"farthest £ by which the run lies outside one of {len(found.bars)} bars")


@RULES.law("V29b", "The break-even value, put back, gives a net saving of 0", 0.005)
def _break_even(context: Context) -> Finding:
    if len(context.result.strategies) < 2:
        return ONE_STRATEGY
    scenario, worst, roots = context.scenario, 0.0, 0
    for bar in [bar for bar in tornado(scenario).bars if bar.input.name in scenario.leaves][:WIDEST]:
        for one in break_even(scenario, bar.input.name).found:
            for root in one.roots:
                worst = worst_of(worst, abs(_saving(run(changed(scenario, {one.input.name: root.value}), draws=0))))
                roots += 1
    if not roots:
        return f"none of the {WIDEST} inputs that matter most makes the net saving 0"
    return Measured(worst, f"largest £ of net saving at {roots} break-even values of the {WIDEST} widest inputs")


def _saving(result: Result) -> float:
    """Net saving of the second strategy at the follow-up in the deterministic run, undiscounted."""
    net = result.net_cost(result.runs[DETERMINISTIC], 0, 1, perspective=result.setting.main)
    return -float(result.weights @ net[:, 0])
