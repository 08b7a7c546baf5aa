"""Writes docs/does-not-pay.md: what share of other care would have to go for a course to be repaid, and the chance.

    python -m scripts.does_not_pay

Every population with a base, every therapy and horizon, for the setting's main perspective, 2,000 draws, seed 1.
"""

from collections.abc import Iterator
from pathlib import Path

import costmodel as cm
from costmodel.analysis.spectrum import populations
from costmodel.currency import MINUS
from costmodel.result.table import in_words
from costmodel.words import chance

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "does-not-pay.md"
ABOUT = (
    "What a course costs as a share of what is spent on the same people without it (medicines, hospital, GP and "
    "community, social care): that share would have to go for the money to be back. Beside it the share that goes in "
    "the model, both of expected values with 95% intervals of the draws; the chance that the money is back; and the "
    "[word of the verdict](method.md#5-answers). NHS and social care, the base of each population, undiscounted. The "
    "chance is given the base's conventions about money; others stand on the page of each answer. Written by "
    "`python -m scripts.does_not_pay`."
)
LOCKED = "psychosis"
"""The population that has no answer."""
COLUMNS = ("Population, therapy", "Counted over", "Share needed", "Share that goes", "Chance", "Word")


def page() -> str:
    """The page as it has to be."""
    lines = [line for path in populations(ROOT / "scenarios") if path.parent.name != LOCKED for line in lines_of(path)]
    head = ["# Does not pay", "", ABOUT, "", f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    return "\n".join((*head, *lines)) + "\n"


def lines_of(path: Path) -> Iterator[str]:
    """A line for each therapy and horizon of a base."""
    result = cm.run(cm.load(path), strata=False)
    for strategy in result.strategies[1:]:
        for horizon in result.horizons:
            said = cm.verdict(result, horizon=horizon, strategy=strategy)
            needed, goes = (
                _share(result, outcome, strategy, horizon) for outcome in ("share_needed", "share_achieved")
            )
            share = "–" if said.chance is None else chance(said.chance)
            label = result.scenario.model.strategies[strategy].label
            cells = (f"{path.parent.name}: {label}", in_words(horizon), needed, goes, share)
            yield f"| {' | '.join(cells)} | {' or '.join(said.words) or said.withheld} |"


def _share(result: cm.Result, outcome: str, strategy: str, horizon: float) -> str:
    row = result.summary(outcome, strategy=strategy, horizon_months=horizon).iloc[0]
    if row.value != row.value:
        return str(row.words)
    value, low, high = (f"{one:.0%}".replace("-", MINUS) for one in (row.value, row.low, row.high))
    return f"{value} ({low} to {high})" + (f"; {row.words}" if row.words else "")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
