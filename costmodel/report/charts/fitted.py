"""A fit: what was observed with its sampling error, beside what the model said before and after it saw the data."""

import pandas as pd
import plotly.graph_objects as go
from scipy.stats import beta

from costmodel.analysis.calibration import Fit
from costmodel.analysis.calibration.fit import Row
from costmodel.charts import BLUE, GREY, LIGHT_GREY, ORANGE, VERMILION, Chart, chart, literal, wrapped

LABEL = 44
"""Characters of a label on a line."""
ROW = 52
"""Pixels."""
APART = 0.16
"""Rows by which the bars of one observation lie apart."""
ROOM = 0.01
"""At both ends of the axis."""
BEFORE: dict[str, object] = {"color": LIGHT_GREY, "width": 6}
AFTER: dict[str, object] = {"color": BLUE, "width": 6}
OTHERS: dict[str, object] = {"color": ORANGE, "width": 3, "dash": "dot"}
Ends = tuple[float, float]


def fitted(fit: Fit) -> Chart:
    """One row for each observation of the file, those that the fit did not see among them."""
    figure, rows = go.Figure(), list(fit.rows)
    _bands(figure, "Model before the fit (95%)", [_ends(row.prior) for row in rows], -APART, BEFORE)
    _bands(figure, "Model after the fit (95%)", [_ends(row.posterior) for row in rows], 0, AFTER)
    _bands(figure, "What the other observations predict (95%)", [_others(row) for row in rows], APART, OTHERS)
    errors = [sampling_interval(row.observed, row.n) for row in rows]
    observed = [row.observed for row in rows]
    figure.add_scatter(
        x=observed,
        y=list(range(len(rows))),
        mode="markers",
        name="Observed, with its sampling error (95%)",
        marker={"color": VERMILION, "symbol": ["circle" if row.used else "circle-open" for row in rows], "size": 9},
        error_x={
            "array": [ends[1] - share for ends, share in zip(errors, observed, strict=True)],
            "arrayminus": [share - ends[0] for ends, share in zip(errors, observed, strict=True)],
            "color": GREY,
            "thickness": 1.5,
        },
        customdata=[literal(_name(row)) for row in rows],
        hovertemplate="%{customdata}: %{x:.1%}<extra></extra>",
    )
    furthest = max(end for row in rows for end in (row.prior[-1], row.posterior[-1], *(_others(row) or ())))
    furthest = max(furthest, *(ends[1] for ends in errors))
    title = _title(fit)
    alt = f"One row for each observation: its share, and bands of the model before and after the fit. {title}"
    made = chart(figure, title, alt, table(fit))
    figure.update_layout(
        hovermode="closest", height=150 + ROW * len(rows), legend={"y": -70 / (ROW * len(rows)), "yanchor": "top"}
    )
    figure.update_xaxes(title_text="Share of the living", tickformat=".0%", range=[-ROOM, furthest + ROOM])
    labels = [wrapped(_name(row), LABEL) for row in rows]
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=labels, autorange="reversed")
    return made


def table(fit: Fit) -> pd.DataFrame:
    """The numbers of the chart."""
    records = [
        {
            "observation": _name(row),
            "observed": row.observed,
            "people": row.n,
            "seen by the fit": row.used,
            "before, low": row.prior[0],
            "before, high": row.prior[-1],
            "after, low": row.posterior[0],
            "after, median": row.posterior[1],
            "after, high": row.posterior[-1],
            "from the others, low": row.left_out.low if row.left_out else None,
            "from the others, high": row.left_out.high if row.left_out else None,
        }
        for row in fit.rows
    ]
    return pd.DataFrame(records)


def sampling_interval(share: float, n: int) -> tuple[float, float]:
    """95% interval of a share among n people (Jeffreys), which holds the share itself."""
    low, high = (float(beta.ppf(chance, n * share + 0.5, n * (1 - share) + 0.5)) for chance in (0.025, 0.975))
    return min(low, share), max(high, share)


def _bands(figure: go.Figure, name: str, bands: list[Ends | None], below: float, line: dict[str, object]) -> None:
    """A bar for each row that has a band, a little below the row itself."""
    x: list[float | None] = []
    y: list[float | None] = []
    for i, ends in enumerate(bands):
        if ends is not None:
            x += [*ends, None]
            y += [i + below, i + below, None]
    figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hovertemplate="%{x:.1%}")


def _ends(quantiles: tuple[float, ...]) -> Ends:
    return quantiles[0], quantiles[-1]


def _others(row: Row) -> Ends | None:
    return (row.left_out.low, row.left_out.high) if row.left_out else None


def _name(row: Row) -> str:
    recalled = " (to be checked)" if row.status == "recalled" else ""
    unseen = "" if row.used else " (not seen by this fit)"
    return f"{row.name} {row.label}, {row.strategy.replace('_', ' ')}{recalled}{unseen}"


def _title(fit: Fit) -> str:
    inside, asked = fit.predicted_inside
    if not asked:
        return f"{fit.label}: {len(fit.learned)} quantities fitted to one observation"
    return f"{fit.label}: {inside} of {asked} observations lie where the others predict them"
