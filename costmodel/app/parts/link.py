"""The state is the link: population, file, changes, what is asked and the plan, in the address, read once a session."""

import base64
import binascii
import json
import zlib
from typing import Any

import streamlit as st

from costmodel.app.parts import catalogue, choice
from costmodel.app.parts.choice import Choice
from costmodel.version import __version__

NAME, FORMAT, READ, WRITTEN = "s", 1, "link read", "link"
LARGEST, LARGEST_TEXT = 20_000, 200_000
"""Characters of a link, and bytes of what it holds."""
MOST_CHANGES, LONGEST = 200, 300
ASKED = {"w": "perspective", "t": "strategy", "h": "over", "b": "plan", "o": "basis"}
"""Keys of a link, and what they are in a session."""
FAULTY = "The link could not be read, so the page shows its usual answer. Ask for it again, or for the scenario file."


def text(chosen: Choice) -> str:
    """The link's own part of an address; "" where the reader's own file is open, which no link can hold."""
    if chosen.upload is not None:
        return ""
    state = {"v": FORMAT, "e": __version__, "p": chosen.population, "f": chosen.file, "c": chosen.changed}
    state |= {key: st.session_state[name] for key, name in ASKED.items() if st.session_state.get(name) is not None}
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read() -> None:
    """Take over the state of the address with which a session begins; say what of it could not be."""
    if st.session_state.get(READ):
        return
    st.session_state[READ] = True
    written = st.query_params.get(NAME)
    if written is None or choice.CHOICE in st.session_state:
        return
    state = _unpacked(written)
    if state is None:
        st.session_state[choice.NOTICE] = FAULTY
        return
    said = choice.open_linked(Choice(state["p"], state["f"], None, tuple(state["c"].items())))
    if state.get("e") != __version__:
        said.append(
            f"The link was made by version {str(state.get('e'))[:20]}, this is {__version__}: figures may differ."
        )
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


def _unpacked(written: str) -> dict[str, Any] | None:
    """What a link holds, if it is one of ours: names of the catalogue, and plain values by path."""
    try:
        packed = base64.urlsafe_b64decode(written[:LARGEST] + "=" * (-len(written) % 4))
        state = json.loads(zlib.decompressobj().decompress(packed, LARGEST_TEXT))
    except (ValueError, zlib.error, binascii.Error, RecursionError):
        return None
    if not isinstance(state, dict) or state.get("v") != FORMAT:
        return None
    names, changes = (state.get("p"), state.get("f")), state.get("c")
    if not all(isinstance(name, str) for name in names) or names[1] not in catalogue.scenarios(str(names[0])):
        return None
    if not isinstance(changes, dict) or len(changes) > MOST_CHANGES:
        return None
    plain = all(isinstance(value, int | float | str) and len(str(value)) <= LONGEST for value in changes.values())
    return state if plain and all(len(path) <= LONGEST for path in changes) else None
