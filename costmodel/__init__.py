"""Does psychodynamic therapy pay for itself? For whom, by when, how surely, and what would have to be true."""

# ruff: noqa: E402 (what stops the program while it starts has to stand before what it imports)

import importlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING


def _stop_quietly(*_: object) -> None:
    os.write(2, b"Interrupted. Nothing was written.\n")
    os._exit(128 + signal.SIGINT)


_NAME = os.path.basename((sys.argv or [""])[0])
_PROGRAM = _NAME == "costmodel" or (_NAME == "-m" and "costmodel" in sys.orig_argv)
"""Whether this is the command on its way up, whose Ctrl-C has no use for a traceback; a script sees its own."""
if (
    _PROGRAM
    and "--multiprocessing-fork" not in sys.orig_argv
    and threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) is signal.default_int_handler
):
    signal.signal(signal.SIGINT, _stop_quietly)

from costmodel.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from costmodel.analysis.beyond import beyond
    from costmodel.analysis.budget import budget
    from costmodel.analysis.calibration import calibrate
    from costmodel.analysis.claims import claims
    from costmodel.analysis.comparison import compare
    from costmodel.analysis.explain import explain
    from costmodel.analysis.incremental import incremental
    from costmodel.analysis.local import local
    from costmodel.analysis.psa import psa
    from costmodel.analysis.purse import purse
    from costmodel.analysis.sensitivity import chance_break_even, frontier, grid
    from costmodel.analysis.sensitivity.break_even import break_even
    from costmodel.analysis.sensitivity.tornado import tornado
    from costmodel.analysis.sweep import Swept
    from costmodel.analysis.validation import validate
    from costmodel.analysis.verdict import verdict
    from costmodel.analysis.verification import verify
    from costmodel.analysis.voi import voi
    from costmodel.cases import replicate
    from costmodel.errors import InputError
    from costmodel.model.run import run
    from costmodel.report import charts as charts
    from costmodel.result.result import Result
    from costmodel.scenario.build import Scenario
    from costmodel.scenario.load import Locked, Refused, load
    from costmodel.synthesis import synthesise

_WHERE = {
    "costmodel.analysis.beyond": ("beyond",),
    "costmodel.analysis.budget": ("budget",),
    "costmodel.analysis.comparison": ("compare",),
    "costmodel.analysis.explain": ("explain",),
    "costmodel.analysis.incremental": ("incremental",),
    "costmodel.analysis.local": ("local",),
    "costmodel.analysis.calibration": ("calibrate",),
    "costmodel.analysis.claims": ("claims",),
    "costmodel.analysis.voi": ("voi",),
    "costmodel.analysis.psa": ("psa",),
    "costmodel.analysis.purse": ("purse",),
    "costmodel.analysis.sensitivity": ("break_even", "chance_break_even", "frontier", "grid", "tornado"),
    "costmodel.analysis.validation": ("validate",),
    "costmodel.analysis.verdict": ("verdict",),
    "costmodel.analysis.verification": ("verify",),
    "costmodel.cases": ("replicate",),
    "costmodel.errors": ("InputError",),
    "costmodel.model.run": ("run",),
    "costmodel.result.result": ("Result",),
    "costmodel.scenario.build": ("Scenario",),
    "costmodel.scenario.load": ("Locked", "Refused", "load"),
    "costmodel.synthesis": ("synthesise",),
}
"""Public names by module; each is imported when it is first used, so that a program waits for what it needs alone."""

__all__ = [
    "InputError", "Locked", "Refused", "Result", "Scenario", "__version__", "beyond", "break_even", "budget",
    "calibrate", "chance_break_even", "claims", "compare", "explain", "frontier", "grid", "incremental", "load",
    "local", "psa", "purse", "replicate", "run", "sweep", "synthesise", "tornado", "validate", "verdict", "verify",
    "voi", "workbook",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "charts":  # no part of `__all__`, since it needs plotly, which a star import would then need too
        return importlib.import_module("costmodel.report.charts")
    for module, names in _WHERE.items():
        if name in names:
            globals()[name] = value = getattr(importlib.import_module(module), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "charts"})


def sweep(
    path: "str | Path", output: "str | Path", *, workers: int | None = None, scheduler: str | None = None
) -> "Swept":
    """Run every cell of a grid file into a directory of Parquet files, or go on with one that was begun there.

    workers: processes, one for each processor by default. scheduler: address of a Dask cluster instead.
    Raises InputError, as `costmodel.analysis.sweep.sweep` says.
    """
    from costmodel.analysis import sweep as analysis

    return analysis.sweep(path, output, workers=workers, scheduler=scheduler)


def workbook(result: "Result", path: "str | Path") -> None:
    """Write the Excel workbook of a result: live from inputs to payback. Raises InputError if it cannot be written."""
    from costmodel.report.workbook import write

    write(result, path)
