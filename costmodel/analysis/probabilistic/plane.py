"""The cost-effectiveness plane: where the draws lie, and how many of them in each quarter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.result.payback import NOTHING
from costmodel.result.result import Result, Run

Array = NDArray[np.float64]

QUARTERS = {
    "more_health_saves": "more health, and money is saved",
    "more_health_costs": "more health, and it costs more",
    "less_health_saves": "less health, and money is saved",
    "less_health_costs": "less health, and it costs more",
    "on_an_axis": "no difference in health or in cost",
}
"""Parts of the plane, and what they mean."""


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
