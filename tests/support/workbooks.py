"""Workbooks as somebody sends them back: values typed into them, and parts of the file tampered with."""

import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

import costmodel as cm
from costmodel.report.workbook import as_bytes

INPUTS = "xl/worksheets/sheet4.xml"
"""The part that holds the sheet Inputs."""
YOURS, DEFAULT = "E", "D"


def exported(scenario: cm.Scenario) -> bytes:
    """The workbook of a scenario, from its deterministic run."""
    return as_bytes(cm.run(scenario, draws=0))


def row_of(content: bytes, name: str) -> int:
    """The first row of the sheet Inputs with an Id."""
    sheet = openpyxl.load_workbook(BytesIO(content), read_only=True)["Inputs"]
    return next(
        number for number, (text,) in enumerate(sheet.iter_rows(max_col=1, values_only=True), 1) if text == name
    )


def cell(content: bytes, name: str) -> str:
    """Where somebody types a value of their own for an Id."""
    return f"{YOURS}{row_of(content, name)}"


def edited(content: bytes, edit: Callable[[Any], object]) -> bytes:
    """A workbook after an edit, saved by openpyxl: formulas lose their stored values."""
    book = openpyxl.load_workbook(BytesIO(content))
    edit(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def typed(content: bytes, values: Mapping[str, object]) -> bytes:
    """A workbook with values typed into "Your value", by Id."""

    def fill(book: Any) -> None:
        sheet: Worksheet = book["Inputs"]
        rows = {row[0].value: row[0].row for row in reversed(list(sheet.iter_rows(min_row=5, max_col=1)))}
        for name, value in values.items():
            sheet[f"{YOURS}{rows[name]}"].value = value

    return edited(content, fill)


def repacked(content: bytes, change: Mapping[str, Callable[[bytes], bytes]], more: Mapping[str, bytes] = {}) -> bytes:
    """A workbook with some parts of the file changed, and others added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, bytes)(old.read(name)))
        for name, part in more.items():
            new.writestr(name, part)
    return out.getvalue()


def put_xml(content: bytes, at: str, xml: str) -> bytes:
    """A workbook whose blank cell on the sheet Inputs is replaced by XML, as another program would have saved it.

    xml: with {at} for the cell's own name and {style} for its style.
    """

    def replaced(part: bytes) -> bytes:
        text, count = re.subn(
            rf'<c r="{at}" s="(\d+)"\s*/>', lambda m: xml.format(at=at, style=m[1]), part.decode(), count=1
        )
        assert count == 1, f"{at} is not a blank cell"
        return text.encode()

    return repacked(content, {INPUTS: replaced})
