"""Posterior files: where they come from, then the most plausible row and the others, written whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from costmodel.analysis.calibration.fit import Fit
from costmodel.inputs.table import MARK

DIGITS = 8
"""Significant digits written: more than a sample determines, so that reading back loses nothing."""


def posterior_text(fit: Fit) -> str:
    """The CSV of a fit: a remark on its origin, then `best` and a column for each parameter."""
    lines = [f"{MARK} {fit.origin.text}", ",".join(("best", *fit.columns))]
    for i, row in enumerate(fit.values):
        lines.append(",".join(("1" if i == 0 else "0", *(f"{value + 0.0:.{DIGITS}g}" for value in row))))
    return "\n".join(lines) + "\n"


def write(fits: Iterable[Fit]) -> list[Path]:
    """Write the posterior of each fit to its own file; all are prepared before the first takes its place."""
    prepared: list[tuple[str, Path]] = []
    try:
        for fit in fits:
            fit.output.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=fit.output.parent, prefix=f".{fit.output.name}.")
            prepared.append((name, fit.output))
            with open(handle, "w", encoding="utf-8", newline="") as file:
                file.write(posterior_text(fit))
            os.chmod(name, 0o644)
        for name, path in prepared:
            os.replace(name, path)
    finally:
        for name, _ in prepared:
            Path(name).unlink(missing_ok=True)
    return [path for _, path in prepared]
