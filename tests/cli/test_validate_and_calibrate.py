"""`costmodel validate` and `calibrate` on the shipped scenario."""

import shutil
from pathlib import Path

import pytest

from costmodel.analysis.validation import validate
from tests.cli.commands import done, parsed, refused
from tests.support.example import example
from tests.support.targets import ROW, targets

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FOLDER = SCENARIOS / "depression_resistant"
DRAWS = 20


def test_validate_prints_what_python_says() -> None:
    found = parsed("validate", FOLDER / "model.yaml", "--draws", DRAWS, "--seed", 3, "--json")
    asked = validate(SCENARIOS, "depression_resistant", draws=DRAWS, seed=3)
    assert [row["name"] for row in found["targets"]] == [row.name for row in asked.rows]
    assert [row["predicted"] for row in found["targets"]] == [row.figure and row.figure.value for row in asked.rows]
    printed = done("validate", FOLDER / "model.yaml", "--draws", DRAWS)
    assert "T3a" in printed
    assert "Even if all that a year in the state depressed costs" in " ".join(printed.split())


def test_a_changed_scenario_does_not_score_what_was_declared_for_the_shipped_one() -> None:
    found = parsed("validate", FOLDER / "model.yaml", "--draws", DRAWS, "--set", "attendance=0.7", "--json")
    assert found["changes"]
    assert found["score"] == {"predicted": 5, "answered": 0, "hit": 0}
    assert {row["scenario"] for row in found["targets"]} == {"model.yaml"}
    assert "as shipped" in refused("validate", "--set", "attendance=0.7")


def test_validate_writes_the_file_that_it_prints_and_only_of_all_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenarios" / "pop").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    example(tmp_path / "scenarios" / "pop")
    targets(tmp_path / "scenarios", {"T1": ROW})
    monkeypatch.chdir(tmp_path)
    printed = done("validate", "--draws", DRAWS, "--write", "docs/validation.md")
    assert "0 of 1 predicted targets were hit; missed: T1." in printed
    assert "missed: T1." in (tmp_path / "docs" / "validation.md").read_text("utf-8")
    assert "Leave SCENARIO out" in refused("validate", FOLDER / "model.yaml", "--write", tmp_path / "x.md")
    assert not (tmp_path / "x.md").exists()


def test_calibrate_writes_the_posterior_of_the_named_fit_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(SCENARIOS, tmp_path / "scenarios")
    folder = tmp_path / "scenarios" / "depression_resistant"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    fit = ("--fit", "read_rows_replace", "--rows", 3)
    found = parsed("calibrate", folder / "calibration.yaml", *fit, "--plot", tmp_path / "fit.html", "--json")
    assert [fit["name"] for fit in found["fits"]] == ["read_rows_replace"]
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    changed = [path.name for path in after if before.get(path) != after[path]]
    assert changed == ["read_rows_replace.csv"]
    assert len(after[folder / "posteriors" / changed[0]].splitlines()) == 2 + 3
    (one,) = found["fits"]
    assert one["predicted_inside"] == [2, 3]
    assert [row["left_out"] is not None for row in one["observations"]] == [row["used"] for row in one["observations"]]
    assert "Therapy speeds improvement, read rows only" in (tmp_path / "fit.html").read_text("utf-8")


def test_calibrate_says_what_was_learned_and_how_well_it_was_sampled(tmp_path: Path) -> None:
    shutil.copytree(SCENARIOS, tmp_path / "scenarios")
    file = tmp_path / "scenarios" / "depression_resistant" / "calibration.yaml"
    said = done("calibrate", file, "--fit", "lower_relapse", "--rows", 2)
    assert "WARNING: relapse_order_lower is not identified" in said
    assert "9 of 10 observations lie within the 95% band that the others predict for them" in said
    assert "outside" in said


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_fitted(tmp_path: Path) -> None:
    assert "--plot" in refused("calibrate", FOLDER / "calibration.yaml", "--plot", tmp_path / "none" / "fit.html")


def test_calibrate_names_the_fits_that_there_are() -> None:
    assert "Allowed: replace_rate" in refused("calibrate", FOLDER / "calibration.yaml", "--fit", "nope")
