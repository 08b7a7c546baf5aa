"""The dashboard's script, run anew whenever a reader does something. It shows; every figure comes from the model."""

import logging
import traceback
import uuid
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from costmodel.app.parts import browser, choice, compute, link, question, show, sidebar, style
from costmodel.errors import InputError

PAGES = ("purse", "where", "what_if", "in_full", "plan", "assumptions", "uncertainty", "evidence")
"""Files beside this one, in the order of the navigation; the first opens."""
NAMES = {"purse": "The purse", "where": "Where does it pay?", "what_if": "What if?", "in_full": "In full"}
OF_ALL = "where"
"""The page about every population, which has neither a sidebar nor a locked state."""


LOG = logging.getLogger("costmodel.dashboard")


def main() -> None:
    browser.install()
    st.set_page_config(page_title="Does therapy pay for itself?", layout="wide", initial_sidebar_state="auto")
    style.apply()
    files = [Path(__file__).with_name(f"{name}.py") for name in PAGES]
    pages = [
        st.Page(file, title=NAMES.get(file.stem, file.stem.capitalize()), default=i == 0)
        for i, file in enumerate(files)
    ]
    page = st.navigation(pages, position="top")
    with compute.turn():
        _draw(page, first=page == pages[0], of_all=page == pages[PAGES.index(OF_ALL)])


def _draw(page: StreamlitPage, first: bool, of_all: bool) -> None:
    """first: the first page, which has the question as its controls, and no sidebar. of_all: about every population."""
    told = st.empty()  # always there, so that what stands below keeps its place when it is filled
    try:
        if refused := st.session_state.get(browser.REFUSED):
            with told.container():
                show.refusal("\n".join(refused))
        link.read()
        choice.current()
        locked = choice.locked()
        link.write()
        if of_all:
            page.run()
        elif locked is None:
            if not first:
                sidebar.sidebar()
            page.run()
        else:
            if first:
                question.who(question.row()[0])
            else:
                sidebar.locked_sidebar(locked)
            show.locked_population(locked)
    except InputError as error:
        show.refusal(choice.reasons(error), kept=False)
    except StopIteration:
        st.error("There is no scenario: the scenarios folder holds no model.yaml.")
    except Exception as error:
        reference = uuid.uuid4().hex[:8]
        LOG.error("reference %s: %s at %s", reference, type(error).__name__, _where(error))
        st.error(f"Something went wrong on our side. Reference {reference}; what happened is in the server's log.")


def _where(error: Exception) -> str:
    """The lines of code that led to an error, and nothing of what they held: a reader's input stays out of the log."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


if __name__ == "__main__":
    main()
