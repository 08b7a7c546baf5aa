"""The answer for each part of the cohort, and for all of it."""

from typing import Any

import pandas as pd

from costmodel.page import reading_label
from costmodel.report.sentence import pick
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import in_words
from costmodel.words import chance, interval, money


def strata_table(result: Result, perspective: str, strategy: str) -> pd.DataFrame:
    """A row in words for each stratum, the whole cohort last: net saving per person at the follow-up, and payback."""
    follow_up, last = result.horizons[0], result.horizons[-1]
    rows = []
    for name in (*result.strata, result.headline.name):
        at: dict[str, Any] = {"perspective": perspective, "run": name, "strategy": strategy}
        saving = pick(result, "net_saving", horizon=follow_up, **at)
        row = {
            "who": reading_label(result, name) if name in result.strata else "Everybody, by their shares",
            f"net saving over {in_words(follow_up)}": money(saving.value),
            "95% interval": "–" if pd.isna(saving.low) else interval(saving.low, saving.high),
            f"money back within {in_words(last)}": pick(result, "payback_sustained_months", horizon=last, **at).words,
        }
        if result.headline.name != DETERMINISTIC:
            row["its chance"] = chance(pick(result, "chance_payback", horizon=last, **at).value)
        rows.append(row)
    return pd.DataFrame(rows)
