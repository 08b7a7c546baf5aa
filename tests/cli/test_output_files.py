"""Two runs to one file, and places that cannot be written: a whole file or none."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import openpyxl
import pytest

from costmodel.errors import InputError
from costmodel.inputs.files import temporary_beside, write_whole
from tests.cli.commands import call, refused
from tests.cli.test_refusals import process
from tests.support.example import example

ROOT = Path(__file__).parents[2]


def test_H9_two_runs_to_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    path, out = example(tmp_path), tmp_path / "x.xlsx"
    results = []

    def once(seed: int) -> None:
        results.append(process("report", path, "-o", out, "--draws", 10, "--seed", seed))

    threads = [threading.Thread(target=once, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in results] == [0, 0], [result.stderr for result in results]
    assert "Summary" in openpyxl.load_workbook(out, read_only=True).sheetnames
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_H9_whoever_reads_meanwhile_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    out.write_text("old" * 1_000)
    seen = []

    def slowly(path: Path) -> None:
        for part in range(3):
            with path.open("a") as file:
                file.write("new" * 1_000)
            seen.append(out.read_text())
            assert part < 3

    write_whole(out, slowly)
    assert set(seen) == {"old" * 1_000}
    assert out.read_text() == "new" * 3_000


def test_H8_a_file_that_is_open_elsewhere_is_named_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = example(tmp_path), tmp_path / "x.csv"
    out.write_text("as it was")
    before = set(tmp_path.iterdir())

    def locked(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", locked)
    said = refused("run", path, "--draws", 0, "--csv", out)
    assert f"--csv {out}: the file cannot be written (Permission denied). Close it where it is open" in said
    assert set(tmp_path.iterdir()) == before
    assert out.read_text() == "as it was"


def test_H8_a_folder_that_may_not_be_written_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="nothing may be written in .*Name another folder"):
        write_whole(tmp_path / "x.xlsx", lambda path: path.touch())
    assert list(tmp_path.iterdir()) == []


def test_H1_more_draws_than_are_possible_are_refused_at_once(tmp_path: Path) -> None:
    out = tmp_path / "x.xlsx"
    said = refused("report", example(tmp_path), "-o", out, "--draws", 10_000_000)
    assert said == "draws: 10000000 is not a number of draws. Whole, from 0 to 1,000,000.\n"
    assert not out.exists()


def test_E11_one_draw_is_reported_without_intervals(tmp_path: Path) -> None:
    result = call("run", example(tmp_path), "--draws", 1)
    assert result.exit_code == 0, result.stderr
    assert "one draw gives no intervals" in result.stdout
    assert "95% interval £" not in result.stdout


def test_F26_the_hash_of_what_was_run_is_printed(tmp_path: Path) -> None:
    result = call("run", example(tmp_path), "--draws", 0)
    assert "scenario SHA-256" in result.stdout


@pytest.mark.parametrize(
    "words", [("run", "--csv", "x.csv"), ("run", "--workbook", "x.xlsx"), ("report", "-o", "x.xlsx")]
)
def test_a_scenario_with_faults_writes_nothing(words: tuple[str, str, str], tmp_path: Path) -> None:
    """All faults in one go, each with its line."""
    command, option, name = words
    faults = {"parameters.gp_visit.value": -4, "horizon": "5", "utilities.dead": 0, "parameters.attendance.value": 80}
    path = example(tmp_path, **faults)
    before = set(tmp_path.iterdir())
    said = refused(command, path, option, tmp_path / name).splitlines()
    assert len(said) == len(faults), said
    assert all(line.startswith("model.yaml, line ") for line in said)
    assert set(tmp_path.iterdir()) == before


def test_H8_a_scenario_or_a_pipe_is_not_replaced_by_a_table(tmp_path: Path) -> None:
    path, pipe = example(tmp_path), tmp_path / "pipe.csv"
    before = path.read_bytes()
    os.mkfifo(pipe)
    assert "a table's name ends in .csv. Did you mean model.csv?" in refused("run", path, "--draws", 0, "--csv", path)
    assert "this is a device or a pipe" in refused("run", path, "--draws", 0, "--csv", pipe)
    assert path.read_bytes() == before
    assert pipe.is_fifo()


def test_what_a_killed_command_left_is_taken_away_at_the_next_write(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    killed = subprocess.Popen([sys.executable, "-c", _KILLED, str(out)], cwd=ROOT)
    assert killed.wait() == -signal.SIGKILL
    left = [path.name for path in tmp_path.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".x.csv.")
    other = tmp_path / left[0].replace(".x.csv.", ".y.csv.")
    other.touch()
    running = temporary_beside(out)
    assert list(tmp_path.iterdir()) == [other]
    running.touch()
    write_whole(out, lambda path: path.write_text("new"))
    assert {path.name for path in tmp_path.iterdir()} == {"x.csv", running.name, other.name}


def test_a_temporary_file_has_a_name_that_the_system_allows(tmp_path: Path) -> None:
    for name in ("a" * 251 + ".csv", "\U0001f4b7" * 62 + ".xlsx", "a." + "b" * 250):
        write_whole(tmp_path / name, lambda path: path.write_text("new"))
        assert (tmp_path / name).read_text() == "new"


_KILLED = """
import os, signal, sys
from pathlib import Path
from costmodel.inputs.files import write_whole
write_whole(Path(sys.argv[1]), lambda path: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_an_interrupt_while_the_program_starts_prints_no_traceback() -> None:
    starting = "import sys; sys.argv[0] = '-m'; sys.orig_argv.append('costmodel')\nimport signal, {}\n"
    interrupt = "signal.raise_signal(signal.SIGINT)\nraise SystemExit('went on')"
    command = [sys.executable, "-c", starting.format("costmodel") + interrupt]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "Interrupted. Nothing was written.\n")


def test_a_script_that_imports_the_package_keeps_its_own_interrupts() -> None:
    script = "import signal, costmodel\nassert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "a/" * 2_500 + "x.csv"])
def test_an_output_of_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    said = refused("run", example(tmp_path), "--draws", 0, "--csv", tmp_path / name)
    assert "no such file can be (File name too long)" in said
    assert len(said) < 300


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only some systems have a device that is always full")
@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        pytest.param(("run", "--draws", 0), marks=pytest.mark.long),
        pytest.param(("run", "--draws", 0, "--json"), marks=pytest.mark.long),
    ],
)
def test_a_full_output_is_told_in_words(tmp_path: Path, words: tuple[object, ...]) -> None:
    command = [sys.executable, "-m", "costmodel", words[0], example(tmp_path), *words[1:]]
    with open("/dev/full", "w") as full:
        result = subprocess.run([*map(str, command)], stdout=full, stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT)
    assert result.returncode == 2
    assert result.stderr.startswith("The output cannot be written (No space left on device)")
    assert len(result.stderr.splitlines()) == 1
