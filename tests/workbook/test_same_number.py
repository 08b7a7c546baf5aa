"""The headline is the same number everywhere, digit for digit."""

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

import costmodel as cm
from costmodel.analysis.verification import RULES
from tests.support.spreadsheets import by_formualizer, disagreements, stored

ROOT = Path(__file__).parents[2]
NOW, ORIGINAL, EXPECTED = 2, 3, 5


@pytest.fixture(scope="module")
def lines(trd_book: Path) -> dict[str, list[object]]:
    """The Summary's first block by label: the row's cells."""
    rows = openpyxl.load_workbook(trd_book, data_only=True, read_only=True)["Summary"].iter_rows(values_only=True)
    found: dict[str, list[object]] = {}
    for row in rows:
        found.setdefault(str(row[0]), list(row))
    return found


@pytest.fixture(scope="module")
def printed() -> list[dict[str, object]]:
    """The rows that the command line prints as JSON."""
    scenario = "scenarios/depression_resistant/model.yaml"
    command = [sys.executable, "-m", "costmodel", "run", scenario, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    rows: list[dict[str, object]] = json.loads(done.stdout)["rows"]
    return rows


def _one(rows: list[dict[str, object]], run: str) -> float:
    found = [
        row["value"]
        for row in rows
        if (row["run"], row["outcome"], row["perspective"]) == (run, "net_saving", "nhs_pss")
        and (row["category"], row["discounted"], row["horizon_months"]) == ("all", False, 42.0)
    ]
    assert len(found) == 1
    assert isinstance(found[0], float)
    return found[0]


def test_the_expected_headline_is_the_same_in_python_json_and_workbook(
    trd_result: cm.Result, lines: dict[str, list[object]], printed: list[dict[str, object]]
) -> None:
    python = trd_result.saving("nhs_pss").value.item()
    assert float(python).hex() == _one(printed, "expected").hex()
    cell = lines["NHS and social care: net saving"][EXPECTED - 1]
    assert isinstance(cell, float)
    assert cell.hex() == float(python).hex()


def test_the_deterministic_run_is_the_same_in_json_and_the_live_cell(
    lines: dict[str, list[object]], printed: list[dict[str, object]]
) -> None:
    for column in (NOW, ORIGINAL):
        cell = lines["NHS and social care: net saving"][column - 1]
        assert isinstance(cell, float)
        assert cell.hex() == _one(printed, "deterministic").hex()


def test_a_failed_check_of_the_run_is_on_the_cover(
    example_result: cm.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example's checks hold; one that fails turns the overall flag, as stored and as recomputed."""
    for name, wanted in (("sound", "OK"), ("spoilt", "CHECK")):
        path = tmp_path / f"{name}.xlsx"
        cm.workbook(example_result, str(path))
        cells = stored(path)
        row = min(row for (sheet, row, _), value in cells.items() if sheet == "Cover" and value == "Checks")
        assert cells["Cover", row, 2] == wanted
        assert disagreements(path, by_formualizer(path)) == []
        ids = [str(v).split()[0] for (sheet, _, column), v in cells.items() if sheet == "Checks" and column == 1]
        assert {rule.id for rule in RULES} <= set(ids)
        monkeypatch.setattr("costmodel.analysis.verification.largest", lambda values: 1.0)
