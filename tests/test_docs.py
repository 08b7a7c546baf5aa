"""The documentation runs: the examples of tutorials and docstrings, and a site that builds without a warning."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import costmodel

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
    modules = [name for _, name, _ in pkgutil.walk_packages(costmodel.__path__, "costmodel.") if "__main__" not in name]
    with_examples = [name for name in modules if ">>>" in (importlib.import_module(name).__doc__ or "") + _source(name)]
    assert with_examples
    results = {name: doctest.testmod(importlib.import_module(name), optionflags=OPTIONS) for name in with_examples}
    assert {name: found.failed for name, found in results.items() if found.failed} == {}
    assert sum(found.attempted for found in results.values()) >= len(with_examples)


def _source(name: str) -> str:
    return Path(importlib.import_module(name).__file__ or "").read_text("utf-8")


@pytest.mark.long
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/docs.py", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = {path.parent.name for path in (tmp_path / "site").rglob("index.html")}
    assert {"python", "method", "question", "sensitivity", "borderline"} <= pages
    reference = (tmp_path / "site" / "docs" / "python" / "index.html").read_text("utf-8")
    assert [name for name in costmodel.__all__ if f'.{name}"' not in reference] == []
