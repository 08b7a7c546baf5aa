"""A small model of probabilities, to be edited."""

from typing import Any

from tests.support.example import number, price

EVERYTHING: dict[str, Any] = {
    "counting": "half-cycle",
    "discounting": "at each count",
    "transitions.well -> ill": "back",
    "parameters.back": number("probability per year", 0.1),
    "parameters.rr": number("relative risk", 1.5),
    "parameters.once": number("multiplier", 2.0),
    "parameters.loss": number("utility", -0.02),
    "parameters.visits": {
        "label": "Visits", "unit": "visits per year", "over_time": {"0 years": "early", "3 years": "late"},
    },
    "parameters.early": number("visits per year", 14.0),
    "parameters.late": number("visits per year", 6.0),
    "strategies.therapy.effects": {
        "faster": {
            "transition": "ill -> well", "relative_risk": "rr", "from": "referral", "until": "follow-up",
            "estimand": {
                "source": "X001", "comparator": "usual", "outcome": "x", "time": "1 year",
                "analysis": "intention to treat",
            },
        }
    },
    "strategies.therapy.therapy.wait": "12 months",
    "follow_up": "4 years",
    "costs.gp.lag": "24 months",
    "costs.gp.cashable": "attended",
    "costs.gp.on_transition": {"well -> ill": "once"},
    "costs.gp.at_start": "once",
    "costs.entry.cashable": 1,
    "qalys_on_transition": {"well -> ill": "loss"},
    "strategies.therapy.utilities": {"well": "u_ill"},
}  # fmt: skip
"""Edits of the small model that bring in every part of the grammar."""


def small(**more: Any) -> dict[str, Any]:
    """Two states, a yearly cycle, an entry cost and a therapy."""
    parameters = {
        "leave": number("probability per year", 0.2), "die": number("probability per year", 0.01),
        "u_ill": number("utility", 0.5), "u_well": number("utility", 0.8),
        "visit": price("visit", 50.0), "visits": number("visits per year", 12.0),
        "entry": price("assessment", 9000.0),
        "planned": number("sessions", 40.0), "attended": number("share", 0.8), "session": price("session", 110.0),
    }  # fmt: skip
    model = {
        "format": 1, "title": "Small", "label": "base", "population": "People", "model": "probabilities",
        "setting": "settings/example.yaml", "follow_up": "5 years", "beyond_follow_up": "effects cease",
        "horizon": "10 years", "cycle": "12 months", "counting": "end", "discounting": "end of cycle",
        "cohort": {"start": {"ill": 1}}, "states": {"ill": "Ill", "well": "Well"},
        "transitions": {"ill -> well": "leave", "ill -> dead": "die", "well -> dead": "die"},
        "utilities": {"ill": "u_ill", "well": "u_well"},
        "strategies": {
            "usual": {"label": "Usual care"},
            "therapy": {
                "label": "Therapy",
                "therapy": {
                    "sessions": "planned", "over": "18 months", "wait": "3 months", "attendance": "attended",
                    "price": "session",
                },
            },
        },
        "costs": {
            "gp": {
                "label": "GP", "category": "primary care", "paid_by": "nhs", "price": "visit", "cashable": 0,
                "lag": "0 months", "while_in": {"ill": "visits", "well": 0},
            },
            "entry": {
                "label": "Assessment", "category": "community", "paid_by": "nhs", "price": "entry", "cashable": 0,
                "lag": "0 months", "while_in": {"others": 0}, "at_start": 1, "only_in": ["therapy"],
            },
        },
        "leaves_out": ["Everything else."], "parameters": parameters,
    }  # fmt: skip
    return {**model, **more}
