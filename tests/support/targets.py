"""Findings that populations in a folder are asked to predict."""

import json
from pathlib import Path
from typing import Any

SOURCES = ("X002", "X003")
ROW = {
    "label": "A target", "role": "predicted", "why": "Because", "population": "pop", "strategy": "therapy",
    "outcome": "share in states", "states": ["well"], "time": "24 months", "observed": 0.9, "unit": "share",
    "tolerance": 0.1, "width": 0.5, "source": "X002", "status": "assumption",
}  # fmt: skip


def targets(folder: Path, rows: dict[str, dict[str, Any]]) -> Path:
    """A file of targets beside the populations in a folder, with the sources that it names; the file."""
    said = {"citation": "Invented", "where": "here", "figure": "1", "status": "assumption"}
    (folder / "more.yaml").write_text(json.dumps({"sources": dict.fromkeys(SOURCES, said)}), "utf-8")
    path = folder / "validation.yaml"
    path.write_text(json.dumps({"format": 1, "sources": ["more.yaml"], "rows": rows}), "utf-8")
    return path
