# ruff: noqa: E501 (rows of a table)
"""A broken model of probabilities: each slip is refused with its place, what was found and what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from tests.scenario.slips import problems
from tests.support.example import REMOVED, edited, number, write_model
from tests.support.small_probabilities import small

YEAR = "probability per year"
ESTIMAND = {"source": "X001", "comparator": "usual", "outcome": "x", "time": "1 year", "analysis": "intention to treat"}


def effect(until: str = "referral + 2 years", **more: Any) -> dict[str, Any]:
    return {
        "transition": "ill -> well",
        "relative_risk": "rr",
        "from": "referral",
        "until": until,
        "estimand": ESTIMAND,
        **more,
    }


def faster(rr: float, **more: Any) -> dict[str, Any]:
    return {"parameters.rr": number("relative risk", rr), "strategies.therapy.effects": {"faster": effect(**more)}}


SLIPS: list[tuple[str, dict[str, Any], str, str]] = [
    ("A1_probability_above_1", {"parameters.leave.value": 1.2}, "1.2 is outside 0 to 1", "percentage? 0.012"),
    ("A2_probability_below_0", {"parameters.leave.value": -0.05}, "−0.05 is outside 0 to 1", f'"{YEAR}" allows'),
    ("A3_percentage", {"parameters.leave.value": 35}, "35 is outside 0 to 1", "percentage? 0.35"),
    ("A3_percentage_as_text", {"parameters.leave.value": "35%"}, "'35%'", "a number"),
    ("A5_row_sums_to_more", {"transitions.ill -> ill": "stay", "parameters.stay": number(YEAR, 0.81)},
     'row from "ill" sums to 1.02, +0.02 from 1: ill -> well 0.2, ill -> dead 0.01, ill -> ill 0.81', "never clipped nor rescaled"),
    ("A4_row_sums_to_less", {"transitions.ill -> ill": "stay", "parameters.stay": number(YEAR, 0.77)},
     'row from "ill" sums to 0.98, -0.02 from 1', "never clipped nor rescaled"),
    ("A7_two_remainders", {"transitions.ill -> well": "remainder", "transitions.ill -> ill": "remainder"},
     'two transitions from "ill" take the remainder', "Keep one"),
    ("A8_remainder_below_0", {"parameters.leave.value": 0.9, "parameters.die.value": 0.13},
     'the probabilities of leaving "ill" sum to 1.03: ill -> well 0.9, ill -> dead 0.13', "never clipped"),
    ("A9_relative_risk_makes_more_than_1", {"parameters.leave.value": 0.6, **faster(1.9)}, "the probability of ill -> well is 1.14 with its relative risk (cycle 1)", "never clipped"),
    ("A12_relative_risk_below_0", faster(-0.5), "−0.5 is outside 0 or more", "log of the ratio"),
    ("A14_odds_ratio_for_a_relative_risk", {**faster(1.2), "parameters.rr.unit": "odds ratio"}, 'has the unit "odds ratio"', "never a hazard ratio"),
    ("A14_hazard_ratio_for_a_relative_risk",
     {"parameters.hr": number("hazard ratio", 1.2), "strategies.therapy.effects": {"faster": {**{k: v for k, v in effect().items() if k != "relative_risk"}, "hazard_ratio": "hr"}}},
     "an effect is a relative_risk", "A hazard ratio is not a relative risk"),
    ("A15_rate_for_a_probability", {"parameters.leave": number("per year", 0.2)}, 'has the unit "per year"', "Wanted here: probability."),
    ("A15_rate_of_1_4_in_a_probability", {"parameters.leave.value": 1.4}, "1.4 is outside 0 to 1", "1 − exp(−1.4) = 0.753"),
    ("A16_yearly_probability_in_monthly_cycles", {"cycle": "1 month"}, f'"leave" is a {YEAR}', "cannot be divided or rescaled by itself"),
    ("A16_probability_without_a_period", {"parameters.leave.unit": "probability"}, '"probability" has no period', 'Write "probability per year"'),
    ("A18_a_published_probability_never_becomes_a_rate", {"parameters.converted": {"label": "x", "unit": YEAR, "probability_of": "leave"}},
     "a probability is made of a rate", "the rate's is per year"),
    ("A19_the_dead_have_an_exit", {"transitions.dead -> ill": "leave"}, 'nobody leaves "dead"', "absorbing"),
    ("A19_an_absorbing_state_has_an_exit", {"absorbing": ["well"]}, 'nobody leaves "well"', "remove the transition"),
    ("A23_states_are_named_never_numbered", {"transitions.ill -> wel": "leave"}, '"wel" is not a declared state', 'Did you mean "well"'),
    ("convention_missing", {"counting": REMOVED}, '"counting" is missing', "no default"),
    ("discounting_missing", {"discounting": REMOVED}, '"discounting" is missing', "no default"),
    ("unknown_counting", {"counting": "simpson"}, "'simpson'", "Allowed: 'start', 'end'"),
    ("half_cycle_within_the_cycle", {"counting": "half-cycle"}, "does not go with", "discounted at each count"),
    ("weights_missing", {"counting": "weights", "discounting": "at each count"}, "come together", "Give both"),
    ("weights_below_0", {"counting": "weights", "discounting": "at each count", "weights": [-0.5, *[1.0] * 9, 0.5]}, "a weight is negative", "from 0"),
    ("weights_of_nothing", {"counting": "weights", "discounting": "at each count", "weights": [0.0] * 11}, "or all are 0", "from 0"),
    ("weights_of_another_length", {"counting": "weights", "discounting": "at each count", "weights": [1.0, 1.0]}, "2 weights for 10 cycles", "cycles + 1"),
    ("deaths_by_life_table", {"mortality": {"table": "example_table", "rate_ratio": 1}}, "deaths are probabilities here", "state -> dead"),
    ("an_effect_within_a_cycle", faster(1.2, until="referral + 18 months"), "within a cycle", "a whole cycle of 12 months"),
    ("fading", {**faster(1.2), "strategies.therapy.effects.faster.half_life": "1 year"}, "fading is not yet supported", "Give until"),
    ("gap_closes", {"beyond_follow_up": "gap closes"}, "not yet supported with probabilities", "effects cease"),
    ("item_of_no_strategy", {"costs.entry.only_in": ["terapy"]}, '"terapy" is not a declared strategy', 'Did you mean "therapy"'),
    ("C22_event_of_no_state", {"costs.entry.on_transition": {"il -> well": 1}}, '"il" is not a declared state', 'Did you mean "ill"'),
    ("utility_of_no_state", {"strategies.therapy.utilities": {"wel": "u_ill"}}, '"wel" is not a declared state', 'Did you mean "well"'),
    ("C13_utility_for_the_dead", {"utilities.dead": "u_ill"}, '"dead" is not a declared state', ""),
    ("cost_for_the_dead", {"costs.gp.while_in.dead": "visits"}, '"dead" is not a declared state', ""),
    ("price_that_changes", {"parameters.visit": {"label": "x", "unit": "GBP per visit", "over_time": {"0 years": "a", "1 year": "a"}}, "parameters.a": {**number("GBP per visit", 5), "price_year": "2024/25"}}, "changes over time", "quantities and utilities"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "found", "remedy"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
def test_a_slip_is_refused(edits: dict[str, Any], found: str, remedy: str, tmp_path: Path) -> None:
    said = problems(write_model(tmp_path, edited(small(), edits)))
    assert any("model.yaml, line " in line and found in line and remedy in line for line in said), said


def test_A10_a_relative_risk_that_is_too_large_in_one_cycle_names_the_cycle(tmp_path: Path) -> None:
    late = {"from": "referral + 3 years", "until": "referral + 4 years"}
    said = problems(write_model(tmp_path, edited(small(), {"parameters.leave.value": 0.6, **faster(1.66, **late)})))
    (line,) = said
    assert (
        'therapy: the probabilities of leaving "ill" sum to 1.006: ill -> well 0.996, ill -> dead 0.01 (cycle 4)'
        in line
    )


def test_keys_of_models_of_probabilities_are_refused_in_models_of_rates(tmp_path: Path) -> None:
    from tests.support.example import documented_model

    model = edited(
        documented_model(),
        {"counting": "end", "costs.gp.at_start": 1, "strategies.therapy.utilities": {"ill": "utility_ill"}},
    )
    said = problems(write_model(tmp_path, model))
    assert len(said) == 3
    assert all("belongs to models of probabilities" in line for line in said)


def test_A6_A11_rounding_to_a_millionth_and_a_relative_risk_of_nothing_are_accepted(tmp_path: Path) -> None:
    model = edited(small(), {"transitions.ill -> ill": "stay", "parameters.stay": number(YEAR, 0.7899999)})
    assert cm.run(cm.load(write_model(tmp_path, model)), draws=0)
    result = cm.run(cm.load(write_model(tmp_path, edited(small(), faster(0, until="horizon")))), draws=0)
    assert result.deterministic.mean_people[-1, 1, 1, 0] == 0.0


TABLE = """first,last,from,dead,well,ill
1,4,ill,0.01,0.2,0.79
1,4,well,0.01,0.99,0
1,4,dead,1,0,0
5,10,ill,0.01,0.1,0.89
5,10,well,0.01,0.99,0
5,10,dead,1,0,0
"""


def with_table(folder: Path, text: str, **edits: Any) -> Path:
    (folder / "table.csv").write_text(text, "utf-8")
    block = {"file": "table.csv", "period": "1 year", "source": "X001", "status": "assumption"}
    return write_model(folder, edited(small(transitions={}), {"matrices": block, **edits}))


def test_A23_columns_and_rows_of_a_table_are_matched_by_name(tmp_path: Path) -> None:
    model = small()
    pieces = {"label": "Leaving", "unit": YEAR, "over_time": {"0 years": "leave", "4 years": "later"}}
    model["parameters"] |= {"pieces": pieces, "later": number(YEAR, 0.1)}
    model["transitions"]["ill -> well"] = "pieces"
    declared = cm.run(cm.load(write_model(tmp_path, model)), draws=0)
    table = cm.run(cm.load(with_table(tmp_path, TABLE)), draws=0)
    assert table.deterministic.cost == pytest.approx(declared.deterministic.cost, rel=1e-12)


def swap(old: str, new: str) -> Callable[[str], str]:
    assert old in TABLE
    return lambda text: text.replace(old, new, 1)


TABLES: list[tuple[str, Callable[[str], str], str, str]] = [
    ("A1_above_1", swap("0.2,0.79", "1.2,0.79"), "table.csv, line 2: well: 1.2 is not a probability", "0.012"),
    ("A2_below_0", swap("0.2,0.79", "-0.2,0.79"), "well: -0.2 is not a probability", "Between 0 and 1"),
    ("A4_row_sums_to_less", swap("0.2,0.79", "0.2,0.77"), 'cycles 1 to 4: the row from "ill" sums to 0.98, -0.02 from 1', "not rescaled"),
    ("A5_row_sums_to_more", swap("0.2,0.79", "0.2,0.81"), 'the row from "ill" sums to 1.02', "not rescaled"),
    ("A21_empty_row", swap("0.01,0.2,0.79", "0,0,0"), 'the row from "ill" is empty', "1 in its own column"),
    ("A22_not_square", swap("1,4,dead,1,0,0\n", ""), "there is no row from dead", "Each state needs one"),
    ("A22_a_column_missing", lambda text: text.replace(",ill\n", "\n", 1), 'there is no column "ill"', "Columns"),
    ("A24_transposed", lambda _: "first,last,from,ill,well,dead\n1,10,ill,0.5,0,0\n1,10,well,0.5,0.5,0\n1,10,dead,0,0.5,1\n", "the columns sum to 1 and the rows do not", "transposed"),
    ("A28_gap", lambda text: text.replace("5,10", "6,10"), "cycle 5 is not covered", "without a gap"),
    ("A29_overlap", lambda text: text.replace("5,10", "4,10"), "cycle 4 is covered twice", "do not overlap"),
    ("A19_an_exit_of_the_dead", swap("1,4,dead,1,0,0", "1,4,dead,0.5,0.5,0"), 'nobody leaves "dead"', "1 in its column"),
    ("B1_blank_cell", swap("0.2,0.79", ",0.79"), 'well "" is not a finite number', "plain decimal"),
    ("A3_percent_sign", swap("0.2,0.79", "20%,0.79"), 'well "20%" is not a finite number', "no %"),
    ("B2_nan", swap("0.2,0.79", "nan,0.79"), 'well "nan"', "plain decimal"),
    ("F4_column_twice", lambda text: text.replace("well,ill", "well,well", 1), 'the column "well" stands twice', "Keep one"),
    ("row_twice", swap("1,4,well", "1,4,ill"), '"ill" has two rows for cycles 1 to 4', "Keep one"),
    ("unknown_state", swap("1,4,well", "1,4,wel"), '"wel" is not a declared state', 'Did you mean "well"'),
    ("shorter_than_the_horizon", lambda text: text.replace("5,10", "5,9"), "the table ends with cycle 9 and the horizon has 10", "Shorten"),
    ("no_interval", lambda text: text.replace("5,10", "10,5"), "cycles 10 to 5 are no interval", "first ≤ last"),
    ("A6_rounding_of_more_than_a_millionth", swap("0.2,0.79", "0.200002,0.79"), "+2e-06 from 1", "not rescaled"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "found", "remedy"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_a_slip_in_a_table_is_refused(edit: Callable[[str], str], found: str, remedy: str, tmp_path: Path) -> None:
    said = problems(with_table(tmp_path, edit(TABLE)))
    assert any(found in line and remedy in line for line in said), said


def test_A16_a_table_of_another_period_is_refused(tmp_path: Path) -> None:
    (line,) = problems(with_table(tmp_path, TABLE, **{"matrices.period": "1 month"}))
    assert "the probabilities are those of 1 month" in line
    assert "convert the whole matrix" in line


def test_declared_transitions_and_a_table_are_refused_together(tmp_path: Path) -> None:
    said = problems(with_table(tmp_path, TABLE, transitions={"ill -> well": "leave"}))
    assert any("transitions or matrices, not both" in line for line in said)


WARNED: list[tuple[str, dict[str, Any], str]] = [
    ("A20_state_that_nobody_reaches", {"states.lost": "Lost", "utilities.lost": "u_ill", "costs.gp.while_in.lost": 0}, 'nobody can be in "lost"'),
    ("D13_half_cycle_in_one_cycle", {"counting": "half-cycle", "discounting": "at each count", "horizon": "1 year", "follow_up": "1 year", "strategies.therapy.therapy.over": "6 months"}, "corrects within a single cycle"),
    ("deaths_of_the_very_old", {"parameters.die.value": 0.118}, "11.8% of people die in a year, as in the general population from an age of about 87"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "said"), [row[1:] for row in WARNED], ids=[row[0] for row in WARNED])
def test_what_is_odd_is_said_and_computed(edits: dict[str, Any], said: str, tmp_path: Path) -> None:
    scenario = cm.load(write_model(tmp_path, edited(small(), edits)))
    assert any(said in warning for warning in scenario.warnings), scenario.warnings
    assert cm.run(scenario, draws=0).warnings


def test_a_sound_model_of_probabilities_is_not_warned_about(tmp_path: Path) -> None:
    assert cm.load(write_model(tmp_path, small())).warnings == ()


def test_A30_an_effect_beyond_the_horizon_is_said_where_there_is_no_therapy(tmp_path: Path) -> None:
    edits = {**faster(1.2, until="referral + 20 years"), "strategies.therapy.therapy": REMOVED}
    scenario = cm.load(write_model(tmp_path, edited(small(), edits)))
    assert 'Therapy: the effect "faster" lasts longer than the horizon of 10 years.' in scenario.warnings


@pytest.mark.parametrize(("key", "value"), [("cycle", "1 day"), ("model", "probability"), ("horizon", "soon")])
def test_nothing_is_judged_by_what_stands_for_a_refused_key(tmp_path: Path, key: str, value: str) -> None:
    (line,) = problems(write_model(tmp_path, edited(small(), {key: value})))
    assert value in line
