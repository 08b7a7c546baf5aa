"""The dashboard under test, in the same process."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

DASHBOARD = Path(__file__).parents[2] / "dashboard.py"
PATIENCE = 60
"""Seconds, for a machine that does other things too."""


ANSWER = "costmodel/app/in_full.py"


def first() -> AppTest:
    """The dashboard on its first page, the purse."""
    at = AppTest.from_file(DASHBOARD, default_timeout=PATIENCE).run()
    assert not at.exception
    return at


def opened() -> AppTest:
    """The dashboard on the page "In full", where the sidebar is."""
    at = first().switch_page(ANSWER).run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    """What a page says in its own HTML."""
    return "\n".join(str(one.proto.body) for one in at.get("html"))
