"""The result of a run, as one asks it: every answer in one table, and what is behind them as tidy frames."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.content import by_content, digest
from costmodel.errors import InputError, one_of, true_or_false
from costmodel.result import payback
from costmodel.result.outcomes import KEPT_DRAWS, VIEWS
from costmodel.result.sums import DETERMINISTIC, EXPECTED, Array, LedgerItem, Run, Sums
from costmodel.result.table import Row, compared, names, rows
from costmodel.scenario.build import Scenario
from costmodel.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.result.frames import Behind

__all__ = ["DETERMINISTIC", "EXPECTED", "LedgerItem", "Result", "Run", "run_id"]

BY = ("category", "channel", "party", "perspective", "strategy", "horizon", "run")
"""What a summary may be by."""
FEW_ROWS = 20
"""Of a table in a notebook."""
DISCOUNTED = ("qaly", "nmb", "cost_per_qaly")
"""Outcomes that are usually told discounted."""
COLUMN = {"horizon": "horizon_months"}
ANSWER = ["value", "low", "high", "unit", "words"]


@by_content
@dataclass(frozen=True, repr=False)
class Result(Sums):
    """The result of a run. Make one with `costmodel.run`.

    Questions are asked by name: of one strategy (the second by default), a perspective, a horizon in months and a
    reading: `expected`, `deterministic`, or an alternative. Money is per person referred, in the setting's price year.
    """

    strata: "Mapping[str, Result]" = field(default_factory=dict)
    """Each stratum's people alone, by name."""
    behind: "Behind | None" = field(default=None, compare=False)
    """The model, asked again for what the outcomes do not keep."""
    _cache: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    def __repr__(self) -> str:
        runs = f"{self.draws:,} draws, seed {self.seed}" if self.draws else "deterministic"
        return f"<Result of {self.scenario.path.parent.name}/{self.scenario.path.name}: {runs}>"

    def _repr_html_(self) -> str:
        whole = self.summary()
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{whole.to_html(index=False, max_rows=FEW_ROWS)}"

    @cached_property
    def run_id(self) -> str:
        """What was run, and how, as one digest: see `run_id`."""
        whole = not self.scenario.model.strata or bool(self.strata)
        return run_id(self.scenario, self.draws, self.seed, self.sampling, self.given, strata=whole)

    def table(self) -> "pd.DataFrame":
        """Every answer, one row each: the table behind dashboard, workbook, command line and CSV."""
        if "table" not in self._cache:
            import pandas as pd

            self._cache["table"] = pd.DataFrame(list(rows(self)))
        table: pd.DataFrame = self._cache["table"]
        return table

    def answers(self, run: str | None = None) -> dict[tuple[object, ...], list[Row]]:
        """The rows of `table` that compare with the comparator, by what they answer: of the headline or another run.

        A sentence asks a few of one run, and a table has ten. run: a reading, a convention about money or a stratum.
        Raises InputError for one that there is not.
        """
        kept: dict[str, dict[tuple[object, ...], list[Row]]] = self._cache.setdefault("answers", {})
        name = self.headline.name if run is None else one_of("run", run, names(self))
        if name not in kept:
            kept[name] = compared(self, name, self._cache.get("table"))
        return kept[name]

    def lean(self) -> "Result":
        """The same, of whose conventions and strata each draw is known by its months of payback alone."""
        conventions = {
            name: replace(one, outcomes=one.outcomes.of_payback(), means=None) for name, one in self.conventions.items()
        }
        strata = {}
        for name, one in self.strata.items():
            left = one.headline.outcomes.of_payback()
            strata[name] = replace(one, deterministic=left, expected=one.expected and left, means=None, behind=None)
        return replace(self, conventions=conventions, strata=strata)

    def told(self) -> "Result":
        """The same, `lean`, with the table of it all, from which it answers."""
        lean = self.lean()
        lean._cache["table"] = self.table()
        return lean

    def summary(
        self, outcome: str | None = None, by: str | None = None, perspective: str | None = None, *,
        strategy: str | None = None, horizon_months: float | None = None, run: str | None = None,
        discounted: bool | None = None,
    ) -> "pd.DataFrame":  # fmt: skip
        """Answers against the comparator: all of them, or one outcome, in all or by something.

        outcome: of the table; all by default. by: `category`, `channel`, `party` (those of the perspective),
        `perspective`, `strategy`, `horizon` or `run`, whose own argument is then not used. horizon_months: the
        follow-up by default. run: the headline by default. discounted: as each outcome is usually told, if left out:
        net saving undiscounted, QALYs, net monetary benefit and cost per QALY discounted.
        Columns: what it is by, outcome where all are asked for, value, low, high (95%), unit, words.
        """
        table = self.table()
        perspective = self.scenario.setting.asked(perspective)
        if outcome is not None:
            one_of("outcome", outcome, table.outcome.unique())
        if by is not None:
            one_of("by", by, BY)
        name, reading = self.strategies[self.compared(strategy)], self.run(run).name
        months = self.horizons[self.at(horizon_months)]
        told = table.outcome.isin(DISCOUNTED) if discounted is None else true_or_false("discounted", discounted)
        kept = (table.discounted == told) & ((table.comparator != "") | (table.outcome == "cost"))
        kept &= (by == "strategy") | (table.strategy == name)
        kept &= (by == "horizon") | (table.horizon_months == months)
        kept &= (by == "run") | (table.run == reading)
        for part in ("category", "channel"):
            kept &= (table[part] != "all") if by == part else (table[part] == "all")
        kept &= (
            table.party.isin(self.scenario.setting.members(perspective)) if by == "party" else (table.party == "all")
        )
        if by == "perspective":
            kept &= table.perspective != ""
        else:
            kept &= table.perspective.isin([perspective, ""])
        if outcome is not None:
            kept &= table.outcome == outcome
        if not kept.any():
            raise InputError.at("by", f"{outcome} is not known by {by} here", "Leave by out, or ask for net_saving.")
        columns = [*([] if by is None else [COLUMN.get(by, by)]), *([] if outcome else ["outcome"]), *ANSWER]
        return table.loc[kept, columns].reset_index(drop=True)

    def saving(
        self, perspective: str | None = None, by: str | None = None, strategy: str | None = None
    ) -> "pd.DataFrame":
        """Net saving at the follow-up, undiscounted: in all, or by `category` or `party`, with intervals."""
        if by is not None:
            one_of("by", by, ("category", "party"))
        found = self.summary("net_saving", by, perspective, strategy=strategy)
        if by is None:
            found.insert(0, "category", "all")
        return found[[by or "category", "value", "low", "high"]]

    def payback(self, perspective: str | None = None, strategy: str | None = None) -> dict[str, object]:
        """Payback of the horizon: sustained and first touch of the expected curve, percentiles, chance by year."""
        s, perspective = self.compared(strategy), self.scenario.setting.asked(perspective)
        last = len(self.horizons) - 1
        run = self.headline
        draws = self.paybacks(run, last, s, perspective)
        years, chances = range(1, int(self.edges[-1]) + 1), self.chance_by_month(s, perspective)
        return {
            "horizon_months": self.horizons[last],
            "sustained_months": _or_none(self.curve_payback(s, perspective, last)),
            "first_touch_months": _or_none(self.curve_payback(s, perspective, last, sustained=False)),
            "percentiles": {
                q: _or_none(x)
                for q, x in zip(
                    (5, 25, 50, 75, 95),
                    self.quantiles(run, draws, (0.05, 0.25, 0.5, 0.75, 0.95)),
                    strict=True,
                )
            },
            "chance_by_year": {year: float(np.interp(year, self.edges, chances)) for year in years},
        }

    def curve(
        self, perspective: str | None = None, strategy: str | None = None, view: str = "value", run: str | None = None
    ) -> "pd.DataFrame":
        """Cumulative net cost from referral, month by month, with its 95% band and the chance that it is back for good.

        view: `value`, `discounted` or `cash`. Columns: month, net_cost, low, high, chance_payback; the last three only
        where there are draws. Money is paid back where net_cost is at or below 0 and stays so.
        """
        one_of("view", view, VIEWS)
        perspective = self.scenario.setting.asked(perspective)
        from costmodel.result import frames

        return frames.curve(self, self.run(run), self.compared(strategy), perspective, view)

    def trace(self, run: str | None = None) -> "pd.DataFrame":
        """People in each state at each edge of a cycle, per person referred; those missing from 1 have died.

        Columns: strategy, kind, name, month, people. kind is `occupancy`, of a state, or, in the deterministic run
        alone, `transition`: the people that made a move in the cycle that ends at this month. In models of rates these
        are rate × person-years in the state that is left; what closes a gap beyond the follow-up is no transition.
        """
        from costmodel.result import frames

        return frames.trace(self, self._model(), self.run(run))

    def activity(self, run: str | None = None) -> "pd.DataFrame":
        """What is used, in natural units per person referred: visits, bed-days, sessions held, days on benefit.

        Columns: strategy, item, label, category, horizon_months, unit, value, low, high (95%, of the kept draws), run.
        An item that is priced by the year of its reference use is in such years. value is missing where a price is 0.
        """
        from costmodel.result import frames

        return frames.activity(self, self._model(), self.run(run))

    def ledger(self, run: str | None = None) -> "pd.DataFrame":
        """Expected money of each item in each cycle, undiscounted, with who pays and who receives.

        Columns: strategy, item, label, category, paid_by, received_by, from_month, to_month, money. In models of
        probabilities what is booked at time 0 is a cycle from month 0 to month 0.
        """
        from costmodel.result import frames

        return frames.ledger(self, self.run(run))

    def by_draw(self) -> "pd.DataFrame":
        """Every draw, a row each: uncertain inputs, and costs and QALYs of each strategy, discounted, to the horizon.

        Columns have two levels: (`input`, name), (`cost_PERSPECTIVE`, strategy) and (`qaly`, strategy). Where there are
        alternatives each draw has one, chosen with their weights: the input `alternative`, from 1.
        Raises InputError without draws, or with more than are kept one by one.
        """
        from costmodel.result import frames

        return frames.by_draw(self, self._model(), KEPT_DRAWS)

    def _model(self) -> "Behind":
        if self.behind is None:
            raise InputError.at("result", "the model behind this result is not known", "Make it with costmodel.run.")
        return self.behind


def run_id(
    scenario: Scenario, draws: int, seed: int, sampling: str = "random", given: Mapping[str, Array] | None = None,
    *, strata: bool = True,
) -> str:  # fmt: skip
    """SHA-256 of all that an output of a run shows: two runs with one id are the same to the letter.

    Beside what the scenario's own covers: the engine's version, draws, seed, sampling, draws from elsewhere, whether
    strata are run apart, the number of people treated, and words (titles, sources, changes, warnings). No folder.
    """
    settings = (draws, seed, sampling, sorted((given or {}).items(), key=lambda one: one[0]), strata)
    return digest((scenario.sha256, scenario.words_sha256, __version__, settings))


def _or_none(months: float) -> float | None:
    return None if months == payback.NEVER else months
