"""`costmodel budget`: the plan in options, the page, its rows, and refusals by the names of the options."""

import csv
from dataclasses import fields
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.service_plan import ServicePlan
from costmodel.cli.options import Planned
from tests.cli.commands import done, parsed, refused
from tests.support.example import example


def test_it_prints_what_python_says_and_writes_its_rows(tmp_path: Path) -> None:
    path, rows = example(tmp_path), tmp_path / "rows.csv"
    asked = ["--starts", "2.5", "--months", 18, "--therapists", 0.2, "--first-year", 2027, "--perspective", "nhs"]
    text = done("budget", path, *asked, "--csv", rows)
    plan = {"starts": 2.5, "months": 18, "therapists": 0.2, "first_year": 2027}
    found = cm.budget(cm.run(cm.load(path), draws=0), plan, perspective="nhs")
    for sentence in found.sentences():
        assert sentence in text
    assert "2027/28" in text
    written = list(csv.DictReader(rows.read_text("utf-8-sig").splitlines()))
    assert len(written) == len(found.frame)
    assert float(written[0]["cash"]) == found.frame.cash[0]


def test_its_json_has_the_plan_and_the_peaks(tmp_path: Path) -> None:
    document = parsed(
        "budget", example(tmp_path), "--starts", 4, "--room", 1_200, "--set", "session_price=60", "--json"
    )
    assert document["schema"] == "costmodel/budget/1"
    assert (document["plan"]["starts"], document["plan"]["room"], document["plan"]["therapists"]) == (4, 1_200, None)
    assert document["peak"]["nhs"][0] > 0
    assert [change["path"] for change in document["changes"]] == ["parameters.session_price.value"]
    assert {"year", "party", "line", "value", "cash"} < set(document["rows"][0])


def test_every_field_of_a_plan_has_its_option() -> None:
    assert {field.name for field in fields(Planned)} == {field.name for field in fields(ServicePlan)}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--starts", "-1"], "--starts: -1 is not a number that may stand here. From 0 to 100,000."),
        (["--starts", "many"], '--starts: "many" is not a number. Write it in digits'),
        (["--starts", "3", "--therapists", "0"], "--therapists: people start and there is no therapist."),
        (["--starts", "3", "--ramp", "12"], "--ramp: the full rate comes after 12 months, and people start for 12."),
        (["--starts", "3", "--months", "1.5"], '--months: "1.5" is not a whole number from 0'),
        (["--starts", "3", "--perspective", "nhs_ps"], 'no perspective "nhs_ps". Did you mean "nhs_pss"?'),
        (["--starts", "3", "--strategy", "therpy"], 'there is no strategy "therpy" here. Did you mean "therapy"?'),
        (["--starts", "3", "--hours-a-session", "0"], "--hours-a-session: 0 is not a number that may stand here."),
        ([], "Missing option '--starts'"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_the_name_of_its_option(options: list[str], says: str, tmp_path: Path) -> None:
    assert says in refused("budget", example(tmp_path), *options)
