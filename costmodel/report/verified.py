"""The checks of a scenario as a table and as JSON: the answer of `costmodel verify`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.verification import STATES, Check
from costmodel.report import json_report, refused
from costmodel.report.terminal import Piece
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import HEADLINE, Locked, because, refusal

VERIFY_SCHEMA = "costmodel/verify/1"
COUNTED = {"OK": "OK", "flagged": "flagged", "FAIL": "failed", "does not apply": "does not apply"}
"""How states are named in a count."""
HEADINGS = ("id", "check", "value", "tolerance", "result")


def count(checks: Iterable[Check]) -> str:
    """How many checks came out how: "14 OK, 1 flagged, 0 failed, 0 does not apply"."""
    found = Counter(check.state for check in checks)
    return ", ".join(f"{found[state]} {COUNTED[state]}" for state in STATES)


def figure(value: float | None) -> str:
    """A deviation or tolerance, short."""
    return "–" if value is None else f"{value:.2g}"


def cells(check: Check) -> tuple[str, str, str, str, str]:
    """A check as a row under `HEADINGS`."""
    return check.id, check.title, figure(check.value), figure(check.tolerance), check.state


def remark(check: Check) -> str | None:
    """What must be said of a check that did not simply hold, or that says more."""
    said = [text for text in (check.words if check.state != "OK" else "", check.note) if text]
    return f"{check.id}: {'; '.join(said)}" if said else None


def verified(scenario: Scenario, checks: Iterable[Check]) -> Iterator[Piece]:
    """What `costmodel verify` prints of a scenario, piece by piece."""
    checks = list(checks)
    yield Text(f"{scenario.path.name}: {scenario.model.title} ({scenario.model.label})", style="bold")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        right = heading in ("value", "tolerance")
        table.add_column(heading, justify="right" if right else "left", overflow="fold", no_wrap=heading != "check")
    for check in checks:
        table.add_row(*cells(check), style="bold red" if check.state == "FAIL" else "")
    yield table
    yield from (Text(f" – {said}") for check in checks if (said := remark(check)))
    yield Text("")


def locked(one: Locked) -> Iterator[Piece]:
    """What `costmodel verify` prints of a locked scenario among others: that nothing was measured, and why."""
    yield Text(f"{one.path.name}: {one.file.title} ({one.file.label})", style="bold")
    yield Text(f"{HEADLINE} {because(one)}")
    yield Text("")


def document(
    found: Iterable[tuple[Scenario, tuple[Check, ...]]], draws: int, seed: int, locked: Iterable[Locked] = ()
) -> dict[str, Any]:
    """Everything that `costmodel verify --json` prints."""
    return {
        "schema": VERIFY_SCHEMA,
        "engine": json_report.engine(),
        "settings": {"draws": draws, "seed": seed},
        "scenarios": [
            {
                "scenario": json_report.identity(scenario),
                "checks": [{key: json_report.plain(value) for key, value in asdict(one).items()} for one in checks],
                "counts": dict(Counter(one.state for one in checks)),
                "changes": json_report.changes(scenario.changes),
            }
            for scenario, checks in found
        ],
        "locked": [{"scenario": refused.identity(one), "refusal": refusal(one)} for one in locked],
    }
