"""Verification: laws that tell a reader something about a run of theirs, measured on any scenario.

The further laws that every version of this program must obey are tests.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from costmodel.analysis.verification.context import Check, Context, count
from costmodel.analysis.verification.laws import RULES
from costmodel.content import by_content
from costmodel.errors import made_by, some_of
from costmodel.model.run import SEED, run
from costmodel.page import Column, Notes, Page, Paged, Paragraph, Table, titled
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DRAWS", "RULES", "Check", "Verification", "verify", "verify_result"]

DRAWS = 500
"""Draws of the runs that are verified."""
COLUMNS = (
    Column("id", "id"), Column("title", "check", "text", right=False, width=90), Column("value", "value", "rounded"),
    Column("tolerance", "tolerance", "rounded"), Column("state", "result", right=False),
)  # fmt: skip


@by_content
@dataclass(frozen=True, repr=False)
class Verification(Paged):
    """The run that was verified, and its checks in order, over which it can be looped."""

    result: Result
    checks: tuple[Check, ...]

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    @property
    def failed(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if check.state == "FAIL"]

    @property
    def headline(self) -> str:
        """How many checks came out how, and what follows if one failed."""
        warning = " Do not rely on these figures until the failed checks are explained." if self.failed else ""
        return f"{count(self.checks)}.{warning}"

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each check."""
        import pandas as pd

        return pd.DataFrame([asdict(check) for check in self.checks]).astype(object)

    def page(self) -> Page:
        """Every law with its deviation, how many hold, and what is to be said of those that do not simply hold."""
        scenario = self.result.scenario
        remarks = []
        for check in self.checks:
            if said := [text for text in (check.words if check.state != "OK" else "", check.note) if text]:
                remarks.append(f"{check.id}: {'; '.join(said)}")
        blocks = (
            Paragraph(self.headline, strong=True),
            Table(self.frame, COLUMNS, name="checks"),
            Notes("What to know", tuple(remarks)),
        )
        data = {
            "schema": "costmodel/verify/1",
            "settings": {"draws": self.result.draws, "seed": self.result.seed},
            "counts": dict(Counter(check.state for check in self.checks)),
        }
        return Page(f"{scenario.path.name}: {titled(scenario)}", blocks, scenario=scenario, data=data)


def verify(
    scenario: Scenario, draws: int = DRAWS, seed: int = SEED, only: Collection[str] | None = None
) -> Verification:
    """Run a scenario and measure every law on it; only: the ids of those wanted.

    Raises InputError if the scenario cannot be run with these draws and this seed, and for ids that there are not.
    """
    _wanted(only)
    return verify_result(run(scenario, draws=draws, seed=seed), only)


def verify_result(result: Result, only: Collection[str] | None = None) -> Verification:
    """Measure every law on a run that was made; only: the ids of those wanted."""
    wanted = _wanted(only)
    context = Context(made_by("result", result, Result, "costmodel.run"))
    return Verification(result, tuple(rule.measure(context) for rule in RULES if rule.id in wanted))


def _wanted(only: Collection[str] | None) -> Collection[str]:
    known = [rule.id for rule in RULES]
    return known if only is None else some_of("only", only, known)
