"""A second country is a file: its currency, payers, perspectives and categories reach every output."""

import re
import subprocess
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from rich.console import Console

import costmodel as cm
from costmodel.analysis.beyond import beyond
from costmodel.analysis.spectrum import spectrum
from costmodel.analysis.voi import voi
from costmodel.page import Page
from costmodel.report import charts, render
from costmodel.report.answer import page as page_of_a_run
from costmodel.report.sentence import answer
from costmodel.report.workbook import as_bytes
from tests.support.example import documented, documented_model, edited, number, price, write_model, write_setting

ACCOUNTS = """\
currency: {code: EUR, symbol: "€", after: true, thousands: ".", decimal: ","}
parties:
  fund: {name: "Sickness fund", within: "the sickness fund"}
  care_fund: {name: "Care fund", within: "the care fund"}
  patient: {name: "Patients", within: "the patient"}
household: patient
perspectives:
  insurance: {name: "social insurance", within: "social insurance", parties: [fund, care_fund]}
  all_of_us: {name: "all of us", within: "everybody", parties: all}
categories: {therapy: {}, surgeries: {}, nursing: {}, sick pay: {kind: benefit}}
"""
HOME = re.compile(r"£|\bGBP\b|\bNHS\b|\bnhs|pounds|pence|public sector|societ|\b(?:DWP|HMRC)\b")


def setting_text(accounts: str = ACCOUNTS) -> str:
    text = documented()["setting"].replace("GBP per", "EUR per")
    assert "currency: GBP\n" in text
    return text.replace("currency: GBP\n", accounts)


def country(folder: Path, accounts: str = ACCOUNTS, **edits: Any) -> Path:
    """The example in a made-up country: three payers, two perspectives, three categories of its own."""
    model = documented_model()
    model["costs"]["gp"] |= {"category": "surgeries", "paid_by": "fund", "label": "Visits to a surgery"}
    for record in model["parameters"].values():
        record["unit"] = record["unit"].replace("GBP", "EUR")
    visits = {"causal_share": "causal", "gap_from": "ill", "cashable": "cashable", "lag": "0 months"}
    model["costs"] |= {
        "nursing": visits | {"label": "Nursing at home", "category": "nursing", "paid_by": "care_fund",
                             "price": "nurse", "while_in": {"ill": "hours_ill", "well": 0}},
        "sick_pay": visits | {"label": "Sick pay", "category": "sick pay", "paid_by": "fund", "received_by": "patient",
                              "price": "sick_pay_year", "while_in": {"ill": 1, "well": 0}},
    }  # fmt: skip
    model["parameters"] |= {
        "nurse": price("hour", 30) | {"unit": "EUR per hour"},
        "hours_ill": number("hours per year", 20),
        "sick_pay_year": price("year", 9_000) | {"unit": "EUR per year"},
    }
    path = write_model(folder, edited(model, edits))
    write_setting(folder, setting_text(accounts))
    return path


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return cm.load(country(tmp_path_factory.mktemp("country") / "invented"))


@pytest.fixture(scope="module")
def result(scenario: cm.Scenario) -> cm.Result:
    return cm.run(scenario, draws=60)


def said(page: Page) -> Iterator[str]:
    """A page in each medium of text."""
    console = Console(width=160, record=True, file=StringIO())
    for piece in render.terminal(page):
        console.print(piece)
    yield console.export_text()
    yield render.markdown(page)
    yield render.html(page)
    yield str(render.document(page))


def test_the_country_is_what_its_file_says(scenario: cm.Scenario, result: cm.Result) -> None:
    assert scenario.warnings == ()
    assert list(result.parties()) == ["fund", "care_fund", "patient"]
    assert result.categories() == ["therapy", "surgeries", "nursing", "sick pay"]
    table = result.table()
    assert set(table.perspective) == {"insurance", "all_of_us", ""}
    assert set(table.unit) == {"EUR", "EUR per QALY", "QALY", "months", "share", "ratio"}


def test_transfers_cancel_for_everybody_and_not_for_who_pays_them(result: cm.Result) -> None:
    for name, cancels in (("insurance", False), ("all_of_us", True)):
        found = result.summary("net_saving", "category", name).set_index("category").value
        assert (abs(found["sick pay"]) < 1e-9) == cancels


def test_the_answer_is_in_its_money_and_words(result: cm.Result) -> None:
    text = str(answer(result))
    assert re.search(r"costs social insurance \d{1,3}(\.\d{3})*\xa0€ more|saves social insurance [\d.]+\xa0€", text)
    assert "Everybody as a whole " in text
    assert "The patient is " in text
    assert not HOME.search(text)


