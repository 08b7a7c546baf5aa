"""The Excel workbook: live from inputs to payback, written by the same formulas as the engine."""

from costmodel.report.workbook.book import named_as_workbook, write

__all__ = ["named_as_workbook", "write"]
