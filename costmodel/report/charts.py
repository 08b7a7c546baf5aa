"""Charts of a result, public as `costmodel.charts`. Each title is the takeaway; each brings its table and its words.

perspective: whose net cost. strategy: the first after the comparator if left out. Money is that of the whole group,
undiscounted.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from costmodel.analysis.beyond import STOPS
from costmodel.currency import Currency
from costmodel.drawing import (
    BLUE,
    DASHES,
    GREEN,
    GREY,
    LIGHT_GREY,
    NARROW,
    ORANGE,
    PATTERNS,
    SERIES,
    UNDER,
    VERMILION,
    WIDE,
    Chart,
    chart,
    follow_up_line,
    literal,
    money_axis,
    wrapped,
    year_axis,
    zero_line,
)
from costmodel.report.sentence import pick
from costmodel.result.payback import settled
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import THE_SAME, in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.probabilities import DEAD
from costmodel.scenario.schema import SettingFile
from costmodel.scenario.setting import account
from costmodel.words import chance, upper_first

__all__ = ["STOPS", "Chart", "bridge", "cumulative", "parties", "states", "stops", "structures"]

NOTHING = 0.5
"""Pounds for the whole group."""
LEVELS = {"95% low": 0.025, "50% low": 0.25, "50% high": 0.75, "95% high": 0.975}
"""Quantiles of a cumulative curve that are drawn."""
PANEL = 24
"""Characters of a line over a panel."""
MIXTURE = "Weighted mixture"


def cumulative(result: Result, perspective: str, strategy: str | None = None) -> Chart:
    """Cumulative net cost, with 50% and 95% bands, break-even and its interval: money put in, and money that came back
    over time.
    """
    setting = result.setting
    currency = setting.currency
    s, people = result.compared(strategy), result.scenario.model.people
    table = pd.DataFrame({"year": result.edges, "net cost": result.mean_curve(s, perspective) * people})
    drawn = result.headline.name != DETERMINISTIC
    figure = go.Figure()
    if drawn:
        bands = result.band(s, perspective, tuple(LEVELS.values())) * people
        table = table.assign(**dict(zip(LEVELS, bands, strict=True)))
        for share, colour in (("95", WIDE), ("50", NARROW)):
            low, high = table[f"{share}% low"], table[f"{share}% high"]
            figure.add_scatter(
                x=np.concatenate([table["year"], table["year"][::-1]]), y=np.concatenate([high, low[::-1]]),
                fill="toself", mode="lines", fillcolor=colour, line={"width": 0},
                name=f"{share} of 100 simulations", hoverinfo="skip",
            )  # fmt: skip
    curve = table["net cost"]
    name = "Expected" if drawn else "Central values"
    _add_curve(figure, result, curve, name, "<extra></extra>", {"color": BLUE, "width": 2.5})
    money_columns = table.drop(columns="year")
    _over_time(figure, result, float(money_columns.min().min()), float(money_columns.max().max()))
    last = result.horizons[-1]
    at: dict[str, Any] = {"perspective": perspective, "horizon": last, "strategy": strategy}
    paid = pick(result, "payback_sustained_months", **at)
    _mark_payback(figure, result, paid)
    title = _payback_title(result, paid, setting.payer(perspective))
    ends = f"It stands at {currency.money(curve.iloc[-1])} after {in_words(last)}"
    if drawn:
        ends += f" (95% interval {currency.interval(table['95% low'].iloc[-1], table['95% high'].iloc[-1])})"
    alt = f"Line chart of cumulative net cost. {title} {ends}; above zero, money has not come back."
    return chart(figure, title, alt, table)


def _add_curve(figure: go.Figure, result: Result, curve: Any, name: str, extra: str, line: dict[str, Any]) -> None:
    """A cumulative net cost; extra: what a label says beside the money, in Plotly's words."""
    money = result.setting.currency.money
    figure.add_scatter(
        x=result.edges, y=curve, mode="lines", line=line, name=name, customdata=[money(value) for value in curve],
        hovertemplate=f"%{{customdata}}{extra}",
    )  # fmt: skip


def _over_time(figure: go.Figure, result: Result, low: float, high: float) -> None:
    """Axes of cumulative net costs between two sums, and where observation ends."""
    zero_line(figure)
    last = float(result.edges[-1])
    follow_up_line(figure, result.horizons[0] / MONTHS_A_YEAR, last)
    title = f"Net cost so far, {result.scenario.model.people:,} people"
    figure.update_layout(
        xaxis=year_axis(last), yaxis_title=title, **money_axis(result.setting.currency, "yaxis", low, high)
    )


