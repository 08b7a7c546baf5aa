"""A locked scenario in words and as JSON: what stands wherever an answer would."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from costmodel.report import json_report
from costmodel.report.terminal import headed, listed
from costmodel.scenario.load import HEADLINE, Locked, because, refusal
from costmodel.scenario.schema import Finding

SCHEMA = "costmodel/refusal/1"
FINDINGS = "What the studies found: text to read, not a business case"
STATUS = {
    "read": "read at the source",
    "derived": "derived",
    "recalled": "recalled, to be checked",
    "assumption": "assumption",
}


def standing(finding: Finding) -> str:
    """Where a finding comes from, and how we know it: "C210; read at the source"."""
    return f"{', '.join(finding.source)}; {STATUS[finding.status]}"


def pieces(locked: Locked) -> Iterator[Text]:
    """What every command prints in the place of an answer, piece by piece."""
    file = locked.file
    yield Text(f"{file.title} ({file.label})", style="bold")
    yield Text("")
    yield Text(HEADLINE, style="bold red")
    yield Text(f"Why: {because(locked)}")
    yield Text(f"Instead: {file.refusal.instead}")
    yield from headed("Who", [Text(file.population)])
    yield from headed(FINDINGS, listed(f"{one.about}: {one.says} ({standing(one)})" for one in file.findings))
    sources = locked.sources.items()
    yield from headed("Sources", listed(f"{name}: {one.citation} ({one.where}; {one.status})" for name, one in sources))
    yield from headed("What this leaves out", listed(file.leaves_out))
    yield Text("")
    yield Text(f"{json_report.engine()}; scenario SHA-256 {locked.sha256}", style="dim", overflow="fold")


def checked(locked: Locked) -> Iterator[Text]:
    """What `costmodel check` prints, piece by piece."""
    yield Text(f"{locked.path.name} is a valid locked scenario: no command gives an answer for it", style="bold")
    yield from pieces(locked)


def identity(locked: Locked) -> dict[str, str]:
    """Which scenario it is, as `json_report.identity` says it of others."""
    file = locked.file
    return {"title": file.title, "label": file.label, "sha256": locked.sha256, "file": locked.path.name}


def document(locked: Locked) -> dict[str, Any]:
    """Everything that `--json` prints in the place of an answer: no rows, and why."""
    return {
        "schema": SCHEMA,
        "scenario": identity(locked),
        "engine": json_report.engine(),
        "rows": [],
        "refusal": refusal(locked),
        "to_be_checked": list(locked.to_be_checked),
        "warnings": [],
        "notes": [HEADLINE, because(locked), locked.file.refusal.instead],
        "changes": [],
    }


def check_document(locked: Locked) -> dict[str, Any]:
    """Everything that `costmodel check --json` prints: the keys of any scenario, all empty, and the refusal."""
    return {
        "schema": json_report.CHECK_SCHEMA,
        "scenario": identity(locked),
        "engine": json_report.engine(),
        "strategies": {},
        "structures": {},
        "parameters": {},
        "ratios": {},
        "unused": [],
        "to_be_checked": list(locked.to_be_checked),
        "changes": [],
        "warnings": [],
        "refusal": refusal(locked),
    }
