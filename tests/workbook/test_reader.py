"""What is typed into the exported workbook comes back as changes; everything else is refused with its cell."""

import datetime
import struct
import subprocess
import time
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import numbers

import costmodel as cm
from costmodel.errors import InputError
from costmodel.report.workbook.reader import OLE2, read_changes
from tests.cli.commands import two_structures
from tests.support.example import load_example
from tests.support.spreadsheets import by_formualizer
from tests.support.workbooks import INPUTS, cell, edited, exported, put_xml, repacked, row_of, typed
from tests.workbook.test_live import check_summary


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("example"), horizon="3 years")


@pytest.fixture(scope="module")
def book(scenario: cm.Scenario) -> bytes:
    return exported(scenario)


@pytest.fixture(scope="module")
def trd_book(trd: cm.Scenario) -> bytes:
    return exported(trd)


def refusal(content: bytes, scenario: cm.Scenario) -> str:
    with pytest.raises(InputError) as caught:
        read_changes(content, scenario)
    assert all(problem.place and problem.remedy for problem in caught.value.problems)
    return str(caught.value)


def same_run(one: cm.Scenario, other: cm.Scenario) -> None:
    mine, theirs = (cm.run(scenario, draws=0).table() for scenario in (one, other))
    assert mine.equals(theirs)


def test_a_workbook_as_exported_changes_nothing(book: bytes, scenario: cm.Scenario) -> None:
    returned = read_changes(book, scenario)
    assert returned.changes == {}
    assert returned.warnings == ()
    assert returned.scenario is scenario


def test_a_typed_number_changes_the_parameter(book: bytes, scenario: cm.Scenario) -> None:
    returned = read_changes(typed(book, {"attendance": 0.7}), scenario)
    assert returned.changes == {"attendance": 0.7}
    assert returned.paths == {"parameters.attendance.value": 0.7}
    same_run(returned.scenario, scenario.changed({"attendance": 0.7}))


def test_the_default_typed_again_is_no_change(book: bytes, scenario: cm.Scenario) -> None:
    assert read_changes(typed(book, {"attendance": scenario.central["attendance"]}), scenario).changes == {}


def test_every_row_that_takes_a_value_comes_back(book: bytes, scenario: cm.Scenario) -> None:
    sheet = openpyxl.load_workbook(BytesIO(book), read_only=True)["Inputs"]
    values: dict[str, object] = {}
    for name, _, unit, default in sheet.iter_rows(min_row=5, max_col=4, values_only=True):
        if isinstance(default, int | float):
            values[name] = default + 1 if unit in ("months", "years") else (round(default * 0.875, 6) or 0.25)
    returned = read_changes(typed(book, values), scenario)
    assert returned.changes.keys() == values.keys()
    assert {name for name in values if "." not in name} == set(scenario.leaves)
    same_run(returned.scenario, scenario.changed(returned.changes))
    for name, value in values.items():
        if name in scenario.leaves:
            assert returned.scenario.leaves[name].central == value


def test_what_comes_back_is_what_the_workbook_shows(trd_book: bytes, trd: cm.Scenario, tmp_path: Path) -> None:
    values = {"attendance": 0.7, "session_price": 60.0, "strategies.ltpp.therapy.wait": 5.0, "costs.hospital.lag": 6.0}
    (tmp_path / "report.xlsx").write_bytes(trd_book)
    rows = {name: ("Inputs", row_of(trd_book, name), 5) for name in values}
    shown = by_formualizer(tmp_path / "report.xlsx", {rows[name]: value for name, value in values.items()})
    check_summary(tmp_path / "report.xlsx", shown, read_changes(typed(trd_book, values), trd).scenario)


@pytest.mark.parametrize("name", ["age", "share_female"])
def test_deaths_that_the_workbook_holds_fixed_are_warned_about(book: bytes, scenario: cm.Scenario, name: str) -> None:
    *_, warning = read_changes(typed(book, {name: 1}), scenario).warnings
    assert f"deaths as they were before {name} changed" in warning


