"""What every test may ask for."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import costmodel as cm
from tests.support.example import load_example
from tests.support.long_ones import COLLECTED, listed

ROOT = Path(__file__).parents[1]

settings.register_profile("patient", deadline=None)
settings.register_profile(  # the same few examples each time, and no search for the smallest: for mutation testing
    "few", deadline=None, max_examples=10, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
if os.environ.get("CI") != "true":  # there, hypothesis chooses its own repeatable profile
    settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that take their time are long: see `tests/support/long_ones`."""
    slow = listed()
    config.stash[COLLECTED] = frozenset(item.nodeid for item in items)
    for item in items:
        if item.nodeid in slow:
            item.add_marker(pytest.mark.long)


def program(name: str) -> str:
    """Where a program is installed. Without it a test is skipped, but fails where CI=true."""
    path = shutil.which(name)
    if path is None:
        without = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        without(f"{name} is not installed; ./test installs it where it can")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    return program("chromium")


@pytest.fixture(scope="session")
def soffice() -> str:
    return program("soffice")


@pytest.fixture(scope="session")
def trd() -> cm.Scenario:
    """The shipped scenario of treatment-resistant depression."""
    return cm.load(ROOT / "scenarios" / "depression_resistant" / "model.yaml")


@pytest.fixture(scope="session")
def trd_result(trd: cm.Scenario) -> cm.Result:
    """Its run with the draws of the headline."""
    return cm.run(trd)


@pytest.fixture(scope="session")
def trd_book(trd_result: cm.Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its workbook, written once. No test may alter it."""
    path = tmp_path_factory.mktemp("workbook") / "report.xlsx"
    cm.workbook(trd_result, path)
    path.chmod(0o444)
    return path


@pytest.fixture(scope="session")
def example_scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    """The example of docs/format.md."""
    return load_example(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def example_result(example_scenario: cm.Scenario) -> cm.Result:
    """Its run, with 200 draws."""
    return cm.run(example_scenario, draws=200)
