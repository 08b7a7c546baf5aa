"""The Assumptions page lists every number, changes one at a time, and takes the changes away and back."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.app.parts import downloads
from costmodel.app.parts.choice import Choice
from costmodel.scenario.load import load_text

PAGE = "costmodel/app/assumptions.py"


@pytest.fixture
def page(app: AppTest) -> AppTest:
    at = app.switch_page(PAGE).run()
    assert not at.exception
    return at


def edit(at: AppTest, path: str, value: float | str) -> AppTest:
    at.selectbox(key="edit").set_value(path).run()
    fields = [f for f in (*at.number_input, *at.text_input) if (f.key or "").startswith(f"typed {path} ")]
    fields[0].set_value(value)
    return next(button for button in at.button if button.label == "Apply").click().run()


def listed(at: AppTest) -> set[str]:
    return {label.replace("\\", "") for table in at.table for label in table.value["assumption"]}


def test_every_number_of_the_answer_is_listed(page: AppTest, scenarios: Path) -> None:
    scenario = cm.load(scenarios / "example" / "model.yaml")
    assert {record.label for record in scenario.parameters.values()} <= listed(page)


def test_the_table_can_be_searched(page: AppTest) -> None:
    page.text_input(key="search").set_value("session").run()
    assert "Price of a session" in listed(page)
    assert "Relapse" not in listed(page)
    page.text_input(key="search").set_value("no such thing").run()
    assert any("Nothing matches" in i.value for i in page.info)


def test_a_change_stands_in_the_table_the_sidebar_and_the_answer(page: AppTest) -> None:
    at = edit(page, "parameters.session_price.value", 50)
    assert not at.error
    assert at.number_input(key="control parameters.session_price.value").value == 50
    assert any("50" in set(table.value["yours"]) for table in at.table)
    assert any("You changed 1 of" in c.value for c in at.caption)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("parameters.attendance.value", 80.0, "percentage"),
        ("parameters.session_price.value", -1.0, "outside"),
        ("horizon", "ten years", "not a duration"),
        ("strategies.therapy.therapy.wait", "3 fortnights", "not a duration"),
    ],
)
def test_a_bad_value_is_explained_beside_the_field_and_not_applied(
    page: AppTest, path: str, value: float | str, said: str
) -> None:
    at = edit(page, path, value)
    assert said in at.error[-1].value.replace("\\", "")
    assert any("You changed 0 of" in c.value for c in at.caption)


def test_changes_come_back_from_their_file(page: AppTest, scenarios: Path) -> None:
    chosen = Choice("example", "model.yaml", None, (("parameters.session_price.value", 50.0), ("people", 250)))
    text = downloads.overlay(chosen)
    loaded = load_text(text, scenarios / "example" / "yours.yaml")
    assert loaded.model.people == 250
    assert loaded.central["session_price"] == 50
    page.file_uploader[0].set_value(("anything.yaml", text, "application/yaml")).run()
    assert not page.error
    assert any("You changed 2 of" in c.value for c in page.caption)


def test_the_workbook_is_made_when_it_is_asked_for(page: AppTest) -> None:
    assert any(button.label == "Download the workbook (Excel)" for button in page.download_button)
