"""Deterministic sensitivity: inputs moved alone or in pairs, and the values at which an outcome is met."""

from costmodel.analysis.sensitivity.chance import chance_break_even
from costmodel.analysis.sensitivity.frontiers import Frontier, frontier
from costmodel.analysis.sensitivity.movable import Input, inputs, named
from costmodel.analysis.sensitivity.one_way import Bar, LeftOut, Tornado, tornado
from costmodel.analysis.sensitivity.question import OUTCOMES, Finding, Question
from costmodel.analysis.sensitivity.target import TARGETS
from costmodel.analysis.sensitivity.threshold import BreakEven, BreakEvens, Root, break_even
from costmodel.analysis.sensitivity.two_way import Grid, grid

__all__ = [
    "OUTCOMES", "TARGETS", "Bar", "BreakEven", "BreakEvens", "Finding", "Frontier", "Grid", "Input", "LeftOut",
    "Question", "Root", "Tornado", "break_even", "chance_break_even", "frontier", "grid", "inputs", "named", "tornado",
]  # fmt: skip
