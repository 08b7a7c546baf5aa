"""The Excel workbook: live from inputs to payback, written by the same formulas as the engine."""

from costmodel.report.workbook.book import write

__all__ = ["write"]
