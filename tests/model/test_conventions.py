"""Conventions of money and time that a reader must be able to rely on: signs, transfers, units of time, discounting."""

import io
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import costmodel as cm
from costmodel.model import block
from costmodel.model import run as running
from costmodel.report import answer as of_run
from costmodel.report import render
from costmodel.report.workbook import as_bytes
from costmodel.scenario.clock import MAX_CYCLES
from tests.scenario.slips import problems
from tests.support.answers import answer, saving
from tests.support.example import example, load_example, number
from tests.support.ledgers import BENEFIT, NUMBERS, cost

PERSPECTIVES = ("nhs", "nhs_pss", "public_sector", "societal")
LONGEST = 10.0
"""Seconds in which an absurd size is refused."""


def savings(result: cm.Result, **where: Any) -> dict[str, float]:
    return {name: saving(result, name, **where) for name in PERSPECTIVES}


def cells(result: cm.Result, sheet: str) -> list[str]:
    """The texts and numbers of a sheet of the workbook."""
    page = openpyxl.load_workbook(io.BytesIO(as_bytes(result)), read_only=True)[sheet]
    return [str(value) for row in page.iter_rows(values_only=True) for value in row if value is not None]


def test_C2_payer_and_receiver_give_the_sign_of_an_item(tmp_path: Path) -> None:
    """Prices are positive; money that is received counts against money that is paid."""
    edits = {**NUMBERS, "parameters.recover": number("per year", 0.3)}
    without = cm.run(load_example(tmp_path, **edits), draws=0)
    paid = cm.run(load_example(tmp_path, **edits, **{"costs.more": cost("community", "nhs")}), draws=0)
    received = cm.run(load_example(tmp_path, **edits, **{"costs.more": cost("community", "nobody", "nhs")}), draws=0)
    for name in PERSPECTIVES:
        more = saving(paid, name) - saving(without, name)
        assert more > 1
        assert saving(received, name) - saving(without, name) == pytest.approx(-more, rel=1e-9)


def test_C2_the_sign_is_said_beside_the_figures(example_result: cm.Result) -> None:
    signs = "A positive net saving is money saved; a positive net cost is money spent."
    assert any(signs in text for text in cells(example_result, "Cover"))


def test_C10_a_transfer_is_outside_the_health_service_and_cancels_in_society(tmp_path: Path) -> None:
    without = cm.run(load_example(tmp_path, **NUMBERS), draws=0)
    with_benefit = cm.run(load_example(tmp_path, **NUMBERS, **BENEFIT), draws=0)
    before, after = savings(without), savings(with_benefit)
    assert after["nhs"] == before["nhs"]
    assert after["nhs_pss"] == before["nhs_pss"]
    assert after["public_sector"] > before["public_sector"] + 1
    assert after["societal"] == pytest.approx(before["societal"], rel=1e-12)


def test_C11_tax_and_benefit_beside_wages_count_once(tmp_path: Path) -> None:
    """The household keeps the wage less tax less benefit; what the state gains, the household loses."""
    wages = {**NUMBERS, "costs.work": cost("productivity", "nobody", "household")}
    state = {**BENEFIT, "costs.tax": cost("tax", "household", "hmrc", price="month_of_care")}
    alone = cm.run(load_example(tmp_path, **wages), draws=0)
    beside = cm.run(load_example(tmp_path, **wages, **state), draws=0)
    assert saving(beside, "societal") == pytest.approx(saving(alone, "societal"), rel=1e-12)
    assert saving(beside, "public_sector") != saving(alone, "public_sector")


def test_C17_sessions_are_paid_by_schedule_and_attendance_alone(tmp_path: Path) -> None:
    """Attendance contains drop-out and death: nothing is taken off a second time, and nothing runs on."""
    paid = set()
    for ratio in (0, 1, 30):
        for horizon in ("5 years", "20 years"):
            edits = {"parameters.death_ratio.value": ratio, "horizon": horizon}
            result = cm.run(load_example(tmp_path, **edits), draws=0)
            paid |= {round(saving(result, "nhs", category="therapy", horizon_months=m), 9) for m in result.horizons}
    assert paid == {-16 * 0.8 * 100.0}


def test_D4_a_discount_rate_of_zero_discounts_nothing(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path).changed({"discount_costs": 0, "discount_health": 0}), draws=0)
    last = {"horizon_months": 60.0}
    assert savings(result, discounted=True, **last) == pytest.approx(savings(result, **last), rel=1e-12)
    gained = [answer(result, "qaly", "", discounted=discounted, **last) for discounted in (False, True)]
    assert gained[0] == pytest.approx(gained[1], rel=1e-12)


