# ruff: noqa: E501 (rows of tables)
"""Conventions about money that move people, are averaged, or do not say what they are: each is refused with a remedy."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from tests.model.test_money_alternatives import ACCOUNTS, ALTERNATIVES, MIXTURE, PRICES, STRATA, WHOLE_GAP, example
from tests.support.example import REMOVED, derived, number, price

EFFECT = "strategies.therapy.effects.recovers_faster"
AN_ALTERNATIVE_MAY = "an alternative may change what moves people"


def convention(**more: Any) -> dict[str, Any]:
    return {"label": "otherwise", "kind": "reading"} | more


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "I1_a_convention_with_a_weight": (
        {"odd": WHOLE_GAP | {"weight": "weight"}}, ALTERNATIVES, "are never averaged", "leave its weight out",
    ),
    "I3_a_rate": (
        {"odd": convention(change={"transitions.ill -> well": "relapse"})}, {},
        "may not touch transitions.ill -> well", AN_ALTERNATIVE_MAY,
    ),
    "I3_a_time": ({"odd": convention(change={"horizon": "6 years"})}, {}, "may not touch horizon", AN_ALTERNATIVE_MAY),
    "I3_sessions": (
        {"odd": convention(change={"strategies.therapy.therapy.sessions": "fewer"})},
        {"parameters.fewer": number("sessions", 8)}, "may not touch strategies.therapy.therapy.sessions", AN_ALTERNATIVE_MAY,
    ),
    "I3_utilities": ({"odd": convention(change={"utilities.well": 1})}, {}, "may not touch utilities.well", AN_ALTERNATIVE_MAY),
    "I3_an_effect_on_a_transition": (
        {"odd": convention(change={f"{EFFECT}.hazard_ratio": 1})}, {}, f"may not touch {EFFECT}.hazard_ratio", AN_ALTERNATIVE_MAY,
    ),
    "I3_an_effect_on_a_transition_taken_away": (
        {"odd": convention(remove=[EFFECT])}, {}, f"may not touch {EFFECT}", AN_ALTERNATIVE_MAY,
    ),
    "I3_a_parameter_behind_a_rate": (
        {"odd": convention(change={"parameters.recover.value": 0.5})}, {}, 'may not change "recover"', AN_ALTERNATIVE_MAY,
    ),
    "I3_a_parameter_behind_health": (
        {"odd": convention(change={"parameters.utility_well.value": 0.8})}, {}, 'may not change "utility_well"', AN_ALTERNATIVE_MAY,
    ),
    "I3_a_cost_item_of_its_own": (
        {"odd": convention(remove=["costs.gp"])}, {}, "may not touch costs.gp", "It may change prices",
    ),
    "I4_the_name_of_a_run": ({"expected": WHOLE_GAP}, {}, '"expected" is reserved', "another name"),
    "I4_the_name_of_what_is_always_there": (
        {"no_effect_on_other_care": WHOLE_GAP}, {}, '"no_effect_on_other_care" is reserved', "another name",
    ),
    "I4_the_name_of_a_stratum": ({"heavy": WHOLE_GAP}, STRATA, '"heavy" is also a stratum', "another name"),
    "I4_the_name_of_an_alternative": ({"fewer": WHOLE_GAP}, ALTERNATIVES, '"fewer" is also an alternative', "another name"),
    "I4_the_label_of_another": (
        {"one": WHOLE_GAP, "two": WHOLE_GAP}, {}, '"with the whole gap closed" is also the label of "one"', "each its own",
    ),
    "I5_therapy_at_accounts_and_contacts_at_staff": (
        {"odd": ACCOUNTS | {"change": {"parameters.session_price.use": "accounts"}}}, {},
        'mixed price bases: "session_price" is at accounts, and the price of "gp" at staff', "use accounts for both",
    ),
    "I5_contacts_at_accounts_and_therapy_at_staff": (
        {"odd": ACCOUNTS | {"change": {"parameters.gp_visit.use": "accounts"}}}, {}, "mixed price bases", "use staff for both",
    ),
    "I6_it_changes_nothing": ({"odd": convention()}, {}, "it changes nothing", "fill change, add or remove"),
    "I6_no_kind": ({"odd": WHOLE_GAP | {"kind": "mood"}}, {}, "'mood'", "Allowed: 'reading', 'price', 'form'"),
    "I6_a_path_that_is_not_there": (
        {"odd": convention(change={"costs.gp.causal_shares": 1})}, {}, "may not touch costs.gp.causal_shares", "It may change",
    ),
    "I6_a_price_that_is_none": (
        {"odd": convention(change={"costs.gp.price": "relapse"})}, {}, '"relapse" has the unit "per year"', "Wanted here: price",
    ),
    "I7_a_path_of_a_stratum_too": (
        {"odd": convention(change={"costs.gp.while_in.ill": "gp_well"})},
        STRATA | {"strata.heavy.change": {"costs.gp.while_in.ill": "gp_well"}},
        '"heavy" changes costs.gp.while_in.ill too', "Let one of them change it",
    ),
}  # fmt: skip
"""Conventions, other edits, what is found and the remedy."""
USES: dict[str, tuple[dict[str, Any], str, str]] = {
    "I2_weights_that_do_not_sum_to_1": ({"weight": "share_odd"}, "the weights sum to 1.1", "They sum to 1"),
    "I2_a_weight_that_is_drawn": ({"weight": "share_drawn"}, '"share_drawn" is uncertain', "Hold it fixed"),
    "I8_no_weight": ({"weight": REMOVED}, 'the key "weight" is missing', "Add it"),
    "I8_a_use_that_changes_people": (
        {"change": {"transitions.ill -> well": "relapse"}},
        "a weighted use of money may not touch transitions.ill -> well",
        "on no transition",
    ),
    "I8_a_use_with_an_effect_on_people": (
        {"change": {f"{EFFECT}.hazard_ratio": 1}},
        f"may not touch {EFFECT}.hazard_ratio",
        "on no transition",
    ),
    "I8_a_use_with_a_price": (
        {"change": {"costs.gp.price": "gp_accounts"}},
        "may not touch costs.gp.price",
        "It may change quantities",
    ),
    "I4_a_use_with_the_name_of_a_stratum": ({}, '"heavy" is also a use', "another name"),
}
"""Edits of the second use, what is found and the remedy."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_convention_is_refused_with_its_place_and_the_remedy(name: str, tmp_path: Path) -> None:
    conventions, edits, found, remedy = REFUSED[name]
    with pytest.raises(cm.InputError) as error:
        example(tmp_path, edits, conventions=conventions)
    (line,) = str(error.value).splitlines()
    assert line.startswith("model.yaml, line ")
    assert found in line
    assert remedy in line


