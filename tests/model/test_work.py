# ruff: noqa: E501 (rows of tables)
"""Effects on jobs: who moves into paid work, what a job moves, who pays and receives, and what is counted once."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values, drawn_values
from costmodel.report.workbook import write
from tests.scenario.slips import problems
from tests.support.example import REMOVED, derived, example, load_example, number, price
from tests.support.flows import simulate
from tests.support.spreadsheets import by_formualizer, disagreements, stored
from tests.workbook.test_live import YOURS, check_summary

DRAWS = 300
EFFECT = "strategies.therapy.effects"
ALONE = f"{EFFECT}.recovers_faster"
ESTIMAND = {
    "source": "X001", "comparator": "usual care", "outcome": "in paid work", "time": "24 months",
    "analysis": "intention to treat",
}  # fmt: skip


def jobs(**more: Any) -> dict[str, Any]:
    window = {"from": "end of therapy + 12 months", "half_life": "30 months"}
    return {"jobs": "jobs", "estimand": ESTIMAND, **(more or window)}


def flow(category: str, paid_by: str, received_by: str, **amounts: dict[str, str | int]) -> dict[str, Any]:
    return {
        "label": f"{category}: a flow",
        "category": category,
        "paid_by": paid_by,
        "received_by": received_by,
        **amounts,
    }


WORK = {
    "employed": "employed",
    "origins": {
        "element_lost": {"label": "Health element, lost", "share": "share_lost"},
        "element_kept": {"label": "Health element, kept", "share": "share_kept"},
    },
    "flows": {
        "output": flow("productivity", "nobody", "employer", in_work={"others": "labour_year"}),
        "pay": flow("productivity", "employer", "household", in_work={"others": "pay_year"}),
        "insurance": flow("tax", "employer", "hmrc", in_work={"others": "insurance_year"}),
        "income_tax": flow("tax", "household", "hmrc", in_work={"others": "tax_year"}),
        "benefits": flow(
            "welfare", "dwp", "household",
            in_work={"element_lost": 0, "element_kept": "kept_year"}, out_of_work={"others": "credit_year"},
        ),
        "travel": flow("community", "household", "nobody", in_work={"others": "travel_year"}),
    },
    "displaced": {"share": "displaced", "others": "other_households"},
}  # fmt: skip
NUMBERS = {
    "jobs": number("people per 100", 1.0, distribution="normal", se=2.0),
    "employed": number("share", 0.6, distribution="beta", effective_size=40),
    "share_lost": number("share", 0.3, distribution="beta", effective_size=20),
    "share_kept": derived("share", complement_of="share_lost"),
    "displaced": number("share", 0.25),
    "labour_year": derived("GBP per year", mean_of=["all_in", "all_in"]),
    "all_in": price("year", 19_053, distribution="gamma", cv=0.1),
    "pay_year": derived("GBP per year", product_of=["all_in", "share_of_pay"]),
    "share_of_pay": number("share", 0.93665),
    "insurance_year": derived("GBP per year", product_of=["all_in", "share_of_insurance"]),
    "share_of_insurance": derived("share", complement_of="share_of_pay"),
    "tax_year": price("year", 1_477),
    "credit_year": price("year", 9_716, distribution="gamma", cv=0.1),
    "kept_year": price("year", 5_154),
    "travel_year": price("year", 200),
}
SETUP = {"work": WORK, f"{EFFECT}.jobs": jobs(), **{f"parameters.{name}": one for name, one in NUMBERS.items()}}
FLOWS = ("output", "pay", "displaced_pay", "insurance", "income_tax", "displaced_income_tax", "benefits",
         "displaced_benefits", "travel", "displaced_travel")  # fmt: skip


def loaded(folder: Path, **edits: Any) -> cm.Scenario:
    return load_example(folder, **(SETUP | edits))


def plain(value: float, **more: Any) -> dict[str, Any]:
    return {"parameters.jobs": number("people per 100", value), **more}


def moved(scenario: cm.Scenario, draws: int = DRAWS) -> dict[str, np.ndarray]:
    """What each line of work moves to the horizon, therapy less usual care, (draw,)."""
    result = cm.run(scenario, draws=draws)
    found = result.headline.outcomes.cost[-1, 0, :, :, 0]
    return {item.name: found[i, 1] - found[i, 0] for i, item in enumerate(result.items)}


def test_society_gains_output_less_resources_and_every_transfer_cancels_in_every_draw(tmp_path: Path) -> None:
    result, lines = cm.run(loaded(tmp_path), draws=DRAWS), moved(loaded(tmp_path))
    run, last = result.headline, len(result.horizons) - 1
    for category in ("welfare", "tax"):
        np.testing.assert_allclose(result.net_cost(run, last, 1, perspective="societal", category=category), 0, atol=0)
    society = sum(
        result.net_cost(run, last, 1, perspective="societal", category=c) for c in ("productivity", "community")
    )
    left = lines["travel"] + lines["displaced_travel"] - lines["output"]
    np.testing.assert_allclose(society[0], left, rtol=1e-9, atol=1e-5)
    years = lines["travel"] / 200  # the treated person's jobs; a quarter of them were others'
    np.testing.assert_allclose(-left, 0.75 * years * (drawn(result, "all_in") - 200), rtol=1e-9)
    assert np.ptp(years) > 0 > years.min()


def drawn(result: cm.Result, name: str) -> np.ndarray:
    return np.asarray(drawn_values(result.scenario, DRAWS, result.seed)[name])


def test_a_person_month_off_benefits_is_counted_once_in_every_perspective(tmp_path: Path) -> None:
    """What DWP no longer pays the Exchequer saves under welfare, once, and households no longer receive."""
    result, lines = cm.run(loaded(tmp_path), draws=DRAWS), moved(loaded(tmp_path))
    run, last = result.headline, len(result.horizons) - 1
    of_dwp = result.net_cost(run, last, 1, party="dwp")[0]
    np.testing.assert_allclose(of_dwp, lines["benefits"] + lines["displaced_benefits"], rtol=1e-9, atol=1e-5)
    exchequer = result.net_cost(run, last, 1, perspective="public_sector", category="welfare")[0]
    np.testing.assert_array_equal(exchequer, of_dwp)
    others = [result.net_cost(run, last, 1, party=party, category="welfare")[0] for party in result.setting.parties]
    np.testing.assert_allclose(sum(others), 0, atol=1e-5)
    for perspective in ("nhs", "nhs_pss"):
        assert not result.net_cost(run, last, 1, perspective=perspective, category="welfare").any()


def test_a_year_in_work_is_worth_what_its_flows_say_to_each_payer(tmp_path: Path) -> None:
    """Everybody gains one person in work of 100 at once and for ever, and nobody dies."""
    certain = {
        f"parameters.{name}.{key}": REMOVED for name in ("all_in", "credit_year") for key in ("distribution", "cv")
    }
    certain |= {
        f"parameters.{n}": number("share", v) for n, v in (("share_lost", 0.3), ("employed", 0.6), ("displaced", 0))
    }
    at_once = jobs(**{"from": "referral", "until": "horizon"})
    certain |= plain(1.0) | {f"{EFFECT}.jobs": at_once, "parameters.death_ratio": number("rate ratio", 0)}
    certain |= {
        f"parameters.{n}.index": REMOVED for n in ("all_in", "tax_year", "credit_year", "kept_year", "travel_year")
    }
    result = cm.run(loaded(tmp_path, **certain), draws=0)
    saved = {party: -result.net_cost(result.headline, 1, 1, party=party)[0, 0] / 0.05 for party in result.parties()}
    benefits = 9_716 - 0.7 * 5_154
    assert saved["dwp"] == pytest.approx(benefits)
    assert saved["hmrc"] == pytest.approx(1_477 + 0.06335 * 19_053)
    assert saved["employer"] == pytest.approx(0, abs=1e-6)
    assert saved["household"] == pytest.approx(0.93665 * 19_053 - 1_477 - benefits - 200)
    used = result.activity(run="deterministic")
    (years,) = used.value[(used.item == "pay") & (used.strategy == "therapy") & (used.horizon_months == 60)]
    assert years == pytest.approx(0.05)


def test_at_sixteen_hours_the_household_can_be_poorer_and_its_own_row_says_so(tmp_path: Path) -> None:
    part_time = {
        f"parameters.{name}": number("share", value) for name, value in (("share_of_pay", 1), ("share_lost", 1))
    }
    part_time |= {f"parameters.{name}": price("year", 0) for name in ("tax_year", "travel_year")}
    part_time |= {"parameters.all_in": price("year", 9_518), "parameters.displaced": number("share", 0)}
    table = cm.run(loaded(tmp_path, **plain(1.0, **part_time)), draws=0).table()
    table = table[
        (table.run == "deterministic")
        & (table.outcome == "net_saving")
        & ~table.discounted
        & (table.horizon_months == 60)
    ]
    household, dwp = (table[table.party == party].value.item() for party in ("household", "dwp"))
    assert household < 0
    assert household / dwp == pytest.approx((9_518 - 9_716) / 9_716)


def test_jobs_taken_from_others_count_for_the_exchequer_and_society_and_not_for_the_household(tmp_path: Path) -> None:
    def saved(share: float, **who: str) -> float:
        result = cm.run(loaded(tmp_path, **{"parameters.displaced": number("share", share)}), draws=0)
        return float(result.net_cost(result.headline, 1, 1, **who)[0, 0])

    therapy = saved(1, perspective="public_sector")
    none, half = saved(0, perspective="public_sector"), saved(0.5, perspective="public_sector")
    assert half - therapy == pytest.approx((none - therapy) / 2)
    assert saved(0.5, party="household") == pytest.approx(saved(0, party="household"))
    assert saved(0.5, party="other_households") == pytest.approx(-saved(0, party="household") / 2)
    therapy = saved(1, perspective="societal")
    assert saved(0.25, perspective="societal") - therapy == pytest.approx(
        0.75 * (saved(0, perspective="societal") - therapy)
    )


def years_in_work(scenario: cm.Scenario) -> np.ndarray:
    """Extra years in paid work in each cycle, of the therapy at central values."""
    flows = simulate(scenario, central_values(scenario), 1)
    line = [item.name for item in cm.run(scenario, draws=0).items].index("travel")
    return np.asarray(flows.cost[:, line, 1, 0, 0] / 200)


def test_more_jobs_are_never_gained_than_people_are_out_of_work_nor_more_lost_than_are_in_it(tmp_path: Path) -> None:
    at_once = {
        f"{EFFECT}.jobs": jobs(**{"from": "referral", "until": "horizon"}),
        "parameters.death_ratio": number("rate ratio", 0),
    }
    for people, share in ((90, 0.4), (-90, -0.6), (30, 0.3), (-30, -0.3)):
        found = years_in_work(loaded(tmp_path, **at_once, **plain(people)))
        np.testing.assert_allclose(found * 12, share, rtol=1e-9)


def test_the_effect_begins_a_year_after_therapy_and_fades_with_its_half_life(tmp_path: Path) -> None:
    alive = {"parameters.death_ratio": number("rate ratio", 0)}
    found = years_in_work(loaded(tmp_path, **plain(1.0, **alive)))
    assert not found[:18].any()  # six months of therapy and twelve more
    np.testing.assert_allclose(found[18 + 30 :] / found[18 : 60 - 30], 0.5, rtol=1e-9)
    whole = 0.01 * (1 - 2 ** (-(60 - 18) / 30)) * 30 / 12 / np.log(2)
    assert found.sum() == pytest.approx(whole)


def test_the_length_of_the_cycle_does_not_change_what_jobs_move(tmp_path: Path) -> None:
    by_month, by_quarter = (years_in_work(loaded(tmp_path, cycle=cycle)) for cycle in ("1 month", "6 months"))
    assert by_quarter.sum() == pytest.approx(by_month.sum(), rel=2e-4)  # deaths within a cycle alone are averaged


def test_the_dose_and_the_share_who_start_weaken_it_in_proportion(tmp_path: Path) -> None:
    dose = {"studied": "studied", "least": 1, "shape": 1}
    half = {f"{EFFECT}.jobs": jobs() | {"dose": dose}, "parameters.studied": number("sessions", 25.6)}
    half |= {"strategies.therapy.effects.jobs.dose.least": "studied"}
    whole = years_in_work(loaded(tmp_path, **plain(1.0)))
    np.testing.assert_allclose(years_in_work(loaded(tmp_path, **plain(1.0), **half)), whole / 2, rtol=1e-9)
    started = {f"{EFFECT}.jobs": jobs() | {"jobs": "per_referral"}, "parameters.start": number("share", 0.8),
               "parameters.per_referral": derived("people per 100", product_of=["jobs", "start"])}  # fmt: skip
    np.testing.assert_allclose(years_in_work(loaded(tmp_path, **plain(1.0), **started)), 0.8 * whole, rtol=1e-9)


def test_it_ends_where_the_gap_closes(tmp_path: Path) -> None:
    found = years_in_work(loaded(tmp_path, beyond_follow_up="gap closes", **plain(1.0)))
    assert found[18:24].all()
    assert not found[24:].any()


def test_a_normal_number_of_jobs_is_correlated_by_rank_with_how_people_improve(tmp_path: Path) -> None:
    together = {
        "groups": {"improvement": {"together": "correlated", "members": ["jobs", "hr_recover"], "correlation": 0.5}}
    }
    values = drawn_values(loaded(tmp_path, **together), 20_000, 1)
    ranks = [np.argsort(np.argsort(values[name])) for name in ("jobs", "hr_recover")]
    assert np.corrcoef(ranks)[0, 1] == pytest.approx(6 / np.pi * np.arcsin(0.25), abs=0.02)
    assert np.mean(values["jobs"] < 0) == pytest.approx(0.3085, abs=0.01)  # not truncated
    apart = drawn_values(loaded(tmp_path), 20_000, 1)
    assert abs(np.corrcoef(apart["jobs"], apart["hr_recover"])[0, 1]) < 0.03


def test_without_people_who_move_the_answer_is_that_of_a_file_without_work(tmp_path: Path) -> None:
    scenario = load_example(tmp_path / "plain")
    with_work = loaded(tmp_path / "work", **plain(0))
    for perspective in scenario.setting.perspectives:
        one, other = (
            r.net_cost(r.headline, 1, 1, perspective=perspective)
            for r in (cm.run(s, draws=50) for s in (scenario, with_work))
        )
        np.testing.assert_array_equal(one, other)
    assert with_work.sha256 != scenario.sha256


def test_the_tornado_moves_what_jobs_are_made_of(tmp_path: Path) -> None:
    tornado = cm.tornado(loaded(tmp_path), outcome="net_saving", perspective="public_sector").to_frame()
    assert {"jobs", "credit_year", "share_lost"} <= set(tornado.input[tornado.width > 0])


HALVES = {
    "parameters.part": number("share", 0.3), "parameters.rest": derived("share", complement_of="part"),
    "parameters.fewer": number("people per 100", -2.0, distribution="normal", se=1),
}  # fmt: skip
FEWER = {"change": {f"{EFFECT}.jobs.jobs": "fewer"}}
PARTS = {
    "strata": {"one": {"label": "One", "share": "part"}, "other": {"label": "Other", "share": "rest", **FEWER}},
    "alternatives": {
        "one": {"label": "One", "weight": "part"},
        "other": {"label": "Other", "weight": "rest", **FEWER},
    },
}
NO_JOBS = {
    "one": {"label": "One", "weight": "part"},
    "none": {"label": "None", "weight": "rest", "remove": [f"{EFFECT}.jobs"]},
}


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"beyond_follow_up": "gap closes", "cycle": "6 months"},
        {"work.displaced": REMOVED},
        *({key: part, **HALVES} for key, part in PARTS.items()),
        {"alternatives": NO_JOBS, **HALVES},
    ],
    ids=["plain", "gap closes", "nobody displaced", "strata", "alternatives", "an alternative without jobs"],
)
def test_another_spreadsheet_computes_what_jobs_move(tmp_path: Path, edits: dict[str, Any]) -> None:
    scenario, path = loaded(tmp_path, **edits), tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    check_summary(path, cells, scenario)


def test_the_workbook_follows_other_jobs_and_other_displacement(tmp_path: Path) -> None:
    path, scenario = tmp_path / "report.xlsx", loaded(tmp_path, **{"parameters.displaced": number("share", 0)})
    write(cm.run(scenario, draws=20), path)
    rows = {value: row for (sheet, row, column), value in stored(path).items() if (sheet, column) == ("Inputs", 1)}
    for changes in ({"jobs": 70.0, "employed": 0.7}, {"jobs": -5.0, "displaced": 0.5, "share_lost": 0.9}):
        typed = {("Inputs", rows[name], YOURS): value for name, value in changes.items()}
        check_summary(path, by_formualizer(path, typed), scenario.changed(changes))


SLIPS: list[tuple[str, dict[str, Any], str, str]] = [
    ("W2_shares", {"parameters.share_kept": number("share", 0.6)}, "the shares of the origins sum to 0.9", "They sum to 1."),
    ("W3_unknown_party", {"work.flows.pay.received_by": "houshold"}, "work.flows.pay.received_by", "Did you mean"),
    ("W4_unknown_origin", {"work.flows.benefits.in_work.element": 0}, '"element" is not a declared origin', "element_"),
    ("W5_an_origin_left_out", {"work.flows.benefits.in_work.element_kept": REMOVED}, "in_work says nothing of element_kept", "give others"),
    ("W6_paid_and_not_received", {"work.flows.income_tax.received_by": "nobody"}, "what household pays nobody receives", "Name who receives"),
    ("W6_received_and_not_paid", {"work.flows.benefits.paid_by": "nobody"}, "what household receives nobody pays", "Name who pays."),
    ("W7_nothing_created", {"work.flows.output": REMOVED}, "creates no output", "Add a flow that is paid_by: nobody"),
    ("W5_no_amount", {"work.flows.pay.in_work": REMOVED}, "in_work, out_of_work, or both", ""),
    ("W4_a_name_twice", {"work.flows.gp": flow("tax", "household", "hmrc", in_work={"others": 0})}, '"gp" is the name of another item', "another name"),
    ("W3_loses_its_own", {"work.displaced.others": "household"}, '"household" loses the jobs that it gains', "other people"),
    ("W9_a_share_for_jobs", {f"{EFFECT}.jobs.jobs": "employed"}, '"employed" has the unit "share"', "Wanted here: people per 100"),
    ("W9_a_weekly_benefit", {"parameters.kept_year": price("week", 99)}, '"GBP per week"', "GBP per year"),
    ("W1_a_target_too", {f"{EFFECT}.jobs.quantity": "gp"}, "quantity, channels, jobs; found: quantity, jobs", ""),
    ("W1_for_ever", {f"{EFFECT}.jobs.half_life": REMOVED}, "nothing says how long the effect lasts", "half_life"),
    ("W8_an_effect_beside", {"costs.gp.category": "welfare", f"{EFFECT}.less": {"quantity": "gp", "rate_ratio": "less", "from": "referral", "until": "horizon", "estimand": ESTIMAND},
                          "parameters.less": number("rate ratio", 0.8)}, 'the effect "less" moves "gp", and jobs move welfare too', "take one of them out"),
    ("W8_recovery_beside", {"costs.gp.category": "tax"}, 'recovery moves "gp" (causal_share), and jobs move tax too', "take one of them out"),
    ("W8_a_channel_beside", {f"{EFFECT}.other_care": {"channels": ["gp_community"], "cost_ratio": "less", "from": "referral", "until": "horizon", "estimand": ESTIMAND},
                             "parameters.less": number("cost ratio", 0.8)}, 'the effect "other_care" moves the channel "gp_community"', "take one of them out"),
    ("W8_a_composite_beside", {"costs.package": {"label": "A package", "category": "composite", "covers": ["welfare"], "paid_by": "dwp", "price": "gp_visit", "while_in": {"others": 0}, "cashable": 0, "lag": "0 months"}},
     'covers welfare, which "benefits" counts too', "Remove the composite"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edits", "found", "remedy"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_what_does_not_hang_together_is_refused_in_a_line(
    tmp_path: Path, name: str, edits: dict[str, Any], found: str, remedy: str
) -> None:
    said = problems(example(tmp_path, **(SETUP | edits)))
    assert [line for line in said if found in line and remedy in line and "model.yaml, line " in line], "\n".join(said)


def test_W1_jobs_without_people_who_move_are_refused(tmp_path: Path) -> None:
    said = problems(example(tmp_path, **{name: one for name, one in SETUP.items() if name != "work"}))
    assert [line for line in said if "nothing says who moves into work" in line and "Add the block work" in line]


def test_W10_shares_of_origins_that_do_not_sum_to_one_in_a_draw_are_refused(tmp_path: Path) -> None:
    apart = {"parameters.share_kept": number("share", 0.7, distribution="beta", effective_size=20)}
    with pytest.raises(cm.InputError, match=r"the shares of the origins do not sum to 1 in \d+ of 50 draws"):
        cm.run(loaded(tmp_path, **apart), draws=50)


def test_an_item_that_recovery_does_not_move_may_stand_in_the_same_category(tmp_path: Path) -> None:
    still = {"costs.gp.category": "welfare", "parameters.causal": number("share", 0)}
    result = cm.run(loaded(tmp_path, **still), draws=0)
    saved = partial(result.net_cost, result.headline, 1, 1)
    assert saved(party="dwp")[0, 0] < 0
