"""Where an answer would stand, a locked scenario's refusal stands, and no money."""

import json
from pathlib import Path

import pytest

from costmodel.cli import app
from costmodel.report import contents, render
from costmodel.scenario.load import HEADLINE, because, refusal
from tests.cli.commands import call, done, parsed
from tests.support.example import example
from tests.support.locked import PSYCHOSIS, SPOKEN_OF, locked, locked_example

OUT = "OUT"
"""Stands for a folder to write to."""

WITH_JSON = {
    "run": ["run", PSYCHOSIS],
    "run to files": ["run", PSYCHOSIS, "--csv", f"{OUT}/x.csv", "--workbook", f"{OUT}/x.xlsx"],
    "run without draws": ["run", PSYCHOSIS, "--draws", 0],
    "run with a change": ["run", PSYCHOSIS, "--set", "model=rates", "--fix", "x=1", "--horizon", "5 years"],
    "psa": ["psa", PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "incremental": ["incremental", PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "explain": ["explain", PSYCHOSIS, PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "compare": ["compare", PSYCHOSIS, PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "budget": ["budget", PSYCHOSIS, "--starts", 3, "--csv", f"{OUT}/x.csv"],
    "purse": ["purse", PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "beyond": ["beyond", PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "voi": ["voi", PSYCHOSIS, "--question", "cash", "--csv", f"{OUT}/x.csv"],
    "tornado": ["tornado", PSYCHOSIS, "--horizon", "5 years", "--csv", f"{OUT}/x.csv"],
    "break-even": ["break-even", PSYCHOSIS, "--csv", f"{OUT}/x.csv"],
    "break-even chance": ["break-even", PSYCHOSIS, "--input", "session_price", "--chance", 0.5],
    "grid": ["grid", PSYCHOSIS, "session_price=50:150:3", "attendance", "--csv", f"{OUT}/x.csv"],
    "validate": ["validate", PSYCHOSIS],
    "verify": ["verify", PSYCHOSIS],
    "import": ["import", f"{OUT}/book.xlsx", PSYCHOSIS, "-o", f"{OUT}/mine.yaml"],
    "calibrate": ["calibrate", "CALIBRATION"],
    "sweep": ["sweep", "GRID", "-o", f"{OUT}/sweep"],
    "sweep dry": ["sweep", "GRID", "--dry-run"],
}
WITHOUT_JSON = {
    "report": ["report", PSYCHOSIS, "-o", f"{OUT}/x.xlsx"],
    "draws": ["draws", PSYCHOSIS, "-o", f"{OUT}/draws"],
    "local": ["local", PSYCHOSIS, "--template", "-o", f"{OUT}/local"],
}
ASK_NOTHING_OF_A_SCENARIO = {"check", "claims", "dashboard", "replicate", "schema", "spectrum", "synthesise"}
"""Commands that give no answer about one: `check` and `spectrum` have tests of their own."""

CALIBRATION = """
format: 1
scenario: {path}
design_effect: 1
observations: {{X001: {{strategy: therapy, states: [well], time: 24 months, share: 0.3, n: 67, source: X001,
                        status: assumption}}}}
fits: {{first: {{label: One, observations: all, held: {{}}, output: first.csv, free: {{recover: {{prior: {{
          distribution: gamma, value: 0.3, cv: 1, source: X001, status: assumption}}}}}}}}}}
"""


def words_in(folder: Path, words: list[object]) -> list[object]:
    """The words of a command with the places that they stand for; the files they name are made."""
    files = {"CALIBRATION": folder / "calibration.yaml", "GRID": folder / "grid.yaml"}
    files["CALIBRATION"].write_text(CALIBRATION.format(path=PSYCHOSIS), "utf-8")
    files["GRID"].write_text(f"format: 1\nscenarios: [{example(folder)}, {PSYCHOSIS}]\n", "utf-8")
    out = folder / "out"
    out.mkdir()
    return [files.get(str(word), word.replace(OUT, str(out)) if isinstance(word, str) else word) for word in words]


def test_every_command_that_could_answer_is_here() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    here = {str(words[0]) for words in (*WITH_JSON.values(), *WITHOUT_JSON.values())}
    assert names - here == ASK_NOTHING_OF_A_SCENARIO


@pytest.mark.parametrize("words", [*WITH_JSON.values(), *WITHOUT_JSON.values()], ids=[*WITH_JSON, *WITHOUT_JSON])
def test_the_refusal_stands_where_an_answer_would(words: list[object], tmp_path: Path) -> None:
    given = words_in(tmp_path, words)
    before = set(tmp_path.rglob("*"))
    result = call(*given)
    assert result.exit_code == 2, result.stderr
    assert result.stdout.splitlines()[:3] == [f"{locked().file.title} (locked)", "", HEADLINE]
    for said in (because(locked()), "8.35", "C207: Malmberg", "Need-adapted care", "not a business case"):
        assert said in result.stdout
    assert result.stderr.splitlines()[-1] == f"model.yaml: {HEADLINE}"
    assert "Traceback" not in result.stderr
    for word in SPOKEN_OF:
        assert word not in result.stdout + result.stderr
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("words", WITH_JSON.values(), ids=WITH_JSON)
def test_json_has_no_row_and_says_why(words: list[object], tmp_path: Path) -> None:
    given = words_in(tmp_path, words)
    before = set(tmp_path.rglob("*"))
    result = call(*given, "--json")
    assert result.exit_code == 2, result.stderr
    found = json.loads(result.stdout)
    assert found == json.loads(json.dumps(render.document(contents.locked_page(locked()))))
    assert HEADLINE in found["notes"]
    assert found["rows"] == []
    assert found["refusal"]["because"] == locked().file.refusal.because
    assert found["refusal"]["source"] == ["C207"]
    assert {name for one in found["refusal"]["findings"] for name in one["source"]} <= set(found["refusal"]["sources"])
    for word in SPOKEN_OF:
        assert word not in result.stdout
    assert set(tmp_path.rglob("*")) == before


def test_a_grid_says_which_line_names_it(tmp_path: Path) -> None:
    result = call(*words_in(tmp_path, ["sweep", "GRID", "--dry-run"]))
    assert "grid.yaml, line 2:" in result.stderr
    assert "is locked. Take it out of the grid." in result.stderr


def test_options_have_nothing_to_change(tmp_path: Path) -> None:
    result = call("check", PSYCHOSIS, "--set", "model=rates", "--horizon", "5 years")
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["--set", "--horizon", "model.yaml"]


def test_check_accepts_it_and_says_why_it_is_locked() -> None:
    lines = done("check", PSYCHOSIS).splitlines()
    assert lines[0] == "model.yaml is a valid locked scenario: no command gives an answer for it"
    assert f"Why: {because(locked())}" in lines
    found = parsed("check", PSYCHOSIS, "--json")
    assert found["schema"] == "costmodel/check/1"
    assert found["refusal"] == refusal(locked())
    assert found["scenario"]["sha256"] == locked().sha256
    assert {key for key, value in found.items() if value} == {
        "schema",
        "title",
        "scenario",
        "engine",
        "refusal",
        "notes",
    }


def test_check_has_the_keys_of_any_scenario(tmp_path: Path) -> None:
    usual = parsed("check", example(tmp_path), "--json")
    assert set(parsed("check", PSYCHOSIS, "--json")) == {*usual, "refusal", "title"}


def test_verify_of_all_scenarios_says_which_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example(tmp_path / "scenarios" / "open")
    locked_example(tmp_path / "scenarios" / "shut")
    result = call("verify", "--draws", 0)
    assert result.exit_code == 0, result.stderr
    assert "It does harm: eight times as many could not leave hospital. (X001)" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("does not apply")
    found = json.loads(call("verify", "--draws", 0, "--json").stdout)
    assert [one["scenario"]["file"] for one in found["scenarios"]] == ["cautious.yaml", "model.yaml"]
    assert [one["refusal"]["source"] for one in found["locked"]] == [["X001"]]


def test_a_locked_file_that_is_faulty_fails_verify_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    locked_example(tmp_path / "scenarios" / "shut", **{"refusal.source": ["nobody"]})
    result = call("verify", "--draws", 0)
    assert result.exit_code == 2
    assert 'no source "nobody"' in result.stderr


def test_text_of_a_file_is_never_markup(tmp_path: Path) -> None:
    path = locked_example(tmp_path, title="[red]x[/red] :smile: <b>")
    assert done("check", path).splitlines()[1].startswith("[red]x[/red] :smile: <b>")
