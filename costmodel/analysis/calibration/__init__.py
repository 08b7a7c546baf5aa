"""Calibration: rates that nobody measured, fitted to proportions that somebody did."""

from costmodel.analysis.calibration.calibrate import calibrate
from costmodel.analysis.calibration.fit import Fit, posterior_text, write

__all__ = ["Fit", "calibrate", "posterior_text", "write"]
