"""The purse: what is spent on these people without the therapy, by channel and payer, and what therapy takes out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.unmeasured import widened
from costmodel.content import by_content
from costmodel.errors import made_by
from costmodel.page import Block, Column, Figure, Heading, Page, Paged, Paragraph, Table, of_run, page_of
from costmodel.result.purse import ALL, OUTSIDE, a_year
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import lower_first, percent

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart

OUTCOMES = {"purse": "spent", "taken_out": "taken", "share_achieved": "achieved", "share_supported": "supported",
            "share_needed": "needed"}  # fmt: skip
"""Outcomes of the table, and their columns here."""
COLUMNS = (
    Column("channel", "", "text"), Column("spent", "spent without it", "money"), Column("taken", "taken out", "money"),
    Column("between", "95% interval"), Column("achieved", "share taken out"),
    Column("supported", "supported by trials, in full effect"), Column("needed", "share that would have to go"),
)  # fmt: skip


@by_content
@dataclass(frozen=True, repr=False)
class Purse(Paged):
    """What is spent without a therapy and what it takes out, of a result.

    perspective: whose money; None for every perspective. A purse is what a payer pays for the comparator's people: it
    bounds what can be saved, and it is never added up over payers. Undiscounted.
    """

    result: Result
    perspective: str | None = None

    @property
    def frame(self) -> "pd.DataFrame":
        """The rows of the result's table about the purse, of its headline."""
        table, run = self.result.table(), self.result.headline.name
        kept = table.outcome.isin(OUTCOMES) & (table.run == run)
        if self.perspective:
            kept &= table.perspective == self.perspective
        return table[kept].reset_index(drop=True)

    def page(self) -> Page:
        """A table for each strategy, horizon and payer, in money for the group."""
        result = self.result
        blocks: list[Block] = []
        for strategy in result.strategies[1:]:
            for horizon in result.horizons:
                for perspective in [self.perspective] if self.perspective else result.setting.perspectives:
                    blocks += self.blocks(strategy, horizon, perspective)
        compared = lower_first(result.scenario.model.strategies[result.comparator].label)
        people = f"{result.scenario.model.people:,} people"
        about = (
            f"What is spent on {people} without the therapy ({compared}), and what of it goes",
            f"{result.setting.prices}, undiscounted; what is taken out may be below 0: more is spent",
        )
        if self.perspective and len(result.strategies) > 1:
            blocks.append(Figure(self.figure))
        data = {"schema": "costmodel/purse/1", **of_run(result, self.perspective)}
        return page_of(result, tuple(blocks), about, data)

    def blocks(self, strategy: str, horizon: float, perspective: str) -> Iterator[Block]:
        """The table of one strategy, horizon in months and payer, and what is true of the whole purse in words."""
        result, setting = self.result, self.result.setting
        label = result.scenario.model.strategies[strategy].label
        yield Heading(f"What is spent without {lower_first(label)}: {setting.name(perspective)}, {in_words(horizon)}")
        rows = self._rows(strategy, horizon, perspective)
        yield Table(_frame(rows), COLUMNS, name=f"purse_{strategy}_{perspective}_{horizon:g}")
        if words := rows[-1]["said"]:
            yield Paragraph(f"Of the whole: {words}.")
        if horizon == result.horizons[0] and (words := seen_in_words(result, strategy)):
            yield Paragraph(words)
        if words := self._widened(strategy, horizon, perspective):
            yield Paragraph(words)

    def _widened(self, strategy: str, horizon: float, perspective: str) -> str:
        """What intervals become with factors that no trial measured; "" where there are none."""
        result, setting, people = self.result, self.result.setting, self.result.scenario.model.people
        at = result.horizons.index(horizon), result.strategies.index(strategy)
        told = []
        for one in widened(Comparison(result, result.headline, *at, perspective)):
            span = setting.currency.interval(one.low * people, one.high * people)
            what = f"{setting.channels[one.channel].name}, taken out" if one.channel else "net saving"
            told.append(f"{what} {span}{' (inside the total, which stays)' if one.inside else ''}")
        return f"With what no trial measured apart, 95% of draws: {'; '.join(told)}." if told else ""

    def _rows(self, strategy: str, horizon: float, perspective: str) -> list[dict[str, Any]]:
        frame, people, setting = self.frame, self.result.scenario.model.people, self.result.setting
        kept = frame[
            (frame.strategy == strategy) & (frame.horizon_months == horizon) & (frame.perspective == perspective)
        ]
        found: dict[str, dict[str, Any]] = {}
        for row in kept.to_dict("records"):
            of = found.setdefault(row["channel"], {"said": "", "supported": "", "needed": ""})
            name = OUTCOMES[row["outcome"]]
            if row["unit"] == "share":
                of[name] = _share(row)
                of["said"] = row["words"] if name == "needed" else of["said"]
            else:
                of[name] = row["value"] * people
            if name == "taken":
                known = row["low"] is not None and row["low"] == row["low"]
                of["between"] = setting.currency.interval(row["low"] * people, row["high"] * people) if known else ""
        names = {name: channel.name for name, channel in setting.channels.items()} | {ALL: "all of these"}
        return [{"channel": names[name], **of} for name, of in found.items()]

    def figure(self) -> "Chart":
        """Bars of what is spent and of what is taken out, by channel; the second strategy, the follow-up."""
        from costmodel.drawing import GREEN, GREY, chart, empty, literal, money_axis, wrapped

        result, setting = self.result, self.result.setting
        perspective = setting.asked(self.perspective)
        strategy, horizon = result.strategies[1], result.horizons[0]
        rows = [row for row in self._rows(strategy, horizon, perspective) if row["channel"] != "all of these"]
        figure, names = empty(), [wrapped(row["channel"], 16) for row in rows]
        for key, name, colour, pattern in (("spent", "spent", GREY, ""), ("taken", "taken out", GREEN, "/")):
            figure.add_bar(
                x=names,
                y=[row[key] for row in rows],
                name=name,
                marker={"color": colour, "pattern": {"shape": pattern}},
            )
        most = max((abs(row[key]) for row in rows for key in ("spent", "taken")), default=0.0)
        least = min((row["taken"] for row in rows), default=0.0)
        figure.update_layout(**money_axis(setting.currency, "yaxis", least, most), barmode="group")
        label = result.scenario.model.strategies[strategy].label
        title = f"{setting.name(perspective)}: spent, and taken out by {lower_first(label)}, {in_words(horizon)}"
        return chart(figure, title, literal(f"Bars: {title}."), _frame(rows))


