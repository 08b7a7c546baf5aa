"""The purse: what is spent on these people without the therapy, by channel and payer, and what therapy takes out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.unmeasured import widened
from costmodel.content import by_content
from costmodel.errors import made_by
from costmodel.page import Block, Column, Figure, Heading, Page, Paged, Paragraph, Table, of_run, page_of
from costmodel.result.payback import NOTHING, settled
from costmodel.result.purse import ALL, OUTSIDE, a_year
from costmodel.result.purse import purse as parts
from costmodel.result.result import Result, Run
from costmodel.result.sums import Array, Estimate
from costmodel.result.table import in_words
from costmodel.scenario.setting import THERAPY
from costmodel.words import lower_first, percent, upper_first

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

INK = "#8a5a00"
"""Whiskers: seen on white, on the dark theme and on the bars."""
BEYOND = " →"
"""Said of a bar that goes on beyond the scale."""
ROOM, AROUND, ROW, DRESS = 0.03, 40, 34, 84
"""Room beside the widest bar as a share of it; pixels around the bars, of one with its words, of title and legend."""


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
        return drawn(self.result, self.result.strategies[1], self.result.setting.asked(self.perspective), 0)


@dataclass(frozen=True)
class Bar:
    """Money of a channel, per person or of a group, as one payer has it.

    spent: without the therapy. taken: what of it goes; below 0 where more is spent. words: both. ours: whether the
    payer pays there; else `spent` is that of whoever pays most, and nothing of it counts.
    """

    name: str
    spent: float
    taken: Estimate
    words: str
    ours: bool = True


def of_people(people: int) -> str:
    """Whose money a sum is, in words."""
    return "a person" if people == 1 else f"for {people:,} people"


def known(result: Result, of: Callable[[Run], Array]) -> Estimate:
    """An estimate of a result's headline: its value from all draws, its interval from those that are kept."""
    run, whole = result.headline, result.headline.averaged
    return replace(result.estimate(run, settled(of(run))), value=result.estimate(whole, settled(of(whole))).value)


def bars(result: Result, strategy: str, perspective: str, horizon: int, people: int = 1) -> list[Bar]:
    """A bar for each channel in which anybody pays, and one for receipts, which no purse bounds.

    horizon: its index. people: whose money it is. What goes in all that the payer pays is all that comes back of the
    course.
    """
    s, setting = result.compared(strategy), result.setting
    money, found = setting.currency.money, []
    own = parts(result, result.headline, horizon, s, perspective=perspective)
    for channel, about in setting.channels.items():
        if channel in own:
            of = (partial(_part, result, horizon, s, perspective, channel, i, people) for i in (0, 1))
            spent, taken = (known(result, one) for one in of)
            found.append(Bar(about.name, spent.value, taken, _told(money, spent.value, taken.value)))
        elif payers := _payers(result, channel, horizon, s, people):
            party = max(payers, key=lambda one: payers[one])
            inside = party in setting.members(perspective)
            within = f"moves within {setting.payer(perspective)}: no cost to it"
            words = f"{money(payers[party])} {within if inside else f'paid by {setting.parties[party].within}'}"
            found.append(Bar(about.name, payers[party], Estimate(0.0), words, False))
    received = known(result, lambda run: people * receipts(result, run, horizon, s, perspective))
    if abs(received.value) > NOTHING or received.low or received.high:
        verb = "brings" if received.value >= 0 else "loses"
        found.append(Bar("Tax and pay of jobs", 0.0, received, f"{verb} {money(abs(received.value))}"))
    return found


def receipts(result: Result, run: Run, h: int, s: int, perspective: str) -> Array:
    """What comes back beside what is taken out of the purse, (alternative, draw): money that a payer receives."""
    course = result.net_cost(run, h, s, perspective=perspective, category=THERAPY)
    back = course - result.net_cost(run, h, s, perspective=perspective)
    return np.asarray(back - parts(result, run, h, s, perspective=perspective)[ALL][1], dtype=float)


def _part(result: Result, h: int, s: int, perspective: str, channel: str, i: int, people: int, run: Run) -> Array:
    return people * parts(result, run, h, s, perspective=perspective)[channel][i]


def _payers(result: Result, channel: str, h: int, s: int, people: int) -> dict[str, float]:
    """What each party that pays anything pays in a channel without the therapy."""
    run = result.headline.averaged
    each = {party: parts(result, run, h, s, party=party) for party in result.setting.parties}
    paid = {party: result.estimate(run, of[channel][0]).value for party, of in each.items() if channel in of}
    return {party: people * value for party, value in paid.items() if abs(value) > NOTHING}


def _told(money: Callable[[float], str], spent: float, taken: float) -> str:
    """What goes of what is spent, in words."""
    if abs(taken) <= NOTHING:
        return f"spent {money(spent)}; no change counted" if spent > NOTHING else "nothing spent, nothing saved"
    if taken < 0:
        return f"adds {money(-taken)} to {money(spent)}"
    return f"saves {money(taken)} of {money(spent)}"


