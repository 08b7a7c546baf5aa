"""`costmodel voi`: the answer in words, and the same numbers as JSON, CSV and Python."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from tests.cli.commands import done, parsed, refused, two_structures
from tests.support.example import example

DRAWS = 300
KEYS = [
    "kind", "name", "label", "members", "value", "standard_error", "share", "population_value",
    "population_standard_error", "unit", "price_year", "question", "perspective", "threshold", "discounted",
    "horizon_months", "draws", "words",
]  # fmt: skip


def test_json_has_exactly_the_documented_keys(tmp_path: Path) -> None:
    found = parsed("voi", two_structures(tmp_path), "--json", "--draws", DRAWS)
    assert list(found) == [
        "schema", "scenario", "engine", "settings", "decided", "chance_right", "rows", "warnings", "notes", "changes",
    ]  # fmt: skip
    assert found["schema"] == "costmodel/voi/1"
    assert found["scenario"]["sha256"] == cm.load(tmp_path / "model.yaml").sha256
    assert found["settings"] == {
        "setting": "An invented place", "price_year": "2024/25", "question": "nmb", "perspective": "nhs_pss",
        "threshold": 20_000.0, "horizon_months": 60.0, "population": None, "draws": DRAWS, "draws_regressed": DRAWS,
        "seed": 1,
    }  # fmt: skip
    assert all(list(row) == KEYS for row in found["rows"])
    assert [row["kind"] for row in found["rows"][:3]] == ["everything", "structure", "inputs"]
    assert {row["population_value"] for row in found["rows"]} == {None}


def test_json_equals_python_digit_for_digit(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    found = parsed(
        "voi", path, "--json", "--draws", DRAWS, "--seed", 7, "--perspective", "nhs", "--threshold", "15000",
        "--population", "1000", "--years", "5", "--group", "mine=recover, hr_recover", "--set", "attendance=0.7",
        "--fix", "relapse=0.2", "--horizon", "4 years",
    )  # fmt: skip
    scenario = cm.load(path).changed({"attendance": 0.7, "horizon": "4 years"}).changed({"relapse": 0.2}, fix=True)
    wanted = cm.voi(
        scenario, perspective="nhs", threshold=15_000, groups={"mine": ["recover", "hr_recover"]},
        people_a_year=1_000, years=5, draws=DRAWS, seed=7,
    )  # fmt: skip
    assert wanted.population is not None
    assert len(found["rows"]) == len(wanted.lines) > 12
    for row, line in zip(found["rows"], wanted.lines, strict=True):
        assert row["name"] == line.subject.name
        assert row["value"].hex() == line.worth.value.hex()
        assert row["standard_error"].hex() == line.worth.error.hex()
        assert row["population_value"] == pytest.approx(line.worth.value * wanted.population.people)
        assert row["share"] == pytest.approx(line.worth.value / wanted.everything.worth.value)
        assert (row["perspective"], row["threshold"], row["horizon_months"]) == ("nhs", 15_000, 48)
    assert found["settings"]["population"]["discount_rate"] == 0.035
    assert [change["by"] for change in found["changes"]] == ["--set", "--horizon", "--fix"]


def test_the_answer_is_said_in_plain_words(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    text = done("voi", path, "--draws", DRAWS, "--population", "100", "--years", "1")
    for piece in (
        "Which strategy is best: NHS and social care, over 5 years, net benefit at £20,000 per QALY, discounted",
        "Decided on averages: ", "Perfect knowledge of everything is worth £", " ± £",
        "Of single inputs, most is gained by knowing: ", "Knowing which structure is true (Speeds recovery or Prevents",
        "For 100 people a year over 1 year, 100 of them after discounting at 3.5% a year", "Inputs together",
        "£ for the population", "draws are few", f"{DRAWS} draws, seed 1",
    ):  # fmt: skip
        assert piece in text
    assert "was not stated" in done("voi", path, "--draws", DRAWS)


def test_where_nothing_would_change_the_decision_it_is_said(tmp_path: Path) -> None:
    text = done("voi", example(tmp_path), "--question", "cash", "--draws", DRAWS)
    assert "Whether it pays for itself: NHS and social care, over 5 years, net saving undiscounted" in text
    assert "Decided on averages: Usual care. It is the best choice in all of 100 simulations." in text
    assert "No knowledge is worth anything here" in text
    found = parsed("voi", tmp_path / "model.yaml", "--question", "cash", "--draws", DRAWS, "--json")
    assert found["rows"][0]["share"] is None
    assert (found["rows"][0]["threshold"], found["rows"][0]["discounted"]) == (None, False)


def test_csv_holds_the_same_rows(tmp_path: Path) -> None:
    path, out = example(tmp_path), tmp_path / "rows.csv"
    rows = parsed("voi", path, "--json", "--draws", DRAWS, "--csv", out)["rows"]
    read = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert list(read[0]) == KEYS
    for said, row in zip(read, rows, strict=True):
        assert float(said["value"]) == row["value"]
        assert said["members"].split() == row["members"]
    assert math.isclose(sum(float(one["share"]) for one in read), sum(row["share"] for row in rows))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--question", "qaly"], '--question: there is no question "qaly"'),
        (["--threshold", "x"], '--threshold: "x" is not a number'),
        (["--threshold", "-5"], "--threshold: -5 is no value of a QALY"),
        (["--threshold", "nan"], '--threshold: "nan" is not a number'),
        (["--question", "cash", "--threshold", "5"], "--threshold: the question of cash has no threshold"),
        (["--population", "10"], "--years: population is given without it"),
        (["--years", "10"], "--population: years is given without it"),
        (["--years", "1.5", "--population", "10"], '--years: "1.5" is not a whole number'),
        (["--population", "-3", "--years", "2"], "--population: -3 is no number of people a year"),
        (["--draws", "10"], "--draws: 10 draws cannot value information"),
        (["--group", "mine"], "--group mine: this is not a name with a value. Write --group NAME=A,B,C."),
        (["--group", "mine=a,,b"], "--group mine: there is no parameter"),
        (["--group", "m=recover", "--group", "m=relapse"], '"m" is given twice'),
        (["--group", "m=recovery"], '--group m: there is no parameter "recovery". Did you mean "recover"?'),
        (["--perspective", "all"], '--perspective: there is no perspective "all"'),
        (["--csv", "nowhere/rows.csv"], 'the folder "nowhere" does not exist'),
    ],
)
def test_wrong_options_are_refused_by_name(words: list[Any], message: str, tmp_path: Path) -> None:
    assert message in refused("voi", example(tmp_path), "--draws", DRAWS, *words)
