"""Who pays, and whose accounts a perspective adds up."""

from typing import Literal

Perspective = Literal["nhs", "nhs_pss", "public_sector", "societal"]

PARTIES = ("nhs", "social_care", "dwp", "hmrc", "justice", "employer", "household")
PARTY_NAMES = {
    "nhs": "NHS",
    "social_care": "Social care (local authority)",
    "dwp": "DWP (benefits)",
    "hmrc": "HMRC (tax)",
    "justice": "Justice",
    "employer": "Employers",
    "household": "The household",
}

PERSPECTIVES: dict[str, tuple[str, ...]] = {
    "nhs": ("nhs",),
    "nhs_pss": ("nhs", "social_care"),
    "public_sector": ("nhs", "social_care", "dwp", "hmrc", "justice"),
    "societal": PARTIES,
}
"""A perspective is a set of parties; each contains the one before, so a transfer inside it cancels."""

PERSPECTIVE_NAMES = {
    "nhs": "NHS",
    "nhs_pss": "NHS and social care",
    "public_sector": "public sector",
    "societal": "society",
}


def payer(perspective: str) -> str:
    """Who pays, inside a sentence."""
    name = PERSPECTIVE_NAMES[perspective]
    return name if perspective == "societal" else f"the {name}"


def weight(perspective: str, paid_by: str, received_by: str) -> int:
    """What a pound of a flow costs a perspective: 1 if only its payer belongs, −1 if only its receiver, else 0."""
    parties = PERSPECTIVES[perspective]
    return (paid_by in parties) - (received_by in parties)


def account(party: str, paid_by: str, received_by: str) -> int:
    """What one pound of a flow costs a party: 1 if it pays, −1 if it receives, else 0."""
    return (paid_by == party) - (received_by == party)
