"""The assumptions: every number with its source, searched, changed and taken away."""

import pandas as pd
import streamlit as st

from costmodel.app.parts import choice, compute, downloads, edit
from costmodel.app.parts.records import Record, counted, records
from costmodel.app.parts.text import csv, literal, literal_table, number

ALL = "All groups"


def shown(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value or "")


def as_table(rows: list[Record]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "assumption": row.label,
                "default": shown(row.default),
                "yours": shown(row.yours),
                "low": number(row.low),
                "high": number(row.high),
                "unit": row.unit,
                "source": row.source,
                "status": row.status,
            }
            for row in rows
        ]
    )


base, scenario, chosen = choice.base(), choice.scenario(), choice.current()
rows = records(base, scenario, chosen.changed)
st.title("Assumptions", anchor=False)
st.caption(
    f"{literal(counted(base, rows, chosen.changed))} "
    "Values in the unit shown; prices in their own price year. "
    "“To be checked” marks figures that were recalled and not yet verified."
)
left, right = st.columns([2, 1])
search = left.text_input("Search", key="search", placeholder="session, relapse, to be checked …")
groups = list(dict.fromkeys(row.group for row in rows))
group = right.selectbox("Group", [ALL, *groups], key="group")
found = [
    row
    for row in rows
    if group in (ALL, row.group)
    and search.casefold() in f"{row.label} {row.name} {row.group} {row.unit} {row.source} {row.status}".casefold()
]
edit.panel(base, [row for row in found if row.kind != "derived"])
if not found:
    st.info("Nothing matches. Clear the search or choose another group.")
for name in groups:
    inside = [row for row in found if row.group == name]
    if inside:
        st.header(literal(name), anchor=False)
        with st.container(key=f"table {name}"):
            st.table(literal_table(as_table(inside)), hide_index=True, border="horizontal")

st.header("Take it away", anchor=False)
with st.container(horizontal=True):
    downloads.changes(chosen)
    st.download_button(
        "Download this table (CSV)", csv(as_table(found)), "assumptions.csv", "text/csv", on_click="ignore"
    )
    downloads.workbook(compute.deterministic(scenario))
st.caption("A file of changes can be brought back under “Use your file” in the sidebar.")
