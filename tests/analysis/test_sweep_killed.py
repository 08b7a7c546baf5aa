"""Sweeps by real processes: killed, interrupted, spread over workers and over a cluster, with the same bytes."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import costmodel as cm
from costmodel.analysis import sweep as local
from tests.support.sweeps import FEW, contents, grid_file, in_parts_of

ROOT = Path(__file__).parents[2]
MANY = """format: 1
scenarios: [model.yaml, cautious.yaml]
set:
  attendance: {from: 0.5, to: 0.95, steps: 10}
  sessions: {from: 8, to: 26, steps: 10}
draws: 1000
outcomes: [net_saving, nmb, qaly, payback_sustained_months, chance_payback]
"""
"""200 cells in 25 parts."""
PATIENCE = 120


def command(grid: Path, output: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "costmodel", "sweep", str(grid), "-o", str(output), *words]


def begun(grid: Path, output: Path, *words: str) -> subprocess.Popen[str]:
    """A sweep in a process group of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command(grid, output, *words), env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def finished(grid: Path, output: Path, *words: str) -> str:
    process = begun(grid, output, *words)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out + err
    assert err == ""
    return out


def killed(process: subprocess.Popen[str], how: signal.Signals = signal.SIGKILL) -> tuple[str, str]:
    os.killpg(process.pid, how)
    return process.communicate(timeout=PATIENCE)


def parts(output: Path) -> int:
    return len(list((output / "parts").glob("part-*.parquet"))) if (output / "parts").exists() else 0


