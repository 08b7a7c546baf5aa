"""Verification: laws that tell a reader something about a run of theirs, measured on any scenario.

The further laws that every version of this program must obey are tests.
"""

from collections.abc import Collection, Sequence

from costmodel.analysis.verification.check import STATES, Check, Context, Rule, State
from costmodel.analysis.verification.laws import RULES as LAWS
from costmodel.errors import made_by, some_of
from costmodel.model.run import SEED, run
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario

__all__ = ["DRAWS", "RULES", "STATES", "Check", "Rule", "State", "verify", "verify_result"]

DRAWS = 500
"""Draws of the runs that are verified."""
RULES: Sequence[Rule] = LAWS.all
"""Every law, in order."""


def verify(
    scenario: Scenario, draws: int = DRAWS, seed: int = SEED, only: Collection[str] | None = None
) -> tuple[Check, ...]:
    """Run a scenario and measure every law on it; only: the ids of those wanted.

    Raises InputError if the scenario cannot be run with these draws and this seed, and for ids that there are not.
    """
    _wanted(only)
    return verify_result(run(scenario, draws=draws, seed=seed), only)


def verify_result(result: Result, only: Collection[str] | None = None) -> tuple[Check, ...]:
    """Measure every law on a run that was made; only: the ids of those wanted."""
    wanted = _wanted(only)
    context = Context(made_by("result", result, Result, "costmodel.run"))
    return tuple(rule.measure(context) for rule in RULES if rule.id in wanted)


def _wanted(only: Collection[str] | None) -> Collection[str]:
    known = [rule.id for rule in RULES]
    return known if only is None else some_of("only", only, known)
