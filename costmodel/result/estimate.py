"""A point and its interval."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A point with its 95% interval; the ends are None where nothing varies."""

    value: float
    low: float | None = None
    high: float | None = None
