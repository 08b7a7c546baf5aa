"""Strata in models of probabilities: the cohort is the mean of its groups, weighted by their shares."""

import copy
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.model.activity import moves
from costmodel.model.draws import drawn_values
from costmodel.model.run import SEED
from costmodel.scenario.build import Scenario
from tests.support.example import derived, edited, number, write_model
from tests.support.plain_probabilities import plain_run
from tests.support.random_probabilities import random_probabilities
from tests.support.small_probabilities import EVERYTHING, small

PUBLISHED = Path(__file__).parents[1] / "published"
SHARE = 0.3
STRATA: dict[str, Any] = {
    "parameters.part": number("share", SHARE),
    "parameters.rest": derived("share", complement_of="part"),
    "parameters.slow": number("probability per year", 0.05),
    "parameters.hard": number("probability per year", 0.15),
    "parameters.u_low": number("utility", 0.3),
    "parameters.u_own": number("utility", 0.6),
    "parameters.few": number("visits per year", 3.0),
    "parameters.started": number("share", 0.75),
    "parameters.not_started": derived("share", complement_of="started"),
    "cohort.start": {"ill": 1, "well": 0},
    "strategies.therapy.transitions": {"well -> ill": "leave"},
}
DIFFERENT = {
    "transitions.ill -> well": "slow",
    "strategies.therapy.transitions.well -> ill": "hard",
    "strategies.therapy.effects.faster.relative_risk": "late_rr",
    "utilities.ill": "u_low",
    "strategies.therapy.utilities.well": "u_own",
    "costs.gp.while_in.ill": "few",
    "cohort.start.ill": "started",
    "cohort.start.well": "not_started",
}
"""Everything by which a stratum may differ."""


def mixed(change: dict[str, Any], **edits: Any) -> dict[str, Any]:
    """The small model with every part of the grammar and two strata: as it stands, and changed."""
    model = edited(small(), EVERYTHING | STRATA | {"parameters.late_rr": number("relative risk", 0.8)} | edits)
    model["strata"] = {
        "as_it_is": {"label": "As it stands", "share": "part"},
        "others": {"label": "The others", "share": "rest", "change": change},
    }
    return model


def apart(model: dict[str, Any], folder: Path) -> dict[str, Scenario]:
    """Each stratum as a scenario of its own, without strata."""
    found = {}
    for name, stratum in model["strata"].items():
        alone = edited(copy.deepcopy(model), stratum.get("change", {}) | {"strata": {}})
        found[name] = cm.load(write_model(folder / name, alone))
    return found


ADDED = ("cost", "net_saving", "qaly")
"""Outcomes that are sums over people. Cash is none: what one group adds is paid in full, and what another saves is
released in part.
"""


