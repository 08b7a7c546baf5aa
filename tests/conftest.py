"""What every test may ask for."""

import os
import shutil

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
if os.environ.get("CI") != "true":  # there, hypothesis chooses its own repeatable profile
    settings.load_profile("patient")


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
