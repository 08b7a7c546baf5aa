"""Verification: laws that every run must obey, measured on any scenario."""

from collections.abc import Collection

from costmodel.analysis.verification import chains, flow, inputs, results, uncertainty
from costmodel.analysis.verification.bench import Bench
from costmodel.analysis.verification.check import STATES, Check, Rule, State
from costmodel.model.run import SEED, run
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario

__all__ = ["DRAWS", "RULES", "STATES", "Check", "Rule", "State", "chains", "verify", "verify_result"]

DRAWS = 500
"""Draws of the runs that are verified."""
RULES: tuple[Rule, ...] = tuple(rule for part in (inputs, flow, results, uncertainty) for rule in part.RULES.all)
"""Every law, in order."""


def verify(
    scenario: Scenario, draws: int = DRAWS, seed: int = SEED, only: Collection[str] | None = None
) -> tuple[Check, ...]:
    """Run a scenario and measure every law on it; only: the ids of those wanted.

    Raises InputError if the scenario cannot be run with these draws and this seed.
    """
    return verify_result(run(scenario, draws=draws, seed=seed), only)


def verify_result(result: Result, only: Collection[str] | None = None) -> tuple[Check, ...]:
    """Measure every law on a run that was made; only: the ids of those wanted."""
    bench = Bench(result)
    return tuple(rule.measure(bench) for rule in RULES if only is None or rule.id in only)
