"""What if? The same result under each way in which effects may end after the last observation."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.beyond import STOPS
from costmodel.drawing import (
    DASHES,
    SERIES,
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
from costmodel.result.table import in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance, money


def stops(results: Mapping[str, Result], perspective: str, strategy: str | None = None) -> Chart:
    """Cumulative net cost under each stop. results: by a key of STOPS, each the same scenario but for it."""
    one = next(iter(results.values()))
    people, last = one.scenario.model.people, float(one.edges[-1])
    figure = go.Figure()
    lowest = highest = 0.0
    for i, (name, result) in enumerate(results.items()):
        curve = result.mean_curve(result.strategies.index(strategy) if strategy else 1, perspective) * people
        lowest, highest = min(lowest, curve.min()), max(highest, curve.max())
        figure.add_scatter(
            x=result.edges,
            y=curve,
            mode="lines",
            name=STOPS[name],
            line={"color": SERIES[i], "dash": DASHES[i], "width": 2.5},
            customdata=[money(value) for value in curve],
            hovertemplate="%{customdata}",
        )
    zero_line(figure)
    follow_up_line(figure, one.horizons[0] / MONTHS_A_YEAR, last)
    figure.update_layout(
        xaxis=year_axis(last),
        yaxis_title=f"Net cost so far, {people:,} people",
        **money_axis("yaxis", lowest, highest),
    )
    table = stops_table(results, perspective, strategy)
    title = _title(table, one, perspective)
    return chart(figure, title, f"Cumulative net cost under three ways in which effects may end. {title}", table)


def stops_table(results: Mapping[str, Result], perspective: str, strategy: str | None = None) -> pd.DataFrame:
    """Net cost of the group over the whole horizon, payback and chance under each stop."""
    rows = []
    for name, result in results.items():
        last, people = result.horizons[-1], result.scenario.model.people
        saving = pick(result, "net_saving", perspective=perspective, horizon=last, strategy=strategy)
        payback = pick(result, "payback_sustained_months", perspective=perspective, horizon=last, strategy=strategy)
        row = {
            "after the follow-up": STOPS[name],
            "net cost": -saving.value * people + 0.0,
            "paid back": payback.words,
        }
        if result.headline.name != DETERMINISTIC:
            share = pick(result, "chance_payback", perspective=perspective, horizon=last, strategy=strategy).value
            row["chance of saving"] = chance(share)
        rows.append(row)
    return pd.DataFrame(rows)


def _title(table: pd.DataFrame, one: Result, perspective: str) -> str:
    low, high = float(table["net cost"].min()), float(table["net cost"].max())
    who, time = payer(perspective), in_words(one.horizons[-1])
    if len(one.horizons) == 1:
        return f"The horizon ends with the observation, so all three cost {who} {money(high)}."
    if money(low) == money(high):
        return f"Whatever comes after the last observation, {who} pays {money(low)} net over {time}."
    return (
        f"What happens after the last observation moves the net cost to {who} over {time} "
        f"between {money(low)} and {money(high)}."
    )
