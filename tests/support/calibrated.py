"""The example of docs/format.md with rates that are fitted, and proportions worked out by hand."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.example import REMOVED, derived, documented_model, edited, number, write_model

TRUTH = {"recover": 0.35, "relapse": 0.2, "hr_recover": 1.6}
TIMES = (6, 12, 24)
BY_HAND = "They are worked out by hand"
"""Why proportions that nobody read may count."""
ASSUMED = {"source": "X001", "status": "assumption"}
PRIORS: dict[str, dict[str, Any]] = {
    "recover": {"distribution": "gamma", "value": 0.4, "cv": 1} | ASSUMED,
    "relapse": {"distribution": "gamma", "value": 0.4, "cv": 1} | ASSUMED,
    "hr_recover": {"distribution": "lognormal", "value": 1, "ci95": [0.2, 5]} | ASSUMED,
}


SCORES: dict[str, Any] = {
    "scores": {
        "scale": {
            "label": "Scale",
            "while_in": {"ill": "score_ill", "well": "score_well"},
            "spread": {"others": "within"},
        },
        "low": {"label": "Low", "while_in": {"ill": "part_ill", "well": 1}},
        "fitted": {"label": "Fitted", "while_in": {"ill": "rests", "well": "score_well"}},
    },
    "parameters.score_ill": number("points", 20),
    "parameters.score_well": number("points", 7),
    "parameters.within": number("points", 3),
    "parameters.part_ill": number("share", 0.25),
    "parameters.rests": derived("points", product_of=["score_ill", "hr_recover"]),
}
"""Edits of the example that say what its people score; one score rests on a rate that is fitted."""


def share_well(recover: float, relapse: float, years: float) -> float:
    """Closed form of two states from all ill; deaths, the same in both, drop out of shares of the living."""
    total = recover + relapse
    return recover / total * (1 - math.exp(-total * years))


def observation(strategy: str, months: int, share: float, n: int = 3_000) -> dict[str, Any]:
    return {
        "strategy": strategy, "states": ["well"], "time": f"{months} months", "share": share, "n": n,
        "source": "X001", "status": "assumption",
    }  # fmt: skip


def true_observations(n: int = 3_000, **values: float) -> dict[str, Any]:
    """What follows from known rates, for both strategies at three times."""
    truth = TRUTH | values
    found = {}
    for months in TIMES:
        for strategy, ratio in (("usual_care", 1.0), ("therapy", truth["hr_recover"])):
            share = share_well(truth["recover"] * ratio, truth["relapse"], months / 12)
            found[f"{strategy}_{months}"] = observation(strategy, months, share, n)
    return found


def fit(*free: str, **more: Any) -> dict[str, Any]:
    """A fit of the calibration file; all three rates are free by default."""
    priors = {name: {"prior": dict(PRIORS[name])} for name in free or PRIORS}
    output = "posteriors/rates.csv"
    own = {
        "label": "All rates", "observations": "all", "free": priors, "held": {}, "output": output,
        "on_recalled": BY_HAND,
    }  # fmt: skip
    return own | more


def calibration(
    folder: Path,
    observations: Mapping[str, Any] | None = None,
    fits: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    edits: Mapping[str, Any] | None = None,
) -> Path:
    """A calibration file with its scenario in a folder.

    model: edits of the scenario. edits: edits of the calibration file, by path.
    """
    joint = {
        f"parameters.{name}": {"label": name, "unit": unit, "joint": "posteriors/rates.csv"}
        for name, unit in (("recover", "per year"), ("relapse", "per year"), ("hr_recover", "hazard ratio"))
    }
    extra = {"parameters.design_effect": number("multiplier", 3), "parameters.held": number("per year", 0.2)}
    write_model(folder, edited(documented_model(), joint | extra | dict(model or {})))
    content = {
        "format": 1,
        "scenario": "model.yaml",
        "design_effect": "design_effect",
        "observations": observations or true_observations(),
        "fits": fits or {"rates": fit()},
    }
    path = folder / "calibration.yaml"
    path.write_text(json.dumps(edited(content, edits or {}), indent=1), "utf-8")
    return path


__all__ = [
    "ASSUMED",
    "PRIORS",
    "REMOVED",
    "SCORES",
    "TRUTH",
    "calibration",
    "fit",
    "observation",
    "share_well",
    "true_observations",
]
