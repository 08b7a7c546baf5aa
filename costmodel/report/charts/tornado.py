"""Tornado: the outcome over what is known of each input, the widest first. Letters say which end is which."""

import math

import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.sensitivity import Bar, Tornado
from costmodel.report import sensitivity
from costmodel.report.charts.style import BLUE, GREY, ORANGE, Chart, chart, literal, money_axis, wrapped
from costmodel.report.tornado_table import takeaway

MOST = 15
"""Bars that are drawn; the table has all."""
LABEL = 34
"""Characters of a label on a line."""
ROOM = 0.35
"""Room for the words at the ends of the bars, as a share of the widest."""
LOW_PATTERN, HIGH_PATTERN = "", "/"


def tornado(found: Tornado) -> Chart:
    """The widest bars around the deterministic run. Bars with an end in words stand in the table alone."""
    drawn = [bar for bar in found.bars if math.isfinite(bar.width)][:MOST]
    figure = go.Figure()
    central = found.central.value
    if central is not None and drawn:
        for side, colour, pattern in (("low", ORANGE, LOW_PATTERN), ("high", BLUE, HIGH_PATTERN)):
            ends = [bar.at_low if side == "low" else bar.at_high for bar in drawn]
            values = [(central if end.value is None else end.value) - central for end in ends]
            figure.add_bar(
                y=[wrapped(bar.input.label, LABEL) for bar in drawn],
                x=values,
                base=central,
                orientation="h",
                name=f"{side.capitalize()} value of the input ({side[0].upper()})",
                marker={"color": colour, "pattern": {"shape": pattern}},
                text=[f"{side[0].upper()}: {literal(_at(bar, side))}" for bar in drawn],
                textposition="outside",
                customdata=[literal(sensitivity.said(end, found.question)) for end in ends],
                hovertemplate="%{text}: %{customdata}",
                cliponaxis=False,
            )
        figure.add_vline(central, line_width=1.5, line_color=GREY)
        numbers = [end for bar in drawn for end in (bar.least, bar.most) if end is not None]
        money = money_axis("xaxis", min(numbers), max(numbers)) if found.question.unit.startswith("GBP") else {}
        figure.update_layout(barmode="overlay", height=120 + 34 * len(drawn), **money)
        room = ROOM * (max(numbers) - min(numbers))
        figure.update_xaxes(range=[min(numbers) - room, max(numbers) + room])
    title = takeaway(found)
    made = chart(figure, title, _alt(found, drawn), table(found))
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title_text=f"{found.question.words}, per person referred")
    figure.update_yaxes(autorange="reversed")
    return made


def table(found: Tornado) -> pd.DataFrame:
    """Each bar in words: both values of the input and both outcomes."""
    return pd.DataFrame(
        {
            "input": bar.input.label,
            "low": _at(bar, "low"),
            "high": _at(bar, "high"),
            "at low": sensitivity.said(bar.at_low, found.question),
            "at high": sensitivity.said(bar.at_high, found.question),
            "values from": sensitivity.tried(bar.input),
            "turns": "" if bar.monotone else "yes",
        }
        for bar in found.bars
    )


def _at(bar: Bar, side: str) -> str:
    return sensitivity.amount(bar.input.spread.low if side == "low" else bar.input.spread.high, bar.input.unit)


def _alt(found: Tornado, drawn: list[Bar]) -> str:
    listed = "; ".join(
        f"{bar.input.label}: {sensitivity.said(bar.at_low, found.question)} to "
        f"{sensitivity.said(bar.at_high, found.question)}"
        for bar in drawn[:3]
    )
    return f"Tornado of {len(drawn)} inputs, the widest first. {takeaway(found)} {listed}"
