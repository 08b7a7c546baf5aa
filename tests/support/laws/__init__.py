"""Every law that runs must obey: those of the product, and those that only tell its makers something."""

from collections.abc import Collection

import costmodel as cm
from costmodel.analysis.verification import DRAWS, Check, Rule
from costmodel.analysis.verification import RULES as OF_THE_PRODUCT
from tests.support.laws import chains, engine, flow, inputs, results, uncertainty
from tests.support.laws.context import Context

__all__ = ["BY_RATES", "OF_CHAINS", "RULES", "chains", "verify"]

PARTS = [part.RULES for part in (engine, inputs, flow, results, uncertainty)]
RULES: tuple[Rule, ...] = (*OF_THE_PRODUCT, *(rule for part in PARTS for rule in part.all))
BY_RATES = set[str]().union(*(part.by_rates for part in PARTS))
"""Laws that rest on transitions given as rates."""
OF_CHAINS = [id for part in PARTS for id in part.chains]
"""Laws that are measured in another way where transitions are given as probabilities."""


def verify(
    scenario: cm.Scenario, draws: int = DRAWS, seed: int = 1, only: Collection[str] | None = None
) -> tuple[Check, ...]:
    """Run a scenario and measure every law on it; only: the ids of those wanted."""
    context = Context(cm.run(scenario, draws=draws, seed=seed))
    return tuple(rule.measure(context) for rule in RULES if only is None or rule.id in only)
