"""A published model beside its source: on a terminal and as JSON."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.cases.replicate import Replication
from costmodel.report.json_report import engine, plain
from costmodel.report.terminal import Piece, headed, listed

SCHEMA = "costmodel/replication/1"


def replication(found: Replication) -> Iterator[Piece]:
    """What `costmodel replicate` prints, piece by piece."""
    yield Text(f"{found.title} ({found.id})", style="bold")
    yield Text(f"Convention: {found.convention}.")
    yield from headed("Printed by the source, and obtained")
    table = Table(box=None, pad_edge=False)
    for heading in ("Result", "Expected", "Obtained", "Tolerance", "Standing", ""):
        table.add_column(heading, justify="right" if heading in ("Expected", "Obtained") else "left")
    for row in found.rows:
        verdict = "holds" if row.holds else "DIFFERS"
        table.add_row(row.key, shown(row.expected), shown(row.obtained), row.tolerance, row.status, verdict)
    yield table
    if found.estimates:
        yield from headed("The same by regression on draws, for orientation")
        beside = Table(box=None, pad_edge=False)
        for heading in ("Result", "Exact", "By regression", "Standard error"):
            beside.add_column(heading, justify="left" if heading == "Result" else "right")
        for one in found.estimates:
            beside.add_row(one.key, shown(one.exact), shown(one.estimate), shown(one.error))
        yield beside
    notes = [f"{row.key}: {row.note}" for row in found.rows if row.note]
    if notes:
        yield from headed("Notes of the source", listed(notes))
    if found.warnings:
        yield from headed("Warnings", listed(found.warnings))
    yield Text("")
    held = sum(row.holds for row in found.rows)
    last = "All hold." if found.holds else f"{len(found.rows) - held} of {len(found.rows)} differ."
    yield Text(f"{held} of {len(found.rows)} printed results reproduced. {last}", style="bold")


def shown(value: object) -> str:
    """A printed result in the width of a column: seven digits that matter, lists in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(shown(part) for part in value)}]"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "no ratio"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.7g}"


def document(found: Replication) -> dict[str, Any]:
    """Everything that `costmodel replicate --json` prints."""
    return {
        "schema": SCHEMA,
        "case": {"id": found.id, "title": found.title, "kind": found.kind, "sha256": found.sha256},
        "engine": engine(),
        "convention": found.convention,
        "rows": [{key: plain(value) for key, value in asdict(row).items()} for row in found.rows],
        "estimates": [{key: plain(value) for key, value in asdict(one).items()} for one in found.estimates],
        "warnings": list(found.warnings),
        "holds": found.holds,
    }
