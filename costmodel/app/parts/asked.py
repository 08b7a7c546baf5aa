"""What is asked on every page that answers: whose money, and which therapy. One choice for all pages."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.scenario.build import Scenario
from costmodel.scenario.schema import SettingFile
from costmodel.words import upper_first


def whose_money(setting: SettingFile, place: DeltaGenerator, label_visibility: str = "visible") -> str:
    """A switch between the perspectives of a setting."""
    if st.session_state.get("perspective") not in setting.perspectives:
        st.session_state["perspective"] = setting.main
    chosen = place.segmented_control(
        "Whose money?",
        list(setting.perspectives),
        key="perspective",
        persist_state="session",
        required=True,
        format_func=lambda name: upper_first(setting.name(name)),
        label_visibility=label_visibility,
        wrap=True,
    )
    return chosen or setting.main


def therapy(scenario: Scenario) -> str:
    """The strategy that was chosen on whatever page: the first after usual care where none was, or it is not there."""
    strategies = list(scenario.model.strategies)[1:]
    chosen = st.session_state.get("strategy")
    return chosen if chosen in strategies else strategies[0]


def which_therapy(scenario: Scenario, place: DeltaGenerator, label_visibility: str = "visible") -> str:
    """A menu of the strategies against the comparator; none where there is one."""
    strategies = list(scenario.model.strategies)[1:]
    now = therapy(scenario)
    if len(strategies) == 1:
        return now
    st.session_state["strategy"] = now
    return place.selectbox(
        "Which therapy?",
        strategies,
        key="strategy",
        persist_state="session",
        format_func=lambda name: scenario.model.strategies[name].label,
        label_visibility=label_visibility,
    )
