"""What draws say about an answer: how sure it is, by when, what a wrong decision loses, and how exact all that is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costmodel.analysis.probabilistic.answers import answers
from costmodel.analysis.probabilistic.decision import HIGHEST_THRESHOLD, value_of_a_qaly
from costmodel.analysis.probabilistic.draws import THRESHOLDS, Draws
from costmodel.analysis.probabilistic.page import drawn, page_of
from costmodel.content import by_content
from costmodel.errors import InputError, made_by, shown
from costmodel.page import Page, Paged
from costmodel.result.result import Result

if TYPE_CHECKING:
    from costmodel.charts import Chart

MOST_THRESHOLDS = 1_001


@by_content
@dataclass(frozen=True, repr=False)
class Psa(Draws, Paged):
    """The draws of a result, to be asked, and their page. Make one with `psa`."""

    def page(self, perspective: str | None = None, strategies: Collection[str] | None = None) -> Page:
        """How sure the answer is, by when and how much; perspective, strategies: only these."""
        return page_of(answers(self, perspective, strategies))

    def figure(self) -> "Chart":
        """The chance that the money is back, by month."""
        return drawn("chances", answers(self, "nhs_pss"))


def psa(result: Result, thresholds: Iterable[float] = THRESHOLDS) -> Psa:
    """The draws of a result, to be asked. thresholds: £ per QALY of the curve of acceptability, in any order.

    Raises InputError where nothing was drawn, and for thresholds that are none.
    """
    if made_by("result", result, Result, "costmodel.run").expected is None:
        found = "the run has no draws, and without them nothing is known of chances"
        raise InputError.at("draws", found, "Run it with 2 or more; 2,000 is usual.")
    return Psa(result, _checked(thresholds))


def _checked(thresholds: Iterable[float]) -> tuple[float, ...]:
    """Thresholds in their order, each once. Raises InputError for one that is not a value of a QALY."""
    found: set[float] = set()
    wanted = f"Wanted: 1 to {MOST_THRESHOLDS:,} numbers of £ per QALY from 0 to {HIGHEST_THRESHOLD:,.0f}."
    if isinstance(thresholds, str) or not isinstance(thresholds, Iterable):
        raise InputError.at("thresholds", f"{shown(thresholds)} is no list", wanted)
    for value in thresholds:
        found.add(value_of_a_qaly("thresholds", value, wanted))
        if len(found) > MOST_THRESHOLDS:
            raise InputError.at("thresholds", f"there are more than {MOST_THRESHOLDS:,}", wanted)
    if not found:
        raise InputError.at("thresholds", "there are none", wanted)
    return tuple(sorted(found))
