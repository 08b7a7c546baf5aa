"""Effects on channels: they multiply what the comparator's people cost, grow and fade on the log scale."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values
from costmodel.report.sentence import pick
from costmodel.report.workbook import write
from costmodel.result.purse import a_year
from tests.support.example import REMOVED, documented_model, example, load_example, number, price
from tests.support.flows import simulate
from tests.support.spreadsheets import by_formualizer, disagreements

EFFECTS = "strategies.therapy.effects"
OTHER = f"{EFFECTS}.other_care"
ESTIMAND = {
    "source": "X001", "comparator": "usual care", "outcome": "cost of other care", "time": "24 months",
    "analysis": "intention to treat",
}  # fmt: skip
RATIO = {"parameters.ratio": number("cost ratio", 0.7)}


def effect(**more: Any) -> dict[str, Any]:
    window = {"from": "start of therapy", "until": "follow-up", "estimand": ESTIMAND}
    return {"channels": ["gp_community"], "cost_ratio": "ratio"} | window | more


def with_setting(folder: Path, **more: Any) -> cm.Scenario:
    """The example in a country that says more of itself."""
    path = example(folder)
    setting = folder / "settings" / "example.yaml"
    setting.write_text(
        setting.read_text("utf-8") + "".join(f"\n{key}: {json.dumps(more[key])}" for key in more), "utf-8"
    )
    return cm.load(path)


def multiples(folder: Path, effect: dict[str, Any], **edits: Any) -> np.ndarray:
    """What the strategy's GP visits cost, as a multiple of the comparator's, by month."""
    scenario = load_example(folder, **({OTHER: effect} | RATIO | edits))
    cost = simulate(scenario, central_values(scenario), 1).cost[:, 1, :, 0, 0]
    return cost[:, 1] / cost[:, 0]


def test_people_who_recover_faster_cost_what_the_ratio_says_and_no_less(tmp_path: Path) -> None:
    found = multiples(tmp_path, effect())  # the example's other effect moves people to a state of less use
    np.testing.assert_allclose(found[:24], 0.7, rtol=1e-12)
    np.testing.assert_allclose(found[24:], 1, rtol=1e-12)


def test_an_effect_on_the_cost_of_one_item_does_what_one_on_a_channel_of_it_alone_does(tmp_path: Path) -> None:
    fading = effect(onset="6 months", until="start of therapy + 12 months", half_life="8 months")
    alone = {key: value for key, value in fading.items() if key != "channels"} | {"quantity": "gp"}
    found, whole = (multiples(tmp_path / str(i), one) for i, one in enumerate((alone, fading)))
    np.testing.assert_array_equal(found, whole)


def test_what_is_supported_in_a_channel_is_the_share_of_its_items_by_what_they_cost(tmp_path: Path) -> None:
    price = {"label": "Community nurse", "category": "community", "paid_by": "nhs", "price": "gp_visit"}
    nurse = price | {"while_in": {"others": "gp_ill"}, "cashable": "cashable", "lag": "0 months"}
    alone = {key: value for key, value in effect(quantity="gp").items() if key != "channels"}
    result = cm.run(load_example(tmp_path, **{OTHER: alone, "costs.nurse": nurse} | RATIO), draws=20)
    at = {"perspective": "nhs_pss", "run": "deterministic"}
    supported = float(pick(result, "share_supported", channel="gp_community", **at).value)
    spent = [
        float(result.total_cost(result.runs["deterministic"], 0, 0, "nhs_pss", False, one)[0, 0])
        for one in ("primary care", "community")
    ]
    assert supported == pytest.approx(0.3 * spent[0] / sum(spent), rel=1e-12)
    assert 0.1 < supported < 0.2


def test_an_item_that_is_named_as_its_channel_has_the_effect_once(tmp_path: Path) -> None:
    price = {"label": "Community nurse", "category": "community", "paid_by": "nhs", "price": "gp_visit"}
    nurse = price | {"while_in": {"others": "gp_ill"}, "cashable": "cashable", "lag": "0 months"}
    scenario = load_example(tmp_path, **{OTHER: effect(), "costs.gp_community": nurse} | RATIO)
    cost = simulate(scenario, central_values(scenario), 1).cost[:24, 2, :, 0, 0]
    np.testing.assert_allclose(cost[:, 1] / cost[:, 0], 0.7, rtol=1e-12)


def test_it_grows_to_the_middle_of_each_month_and_fades_on_the_log_scale(tmp_path: Path) -> None:
    fading = effect(onset="6 months", until="start of therapy + 12 months", half_life="8 months")
    month = np.arange(60) + 0.5
    part = np.where(month < 12, np.minimum(month / 6, 1), 0.5 ** ((month - 12) / 8))
    np.testing.assert_allclose(multiples(tmp_path, fading), 0.7**part, rtol=1e-12)


def test_what_has_not_grown_by_its_end_fades_from_where_it_was(tmp_path: Path) -> None:
    fading = effect(onset="24 months", half_life="8 months")
    month = np.arange(60) + 0.5
    part = np.where(month < 24, month / 24, 0.5 ** ((month - 24) / 8))
    np.testing.assert_allclose(multiples(tmp_path, fading), 0.7**part, rtol=1e-12)


def test_cycles_of_three_months_hold_the_mean_of_their_months(tmp_path: Path) -> None:
    found = multiples(tmp_path, effect(onset="6 months"), cycle="3 months")
    part = np.minimum((np.arange(24) + 0.5) / 6, 1)
    np.testing.assert_allclose(found[:8], (0.7**part).reshape(8, 3).mean(axis=1), rtol=1e-12)


def test_it_ends_where_the_gap_closes(tmp_path: Path) -> None:
    found = multiples(tmp_path, effect(until="horizon"), beyond_follow_up="gap closes")
    np.testing.assert_allclose(found[:24], 0.7, rtol=1e-12)
    np.testing.assert_allclose(found[24:], 1, rtol=1e-12)


def test_it_ends_for_each_strategy_where_its_own_gap_closes(tmp_path: Path) -> None:
    other = {
        "label": "Six months on",
        "effects": {"other_care": effect(**{"from": "referral", "until": "horizon"})},
    }
    data = documented_model()
    other["therapy"] = data["strategies"]["therapy"]["therapy"] | {"wait": "6 months"}
    scenario = load_example(
        tmp_path,
        **(
            {OTHER: other["effects"]["other_care"], "strategies.later": other, "beyond_follow_up": "gap closes"} | RATIO
        ),
    )
    cost = simulate(scenario, central_values(scenario), 1).cost[:, 1, :, 0, 0]
    for strategy, stop in ((1, 24), (2, 30)):
        expected = np.where(np.arange(len(cost)) < stop, 0.7, 1)
        np.testing.assert_allclose(cost[:, strategy] / cost[:, 0], expected, rtol=1e-12)


def test_a_weaker_dose_and_optimism_are_powers(tmp_path: Path) -> None:
    weak = effect(dose={"studied": "studied", "least": 1, "shape": "shape"}, optimism="taken")
    numbers = {
        "parameters.studied": number("sessions", 20),
        "parameters.shape": number("share", 0.5),
        "parameters.taken": number("share", 0.4),
    }
    found = multiples(tmp_path, weak, **numbers)
    np.testing.assert_allclose(found[:24], 0.7 ** (0.6 * (12.8 / 20) ** 0.5), rtol=1e-12)


def test_the_purse_says_what_is_spent_what_goes_and_what_is_supported(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **({OTHER: effect(until="start of therapy + 12 months")} | RATIO))
    result = cm.run(scenario, draws=50)
    at = {"perspective": "nhs_pss", "channel": "gp_community", "run": "deterministic"}
    spent, taken = (float(pick(result, name, **at).value) for name in ("purse", "taken_out"))
    theirs = result.total_cost(result.runs["deterministic"], 0, 0, "nhs_pss", False, "primary care")
    assert spent == pytest.approx(float(theirs[0, 0]), rel=1e-12)
    assert 0.1 * spent < taken < 0.3 * spent  # in force for half of the follow-up
    assert pick(result, "share_achieved", **at).value == pytest.approx(taken / spent, rel=1e-12)
    assert pick(result, "share_supported", **at).value == pytest.approx(0.3, rel=1e-12)


def test_a_belief_moves_what_is_achieved_and_not_what_is_supported(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **({OTHER: effect()} | RATIO)).changed({"ratio": 0.5})
    result = cm.run(scenario, draws=0)
    at = {"perspective": "nhs_pss", "channel": "gp_community"}
    assert pick(result, "share_achieved", **at).value == pytest.approx(0.5, rel=1e-12)
    assert pick(result, "share_supported", **at).value == pytest.approx(0.3, rel=1e-12)


PURSES = {
    "even every pound would not do": {"session_price": 1_000},
    "the purse is too small for any input to matter": {"session_price": 1_000, "gp_ill": 0.01},
    "no course is paid for": {"session_price": 0},
    "": {"session_price": 1},
}


@pytest.mark.parametrize("words", PURSES)
def test_what_is_said_of_the_share_needed_is_worked_out(words: str, tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path).changed(PURSES[words]), draws=0)
    assert pick(result, "share_needed", perspective="nhs_pss").words == words


def test_a_purse_of_nothing_has_no_share(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path).changed({"gp_ill": 0}), draws=0)
    row = pick(result, "share_needed", perspective="nhs_pss")
    assert row.words == "nothing is spent there without the therapy"
    assert row.isna().value


def test_the_workbook_computes_it(tmp_path: Path) -> None:
    fading = effect(onset="6 months", until="start of therapy + 12 months", half_life="8 months")
    path = tmp_path / "report.xlsx"
    write(cm.run(load_example(tmp_path, **({OTHER: fading} | RATIO), cycle="3 months"), draws=0), path)
    assert disagreements(path, by_formualizer(path)) == []


def capped(high: float, **more: Any) -> dict[str, Any]:
    """An effect that trials saw up to so many pounds a year."""
    return {OTHER: effect(purse={"high": "high"}, **more), "parameters.high": price("year", high)}


def test_above_what_trials_saw_the_ratio_changes_no_more_than_that_sum_a_year(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **capped(50), **RATIO).changed({"gp_ill": 1000})
    flows = simulate(scenario, central_values(scenario), 1)
    lived = flows.person_years[:24, :, 0, 0, 0].sum(axis=1)
    saved = flows.cost[:24, 1, 0, 0, 0] - flows.cost[:24, 1, 1, 0, 0]
    np.testing.assert_allclose(saved, 0.3 * 50 * lived, rtol=1e-12)


@pytest.mark.parametrize("ratio", [0.7, 1.2])
def test_a_purse_of_100_000_pounds_a_year_is_capped_in_falls_and_rises_alike(ratio: float, tmp_path: Path) -> None:
    spent = {"costs.gp.while_in": {"others": "gp_ill"}, "parameters.gp_visit.value": 1}
    scenario = load_example(tmp_path, **capped(5_850), **RATIO, **spent).changed({"gp_ill": 100_000, "ratio": ratio})
    flows = simulate(scenario, central_values(scenario), 1)
    lived = flows.person_years[:24, :, 0, 0, 0].sum(axis=1)
    assert (flows.cost[:24, 1, 0, 0, 0] >= 100_000 * lived).all()
    saved = flows.cost[:24, 1, 0, 0, 0] - flows.cost[:24, 1, 1, 0, 0]
    np.testing.assert_allclose(saved, (1 - ratio) * 5_850 * lived, rtol=1e-9)


def test_each_alternative_has_a_purse_of_its_own(tmp_path: Path) -> None:
    quick = {"label": "Recovery is quick", "weight": "weight", "change": {"transitions.ill -> well": "quick"}}
    alternatives = {"quick": quick, "as_it_is": {"label": "As it is", "weight": "rest"}}
    rest = {"label": "Rest", "unit": "share", "complement_of": "weight"}
    numbers = {"quick": number("per year", 3.0), "weight": number("share", 0.5), "rest": rest}
    more = {f"parameters.{name}": one for name, one in numbers.items()} | {"alternatives": alternatives}
    scenario = load_example(tmp_path, **capped(50), **RATIO, **more).changed({"gp_ill": 1000})
    flows = simulate(scenario, central_values(scenario), 1)
    lived = flows.person_years[:24, :, 0, :, 0].sum(axis=1)
    saved = flows.cost[:24, 1, 0, :, 0] - flows.cost[:24, 1, 1, :, 0]
    np.testing.assert_allclose(saved, 0.3 * 50 * lived, rtol=1e-9)


def test_what_is_supported_knows_the_range_of_the_trials(tmp_path: Path) -> None:
    without = cm.run(load_example(tmp_path / "without", **({OTHER: effect()} | RATIO)), draws=20)
    within = cm.run(load_example(tmp_path / "within", **(capped(5_850) | RATIO)), draws=20)
    half = a_year(within, 1)
    assert half is not None
    limited = cm.run(load_example(tmp_path / "half", **(capped(half.cost / 2) | RATIO)), draws=20)
    at = {"perspective": "nhs_pss", "channel": "gp_community"}
    supported = [float(pick(one, "share_supported", **at).value) for one in (without, within, limited)]
    assert supported[:2] == pytest.approx([0.3, 0.3], rel=1e-12)
    assert supported[2] == pytest.approx(0.15, rel=0.02)  # the year is a mean over people there, over cycles here


@pytest.mark.parametrize("high", [5_850, 0])
def test_a_purse_of_nothing_saves_nothing_whatever_the_range(high: float, tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **capped(5_850), **RATIO)
    values = dict(scenario.changed({"gp_ill": 0}).central) | {"high": float(high)}
    assert not simulate(scenario, values, 1).cost[:, 1].any()


def test_a_channel_that_nobody_uses_has_a_purse_of_nothing(tmp_path: Path) -> None:
    unused = {"costs.gp.while_in": {"others": 0}}
    result = cm.run(load_example(tmp_path, **capped(5_850), **RATIO, **unused), draws=10)
    at = {"perspective": "nhs_pss", "channel": "gp_community"}
    assert pick(result, "purse", **at).value == 0
    assert pick(result, "share_supported", **at).value == pytest.approx(0.3, rel=1e-12)


def test_a_purse_that_is_all_within_what_trials_saw_changes_no_digit(tmp_path: Path) -> None:
    high = {"parameters.high": price("year", 90_000)}
    found = multiples(tmp_path, effect(purse={"high": "high"}), **high)
    np.testing.assert_array_equal(found, multiples(tmp_path, effect()))


def test_the_workbook_knows_what_trials_saw(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    write(cm.run(load_example(tmp_path, **capped(50, onset="6 months"), **RATIO, cycle="3 months"), draws=0), path)
    assert disagreements(path, by_formualizer(path)) == []


SAME = {"quantity": "gp", "rate_ratio": "rr", "from": "start of therapy", "until": "follow-up", "estimand": ESTIMAND}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "twice": ({OTHER: effect(channels=["gp_community", "gp_community"])}, "stands twice"),
    "unknown": ({OTHER: effect(channels=["gp_comunity"])}, 'Did you mean "gp_community"'),
    "empty": ({OTHER: effect(channels=["medicines"])}, 'no cost of the model is in the channel "medicines"'),
    "item and channel": (
        {OTHER: effect(), f"{EFFECTS}.less": SAME},
        '"less" changes the quantity of "gp", and this its channel "gp_community"',
    ),
    "again": ({OTHER: effect(), f"{EFFECTS}.again": effect()}, 'it overlaps with "other_care" on gp_community'),
    "item's cost and channel": (
        {OTHER: effect(), f"{EFFECTS}.less": {k: v for k, v in effect(quantity="gp").items() if k != "channels"}},
        'and this its channel "gp_community"',
    ),
    "a ratio of rates and of costs": ({OTHER: SAME | {"cost_ratio": "ratio"}}, "exactly one of hazard_ratio"),
    "a cost ratio on a transition": (
        {f"{EFFECTS}.recovers_faster.hazard_ratio": REMOVED, f"{EFFECTS}.recovers_faster.cost_ratio": "ratio"},
        "which stands with channels or a quantity",
    ),
    "size": ({OTHER: SAME | {"channels": ["gp_community"]}}, "exactly one of transition, quantity, channels"),
    "benefits": ({OTHER: effect(channels=["benefits"]), "costs.gp.category": "welfare"}, "moves with people in work"),
    "I9_a_cap_of_nothing": (capped(0), "trials saw 0 a year. Give sums above 0"),
    "I9_the_most_before_the_least": (
        capped(50) | {OTHER: effect(purse={"low": "gp_visit", "high": 1})},
        "Give sums above 0, the least first.",
    ),
    "I9_no_end": ({OTHER: effect(purse={})}, "a purse has a low, a high or both"),
    "I9_a_purse_of_a_quantity": ({OTHER: SAME | {"purse": {"high": "gp_visit"}}}, "a purse is what channels cost"),
    "another kind of ratio": ({OTHER: effect(cost_ratio="rr")}, "cost ratio"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_counted_twice_is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    edits, found = REFUSED[case]
    with pytest.raises(cm.InputError) as caught:
        load_example(tmp_path, **edits, **RATIO, **{"parameters.rr": number("rate ratio", 0.7)})
    assert found in str(caught.value)
    assert "model.yaml, line" in str(caught.value)


CHANNELS: dict[str, tuple[dict[str, Any], str]] = {
    "a category in two": (
        {"a": {"name": "A", "categories": ["hospital"]}, "b": {"name": "B", "categories": ["hospital"]}},
        '"hospital" is also in the channel "a": it would be counted twice',
    ),
    "therapy": ({"a": {"name": "A", "categories": ["therapy"]}}, "not a channel"),
    "unknown": ({"a": {"name": "A", "categories": ["hospitals"]}}, 'there is no category "hospitals"'),
}


@pytest.mark.parametrize("case", CHANNELS)
def test_a_channel_is_a_set_of_categories_each_counted_once(case: str, tmp_path: Path) -> None:
    channels, found = CHANNELS[case]
    with pytest.raises(cm.InputError) as caught:
        with_setting(tmp_path, channels=channels)
    assert found in str(caught.value)


def test_a_country_with_categories_of_its_own_has_a_channel_for_each(tmp_path: Path) -> None:
    own = {"therapy": {}, "primary care": {}, "welfare": {"kind": "benefit"}, "sick pay": {"kind": "benefit"}}
    scenario = with_setting(tmp_path, categories=own)
    assert {name: one.categories for name, one in scenario.setting.channels.items()} == {
        "primary_care": ["primary care"], "welfare": ["welfare"], "sick_pay": ["sick pay"],
    }  # fmt: skip
