"""The value of one input at which payback has a given chance, the others drawn: the same draws at every value."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from costmodel.analysis.sensitivity.batch import changed
from costmodel.analysis.sensitivity.movable import Input, named, one_by_one
from costmodel.analysis.sensitivity.question import Question, ask
from costmodel.analysis.sensitivity.search import Crossing, Scan, scanned
from costmodel.analysis.sensitivity.threshold import BreakEvens, outcome_at
from costmodel.errors import InputError, number, whole_number
from costmodel.inputs.draws import checked_seed
from costmodel.model.draws import Array, Values, completed, drawn_values
from costmodel.model.run import SEED, evaluate
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario

DRAWS = 1_000
MOST_DRAWS = 2_048
POINTS = 11
"""Values near the input's own uncertainty at which the chance is scanned, and as many over all that is searched."""
HALVINGS = 12
Gap = Callable[[float | None], float]
"""Chance less the target at a value of the input; NaN where the model refuses it."""


@dataclass(frozen=True)
class Chance:
    """Payback by a month in so many of all draws."""

    question: Question
    value: float
    month: float
    draws: int
    seed: int

    @property
    def words(self) -> str:
        """What is to be met, in words."""
        return f"a chance of {self.value:.0%} of payback by {in_words(self.month)}"


def chance_break_even(
    scenario: Scenario, input: str, chance: float, by_month: float | None = None, perspective: str = "nhs_pss",
    horizon: float | None = None, strategy: str | None = None, discounted: bool = False, draws: int = DRAWS,
    seed: int = SEED,
) -> BreakEvens:  # fmt: skip
    """The values of one input, held in every draw, at which sustained payback has a chance.

    by_month: the horizon by default. The chance moves in steps of one draw; a root is right to the width that is
    left between two values on both sides of the target. Raises InputError for what there is not.
    """
    chance = number("chance", chance)
    if not 0 < chance < 1:
        raise InputError.at("chance", f"{chance:g} is no chance between 0 and 1", "Write 0.8 for 80 in 100.")
    wrong = "not a number of draws here, where every value is a run of them"
    draws, seed = whole_number("draws", draws, 1, MOST_DRAWS, wrong=wrong), checked_seed(seed)
    if by_month is not None:
        by_month = number("by_month", by_month)
    question = ask(scenario, "payback", perspective, horizon, strategy, discounted)
    month = question.months if by_month is None else by_month
    if not question.first_payment < month <= question.months:
        found = f"month {month:g} is not between the first payment and {in_words(question.months)}"
        raise InputError.at("by_month", found, "Name a month in between, or another horizon.")
    one = named(scenario, input)
    wanted = Chance(question, chance, month, draws, seed)
    drawn = drawn_values(scenario, draws, seed)

    refused: list[InputError] = []

    def gap(value: float | None) -> float:
        try:
            return _chance(wanted, one, drawn, value) - chance
        except InputError as error:
            refused.append(error)
            return np.nan

    now = _chance(wanted, one, drawn, None) - chance  # raises where the draws themselves cannot be
    scan = _search(one, gap)
    if scan is None:
        raise refused[0]
    return BreakEvens(wanted, now, (outcome_at(one, scan, now),))


def _chance(wanted: Chance, one: Input, drawn: Values, value: float | None) -> float:
    """The chance where the input is held at a value; None where it is drawn too."""
    question, scenario = wanted.question, wanted.question.scenario
    values = drawn
    if value is not None:
        leaves = {name: drawn[name] for name in scenario.leaves} | {one.name: value}
        if one.name in one_by_one(scenario):
            scenario = changed(scenario, {one.name: value})
        values = completed(scenario, leaves)
    rows = question.rows(evaluate(scenario, values, wanted.draws), values)
    view = "discounted" if question.discounted else "value"
    months = rows.result.paybacks(rows.result.headline, question.horizon, question.strategy, question.perspective, view)
    return float(np.mean(rows.mixed((months <= wanted.month).astype(float))))


def _search(one: Input, gap: Gap) -> Scan | None:
    """What was found among values of an input; None where the model refuses all of them."""
    lowest, highest = one.limits
    low, high = one.spread.low, one.spread.high
    wide = max(high - low, abs(one.central), 1e-9)
    near = np.linspace(max(lowest, low - wide), min(highest, high + wide), POINTS)
    wanted = scanned(one)
    far = wanted[np.linspace(0, len(wanted) - 1, POINTS).astype(int)]
    x = np.unique([*near, *far, one.central])
    y = np.array([gap(float(value)) for value in x])
    crossings = []
    for i in np.flatnonzero(y[:-1] * y[1:] < 0):
        crossings.append(_narrowed(gap, x[i : i + 2], y[i : i + 2]))
    crossings += [Crossing(float(x[i]), 0.0, None) for i in np.flatnonzero(y == 0)]
    known = np.isfinite(y)
    if not known.any():
        return None
    moves = bool(known.any() and np.ptp(y[known]) > 0)
    ordered = tuple(sorted(crossings, key=lambda found: found.value))
    return Scan(ordered, (), float(x[known].min()), float(x[known].max()), bool(known.all()), moves)


def _narrowed(gap: Gap, x: Array, y: Array) -> Crossing:
    """A crossing between two values, halved until it is narrow; the nearer side is reported."""
    (low, high), (below, above) = map(float, x), map(float, y)
    rises = below < 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        there = gap(middle)
        if there == 0:
            return Crossing(middle, 0.0, rises)
        if (there < 0) == (below < 0):
            low, below = middle, there
        else:
            high, above = middle, there
    value, residual = (low, below) if abs(below) < abs(above) else (high, above)
    return Crossing(value, residual, rises)
