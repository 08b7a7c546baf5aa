"""What studies found beside what the models predict: roles declared first, and only predictions score."""

from costmodel.analysis.validation.validate import NO_MODEL, Judged, Validation, targets_name, validate

__all__ = ["NO_MODEL", "Judged", "Validation", "targets_name", "validate"]
