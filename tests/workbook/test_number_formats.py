"""How another spreadsheet program shows the workbook's numbers."""

from pathlib import Path

import xlsxwriter

from costmodel.report.workbook.sheet import formats
from tests.support.pounds import POUNDS
from tests.support.spreadsheets import shown_by_libreoffice

SHOWN = {-1e-9: "£0.00", 0.0: "£0.00", -0.0049: "£0.00", 0.0049: "£0.00", -0.005: "-£0.01", 0.005: "£0.01",
         -1234.5: "-£1,234.50", 12345.678: "£12,345.68"}  # fmt: skip


def test_less_than_half_a_penny_is_nothing_in_a_cell_of_money(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "pounds.xlsx")
    sheet, styles = book.add_worksheet(), formats(book, POUNDS)
    for row, pounds in enumerate(SHOWN):
        sheet.write(row, 0, pounds, styles["money"])
        sheet.write(row, 1, pounds, styles["output"])
    book.close()
    shown = shown_by_libreoffice(tmp_path / "pounds.xlsx", tmp_path)
    assert shown == [text for text in SHOWN.values() for _ in range(2)]
