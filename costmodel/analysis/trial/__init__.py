"""The trial beside the model: what was fitted, what is predicted, and how much there is to save at most."""

from costmodel.analysis.trial.compare import Ceiling, Compared, Comparison, compare

__all__ = ["Ceiling", "Compared", "Comparison", "compare"]
