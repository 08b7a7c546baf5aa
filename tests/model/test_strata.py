"""Strata: parts of one cohort, added up in each draw and shown apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from tests.support.answers import saving
from tests.support.example import derived, load_example, number

SHARE = number("share", 0.4)
LIGHT = {"costs.gp.while_in.ill": "gp_light"}


def strata(share: dict[str, Any] = SHARE, change: dict[str, Any] = LIGHT) -> dict[str, Any]:
    """Edits of the example: four in ten are as they stand, the others changed."""
    return {
        "strata": {
            "heavy": {"label": "Heavy users", "share": "share_heavy"},
            "light": {"label": "Light users", "share": "share_light", "change": change},
        },
        "parameters.share_heavy": share,
        "parameters.share_light": derived("share", complement_of="share_heavy"),
        "parameters.gp_light": number("visits per year", 3),
        "parameters.recover_light": number("per year", 0.6),
    }


def by_run(result: cm.Result, **where: Any) -> dict[str, float]:
    return {name: saving(result, run=name, **where) for name in ("expected", "heavy", "light")}


def test_the_cohort_saves_what_its_parts_save_by_their_shares(tmp_path: Path) -> None:
    found = by_run(cm.run(load_example(tmp_path, **strata()), draws=100))
    assert found["expected"] == pytest.approx(0.4 * found["heavy"] + 0.6 * found["light"], rel=1e-12)
    assert found["heavy"] > found["light"]


def test_each_part_is_that_scenario_by_itself(tmp_path: Path) -> None:
    mixed = by_run(cm.run(load_example(tmp_path / "mixed", **strata()), draws=50))
    heavy = load_example(tmp_path / "heavy")
    light = load_example(tmp_path / "light", **(strata() | {"costs.gp.while_in.ill": "gp_light", "strata": {}}))
    assert mixed["heavy"] == saving(cm.run(heavy, draws=50))
    assert mixed["light"] == saving(cm.run(light, draws=50))


def test_parts_may_respond_differently(tmp_path: Path) -> None:
    change = {"transitions.ill -> well": "recover_light", "strategies.therapy.effects.recovers_faster.hazard_ratio": 1}
    result = cm.run(load_example(tmp_path, **strata(change=change)), draws=0)
    gained = {
        name: float(one.qaly_gain(one.headline, 0, 1)[0, 0]) for name, one in {"all": result, **result.strata}.items()
    }
    assert gained["light"] == 0
    assert gained["all"] == pytest.approx(0.4 * gained["heavy"], rel=1e-12)
    assert gained["heavy"] > 0


def test_parts_may_differ_in_what_a_strategy_has_of_its_own(tmp_path: Path) -> None:
    own = {
        "strategies.therapy.transitions": {"well -> ill": "recover_light"},
        "strategies.therapy.cohort": {"start": {"ill": 1, "well": 0}},
    }
    change = {
        "strategies.therapy.transitions.well -> ill": 0,
        "strategies.therapy.cohort.start.ill": 0,
        "strategies.therapy.cohort.start.well": 1,
    }
    found = by_run(cm.run(load_example(tmp_path / "mixed", **(own | strata(change=change))), draws=20))
    alone = load_example(tmp_path / "alone", **(own | strata() | change | {"strata": {}}))
    assert found["light"] == saving(cm.run(alone, draws=20)) > found["heavy"]
    assert found["expected"] == pytest.approx(0.4 * found["heavy"] + 0.6 * found["light"], rel=1e-12)


def test_uncertain_shares_are_drawn(tmp_path: Path) -> None:
    uncertain = number("share", 0.4, distribution="beta", effective_size=10)
    fixed = cm.run(load_example(tmp_path / "a", **strata()), draws=200)
    drawn = cm.run(load_example(tmp_path / "b", **strata(uncertain)), draws=200)
    spread = [np.std(r.net_cost(r.headline, 0, 1, perspective="nhs")) for r in (fixed, drawn)]
    assert spread[1] != spread[0]
    assert by_run(drawn)["heavy"] == by_run(fixed)["heavy"]


def test_payback_is_that_of_the_sum(tmp_path: Path) -> None:
    """The heavy pay back, the light never; together later than the heavy alone."""
    cheap = {"parameters.session_price.value": 1} | strata(number("share", 0.8))
    result = cm.run(load_example(tmp_path, **cheap), draws=0)
    months = {name: one.curve_payback(1, "nhs", 1) for name, one in {"all": result, **result.strata}.items()}
    assert months["heavy"] < months["all"]
    assert months["light"] == np.inf or months["light"] > months["all"]


def test_what_a_party_is_out_of_pocket_is_that_of_the_whole_cohort(tmp_path: Path) -> None:
    """Parts that do not differ are the cohort without parts, for a party whose account is no perspective's."""
    pays = {"strategies.therapy.therapy.paid_by": "household"}
    whole = cm.psa(cm.run(load_example(tmp_path / "whole", **pays), draws=20)).party_peaks["household"]
    parts = cm.psa(cm.run(load_example(tmp_path / "parts", **(pays | strata(change={}))), draws=20))
    assert parts.party_peaks["household"] == pytest.approx(whole, rel=1e-12)
    assert whole[1].min() > 0


REFUSED = {
    "shares": ({"parameters.share_heavy": number("share", 0.3), "parameters.share_light": SHARE}, "sum to 0.7"),
    "untouchable": ({"strata.light.change": {"costs.gp.price": "gp_light"}}, "a stratum may not touch costs.gp.price"),
    "reserved": ({"strata.expected": {"label": "x", "share": 0}}, '"expected" is reserved'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_strata_that_do_not_hang_together_are_refused(case: str, tmp_path: Path) -> None:
    edits, found = REFUSED[case]
    with pytest.raises(cm.InputError) as caught:
        load_example(tmp_path, **(strata() | edits))
    assert found in str(caught.value)


def test_shares_that_miss_one_in_a_draw_are_refused(tmp_path: Path) -> None:
    loose = number("share", 0.4, distribution="beta", effective_size=10)
    scenario = load_example(tmp_path, **(strata(loose) | {"parameters.share_light": number("share", 0.6)}))
    with pytest.raises(cm.InputError, match="do not sum to 1 in every draw"):
        cm.run(scenario, draws=20)
