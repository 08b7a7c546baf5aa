"""The page "Where does it pay?": its sentences are Python's, its controls act on all, its buttons open a purse."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.spectrum_map import mapped, places_of
from costmodel.app.parts import catalogue, where
from costmodel.model.run import run_at
from costmodel.report.screen import months_offered
from tests.dashboard.conftest import FEW
from tests.support.dashboard import first, said
from tests.support.example import example
from tests.support.locked import locked_example

PAGE = "costmodel/app/where.py"


@pytest.fixture
def page(scenarios: Path) -> AppTest:
    """The page with two populations that answer, and a locked one."""
    example(scenarios / "dear", **{"parameters.session_price.value": 400})
    locked_example(scenarios / "locked")
    at = first().switch_page(PAGE).run()
    assert not at.exception
    assert not at.error
    return at


def python(scenarios: Path, payer: str, months: float | None) -> list[str]:
    places = []
    for name in ("dear", "example"):
        scenario = cm.load(scenarios / name / "model.yaml")
        offered = months_offered(scenario)
        places += places_of(run_at(scenario, offered, FEW, 1, alone=True, views=0), name, offered)
    return list(mapped(places, scenario.setting, payer, months, None).sentences())


def test_its_sentences_are_those_of_python_and_what_is_locked_is_left_out(page: AppTest, scenarios: Path) -> None:
    for sentence in python(scenarios, "nhs_pss", None):
        assert sentence in said(page)
    notes = "\n".join(str(one.value) for one in page.markdown).replace("\\", "")
    assert f"{catalogue.populations()['locked'].people}, {where.NO_ANSWER}" in notes
    assert len(page.table) == 1


def test_payer_and_time_act_on_all_at_once(page: AppTest, scenarios: Path) -> None:
    before = said(page)
    at = page.selectbox(key="over").set_value(12.0).run()
    assert said(at) != before
    for sentence in python(scenarios, "nhs_pss", 12.0):
        assert sentence in said(at)
    at.session_state["perspective"] = "public_sector"
    at = at.run()
    for sentence in python(scenarios, "public_sector", 12.0):
        assert sentence in said(at)


def test_a_time_that_no_population_reaches_is_said(page: AppTest) -> None:
    at = page.selectbox(key="over").set_value(120.0).run()
    assert not at.exception
    assert "No therapy here can be told" in said(at) or "within 10 years" in said(at)


def test_a_button_opens_the_purse_of_its_population(page: AppTest) -> None:
    at = page.button(key="purse dear expected").click().run()
    assert not at.exception
    assert at.selectbox(key="population").value == "dear"
    assert "Money:" in said(at)


def test_what_was_worked_out_is_not_worked_out_again(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, "run_at", None)
    at = first().switch_page(PAGE).run()
    assert not at.error
    assert said(at) == said(page)