@pytest.mark.parametrize(
    ("path", "months", "text"),
    [
        ("strategies.therapy.therapy.wait", 2, "2 months"),
        ("strategies.therapy.therapy.over", 7.5, "7.5 months"),
        ("costs.gp.lag", 24, "24 months"),
        ("strategies.therapy.effects.recovers_faster.from", 1, "start of therapy + 1 month"),
        ("strategies.therapy.effects.recovers_faster.until", 3, "follow-up + 3 months"),
    ],
)
def test_a_typed_time_keeps_its_anchor(book: bytes, scenario: cm.Scenario, path: str, months: float, text: str) -> None:
    returned = read_changes(typed(book, {path: months}), scenario)
    assert returned.changes == {path: text}
    same_run(returned.scenario, scenario.changed({path: text}))


def test_a_choice_takes_a_price_of_your_own(trd_book: bytes, trd: cm.Scenario) -> None:
    returned = read_changes(typed(trd_book, {"session_price": 99.5}), trd)
    assert returned.changes == {"session_price": 99.5}
    same_run(returned.scenario, trd.changed({"session_price": 99.5}))


def test_alternatives_and_fitted_parameters_come_back(tmp_path: Path, trd_book: bytes, trd: cm.Scenario) -> None:
    two = cm.load(two_structures(tmp_path))
    values = {"weight_faster": 0.75, "weight_fewer": 0.25, "hr_relapse": 0.5}
    assert read_changes(typed(exported(two), values), two).changes == values
    name = next(name for name, leaf in trd.leaves.items() if leaf.posterior)
    moved = round(trd.leaves[name].central * 1.1, 6)
    assert read_changes(typed(trd_book, {name: moved}), trd).changes == {name: moved}


def test_a_change_made_before_the_export_stands_in_the_cell_and_can_be_taken_out(scenario: cm.Scenario) -> None:
    before = scenario.central["attendance"]
    mine = scenario.changed({"attendance": 0.6})
    book = exported(mine)
    assert read_changes(book, mine).changes == {}
    assert read_changes(typed(book, {"attendance": None}), mine).changes == {"attendance": before}
    assert read_changes(typed(book, {"attendance": 0.55}), mine).changes == {"attendance": 0.55}


def test_an_overwritten_default_of_a_choice_is_refused(trd_book: bytes, trd: cm.Scenario) -> None:
    at = f"D{row_of(trd_book, 'session_price')}"
    message = refusal(edited(trd_book, lambda made: made["Inputs"].__setitem__(at, 99.5)), trd)
    assert message.startswith(f"Inputs!{at}: the formula of session_price was overwritten")


def test_an_own_price_taken_out_of_a_choice_is_refused(trd: cm.Scenario) -> None:
    mine = trd.changed({"session_price": 99.5})
    message = refusal(typed(exported(mine), {"session_price": None}), mine)
    assert "Inputs!E" in message
    assert "choose the option in the scenario" in message


ERROR = '<c r="{{at}}" s="{{style}}" t="e"><v>{0}</v></c>'
CELLS = [
    pytest.param(ERROR.format("#N/A"), '"#N/A" is no number', id="B10 #N/A"),
    pytest.param(ERROR.format("#REF!"), '"#REF!" is no number', id="B10 #REF!"),
    pytest.param(ERROR.format("#DIV/0!"), '"#DIV/0!" is no number', id="B10 #DIV/0!"),
    pytest.param(
        '<c r="{at}" s="{style}" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '"#DIV/0!" is no number',
        id="B10 a formula that fails",
    ),
    pytest.param(
        '<c r="{at}" s="{style}"><f>0.5*0.9</f></c>', "Open and save the workbook in a spreadsheet", id="B11 no value"
    ),
    pytest.param(
        '<c r="{at}" s="{style}"><f>0.5*0.9</f><v></v></c>', "a formula without a stored value", id="B11 empty value"
    ),
    pytest.param('<c r="{at}" t="inlineStr"><is><t>35%</t></is></c>', "so 0.35 for 35%", id="F16 text 35%"),
    pytest.param('<c r="{at}" t="inlineStr"><is><t>0.35</t></is></c>', '"0.35" is no number', id="F16 text 0.35"),
    pytest.param('<c r="{at}" t="inlineStr"><is><t> </t></is></c>', '"" is no number', id="F16 a space"),
    pytest.param('<c r="{at}" t="d"><v>2025-04-03</v></c>', '"2025-04-03" is no number', id="F18 an ISO date"),
    pytest.param('<c r="{at}" t="b"><v>1</v></c>', '"True" is no number', id="a truth value"),
    pytest.param('<c r="{at}"><v>45750</v></c>', "what a spreadsheet makes of a date", id="F15 a serial number"),
    pytest.param('<c r="{at}"><v>35</v></c>', "did you type a percentage? 0.35", id="F16 35 for 35%"),
    pytest.param('<c r="{at}"><v>-0.5</v></c>', "−0.5 is outside 0 to 1", id="below the support"),
    pytest.param('<c r="{at}"><v>1e300</v></c>', "the number is too large", id="too large"),
    pytest.param('<c r="{at}"><v>1e999</v></c>', "the number is too large", id="infinite"),
]


