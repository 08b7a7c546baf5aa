"""The command line refuses nonsense in words, with exit code 2, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.inputs.files import write_whole
from costmodel.report import workbook as book
from tests.cli.commands import call, done, refused
from tests.support.example import example

ROOT = Path(__file__).parents[2]

NONSENSE = [
    (["--draws", "1.5"], '--draws: "1.5" is not a whole number from 0'),
    (["--draws", "-1"], '--draws: "-1" is not a whole number'),
    (["--draws", "1000000000"], "1000000000 is not a number of draws"),
    (["--draws", "many"], '--draws: "many"'),
    (["--seed", "-1"], '--seed: "-1" is not a whole number from 0'),
    (["--seed", "abc"], '--seed: "abc"'),
    (["--seed", str(2**70)], '" is too large. Write a smaller one'),
    (["--seed", str(2**63)], "is not a seed"),
    (["--horizon", "10"], '--horizon: horizon: "10" is not a duration. Write a number and "months"'),
    (["--horizon", "10 yaers"], '--horizon: horizon: "10 yaers" is not a duration'),
    (["--horizon", "-5 years"], "is negative"),
    (["--horizon", "1 year"], "the follow-up is longer than the horizon"),
    (["--perspective", "nhs_ps"], 'no perspective "nhs_ps". Did you mean "nhs_pss"?'),
    (["--set", "session_prize=3"], 'session_prize: there is no parameter "session_prize". Did you mean "'),
    (["--set", "gp_well=3"], '"gp_well" is derived (product_of). Change what it is made of: gp_ill,'),
    (["--fix", "gp_well=3"], '--fix gp_well: "gp_well" is derived'),
    (["--fix", "people=3"], "Only a parameter can be held"),
    (["--set", "attendance=1.7"], "--set attendance: attendance: 1.7 is outside 0 to 1"),
    (["--fix", "attendance=1.7"], "--fix attendance: attendance: 1.7 is outside 0 to 1"),
    (["--set", "attendance=70%"], "so 0.7 for 70%"),
    (["--set", "attendance=nan"], "and a finite one"),
    (["--set", "gp_visit=1e400"], "--set gp_visit"),
    (["--set", "gp_visit=-4"], "prices are positive"),
    (["--set", "attendance"], "Write --set NAME=VALUE"),
    (["--set", "attendance="], "Write --set NAME=VALUE"),
    (["--set", "attendance=.5", "--set", "attendance=.6"], '"attendance" is given twice'),
    (["--set", "attendance=.5", "--fix", "attendance=.6"], '--fix attendance: "attendance" is given by --set too'),
    (["--set", "attendance=1e400"], "parameters.attendance.value is inf. Wanted: a number that is not too large"),
    (["--set", "horizon=9 years", "--horizon", "8 years"], "set twice"),
    (["--set", "strategies.therapy.therapy.wiat=1 month"], '"wiat"'),
    (["--set", "strategies.therapy.therapy.wait=soon"], '"soon" is not a duration'),
    (["--set", "people=0.5"], "--set people: people is 0.5. Wanted: a whole number"),
    (["--drows", "5"], "No such option: --drows"),
    (["extra"], "unexpected extra argument"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"), NONSENSE, ids=lambda part: " ".join(part) if isinstance(part, list) else ""
)
def test_nonsense_is_refused_in_words(options: list[str], message: str, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    assert message in refused("run", example(tmp_path), "--csv", out, *options)
    assert not out.exists()


def test_all_problems_of_the_options_are_said_at_once(tmp_path: Path) -> None:
    said = refused(
        "run", example(tmp_path), "--set", "nope=1", "--set", "attendance=2", "--fix", "gp_visit=-4",
        "--horizon", "10",
    )  # fmt: skip
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "--set nope", "--horizon", "--set attendance", "--fix gp_visit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Usage"),
        (["rum"], "Did you mean 'run'?"),
        (["run"], "Missing argument"),
        (["check", "nowhere.yaml"], "nowhere.yaml: the file cannot be opened"),
        (["schema", "--kind", "modle"], "modle"),
        (["report", "model.yaml"], "Missing option"),
        (["calibrate", "nowhere.yaml"], "nowhere.yaml"),
        (["calibrate", "nowhere.yaml", "--rows", "2.5"], '--rows: "2.5"'),
    ],
    ids=lambda part: " ".join(part) or "nothing" if isinstance(part, list) else "",
)
def test_a_command_that_is_none_is_refused(words: list[str], message: str) -> None:
    assert message in refused(*words)


def test_every_problem_of_a_file_is_printed_on_its_own_line(tmp_path: Path) -> None:
    path = example(tmp_path, poeple=5, **{"parameters.gp_visit.value": -4, "horizon": "5"})
    said = refused("check", path).splitlines()
    assert len(said) == 3
    assert all(line.startswith("model.yaml, line ") for line in said)


def test_validate_needs_a_file_of_targets(tmp_path: Path) -> None:
    (tmp_path / "pop").mkdir()
    assert "validation.yaml: the file cannot be opened: the folder of scenarios has none" in refused(
        "validate", example(tmp_path / "pop")
    )


def test_a_report_goes_where_it_can(tmp_path: Path) -> None:
    path = example(tmp_path)
    assert "does not exist" in refused("report", path, "-o", tmp_path / "nowhere" / "x.xlsx")
    assert "ends in .xlsx" in refused("report", path, "-o", tmp_path / "x.ods")
    (tmp_path / "folder.xlsx").mkdir()
    assert "this is a folder" in refused("report", path, "-o", tmp_path / "folder.xlsx")
    before = set(tmp_path.iterdir())
    out = tmp_path / "x.xlsx"
    assert done("report", path, "-o", out, "--draws", 50) == f"{out} written.\n"
    assert out.read_bytes().startswith(b"PK")
    assert set(tmp_path.iterdir()) - before == {out}


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted. Nothing was written."),
        (ZeroDivisionError("secret detail"), 1, "Something went wrong inside costmodel"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
    ids=["interrupted", "our_fault", "H8_disk_full"],
)
def test_what_ends_early_leaves_no_half_file(
    failure: BaseException, code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(result: object) -> bytes:
        raise failure

    path, out = example(tmp_path), tmp_path / "x.xlsx"
    out.write_bytes(b"as it was")
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(book, "as_bytes", half)
    result = call("report", path, "-o", out, "--draws", 0)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "secret detail" not in result.stderr
    assert result.stdout == ""
    assert set(tmp_path.iterdir()) == before
    assert out.read_bytes() == b"as it was"


def test_a_writer_that_stops_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_bytes(b"PK half")
        raise OSError(28, "No space left on device")

    out = tmp_path / "x.xlsx"
    out.write_bytes(b"as it was")
    with pytest.raises(cm.InputError, match="No space left"):
        write_whole(out, half)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"as it was"]


def test_details_of_a_failure_are_shown_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(cm, "run", fail)
    path = example(tmp_path)
    short, long = call("run", path), call("run", path, "--debug")
    assert short.exit_code == long.exit_code == 1
    reference = short.stderr.split("reference ")[1].split(")")[0]
    assert reference in long.stderr
    assert "secret" not in short.stderr
    assert "RuntimeError: secret" in long.stderr


def process(*words: object, **options: str) -> subprocess.CompletedProcess[str]:
    """`python -m costmodel WORDS` in a process of its own, with an almost empty environment."""
    command = [sys.executable, "-m", "costmodel", *map(str, words)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C"} | options
    return subprocess.run(command, capture_output=True, env=environment, encoding="utf-8", timeout=120)


def test_the_program_itself_refuses_with_exit_code_2(tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    result = process("check", tmp_path / "nowhere.yaml")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == "nowhere.yaml: the file cannot be opened (No such file or directory).\n"
    assert set(tmp_path.iterdir()) == before


def test_the_program_itself_prints_the_same_in_any_locale(tmp_path: Path) -> None:
    path = example(tmp_path)
    result = process("run", path, "--draws", 20)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "£" in result.stdout
    assert result.stdout == done("run", path, "--draws", 20)
