"""Which decision information is for: the net benefit of every strategy in every draw."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.probabilistic.decision import value_of_a_qaly
from costmodel.errors import InputError, made_by, one_of
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
    made_by("result", result, Result, "costmodel.run")
    one_of("question", kind, get_args(Kind))
    one_of("perspective", perspective, PERSPECTIVES)
    if kind == "cash" and threshold is not None:
        raise InputError.at("threshold", "the question of cash has no threshold", "Leave it out.")
    threshold = result.threshold if threshold is None else value_of_a_qaly("threshold", threshold)
    horizon = len(result.horizons) - 1 if horizon_months is None else result.at(horizon_months)
    if kind == "nmb":
        return Question("nmb", perspective, threshold, horizon)
    return Question("cash", perspective, None, horizon)