def test_D18_costs_and_health_have_their_own_rates_and_both_are_printed(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    usual = cm.run(scenario, draws=0)
    changed = cm.run(scenario.changed({"discount_health": 0.015}), draws=0)
    where = {"discounted": True, "horizon_months": 60.0}
    assert savings(changed, **where) == savings(usual, **where)
    assert answer(changed, "qaly", "", **where) > answer(usual, "qaly", "", **where)
    assert render.document(of_run.page(changed))["settings"]["discount"] == {"costs": 0.035, "health": 0.015}
    page = cells(changed, "Inputs")
    assert {"Discount rate for costs", "Discount rate for health", "0.035", "0.015"} <= set(page)


def test_D12_the_length_of_a_year_is_printed(example_result: cm.Result) -> None:
    assert "12 months; a week is 7/365.25 of it" in cells(example_result, "Provenance")


def test_D12_a_year_of_weeks_is_not_52(tmp_path: Path) -> None:
    own_window = {"from": "referral", "until": "referral + 2 years"}
    edits = {f"strategies.therapy.effects.recovers_faster.{key}": moment for key, moment in own_window.items()}
    months = {
        wait: load_example(tmp_path, **edits, **{"strategies.therapy.therapy.wait": wait})
        for wait in ("52 weeks", "1 year")
    }
    waits = {wait: scenario.model.strategies["therapy"].therapy for wait, scenario in months.items()}
    assert waits["1 year"].wait.months == 12
    assert waits["52 weeks"].wait.months == pytest.approx(52 * 7 / 365.25 * 12, rel=1e-12)


def test_D13_a_model_of_one_cycle_needs_no_half_cycle_correction(tmp_path: Path) -> None:
    """People are counted by the time that they spend in a state, so one cycle of a year is as good as twelve."""
    year = {
        "horizon": "12 months",
        "follow_up": "12 months",
        "strategies.therapy.effects.recovers_faster.until": "horizon",
    }
    one, twelve = (cm.run(load_example(tmp_path, cycle=cycle, **year), draws=0) for cycle in ("12 months", "1 month"))
    assert len(one.edges) == 2
    assert savings(one) == pytest.approx(savings(twelve), rel=1e-9)
    assert answer(one, "qaly", "") == pytest.approx(answer(twelve, "qaly", ""), rel=1e-9)


@pytest.mark.parametrize("horizon", ["10000 years", "1000000000 months", "1e9 years"])
def test_D9_an_absurd_horizon_is_refused_at_once(horizon: str, tmp_path: Path) -> None:
    began = time.monotonic()
    said = problems(example(tmp_path, horizon=horizon))
    assert time.monotonic() - began < LONGEST
    assert len(said) == 1
    assert "too long" in said[0] or "is not a duration" in said[0]


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cm.Scenario:
    """Forty states and 1,200 cycles, which nobody may begin to run."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the run was begun")

    monkeypatch.setattr(block, "CohortLedger", never)
    states = {f"s{i}": "A state" for i in range(40)}
    weights = {f"a{i}": {"label": f"A {i}", "weight": int(i == 0)} for i in range(40)}
    edits: dict[str, Any] = {
        "states": states,
        "utilities": dict.fromkeys(states, "utility_ill"),
        "transitions": {f"s{i} -> s{i + 1}": "recover" for i in range(39)},
        "cohort.start": {"s0": 1},
        "costs.gp": cost("hospital", "nhs", while_in={"others": "months_ill"}),
        "strategies.therapy.effects.recovers_faster.transition": "s0 -> s1",
        "alternatives": weights,
        "horizon": f"{MAX_CYCLES} months",
    }
    for key in ("causal_share", "gap_from"):
        del edits["costs.gp"][key]
    return load_example(tmp_path, **NUMBERS, **edits)


def test_H2_a_run_with_too_many_draws_is_refused_before_it_begins(large: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="48,000,000,000 states × cycles × draws are too many. At most 5,000"):
        cm.run(large, draws=1_000_000)


def test_H2_a_run_too_large_for_memory_is_refused_before_it_begins(large: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="horizon: the run needs about \\d+ GB of memory. At most 8 GB: a shorter"):
        cm.run(large, draws=2_000)


def test_H2_more_states_than_are_possible_are_refused(tmp_path: Path) -> None:
    states = {"ill": "A", "well": "B"} | {f"s{i}": "A state" for i in range(48)}
    said = problems(example(tmp_path, states=states))
    assert any("states has 50 entries. At most 40" in line for line in said), said


@pytest.mark.parametrize("draws", [-1, 1.5, True, 1_000_001, 10**9])
def test_E11_an_impossible_number_of_draws_is_refused(draws: Any, example_scenario: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="is not a number of draws. Whole, from 0 to 1,000,000"):
        cm.run(example_scenario, draws=draws)


def test_E11_no_draws_is_the_deterministic_run_and_says_so(example_scenario: cm.Scenario) -> None:
    document = render.document(of_run.page(cm.run(example_scenario, draws=0)))
    assert any("This is the deterministic run: central values, no uncertainty" in note for note in document["notes"])


@pytest.mark.parametrize("seed", [-1, 2**63, 2**70, "abc", 1.5, True])
def test_E12_an_impossible_seed_is_refused(seed: Any, example_scenario: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="is not a seed. Whole, from 0 to 9,223,372,036,854,775,807"):
        cm.run(example_scenario, draws=1, seed=seed)


def test_E12_without_a_seed_a_run_is_repeatable_and_states_its_seed(example_scenario: cm.Scenario) -> None:
    first, second = (cm.run(example_scenario, draws=20) for _ in range(2))
    assert savings(first) == savings(second)
    assert render.document(of_run.page(first))["settings"]["seed"] == running.SEED
    assert savings(cm.run(example_scenario, draws=20, seed=2)) != savings(first)


@pytest.mark.parametrize(
    ("name", "message"),
    [("session_prise", 'no parameter "session_prise". Did you mean "session_price"'), ("gp_well", "is derived")],
)
def test_E13_a_parameter_that_does_not_exist_or_is_derived_cannot_be_varied(
    name: str, message: str, example_scenario: cm.Scenario
) -> None:
    for fix in (False, True):
        with pytest.raises(cm.InputError, match=message):
            example_scenario.changed({name: 3}, fix=fix)
