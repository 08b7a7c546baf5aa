"""A locked population: on every page the refusal stands where an answer would, with its reasons and sources."""

import pandas as pd
import streamlit as st

from costmodel.app.parts.text import literal, literal_table
from costmodel.report.refused import FINDINGS, STATUS, standing
from costmodel.scenario.load import HEADLINE, Locked, because


def show(locked: Locked) -> None:
    """Title, refusal, why, what the studies found, sources. No figure, chart or download."""
    file = locked.file
    st.title(literal(file.title), anchor=False)
    st.error(f"**{literal(HEADLINE)}** {literal(because(locked))}")
    st.markdown(literal(file.refusal.instead))
    st.caption(literal(f"Who: {file.population}. {file.description or ''}"))
    st.header(literal(FINDINGS), anchor=False)
    for finding in file.findings:
        st.markdown(f"**{literal(finding.about)}.** {literal(finding.says)} ({literal(standing(finding))})")
    st.header("What this leaves out", anchor=False)
    st.markdown("\n".join(f"- {literal(text)}" for text in file.leaves_out))
    st.header("Sources", anchor=False)
    rows = [
        {"id": name, "citation": source.citation, "seen in": source.where, "status": STATUS[source.status]}
        for name, source in locked.sources.items()
    ]
    st.table(literal_table(pd.DataFrame(rows)), hide_index=True, border="horizontal")
