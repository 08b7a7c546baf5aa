"""Every flow has a payer or a receiver, and the parts sum to the whole."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from tests.support.answers import answer, rows, saving
from tests.support.example import load_example, price
from tests.support.ledgers import BENEFIT, EVERYBODY, NUMBERS
from tests.support.pounds import PARTIES, PERSPECTIVES

CYCLES = ("1 month", "2 months", "3 months", "4 months", "6 months", "12 months")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    """Twenty draws of a scenario in which every party pays or receives something."""
    return cm.run(load_example(tmp_path_factory.mktemp("ledger"), **EVERYBODY), draws=20)


EFFECT = "strategies.therapy.effects.recovers_faster"
YEARS = {f"{EFFECT}.from": "referral", f"{EFFECT}.until": "referral + 2 years"}
"""The effect begins and ends with whole years, whenever the sessions are."""


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize(
    ("wait", "over"), [("0 months", "6 months"), ("5 weeks", "13.5 months"), ("12 months", "12 months")]
)
def test_therapy_costs_its_sessions_times_their_price_to_the_penny(
    tmp_path: Path, cycle: str, wait: str, over: str
) -> None:
    therapy = "strategies.therapy.therapy"
    scenario = load_example(tmp_path, cycle=cycle, **YEARS, **{f"{therapy}.wait": wait, f"{therapy}.over": over})
    result = cm.run(scenario, draws=0)
    for months in result.horizons:
        cost = -saving(result, "nhs", category="therapy", horizon_months=months)
        assert cost == pytest.approx(16 * 0.8 * 100, abs=0.005)


def test_set_up_is_paid_once_and_in_full_whatever_the_cycle(tmp_path: Path) -> None:
    edits = {"strategies.therapy.therapy.set_up": "set_up", "parameters.set_up": price("person", 321.09)}
    for cycle in CYCLES:
        for wait in ("0 months", "1.5 months", "12 months"):
            scenario = load_example(
                tmp_path, cycle=cycle, **edits, **YEARS, **{"strategies.therapy.therapy.wait": wait}
            )
            cost = -saving(cm.run(scenario, draws=0), "nhs", category="therapy")
            assert cost == pytest.approx(16 * 0.8 * 100 + 321.09, abs=0.005)


def test_sessions_after_the_horizon_are_not_counted_and_a_warning_says_so(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"strategies.therapy.therapy.over": "10 years"})
    result = cm.run(scenario, draws=0)
    assert -saving(result, "nhs", category="therapy", horizon_months=60) == pytest.approx(1280 / 2)
    assert any("ends before the therapy" in warning for warning in result.warnings)


@pytest.mark.parametrize("discounted", [False, True])
@pytest.mark.parametrize("months", [24.0, 60.0])
def test_savings_by_category_sum_to_the_total(result: cm.Result, discounted: bool, months: float) -> None:
    where = {"discounted": discounted, "horizon_months": months}
    for perspective in PERSPECTIVES:
        parts = rows(result, "net_saving", perspective=perspective, category=None, **where)
        parts = parts[parts.category != "all"]
        assert len(parts) == 8
        assert parts.value.sum() == pytest.approx(saving(result, perspective, **where), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("discounted", [False, True])
@pytest.mark.parametrize("months", [24.0, 60.0])
def test_savings_by_party_sum_to_the_perspective(result: cm.Result, discounted: bool, months: float) -> None:
    where = {"discounted": discounted, "horizon_months": months}
    accounts = {party: saving(result, "", party=party, **where) for party in PARTIES}
    assert all(accounts.values())
    for perspective, parties in PERSPECTIVES.items():
        total = sum(accounts[party] for party in parties)
        assert total == pytest.approx(saving(result, perspective, **where), rel=1e-9, abs=1e-9)


def test_costs_by_year_sum_to_the_total(result: cm.Result) -> None:
    by_item_and_year = result.deterministic.mean_cost.reshape(5, 12, *result.deterministic.mean_cost.shape[1:])
    total = result.deterministic.cost[-1, 0, ..., 0]
    np.testing.assert_allclose(by_item_and_year.sum(axis=1).sum(axis=0), total, rtol=1e-9)


def test_costs_of_strategies_differ_by_the_net_saving(result: cm.Result) -> None:
    for perspective in PERSPECTIVES:
        costs = [answer(result, "cost", perspective, strategy=s, comparator="") for s in result.strategies]
        assert costs[0] - costs[1] == pytest.approx(saving(result, perspective), rel=1e-9)


def test_the_accounts_of_all_parties_sum_to_resources_used_less_output_created(result: cm.Result) -> None:
    """What one party hands to another is in nobody's sum."""
    ledger = list(zip(result.items, np.moveaxis(result.deterministic.cost, 2, 0), strict=True))
    cost = sum(flow for item, flow in ledger if item.paid_by != "nobody" and item.received_by == "nobody")
    created = sum(flow for item, flow in ledger if item.paid_by == "nobody")
    accounts = sum(
        ((item.paid_by == party) * 1 - (item.received_by == party) * 1) * flow
        for party in PARTIES
        for item, flow in ledger
    )
    np.testing.assert_allclose(accounts, np.asarray(cost) - np.asarray(created), rtol=1e-12)
    society = result.total_cost(result.runs["deterministic"], 0, 1, "societal", False)
    np.testing.assert_allclose(society, np.asarray(accounts)[0, 0, 1], rtol=1e-12)


