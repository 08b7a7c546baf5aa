"""Several strategies at once: who is dominated, and what each step along the frontier costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isclose

ON_FRONTIER, EXTENDED, DOMINATED = "ND", "ED", "D"
ROUNDING = 1e-9
"""Relative; ratios of two steps that differ by less are the same."""
TIED = 1e-12
"""Relative to the largest; costs and effects that differ by less are the same. Published cases have any unit."""


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
    dominated = {name for name in names if any(_dominates(o, name, cost, effect) for o in names)}
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


def _dominates(one: str, other: str, cost: Mapping[str, float], effect: Mapping[str, float]) -> bool:
    if one == other or cost[one] > cost[other] or effect[one] < effect[other]:
        return False
    return cost[one] < cost[other] or effect[one] > effect[other]


def _above_the_line(on: list[str], cost: Mapping[str, float], effect: Mapping[str, float]) -> str | None:
    """The first strategy whose own ratio is above that of the step after it, by more than rounding."""
    for before, name, after in zip(on, on[1:], on[2:], strict=False):
        own = (cost[name] - cost[before]) / (effect[name] - effect[before])
        following = (cost[after] - cost[name]) / (effect[after] - effect[name])
        if own > following and not isclose(own, following, rel_tol=ROUNDING):
            return name
    return None
