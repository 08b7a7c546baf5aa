"""Alternatives are models of their own; the headline is the weighted mixture of their outcomes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from tests.support.answers import answer, rows, saving
from tests.support.example import REMOVED, derived, load_example, number
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PERSPECTIVES

EFFECT = "strategies.therapy.effects.recovers_faster"
SHARE = 0.3
NUMBERS: dict[str, Any] = {
    "parameters.hr_relapse": number("hazard ratio", 0.4, distribution="lognormal", se_log=0.2),
    "parameters.twice_as_often": number("rate ratio", 2),
    "parameters.some": number("share", 0.4),
    "parameters.loss": number("utility", 0.1),
    "parameters.recover_slowly": number("per year", 0.1),
    "parameters.weight": number("share", SHARE),
    "parameters.rest": derived("share", complement_of="weight"),
}
FEWER_RELAPSES = {
    f"{EFFECT}.transition": "well -> ill",
    f"{EFFECT}.hazard_ratio": "hr_relapse",
    "transitions.ill -> well": "recover_slowly",
    "utilities.well": "utility_ill",
    "mortality.rate_ratio": "twice_as_often",
}
HARMS = {
    "strategies.therapy.harms": {
        "distress": {
            "label": "Distress",
            "share": "some",
            "utility_loss": "loss",
            "from": "end of therapy",
            "lasting": "5 months",
        }
    },
}


def two(**second: Any) -> dict[str, Any]:
    """Edits: the example as it is with weight 0.3, and another with the rest."""
    other = {"label": "Prevents relapse", "weight": "rest"} | second
    return NUMBERS | {"alternatives": {"faster": {"label": "Speeds recovery", "weight": "weight"}, "fewer": other}}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    folder = tmp_path_factory.mktemp("alternatives")
    return cm.run(load_example(folder, **EVERYBODY, **two(change=FEWER_RELAPSES, add=HARMS)), draws=100)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, cm.Result]:
    """Each alternative as a model file without alternatives."""
    folder = tmp_path_factory.mktemp("alone")
    faster = load_example(folder / "faster", **EVERYBODY, **NUMBERS)
    fewer = load_example(folder / "fewer", **EVERYBODY, **NUMBERS, **FEWER_RELAPSES, **HARMS)
    return {"faster": cm.run(faster, draws=100), "fewer": cm.run(fewer, draws=100)}


def test_each_alternative_is_the_model_with_its_changes_run_alone(
    result: cm.Result, alone: dict[str, cm.Result]
) -> None:
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
    for name, single in alone.items():
        found = result.table()
        found = found[found.run == name].set_index(keys)[["value", "low", "high", "words"]]
        wanted = single.table()
        wanted = wanted[wanted.run == "expected"].set_index(keys)[["value", "low", "high", "words"]]
        pd.testing.assert_frame_equal(found, wanted)
    assert saving(alone["faster"]) != saving(alone["fewer"])


def test_sums_of_the_headline_are_the_weighted_mean_of_the_alternatives(
    result: cm.Result, alone: dict[str, cm.Result]
) -> None:
    for outcome in ("net_saving", "cash_net_saving", "nmb", "chance_payback", "peak_funding"):
        for perspective in PERSPECTIVES:
            where = {"horizon_months": 60.0, "discounted": outcome == "nmb"}
            parts = [answer(alone[name], outcome, perspective, **where) for name in ("faster", "fewer")]
            mixed = SHARE * parts[0] + (1 - SHARE) * parts[1]
            assert answer(result, outcome, perspective, **where) == pytest.approx(mixed, rel=1e-12)
    gains = [answer(alone[name], "qaly", "") for name in ("faster", "fewer")]
    assert answer(result, "qaly", "") == pytest.approx(SHARE * gains[0] + (1 - SHARE) * gains[1], rel=1e-12)


def test_the_interval_of_the_headline_is_that_of_the_mixture(result: cm.Result) -> None:
    """The two differ enough for the mixture to be wider than either."""
    found = {run: rows(result, "qaly", perspective="", run=run, horizon_months=60.0).iloc[0] for run in result.runs}
    low = min(found["faster"].low, found["fewer"].low)
    high = max(found["faster"].high, found["fewer"].high)
    assert low <= found["expected"].low < found["expected"].value < found["expected"].high <= high


def test_payback_is_read_from_the_mixed_curve(tmp_path: Path) -> None:
    """One alternative pays back early, the other never: months are not averaged, and neither is ignored."""
    effective = {f"{EFFECT}.hazard_ratio": "hr", "parameters.hr": number("hazard ratio", 8)}
    edits = two(change={f"{EFFECT}.hazard_ratio": 1}) | effective
    scenario = load_example(tmp_path, **edits).changed({"causal": 1, "gp_ratio": 0.001}, fix=True)
    result = cm.run(scenario.changed({"session_price": 10}), draws=0)
    alone = result.deterministic.sustained[-1, 0, 0, 1, :, 0]
    curves = result.deterministic.mean_curve[:, 0, 0, 1]
    mixed = SHARE * curves[:, 0] + (1 - SHARE) * curves[:, 1]
    months = result.curve_payback(1, "nhs", 1)
    assert alone[0] < months < 60 < alone[1] == np.inf
    assert np.interp(months, np.arange(61), mixed) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(result.mean_curve(1, "nhs"), mixed, rtol=1e-12)


def test_alternatives_share_the_draws_of_what_they_share(result: cm.Result) -> None:
    """Usual care differs between the two only through recovery and utility; quantities are drawn once."""
    assert result.expected is not None
    gp = [item.name for item in result.items].index("gp")
    cost = result.expected.cost[0, 0, gp, 0]
    assert np.corrcoef(cost[0], cost[1])[0, 1] > 0.9


def test_a_weight_of_0_leaves_the_other_alone(tmp_path: Path) -> None:
    edits = two(change=FEWER_RELAPSES) | {"parameters.weight": number("share", 1)}
    result = cm.run(load_example(tmp_path, **edits), draws=50)
    for outcome in ("net_saving", "payback_sustained_months", "peak_funding"):
        mixed, only = (
            rows(result, outcome, perspective="nhs", run=run, horizon_months=60.0)[["value", "low", "high"]]
            for run in ("expected", "faster")
        )
        assert np.array_equal(mixed.to_numpy(dtype=float), only.to_numpy(dtype=float), equal_nan=True)


def test_an_effect_may_be_added_or_taken_away(tmp_path: Path) -> None:
    new = load_example(tmp_path).tree.data["strategies"]["therapy"]["effects"]["recovers_faster"]
    change = {
        "remove": [EFFECT],
        "add": {"strategies.therapy.effects.fewer_relapses": new | {"transition": "well -> ill", "hazard_ratio": 0}},
    }
    result = cm.run(load_example(tmp_path, **two(**change)), draws=0)
    people = result.deterministic.mean_people[:, :, 1]
    usual = result.deterministic.mean_people[:, :, 0]
    assert np.array_equal(usual[..., 0], usual[..., 1])
    assert people[24, 1, 1] == pytest.approx(1 - np.exp(-0.3 * 2), rel=0.01)


WHAT_AN_ALTERNATIVE_IS_NOT = {
    "another schedule": {"change": {"strategies.therapy.therapy.sessions": "more_sessions"}},
    "another wait": {"change": {"strategies.therapy.therapy.wait": "6 months"}},
    "another payer": {"add": {"strategies.therapy.therapy.paid_by": "household"}},
    "another strategy": {"add": {"strategies.third": {"label": "Third"}}},
    "a strategy less": {"remove": ["strategies.therapy"]},
    "a transition less": {"remove": ["transitions.well -> ill"]},
    "a transition more": {"add": {"transitions.well -> worse": "relapse"}},
    "another life table": {"change": {"mortality.table": "other_table"}},
    "another price": {"change": {"parameters.session_price.value": 5}},
    "another item": {"remove": ["costs.gp"]},
    "another start": {"change": {"cohort.start.ill": 0}},
}


@pytest.mark.parametrize("change", WHAT_AN_ALTERNATIVE_IS_NOT.values(), ids=WHAT_AN_ALTERNATIVE_IS_NOT.keys())
def test_what_is_computed_once_for_all_alternatives_may_not_be_touched_by_one(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """Therapy, transitions, life table and prices come from the model: a change would be ignored."""
    third_state = {
        "states.worse": "Worse",
        "utilities.worse": "utility_ill",
        "transitions.ill -> worse": "relapse",
        "costs.gp.while_in": {"others": "gp_ill"},
        "costs.gp.causal_share": REMOVED,
        "costs.gp.gap_from": REMOVED,
        "parameters.more_sessions": number("sessions", 32),
    }
    load_example(tmp_path, **third_state, **two())
    with pytest.raises(cm.InputError, match="may not touch"):
        load_example(tmp_path, **third_state, **two(**change))


@pytest.mark.parametrize("name", ["expected", "deterministic"])
def test_an_alternative_may_not_take_the_name_of_a_run(tmp_path: Path, name: str) -> None:
    edits = two()
    alternatives = edits["alternatives"]
    with pytest.raises(cm.InputError, match=f'"{name}" is reserved'):
        load_example(
            tmp_path,
            **(edits | {"alternatives": {name: alternatives["faster"], "fewer": alternatives["fewer"]}}),
        )
