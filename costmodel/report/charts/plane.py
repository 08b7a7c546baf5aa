"""The cost-effectiveness plane: health gained and net cost in each simulation."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.probabilistic import QUARTERS, Plane, Psa
from costmodel.charts import GREY, LABEL, SERIES, VERMILION, Chart, chart, money_axis, wrapped, zero_line
from costmodel.perspectives import payer
from costmodel.result.table import in_words
from costmodel.words import chance, money

POINTS = 500
"""Simulations of each alternative that are drawn: the first."""
SYMBOLS = ("circle", "x", "triangle-up", "square", "cross", "star")


def plane(psa: Psa, perspective: str, strategy: str | None = None, horizon: float | None = None) -> Chart:
    """QALYs gained and net cost of the group against the comparator, discounted, with the line of the threshold."""
    result = psa.result
    people, end = result.scenario.model.people, result.horizons[-1] if horizon is None else horizon
    found = psa.plane(perspective, strategy, end)
    table = plane_table(psa, found)
    figure = go.Figure()
    for a, (label, points) in enumerate(table.groupby("structure", sort=False)):
        figure.add_scatter(
            x=points["QALYs gained"],
            y=points["net cost"],
            mode="markers",
            name=wrapped(str(label), LABEL),
            marker={"color": SERIES[a % len(SERIES)], "symbol": SYMBOLS[a % len(SYMBOLS)], "size": 5, "opacity": 0.5},
            customdata=[money(cost) for cost in points["net cost"]],
            hovertemplate="%{x:.3g} QALYs, %{customdata}",
        )
    weights = result.weights
    mean = [float(weights @ values.mean(axis=-1)) * people for values in (found.qalys, found.cost)]
    figure.add_scatter(
        x=mean[:1],
        y=mean[1:],
        mode="markers",
        name="Mean",
        marker={"color": VERMILION, "symbol": "diamond", "size": 13, "line": {"width": 1, "color": GREY}},
        customdata=[money(mean[1])],
        hovertemplate="mean: %{x:.3g} QALYs, %{customdata}<extra></extra>",
    )
    _threshold_line(figure, table, result.threshold)
    zero_line(figure)
    zero_line(figure, vertical=True)
    low, high = float(table["net cost"].min()), float(table["net cost"].max())
    figure.update_layout(
        xaxis_title=f"QALYs gained, {people:,} people",
        yaxis_title=f"Net cost, {people:,} people",
        **money_axis("yaxis", low, high),
    )
    title = _title(found, perspective, in_words(end))
    alt = f"Points of health gained (across) and net cost (up), one for each simulation. {title}"
    finished = chart(figure, title, alt, table)
    figure.update_layout(hovermode="closest")
    return finished


def plane_table(psa: Psa, found: Plane) -> pd.DataFrame:
    """The points that are drawn, those of alternatives with a weight."""
    result, frames = psa.result, []
    people = result.scenario.model.people
    for structure, weight, gain, cost in zip(
        result.scenario.readings, result.weights, found.qalys, found.cost, strict=True
    ):  # fmt: skip
        if weight:
            label = structure.label if len(result.weights) > 1 else "Simulations"
            points = {"QALYs gained": gain[:POINTS] * people, "net cost": cost[:POINTS] * people}
            frames.append(pd.DataFrame({"structure": label} | points))
    return pd.concat(frames, ignore_index=True)


def _threshold_line(figure: go.Figure, table: pd.DataFrame, threshold: float) -> None:
    """Below and right of this line the health gained is worth its cost."""
    gains, costs = table["QALYs gained"], table["net cost"]
    low, high = min(0.0, float(gains.min())), max(0.0, float(gains.max()))
    reach = max(abs(float(costs.min())), abs(float(costs.max())), 1.0) / threshold if threshold else np.inf
    ends = [max(low, -reach), min(high, reach)]
    figure.add_scatter(
        x=ends,
        y=[threshold * end for end in ends],
        mode="lines",
        name=f"{money(threshold)} per QALY",
        line={"color": GREY, "dash": "dash", "width": 1.5},
        hoverinfo="skip",
    )


def _title(found: Plane, perspective: str, end: str) -> str:
    shares = sorted(found.shares.items(), key=lambda item: -item[1])
    parts = [f"{QUARTERS[quarter]}, in {chance(share)}" for quarter, share in shares if share > 0]
    return f"For {payer(perspective)} over {end}: {'; '.join(parts)} simulations."
