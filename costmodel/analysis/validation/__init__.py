"""What studies found beside what the models predict: roles declared first, and only predictions score."""

from costmodel.analysis.validation.validate import NO_MODEL, VALIDATION_FILE, Judged, Validation, targets_name, validate

__all__ = ["NO_MODEL", "VALIDATION_FILE", "Judged", "Validation", "targets_name", "validate"]
