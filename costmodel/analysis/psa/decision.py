"""Which strategy to choose: chances of being the best, what a wrong choice loses, and the cost-effectiveness plane."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import number
from costmodel.result.payback import NOTHING
from costmodel.result.result import Result, Run

Array = NDArray[np.float64]

HIGHEST_THRESHOLD = 10_000_000.0
"""Money per QALY."""
QUARTERS = {
    "more_health_saves": "more health, and money is saved",
    "more_health_costs": "more health, and it costs more",
    "less_health_saves": "less health, and money is saved",
    "less_health_costs": "less health, and it costs more",
    "on_an_axis": "no difference in health or in cost",
}
"""Parts of the plane, and what they mean."""


def value_of_a_qaly(place: str, value: object, allowed: str = "") -> float:
    """A threshold in money per QALY. Raises InputError."""
    return number(place, value, 0, HIGHEST_THRESHOLD, wrong="no value of a QALY", allowed=allowed)


@by_content
@dataclass(frozen=True)
class Choice:
    """What is known of a choice between strategies; arrays have one entry for each.

    threshold: money per QALY; None where net saving alone counts. expected: mean net benefit more than the
    comparator's, money per person. chance: share of draws in which a strategy is the best; ties share it. loss:
    expected loss of a wrong decision: mean net benefit forgone by choosing it in every draw. chosen: the strategy
    with the highest expected net benefit, of equals the first: the one on the frontier.
    """

    threshold: float | None
    expected: Array
    chance: Array
    loss: Array

    @property
    def chosen(self) -> int:
        return int(np.argmax(self.expected >= self.expected.max() - NOTHING))


def judged(benefits: Array, weights: Array, threshold: float | None = None) -> Choice:
    """Strategies judged by their net benefits, (strategy, alternative, draw); weights of the alternatives sum to 1."""
    highest = benefits.max(axis=0)
    best = benefits >= highest - NOTHING
    expected = benefits.mean(axis=-1)
    loss = (highest.mean(axis=-1) - expected) @ weights
    chance = (best / best.sum(axis=0)).mean(axis=-1)
    return Choice(threshold, expected @ weights, chance @ weights, np.maximum(loss, 0.0))


def choices(
    result: Result, run: Run, horizon: int, perspective: str, thresholds: Iterable[float | None]
) -> list[Choice]:
    """All strategies of a result, judged by net benefit at thresholds, and for None by net saving.

    Net benefit is discounted; net saving, the question whether a strategy pays for itself, is not.
    """
    strategies = range(len(result.strategies))
    cost = np.stack([result.net_cost(run, horizon, s, perspective=perspective, discounted=True) for s in strategies])
    gain = np.stack([result.qaly_gain(run, horizon, s) for s in strategies])
    found = []
    for threshold in thresholds:
        if threshold is None:
            saving = [-result.net_cost(run, horizon, s, perspective=perspective) for s in strategies]
            found.append(judged(np.stack(saving), run.weights))
        else:
            found.append(judged(threshold * gain - cost, run.weights, threshold))
    return found


@by_content
@dataclass(frozen=True)
class Plane:
    """QALYs gained and net cost of a strategy in each draw, discounted, (alternative, draw); shares by quarter."""

    qalys: Array
    cost: Array
    shares: dict[str, float]


def plane(result: Result, run: Run, horizon: int, strategy: int, perspective: str) -> Plane:
    """The plane of a strategy against the comparator; the shares sum to 1."""
    gain = result.qaly_gain(run, horizon, strategy)
    cost = result.net_cost(run, horizon, strategy, perspective=perspective, discounted=True)
    more, less = gain > NOTHING, gain < -NOTHING
    saves, costs = cost < -NOTHING, cost > NOTHING
    parts = (more & saves, more & costs, less & saves, less & costs)
    shares = [result.chance(run, part) for part in (*parts, ~np.logical_or.reduce(parts))]
    return Plane(gain, cost, dict(zip(QUARTERS, shares, strict=True)))
