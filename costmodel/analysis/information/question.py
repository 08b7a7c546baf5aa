"""Which decision information is for: the net benefit of every strategy in every draw."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.probabilistic.decision import HIGHEST_THRESHOLD
from costmodel.errors import InputError, nearest
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.gather import KEPT_DRAWS
from costmodel.result.result import Result

Array = NDArray[np.float64]
Kind = Literal["nmb", "cash"]

KEPT = KEPT_DRAWS
"""Draws that are looked at one by one; the first ones, where there are more."""


@dataclass(frozen=True)
class Question:
    """A decision between strategies.

    kind: `nmb`, which strategy has the highest net monetary benefit, discounted; `cash`, whether to pay for a
    strategy at all if nothing but its net saving counts, undiscounted (the comparator saves 0).
    threshold: GBP per QALY; None where the question is cash. horizon: index of a horizon of the result.
    """

    kind: Kind
    perspective: str
    threshold: float | None
    horizon: int

    def net_benefits(self, result: Result) -> Array:
        """GBP per person of every strategy, (strategy, alternative, draw), of the first KEPT draws."""
        run, strategies = result.headline, range(len(result.strategies))
        if self.threshold is None:
            saved = [-result.net_cost(run, self.horizon, s, perspective=self.perspective) for s in strategies]
            return np.stack(saved)[..., :KEPT]
        costs = [result.total_cost(run, self.horizon, s, self.perspective, True) for s in strategies]
        qaly = run.outcomes.qaly[self.horizon, 1]
        return np.asarray(self.threshold * qaly - np.stack(costs))[..., :KEPT]


def question_of(
    result: Result, kind: str = "nmb", perspective: str = "nhs_pss", threshold: float | None = None,
    horizon_months: float | None = None,
) -> Question:  # fmt: skip
    """A question about a result; its threshold and its longest horizon where none is named.

    Raises InputError for names that do not exist, and for a threshold that the question does not have.
    """
    if kind not in get_args(Kind):
        raise InputError.at("question", f'there is no question "{kind}"', nearest(kind, get_args(Kind)))
    if perspective not in PERSPECTIVES:
        raise InputError.at(
            "perspective", f'there is no perspective "{perspective}"', nearest(perspective, PERSPECTIVES)
        )
    if kind == "cash" and threshold is not None:
        raise InputError.at("threshold", "the question of cash has no threshold", "Leave it out.")
    if threshold is not None and not (math.isfinite(threshold) and 0 <= threshold <= HIGHEST_THRESHOLD):
        raise InputError.at("threshold", f"{threshold:g} is no value of a QALY", f"From 0 to {HIGHEST_THRESHOLD:,.0f}.")
    try:
        horizon = len(result.horizons) - 1 if horizon_months is None else result.at(horizon_months)
    except ValueError as error:
        raise InputError.at("horizon_months", str(error)) from error
    if kind == "nmb":
        return Question("nmb", perspective, result.threshold if threshold is None else float(threshold), horizon)
    return Question("cash", perspective, None, horizon)
