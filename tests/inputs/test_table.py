"""Tables as spreadsheets save them are read; a mistake that is made a thousand times is told once."""

from pathlib import Path

import pytest

from costmodel.errors import InputError
from costmodel.inputs.files import read_table

COLUMNS = ("year", "level", "status", "source")
PLAIN = 'year,level,status,source\n2022/23,1.0,read,"Office, table 3"\n2023/24,1.05,read,"Office, table 3"\n'
LAYOUTS = {
    "byte-order mark": "\ufeff" + PLAIN,
    "tabs": PLAIN.replace("Office, table", "Office; table").replace(",", "\t").replace(";", ","),
    "semicolons": PLAIN.replace("Office, table", "Office| table").replace(",", ";").replace("|", ","),
    "the line that names the separator": "sep=,\r\n" + PLAIN.replace("\n", "\r\n"),
    "the same with semicolons": "sep=;\n" + PLAIN.replace(", ", "| ").replace(",", ";").replace("|", ","),
    "empty columns to the right": "\ufeff" + PLAIN.replace("\n", ",,,\n") + ",,,,,,\n",
    "empty cells to the right of rows alone": PLAIN.replace('"\n', '",,\n'),
    "empty rows below": PLAIN + ",,,\n,,,\n",
    "an empty row between": PLAIN.replace("\n2023", "\n,,,\n2023"),
    "capitals": PLAIN.replace("year,level,status,source", "Year,LEVEL,Status,Source"),
    "blanks round cells": PLAIN.replace("2022/23,1.0,read", " 2022/23 , 1.0 ,read "),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_is_the_same_however_a_spreadsheet_saved_it(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(LAYOUTS[layout].encode())
    table = read_table(path, COLUMNS)
    assert set(table.columns) == set(COLUMNS)
    assert [row.cells for row in table.rows] == [
        {"year": year, "level": level, "status": "read", "source": "Office, table 3"}
        for year, level in (("2022/23", "1.0"), ("2023/24", "1.05"))
    ]


def test_a_row_is_placed_at_its_line_below_the_line_that_names_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("sep=,\n" + PLAIN + ",,,\n\n2024/25,1.1,read,x\n")
    assert [row.place for row in read_table(path, COLUMNS).rows] == [f"table.csv, line {n}" for n in (3, 4, 7)]


@pytest.mark.parametrize(
    "row", ["2022/23;1,05;read;x", "2022/23;1.05;read;x\n2023/24;1,05;read;x", "2022/23,1.05,read,x"]
)
def test_decimal_commas_between_semicolons_are_refused_in_one_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text("year;level;status;source\n" + (row + "\n") * 500)
    with pytest.raises(InputError, match="line 1: the columns are separated by semicolons.*write 0.35") as refused:
        read_table(path, COLUMNS)
    assert len(refused.value.problems) == 1


def test_a_thousand_rows_of_the_wrong_length_are_told_in_one_line_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n" + "1,2,3\n" * 1_000)
    with pytest.raises(InputError) as refused:
        read_table(path)
    (problem,) = refused.value.problems
    assert problem.place == "table.csv, line 3"
    assert problem.found == ("the row has 3 cells and the header 2 (and 999 more like it, the last in line 1002)")


def test_columns_that_are_not_there_are_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("jaar,niveau,soort,bron\n2022/23,1,read,x\n")
    with pytest.raises(InputError) as refused:
        read_table(path, COLUMNS)
    assert [problem.place for problem in refused.value.problems] == ["table.csv, line 1"] * 2
    assert str(refused.value).splitlines()[0] == (
        'table.csv, line 1: there is no column "year", "level", "status" or "source". '
        "Columns: year, level, status, source."
    )
