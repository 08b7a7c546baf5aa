"""The draws of a result, to be asked: how sure it is, by when, what a wrong decision loses, how exactly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from costmodel.analysis.psa.decision import Choice, Plane, choices, plane, value_of_a_qaly
from costmodel.analysis.psa.monte_carlo import Array, Convergence, averaged, convergence, error_of_mean
from costmodel.content import by_content
from costmodel.errors import listed, number, one_of
from costmodel.model.draws import completed
from costmodel.model.run import BLOCK, evaluate, ledger_of, values_of
from costmodel.result.flows import Ledger
from costmodel.result.outcomes import changes, cycles_to
from costmodel.result.payback import peak
from costmodel.result.result import DETERMINISTIC, Result, Run
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.parameter import heading
from costmodel.scenario.setting import account

Signs = tuple[int, ...]

THRESHOLDS = tuple(float(pounds) for pounds in range(0, 100_001, 1_000))
"""Money per QALY, of the curve of acceptability."""
PERCENTILES = (5, 25, 50, 75, 95)
NOT_MOVED = 1e-12
"""As a share of its size: an input whose draws have a mean nearer to its central value than this is not off it."""


@by_content
@dataclass(frozen=True)
class Chances:
    """Chance that the money is back for good by each month, seen to one horizon.

    months: 0 and the end of each cycle (each month, where cycles are not longer) to the horizon. chances: the same
    shape; they never fall. draws: behind the chances.
    """

    months: Array
    chances: Array
    draws: int

    def at(self, month: float) -> float:
        """The chance at the last of the months that is not after this one. Raises InputError beyond the horizon."""
        last = float(self.months[-1])
        number("month", month, 0, last + 1e-6, wrong=f"not a month from 0 to the horizon of {last:g}")
        return float(self.chances[np.searchsorted(self.months, month + 1e-9, side="right") - 1])

    def by_year(self) -> dict[int, float]:
        """The chance by the end of each whole year."""
        years = range(1, int(self.months[-1] / MONTHS_A_YEAR + 1e-9) + 1)
        return {year: self.at(year * MONTHS_A_YEAR) for year in years}


@by_content
@dataclass(frozen=True)
class AgainstCentral:
    """Expected net saving beside that at central values, money per person, and where the difference comes from.

    at_means: with every input at the mean of its draws, which need not be its central value (a median, a best fit,
    or chance). by_category: each category's part of the difference. by_group: what it moves to put one group of
    inputs at the means of its draws and leave the others at their central values; where groups act on each other
    these do not sum to `of_inputs`. error: half the 95% interval of the expected saving, from the draws.
    """

    expected: float
    central: float
    at_means: float
    by_category: dict[str, float]
    by_group: dict[str, float]
    error: float | None

    @property
    def difference(self) -> float:
        """Expected less central."""
        return self.expected - self.central

    @property
    def of_inputs(self) -> float:
        """Because the means of the draws are not the central values."""
        return self.at_means - self.central

    @property
    def of_shape(self) -> float:
        """Because the saving is no straight line in the inputs, taken together."""
        return self.expected - self.at_means


@dataclass(frozen=True)
class Means:
    """Runs with inputs at the means of their draws: all of them first, then one group at a time."""

    groups: tuple[str, ...]
    result: Result


def at_means(result: Result) -> Means:
    """Run the scenario at the means of the kept draws of every input, and of each group of inputs alone."""
    scenario = result.scenario
    drawn = values_of(result, result.headline.outcomes.draws)
    off: dict[str, float] = {}
    for name in scenario.leaves:
        mean, central = float(np.mean(drawn[name])), scenario.central[name]
        if abs(mean - central) > NOT_MOVED * max(abs(central), abs(mean)):
            off[name] = mean
    groups = tuple(dict.fromkeys(heading(scenario.parameters[name]) for name in off))
    rows = 1 + len(groups)
    values = {name: np.full(rows, scenario.central[name]) for name in scenario.leaves}
    for name, mean in off.items():
        values[name][[0, 1 + groups.index(heading(scenario.parameters[name]))]] = mean
    outcomes = evaluate(scenario, completed(scenario, values), rows)
    return Means(groups, replace(result, deterministic=outcomes, expected=None, means=None, draws=0))


def against_central(
    result: Result, means: Means, run: Run, horizon: int, strategy: int, perspective: str
) -> AgainstCentral:
    """Why the expected net saving is not that of the run at central values. means: those of the same result."""

    def saving(of: Result, reading: Run, category: str | None = None) -> Array:
        """Of each row, alternatives weighted, (draw,)."""
        cost = of.net_cost(reading, horizon, strategy, perspective=perspective, category=category)
        return np.asarray(-(run.weights @ cost), dtype=float)

    everything, central = averaged(run), result.runs["deterministic"]
    rows = saving(means.result, means.result.headline)
    at_centre = float(saving(result, central)[0])
    return AgainstCentral(
        expected=float(saving(result, everything).mean()),
        central=at_centre,
        at_means=float(rows[0]),
        by_category={
            category: float(saving(result, everything, category).mean() - saving(result, central, category)[0])
            for category in result.categories()
        },
        by_group={group: float(row) - at_centre for group, row in zip(means.groups, rows[1:], strict=True)},
        error=error_of_mean(
            result.net_cost(run, horizon, strategy, perspective=perspective), run.weights, result.draws
        ),
    )


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
        scenario = self.result.scenario
        return tuple(sorted({scenario.value(name) for name in scenario.setting.thresholds}))

    @cached_property
    def party_peaks(self) -> dict[str, Array]:
        """Peak funding of each party that pays or receives anything, (strategy, alternative, draw) of the kept draws.

        The most that a party is ever out of pocket up to the last horizon, undiscounted, against the comparator,
        whose own entries are 0. A run keeps this for perspectives; for a party whose account is none of them the
        draws are followed again.
        """
        setting = self.result.setting
        result, kept = self.result, self.result.headline.outcomes.peak[0]
        flows = [(item.paid_by, item.received_by) for item in result.items]
        known = {tuple(setting.weight(name, *flow) for flow in flows): p for p, name in enumerate(setting.perspectives)}
        signs = {party: tuple(account(party, *flow) for flow in flows) for party in result.parties()}
        followed = _followed(result, {party: own for party, own in signs.items() if own not in known})
        return {party: followed[party] if party in followed else kept[known[own]] for party, own in signs.items()}

    @cached_property
    def means(self) -> Means:
        """Runs with inputs at the means of their draws."""
        return at_means(self.result)

    def chances(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None, view: str = "value",
    ) -> Chances:  # fmt: skip
        """Chance that the money is back for good by each month; view: `value` or `cash`.

        To the last horizon, of all draws; to the follow-up, of those that are kept.
        """
        one_of("view", view, ("value", "cash"))
        reading, h, s, perspective = self._of(perspective, strategy, horizon, run)
        result = self.result
        if h == len(result.horizons) - 1:
            chances = result.chance_by_month(s, perspective, view, reading)
            return Chances(result.edges * MONTHS_A_YEAR, chances, result.draws)
        months = result.edges[: cycles_to(result.edges, result.horizons[h] / MONTHS_A_YEAR) + 1] * MONTHS_A_YEAR
        back = result.paybacks(reading, h, s, perspective, view)
        return Chances(months, np.array([result.chance(reading, back <= month) for month in months]), back.shape[-1])

    def percentiles(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> dict[int, float]:  # fmt: skip
        """Months by which so many of 100 draws have paid back; infinite where that is beyond the horizon."""
        reading, h, s, perspective = self._of(perspective, strategy, horizon, run)
        back = self.result.paybacks(reading, h, s, perspective)
        months = self.result.quantiles(reading, back, tuple(percent / 100 for percent in PERCENTILES))
        return dict(zip(PERCENTILES, months, strict=True))

    def plane(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Plane:  # fmt: skip
        """The cost-effectiveness plane."""
        return plane(self.result, *self._of(perspective, strategy, horizon, run))

    def choices(
        self, perspective: str | None = None, horizon: float | None = None, run: str | None = None,
        thresholds: Iterable[float | None] | None = None,
    ) -> list[Choice]:  # fmt: skip
        """All strategies at thresholds (those of the curve by default); None stands for net saving alone."""
        reading, h, _, perspective = self._of(perspective, None, horizon, run)
        wanted: Iterable[float | None] = self.thresholds
        if thresholds is not None:
            given = listed("thresholds", thresholds)
            wanted = [None if one is None else value_of_a_qaly("thresholds", one) for one in given]
        return choices(self.result, reading, h, perspective, wanted)

    def convergence(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> Convergence:  # fmt: skip
        """Net saving and chance of payback at growing numbers of draws."""
        return convergence(self.result, *self._of(perspective, strategy, horizon, run))

    def against_central(
        self, perspective: str | None = None, strategy: str | None = None, horizon: float | None = None,
        run: str | None = None,
    ) -> AgainstCentral:  # fmt: skip
        """Why the expected net saving is not that of the run at central values."""
        return against_central(self.result, self.means, *self._of(perspective, strategy, horizon, run))

    def _of(
        self, perspective: str | None, strategy: str | None, horizon: float | None, run: str | None
    ) -> tuple[Run, int, int, str]:
        """Reading, indices of horizon and strategy, and perspective. Raises InputError for what does not exist."""
        result = self.result
        perspective = result.setting.asked(perspective)
        if run is not None:
            one_of("run", run, self.readings)
        index = len(result.horizons) - 1 if horizon is None else result.at(horizon, place="horizon")
        return result.run(run), index, result.compared(strategy), perspective


def _followed(result: Result, accounts: Mapping[str, Signs]) -> dict[str, Array]:
    """Peak funding of accounts, each a sign for every item, in the kept draws."""
    draws = result.headline.outcomes.draws if accounts else 0
    found = {party: np.zeros((len(result.strategies), len(result.weights), draws)) for party in accounts}
    for first in range(0, draws, BLOCK):
        size = min(BLOCK, draws - first)
        ledger = ledger_of(result.scenario, values_of(result, size, first), size)
        for party, signs in accounts.items():
            found[party][1:, :, first : first + size] = peak(_curve(ledger, signs))
    return found


def _curve(ledger: Ledger, signs: Signs) -> Array:
    """Cumulative cost of every strategy less that of the comparator, (cycle + 1, strategy − 1, alternative, draw)."""
    strategies, *others = ledger.shape
    curve = np.zeros((len(ledger.edges), strategies - 1, *others))
    for i in np.flatnonzero(signs):
        change, at_start = changes(ledger.cost_of(int(i)))
        curve[1:] += signs[i] * change
        if at_start is not None:
            curve[0] += signs[i] * at_start
    return np.cumsum(curve, axis=0)
