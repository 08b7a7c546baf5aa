"""A plan's budget: one cohort is the model for one person, no therapist is overbooked, no money is lost on the way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.analysis.budget import Budget
from costmodel.analysis.service_plan import WHOLE, admitted, defaults, plan_of
from costmodel.page import SCREEN, Figure, Page, Paragraph, Table
from costmodel.report import render
from costmodel.scenario.setting import account
from tests.report.test_one_page import book_of
from tests.support.example import edited, load_example, number, write_model
from tests.support.small_probabilities import EVERYTHING, small

PENNY = 0.005
ONE = {"starts": 1, "months": 1, "ward_nights": 0}
"""One person, one start, no limits, no wards."""
SHIPPED = ("depression_resistant", "high_users", "borderline")


def run(name: str) -> cm.Result:
    return cm.run(cm.load(name), draws=0, strata=False)


@pytest.fixture(scope="module")
def shipped() -> dict[str, cm.Result]:
    return {name: run(name) for name in SHIPPED}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    """The example, in which a third of avoided visits is cash a year later."""
    edits = {"parameters.cashable.value": 0.3}
    return cm.run(load_example(tmp_path_factory.mktemp("plan"), **edits), draws=0)


def sentences(found: Budget) -> str:
    return " ".join(found.sentences())


# One cohort without limits is the model for one person


def assert_as_one_person(result: cm.Result) -> None:
    run, last = result.runs["deterministic"], len(result.horizons) - 1
    for strategy in result.strategies[1:]:
        found = cm.budget(result, ONE, strategy=strategy)
        s = result.strategies.index(strategy)
        whose: list[dict[str, str]] = [{"perspective": one} for one in result.setting.perspectives]
        whose += [{"party": one} for one in result.setting.parties]
        for of in whose:
            for money, cash in zip(found.net(**of), (False, True), strict=True):
                one = result.estimate(run, result.net_cost(run, last, s, cash=cash, **of)).value  # type: ignore[arg-type]
                assert money.sum() == pytest.approx(one, abs=PENNY), (strategy, of, cash)


@pytest.mark.parametrize("name", SHIPPED)
def test_one_person_without_limits_is_the_model_for_one_person_to_the_penny(
    name: str, shipped: dict[str, cm.Result]
) -> None:
    assert_as_one_person(shipped[name])


@pytest.mark.parametrize("cycle", ["1 month", "3 months", "12 months"])
def test_a_cycle_of_any_length_is_spread_over_its_months(tmp_path: Path, cycle: str) -> None:
    edits = {"parameters.cashable.value": 0.3, "follow_up": "2 years", "strategies.therapy.therapy.over": "12 months"}
    result = cm.run(load_example(tmp_path, cycle=cycle, **edits), draws=0)
    assert_as_one_person(result)
    assert cm.budget(result, ONE).months == 60


def test_what_is_booked_at_time_0_is_of_the_first_month(tmp_path: Path) -> None:
    result = cm.run(cm.load(write_model(tmp_path, edited(small(), EVERYTHING))), draws=0)
    assert_as_one_person(result)


def test_cycles_of_weeks_are_shared_between_the_months_they_lie_in(tmp_path: Path) -> None:
    weekly = {
        "cycle": "4 weeks", "follow_up": "1 year", "horizon": "1 year", "strategies.therapy.therapy.wait": "0 months",
        "parameters.leave": number("probability per 4 weeks", 0.1),
        "parameters.die": number("probability per 4 weeks", 0.0),
    }  # fmt: skip
    result = cm.run(cm.load(write_model(tmp_path, edited(small(), weekly))), draws=0)
    assert_as_one_person(result)
    found = cm.budget(result, ONE)
    sessions = found.value[:12, 0]
    assert sessions[1:] == pytest.approx(sessions[1])
    assert found.months == 60


def test_money_of_the_cohort_falls_when_the_ledger_has_it(example: cm.Result) -> None:
    ledger = example.ledger()
    nhs = ledger[ledger.paid_by == "nhs"].pivot_table(
        index="to_month", columns="strategy", values="money", aggfunc="sum"
    )
    monthly = (nhs.therapy - nhs.usual_care).to_numpy()
    found = cm.budget(example, {"starts": 2.5, "months": 1, "ward_nights": 0}).net(party="nhs")[0]
    np.testing.assert_allclose(found[: len(monthly)], 2.5 * monthly, atol=PENNY)


# Every pound arrives


def plain_cash(result: cm.Result, starts: np.ndarray, year_of: Any) -> dict[tuple[str, int], float]:
    """Cash by party and financial year, from the ledger's rows, one start and one month after the other."""
    costs, central, parties = result.scenario.model.costs, result.scenario.central, list(result.setting.parties)
    ledger = result.ledger()
    found: dict[tuple[str, int], float] = {}
    for item, rows in ledger.groupby("item"):
        by = {name: part.money.to_numpy() for name, part in rows.groupby("strategy")}
        change = by[result.strategies[1]] - by[result.comparator]
        share, lag = 1.0, 0
        if item in costs:
            reference = costs[str(item)].cashable
            share = float(reference) if isinstance(reference, int) else central[reference]
            lag = round(costs[str(item)].lag.months)
        cash = np.zeros(len(change))
        for month, money in enumerate(change):
            cash[month] += max(money, 0.0)
            if month + lag < len(change):
                cash[month + lag] += share * min(money, 0.0)
        sides = {party: account(party, rows.paid_by.iloc[0], rows.received_by.iloc[0]) for party in parties}
        for begun, people in enumerate(starts):
            for month in np.flatnonzero(cash):
                for party in [one for one in parties if sides[one]]:
                    key = party, year_of(begun + month)
                    found[key] = found.get(key, 0.0) + sides[party] * people * cash[month]
    return found


