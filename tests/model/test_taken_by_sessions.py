# ruff: noqa: E501 (rows of tables)
"""What sessions and courses take beside the price: the patient's hours, journeys, supervision, training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.spectrum import use_of_services
from costmodel.report.workbook import write
from tests.scenario.slips import problems
from tests.support.example import REMOVED, derived, example, load_example, number, price
from tests.support.spreadsheets import by_formualizer, disagreements
from tests.workbook.test_live import check_summary

THERAPY = "strategies.therapy.therapy"
DELIVERED = 16 * 0.8
ESTIMAND = {"source": "X001", "comparator": "usual care", "outcome": "costs", "time": "24 months", "analysis": "intention to treat"}  # fmt: skip


def item(category: str, paid_by: str, price_of_one: str, **more: Any) -> dict[str, Any]:
    plain = {"label": price_of_one, "while_in": {"others": 0}, "cashable": 0, "lag": "0 months"}
    return {**plain, "category": category, "paid_by": paid_by, "price": price_of_one, **more}


SETUP = {
    f"{THERAPY}.per_session": {"patient_time": "hours", "travel": 1, "supervision": "part_hour"},
    f"{THERAPY}.once": {"training": 1},
    "costs.patient_time": item("informal care", "household", "patient_hour"),
    "costs.travel": item("informal care", "household", "journey"),
    "costs.supervision": item("therapy", "nhs", "supervisor_hour"),
    "costs.training": item("therapy", "nhs", "training_course"),
    "parameters.hours": number("multiplier", 2, distribution="gamma", cv=0.2),
    "parameters.part_hour": number("share", 0.1),
    "parameters.patient_hour": price("hour", 10),
    "parameters.journey": price("journey", 4),
    "parameters.supervisor_hour": price("hour", 80),
    "parameters.training_course": price("person", 55),
}


def costs(result: cm.Result, strategy: int = 1) -> dict[str, float]:
    cost = result.deterministic.cost[-1, 0, :, strategy, 0, 0]
    return {item.name: float(cost[i]) for i, item in enumerate(result.items)}


def test_each_payer_pays_what_sessions_take_when_they_happen(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **SETUP), draws=0)
    found, usual = costs(result), costs(result, 0)
    assert found["patient_time"] == pytest.approx(DELIVERED * 2 * 10)
    assert found["travel"] == pytest.approx(DELIVERED * 4)
    assert found["supervision"] == pytest.approx(DELIVERED * 0.1 * 80)
    assert found["training"] == pytest.approx(55)
    assert not any(usual[name] for name in ("patient_time", "travel", "supervision", "training"))
    ledger = result.ledger(run="deterministic")
    ledger = ledger[(ledger.strategy == "therapy") & (ledger.money > 0)]
    assert ledger[ledger["item"] == "travel"].to_month.max() == 6
    assert ledger[ledger["item"] == "training"].to_month.tolist() == [1]
    household = result.net_cost(result.headline, 0, 1, party="household")
    assert household[0, 0] == pytest.approx(DELIVERED * 24)


def test_the_course_holds_what_its_items_of_therapy_cost(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **SETUP), draws=0)
    course = result.net_cost(result.headline, 0, 1, perspective="nhs", category="therapy")[0, 0]
    assert course == pytest.approx(DELIVERED * 100 + DELIVERED * 8 + 55)
    table = result.table()
    row = table[
        (table.run == "deterministic")
        & (table.outcome == "offset_ratio")
        & (table.perspective == "nhs")
        & (table.horizon_months == 60)
    ]
    saved = -result.net_cost(result.headline, 1, 1, perspective="nhs", category="primary care")[0, 0]
    assert row.value.item() == pytest.approx(saved / course)


def test_activity_counts_hours_and_journeys(tmp_path: Path) -> None:
    used = cm.run(load_example(tmp_path, **SETUP), draws=0).activity()
    used = used[(used.strategy == "therapy") & (used.horizon_months == 24)].set_index("item")
    assert used.loc["patient_time", "unit"] == "hours"
    assert used.loc["patient_time", "value"] == pytest.approx(2 * DELIVERED)
    assert used.loc["travel", "value"] == pytest.approx(DELIVERED)


def test_both_arms_may_have_them(tmp_path: Path) -> None:
    own = {
        "sessions": "sessions",
        "over": "6 months",
        "wait": "0 months",
        "attendance": "attendance",
        "price": "session_price",
    }
    both = {"strategies.usual_care.therapy": own | {"per_session": {"travel": 1}}}
    result = cm.run(load_example(tmp_path, **SETUP, **both), draws=0)
    assert costs(result, 0)["travel"] == pytest.approx(costs(result)["travel"])
    assert result.net_cost(result.headline, 0, 1, party="household")[0, 0] == pytest.approx(DELIVERED * 20)


def test_an_effect_on_other_care_does_not_touch_what_sessions_take(tmp_path: Path) -> None:
    effect = {
        "channels": ["gp_community"],
        "cost_ratio": "less",
        "from": "referral",
        "until": "horizon",
        "estimand": ESTIMAND,
    }
    edits = {"costs.travel.category": "community", "parameters.less": number("cost ratio", 0.5)}
    result = cm.run(load_example(tmp_path, **(SETUP | edits), **{"strategies.therapy.effects.other": effect}), draws=0)
    assert costs(result)["gp"] == pytest.approx(0.5 * costs(result, 0)["gp"])
    assert costs(result)["travel"] == pytest.approx(DELIVERED * 4)


def test_what_sessions_take_stands_where_other_care_does_not_change(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **SETUP), draws=0)
    run = result.conventions["no_effect_on_other_care"]
    for perspective, course in (("nhs", DELIVERED * 108 + 55), ("societal", DELIVERED * 132 + 55)):
        assert result.net_cost(run, 1, 1, perspective=perspective)[0, 0] == pytest.approx(course)


def test_the_use_of_services_that_repays_leaves_out_what_sessions_take(tmp_path: Path) -> None:
    """Nothing of the household's hours grows with visits: the course of society is the sessions and all they take."""
    result = cm.run(load_example(tmp_path, **SETUP), draws=0)
    found = use_of_services(Comparison(result, result.headline, 1, 1, "societal"))
    gp = result.net_cost(result.headline, 1, 1, perspective="societal", category="primary care")[0, 0]
    course = result.net_cost(result.headline, 1, 1, perspective="societal")[0, 0] - gp
    assert found.value / found.now == pytest.approx(course / -gp)


