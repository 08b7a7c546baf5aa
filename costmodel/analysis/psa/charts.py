"""Charts of the draws: chance of payback by month, the plane of health and cost, and the best choice by threshold."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from costmodel.analysis.psa.comparison import Plane
from costmodel.analysis.psa.draws import QUARTERS, Draws
from costmodel.currency import Currency
from costmodel.drawing import (
    DASHES,
    GREY,
    LABEL,
    SERIES,
    VERMILION,
    Chart,
    chart,
    empty,
    follow_up_line,
    money_axis,
    wrapped,
    year_axis,
    zero_line,
)
from costmodel.result.result import EXPECTED
from costmodel.result.table import in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance

POINTS = 500
"""Simulations of each alternative that are drawn: the first."""
MARKS = 21
"""Marks of the frontier at most, so that each can be told from the next."""
SYMBOLS = ("circle", "x", "triangle-up", "square", "cross", "star")


def plane(psa: Draws, perspective: str, strategy: str | None = None, horizon: float | None = None) -> Chart:
    """QALYs gained and net cost of the group against the comparator, discounted, with the line of the threshold."""
    result, currency = psa.result, psa.result.setting.currency
    of, found = psa.comparison(perspective, strategy, horizon), psa.plane(perspective, strategy, horizon)
    table, people = _points(psa, found), result.scenario.model.people
    figure = empty()
    for a, (label, points) in enumerate(table.groupby("structure", sort=False)):
        symbol = {"symbol": SYMBOLS[a % len(SYMBOLS)], "color": SERIES[a % len(SERIES)], "size": 5, "opacity": 0.5}
        figure.add_scatter(
            x=points["QALYs gained"], y=points["net cost"], mode="markers", name=wrapped(str(label), LABEL),
            marker=symbol, customdata=[currency.money(cost) for cost in points["net cost"]],
            hovertemplate="%{x:.3g} QALYs, %{customdata}",
        )  # fmt: skip
    gain, cost = of.mean(found.qalys) * people, of.mean(found.cost) * people
    figure.add_scatter(
        x=[gain], y=[cost], mode="markers", name="Mean",
        marker={"color": VERMILION, "symbol": "diamond", "size": 13, "line": {"width": 1, "color": GREY}},
        customdata=[currency.money(cost)], hovertemplate="mean: %{x:.3g} QALYs, %{customdata}<extra></extra>",
    )  # fmt: skip
    _threshold_line(figure, table, result.threshold, currency)
    zero_line(figure)
    zero_line(figure, vertical=True)
    low, high = float(table["net cost"].min()), float(table["net cost"].max())
    axes = {"xaxis_title": f"QALYs gained, {people:,} people", "yaxis_title": f"Net cost, {people:,} people"}
    figure.update_layout(**axes, **money_axis(currency, "yaxis", low, high))
    shares = sorted(found.shares.items(), key=lambda item: -item[1])
    parts = "; ".join(f"{QUARTERS[quarter]}, in {chance(share)}" for quarter, share in shares if share > 0)
    title = f"For {result.setting.payer(perspective)} over {in_words(of.months)}: {parts} simulations."
    alt = f"Points of health gained (across) and net cost (up), one for each simulation. {title}"
    finished = chart(figure, title, alt, table)
    figure.update_layout(hovermode="closest")
    return finished


def _points(psa: Draws, found: Plane) -> pd.DataFrame:
    """The points that are drawn, those of alternatives with a weight."""
    result, people = psa.result, psa.result.scenario.model.people
    frames = []
    for a in np.flatnonzero(result.weights):
        label = result.scenario.readings[a].label if len(result.weights) > 1 else "Simulations"
        points = {"QALYs gained": found.qalys[a, :POINTS] * people, "net cost": found.cost[a, :POINTS] * people}
        frames.append(pd.DataFrame({"structure": label} | points))
    return pd.concat(frames, ignore_index=True)


def _threshold_line(figure: Any, table: pd.DataFrame, threshold: float, currency: Currency) -> None:
    """Below and right of this line the health gained is worth its cost."""
    gains, costs = table["QALYs gained"], table["net cost"]
    reach = max(abs(float(costs.min())), abs(float(costs.max())), 1.0) / threshold if threshold else np.inf
    ends = [max(min(0.0, float(gains.min())), -reach), min(max(0.0, float(gains.max())), reach)]
    figure.add_scatter(
        x=ends, y=[threshold * end for end in ends], mode="lines", name=f"{currency.money(threshold)} per QALY",
        line={"color": GREY, "dash": "dash", "width": 1.5}, hoverinfo="skip",
    )  # fmt: skip


def _lines(figure: Any, across: Any, table: pd.DataFrame, names: Iterable[str], thin: float) -> None:
    """A line of chances for each of some columns. thin: width of those after the first."""
    for i, name in enumerate(names):
        line = {"color": SERIES[i % len(SERIES)], "dash": DASHES[i % len(DASHES)], "width": thin if i else 2.5}
        figure.add_scatter(
            x=across, y=table[name] * 100, mode="lines", name=wrapped(name, LABEL), line=line,
            customdata=[chance(share) for share in table[name]], hovertemplate="%{customdata}",
        )  # fmt: skip


def acceptability(psa: Draws, perspective: str, horizon: float | None = None) -> Chart:
    """Chance of each strategy being the best, by threshold; the frontier follows the best on average."""
    result, setting, end = psa.result, psa.result.setting, psa.comparison(perspective, None, horizon).months
    labels = [result.scenario.model.strategies[name].label for name in result.strategies]
    choices = psa.choices(perspective, end)
    chances = {label: [float(choice.chance[s]) for choice in choices] for s, label in enumerate(labels)}
    best = [labels[choice.chosen] for choice in choices]
    table = pd.DataFrame({"threshold": [one.threshold for one in choices]} | chances | {"best on average": best})
    figure = empty()
    _lines(figure, table["threshold"], table, labels, 2.5)
    shown = choices[:: -(-len(choices) // MARKS)]
    figure.add_scatter(
        x=[choice.threshold for choice in shown], y=[float(choice.chance[choice.chosen]) * 100 for choice in shown],
        mode="markers", name="Frontier: best on average",
        marker={"color": VERMILION, "symbol": "diamond-open", "size": 9, "line": {"width": 2}}, hoverinfo="skip",
    )  # fmt: skip
    for threshold in psa.setting_thresholds:
        if threshold <= psa.thresholds[-1]:
            figure.add_vline(threshold, line_width=1, line_dash="dot", line_color=GREY)
    figure.update_layout(
        xaxis_title="Value of a QALY (dotted: the setting's)",
        yaxis={"title": {"text": "Best choice, of 100 simulations"}, "range": [-3, 103], "dtick": 20, "tick0": 0},
        **money_axis(setting.currency, "xaxis", 0.0, psa.thresholds[-1]),
    )
    (at,) = psa.choices(perspective, end, thresholds=[result.threshold])
    title = (
        f"At {setting.currency.money(result.threshold)} per QALY over {in_words(end)}, “{labels[at.chosen]}” "
        f"is the best choice on average for {setting.payer(perspective)}, and in "
        f"{chance(float(at.chance[at.chosen]))} simulations."
    )
    alt = f"Curves of the chance that each strategy is the best choice, by the value of a QALY. {title}"
    return chart(figure, title, alt, table)


def chances(psa: Draws, perspective: str, strategy: str | None = None) -> Chart:
    """Share of simulations that have their money back for good by each month, for the mixture and each alternative."""
    result = psa.result
    labels = {name: one.label for name, one in result.scenario.model.weighted.items()}
    labels[EXPECTED] = "Weighted mixture" if len(psa.readings) > 1 else "Chance"
    curves = {labels[name]: psa.chances(perspective, strategy, run=name).chances for name in psa.readings}
    table = pd.DataFrame({"month": result.edges * MONTHS_A_YEAR} | curves)
    figure = empty()
    _lines(figure, table["month"] / MONTHS_A_YEAR, table, curves, 1.5)
    follow_up_line(figure, result.horizons[0] / MONTHS_A_YEAR, float(result.edges[-1]))
    figure.update_layout(
        xaxis=year_axis(float(result.edges[-1])),
        yaxis={"title": {"text": "Money back, of 100 simulations"}, "range": [0, 100], "dtick": 20},
    )
    share, end = chance(float(table[labels[EXPECTED]].iloc[-1])), in_words(result.horizons[-1])
    title = f"In {share} simulations {result.setting.payer(perspective)} has its money back within {end}."
    alt = f"Line chart of the chance of having paid back for good, by month from referral; it never falls. {title}"
    return chart(figure, title, alt, table)
