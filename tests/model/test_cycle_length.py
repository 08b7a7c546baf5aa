"""The length of a cycle is a matter of calculation: it moves no answer."""

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.model.draws import central_values
from costmodel.result.outcomes import cycles_to
from costmodel.scenario.clock import CYCLES as MONTHS_OF_A_CYCLE
from tests.support.answers import saving
from tests.support.example import derived, load_example, number, write_setting
from tests.support.flows import simulate
from tests.support.ledgers import EVERYBODY
from tests.support.random_models import of_data, random_model

CYCLES = ("1 month", "2 months", "3 months", "4 months", "6 months", "12 months")
SUMMED = ("cost", "net_saving", "cash_net_saving", "qaly", "nmb")

WHOLE_YEARS = {  # rates change at birthdays, after two years, and when the effect begins and ends
    **EVERYBODY,
    "horizon": "10 years",
    "parameters.early": number("per year", 0.8),
    "parameters.later": number("per year", 0.25),
    "parameters.recovery": derived("per year", over_time={"0 months": "early", "24 months": "later"}),
    "transitions.ill -> well": "recovery",
    "costs.benefit.lag": "12 months",
    "strategies.therapy.therapy.wait": "12 months",
    "parameters.death_ratio.value": 1.7,
}


def sums(folder: Path, cycle: str, **edits: object) -> pd.DataFrame:
    """Everything that is summed over time, by row of the table."""
    result = cm.run(load_example(folder, cycle=cycle, **(WHOLE_YEARS | edits)), draws=0)
    table = result.table()
    keys = [
        "strategy",
        "comparator",
        "perspective",
        "party",
        "category",
        "outcome",
        "discounted",
        "horizon_months",
    ]
    return table[table.outcome.isin(SUMMED)].set_index(keys)[["value"]].astype(float)


@pytest.mark.parametrize("beyond", ["effects cease", "effects persist", "gap closes"])
def test_over_ten_years_every_cycle_gives_the_same_sums(tmp_path: Path, beyond: str) -> None:
    monthly = sums(tmp_path, "1 month", beyond_follow_up=beyond)
    saved = monthly.xs("net_saving", level="outcome")
    assert saved.abs().max().item() > 100  # there is something that could differ
    for cycle in CYCLES[1:]:
        found = sums(tmp_path, cycle, beyond_follow_up=beyond)
        pd.testing.assert_frame_equal(found, monthly, rtol=1e-9, atol=1e-9, obj=cycle)


def test_so_does_a_rate_that_replaces_another_with_two_alternatives(tmp_path: Path) -> None:
    effect = "strategies.therapy.effects.recovers_faster"
    scenario = load_example(tmp_path).model.strategies["therapy"].effects["recovers_faster"]
    assert scenario.hazard_ratio == "hr_recover"
    estimand = {"source": "X001", "comparator": "usual care", "outcome": "well", "time": "24 months"}
    edits = {
        effect: {
            "transition": "ill -> well",
            "rate": "quick",
            "from": "start of therapy",
            "until": "start of therapy + 3 years",
            "estimand": estimand | {"analysis": "intention to treat"},
        },
        "parameters.quick": number("per year", 2.2),
        "parameters.weight": number("share", 0.3),
        "parameters.rest": derived("share", complement_of="weight"),
        "alternatives": {
            "quicker": {"label": "Quicker", "weight": "weight"},
            "steadier": {
                "label": "Steadier",
                "weight": "rest",
                "change": {f"{effect}.transition": "well -> ill", f"{effect}.rate": "later"},
            },
        },
    }
    monthly = sums(tmp_path, "1 month", **edits)
    for cycle in ("3 months", "12 months"):
        pd.testing.assert_frame_equal(sums(tmp_path, cycle, **edits), monthly, rtol=1e-9, atol=1e-9, obj=cycle)


def test_an_age_between_birthdays_hardly_matters(tmp_path: Path) -> None:
    """A cycle takes the mean hazard of its two ages; the deaths of a cohort are exact all the same."""
    results = [
        cm.run(load_example(tmp_path, cycle=cycle, **(WHOLE_YEARS | {"parameters.age.value": 40.5})), draws=0)
        for cycle in ("1 month", "12 months")
    ]
    alive = [result.deterministic.mean_people[-1, :, 0, 0].sum() for result in results]
    assert alive[0] == pytest.approx(alive[1], rel=1e-12)
    assert saving(results[0]) == pytest.approx(saving(results[1]), rel=1e-4)


THERAPY = "strategies.therapy.therapy"
SHORT = {f"{THERAPY}.over": "2 months", "follow_up": "6 months", "horizon": "5 years"}


