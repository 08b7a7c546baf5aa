"""`costmodel verify`: a row for every law, a count at the end, exit code 1 where one fails."""

import json
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.verification import RULES, verify
from costmodel.result.result import Result
from tests.cli.commands import call, done, parsed, refused
from tests.support.example import example

DRAWS = 30


def test_every_law_has_its_row_and_the_last_line_counts(tmp_path: Path) -> None:
    path = example(tmp_path)
    lines = done("verify", path, "--draws", DRAWS).splitlines()
    checks = verify(cm.load(path), draws=DRAWS)
    assert [line.split()[0] for line in lines if line.split() and line.split()[0] in {r.id for r in RULES}] == [
        rule.id for rule in RULES
    ]
    assert checks.headline in lines
    assert checks.headline.endswith("0 failed, 0 does not apply.")


def test_json_holds_what_python_measures(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("verify", path, "--draws", DRAWS, "--seed", 4, "--set", "sessions=20", "--json")
    scenario = cm.load(path).changed({"sessions": 20})
    (one,) = found["scenarios"]
    assert one["scenario"]["sha256"] == scenario.sha256
    assert [(c["id"], c["value"], c["state"]) for c in one["checks"]] == [
        (c.id, c.value, c.state) for c in verify(scenario, draws=DRAWS, seed=4)
    ]
    assert sum(one["counts"].get(state, 0) for state in ("OK", "flagged")) == len(RULES)


def test_a_failed_check_is_exit_code_1_without_a_message_of_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Result, "curve_payback", lambda *a, **how: 3.0)
    path = example(tmp_path)
    result = call("verify", path, "--draws", DRAWS)
    assert result.exit_code == 1
    assert result.stderr == ""
    assert "1 failed, 0 does not apply. Do not rely on these figures" in result.stdout
    assert " – V29: " in result.stdout
    assert call("verify", path, "--draws", DRAWS, "--json").exit_code == 1


def test_without_a_scenario_all_below_the_folder_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    assert "there is no scenario below scenarios" in refused("verify")
    example(tmp_path / "scenarios" / "example")
    (tmp_path / "scenarios" / "example" / "trial.yaml").write_text("format: 1\nrows: {}\n", "utf-8")
    result = call("verify", "--draws", 0, "--json")
    assert result.exit_code == 0, result.stderr
    found = [one["scenario"]["file"] for one in json.loads(result.stdout)["scenarios"]]
    assert found == ["cautious.yaml", "model.yaml"]


def test_a_faulty_scenario_is_refused(tmp_path: Path) -> None:
    assert "no parameter" in refused("verify", example(tmp_path), "--set", "nope=1")
