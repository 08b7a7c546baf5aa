"""The workbook of a model of probabilities computes what the engine computes, from inputs to payback."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.report.workbook import write
from tests.model.test_strata_in_probabilities import DIFFERENT, mixed
from tests.support.example import edited, write_model
from tests.support.small_probabilities import EVERYTHING, small
from tests.support.spreadsheets import by_formualizer, by_libreoffice, disagreements, stored
from tests.workbook.test_live import YOURS, check_summary

PUBLISHED = Path(__file__).parents[1] / "published"


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


def test_a_cycle_of_weeks_recomputes_in_both_programs(tmp_path: Path) -> None:
    """Lags, therapy and effects at edges of cycles, which are no finite decimals of months."""
    edits = {
        **EVERYTHING, "cycle": "2 weeks", "horizon": "70 weeks", "follow_up": "10 weeks", "costs.gp.lag": "14 weeks",
        "strategies.therapy.therapy.wait": "8 weeks", "strategies.therapy.therapy.over": "26 weeks",
        "parameters.visits.over_time": {"0 weeks": "early", "6 weeks": "late"},
        **{f"parameters.{name}.unit": "probability per 2 weeks" for name in ("leave", "die", "back")},
    }  # fmt: skip
    scenario = cm.load(write_model(tmp_path, edited(small(), edits)))
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


def test_strata_recompute(tmp_path: Path) -> None:
    """Of everything by which groups may differ, beside every part of the grammar."""
    scenario = cm.load(write_model(tmp_path, mixed(DIFFERENT)))
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)
    typed = {"few": 5.0, "part": 0.6, "u_own": 0.9}
    rows = {str(value): row for (sheet, row, column), value in stored(path).items() if (sheet, column) == ("Inputs", 1)}
    changed = by_formualizer(path, {("Inputs", rows[name], YOURS): value for name, value in typed.items()}, only=cells)
    check_summary(path, changed, scenario.changed(typed))
