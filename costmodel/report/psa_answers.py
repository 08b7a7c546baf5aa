"""The rows of a probabilistic analysis and what lies beyond the evidence, made once for text, JSON and CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from costmodel.analysis.beyond import Beyond, beyond
from costmodel.analysis.probabilistic import Psa, rows
from costmodel.analysis.probabilistic.record import Row
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.result import Result

DEFAULT = "nhs_pss"


@dataclass(frozen=True)
class Answers:
    """What is reported. perspectives, strategies: those that were asked for. beyond: None where it is left out."""

    psa: Psa
    perspectives: tuple[str, ...]
    strategies: tuple[str, ...]
    rows: tuple[Row, ...]
    beyond: Beyond | None = None

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


def answers(
    psa: Psa, perspective: str | None = None, strategies: Sequence[str] | None = None, *, with_beyond: bool = True
) -> Answers:
    """Everything that is reported of an analysis; perspective, strategies: only these."""
    perspectives = (perspective,) if perspective else tuple(PERSPECTIVES)
    wanted = tuple(strategies or psa.result.strategies[1:])
    found = tuple(rows(psa, perspectives, wanted))
    return Answers(psa, perspectives, wanted, found, beyond(psa.result) if with_beyond else None)