def check_that_the_cohort_is_the_mean_of_its_groups(model: dict[str, Any], folder: Path, draws: int = 20) -> None:
    whole = cm.run(cm.load(write_model(folder / "whole", model)), draws=draws)
    first, second = (cm.run(one, draws=draws) for one in apart(model, folder).values())
    keys = [
        "strategy", "comparator", "outcome", "perspective", "party", "category", "channel", "horizon_months",
        "discounted", "run",
    ]  # fmt: skip
    table, *groups = (
        one.table()[lambda t: t.outcome.isin(ADDED) & t.run.isin(["expected", "deterministic"])]
        .set_index(keys)
        .value.astype(float)
        for one in (whole, first, second)
    )
    wanted = SHARE * groups[0] + (1 - SHARE) * groups[1]
    assert len(table) == len(wanted) > 50
    np.testing.assert_allclose(table, wanted.loc[table.index], rtol=1e-12, atol=1e-9)
    for view in ("value", "discounted"):
        curves = [one.mean_curve(1, "nhs", view) for one in (whole, first, second)]
        np.testing.assert_allclose(curves[0], SHARE * curves[1] + (1 - SHARE) * curves[2], rtol=1e-12, atol=1e-9)
    for frame, value in (("trace", "people"), ("activity", "value"), ("ledger", "money")):
        frames = [getattr(one, frame)() for one in (whole, first, second)]
        found, one, other = (table[value].to_numpy(dtype=float) for table in frames)
        np.testing.assert_allclose(found, SHARE * one + (1 - SHARE) * other, rtol=1e-12, atol=1e-9, err_msg=frame)
    counted = [moves(one.scenario) for one in (whole, first, second)]
    for name, found in counted[0].items():
        one, other = (each.get(name, np.zeros_like(found)) for each in counted[1:])
        np.testing.assert_allclose(found, SHARE * one + (1 - SHARE) * other, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("path", [None, *DIFFERENT], ids=str)
def test_the_cohort_is_the_mean_of_two_scenarios_run_apart(path: str | None, tmp_path: Path) -> None:
    change = {key: DIFFERENT[key] for key in ("cohort.start.ill", "cohort.start.well") if path and "cohort" in path}
    check_that_the_cohort_is_the_mean_of_its_groups(mixed(change | {path: DIFFERENT[path]} if path else {}), tmp_path)


@pytest.mark.parametrize(
    "convention",
    [
        {},
        {"counting": "end", "discounting": "start of cycle"},
        {"counting": "life-table", "discounting": "middle of cycle"},
        {"counting": "weights", "discounting": "at each count", "weights": [0.3, *[1.1, 0.9] * 5]},
    ],
    ids=str,
)
def test_it_is_so_where_groups_differ_in_everything(convention: dict[str, Any], tmp_path: Path) -> None:
    check_that_the_cohort_is_the_mean_of_its_groups(mixed(DIFFERENT, **convention), tmp_path)


def test_each_group_is_shown_as_its_people_alone(tmp_path: Path) -> None:
    model = mixed(DIFFERENT)
    scenario = cm.load(write_model(tmp_path, model))
    result = cm.run(scenario, draws=20)
    assert set(result.strata) == {"as_it_is", "others"}
    for name, alone in apart(model, tmp_path / "apart").items():
        assert scenario.stratum(name).sha256 == alone.sha256
        assert result.strata[name] == replace(cm.run(scenario.stratum(name), draws=20), conventions={})
        own = replace(cm.run(alone, draws=20), conventions={})
        assert result.strata[name].table().drop(columns="run").equals(own.table().drop(columns="run"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_probabilities(), st.integers(0, 2**32 - 1))
def test_a_second_implementation_agrees(tmp_path_factory: Any, model: dict[str, Any], seed: int) -> None:
    """Of each group by loops over dense matrices, in random models whose groups differ at random."""
    random = np.random.default_rng(seed)
    records = model["parameters"]
    plain = [name for name, record in records.items() if "value" in record]
    chances = {f"transitions.{arrow}": reference for arrow, reference in model["transitions"].items()}
    places = chances | {f"utilities.{state}": reference for state, reference in model["utilities"].items()}
    for name, item in model["costs"].items():
        places |= {f"costs.{name}.while_in.{state}": one for state, one in item["while_in"].items()}
    change: dict[str, Any] = {}
    for place, reference in places.items():
        unit = records[reference]["unit"] if isinstance(reference, str) and reference in records else None
        like = [
            name
            for name in plain
            if name != reference and records[name]["unit"] == unit and records[name]["value"] >= 0
        ]
        if like and random.random() < 0.5:
            pool = [
                name for name in like if place not in chances or records[name]["value"] <= _least(records, reference)
            ]
            if pool:
                change[place] = str(random.choice(pool))
    model["strata"] = {
        "one": {"label": "One", "share": "part"},
        "other": {"label": "Other", "share": "rest", "change": change},
    }
    records |= {"part": number("share", SHARE), "rest": derived("share", complement_of="part")}
    result = cm.run(cm.load(write_model(tmp_path_factory.mktemp("random"), model)), draws=0, strata=False)
    outcomes = result.deterministic
    groups = [plain_run(one, (0.035, 0.035)) for one in (model, edited(copy.deepcopy(model), change))]
    for s, strategy in enumerate(model["strategies"]):
        for d, suffix in enumerate(("", "_discounted")):
            health = [group[strategy][f"qaly{suffix}"] for group in groups]
            gained = float(outcomes.qaly[-1, d, s, 0, 0])
            assert gained == pytest.approx(SHARE * health[0] + (1 - SHARE) * health[1], rel=1e-9, abs=1e-9)
            money = [group[strategy][f"cost{suffix}"] for group in groups]
            found = float(outcomes.cost[-1, d, :, s, 0, 0].sum())
            assert found == pytest.approx(SHARE * money[0] + (1 - SHARE) * money[1], rel=1e-9, abs=1e-9)


def _least(records: dict[str, Any], reference: str) -> float:
    """The least value of a parameter over time."""
    record = records[reference]
    return (
        min(_least(records, one) for one in record["over_time"].values()) if "over_time" in record else record["value"]
    )


def test_groups_that_start_elsewhere_are_no_states_that_nobody_can_be_in(tmp_path: Path) -> None:
    model = edited(mixed({"cohort.start.ill": 0, "cohort.start.well": 1}), {"transitions": {}})
    for strategy in model["strategies"].values():
        strategy.pop("transitions", None)
        strategy.pop("effects", None)
    model["costs"]["gp"].pop("on_transition")
    model["transitions"] = {"well -> dead": "leave"}
    assert not [said for said in cm.load(write_model(tmp_path / "a", model)).warnings if "nobody can be in" in said]
    model["strata"]["others"]["change"] = {"utilities.ill": "u_low"}
    assert [said for said in cm.load(write_model(tmp_path / "b", model)).warnings if 'nobody can be in "well"' in said]


def test_every_law_of_verification_holds(tmp_path: Path) -> None:
    found = cm.verify(cm.load(write_model(tmp_path, mixed(DIFFERENT))))
    assert [check for check in found.checks if check.state not in ("OK", "does not apply")] == []


def test_groups_share_tables_of_probabilities(tmp_path: Path) -> None:
    """The weighted mean of the published model as it is and with another utility."""
    shutil.copytree(PUBLISHED / "hip_replacement", tmp_path / "model")
    path = tmp_path / "model" / "model.yaml"
    text = path.read_text("utf-8")
    strata = f"""
strata:
  one: {{label: One, share: part}}
  other: {{label: Other, share: rest, change: {{utilities.success: 1}}}}
parameters:
  part: {{label: Part, unit: share, value: {SHARE}, source: THR, status: assumption}}
  rest: {{label: Rest, unit: share, complement_of: part}}
"""
    path.write_text(text.replace("\nparameters:\n", strata), "utf-8")
    result = cm.run(cm.load(path), draws=0)
    whole, one, other = (each.deterministic.qaly[-1, 1, :, 0, 0] for each in (result, *result.strata.values()))
    assert whole == pytest.approx(SHARE * one + (1 - SHARE) * other, rel=1e-12)
    assert (other > one + 0.5).all()
    path.write_text(
        path.read_text("utf-8").replace("utilities.success: 1", "transitions.primary -> success: 1"), "utf-8"
    )
    with pytest.raises(cm.InputError, match="there is no .* in the path transitions.primary -> success"):
        cm.load(path)


REFUSED = {
    "shares": ({"parameters.rest": number("share", 0.6)}, {}, "the shares of the strata sum to 0.9"),
    "price": ({}, {"costs.gp.price": "session"}, "a stratum may not touch costs.gp.price"),
    "only_in": ({}, {"costs.entry.only_in": ["usual"]}, "a stratum may not touch costs.entry.only_in"),
    "unit": ({}, {"transitions.ill -> well": "few"}, '"few" has the unit "visits per year"'),
    "rows": ({"parameters.slow.value": 0.995}, {"transitions.ill -> well": "slow"}, "sum to 1.005"),
    "start": ({}, {"cohort.start.ill": "started"}, "the shares of the cohort sum to 0.75"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_groups_that_do_not_hang_together_are_refused(case: str, tmp_path: Path) -> None:
    edits, change, found = REFUSED[case]
    with pytest.raises(cm.InputError, match=re.escape(found)):
        cm.load(write_model(tmp_path, mixed(change, **edits)))


def test_shares_that_miss_one_in_a_draw_are_refused(tmp_path: Path) -> None:
    loose = {"parameters.part": number("share", SHARE, distribution="beta", effective_size=10)}
    scenario = cm.load(write_model(tmp_path, mixed({}, **loose, **{"parameters.rest": number("share", 1 - SHARE)})))
    with pytest.raises(cm.InputError, match="do not sum to 1 in every draw"):
        cm.run(scenario, draws=20)


def test_broken_rows_name_their_group_and_count_each_draw_once(tmp_path: Path) -> None:
    spread = number("probability per year", 0.9, distribution="beta", effective_size=5)
    edits = {"parameters.leave": spread, "parameters.die.value": 0.05, "strategies.therapy.effects": {}}
    change = {"cohort.start.ill": "started", "cohort.start.well": "not_started"}
    scenario = cm.load(write_model(tmp_path, mixed(change, **edits, **{"transitions.ill -> dead": "die"})))
    with pytest.raises(cm.InputError) as caught:
        cm.run(scenario, draws=50)
    lines = [str(problem) for problem in caught.value.problems]
    wrong = int(np.sum(drawn_values(scenario, 50, SEED)["leave"] > 0.95))
    assert 25 < wrong < 50
    for name in ("usual, as_it_is", "usual, others", "therapy, as_it_is", "therapy, others"):
        (line,) = [line for line in lines if f" {name}: " in line and 'leaving "ill"' in line]
        assert f"in {wrong} of 50 draws" in line