def _reach(up: Any, down: Any, colour: str) -> dict[str, Any]:
    """An interval around a mark."""
    return {
        "type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": colour, "thickness": 2,
    }  # fmt: skip


def _mark_payback(figure: go.Figure, result: Result, paid: pd.Series) -> None:
    """Where the curve comes back to nothing, with its interval; a line in the legend where it does not."""
    if paid.words == THE_SAME:
        return
    if pd.isna(paid.value):
        name = f"Not paid back within {in_words(result.horizons[-1])}"
        marker: dict[str, Any] = {"color": VERMILION, "size": 10, "symbol": "x"}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)
        return
    at, reach = paid.value / MONTHS_A_YEAR, None
    if not pd.isna(paid.low):
        high = result.edges[-1] if pd.isna(paid.high) else paid.high / MONTHS_A_YEAR
        reach = _reach([high - at], [at - paid.low / MONTHS_A_YEAR], VERMILION)
    marker = {"color": VERMILION, "size": 11, "symbol": "diamond", "line": {"width": 1, "color": GREY}}
    figure.add_scatter(
        x=[at], y=[0], mode="markers", name=f"Paid back {paid.words}", error_x=reach, marker=marker,
        hovertemplate=f"paid back {paid.words}<extra></extra>",
    )  # fmt: skip


def _payback_title(result: Result, paid: pd.Series, who: str) -> str:
    average = "At central values" if result.headline.name == DETERMINISTIC else "On average"
    if paid.words == THE_SAME:
        return f"{average}, {who} pays the same, and there is nothing to pay back."
    if paid.words == "at once":
        return f"{average}, {who} never spends more than it saves."
    if pd.isna(paid.value):
        return f"{average}, {who} does not get its money back within {in_words(result.horizons[-1])}."
    return f"{average}, {who} has its money back {paid.words}."


def _net_cost(saving: pd.Series, people: int) -> dict[str, Any]:
    """Net cost of the group, and its interval where there is one."""
    found = {"net cost": -saving.value * people + 0.0}
    if not pd.isna(saving.low):
        found |= {"low": -saving.high * people + 0.0, "high": -saving.low * people + 0.0}
    return found


def stops(results: Mapping[str, Result], perspective: str, strategy: str | None = None) -> Chart:
    """What if? Cumulative net cost under each way in which effects may end after the last observation.

    results: by a key of STOPS, each the same scenario but for it.
    """
    one = next(iter(results.values()))
    figure, rows = go.Figure(), []
    lowest = highest = 0.0
    for i, (name, result) in enumerate(results.items()):
        people, last = result.scenario.model.people, result.horizons[-1]
        curve = result.mean_curve(result.compared(strategy), perspective) * people
        lowest, highest = min(lowest, curve.min()), max(highest, curve.max())
        _add_curve(figure, result, curve, STOPS[name], "", {"color": SERIES[i], "dash": DASHES[i], "width": 2.5})
        at: dict[str, Any] = {"perspective": perspective, "horizon": last, "strategy": strategy}
        cost = _net_cost(pick(result, "net_saving", **at), people)["net cost"]
        row = {"after the follow-up": STOPS[name], "net cost": cost}
        row["paid back"] = pick(result, "payback_sustained_months", **at).words
        if result.headline.name != DETERMINISTIC:
            row["chance of saving"] = chance(pick(result, "chance_payback", **at).value)
        rows.append(row)
    _over_time(figure, one, lowest, highest)
    table = pd.DataFrame(rows)
    title = _stops_title(table["net cost"], one, one.setting.payer(perspective))
    return chart(figure, title, f"Cumulative net cost under three ways in which effects may end. {title}", table)


def _stops_title(costs: pd.Series, one: Result, who: str) -> str:
    money = one.setting.currency.money
    low, high, time = money(costs.min()), money(costs.max()), in_words(one.horizons[-1])
    if len(one.horizons) == 1:
        return f"The horizon ends with the observation, so all three cost {who} {high}."
    if low == high:
        return f"Whatever comes after the last observation, {who} pays {low} net over {time}."
    return f"What happens after the last observation moves the net cost to {who} over {time} between {low} and {high}."


