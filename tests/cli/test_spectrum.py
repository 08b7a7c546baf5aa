"""`costmodel spectrum`: a line for each population, strategy and payer, the same numbers as those of each alone."""

import csv
import io
from pathlib import Path

import pytest

import costmodel as cm
from tests.cli.commands import call, done, parsed, refused
from tests.support.answers import answer, saving
from tests.support.example import example
from tests.support.locked import locked_example
from tests.support.targets import ROW, targets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two populations with answers and a locked one."""
    example(tmp_path / "first")
    example(tmp_path / "second", **{"parameters.session_price.value": 10})
    locked_example(tmp_path / "third")
    return tmp_path


def test_its_numbers_are_those_of_each_population_alone(folder: Path) -> None:
    found = parsed("spectrum", folder, "--draws", 100, "--json")
    alone = cm.run(cm.load(folder / "second" / "model.yaml"), draws=100)
    (row,) = [r for r in found["rows"] if (r["population"], r["perspective"]) == ("second", "nhs_pss")]
    assert row["net_saving"] == saving(alone)
    assert row["qaly"] == answer(alone, "qaly", "", discounted=True)
    assert row["chance_payback"] == answer(alone, "chance_payback", horizon_months=alone.horizons[-1])
    assert len(found["rows"]) == 8
    assert [one["population"] for one in found["refused"]] == ["third"]


def test_one_page_says_where_the_line_runs_and_refuses_what_is_locked(folder: Path) -> None:
    said = done("spectrum", folder, "--draws", 50)
    assert "first: " in said
    assert "repays the NHS within 24 months at a session price of" in said
    assert "Main threat: " in said
    assert "No answer is given" in said.partition("third: ")[2]
    assert "£" not in said.partition("third: ")[2]


def test_payers_who_are_told_the_same_share_a_line_and_others_do_not(tmp_path: Path) -> None:
    example(tmp_path / "alike" / "first")
    assert done("spectrum", tmp_path / "alike", "--draws", 20).count("every payer") == 1
    example(tmp_path / "apart" / "first", **{"costs.gp.paid_by": "dwp"})
    said = done("spectrum", tmp_path / "apart", "--draws", 20)
    assert "every payer" not in said
    assert "NHS, NHS and social" in said


def test_a_miss_a_hit_and_a_population_of_which_nothing_was_asked_are_told_apart(folder: Path) -> None:
    easy = ROW | {"population": "first", "tolerance": 1.0, "width": 1.0}
    targets(folder, {"T1": easy | {"observed": 9.0}, "T2": easy | {"strategy": "usual_care"}})
    rows = {
        row["population"]: row
        for row in parsed("spectrum", folder, "--draws", 50, "--perspective", "nhs", "--json")["rows"]
    }
    assert (rows["first"]["targets_asked"], rows["first"]["disagrees_with"]) == (["T1", "T2"], ["T1"])
    assert (rows["second"]["targets_asked"], rows["second"]["disagrees_with"]) == ([], [])
    targets(folder, {"T2": easy})
    first, _, second = done("spectrum", folder, "--draws", 50, "--perspective", "nhs").partition("second: ")
    assert "none of 1 asked" in " ".join(first.split())
    assert "nothing asked" in " ".join(second.split())


def test_without_targets_nothing_is_said_of_disagreement(folder: Path) -> None:
    found = parsed("spectrum", folder, "--draws", 50, "--perspective", "nhs", "--json")
    assert {row["targets_asked"] for row in found["rows"]} == {None}
    assert "asked" not in done("spectrum", folder, "--draws", 50, "--perspective", "nhs")


def test_the_rows_come_as_csv_too(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    call("spectrum", folder, "--draws", 20, "--csv", path, "--perspective", "nhs")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert [row["population"] for row in rows] == ["first", "second"]
    assert {row["perspective"] for row in rows} == {"nhs"}


def test_a_folder_without_populations_is_refused(tmp_path: Path) -> None:
    assert "there is no population below" in refused("spectrum", tmp_path)
