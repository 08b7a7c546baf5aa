"""One number out of a result's table."""

from typing import Any

import pandas as pd

import costmodel as cm


def rows(result: cm.Result, outcome: str, **where: Any) -> pd.DataFrame:
    """Rows of an outcome against the comparator: the headline run, undiscounted, the follow-up, the last
    strategy, everything summed, unless told otherwise."""
    chosen = {
        "outcome": outcome,
        "run": result.headline.name,
        "discounted": False,
        "horizon_months": result.horizons[0],
        "strategy": result.strategies[-1],
        "comparator": result.comparator,
        "category": "all",
        "party": "all",
    } | where
    found = result.table()
    for column, wanted in chosen.items():
        if wanted is not None:
            found = found[found[column] == wanted]
    return found


def answer(result: cm.Result, outcome: str, perspective: str = "nhs_pss", **where: Any) -> float:
    """The value of the one row. perspective: "" for outcomes that have none."""
    found = rows(result, outcome, perspective=perspective, **where)
    assert len(found) == 1, found
    return float(found.value.iloc[0])


def saving(result: cm.Result, perspective: str = "nhs_pss", **where: Any) -> float:
    """Net saving."""
    return answer(result, "net_saving", perspective, **where)
