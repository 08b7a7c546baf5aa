"""Laws of a whole run: what must not matter does not, and what is doubled doubles."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from tests.support.answers import answer, rows, saving
from tests.support.example import REMOVED, documented_model, edited, load_example, number, price, write_model
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PERSPECTIVES

THERAPY = "strategies.therapy.therapy"
EFFECT = "strategies.therapy.effects.recovers_faster"
TABLE_KEYS = [
    "strategy",
    "comparator",
    "perspective",
    "party",
    "category",
    "outcome",
    "discounted",
    "horizon_months",
    "run",
]


def numbers_of(result: cm.Result) -> pd.DataFrame:
    """The table by its keys, numbers only."""
    return result.table().set_index(TABLE_KEYS)[["value", "low", "high"]].astype(float).sort_index()


def reordered(block: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(block.items()))


def test_one_cycle_can_be_done_by_hand(tmp_path: Path) -> None:
    """A year, nobody dies or relapses: of the ill e^−r stay so, and (1 − e^−r)/r years are spent ill."""
    edits = {
        "cycle": "12 months",
        "horizon": "1 year",
        "follow_up": "1 year",
        "mortality.rate_ratio": 0,
        "transitions": {"ill -> well": "recover"},
        "strategies.therapy.effects.recovers_faster.until": "horizon",
    }
    result = cm.run(load_example(tmp_path, **edits), draws=0)
    visit = 44 * 1.04

    def cost(rate: float) -> float:
        ill = (1 - math.exp(-rate)) / rate
        return visit * (12 * ill + (12 + 0.5 * (6 - 12)) * (1 - ill))

    def qaly(rate: float) -> float:
        ill = (1 - math.exp(-rate)) / rate
        return 0.5 * ill + 0.7 * (1 - ill)

    usual, treated = cost(0.3), cost(0.45) + 16 * 0.8 * 100
    assert answer(result, "cost", "nhs", strategy="usual_care", comparator="") == pytest.approx(usual, rel=1e-12)
    assert answer(result, "cost", "nhs", comparator="") == pytest.approx(treated, rel=1e-12)
    assert saving(result, "nhs") == pytest.approx(usual - treated, rel=1e-12)
    assert answer(result, "qaly", "") == pytest.approx(qaly(0.45) - qaly(0.3), rel=1e-9)
    people = result.deterministic.mean_people[-1, :, :, 0]
    np.testing.assert_allclose(people[0], [math.exp(-0.3), math.exp(-0.45)], rtol=1e-12)


def test_the_order_in_which_states_and_items_are_declared_does_not_matter(tmp_path: Path) -> None:
    model = edited(documented_model(), EVERYBODY)
    turned = model | {
        key: reordered(model[key]) for key in ("states", "transitions", "costs", "utilities", "parameters")
    }
    first, second = (
        cm.run(cm.load(write_model(tmp_path / name, m)), draws=20) for name, m in (("a", model), ("b", turned))
    )
    pd.testing.assert_frame_equal(numbers_of(first), numbers_of(second), rtol=1e-10, atol=1e-10)


def test_the_order_of_strategies_after_the_comparator_does_not_matter(tmp_path: Path) -> None:
    model = documented_model()
    third = edited(
        {"therapy": documented_model()["strategies"]["therapy"]},
        {"therapy.label": "Later", "therapy.therapy.wait": "4 months"},
    )
    model["strategies"]["later"] = third["therapy"]
    turned = model | {"strategies": {k: model["strategies"][k] for k in ("usual_care", "later", "therapy")}}
    first, second = (
        cm.run(cm.load(write_model(tmp_path / name, m)), draws=20) for name, m in (("a", model), ("b", turned))
    )
    assert second.strategies == ("usual_care", "later", "therapy")
    pd.testing.assert_frame_equal(numbers_of(first), numbers_of(second), rtol=1e-13, atol=0)


def test_swapping_two_strategies_turns_every_sign(tmp_path: Path) -> None:
    """Two therapies without effects but with different schedules, prices and harms."""
    harm = {
        "label": "Distress",
        "share": "half",
        "utility_loss": "loss",
        "from": "end of therapy",
        "lasting": "1 year",
    }
    brief = {
        "label": "Brief",
        "therapy": {
            "sessions": "few",
            "over": "2 months",
            "wait": "1 month",
            "attendance": 1,
            "price": "session_price",
        },
    }
    model = edited(
        documented_model(),
        {
            f"{THERAPY}.set_up": "set_up",
            "strategies.therapy.effects": REMOVED,
            "strategies.therapy.harms": {"one": harm},
            "parameters.half": number("share", 0.5),
            "parameters.loss": number("utility", 0.2),
            "parameters.few": number("sessions", 6, distribution="gamma", cv=0.2),
            "parameters.set_up": price("person", 90),
        },
    )
    long = model["strategies"]["therapy"]
    results = []
    for name, strategies in (("a", {"brief": brief, "long": long}), ("b", {"long": long, "brief": brief})):
        results.append(cm.run(cm.load(write_model(tmp_path / name, model | {"strategies": strategies})), draws=50))
    for perspective in PERSPECTIVES:
        for outcome in ("net_saving", "cash_net_saving"):
            there, back = (answer(result, outcome, perspective) for result in results)
            assert there == -back != 0
    there, back = (rows(result, "qaly", perspective="").iloc[0] for result in results)
    assert there.value == -back.value
    assert there.low == pytest.approx(-back.high)


def test_a_longer_horizon_changes_nothing_before_it(tmp_path: Path) -> None:
    short, long = (
        cm.run(load_example(tmp_path / name, horizon=horizon), draws=20)
        for name, horizon in (("a", "3 years"), ("b", "9 years"))
    )
    at_follow_up = [numbers_of(r).xs(24.0, level="horizon_months") for r in (short, long)]
    pd.testing.assert_frame_equal(*at_follow_up, rtol=1e-13, atol=1e-13)
    both = [r.deterministic.mean_curve[:37] for r in (short, long)]
    np.testing.assert_allclose(*both, rtol=1e-13, atol=1e-13)


def test_the_follow_up_on_the_horizon_gives_the_horizon(tmp_path: Path) -> None:
    edits = {"beyond_follow_up": "effects persist"}
    short = cm.run(load_example(tmp_path, **edits), draws=0)
    whole = cm.run(load_example(tmp_path, follow_up="5 years", **edits), draws=0)
    assert whole.horizons == (60.0,)
    assert saving(whole) == saving(short, horizon_months=60.0)


@pytest.mark.parametrize("item", ["gp", "benefit", "work"])
def test_doubling_a_price_doubles_its_item_and_nothing_else(tmp_path: Path, item: str) -> None:
    other = {
        f"costs.{item}.price": "own_price",
        "parameters.own_price": price("month" if item != "gp" else "visit", 5),
    }
    scenario = load_example(tmp_path, **EVERYBODY, **other)
    once, twice = (cm.run(s, draws=10) for s in (scenario, scenario.changed({"own_price": 10})))
    index = [i.name for i in once.items].index(item)
    for before, after in ((once.deterministic, twice.deterministic), (once.expected, twice.expected)):
        assert before is not None
        assert after is not None
        rest = [i for i in range(len(once.items)) if i != index]
        np.testing.assert_allclose(after.cost[:, :, index], 2 * before.cost[:, :, index], rtol=1e-13)
        assert np.array_equal(after.cost[:, :, rest], before.cost[:, :, rest])
        assert np.array_equal(after.qaly, before.qaly)


def test_one_pound_more_per_starter_costs_one_pound_more(tmp_path: Path) -> None:
    edits = {f"{THERAPY}.set_up": "set_up", "parameters.set_up": price("person", 100)}
    scenario = load_example(tmp_path, **edits)
    before, after = (cm.run(s, draws=10) for s in (scenario, scenario.changed({"set_up": 101})))
    for run in ("expected", "deterministic"):
        for perspective in PERSPECTIVES:
            for months in before.horizons:
                where = {"run": run, "horizon_months": months}
                more = saving(before, perspective, **where) - saving(after, perspective, **where)
                assert more == pytest.approx(1, abs=1e-9)


def test_free_care_costs_nothing(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **EVERYBODY)
    prices = [n for n, r in scenario.parameters.items() if r.unit.kind == "price" and n != "threshold_low"]
    free = cm.run(scenario.changed(dict.fromkeys(prices, 0), fix=True), draws=5)
    assert free.expected is not None
    assert np.all(free.expected.cost == 0)
    assert len(prices) == 4


def test_with_every_utility_1_a_qaly_is_a_year_of_life(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, utilities={"ill": 1, "well": 1}), draws=0)
    alive = result.deterministic.mean_people[:, :, 0, 0].sum(axis=1)
    hazards = -np.diff(np.log(alive)) * 12
    lived = np.sum((alive[:-1] - alive[1:]) / hazards)
    assert answer(result, "qaly", "", comparator="", horizon_months=60.0) == pytest.approx(lived, rel=1e-11)


def test_without_discounting_present_values_are_the_sums_themselves(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **EVERYBODY)
    result = cm.run(scenario.changed({"discount_costs": 0, "discount_health": 0}), draws=5)
    assert result.expected is not None
    assert np.array_equal(result.expected.cost[:, 0], result.expected.cost[:, 1])
    assert np.array_equal(result.expected.qaly[:, 0], result.expected.qaly[:, 1])
    assert np.array_equal(result.expected.curves[:, 0], result.expected.curves[:, 1])


def test_more_discounting_means_smaller_totals(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **EVERYBODY)
    totals = []
    for rate in (0.0, 0.015, 0.035, 0.1, 0.5):
        result = cm.run(scenario.changed({"discount_costs": rate, "discount_health": rate}), draws=0)
        totals.append((result.deterministic.cost[-1, 1], result.deterministic.qaly[-1, 1]))
    for (cost, qaly), (less, fewer) in itertools.pairwise(totals):
        assert np.all(less[1:] < cost[1:])
        assert np.all(fewer < qaly)


def test_the_first_year_is_not_discounted_and_the_third_twice(tmp_path: Path) -> None:
    """The effect of one year's worth: a therapy that falls in one year only."""
    for year in range(4):
        edits = {
            f"{THERAPY}.wait": f"{year} years",
            f"{THERAPY}.over": "12 months",
            "strategies.therapy.effects": REMOVED,
        }
        result = cm.run(load_example(tmp_path, follow_up="5 years", **edits), draws=0)
        therapy = saving(result, "nhs", discounted=True)
        assert therapy == pytest.approx(-1280 / 1.035**year, rel=1e-12)


def test_a_value_moved_away_and_back_gives_the_base_case(
    example_scenario: cm.Scenario, example_result: cm.Result
) -> None:
    moved = example_scenario.changed({"session_price": 250, "hr_recover": 1.1, f"{THERAPY}.wait": "3 months"})
    assert saving(cm.run(moved, draws=0)) != saving(cm.run(example_scenario, draws=0))
    back = moved.changed({"session_price": 100, "hr_recover": 1.5, f"{THERAPY}.wait": "0 months"})
    pd.testing.assert_frame_equal(cm.run(back, draws=200).table(), example_result.table())


def test_what_a_file_leaves_at_its_default_can_be_changed(tmp_path: Path) -> None:
    model = edited(documented_model(), {"people": REMOVED, "cycle": REMOVED})
    changed = cm.load(write_model(tmp_path, model)).changed({"people": 50, "cycle": "3 months"})
    assert (changed.model.people, changed.model.cycle) == (50, "3 months")
