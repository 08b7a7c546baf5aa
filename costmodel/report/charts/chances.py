"""The chance of having paid back, month by month."""

import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.probabilistic import Psa
from costmodel.charts import DASHES, LABEL, SERIES, Chart, chart, follow_up_line, wrapped, year_axis
from costmodel.perspectives import payer
from costmodel.result.result import EXPECTED
from costmodel.result.table import in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance


def chances(psa: Psa, perspective: str, strategy: str | None = None) -> Chart:
    """Share of simulations that have their money back for good by each month, for the mixture and each alternative."""
    result = psa.result
    table = chances_table(psa, perspective, strategy)
    names = list(table.columns[1:])
    figure = go.Figure()
    for i, name in enumerate(names):
        figure.add_scatter(
            x=table["month"] / MONTHS_A_YEAR,
            y=table[name] * 100,
            mode="lines",
            name=wrapped(name, LABEL),
            line={"color": SERIES[i % len(SERIES)], "dash": DASHES[i % len(DASHES)], "width": 2.5 if i == 0 else 1.5},
            customdata=[chance(share) for share in table[name]],
            hovertemplate="%{customdata}",
        )
    follow_up_line(figure, result.horizons[0] / MONTHS_A_YEAR, float(result.edges[-1]))
    figure.update_layout(
        xaxis=year_axis(float(result.edges[-1])),
        yaxis={"title": {"text": "Money back, of 100 simulations"}, "range": [0, 100], "dtick": 20},
    )
    title = _title(psa, perspective, float(table[names[0]].iloc[-1]))
    alt = f"Line chart of the chance of having paid back for good, by month from referral; it never falls. {title}"
    return chart(figure, title, alt, table)


def chances_table(psa: Psa, perspective: str, strategy: str | None = None) -> pd.DataFrame:
    """Chance by month, a column for the mixture and, where there are any, for each alternative."""
    labels = {structure.name: structure.label for structure in psa.result.scenario.readings}
    labels[EXPECTED] = "Weighted mixture" if len(psa.readings) > 1 else "Chance"
    found = {name: psa.chances(perspective, strategy, run=name) for name in psa.readings}
    months = next(iter(found.values())).months
    return pd.DataFrame({"month": months} | {labels[name]: by_month.chances for name, by_month in found.items()})


def _title(psa: Psa, perspective: str, share: float) -> str:
    end = in_words(psa.result.horizons[-1])
    return f"In {chance(share)} simulations {payer(perspective)} has its money back within {end}."
