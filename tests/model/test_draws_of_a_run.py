"""Draws: more extend, seeds repeat, blocks do not matter, and zero spread is the deterministic run."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.model import run as model_run
from costmodel.model.draws import drawn_values
from costmodel.result import outcomes
from costmodel.result.outcomes import KEPT_CURVES, Outcomes
from tests.support.answers import answer, rows
from tests.support.example import REMOVED, documented_model, edited, load_example, number, write_model
from tests.support.ledgers import EVERYBODY
from tests.support.random_models import random_scenario

DEPRESSION = Path(__file__).parents[2] / "scenarios" / "depression_resistant" / "model.yaml"
PER_DRAW = [f.name for f in fields(Outcomes) if not f.name.startswith("mean_") and f.name != "sum_of"]
SPREAD = ("distribution", "se", "cv", "ci95", "effective_size", "range")


def without_spread(model: dict[str, Any]) -> dict[str, Any]:
    for record in model["parameters"].values():
        if record.get("distribution") == "uniform":
            record.setdefault("value", sum(record["range"]) / 2)
        for key in SPREAD:
            record.pop(key, None)
    return model


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("draws"), **EVERYBODY)


def drawn(scenario: cm.Scenario, draws: int, seed: int = 1) -> Outcomes:
    found = cm.run(scenario, draws=draws, seed=seed).expected
    assert found is not None
    return found


@pytest.mark.parametrize("shipped", [False, True])
def test_the_first_thousand_of_ten_thousand_draws_are_a_run_of_a_thousand(scenario: cm.Scenario, shipped: bool) -> None:
    tried = cm.load(DEPRESSION) if shipped else scenario
    many, few = drawn(tried, 10_000), drawn(tried, 1_000)
    assert many.draws == 10_000
    for name in PER_DRAW:
        assert np.array_equal(getattr(many, name)[..., :1_000], getattr(few, name)), name


def test_the_same_seed_gives_the_same_table_and_another_seed_another(scenario: cm.Scenario) -> None:
    first, again, other = (cm.run(scenario, draws=100, seed=seed).table() for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_seed_0_is_a_seed_and_not_the_absence_of_one(scenario: cm.Scenario) -> None:
    assert cm.run(scenario, draws=20, seed=0).table().equals(cm.run(scenario, draws=20, seed=0).table())
    assert not cm.run(scenario, draws=20, seed=0).table().equals(cm.run(scenario, draws=20, seed=1).table())


@pytest.mark.parametrize("block", [1, 7, 64, 5_000])
def test_the_size_of_a_block_moves_no_bit_of_any_draw(
    scenario: cm.Scenario, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = 20 if block == 1 else 150
    usual = drawn(scenario, draws)
    monkeypatch.setattr(model_run, "BLOCK", block)
    other = drawn(scenario, draws)
    for name in PER_DRAW:
        assert np.array_equal(getattr(other, name), getattr(usual, name)), name
    np.testing.assert_allclose(other.mean_curve, usual.mean_curve, rtol=1e-12, atol=1e-10)


def test_curves_are_kept_for_the_first_draws_only(scenario: cm.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_run, "BLOCK", 64)
    monkeypatch.setattr(model_run, "KEPT_CURVES", 100)
    monkeypatch.setattr(outcomes, "KEPT_CURVES", 100)
    found, whole = drawn(scenario, 150), drawn(scenario, 100)
    assert KEPT_CURVES == 4_096
    assert found.curves.shape[-1] == 100
    assert found.sustained.shape[-1] == 150
    assert np.array_equal(found.curves, whole.curves)


def test_means_are_over_all_draws(scenario: cm.Scenario) -> None:
    found = drawn(scenario, 60)
    kept = found.curves[:, :, found.sum_of]
    np.testing.assert_allclose(found.mean_curve[:, :, :, 1:], kept.mean(axis=-1), rtol=1e-12, atol=1e-10)
    total = found.mean_cost.sum(axis=0)
    np.testing.assert_allclose(total, found.cost[-1, 0].mean(axis=-1), rtol=1e-12, atol=1e-10)
    result = cm.run(scenario, draws=60)
    mean = -(found.cost[0, 0, :, 1] - found.cost[0, 0, :, 0])[:2].sum(axis=0).mean()
    assert answer(result, "net_saving", "nhs") == pytest.approx(mean, rel=1e-12)


def test_without_spread_every_draw_is_the_deterministic_run(tmp_path: Path) -> None:
    model = without_spread(edited(documented_model(), EVERYBODY))
    result = cm.run(cm.load(write_model(tmp_path, model)), draws=7)
    assert result.expected is not None
    for name in PER_DRAW:
        repeated = np.repeat(getattr(result.deterministic, name), 7, axis=-1)
        assert np.array_equal(getattr(result.expected, name), repeated), name
    both = rows(result, "net_saving", perspective=None, party=None, category=None, run=None).set_index("run")
    expected, deterministic = both.loc["expected"], both.loc["deterministic"]
    np.testing.assert_allclose(expected.value, deterministic.value, rtol=1e-12)
    assert (expected.low == deterministic.value.to_numpy()).all()
    assert (expected.high == deterministic.value.to_numpy()).all()


def test_with_spread_draws_differ_from_it_and_from_each_other(scenario: cm.Scenario) -> None:
    found = drawn(scenario, 50)
    assert np.unique(found.qaly[0, 0, 1, 0]).size == 50


def test_a_parameter_is_drawn_once_wherever_it_stands(tmp_path: Path) -> None:
    """Two strategies at one uncertain price, one of twice the sessions: twice the cost in each draw."""
    model = edited(documented_model(), {"strategies.therapy.effects": REMOVED})
    model["strategies"]["double"] = edited(
        {"double": documented_model()["strategies"]["therapy"]},
        {"double.label": "Double", "double.effects": REMOVED, "double.therapy.sessions": "twice"},
    )["double"]
    model["parameters"]["two"] = number("multiplier", 2)
    model["parameters"]["twice"] = {"label": "Twice", "unit": "sessions", "product_of": ["sessions", "two"]}
    found = drawn(cm.load(write_model(tmp_path, model)), 50)
    once, twice = found.cost[0, 0, 0, 1, 0], found.cost[0, 0, 0, 2, 0]
    assert np.ptp(once) > 100
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-12)


def test_a_parameter_added_or_renamed_leaves_the_draws_of_the_others(scenario: cm.Scenario, tmp_path: Path) -> None:
    more = load_example(
        tmp_path,
        **EVERYBODY,
        **{"parameters.a_new_one": number("share", 0.5, distribution="beta", effective_size=9)},
    )
    before, after = drawn_values(scenario, 40, seed=3), drawn_values(more, 40, seed=3)
    assert set(after) - set(before) == {"a_new_one"}
    for name, values in before.items():
        assert np.array_equal(values, after[name]), name


def test_no_draw_is_outside_what_its_unit_allows(tmp_path: Path) -> None:
    drawn_at_all = 0
    for i in range(4):
        scenario = random_scenario([9, i], tmp_path / str(i))
        for name, values in drawn_values(scenario, 2_000, seed=i).items():
            unit = scenario.parameters[name].unit
            drawn_at_all += np.ptp(values) > 0
            assert np.all(np.isfinite(values)), name
            if not scenario.parameters[name].product_of:
                assert unit.low <= np.min(values) <= np.max(values) <= unit.high, name
    assert drawn_at_all > 30


def test_an_uncertain_price_of_another_year_is_brought_to_the_prices_of_this_one(tmp_path: Path) -> None:
    spread = {"parameters.gp_visit.distribution": "gamma", "parameters.gp_visit.cv": 0.2}
    then = load_example(tmp_path / "then", **spread)
    now = load_example(tmp_path / "now", **spread, **{"parameters.gp_visit.price_year": "2024/25"})
    visits = [np.asarray(drawn_values(s, 50, seed=1)["gp_visit"]) for s in (then, now)]
    np.testing.assert_allclose(visits[0], 1.04 * visits[1], rtol=1e-12)
    assert then.central["gp_visit"] == pytest.approx(1.04 * now.central["gp_visit"])


def test_a_moved_centre_keeps_the_relative_spread_and_a_fixed_value_has_none(scenario: cm.Scenario) -> None:
    usual = np.asarray(drawn_values(scenario, 500, seed=1)["session_price"])
    dearer = np.asarray(drawn_values(scenario.changed({"session_price": 300}), 500, seed=1)["session_price"])
    np.testing.assert_allclose(dearer, 3 * usual, rtol=1e-9)
    fixed = drawn_values(scenario.changed({"session_price": 300}, fix=True), 500, seed=1)["session_price"]
    assert np.all(np.asarray(fixed) == 300)


@pytest.mark.parametrize("draws", [-1, 1_000_001, True, 1.5, "many", None])
def test_a_number_of_draws_that_is_none_is_refused(scenario: cm.Scenario, draws: Any) -> None:
    with pytest.raises(cm.InputError, match="draws"):
        cm.run(scenario, draws=draws)


@pytest.mark.parametrize("seed", [-1, 2**63, True, 1.5, "one", None])
def test_a_seed_that_is_none_is_refused(scenario: cm.Scenario, seed: Any) -> None:
    with pytest.raises(cm.InputError, match="seed"):
        cm.run(scenario, draws=10, seed=seed)


def test_a_run_that_is_too_large_is_refused_before_it_begins(tmp_path: Path) -> None:
    large = load_example(
        tmp_path,
        horizon="100 years",
        **{f"states.s{i}": "A state" for i in range(3)},
        **{f"utilities.s{i}": 0 for i in range(3)},
        **{f"transitions.ill -> s{i}": "relapse" for i in range(3)},
        **{
            "costs.gp.while_in": {"others": "gp_ill"},
            "costs.gp.causal_share": REMOVED,
            "costs.gp.gap_from": REMOVED,
        },
    )
    with pytest.raises(cm.InputError, match="too many"):
        cm.run(large, draws=1_000_000)


def test_an_absurd_rate_in_one_draw_is_refused_with_its_reason(tmp_path: Path) -> None:
    """Each rate alone stays under 52 a year; the exits of one state together do not."""
    fast = number("per year", distribution="uniform", range=[7, 11.5])
    edits = {f"transitions.ill -> s{i}": "fast" for i in range(5)} | {f"states.s{i}": "A state" for i in range(5)}
    edits |= {f"utilities.s{i}": 0 for i in range(5)} | {"parameters.fast": fast}
    edits |= {
        "costs.gp.while_in": {"others": "gp_ill"},
        "costs.gp.causal_share": REMOVED,
        "costs.gp.gap_from": REMOVED,
    }
    scenario = load_example(tmp_path, **edits)
    with pytest.raises(cm.InputError, match="52 times a year"):
        cm.run(scenario, draws=100)
    cm.run(scenario, draws=0)


def test_shares_of_the_cohort_that_do_not_sum_to_1_in_a_draw_are_refused(tmp_path: Path) -> None:
    """Two shares drawn apart from each other sum to 1 at their central values only."""
    shares = {
        f"parameters.{name}": number("share", value, distribution="beta", effective_size=20)
        for name, value in (("some", 0.6), ("others_of_them", 0.4))
    }
    scenario = load_example(tmp_path, **shares, **{"cohort.start": {"ill": "some", "well": "others_of_them"}})
    with pytest.raises(cm.InputError, match="sum to 1"):
        cm.run(scenario, draws=10)
    cm.run(scenario, draws=0)


@pytest.mark.parametrize("seed", range(6))
def test_some_parameters_alone_have_the_draws_that_they_have_among_all(seed: int, tmp_path: Path) -> None:
    scenario = random_scenario(seed, tmp_path)
    every = drawn_values(scenario, 30, 4)
    for name in every:
        alone = drawn_values(scenario, 30, 4, names=[name])
        assert alone.keys() == set(scenario.behind([name])) & every.keys()
        np.testing.assert_array_equal(alone[name], every[name])
