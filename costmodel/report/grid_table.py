"""A two-way grid in a terminal and as JSON."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.sensitivity import Grid
from costmodel.report import sensitivity
from costmodel.report.json_report import engine
from costmodel.report.terminal import Piece, headed, listed

SCHEMA = "costmodel/grid/1"


def document(grid: Grid) -> dict[str, Any]:
    """Everything that `costmodel grid --json` prints."""
    names = {"first": grid.first.name, "second": grid.second.name}
    return sensitivity.document(SCHEMA, grid.question, grid.to_frame(), notes(grid), **names)


def notes(grid: Grid) -> list[str]:
    """What a reader must know of the two inputs."""
    return list(sensitivity.only_the_bill((grid.first, grid.second)))


def pieces(grid: Grid) -> Iterator[Piece]:
    """What `costmodel grid` prints, piece by piece."""
    question = grid.question
    scenario = question.scenario
    yield Text(f"{scenario.model.title} ({scenario.model.label})", style="bold")
    yield Text(f"{sensitivity.subject(question)}: {question.words}")
    yield Text(f"£ of {scenario.setting.price_year} per person referred; a saving is positive")
    yield Text("")
    yield Text(f"Down: {grid.first.label} ({grid.first.name}). Across: {grid.second.label} ({grid.second.name}).")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", justify="right")
    for value in grid.second_values:
        table.add_column(sensitivity.amount(value, grid.second.unit), justify="right", overflow="fold")
    for value, row in zip(grid.first_values, grid.findings, strict=True):
        cells = [sensitivity.said(found, question) for found in row]
        table.add_row(sensitivity.amount(value, grid.first.unit), *cells)
    yield table
    yield from headed("What to know", listed(notes(grid)))
    yield from headed("Changed", listed(f"{change} (by {change.by})" for change in scenario.changes))
    yield Text("")
    yield Text(f"{engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")
