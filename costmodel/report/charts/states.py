"""How many people are in each state."""

import pandas as pd
from plotly.subplots import make_subplots

from costmodel.drawing import (
    GREY,
    LIGHT_GREY,
    PATTERNS,
    SERIES,
    Chart,
    chart,
    literal,
    wrapped,
    year_axis,
)
from costmodel.result.result import Result
from costmodel.scenario.clock import MONTHS_A_YEAR

DEAD = "dead"
PANEL = 24
"""Characters of a line over a panel."""


def states_table(result: Result) -> pd.DataFrame:
    """People in each state at the start of each cycle. Columns: year, strategy, then one for each state."""
    model = result.scenario.model
    people = result.headline.outcomes.mean_people @ result.weights * model.people
    frames = []
    for s, strategy in enumerate(result.strategies):
        frame = pd.DataFrame(people[:, :, s], columns=[*model.states, DEAD][: people.shape[1]])
        frame.insert(0, "strategy", strategy)
        frame.insert(0, "year", result.edges)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def states(result: Result, strategy: str | None = None) -> Chart:
    """The comparator beside one strategy; states stacked from the last declared, the first grey.

    strategy: the first after the comparator if left out.
    """
    model, table = result.scenario.model, states_table(result)
    panels = (result.comparator, strategy or result.strategies[1])
    names = [column for column in table.columns if column not in ("year", "strategy")]
    living = [name for name in names if name != DEAD]
    order = [*reversed(living), *(name for name in names if name == DEAD)]
    plain = {living[0]: LIGHT_GREY, DEAD: GREY}
    titles = [wrapped(model.strategies[name].label, PANEL) for name in panels]
    figure = make_subplots(1, len(titles), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    for column, shown in enumerate(panels, start=1):
        rows = table[table["strategy"] == shown]
        for i, state in enumerate(order):
            colour = plain.get(state, SERIES[i % len(SERIES)])
            pattern = "" if state in plain else PATTERNS[i % len(PATTERNS)]
            figure.add_scatter(
                x=rows["year"],
                y=rows[state],
                name=words(state),
                legendgroup=state,
                showlegend=column == 1,
                stackgroup=shown,
                mode="lines",
                line={"width": 0.5, "color": colour},
                fillcolor=colour,
                fillpattern={"shape": pattern, "fgcolor": "white", "size": 9, "solidity": 0.12},
                hovertemplate="%{y:.1f}",
                row=1,
                col=column,
            )
    last = float(result.edges[-1])
    figure.update_xaxes(**year_axis(last))
    figure.update_yaxes(range=[0, model.people])
    figure.update_yaxes(title_text="People", col=1)
    if result.horizons[0] / MONTHS_A_YEAR < last:
        figure.add_vline(result.horizons[0] / MONTHS_A_YEAR, line_width=1, line_dash="dash", line_color=GREY)
    title = _title(result, table, order[0], panels[1])
    table = table[table["strategy"].isin(panels)].reset_index(drop=True)
    finished = chart(
        figure, title, f"People in each state over time, one panel without therapy and one with. {title}", table
    )
    figure.update_annotations(font_size=12)
    figure.update_layout(legend={"y": -0.28, "yanchor": "top"})
    return finished


def words(state: str) -> str:
    """A state's name as words."""
    return literal(state.replace("_", " ").capitalize())


def _title(result: Result, table: pd.DataFrame, best: str, strategy: str) -> str:
    end = result.horizons[0] / MONTHS_A_YEAR
    at = table[(table["year"] - end).abs() == (table["year"] - end).abs().min()].set_index("strategy")[best]
    with_therapy, without = at[strategy], at[result.comparator]
    people = result.scenario.model.people
    return (
        f"In the state “{best.replace('_', ' ')}” after {result.scenario.model.follow_up.text}: "
        f"{with_therapy:.0f} of {people:,} people with therapy, {without:.0f} without."
    )
