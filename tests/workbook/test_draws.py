"""The sheet Draws works the headline out again from the draws of the run, and a touched draw is refused."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import xlsxwriter

import costmodel as cm
from costmodel.errors import InputError
from costmodel.report.sentence import pick
from costmodel.report.workbook import as_bytes
from costmodel.report.workbook.draws import DRAWS, MOST_INPUTS, VALUES, Sealed, check_seals, write_draws
from costmodel.report.workbook.reader import read_changes
from costmodel.report.workbook.sheet import formats
from tests.support.spreadsheets import Cells, by_formualizer, by_libreoffice, disagreements
from tests.support.workbooks import edited, exported

SCENARIOS = Path(__file__).parents[2] / "scenarios"
MOST_BYTES = 4_000_000


@pytest.fixture(scope="module")
def result(example_result: cm.Result) -> cm.Result:
    return example_result


@pytest.fixture(scope="module")
def book(result: cm.Result) -> bytes:
    return as_bytes(result)


def alone(result: cm.Result) -> bytes:
    """A workbook of the two sheets."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    styles = formats(book, result.setting.currency)
    write_draws(book, lambda name, says: Sealed(book, name, styles, says), result, "0")
    book.close()
    return stream.getvalue()


def recomputed(content: bytes, folder: Path) -> Cells:
    """The cells of Draws as another program computes them; they are what the workbook has stored."""
    path = folder / "report.xlsx"
    path.write_bytes(content)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    return cells


def lines(content: bytes) -> dict[str, list[int]]:
    """Rows of the sheet by label, from above."""
    found: dict[str, list[int]] = {}
    for row, (label,) in enumerate(
        openpyxl.load_workbook(io.BytesIO(content))[DRAWS].iter_rows(max_col=1, values_only=True), 1
    ):
        found.setdefault(str(label), []).append(row)
    return found


def check_headline(result: cm.Result, content: bytes, folder: Path) -> None:
    """Mean, interval and chance of each payer to the penny, computed from the draws by another program."""
    cells, rows = recomputed(content, folder), lines(content)
    for column, payer in enumerate(result.setting.perspectives, 3):
        at = {"perspective": payer, "horizon": result.horizons[-1]}
        wanted, share = pick(result, "net_saving", **at), pick(result, "chance_payback", **at).value
        for label, value in (
            ("Mean", wanted.value), ("2.5 of 100 lie below", wanted.low), ("97.5 of 100 lie below", wanted.high),
            ("Mean of the draws", wanted.value), ("Chance that the money is back by then", share),
        ):  # fmt: skip
            assert cells[DRAWS, rows[label][0], column] == pytest.approx(value, abs=0.005 if value != share else 1e-9)
        assert cells[DRAWS, rows["The same: money to the penny, chances to 1 in 100"][0], column] == "OK"


def test_the_headline_of_every_payer_is_worked_out_from_the_draws(result: cm.Result, tmp_path: Path) -> None:
    check_headline(result, alone(result), tmp_path)


def test_so_it_is_where_structures_have_other_weights(tmp_path: Path) -> None:
    result = cm.run(cm.load(SCENARIOS / "panic" / "model.yaml").changed({"horizon": "2 years"}), draws=50)
    uneven = replace(result, weights=np.array([0.3, 0.7]))
    check_headline(uneven, alone(uneven), tmp_path)


def test_the_chance_that_health_is_worth_its_cost_is_that_of_the_analysis(result: cm.Result, tmp_path: Path) -> None:
    book = alone(result)
    cells, rows = recomputed(book, tmp_path), lines(book)["If a year of good health is worth"]
    of, sheet = cm.psa(result).comparison(), openpyxl.load_workbook(io.BytesIO(book))[DRAWS]
    assert len(rows) >= 4
    for row in rows:
        benefit = float(sheet.cell(row, 2).value) * of.gain() + of.saving(discounted=True)  # type: ignore[arg-type]
        assert cells[DRAWS, row, 3] == pytest.approx(of.mean(benefit > 1e-6), abs=1e-9)


