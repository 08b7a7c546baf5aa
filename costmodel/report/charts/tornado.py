"""Tornado: the outcome over what is known of each input, the widest first. Letters say which end is which."""

import math

import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.sensitivity import Bar, Tornado
from costmodel.report import sensitivity
from costmodel.report.charts.style import (
    BLUE,
    GREY,
    LABEL,
    ORANGE,
    UNDER,
    Chart,
    chart,
    literal,
    money_axis,
    rows,
    wrapped,
)
from costmodel.report.tornado_table import takeaway

MOST = 15
"""Bars that are drawn; the table has all."""
ROOM = 0.15
"""Room for the letters at the ends of the bars, as a share of the widest."""
LOW_PATTERN, HIGH_PATTERN = "", "/"


def tornado(found: Tornado) -> Chart:
    """The widest bars around the deterministic run. Bars with an end in words stand in the table alone."""
    drawn = [bar for bar in found.bars if math.isfinite(bar.width)][:MOST]
    figure = go.Figure()
    central = found.central.value
    if central is not None and drawn:
        names = [bar.input.name for bar in drawn]
        for side, colour, pattern in (("low", ORANGE, LOW_PATTERN), ("high", BLUE, HIGH_PATTERN)):
            ends = [bar.at_low if side == "low" else bar.at_high for bar in drawn]
            values = [(central if end.value is None else end.value) - central for end in ends]
            figure.add_bar(
                y=names,
                x=values,
                base=central,
                orientation="h",
                name=f"{side.capitalize()} value of the input ({side[0].upper()})",
                marker={"color": colour, "pattern": {"shape": pattern}},
                text=[side[0].upper()] * len(drawn),
                textposition="outside",
                customdata=[
                    f"{literal(_at(bar, side))}: {literal(sensitivity.said(end, found.question))}"
                    for bar, end in zip(drawn, ends, strict=True)
                ],
                hovertemplate="%{customdata}",
                cliponaxis=False,
            )
        figure.add_vline(central, line_width=1.5, line_color=GREY)
        numbers = [end for bar in drawn for end in (bar.least, bar.most) if end is not None]
        in_pounds = found.question.unit.startswith("GBP")
        money = money_axis("xaxis", min(numbers), max(numbers), from_zero=False) if in_pounds else {}
        figure.update_layout(barmode="overlay", **money)
        rows(figure, names, [_label(bar) for bar in drawn])
        room = ROOM * (max(numbers) - min(numbers))
        figure.update_xaxes(range=[min(numbers) - room, max(numbers) + room])
    title = takeaway(found)
    made = chart(figure, title, _alt(found, drawn), table(found))
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title_text=wrapped(f"{found.question.words}, per person referred", UNDER))
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


def _label(bar: Bar) -> str:
    """An input, and under it the values at the ends of its bar: beside the bar there is no room for them on a phone."""
    ends = sensitivity.pair(bar.input.spread.low, bar.input.spread.high, bar.input.unit)
    return f"{wrapped(bar.input.label, LABEL)}<br>{literal(ends)}"


def _at(bar: Bar, side: str) -> str:
    return sensitivity.amount(bar.input.spread.low if side == "low" else bar.input.spread.high, bar.input.unit)


def _alt(found: Tornado, drawn: list[Bar]) -> str:
    listed = "; ".join(
        f"{bar.input.label}: {sensitivity.said(bar.at_low, found.question)} to "
        f"{sensitivity.said(bar.at_high, found.question)}"
        for bar in drawn[:3]
    )
    return f"Tornado of {len(drawn)} inputs, the widest first. {takeaway(found)} {listed}"