def bridge(result: Result, perspective: str, strategy: str | None = None, horizon: float | None = None) -> Chart:
    """From the price of therapy to the net cost, category by category, to the follow-up or another horizon."""
    setting = result.setting
    people, rows = result.scenario.model.people, []
    at: dict[str, Any] = {"perspective": perspective, "strategy": strategy, "horizon": horizon}
    for category in (*result.categories(), "all"):
        saving = pick(result, "net_saving", category=category, **at)
        rows.append({"category": category, "net cost": None, "low": None, "high": None} | _net_cost(saving, people))
    table = pd.DataFrame(rows)
    parts, total = table.iloc[:-1], float(table["net cost"].iloc[-1])
    shown = parts[parts["net cost"].abs() >= NOTHING]
    costs = [*shown["net cost"], total]
    figure = go.Figure(
        go.Waterfall(
            x=[*(word.capitalize() for word in shown["category"]), "Net cost"],
            y=costs,
            measure=["relative"] * len(shown) + ["total"],
            text=[setting.currency.short(value) for value in costs],
            textposition="outside",
            increasing={"marker": {"color": VERMILION}},
            decreasing={"marker": {"color": GREEN}},
            totals={"marker": {"color": BLUE}},
            connector={"line": {"color": GREY, "width": 1, "dash": "dot"}},
            hoverinfo="x+text",
            cliponaxis=False,
        )
    )
    zero_line(figure)
    steps = [0.0, *shown["net cost"].cumsum()]
    high, low = float(max(*steps, total)), float(min(steps))
    axis = money_axis(result.setting.currency, "yaxis", low, high)
    figure.update_layout(showlegend=False, yaxis_title=f"Net cost, {people:,} people", **axis)
    room = (high - low or 1) * 0.12
    figure.update_yaxes(range=[low - (room if low < 0 else 0), high + room])
    costs_of = parts.set_index("category")["net cost"]
    title = bridge_title(
        result.setting.currency, costs_of, setting.payer(perspective), in_words(horizon or result.horizons[0])
    )
    return chart(figure, title, f"Waterfall from the cost of therapy to the net cost, by category. {title}", table)


def bridge_title(currency: Currency, costs: pd.Series, who: str, time: str) -> str:
    """What the therapy costs more than usual care's, and where what comes back comes from. costs: by category."""
    money = currency.money
    therapy, rest = float(costs.get("therapy", 0.0)), costs.drop("therapy", errors="ignore")
    net = float(rest.sum())
    start = f"Over {time}, therapy costs {who}"
    more = f"{money(abs(net))} {'more' if net > 0 else 'less'}"
    if therapy < NOTHING:
        start += " nothing" if therapy > -NOTHING else f" {money(-therapy)} less"
        return f"{start}, and care used costs {'the same' if abs(net) < NOTHING else more}."
    if net >= NOTHING:
        return f"{start} {money(therapy)}, and care used costs {more}."
    if net > -NOTHING:
        return f"{start} {money(therapy)} and nothing comes back."
    spent = f" of the {money(therapy)}" if -net <= therapy else f", more than the {money(therapy)}"
    falls, rises = -rest[rest < 0], float(rest[rest > 0].sum())
    largest, part = falls.idxmax(), float(falls.max())
    text = f"Over {time}, {money(-net)}{spent} spent on therapy comes back"
    source = f"the largest part, {money(part)}, from {largest}"
    if len(falls) == 1:
        source = f"all from {largest}"
    elif part > float(falls.sum()) / 2:
        source = f"most of it from {largest}"
    if rises < NOTHING:
        return f"{text}, {source}."
    return f"{text}: {money(float(falls.sum()))} less on care, {source}, and {money(rises)} more on other care."


