"""The rows of a probabilistic analysis, made once, and how one is found."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from costmodel.analysis.probabilistic.draws import Draws
from costmodel.analysis.probabilistic.rows import rows
from costmodel.analysis.probabilistic.spread import Row
from costmodel.errors import one_of, some_of
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.result import Result

DEFAULT = "nhs_pss"


@dataclass(frozen=True)
class Answers:
    """What is reported. perspectives, strategies: those that were asked for."""

    psa: Draws
    perspectives: tuple[str, ...]
    strategies: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def result(self) -> Result:
        """What was run."""
        return self.psa.result

    @property
    def perspective(self) -> str:
        """The one in the sentences and curves: the NHS and social care where several were asked for."""
        return DEFAULT if DEFAULT in self.perspectives else self.perspectives[0]

    @cached_property
    def _by_key(self) -> dict[tuple[object, ...], Row]:
        return {_key(row): row for row in self.rows}

    def pick(
        self, outcome: str, strategy: str, *, perspective: str = "", party: str = "all", horizon: float | None = None,
        run: str | None = None, discounted: bool = False, threshold: float | None = None,
    ) -> Row:  # fmt: skip
        """The row of an answer; to the last horizon and of the mixture unless told otherwise. Raises KeyError."""
        end = self.result.horizons[-1] if horizon is None else horizon
        reading = run or self.result.headline.name
        return self._by_key[outcome, strategy, perspective, party, end, reading, discounted, threshold]


def _key(row: Row) -> tuple[object, ...]:
    names = ("outcome", "strategy", "perspective", "party", "horizon_months", "run", "discounted", "threshold")
    return tuple(row[name] for name in names)


def answers(psa: Draws, perspective: str | None = None, strategies: Collection[str] | None = None) -> Answers:
    """Everything that is reported of an analysis; perspective, strategies: only these."""
    perspectives = tuple(PERSPECTIVES) if perspective is None else (one_of("perspective", perspective, PERSPECTIVES),)
    others = psa.result.strategies[1:]
    wanted = tuple(others if strategies is None else some_of("strategy", strategies, others))
    return Answers(psa, perspectives, wanted, tuple(rows(psa, perspectives, wanted)))