PARTS = {"parameters.part": number("share", 0.3), "parameters.rest": derived("share", complement_of="part"),
         "strata": {"one": {"label": "One", "share": "part"}, "other": {"label": "Other", "share": "rest"}}}  # fmt: skip
CHANNEL = {
    "parameters.less": number("cost ratio", 0.5),
    "strategies.therapy.effects.other": {"channels": ["gp_community"], "cost_ratio": "less", "from": "referral", "until": "horizon", "estimand": ESTIMAND},
    "costs.travel.category": "community",
    "strategies.usual_care.therapy": {"sessions": "sessions", "over": "6 months", "wait": "0 months", "attendance": "attendance", "price": "session_price", "per_session": {"travel": "part_hour"}},
}  # fmt: skip


@pytest.mark.parametrize("edits", [{}, PARTS, CHANNEL], ids=["plain", "strata", "channel"])
def test_another_spreadsheet_computes_it(tmp_path: Path, edits: dict[str, Any]) -> None:
    scenario, path = load_example(tmp_path, **(SETUP | edits)), tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)


def test_what_a_file_says_nothing_of_is_said_to_be_nothing(tmp_path: Path) -> None:
    silent, told = load_example(tmp_path / "a"), load_example(tmp_path / "b", **SETUP)
    assert [text for text in silent.left_out if "the file says nothing of" in text] == [
        "Talking therapy: the file says nothing of what a session takes beside its price "
        "(the patient's time and journey, supervision), so it is 0 here. Counted, it would speak against therapy.",
        "Talking therapy: the file says nothing of what a course takes before it begins (set-up, training), so it is "
        "0 here. Counted, it would speak against therapy.",
    ]
    assert list(told.left_out) == told.model.leaves_out
    zero = {f"{THERAPY}.once": REMOVED, f"{THERAPY}.set_up": "nought", "parameters.nought": price("person", 0)}
    said = {name: one for name, one in (SETUP | zero).items() if one is not REMOVED}
    assert not [text for text in load_example(tmp_path / "c", **said).left_out if "before it begins" in text]


def test_a_draw_of_the_hours_moves_the_household_alone(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **SETUP)
    one, other = (cm.run(s, draws=20) for s in (scenario, scenario.changed({"hours": 3})))
    for perspective in ("nhs", "public_sector"):
        nets = [r.net_cost(r.headline, 0, 1, perspective=perspective) for r in (one, other)]
        np.testing.assert_array_equal(*nets)
    assert np.all(
        other.net_cost(other.headline, 0, 1, party="household") > one.net_cost(one.headline, 0, 1, party="household")
    )


@pytest.mark.parametrize(
    ("edits", "found", "remedy"),
    [
        ({f"{THERAPY}.per_session": {"travels": 1}}, '"travels" is not a declared cost item', "Did you mean"),
        ({f"{THERAPY}.per_session": {"gp": 1}}, 'people use "gp" by themselves', "an item of its own"),
        ({f"{THERAPY}.once": {"training": "patient_hour"}}, '"patient_hour" has the unit "GBP per hour"', "share or multiplier"),
        ({"costs.supervision.while_in": {"others": "part_hour"}}, "the cost of therapy comes from the strategy's therapy block", "per_session"),
    ],
    ids=["W11_an_unknown_item", "W11_an_item_that_people_use", "W11_a_price_for_a_quantity", "W11_therapy_that_people_use"],
)  # fmt: skip
def test_what_does_not_hang_together_is_refused_in_a_line(
    tmp_path: Path, edits: dict[str, Any], found: str, remedy: str
) -> None:
    said = problems(example(tmp_path, **(SETUP | edits)))
    assert [line for line in said if found in line and remedy in line and "model.yaml, line " in line], "\n".join(said)