@pytest.mark.parametrize(("xml", "message"), CELLS)
def test_a_cell_that_is_no_number_is_refused_where_it_stands(
    book: bytes, scenario: cm.Scenario, xml: str, message: str
) -> None:
    at = cell(book, "attendance")
    said = refusal(put_xml(book, at, xml), scenario)
    assert said.startswith(f"Inputs!{at}: ")
    assert message in said


@pytest.mark.parametrize(
    "value", [datetime.date(2025, 4, 3), datetime.datetime(2025, 3, 1), datetime.time(3, 4)], ids=lambda v: f"F15 {v}"
)
@pytest.mark.parametrize("first", [1900, 1904], ids=lambda year: f"F18 from {year}")
def test_a_number_turned_into_a_date_is_refused(
    book: bytes, scenario: cm.Scenario, value: datetime.date, first: int
) -> None:
    def edit(made: Any) -> None:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904 if first == 1904 else made.epoch
        made["Inputs"][cell(book, "attendance")] = value

    said = refusal(edited(book, edit), scenario)
    assert said.startswith(f'Inputs!{cell(book, "attendance")}: "')
    assert "is no number" in said
    assert "format the cell as a number" in said


def test_a_cell_formatted_as_a_percentage_is_a_number(book: bytes, scenario: cm.Scenario) -> None:
    def edit(made: Any) -> None:
        made["Inputs"][cell(book, "attendance")] = 0.35
        made["Inputs"][cell(book, "attendance")].number_format = numbers.FORMAT_PERCENTAGE

    assert read_changes(edited(book, edit), scenario).changes == {"attendance": 0.35}


def test_a_formula_with_its_value_is_a_number(book: bytes, scenario: cm.Scenario) -> None:
    xml = '<c r="{at}" s="{style}"><f>0.5*0.9</f><v>0.45</v></c>'
    assert read_changes(put_xml(book, cell(book, "attendance"), xml), scenario).changes == {"attendance": 0.45}


def test_every_faulty_cell_is_named_at_once(book: bytes, scenario: cm.Scenario) -> None:
    wrong = {"attendance": "35%", "age": True, "gp_visit": -4, "costs.gp.lag": 7.5, "hr_recover": "#N/A"}
    said = refusal(typed(book, wrong), scenario)
    for name in wrong:
        assert f"Inputs!{cell(book, name)}: " in said
    assert len(said.splitlines()) == len(wrong)


def test_what_was_overwritten_beside_the_yellow_cell_is_refused(book: bytes, scenario: cm.Scenario) -> None:
    row = row_of(book, "attendance")
    for column, said in (("D", "the default of attendance was 0.8"), ("F", "the formula of"), ("H", "the formula of")):
        message = refusal(edited(book, lambda made, at=f"{column}{row}": made["Inputs"].__setitem__(at, 0.3)), scenario)
        assert message.startswith(f"Inputs!{column}{row}: {said}")
        assert '"Your value"' in message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "gp_well",
            "gp_well is worked out or fixed here, and takes no value. Empty the cell. Change what it",
        ),
        ("follow_up", "follow_up is worked out or fixed here, and takes no value"),
        ("t_cycle_years", "t_cycle_years is worked out or fixed here"),
    ],
)
def test_a_row_that_takes_no_value_is_refused(book: bytes, scenario: cm.Scenario, name: str, message: str) -> None:
    said = refusal(typed(book, {name: 3}), scenario)
    assert said.startswith(f"Inputs!E{row_of(book, name)}: {message}")


def _rename(made: Any, old: str, new: str | None) -> None:
    cells = [row[0] for row in made["Inputs"].iter_rows(min_row=5, max_col=1)]
    next(one for one in cells if one.value == old).value = new


