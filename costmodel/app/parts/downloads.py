"""What can be taken away: the workbook, and the changes as a scenario file."""

import tempfile
from functools import partial
from pathlib import Path

import streamlit as st

from costmodel.app.parts import compute
from costmodel.app.parts.choice import Choice, current, scenario_of
from costmodel.inputs.files import read_bytes
from costmodel.model.run import run
from costmodel.report import workbook as books
from costmodel.report.saved import FILE, overlay_text, saved
from costmodel.result.result import Result

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_WORKBOOK = 200_000_000
"""Bytes."""


def workbook(result: Result) -> None:
    """The button that makes the workbook of what was chosen, conventions and all, when it is pressed."""
    chosen, draws, seed = current(), result.draws, result.seed

    def content() -> bytes:
        return compute.apart(made)

    def made() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xlsx"
            books.write(run(scenario_of(chosen), draws, seed), path)
            return read_bytes(path, LARGEST_WORKBOOK)

    st.download_button("Download the workbook (Excel)", content, "report.xlsx", XLSX, key="workbook", on_click="ignore")


def changes(choice: Choice) -> None:
    """The button for the changes as an overlay of the chosen file."""
    st.download_button(
        "Download your changes (scenario file)",
        partial(overlay, choice),
        FILE,
        "application/yaml",
        key="overlay",
        disabled=not choice.changes,
        on_click="ignore",
    )


def overlay(choice: Choice) -> bytes:
    """Changes as a scenario file that says to which population and file they belong."""
    return overlay_text(saved(scenario_of(choice)))
