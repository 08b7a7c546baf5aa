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


def test_every_command_that_asks_draws_takes_them_from_a_file(tmp_path: Path) -> None:
    """What was exported and comes back gives the figures of the draws themselves, in each of them."""
    model, folder = str(example(tmp_path)), tmp_path / "out"
    done("draws", model, "-o", str(folder), "--draws", "120")
    table = ["--draws-from", str(folder / "parameters.csv")]
    for command in ("psa", "beyond", "voi", "incremental", "purse"):
        own, again = parsed(command, model, "--draws", "120", "--json"), parsed(command, model, *table, "--json")
        assert again["rows"] == own["rows"], command
        assert "gp_ill" in str(again), command
    done("draws", model, "-o", str(tmp_path / "again"), *table)
    assert (tmp_path / "again" / "parameters.csv").read_text() == (folder / "parameters.csv").read_text()


def test_draws_of_another_spread_are_used_and_not_the_scenarios_own(tmp_path: Path) -> None:
    """Two values of the price alone: the chance and the worth of knowing are those of these draws."""
    model = str(example(tmp_path, **{"parameters.gp_ratio": {"label": "x", "unit": "multiplier", "value": 0.5,
                                                           "source": "X001", "status": "assumption"}}))  # fmt: skip
    dear = tmp_path / "dear.csv"
    dear.write_text("session_price\n" + "100\n900\n" * 60, "utf-8")
    rows = parsed("psa", model, "--draws-from", str(dear), "--json")["rows"]
    assert {row["draws"] for row in rows if row["draws"]} == {120}
    worth = parsed("voi", model, "--question", "cash", "--draws-from", str(dear), "--json")["rows"]
    assert "session_price" in {row["name"] for row in worth}
