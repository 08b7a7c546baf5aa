"""The draws of a result, to be asked: how sure it is, by when, what a wrong decision loses, how exactly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.probabilistic.central import AgainstCentral, Means, against_central, at_means
from costmodel.analysis.probabilistic.decision import Choice, contests, value_of_a_qaly
from costmodel.analysis.probabilistic.monte_carlo import Convergence, convergence
from costmodel.analysis.probabilistic.payback_by_month import Chances, chances_by_month, percentiles
from costmodel.analysis.probabilistic.plane import Plane, plane
from costmodel.content import by_content
from costmodel.errors import listed, one_of
from costmodel.model.run import BLOCK, ledger_of, values_of
from costmodel.perspectives import PERSPECTIVES, account, weight
from costmodel.result.flows import Ledger
from costmodel.result.payback import peak
from costmodel.result.result import DETERMINISTIC, Result, Run

Array = NDArray[np.float64]
Signs = tuple[int, ...]

THRESHOLDS = tuple(float(pounds) for pounds in range(0, 100_001, 1_000))
"""£ per QALY of the curve of acceptability."""


@by_content
@dataclass(frozen=True, repr=False)
class Draws:
    """The draws of a result, to be asked.

    Questions are of one strategy (the second by default), perspective, horizon in months (the last by default) and
    reading (`expected`, the weighted mixture, or an alternative by name). Money is per person referred.
    """

    result: Result
    thresholds: tuple[float, ...] = THRESHOLDS

    @property
    def readings(self) -> dict[str, Run]:
        """The mixture, then each alternative on its own."""
        return {name: run for name, run in self.result.runs.items() if name != DETERMINISTIC}

    @property
    def kept(self) -> int:
        """Draws that are looked at one by one: the first of all."""
        return self.result.headline.outcomes.draws

    @property
    def setting_thresholds(self) -> tuple[float, ...]:
        """The setting's values of a QALY, the lowest first."""
        setting, central = self.result.scenario.setting, self.result.scenario.central
        found = {float(name) if isinstance(name, int) else float(central[name]) for name in setting.thresholds}
        return tuple(sorted(found))

    @cached_property
    def party_peaks(self) -> dict[str, Array]:
        """Peak funding by party, (strategy, alternative, draw)."""
        return peaks(self.result)

    @cached_property
    def means(self) -> Means:
        """Runs with inputs at the means of their draws."""
        return at_means(self.result)

    def chances(
        self, perspective: str = "nhs_pss", strategy: str | None = None, horizon: float | None = None,
        run: str | None = None, view: str = "value",
    ) -> Chances:  # fmt: skip
        """Chance that the money is back for good by each month; view: `value` or `cash`."""
        one_of("view", view, ("value", "cash"))
        return chances_by_month(self.result, *self._of(perspective, strategy, horizon, run), view)

    def percentiles(
        self, perspective: str = "nhs_pss", strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> dict[int, float]:  # fmt: skip
        """Months by which so many of 100 draws have paid back; infinite where that is beyond the horizon."""
        return percentiles(self.result, *self._of(perspective, strategy, horizon, run))

    def plane(
        self, perspective: str = "nhs_pss", strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Plane:  # fmt: skip
        """The cost-effectiveness plane."""
        return plane(self.result, *self._of(perspective, strategy, horizon, run))

    def choices(
        self, perspective: str = "nhs_pss", horizon: float | None = None, run: str | None = None,
        thresholds: Iterable[float | None] | None = None,
    ) -> list[Choice]:  # fmt: skip
        """All strategies at thresholds (those of the curve by default); None stands for net saving alone."""
        reading, index, _, _ = self._of(perspective, None, horizon, run)
        wanted = self.thresholds if thresholds is None else _in_any_order(thresholds)
        return [
            found.read(reading.weights) for found in contests(self.result, reading, index, perspective, wanted)
        ]  # fmt: skip

    def convergence(
        self, perspective: str = "nhs_pss", strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Convergence:  # fmt: skip
        """Net saving and chance of payback at growing numbers of draws."""
        return convergence(self.result, *self._of(perspective, strategy, horizon, run))

    def against_central(
        self, perspective: str = "nhs_pss", strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> AgainstCentral:  # fmt: skip
        """Why the expected net saving is not that of the run at central values."""
        return against_central(self.result, self.means, *self._of(perspective, strategy, horizon, run))

    def _of(
        self, perspective: str, strategy: str | None, horizon: float | None, run: str | None
    ) -> tuple[Run, int, int, str]:
        """Reading, indices of horizon and strategy, and perspective. Raises InputError for what does not exist."""
        result = self.result
        one_of("perspective", perspective, PERSPECTIVES)
        if run is not None:
            one_of("run", run, self.readings)
        index = len(result.horizons) - 1 if horizon is None else result.at(horizon, place="horizon")
        return result.run(run), index, result.compared(strategy), perspective


def _in_any_order(thresholds: Iterable[float | None]) -> list[float | None]:
    """Thresholds and None, as they stand. Raises InputError."""
    return [None if one is None else value_of_a_qaly("thresholds", one) for one in listed("thresholds", thresholds)]


def peaks(result: Result) -> dict[str, Array]:
    """Peak funding of each party that pays or receives anything, (strategy, alternative, draw) of the kept draws.

    The most that a party is ever out of pocket up to the last horizon, undiscounted, against the comparator, whose own
    entries are 0. A run keeps this for perspectives; for a party whose account is none of them the draws are
    followed again.
    """
    known = {_signs(result, name): p for p, name in reversed(list(enumerate(PERSPECTIVES)))}
    signs = {party: _of_party(result, party) for party in result.parties()}
    again = {party: own for party, own in signs.items() if own not in known}
    followed = _followed(result, again) if again else {}
    kept = result.headline.outcomes.peak[0]
    return {party: followed[party] if party in again else kept[known[own]] for party, own in signs.items()}


def _signs(result: Result, perspective: str) -> Signs:
    return tuple(weight(perspective, item.paid_by, item.received_by) for item in result.items)


def _of_party(result: Result, party: str) -> Signs:
    return tuple(account(party, item.paid_by, item.received_by) for item in result.items)


def _followed(result: Result, accounts: Mapping[str, Signs]) -> dict[str, Array]:
    draws = result.headline.outcomes.draws
    shape = (len(result.strategies), len(result.weights), draws)
    found = {party: np.zeros(shape) for party in accounts}
    for first in range(0, draws, BLOCK):
        size = min(BLOCK, draws - first)
        ledger = ledger_of(result.scenario, values_of(result, size, first), size)
        for party, signs in accounts.items():
            found[party][1:, :, first : first + size] = peak(_curve(ledger, signs))
    return found


def _curve(ledger: Ledger, signs: Signs) -> Array:
    """Cumulative cost of every strategy less that of the comparator, (cycle + 1, strategy − 1, alternative, draw)."""
    strategies, alternatives, draws = ledger.shape
    curve = np.zeros((len(ledger.edges), strategies - 1, alternatives, draws))
    for i in np.flatnonzero(signs):
        item = ledger.cost_of(int(i))
        for s in range(1, strategies):
            for a in range(alternatives):
                own, comparator = item.column[s, a], item.column[0, a]
                if own != comparator:
                    curve[1:, s - 1, a] += signs[i] * (item.values[:, own] - item.values[:, comparator])
                    if item.at_start is not None:
                        curve[0, s - 1, a] += signs[i] * (item.at_start[own] - item.at_start[comparator])
    return np.cumsum(curve, axis=0)
