"""Deterministic sensitivity: inputs moved alone or in pairs, and the values at which an outcome is met."""

from costmodel.analysis.sensitivity.break_even import BreakEvens, Frontier, break_even, chance_break_even, frontier
from costmodel.analysis.sensitivity.inputs import Input, inputs, named
from costmodel.analysis.sensitivity.question import OUTCOMES, TARGETS, Finding, Question
from costmodel.analysis.sensitivity.search import BreakEven, Root
from costmodel.analysis.sensitivity.tornado import Bar, Grid, LeftOut, Tornado, grid, tornado

__all__ = [
    "OUTCOMES", "TARGETS", "Bar", "BreakEven", "BreakEvens", "Finding", "Frontier", "Grid", "Input", "LeftOut",
    "Question", "Root", "Tornado", "break_even", "chance_break_even", "frontier", "grid", "inputs", "named", "tornado",
]  # fmt: skip
