"""What knowing more is worth: a bar for each group and input, beside what everything is worth."""

import pandas as pd
import plotly.graph_objects as go

from costmodel.analysis.information import ValueOfInformation
from costmodel.charts import (
    BLUE,
    GREY,
    LABEL,
    ORANGE,
    PURPLE,
    UNDER,
    Chart,
    chart,
    money_axis,
    rows,
    wrapped,
    zero_line,
)
from costmodel.perspectives import payer
from costmodel.result.table import in_words
from costmodel.words import money

SHOWN = 15
"""Bars at most."""
NORMAL95 = 1.959963984540054
STYLES = {
    "structure": ("Structures", PURPLE, "x"),
    "inputs": ("Structures", PURPLE, "x"),
    "group": ("Inputs together", ORANGE, "/"),
    "parameter": ("Single inputs", BLUE, ""),
}


def information_table(found: ValueOfInformation) -> pd.DataFrame:
    """GBP per person for every subject: what, name, label, value, 95% interval (from £0)."""
    return pd.DataFrame(
        {
            "what": line.subject.kind,
            "name": line.subject.name,
            "label": line.subject.label,
            "value": line.worth.value,
            "low": max(line.worth.value - NORMAL95 * line.worth.error, 0.0),
            "high": line.worth.value + NORMAL95 * line.worth.error,
        }
        for line in found.lines
    )


def information(found: ValueOfInformation) -> Chart:
    """Bars from the largest value down, with 95% intervals, and a line at what everything is worth."""
    table = information_table(found)
    whole = float(table["value"].iloc[0])
    parts = table[(table["what"] != "everything") & (table["value"] > 0)]
    shown = parts.sort_values("value", ascending=False, kind="stable").head(SHOWN)
    figure = go.Figure()
    named: set[str] = set()
    for kind, (legend, colour, pattern) in STYLES.items():
        these = shown[shown["what"] == kind]
        if these.empty:
            continue
        figure.add_bar(
            x=these["value"],
            y=these["name"],
            orientation="h",
            name=legend,
            legendgroup=legend,
            showlegend=legend not in named,
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": "white", "fillmode": "overlay"}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": these["high"] - these["value"],
                "arrayminus": these["value"] - these["low"],
                "color": GREY,
            },
            customdata=[money(value) for value in these["value"]],
            hovertemplate="%{customdata}",
        )
        named.add(legend)
    zero_line(figure, vertical=True)
    if whole > 0:
        figure.add_vline(whole, line_width=1, line_dash="dash", line_color=GREY)
        figure.add_annotation(
            x=whole, y=1.0, yref="paper", yanchor="bottom", text="everything", showarrow=False,
            font={"size": 11, "color": GREY},
        )  # fmt: skip
    figure.update_layout(
        barmode="overlay",
        xaxis_title=wrapped("Worth of knowing, per person (95% interval)", UNDER),
        **money_axis("xaxis", 0.0, float(table["high"].max())),
    )
    rows(figure, list(shown["name"]), [wrapped(label, LABEL) for label in shown["label"]])
    title = _title(found, shown)
    alt = f"Bars of what knowing inputs, alone and together, is worth per person, with intervals. {title}"
    finished = chart(figure, title, alt, table)
    figure.update_layout(hovermode="closest")
    return finished


def _title(found: ValueOfInformation, shown: pd.DataFrame) -> str:
    """The takeaway: what everything is worth, and which single input most."""
    who = payer(found.question.perspective)
    time = in_words(found.result.horizons[found.question.horizon])
    if found.everything.worth.value == 0:
        return f"For {who} over {time}, nothing that could be learnt would change the decision."
    text = f"For {who} over {time}, knowing everything is worth {money(found.everything.worth.value)} a person"
    singles = shown[shown["what"] == "parameter"]
    if singles.empty:
        return f"{text}; no single input is worth anything alone."
    first = singles.iloc[0]
    return f"{text}; “{first['label']}” alone {money(first['value'])}."