@pytest.mark.parametrize("cycle", ["1 month", "2 months", "3 months", "6 months"])
def test_a_therapy_that_has_ended_is_paid_whole_by_the_follow_up(cycle: str, tmp_path: Path) -> None:
    """Two months of sessions, read after half a year: £1,280 whatever the cycle."""
    result = cm.run(load_example(tmp_path, cycle=cycle, **SHORT), draws=0)
    assert -saving(result, "nhs", category="therapy") == pytest.approx(16 * 0.8 * 100, rel=1e-12)


@pytest.mark.parametrize(
    ("edits", "found", "remedy"),
    [
        (SHORT | {"cycle": "12 months"}, "the follow-up, month 6,", "or write cycle: 6 months"),
        ({"cycle": "4 months", "follow_up": "23 months"}, "the follow-up, month 23,", "or write cycle: 1 month"),
        (
            {f"{THERAPY}.wait": "5 weeks"},
            'the beginning of "recovers_faster", month 1.1499,',
            "whole cycles of 1 month",
        ),
        (
            {"cycle": "3 months", f"{THERAPY}.wait": "2 months", "strategies.therapy.effects": {}}
            | {"beyond_follow_up": "gap closes"},
            "the end of therapy's follow-up, month 26,",
            "or write cycle: 2 months",
        ),
        (
            {"cycle": "6 months", "transitions.ill -> well": "recovery"}
            | {f"parameters.{name}": number("per year", 0.5) for name in ("early", "later")}
            | {"parameters.recovery": derived("per year", over_time={"0 months": "early", "9 months": "later"})},
            'a change of "recovery", month 9,',
            "or write cycle: 3 months",
        ),
    ],
    ids=["follow-up", "follow-up before a cycle ends", "start of an effect", "closing of the gap", "change of a rate"],
)
def test_a_time_inside_a_cycle_is_refused_with_the_cycle_and_the_month(
    edits: dict[str, Any], found: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(cm.InputError) as refusal:
        load_example(tmp_path, **edits)
    assert found in str(refusal.value)
    assert "is within a cycle: cycle" in str(refusal.value)
    assert remedy in str(refusal.value)
    assert "model.yaml, line" in str(refusal.value)


def steady(seed: int, folder: Path) -> cm.Scenario:
    """A random scenario in which nothing fades, grows, ages or meets its range in a cycle, and money falls at once."""
    tries = (random_model(np.random.default_rng([12, seed, attempt])) for attempt in count())
    model = next(model for model, posterior in tries if not posterior)  # one that needs no other file
    for strategy in model["strategies"].values():
        for effect in strategy.get("effects", {}).values():
            effect.pop("onset", None)
            effect.pop("purse", None)  # what is spent a year is compared with the range cycle by cycle
            if effect.pop("half_life", None):
                effect.setdefault("until", "horizon")
    for item in model["costs"].values():
        item["lag"] = "0 months"  # it has whole cycles too
    model["parameters"][model["cohort"]["age"]]["value"] = 40  # birthdays are whole years from referral
    write_setting(folder)
    return of_data(model, folder)


def check_that_no_total_depends_on_the_cycle(seeds: int, folder: Path) -> int:
    """Costs and health to every year, of every item, strategy and reading: in how many other cycles."""
    compared = 0
    for seed in range(seeds):
        scenario = steady(seed, folder)
        values = central_values(scenario)
        own = simulate(scenario, values, 1)
        for months in MONTHS_OF_A_CYCLE:
            word = f"{months} months" if months > 1 else "1 month"
            try:
                other = scenario.changed({"cycle": word}) if word != scenario.model.cycle else scenario
            except cm.InputError as refusal:
                assert "cycle" in str(refusal), refusal  # noqa: PT017 (a refusal is one of two right answers)
                continue
            flows = simulate(other, values, 1)
            for year in range(1, int(own.edges[-1]) + 1):
                for mine, theirs in ((own.cost, flows.cost), (own.qaly, flows.qaly)):
                    wanted = mine[: cycles_to(own.edges, year)].sum(axis=0)
                    found = theirs[: cycles_to(flows.edges, year)].sum(axis=0)
                    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9, err_msg=f"{seed}, {word}, {year}")
            compared += other is not scenario
    return compared


def test_totals_of_random_scenarios_do_not_depend_on_the_cycle_or_the_cycle_is_refused(tmp_path: Path) -> None:
    assert check_that_no_total_depends_on_the_cycle(8, tmp_path) > 8


@pytest.mark.long
def test_totals_of_many_random_scenarios_do_not_depend_on_the_cycle(tmp_path: Path) -> None:
    assert check_that_no_total_depends_on_the_cycle(200, tmp_path) > 200