def test_an_unknown_parameter_is_refused(book: bytes, scenario: cm.Scenario) -> None:
    wrong = typed(book, {"attendance": 0.7})
    said = refusal(edited(wrong, lambda made: _rename(made, "attendance", "atendance")), scenario)
    assert "the formula" not in said
    assert 'there is no parameter "atendance". Did you mean "attendance"?' in said
    assert "without an Id" in refusal(edited(wrong, lambda made: _rename(made, "attendance", None)), scenario)
    assert 'a second row has the Id "age"' in refusal(
        edited(wrong, lambda made: _rename(made, "attendance", "age")), scenario
    )


def test_a_workbook_of_another_scenario_is_refused_by_name(book: bytes, scenario: cm.Scenario) -> None:
    said = refusal(book, scenario.changed({"attendance": 0.7}))
    assert said.startswith("Provenance: the workbook was made from another scenario or another version of it")
    assert scenario.model.title in said
    assert scenario.sha256[:12] in said
    assert "model.yaml" in said


def _heading(made: Any) -> None:
    made["Inputs"]["E4"] = "My value"


SHEETS: list[Any] = [
    pytest.param(lambda made: made.remove(made["Inputs"]), 'there is no sheet "Inputs"', id="no Inputs"),
    pytest.param(lambda made: made.remove(made["Provenance"]), 'there is no sheet "Provenance"', id="no Provenance"),
    pytest.param(_heading, 'the headings "Id", "Default", "Your value"', id="no heading"),
    pytest.param(lambda made: made["Provenance"].delete_rows(1, 40), "Scenario SHA-256", id="no SHA-256"),
]


@pytest.mark.parametrize(("edit", "message"), SHEETS)
def test_a_workbook_that_lacks_its_structure_is_refused(
    book: bytes, scenario: cm.Scenario, edit: Callable[[Any], object], message: str
) -> None:
    assert message in refusal(edited(book, edit), scenario)


def _hide_rows(made: Any) -> None:
    made["Inputs"].row_dimensions[7].hidden = True


def _hide_columns(made: Any) -> None:
    made["Inputs"].column_dimensions["E"].hidden = True


def _hide_sheet(made: Any) -> None:
    made["Inputs"].sheet_state = "hidden"


def _merge(made: Any) -> None:
    made["Inputs"].merge_cells("D6:E6")


@pytest.mark.parametrize(
    "edit",
    [_hide_rows, _hide_columns, _hide_sheet, _merge],
    ids=["F17 hidden row", "F17 hidden column", "F17 hidden sheet", "F17 merged cells"],
)
def test_what_is_hidden_counts_and_what_a_merged_cell_covers_is_blank(
    book: bytes, scenario: cm.Scenario, edit: Callable[[Any], object]
) -> None:
    returned = read_changes(edited(typed(book, {"attendance": 0.7}), edit), scenario)
    assert returned.changes == {"attendance": 0.7}


def test_a_merged_cell_that_covers_a_formula_is_refused(book: bytes, scenario: cm.Scenario) -> None:
    row = row_of(book, "attendance")
    said = refusal(edited(book, lambda made: made["Inputs"].merge_cells(f"E{row}:F{row}")), scenario)
    assert said.startswith(f"Inputs!F{row}: the formula of attendance was overwritten")


def test_a_workbook_of_another_engine_is_warned_about(book: bytes, scenario: cm.Scenario) -> None:
    def edit(made: Any) -> None:
        made["Provenance"]["B5"] = "costmodel 0.0.1"

    lacking, warning = read_changes(edited(book, edit), scenario).warnings
    assert lacking.startswith("Its formulas were not compared")
    assert "costmodel 0.0.1" in warning


