"""The workbook computes what the engine computes for overlays, other cycles, closing gaps and changed inputs."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.report.workbook import write
from tests.support.spreadsheets import by_formualizer, disagreements
from tests.workbook.test_live import check_summary

QUICK: list[tuple[str, dict[str, Any]]] = [
    ("symptoms_favourable", {"session_price": 30, "horizon": "42 months"}),
    ("model", {"cycle": "6 months", "beyond_follow_up": "gap closes"}),
    (
        "model",
        {
            "cycle": "3 months",
            "strategies.ltpp.therapy.wait": "3 months",
            "horizon": "5 years",
            "set_up": 250,
            "causal_share_benefits": 0.3,
            "causal_share_work": 0.2,
        },
    ),
    ("trial_prices", {"cycle": "6 months"}),
]
LONG: list[tuple[str, dict[str, Any]]] = [
    ("base", {}),
    ("favourable", {}),
    ("cautious", {}),
    ("symptoms_favourable", {}),
    ("symptoms_cautious", {}),
    ("trial_prices", {}),
    ("read_rows", {}),
    ("model", {"beyond_follow_up": "gap closes"}),
    ("bands", {"horizon": "5 years", "cycle": "6 months"}),
]


@pytest.mark.parametrize(
    ("overlay", "changes"), [*QUICK, *(pytest.param(*case, marks=pytest.mark.long) for case in LONG)]
)
def test_the_workbook_recomputes(trd: cm.Scenario, overlay: str, changes: dict[str, Any], tmp_path: Path) -> None:
    scenario = cm.load(trd.path.with_name(f"{overlay}.yaml"))
    scenario = scenario.changed(changes) if changes else scenario
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=50), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)
