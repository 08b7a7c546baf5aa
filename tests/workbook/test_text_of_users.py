"""Text of a scenario in the workbook and the CSV: shown as it is, never run, never too long for its cell."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import costmodel as cm
from costmodel.app.parts.text import csv as csv_of_the_dashboard
from costmodel.report.render import as_csv
from costmodel.report.workbook import as_bytes
from costmodel.report.workbook.sheet import clean
from tests.scenario.slips import problems
from tests.support.example import documented_model, edited, example, load_example, write_model

LONGEST_NAME = 31
"""Characters of a sheet's name."""
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_576

TEXTS = {
    "G1_formula_with_a_link": '=HYPERLINK("http://x","y")',
    "G1_formula_that_calls_a_program": "=cmd|' /c calc'!A1",
    "G2_plus": "+1+1",
    "G2_minus": "-1+1",
    "G2_at": "@SUM(A1)",
    "G2_full_width_equals_sign": "＝1+1",
    "G4_script": "<script>alert(1)</script>",
    "G4_picture": "![x](http://example.org/x.png)",
    "G9_format_of_a_class": "{__class__} {0} {label}",
    "G9_percent": "%s %(x)s %n",
    "G9_command": "$(id) `id` ${HOME}",
    "G5_characters_that_no_sheet_name_may_hold": "a[]:*?/\\b" * 8,
}


def named(folder: Path, text: str) -> cm.Scenario:
    """The example with a text wherever a scenario has one that is shown."""
    return load_example(
        folder,
        title=text,
        population=text,
        leaves_out=[text],
        cycle="12 months",
        **{
            "strategies.therapy.label": text,
            "costs.gp.label": text,
            "parameters.sessions.label": text,
            "parameters.sessions.note": text,
            "states.ill": text,
        },
    )


def book_of(scenario: cm.Scenario) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(as_bytes(cm.run(scenario, draws=2))))


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_written_as_text(name: str, tmp_path: Path) -> None:
    text = TEXTS[name]
    book = book_of(named(tmp_path, text))
    formulas = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"}
    assert not any(text in formula for formula in map(str, formulas))
    exact = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert len(exact) >= 3
    assert {cell.data_type for cell in exact} == {"s"}
    assert not any(cell.hyperlink for cell in exact)


@pytest.mark.parametrize("name", TEXTS)
def test_text_in_a_csv_is_not_run(name: str, tmp_path: Path) -> None:
    table = cm.run(named(tmp_path, TEXTS[name]), draws=0).table()
    rows = list(csv.reader(io.StringIO(as_csv(table))))
    of_the_dashboard = list(csv.reader(io.StringIO(csv_of_the_dashboard(table).decode("utf-8-sig"))))
    assert len(rows) == len(of_the_dashboard) > 100
    for cell in (cell for row in (*rows, *of_the_dashboard) for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝"))
        if cell.startswith("-"):
            float(cell)


@pytest.mark.parametrize(
    "labels",
    [
        ("Long " * 12 + "one", "Long " * 12 + "two"),
        ("Brief", "BRIEF"),
        ("Cover", "Summary"),
        ("a[]:*?/\\b", "a[]:*?//b"),
        ("'quoted'", "History"),
    ],
    ids=["G5_equal_when_cut", "G5_case", "G5_names_of_ours", "G5_forbidden_characters", "G5_reserved"],
)
def test_names_of_sheets_are_short_safe_and_unique(labels: tuple[str, str], tmp_path: Path) -> None:
    model = edited(documented_model(), {"cycle": "12 months", "strategies.therapy.label": labels[0]})
    model["strategies"]["other"] = model["strategies"]["therapy"] | {"label": labels[1]}
    names = book_of(cm.load(write_model(tmp_path, model))).sheetnames
    assert len({name.casefold() for name in names}) == len(names) > 8
    for name in names:
        assert 0 < len(name) <= LONGEST_NAME
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, 0x202E, 0x200B, 0xFEFF])
def test_G6_a_control_character_never_reaches_a_cell(code: int) -> None:
    shown = clean(f"a{chr(code)}b")
    assert shown == ("ab" if code != 0x7F else "a\x7fb")


def test_G7_a_text_longer_than_a_cell_is_refused(tmp_path: Path) -> None:
    said = problems(example(tmp_path, **{"parameters.sessions.note": "x" * (LONGEST_CELL + 1)}))
    assert len(said) == 1
    assert "parameters.sessions.note" in said[0]
    assert "at most 5000 characters" in said[0]
    assert len(said[0]) < 500


def test_G7_a_text_of_ours_is_cut_to_what_a_cell_holds() -> None:
    assert len(clean("x" * 100_000)) <= LONGEST_CELL


def test_G7_draws_are_rows_of_one_sheet_alone(example_scenario: cm.Scenario) -> None:
    """Other sheets have a row for each cycle, of which there are at most 1,200, however many draws were made.

    What is said of the draws, in sentences and summaries, may differ.
    """
    sizes: list[dict[str, Any]] = []
    for draws in (2, 3_000):
        book = openpyxl.load_workbook(io.BytesIO(as_bytes(cm.run(example_scenario, draws=draws))))
        sizes.append({sheet.title: sheet.max_row for sheet in book})
    assert [size.pop("Draw values") for size in sizes] == [7, 3_005]
    said = {"Board", "Uncertainty", "Value of information"}
    assert {name: size for name, size in sizes[0].items() if name not in said} == {
        name: size for name, size in sizes[1].items() if name not in said
    }
    assert all(sizes[1][name] < 400 for name in said)
    assert max(sizes[0].values()) < MOST_ROWS
