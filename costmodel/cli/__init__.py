"""The command line. docs/cli.md is its contract: what is printed, in which form, with which exit code."""

from costmodel.cli import answers, evidence, information, sensitivity, spectrum, sweep, uncertainty
from costmodel.cli.program import app, main

__all__ = ["answers", "app", "evidence", "information", "main", "sensitivity", "spectrum", "sweep", "uncertainty"]
