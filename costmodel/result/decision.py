"""Which strategy to choose: the best on average, how often that is so, what a wrong choice loses, who is dominated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isclose

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import number
from costmodel.result.payback import NOTHING
from costmodel.result.sums import Run, Sums

Array = NDArray[np.float64]

HIGHEST_THRESHOLD = 10_000_000.0
"""Money per QALY."""
ON_FRONTIER, EXTENDED, DOMINATED = "ND", "ED", "D"
ROUNDING = 1e-9
"""Relative; ratios of two steps that differ by less are the same."""
TIED = 1e-12
"""Relative to the largest; costs and effects that differ by less are the same. Published cases have any unit."""


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


def net_benefits(
    result: Sums, run: Run, horizon: int, perspective: str, thresholds: Iterable[float | None]
) -> Iterator[Array]:
    """Money per person by which each strategy is better than the comparator, (strategy, alternative, draw).

    For each threshold net benefit, discounted; for None net saving, undiscounted: whether a strategy pays for itself.
    """
    strategies = range(len(result.strategies))

    def saved(discounted: bool) -> Array:
        costs = (result.net_cost(run, horizon, s, perspective=perspective, discounted=discounted) for s in strategies)
        return np.stack([-cost for cost in costs])

    alone, later = saved(False), saved(True)
    gain = np.stack([result.qaly_gain(run, horizon, s) for s in strategies])
    for threshold in thresholds:
        yield alone if threshold is None else threshold * gain + later


@dataclass(frozen=True)
class Step:
    """A strategy's place in the incremental analysis.

    cost, effect, ratio: against the strategy before it on the frontier; None for the first one and for those
    that are not on it. status: ND on the frontier, ED dominated by a mixture of two others, D by one. same_as: the
    first strategy that costs and does the same, whose status this one shares.
    """

    strategy: str
    cost: float | None
    effect: float | None
    ratio: float | None
    status: str
    same_as: str | None = None


def frontier(cost: Mapping[str, float], effect: Mapping[str, float]) -> list[Step]:
    """The frontier by rising effect, then the others (extended dominance first) by falling effect.

    A strategy is dominated when another has at least its effect at no more cost, one of the two strictly. Equals in
    both, but for rounding, share one place: none dominates the other, and each stands after the first named. A
    strategy is dominated by extension when its own ratio is above that of the step after it: a mixture of its
    neighbours is then cheaper for the same effect. One that lies on the line between them costs the same as the
    mixture and stays. Source: Briggs, Claxton, Sculpher, Decision Modelling for Health Economic Evaluation, 2006.
    """
    twins: dict[str, list[str]] = {}
    for name in cost:
        first = next((one for one in twins if _same(one, name, cost, effect)), name)
        twins.setdefault(first, []).append(name)
    names = list(twins)
    dominated = {
        name
        for name in names
        for one in names
        if one != name and cost[one] <= cost[name] and effect[one] >= effect[name]
    }
    on = sorted((name for name in names if name not in dominated), key=lambda name: effect[name])
    extended: list[str] = []
    while (weak := _above_the_line(on, cost, effect)) is not None:
        on.remove(weak)
        extended.append(weak)
    steps = [Step(on[0], None, None, None, ON_FRONTIER)]
    for before, name in pairwise(on):
        more, gain = cost[name] - cost[before], effect[name] - effect[before]
        steps.append(Step(name, more, gain, more / gain, ON_FRONTIER))
    for status, others in ((EXTENDED, extended), (DOMINATED, dominated)):
        for name in sorted(others, key=lambda name: (-effect[name], names.index(name))):
            steps.append(Step(name, None, None, None, status))
    return [
        same
        for step in steps
        for same in (
            step,
            *(Step(twin, None, None, None, step.status, step.strategy) for twin in twins[step.strategy][1:]),
        )
    ]


def _same(one: str, other: str, cost: Mapping[str, float], effect: Mapping[str, float]) -> bool:
    return all(
        isclose(of[one], of[other], rel_tol=TIED, abs_tol=TIED * max(map(abs, of.values()))) for of in (cost, effect)
    )


def _above_the_line(on: list[str], cost: Mapping[str, float], effect: Mapping[str, float]) -> str | None:
    """The first strategy whose own ratio is above that of the step after it, by more than rounding."""
    for before, name, after in zip(on, on[1:], on[2:], strict=False):
        own = (cost[name] - cost[before]) / (effect[name] - effect[before])
        following = (cost[after] - cost[name]) / (effect[after] - effect[name])
        if own > following and not isclose(own, following, rel_tol=ROUNDING):
            return name
    return None
