"""Effects on the quantity of a cost item, and what weakens an effect: dose, optimism, a missing control group."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values
from costmodel.model.ledger import simulate
from tests.support.answers import saving
from tests.support.example import REMOVED, load_example, number

EFFECTS = "strategies.therapy.effects"
OTHER = f"{EFFECTS}.recovers_faster"
LESS = f"{EFFECTS}.less"
ESTIMAND = {
    "source": "X001", "comparator": "usual care", "outcome": "visits", "time": "24 months",
    "analysis": "intention to treat",
}  # fmt: skip
WINDOW = {"from": "start of therapy", "until": "follow-up", "estimand": ESTIMAND}
ALONE = {OTHER: REMOVED, "parameters.rr": number("rate ratio", 0.7)}


def effect(**more: Any) -> dict[str, Any]:
    return {"quantity": "gp", "rate_ratio": "rr"} | WINDOW | more


def spent(folder: Path, **edits: Any) -> np.ndarray:
    """Cost of GP visits at central values, (cycle, strategy)."""
    scenario = load_example(folder, **(ALONE | edits))
    return simulate(scenario, central_values(scenario), 1).cost[:, 1, :, 0, 0]


def test_people_use_that_much_less_while_it_lasts(tmp_path: Path) -> None:
    found = spent(tmp_path, **{LESS: effect()})
    np.testing.assert_allclose(found[:24, 1], 0.7 * found[:24, 0], rtol=1e-12)
    np.testing.assert_allclose(found[24:, 1], found[24:, 0], rtol=1e-12)


def test_it_ends_where_the_gap_closes(tmp_path: Path) -> None:
    long = {LESS: effect(until="horizon")}
    found = spent(tmp_path, beyond_follow_up="gap closes", **long)
    np.testing.assert_allclose(found[:24, 1], 0.7 * found[:24, 0], rtol=1e-12)
    np.testing.assert_allclose(found[24:, 1], found[24:, 0], rtol=1e-12)
    assert np.all(spent(tmp_path, **long)[24:, 1] < found[24:, 0])


def test_gains_may_grow_after_therapy_ends(tmp_path: Path) -> None:
    growing = effect(**{"from": "end of therapy", "until": "horizon", "onset": "12 months"})
    found = spent(tmp_path, **{LESS: growing})
    ratio = found[:, 1] / found[:, 0]
    np.testing.assert_allclose(ratio[:6], 1, rtol=1e-12)
    np.testing.assert_allclose(ratio[6:18], 1 - 0.3 * (np.arange(12) + 0.5) / 12, rtol=1e-12)
    np.testing.assert_allclose(ratio[18:], 0.7, rtol=1e-12)


@pytest.mark.parametrize(
    ("weakened", "strength"),
    [
        ({"dose": {"studied": "studied", "least": "least", "shape": "shape"}}, (12.8 / 20) ** 0.5),
        ({"optimism": "taken"}, 0.6),
        ({"dose": {"studied": "least", "least": "least", "shape": "shape"}, "optimism": "taken"}, 0.6),
    ],
)
def test_it_is_weakened_on_the_log_scale(tmp_path: Path, weakened: dict[str, Any], strength: float) -> None:
    numbers = {
        "parameters.studied": number("sessions", 20),
        "parameters.least": number("sessions", 4),
        "parameters.shape": number("share", 0.5),
        "parameters.taken": number("share", 0.4),
    }
    found = spent(tmp_path, **{LESS: effect(**weakened)}, **numbers)
    np.testing.assert_allclose(found[:24, 1] / found[:24, 0], 0.7**strength, rtol=1e-12)


def test_of_a_change_without_controls_only_the_controlled_share_counts(tmp_path: Path) -> None:
    same = {"costs.gp.while_in": {"others": "gp_ill"}, "costs.gp.causal_share": REMOVED, "costs.gp.gap_from": REMOVED}
    before_after = effect(controlled_share="kept", estimand=ESTIMAND | {"analysis": "before and after"})
    found = spent(tmp_path, **{LESS: before_after, "parameters.kept": number("share", 0.57)}, **same)
    np.testing.assert_allclose(found[:24, 1] / found[:24, 0], 0.7**0.57, rtol=1e-12)


def test_more_attendance_up_to_the_studied_dose_does_more_and_beyond_it_only_costs(tmp_path: Path) -> None:
    dose = {"studied": "studied", "least": "least", "shape": "shape"}
    numbers = {
        "parameters.studied": number("sessions", 8),
        "parameters.least": number("sessions", 4),
        "parameters.shape": number("share", 1),
    }
    scenario = load_example(tmp_path, **{f"{OTHER}.dose": dose}, **numbers)
    gains = [
        float(result.qaly_gain(result.headline, 0, 1)[0, 0])
        for result in (cm.run(scenario.changed({"attendance": x}), draws=0) for x in (0.25, 0.4, 0.5, 0.9))
    ]
    assert gains[0] < gains[1] < gains[2]
    assert gains[3] == pytest.approx(gains[2], rel=1e-12)
    assert "are delivered" in scenario.warnings[0]
    assert '12.8 sessions are delivered and the effect "recovers faster" was studied at 4 to 8' in scenario.warnings[0]
    assert not scenario.changed({"attendance": 0.5}).warnings


def test_a_dose_outside_the_studied_range_is_said_on_every_output(tmp_path: Path) -> None:
    dose = {"studied": "studied", "least": "studied", "shape": 1}
    scenario = load_example(tmp_path, **{f"{OTHER}.dose": dose, "parameters.studied": number("sessions", 8)})
    assert any("was studied at 8" in warning for warning in cm.run(scenario, draws=10).warnings)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "item": ({LESS: effect(quantity="cinema")}, '"cinema" is not a declared cost item'),
    "both": ({LESS: effect(transition="ill -> well")}, "exactly one of transition, quantity"),
    "hazard": (
        {LESS: {"quantity": "gp", "hazard_ratio": "hr_recover"} | WINDOW},
        "the effect on a quantity is a rate_ratio",
    ),
    "overlap": ({LESS: effect(), f"{EFFECTS}.again": effect()}, 'it overlaps with "less" on gp'),
    "onset": ({LESS: effect(onset="3 years")}, "has not grown to its full size"),
    "uncontrolled": ({LESS: effect(estimand=ESTIMAND | {"analysis": "before and after"})}, "has no control group"),
    "controlled": ({LESS: effect(controlled_share="kept")}, "the effect is controlled"),
    "recovery": (
        {LESS: effect(controlled_share="kept", estimand=ESTIMAND | {"analysis": "before and after"})},
        "people in usual care recover too",
    ),
    "twice": ({f"{OTHER}.optimism": "kept"}, 'the causal_share of "gp" shrinks what this effect saves'),
    "dose": (
        {f"{OTHER}.dose": {"studied": "few", "least": "many", "shape": "kept"}},
        "the studied dose is 4 sessions and the least 9",
    ),
    "comparator": (
        {f"{OTHER}.estimand.comparator": "waiting list"},
        'it was measured against "waiting list" and the costs are those of "Usual care"',
    ),
    "assumed for another": (
        {f"{OTHER}.estimand.comparator": "waiting list", f"{OTHER}.estimand.assumed_for": "Nothing"},
        'it is assumed for "Nothing"',
    ),
    "assumed without a source": (
        {f"{OTHER}.estimand.comparator": "waiting list", f"{OTHER}.estimand.assumed_for": "Usual care"},
        "without an assumption",
    ),
    "assumed for nothing": ({f"{OTHER}.estimand.assumed_for": "Usual care"}, "it was measured against that"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_hang_together_is_refused(case: str, tmp_path: Path) -> None:
    edits, found = REFUSED[case]
    numbers = {
        "parameters.rr": number("rate ratio", 0.7),
        "parameters.kept": number("share", 0.5),
        "parameters.few": number("sessions", 4),
        "parameters.many": number("sessions", 9),
    }
    with pytest.raises(cm.InputError) as caught:
        load_example(tmp_path, **edits, **numbers)
    assert found in str(caught.value)
    assert "model.yaml, line" in str(caught.value)


def test_no_effect_on_use_saves_nothing(tmp_path: Path) -> None:
    one = ALONE | {LESS: effect(), "parameters.rr": number("rate ratio", 1)}
    result = cm.run(load_example(tmp_path, **one), draws=0)
    assert saving(result) == -float(
        result.net_cost(result.headline, 0, 1, perspective="nhs_pss", category="therapy")[0, 0]
    )
