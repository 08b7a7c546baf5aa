"""An effect works on its transition, from when to when it says, and by as much."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values
from tests.support.answers import answer, saving
from tests.support.example import REMOVED, derived, load_example, number
from tests.support.flows import Flows, simulate

EFFECT = "strategies.therapy.effects.recovers_faster"
WAIT = "strategies.therapy.therapy.wait"
ILL, WELL = 0, 1
USUAL, TREATED = 0, 1


def flows(folder: Path, **edits: Any) -> Flows:
    scenario = load_example(folder, **edits)
    return simulate(scenario, central_values(scenario), 1)


def people(found: Flows, strategy: int, state: int) -> np.ndarray:
    return found.people[:, state, strategy, 0, 0]


def gap(found: Flows) -> np.ndarray:
    """People who are well because of the therapy, month by month."""
    return people(found, TREATED, WELL) - people(found, USUAL, WELL)


def test_a_faster_recovery_makes_more_people_well_and_nobody_dies_of_it(tmp_path: Path) -> None:
    gaps = [
        gap(flows(tmp_path, **{EFFECT + ".hazard_ratio": "hr", "parameters.hr": number("hazard ratio", hr)}))
        for hr in (0.5, 1.0, 1.2, 2.0)
    ]
    assert np.all(gaps[0][1:] < 0)
    assert np.all(gaps[1] == 0)
    assert np.all(gaps[2][1:] > 0)
    assert np.all(gaps[3][1:] > gaps[2][1:])
    found = flows(tmp_path, **{"parameters.death_ratio.value": 3})
    alive = found.people.sum(axis=1)
    np.testing.assert_allclose(alive[:, TREATED], alive[:, USUAL], rtol=1e-13)


def test_a_hazard_ratio_of_0_stops_the_transition_while_it_lasts(tmp_path: Path) -> None:
    edits = {f"{EFFECT}.transition": "well -> ill", f"{EFFECT}.hazard_ratio": 0, "mortality.rate_ratio": 0}
    found = flows(tmp_path, **edits)
    recovered = 1 - np.exp(-0.3 * found.edges[:25])
    np.testing.assert_allclose(people(found, TREATED, WELL)[:25], recovered, rtol=0, atol=1e-12)
    assert np.all(np.diff(people(found, TREATED, ILL)[:25]) < 0)
    assert people(found, TREATED, WELL)[60] < 1 - np.exp(-0.3 * 5)


def test_a_replacing_rate_may_start_what_never_happens_by_itself(tmp_path: Path) -> None:
    edits = {
        "transitions.ill -> well": 0,
        f"{EFFECT}.hazard_ratio": REMOVED,
        f"{EFFECT}.rate": "quick",
        "parameters.quick": number("per year", 0.9),
        "mortality.rate_ratio": 0,
        "parameters.relapse.value": 0,
        "parameters.relapse.distribution": REMOVED,
        "parameters.relapse.cv": REMOVED,
    }
    found = flows(tmp_path, **edits)
    assert np.all(people(found, USUAL, WELL) == 0)
    recovered = 1 - np.exp(-0.9 * np.minimum(found.edges, 2.0))
    np.testing.assert_allclose(people(found, TREATED, WELL), recovered, rtol=0, atol=1e-12)


def test_nothing_happens_before_an_effect_begins(tmp_path: Path) -> None:
    found = flows(tmp_path, **{WAIT: "5 months", f"{EFFECT}.from": "start of therapy + 2 months"})
    assert np.all(gap(found)[:8] == 0)
    assert gap(found)[8] > 0


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("referral", 0),
        ("referral + 4 months", 4),
        ("start of therapy", 3),
        ("end of therapy", 9),
        ("end of therapy + 1 month", 10),
    ],
)
def test_an_instant_is_counted_on_the_clock_of_the_therapy(tmp_path: Path, moment: str, month: int) -> None:
    found = gap(flows(tmp_path, **{WAIT: "3 months", f"{EFFECT}.from": moment}))
    assert np.all(found[: month + 1] == 0)
    assert found[month + 1] > 0


def test_waiting_moves_the_effect_and_its_end(tmp_path: Path) -> None:
    """People are the same after the wait where neither state is left meanwhile: the effect is only later."""
    still = {
        "mortality.rate_ratio": 0,
        "transitions.well -> ill": 0,
        "transitions.ill -> well": 0,
        f"{EFFECT}.hazard_ratio": REMOVED,
        f"{EFFECT}.rate": "recover",
    }
    at_once, later = gap(flows(tmp_path, **still)), gap(flows(tmp_path, **still, **{WAIT: "7 months"}))
    np.testing.assert_allclose(later[7:], at_once[:-7], rtol=0, atol=1e-13)
    assert at_once[24] == pytest.approx(at_once[60], abs=1e-12)  # it ended at the follow-up


def test_an_effect_that_ends_inside_a_cycle_is_refused_and_with_cycles_that_fit_it_ends_when_it_says(
    tmp_path: Path,
) -> None:
    edits = {"mortality.rate_ratio": 0, "transitions.well -> ill": 0, "cycle": "3 months"}
    with pytest.raises(cm.InputError, match='the end of "recovers_faster", month 2, is within a cycle: cycle 1'):
        load_example(tmp_path, **edits, **{f"{EFFECT}.until": "start of therapy + 2 months"})
    edits["cycle"] = "2 months"
    found = people(flows(tmp_path, **edits, **{f"{EFFECT}.until": "start of therapy + 2 months"}), TREATED, ILL)
    months = 2 * np.arange(31)
    np.testing.assert_allclose(found, np.exp(-(0.3 * months + 0.15 * np.minimum(months, 2)) / 12), rtol=1e-12)


@pytest.mark.parametrize("until", ["start of therapy", "referral", "start of therapy + 0 months"])
def test_an_effect_that_lasts_no_time_is_refused(tmp_path: Path, until: str) -> None:
    with pytest.raises(cm.InputError, match="ends before it begins"):
        load_example(tmp_path, **{f"{EFFECT}.until": until})


def test_beyond_the_follow_up_effects_cease_persist_or_the_gap_closes(tmp_path: Path) -> None:
    found = {
        beyond: flows(tmp_path, beyond_follow_up=beyond)
        for beyond in ("effects cease", "effects persist", "gap closes")
    }
    well = {beyond: f.person_years[:, WELL, TREATED, 0, 0] for beyond, f in found.items()}
    usual = found["gap closes"].person_years[:, WELL, USUAL, 0, 0]
    for beyond in well:
        np.testing.assert_allclose(well[beyond][:24], well["effects persist"][:24], rtol=1e-14)
    assert np.all(well["gap closes"][24:] == usual[24:])
    assert np.all(well["effects cease"][24:] > usual[24:])
    assert np.all(well["effects persist"][24:] > well["effects cease"][24:])


def test_a_gap_closes_follow_up_after_the_start_of_therapy(tmp_path: Path) -> None:
    edits = {"beyond_follow_up": "gap closes", WAIT: "3 months"}
    found = flows(tmp_path, **edits)
    years = found.person_years[:, WELL, :, 0, 0]
    ceased = flows(tmp_path, **(edits | {"beyond_follow_up": "effects cease"})).person_years[:, WELL, TREATED, 0, 0]
    assert np.all(years[27:, TREATED] == years[27:, USUAL])
    np.testing.assert_allclose(years[:27, TREATED], ceased[:27], rtol=1e-14)
    with pytest.raises(cm.InputError, match="within a cycle"):
        load_example(tmp_path, **(edits | {WAIT: "3.25 months"}))


def test_a_half_life_lies_between_ceasing_and_persisting(tmp_path: Path) -> None:
    def saved(**edits: Any) -> float:
        return saving(cm.run(load_example(tmp_path, **edits), draws=0), horizon_months=60.0)

    fading = [saved(**{f"{EFFECT}.half_life": time}) for time in ("1 week", "6 months", "3 years", "90 years")]
    assert saved() < fading[0] < fading[1] < fading[2] < fading[3] < saved(beyond_follow_up="effects persist")
    assert fading[0] == pytest.approx(saved(), abs=0.5)
    assert fading[3] == pytest.approx(saved(beyond_follow_up="effects persist"), abs=0.5)


def test_a_half_life_alone_lets_an_effect_fade_from_its_beginning(tmp_path: Path) -> None:
    """ln of those still ill: the base rate, and the effect's integral of 2^(−t/half-life)."""
    edits = {"mortality.rate_ratio": 0, "transitions.well -> ill": 0, f"{EFFECT}.until": REMOVED}
    found = flows(tmp_path, **edits, **{f"{EFFECT}.half_life": "12 months"})
    t = found.edges
    integral = (1 - 2.0**-t) / np.log(2)
    np.testing.assert_allclose(people(found, TREATED, ILL), np.exp(-0.3 * t - 0.15 * integral), rtol=1e-12)