def test_cash_by_payer_and_year_is_that_of_the_ledger(example: cm.Result) -> None:
    plan = {"starts": 7, "months": 9, "ramp": 3, "waiting": 4, "therapists": 0.5, "first_month": 11, "ward_nights": 0}
    found = cm.budget(example, plan)
    expected = plain_cash(example, found.starts, lambda month: (month + 7) // 12)
    frame = found.frame
    years = list(dict.fromkeys(frame.year))
    assert years[:2] == ["year 1", "year 2"]
    for party in example.setting.parties:
        for y, name in enumerate(years):
            money = frame[(frame.party == party) & (frame.year == name)].cash.sum()
            assert money == pytest.approx(expected.get((party, y), 0.0), abs=PENNY), (party, name)
    assert sum(expected.values()) != 0


@pytest.mark.parametrize("view", [0, 1])
def test_years_and_what_comes_later_sum_to_the_whole(view: int, shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(
        shipped["high_users"], {"starts": 10, "months": 30, "therapists": 1, "growth": 0.03, "room": 5_000}
    )
    for party in ("nhs", "dwp"):
        column = ("value_nominal", "cash_nominal")[view]
        frame = found.frame
        assert frame[frame.party == party][column].sum() == pytest.approx(found.net(party=party)[view].sum(), abs=PENNY)
    tables = {block.name: block for block in found.page().blocks if isinstance(block, Table)}
    table = tables["budget_value" if view == 0 else "budget_cash"].frame
    shown = table[table.year == "in all"].nhs.item()
    if view == 0:
        assert shown == pytest.approx(found.net(party="nhs")[0].sum(), abs=PENNY)
    else:
        assert shown == found.result.setting.currency.money(float(found.net(party="nhs")[1].sum()))


def test_what_comes_later_is_all_that_comes_later(shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(shipped["high_users"], {"starts": 10, "months": 30, "years": 3})
    tables = {block.name: block.frame for block in found.page().blocks if isinstance(block, Table)}
    value, cash = (one.sum() for one in found.net(found.perspective))
    years = tables["budget_years"]
    assert (years.year.iloc[-1], len(years)) == ("later", 4)
    assert (years.value.sum(), years.cash.sum()) == (pytest.approx(value), pytest.approx(cash))
    units = tables["budget_units"].set_index("thing")
    shown = units.loc["GP visits"].drop("unit").str.replace(",", "").astype(float)
    label = next(item.label for item in found.result.items if item.name == "gp")
    assert shown.sum() == pytest.approx(-found.frame[found.frame.line == label].value.sum(), abs=2.5)
    assert shown.iloc[-1] > 0


def test_sums_of_the_service_are_paid_by_who_pays_for_sessions(example: cm.Result) -> None:
    plan = ONE | {"set_up": 1_000, "training": 500, "supervision": 120, "room": 240}
    alone, found = cm.budget(example, ONE), cm.budget(example, plan)
    open_for = int(np.flatnonzero(found.sessions)[-1]) + 1
    for i in (0, 1):
        more = found.net(party="nhs")[i] - alone.net(party="nhs")[i]
        assert more[0] == pytest.approx(1_500 + 30)
        assert more.sum() == pytest.approx(1_500 + 30 * open_for)
    assert found.net(party="dwp")[0].sum() == alone.net(party="dwp")[0].sum()


def test_prices_grow_from_the_second_financial_year(example: cm.Result) -> None:
    plan = {"starts": 5, "months": 12, "first_month": 1}
    real, nominal = cm.budget(example, plan), cm.budget(example, plan | {"growth": 0.1})
    np.testing.assert_array_equal(real.net()[0][:3], nominal.net()[0][:3])
    np.testing.assert_allclose(nominal.net()[0][3:15], 1.1 * real.net()[0][3:15])
    assert "which grow 10% a year after year 1" in nominal.page().about[1]
    assert "grow" not in real.page().about[1]


def test_the_deepest_month_is_the_highest_point_of_cash_so_far(shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(shipped["borderline"], {"starts": 2, "months": 24})
    most, month = found.peak(party="nhs")
    so_far = np.cumsum(found.net(party="nhs")[1])
    assert most == pytest.approx(so_far.max())
    assert so_far[month - 1] == pytest.approx(most, abs=0.01)
    assert (so_far[: month - 1] < most - 0.001).all()
    assert found.peak(party="dwp") == (0.0, 0)
    who, money = found.result.setting.payer(found.perspective), found.result.setting.currency.money
    deepest, at = found.peak(found.perspective)
    assert (
        f"{who[0].upper()}{who[1:]} is out of pocket by {money(deepest)} at the deepest, in month {at}."
        in sentences(found)
    )


# Places


plans = st.fixed_dictionaries(
    {
        "starts": st.floats(0, 50), "waiting": st.floats(0.1, 200), "months": st.integers(2, 24),
        "ramp": st.integers(0, 1), "therapists": st.floats(0.05, 20), "hours_a_session": st.floats(0.2, 3),
        "missed": st.floats(0, 0.5), "first_month": st.integers(1, 12), "years": st.integers(3, 5),
    }
)  # fmt: skip


@settings(max_examples=40)
@given(plans)
def test_no_therapist_is_overbooked_and_nobody_is_lost(example: cm.Result, plan: dict[str, Any]) -> None:
    found = cm.budget(example, plan)
    used = found.plan.hours(found.sessions)
    assert used.max() <= found.plan.capacity * (1 + 1e-9)
    assert (found.starts >= 0).all()
    assert (found.waiting >= 0).all()
    come = np.cumsum(found.plan.arrivals)
    np.testing.assert_allclose(np.cumsum(found.starts) + found.waiting, come, atol=1e-6)
    assert found.sessions.sum() == pytest.approx(found.starts.sum() * found.course.sum())


def test_missed_slots_and_longer_sessions_take_a_therapists_time(shipped: dict[str, cm.Result]) -> None:
    plan = {"starts": 10, "months": 36}
    alone = cm.budget(shipped["depression_resistant"], plan)
    found = cm.budget(shipped["depression_resistant"], plan | {"missed": 0.2, "hours_a_session": 1.5})
    assert found.sessions.tolist() == alone.sessions.tolist()
    hours = found.frame[found.frame.line == "contact hours"].value
    assert hours.sum() == pytest.approx(alone.sessions.sum() * 1.5 / 0.8)
    busiest = 10 * 48 * 1.5 / 0.8 / (16.7 * 42 / 12)
    assert f"The busiest month takes {busiest:.1f} whole-time therapists." in sentences(found)


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=30),
    st.lists(st.floats(0, 4), min_size=1, max_size=20),
    st.floats(0.1, 100),
)
def test_nobody_waits_while_a_whole_course_would_fit(come: list[float], hours: list[float], capacity: float) -> None:
    arrivals, course = np.array(come), np.array(hours)
    course[course < 1e-3] = 0.0
    starts, waiting = admitted(arrivals, course, capacity)
    used = np.zeros(len(arrivals) + len(course))
    for month, count in enumerate(starts):
        used[month : month + len(course)] += count * course
        if waiting[month] > 1e-6:  # one thousandth of a person more would not fit
            more = used[month : month + len(course)] + 1e-3 * course
            assert more.max() > capacity * (1 - 1e-9)
    assert used.max() <= capacity * (1 + 1e-9)


def test_a_queue_that_cannot_clear_is_said(shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(shipped["depression_resistant"], {"starts": 10, "months": 60, "therapists": 4})
    course = 48.0
    possible = 4 * 16.7 * 42 / 12 / course
    said = sentences(found)
    assert f"The queue cannot clear: 10 people come a month and {possible:.1f} can start." in said
    assert f"To start 10 a month takes {10 / possible * 4:.1f}." in said
    assert f"{found.waiting[-1]:,.0f} people still wait at the end of 5 financial years." in said
    enough = cm.budget(shipped["depression_resistant"], {"starts": 10, "months": 60, "therapists": 40})
    assert "Nobody waits for a place" in sentences(enough)
    assert "cannot clear" not in sentences(enough)


def test_a_queue_that_clears_says_when(shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(shipped["high_users"], {"starts": 6, "months": 36, "waiting": 40, "therapists": 1})
    month = next(m for m in range(1, 61) if (found.waiting[m - 1 :] < 1e-6).all())
    assert f"The queue clears in month {month}; {found.waiting.max():,.0f} people wait at its longest." in sentences(
        found
    )
    late = cm.budget(shipped["high_users"], {"starts": 8, "months": 12, "waiting": 90, "therapists": 1, "years": 1})
    assert "The queue does not clear in 1 financial year: " in sentences(late)


def test_who_waits_is_drawn_where_somebody_does(shipped: dict[str, cm.Result]) -> None:
    plan = {"starts": 6, "months": 36, "waiting": 40, "therapists": 1}
    drawn = [block for block in cm.budget(shipped["high_users"], plan).page().blocks if isinstance(block, Figure)]
    found = cm.budget(shipped["high_users"], plan)
    queue = drawn[1].draw()
    month = int(np.argmax(found.waiting)) + 1
    assert queue.title == f"Most wait at the end of month {month}: {found.waiting.max():,.0f} people."
    assert queue.table["wait"].tolist() == found.waiting.tolist()
    without = cm.budget(shipped["high_users"], plan | {"therapists": None}).page().blocks
    assert len([block for block in without if isinstance(block, Figure)]) == 1


def test_without_a_limit_the_busiest_month_says_how_many_therapists(shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(shipped["depression_resistant"], {"starts": 10, "months": 36})
    busiest = 10 * 48 / (16.7 * 42 / 12)
    assert f"The busiest month takes {busiest:.1f} whole-time therapists." in sentences(found)
    assert found.waiting.max() == 0


def test_a_therapy_without_sessions_needs_nobody(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **{"parameters.sessions.value": 0}), draws=0)
    assert "holds no sessions" in sentences(cm.budget(result, {"starts": 3, "therapists": 1}))


def test_the_full_rate_comes_in_equal_steps() -> None:
    plan = plan_of({"starts": 8, "months": 6, "ramp": 3, "waiting": 5, "years": 1})
    assert plan.arrivals.tolist() == [7, 4, 6, 8, 8, 8, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("more", "names", "planned"),
    [
        ({}, ["year 1", "year 2"], 24),
        ({"first_month": 1}, ["year 1", "year 2"], 15),
        ({"first_year": 2027}, ["2027/28", "2028/29"], 24),
        ({"first_year": 2027, "first_month": 2}, ["2026/27", "2027/28"], 14),
        ({"first_year": 2027, "first_month": 7, "year_begins": 1}, ["2027", "2028"], 18),
    ],
)
def test_financial_years_have_their_names(more: dict[str, int], names: list[str], planned: int) -> None:
    plan = plan_of({"starts": 1, "years": 2} | more)
    assert ([plan.year_name(year) for year in range(2)], plan.planned) == (names, planned)


# Wards


def test_nights_release_cash_in_whole_wards(shipped: dict[str, cm.Result]) -> None:
    result = shipped["borderline"]
    plan = {"starts": 20, "months": 48, "years": 6}
    without = cm.budget(result, plan | {"ward_nights": 0})
    found = cm.budget(result, plan | {"ward_nights": 500})
    price = result.scenario.central["psychiatric_bed_day"]
    money = [-float(one) for one in np.bincount(found.plan.year_of(found.months), weights=found.beds.sum(axis=1))]
    assert found.wards.max() > 1
    assert money == pytest.approx([ward * 500 * price for ward in found.wards])
    assert (found.wards == np.floor(found.nights / 500)).all()
    change = without.net(party="nhs")[1].sum() - found.net(party="nhs")[1].sum()
    assert change == pytest.approx(sum(money))
    np.testing.assert_array_equal(without.net(party="nhs")[0], found.net(party="nhs")[0])
    assert "wards can close, from year" in sentences(found)
    assert "Wards are left open" in sentences(without)
    few = cm.budget(result, plan | {"starts": 2})
    assert few.beds.sum() == 0
    assert (
        f"No ward closes: {few.nights.max():,.0f} nights a year stay unused at most, and one ward has 6,789."
        in sentences(few)
    )


def test_nights_out_of_area_are_cash_at_once_and_close_no_ward(shipped: dict[str, cm.Result]) -> None:
    scenario = shipped["borderline"].scenario.changed({"cashable_hospital": 1.0}, whole=False)
    found = cm.budget(cm.run(scenario, draws=0, strata=False), {"starts": 20, "months": 48, "ward_nights": 100})
    assert np.abs(found.nights).max() < 1e-6
    assert found.beds.sum() == 0


def test_no_ward_closes_where_nights_are_no_line_of_their_own(shipped: dict[str, cm.Result]) -> None:
    assert "Nights are no line of their own here" in sentences(
        cm.budget(shipped["depression_resistant"], {"starts": 5})
    )


# As a page


def test_every_medium_has_the_same_page(shipped: dict[str, cm.Result]) -> None:
    found = cm.budget(shipped["high_users"], {"starts": 10, "months": 24, "therapists": 1})
    page = found.page()
    document = render.document(page)
    assert document["schema"] == "costmodel/budget/1"
    assert document["plan"]["starts"] == 10
    assert document["peak"]["nhs"] == [pytest.approx(found.peak(party="nhs")[0]), found.peak(party="nhs")[1]]
    assert len(document["rows"]) == len(found.frame)
    for text in (render.markdown(page), render.html(page)):
        for sentence in found.sentences():
            assert sentence in text
    money, end = found.result.setting.currency.money, found.plan.planned
    value, cash = (float(one[:end].sum()) for one in found.net(found.perspective))
    assert cash > 0 > value
    words = f"After 5 financial years {money(cash)} is out as cash, and {money(-value)} is back as value."
    assert found.figure().title == words
    sheet = book_of(page)["Toy"]
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert set(found.sentences()) <= set(cells)
    assert any(isinstance(cell, float) and cell == pytest.approx(cash) for cell in cells)
    assert len(sheet._charts) == 1
    tables = [block for block in page.blocks if isinstance(block, Table)]
    assert [len(table.frame) for table in tables[:3]] == [6, 9, 7]
    assert all(table.cells(SCREEN) for table in tables)


def test_sentences_are_short(shipped: dict[str, cm.Result]) -> None:
    for plan in (
        {"starts": 3},
        {"starts": 30, "ramp": 5, "therapists": 2, "waiting": 8},
        {"starts": 500, "months": 60},
    ):
        for result in shipped.values():
            page: Page = cm.budget(result, plan, perspective="public_sector").page()
            for block in page.blocks:
                if isinstance(block, Paragraph):
                    assert len(block.text.split()) <= 20, block.text


def test_every_default_says_where_it_comes_from(example: cm.Result) -> None:
    lines = next(block.lines for block in cm.budget(example, {"starts": 1, "missed": 0.12}).page().blocks
                 if getattr(block, "heading", "") == "What the plan takes")  # fmt: skip
    assert len(lines) == len(defaults())
    assert any(line.startswith("weeks a year: 42 (weeks): recalled; ") for line in lines)
    assert "missed: 0.12 (share of slots), yours" in lines


# What cannot be planned


@pytest.mark.parametrize(
    ("case", "plan", "says"),
    [
        ("P1_starts_below_nothing", {"starts": -3},
         "starts: -3 is not a number that may stand here. From 0 to 100,000."),
        ("P2_people_and_no_therapist", {"starts": 3, "therapists": 0},
         "therapists: people start and there is no therapist. Write more than 0, or leave it out for no limit."),
        ("P3_a_full_rate_that_never_comes", {"starts": 3, "months": 12, "ramp": 12},
         "ramp: the full rate comes after 12 months, and people start for 12. At most 11, or start people for longer."),
        ("P4_starts_beyond_the_plan", {"starts": 3, "months": 61},
         "months: people start for 61 months, and the plan has 60. At most 60, or plan more years."),
        ("P5_nobody_at_all", {"starts": 0}, "starts: nobody starts and nobody waits. Write more than 0."),
        ("P6_no_starts_named", {"months": 3}, "starts: nothing says how many people start a month. Write a number."),
        ("P7_a_word_that_no_plan_has", {"starts": 3, "therapist": 2}, "plan: a plan has no 'therapist'. "
         'Did you mean "therapists"?'),
        ("P8_every_slot_missed", {"starts": 3, "missed": 1},
         "missed: 1 is not a number that may stand here. From 0 to 0.9."),
        ("P9_a_share_in_hundredths", {"starts": 3, "missed": 12}, "missed: 12 is not a number"),
        ("P10_money_that_is_none", {"starts": 3, "set_up": float("nan")}, "set_up: nan is not a number"),
        ("P11_a_thirteenth_month", {"starts": 3, "first_month": 13}, "first_month: 13 is not a whole number"),
        ("P11_half_a_month", {"starts": 3, "months": 1.5}, "months: 1.5 is not a whole number that may stand here"),
        ("P12_a_list_in_the_place_of_a_plan", [3], "plan: a list is no plan. Write names with numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused_with_its_place(case: str, plan: Any, says: str, example: cm.Result) -> None:
    with pytest.raises(cm.InputError) as refused:
        cm.budget(example, plan)
    assert str(refused.value).startswith(says)
    assert len(refused.value.problems) == 1, case


def test_every_problem_of_a_plan_is_said_at_once() -> None:
    with pytest.raises(cm.InputError) as refused:
        plan_of({"starts": -1, "months": 0, "romm": 3})
    assert [problem.place for problem in refused.value.problems] == ["starts", "months", "plan"]


@pytest.mark.parametrize("name", ["payer", "therapy"])
def test_P13_an_unknown_payer_or_therapy_is_refused(name: str, example: cm.Result) -> None:
    with pytest.raises(cm.InputError, match="nhs_pss" if name == "payer" else "therapy"):
        cm.budget(example, {"starts": 1}, **({"perspective": "nhs_ps"} if name == "payer" else {"strategy": "therpy"}))


def test_whole_numbers_of_a_plan_are_its_whole_fields() -> None:
    plan = plan_of({"starts": 1})
    assert {name for name in vars(plan) if isinstance(getattr(plan, name), int)} == set(WHOLE) - {"first_year"}
