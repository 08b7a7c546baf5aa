"""The board page of the workbook says what the engine says of the same inputs: both lines, and every payer."""

import math
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import costmodel as cm
from costmodel.report.board import board
from costmodel.report.workbook import write
from costmodel.report.workbook.board import BOARD, FIRST, LINES, PEOPLE
from costmodel.report.workbook.reader import read_changes
from costmodel.report.workbook.words import WORDS
from tests.support.spreadsheets import Cells, by_formualizer, by_libreoffice, disagreements, edited, formulas, stored
from tests.workbook.test_live import YOURS

SCENARIOS = Path(__file__).parents[2] / "scenarios"
MARK = (PEOPLE + 1, 3)
LONGEST_FORMULA = 200


def board_of(tmp: pytest.TempPathFactory, scenario: cm.Scenario) -> Path:
    path = tmp.mktemp("board") / "report.xlsx"
    write(cm.run(scenario, draws=0), path)
    return path


@pytest.fixture(scope="module")
def book(example_scenario: cm.Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return board_of(tmp_path_factory, example_scenario)


@pytest.fixture(scope="module")
def panic() -> cm.Scenario:
    return cm.load(SCENARIOS / "panic" / "base.yaml")


@pytest.fixture(scope="module")
def panic_book(panic: cm.Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return board_of(tmp_path_factory, panic)


def typed(path: Path, values: dict[str, float]) -> dict[tuple[str, int, int], float]:
    rows: dict[str, int] = {}
    for (sheet, row, column), value in sorted(stored(path).items(), key=lambda one: one[0][1]):
        if (sheet, column) == ("Inputs", 1):
            rows.setdefault(str(value), row)
    return {("Inputs", rows[name], YOURS): value for name, value in values.items()}


def check(cells: Cells, scenario: cm.Scenario, people: int | None = None) -> str:
    """The sentences and the table against the engine's own run; returns the first line."""
    found = board(cm.run(scenario, draws=0))
    assert [cells[BOARD, row + 1, 1] for row in (LINES, LINES + 1)] == list(found.verdict.lines)
    many = (people or scenario.model.people) / scenario.model.people
    for row, wanted in enumerate(found.frame.to_dict("records"), FIRST + 1):
        for column, key in ((2, "therapy"), (3, "back"), (4, "net")):
            assert cells[BOARD, row, column] == pytest.approx(wanted[key] * many, abs=0.01 * people if people else 1)
        month, ratio = cells[BOARD, row, 5], cells[BOARD, row, 6]
        if month == "no":
            assert math.isnan(wanted["payback_months"])
        else:
            assert month == pytest.approx(wanted["payback_months"], abs=1e-6)
        if isinstance(ratio, str):
            assert ratio == wanted["qaly"]
        else:
            assert ratio == pytest.approx(wanted["cost_per_qaly"], rel=1e-6)
    return str(cells[BOARD, LINES + 1, 1])


def only(path: Path) -> list[tuple[str, int, int]]:
    return [at for at in formulas(path) if at[0] == BOARD]


OVER = "strategies.therapy.therapy.over"
EDITS: list[Any] = [
    pytest.param({}, {}, "does not repay", id="as written"),
    pytest.param({"session_price": 2.0}, {}, "repays the NHS and social care after about", id="cheap"),
    pytest.param({"session_price": 0.0}, {}, "no course", id="free"),
    pytest.param({"sessions": 0.0}, {}, "no course", id="no sessions"),
    pytest.param({OVER: 70.0}, {OVER: "70 months"}, "still runs", id="long"),
    pytest.param({"gp_ratio": 0.05, "gp_ill": 60.0, "session_price": 12.0}, {}, "repays", id="saves and improves"),
    pytest.param({"utility_well": 0.5}, {}, "does not repay", id="health the same"),
    pytest.param({"utility_well": 0.4}, {}, "does not repay", id="dearer and worse"),
    pytest.param({"utility_well": 0.4, "session_price": 2.0}, {}, "repays", id="cheaper and worse"),
    pytest.param({"utility_ill": 0.6999}, {}, "does not repay", id="a sum of millions"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "as_file", "says"), EDITS)
def test_both_lines_and_all_payers_follow_an_edit(
    book: Path, example_scenario: cm.Scenario, values: dict[str, float], as_file: dict[str, str], says: str
) -> None:
    cells = by_formualizer(book, typed(book, values), only(book))
    changed = example_scenario.changed(as_file or values, fix=not as_file) if values else example_scenario
    assert says in check(cells, changed)
    mark = str(cells[(BOARD, *MARK)])
    assert mark.startswith(f"{len(values)} input" if values else "Every input is as it was")


def test_people_who_start_are_typed_on_the_page(book: Path, example_scenario: cm.Scenario) -> None:
    cells = by_formualizer(book, {(BOARD, PEOPLE + 1, 2): 250}, only(book))
    check(cells, example_scenario, people=250)
    copy = book.with_name("people.xlsx")
    opened = openpyxl.load_workbook(book)
    opened[BOARD].cell(PEOPLE + 1, 2).value = 250
    opened.save(copy)
    assert not read_changes(copy.read_bytes(), example_scenario).changes


def test_formulas_are_short_and_every_stored_value_is_theirs(panic_book: Path) -> None:
    mine = {at: text for at, text in formulas(panic_book).items() if at[0] in (BOARD, WORDS)}
    assert len(mine) > 50
    assert {text for text in mine.values() if len(text) > LONGEST_FORMULA} == set()
    assert {text for text in mine.values() if "TEXT(" in text or "FIXED(" in text} == set()
    wrong = disagreements(panic_book, by_formualizer(panic_book))
    assert [line for line in wrong if line.startswith((BOARD, WORDS))] == []


def test_it_is_the_first_sheet_and_ends_with_what_the_run_says(example_result: cm.Result, tmp_path: Path) -> None:
    write(example_result, tmp_path / "report.xlsx")
    opened = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)
    sheet = opened[BOARD]
    assert opened.sheetnames[0] == BOARD
    assert opened.active.title == BOARD  # type: ignore[union-attr]
    assert sheet.page_setup.orientation == "portrait"
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert "What would be said against it" in texts
    assert any(text.startswith("Money: ") and " in 100" in text for text in texts)


@pytest.mark.long
def test_libreoffice_says_the_same_of_panic_disorder(
    panic_book: Path, panic: cm.Scenario, soffice: str, tmp_path: Path
) -> None:
    edits: list[dict[str, float]] = [
        {"session_staff_band_7": 20.0, "threshold_20k": 2_000.0}, {"sessions_planned": 8.0}, {"other_care_ratio": 0.2},
    ]  # fmt: skip
    copies = edited(panic_book, [typed(panic_book, one) for one in edits], tmp_path)
    for cells, values in zip(by_libreoffice(copies, tmp_path, sheet=BOARD), edits, strict=True):
        check(cells, panic.changed(values))
