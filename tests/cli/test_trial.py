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
    found = parsed("calibrate", folder / "calibration.yaml", "--fit", "read_rows_replace", "--rows", 3, "--json")
    assert [fit["name"] for fit in found["fits"]] == ["read_rows_replace"]
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    changed = [path.name for path in after if before.get(path) != after[path]]
    assert changed == ["read_rows_replace.csv"]
    assert len(after[folder / "posteriors" / changed[0]].splitlines()) == 1 + 3


def test_calibrate_names_the_fits_that_there_are() -> None:
    assert "Allowed: replace_rate" in refused("calibrate", FOLDER / "calibration.yaml", "--fit", "nope")
