"""Effects on the quantity of a cost item, and what weakens an effect: dose, optimism, a missing control group."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values
from tests.support.answers import saving
from tests.support.example import REMOVED, load_example, number
from tests.support.flows import simulate

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
        ({"dose": {"studied": "studied", "half_dose": "half"}}, 12.8 / 22.8 * 30 / 20),
        ({"dose": {"studied": "studied", "half_dose": 0}}, 1.0),
        ({"dose": {"studied": "studied", "flat_from": "half"}}, 1.0),
        ({"dose": {"studied": "studied", "flat_from": "studied"}}, 12.8 / 20),
        ({"optimism": "taken"}, 0.6),
        ({"dose": {"studied": "least", "least": "least", "shape": "shape"}, "optimism": "taken"}, 0.6),
    ],
)
def test_it_is_weakened_on_the_log_scale(tmp_path: Path, weakened: dict[str, Any], strength: float) -> None:
    numbers = {
        "parameters.studied": number("sessions", 20),
        "parameters.least": number("sessions", 4),
        "parameters.half": number("sessions", 10),
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


RULES: dict[str, dict[str, Any]] = {
    "shape": {"shape": "bend", "least": "few"}, "half_dose": {"half_dose": "ten"}, "flat_from": {"flat_from": "few"},
}  # fmt: skip


def dosed(folder: Path, rule: str) -> cm.Scenario:
    """An effect on people and one on use, studied at 16 sessions, of which 16 × the attendance are delivered."""
    dose = RULES[rule] | {"studied": "studied"}
    edits = {f"{OTHER}.dose": dose, LESS: effect(dose=dose), "parameters.rr": number("rate ratio", 0.7)}
    sessions = {"studied": number("sessions", 16), "few": number("sessions", 4), "ten": number("sessions", 10)}
    numbers = sessions | {"bend": number("share", 0.5), "attendance": number("share", 1)}
    return load_example(folder, **edits, **{f"parameters.{name}": record for name, record in numbers.items()})


def changed(scenario: cm.Scenario, **values: float) -> tuple[np.ndarray, np.ndarray]:
    """Visits with therapy as a multiple of those without in the first cycle, and the people who are well at its end."""
    other = scenario.changed(values)
    found = simulate(other, central_values(other), 1)
    return found.cost[0, 1, 1, 0, 0] / found.cost[0, 1, 0, 0, 0], found.people[1, 1, :, 0, 0]


@pytest.mark.parametrize("rule", RULES)
def test_no_sessions_do_nothing_and_more_than_were_studied_no_more(rule: str, tmp_path: Path) -> None:
    scenario = dosed(tmp_path, rule)
    without = changed(scenario.changed({"rr": 1.0, "hr_recover": 1.0}))
    whole = changed(scenario)
    for values, (visits, well) in (
        ({"attendance": 0.0}, without),
        ({"sessions": 0.0}, without),
        ({"sessions": 90.0}, whole),
    ):
        found = changed(scenario, **values)
        assert found[0] == pytest.approx(visits, rel=1e-12)
        np.testing.assert_allclose(found[1], well, rtol=1e-12)
    assert whole[0] < 0.75
    assert whole[1][1] > 1.1 * whole[1][0]


@pytest.mark.parametrize(("rule", "left"), [("shape", 0.5**0.5), ("half_dose", 8 / 18 * 26 / 16), ("flat_from", 1.0)])
def test_half_of_the_studied_dose_does_what_the_rule_says(rule: str, left: float, tmp_path: Path) -> None:
    scenario = dosed(tmp_path, rule)
    ratios = {"rr": 0.7**left, "hr_recover": 1.5**left}
    half, as_ratios = changed(scenario, sessions=8.0), changed(scenario, **ratios)
    assert half[0] == pytest.approx(as_ratios[0], rel=1e-12)
    np.testing.assert_allclose(half[1], as_ratios[1], rtol=1e-12)


@pytest.mark.parametrize("rule", ["half_dose", "flat_from"])
def test_under_half_of_the_studied_dose_the_rule_speaks_and_not_the_evidence(rule: str, tmp_path: Path) -> None:
    scenario = dosed(tmp_path, rule)
    said = '7 sessions are delivered, under half of the 16 at which the effect "less" was studied'
    few = cm.run(scenario.changed({"sessions": 7.0}), draws=10).warnings
    assert any(said in one and "by the dose rule, not by evidence" in one for one in few)
    assert not scenario.changed({"sessions": 8.0}).warnings
    assert any("more than were studied add no effect" in one for one in scenario.changed({"sessions": 20.0}).warnings)


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
    "dose of two rules": (
        {f"{OTHER}.dose": {"studied": "many", "half_dose": "few", "flat_from": "few"}},
        "a dose has exactly one of shape, half_dose, flat_from; found: half_dose, flat_from",
    ),
    "dose without a rule": ({f"{OTHER}.dose": {"studied": "many"}}, "found: none"),
    "dose without its least": (
        {f"{OTHER}.dose": {"studied": "many", "shape": "kept"}},
        "shape and least come together",
    ),
    "dose that is flat too late": (
        {f"{OTHER}.dose": {"studied": "few", "flat_from": "many"}},
        "the studied dose is 4 sessions and flat_from 9",
    ),
    "half a dose as a share": (
        {f"{OTHER}.dose": {"studied": "few", "half_dose": "kept"}},
        '"kept" has the unit "share". Wanted here: sessions.',
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
