"""What each answer rests on: every number, how it is known, and how much of the uncertainty it carries."""

from costmodel.analysis.evidence.evidence import (
    DRAWS,
    SPREAD_ASSUMED,
    STANDINGS,
    Bundle,
    Evidence,
    Figure,
    evidence,
    evidence_of_all,
)

__all__ = ["DRAWS", "SPREAD_ASSUMED", "STANDINGS", "Bundle", "Evidence", "Figure", "evidence", "evidence_of_all"]
