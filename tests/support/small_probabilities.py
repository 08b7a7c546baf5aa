"""A small model of probabilities, to be edited."""

from typing import Any

from tests.support.example import number, price


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
