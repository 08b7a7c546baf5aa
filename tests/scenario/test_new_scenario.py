"""docs/new-scenario.md is enough: its blocks, written to files as they stand, are an eighth population."""

import json
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.verification import verify
from tests.cli.commands import done
from tests.support.dashboard import opened
from tests.support.example import DOCS

NAME = "anxiety_example"
MOST_LINES = 80
SCENARIOS = DOCS.parent / "scenarios"


def blocks() -> dict[str, str]:
    """The files that the page writes, by name."""
    found = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (DOCS / "new-scenario.md").read_text("utf-8"), re.DOTALL)
    return dict(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenarios folder with the settings and the new population alone."""
    for name in ("settings", "data"):
        shutil.copytree(SCENARIOS / name, tmp_path / name)
    shutil.copy(SCENARIOS / "sources.yaml", tmp_path)
    (tmp_path / NAME).mkdir()
    for name, content in blocks().items():
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


def test_it_takes_less_than_eighty_lines() -> None:
    assert set(blocks()) == {f"{NAME}/{file}.yaml" for file in ("model", "sources", "cautious", "favourable")}
    assert sum(len(content.strip().splitlines()) for content in blocks().values()) < MOST_LINES


@pytest.mark.parametrize("file", ["model", "cautious", "favourable"])
def test_it_loads_answers_and_obeys_every_law(folder: Path, file: str) -> None:
    scenario = cm.load(folder / NAME / f"{file}.yaml")
    assert not scenario.warnings
    failed = [check for check in verify(scenario, draws=50) if check.state == "FAIL"]
    assert failed == []
    assert cm.run(scenario, draws=50).saving(by="category").value.notna().all()


def test_it_stands_in_the_spectrum_and_in_the_menu_by_existing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = json.loads(done("spectrum", folder, "--draws", 20, "--json"))["rows"]
    assert {row["population"] for row in rows} == {NAME}
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(folder))
    at: AppTest = opened()
    assert list(at.selectbox(key="population").options) == [
        "Generalised anxiety (worked example): short-term psychodynamic therapy"
    ]
