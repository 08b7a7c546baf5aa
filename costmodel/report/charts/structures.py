"""The alternatives shown apart, and their weighted mixture."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from costmodel.drawing import BLUE, ORANGE, UNDER, Chart, chart, money_axis, wrapped, zero_line
from costmodel.perspectives import payer
from costmodel.report.sentence import pick
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import chance, money


def structures_table(result: Result, perspective: str, strategy: str | None = None) -> pd.DataFrame:
    """Net cost of the group by alternative and horizon, with interval, weight, chance; the mixture last."""
    people = result.scenario.model.people
    rows = []
    readings = [(s.name, s.label, float(w)) for s, w in zip(result.scenario.readings, result.weights, strict=True)]
    readings = [reading for reading in readings if reading[0] in result.runs]
    for run, label, weight in (*readings, (result.headline.name, "Weighted mixture", 1.0)):
        for horizon in result.horizons:
            at: dict[str, Any] = {"perspective": perspective, "horizon": horizon, "run": run, "strategy": strategy}
            saving = pick(result, "net_saving", **at)
            row = {
                "structure": label,
                "weight": weight,
                "horizon": in_words(horizon),
                "net cost": -saving.value * people + 0.0,
            }
            if saving.low is not None and not pd.isna(saving.low):
                share = pick(result, "chance_payback", **at).value
                row |= {
                    "low": -saving.high * people + 0.0,
                    "high": -saving.low * people + 0.0,
                    "chance of saving": chance(share),
                }
            rows.append(row)
    return pd.DataFrame(rows)


def structures(result: Result, perspective: str, strategy: str | None = None) -> Chart:
    """Net cost with its interval for each alternative and for the mixture, one mark for each horizon."""
    table = structures_table(result, perspective, strategy)
    figure = go.Figure()
    styles = zip(table["horizon"].unique(), ((BLUE, "circle"), (ORANGE, "diamond")), strict=False)
    for horizon, (colour, symbol) in styles:
        rows = table[table["horizon"] == horizon]
        reach = None
        if "low" in rows:
            reach = {
                "type": "data",
                "symmetric": False,
                "array": rows["high"] - rows["net cost"],
                "arrayminus": rows["net cost"] - rows["low"],
                "color": colour,
                "thickness": 2,
            }
        figure.add_scatter(
            x=rows["net cost"],
            y=[wrapped(label) for label in rows["structure"]],
            mode="markers",
            name=f"over {horizon}",
            orientation="h",
            error_x=reach,
            marker={"color": colour, "symbol": symbol, "size": 11},
            customdata=[money(value) for value in rows["net cost"]],
            hovertemplate="%{customdata}",
        )
    zero_line(figure, vertical=True)
    ends = table[[column for column in ("net cost", "low", "high") if column in table]]
    figure.update_layout(
        scattermode="group",
        scattergap=0.6,
        yaxis={"autorange": "reversed"},
        xaxis_title=wrapped(f"Net cost, {result.scenario.model.people:,} people (95% interval)", UNDER),
        **money_axis("xaxis", float(ends.min().min()), float(ends.max().max())),
    )
    title = _title(table, result, perspective)
    finished = chart(figure, title, f"Net cost under each structure and their mixture, with intervals. {title}", table)
    figure.update_layout(hovermode="closest")
    return finished


def _title(table: pd.DataFrame, result: Result, perspective: str) -> str:
    horizon = in_words(result.horizons[-1])
    rows = table[(table["horizon"] == horizon) & (table["structure"] != "Weighted mixture")]
    who = payer(perspective)
    if len(rows) < 2:
        return f"Over {horizon}, the net cost to {who} is {money(table['net cost'].iloc[-1])}."
    ordered = rows.sort_values("net cost")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    if money(low["net cost"]) == money(high["net cost"]):
        return f"Over {horizon}, the net cost to {who} is {money(low['net cost'])} under either structure."
    return (
        f"Over {horizon}, the net cost to {who} is {money(low['net cost'])} if “{low['structure']}” "
        f"and {money(high['net cost'])} if “{high['structure']}”."
    )
