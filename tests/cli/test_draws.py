"""`costmodel draws` writes what `run --draws-from` takes back."""

from pathlib import Path

from tests.cli.commands import done, parsed, refused
from tests.support.example import example


def test_a_run_of_exported_draws_is_the_run_that_exported_them(tmp_path: Path) -> None:
    model, folder = str(example(tmp_path)), tmp_path / "out"
    said = done("draws", model, "-o", str(folder), "--draws", "30", "--sampling", "sobol")
    assert f"{folder / 'parameters.csv'} written." in said
    first = parsed("run", model, "--draws", "30", "--sampling", "sobol", "--json")
    again = parsed("run", model, "--draws-from", str(folder / "parameters.csv"), "--json")
    assert again["rows"] == first["rows"]
    assert first["settings"]["sampling"] == "sobol"
    assert "gp_ill" in again["settings"]["given"]
    assert (again["settings"]["draws"], first["settings"]["given"]) == (30, [])


def test_a_folder_that_is_a_file_and_a_missing_table_are_refused(tmp_path: Path) -> None:
    model = str(example(tmp_path))
    assert "this is a file" in refused("draws", model, "-o", model, "--draws", "2")
    assert "does not exist" in refused("draws", model, "-o", str(tmp_path / "a" / "b"), "--draws", "2")
    assert "cannot be opened" in refused("run", model, "--draws-from", str(tmp_path / "none.csv"))
    assert "there is no sampling" in refused("run", model, "--sampling", "halton")
