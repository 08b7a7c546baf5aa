"""The documentation runs: examples of tutorials and docstrings, tables of keys, a site without a warning."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import costmodel
from costmodel.scenario.schema import ModelFile
from scripts import format_tables

ROOT = Path(__file__).parents[1]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_example_of_a_tutorial_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(str(path), module_relative=False, optionflags=OPTIONS)
    assert found.attempted > 3
    assert found.failed == 0


def test_every_example_of_a_docstring_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    files = [path for path in (ROOT / "costmodel").rglob("*.py") if ">>> " in path.read_text("utf-8")]
    with_examples = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    assert with_examples
    results = {name: doctest.testmod(importlib.import_module(name), optionflags=OPTIONS) for name in with_examples}
    assert {name: found.failed for name, found in results.items() if found.failed} == {}
    assert sum(found.attempted for found in results.values()) >= len(with_examples)


def test_the_tables_of_keys_are_those_of_the_types() -> None:
    text = format_tables.PAGE.read_text("utf-8")
    assert len(format_tables.TABLE.findall(text)) > 15
    assert format_tables.made(text) == text, "python -m scripts.format_tables makes them again"


def test_a_field_whose_text_is_taken_away_or_changed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = format_tables.PAGE.read_text("utf-8")
    monkeypatch.setattr(ModelFile.model_fields["people"], "description", "Something else.")
    assert "| `100` | Something else. |" in format_tables.made(text)
    monkeypatch.setattr(ModelFile.model_fields["people"], "description", None)
    with pytest.raises(ValueError, match="ModelFile.people has no text"):
        format_tables.made(text)


@pytest.mark.parametrize(
    ("marker", "instead", "fault"),
    [
        ("only relative_risk at", "only rate at", "Effect.relative_risk stands in no table"),
        ("; Dose at dose", "", "Dose has no table"),
        ("keys: Harm ", "keys: Harms ", "there is no block Harms"),
        ("except relative_risk;", "except relative_risks;", "Effect has no relative_risks"),
    ],
)
def test_a_key_that_stands_in_no_table_is_noticed(marker: str, instead: str, fault: str) -> None:
    text = format_tables.PAGE.read_text("utf-8")
    assert text.count(marker) == 1
    with pytest.raises(ValueError, match=fault):
        format_tables.made(text.replace(marker, instead))


@pytest.mark.long
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/docs.py", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = {path.parent.name for path in (tmp_path / "site").rglob("index.html")}
    assert {"python", "method", "question", "sensitivity", "borderline"} <= pages
    reference = (tmp_path / "site" / "docs" / "python" / "index.html").read_text("utf-8")
    assert [name for name in costmodel.__all__ if f'.{name}"' not in reference] == []
