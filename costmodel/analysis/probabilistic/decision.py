"""Which strategy to choose: chances of being the best, and what a wrong choice loses."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import made_by, number, one_of
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.payback import NOTHING
from costmodel.result.result import Result, Run

Array = NDArray[np.float64]

HIGHEST_THRESHOLD = 10_000_000.0
"""GBP per QALY."""


def value_of_a_qaly(place: str, value: object, allowed: str = "") -> float:
    """A threshold in GBP per QALY. Raises InputError."""
    return number(place, value, 0, HIGHEST_THRESHOLD, wrong="no value of a QALY", allowed=allowed)


@by_content
@dataclass(frozen=True)
class Choice:
    """What is known of a choice between strategies; arrays have one entry for each.

    threshold: GBP per QALY; None where net saving alone counts. expected: mean net benefit more than the
    comparator's, GBP per person. chance: share of draws in which a strategy is the best; ties share it. loss:
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


@by_content
@dataclass(frozen=True)
class Contest:
    """The same before alternatives are weighted.

    expected, best: (strategy, alternative). highest: mean of the best of each draw, (alternative,).
    """

    threshold: float | None
    expected: Array
    best: Array
    highest: Array

    def read(self, weights: Array) -> Choice:
        """With weights of the alternatives; they sum to 1."""
        loss = (self.highest - self.expected) @ weights
        return Choice(self.threshold, self.expected @ weights, self.best @ weights, np.maximum(loss, 0.0))


def judged(benefits: Array, threshold: float | None = None) -> Contest:
    """Strategies judged by their net benefits, (strategy, alternative, draw)."""
    highest = benefits.max(axis=0)
    best = benefits >= highest - NOTHING
    return Contest(
        threshold, benefits.mean(axis=-1), (best / best.sum(axis=0)).mean(axis=-1), highest.mean(axis=-1)
    )  # fmt: skip


def contests(
    result: Result, run: Run, horizon: int, perspective: str, thresholds: Iterable[float | None]
) -> list[Contest]:
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
            found.append(judged(np.stack(saving)))
        else:
            found.append(judged(threshold * gain - cost, threshold))
    return found


def acceptability(result: Result, threshold: float, perspective: str = "nhs_pss") -> Array:
    """Chance of each strategy being the one with the highest net benefit to the last horizon, (strategy,)."""
    made_by("result", result, Result, "costmodel.run")
    threshold = value_of_a_qaly("threshold", threshold)
    one_of("perspective", perspective, PERSPECTIVES)
    (contest,) = contests(result, result.headline, len(result.horizons) - 1, perspective, [threshold])
    return contest.read(result.headline.weights).chance
