"""A sweep: its rows are those of single runs, and no stop, order or damage changes them."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.analysis import sweep as module
from costmodel.analysis.sweep import KEY, planned, run_part, sweep
from costmodel.analysis.sweep_grid import Plan
from costmodel.inputs.files import temporary_beside
from tests.support.sweeps import FEW, SMALL, contents, grid_file, in_parts_of, swept_here


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small grid, in five parts."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        in_parts_of(5, patch)
        swept_here(patch, grid_file(folder), folder / "out")
    return folder


@pytest.fixture(scope="module")
def four_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid of four cells, in four parts."""
    folder = tmp_path_factory.mktemp("four")
    with pytest.MonkeyPatch.context() as patch:
        in_parts_of(1, patch)
        swept_here(patch, grid_file(folder, FEW), folder / "out")
    return folder


def test_rows_are_those_of_single_runs_digit_for_digit(uninterrupted: Path) -> None:
    found = pd.read_parquet(uninterrupted / "out" / "parts")
    manifest = json.loads((uninterrupted / "out" / "manifest.json").read_text("utf-8"))
    assert list(found.cell) == sorted(found.cell)
    for cell in manifest["cells"]:
        values = {name.removeprefix("set."): cell[name] for name in cell if name.startswith("set.")}
        wanted = cm.run(cm.load(uninterrupted / cell["file"]).changed(values), draws=50, seed=1).table()
        assert list(found.columns) == [*[name for name in cell if name != "sha256"], *wanted.columns]
        of_cell = found[found.cell == cell["cell"]].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_cell[wanted.columns], wanted, check_exact=True, check_dtype=False)
        for name, value in cell.items():
            assert name == "sha256" or set(of_cell[name]) == {value}


def test_the_manifest_says_what_was_run(uninterrupted: Path) -> None:
    found = json.loads((uninterrupted / "out" / "manifest.json").read_text("utf-8"))
    table = pd.read_parquet(uninterrupted / "out" / "parts")
    assert (found["schema"], found["state"]) == ("costmodel/sweep/2", "complete")
    assert found["grid"]["text"] == SMALL
    assert (found["number_of_cells"], found["cells_a_part"], found["number_of_parts"]) == (24, 5, 5)
    assert (found["draws"], found["seed"], found["number_of_rows"], found["refused"]) == (50, 1, len(table), 0)
    assert found["versions"]["costmodel"] == cm.__version__
    plan = planned(uninterrupted / "grid.yaml")
    assert {"python", "numpy", "scipy", "pandas", "pyarrow"} < found["versions"].keys()
    assert [cell["sha256"] for cell in found["cells"]] == [plan.scenario(cell).sha256 for cell in plan.cells]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(stops=st.lists(st.integers(0, 3), max_size=3), shuffle=st.none() | st.integers(0, 9))
