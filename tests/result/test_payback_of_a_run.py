"""Payback of whole runs: against a closed form, against the curve, over draws."""

import math
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.result.payback import NEVER
from tests.support.answers import answer, rows
from tests.support.example import REMOVED, load_example, number, price
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PERSPECTIVES

EFFECT = "strategies.therapy.effects.recovers_faster"


def up_front(folder: Path, cost: float, rate: float, **edits: object) -> cm.Scenario:
    """`cost` at once; then people recover at `rate` who never would, and see the GP no more (£549 a year)."""
    therapy = "strategies.therapy.therapy"
    return load_example(
        folder,
        **{
            "follow_up": "10 years",
            "horizon": "10 years",
            "mortality.rate_ratio": 0,
            "transitions": {"ill -> well": 0},
            f"{EFFECT}.until": "horizon",
            f"{EFFECT}.hazard_ratio": REMOVED,
            f"{EFFECT}.rate": "quick",
            "parameters.quick": number("per year", rate),
            f"{therapy}.set_up": "once",
            "parameters.once": price("person", cost),
            f"{therapy}.attendance": 0,
            "costs.gp.while_in": {"ill": "gp_ill", "well": 0},
            "costs.gp.causal_share": 1,
        }
        | edits,
    )


@pytest.mark.parametrize("rate", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("cost", [100.0, 700.0, 2_500.0])
def test_a_recovery_at_a_constant_rate_repays_a_cost_at_once_when_its_integral_says(
    tmp_path: Path, cost: float, rate: float
) -> None:
    """After t years a saving of c·(t − (1 − e^−rt)/r); between months the model draws a straight line."""
    result = cm.run(up_front(tmp_path, cost, rate), draws=0)
    c, t = 12 * 44 * 1.04, np.arange(121) / 12
    saved = c * (t - (1 - np.exp(-rate * t)) / rate)
    after = int(np.argmax(saved >= cost))
    expected = after - 1 + (cost - saved[after - 1]) / (saved[after] - saved[after - 1])
    assert answer(result, "payback_sustained_months", "nhs") == pytest.approx(expected, rel=1e-9)
    assert answer(result, "payback_first_touch_months", "nhs") == pytest.approx(expected, rel=1e-9)
    assert answer(result, "peak_funding", "nhs") == pytest.approx(cost - saved[1], rel=1e-9)


def test_the_curve_is_0_at_the_payback_of_every_perspective(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, horizon="20 years", **EVERYBODY, **{EFFECT + ".until": "horizon"})
    result = cm.run(scenario.changed({"session_price": 20, "hr_recover": 3}), draws=0)
    found = {}
    for perspective in PERSPECTIVES:
        months = result.curve_payback(1, perspective, 1)
        found[perspective] = months
        assert np.interp(months, result.edges * 12, result.mean_curve(1, perspective)) == pytest.approx(0, abs=1e-9)
    assert 0 < found["public_sector"] < found["nhs_pss"] < found["nhs"] < NEVER


def test_words_say_at_once_after_how_long_or_not_within(tmp_path: Path) -> None:
    def words(scenario: cm.Scenario, perspective: str = "nhs") -> str:
        return str(rows(cm.run(scenario, draws=0), "payback_sustained_months", perspective=perspective).words.item())

    assert words(up_front(tmp_path, 100_000, 1.0)) == "not within 10 years"
    assert words(up_front(tmp_path, 0, 1.0)) == "at once"
    assert words(up_front(tmp_path, 700, 1.0)).startswith("after 2")


def test_a_wait_as_long_as_the_follow_up_is_not_within_it(tmp_path: Path) -> None:
    for wait in ("24 months", "30 months"):
        result = cm.run(load_example(tmp_path, **{"strategies.therapy.therapy.wait": wait}), draws=10)
        for outcome in ("payback_sustained_months", "payback_first_touch_months"):
            assert rows(result, outcome, perspective="nhs").words.item() == "not within 2 years"
        assert answer(result, "chance_payback", "nhs") == 0


def test_the_chance_is_the_share_of_draws_that_pay_back_and_rises_with_the_years(tmp_path: Path) -> None:
    uncertain = {"parameters.quick": number("per year", 0.5, distribution="gamma", cv=0.8)}
    scenario = up_front(tmp_path, 2_000, 0.5, **uncertain)
    result = cm.run(scenario, draws=400)
    paid = result.paybacks(result.headline, 0, 1, "nhs")[0]
    chance = answer(result, "chance_payback", "nhs")
    assert 0.2 < chance < 0.98
    assert chance == np.mean(paid < NEVER)
    summary = result.payback("nhs")
    by_year = summary["chance_by_year"]
    assert isinstance(by_year, dict)
    assert list(by_year) == list(range(1, 11))
    assert list(by_year.values()) == sorted(by_year.values())
    assert by_year[10] == chance
    for year, share in by_year.items():
        assert share == np.mean(paid <= 12 * year)


def test_percentiles_count_those_who_do_not_pay_back_as_beyond_the_horizon(tmp_path: Path) -> None:
    uncertain = {"parameters.quick": number("per year", 0.5, distribution="gamma", cv=0.8)}
    result = cm.run(up_front(tmp_path, 2_000, 0.5, **uncertain), draws=400)
    percentiles = result.payback("nhs")["percentiles"]
    assert isinstance(percentiles, dict)
    paid = np.sort(result.paybacks(result.headline, 0, 1, "nhs")[0])
    for percent, months in percentiles.items():
        wanted = paid[math.ceil(percent / 100 * 400) - 1]
        assert months == (None if wanted == NEVER else wanted)
    assert percentiles[95] is None
    assert percentiles[5] < percentiles[25]
    row = rows(result, "payback_sustained_months", perspective="nhs").iloc[0]
    assert row.low == paid[math.ceil(0.025 * 400) - 1]
    assert row.high is None or np.isnan(row.high)


def test_peak_funding_is_the_top_of_the_curve_and_is_said_for_the_last_horizon(
    example_result: cm.Result,
) -> None:
    top = example_result.deterministic.mean_curve[:, 0, 0, 1, 0].max()
    assert answer(example_result, "peak_funding", "nhs", run="deterministic", horizon_months=60.0) == top
    assert rows(example_result, "peak_funding", perspective="nhs", horizon_months=24.0).empty
