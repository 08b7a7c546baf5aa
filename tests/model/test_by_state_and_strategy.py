"""Deaths of one state, and a start and rates that belong to one strategy: by closed forms, in workbook and refusals."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.activity import background_hazards
from costmodel.model.draws import central_values
from costmodel.report.workbook import write
from tests.support.example import REMOVED, load_example, number, price
from tests.support.flows import Flows, simulate
from tests.support.spreadsheets import by_formualizer, disagreements
from tests.workbook.test_live import check_summary

ILL, WELL = 0, 1
USUAL, TREATED = 0, 1
SUICIDE = {"transitions.ill -> dead": "suicide", "parameters.suicide": number("per year", 0.02)}
NO_RELAPSE = {"transitions.well -> ill": 0}
SMR = {
    "mortality.rate_ratio": 1,
    "mortality.rate_ratios": {"ill": "smr"},
    "parameters.smr": number("rate ratio", 1.7),
}
ONCE = NO_RELAPSE | {"mortality.rate_ratio": 0}
EVENT = {
    "costs.discharge": {
        "label": "Discharge", "category": "hospital", "paid_by": "nhs", "price": "discharge", "while_in": {"others": 0},
        "on_transition": {"ill -> well": 1}, "cashable": 1, "lag": "0 months",
    },
    "parameters.discharge": price("discharge", 120),
    "qalys_on_transition": {"ill -> well": "relief"},
    "parameters.relief": number("utility", 0.05),
}  # fmt: skip
EFFECT = "strategies.therapy.effects.recovers_faster"


def flows(folder: Path, **edits: Any) -> Flows:
    scenario = load_example(folder, **edits)
    return simulate(scenario, central_values(scenario), 1)


def test_suicide_from_one_state_adds_to_the_deaths_of_all(tmp_path: Path) -> None:
    """0.3 recover and 0.02 die a year: x = e^(−0.32t), and those who are well have recovered and not died."""
    edits = SUICIDE | NO_RELAPSE | {"mortality.rate_ratio": 0}
    found = flows(tmp_path, **edits)
    ill, well = found.people[:, ILL, USUAL, 0, 0], found.people[:, WELL, USUAL, 0, 0]
    np.testing.assert_allclose(ill, np.exp(-0.32 * found.edges), rtol=1e-12)
    np.testing.assert_allclose(well, 0.3 / 0.32 * (1 - np.exp(-0.32 * found.edges)), rtol=0, atol=1e-12)
    treated = found.people[:, :, TREATED, 0, 0].sum(axis=1)
    assert treated[-1] > (ill + well)[-1], "who recovers faster dies less"


def test_a_ratio_of_deaths_holds_in_its_state_alone(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **SMR, **NO_RELAPSE, **{"transitions.ill -> well": 0})
    found = simulate(scenario, central_values(scenario), 1)
    lived = np.append(0.0, np.cumsum(background_hazards(scenario) * np.diff(found.edges)))
    np.testing.assert_allclose(found.people[:, ILL, USUAL, 0, 0], np.exp(-1.7 * lived), rtol=1e-12)
    start = {"strategies.therapy.cohort": {"start": {"well": 1}}}
    healthy = flows(tmp_path, **SMR, **NO_RELAPSE, **start)
    np.testing.assert_allclose(healthy.people[:, WELL, TREATED, 0, 0], np.exp(-lived), rtol=1e-12)


def test_equal_ratios_by_state_are_one_ratio(tmp_path: Path) -> None:
    once = load_example(tmp_path)
    ratios = dict.fromkeys(once.model.states, once.model.deaths.rate_ratio)
    by_state = {"mortality.rate_ratio": REMOVED, "mortality.rate_ratios": ratios}
    found = cm.run(load_example(tmp_path, **by_state), draws=0)
    np.testing.assert_array_equal(found.deterministic.cost, cm.run(once, draws=0).deterministic.cost)


def test_a_strategys_people_may_begin_elsewhere(tmp_path: Path) -> None:
    """Half of those who are screened are well at once."""
    start = {"strategies.therapy.cohort": {"start": {"ill": "half", "well": "half"}}}
    found = flows(tmp_path, **start, **{"parameters.half": number("share", 0.5)})
    assert found.people[0, :, TREATED, 0, 0] == pytest.approx([0.5, 0.5])
    assert found.people[0, :, USUAL, 0, 0] == pytest.approx([1.0, 0.0])


def test_a_rate_of_its_own_is_a_rate_that_replaces_from_referral_to_the_horizon(tmp_path: Path) -> None:
    quick = {"parameters.quick": number("per year", 0.9)}
    own = {EFFECT: REMOVED, "strategies.therapy.transitions": {"ill -> well": "quick"}}
    by_effect = {
        f"{EFFECT}.hazard_ratio": REMOVED, f"{EFFECT}.rate": "quick", f"{EFFECT}.from": "referral",
        f"{EFFECT}.until": "horizon", f"{EFFECT}.dose": REMOVED, f"{EFFECT}.optimism": REMOVED,
    }  # fmt: skip
    present = load_example(tmp_path).model.strategies["therapy"].effects["recovers_faster"]
    by_effect = {k: v for k, v in by_effect.items() if v is not REMOVED or getattr(present, k.rpartition(".")[2], None)}
    found, wanted = flows(tmp_path, **quick, **own), flows(tmp_path, **quick, **by_effect)
    np.testing.assert_allclose(found.people, wanted.people, rtol=0, atol=1e-13)


def test_a_transition_costs_and_gains_once_for_each_who_makes_it(tmp_path: Path) -> None:
    """1 − e^(−0.3t) of those in usual care recover in t years, at £120 and 0.05 QALY each."""
    plain = cm.run(load_example(tmp_path, **ONCE), draws=0).deterministic
    edits = ONCE | EVENT
    found = cm.run(load_example(tmp_path, **edits), draws=0)
    item = [one.name for one in found.items].index("discharge")
    recovered = 1 - np.exp(-0.3 * 2)
    assert found.deterministic.cost[0, 0, item, USUAL, 0, 0] == pytest.approx(120 * recovered, rel=1e-12)
    gained = found.deterministic.qaly[0, 0, USUAL, 0, 0] - plain.qaly[0, 0, USUAL, 0, 0]
    assert gained == pytest.approx(0.05 * recovered, rel=1e-12)
    by_year = (np.exp(-0.3) - np.exp(-0.6)) / 1.035 + 1 - np.exp(-0.3)
    assert found.deterministic.cost[0, 1, item, USUAL, 0, 0] == pytest.approx(120 * by_year, rel=1e-12)


@pytest.mark.parametrize(
    "edits",
    [SUICIDE, SMR, ONCE | EVENT, {"strategies.therapy.cohort": {"start": {"well": 1}}},
     {EFFECT: REMOVED, "strategies.therapy.transitions": {"ill -> well": "quick"},
      "parameters.quick": number("per year", 0.9)}],
)  # fmt: skip
def test_the_workbook_computes_the_same(edits: dict[str, Any], tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **edits)
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"mortality.rate_ratio": REMOVED}, "nothing is said of the deaths in ill, well"),
        (SMR | {"mortality.rate_ratio": REMOVED}, "nothing is said of the deaths in well"),
        (SMR | {"mortality.rate_ratios": {"il": "smr"}}, '"il" is not a declared state'),
        (EVENT | {"qalys_on_transition": {"ill -> wel": "relief"}}, '"ill -> wel" is not a declared transition'),
        (EVENT | {"beyond_follow_up": "gap closes"}, "not known where the gap closes"),
        ({"transitions.dead -> ill": "recover"}, "nobody comes back from the dead"),
        ({"strategies.therapy.cohort": {"start": {"ill": 1, "well": 1}}}, "the shares of the cohort sum to 2"),
        ({"strategies.therapy.cohort": {"start": {"wel": 1}}}, '"wel" is not a declared state'),
        ({"strategies.therapy.transitions": {"ill -> wel": "recover"}}, '"ill -> wel" is not a transition'),
        ({"strategies.therapy.transitions": {"ill -> well": "recover"}}, "the strategy has one of its own"),
    ],
)  # fmt: skip
def test_what_does_not_hang_together_is_refused(edits: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match=re.escape(said)):
        load_example(tmp_path, **edits)


def test_deaths_that_differ_are_said_to_move_money(tmp_path: Path) -> None:
    said = " ".join(load_example(tmp_path, **SUICIDE).warnings)
    assert "who die earlier use less" in said
    assert "who die earlier" not in " ".join(load_example(tmp_path).warnings)
