"""The checks of a run, measured when the reader asks for them."""

import pandas as pd
import streamlit as st

from costmodel.app.parts import compute
from costmodel.app.parts.text import literal, literal_table
from costmodel.report.verified import cells, count, remark
from costmodel.result.result import Result

ASKED = "checked"
"""The scenario whose checks were asked for, by its SHA-256."""
HEADINGS = ("id", "check", "deviation", "largest allowed", "result")


def show(result: Result) -> None:
    """An expander with a button; once it was pressed, the checks of this scenario."""
    sha256 = result.scenario.sha256
    with st.expander("Checks of this run"):
        st.caption(
            "Laws that every run must obey: nobody is lost, parts sum to the total, no effect means no saving. "
            "Each is measured on this scenario with your values. It takes a few seconds."
        )
        if st.button("Check this run", key="check this run"):
            st.session_state[ASKED] = sha256
        if st.session_state.get(ASKED) != sha256:
            return
        status = st.empty()
        checks = compute.checks(result, lambda: status.caption("Checking …"))
        status.empty()
        failed = [check for check in checks if check.state == "FAIL"]
        said = f"{count(checks)}."
        if failed:
            st.error(f"{said} Do not rely on these figures until the failed checks are explained.")
        else:
            st.success(said)
        st.table(
            literal_table(pd.DataFrame([cells(check) for check in checks], columns=HEADINGS)),
            hide_index=True,
            border="horizontal",
        )
        for check in checks:
            if words := remark(check):
                st.caption(literal(words))
