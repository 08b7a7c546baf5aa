"""THE chart: money put in and money that came back, over time."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from costmodel.drawing import (
    BLUE,
    GREY,
    NARROW,
    VERMILION,
    WIDE,
    Chart,
    chart,
    follow_up_line,
    money_axis,
    year_axis,
    zero_line,
)
from costmodel.perspectives import payer
from costmodel.report.sentence import pick
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import THE_SAME, in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import money

LEVELS = (0.025, 0.25, 0.75, 0.975)


def cumulative(result: Result, perspective: str, strategy: str | None = None) -> Chart:
    """Cumulative net cost of the group, undiscounted, with 50% and 95% bands, break-even and its interval."""
    name = strategy or result.strategies[1]
    people = result.scenario.model.people
    table = curve_table(result, perspective, name)
    years, mean = table["year"], table["net cost"]
    figure = go.Figure()
    if result.headline.name != DETERMINISTIC:
        _band(figure, years, table["95% low"], table["95% high"], WIDE, "95 of 100 simulations")
        _band(figure, years, table["50% low"], table["50% high"], NARROW, "50 of 100 simulations")
    figure.add_scatter(
        x=years,
        y=mean,
        mode="lines",
        line={"color": BLUE, "width": 2.5},
        name=_curve_name(result),
        customdata=[money(value) for value in mean],
        hovertemplate="%{customdata}<extra></extra>",
    )
    zero_line(figure)
    follow_up_line(figure, result.horizons[0] / MONTHS_A_YEAR, result.edges[-1])
    _break_even(figure, result, perspective, name)
    figure.update_layout(
        xaxis=year_axis(float(result.edges[-1])),
        **money_axis(
            "yaxis",
            float(table.drop(columns="year").min().min()),
            float(table.drop(columns="year").max().max()),
        ),
        yaxis_title=f"Net cost so far, {people:,} people",
    )
    title = _title(result, perspective, name)
    ends = f"It stands at {money(mean.iloc[-1])} after {in_words(result.horizons[-1])}"
    between = (
        ""
        if result.headline.name == DETERMINISTIC
        else (f" (95% interval {money(table['95% low'].iloc[-1])} to {money(table['95% high'].iloc[-1])})")
    )
    alt = f"Line chart of cumulative net cost. {title} {ends}{between}; above zero, money has not come back."
    return chart(figure, title, alt, table)


def curve_table(result: Result, perspective: str, strategy: str) -> pd.DataFrame:
    """The expected curve and its quantiles for the group, by cycle."""
    s, people = result.strategies.index(strategy), result.scenario.model.people
    table = pd.DataFrame({"year": result.edges, "net cost": result.mean_curve(s, perspective) * people})
    if result.headline.name != DETERMINISTIC:
        names = ("95% low", "50% low", "50% high", "95% high")
        bands = result.band(s, perspective, LEVELS) * people
        table = table.assign(**dict(zip(names, bands, strict=True)))
    return table


def _band(figure: go.Figure, years: pd.Series, low: pd.Series, high: pd.Series, colour: str, name: str) -> None:
    figure.add_scatter(
        x=np.concatenate([years, years[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        mode="lines",
        fillcolor=colour,
        line={"width": 0},
        name=name,
        hoverinfo="skip",
    )


def _curve_name(result: Result) -> str:
    return "Central values" if result.headline.name == DETERMINISTIC else "Expected"


def _break_even(figure: go.Figure, result: Result, perspective: str, strategy: str) -> None:
    last = result.horizons[-1]
    row = pick(result, "payback_sustained_months", perspective=perspective, horizon=last, strategy=strategy)
    if row.words == THE_SAME:
        return
    if pd.isna(row.value):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=f"Not paid back within {in_words(last)}",
            marker={"color": VERMILION, "size": 10, "symbol": "x"},
        )
        return
    at = row.value / MONTHS_A_YEAR
    reach = None
    if row.low is not None and not pd.isna(row.low):
        high = result.edges[-1] if row.high is None or pd.isna(row.high) else row.high / MONTHS_A_YEAR
        reach = {
            "type": "data",
            "symmetric": False,
            "array": [high - at],
            "arrayminus": [at - row.low / MONTHS_A_YEAR],
            "color": VERMILION,
            "thickness": 2,
        }
    figure.add_scatter(
        x=[at],
        y=[0],
        mode="markers",
        name=f"Paid back {row.words}",
        error_x=reach,
        marker={"color": VERMILION, "size": 11, "symbol": "diamond", "line": {"width": 1, "color": GREY}},
        hovertemplate=f"paid back {row.words}<extra></extra>",
    )


def _title(result: Result, perspective: str, strategy: str) -> str:
    last = result.horizons[-1]
    row = pick(result, "payback_sustained_months", perspective=perspective, horizon=last, strategy=strategy)
    who = payer(perspective)
    average = "At central values" if result.headline.name == DETERMINISTIC else "On average"
    if row.words == THE_SAME:
        return f"{average}, {who} pays the same, and there is nothing to pay back."
    if row.words == "at once":
        return f"{average}, {who} never spends more than it saves."
    if pd.isna(row.value):
        return f"{average}, {who} does not get its money back within {in_words(last)}."
    return f"{average}, {who} has its money back {row.words}."
