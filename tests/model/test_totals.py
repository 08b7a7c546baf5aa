"""Totals without curves: the numbers of a run, summed in another order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model import totals as summing
from costmodel.model.run import evaluate
from costmodel.model.totals import Totals, totals
from costmodel.model.values import Values, drawn_values
from tests.support.example import number, write_model
from tests.support.small_probabilities import small

PUBLISHED = Path(__file__).parents[1] / "published"
DRAWS = 40
CONVENTIONS = [
    ("start", "start of cycle"),
    ("end", "end of cycle"),
    ("life-table", "middle of cycle"),
    ("end", "start of cycle"),
    ("half-cycle", "at each count"),
]


def plain(folder: Path, **more: Any) -> cm.Scenario:
    """The small model without its therapy, with costs and utilities that change over time."""
    model = small(**more)
    model["strategies"]["therapy"] = {"label": "Another", "transitions": {"ill -> well": "leave_sooner"}}
    model["parameters"] |= {
        "leave_sooner": number("probability per year", 0.3, distribution="beta", effective_size=40),
        "visits": {"label": "V", "unit": "visits per year", "over_time": {"0 years": "many", "3 years": "few"}},
        "many": number("visits per year", 12.0, distribution="gamma", cv=0.2),
        "few": number("visits per year", 4.0, distribution="gamma", cv=0.2),
    }
    return cm.load(write_model(folder, model))


def of_a_run(scenario: cm.Scenario, values: Values) -> Totals:
    found = evaluate(scenario, values, DRAWS)
    return Totals(tuple(scenario.model.costs), found.cost[-1, 1, 1:], found.qaly[-1, 1])


def check(scenario: cm.Scenario, values: Values) -> None:
    found, wanted = totals(scenario, values, DRAWS), of_a_run(scenario, values)
    assert found.items == wanted.items
    np.testing.assert_allclose(found.cost, wanted.cost, rtol=1e-12)
    np.testing.assert_allclose(found.qaly, wanted.qaly, rtol=1e-12)


@pytest.mark.parametrize("folder", ["chancellor_1997", "sick_sicker", "hip_replacement"])
def test_published_models_have_the_totals_of_a_run(folder: str) -> None:
    scenario = cm.load(PUBLISHED / folder / "model.yaml")
    check(scenario, drawn_values(scenario, DRAWS, 3))


@pytest.mark.parametrize(("counting", "discounting"), CONVENTIONS)
def test_every_convention_has_the_totals_of_a_run(counting: str, discounting: str, tmp_path: Path) -> None:
    scenario = plain(tmp_path, counting=counting, discounting=discounting)
    check(scenario, drawn_values(scenario, DRAWS, 3))


def test_discount_rates_may_differ_between_draws_and_between_costs_and_health(tmp_path: Path) -> None:
    scenario = plain(tmp_path)
    values = dict(drawn_values(scenario, DRAWS, 3))
    values["discount_costs"] = np.linspace(0.0, 0.1, DRAWS)
    check(scenario, values)
    check(scenario, values | {"discount_health": 0.015})


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_no_bit_depends_on_blocks_or_workers(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = plain(tmp_path)
    values = drawn_values(scenario, DRAWS, 3)
    whole = totals(scenario, values, DRAWS)
    monkeypatch.setattr(summing, "BLOCK", 7)
    parts = totals(scenario, values, DRAWS, workers=workers)
    assert np.array_equal(whole.cost, parts.cost)
    assert np.array_equal(whole.qaly, parts.qaly)


def test_what_only_a_run_can_sum_up_is_refused(tmp_path: Path, example_scenario: cm.Scenario) -> None:
    for scenario, reason in (
        (example_scenario, "the model is one of rates"),
        (cm.load(write_model(tmp_path, small())), "a strategy has a therapy or a harm"),
        (plain(tmp_path, qalys_on_transition={"ill -> well": "u_ill"}), "something happens at a transition"),
    ):
        with pytest.raises(cm.InputError, match=f"totals: {reason}. Use run."):
            totals(scenario, scenario.central, 1)
