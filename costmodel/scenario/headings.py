"""Under which heading a parameter is listed."""

from costmodel.scenario.parameter import Parameter

BY_UNIT = {
    "price": "Prices",
    "quantity": "Care used",
    "multiplier": "Care used",
    "rate": "Course of illness",
    "probability": "Course of illness",
    "hazard_ratio": "Effects",
    "rate_ratio": "Effects",
    "relative_risk": "Effects",
    "odds_ratio": "Effects",
    "utility": "Quality of life",
    "share": "Shares",
    "sessions": "Therapy",
    "discount_rate": "Method",
    "age": "People",
}


def heading(record: Parameter) -> str:
    """The heading that a record names, else that of its unit."""
    return record.group or BY_UNIT[record.unit.kind]
