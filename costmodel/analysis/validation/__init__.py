"""What studies found beside what the models predict: roles declared first, and only predictions score."""

from costmodel.analysis.validation.validate import NO_MODEL, VALIDATION_FILE, Judged, Validation, targets_name, validate
from costmodel.analysis.validation.verdict import HIT

__all__ = ["HIT", "NO_MODEL", "VALIDATION_FILE", "Judged", "Validation", "targets_name", "validate"]
