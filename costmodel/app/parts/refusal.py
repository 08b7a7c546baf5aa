"""A locked population: on every page the refusal stands where an answer would, with its reasons and sources."""

from dataclasses import replace

import streamlit as st

from costmodel.app.parts import show as shown
from costmodel.app.parts.text import literal
from costmodel.report.contents import locked_page
from costmodel.scenario.load import HEADLINE, Locked, because


def show(locked: Locked) -> None:
    """Title, refusal, why, what the studies found, sources. No figure, chart or download."""
    st.title(literal(locked.file.title), anchor=False)
    st.error(f"**{literal(HEADLINE)}** {literal(because(locked))}")
    page = locked_page(locked)
    shown.page(replace(page, blocks=page.blocks[2:]))
