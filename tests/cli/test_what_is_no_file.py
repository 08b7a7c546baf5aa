"""What stands where a file is named and is none: refused in words wherever a path is accepted, and nothing is left."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.inputs.files import read_bytes
from tests.cli.commands import refused
from tests.support.calibrated import calibration
from tests.support.example import documented_model, edited, example, write_model
from tests.support.small_probabilities import small
from tests.support.sweeps import FEW as FEW_CELLS
from tests.support.sweeps import contents, grid_file, swept_here

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds after which a command hangs: far more than any of these takes on a busy machine."""
MOST_MEMORY = 300_000_000
SPARSE = 20_000_000_000

Case = tuple[Path, list[object]]
"""The path that is to be no file, and the command that meets it."""


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to(os.ttyname(os.openpty()[1]))


def folder(path: Path) -> None:
    path.mkdir()


def unix_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have a hundred characters
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(before)


def sparse_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SPARSE)


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def circular_link(path: Path) -> None:
    path.symlink_to(path.name)


def long_name(path: Path) -> None:
    path.symlink_to("a" * 300)


KINDS: dict[Callable[[Path], None], str] = {
    pipe: "a pipe",
    device: "a device",
    terminal: "a device or a terminal",
    folder: "a folder",
    unix_socket: "a socket",
    sparse_file: "20,000,000,000 bytes",
    dangling_link: "a link to a file that does not exist",
    circular_link: "links lead in a circle",
    long_name: "longer than the system allows",
}
LED_OUTSIDE = (device, terminal)
"""Links that leave the folder of the scenario."""


def in_the_example(name: str, *command: object) -> Callable[[Path], Case]:
    """A file of the example, met by a command on one of the others."""

    def case(home: Path) -> Case:
        example(home)
        (home / "grid.yaml").write_text("format: 1\nscenarios: [model.yaml]\ndraws: 0\n", "utf-8")
        return home / name, [word if str(word).startswith("-") or n == 0 else home / str(word) for n, word in
                             enumerate(command)]  # fmt: skip

    return case


def own_sources(home: Path) -> Case:
    return home / "own.yaml", ["check", example(home, sources="own.yaml")]


def joint(home: Path) -> Case:
    record = {"label": "Joint", "unit": "share", "joint": "draws.csv", "status": "assumption", "source": "X001"}
    return home / "draws.csv", ["check", example(home, **{"parameters.attendance": record})]


def matrices(home: Path) -> Case:
    model = small()
    del model["transitions"]
    model["matrices"] = {"file": "rows.csv", "period": "12 months", "source": "X001", "status": "assumption"}
    return home / "rows.csv", ["check", write_model(home, model)]


def draws_from(home: Path) -> Case:
    return home / "draws.csv", ["run", example(home), "--draws-from", home / "draws.csv"]


def workbook(home: Path) -> Case:
    return home / "x.xlsx", ["import", home / "x.xlsx", example(home), "-o", home / "overlay.yaml"]


def case_file(home: Path) -> Case:
    return home / "case.json", ["replicate", home / "case.json"]


def calibration_file(home: Path) -> Case:
    path = calibration(home)
    return path, ["calibrate", path]


def scenario_of_a_calibration(home: Path) -> Case:
    path = calibration(home)
    return home / json.loads(path.read_text("utf-8"))["scenario"], ["calibrate", path]


def targets(home: Path) -> Case:
    (home / "pop").mkdir()
    return home / "validation.yaml", ["validate", example(home / "pop"), "--draws", 10]


PLACES: dict[str, Callable[[Path], Case]] = {
    "scenario": in_the_example("model.yaml", "check", "model.yaml"),
    "extends": in_the_example("model.yaml", "check", "cautious.yaml"),
    "setting": in_the_example("settings/example.yaml", "check", "model.yaml"),
    "sources of the setting": in_the_example("settings/sources.yaml", "check", "model.yaml"),
    "own sources": own_sources,
    "price index": in_the_example("settings/data/index.csv", "check", "model.yaml"),
    "life table": in_the_example("settings/data/life_table.csv", "check", "model.yaml"),
    "joint posterior": joint,
    "matrices": matrices,
    "grid": in_the_example("grid.yaml", "sweep", "grid.yaml", "--dry-run"),
    "scenario of a grid": in_the_example("model.yaml", "sweep", "grid.yaml", "--dry-run"),
    "calibration": calibration_file,
    "scenario of a calibration": scenario_of_a_calibration,
    "case": case_file,
    "workbook": workbook,
    "draws": draws_from,
    "targets": targets,
}


