"""Sweeps: any grid of scenarios and values, run into Parquet files, and gone on with after a kill."""

from costmodel.analysis.sweep.conduct import Swept, planned, sweep
from costmodel.analysis.sweep.grid import Cell, Plan

__all__ = ["Cell", "Plan", "Swept", "planned", "sweep"]