def wait_for_parts(output: Path, number: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while parts(output) < number and process.poll() is None:
        assert time.monotonic() < until, "no parts appear"
        time.sleep(0.01)


def children(process: subprocess.Popen[str]) -> list[int]:
    """Processes of the same group that run a multiprocessing worker."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,pgid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split(None, 2) for line in listing.splitlines())
    return [int(pid) for pid, group, words in rows if int(group) == process.pid and "multiprocessing.spawn" in words]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 cells × 1,000 draws by one worker, uninterrupted."""
    folder = tmp_path_factory.mktemp("whole")
    out = finished(grid_file(folder, MANY), folder / "out", "--workers", "1")
    assert "200 cells × 1,000 draws" in out
    assert parts(folder / "out") == 25
    return folder


def test_two_processes_make_the_parts_of_one_in_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is the main module here: a server's script, for instance, which runs nowhere else."""
    in_parts_of(1, monkeypatch)
    script = tmp_path / "of_a_server.py"
    script.write_text("of_the_server()", "utf-8")
    main = ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    grid = grid_file(tmp_path, FEW)
    swept = cm.sweep(grid, tmp_path / "out", workers=2)
    found = pd.read_parquet(swept.parts)
    assert sorted(set(found.cell)) == [0, 1, 2, 3]
    wanted = cm.run(cm.load(tmp_path / "model.yaml").changed({"attendance": 0.7, "horizon": "4 years"}), draws=20)
    of_cell = found[found.cell == 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_cell[wanted.table().columns], wanted.table(), check_exact=True, check_dtype=False)
    assert sys.modules["__main__"] is main


def test_a_script_sweeps_at_its_top(tmp_path: Path) -> None:
    """Workers that ran it again would print too, and sweep too."""
    grid, script = grid_file(tmp_path, FEW), tmp_path / "script.py"
    sweep = f'cm.sweep("{grid}", "{tmp_path / "out"}", workers=2)'
    script.write_text(f"import costmodel as cm\nprint('begun')\nprint({sweep}.plan.parts, 'part')\n", "utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("begun\n1 part\n", "")


@pytest.mark.long
def test_three_kills_at_random_moments_change_no_row(whole: Path, tmp_path: Path) -> None:
    output, chance = tmp_path / "out", random.Random()
    for number in (2, 8, 15):
        process = begun(whole / "grid.yaml", output, "--workers", "2")
        wait_for_parts(output, number, process)
        time.sleep(chance.uniform(0, 0.7))
        assert process.poll() is None, "it was done before it could be killed"
        killed(process)
        assert not (output / "manifest.json").exists()
        assert number <= parts(output) < 25
    out = finished(whole / "grid.yaml", output, "--workers", "2")
    assert "stood there already" in out
    assert contents(output) == contents(whole / "out")
    assert (output / "manifest.json").read_bytes() == (whole / "out" / "manifest.json").read_bytes()
    rows = pd.read_parquet(output / "parts")
    assert rows.groupby("cell").size().nunique() == 1
    assert len(rows) == json.loads((output / "manifest.json").read_text("utf-8"))["number_of_rows"]
    assert not rows.duplicated([*rows.columns[:7], *rows.columns[7:13], "discounted", "horizon_months", "run"]).any()


@pytest.mark.long
def test_a_kill_before_anything_is_whole_leaves_a_folder_to_go_on_with(whole: Path, tmp_path: Path) -> None:
    output, chance = tmp_path / "out", random.Random()
    for _ in range(5):
        process = begun(whole / "grid.yaml", output, "--workers", "1")
        time.sleep(chance.uniform(1, 5))
        killed(process)
    process = begun(whole / "grid.yaml", output, "--workers", "1")
    wait_for_parts(output, 1, process)
    made = contents(output)
    killed(process)
    same = contents(whole / "out")
    assert all(same[name] == content for name, content in made.items() if name.startswith("part"))


@pytest.mark.long
def test_ctrl_c_leaves_whole_parts_and_says_how_to_go_on(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    process = begun(whole / "grid.yaml", output, "--workers", "2")
    wait_for_parts(output, 3, process)
    assert len(children(process)) == 2
    out, err = killed(process, signal.SIGINT)
    assert process.returncode == 130
    assert out == ""
    assert err == f"Interrupted. Every part in {output} is whole; give the same command again to go on.\n"
    assert children(process) == []
    made, same = contents(output), contents(whole / "out")
    assert 3 <= len(made) < 25
    assert made.items() <= same.items()
    finished(whole / "grid.yaml", output)
    assert contents(output) == same


@pytest.mark.long
@pytest.mark.parametrize("workers", ["2", "8"])
def test_the_number_of_workers_changes_no_byte(workers: str, whole: Path, tmp_path: Path) -> None:
    finished(whole / "grid.yaml", tmp_path / "out", "--workers", workers)
    assert contents(tmp_path / "out") == contents(whole / "out")


@pytest.mark.long
def test_a_worker_that_is_killed_changes_no_row(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    process = begun(whole / "grid.yaml", output, "--workers", "2")
    for number in (2, 12):
        wait_for_parts(output, number, process)
        os.kill(children(process)[-1], signal.SIGKILL)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out + err
    assert contents(output) == contents(whole / "out")


@pytest.mark.long
def test_workers_end_when_the_sweep_alone_is_killed(whole: Path, tmp_path: Path) -> None:
    process = begun(whole / "grid.yaml", tmp_path / "out", "--workers", "2")
    wait_for_parts(tmp_path / "out", 1, process)
    assert len(children(process)) == 2
    process.kill()
    until = time.monotonic() + PATIENCE
    while children(process):
        assert time.monotonic() < until, "orphans stay"
        time.sleep(0.1)
    process.communicate()


@pytest.mark.long
def test_two_sweeps_at_once_and_a_kill_of_one_change_no_row(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    one, other = (begun(whole / "grid.yaml", output, "--workers", "1") for _ in range(2))
    wait_for_parts(output, 5, one)
    killed(one)
    out, err = other.communicate(timeout=600)
    assert (other.returncode, err) == (0, ""), out + err
    assert contents(output) == contents(whole / "out")
    third = finished(whole / "grid.yaml", output)
    assert "25 parts of 25 stood there already" in third
    assert sorted(path.name for path in output.iterdir()) == ["manifest.json", "parts"]


def _die(work: object) -> bytes:
    os._exit(9)


def test_workers_that_keep_dying_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "run_part", _die)
    with pytest.raises(cm.InputError, match="a process died 3 times in a row"):
        cm.sweep(grid_file(tmp_path, FEW), tmp_path / "out", workers=1)
    assert parts(tmp_path / "out") == 0


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler with worker processes, on loopback: its address, and the workers."""
    try:
        import distributed  # noqa: F401 (whether it is there)
    except ImportError:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("distributed is not installed")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    about, local_host = folder / "scheduler.json", ["--host", "127.0.0.1"]
    begin = [sys.executable, "-m", "dask"]
    running: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        log = (folder / f"log-{len(running)}").open("wb")
        with log:
            process = subprocess.Popen([*begin, *words], env=environment, cwd=folder, stdout=log, stderr=log)
        running.append(process)
        return process

    try:
        start("scheduler", *local_host, "--port", "0", "--no-dashboard", "--scheduler-file", str(about))
        until = time.monotonic() + PATIENCE
        while not about.exists() or not about.read_text("utf-8"):
            assert time.monotonic() < until, "no scheduler"
            time.sleep(0.1)
        address = json.loads(about.read_text("utf-8"))["address"]
        one = ["--nthreads", "1", "--no-nanny", "--no-dashboard", *local_host]
        for number in range(workers):
            start("worker", address, *one, "--local-directory", str(folder / f"worker-{number}"))
        yield address, running[1:]
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(PATIENCE)


@pytest.mark.long
def test_a_cluster_makes_the_same_bytes_as_one_worker(whole: Path, tmp_path: Path) -> None:
    with cluster(tmp_path) as (address, _):
        finished(whole / "grid.yaml", tmp_path / "out", "--scheduler", address)
    assert contents(tmp_path / "out") == contents(whole / "out")


@pytest.mark.long
def test_a_worker_of_a_cluster_that_is_killed_changes_no_row(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with cluster(tmp_path) as (address, workers):
        process = begun(whole / "grid.yaml", output, "--scheduler", address)
        wait_for_parts(output, 3, process)
        workers[0].kill()
        assert parts(output) < 20
        out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out + err
    assert contents(output) == contents(whole / "out")


@pytest.mark.long
def test_a_sweep_begun_on_a_cluster_is_gone_on_with_here(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with cluster(tmp_path) as (address, _):
        process = begun(whole / "grid.yaml", output, "--scheduler", address)
        wait_for_parts(output, 3, process)
        _, err = killed(process, signal.SIGINT)
        assert process.returncode == 130
        assert "give the same command again to go on" in err
    finished(whole / "grid.yaml", output)
    assert contents(output) == contents(whole / "out")


@pytest.mark.long
def test_a_cluster_that_is_not_there_or_has_no_workers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = grid_file(tmp_path, FEW)
    process = begun(grid, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "no scheduler answers" in err) == (2, True)
    with cluster(tmp_path, workers=0) as (address, _):
        process = begun(grid, tmp_path / "out", "--scheduler", address)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "the scheduler has no workers" in err) == (2, True), err
