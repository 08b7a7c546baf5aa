"""Charts of a result, public as `costmodel.charts`. Each title is the takeaway; each brings its table and its words."""

from costmodel.analysis.beyond import STOPS
from costmodel.drawing import Chart
from costmodel.report.charts.bridge import bridge
from costmodel.report.charts.cumulative import cumulative
from costmodel.report.charts.parties import parties
from costmodel.report.charts.states import states
from costmodel.report.charts.stops import stops
from costmodel.report.charts.structures import structures

__all__ = [
    "STOPS", "Chart", "bridge", "cumulative", "parties",
    "states", "stops", "structures",
]  # fmt: skip
