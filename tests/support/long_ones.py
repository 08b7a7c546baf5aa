"""Which tests are left to the long run because of their time: `python -m tests.support.long_ones JUNIT.xml`.

A test that is long by what it does is marked where it stands. The others are taken from a report of a whole run
(`./test --all --junitxml=JUNIT.xml`): what took longer than MOST is listed in `tests/long.txt`, which `conftest` reads.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

LISTED = Path(__file__).parents[1] / "long.txt"
MOST = 0.3
"""Seconds of a test in `./test`, where two run side by side."""
COLLECTED = pytest.StashKey[frozenset[str]]()
"""Ids of all tests that were collected, those too that this run leaves out."""
KEPT = (
    "tests/report/test_claims.py", "tests/report/test_analysis_claims.py", "tests/scenario/test_identity.py",
    "tests/model/test_laws_of_random_models.py", "tests/model/test_no_effect.py", "tests/model/test_cycle_length.py",
    "tests/model/test_second_implementation.py", "tests/test_", "tests/model/test_by_state_and_strategy.py",
)  # fmt: skip
"""What is asked each time, however long it takes: sentences, identity, laws and the second implementation."""


def listed() -> frozenset[str]:
    """The tests that are left to the long run, by their ids."""
    return frozenset(LISTED.read_text("utf-8").splitlines())


def slow(report: Path) -> Iterator[str]:
    """Ids of the tests of a report that took longer than MOST and are not kept."""
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{str(case.get('classname')).replace('.', '/')}.py::{case.get('name')}"
        if float(case.get("time", 0)) > MOST and not name.startswith(KEPT):
            yield name


def main(report: Path) -> int:
    """Write the list anew, without what is marked long where it stands."""
    LISTED.write_text("", "utf-8")
    asked = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q"], capture_output=True, text=True)
    found = sorted(set(slow(report)) & set(asked.stdout.splitlines()))
    LISTED.write_text("\n".join(found) + "\n", "utf-8")
    print(f"{len(found)} tests are left to the long run.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
