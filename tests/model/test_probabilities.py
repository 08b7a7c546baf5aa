"""Models of probabilities: published results come out of scenario files, and a second implementation agrees."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import costmodel as cm
from costmodel.model.activity import looking
from costmodel.model.draws import drawn_values
from tests.cli.commands import done, parsed, refused
from tests.support.example import derived, example, number, write_model
from tests.support.flows import simulate
from tests.support.plain_probabilities import plain_run
from tests.support.random_probabilities import random_probabilities
from tests.support.small_probabilities import small

PUBLISHED = Path(__file__).parents[1] / "published"
NAMES = {
    "chancellor_1997": ("chancellor_1997_exact", {"mono": "mono", "comb": "comb"}),
    "sick_sicker": ("darth_sick_sicker_timeindep", {"soc": "SoC", "a": "A", "b": "B", "ab": "AB"}),
    "hip_replacement": ("briggs_thr_exact", {"standard": "standard", "np1": "np1"}),
}


def value(result: cm.Result, strategy: str, outcome: str, *, discounted: bool = True) -> float:
    """A cost or the QALYs of a strategy in the deterministic run, for the NHS."""
    table = result.table()
    rows = table[
        (table.run == "deterministic") & (table.strategy == strategy) & (table.outcome == outcome)
        & (table.comparator == "") & (table.discounted == discounted) & table.perspective.isin(["nhs", ""])
        & (table.horizon_months == result.horizons[-1])
    ]  # fmt: skip
    assert len(rows) == 1
    return float(rows.value.iloc[0])


@pytest.mark.parametrize("folder", NAMES)
def test_a_published_model_as_a_scenario_gives_the_printed_results(folder: str) -> None:
    case, names = NAMES[folder]
    printed = {row["key"]: row for row in json.loads((PUBLISHED / f"{case}.json").read_text("utf-8"))["expected"]}
    result = cm.run(cm.load(PUBLISHED / folder / "model.yaml"), draws=0)
    for ours, theirs in names.items():
        for outcome, key in (("cost", "cost"), ("qaly", "effect")):
            row = printed[f"{theirs}.{key}"]
            assert value(result, ours, outcome) == pytest.approx(row["value"], abs=row["abs_tol"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_probabilities())
def test_a_second_implementation_agrees(tmp_path_factory: Any, model: dict[str, Any]) -> None:
    result = cm.run(cm.load(write_model(tmp_path_factory.mktemp("random"), model)), draws=0)
    for strategy, totals in plain_run(model, (0.035, 0.035)).items():
        for outcome in ("cost", "qaly"):
            for suffix, discounted in (("", False), ("_discounted", True)):
                expected = totals[outcome + suffix]
                assert value(result, strategy, outcome, discounted=discounted) == pytest.approx(
                    expected, rel=1e-9, abs=1e-9
                )


def test_each_draw_is_the_model_at_the_values_of_that_draw() -> None:
    scenario = cm.load(PUBLISHED / "sick_sicker" / "model.yaml")
    values = drawn_values(scenario, 8, seed=3)
    together = simulate(scenario, values, 8)
    for d in range(8):
        alone = simulate(scenario, {name: np.atleast_1d(np.broadcast_to(v, (8,))[d]) for name, v in values.items()}, 1)
        np.testing.assert_array_equal(together.cost[..., d], alone.cost[..., 0])
        np.testing.assert_array_equal(together.qaly[..., d], alone.qaly[..., 0])
    look = looking(values)
    expected = (1 - np.exp(-look("rate_sick"))) * np.exp(-look("rate_dead"))
    np.testing.assert_allclose(look("healthy_to_sick"), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "convention",
    [
        {"counting": "start", "discounting": "start of cycle"},
        {"counting": "end", "discounting": "end of cycle"},
        {"counting": "life-table", "discounting": "middle of cycle"},
        {"counting": "half-cycle", "discounting": "at each count"},
        {"counting": "weights", "discounting": "at each count", "weights": [1 / 3, *[4 / 3, 2 / 3] * 5]},
    ],
    ids=lambda convention: convention["counting"],
)
def test_no_convention_touches_what_is_paid_at_the_start_or_for_sessions(
    convention: dict[str, Any], tmp_path: Path
) -> None:
    """Four published programs shrink a cost at entry by their within-cycle weights: £9,000 becomes £3,000 or £4,500."""
    result = cm.run(cm.load(write_model(tmp_path, small(**convention))), draws=0)
    cost = result.deterministic.cost[-1]
    names = [item.name for item in result.items]
    assert cost[0, names.index("entry"), 1, 0, 0] == cost[1, names.index("entry"), 1, 0, 0] == 9000.0
    assert cost[0, names.index("entry"), 0, 0, 0] == 0.0
    assert cost[0, names.index("therapy"), 1, 0, 0] == pytest.approx(40 * 0.8 * 110, abs=1e-9)
    assert result.mean_curve(1, "nhs")[0] == 9000.0


def test_a_year_counted_by_hand(tmp_path: Path) -> None:
    model = small(horizon="1 year", follow_up="1 year", counting="life-table", discounting="middle of cycle")
    result = cm.run(cm.load(write_model(tmp_path, model)), draws=0)
    ill_at_end = 1 - 0.2 - 0.01
    assert value(result, "usual", "cost", discounted=False) == pytest.approx(600 * (1 + ill_at_end) / 2, rel=1e-14)
    qaly = 0.5 * (1 + ill_at_end) / 2 + 0.8 * 0.2 / 2
    assert value(result, "usual", "qaly") == pytest.approx(qaly * 1.035**-0.5, rel=1e-14)


def test_every_report_prints_the_convention(tmp_path: Path) -> None:
    path = write_model(tmp_path, small())
    words = "people at the end of each cycle, discounted at the end of cycle; cycles of 12 months"
    assert words in done("run", path, "--draws", 10)
    assert words in done("check", path)
    assert words in parsed("run", path, "--draws", 10, "--json")["settings"]["convention"]
    rates = parsed("run", example(tmp_path), "--draws", 0, "--json")["settings"]["convention"]
    assert rates.startswith("time in states is integrated exactly")


def test_a_draw_whose_probabilities_exceed_one_is_refused_and_not_clipped(tmp_path: Path) -> None:
    model = small()
    model["parameters"]["leave"] = number("probability per year", 0.97, distribution="beta", effective_size=4)
    model["parameters"]["die"] = number("probability per year", 0.03, distribution="beta", effective_size=4)
    scenario = cm.load(write_model(tmp_path, model))
    values = drawn_values(scenario, 200, seed=1)
    leaving = np.asarray(values["leave"]) + values["die"]
    found = (
        f'the probabilities of leaving "ill" sum to more than 1 in {np.sum(leaving > 1 + 1e-6)} of 200 draws, up to '
    )
    with pytest.raises(cm.InputError, match=re.escape(f"{found}{leaving.max():.4g}")):
        cm.run(scenario, draws=200)


CELLS = {"stay": 50, "leave": 40, "die": 10}
"""Of 100 people who were ill for a year."""


def row_of_cells(folder: Path, *, together: bool) -> cm.Scenario:
    """Whoever is ill stays, leaves or dies, each drawn by itself or the three as one; nobody else moves."""
    model = small(follow_up="3 years", horizon="3 years", counting="start", discounting="start of cycle")
    for name, events in CELLS.items():
        model["parameters"][name] = number("probability per year", distribution="beta", counts=[events, 100])
    model["transitions"] = {"ill -> ill": "stay", "ill -> well": "leave", "ill -> dead": "die"}
    if together:
        model["groups"] = {"ill": {"together": "dirichlet", "members": list(CELLS)}}
    folder.mkdir(exist_ok=True)
    return cm.load(write_model(folder, model))


def sums_of(scenario: cm.Scenario, draws: int) -> np.ndarray:
    values = drawn_values(scenario, draws, seed=1)
    return sum(np.asarray(values[name]) for name in CELLS)  # type: ignore[return-value]


def test_cells_of_a_row_that_are_drawn_by_themselves_are_refused_with_the_number_of_draws(tmp_path: Path) -> None:
    scenario = row_of_cells(tmp_path, together=False)
    sums = sums_of(scenario, 3_000)
    wrong = int(np.sum(np.abs(sums - 1) > 1e-6))
    assert wrong > 2_900
    with pytest.raises(cm.InputError) as refused:
        cm.run(scenario, draws=3_000)
    (one,) = refused.value.problems  # both strategies have this row
    found = f'the row from "ill" does not sum to 1 in {wrong:,} of 3,000 draws'
    assert one.found == f"usual: {found}, but to {sums.min():.4g} to {sums.max():.4g} (cycle 1)"
    assert "dirichlet" in one.remedy
    assert '"remainder"' in one.remedy


def test_a_row_drawn_as_one_keeps_everybody_and_its_mean_is_the_closed_form(tmp_path: Path) -> None:
    """Visits of £600 a year while ill, people counted at the start of three years: 600 × (1 + p + p²), p about 0.5."""
    scenario = row_of_cells(tmp_path, together=True)
    np.testing.assert_allclose(sums_of(scenario, 2_000), 1, atol=1e-12)
    result = cm.run(scenario, draws=4_000)
    at_centre, drawn = result.deterministic.cost, result.headline.outcomes.cost
    gp = [item.name for item in result.items].index("gp")
    assert at_centre[-1, 0, gp, 0, 0, 0] == pytest.approx(600 * (1 + 0.5 + 0.25), rel=1e-12)
    square = 0.25 + 0.5 * 0.5 / 101  # E p² of a beta(50, 50)
    assert drawn[-1, 0, gp, 0].mean() == pytest.approx(600 * (1 + 0.5 + square), rel=0.01)


def test_every_analysis_refuses_what_a_run_of_central_values_refuses(tmp_path: Path) -> None:
    """Draws, ends of a tornado, values that a search tries, and draws from a file, in the words of the row."""
    scenario = row_of_cells(tmp_path / "apart", together=False)
    row = 'the row from "ill"'
    for command in ("check", "run", "psa", "voi"):
        assert f"{row} does not sum to 1 in " in refused(command, scenario.path)
    left_out = {one.input.name: one.why for one in cm.tornado(scenario).left_out}
    assert all(f"{row} sums to " in left_out[name] for name in CELLS)
    (found,) = cm.break_even(scenario, "leave", value=500.0).found
    assert not found.roots
    assert cm.grid(scenario, "leave", "die", [0.4, 0.3], [0.1, 0.2]).findings[0][1].value is None
    together = row_of_cells(tmp_path / "together", together=True)
    given_cells = {"stay": [0.5, 0.6], "leave": [0.4, 0.4], "die": [0.1, 0.2]}
    with pytest.raises(cm.InputError, match=r"does not sum to 1 in 1 of 2 draws, but to 1\.2 to 1\.2"):
        cm.run(together, draws=2, given={name: np.array(cells) for name, cells in given_cells.items()})
    with pytest.raises(cm.InputError, match=row):
        cm.chance_break_even(scenario, "session", 0.5)
    with pytest.raises(cm.InputError, match=row):  # held at any value, a member leaves the others to miss 1
        cm.chance_break_even(together, "leave", 0.5)


def test_a_derived_number_outside_its_unit_in_some_draws_is_refused_as_it_is_at_the_centre(tmp_path: Path) -> None:
    model = small()
    model["parameters"]["base"] = number("multiplier", 0.8)
    model["parameters"]["more"] = number("multiplier", 1.1, distribution="gamma", se=0.1)
    model["parameters"]["attended"] = derived("share", product_of=["base", "more"])
    scenario = cm.load(write_model(tmp_path, model))
    above = 0.8 * np.asarray(drawn_values(scenario, 1_500, seed=1)["more"])
    found = f'attended (product_of) is outside 0 to 1, which the unit "share" allows, in {np.sum(above > 1):,} of 1,500'
    assert 0 < np.sum(above > 1) < 1_500
    with pytest.raises(cm.InputError, match=re.escape(found)):
        cm.run(scenario, draws=1_500)
    assert "it is made of: base, more" in refused("check", scenario.path)


def test_alternatives_may_move_probabilities(tmp_path: Path) -> None:
    model = small(
        alternatives={
            "as_is": {"label": "As it is", "weight": "half"},
            "faster": {"label": "Faster", "weight": "half", "change": {"transitions.ill -> well": "faster"}},
        }
    )
    model["parameters"] |= {"half": number("share", 0.5), "faster": number("probability per year", 0.4)}
    both = cm.run(cm.load(write_model(tmp_path, model)), draws=0)
    alone = small()
    alone["parameters"]["leave"] = number("probability per year", 0.4)
    faster = cm.run(cm.load(write_model(tmp_path, alone)), draws=0)
    np.testing.assert_array_equal(both.deterministic.cost[..., 1, :], faster.deterministic.cost[..., 0, :])


@pytest.mark.parametrize("own", [False, True], ids=["of all", "of one strategy"])
def test_a_utility_that_changes_over_time_is_that_of_the_year(own: bool, tmp_path: Path) -> None:
    """People at the end of each year × the utility of that year; nobody lives through anything else."""
    model = small()
    changing = derived("utility", over_time={"0 years": "u_ill", "3 years": "u_well"})
    model["parameters"] = {**model["parameters"], "u_changing": changing}
    block = model["strategies"]["therapy"] if own else model
    block["utilities"] = {**model["utilities"], "ill": "u_changing"} if not own else {"ill": "u_changing"}
    result = cm.run(cm.load(write_model(tmp_path, model)), draws=4)
    people = result.deterministic.mean_people[1:, :, :, 0]  # (year, state, strategy)
    assert people[0, 0, 1] > 0.1
    for s, strategy in enumerate(result.strategies):
        ill = [0.5 if year < 3 or (own and s == 0) else 0.8 for year in range(10)]
        wanted = sum(people[year, 0, s] * ill[year] + people[year, 1, s] * 0.8 for year in range(10))
        assert value(result, strategy, "qaly", discounted=False) == pytest.approx(wanted, rel=1e-12)


def test_a_later_utility_below_0_is_warned_of(tmp_path: Path) -> None:
    changing = derived("utility", over_time={"0 years": "u_ill", "3 years": "u_later"})
    more = {"u_changing": changing, "u_later": number("utility", -0.1)}
    model = small()
    model["parameters"] = {**model["parameters"], **more}
    model["utilities"] = {**model["utilities"], "ill": "u_changing"}
    scenario = cm.load(write_model(tmp_path, model))
    assert any('the utility of "ill" is -0.1' in warning for warning in scenario.warnings)
