"""A price index converts prices between the years that it covers, and refuses the others."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import InputError
from costmodel.inputs.prices import PriceIndex, factor, parse_price_year, read_price_index

HEADER = "year,level,status,source\n"
INDEX = PriceIndex("example", {"2022/23": 1.0, "2023/24": 1.05, "2024/25": 1.0815})


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "index.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_are_found_by_name_and_years_are_put_in_order(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffstatus,source,level,year\r\nread,X,1.05,2023/24\r\nread,X,1,2022/23\r\n\r\n")
    index = read_price_index(path, "example")
    assert dict(index.levels) == {"2022/23": 1.0, "2023/24": 1.05}
    assert list(index.levels) == ["2022/23", "2023/24"]
    assert index.name == "example"
    assert read_price_index(path).name == "index"
    assert index.years_covered == "2022/23 to 2023/24"


@given(st.sampled_from(list(INDEX.levels)), st.sampled_from(list(INDEX.levels)), st.floats(0.01, 1e6))
def test_inflating_then_deflating_gives_the_price_back(earlier: str, later: str, price: float) -> None:
    there = price * factor(INDEX, earlier, later)
    assert there * factor(INDEX, later, earlier) == pytest.approx(price, rel=1e-14)


def test_factors_chain_and_raise_prices_by_the_index() -> None:
    assert factor(INDEX, "2022/23", "2024/25") == pytest.approx(1.0815)
    chained = factor(INDEX, "2022/23", "2023/24") * factor(INDEX, "2023/24", "2024/25")
    assert chained == pytest.approx(factor(INDEX, "2022/23", "2024/25"))
    assert factor(INDEX, "2023/24", "2023/24") == 1


@pytest.mark.parametrize("year", ["2021/22", "2025/26", "2024"])
def test_a_year_outside_the_index_is_refused_with_the_years_covered(year: str) -> None:
    for years in ((year, "2022/23"), ("2022/23", year)):
        with pytest.raises(ValueError, match=f"no year {year}; it covers 2022/23 to 2024/25"):
            factor(INDEX, *years)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (HEADER + "2022/23,1,read,X\n2022/23,1,read,X\n", 3, "stands here and in index.csv, line 2"),
        (HEADER + "2022/23,1,read,X\n2024/25,1,read,X\n", 3, "no year between 2022/23 and 2024/25"),
        (HEADER + "2022/23,0,read,X\n", 2, "the level of 2022/23 is 0"),
        (HEADER + "2022/23,-1,read,X\n", 2, "the level of 2022/23 is -1"),
        (HEADER + "2022/23,nan,read,X\n", 2, "not a finite number"),
        (HEADER + "2022/23,1e999,read,X\n", 2, "not a finite number"),
        (HEADER + "2022/23,5%,read,X\n", 2, "not a finite number"),
        (HEADER + '2022/23,"1,05",read,X\n', 2, "decimal comma"),
        (HEADER + "2022/23,,read,X\n", 2, "not a finite number"),
        (HEADER + "2022/24,1,read,X\n", 2, 'Did you mean "2022/23"'),
        (HEADER + "2022/23,1,seen,X\n", 2, 'no status "seen"'),
        (HEADER + "2022/23,1,read,\n", 2, "the source is missing"),
        (HEADER + "2022/23,1,read\n", 2, "the row has 3 cells and the header 4"),
        (HEADER + '2022/23,1,read,"a\nb"\n2023/24,0,read,X\n', 4, "the level of 2023/24 is 0"),
        (HEADER + '2022/23,1,read,"a\n', 2, "not valid CSV"),
        ("year,level,level,status,source\n", 1, 'the column "level" stands twice'),
        ("year,levels,status,source\n2022/23,1,read,X\n", 1, 'Did you mean "level"'),
        ("year;level;status;source\n2022/23;1,05;read;X\n", 1, "semicolons"),
        (HEADER.encode() + b"2022/23,1,read,\xa3 prices\n", 2, "Windows-1252"),
    ],
)
def test_a_fault_is_refused_with_file_and_line(tmp_path: Path, text: str | bytes, line: int, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        read_price_index(written(tmp_path, text), "example")
    assert any(p.place == f"index.csv, line {line}" and reason in str(p) for p in refused.value.problems), refused


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (HEADER.encode(), "no rows"),
        (HEADER.encode("utf-16"), "UTF-16"),
        (HEADER.encode("utf-16-le"), "zero bytes"),
        (b"PK\x03\x04", "Excel"),
        (b"x" * 1_000_001, "1,000,001 bytes"),
        ((HEADER + "2022/23,1,read,X\n2023,1,read,X\n").encode(), "mixes financial and calendar years"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"index.csv.*{reason}"):
        read_price_index(written(tmp_path, content), "example")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none.csv: the file cannot be opened"):
        read_price_index(tmp_path / "none.csv", "example")


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_price_index(written(tmp_path, HEADER + "2022/23,0,read,X\nsoon,1,read,X\n2024/25,x,seen,\n"), "example")
    assert len(refused.value.problems) == 5


CHANGES = "year,change,status,source\n2022/23,7.06,read,X\n2023/24,4.94,read,X\n2024/25,3.1,read,X\n"


def test_yearly_changes_are_chained_from_the_year_before_the_first(tmp_path: Path) -> None:
    index = read_price_index(written(tmp_path, CHANGES))
    assert index.years_covered == "2021/22 to 2024/25"
    assert factor(index, "2023/24", "2024/25") == pytest.approx(1.031)
    assert factor(index, "2021/22", "2024/25") == pytest.approx(1.0706 * 1.0494 * 1.031)


def test_changes_of_calendar_years_begin_a_calendar_year_earlier(tmp_path: Path) -> None:
    index = read_price_index(written(tmp_path, "Year,Change,Status,Source\n2024,-50,read,X\n2025,100,read,X\n"))
    assert dict(index.levels) == {"2023": 100.0, "2024": 50.0, "2025": 100.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CHANGES.replace("change", "level"), r"from 7.06 in 2022/23 to 4.94 in 2023/24 \(-30%\) \(and 1 more.*change"),
        (HEADER + "2022/23,100,read,X\n2023/24,1.05,read,X\n", "-99%"),
        (HEADER + "2022/23,100,read,X\n2023/24,116,read,X\n", "give the changes instead"),
        (CHANGES.replace("7.06", "107.06"), "the change of 2022/23 is 107.06.*levels belong to a column level"),
        ("year,change,status,source\n2022,0.07,read,X\n2023,0.04,read,X\n", "7.06 for 7.06%"),
        ("year,change,level,status,source\n2022,7,1,read,X\n", 'columns "level" and "change". Keep one'),
    ],
)  # fmt: skip
def test_levels_that_are_changes_and_the_reverse_are_refused_in_a_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        read_price_index(written(tmp_path, text))
    assert len(refused.value.problems) == 1


def test_levels_that_jump_are_accepted_as_changes(tmp_path: Path) -> None:
    index = read_price_index(written(tmp_path, "year,change,status,source\n1975,24.2,read,X\n"))
    assert factor(index, "1974", "1975") == pytest.approx(1.242)


@pytest.mark.parametrize("text", ["2024/25", "1999/00", "2009/10", "2024"])
def test_price_years_are_kept_as_written(text: str) -> None:
    assert parse_price_year(text) == text


def test_a_calendar_year_may_be_a_number() -> None:
    assert parse_price_year(2024) == "2024"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2024/26", "2024/25"), ("2024-25", "2024/25"), ("24/25", "2024/25"), ("2024/2025", "2024/25"),
        ("soon", "2024/25"), ("20245", "2024/25"), (None, "2024/25"), (2024.5, "2024/25"), (True, "2024/25"),
    ],
)  # fmt: skip
def test_a_year_that_is_not_one_is_refused(text: object, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse_price_year(text)
