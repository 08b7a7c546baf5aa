"""The page of what does not pay says what the bases say today."""

from pathlib import Path

import pytest

from costmodel.analysis.spectrum import populations
from scripts.does_not_pay import LOCKED, PAGE, lines_of

BASES = [path for path in populations(Path(__file__).parents[2] / "scenarios") if path.parent.name != LOCKED]


@pytest.mark.long
@pytest.mark.parametrize("base", BASES, ids=lambda path: path.parent.name)
def test_the_page_of_what_does_not_pay_is_that_of_its_bases(base: Path) -> None:
    shown = PAGE.read_text("utf-8").splitlines()
    assert [line for line in shown if line.startswith(f"| {base.parent.name}: ")] == list(lines_of(base))


def test_every_base_stands_on_the_page_of_what_does_not_pay() -> None:
    shown = PAGE.read_text("utf-8")
    assert [base.parent.name for base in BASES if f"| {base.parent.name}: " not in shown] == []
