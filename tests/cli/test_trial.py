"""`costmodel validate` and `calibrate` on the shipped scenario."""

import shutil
from pathlib import Path

import costmodel as cm
from costmodel.analysis.trial import compare
from tests.cli.commands import done, parsed, refused

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FOLDER = SCENARIOS / "depression_resistant"
DRAWS = 20


def test_validate_prints_what_python_compares() -> None:
    found = parsed("validate", FOLDER / "model.yaml", "--draws", DRAWS, "--seed", 3, "--json")
    comparison = compare(cm.load(FOLDER / "model.yaml"), draws=DRAWS, seed=3)
    assert [row["name"] for row in found["rows"]] == [row.name for row in comparison.rows]
    figures = [row.model.mean if row.model else None for row in comparison.rows]
    assert [row["mean"] for row in found["rows"]] == figures
    assert [one["words"] for one in found["ceilings"]] == [one.words for one in comparison.ceilings]
    assert "Predicted" in done("validate", FOLDER / "model.yaml", "--draws", DRAWS)


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
