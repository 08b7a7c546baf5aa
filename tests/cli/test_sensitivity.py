"""`costmodel tornado`, `break-even` and `grid`: what they print is what Python says."""

import csv
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.words import amount
from tests.cli.commands import done, parsed, refused, two_structures
from tests.support.example import example
from tests.support.pounds import unit_of

KEYS = {"schema", "scenario", "engine", "settings", "rows", "warnings", "notes", "changes"}


def same(rows: list[dict[str, Any]], frame: Any) -> None:
    """JSON rows hold the table digit for digit."""
    assert len(rows) == len(frame)
    for said, record in zip(rows, frame.to_dict("records"), strict=True):
        for key, value in record.items():
            missing = value is None or value != value
            assert said[key] == (None if missing else value), (key, record)


def test_tornado_prints_what_python_says(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    found = parsed("tornado", path, "--perspective", "nhs", "--outcome", "nmb", "--json")
    wanted = cm.tornado(cm.load(path), "nmb", "nhs")
    assert set(found) == KEYS | {"central"}
    assert found["schema"] == "costmodel/tornado/1"
    assert found["central"]["value"] == wanted.central.value
    assert found["settings"]["perspective"] == "nhs"
    assert found["settings"]["unit"] == "GBP"
    same(found["rows"], wanted.to_frame())


def test_a_tornado_is_drawn_with_letters_for_its_ends(tmp_path: Path) -> None:
    text = done("tornado", example(tmp_path), "--perspective", "nhs")
    line = next(line for line in text.splitlines() if line.startswith("session_price"))
    assert "£81.36 per session to £120.53 per session" in line
    assert line.rindex("H") < line.index("│") < line.rindex("L")
    assert "inputs change nothing here" in text
    assert "no range is declared for" in text


def test_break_even_prints_what_python_says(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("break-even", path, "--perspective", "nhs", "--json")
    assert set(found) == KEYS | {"target", "met_now"}
    assert found["schema"] == "costmodel/break-even/1"
    assert found["target"] == {"value": 0.0, "words": "net saving of £0 over 2 years"}
    same(found["rows"], cm.break_even(cm.load(path), perspective="nhs").to_frame())
    text = done("break-even", path, "--input", "session_price", "--perspective", "nhs")
    assert "is not met at the values in use" in text
    assert "outside its 99.9% range" in text
    (found_at,) = cm.break_even(cm.load(path), "session_price", perspective="nhs").found
    assert f"“Price of a session” at £{found_at.roots[0].value:.2f}, not £100 per session" in " ".join(text.split())


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        (["--by-month", "18"], {"outcome": "payback", "value": 18.0}),
        (["--ratio", "0.5"], {"outcome": "offset_ratio", "value": 0.5}),
        (["--value", "-250", "--discounted"], {"value": -250.0, "discounted": True}),
        (["--outcome", "nmb", "--strategy", "therapy"], {"outcome": "nmb", "strategy": "therapy"}),
    ],
)
def test_every_target_can_be_asked_for(options: list[str], arguments: dict[str, Any], tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("break-even", path, "--input", "session_price", *options, "--json")
    same(found["rows"], cm.break_even(cm.load(path), "session_price", **arguments).to_frame())


def test_a_chance_is_that_of_python(tmp_path: Path) -> None:
    path = example(tmp_path)
    options = ["--input", "session_price", "--chance", "0.5", "--draws", 40, "--seed", 3]
    found = parsed("break-even", path, *options, "--json")
    same(found["rows"], cm.chance_break_even(cm.load(path), "session_price", 0.5, draws=40, seed=3).to_frame())
    assert "a chance of 50% of payback by" in found["target"]["words"]
    assert "short" not in done("break-even", path, *options).splitlines()[1]


def test_the_frontier_is_that_of_python(tmp_path: Path) -> None:
    path = example(tmp_path)
    options = ["--input", "attendance", "--against", "session_price", "--perspective", "nhs"]
    found = parsed("break-even", path, *options, "--json")
    same(found["rows"], cm.frontier(cm.load(path), "attendance", "session_price", perspective="nhs").to_frame())
    assert "needed at each value of" in done("break-even", path, *options)


def test_a_grid_is_that_of_python(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("grid", path, "session_price=50:100:3", "attendance", "--json")
    wanted = cm.grid(cm.load(path), "session_price", "attendance", [50, 75, 100])
    assert found["schema"] == "costmodel/grid/1"
    same(found["rows"], wanted.to_frame())
    assert "£75 per session" in done("grid", path, "session_price=50:100:3", "attendance")


def test_a_horizon_that_the_file_does_not_have_becomes_the_horizon(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("tornado", path, "--horizon", "7 years", "--json")
    assert found["settings"]["horizon_months"] == 84
    assert [change["by"] for change in found["changes"]] == ["--horizon"]
    assert parsed("tornado", path, "--horizon", "5 years", "--json")["changes"] == []


@pytest.mark.parametrize("command", [["tornado"], ["break-even"], ["grid", "age", "attendance"]])
def test_csv_holds_the_rows(command: list[str], tmp_path: Path) -> None:
    path, out = example(tmp_path), tmp_path / "rows.csv"
    found = parsed(command[0], path, *command[1:], "--csv", out, "--json")
    with out.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == len(found["rows"])
    assert list(written[0]) == list(found["rows"][0])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tornado", "--outcome", "savings"], "there is no outcome"),
        (["tornado", "--horizon", "soon"], "--horizon"),
        (["break-even", "--input", "gp_well"], "made of other inputs"),
        (["break-even", "--by-month", "6", "--ratio", "2"], "two targets are named"),
        (["break-even", "--chance", "0.5"], "no input is named"),
        (["break-even", "--value", "much"], "is not a number"),
        (["grid", "age=1:2", "attendance"], "NAME=LOW:HIGH:N"),
        (["grid", "age", "attendance=0.5:1.5:3"], "outside 0 to 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: list[str], said: str, tmp_path: Path) -> None:
    assert said in refused(words[0], example(tmp_path), *words[1:])


def test_values_have_their_units() -> None:
    said = {"GBP per session": "£0.50 per session", "share": "50%", "per year": "0.5 per year", "multiplier": "0.5"}
    assert {text: amount(0.5, unit_of(text)) for text in said} == said
