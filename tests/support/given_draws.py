"""A result whose draws are given: costs and QALYs of each strategy, out of a hat instead of out of the engine."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import costmodel as cm
from costmodel.result.outcomes import VIEWS, Outcomes
from tests.support.pounds import PERSPECTIVES

Array = NDArray[np.float64]


def given(result: cm.Result, cost: Array, qaly: Array, months: Array | None = None) -> cm.Result:
    """`result` with these draws, the same to every horizon, perspective and view; nothing is discounted.

    cost, qaly: (strategy, alternative, draw). months: of payback, the same shape; never, if left out. All costs are
    those of the first item of the ledger, the therapy, which the NHS pays.
    """
    horizons, items, cycles = len(result.horizons), len(result.items), len(result.edges) - 1
    views, perspectives = len(VIEWS), len(PERSPECTIVES)
    strategies, alternatives, draws = cost.shape
    of_items = np.zeros((horizons, 2, items, *cost.shape))
    of_items[:, :, 0] = cost
    sustained = np.zeros((horizons, views, perspectives, *cost.shape))
    sustained[...] = np.full(cost.shape, np.inf) if months is None else months
    sustained[:, :, :, 0] = 0.0
    each = (views, perspectives, strategies, alternatives)
    paid = np.stack([(sustained[-1] <= month).mean(axis=-1) for month in result.edges * 12])
    outcomes = Outcomes(
        cost=of_items,
        cash=of_items[:, 0],
        qaly=np.broadcast_to(qaly, (horizons, 2, *qaly.shape)),
        sustained=sustained,
        peak=np.zeros((*each, draws)),
        curves=np.zeros((cycles + 1, views, 1, strategies - 1, alternatives, draws)),
        sum_of=np.zeros(perspectives, dtype=int),
        mean_curve=np.zeros((cycles + 1, *each)),
        mean_cost=np.zeros((cycles, items, strategies, alternatives)),
        mean_people=result.deterministic.mean_people,
        mean_paid=paid,
        mean_paid_within=np.isfinite(sustained).mean(axis=-1),
    )
    return replace(result, expected=outcomes, means=None, draws=draws)