def drawn(result: Result, strategy: str, perspective: str, horizon: int, people: int = 1) -> "Chart":
    """The course and every channel as bars on one scale of money: spent, taken out with its interval.

    horizon: its index. people: whose money it is. Where nothing is spent and no course is paid for there is no bar,
    and the title says so.
    """
    from costmodel.drawing import GREEN, GREY, LIGHT_GREY, VERMILION, chart, empty, literal, money_axis

    setting, s = result.setting, result.compared(strategy)
    money = setting.currency.money
    course = known(
        result, lambda run: people * result.net_cost(run, horizon, s, perspective=perspective, category=THERAPY)
    ).value
    found = bars(result, strategy, perspective, horizon, people)
    back = sum(one.taken.value for one in found)
    table = _frame(
        [{"channel": one.name, "spent": one.spent, "taken out": one.taken.value, "low": one.taken.low,
          "high": one.taken.high, "in words": one.words} for one in found]
    )  # fmt: skip
    title = f"{upper_first(setting.payer(perspective))}, {in_words(result.horizons[horizon])}, {of_people(people)}"
    figure = empty()
    if abs(course) <= NOTHING and not any(one.ours and (one.spent > NOTHING or one.taken.value) for one in found):
        return chart(
            figure, f"{title}: no course is paid for and nothing is spent, so there is nothing to show", "", table
        )
    paid, others = [one for one in found if one.ours], [one for one in found if not one.ours]
    widest = max(abs(course), *(max(one.spent, one.taken.high or 0.0, one.taken.value) for one in paid), 0.0)
    least = min(0.0, course, back, *(one.taken.low or one.taken.value for one in paid))
    names, off = ["Therapy", *(one.name for one in found)], [one.name for one in others if one.spent > widest]
    words = [f"costs {money(course)}; the mark: {money(back)} comes back", *(one.words for one in found)]
    shown: dict[str, Any] = {"orientation": "h", "width": 0.36, "hoverinfo": "skip"}
    figure.add_bar(y=["Therapy"], x=[course], marker={"color": VERMILION}, name="Therapy costs", **shown)
    figure.add_bar(
        y=[one.name for one in paid], x=[one.spent for one in paid], marker={"color": LIGHT_GREY},
        name="Spent on these people without therapy", **shown,
    )  # fmt: skip
    for colour, pattern, name, some in (
        (GREEN, "/", "Therapy saves", [one for one in paid if one.taken.value >= 0]),
        (VERMILION, "x", "Therapy adds", [one for one in paid if one.taken.value < 0]),
    ):
        if not some:
            continue
        base = [one.spent if one.taken.value < 0 else 0.0 for one in some]
        ends: dict[str, Any] = {
            "array": [_reach(one.taken.high, one.taken.value) for one in some],
            "arrayminus": [_reach(one.taken.value, one.taken.low) for one in some],
        }
        if name == "Therapy adds":
            ends = {"array": ends["arrayminus"], "arrayminus": ends["array"]}
        figure.add_bar(
            y=[one.name for one in some], x=[abs(one.taken.value) for one in some], base=base, name=name,
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": "#ffffff", "size": 6}},
            error_x={"type": "data", "symmetric": False, "color": INK, "thickness": 1.6, "width": 4, **ends}, **shown,
        )  # fmt: skip
    figure.add_bar(
        y=[one.name for one in others], x=[min(one.spent, widest) for one in others],
        name=f"Not {setting.payer(perspective)}'s money",
        marker={"color": "rgba(0,0,0,0)", "line": {"color": GREY, "width": 1}}, **shown,
    )  # fmt: skip
    for name, text in zip(names, words, strict=True):
        figure.add_annotation(
            x=0, y=name, yshift=14, xanchor="left", showarrow=False,
            text=f"<b>{literal(name)}</b> {literal(text)}{BEYOND if name in off else ''}", font={"size": 13},
        )  # fmt: skip
    for colour, width in (("#ffffff", 6), ("#16202b", 3)):  # seen on the bar and on both themes
        figure.add_shape(type="line", x0=back, x1=back, y0=-0.26, y1=0.26, line={"color": colour, "width": width})
    figure.add_vline(0, line_width=1.5, line_color=GREY)
    alt = f"{title}. {'; '.join(f'{name}: {text}' for name, text in zip(names, words, strict=True))}."
    made = chart(figure, title, literal(alt), table)
    room = ROOM * ((widest - least) or 1.0)
    figure.update_layout(
        barmode="overlay", height=AROUND + ROW * len(names) + DRESS, hovermode=False,
        legend={"y": 0, "yref": "container", "yanchor": "bottom"}, margin={"t": 30, "b": DRESS - 8},
        meta={"bars alone": AROUND + ROW * len(names)},
        **money_axis(setting.currency, "xaxis", least, widest),
        yaxis={"visible": False, "range": [len(names) - 0.4, -0.9], "categoryarray": names, "categoryorder": "array"},
    )  # fmt: skip
    figure.update_xaxes(range=[least - room, widest + room])
    return made


def _reach(high: float | None, low: float | None) -> float:
    """How far an end of an interval is from its value; nothing where there is none."""
    return 0.0 if high is None or low is None else max(high - low, 0.0)


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
