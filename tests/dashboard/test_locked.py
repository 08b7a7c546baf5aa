"""A locked population is in the menu, and shows its refusal on every page: no figure, chart, control or download."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from costmodel.app.parts.text import literal
from costmodel.scenario.load import HEADLINE, because
from tests.support.dashboard import opened
from tests.support.locked import locked, locked_example

CONTROLS = ("number_input", "slider", "segmented_control", "text_input", "button", "checkbox", "radio", "data_editor")


@pytest.fixture
def both(scenarios: Path) -> Path:
    """The folder of the example with a locked population beside it."""
    locked_example(scenarios / "shut")
    return scenarios


def chosen(at: AppTest, population: str) -> AppTest:
    at.selectbox(key="population").set_value(population).run()
    assert not at.exception
    return at


def text_of(at: AppTest) -> str:
    parts = (*at.title, *at.header, *at.markdown, *at.caption, *at.error, *at.info)
    tables = [table.value.to_string() for table in at.table]
    return " ".join([*(part.value for part in parts), *tables]).replace("\\", "")


def shows_only_the_refusal(at: AppTest) -> None:
    assert HEADLINE in at.error[0].value.replace("\\", "")
    assert len(at.error) == 1
    assert len(at.metric) == 0
    assert not at.get("plotly_chart")
    assert not at.get("download_button")
    assert not at.get("file_uploader")
    assert [kind for kind in CONTROLS if at.get(kind)] == []
    assert [box.key for box in at.selectbox] == ["population"]
    assert "£" not in text_of(at)


def test_it_appears_in_the_menu_by_existing(both: Path) -> None:
    assert opened().selectbox(key="population").options == [
        "An invented condition: talking therapy",
        "Another invented condition: talking therapy",
    ]


def test_choosing_it_puts_the_refusal_in_the_place_of_the_answer(both: Path) -> None:
    at = opened()
    before = text_of(at)
    assert "£" in before
    chosen(at, "shut")
    shows_only_the_refusal(at)
    wanted = locked(both / "shut" / "model.yaml")
    assert at.title[0].value == literal(wanted.file.title)
    said = text_of(at)
    for text in (because(wanted), wanted.file.refusal.instead, wanted.file.findings[0].says, "X001", "Invented"):
        assert text in said
    assert "invented condition pay" not in said


def test_the_other_page_shows_the_refusal_too(both: Path) -> None:
    at = chosen(opened(), "shut")
    at.switch_page("costmodel/app/assumptions.py").run()
    assert not at.exception
    shows_only_the_refusal(at)


def test_the_answer_comes_back_with_its_population_and_the_changes_made_there(both: Path) -> None:
    at = opened()
    at.number_input(key="control parameters.sessions.value").set_value(30.0).run()
    before = [metric.help for metric in at.metric]
    chosen(at, "shut")
    shows_only_the_refusal(at)
    chosen(at, "example")
    assert not at.error
    assert [metric.help for metric in at.metric] == before
    assert any("You changed 1 of" in caption.value for caption in at.caption)


def test_a_refused_value_does_not_follow_to_it(both: Path) -> None:
    at = opened()
    at.number_input(key="control people").set_value(0).run()
    assert at.error
    shows_only_the_refusal(chosen(at, "shut"))


def test_a_users_change_of_it_is_refused_and_the_previous_result_kept(both: Path) -> None:
    at = opened()
    before = [metric.help for metric in at.metric]
    text = b"format: 1\nextends: ../shut/model.yaml\nlabel: mine\nchange: {model: rates}\n"
    at.file_uploader[0].set_value(("mine.yaml", text, "application/yaml")).run()
    assert "is locked" in at.error[0].value.replace("\\", "")
    assert [metric.help for metric in at.metric] == before


def test_a_locked_file_of_the_user_is_refused_and_the_previous_result_kept(both: Path) -> None:
    at = opened()
    before = [metric.help for metric in at.metric]
    content = (both / "shut" / "model.yaml").read_bytes()
    at.file_uploader[0].set_value(("mine.yaml", content, "application/yaml")).run()
    assert "no answer is given" in at.error[0].value.replace("\\", "")
    assert [metric.help for metric in at.metric] == before


def test_a_folder_with_nothing_else_opens_on_the_refusal(scenarios: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scenarios.parent / "only"
    locked_example(folder / "shut")
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(folder))
    shows_only_the_refusal(opened())


def test_its_text_is_shown_letter_for_letter(both: Path) -> None:
    nasty = "<script>alert(1)</script> **x** ![p](http://x.example/p.png) :smile:"
    locked_example(both / "shut", title=nasty, **{"refusal.because": nasty, "refusal.instead": nasty})
    at = chosen(opened(), "shut")
    for text in [e.value for e in (*at.title, *at.markdown, *at.error)]:
        for live in ("<script>", "![p](", "**x**", ":smile:"):
            assert live not in text.replace("\\<", "")


def test_psychosis_is_in_the_menu_of_the_shipped_scenarios() -> None:
    at = chosen(opened(), "psychosis")
    shows_only_the_refusal(at)
    assert "8.35" in text_of(at)
    assert "Contraindicated" in text_of(at)
