"""The probabilistic analysis: what the draws of a run say about its answers."""

from costmodel.analysis.probabilistic.central import AgainstCentral
from costmodel.analysis.probabilistic.decision import Choice, acceptability
from costmodel.analysis.probabilistic.draws import THRESHOLDS
from costmodel.analysis.probabilistic.monte_carlo import Convergence
from costmodel.analysis.probabilistic.payback_by_month import Chances
from costmodel.analysis.probabilistic.plane import QUARTERS, Plane
from costmodel.analysis.probabilistic.psa import Psa, psa
from costmodel.analysis.probabilistic.rows import MONEY_ALONE, rows

__all__ = [
    "MONEY_ALONE",
    "QUARTERS",
    "THRESHOLDS",
    "AgainstCentral",
    "Chances",
    "Choice",
    "Convergence",
    "Plane",
    "Psa",
    "acceptability",
    "psa",
    "rows",
]
