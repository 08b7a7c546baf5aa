"""The workbook on paper: every sheet on A4 with header, footer and page numbers; report sheets short and legible."""

import math
import re
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter, range_boundaries

import costmodel as cm
from costmodel.report.workbook import as_bytes
from tests.support.spreadsheets import Path

REPORT = {"Board": 1, "Cover": 2, "Summary": 2, "Draws": 2}
"""Sheets that are read on paper, and how many pages they may have."""
SCREEN = re.compile("Rates|Trace|Costs|Net cost|Draw values|Words")
A4 = (8.27, 11.69)
"""Inches."""
PIXELS, POINTS, LEAST = 96, 72, 9
WIDE = 7
"""Pixels of a unit of width."""


@pytest.fixture(scope="module")
def book(example_result: cm.Result, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("printed") / "report.xlsx"
    path.write_bytes(as_bytes(example_result))
    return openpyxl.load_workbook(path)


def area(sheet: Any) -> tuple[int, int, int, int]:
    """First column and row, last column and row of what is printed."""
    printed = sheet.print_area or sheet.dimensions
    return range_boundaries(str(printed).split("!")[-1].replace("$", ""))  # type: ignore[return-value]


def widths(sheet: Any) -> dict[int, float]:
    """Of columns, in units; the book writes each on its own."""
    found = {}
    for one in sheet.column_dimensions.values():
        found |= dict.fromkeys(range(one.min, one.max + 1), one.width)
    return found


def scale(sheet: Any) -> float:
    """By which a sheet is made to fit the width of the paper."""
    first, _, last, _ = area(sheet)
    wide = widths(sheet)
    pixels = sum(WIDE * wide.get(column, 9.14) for column in range(first, last + 1))
    paper = A4[sheet.page_setup.orientation == "landscape"] - sheet.page_margins.left - sheet.page_margins.right
    return min(1.0, paper * PIXELS / pixels)


def test_every_sheet_is_on_a4_with_header_footer_and_page_numbers(book: Any) -> None:
    for sheet in book:
        assert str(sheet.page_setup.paperSize) == "9", sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.oddHeader.right.text == "&A"
        assert "&P of &N" in sheet.oddFooter.right.text
        assert sheet.print_title_rows
    assert [s.title for s in book if s.print_title_rows == "$4:$4"][:2] == ["Summary", "Inputs"]


def test_sheets_for_the_screen_print_their_title_alone(book: Any) -> None:
    titles = [sheet.title for sheet in book if SCREEN.match(sheet.title)]
    assert len(titles) >= 6
    assert {area(book[title])[3] for title in titles} == {3}


@pytest.mark.parametrize("name", REPORT)
def test_report_sheets_are_legible_and_short(book: Any, name: str) -> None:
    sheet = book[name]
    smallest = min(cell.font.size for row in sheet.iter_rows() for cell in row if cell.value is not None)
    assert smallest * scale(sheet) >= LEAST
    _, first, _, last = area(sheet)
    heights = [sheet.row_dimensions[row].height or 15 for row in range(first, last + 1)]
    below = 0 if sheet.print_area else max([chart.anchor.to.row - last for chart in sheet._charts], default=0)
    inches = (sum(heights) + 15 * below) / POINTS * scale(sheet)
    paper = A4[sheet.page_setup.orientation != "landscape"] - sheet.page_margins.top - sheet.page_margins.bottom
    assert inches <= REPORT[name] * paper


@pytest.mark.parametrize("name", REPORT)
def test_no_text_of_a_report_sheet_is_cut(book: Any, name: str) -> None:
    """Unless it is wrapped a text has room in its cell and the empty ones after it, else in the height of its row."""
    sheet = book[name]
    wide, (_, _, last, _) = widths(sheet), area(sheet)
    merged = {one.start_cell.coordinate: range(one.min_col, one.max_col + 1) for one in sheet.merged_cells.ranges}
    checked = 0
    for row in sheet.iter_rows(max_col=last):
        for cell in row:
            if not isinstance(cell.value, str) or cell.value.startswith("="):
                continue
            after = next((c.column for c in row[cell.column :] if c.value is not None), last + 1)
            size, checked = cell.font.size / 10, checked + 1
            room = sum(wide.get(at, 8.43) for at in range(cell.column, after)) * 1.1
            if cell.alignment.wrap_text:
                height = sheet.row_dimensions[cell.row].height
                over = sum(wide[at] for at in merged.get(cell.coordinate, (cell.column,)))
                lines = math.ceil(len(cell.value) * size / (over * 1.1))
                assert height is None or lines * 13 * size <= height + 0.5, (cell.coordinate, cell.value)
            else:
                assert len(cell.value) * size <= room, (cell.coordinate, get_column_letter(after), cell.value)
    assert checked > 10
