"""Every law that runs must obey: those of the product, and those that only tell its makers something."""

from collections.abc import Collection

import costmodel as cm
from costmodel.analysis.verification import DRAWS, Check, Rule
from costmodel.analysis.verification import RULES as OF_THE_PRODUCT
from costmodel.analysis.verification.check import Context
from tests.support.laws import chains, flow, inputs, results, uncertainty

__all__ = ["RULES", "chains", "verify"]

RULES: tuple[Rule, ...] = (
    *OF_THE_PRODUCT,
    *(rule for part in (inputs, flow, results, uncertainty) for rule in part.RULES.all),
)


def verify(
    scenario: cm.Scenario, draws: int = DRAWS, seed: int = 1, only: Collection[str] | None = None
) -> tuple[Check, ...]:
    """Run a scenario and measure every law on it; only: the ids of those wanted."""
    context = Context(cm.run(scenario, draws=draws, seed=seed))
    return tuple(rule.measure(context) for rule in RULES if only is None or rule.id in only)
