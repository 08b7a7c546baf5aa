"""The length of a cycle is a matter of calculation: it moves no answer."""

from pathlib import Path

import pandas as pd
import pytest

import costmodel as cm
from tests.support.answers import saving
from tests.support.example import derived, load_example, number
from tests.support.ledgers import EVERYBODY

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
