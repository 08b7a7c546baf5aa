"""Tornado and two-way grid: every input enters or is listed, and every end is what a run of its own says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.analysis.sensitivity import inputs
from costmodel.analysis.sensitivity.inputs import Spread, _chance_below, limits, ordinal, spread_of
from costmodel.analysis.sensitivity.tornado import Bar, Tornado
from costmodel.inputs.distributions import fit
from costmodel.words import amount, pair
from tests.cli.commands import two_structures
from tests.support.answers import answer
from tests.support.calibrated import calibration
from tests.support.example import derived, load_example, number, price, write_model
from tests.support.plain_engine import PlainModel
from tests.support.pounds import unit_of
from tests.support.random_models import random_scenario
from tests.support.small_probabilities import small

SHIPPED = Path(__file__).parents[2] / "scenarios" / "depression_resistant" / "model.yaml"
OUTCOMES = ("net_saving", "payback", "cost_per_qaly", "nmb", "offset_ratio")


def bar(found: Tornado, name: str) -> Bar:
    (one,) = [bar for bar in found.bars if bar.input.name == name]
    return one


def listed(found: Tornado) -> list[str]:
    """Every input of a tornado, wherever it stands."""
    return [
        *(one.input.name for one in found.bars),
        *(one.name for one in found.inert),
        *(one.input.name for one in found.left_out),
    ]


def plain_saving(scenario: cm.Scenario, **values: float) -> float:
    """Net saving of the second strategy at the follow-up for everybody, by the second implementation."""
    plain = PlainModel(scenario, {**scenario.central, **values})
    months = scenario.model.follow_up.months
    return -sum(plain.total(plain.net_flow(line, "value", 1, 0), months) for line in plain.flows())


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_registered_input_enters_or_is_listed_once(outcome: str) -> None:
    scenario = cm.load(SHIPPED)
    feeding = [name for name in scenario.used if name in scenario.leaves]
    assert len(feeding) > 50
    assert sorted(listed(cm.tornado(scenario, outcome))) == sorted(feeding)


def test_each_end_is_what_the_second_implementation_says(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    found = cm.tornado(scenario, perspective="societal")
    assert found.central.value == pytest.approx(plain_saving(scenario), rel=1e-9)
    assert {"session_price", "attendance", "gp_visit", "recover", "causal"} <= {bar.input.name for bar in found.bars}
    for one in found.bars:
        if one.input.alone:
            continue
        for value, end in ((one.input.spread.low, one.at_low), (one.input.spread.high, one.at_high)):
            moved = {one.input.name: value}
            if one.input.name == "gp_ill":
                moved["gp_well"] = value * scenario.central["gp_ratio"]
            if one.input.name == "gp_ratio":
                moved["gp_well"] = value * scenario.central["gp_ill"]
            assert end.value == pytest.approx(plain_saving(scenario, **moved), rel=1e-9), one.input.name


def test_an_age_and_a_share_of_women_are_moved_too(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    found = bar(cm.tornado(scenario, perspective="nhs"), "age")
    assert (found.input.spread.low, found.input.spread.high) == (32.0, 48.0)
    for value, end in ((32.0, found.at_low), (48.0, found.at_high)):
        again = cm.run(scenario.changed({"age": value}), draws=0)
        assert end.value == pytest.approx(answer(again, "net_saving", "nhs"), rel=1e-12)
    assert "share_female" in listed(cm.tornado(scenario, perspective="nhs"))


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("seed", [1, 5, 9])
def test_the_deterministic_value_is_that_of_the_table(seed: int, outcome: str, tmp_path: Path) -> None:
    scenario = random_scenario(seed, tmp_path)
    result = cm.run(scenario, draws=0)
    name = "payback_sustained_months" if outcome == "payback" else outcome
    table = result.table()
    for horizon in result.horizons:
        row = table[
            (table.outcome == name) & (table.perspective == "nhs_pss") & (table.category == "all")
            & (table.horizon_months == horizon) & (table.strategy == result.strategies[1])
            & (table.run == "deterministic") & (table.discounted == (outcome in ("nmb", "cost_per_qaly")))
        ]  # fmt: skip
        found = cm.tornado(scenario, outcome, horizon=horizon).central
        if found.value is None:
            assert len(row) == 0 or row.value.isna().all() or outcome == "cost_per_qaly"
        else:
            assert found.value == pytest.approx(row.value.item(), rel=1e-9)


def test_alternatives_are_mixed_with_the_weights_of_the_row(tmp_path: Path) -> None:
    scenario = cm.load(two_structures(tmp_path))
    found = cm.tornado(scenario, perspective="nhs")
    refused = {one.input.name: one.why for one in found.left_out}
    assert refused == dict.fromkeys(
        ("weight_faster", "weight_fewer"), "the weights of the alternatives would no longer sum to 1"
    )
    changes = {"parameters.weight_fewer": derived("share", complement_of="weight_faster")}
    weighted = load_example(tmp_path / "b", **_two(changes))
    one = bar(cm.tornado(weighted, perspective="nhs"), "weight_faster")
    for value, end in ((0.4, one.at_low), (0.6, one.at_high)):
        again = cm.run(weighted.changed({"weight_faster": value}), draws=0)
        assert end.value == pytest.approx(answer(again, "net_saving", "nhs"), rel=1e-12)


def _two(changes: dict[str, Any]) -> dict[str, Any]:
    """Edits that give the example two structures whose second weight follows from the first."""
    change = {"strategies.therapy.effects.recovers_faster.hazard_ratio": "hr_other"}
    return {
        "alternatives": {
            "faster": {"label": "Faster", "weight": "weight_faster"},
            "other": {"label": "Other", "weight": "weight_fewer", "change": change},
        },
        "parameters.weight_faster": number("share", 0.5),
        "parameters.hr_other": number("hazard ratio", 1.1),
    } | changes


def test_shares_of_the_cohort_that_must_sum_to_one_are_not_moved_alone(tmp_path: Path) -> None:
    halves = {"cohort.start": {"ill": "first", "well": "rest"}, "parameters.first": number("share", 0.5)}
    apart = load_example(tmp_path / "a", **halves, **{"parameters.rest": number("share", 0.5)})
    assert {one.input.name for one in cm.tornado(apart).left_out} == {"first", "rest"}
    tied = load_example(tmp_path / "b", **halves, **{"parameters.rest": derived("share", complement_of="first")})
    assert "first" in {one.input.name for one in cm.tornado(tied).bars}
    own = {"strategies.therapy.cohort": {"start": halves["cohort.start"]}, "parameters.first": number("share", 0.5)}
    of_one = load_example(tmp_path / "c", **own, **{"parameters.rest": number("share", 0.5)})
    why = {one.input.name: one.why for one in cm.tornado(of_one).left_out}
    assert why == dict.fromkeys(("first", "rest"), "the shares of the cohort at referral would no longer sum to 1")


def test_bars_stand_from_the_widest_to_the_narrowest_and_words_are_never_numbers() -> None:
    found = cm.tornado(cm.load(SHIPPED))
    widths = [one.width for one in found.bars]
    assert widths == sorted(widths, reverse=True)
    assert found.bars[0].higher_is_more is False
    assert not bar(found, "relapse_partial_lower").monotone
    assert bar(found, "attendance").monotone
    assert bar(found, "recover_lower").input.fitted == "lower_relapse.csv"
    frame = found.to_frame()
    assert set(frame[frame.kind == "left out"].input) == {"set_up"}
    assert len(frame) == len(listed(found))


def test_payback_beyond_the_horizon_is_words_and_the_widest_bar(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.session_price": price("session", 3, distribution="gamma", cv=1)})
    found = cm.tornado(scenario, "payback", "nhs", horizon=60.0)
    assert found.central.value is not None
    dear = bar(found, "session_price")
    assert dear.at_high.value is None
    assert dear.at_high.words == "not within 5 years"
    assert dear.width == np.inf
    assert dear.higher_is_more is None
    assert found.to_frame().set_index("input").outcome_at_high.isna()["session_price"]


def test_no_cost_per_qaly_where_the_strategy_saves_or_harms(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.session_price": price("session", 3, distribution="gamma", cv=1)})
    free = bar(cm.tornado(scenario, "cost_per_qaly", "nhs"), "session_price").at_low
    assert free.value is None
    assert free.words.startswith("dominant")


def test_a_grid_holds_the_corners_of_its_inputs(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    found = cm.grid(scenario, "session_price", "age", [50, 100], [30, 40, 60], perspective="nhs")
    for price_, row in zip((50, 100), found.findings, strict=True):
        for age, cell in zip((30, 40, 60), row, strict=True):
            again = cm.run(scenario.changed({"session_price": price_, "age": age}), draws=0)
            assert cell.value == pytest.approx(answer(again, "net_saving", "nhs"), rel=1e-12)
    assert len(found.to_frame()) == 6


def test_a_pair_that_the_model_refuses_says_so_and_the_others_are_computed(tmp_path: Path) -> None:
    scenario = cm.load(write_model(tmp_path, small()))
    found = cm.grid(scenario, "leave", "die", [0.2, 0.9], [0.01, 0.3], perspective="nhs")
    assert [[cell.value is None for cell in row] for row in found.findings] == [[False, False], [False, True]]
    assert 'the probabilities of leaving "ill" sum to 1.2' in found.findings[1][1].words


def test_a_bar_of_probabilities_says_which_values_the_model_does_not_allow(tmp_path: Path) -> None:
    model = small()
    model["parameters"]["leave"] |= {"range": [0.1, 0.995]}
    found = cm.tornado(cm.load(write_model(tmp_path, model)), "nmb", "nhs")
    one = bar(found, "leave")
    assert one.at_high.value is None
    assert "does not allow" in one.refused
    assert one.at_low.value is not None


def test_a_choice_with_a_number_of_its_own_is_moved_itself(tmp_path: Path) -> None:
    choice = derived("GBP per session", use="a", one_of={"a": "session_price"}) | {"label": "Choice"}
    edits = {"parameters.choice": choice, "strategies.therapy.therapy.price": "choice"}
    scenario = load_example(tmp_path, **edits).changed({"choice": 50})
    one = bar(cm.tornado(scenario, perspective="nhs"), "choice")
    assert one.input.central == 50
    low, high = fit("gamma", unit=unit_of("GBP per session"), value=50, cv=0.1).interval95
    assert (one.input.spread.low, one.input.spread.high) == (pytest.approx(low), pytest.approx(high))
    assert "session_price" not in listed(cm.tornado(scenario))


@given(share=st.floats(0.05, 0.95), size=st.floats(2, 200), at=st.floats(0.01, 0.99))
def test_a_percentile_turns_a_quantile_round(share: float, size: float, at: float) -> None:
    distribution = fit("beta", unit=unit_of("share"), value=share, effective_size=size)
    value = float(distribution.quantile(np.array([at]))[0])
    if 1e-9 < value < 1 - 1e-9:
        assert _chance_below(distribution.quantile, 1.0, value) == pytest.approx(at, abs=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(value=st.floats(0.1, 0.99))
def test_a_value_in_use_is_always_within_the_values_tried(value: float, tmp_path: Path) -> None:
    scenario = load_example(tmp_path).changed({"attendance": value, "gp_visit": 100 * value})
    for one in inputs(scenario):
        assert one.spread.low <= one.central <= one.spread.high
        assert limits(one.unit)[0] <= one.spread.low
        assert one.spread.high <= limits(one.unit)[1]


def test_a_range_stands_in_the_price_year_of_the_setting(tmp_path: Path) -> None:
    ranged = price("visit", 44, "2023/24", range=[40, 50])
    spread = spread_of(load_example(tmp_path, **{"parameters.gp_visit": ranged}), "gp_visit")
    assert (spread.low, spread.high, spread.why) == (40 * 1.04, 50 * 1.04, "plausible range")
    assert spread.place(45 * 1.04)[1] == "inside its plausible range"
    assert spread.place(60.0)[1] == "outside its plausible range"


def test_fitted_rates_are_tried_within_the_rows_of_their_fit(tmp_path: Path) -> None:
    path = calibration(tmp_path)
    (tmp_path / "posteriors").mkdir(exist_ok=True)
    rows = "\n".join(f"{int(i == 3)},{0.1 + 0.01 * i},0.2,1.5" for i in range(41))
    (tmp_path / "posteriors" / "rates.csv").write_text(f"best,recover,relapse,hr_recover\n{rows}\n", "utf-8")
    scenario = cm.load(path.parent / "model.yaml")
    spread = spread_of(scenario, "recover")
    assert (spread.low, spread.high) == (pytest.approx(0.11), pytest.approx(0.49))
    assert spread.place(0.305)[0] == pytest.approx(21 / 41)
    assert spread_of(scenario, "relapse").why == "no range declared: ±20%"


def test_constants_are_no_assumptions_and_are_not_moved(tmp_path: Path) -> None:
    """Leaving rises with the cycle, 0.05 a year and cycle; the 2 of the second cycle is a number and no estimate."""
    model = small()
    model["parameters"] |= {
        "leave_1": number("probability per year", 0.05, range=[0.03, 0.08]),
        "second": {"label": "Second cycle", "unit": "multiplier", "value": 2, "constant": True},
        "leave_2": derived("probability per year", product_of=["leave_1", "second"]),
        "leave": derived("probability per year", over_time={"0 years": "leave_1", "1 year": "leave_2"}),
    }
    model["transitions"]["ill -> well"] = "leave_1"
    model["strategies"]["therapy"]["transitions"] = {"ill -> well": "leave"}
    (tmp_path / "constant").mkdir()
    scenario = cm.load(write_model(tmp_path / "constant", model))
    assert "second" not in listed(cm.tornado(scenario, "nmb", "nhs"))
    assert "leave_1" in listed(cm.tornado(scenario, "nmb", "nhs"))
    for move in (lambda: cm.break_even(scenario, "second"), lambda: cm.grid(scenario, "second", "die")):
        with pytest.raises(cm.InputError, match="this is a constant"):
            move()
    model["parameters"]["second"] = number("multiplier", 2)
    moved = cm.tornado(cm.load(write_model(tmp_path, model)), "nmb", "nhs")
    assert "second" in listed(moved)
    said = "declare constant: true where a number is no assumption, and it is not moved: second"
    assert said in moved.page().sentences


@pytest.mark.parametrize(
    "record",
    [
        number("utility", 0.5, constant=True),
        number("multiplier", 2, range=[1, 3], constant=True),
        number("multiplier", 2, distribution="gamma", cv=0.1, constant=True),
        derived("multiplier", product_of=["visits", "visits"], constant=True),
    ],
)
def test_what_could_be_another_number_is_no_constant(record: dict[str, Any], tmp_path: Path) -> None:
    model = small()
    model["parameters"]["visits_again"] = record
    with pytest.raises(cm.InputError, match="a number that could be another is an input"):
        cm.load(write_model(tmp_path, model))


def test_percentiles_in_words() -> None:
    shares = (0.07, 0.21, 0.12, 0.503, 0.003)
    assert [ordinal(share) for share in shares] == ["7th", "21st", "12th", "50th", "0.3th"]
    assert Spread(0, 1, "").place(0.5) == (None, "no uncertainty is declared for it")


def test_the_chart_names_both_ends_in_letters_and_not_by_colour_alone() -> None:
    found = cm.tornado(cm.load(SHIPPED))
    made = found.figure()
    low, high = made.figure.data
    assert (low.text[0], high.text[0]) == ("L", "H")
    assert low.customdata[0].startswith(amount(found.bars[0].input.spread.low, found.bars[0].input.unit))
    spread, unit = found.bars[0].input.spread, found.bars[0].input.unit
    assert made.figure.layout.yaxis.ticktext[0].endswith(f"<br>{pair(spread.low, spread.high, unit)}")
    assert low.marker.pattern.shape != high.marker.pattern.shape
    assert sum(made.figure.layout.xaxis.range[0] < at < made.figure.layout.xaxis.range[1]
               for at in made.figure.layout.xaxis.tickvals) > 1  # fmt: skip
    assert "moves the net saving most" in made.title
    wide = made.figure.data[0]
    assert wide.base + wide.x[0] == pytest.approx(found.bars[0].at_low.value)


def test_two_values_share_their_unit() -> None:
    assert pair(253, 375, unit_of("GBP per session")) == "£253 to £375 per session"
    assert pair(0.1, 0.25, unit_of("share")) == "10% to 25%"
    assert pair(0.5, 3, unit_of("bed-days per year"), ", not ") == "0.5, not 3 bed-days per year"


def test_names_that_there_are_not_are_refused_with_the_nearest(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    for call, said in (
        (lambda: cm.tornado(scenario, "net_savings"), 'Did you mean "net_saving"'),
        (lambda: cm.tornado(scenario, perspective="nsh"), 'Did you mean "nhs"'),
        (lambda: cm.tornado(scenario, strategy="usual_care"), "to be compared with usual_care"),
        (lambda: cm.tornado(scenario, horizon=7.0), "no horizon of this run"),
        (lambda: cm.grid(scenario, "session_prise", "age"), 'Did you mean "session_price"'),
        (lambda: cm.grid(scenario, "gp_well", "age"), "made of other inputs"),
        (lambda: cm.grid(scenario, "age", "age"), "are one input"),
        (lambda: cm.grid(scenario, "attendance", "age", [1.2]), "outside 0 to 1"),
    ):
        with pytest.raises(cm.InputError) as error:
            call()
        assert said in str(error.value)


def test_E15_an_input_whose_ends_are_equal_has_a_bar_of_no_width(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.gp_visit.range": [44, 44]})
    one = bar(cm.tornado(scenario), "gp_visit")
    assert one.width == 0
    assert one.input.spread.low == one.input.spread.high == one.input.central


def test_a_turn_between_the_value_in_use_and_a_value_tried_is_seen(tmp_path: Path) -> None:
    """Seed 24 of the random models: one input is at its best near the value in use, between two values tried."""
    turning = bar(cm.tornado(random_scenario(24, tmp_path)), "rate_3")
    ends = (turning.at_low.value, turning.at_high.value)
    assert turning.least is not None
    assert turning.least < min(end for end in ends if end is not None) - 0.01
    assert not turning.monotone
