"""Slips of unit in a published model are warned about: a month called a year, deaths that nobody dies."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.cases import replicate
from costmodel.inputs.lifetable import DEATHS_A_YEAR

PUBLISHED = Path(__file__).parents[1] / "published"
DEPRESSION = json.loads((PUBLISHED / "depression_online_cbt.json").read_text("utf-8"))


def warnings(folder: Path, case: dict[str, Any]) -> tuple[str, ...]:
    path = folder / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    return replicate(path).warnings


def test_the_published_depression_model_is_warned_about_and_still_reproduced() -> None:
    found = replicate(PUBLISHED / "depression_online_cbt.json")
    assert found.holds
    cycle, cost, effect, deaths = found.warnings
    assert "called a month and its length is given as 1 year" in cycle
    assert "60 cycles are taken for 60 years" in cycle
    assert "annual discount rate of 0.03 is applied to each month" in cost
    assert "the cost would be 50% higher" in cost
    assert "the effect would be 86% higher" in effect
    assert "0.0104 of people die in a cycle of 1 month, 11.8% a year" in deaths
    assert "an age of about 87" in deaths


def as_months(case: dict[str, Any]) -> dict[str, Any]:
    """The model with its cycle a month, as its source means it; money and health are then stated per year."""
    mended = json.loads(json.dumps(case))
    mended["cycle_length_years"] = 1 / 12
    for strategy in mended["strategies"].values():
        for segment in strategy["state_cost"]:
            segment["values"] = [12 * value for value in segment["values"]]
    mended["expected"] = mended["corrected"]
    return mended


def test_with_the_cycle_a_month_the_corrected_totals_come_out_and_only_the_deaths_are_doubted(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(as_months(DEPRESSION)), "utf-8")
    found = replicate(path)
    assert [row for row in found.rows if not row.holds] == []
    assert [w.split(":")[0] for w in found.warnings] == [
        "In every state at least 0.0104 of people die in a cycle of 1 month, 11.8% a year"
    ]


def test_a_divisor_of_twelve_says_month_as_well_as_the_word(tmp_path: Path) -> None:
    case = {key: value for key, value in DEPRESSION.items() if key != "cycle_meaning"}
    assert len(warnings(tmp_path, case)) == 4
    del case["effect_divisor"]
    assert warnings(tmp_path, case) == ()


@pytest.mark.parametrize(
    "name", ["chancellor_1997_exact", "darth_sick_sicker_timeindep", "briggs_thr_exact", "analytic_offset_breakeven"]
)
def test_sound_models_are_not_warned_about(name: str) -> None:
    assert replicate(PUBLISHED / f"{name}.json").warnings == ()


def test_the_deaths_a_year_are_those_of_the_shipped_life_table() -> None:
    table = cm.load("scenarios/depression_resistant/model.yaml").life_table
    assert table is not None
    for age, share in DEATHS_A_YEAR.items():
        both = np.mean([1 - np.exp(-table.female[age]), 1 - np.exp(-table.male[age])])
        assert share == pytest.approx(both, abs=5e-5)
