"""Who pays and who saves, year by year."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from costmodel.drawing import (
    PATTERNS,
    SERIES,
    Chart,
    chart,
    follow_up_line,
    money_axis,
    zero_line,
)
from costmodel.perspectives import PARTIES, PARTY_NAMES, account
from costmodel.result.payback import settled
from costmodel.result.result import Result
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import money


def party_years(result: Result, strategy: str | None = None) -> pd.DataFrame:
    """Net saving of the group by year from referral and party, undiscounted: year, party, net saving."""
    s = result.strategies.index(strategy or result.strategies[1])
    people = result.scenario.model.people
    cost = result.headline.outcomes.mean_cost @ result.weights
    difference = cost[:, :, s] - cost[:, :, 0]
    year = np.floor(result.edges[:-1] + 1e-9).astype(int)
    rows = []
    for party in result.parties():
        signs = np.array([account(party, item.paid_by, item.received_by) for item in result.items])
        by_cycle = -(difference @ signs)
        for y in range(int(year[-1]) + 1):
            saved = float(settled(by_cycle[year == y].sum())) * people + 0.0
            rows.append({"year": y + 1, "party": party, "net saving": saved})
    return pd.DataFrame(rows)


def parties(result: Result, strategy: str | None = None) -> Chart:
    """Signed bars: above zero a party saves, below it pays."""
    table = party_years(result, strategy)
    figure = go.Figure()
    totals: dict[str, float] = {}
    for party in result.parties():
        rows = table[table["party"] == party]
        p = PARTIES.index(party)
        totals[party] = float(rows["net saving"].sum())
        if not rows["net saving"].any():
            continue
        figure.add_bar(
            x=rows["year"],
            y=rows["net saving"],
            name=PARTY_NAMES[party],
            marker={
                "color": SERIES[p % len(SERIES)],
                "pattern": {"shape": PATTERNS[p], "fgcolor": "white", "fillmode": "overlay"},
            },
            customdata=[money(value) for value in rows["net saving"]],
            hovertemplate="%{customdata}",
        )
    zero_line(figure)
    last = int(table["year"].max())
    follow_up_line(figure, result.horizons[0] / MONTHS_A_YEAR + 0.5, last + 0.5)
    saved = table["net saving"].clip(lower=0).groupby(table["year"]).sum().max()
    paid = table["net saving"].clip(upper=0).groupby(table["year"]).sum().min()
    figure.update_layout(
        barmode="relative",
        xaxis={"title": {"text": "Year from referral"}, "dtick": 1 if last <= 12 else 5},
        yaxis_title="Pays (below) or saves (above)",
        **money_axis("yaxis", float(paid), float(saved)),
    )
    title = _title(totals, last)
    return chart(figure, title, f"Bars of each party's net saving by year, undiscounted. {title}", table)


def _title(totals: dict[str, float], years: int) -> str:
    over = f"over {years} years" if years > 1 else "in the year"
    words, same = [], []
    for party, total in sorted(totals.items(), key=lambda pair: pair[1]):
        name = PARTY_NAMES[party].split(" (")[0]
        name = f"the {name}" if party == "nhs" else name[:1].lower() + name[1:] if name[1:2].islower() else name
        if abs(total) >= 0.5:
            words.append(f"{name} {'saves' if total > 0 else 'pays'} {money(abs(total))}")
        else:
            same.append(name)
    text = f"{'; '.join(words[:3])} {over}" if words else f"nobody pays or saves anything {over}"
    if words and same:
        text += f"; nothing changes for {' and '.join(same)}"
    return f"{text[:1].upper()}{text[1:]}."
