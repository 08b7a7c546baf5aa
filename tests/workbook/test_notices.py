"""A workbook that comes back is refused where anything but "Your value" was changed, with the cell."""

import random
import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.cell import coordinate_to_tuple

import costmodel as cm
from costmodel.errors import InputError
from costmodel.report.workbook.reader import InputCell, _change, _changed, opened, read_changes
from tests.support.example import load_example
from tests.support.spreadsheets import Cells, by_formualizer, by_libreoffice, stored
from tests.support.workbooks import cell, edited, exported, put_xml, repacked, row_of, typed
from tests.workbook.test_timing import EDITS as EDITS_OF_TIMES

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("example"), follow_up="6 months", horizon="1 year")


@pytest.fixture(scope="module")
def book(scenario: cm.Scenario) -> bytes:
    return exported(scenario)


def refusal(content: bytes, scenario: cm.Scenario) -> str:
    with pytest.raises(InputError) as caught:
        read_changes(content, scenario)
    assert all(problem.place and problem.remedy for problem in caught.value.problems)
    return str(caught.value)


def put(sheet: str, at: str, value: object) -> Callable[[Any], object]:
    return lambda made: made[sheet].__setitem__(at, value)


def _name(made: Any) -> None:
    made.defined_names["in_attendance"].attr_text = "Inputs!$H$6"


def test_a_book_with_draws_and_several_strategies_comes_back(tmp_path: Path) -> None:
    """What the run knows moves no cell that is compared."""
    result = cm.run(cm.load(SCENARIOS / "panic" / "model.yaml").changed({"horizon": "2 years"}), draws=3)
    assert len(result.strategies) > 2
    cm.workbook(result, tmp_path / "book.xlsx")
    assert not read_changes((tmp_path / "book.xlsx").read_bytes(), result.scenario).changes


