"""What all charts are drawn with: colours that the colour-blind can tell apart, axes of money, literal text."""

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from costmodel.currency import Currency
from costmodel.errors import InputError

try:
    import plotly.graph_objects as go
except ImportError as error:
    _REMEDY = 'Install it with its extra: pip install "psychotherapy-costmodel[charts]".'
    raise InputError.at("charts", "charts need the package plotly", _REMEDY) from error

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
)
"""Okabe and Ito's colours. Black and white are left to the theme."""
SERIES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
PATTERNS = ("", "/", ".", "x", "-", "\\", "+")
GREY = "#7a828c"
"""Lines that mark something; visible on white and on the dark theme alike."""
LIGHT_GREY = "#c5ccd4"
WIDE, NARROW = "rgba(0,114,178,0.16)", "rgba(0,114,178,0.32)"
"""The 95% and the 50% band."""
LABEL, UNDER = 38, 20
"""Characters of a line: of a bar's label, and of the title under bars, for which that leaves little room on a phone."""
AROUND, LINE, GAP = 170, 15, 6
"""Pixels: around the bars of a chart, of a line of a label, and between labels."""
ROOM = 0.15
"""Room for the letters at the ends of bars, as a share of the widest."""
FEW_YEARS = 12
MOST_TICKS, FEW_TICKS = 6, 5


@dataclass(frozen=True)
class Chart:
    """A figure with its takeaway as title, words for a screen reader, and its numbers as a table."""

    figure: go.Figure
    title: str
    alt: str
    table: pd.DataFrame


def empty() -> go.Figure:
    """A figure to be filled."""
    return go.Figure()


def literal(text: str) -> str:
    """A user's text as Plotly shows it letter for letter, without its own tags."""
    return html.escape(text, quote=False)


def wrapped(text: str, width: int = 28) -> str:
    """A user's text letter for letter, in lines of at most so many characters where words and hyphens allow it."""
    return "<br>".join(literal(line) for line in textwrap.wrap(text, width, break_long_words=False))


def rows(figure: go.Figure, names: Sequence[str], labels: Sequence[str]) -> None:
    """Horizontal bars by name, the first on top, beside their labels, which are wrapped; as high as these need."""
    lines = max((label.count("<br>") + 1 for label in labels), default=1)
    figure.update_layout(
        height=AROUND + len(names) * (LINE * lines + GAP),
        yaxis={
            "autorange": "reversed",
            "categoryorder": "array",
            "categoryarray": list(names),
            "tickvals": list(names),
            "ticktext": list(labels),
            "tickfont": {"size": 11},
        },
    )


def chart(figure: go.Figure, title: str, alt: str, table: pd.DataFrame | None = None) -> Chart:
    """A finished chart in the common dress."""
    figure.update_layout(
        template="simple_white",
        title={"text": literal(title), "x": 0, "xanchor": "left"},
        margin={"l": 8, "r": 8, "t": 64, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.07, "x": 0, "title": {"text": ""}},
        hovermode="x unified",
        hoverlabel={"namelength": -1},
    )
    figure.update_xaxes(showgrid=False, ticks="outside", automargin=True)
    figure.update_yaxes(showgrid=False, ticks="outside", automargin=True)
    return Chart(figure, title, alt, pd.DataFrame() if table is None else table)


def zero_line(figure: go.Figure, *, vertical: bool = False) -> None:
    """The line where nothing is gained or lost. simple_white hides it unless a width is given."""
    add = figure.add_vline if vertical else figure.add_hline
    add(0, line_width=1.5, line_color=GREY)


