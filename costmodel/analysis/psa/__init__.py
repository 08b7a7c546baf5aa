"""The probabilistic analysis: how sure an answer is, by when, what a wrong decision loses, and how exactly."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costmodel.analysis.psa import page
from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.psa.draws import THRESHOLDS, Draws, rows
from costmodel.content import by_content
from costmodel.currency import Currency
from costmodel.errors import InputError, made_by, shown
from costmodel.page import LONGEST, Page, Paged, cut, drawn_of, titled
from costmodel.result.decision import HIGHEST_THRESHOLD, value_of_a_qaly
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import chance

if TYPE_CHECKING:
    from costmodel.drawing import Chart

__all__ = ["Psa", "psa", "rows"]

MOST_THRESHOLDS = 1_001


@by_content
@dataclass(frozen=True, repr=False)
class Psa(Draws, Paged):
    """The draws of a result, to be asked, and their page. Make one with `psa`."""

    def page(self, perspective: str | None = None, strategies: Collection[str] | None = None) -> Page:
        """How sure the answer is, by when and how much; perspective, strategies: only these."""
        return page.page(self, perspective, strategies)

    def figure(self) -> "Chart":
        """The chance that the money is back, by month."""
        return page.drawn("chances", self, self.result.setting.main)

    def __repr__(self) -> str:
        """The net saving and chance of payback of each strategy, without the page."""
        result, setting, people = self.result, self.result.setting, self.result.scenario.model.people
        lines = [titled(result.scenario), f"{drawn_of(result)}; {setting.name(setting.main)}, {people:,} people"]
        for name in result.strategies[1:]:
            of = self.comparison(strategy=name)
            lines.append(
                f"{of.label}: net saving {of.money(of.expected(Comparison.saving))} over "
                f"{in_words(of.months)}, money back in {chance(of.paid_back().value)} simulations"
            )
        return cut("\n".join(lines), LONGEST)


def psa(result: Result, thresholds: Iterable[float] = THRESHOLDS) -> Psa:
    """The draws of a result, to be asked. thresholds: money per QALY, of the curve of acceptability, in any order.

    Raises InputError where nothing was drawn, and for thresholds that are none.
    """
    if made_by("result", result, Result, "costmodel.run").expected is None:
        found = "the run has no draws, and without them nothing is known of chances"
        raise InputError.at("draws", found, "Run it with 2 or more; 2,000 is usual.")
    return Psa(result, _checked(thresholds, result.setting.currency))


def _checked(thresholds: Iterable[float], currency: Currency) -> tuple[float, ...]:
    """Thresholds in their order, each once. Raises InputError for one that is not a value of a QALY."""
    found: set[float] = set()
    wanted = (
        f"Wanted: 1 to {MOST_THRESHOLDS:,} numbers of {currency.symbol} per QALY from 0 to {HIGHEST_THRESHOLD:,.0f}."
    )
    if isinstance(thresholds, str) or not isinstance(thresholds, Iterable):
        raise InputError.at("thresholds", f"{shown(thresholds)} is no list", wanted)
    for value in thresholds:
        found.add(value_of_a_qaly("thresholds", value, wanted))
        if len(found) > MOST_THRESHOLDS:
            raise InputError.at("thresholds", f"there are more than {MOST_THRESHOLDS:,}", wanted)
    if not found:
        raise InputError.at("thresholds", "there are none", wanted)
    return tuple(sorted(found))
