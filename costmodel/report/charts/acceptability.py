"""Which strategy is the best choice, by what a QALY is worth: the curves of acceptability and their frontier."""

import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.probabilistic import Choice, Psa
from costmodel.charts import DASHES, GREY, LABEL, SERIES, VERMILION, Chart, chart, money_axis, wrapped
from costmodel.perspectives import payer
from costmodel.result.table import in_words
from costmodel.words import chance, money

MARKS = 21
"""Marks of the frontier at most, so that each can be told from the next."""


def acceptability(psa: Psa, perspective: str, horizon: float | None = None) -> Chart:
    """Chance of each strategy being the best, by threshold; the frontier follows the best on average."""
    result = psa.result
    end = result.horizons[-1] if horizon is None else horizon
    labels = [result.scenario.model.strategies[name].label for name in result.strategies]
    choices = psa.choices(perspective, end)
    table = acceptability_table(choices, labels)
    figure = go.Figure()
    for s, label in enumerate(labels):
        figure.add_scatter(
            x=table["threshold"],
            y=table[label] * 100,
            mode="lines",
            name=wrapped(label, LABEL),
            line={"color": SERIES[s % len(SERIES)], "dash": DASHES[s % len(DASHES)], "width": 2.5},
            customdata=[chance(share) for share in table[label]],
            hovertemplate="%{customdata}",
        )
    _frontier(figure, choices)
    for threshold in psa.setting_thresholds:
        if threshold <= psa.thresholds[-1]:
            figure.add_vline(threshold, line_width=1, line_dash="dot", line_color=GREY)
    figure.update_layout(
        xaxis_title="Value of a QALY (dotted: the setting's)",
        yaxis={"title": {"text": "Best choice, of 100 simulations"}, "range": [-3, 103], "dtick": 20, "tick0": 0},
        **money_axis("xaxis", 0.0, psa.thresholds[-1]),
    )
    (at,) = psa.choices(perspective, end, thresholds=[result.threshold])
    title = _title(labels, at, perspective, in_words(end))
    alt = f"Curves of the chance that each strategy is the best choice, by the value of a QALY. {title}"
    return chart(figure, title, alt, table)


def _frontier(figure: go.Figure, choices: list[Choice]) -> None:
    step = -(-len(choices) // MARKS)
    shown = choices[::step]
    figure.add_scatter(
        x=[choice.threshold for choice in shown],
        y=[float(choice.chance[choice.chosen]) * 100 for choice in shown],
        mode="markers",
        name="Frontier: best on average",
        marker={"color": VERMILION, "symbol": "diamond-open", "size": 9, "line": {"width": 2}},
        hoverinfo="skip",
    )


def acceptability_table(choices: list[Choice], labels: list[str]) -> pd.DataFrame:
    """Chance of each strategy by threshold, and which is the best on average."""
    chances = {label: [float(choice.chance[s]) for choice in choices] for s, label in enumerate(labels)}
    best = [labels[choice.chosen] for choice in choices]
    return pd.DataFrame(
        {"threshold": [choice.threshold for choice in choices]} | chances | {"best on average": best}
    )  # fmt: skip


def _title(labels: list[str], choice: Choice, perspective: str, end: str) -> str:
    best, share = labels[choice.chosen], chance(float(choice.chance[choice.chosen]))
    return (
        f"At {money(choice.threshold or 0.0)} per QALY over {end}, “{best}” is the best choice on average for "
        f"{payer(perspective)}, and in {share} simulations."
    )