@pytest.mark.parametrize("name", USES)
def test_a_bad_use_of_money_is_refused_with_its_place_and_the_remedy(name: str, tmp_path: Path) -> None:
    more, found, remedy = USES[name]
    told = {key: value for key, value in (MIXTURE["money_mixture"]["told"] | more).items() if value is not REMOVED}
    second = "heavy" if name.startswith("I4") else "told"
    edits = MIXTURE | {
        "money_mixture": {"found": MIXTURE["money_mixture"]["found"], second: told},
        "parameters.share_odd": number("share", 0.4),
        "parameters.share_drawn": number("share", 0.3, distribution="beta", effective_size=20),
    }
    with pytest.raises(cm.InputError) as error:
        example(tmp_path, edits, STRATA if second == "heavy" else {}, conventions={})
    line, *_ = str(error.value).splitlines()
    assert line.startswith("model.yaml, line ")
    assert found in line
    assert remedy in line


def test_a_draw_that_a_convention_makes_impossible_is_refused(tmp_path: Path) -> None:
    edits = {
        "parameters.causal_base": number("share", 0.9),
        "parameters.causal_wild": derived("share", product_of=["causal_base", "wild"]),
        "parameters.wild": number("multiplier", 0.9, distribution="gamma", cv=0.4),
    }
    odd = convention(change={"costs.gp.causal_share": "causal_wild"})
    scenario = example(tmp_path, PRICES, edits, conventions={"odd": odd})
    with pytest.raises(cm.InputError, match="causal_wild .* is outside 0 to 1"):
        cm.run(scenario, draws=50)


def test_a_session_that_an_overlay_reprices_keeps_its_conventions(tmp_path: Path) -> None:
    scenario = example(tmp_path, {"parameters.other": price("session", 80)}, conventions={"accounts": ACCOUNTS})
    there = scenario.changed({"strategies.therapy.therapy.price": "other"})
    assert cm.run(there, draws=0).conventions["accounts"].outcomes.cost[0, 0, 0, 1].item() > 0