def pages(scenario: cm.Scenario, result: cm.Result) -> dict[str, Page]:
    return {
        "run": page_of_a_run(result),
        "tornado": cm.tornado(scenario).page(),
        "break even": cm.break_even(scenario).page(),
        "grid": cm.grid(scenario, "session_price", "gp_visit").page(),
        "psa": cm.psa(result).page(),
        "beyond": beyond(result).page(),
        "voi": voi(scenario, draws=500).page(),
        "verify": cm.verify(scenario, draws=60).page(),
        "incremental": cm.incremental(result).page(),
        "spectrum": spectrum([scenario.path], draws=60).page(),
    }


def test_every_page_is_in_its_money_and_words(scenario: cm.Scenario, result: cm.Result) -> None:
    for name, page in pages(scenario, result).items():
        for text in said(page):
            assert not (found := HOME.search(text)), (name, text[max(0, found.start() - 80) : found.end() + 40])
        if name not in ("verify",):
            assert any("€" in text for text in said(page)), name


def test_every_chart_is_in_its_money_and_words(result: cm.Result) -> None:
    for chart in (
        charts.cumulative(result, "insurance"), charts.parties(result), charts.bridge(result, "insurance"),
        cm.psa(result).figure(),
    ):  # fmt: skip
        text = chart.figure.to_json() + chart.title + chart.alt
        assert not HOME.search(text.replace("\\u00a3", "£"))


def test_the_workbook_is_in_its_money_and_words(result: cm.Result) -> None:
    book = openpyxl.load_workbook(BytesIO(as_bytes(result)))
    formats, words = set(), []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                formats.add(cell.number_format)
                if isinstance(cell.value, str) and (found := HOME.search(cell.value)):
                    words.append((sheet.title, cell.coordinate, cell.value, found[0]))
    assert words == []
    assert any("€" in one for one in formats)
    assert not any(HOME.search(one) for one in formats)


def test_the_command_line_knows_its_perspectives(scenario: cm.Scenario) -> None:
    from typer.testing import CliRunner

    from costmodel.cli import app

    asked = CliRunner().invoke(app, ["run", str(scenario.path), "--draws", "0", "--perspective", "all_of_us"])
    assert "everybody" in asked.output
    assert "€" in asked.output
    wrong = CliRunner().invoke(app, ["run", str(scenario.path), "--draws", "0", "--perspective", "nhs_pss"])
    assert wrong.exit_code != 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("parties: [fund, care_fund]", "parties: [fund, car_fund]",
         'there is no party "car_fund". Did you mean "care_fund"?'),
        ("within: \"everybody\", parties: all",
         "within: \"everybody\", parties: [fund]", '"all_of_us" lacks care_fund'),
        ("household: patient", "household: patent", 'there is no party "patent". Did you mean "patient"?'),
        ("categories: {therapy: {}, ", "categories: {", 'there is no category "therapy"'),
        ('symbol: "€"', 'symbol: "1"', "currency.symbol"),
        ("fund: {name", "nobody: {name", '"nobody" cannot be the name of a party'),
        ("perspectives:\n  ins", "perspektives:\n  ins", "there are parties and no perspectives"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_once_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in ACCOUNTS
    with pytest.raises(cm.InputError) as error:
        cm.load(country(tmp_path, ACCOUNTS.replace(old, new, 1)))
    assert any(words in str(one) and str(one).startswith("example.yaml, line ") for one in error.value.problems)
    assert all("model.yaml" not in str(one) for one in error.value.problems)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("costs.gp.paid_by", "find", "costs.gp.paid_by is 'find'. Did you mean \"fund\"?"),
        ("costs.gp.category", "primary care", "costs.gp.category is 'primary care'"),
        ("parameters.nurse.unit", "GBP per hour", 'Did you mean "EUR per hour"?'),
    ],
)
def test_a_name_of_another_country_is_refused(tmp_path: Path, path: str, value: str, words: str) -> None:
    with pytest.raises(cm.InputError, match=re.escape(words)):
        cm.load(country(tmp_path, **{path: value}))


def test_another_split_of_payers_is_another_scenario(tmp_path: Path, scenario: cm.Scenario) -> None:
    other = cm.load(country(tmp_path, ACCOUNTS.replace("parties: [fund, care_fund]", "parties: [fund]")))
    assert other.sha256 != scenario.sha256


def test_a_currency_by_its_code_alone_stands_before_the_number(tmp_path: Path) -> None:
    path = country(tmp_path, "currency: EUR\n" + ACCOUNTS.split("\n", 1)[1])
    assert cm.load(path).setting.currency.money(-12_345) == "−EUR\xa012,300"


def test_no_country_stands_in_the_code() -> None:
    """At most five lines of the package name a currency or payer of one country: what people write money by."""
    package = Path(cm.__file__).parent
    found = subprocess.run(
        ["grep", "-rnE", '£|"nhs"|GBP', str(package), "--include=*.py"], capture_output=True, text=True, check=False
    )
    lines = found.stdout.splitlines()
    assert 0 < len(lines) <= 5, "\n".join(lines)