def test_a_benefit_is_money_to_dwp_and_to_the_household_and_nothing_to_society(tmp_path: Path) -> None:
    without = cm.run(load_example(tmp_path, **NUMBERS), draws=0)
    paid = cm.run(load_example(tmp_path, **NUMBERS, **BENEFIT), draws=0)
    saved = saving(paid, "", party="dwp")
    assert saved > 100
    assert saving(paid, "", party="household") == -saved
    for discounted in (False, True):
        for perspective in ("nhs", "nhs_pss", "societal"):
            assert saving(paid, perspective, discounted=discounted) == saving(
                without, perspective, discounted=discounted
            )
    assert saving(paid, "public_sector") - saving(without, "public_sector") == pytest.approx(saved)
    for perspective in ("nhs", "nhs_pss", "societal"):
        for outcome in ("cash_net_saving", "peak_funding", "payback_sustained_months"):
            both = (
                rows(r, outcome, perspective=perspective, horizon_months=60.0).value.iloc[0] for r in (paid, without)
            )
            assert str(next(both)) == str(next(both))


@pytest.mark.parametrize("category", ["welfare", "tax", "productivity", "informal care"])
@pytest.mark.parametrize("perspective", ["nhs", "nhs_pss"])
def test_nothing_but_care_stands_under_an_nhs_headline(result: cm.Result, perspective: str, category: str) -> None:
    found = rows(
        result,
        "net_saving",
        perspective=perspective,
        category=category,
        run=None,
        horizon_months=None,
        discounted=None,
    )
    assert len(found) == 3 * 2 * 2  # runs, horizons, discounting
    assert (found.value == 0).all()
    assert not found.low.any()
    assert not found.high.any()


def test_each_perspective_contains_the_one_before() -> None:
    sets = [set(parties) for parties in PERSPECTIVES.values()]
    assert all(smaller < larger for smaller, larger in itertools.pairwise(sets))
    assert list(PERSPECTIVES) == ["nhs", "nhs_pss", "public_sector", "societal"]
    assert sets[0] == {"nhs"}
    assert sets[-1] == set(PARTIES)


def test_cash_is_part_of_a_reduction_and_comes_later(tmp_path: Path) -> None:
    """Twelve months' lag: of what is saved up to month 48, two fifths are cash by month 60."""
    scenario = load_example(tmp_path, **NUMBERS, **{"costs.gp.lag": "12 months", "horizon": "5 years"})
    result = cm.run(scenario, draws=0)
    gp = result.deterministic.mean_cost[:, 1, :, 0]
    saved = gp[:48, 0].sum() - gp[:48, 1].sum()
    cash = answer(result, "cash_net_saving", "nhs", horizon_months=60.0)
    assert saved > 1
    assert cash == pytest.approx(0.4 * saved - 1280)
    assert cash < saving(result, "nhs", horizon_months=60.0)


def test_what_costs_more_costs_cash_at_once(tmp_path: Path) -> None:
    """Where the well are seen more often than the ill, none of the increase waits and all of it is cash."""
    more_when_well = {"costs.gp.while_in": {"ill": "gp_well", "well": "gp_ill"}, "costs.gp.lag": "12 months"}
    result = cm.run(load_example(tmp_path, **NUMBERS, **more_when_well), draws=0)
    assert saving(result, "nhs") < -1280
    assert answer(result, "cash_net_saving", "nhs") == pytest.approx(saving(result, "nhs"), rel=1e-12)