def money_axis(currency: Currency, axis: str, low: float, high: float, *, from_zero: bool = True) -> dict[str, object]:
    """Layout of an axis of money with ticks in our own words: a minus after the symbol would be Plotly's."""
    at = ticks(min(low, 0.0), max(high, 0.0)) if from_zero else ticks(low, high, FEW_TICKS)
    return {axis: {"tickvals": at, "ticktext": [currency.short(value) for value in at]}}


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Round numbers within a span."""
    if not math.isfinite(high - low) or high == low:
        return [0.0]
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * i + 0.0 for i in range(first, last + 1)]


def year_axis(last: float) -> dict[str, object]:
    """Layout of the axis of years from referral."""
    step = 1 if last <= FEW_YEARS else 5
    return {"title": {"text": "Years from referral"}, "range": [0, last], "dtick": step, "tick0": 0}


def follow_up_line(figure: go.Figure, years: float, last: float) -> None:
    """Where observation ends and extrapolation begins; nothing where the horizon is not longer."""
    if years >= last - 1e-9:
        return
    figure.add_vline(years, line_width=1, line_dash="dash", line_color=GREY)
    side = {
        "yref": "paper",
        "y": 1.0,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 11, "color": GREY},
    }
    figure.add_annotation(x=years, text="observed ", xanchor="right", **side)
    figure.add_annotation(x=years, text=" extrapolation", xanchor="left", **side)


@dataclass(frozen=True)
class ForestLine:
    """A line of a forest plot: its label, its interval of ratios, and what it says in words.

    low, high: None where the line goes on. point: the estimate, None for a verdict. kind: figure, verdict or answer.
    """

    label: str
    words: str
    low: float | None
    high: float | None
    point: float | None
    kind: str


FOREST = {
    "figure": ("Figure, 95% interval", BLUE, "square", "solid"),
    "verdict": ("Verdict: what it leaves open", ORANGE, "line-ns-open", "dot"),
    "answer": ("Synthesis, 95% interval", VERMILION, "diamond", "solid"),
}
"""How a kind of line is drawn: its words, colour, mark and dash."""
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Marks on the axis of a forest plot; a line that goes on beyond the first or last ends in an arrow there."""
BESIDE = 0.05
"""Room for the arrows, in powers of ten."""


def forest(lines: Sequence[ForestLine], axis: str) -> go.Figure:
    """Ratios on a log axis, one line each, no effect at 1; what each says in words stands under its label."""
    figure = go.Figure()
    names = [str(i) for i in range(len(lines))]
    low, high = RATIOS[0], RATIOS[-1]
    for kind, (words, colour, mark, dash) in FOREST.items():
        stroke = {"color": colour, "width": 2, "dash": dash}
        known = any(line.kind == kind for line in lines)
        figure.add_scatter(x=[None], y=[None], mode="lines", line=stroke, name=words, showlegend=known)
        for name, line in zip(names, lines, strict=True):
            if line.kind != kind:
                continue
            start, end = line.low or 0.0, math.inf if line.high is None else line.high
            marks = ["triangle-left" if start < low else "line-ns-open"]
            marks.append("triangle-right" if end > high else "line-ns-open")
            hover = f"{literal(line.label)}: {literal(line.words)}<extra></extra>"
            figure.add_scatter(
                x=[max(start, low), min(end, high)], y=[name, name], mode="lines+markers", line=stroke,
                marker={"symbol": marks, "size": 9, "color": colour, "line": {"width": 2, "color": colour}},
                showlegend=False, hovertemplate=hover,
            )  # fmt: skip
            if line.point is not None:
                figure.add_scatter(
                    x=[line.point], y=[name], mode="markers", marker={"symbol": mark, "size": 10, "color": colour},
                    showlegend=False, hovertemplate=hover,
                )  # fmt: skip
    rows(figure, names, [f"{wrapped(line.label, LABEL)}<br>{literal(line.words)}" for line in lines])
    figure.add_vline(1, line_width=1.5, line_color=GREY)
    figure.update_xaxes(
        type="log", range=[math.log10(low) - BESIDE, math.log10(high) + BESIDE], tickvals=list(RATIOS),
        ticktext=[f"{ratio:g}" for ratio in RATIOS], title_text=wrapped(axis, UNDER),
    )  # fmt: skip
    return figure
