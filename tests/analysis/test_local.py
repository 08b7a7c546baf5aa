"""A service's own extract: sums by hand, suppressed cells, what enters and what never does, refusals."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.analysis.extract import columns
from costmodel.analysis.local import Local, template
from costmodel.errors import InputError
from costmodel.report.render import markdown

SCENARIOS = Path(__file__).parents[2] / "scenarios"
POPULATIONS = (
    "borderline", "complex_long_term", "depression_resistant", "depression_short_term", "high_users", "panic",
)  # fmt: skip
MONTH = {
    "contacts_attended": "400", "contacts_dna": "60", "contacts_cancelled": "40", "referrals_received": "14",
    "starts": "10", "discharges_completed": "6", "discharges_dropout": "4", "weeks_to_first_median": "14",
    "waiting_list_end": "51", "therapists": "6.5",
    "therapists_band_7": "", "therapists_band_8a": "", "contract_price_session": "118", "contract_value_month": "",
}  # fmt: skip
COHORT = {
    "cohort_size": "200", "price_year": "2023/24", "age_mean": "33.5", "psychiatric_bed_days_pre": "14",
    "psychiatric_bed_days_post": "7", "out_of_area_bed_days_pre": "3.5", "medicines_cost_pre": "100",
}  # fmt: skip


@cache
def loaded(population: str) -> cm.Scenario:
    return cm.load(population)


def service(folder: Path, edits: Mapping[int, Mapping[str, str]] | None = None, months: int = 12) -> Path:
    """A file with a row a month from April 2024. edits: cells by row, from 0."""
    rows = [
        {"period_start": f"{2024 + (3 + at) // 12}-{(3 + at) % 12 + 1:02d}-01"}
        | MONTH
        | dict((edits or {}).get(at, {}))
        for at in range(months)
    ]
    path = folder / "service.csv"
    path.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]), "utf-8")
    return path


def cohort(folder: Path, **edits: str | None) -> Path:
    path = folder / "cohort.csv"
    cells = {name: value for name, value in (COHORT | edits).items() if value is not None}
    path.write_text("column,value\n" + "\n".join(f"{name},{value}" for name, value in cells.items()), "utf-8")
    return path


def figures(found: Local) -> dict[str, Any]:
    return {one.enters or one.label: one for one in found.figures}


def test_sums_of_a_service_are_those_by_hand_and_enter_the_inputs_of_its_therapy(tmp_path: Path) -> None:
    before = loaded("panic")
    found = cm.local(before, service(tmp_path))
    now = found.scenario.central
    assert now["sessions_planned"] == pytest.approx((400 + 60 + 40) / (6 + 4))
    assert now["attendance"] == pytest.approx(400 / 500)
    assert now["session_price"] == pytest.approx(118)  # of 2024/25, as the setting's prices
    therapy = found.scenario.model.strategies["pfpp"].therapy
    assert therapy
    assert therapy.wait.months == 3  # 14 weeks to the nearest cycle
    assert found.plan == {"starts": 10, "waiting": 51, "therapists": 6.5}
    assert "costmodel budget panic --starts 10 --waiting 51 --therapists 6.5" in markdown(found.page())
    assert before.central["session_price"] != 118


def test_a_sum_a_month_is_divided_by_what_was_attended_and_comes_to_the_prices_of_the_setting(tmp_path: Path) -> None:
    scenario = loaded("panic")
    year = {at: {"period_start": f"{2023 + (3 + at) // 12}-{(3 + at) % 12 + 1:02d}-01"} for at in range(12)}
    path = service(tmp_path, {at: one | {"contract_price_session": "", "contract_value_month": "40000"}
                              for at, one in year.items()})  # fmt: skip
    index = scenario.indices["nhs"].levels
    own = cm.local(scenario, path).scenario.central["session_price"]
    assert own == pytest.approx(40_000 / 400 * index["2024/25"] / index["2023/24"])


def test_without_a_contract_the_price_is_the_contact_hours_of_therapists_of_known_bands(tmp_path: Path) -> None:
    scenario = loaded("panic")
    bands = {"contract_price_session": "", "therapists_band_7": "4.5", "therapists_band_8a": "2"}
    price = figures(cm.local(scenario, service(tmp_path, dict.fromkeys(range(12), bands))))["session_price"]
    hours = 16.7 * 42 / 12
    assert price.value == pytest.approx((4.5 * 162 + 2 * 184.5) * hours / 400)
    assert price.entered
    other = bands | {"therapists_band_8a": "1"}
    found = figures(cm.local(scenario, service(tmp_path, {at: other if at == 3 else bands for at in range(12)})))
    assert not found["Price of a contact attended"].entered


def test_what_people_use_enters_with_its_spread_and_nothing_that_came_after(tmp_path: Path) -> None:
    borderline = loaded("borderline")
    found = cm.local(borderline, cohort=cohort(tmp_path))
    now, index = found.scenario.central, borderline.indices["nhs"].levels
    assert now["nights"] == 14
    assert now["cashable_hospital"] == pytest.approx(0.25)  # a part of the nights
    assert now["medicines_borderline"] == pytest.approx(100 * index["2024/25"] / index["2023/24"])
    assert found.scenario.parameters["nights"].distribution == borderline.parameters["nights"].distribution
    entered = {"nights", "cashable_hospital", "medicines_borderline", "age_at_referral"}
    made = found.scenario.changes[len(borderline.changes) :]
    assert {change.path for change in made} == {f"parameters.{name}.value" for name in entered}
    page = markdown(found.page())
    assert "| Psychiatric bed-days | 14 | 7 | −50% |" in page
    assert "Fjorback (both arms) 2013, bodily distress syndrome: total health care use −32% in twelve months" in page


def test_suppressed_cells_read_as_two_and_a_half_and_never_as_nothing(tmp_path: Path) -> None:
    scenario = loaded("panic")
    few = {at: {"discharges_dropout": text} for at, text in enumerate(["*", "<5", "< 5"])}
    found = figures(cm.local(scenario, service(tmp_path, few)))
    left = [12 * 6 + 9 * 4 + 3 * one for one in (2.5, 1, 4)]
    one = found["sessions_planned"]
    assert (one.value, one.high, one.low) == pytest.approx([12 * 500 / each for each in left])
    assert one.entered
    every = figures(cm.local(scenario, service(tmp_path, {at: {"discharges_dropout": "*"} for at in range(12)})))
    assert not every["sessions_planned"].entered
    assert "leave it open by more than 10%: shown, not entered" in every["sessions_planned"].how
    share = figures(cm.local(scenario, cohort=cohort(tmp_path, share_female="*")))["share_female"]
    assert (share.value, share.low, share.high) == pytest.approx((2.5 / 200, 1 / 200, 4 / 200))
    assert not share.entered


def test_few_people_are_shown_and_replace_nothing(tmp_path: Path) -> None:
    scenario = loaded("panic")
    found = cm.local(scenario, cohort=cohort(tmp_path, cohort_size="99"))
    assert found.scenario.sha256 == scenario.sha256
    assert "of 99 people, and 100 replace a mean" in markdown(found.page())
    assert cm.local(scenario, cohort=cohort(tmp_path, cohort_size="100")).entered


@pytest.mark.parametrize("population", ["high_users", "panic"])
def test_templates_name_what_the_scenario_has_and_come_back_filled_in(tmp_path: Path, population: str) -> None:
    scenario = loaded(population)
    texts = template(scenario)
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(InputError, match="contacts_attended is empty"):
        cm.local(scenario, tmp_path / "service.csv")
    assert "age_at_referral" in texts["cohort.csv"]
    assert ("psychiatric_bed_days_pre" in texts["cohort.csv"]) == (population == "high_users")
    for name in texts["cohort.csv"].split("column,value,meaning\n")[1].splitlines():
        assert name.split(",")[0] in columns()
    lines = texts["cohort.csv"].replace("cohort_size,,", "cohort_size,150,").replace("age_mean,,", "age_mean,41,")
    (tmp_path / "cohort.csv").write_text(lines, "utf-8")
    found = cm.local(scenario, cohort=tmp_path / "cohort.csv")
    assert [one.enters for one in found.entered] == ["age_at_referral"]


def test_every_input_that_a_column_names_is_one_of_a_population() -> None:
    files = ("model.yaml", "base.yaml")
    known = {name: "\n".join((SCENARIOS / name / file).read_text("utf-8") for file in files) for name in POPULATIONS}
    known["setting"] = (SCENARIOS / "settings" / "england.yaml").read_text("utf-8")
    for row in columns().values():
        names = row.cells["enters"].split("; ") if row.cells["file"] == "cohort" else []
        for one in filter(None, names):
            population, _, name = one.rpartition(":")
            place = re.compile(rf"^ *(parameters\.)?{name}:", flags=re.MULTILINE)
            assert any(place.search(text) for where, text in known.items() if population in ("", where)), one


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        pytest.param({3: {"contacts_attended": "four"}},
                     'service.csv, line 5: contacts_attended "four" is not a finite number', id="L1_a_word"),
        pytest.param({3: {"contacts_attended": ""}}, "line 5: contacts_attended is empty. Write a", id="L2_empty"),
        pytest.param({3: {"period_start": "2024-09-01"}}, "line 5: period_start is 2024-09-01 after 2024-06-01",
                     id="L3_a_month_left_out"),
        pytest.param({3: {"period_start": "July"}}, "Write the first day of the month", id="L4_a_month_in_words"),
        pytest.param({3: {"contract_price_session": "11800"}},
                     "line 5: contract_price_session is 11800 money. From 25 to 600", id="L5_a_price_in_pence"),
        pytest.param({3: {"contract_price_session": "*"}}, "Leave it empty: it counts no people", id="L6_money"),
        pytest.param({3: {"starts": "<20"}}, "Write a number; or * or <5 for fewer than five", id="L7_another_limit"),
        pytest.param({at: {"contacts_dna": "900"} for at in range(12)}, "At most 60%", id="L8_hardly_anybody_came"),
        pytest.param({at: {"starts": "40"} for at in range(12)}, "Nobody starts who was not referred",
                     id="L9_more_starts_than_referrals"),
    ],
)  # fmt: skip
def test_what_a_service_cannot_mean_is_refused(tmp_path: Path, edits: Any, found: str) -> None:
    with pytest.raises(InputError) as error:
        cm.local(loaded("panic"), service(tmp_path, edits))
    assert found in str(error.value)
    assert "\n" not in str(error.value)


def test_L10_too_few_months(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the file has 11 months. Give 12 to 24 months in a row"):
        cm.local(loaded("panic"), service(tmp_path, months=11))


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        pytest.param({"cohort_size": "29"}, "line 2: cohort_size is 29 people. From 30 to", id="L11_too_few_people"),
        pytest.param({"cohort_size": None}, "cohort_size is empty or missing", id="L12_no_number_of_people"),
        pytest.param({"age_meen": "3"}, 'line 9: there is no column "age_meen". Did you mean "age_m', id="L13_a_slip"),
        pytest.param({"price_year": "2023"}, "Write the financial year of its prices", id="L14_money_without_its_year"),
        pytest.param({"out_of_area_bed_days_pre": "15"}, "They are a part of them", id="L15_a_part_above_the_whole"),
        pytest.param({"share_female": "80"}, "share_female is 80 share. From 0 to 1", id="L16_percent_for_a_share"),
    ],
)  # fmt: skip
def test_what_a_cohort_cannot_be_is_refused(tmp_path: Path, edits: Any, found: str) -> None:
    with pytest.raises(InputError) as error:
        cm.local(loaded("panic"), cohort=cohort(tmp_path, **edits))
    assert found in str(error.value)
    assert "\n" not in str(error.value)


def test_L17_nothing_to_read_and_no_such_therapy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Name service, cohort, or both"):
        cm.local(loaded("panic"))
    with pytest.raises(InputError, match='there is no strategy "pfp" here. Did you mean "pfpp"'):
        cm.local(loaded("panic"), service(tmp_path), strategy="pfp")


def test_an_input_that_does_not_take_its_figure_says_why_and_the_others_enter(tmp_path: Path) -> None:
    weeks = {at: {"weeks_to_first_median": "380"} for at in range(12)}
    found = cm.local(loaded("panic"), service(tmp_path, weeks))
    wait = figures(found)["strategies.pfpp.therapy.wait"]
    assert not wait.entered
    assert {one.enters for one in found.entered} == {"sessions_planned", "attendance", "session_price"}