def seen_in_words(result: Result, strategy: str) -> str:
    """What the channels of an effect cost a person-year, beside what they cost in its trials; nothing without that."""
    if (seen := a_year(result, result.strategies.index(strategy))) is None:
        return ""
    money = result.setting.currency.written
    known = [f"{words} {money(f'{end:,.0f}')}" for words, end in (("from", seen.low), ("to", seen.high)) if end]
    outside = f": {OUTSIDE}" if seen.outside else ""
    cost = money(f"{seen.cost:,.0f}")
    return f"What the effect acts on costs {cost} a person-year; trials saw it {' '.join(known)}{outside}."


def purse(result: Result, perspective: str | None = None) -> Purse:
    """What is spent without the therapies of a result, and what they take out of it.

    perspective: one of the setting's; every one if left out. Raises InputError for a wrong name.
    """
    made_by("result", result, Result, "costmodel.run")
    return Purse(result, None if perspective is None else result.setting.asked(perspective))


def _share(row: Mapping[Any, Any]) -> str:
    """A share with its interval, or in words."""
    value, low, high = row["value"], row["low"], row["high"]
    if value is None or value != value:
        return str(row["words"])
    span = "" if low is None or low != low else f" ({percent(low, 2)} to {percent(high, 2)})"
    return f"{percent(value, 2)}{span}"


def _frame(rows: list[dict[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows)
