"""From the price of therapy to the net result, category by category."""

import pandas as pd
import plotly.graph_objects as go

from costmodel.drawing import BLUE, GREEN, GREY, VERMILION, Chart, chart, money_axis, zero_line
from costmodel.perspectives import payer
from costmodel.report.sentence import pick
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import money, short_money

NOTHING = 0.5
"""Pounds for the whole group."""


def bridge(result: Result, perspective: str, strategy: str | None = None, horizon: float | None = None) -> Chart:
    """Net cost of the group by category, undiscounted, to the follow-up or another horizon of the result."""
    table = category_table(result, perspective, strategy, horizon)
    parts, total = table.iloc[:-1], float(table["net cost"].iloc[-1])
    shown = parts[parts["net cost"].abs() >= NOTHING]
    figure = go.Figure(
        go.Waterfall(
            x=[*(word.capitalize() for word in shown["category"]), "Net cost"],
            y=[*shown["net cost"], total],
            measure=["relative"] * len(shown) + ["total"],
            text=[short_money(value) for value in (*shown["net cost"], total)],
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
    steps = shown["net cost"].cumsum()
    high, low = (
        max(0.0, float(steps.max()) if len(steps) else 0.0, total),
        min(0.0, float(steps.min()) if len(steps) else 0.0),
    )
    figure.update_layout(
        showlegend=False,
        yaxis_title=f"Net cost, {result.scenario.model.people:,} people",
        **money_axis("yaxis", low, high),
    )
    room = (high - low or 1) * 0.12
    figure.update_yaxes(range=[low - (room if low < 0 else 0), high + room])
    title = _title(parts, perspective, in_words(horizon or result.horizons[0]))
    return chart(figure, title, f"Waterfall from the cost of therapy to the net cost, by category. {title}", table)


def category_table(
    result: Result, perspective: str, strategy: str | None = None, horizon: float | None = None
) -> pd.DataFrame:
    """Net cost of the group by category, its total last, with 95% intervals."""
    people = result.scenario.model.people
    rows = []
    for category in (*result.categories(), "all"):
        row = pick(
            result,
            "net_saving",
            perspective=perspective,
            category=category,
            strategy=strategy,
            horizon=horizon,
        )
        ends = [None if end is None or pd.isna(end) else -end * people + 0.0 for end in (row.high, row.low)]
        rows.append({"category": category, "net cost": -row.value * people + 0.0, "low": ends[0], "high": ends[1]})
    return pd.DataFrame(rows)


def _title(parts: pd.DataFrame, perspective: str, time: str) -> str:
    """What the therapy costs more than usual care's, and where what comes back comes from."""
    therapy = float(parts.loc[parts["category"] == "therapy", "net cost"].sum())
    rest = parts.loc[parts["category"] != "therapy"].set_index("category")["net cost"]
    net, who = float(rest.sum()), payer(perspective)
    start = f"Over {time}, therapy costs {who}"
    if therapy < NOTHING:
        start += " nothing" if therapy > -NOTHING else f" {money(-therapy)} less"
        if abs(net) < NOTHING:
            return f"{start}, and care used costs the same."
        return f"{start}, and care used costs {money(abs(net))} {'more' if net > 0 else 'less'}."
    if net >= NOTHING:
        return f"{start} {money(therapy)}, and care used costs {money(net)} more."
    if net > -NOTHING:
        return f"{start} {money(therapy)} and nothing comes back."
    spent = f" of the {money(therapy)}" if -net <= therapy else f", more than the {money(therapy)}"
    falls = -rest[rest < 0]
    rises = float(rest[rest > 0].sum())
    largest, part = falls.idxmax(), float(falls.max())
    text = f"Over {time}, {money(-net)}{spent} spent on therapy comes back"
    if len(falls) == 1:
        source = f"all from {largest}"
    elif part > float(falls.sum()) / 2:
        source = f"most of it from {largest}"
    else:
        source = f"the largest part, {money(part)}, from {largest}"
    if rises < NOTHING:
        return f"{text}, {source}."
    return f"{text}: {money(float(falls.sum()))} less on care, {source}, and {money(rises)} more on other care."
