"""The one table: the contract that screens, workbook, command line and CSV rely on."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import costmodel as cm
from costmodel.page import Paragraph
from costmodel.report.answer import page
from costmodel.report.render import markdown
from costmodel.result.payback import NEVER
from tests.support.answers import answer, rows, saving
from tests.support.example import derived, load_example, number
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PARTIES, PERSPECTIVES

CONTRACT = (
    "strategy",
    "comparator",
    "perspective",
    "party",
    "category",
    "channel",
    "outcome",
    "value",
    "unit",
    "low",
    "high",
    "price_year",
    "discounted",
    "horizon_months",
    "draws",
    "run",
)
KEY = [c for c in CONTRACT if c not in ("value", "unit", "low", "high", "price_year", "draws")]
UNITS = {
    "cost": "GBP",
    "net_saving": "GBP",
    "cash_net_saving": "GBP",
    "peak_funding": "GBP",
    "nmb": "GBP",
    "qaly": "QALY",
    "payback_sustained_months": "months",
    "payback_first_touch_months": "months",
    "cash_payback_sustained_months": "months",
    "chance_payback": "share",
    "chance_cash_payback": "share",
    "offset_ratio": "ratio",
    "net_saving_extrapolated": "GBP",
    "share_extrapolated": "share",
    "cost_per_qaly": "GBP per QALY",
    "purse": "GBP",
    "taken_out": "GBP",
    "share_achieved": "share",
    "share_supported": "share",
    "share_needed": "share",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    """Three strategies, two alternatives, every party, forty draws."""
    folder = tmp_path_factory.mktemp("table")
    therapy = load_example(folder).tree.data["strategies"]["therapy"]
    edits: dict[str, Any] = {
        "strategies.brief": therapy | {"label": "Brief", "therapy": therapy["therapy"] | {"sessions": "few"}},
        "parameters.few": number("sessions", 6),
        "parameters.weight": number("share", 0.4),
        "parameters.rest": derived("share", complement_of="weight"),
        "alternatives": {
            "base": {"label": "As it is", "weight": "weight"},
            "worse": {"label": "Worse", "weight": "rest", "change": {"transitions.ill -> well": "relapse"}},
        },
    }
    return cm.run(load_example(folder, **EVERYBODY, **edits), draws=40)


def test_columns_are_those_of_the_contract_and_the_finding_in_words(result: cm.Result) -> None:
    assert tuple(result.table().columns) == (*CONTRACT, "words")


def test_every_question_has_one_answer(result: cm.Result) -> None:
    assert not result.table().duplicated(KEY).any()
    assert result.table() is result.table()


def test_the_answers_of_a_run_are_its_rows_of_the_table_that_compare(result: cm.Result, tmp_path: Path) -> None:
    halves = {"strata": {name: {"label": name, "share": f"share_{name}"} for name in ("one", "other")}}
    shares = {
        "parameters.share_one": number("share", 0.3),
        "parameters.share_other": derived("share", complement_of="share_one"),
    }
    parts = cm.run(load_example(tmp_path, **halves, **shares), draws=3)
    for whole, runs in ((result, result.runs), (parts, ("expected", "deterministic", "one", "other"))):
        table = whole.table()
        assert {*runs, *whole.conventions} == set(table.run)
        for name in table.run.unique():
            answers = [row for (row,) in whole.answers(name).values()]
            wanted = table[(table.run == name) & (table.comparator != "")].reset_index(drop=True)
            pd.testing.assert_frame_equal(pd.DataFrame(answers), wanted, check_dtype=False, check_exact=True)


def test_a_told_result_answers_alike_and_refuses_what_it_does_not_keep(result: cm.Result) -> None:
    told = result.told()
    assert told.table() is result.table()
    assert markdown(page(told)) == markdown(page(result))
    assert cm.verdict(told).chances == cm.verdict(result).chances
    for name in result.conventions:
        assert told.answers(name).keys() == result.answers(name).keys()
        run = told.run(name)
        with pytest.raises(cm.InputError, match=f"what each draw of {name} gives is not kept here"):
            told.estimate(run, told.net_cost(run, 0, 1))


def test_every_run_horizon_strategy_and_perspective_is_there(result: cm.Result) -> None:
    table = result.table()
    assert set(table.run) == {"expected", "deterministic", "base", "worse", "no_effect_on_other_care"}
    assert set(table.horizon_months) == {24.0, 60.0}
    assert set(table.strategy) == {"usual_care", "therapy", "brief"}
    assert set(table.perspective) == {"", *PERSPECTIVES}
    assert set(table.party) == {"all", *PARTIES}
    assert set(table.outcome) == set(UNITS)
    saved = table[(table.outcome == "net_saving") & (table.party == "all")]
    each = saved.groupby(["run", "horizon_months", "strategy", "perspective", "discounted"]).size()
    assert len(each) == 5 * 2 * 2 * 4 * 2
    assert set(each) == {1 + 8}  # the total and each category


def test_the_comparator_is_named_where_two_strategies_are_compared(result: cm.Result) -> None:
    table = result.table()
    assert set(table.comparator) == {"", "usual_care"}
    alone = table[table.comparator == ""]
    assert set(alone.outcome) == {"cost", "qaly"}
    assert set(table[table.strategy == "usual_care"].comparator) == {""}


def test_units_and_price_years_stand_with_every_number(result: cm.Result) -> None:
    for row in result.table().to_dict("records"):
        assert row["unit"] == UNITS[row["outcome"]]
        assert row["price_year"] == ("2024/25" if row["unit"].startswith("GBP") else "")


def test_a_value_is_a_finite_number_or_words(result: cm.Result) -> None:
    for row in result.table().to_dict("records"):
        for key in ("value", "low", "high"):
            assert row[key] is None or not math.isinf(row[key])
        if row["value"] is None or math.isnan(row["value"]):
            assert row["words"]
        else:
            assert math.copysign(1, row["value"]) == 1 or row["value"] < 0  # no negative zero


def test_intervals_contain_their_value_and_belong_to_draws(result: cm.Result) -> None:
    table = result.table()
    drawn, fixed = table[table.run != "deterministic"], table[table.run == "deterministic"]
    assert fixed.low.isna().all()
    assert fixed.high.isna().all()
    assert set(fixed.draws) == {0}
    assert set(drawn.draws) == {40}
    sums = drawn[drawn.outcome.isin(["cost", "net_saving", "cash_net_saving", "qaly", "nmb", "peak_funding"])]
    assert (sums.low <= sums.value + 1e-9).all()
    assert (sums.value <= sums.high + 1e-9).all()
    assert (sums.low < sums.high).sum() > 500


def test_without_draws_there_are_the_deterministic_run_and_the_conventions_beside_it(
    example_scenario: cm.Scenario,
) -> None:
    result = cm.run(example_scenario, draws=0)
    assert set(result.table().run) == {"deterministic", "no_effect_on_other_care"}
    assert result.headline.name == "deterministic"
    assert not result.table().outcome.isin(["chance_payback", "chance_cash_payback"]).any()


def test_one_draw_has_no_interval_and_says_so(example_scenario: cm.Scenario) -> None:
    result = cm.run(example_scenario, draws=1)
    assert rows(result, "net_saving", perspective="nhs").low.isna().all()
    assert any("one draw" in warning for warning in result.warnings)


def test_the_expected_run_is_the_headline_and_differs_from_the_deterministic(result: cm.Result) -> None:
    assert result.headline.name == "expected"
    assert saving(result) == saving(result, run="expected") != saving(result, run="deterministic")


def test_the_offset_ratio_is_what_is_saved_for_each_pound_of_therapy(result: cm.Result) -> None:
    for perspective in PERSPECTIVES:
        spent = -saving(result, perspective, category="therapy")
        saved = saving(result, perspective) + spent
        assert answer(result, "offset_ratio", perspective) == pytest.approx(saved / spent, rel=1e-9)


def test_where_nothing_is_spent_on_therapy_there_is_no_offset_ratio(tmp_path: Path) -> None:
    paid_privately = {"strategies.therapy.therapy.paid_by": "household"}
    result = cm.run(load_example(tmp_path, **paid_privately), draws=0)
    assert rows(result, "offset_ratio", perspective="nhs").empty
    assert not rows(result, "offset_ratio", perspective="societal").empty


def test_what_is_saved_after_the_follow_up_stands_on_a_line_of_its_own(result: cm.Result) -> None:
    for run in ("expected", "deterministic", "worse"):
        for perspective in PERSPECTIVES:
            at: dict[str, Any] = {"run": run, "strategy": "therapy"}
            early, late = (saving(result, perspective, horizon_months=month, **at) for month in (24.0, 60.0))
            later = answer(result, "net_saving_extrapolated", perspective, horizon_months=60.0, **at)
            assert late == pytest.approx(early + later, abs=1e-9)
            assert rows(result, "net_saving_extrapolated", perspective=perspective, **at).empty


def test_its_share_is_of_what_other_care_saves(tmp_path: Path) -> None:
    """Therapy that still runs is not in the share; where other care saves nothing the share is in words."""
    effect = "strategies.therapy.effects.recovers_faster"
    long = {"strategies.therapy.therapy.over": "48 months", f"{effect}.until": "horizon"}
    result = cm.run(load_example(tmp_path, **long), draws=0)
    at: dict[str, Any] = {"horizon_months": 60.0}
    therapy = saving(result, category="therapy", **at), saving(result, category="therapy")
    other = saving(result, **at) - therapy[0], saving(result) - therapy[1]
    assert answer(result, "share_extrapolated", **at) == pytest.approx(1 - other[1] / other[0], rel=1e-9)
    assert answer(result, "net_saving_extrapolated", **at) < 0 < other[0] - other[1]
    paragraphs = [block.text for block in page(result).blocks if isinstance(block, Paragraph)]
    (said,) = [text for text in paragraphs if text.startswith("After 2 years, where observation ends: ")]
    share = answer(result, "share_extrapolated", **at)
    assert said.endswith(f"; {100 * share:.2g}% of what other care saves falls there.")
    harmless = load_example(tmp_path, **{f"{effect}.hazard_ratio": 1})
    (row,) = rows(cm.run(harmless, draws=0), "share_extrapolated", perspective="nhs_pss", **at).itertuples()
    assert row.value != row.value
    assert row.words == "other care saves nothing"


def test_savings_are_shown_by_category_and_by_the_parties_of_a_perspective(result: cm.Result) -> None:
    by_category = result.saving("nhs_pss", by="category", strategy="therapy").set_index("category")
    assert list(by_category.index) == result.categories()
    total = result.saving("nhs_pss", strategy="therapy")
    assert total.category.tolist() == ["all"]
    assert by_category.value.sum() == pytest.approx(total.value.item())
    by_party = result.saving("public_sector", by="party", strategy="therapy")
    assert by_party.party.tolist() == list(PERSPECTIVES["public_sector"])
    assert by_party.value.sum() == pytest.approx(result.saving("public_sector", strategy="therapy").value.item())


def test_a_horizon_that_was_not_run_is_refused(result: cm.Result) -> None:
    assert (result.at(), result.at(24), result.at(60.0)) == (0, 0, 1)
    with pytest.raises(cm.InputError, match="there is no horizon of 36 months"):
        result.at(36)


def test_the_table_says_what_the_outcomes_say(example_result: cm.Result) -> None:
    """The expected row, from the draws themselves."""
    assert example_result.expected is not None
    cost = example_result.expected.cost[0, 0, :, :, 0]
    saved = (cost[:, 0] - cost[:, 1]).sum(axis=0)
    row = rows(example_result, "net_saving", perspective="nhs").iloc[0]
    assert row.value == pytest.approx(saved.mean(), rel=1e-12)
    ordered = sorted(saved)
    assert row.low == pytest.approx(ordered[math.ceil(0.025 * 200) - 1])
    assert row.high == pytest.approx(ordered[math.ceil(0.975 * 200) - 1])
    months = example_result.curve_payback(1, "nhs", 0)
    found = rows(example_result, "payback_sustained_months", perspective="nhs").iloc[0]
    assert (months == NEVER) == pd.isna(found.value)
