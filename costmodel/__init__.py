"""Does psychodynamic therapy pay for itself? For whom, by when, how surely, and what would have to be true."""

from costmodel.analysis.beyond import beyond
from costmodel.analysis.information import voi
from costmodel.analysis.probabilistic import psa
from costmodel.analysis.sensitivity import break_even, chance_break_even, frontier, grid, tornado
from costmodel.errors import InputError
from costmodel.model.run import run
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import load

__all__ = [
    "InputError", "Result", "Scenario", "beyond", "break_even", "chance_break_even", "frontier", "grid", "load", "psa",
    "run", "tornado", "voi", "workbook",
]  # fmt: skip
__version__ = "0.1.0"


def workbook(result: Result, path: str) -> None:
    """Write the Excel workbook of a result: live from inputs to payback. Raises InputError if it cannot be written."""
    from costmodel.report.workbook import write

    write(result, path)