@pytest.fixture(autouse=True)
def _no_hanging() -> Iterator[None]:
    """A test that waits for what never comes fails instead."""

    def give_up(*_: object) -> None:
        raise TimeoutError("the command hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def prepared(home: Path, place: str, kind: Callable[[Path], None]) -> list[object]:
    path, command = PLACES[place](home)
    if path.exists():
        path.unlink()
    kind(path)
    return command


def everything(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def words_of(place: str, kind: Callable[[Path], None], said: str) -> bool:
    """Whether a refusal says what is wrong: what stands there, or that it lies elsewhere."""
    outside = kind in LED_OUTSIDE and "leads outside the folder" in said
    return KINDS[kind] in said or outside


def is_refused(home: Path, place: str, kind: Callable[[Path], None]) -> None:
    command = prepared(home, place, kind)
    before = everything(home)
    said = refused(*command)
    assert words_of(place, kind, said), said
    assert said.count("\n") == 1, said
    assert str(home) not in said.replace(str(command[-1]), "")
    assert everything(home) == before


FEW = [(place, pipe) for place in PLACES] + [("scenario", kind) for kind in KINDS] + [
    ("setting", sparse_file), ("setting", device), ("life table", circular_link), ("draws", sparse_file),
]  # fmt: skip
ALL = [(place, kind) for place in PLACES for kind in KINDS]


def _name(value: object) -> str:
    return str(getattr(value, "__name__", value))


@pytest.mark.parametrize(("place", "kind"), dict.fromkeys(FEW), ids=_name)
def test_what_is_no_file_is_refused_where_a_path_is_accepted(
    tmp_path: Path, place: str, kind: Callable[[Path], None]
) -> None:
    is_refused(tmp_path, place, kind)


@pytest.mark.long
@pytest.mark.parametrize(("place", "kind"), ALL, ids=_name)
def test_it_is_refused_at_each_place(tmp_path: Path, place: str, kind: Callable[[Path], None]) -> None:
    is_refused(tmp_path, place, kind)


ITS_MEMORY = """
import atexit, re, runpy, sys
from pathlib import Path
status = Path("/proc/self/status")
atexit.register(lambda: print(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1], file=sys.stderr, flush=True))
runpy.run_module("costmodel", run_name="__main__", alter_sys=True)
"""
"""The program; its last line of errors is the most memory, in kB, that it held itself. What the system counts for
a child begins at the memory of the process that started it."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("place", "kind"), [(place, list(KINDS)[n % 2 * 5]) for n, place in enumerate(PLACES)] + FEW[-12:], ids=_name
)
def test_it_is_refused_in_a_process_of_its_own_with_little_memory(
    tmp_path: Path, place: str, kind: Callable[[Path], None]
) -> None:
    command = prepared(tmp_path, place, kind)
    before = everything(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    words = [sys.executable, "-c", ITS_MEMORY, *map(str, command)]
    ran = subprocess.run(words, capture_output=True, env=environment, text=True)
    assert ran.returncode == 2, ran.stderr
    *said, memory = ran.stderr.splitlines()
    assert words_of(place, kind, "\n".join(said)), said
    assert int(memory) * 1024 < MOST_MEMORY
    assert everything(tmp_path) == before


def test_a_name_that_no_file_can_have_is_refused_in_words(tmp_path: Path) -> None:
    for name, fault in (
        ("a\0b", "a character that no file name can have"),
        ("a" * 300, "longer than the system allows"),
    ):
        with pytest.raises(cm.InputError, match=fault):
            read_bytes(tmp_path / name)


@pytest.mark.parametrize("name", ["a" * 300, f"{'b' * 200}/{'c' * 300}"])
@pytest.mark.parametrize(
    ("ending", "command"),
    [
        (".xlsx", ["report", "{model}", "-o", "{out}", "--draws", 0]),
        (".csv", ["run", "{model}", "--draws", 0, "--csv", "{out}"]),
        (".yaml", ["import", "{out}.xlsx", "{out}", "-o", "{out}"]),
        (".folder", ["draws", "{model}", "-o", "{out}", "--draws", 2]),
        (".folder", ["sweep", "{grid}", "-o", "{out}"]),
    ],
)
def test_an_output_whose_path_is_too_long_is_refused(
    tmp_path: Path, name: str, ending: str, command: list[object]
) -> None:
    grid, _ = in_the_example("grid.yaml")(tmp_path)
    places = {"model": tmp_path / "model.yaml", "grid": grid, "out": tmp_path / (name + ending)}
    before = everything(tmp_path)
    assert "costmodel" not in refused(*(str(word).format(**places) for word in command)).replace(str(tmp_path), "")
    assert everything(tmp_path) == before


def test_a_file_that_grows_while_it_is_read_is_not_read_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"1,2\n")
    found = os.stat_result((*path.stat()[:6], 2, *path.stat()[7:]))
    monkeypatch.setattr(os, "fstat", lambda handle: found)
    with pytest.raises(cm.InputError, match="changed while it was read. Run again."):
        read_bytes(path)


def test_a_file_that_becomes_a_pipe_after_it_was_looked_at_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "x.csv", tmp_path / "file.csv"
    other.write_bytes(b"1,2\n")
    os.mkfifo(path)
    looked = other.stat()
    monkeypatch.setattr(os, "stat", lambda path: looked)
    with pytest.raises(cm.InputError, match="changed while it was read. Run again."):
        read_bytes(path)


OUTSIDE = [
    ("setting", "../../elsewhere/example.yaml"),
    ("setting", "{elsewhere}/example.yaml"),
    ("setting", "linked/example.yaml"),
    ("sources", "../../elsewhere/sources.yaml"),
    ("parameters.attendance", {"label": "J", "unit": "share", "joint": "../../elsewhere/draws.csv", "source": "X001",
                               "status": "assumption"}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), OUTSIDE)
def test_what_a_scenario_rests_on_lies_in_the_folder_above_its_own(tmp_path: Path, key: str, value: object) -> None:
    home, elsewhere = tmp_path / "scenarios" / "people", tmp_path / "elsewhere"
    home.mkdir(parents=True)
    example(home)
    shutil.copytree(home / "settings", elsewhere)
    (elsewhere / "draws.csv").write_text("best,attendance\n1,0.5\n0,0.6\n", "utf-8")
    (home / "linked").symlink_to(elsewhere)
    if isinstance(value, str):
        value = value.format(elsewhere=elsewhere)
    write_model(home, edited(documented_model(), {key: value}))
    said = refused("check", home / "model.yaml")
    assert "leads outside the folder of the scenarios" in said
    assert "model.yaml, line" in said


def test_a_folder_beside_the_scenarios_own_may_be_named(tmp_path: Path) -> None:
    home = tmp_path / "scenarios" / "people"
    home.mkdir(parents=True)
    path = example(home, setting="../settings/example.yaml")
    shutil.move(home / "settings", tmp_path / "scenarios" / "settings")
    assert cm.load(path).setting.price_year
    (tmp_path / "scenarios" / "other").symlink_to(home)
    assert cm.load(tmp_path / "scenarios" / "other" / "model.yaml").sha256 == cm.load(path).sha256


def test_an_overlay_may_be_kept_with_ones_own_work(tmp_path: Path) -> None:
    home = tmp_path / "scenarios" / "people"
    home.mkdir(parents=True)
    example(home)
    mine = tmp_path / "mine" / "work" / "overlay.yaml"
    mine.parent.mkdir(parents=True)
    change = "change: {parameters.attendance.value: 0.7}"
    mine.write_text(f"format: 1\nextends: ../../scenarios/people/model.yaml\nlabel: mine\n{change}\n", "utf-8")
    assert cm.load(mine).central["attendance"] == 0.7


def test_a_file_that_is_changed_is_read_again_and_its_digest_with_it(tmp_path: Path) -> None:
    path = example(tmp_path)
    index = tmp_path / "settings" / "data" / "index.csv"
    before = cm.load(path)
    text = index.read_bytes()
    index.write_bytes(text.replace(b"0.92", b"0.91"))
    os.utime(index, ns=(1, 1))
    after = cm.load(path)
    assert after.sha256 != before.sha256
    os.utime(index, ns=(1, 1))
    index.write_bytes(text)
    assert cm.load(path).sha256 == before.sha256


def test_a_sweep_whose_manifest_or_part_is_a_pipe_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid, out = grid_file(tmp_path, FEW_CELLS), tmp_path / "out"
    swept_here(monkeypatch, grid, out)
    before = contents(out)
    (name, *_) = before
    (out / "parts" / name).unlink()
    os.mkfifo(out / "parts" / name)
    assert swept_here(monkeypatch, grid, out).damaged == (name,)
    assert contents(out) == before
    (out / "manifest.json").unlink()
    os.mkfifo(out / "manifest.json")
    swept_here(monkeypatch, grid, out)
    assert (out / "manifest.json").is_file()
