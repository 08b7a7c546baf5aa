"""The Uncertainty page says what Python finds: chances, bars, break-even values, what knowing is worth."""

from dataclasses import replace
from pathlib import Path

import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis import sensitivity
from costmodel.analysis.psa import page as words
from costmodel.analysis.psa import psa
from costmodel.analysis.voi import ValueOfInformation
from costmodel.app.parts import compute
from costmodel.app.parts.text import WORD_JOINER
from costmodel.drawing import Chart
from costmodel.words import amount

PAGE = "costmodel/app/uncertainty.py"
HEADERS = [
    "By when is the money back?",
    "Which inputs move it?",
    "What would have to be true?",
    "Money against health",
    "What would it be worth to know more?",
    "How exact are the simulations?",
    "Beyond the evidence of 2 years",
]


@pytest.fixture
def page(app: AppTest) -> AppTest:
    at = app.switch_page(PAGE).run()
    assert not at.exception
    assert not at.error
    return at


def plain(at: AppTest) -> str:
    """Everything said on the page, without the escapes of Markdown and what keeps a sign on its line."""
    said = "\n".join(element.value for element in (*at.markdown, *at.caption))
    return said.replace("\\", "").replace(WORD_JOINER, "")


def test_the_sections_stand_in_the_order_in_which_one_asks(page: AppTest) -> None:
    assert [header.value for header in page.header] == HEADERS


def test_its_sentences_are_those_of_python(page: AppTest, scenarios: Path) -> None:
    scenario = cm.load(scenarios / "example" / "model.yaml")
    found = psa(cm.run(scenario, draws=compute.DRAWS))
    of = found.comparison("nhs_pss", "therapy")
    said = plain(page)
    for sentence in (*words.by_when(found, of), *words.how_exact(found, of)):
        assert sentence in said
    assert sensitivity.break_even(scenario).takeaway in said


def test_the_break_even_values_are_those_of_python(page: AppTest, scenarios: Path) -> None:
    found = sensitivity.break_even(cm.load(scenarios / "example" / "model.yaml"))
    wanted = [amount(root.value, one.input.unit, 4) for one in found.found for root in one.roots]
    (table,) = [t.value for t in page.table if "break-even" in t.value]
    assert [value.replace("\\", "") for value in table["break-even"]] == wanted
    assert wanted


def test_nothing_is_said_to_be_under_way_when_all_is_done(app: AppTest) -> None:
    st.cache_resource.clear()
    said = plain(app.switch_page(PAGE).run())
    assert "under way" not in said
    assert f"From {compute.DRAWS} simulations, seed" in said


def test_where_no_single_input_is_worth_knowing_the_sentence_stands_without_an_empty_chart(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = ValueOfInformation.figure

    def nothing_drawn(found: ValueOfInformation) -> Chart:
        return replace(drawn(found), figure=go.Figure(), title="Nothing alone.")

    monkeypatch.setattr(ValueOfInformation, "figure", nothing_drawn)
    before = len(app.switch_page(PAGE).run().get("plotly_chart"))
    assert "**Nothing alone.**" in plain(app)
    assert before == 4


def test_another_payer_is_another_answer(page: AppTest) -> None:
    before = plain(page)
    page.segmented_control(key="perspective").set_value("societal").run()
    assert not page.error
    assert "Society has its money back" in plain(page)
    assert plain(page) != before


def test_what_a_user_wrote_stays_text(app: AppTest, app_with) -> None:  # type: ignore[no-untyped-def]
    at = app_with(**{"parameters.session_price.label": "<img src=x> [a](b)"}).switch_page(PAGE).run()
    assert not at.error
    shown = next(t.value for t in at.table if "break-even" in t.value)
    assert any("\\<img src=x> \\[a\\](b)" in value for value in shown["input"])
