"""Sweeps: any grid of scenarios and values, run into Parquet files, and gone on with after a kill."""

from costmodel.analysis.sweep.cells import Cell, Plan
from costmodel.analysis.sweep.conduct import Swept, planned, sweep

__all__ = ["Cell", "Plan", "Swept", "planned", "sweep"]
