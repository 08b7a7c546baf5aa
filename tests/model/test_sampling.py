"""Sobol sequences and draws that come from elsewhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.inputs.draws import sobol
from costmodel.model.given import read_given
from costmodel.model.run import values_of
from costmodel.model.values import drawn_values
from costmodel.report.draws_files import tables, write

TRD = Path(__file__).parents[2] / "scenarios" / "depression_resistant" / "model.yaml"


def test_a_sobol_sequence_extends_and_its_blocks_can_be_made_alone() -> None:
    names = ["a", "b", "c"]
    long = sobol(5, names, 100)
    for name in names:
        assert np.array_equal(long[name][:37], sobol(5, names, 37)[name])
        assert np.array_equal(long[name][40:], sobol(5, names, 60, 40)[name])
        assert ((long[name] > 0) & (long[name] < 1)).all()
    assert not np.array_equal(long["a"], sobol(6, names, 100)["a"])
    assert sobol(1, [], 4) == {}


def test_a_sobol_sequence_has_one_point_in_each_of_as_many_strips_as_points() -> None:
    points = sobol(3, ["a", "b"], 256)
    for u in points.values():
        assert sorted((u * 256).astype(int)) == list(range(256))


def test_more_inputs_than_dimensions_are_refused() -> None:
    with pytest.raises(cm.InputError, match="30,000 uncertain inputs are too many for sobol. Use random."):
        sobol(1, [f"x{i}" for i in range(30_000)], 2)


def test_another_sampling_is_refused(example_scenario: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="there is no sampling 'sobel'. Did you mean \"sobol\""):
        cm.run(example_scenario, draws=2, sampling="sobel")  # type: ignore[arg-type]


def test_the_first_draws_of_many_are_a_run_of_few(example_scenario: cm.Scenario) -> None:
    many, few = (cm.run(example_scenario, draws=n, sampling="sobol") for n in (3_000, 100))
    assert many.expected is not None
    assert few.expected is not None
    assert np.array_equal(many.expected.cost[..., :100], few.expected.cost)
    assert many.sampling == "sobol"


@pytest.mark.long
def test_the_mean_net_saving_settles_at_least_three_times_sooner() -> None:
    scenario, means = cm.load(TRD), {"random": [], "sobol": []}
    for seed in range(20):
        for sampling, found in means.items():
            result = cm.run(scenario, draws=2_048, seed=seed, sampling=sampling)  # type: ignore[arg-type]
            saving = -result.net_cost(result.headline, 0, 1, perspective="nhs_pss").mean(axis=-1)
            found.append(float(result.weights @ saving))
    errors = {sampling: float(np.std(found, ddof=1)) for sampling, found in means.items()}
    print(f"standard errors of the mean net saving: {errors}")
    assert errors["random"] > 3 * errors["sobol"]
    apart = abs(np.mean(means["random"]) - np.mean(means["sobol"]))
    assert apart < 4 * errors["random"] / np.sqrt(20)


@pytest.fixture(scope="module")
def exported(trd: cm.Scenario, tmp_path_factory: pytest.TempPathFactory) -> tuple[cm.Result, Path]:
    folder = tmp_path_factory.mktemp("draws") / "out"
    result = cm.run(trd, draws=60, sampling="sobol")
    write(result, folder)
    return result, folder


def test_draws_that_go_out_and_come_back_give_every_digit_again(exported: tuple[cm.Result, Path]) -> None:
    result, folder = exported
    given = read_given(folder / "parameters.csv", result.scenario)
    again = cm.run(result.scenario, draws=60, seed=99, given=given)
    assert again.table().equals(result.table())
    for name, values in values_of(again, 60).items():
        np.testing.assert_array_equal(values, values_of(result, 60)[name])


def test_every_file_has_a_row_a_draw_and_the_costs_of_its_alternative(exported: tuple[cm.Result, Path]) -> None:
    result, folder = exported
    found = {path.name: pd.read_csv(path) for path in folder.iterdir()}
    assert {len(frame) for frame in found.values()} == {60}
    which = found["parameters.csv"]["alternative"] - 1
    assert 0 < which.mean() < 1
    for s, name in enumerate(result.strategies):
        costs = result.total_cost(result.headline, 1, s, "nhs_pss", True)
        qalys = result.headline.outcomes.qaly[1, 1, s]
        for draw, alternative in enumerate(which):
            assert found["costs_nhs_pss.csv"][name][draw] == costs[alternative, draw]
            assert found["effects.csv"][name][draw] == qalys[alternative, draw]


def test_a_parameter_that_is_not_given_is_drawn_as_declared(example_scenario: cm.Scenario) -> None:
    given = {"session_price": np.linspace(50, 150, 30)}
    result = cm.run(example_scenario, draws=30, given=given)
    values, usual = values_of(result, 30), drawn_values(example_scenario, 30, 1)
    assert np.array_equal(values["session_price"], given["session_price"])
    assert np.array_equal(values["gp_ill"], usual["gp_ill"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sesion_price\n100\n", 'line 1: there is no parameter "sesion_price". Did you mean "session_price"'),
        ("gp_well\n3\n", 'line 1: "gp_well" is derived. Give what it is made of: gp_ill, gp_ratio'),
        ("attendance\n0.8\n1.4\n", "line 3: attendance: 1.4 is outside"),
        ("attendance\n0.8\nsome\n", "line 3: attendance"),
        ("attendance,gp_ill\n0.8,3\n0.7\n", "line 3: the row has 1 cells and the header 2"),
        ("age\n40\n", "chooses the life table"),
        ("alternative\n1\n", "no column is a parameter"),
        ("attendance,attendance\n1,1\n", "stands twice"),
    ],
)
def test_a_table_that_cannot_be_is_refused(
    text: str, reason: str, example_scenario: cm.Scenario, tmp_path: Path
) -> None:
    path = tmp_path / "draws.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(cm.InputError, match=reason):
        read_given(path, example_scenario)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"attendance": np.ones(3)}, r"it has the shape \(3,\). Wanted: \(2,\)"),
        ({"attendance": np.array([0.5, 1.5])}, "1.5 is outside"),
        ({"nobody": np.ones(2)}, 'no parameter "nobody"'),
    ],
)
def test_given_draws_are_checked(given: dict[str, Any], reason: str, example_scenario: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match=reason):
        cm.run(example_scenario, draws=2, given=given)


def test_draws_that_are_not_kept_cannot_be_written(example_scenario: cm.Scenario) -> None:
    for draws in (0, 10_241):
        result = cm.run(example_scenario, draws=draws)
        with pytest.raises(cm.InputError, match="cannot be written one by one"):
            tables(result)
