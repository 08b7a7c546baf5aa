"""Cost per QALY is printed only where it means something; elsewhere the finding is said in words."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import costmodel as cm
from costmodel.result.payback import NEVER
from costmodel.result.table import SMALLEST_QALY, cost_per_qaly, in_words, payback_words
from tests.support.answers import answer, rows
from tests.support.example import load_example, number

money = st.floats(0.01, 1e6)
health = st.floats(2 * SMALLEST_QALY, 5)


@given(money, health)
def test_each_quadrant_has_its_words(pounds: float, qalys: float) -> None:
    assert cost_per_qaly(pounds, qalys, "pounds") == (pounds / qalys, "costs more and improves health")
    assert cost_per_qaly(-pounds, qalys, "pounds") == (NEVER, "dominant: saves money and improves health")
    assert cost_per_qaly(pounds, -qalys, "pounds") == (NEVER, "dominated: costs more and worsens health")
    ratio, words = cost_per_qaly(-pounds, -qalys, "pounds")
    assert ratio == pytest.approx(pounds / qalys)
    assert words == "saves money and worsens health: pounds saved per QALY lost"


@given(st.floats(-1, 1).map(lambda share: share * SMALLEST_QALY * 0.999), money)
def test_next_to_no_difference_in_health_makes_no_ratio(qalys: float, pounds: float) -> None:
    assert cost_per_qaly(pounds, qalys, "pounds") == (NEVER, "costs more for the same health")
    assert cost_per_qaly(-pounds, qalys, "pounds") == (NEVER, "saves money for the same health")
    assert cost_per_qaly(0, qalys, "pounds") == (NEVER, "no difference in cost or health")


@given(health)
def test_more_health_at_no_cost_is_dominant_and_less_is_dominated(qalys: float) -> None:
    assert cost_per_qaly(0, qalys, "pounds")[1].startswith("dominant")
    assert cost_per_qaly(0, -qalys, "pounds")[1].startswith("dominated")


CHEAP = {"session_price": 0.01, "causal": 1.0}


@pytest.mark.parametrize(
    ("changes", "harmful", "words"),
    [
        ({}, False, "costs more and improves health"),
        (CHEAP, False, "dominant: saves money and improves health"),
        ({}, True, "dominated: costs more and worsens health"),
        (CHEAP, True, "saves money and worsens health: pounds saved per QALY lost"),
        ({"hr_recover": 1.0001}, False, "costs more for the same health"),
    ],
)
def test_a_run_says_in_which_quadrant_it_ends(
    tmp_path: Path, changes: dict[str, float], harmful: bool, words: str
) -> None:
    harm = {"label": "Harm", "share": 1, "utility_loss": "loss", "from": "referral", "lasting": "24 months"}
    edits = {"strategies.therapy.harms": {"harm": harm}} if harmful else {}
    scenario = load_example(tmp_path, **edits, **{"parameters.loss": number("utility", 0.2)})
    result = cm.run(scenario.changed(changes, fix=True), draws=0)
    row = rows(result, "cost_per_qaly", perspective="nhs", discounted=True).iloc[0]
    assert row.words == words
    assert (row.value is not None and row.value > 0) == ("costs more and i" in words or "saved per QALY" in words)


def test_the_ratio_is_that_of_the_discounted_differences(example_result: cm.Result) -> None:
    where = {"discounted": True}
    cost = -answer(example_result, "net_saving", **where)
    gain = answer(example_result, "qaly", "", **where)
    assert answer(example_result, "cost_per_qaly", **where) == pytest.approx(cost / gain, rel=1e-12)


def test_net_benefit_is_health_at_the_threshold_less_what_it_costs(example_result: cm.Result) -> None:
    where = {"discounted": True}
    cost = -answer(example_result, "net_saving", **where)
    gain = answer(example_result, "qaly", "", **where)
    assert answer(example_result, "nmb", **where) == pytest.approx(20_000 * gain - cost, rel=1e-9)
    assert rows(example_result, "nmb", perspective="nhs", discounted=True).words.item() == "at £20,000 per QALY"


def test_where_there_is_no_ratio_the_value_is_empty(tmp_path: Path) -> None:
    scenario = load_example(tmp_path).changed({"session_price": 0.01, "causal": 1}, fix=True)
    row = rows(cm.run(scenario, draws=0), "cost_per_qaly", perspective="nhs", discounted=True).iloc[0]
    assert row.value is None or math.isnan(row.value)
    assert row.unit == "GBP per QALY"


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (1, "1 month"),
        (11, "11 months"),
        (12, "1 year"),
        (18, "18 months"),
        (42, "42 months"),
        (120, "10 years"),
        (0.4, "0 months"),
        (23.6, "24 months"),
    ],
)
def test_times_are_said_in_years_where_they_are_whole(months: float, words: str) -> None:
    assert in_words(months) == words


def test_payback_is_never_never() -> None:
    assert payback_words(NEVER, 120, 3) == "not within 10 years"
    assert payback_words(3, 120, 3) == "at once"
    assert payback_words(3.5, 120, 3) == "after 4 months"