def structures(result: Result, perspective: str, strategy: str | None = None) -> Chart:
    """The alternatives apart and their weighted mixture: net cost with its interval, one mark for each horizon."""
    setting = result.setting
    table = _by_structure(result, perspective, strategy)
    figure = go.Figure()
    marks = zip(table["horizon"].unique(), ((BLUE, "circle"), (ORANGE, "diamond")), strict=False)
    for horizon, (colour, symbol) in marks:
        rows = table[table["horizon"] == horizon]
        cost = rows["net cost"]
        figure.add_scatter(
            x=cost, y=[wrapped(label) for label in rows["structure"]], mode="markers", name=f"over {horizon}",
            orientation="h", marker={"color": colour, "symbol": symbol, "size": 11},
            error_x=_reach(rows["high"] - cost, cost - rows["low"], colour) if "low" in rows else None,
            customdata=[setting.currency.money(value) for value in cost], hovertemplate="%{customdata}",
        )  # fmt: skip
    zero_line(figure, vertical=True)
    ends = table[[column for column in ("net cost", "low", "high") if column in table]]
    figure.update_layout(
        scattermode="group",
        scattergap=0.6,
        yaxis={"autorange": "reversed"},
        xaxis_title=wrapped(f"Net cost, {result.scenario.model.people:,} people (95% interval)", UNDER),
        **money_axis(result.setting.currency, "xaxis", float(ends.min().min()), float(ends.max().max())),
    )
    title = _structures_title(result.setting.currency, table, in_words(result.horizons[-1]), setting.payer(perspective))
    finished = chart(figure, title, f"Net cost under each structure and their mixture, with intervals. {title}", table)
    figure.update_layout(hovermode="closest")
    return finished


def _by_structure(result: Result, perspective: str, strategy: str | None) -> pd.DataFrame:
    """Net cost by alternative and horizon, with weight, interval and chance; the mixture last."""
    named, value = result.scenario.model.weighted, result.scenario.value
    readings = {name: (one.label, value(one.weight)) for name, one in named.items() if name in result.runs}
    rows = []
    for run, (label, weight) in (*readings.items(), (result.headline.name, (MIXTURE, 1.0))):
        for horizon in result.horizons:
            at: dict[str, Any] = {"perspective": perspective, "horizon": horizon, "run": run, "strategy": strategy}
            row = {"structure": label, "weight": weight, "horizon": in_words(horizon)}
            row |= _net_cost(pick(result, "net_saving", **at), result.scenario.model.people)
            if "low" in row:
                row["chance of saving"] = chance(pick(result, "chance_payback", **at).value)
            rows.append(row)
    return pd.DataFrame(rows)


def _structures_title(currency: Currency, table: pd.DataFrame, horizon: str, who: str) -> str:
    money = currency.money
    rows = table[(table["horizon"] == horizon) & (table["structure"] != MIXTURE)].sort_values("net cost")
    text = f"Over {horizon}, the net cost to {who} is"
    if len(rows) < 2:
        return f"{text} {money(table['net cost'].iloc[-1])}."
    low, high = rows.iloc[0], rows.iloc[-1]
    least, most = money(low["net cost"]), money(high["net cost"])
    if least == most:
        return f"{text} {least} under either structure."
    return f"{text} {least} if “{low['structure']}” and {most} if “{high['structure']}”."


def parties(result: Result, strategy: str | None = None) -> Chart:
    """Who pays and who saves, year by year. Signed bars: above zero a party saves, below it pays."""
    setting = result.setting
    table = _by_party_and_year(result, strategy)
    figure = go.Figure()
    totals: dict[str, float] = {}
    for party in result.parties():
        rows = table[table["party"] == party]
        p, saved = list(result.setting.parties).index(party), rows["net saving"]
        totals[party] = float(saved.sum())
        if saved.any():
            pattern = {"shape": PATTERNS[p % len(PATTERNS)], "fgcolor": "white", "fillmode": "overlay"}
            figure.add_bar(
                x=rows["year"], y=saved, name=setting.parties[party].name, hovertemplate="%{customdata}",
                marker={"color": SERIES[p % len(SERIES)], "pattern": pattern},
                customdata=[setting.currency.money(value) for value in saved],
            )  # fmt: skip
    zero_line(figure)
    last = int(table["year"].max())
    follow_up_line(figure, result.horizons[0] / MONTHS_A_YEAR + 0.5, last + 0.5)
    saved = table["net saving"].clip(lower=0).groupby(table["year"]).sum().max()
    paid = table["net saving"].clip(upper=0).groupby(table["year"]).sum().min()
    figure.update_layout(
        barmode="relative",
        xaxis={"title": {"text": "Year from referral"}, "dtick": 1 if last <= 12 else 5},
        yaxis_title="Pays (below) or saves (above)",
        **money_axis(result.setting.currency, "yaxis", float(paid), float(saved)),
    )
    title = _parties_title(result.setting, totals, last)
    return chart(figure, title, f"Bars of each party's net saving by year, undiscounted. {title}", table)


