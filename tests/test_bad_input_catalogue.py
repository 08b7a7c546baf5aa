"""Every kind of bad input that is known has a test that bears its name, or a reason why it has none.

A row is a letter and a number. Groups: A probabilities and matrices, B missing and wrong numbers, C money and units,
D time, E uncertainty, F files, G text that reaches a spreadsheet or a page, H load and sessions, I conventions about
money, K claims in their own numbers, L a service's own extract, M maps of populations and comparisons of scenarios,
P plans of a service, R reports, S trials taken together, V targets and their scores, W paid work and what sessions
take.
A test belongs to a row if its name holds it as a word: `C13_utility_for_the_dead`,
`test_D4_a_discount_rate_of_zero`, `B10 #REF!`.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GROUPS = {
    "A": 30, "B": 14, "C": 24, "D": 19, "E": 20, "F": 28, "G": 10, "H": 9, "I": 9, "K": 8, "L": 17, "M": 6, "P": 13,
    "R": 4, "S": 12, "V": 6, "W": 11,
}  # fmt: skip
"""Rows of each group."""
ROWS = [f"{group}{number}" for group, rows in GROUPS.items() for number in range(1, rows + 1)]
ROW = re.compile(r"(?<![A-Za-z0-9])([A-IKLMPRSVW][0-9]{1,2})[_ ]")

CANNOT_APPLY = {
    "A17": "a probability that was divided by 12 instead of converted looks like any other",
}
WAITS_FOR: dict[str, str] = {}
"""What is not built yet, by row. A row leaves this list together with the change that builds it."""
MOST_WITHOUT_A_TEST = 1
"""Rows that may be without a test; it only falls."""


def names() -> Iterator[str]:
    """The names of all tests and of their cases: functions, and texts of one line that no docstring is."""
    for path in sorted(TESTS.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree) if path != Path(__file__) else ():
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                yield from [node.value] if "\n" not in node.value else ()


@pytest.fixture(scope="module")
def tested() -> Counter[str]:
    """How many tests each row has."""
    return Counter(row for name in names() for row in set(ROW.findall(name)))


def test_every_row_has_a_test_or_a_reason_why_not(tested: Counter[str]) -> None:
    without = [row for row in ROWS if not tested[row] and row not in CANNOT_APPLY and row not in WAITS_FOR]
    assert without == []


def test_a_row_that_has_a_test_is_not_said_to_have_none(tested: Counter[str]) -> None:
    assert [row for row in (*CANNOT_APPLY, *WAITS_FOR) if tested[row]] == []


def test_no_test_bears_the_name_of_a_row_that_does_not_exist(tested: Counter[str]) -> None:
    assert len(ROWS) == 240
    assert set(tested) <= set(ROWS)


def test_few_rows_are_without_a_test() -> None:
    assert set(CANNOT_APPLY) | set(WAITS_FOR) <= set(ROWS)
    assert not set(CANNOT_APPLY) & set(WAITS_FOR)
    assert len(CANNOT_APPLY) + len(WAITS_FOR) <= MOST_WITHOUT_A_TEST
    assert all((CANNOT_APPLY | WAITS_FOR).values())


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("C13_utility_for_the_dead", ["C13"]),
        ("test_D4_a_discount_rate_of_zero", ["D4"]),
        ("test_D4_x[A20_y]", ["D4", "A20"]),
        ("@SUM(A1)", []),
        ("test_AB12_c", []),
        ("test_C130_c", []),
    ],
)
def test_a_name_tells_its_rows(name: str, rows: list[str]) -> None:
    assert ROW.findall(name) == rows
