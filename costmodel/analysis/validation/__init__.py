"""What studies found beside what the models predict: roles declared first, and only predictions score."""

from costmodel.analysis.validation.answer import HIT, NO_MODEL, Judged, Validation
from costmodel.analysis.validation.validate import VALIDATION_FILE, targets_name, validate

__all__ = ["HIT", "NO_MODEL", "VALIDATION_FILE", "Judged", "Validation", "targets_name", "validate"]
