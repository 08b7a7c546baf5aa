"""The sheets of the run show the figures of the Python functions, and say whether the inputs still match them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import costmodel as cm
from costmodel.analysis.voi import value_of_information
from costmodel.report.sentence import pick
from costmodel.report.workbook import as_bytes, write
from costmodel.report.workbook.run_sheets import STEADY
from tests.support.pounds import PERSPECTIVES
from tests.support.spreadsheets import by_formualizer, by_libreoffice, edited, stored

NAMES = ("Tornado", "Break-even", "Uncertainty", "Value of information")
YOURS = 5
STILL = "These figures are of the original run, and every input is still as it was then."
PUBLISHED = Path(__file__).parents[1] / "published"

Table = list[dict[str, Any]]


@pytest.fixture(scope="module")
def open_question(trd: cm.Scenario) -> cm.Result:
    """A run in which chances are neither 0 nor 1, so that information is worth something."""
    dear = cm.load(trd.path.with_name("symptoms_favourable.yaml")).changed({"session_price": 48})
    return cm.run(dear, draws=400)


@pytest.fixture(scope="module")
def of_open_question(open_question: cm.Result) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(as_bytes(open_question)))


@pytest.fixture(scope="module")
def book(trd_book: Path) -> Path:
    return trd_book


@pytest.fixture(scope="module")
def opened(book: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(book)


def tables(book: openpyxl.Workbook, name: str) -> list[Table]:
    """The tagged tables of a sheet, a record for each row."""
    found = []
    for tag in book[name].tables.values():
        headings, *rows = [[cell.value for cell in row] for row in book[name][tag.ref]]
        assert [column.name for column in tag.tableColumns] == headings
        assert len({str(heading).casefold() for heading in headings}) == len(headings)
        found.append([dict(zip(map(str, headings), row, strict=True)) for row in rows])
    return found


def same(cell: object, figure: float | None) -> bool:
    if figure is None or cell is None:
        return figure is cell
    assert isinstance(cell, int | float)
    return float(cell).hex() == float(figure).hex() or float(cell) == float(figure) == 0


def test_the_tornado_shows_every_bar_and_every_other_input(opened: openpyxl.Workbook, trd: cm.Scenario) -> None:
    wanted = cm.tornado(trd)
    bars, inert, left_out = tables(opened, "Tornado")
    assert [row["Id"] for row in bars] == [bar.input.name for bar in wanted.bars]
    for row, bar in zip(bars, wanted.bars, strict=True):
        assert same(row["Low value tried"], bar.input.spread.low)
        assert same(row["High value tried"], bar.input.spread.high)
        assert same(row["Outcome at low value"], bar.at_low.value)
        assert same(row["Outcome at high value"], bar.at_high.value)
        assert same(row["Width of the bar"], bar.width)
        if bar.at_low.value != bar.at_high.value:
            assert row["Largest at"] == ("high value" if bar.higher_is_more else "low value")
        assert ("not monotone" in (row["To know"] or "")) == (not bar.monotone)
    assert [row["Id"] for row in inert] == [one.name for one in wanted.inert]
    assert {row["Id"]: row["Why it was not tried"] for row in left_out} == {
        one.input.name: one.why for one in wanted.left_out
    }


def test_break_even_shows_every_root_and_every_input_without(opened: openpyxl.Workbook, trd: cm.Scenario) -> None:
    wanted = cm.break_even(trd).found
    (rows,) = tables(opened, "Break-even")
    assert {row["Id"] for row in rows} == {one.input.name for one in wanted}
    for one in wanted:
        mine = [row for row in rows if row["Id"] == one.input.name]
        assert len(mine) == max(1, len(one.roots) + len(one.jumps) + len(one.met))
        assert {row["Finding"] for row in mine} == {one.words}
        for row, root in zip(mine, one.roots, strict=False):
            assert same(row["Break-even value"], root.value)
            assert same(row["Percentile of its own uncertainty"], root.percentile)
            assert same(row["Net saving missed by, £"], root.residual)
            assert row["Where that lies"] == root.place


def test_a_break_even_value_typed_into_the_workbook_breaks_even(book: Path, opened: openpyxl.Workbook) -> None:
    lines = {value: key for key, value in reversed(stored(book).items()) if key[0] == "Summary" and key[2] == 1}
    saving = ("Summary", lines["NHS and social care: net saving"][1], 2)
    rows = {value: key[1] for key, value in stored(book).items() if key[0] == "Inputs" and key[2] == 1}
    tried = [row for row in tables(opened, "Break-even")[0] if row["To type into Your value"] is not None]
    assert len(tried) >= 2
    for row in tried:
        typed = {("Inputs", rows[row["Id"]], YOURS): row["To type into Your value"]}
        assert by_formualizer(book, typed, [saving])[saving] == pytest.approx(0, abs=0.01)


def test_uncertainty_shows_what_psa_says(of_open_question: openpyxl.Workbook, open_question: cm.Result) -> None:
    result, wanted = open_question, cm.psa(open_question)
    years, when, how_much, apart, judged, curve = tables(of_open_question, "Uncertainty")
    assert 0.2 < wanted.chances().by_year()[4] < 0.9
    for name, heading in zip(PERSPECTIVES, ("NHS", "NHS and social care", "Public sector", "Society"), strict=True):
        by_year = wanted.chances(name).by_year()
        assert [row["By the end of year"] for row in years] == list(by_year)
        assert all(same(row[heading], share) for row, share in zip(years, by_year.values(), strict=True))
        for end in result.horizons:
            (row,) = [one for one in when if (one["Payback, for whom"], one["To month"]) == (heading, end)]
            for percent, month in wanted.percentiles(name, horizon=end).items():
                shown = row[f"{percent} of 100 have it back by month"]
                assert same(shown, None if month == float("inf") else month)
    savings = {(row["£ per person referred"], row["To month"]): row for row in how_much}
    for end in result.horizons:
        row, answer = (
            savings["NHS and social care: net saving", end],
            pick(result, "net_saving", perspective="nhs_pss", horizon=end),
        )
        assert same(row["Mean"], answer.value)
        assert same(row["Low (95%)"], answer.low)
        assert same(row["High (95%)"], answer.high)
    assert len(apart) == len(wanted.readings) * len(result.horizons)
    labels = [result.scenario.model.strategies[name].label for name in result.strategies]
    assert {row["Strategy"] for row in (*years, *when, *how_much, *apart)} == set(labels[1:])
    own = wanted.choices(thresholds=(None, *wanted.setting_thresholds))
    for rows, choices in ((judged, own), (curve, wanted.choices())):
        for row, choice in zip(rows, choices, strict=True):
            assert same(row["£ per QALY"], choice.threshold)
            assert row["On the frontier"] == labels[choice.chosen]
            for s, label in enumerate(labels):
                assert same(row[f"Chance best: {label}"], choice.chance[s])
                assert same(row[f"Expected loss: {label}"], choice.loss[s])


def test_value_of_information_shows_every_line(of_open_question: openpyxl.Workbook, open_question: cm.Result) -> None:
    for rows, question in zip(tables(of_open_question, "Value of information"), ("nmb", "cash"), strict=True):
        lines = value_of_information(open_question, question).lines
        assert lines[0].worth.value > 1
        assert [row["Id"] for row in rows] == [line.subject.name for line in lines]
        for row, line in zip(rows, lines, strict=True):
            assert same(row["Worth, £ a person"], line.worth.value)
            assert same(row["Standard error"], line.worth.error)


def test_each_sheet_of_the_run_holds_values_and_one_formula(opened: openpyxl.Workbook) -> None:
    for name in NAMES:
        formulas = [cell.coordinate for row in opened[name].iter_rows() for cell in row if cell.data_type == "f"]
        assert formulas == ["A3"]


def test_the_cover_links_to_each_sheet_of_the_run(opened: openpyxl.Workbook) -> None:
    links = {cell.hyperlink.location for row in opened["Cover"].iter_rows() for cell in row if cell.hyperlink}
    assert {f"'{name}'!A1" for name in NAMES} <= links


def test_each_chart_of_the_run_says_in_words_what_it_shows(book: Path) -> None:
    with zipfile.ZipFile(book) as package:
        drawings = [package.read(name).decode() for name in package.namelist() if "drawings/drawing" in name]
    said = "".join(drawings)
    for words in ("moves the net saving most", "To the NHS and social care, within", "the frontier"):
        assert words in said


def states(cells: dict[Any, object]) -> set[object]:
    return {cells[name, 3, 1] for name in NAMES}


def changed(count: int) -> set[object]:
    inputs = "1 input" if count == 1 else f"{count} inputs"
    start = f"These figures are of the original run; you changed {inputs} since, and they do not follow."
    return {f"{start} Run it again for new ones."}


def test_line_3_counts_the_inputs_that_were_changed_since(example_scenario: cm.Scenario, tmp_path: Path) -> None:
    """In both programs: nothing typed, one, two, and what was typed is what stood there already."""
    path = tmp_path / "report.xlsx"
    write(cm.run(example_scenario.changed({"sessions": 30}), draws=20), path)
    rows = {value: key[1] for key, value in stored(path).items() if key[0] == "Inputs" and key[2] == 1}
    one = ("Inputs", rows["sessions"], YOURS)
    other = next(
        ("Inputs", rows[name], YOURS) for name in example_scenario.leaves if name in rows and name != "sessions"
    )
    default = stored(path)[*other[:2], 4]
    assert isinstance(default, int | float)
    assert states(stored(path)) == {STILL}
    edits = [({one: 30.0}, {STILL}), ({one: 31.0}, changed(1)), ({one: 31.0, other: default * 0.9}, changed(2)),
             ({other: float(default)}, {STILL})]  # fmt: skip
    for typed, wanted in edits:
        keys = [(name, 3, 1) for name in NAMES]
        assert states(by_formualizer(path, typed, keys)) == wanted
    emptied: list[dict[Any, Any]] = [{one: None}, *(typed for typed, _ in edits)]
    copies = edited(path, emptied, tmp_path)
    found = [states(cells) for cells in by_libreoffice(copies, tmp_path / "office")]
    assert found == [changed(1), *(wanted for _, wanted in edits)]


def sheet_text(result: cm.Result) -> dict[str, str]:
    book = openpyxl.load_workbook(io.BytesIO(as_bytes(result)))
    return {
        name: "\n".join(str(cell.value) for row in book[name].iter_rows() for cell in row if cell.value is not None)
        for name in NAMES
    }


@pytest.mark.parametrize("draws", [0, 1, 2, 99, 100, 200])
def test_few_draws_are_said_to_be_few(example_scenario: cm.Scenario, draws: int) -> None:
    text = sheet_text(cm.run(example_scenario, draws=draws))
    assert "Width of the bar" in text["Tornado"]
    assert "Break-even value" in text["Break-even"]
    for name in ("Uncertainty", "Value of information"):
        if draws == 0:
            assert "Nothing was drawn" in text[name]
        elif name == "Uncertainty" or draws >= 100:
            assert "none of these figures is steady" in text[name]
        else:
            assert "cannot value information" in text[name]


def test_enough_draws_are_not_said_to_be_few(example_scenario: cm.Scenario) -> None:
    text = sheet_text(cm.run(example_scenario, draws=STEADY))
    assert "steady" not in text["Uncertainty"] + text["Value of information"]


def test_a_model_of_probabilities_with_four_strategies_has_a_table_for_each() -> None:
    result = cm.run(cm.load(PUBLISHED / "sick_sicker" / "model.yaml"), draws=120)
    book = openpyxl.load_workbook(io.BytesIO(as_bytes(result)))
    assert len([table for table in tables(book, "Tornado") if "Width of the bar" in table[0]]) == 3
    assert len(tables(book, "Break-even")) == 3
    curve = tables(book, "Uncertainty")[-1]
    wanted = cm.psa(result).choices()
    labels = [strategy.label for strategy in result.scenario.model.strategies.values()]
    assert [row["On the frontier"] for row in curve] == [labels[choice.chosen] for choice in wanted]
