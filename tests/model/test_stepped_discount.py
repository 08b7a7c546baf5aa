"""A discount rate that falls: the factors of its steps multiply, in the engine, the workbook and a second engine."""

from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.engine.formulas import discount_factor, stepped_discount_factor
from costmodel.model.draws import central_values
from costmodel.page import of_run
from costmodel.report.workbook import write
from tests.model.test_second_implementation import compare_totals
from tests.support.example import documented, load_example, write_setting
from tests.support.plain_engine import PlainModel
from tests.support.spreadsheets import by_formualizer, disagreements
from tests.workbook.test_live import check_summary

FALLING = 'discount_costs: {label: "Falls", unit: discount rate, over_time: {0 years: at_first, 2 years: later}}'
PARTS = "".join(
    f'\n  {name}: {{label: "{name}", unit: discount rate, value: {value}, source: X001, status: assumption}}'
    for name, value in (("at_first", 0.035), ("later", 0.03))
)


@pytest.fixture
def falling(tmp_path: Path) -> cm.Scenario:
    """The example with 3.5% in the first two years and 3% in the next three."""
    path = load_example(tmp_path).path
    lines = documented()["setting"].splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.strip().startswith("discount_costs:"))
    lines[at] = f"  {FALLING}{PARTS}"
    write_setting(tmp_path, "\n".join(lines))
    return cm.load(path)


@pytest.mark.parametrize(
    ("year", "factor"), [(0, 1), (30, 1.035**-30), (31, 1.035**-30 / 1.03), (75, 1.035**-30 * 1.03**-45)]
)
def test_steps_multiply(year: int, factor: float) -> None:
    """The Treasury's rates: 3.5% to year 30, 3% to year 75."""
    assert stepped_discount_factor([(0.0, 0.035), (30.0, 0.03)], year) == pytest.approx(factor, rel=1e-14)
    assert stepped_discount_factor([(0.0, 0.035)], year) == discount_factor(0.035, year)


def test_costs_of_each_year_have_the_rate_of_the_years_before(falling: cm.Scenario, tmp_path: Path) -> None:
    result = cm.run(falling, draws=0)
    by_cycle = result.deterministic.mean_cost[:, :, 1, 0].sum(axis=1)
    factors = np.repeat([1, 1 / 1.035, 1.035**-2, 1.035**-2 / 1.03, 1.035**-2 / 1.03**2], 12)
    found = result.deterministic.cost[-1, 1, :, 1, 0, 0].sum()
    assert found == pytest.approx(by_cycle @ factors, rel=1e-12)


def test_a_second_engine_and_the_workbook_agree(falling: cm.Scenario, tmp_path: Path) -> None:
    result = cm.run(falling, draws=20)
    plain = PlainModel(falling, {name: float(value) for name, value in central_values(falling).items()})
    for s in range(2):
        compare_totals(result, plain, (result.deterministic, 0), s, 0)
    path = tmp_path / "report.xlsx"
    write(result, path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, falling)


def test_every_rate_is_an_input_and_is_said(falling: cm.Scenario) -> None:
    result = cm.run(falling, draws=0)
    assert {"at_first", "later"} <= set(falling.used)
    people = cm.voi(falling, draws=100, people_a_year=100, years=4).population
    assert people is not None
    assert people.people == pytest.approx(100 * (1 + 1 / 1.035 + 1.035**-2 + 1.035**-2 / 1.03))
    assert of_run(result)["discount"]["costs"] == {"0": 0.035, "2": 0.03}