def _by_party_and_year(result: Result, strategy: str | None) -> pd.DataFrame:
    """Net saving by year from referral and party. Columns: year, party, net saving."""
    s, people = result.compared(strategy), result.scenario.model.people
    cost = result.headline.outcomes.mean_cost @ result.weights
    difference = cost[:, :, s] - cost[:, :, 0]
    year = np.floor(result.edges[:-1] + 1e-9).astype(int)
    rows = []
    for party in result.parties():
        saved = -(difference @ np.array([account(party, item.paid_by, item.received_by) for item in result.items]))
        for y in range(int(year[-1]) + 1):
            in_year = float(settled(saved[year == y].sum())) * people + 0.0
            rows.append({"year": y + 1, "party": party, "net saving": in_year})
    return pd.DataFrame(rows)


def _parties_title(setting: SettingFile, totals: dict[str, float], years: int) -> str:
    over = f"over {years} years" if years > 1 else "in the year"
    words, same = [], []
    for party, total in sorted(totals.items(), key=lambda pair: pair[1]):
        name = setting.parties[party].within
        if abs(total) >= NOTHING:
            words.append(f"{name} {'saves' if total > 0 else 'pays'} {setting.currency.money(abs(total))}")
        else:
            same.append(name)
    text = f"{'; '.join(words[:3])} {over}" if words else f"nobody pays or saves anything {over}"
    if words and same:
        text += f"; nothing changes for {' and '.join(same)}"
    return f"{upper_first(text)}."


def states(result: Result, strategy: str | None = None) -> Chart:
    """How many people are in each state: the comparator beside one strategy; states stacked from the last declared, the
    first grey.
    """
    model, table = result.scenario.model, _by_state(result)
    panels = (result.comparator, result.strategies[result.compared(strategy)])
    names = [column for column in table.columns if column not in ("year", "strategy")]
    living = [name for name in names if name != DEAD]
    order = [*reversed(living), *(name for name in names if name == DEAD)]
    plain = {living[0]: LIGHT_GREY, DEAD: GREY}
    titles = [wrapped(model.strategies[name].label, PANEL) for name in panels]
    figure = make_subplots(1, len(titles), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    for column, shown in enumerate(panels, start=1):
        rows = table[table["strategy"] == shown]
        for i, state in enumerate(order):
            colour = plain.get(state, SERIES[i % len(SERIES)])
            pattern = "" if state in plain else PATTERNS[i % len(PATTERNS)]
            figure.add_scatter(
                x=rows["year"], y=rows[state], mode="lines", stackgroup=shown, legendgroup=state,
                name=literal(state.replace("_", " ").capitalize()), showlegend=column == 1,
                line={"width": 0.5, "color": colour}, fillcolor=colour,
                fillpattern={"shape": pattern, "fgcolor": "white", "size": 9, "solidity": 0.12},
                hovertemplate="%{y:.1f}", row=1, col=column,
            )  # fmt: skip
    seen, last = result.horizons[0] / MONTHS_A_YEAR, float(result.edges[-1])
    figure.update_xaxes(**year_axis(last))
    figure.update_yaxes(range=[0, model.people])
    figure.update_yaxes(title_text="People", col=1)
    if seen < last:
        figure.add_vline(seen, line_width=1, line_dash="dash", line_color=GREY)
    away = (table["year"] - seen).abs()
    without, with_therapy = table[away == away.min()].set_index("strategy")[order[0]].loc[list(panels)]
    title = (
        f"In the state “{order[0].replace('_', ' ')}” after {model.follow_up.text}: "
        f"{with_therapy:.0f} of {model.people:,} people with therapy, {without:.0f} without."
    )
    table = table[table["strategy"].isin(panels)].reset_index(drop=True)
    alt = f"People in each state over time, one panel without therapy and one with. {title}"
    finished = chart(figure, title, alt, table)
    figure.update_annotations(font_size=12)
    figure.update_layout(legend={"y": -0.28, "yanchor": "top"})
    return finished


def _by_state(result: Result) -> pd.DataFrame:
    """People in each state at the start of each cycle. Columns: year, strategy, then one for each state."""
    model = result.scenario.model
    people = result.headline.outcomes.mean_people @ result.weights * model.people
    frames = []
    for s, strategy in enumerate(result.strategies):
        frame = pd.DataFrame(people[:, :, s], columns=[*model.states, DEAD][: people.shape[1]])
        frame.insert(0, "strategy", strategy)
        frame.insert(0, "year", result.edges)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
