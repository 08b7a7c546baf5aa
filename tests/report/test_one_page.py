"""One page, every medium: an analysis that is defined here, in this file, comes out in all six by its `page()`."""

import io
import json
from dataclasses import dataclass
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from rich.console import Console
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.evidence import evidence
from costmodel.analysis.publication import Population, Publication
from costmodel.drawing import Chart, chart
from costmodel.errors import Problem
from costmodel.page import Column, Drawn, Figure, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.report import contents, render
from costmodel.report.answer import page as answer_page
from costmodel.report.board import board
from costmodel.report.workbook.run_sheets import RunSheet
from costmodel.report.workbook.sheet import Sheet, formats
from costmodel.scenario.load import HEADLINE
from tests.support.example import load_example
from tests.support.locked import locked
from tests.support.pounds import POUNDS

TAKEAWAY = "Waiting costs most: £1,230 a person <b>=1+1</b>."
NOTE = "the third month is not observed"
ALT = "Two bars; the second is the longer"


@dataclass(frozen=True, repr=False)
class Toy(Paged):
    """What waiting costs by month."""

    costs: tuple[float, ...]

    @property
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"month": range(1, len(self.costs) + 1), "cost": self.costs, "share": 0.125})

    def figure(self) -> Chart:
        import plotly.graph_objects as go

        return chart(go.Figure(go.Bar(x=self.frame.month, y=self.frame.cost)), TAKEAWAY, ALT)

    def page(self) -> Page:
        columns = (Column("month", "Month", "count"), Column("cost", "Cost", "money"), Column("share", "Part", "share"))
        drawn = Drawn("bar", "month", (("cost", "cost"),), "Cost by month", "£ a person")
        return Page(
            "What waiting costs",
            (
                Paragraph(TAKEAWAY, strong=True), Heading("By month"), Figure(self.figure, "toy", 300, drawn),
                Table(self.frame, columns, name="toy"), Notes("What to know", (NOTE,)),
            ),
            ("Per person referred, £ of 2024/25",),
            in_currency=POUNDS,
        )  # fmt: skip


TOY = Toy((400.0, 1_234.0))


def printed(page: Page) -> str:
    out = Console(width=120, file=io.StringIO(), record=True)
    for piece in render.terminal(page):
        out.print(piece)
    return out.export_text()


def book_of(page: Page) -> Any:
    """A workbook with one sheet of the run."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    RunSheet(book, Sheet(book, "Toy", formats(book, POUNDS), "Toy", "", False), "0").write(page)
    book.close()
    return openpyxl.load_workbook(stream)


def test_the_terminal_has_it() -> None:
    said = printed(TOY.page())
    assert TAKEAWAY in said
    assert NOTE in said
    assert [line.split() for line in said.splitlines() if "£1,230" in line][-1] == ["2", "£1,230", "12.5%"]


def test_markdown_has_it() -> None:
    said = render.markdown(TOY.page())
    assert said.startswith("# What waiting costs\n")
    assert "| 2 | £1,230 | 12.5% |" in said
    assert f"* {NOTE}" in said


def test_html_has_it_without_a_network() -> None:
    said = render.html(TOY.page())
    assert "<td>2</td><td>£1,230</td><td>12.5%</td>" in said
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in said
    assert f'aria-label="{ALT}"' in said
    assert "<script src=" not in said


def test_json_has_it_at_full_precision() -> None:
    said = json.loads(json.dumps(render.document(TOY.page()), allow_nan=False))
    assert said["rows"] == [{"month": 1, "cost": 400.0, "share": 0.125}, {"month": 2, "cost": 1234.0, "share": 0.125}]
    assert said["notes"] == [TAKEAWAY, NOTE]
    assert render.as_csv(TOY.frame).splitlines()[2] == "2,1234.0,0.125"


def test_a_worksheet_has_it_as_numbers_with_a_chart() -> None:
    sheet = book_of(TOY.page())["Toy"]
    (table,) = sheet.tables.values()
    assert [[cell.value for cell in row] for row in sheet[table.ref]] == [
        ["Month", "Cost", "Part"], [1, 400, 0.125], [2, 1234, 0.125],
    ]  # fmt: skip
    assert len(sheet._charts) == 1
    assert TAKEAWAY in {cell.value for cell in sheet["A"]}


def test_a_chance_an_interval_and_a_groups_money_are_read_as_such_and_are_numbers_of_one_person_in_a_sheet() -> None:
    frame = pd.DataFrame({"share": [0.125], "cost": [50.0], "low": [-10.0], "high": [20.0]})
    columns = (
        Column("share", "Chance", "chance"), Column("cost", "Cost", "money", people=100),
        Column("low", "Between", "interval", to="high", people=100),
    )  # fmt: skip
    page = Page("Styles", (Table(frame, columns, name="styles"),), in_currency=POUNDS)
    assert "| 12 of 100 | £5,000 | −£1,000 to £2,000 |" in render.markdown(page)
    sheet = book_of(page)["Toy"]
    (table,) = sheet.tables.values()
    assert [cell.value for cell in sheet[table.ref][1]] == [0.125, 50, "−£1,000 to £2,000"]
    unknown = Table(frame.assign(low=None), columns, name="styles")
    assert "| 12 of 100 | £5,000 | – |" in render.markdown(Page("Styles", (unknown,), in_currency=POUNDS))


def of_the_dashboard() -> None:
    from costmodel.app.parts import show
    from tests.report.test_one_page import TOY

    show.page(TOY.page())


def test_streamlit_has_it() -> None:
    at = AppTest.from_function(of_the_dashboard, default_timeout=30).run()
    assert not at.exception
    said = [element.value.replace("\\", "") for element in at.markdown]
    assert said.count(f"**{TAKEAWAY}**") == 1
    assert f"- {NOTE}" in said
    assert at.table[0].value.iloc[1].str.replace("\\", "").tolist() == ["2", "£1,230", "12.5%"]
    assert any(element.type == "plotly_chart" for element in at.main)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One of every object that has a page."""
    scenario = load_example(tmp_path_factory.mktemp("example"))
    pair = ("session_price", "gp_visit")
    return {
        "toy": Toy(tuple(float(i) for i in range(5_000))),
        "tornado": cm.tornado(scenario),
        "break-even": cm.break_even(scenario),
        "grid": cm.grid(scenario, *pair),
        "explain": cm.explain(scenario, scenario.changed({"session_price": 85, "attendance": 0.7}), draws=20),
        "psa": cm.psa(cm.run(scenario, draws=50)),
        "beyond": cm.beyond(cm.run(scenario, draws=50)),
        "information": cm.voi(scenario, draws=100),
        "frontier": cm.frontier(scenario, *pair, [80, 90]),
        "checks": cm.verify(scenario, draws=20),
        "board": board(cm.run(scenario, draws=50)),
        "what the answer rests on": evidence(scenario, "example", draws=100),
        "what is fit to publish": Publication((Population("example", (), (Problem("x.yaml", "it is not"),)),)),
    }