def test_no_two_rows_of_inputs_have_one_id_and_the_book_comes_back(tmp_path: Path) -> None:
    """Here a parameter is called as an item's cost of a year in a state would be."""
    scenario = cm.load(SCENARIOS / "complex_long_term" / "dutch_german_offsets.yaml")
    cm.workbook(cm.run(scenario, draws=0), tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx", read_only=True)["Inputs"]
    ids = [one for (one,) in sheet.iter_rows(min_row=5, max_col=1, values_only=True) if one]
    assert sorted(set(ids)) == sorted(ids)
    assert not read_changes((tmp_path / "book.xlsx").read_bytes(), scenario).changes


EDITS: list[Any] = [
    pytest.param(put("Rates", "H12", 0.3), "Rates!H12: 0.3; the formula =", id="F27 a rate"),
    pytest.param(put("Rates", "A12", 9), "Rates!A12: 9; 6", id="F27 a month"),
    pytest.param(put("Trace 2", "F12", 0.5), "Trace 2!F12: 0.5; the formula =", id="F27 people"),
    pytest.param(put("Trace 1", "F12", "=F11*1"), "Trace 1!F12: the formula =F11*1; the formula =", id="F27 a formula"),
    pytest.param(put("Costs", "C12", 400), "Costs!C12: 400; the formula =", id="F27 a cost"),
    pytest.param(put("Costs", "C12", None), "Costs!C12: nothing stands here; the formula =", id="F27 an empty cost"),
    pytest.param(put("Net cost", "B9", "-50"), 'Net cost!B9: "-50"; the formula =', id="F27 a text"),
    pytest.param(put("Summary", "B6", 2651), "Summary!B6: 2651; the formula =", id="F27 an answer"),
    pytest.param(put("Summary", "C6", 2651), "Summary!C6: 2651; ", id="F27 the run's answer"),
    pytest.param(put("Summary", "A6", "Society: net saving"), 'Summary!A6: "Society: net saving"; "', id="F27 a label"),
    pytest.param(put("Board", "A6", "Money: repays"), 'Board!A6: "Money: repays"; the formula =', id="F27 a sentence"),
    pytest.param(put("Words", "B10", "repays"), 'Words!B10: "repays"; ', id="F27 a word"),
    pytest.param(put("Inputs", "G5", 2), "Inputs!G5: 2; 1", id="F27 a price factor"),
    pytest.param(put("Inputs", "I9", 0), "Inputs!I9: 0; the formula =", id="F27 what counts changes"),
    pytest.param(put("Checks", "D5", "OK"), 'Checks!D5: "OK"; the formula =', id="F27 a check"),
    pytest.param(_name, "defined name in_attendance: it means Inputs!$H$6; 'Inputs'!", id="F27 a defined name"),
    pytest.param(lambda made: made.remove(made["Costs"]), 'workbook: there is no sheet "Costs"', id="F27 a sheet"),
    pytest.param(lambda made: made["Inputs"].insert_rows(2), "Inputs!A2: nothing stands here; ", id="F27 a row"),
    pytest.param(lambda made: made["Rates"].insert_cols(1), "Rates!A1: nothing stands here; ", id="F27 a column"),
    pytest.param(lambda made: made["Net cost"].delete_rows(12), "Net cost!", id="F27 a row taken out"),
]


@pytest.mark.parametrize(("edit", "message"), EDITS)
def test_what_was_changed_beside_the_yellow_cells_is_refused_with_its_cell(
    book: bytes, scenario: cm.Scenario, edit: Callable[[Any], object], message: str
) -> None:
    assert refusal(edited(book, edit), scenario).startswith(message)


@pytest.mark.parametrize("edit", [EDITS[0].values[0], EDITS[4].values[0]], ids=["a rate", "a cost"])
def test_it_is_refused_beside_a_value_that_was_typed(
    book: bytes, scenario: cm.Scenario, edit: Callable[[Any], object]
) -> None:
    assert "belongs there" in refusal(edited(typed(book, {"attendance": 0.7}), edit), scenario)


def _notes(made: Any) -> None:
    made["Rates"]["AZ3"] = "Seen by a reviewer."
    made["Summary"]["M6"] = "=B6/2"
    made["Inputs"].row_dimensions[7].hidden = True
    made.create_sheet("Mine")["A1"] = 1


def test_notes_beside_the_tables_and_on_sheets_of_ones_own_are_left_alone(book: bytes, scenario: cm.Scenario) -> None:
    assert read_changes(edited(typed(book, {"attendance": 0.7}), _notes), scenario).changes == {"attendance": 0.7}


def test_a_book_saved_without_results_says_that_it_was_not_recalculated(book: bytes, scenario: cm.Scenario) -> None:
    (said,) = read_changes(typed(book, {"attendance": 0.7}), scenario).warnings
    assert "was not recalculated" in said


def _calculated(part: bytes) -> bytes:
    """The sheet Checks as a program leaves it that has computed its last formula."""
    text, count = re.subn(rb"<f>1</f><v>0</v>", b"<f>1</f><v>1</v>", part)
    assert count == 1
    return text


def test_F28_an_answer_that_is_not_the_models_is_refused(book: bytes, scenario: cm.Scenario, tmp_path: Path) -> None:
    names = openpyxl.load_workbook(_file(book, tmp_path), read_only=True).sheetnames
    stale = put_xml(book, cell(book, "attendance"), '<c r="{at}" s="{style}"><v>0.7</v></c>')
    stale = repacked(stale, {f"xl/worksheets/sheet{names.index('Checks') + 1}.xml": _calculated})
    said = refusal(stale, scenario)
    assert re.match(r"Summary!B\d+: \S+ stands here; the model's answer to these inputs is \S+\. Recalculate", said)


def _file(content: bytes, folder: Path) -> Path:
    path = folder / "typed.xlsx"
    path.write_bytes(content)
    return path


def _same(book: bytes, scenario: cm.Scenario, values: dict[str, object], soffice: str, folder: Path) -> None:
    """Saved by openpyxl and by LibreOffice, the values come back: the same digits, and the Summary is the model's."""
    by_openpyxl = read_changes(typed(book, values), scenario)
    by_libreoffice([_file(typed(book, values), folder)], folder)
    there = read_changes((folder / "recalculated" / "typed.xlsx").read_bytes(), scenario)
    assert there.warnings == ()
    assert there.changes == by_openpyxl.changes
    mine, theirs = (cm.run(one.scenario, draws=0).table() for one in (by_openpyxl, there))
    assert mine.equals(theirs)


def test_it_comes_back_from_libreoffice_and_openpyxl(
    book: bytes, scenario: cm.Scenario, soffice: str, tmp_path: Path
) -> None:
    _same(book, scenario, {"attendance": 0.7, "costs.gp.lag": 24}, soffice, tmp_path)


def _rewritten(part: bytes) -> bytes:
    """The formulas of a sheet as another program writes them."""

    def formula(found: re.Match[str]) -> str:
        text = re.sub(r"'(\w+)'!", r"\1!", found[0]).replace("0.000001,", "9.9999999999999995E-7, ")
        return text.replace("0.693147180559945", "0.69314718055994495")

    return re.sub(r"<f>[^<]*</f>", formula, part.decode()).encode()


def test_formulas_that_another_program_wrote_in_its_way_are_the_same(book: bytes, scenario: cm.Scenario) -> None:
    sheets = {f"xl/worksheets/sheet{number}.xml": _rewritten for number in range(3, 10)}
    other = repacked(book, sheets)
    assert b"E-7, " in zipfile.ZipFile(BytesIO(other)).read("xl/worksheets/sheet3.xml")
    assert read_changes(other, scenario).warnings == ()
    wrong = repacked(other, {"xl/worksheets/sheet3.xml": lambda part: part.replace(b"E-7, ", b"E-6, ", 1)})
    assert refusal(wrong, scenario).startswith("Summary!B")


def test_a_sheet_that_holds_far_too_much_is_refused_before_it_is_read(book: bytes, scenario: cm.Scenario) -> None:
    random_ = random.Random(1)
    cells = "".join(f'<c r="A{random_.randrange(10**9)}"/>' for _ in range(300_000))
    much = f"<row>{cells}</row></sheetData>".encode()
    begin = time.perf_counter()
    said = refusal(repacked(book, {"xl/worksheets/sheet5.xml": lambda x: x.replace(b"</sheetData>", much)}), scenario)
    assert said.startswith("Rates: the sheet holds far more than this program wrote")
    assert time.perf_counter() - begin < 3


@pytest.mark.long
@pytest.mark.parametrize("population", ["panic", "high_users"])
def test_overtyped_populations_are_refused_and_edited_ones_come_back(
    population: str, soffice: str, tmp_path: Path
) -> None:
    scenario = cm.load(SCENARIOS / population / "base.yaml")
    book = exported(scenario)
    _same(book, scenario, {"attendance": 0.7}, soffice, tmp_path)
    mine = typed(book, {"attendance": 0.7})
    names = openpyxl.load_workbook(_file(book, tmp_path), read_only=True).sheetnames
    live = [name for name in names[1:] if name in ("Rates", "Costs", "Net cost", "Inputs") or "Trace" in name]
    for number, name in enumerate(live):
        at = f"{'DEFH'[number % 4]}{30 + number}" if name != "Inputs" else f"H{row_of(book, 'attendance')}"
        assert refusal(edited(mine, put(name, at, 2651)), scenario).startswith(f"{name}!{at}: ")


TOUCHED = {"Rates": ("H12", 0.3), "Trace 2": ("F12", 0.5), "Costs": ("C12", 400), "Summary": ("B6", 2651)}


def test_the_flag_turns_where_a_cell_is_overtyped_and_no_input_is_changed(book: bytes, tmp_path: Path) -> None:
    path = _file(book, tmp_path)
    flag = _overall(stored(path))
    assert by_formualizer(path, only=[flag])[flag] == "OK"
    default = {"Inputs": (f"D{row_of(book, 'attendance')}", 0.3)}
    for sheet, (at, value) in (TOUCHED | default).items():
        row, column = coordinate_to_tuple(at)
        assert by_formualizer(path, {(sheet, row, column): value}, only=[flag])[flag] == "CHECK", sheet


def test_people_and_months_that_are_lost_turn_the_flag_beside_a_change(book: bytes, tmp_path: Path) -> None:
    path = _file(book, tmp_path)
    flag, typed_here = _overall(stored(path)), ("Inputs", row_of(book, "attendance"), 5)
    assert by_formualizer(path, {typed_here: 0.7}, only=[flag])[flag] == "OK"
    for touched in (("Trace 2", 12, 6), ("Rates", 12, 1), ("Rates", 12, 2)):
        assert by_formualizer(path, {typed_here: 0.7, touched: 0.5}, only=[flag])[flag] == "CHECK", touched


@pytest.mark.long
def test_formulas_that_were_overtyped_turn_the_flag_beside_a_change(book: bytes, soffice: str, tmp_path: Path) -> None:
    """In programs that can count formulas."""
    mine, paths = typed(book, {"attendance": 0.7}), [_file(typed(book, {"attendance": 0.7}), tmp_path)]
    for sheet, (at, value) in TOUCHED.items():
        paths.append(tmp_path / f"{sheet}.xlsx")
        paths[-1].write_bytes(edited(mine, put(sheet, at, value)))
    (tmp_path / "book.xlsx").write_bytes(book)
    before = stored(tmp_path / "book.xlsx")

    def pasted(made: Any) -> None:
        """A whole sheet as the values that it showed."""
        for row in made["Net cost"].iter_rows():
            for one in row:
                if isinstance(one.value, str) and one.value.startswith("="):
                    one.value = before["Net cost", one.row, one.column]

    paths.append(tmp_path / "pasted.xlsx")
    paths[-1].write_bytes(edited(mine, pasted))
    untouched, *others = (cells[_overall(cells)] for cells in by_libreoffice(paths, tmp_path, sheet="Checks"))
    assert untouched == "OK"
    assert others == ["CHECK"] * (len(TOUCHED) + 1)


def _overall(cells: Cells) -> tuple[str, int, int]:
    """Where the flag of all checks stands."""
    starts = ((sheet, row) for (sheet, row, column), value in cells.items() if str(value).startswith("Overall, "))
    return *next(starts), 4


def test_yellow_cells_alone_are_unlocked_and_none_is_inert(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **EDITS_OF_TIMES)
    made = openpyxl.load_workbook(_file(exported(scenario), tmp_path))
    sheets = [sheet for sheet in made if sheet.protection.sheet]
    assert {"Board", "Words", "Summary", "Inputs", "Rates", "Trace 1", "Costs", "Net cost", "Checks"} <= {
        sheet.title for sheet in sheets
    }
    assert all(sheet.protection.password is None for sheet in sheets)
    unlocked = [(sheet.title, one) for sheet in sheets for row in sheet for one in row if not one.protection.locked]
    assert {(title, one.column_letter) for title, one in unlocked} == {("Inputs", "E"), ("Board", "B")}
    yellow = {one.row for title, one in unlocked if title == "Inputs"}
    grey = {str(row[0].value): row[15].value for row in made["Inputs"] if row[4].fill.fgColor.rgb == "FFD9D9D9"}
    assert yellow
    assert any("later of two moments" in str(note) for note in grey.values())
    assert {made["Inputs"].cell(row, 1).value for row in yellow} & grey.keys() == set()


def test_a_value_outside_its_distribution_is_held_and_said(book: bytes, scenario: cm.Scenario) -> None:
    returned = read_changes(typed(book, {"gp_ratio": 1.5, "attendance": 1, "hr_recover": 0}), scenario)
    (held,) = (said for said in returned.warnings if "is held at" in said)
    assert held.startswith("gp_ratio is held at 1.5 in every draw")
    assert returned.held == {"gp_ratio"}
    assert [returned.scenario.central[name] for name in returned.changes] == [0, 1, 1.5]
    again = exported(returned.scenario)
    assert read_changes(again, returned.scenario).changes == {}
    assert read_changes(typed(again, {"gp_ratio": 1.2}), returned.scenario).scenario.central["gp_ratio"] == 1.2


def test_what_the_model_refuses_is_refused_with_the_cell(book: bytes, scenario: cm.Scenario) -> None:
    at = f"Inputs!{cell(book, 'strategies.therapy.effects.recovers_faster.from')}"
    typed_here = typed(book, {"strategies.therapy.effects.recovers_faster.from": 1200})
    assert refusal(typed_here, scenario).startswith(f"{at} (model.yaml, line ")


@pytest.mark.long
def test_nearly_every_value_that_a_yellow_cell_allows_is_taken(tmp_path: Path) -> None:
    """Both ends and what lies between, of every fourth cell; what is refused has a place and a remedy."""
    scenario = cm.load("panic")
    path = _file(exported(scenario), tmp_path)
    sheet, rows = openpyxl.load_workbook(path)["Inputs"], {one.id: one for one in opened(path.read_bytes()).rows}
    allowed = [
        (str(sheet.cell(area.min_row, 1).value), rule)
        for rule in sheet.data_validations.dataValidation for area in rule.sqref.ranges
        if not sheet.cell(area.min_row, area.min_col).protection.locked
    ]  # fmt: skip
    tried, refused = 0, list[tuple[str, Any]]()
    for name, rule in allowed[::4]:
        low, high, now = float(rule.formula1), float(rule.formula2), float(rows[name].default.value or 0)
        for value in {low, round((low + now) / 2) if rule.type == "whole" else (low + now) / 2, high}:
            tried += 1
            row = replace(rows[name], yours=InputCell(rows[name].yours.place, value, False))
            try:
                cm.run(_changed(scenario, _change(row, scenario, None))[0], draws=0, strata=False)
            except InputError as error:
                refused.append((name, error.problems))
    assert tried > 60
    assert all(problem.place and problem.remedy for _, problems in refused for problem in problems)
    assert len(refused) <= 0.03 * tried, refused
