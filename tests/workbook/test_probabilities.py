"""The workbook of a model of probabilities computes what the engine computes, from inputs to payback."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.report.workbook import write
from tests.support.example import edited, number, write_model
from tests.support.small_probabilities import small
from tests.support.spreadsheets import by_formualizer, by_libreoffice, disagreements
from tests.workbook.test_live import check_summary

PUBLISHED = Path(__file__).parents[1] / "published"
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


@pytest.mark.parametrize("folder", ["chancellor_1997", "sick_sicker", "hip_replacement"])
def test_published_models_recompute(folder: str, tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    write(cm.run(cm.load(PUBLISHED / folder / "model.yaml"), draws=20), path)
    assert disagreements(path, by_formualizer(path)) == []


def test_every_part_of_the_grammar_recomputes_in_both_programs(tmp_path: Path) -> None:
    scenario = cm.load(write_model(tmp_path, edited(small(), EVERYTHING)))
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    for cells in (by_formualizer(path), *by_libreoffice([path], tmp_path / "office")):
        assert disagreements(path, cells) == []
        check_summary(path, cells, scenario)


@pytest.mark.parametrize(
    "convention",
    [
        {"counting": "start", "discounting": "start of cycle"},
        {"counting": "life-table", "discounting": "middle of cycle"},
        {"counting": "weights", "discounting": "at each count", "weights": [0.3, *[1.1, 0.9] * 5]},
    ],
    ids=lambda convention: convention["counting"],
)
def test_every_convention_recomputes(convention: dict[str, Any], tmp_path: Path) -> None:
    scenario = cm.load(write_model(tmp_path, small(**convention)))
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)
