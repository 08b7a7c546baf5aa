"""What the format would let one write and the model would ignore or trip over is refused when it is read."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from tests.support.example import REMOVED, derived, documented_model, load_example, number

EFFECT = "strategies.therapy.effects.recovers_faster"
CHANGING = {
    "parameters.early": number("per year", 0.5),
    "parameters.late": number("per year", 0.2),
    "parameters.changing": derived("per year", over_time={"0 months": "early", "18 months": "late"}),
}
TWICE = {"parameters.two": number("multiplier", 2)}


def test_a_rate_that_changes_over_time_may_be_that_of_a_transition(tmp_path: Path) -> None:
    cm.run(load_example(tmp_path, **CHANGING, **{"transitions.ill -> well": "changing"}), draws=2)


def test_but_not_that_of_an_effect(tmp_path: Path) -> None:
    effect = {f"{EFFECT}.hazard_ratio": REMOVED, f"{EFFECT}.rate": "changing"}
    with pytest.raises(cm.InputError, match='"changing" changes over time'):
        load_example(tmp_path, **CHANGING, **effect)


@pytest.mark.parametrize(
    "kind",
    [
        {"product_of": ["changing", "two"]},
        {"mean_of": ["changing", "early"]},
        {"use": "one", "one_of": {"one": "changing", "other": "early"}},
        {"use": "other", "one_of": {"one": "changing", "other": "early"}},
        {"over_time": {"0 months": "changing", "6 months": "early"}},
    ],
)
def test_nor_may_another_number_be_made_of_it(tmp_path: Path, kind: dict[str, Any]) -> None:
    made = {"parameters.made": derived("per year", **kind), "transitions.ill -> well": "made"}
    with pytest.raises(cm.InputError, match='made of "changing", which changes over time'):
        load_example(tmp_path, **CHANGING, **TWICE, **made)


def test_an_item_may_not_take_the_name_of_the_sessions(tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match='"therapy" is reserved'):
        load_example(tmp_path, **{"costs.therapy": documented_model()["costs"]["gp"]})


@pytest.mark.parametrize("party", ["nobody", "nhs"])
def test_a_flow_goes_from_somebody_or_to_somebody_and_not_in_a_circle(tmp_path: Path, party: str) -> None:
    with pytest.raises(cm.InputError, match="a payer or a receiver"):
        load_example(tmp_path, **{"costs.gp.paid_by": party, "costs.gp.received_by": party})


def test_therapies_have_one_payer(tmp_path: Path) -> None:
    therapy = documented_model()["strategies"]["therapy"] | {"label": "Private"}
    private = therapy | {"therapy": therapy["therapy"] | {"paid_by": "household"}}
    load_example(tmp_path, **{"strategies.private": therapy})
    with pytest.raises(cm.InputError, match="paid by different parties"):
        load_example(tmp_path, **{"strategies.private": private})
