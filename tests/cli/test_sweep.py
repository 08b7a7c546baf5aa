"""`costmodel sweep`: what it says, its exit codes, and the worked grid at a tiny size."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import costmodel as cm
from costmodel.analysis import sweep as module
from costmodel.analysis.sweep import run_part
from costmodel.words import counted
from tests.cli.commands import call, done, parsed, refused
from tests.support.sweeps import FEW, grid_file

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_here(parts: Any, workers: int, scheduler: str | None) -> Any:
        return ((path, run_part(part)) for path, part in parts.items())

    monkeypatch.setattr(module, "run_parts", run_here)


def test_it_says_what_was_run_and_how_to_read_it(tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    text = done("sweep", grid, "-o", output, "--workers", 2)
    rows = len(pd.read_parquet(output / "parts"))
    assert f"4 cells × 20 draws: {rows:,} rows in {output}/parts." in text
    assert f'pandas.read_parquet("{output}/parts")' in text
    assert "1 part of 1 stood there already." in done("sweep", grid, "-o", output)
    (part,) = (output / "parts").iterdir()
    part.write_bytes(b"")
    assert f"Damaged, and made again\n – {part.name}" in done("sweep", grid, "-o", output)


def test_json_is_the_manifest_with_the_cells_as_rows(tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    found = parsed("sweep", grid, "-o", output, "--json")
    manifest = json.loads((output / "manifest.json").read_text("utf-8"))
    assert (found["rows"], found["kept"], found["damaged"]) == (manifest.pop("cells"), 0, [])
    assert manifest.items() <= found.items()


def test_a_dry_run_lists_every_cell_and_writes_nothing(tmp_path: Path) -> None:
    grid = grid_file(tmp_path, FEW)
    before = sorted(tmp_path.rglob("*"))
    text = done("sweep", grid, "--dry-run", "-o", tmp_path / "out")
    assert "4 cells × 20 draws, in 1 part of up to 40 cells. Seed 1.\n\nNothing was run or written." in text
    line = r"^[0-3] +[0-9a-f]{12}  model.yaml  base +0.[67]  [45] years"
    assert len(re.findall(line, text, re.MULTILINE)) == 4
    found = parsed("sweep", grid, "--dry-run", "--json")
    assert (found["state"], found["number_of_cells"], len(found["rows"])) == ("dry run", 4, 4)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_cell_that_could_not_be_run_shows_in_words_and_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(scenario: cm.Scenario, **more: Any) -> cm.Result:
        raise cm.InputError.at("recover", "a rate of 900 a year in draw 3", "Lower it.")

    monkeypatch.setattr(module, "run", run)
    for _ in range(2):
        result = call("sweep", grid_file(tmp_path, FEW), "-o", tmp_path / "out")
        assert (result.exit_code, result.stderr) == (1, "")
        assert '4 cells could not be run: a row with the outcome "refused" says why.' in result.stdout


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_here(parts: Any, workers: int, scheduler: str | None) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_parts", run_here)
    result = call("sweep", grid_file(tmp_path, FEW), "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (130, "")
    wanted = f"Interrupted. Every part in {tmp_path / 'out'} is whole; give the same command again to go on.\n"
    assert result.stderr == wanted


def test_a_failure_of_the_program_does_not_say_that_nothing_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_here(parts: Any, workers: int, scheduler: str | None) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "run_parts", run_here)
    result = call("sweep", grid_file(tmp_path, FEW), "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "The parts that are whole are kept: the same command goes on from there." in result.stderr
    assert "Nothing was written" not in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "-o: there is no folder to write. Add -o DIR, or --dry-run."),
        (["-o", "x", "--workers", "0"], "workers: 0 is not a number of workers"),
        (["-o", "x", "--workers", "two"], '--workers: "two" is not a whole number'),
        (["-o", "x", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "workers: a cluster has its own workers"),
        (["-o", "no/x"], "-o no/x: it cannot be made or written"),
    ],
)
def test_wrong_options_are_refused_by_name(words: list[str], message: str, tmp_path: Path) -> None:
    assert message in refused("sweep", grid_file(tmp_path, FEW), *words)


def test_a_grid_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "none.yaml: the file cannot be opened" in refused("sweep", tmp_path / "none.yaml", "--dry-run")


def test_numbers_of_things_are_said_in_words() -> None:
    assert [counted(n, "cell") for n in (0, 1, 1_000)] == ["0 cells", "1 cell", "1,000 cells"]


def test_the_worked_grid_runs_at_a_tiny_size(tmp_path: Path) -> None:
    shutil.copytree(SCENARIOS, tmp_path / "scenarios")
    grid = tmp_path / "scenarios" / "depression_resistant" / "sweep.yaml"
    text = grid.read_text("utf-8")
    assert parsed("sweep", grid, "--dry-run", "--json")["number_of_cells"] == 48
    tiny = text.replace("model.yaml, symptoms_cautious.yaml, ", "").replace("steps: 4", "steps: 2")
    grid.write_text(tiny.replace("draws: 1000", "draws: 3"), "utf-8")
    assert "8 cells × 3 draws" in done("sweep", grid, "-o", tmp_path / "out")
    found = pd.read_parquet(tmp_path / "out" / "parts")
    assert set(found.outcome) == {
        "net_saving", "cash_net_saving", "qaly", "payback_sustained_months", "chance_payback", "nmb",
    }  # fmt: skip
    assert set(found["set.session_price"]) == {"trial", "staff_band_7"}
