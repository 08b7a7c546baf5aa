"""Sobol sequences and draws that come from elsewhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.inputs.draws import sobol
from costmodel.model.draws import drawn_values, read_given
from costmodel.model.run import values_of
from costmodel.report.saved import draws_tables, write_draws
from tests.cli.commands import refused

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
    with pytest.raises(cm.InputError, match='there is no sampling "sobel" here. Did you mean "sobol"'):
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
    write_draws(result, folder)
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
    found = {path.name: pd.read_csv(path) for path in folder.glob("*.csv")}
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
        ("attendance;gp_ill\n0,8;1,234\n0,7;2.5\n", 'separated by semicolons, and line 2 holds "0,8"'),
        ("gp_ill;hours\n1,234;5\n2,345;6\n", '"1,234" may be a decimal or a number of thousands'),
        (
            ",attendance\n4,0.8\n9,0.7\n",
            r"line 1: the first column has no name and does not number.*row\.names = FALSE",
        ),
        ("attendance\na,0.8\nb,0.7\n", "has no name and does not number the rows from 1"),
        ("attendance\n80%\n0.7\n70%\n", "line 2: attendance has a per cent sign in 2 of 3 rows. Write one in all"),
        ("session_price\n80%\n", 'session_price is in per cent, and its unit is "GBP per session"'),
        (
            "attendance\nNA\n0.8\nNA\nNA\n",
            r'attendance "NA" is not a finite number \(and 2 more like it, the last in line 5\)',
        ),
        ("attendance,gp_ill\n1.2,3\n1.3,-1\n1.4,2\n", r"1\.2 is outside .* \(and 2 more like it, the last in line 4\)"),
        ("lp__,.draw\n-7,1\n", "no column is a parameter"),
        ("gp_ill\n1,5\n2,5\n", 'line 2: "1,5" may be a decimal, or a row name and a number'),
        ("attendance,gp_ill\n0,0.8,3\n1,0.7,3\n", "does not number the rows from 1"),
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
    "text",
    [
        '"","attendance","gp_ill"\n"1",0.8,12.5\n"2",0.65,9\n"3",0.7,11\n',
        '"attendance","gp_ill"\n"1",0.8,12.5\n"2",0.65,9\n"3",0.7,11\n',
        ",attendance,gp_ill\n0,0.8,12.5\n1,0.65,9\n2,0.7,11\n",
        "\ufeffattendance;gp_ill\r\n0,8;12,5\r\n0,65;9\r\n0,7;11\r\n",
        '"";"attendance";"gp_ill"\n"1";0,8;12,5\n"2";0,65;9\n"3";0,7;1,1E1\n',
        "attendance\tgp_ill\n0.8\t12.5\n0.65\t9\n0.7\t11\n",
        "attendance,gp_ill\n80%,12.5\n65 %,9\n70.0%,11\n",
        "attendance;gp_ill\n80,0%;12,5\n65%;9\n70%;11\n",
        "# model = care\n# seed = 4\nlp__,accept_stat__,attendance,gp_ill\n# Adaptation terminated\n"
        "-7.1,0.9,0.8,12.5\n-7.3,1,0.65,9\n-6.9,0.8,0.7,11\n#\n#  Elapsed Time: 0.1 seconds\n",
        ".chain,.iteration,.draw,attendance,gp_ill\n1,1,1,0.8,12.5\n1,2,2,0.65,9\n1,3,3,0.7,11\n",
    ],
    ids=[
        "R",
        "R_no_header_cell",
        "pandas",
        "semicolons",
        "R_csv2",
        "tabs",
        "per_cent",
        "per_cent_;",
        "Stan",
        "draws_df",
    ],
)
def test_draws_are_read_as_people_save_them(text: str, example_scenario: cm.Scenario, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text(text, "utf-8", newline="")
    found = read_given(path, example_scenario)
    assert list(found) == ["attendance", "gp_ill"]
    np.testing.assert_allclose(found["attendance"], [0.8, 0.65, 0.7], rtol=1e-15)
    np.testing.assert_allclose(found["gp_ill"], [12.5, 9, 11], rtol=1e-15)


def test_a_thousand_rows_with_one_mistake_are_one_line(example_scenario: cm.Scenario, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text("attendance,gp_ill\n" + "some,1\n" * 1_000 + "0.5,-3\n" * 700, "utf-8")
    said = refused("run", example_scenario.path, "--draws-from", path).splitlines()
    assert len(said) == 2
    assert "(and 999 more like it, the last in line 1001)" in said[0]
    assert "(and 699 more like it, the last in line 1701)" in said[1]


def test_commands_that_take_no_draws_from_a_file_say_which_does(example_scenario: cm.Scenario, tmp_path: Path) -> None:
    for command in ("break-even", "tornado"):
        said = refused(command, example_scenario.path, "--draws-from", tmp_path / "draws.csv")
        assert "Draws from a file are taken by run, psa, voi, beyond, incremental, report and draws." in said


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
            draws_tables(result)
