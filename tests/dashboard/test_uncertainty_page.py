"""The Uncertainty page says what Python finds: chances, bars, break-even values, what knowing is worth."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis import sensitivity
from costmodel.analysis.probabilistic import psa
from costmodel.report import break_even_table, psa_words
from costmodel.report.psa_answers import answers
from views.parts import compute

PAGE = "views/uncertainty.py"
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
    """Everything said on the page, without the escapes of Markdown."""
    return "\n".join(element.value for element in (*at.markdown, *at.caption)).replace("\\", "")


def test_the_sections_stand_in_the_order_in_which_one_asks(page: AppTest) -> None:
    assert [header.value for header in page.header] == HEADERS


def test_its_sentences_are_those_of_python(page: AppTest, scenarios: Path) -> None:
    scenario = cm.load(scenarios / "example" / "model.yaml")
    found = answers(psa(cm.run(scenario, draws=compute.DRAWS)), "nhs_pss")
    said = plain(page)
    for sentence in (*psa_words.by_when(found, "therapy"), *psa_words.how_exact(found, "therapy")):
        assert sentence in said
    assert break_even_table.takeaway(sensitivity.break_even(scenario)) in said


def test_the_break_even_values_are_those_of_python(page: AppTest, scenarios: Path) -> None:
    found = sensitivity.break_even(cm.load(scenarios / "example" / "model.yaml"))
    wanted = [break_even_table.in_words(one, root)[1] for one in found.found for root in one.roots]
    (table,) = [t.value for t in page.table if "break-even" in t.value]
    assert [value.replace("\\", "") for value in table["break-even"]] == wanted
    assert wanted


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
    assert any("\\<img src\\=x\\> \\[a\\]\\(b\\)" in value for value in shown["input"])
