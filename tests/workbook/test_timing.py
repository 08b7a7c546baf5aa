"""The times of effects in the workbook: where they are parameters, the parameter's cell stands in the formulas."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.errors import InputError
from costmodel.report.workbook import write
from costmodel.report.workbook.reader import read_changes
from tests.support.example import load_example, number
from tests.support.spreadsheets import by_formualizer, by_libreoffice, disagreements, edited, stored
from tests.support.workbooks import exported, typed
from tests.workbook.test_live import YOURS, check_summary

ESTIMAND = {
    "source": "X001", "comparator": "usual care", "outcome": "visits", "time": "24 months",
    "analysis": "intention to treat",
}  # fmt: skip
LATER = "later of start of therapy + 15 months and end of therapy"
LESS = {
    "quantity": "gp", "rate_ratio": "rr", "from": "start of therapy", "until": LATER, "onset": "growing",
    "half_life": "lasting", "estimand": ESTIMAND,
}  # fmt: skip
LESS_OF = "strategies.therapy.effects.less"
EDITS: dict[str, Any] = {
    "strategies.therapy.effects.recovers_faster.onset": "growing",
    "strategies.therapy.effects.recovers_faster.half_life": "lasting",
    "strategies.therapy.effects.recovers_faster.dose": {"studied": "studied", "half_dose": "half_dose"},
    LESS_OF: LESS | {"dose": {"studied": "studied", "flat_from": "half_dose"}},
    "parameters.studied": number("sessions", 20),
    "parameters.half_dose": number("sessions", 10, distribution="gamma", cv=0.3),
    "parameters.rr": number("rate ratio", 0.7),
    "parameters.growing": number("months", 6, distribution="gamma", cv=0.5),
    "parameters.lasting": number("years", 2.5, distribution="lognormal", cv=0.5),
}


ON_USE = {"quantity": "gp", "rate_ratio": "rr"}
ON_A_CHANNEL = {"channels": ["gp_community"], "cost_ratio": "cr"}


@pytest.mark.parametrize("target", [ON_USE, ON_A_CHANNEL])
def test_times_that_are_parameters_recompute_in_two_programs(target: dict[str, Any], tmp_path: Path) -> None:
    less = {key: value for key, value in EDITS[LESS_OF].items() if key not in ON_USE} | target
    scenario = load_example(tmp_path, **(EDITS | {LESS_OF: less, "parameters.cr": number("cost ratio", 0.8)}))
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=50), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)
    ids = {str(value): row for (sheet, row, column), value in stored(path).items() if (sheet, column) == ("Inputs", 1)}
    assert not [name for name in ids if name.endswith((".onset", ".half_life"))]
    moved = {"lasting": 0.4, "growing": 14.9, "half_dose": 14.0, "sessions": 9.0}
    on_sheet = {("Inputs", ids[name], YOURS): value for name, value in moved.items()}
    check_summary(path, by_formualizer(path, on_sheet), scenario.changed(moved))
    longer = scenario.changed({"strategies.therapy.therapy.over": "20 months"})
    over = {("Inputs", ids["strategies.therapy.therapy.over"], YOURS): 20.0}
    check_summary(path, by_formualizer(path, over), longer)
    on_sheet[("Inputs", ids["growing"], YOURS)] = 30.0  # more months than it has until it fades
    (there,) = by_libreoffice(edited(path, [on_sheet], tmp_path), tmp_path, sheet="Summary")
    here = by_formualizer(path, on_sheet)
    shared = [key for key, value in there.items() if isinstance(value, float) and isinstance(here.get(key), float)]
    assert len(shared) > 20
    assert max(abs(float(str(here[key])) - float(str(there[key]))) for key in shared) < 0.005


@pytest.mark.parametrize("row", ["until", "until.or_later"])
def test_the_later_of_two_moments_is_not_read_back(row: str, tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **EDITS)
    name = f"strategies.therapy.effects.less.{row}"
    book = exported(scenario)
    with pytest.raises(InputError, match="is the later of two moments") as caught:
        read_changes(typed(book, {name: 30}), scenario)
    assert "Change the scenario file" in str(caught.value)
    assert read_changes(typed(book, {"lasting": 2.0}), scenario).changes == {"lasting": 2.0}
