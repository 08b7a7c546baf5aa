"""The command line. docs/cli.md is its contract: what is printed, in which form, with which exit code."""

from costmodel.cli import answers, evidence, uncertainty
from costmodel.cli.program import app, main

__all__ = ["answers", "app", "evidence", "main", "uncertainty"]
