"""`costmodel check --publish`: what is not fit to publish, planted in a copy of a shipped population, is refused."""

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import done, refused

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PLANTED = {
    "a moved value": ("cautious.yaml", "  parameters.attendance.source: [A414, C224]\n", "", "attendance: the value"),
    "a strong fit": ("model.yaml", "[C205a, C205b, C249a, A403]\n    status: recalled", "[C205a]\n    status: derived",
                     'respond_natural: the status is "derived" and the fit rests on what is recalled'),
    "an assumption": ("model.yaml", "source: A413, status", "source: P401, status", "no source is one"),
}  # fmt: skip


@pytest.fixture
def panic(tmp_path: Path) -> Path:
    for name in ("settings", "data", "panic"):
        shutil.copytree(SCENARIOS / name, tmp_path / name)
    shutil.copytree(SCENARIOS / "synthesis" / "draws", tmp_path / "synthesis" / "draws")
    shutil.copy(SCENARIOS / "sources.yaml", tmp_path)
    return tmp_path / "panic"


@pytest.mark.parametrize(("file", "old", "new", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_refused(panic: Path, file: str, old: str, new: str, said: str) -> None:
    text = (panic / file).read_text("utf-8")
    assert old in text
    (panic / file).write_text(text.replace(old, new), "utf-8")
    assert said in refused("check", panic / file, "--publish")


def test_a_locked_population_is_said_to_be_locked_once(panic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = panic.parent / "scenarios"
    for name in ("settings", "data", "psychosis"):
        shutil.copytree(SCENARIOS / name, folder / name)
    shutil.copy(SCENARIOS / "sources.yaml", folder)
    monkeypatch.chdir(panic.parent)
    for words in ((), (folder / "psychosis" / "model.yaml",)):
        (row,) = [line for line in done("check", *words, "--publish").splitlines() if line.startswith("psychosis")]
        assert row.endswith("yes; locked, its refusal is sourced")


def test_readme_and_overlays_are_wanted_all_at_once(panic: Path) -> None:
    assert "fit to publish" in done("check", panic / "model.yaml", "--publish")
    for name in ("README.md", "cautious.yaml", "favourable.yaml"):
        (panic / name).unlink()
    assert len(refused("check", panic / "model.yaml", "--publish").splitlines()) == 3