def test_silence_about_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match="how long the effect lasts"):
        load_example(tmp_path, **{f"{EFFECT}.until": REMOVED})


def test_a_rate_that_changes_over_time_changes_when_it_says(tmp_path: Path) -> None:
    edits = {
        "parameters.early": number("per year", 0.9),
        "parameters.late": number("per year", 0.1),
        "parameters.changing": derived("per year", over_time={"0 months": "early", "7 months": "late"}),
        "transitions": {"ill -> well": "changing"},
        "mortality.rate_ratio": 0,
        "strategies.therapy.effects": REMOVED,
    }
    found = people(flows(tmp_path, **edits), USUAL, ILL)
    months = np.arange(61)
    exposure = (0.9 * np.minimum(months, 7) + 0.1 * np.maximum(months - 7, 0)) / 12
    np.testing.assert_allclose(found, np.exp(-exposure), rtol=1e-12)


def test_harm_costs_health_while_it_lasts_to_those_whom_it_strikes(tmp_path: Path) -> None:
    harm = {
        "label": "Distress",
        "share": "some",
        "utility_loss": "loss",
        "from": "end of therapy",
        "lasting": "15 months",
    }
    numbers = {"parameters.some": number("share", 0.2), "parameters.loss": number("utility", 0.3)}
    scenario = load_example(tmp_path, **numbers, **{WAIT: "6 months"})
    harmed = load_example(tmp_path, **numbers, **{WAIT: "6 months", "strategies.therapy.harms.distress": harm})
    for months, lasted in ((24.0, 1.0), (60.0, 1.25)):
        before, after = (answer(cm.run(s, draws=0), "qaly", "", horizon_months=months) for s in (scenario, harmed))
        assert before - after == pytest.approx(0.2 * 0.3 * lasted, rel=1e-9)
    assert saving(cm.run(harmed, draws=0)) == saving(cm.run(scenario, draws=0))


def test_only_the_causal_part_of_a_gap_is_saved(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    found = {
        share: saving(cm.run(scenario.changed({"causal": share}, fix=True), draws=0), category="primary care")
        for share in (0.0, 0.25, 0.5, 1.0)
    }
    assert found[0.0] == pytest.approx(0, abs=1e-9)
    assert found[1.0] > 10
    for share, saved in found.items():
        assert saved == pytest.approx(share * found[1.0], abs=1e-9)
