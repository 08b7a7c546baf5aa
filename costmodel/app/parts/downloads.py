"""What can be taken away: workbook, board page, sentences for a business case, the changes as a scenario file."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from costmodel.app.parts import compute, show
from costmodel.app.parts.choice import Choice, current, scenario_of
from costmodel.app.parts.question import Question
from costmodel.inputs.files import read_bytes
from costmodel.model.run import run, run_at
from costmodel.report import workbook as books
from costmodel.report.board import Board
from costmodel.report.board import board as board_of
from costmodel.report.business_case import business_case as case_of
from costmodel.report.render import html
from costmodel.report.saved import FILE, overlay_text, saved
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CASE = "business case asked"
"""For which choice and question it was asked."""
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


def board(asked: Question) -> None:
    """The button for the board page as one HTML file, which is made when it is pressed."""
    chosen = current()

    def content() -> bytes:
        return compute.apart(lambda: html(_board(chosen, asked).page()).encode())

    words = "Download the board page (HTML, two sheets of A4)"
    st.download_button(words, content, "board.html", "text/html", key="board", on_click="ignore")


def business_case(scenario: Scenario, asked: Question) -> None:
    """What may be said in a business case and what may not, worked out with all conventions once it was asked for."""
    chosen, state = current(), st.session_state
    if st.button("For a business case", key="business case"):
        state[CASE] = (chosen, asked)
    if state.get(CASE) != (chosen, asked):
        return
    status = st.empty()
    name = f"business case {asked.strategy} {asked.perspective} {asked.months}"
    page = compute.analysis(
        name, scenario, lambda: case_of(_board(chosen, asked)).page(), lambda: status.caption("Under way …")
    )
    status.caption("To be copied as it stands, with its range and the strongest objection:")
    first, *rest = page.blocks
    st.code(first.text, language=None, wrap_lines=True)
    show.page(replace(page, blocks=tuple(rest)))


def _board(chosen: Choice, asked: Question) -> Board:
    """The board page of a choice, conventions and all, for a question. Raises InputError."""
    scenario = scenario_of(chosen)
    months = (scenario.model.follow_up.months, asked.months)
    result = run_at(scenario, months, compute.DRAWS, compute.SEED, views=1)
    return board_of(result, asked.perspective, asked.months, asked.strategy)


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
