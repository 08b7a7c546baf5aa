"""The checks of a run, measured when the reader asks for them."""

from dataclasses import replace

import streamlit as st

from costmodel.app.parts import compute
from costmodel.app.parts.show import page
from costmodel.result.result import Result

ASKED = "checked"
"""The scenario whose checks were asked for, by its SHA-256."""


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
        (st.error if checks.failed else st.success)(checks.headline)
        rest = checks.page()
        page(replace(rest, blocks=rest.blocks[1:]))