def test_a_row_of_a_block_leads_to_the_draw_and_its_inputs(result: cm.Result) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(alone(result)))[VALUES]
    headings = [cell.value for cell in sheet[4]]
    drawn = result.behind.values(result, result.draws)  # type: ignore[union-attr]
    saving = cm.psa(result).comparison("societal").saving()
    at, row = headings.index("Society: net saving, sorted"), headings.index("Society: row of this draw")
    for line in (6, 77, 205):
        draw = sheet[int(sheet[line][row].value)]
        structure, number = int(draw[1].value) - 1, int(draw[0].value) - 1
        assert sheet[line][at].value == pytest.approx(saving[structure, number], rel=1e-9)
        if structure == 0:
            assert draw[headings.index("attendance")].value == pytest.approx(drawn["attendance"][number], rel=1e-9)


def _swap(made: Any) -> None:
    sheet = made[VALUES]
    for column in range(1, sheet.max_column + 1):
        one, other = sheet.cell(50, column), sheet.cell(51, column)
        one.value, other.value = other.value, one.value


def put(sheet: str, at: str, value: object) -> Callable[[Any], None]:
    def edit(made: Any) -> None:
        made[sheet][at] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (put(VALUES, "D9", None), f"{VALUES}!D: a cell of this column"),
        (put(DRAWS, "C9", 2651), f"{DRAWS}!C: a cell of this column"),
        (_swap, f"{VALUES}!A: a cell of this column"),
        (lambda made: made[VALUES].delete_rows(80), f"{VALUES}!A: a cell of this column"),
        (lambda made: made.remove(made[VALUES]), f'workbook: there is no sheet "{VALUES}"'),
    ],
    ids=["a value", "a formula", "draws that changed places", "a row", "a sheet"],
)
def test_a_touched_draw_is_refused_with_its_column(book: bytes, edit: Callable[[Any], None], message: str) -> None:
    touched = openpyxl.load_workbook(io.BytesIO(edited(book, edit)), read_only=True)
    with pytest.raises(InputError) as caught:
        check_seals(touched)
    assert str(caught.value).startswith(message)
    assert "run it again" in str(caught.value)


def test_so_it_is_refused_by_what_reads_a_workbook(book: bytes, result: cm.Result) -> None:
    with pytest.raises(InputError, match=f"{VALUES}!F: a cell of this column"):
        read_changes(edited(book, put(VALUES, "F60", 2651)), result.scenario)


def test_draws_come_back_untouched_with_a_note_beside_them(
    book: bytes, result: cm.Result, soffice: str, tmp_path: Path
) -> None:
    noted = edited(book, put(DRAWS, "J9", "Seen by a reviewer."))
    (tmp_path / "noted.xlsx").write_bytes(noted)
    by_libreoffice([tmp_path / "noted.xlsx"], tmp_path)
    for content in (noted, (tmp_path / "recalculated" / "noted.xlsx").read_bytes()):
        assert not read_changes(content, result.scenario).changes


def test_a_run_without_draws_has_no_such_sheet(result: cm.Result) -> None:
    names = openpyxl.load_workbook(io.BytesIO(exported(result.scenario)), read_only=True).sheetnames
    assert not {DRAWS, VALUES} & set(names)


def test_ten_thousand_draws_stay_under_four_megabytes(example_scenario: cm.Scenario) -> None:
    """Beside the other sheets of resistant depression, which have less than 2.4 MB; those of borderline have 5."""
    content = alone(cm.run(example_scenario, draws=10_000))
    assert len(content) < MOST_BYTES - 2_400_000
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True)[VALUES]
    drawn = [sum(one is not None for one in row[17:]) for row in sheet.iter_rows(min_row=6, values_only=True)]
    assert sum(one > 0 for one in drawn) > 500
    assert sum(drawn) <= MOST_INPUTS
