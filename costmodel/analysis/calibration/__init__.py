"""Calibration: rates that nobody measured, fitted to proportions that somebody did."""

from costmodel.analysis.calibration.fit import Fit, calibrate, posterior_text, write

__all__ = ["Fit", "calibrate", "posterior_text", "write"]
