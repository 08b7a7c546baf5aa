"""The dashboard: `streamlit run dashboard.py`. It shows; every figure comes from the model."""

import logging
import uuid

import streamlit as st

from costmodel.errors import InputError
from views.parts import choice, compute, refusal, show, sidebar, style

# File and name of each page, in the order of the navigation; the first opens.
PAGES = (
    ("views/answer.py", "Answer"),
    ("views/assumptions.py", "Assumptions"),
    ("views/uncertainty.py", "Uncertainty"),
)


def main() -> None:
    st.set_page_config(page_title="Does therapy pay for itself?", layout="wide", initial_sidebar_state="auto")
    style.apply()
    pages = [st.Page(file, title=name, default=i == 0) for i, (file, name) in enumerate(PAGES)]
    page = st.navigation(pages, position="top")
    compute.give_up()
    try:
        choice.current()
        locked = choice.locked()
        if locked is None:
            sidebar.sidebar()
            page.run()
        else:
            sidebar.locked_sidebar(locked)
            refusal.show(locked)
    except InputError as error:
        show.refusal(str(error), kept=False)
    except StopIteration:
        st.error("There is no scenario: the scenarios folder holds no model.yaml.")
    except Exception:
        reference = uuid.uuid4().hex[:8]
        logging.getLogger("costmodel.dashboard").exception("reference %s", reference)
        st.error(f"Something went wrong on our side. Reference {reference}; what happened is in the server's log.")


main()
