"""The state is the link: population, file, changes, what is asked and the plan, in the address, read once a session."""

import streamlit as st

from costmodel.app.parts import catalogue, choice
from costmodel.app.parts.choice import Choice
from costmodel.report.link import NAME, of_version, packed, unpacked

READ, WRITTEN = "link read", "link"
ASKED = {"w": "perspective", "t": "strategy", "h": "over", "b": "plan", "o": "basis"}
"""Keys of a link, and what they are in a session."""
FAULTY = "The link could not be read, so the page shows its usual answer. Ask for it again, or for the scenario file."


def text(chosen: Choice) -> str:
    """The link's own part of an address; "" where the reader's own file is open, which no link can hold."""
    if chosen.upload is not None:
        return ""
    asked = {key: st.session_state[name] for key, name in ASKED.items() if st.session_state.get(name) is not None}
    return packed(chosen.population, chosen.file, chosen.changed, asked)


def read() -> None:
    """Take over the state of the address with which a session begins; say what of it could not be."""
    if st.session_state.get(READ):
        return
    st.session_state[READ] = True
    written = st.query_params.get(NAME)
    if written is None or choice.CHOICE in st.session_state:
        return
    state = unpacked(written)
    if state is None or state["f"] not in catalogue.scenarios(state["p"]):
        st.session_state[choice.NOTICE] = FAULTY
        return
    said = choice.open_linked(Choice(state["p"], state["f"], None, tuple(state["c"].items())))
    said += of_version(state)
    for key, name in ASKED.items():
        if isinstance(state.get(key), str | float | int):
            st.session_state[name] = state[key]
    if said:
        st.session_state[choice.NOTICE] = " ".join(said)


def write() -> None:
    """Put the state into the address, where it is another than stands there."""
    now = text(choice.current())
    if not now:
        st.query_params.pop(NAME, None)
    elif st.query_params.get(NAME) != now:
        st.query_params[NAME] = now
    st.session_state[WRITTEN] = now
