"""What can be taken away: the workbook, and the changes as a scenario file."""

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from costmodel.model.run import run
from costmodel.report import workbook as books
from costmodel.report.imported import overlay_text
from costmodel.result.result import Result
from views.parts import catalogue
from views.parts.choice import Choice

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(result: Result) -> None:
    """The button that makes the workbook, when it is pressed."""
    scenario, draws, seed = result.scenario, result.draws, result.seed

    def content() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xlsx"
            books.write(run(scenario, draws, seed), path)
            return path.read_bytes()

    st.download_button("Download the workbook (Excel)", content, "report.xlsx", XLSX, key="workbook", on_click="ignore")


def changes(choice: Choice) -> None:
    """The button for the changes as an overlay of the chosen file."""
    st.download_button(
        "Download your changes (scenario file)",
        overlay(choice),
        "your_changes.yaml",
        "application/yaml",
        key="overlay",
        disabled=not choice.changes,
        on_click="ignore",
    )


def overlay(choice: Choice) -> bytes:
    """Changes as a scenario file that stands beside the file it extends."""
    content: dict[str, Any] = {
        "format": 1,
        "extends": choice.file,
        "label": "yours",
        "change": choice.changed,
    }
    if choice.upload is not None:
        uploaded = catalogue.check_upload(choice.upload, choice.population).data
        if "extends" in uploaded:
            content = {**uploaded, "change": {**uploaded.get("change", {}), **choice.changed}}
    return overlay_text(content)
