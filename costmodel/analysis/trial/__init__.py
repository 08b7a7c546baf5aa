"""The trial beside the model: what was fitted, what is predicted, and how much there is to save at most."""

from costmodel.analysis.trial.compare import TRIAL_FILE, Ceiling, Compared, Comparison, compare

__all__ = ["TRIAL_FILE", "Ceiling", "Compared", "Comparison", "compare"]
