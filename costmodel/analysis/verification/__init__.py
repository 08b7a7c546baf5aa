"""Verification: laws that every run must obey, measured on any scenario."""

from collections.abc import Collection

from costmodel.analysis.verification import flow, inputs, results, uncertainty
from costmodel.analysis.verification.bench import Bench
from costmodel.analysis.verification.check import STATES, Check, Rule, State
from costmodel.model.run import SEED
from costmodel.scenario.build import Scenario

__all__ = ["DRAWS", "RULES", "STATES", "Check", "Rule", "State", "verify"]

DRAWS = 500
"""Draws of the runs that are verified."""
RULES: tuple[Rule, ...] = tuple(rule for part in (inputs, flow, results, uncertainty) for rule in part.RULES.all)
"""Every law, in order."""


def verify(
    scenario: Scenario, draws: int = DRAWS, seed: int = SEED, only: Collection[str] | None = None
) -> tuple[Check, ...]:
    """Measure every law on a scenario; only: the ids of those wanted.

    Raises InputError if the scenario itself cannot be run with these draws and this seed.
    """
    bench = Bench(scenario, draws, seed)
    assert bench.result.strategies
    return tuple(rule.measure(bench) for rule in RULES if only is None or rule.id in only)