def test_no_stop_and_no_order_changes_a_byte(
    stops: list[int], shuffle: int | None, four_parts: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    output = tmp_path_factory.mktemp("stopped") / "out"
    with pytest.MonkeyPatch.context() as patch:
        in_parts_of(1, patch)
        for stop in stops:
            try:
                swept_here(patch, four_parts / "grid.yaml", output, stop, shuffle)
            except KeyboardInterrupt:
                if not output.exists():  # nothing is left of a sweep that was stopped before its first part
                    assert stop == 0
                    continue
                assert not (output / "manifest.json").exists()
        swept_here(patch, four_parts / "grid.yaml", output, shuffle=shuffle)
    assert contents(output) == contents(four_parts / "out")
    assert (output / "manifest.json").read_bytes() == (four_parts / "out" / "manifest.json").read_bytes()


def test_only_what_is_missing_is_run(four_parts: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_parts_of(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        swept_here(monkeypatch, four_parts / "grid.yaml", tmp_path / "out", stop_after=2)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts").iterdir()}
    assert len(before) == 2
    swept = swept_here(monkeypatch, four_parts / "grid.yaml", tmp_path / "out")
    assert (swept.kept, swept.damaged) == (2, ())
    assert {path: path.stat().st_mtime_ns for path in before} == before


def part(folder: Path, first: int) -> Path:
    """The part that begins with a cell."""
    (found,) = folder.glob(f"part-{first:05d}-*.parquet")
    return found


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _another(path: Path) -> None:
    path.write_bytes(part(path.parent, 3).read_bytes())


def _rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def _lose_a_row(path: Path) -> None:
    _rewritten(path, lambda table: table.slice(1))


def _double_a_row(path: Path) -> None:
    _rewritten(path, lambda table: pa.concat_tables([table, table.slice(3, 1)]))


def _of_another_sweep(path: Path) -> None:
    about = json.loads(pq.read_schema(path).metadata[KEY]) | {"part": "another"}
    _rewritten(path, lambda table: table.replace_schema_metadata({KEY: json.dumps(about)}))


@pytest.mark.parametrize("damage", [_cut, _flip, _empty, _another, _lose_a_row, _double_a_row, _of_another_sweep])
def test_a_part_that_is_damaged_is_made_again_and_named(
    damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, four_parts: Path
) -> None:
    in_parts_of(1, monkeypatch)
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    spoilt = part(output / "parts", 1)
    damage(spoilt)
    with pytest.raises(KeyboardInterrupt):
        swept_here(monkeypatch, grid, output, stop_after=0)
    assert not (output / "manifest.json").exists()
    swept = swept_here(monkeypatch, grid, output)
    assert (swept.kept, swept.damaged) == (3, (spoilt.name,))
    assert contents(output) == contents(four_parts / "out")


def test_what_a_kill_left_half_written_is_taken_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    (output / "parts").mkdir(parents=True)
    swept = swept_here(monkeypatch, grid, output)
    whole = part(swept.parts, 0)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    half = temporary_beside(whole)
    half = half.with_name(half.name.replace(f".{os.getpid()}.", f".{ended.pid}."))
    whole.rename(half)
    assert len(pd.read_parquet(swept_here(monkeypatch, grid, output).parts)) == swept.rows
    assert sorted(path.name for path in output.rglob("*")) == ["manifest.json", whole.name, "parts"]


def refusal(monkeypatch: pytest.MonkeyPatch, grid: Path, output: Path) -> str:
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    with pytest.raises(cm.InputError) as caught:
        swept_here(monkeypatch, grid, output)
    after = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert after == before
    return str(caught.value)


def test_another_grid_in_the_same_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    grid.write_text(FEW.replace("0.7", "0.8"), "utf-8")
    said = refusal(monkeypatch, grid, output)
    assert "parts holds files of another sweep (part-00000-" in said
    assert "its grid, a scenario or costmodel differs. Name a new folder." in said


def test_a_scenario_that_changed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    grid_file(tmp_path, FEW, **{"parameters.relapse.value": 0.21})
    assert "parts holds files of another sweep" in refusal(monkeypatch, grid, output)


@pytest.mark.parametrize("old", [("draws: 20", "draws: 21"), ("draws: 20", "draws: 20\nseed: 2")])
def test_another_seed_and_other_draws_are_another_sweep(
    old: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    grid.write_text(FEW.replace(*old), "utf-8")
    assert "parts holds files of another sweep" in refusal(monkeypatch, grid, output)


def test_another_version_of_the_engine_is_another_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    monkeypatch.setattr(module, "__version__", "0.0.1")
    assert "or costmodel differs" in refusal(monkeypatch, grid, output)


def test_a_comment_in_the_grid_changes_no_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    grid.write_text(f"# twice\n{FEW}", "utf-8")
    assert swept_here(monkeypatch, grid, output).kept == 1


def test_a_folder_of_something_else_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    output.mkdir()
    (output / "thesis.docx").write_bytes(b"years of work")
    assert "the folder holds other files (thesis.docx)" in refusal(monkeypatch, grid, output)


def test_strange_parts_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    swept_here(monkeypatch, grid, output)
    (output / "parts" / "copy.parquet").write_bytes(part(output / "parts", 0).read_bytes())
    assert "parts holds files of another sweep (copy.parquet)" in refusal(monkeypatch, grid, output)


def test_two_processes_in_one_folder_lose_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, four_parts: Path
) -> None:
    """The second begins when the first has written one part and worked on another, and ends before it."""
    in_parts_of(1, monkeypatch)
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"

    def first(parts: Mapping[Path, Plan], workers: int, scheduler: str | None) -> Generator[tuple[Path, bytes]]:
        made = [(path, run_part(one)) for path, one in parts.items()]
        yield made[0]
        second = swept_here(monkeypatch, grid, output)
        assert second.kept == 1
        yield from made[1:]

    monkeypatch.setattr(module, "run_parts", first)
    swept = sweep(grid, output)
    assert contents(output) == contents(four_parts / "out")
    assert swept.rows == len(pd.read_parquet(swept.parts))
    assert (output / "manifest.json").read_bytes() == (four_parts / "out" / "manifest.json").read_bytes()


def test_another_sweep_that_begins_meanwhile_in_the_folder_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"

    def first(parts: Mapping[Path, Plan], workers: int, scheduler: str | None) -> Generator[tuple[Path, bytes]]:
        for path, one in parts.items():
            path.parent.mkdir(parents=True)
            (path.parent / "part-00000-0123456789ab.parquet").write_bytes(b"of another")
            yield path, run_part(one)

    monkeypatch.setattr(module, "run_parts", first)
    with pytest.raises(cm.InputError, match="parts holds files of another sweep"):
        sweep(grid, output)
    assert not (output / "manifest.json").exists()


def test_nothing_is_written_for_a_grid_with_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid = grid_file(tmp_path, FEW.replace("0.7", "1.7"))
    refusal(monkeypatch, grid, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "it cannot be made or written" in refusal(monkeypatch, grid_file(tmp_path, FEW), tmp_path / "no" / "out")


def test_only_the_rows_asked_for_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    more = "outcomes: [net_saving, qaly]\nperspectives: [nhs_pss]\n"
    swept_here(monkeypatch, grid_file(tmp_path, FEW + more), tmp_path / "out")
    found = pd.read_parquet(tmp_path / "out" / "parts")
    assert set(found.outcome) == {"net_saving", "qaly"}
    assert set(found.perspective) == {"nhs_pss", ""}
    assert set(found.party) > {"all"}


def test_a_cell_that_the_model_refuses_has_one_row_that_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real: Callable[..., Any] = cm.run

    def run(scenario: cm.Scenario, **more: Any) -> cm.Result:
        if scenario.central["attendance"] == 0.7:
            raise cm.InputError.at("recover", "=a rate of 900 a year in draw 3", "Lower it.")
        result = real(scenario, **more)
        assert isinstance(result, cm.Result)
        return result

    monkeypatch.setattr(module, "run", run)
    swept = swept_here(monkeypatch, grid_file(tmp_path, FEW), tmp_path / "out")
    found = pd.read_parquet(swept.parts)
    refused = found[found.outcome == "refused"]
    assert swept.refused == swept.manifest["refused"] == 2
    assert list(refused.cell) == [2, 3]
    assert set(refused.words) == {"recover: =a rate of 900 a year in draw 3. Lower it."}
    assert refused.value.isna().all()
    assert set(found.cell) == {0, 1, 2, 3}
    again = swept_here(monkeypatch, tmp_path / "grid.yaml", tmp_path / "out")
    assert (again.refused, again.kept) == (2, 1)


def test_text_that_a_spreadsheet_would_run_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid = grid_file(tmp_path, FEW.replace("model.yaml", '"=cmd().yaml"'))
    (tmp_path / "=cmd().yaml").write_bytes((tmp_path / "model.yaml").read_bytes())
    swept_here(monkeypatch, grid, tmp_path / "out")
    assert set(pd.read_parquet(tmp_path / "out" / "parts").file) == {"'=cmd().yaml"}


def test_a_worker_with_another_engine_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def elsewhere(parts: Mapping[Path, Plan], workers: int, scheduler: str | None) -> Generator[tuple[Path, bytes]]:
        for path, one in parts.items():
            with monkeypatch.context() as patch:
                patch.setattr(module, "__version__", "0.0.1")
                content = run_part(one)
            yield path, content

    monkeypatch.setattr(module, "run_parts", elsewhere)
    with pytest.raises(cm.InputError, match="not the part that was asked for. Install costmodel"):
        sweep(grid_file(tmp_path, FEW), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_full_is_said_and_nothing_half_written_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(cm.InputError, match="it cannot be made or written .No space left on device."):
            swept_here(patch, grid, output)
    assert not output.exists()
    swept_here(monkeypatch, grid, output)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "0 is not a number of workers"),
        ({"workers": 2.5}, "2.5 is not a number of workers"),
        ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "a cluster has its own workers"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match=message):
        sweep(grid_file(tmp_path, FEW), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def _nobody(address: str) -> contextlib.AbstractContextManager[Any]:
    raise cm.InputError.at(f"--scheduler {address}", "no scheduler answers")


@pytest.mark.parametrize("there", [False, True])
def test_a_sweep_that_is_refused_before_its_first_part_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(module, "_cluster", _nobody)
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    if there:
        output.mkdir()
    with pytest.raises(cm.InputError, match="no scheduler answers"):
        sweep(grid, output, scheduler="tcp://nowhere:1")
    assert list(output.iterdir() if there else tmp_path.glob("out")) == []


def test_a_sweep_that_is_refused_after_a_part_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_parts_of(1, monkeypatch)
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        swept_here(patch, grid, output, stop_after=1)
    before = contents(output)
    assert len(before) == 1
    monkeypatch.setattr(module, "_cluster", _nobody)
    with pytest.raises(cm.InputError, match="no scheduler answers"):
        sweep(grid, output, scheduler="tcp://nowhere:1")
    assert contents(output) == before
