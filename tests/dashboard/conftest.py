"""The dashboard on the example of docs/format.md, in a scenarios folder of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from costmodel.app.parts import catalogue, compute
from costmodel.model.run import DRAWS
from tests.support.dashboard import opened
from tests.support.example import example

FEW = 100
"""Draws, where their number is not what is tested."""


@pytest.fixture
def scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenarios folder with one population, `example`, and its overlay `cautious.yaml`."""
    folder = tmp_path / "scenarios"
    example(folder / "example")
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few draws, no waiting for a reader to settle, and files looked at on every click."""
    monkeypatch.setattr(compute, "DRAWS", FEW)
    monkeypatch.setattr(compute, "SETTLED", 0.0)
    monkeypatch.setattr(catalogue, "FRESH", 0.0)


@pytest.fixture
def all_draws(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many draws as in use."""
    monkeypatch.setattr(compute, "DRAWS", DRAWS)


@pytest.fixture
def app(scenarios: Path) -> AppTest:
    """The dashboard, opened."""
    return opened()


@pytest.fixture
def app_with(scenarios: Path) -> Callable[..., AppTest]:
    """The dashboard, opened on the example with edits."""

    def open_with(**edits: Any) -> AppTest:
        example(scenarios / "example", **edits)
        return opened()

    return open_with