def _zip(parts: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return out.getvalue()


def _encrypted_entries(book: bytes) -> bytes:
    """Every entry marked as encrypted, as zip programs do."""
    marked = bytearray(book)
    for start, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        where = marked.find(start)
        while where >= 0:
            marked[where + at] |= 1
            where = marked.find(start, where + 1)
    return bytes(marked)


def _entities(part: bytes) -> bytes:
    lol = b"".join(b'<!ENTITY l%d "%s">' % (i + 1, b"&l%d;" % i * 10) for i in range(9))
    return part.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY l0 "lol">' + lol + b"]>", 1)


def _wide(part: bytes) -> bytes:
    return _entities(part).decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")


def _png() -> bytes:
    rest = zlib.compress(bytes(4))
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", rest), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


OLD = OLE2 + bytes(504)
OTHER = "this is no Excel workbook (.xlsx), or one protected by a password"
FILES: list[Any] = [
    pytest.param(lambda book: b"", OTHER, id="F22 empty"),
    pytest.param(lambda book: _png(), OTHER, id="F22 PNG"),
    pytest.param(lambda book: b"%PDF-1.7", OTHER, id="F22 PDF"),
    pytest.param(lambda book: b"Id,Your value\n", OTHER, id="F22 CSV"),
    pytest.param(lambda book: b"PK\x03\x04", "is damaged", id="F22 four bytes"),
    pytest.param(lambda book: book[: len(book) // 2], "is damaged", id="F22 half"),
    pytest.param(lambda book: _zip({"readme": b"x"}), OTHER, id="F22 zip"),
    pytest.param(lambda book: OLD, OTHER, id="F19 xls"),
    pytest.param(lambda book: OLD + "EncryptedPackage".encode("utf-16-le"), OTHER, id="F19 password"),
    pytest.param(_encrypted_entries, OTHER, id="F19 encrypted zip"),
    pytest.param(lambda book: _zip({"xl/workbook.bin": b""}), OTHER, id="F19 xlsb"),
    pytest.param(
        lambda book: repacked(book, {}, {"xl/vbaProject.bin": b"macros"}), "the workbook holds macros", id="F19 xlsm"
    ),
    pytest.param(
        lambda book: repacked(
            book,
            {"[Content_Types].xml": lambda part: part.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")},
        ),
        "the workbook holds macros",
        id="F19 declared macros",
    ),
    pytest.param(
        lambda book: repacked(book, {}, {"xl/huge.xml": bytes(40_000_000)}), "times its size", id="F20 ratio"
    ),
    pytest.param(
        lambda book: repacked(book, {}, {f"xl/huge{i}.xml": bytes(9_000_000) for i in range(8)}),
        "At most 60,000,000 bytes",
        id="F20 size",
    ),
    pytest.param(
        lambda book: repacked(book, {}, {f"xl/part{i}.xml": b"" for i in range(1_001)}), "parts", id="F20 many parts"
    ),
    pytest.param(lambda book: book + bytes(8_000_001), "more than 8,000,000 bytes", id="F21 too large"),
    *(
        pytest.param(
            lambda book, part=part, how=how: repacked(book, {part: how}),
            "declares a document type or entities",
            id=f"F20 entities in {part}{' as UTF-16' if how is _wide else ''}",
        )
        for part in (INPUTS, "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml")
        for how in (_entities, _wide)
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), FILES)
def test_what_is_no_safe_workbook_is_refused_by_its_content(
    book: bytes, scenario: cm.Scenario, spoil: Callable[[bytes], bytes], message: str
) -> None:
    content = spoil(book)
    begin = time.perf_counter()
    said = refusal(content, scenario)
    assert time.perf_counter() - begin < 3
    assert said.startswith("workbook: ")
    assert message in said


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_files_that_another_program_wrote_are_refused(
    book: bytes, scenario: cm.Scenario, soffice: str, tmp_path: Path, kind: str
) -> None:
    """F19."""
    (tmp_path / "book.xlsx").write_bytes(book)
    command = [soffice, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"]
    command += ["--convert-to", kind, "--outdir", str(tmp_path), str(tmp_path / "book.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert OTHER in refusal((tmp_path / f"book.{kind}").read_bytes(), scenario)


def test_the_parser_refuses_entities_too() -> None:
    """F20: openpyxl parses with defusedxml, or with lxml, which then resolves none."""
    assert openpyxl.DEFUSEDXML


def test_a_million_cells_are_bounded(book: bytes, scenario: cm.Scenario) -> None:
    """F21: rows far down and far right are neither filled up nor walked through."""
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    begin = time.perf_counter()
    changed = repacked(book, {INPUTS: lambda part: part.replace(b"</sheetData>", far)})
    assert read_changes(changed, scenario).changes == {}
    assert time.perf_counter() - begin < 3