def test_objects_are_shown_short(shown: dict[str, Any]) -> None:
    for name, one in shown.items():
        assert len(repr(one).encode()) < 2_000, name
        assert len(one._repr_html_().encode()) < 20_000, name
        assert one.page().title in repr(one)
        assert "<table>" in one._repr_html_(), name


def test_the_answer_of_a_run_is_a_page_too(example_result: cm.Result) -> None:
    page = answer_page(example_result)
    headline = page.sentences[0]
    assert headline in " ".join(printed(page).split())
    assert headline in render.markdown(page)
    assert headline in render.html(page)
    assert headline in render.document(page)["notes"]
    assert book_of(page)["Toy"].tables


def test_every_page_is_written_in_every_medium(shown: dict[str, Any]) -> None:
    for name, one in shown.items():
        page = one.page()
        assert page.title in printed(page)
        assert page.title in render.markdown(page)
        assert "<table>" in render.html(page), name
        json.dumps(render.document(page), allow_nan=False)
        assert len(render.as_csv(page.rows).splitlines()) > len(one.frame)
        assert book_of(page)["Toy"].tables, name


def test_a_scenario_and_a_refusal_are_pages_too(example_result: cm.Result) -> None:
    page = contents.page(example_result.scenario)
    for said in (printed(page), render.markdown(page), render.html(page)):
        assert "hr_recover" in said
    rows = render.document(page)["rows"]
    assert {row["name"]: row["value"] for row in rows}["sessions"] == 16
    refusal = contents.locked_page(locked())
    for said in (printed(refusal), render.markdown(refusal), render.html(refusal)):
        assert HEADLINE in said
        assert "C207: Malmberg" in said
    assert HEADLINE in {cell.value for cell in book_of(refusal)["Toy"]["A"]}


def with_equal_labels() -> None:
    import pandas as pd

    from costmodel.app.parts import show
    from costmodel.page import Column, Page, Table

    frame = pd.DataFrame({"low": ["1 to 2"], "high": ["3 to 4"]})
    columns = (Column("low", "95% interval"), Column("high", "95% interval"))
    show.page(Page("Twice", (Table(frame, columns, name="twice"),)))


def test_streamlit_shows_columns_with_equal_labels() -> None:
    at = AppTest.from_function(with_equal_labels, default_timeout=30).run()
    assert not at.exception
    assert at.table[0].value.iloc[0].tolist() == ["1 to 2", "3 to 4"]


def test_a_table_on_a_terminal_is_broken_and_not_cut() -> None:
    cell = "−£213,000 to £94,300"
    frame = pd.DataFrame({"who": ["as trials found it at staff prices " * 3]} | {str(i): [cell] for i in range(9)})
    columns = (Column("who", "Who", "text"), *(Column(str(i), "95% interval") for i in range(9)))
    console = Console(width=132, file=io.StringIO())
    for piece in render.terminal(Page("Wide", (Table(frame, columns, name="wide"),))):
        console.print(piece)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("£94,300") == 9
    assert all(len(line) <= 132 for line in text.splitlines())
