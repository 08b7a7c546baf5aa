"""The command line. docs/cli.md is its contract: what is printed, in which form, with which exit code."""

from costmodel.cli import answers, dashboard, evidence, information, sensitivity, uncertainty
from costmodel.cli.program import app, main

__all__ = [
    "answers",
    "app",
    "dashboard",
    "evidence",
    "information",
    "main",
    "sensitivity",
    "uncertainty",
]
