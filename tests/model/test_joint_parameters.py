"""Parameters that were fitted together are drawn together, a row of their posterior at a time."""

from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import LEAST_EFFECTIVE_SIZE, drawn_values, uncalibrated
from tests.support.answers import saving
from tests.support.example import derived, example

ROWS = 2_000


def posterior_rows(rows: int) -> np.ndarray:
    """Recovery and relapse that trade off against each other, and a column that does not vary."""
    recover = np.linspace(0.2, 0.6, rows)
    return np.column_stack([recover, 0.7 - recover + 0.01 * np.sin(np.arange(rows)), np.full(rows, 0.25)])


def joint_scenario(folder: Path, rows: int = ROWS, best: int = 7) -> cm.Scenario:
    lines = ["best,recover,relapse,steady"]
    for row, values in enumerate(posterior_rows(rows)):
        lines.append(",".join([str(int(row == best)), *(f"{value:.9f}" for value in values)]))
    folder.mkdir(exist_ok=True)
    (folder / "fit.csv").write_text("\n".join(lines) + "\n", "utf-8")
    joint = derived("per year", joint="fit.csv", status="derived")
    names = ("recover", "relapse", "steady")
    return cm.load(example(folder, **{f"parameters.{name}": joint for name in names}))


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return joint_scenario(tmp_path_factory.mktemp("joint"))


def test_the_deterministic_run_takes_the_best_row(scenario: cm.Scenario) -> None:
    recover, relapse, _ = posterior_rows(ROWS)[7]
    assert scenario.central["recover"] == pytest.approx(recover, abs=1e-9)
    assert scenario.central["relapse"] == pytest.approx(relapse, abs=1e-9)


def test_every_draw_is_a_row(scenario: cm.Scenario) -> None:
    drawn = drawn_values(scenario, 500, seed=1)
    rows = {(round(a, 6), round(b, 6)) for a, b, _ in posterior_rows(ROWS)}
    pairs = list(zip(np.asarray(drawn["recover"]), np.asarray(drawn["relapse"]), strict=True))
    assert {(round(a, 6), round(b, 6)) for a, b in pairs} <= rows
    assert len(set(pairs)) > 300
    assert np.corrcoef(*np.transpose(pairs))[0, 1] < -0.99


def test_all_rows_are_drawn_equally_often(scenario: cm.Scenario) -> None:
    drawn = np.asarray(drawn_values(scenario, 20_000, seed=2)["recover"])
    counts, _ = np.histogram(drawn, bins=10, range=(0.2, 0.6))
    assert counts.min() > 1_800
    assert counts.max() < 2_200


def test_moving_one_of_them_holds_it_and_conditions_the_rest(scenario: cm.Scenario) -> None:
    moved = scenario.changed({"recover": 0.5})
    drawn = drawn_values(moved, 500, seed=1)
    assert np.all(np.asarray(drawn["recover"]) == 0.5)
    relapse = np.asarray(drawn["relapse"])
    assert relapse.mean() == pytest.approx(0.2, abs=0.02)
    assert moved.central["relapse"] == scenario.central["relapse"]  # in the deterministic run it moves alone


def test_fixing_one_of_them_leaves_the_rest_as_they_are(scenario: cm.Scenario) -> None:
    usual, fixed = (drawn_values(s, 200, seed=1) for s in (scenario, scenario.changed({"recover": 0.5}, fix=True)))
    assert np.all(np.asarray(fixed["recover"]) == 0.5)
    assert np.array_equal(np.asarray(fixed["relapse"]), np.asarray(usual["relapse"]))


def test_a_run_that_leaves_enough_rows_is_still_calibrated(scenario: cm.Scenario) -> None:
    moved = scenario.changed({"recover": 0.45})
    assert uncalibrated(moved) == []
    assert cm.run(moved, draws=20).warnings == scenario.warnings


@pytest.mark.parametrize("value", [0.05, 3.0])
def test_far_from_every_row_it_is_no_longer_calibrated(scenario: cm.Scenario, value: float) -> None:
    moved = scenario.changed({"recover": value})
    assert uncalibrated(moved) == ["fit.csv"]
    assert any("no longer calibrated" in warning for warning in cm.run(moved, draws=20).warnings)


def test_with_few_rows_it_never_was_enough(tmp_path: Path) -> None:
    few = joint_scenario(tmp_path, rows=int(LEAST_EFFECTIVE_SIZE) - 1)
    assert uncalibrated(few) == []  # nothing was moved
    assert uncalibrated(few.changed({"recover": 0.4})) == ["fit.csv"]


def test_two_values_that_no_row_has_together_are_no_longer_calibrated(scenario: cm.Scenario) -> None:
    """Each alone is inside the posterior; where one is high the other is low."""
    for name in ("recover", "relapse"):
        assert uncalibrated(scenario.changed({name: 0.5})) == []
    both = scenario.changed({"recover": 0.59, "relapse": 0.49})
    assert uncalibrated(both) == ["fit.csv"]
    result = cm.run(both, draws=20)
    assert any("no longer calibrated" in warning for warning in result.warnings)
    assert np.isfinite(saving(result))


def test_what_does_not_vary_in_the_posterior_cannot_condition_it(scenario: cm.Scenario) -> None:
    moved = scenario.changed({"steady": 0.3})
    assert uncalibrated(moved) == ["fit.csv"]
    assert np.isfinite(saving(cm.run(moved, draws=20)))


def test_more_draws_extend_those_of_a_posterior_too(scenario: cm.Scenario) -> None:
    many, few = (drawn_values(scenario, n, seed=4)["recover"] for n in (300, 100))
    assert np.array_equal(np.asarray(many)[:100], np.asarray(few))
    later = drawn_values(scenario, 50, seed=4, first=250)["recover"]
    assert np.array_equal(np.asarray(later), np.asarray(many)[250:])
