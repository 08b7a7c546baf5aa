"""The page "What if?": its sentences are Python's, links and files join, a fifth stays out, one of them is used."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.comparison import compare
from costmodel.app.parts import what_if
from costmodel.report.link import packed
from tests.dashboard.conftest import FEW
from tests.support.dashboard import first, said
from tests.support.example import example

PAGE = "costmodel/app/what_if.py"
DEARER = {"parameters.session_price.value": 140}


@pytest.fixture
def page(scenarios: Path) -> AppTest:
    """The page on the example with its cautious overlay, beside another population."""
    example(scenarios / "others", title="Therapy for other people", **{"parameters.session_price.value": 60})
    at = first().switch_page(PAGE).run()
    assert not at.exception
    assert not at.error
    return at


def told(at: AppTest) -> str:
    return str(at.error[0].value).replace("\\", "")


def paste(at: AppTest, *state: object) -> AppTest:
    at = at.text_input(key="pasted").set_value(f"https://here.example/?s={packed(*state)}").run()  # type: ignore[arg-type]
    assert not at.exception
    return at


def test_its_sentences_are_those_of_python(page: AppTest, scenarios: Path) -> None:
    both = [cm.load(scenarios / "example" / name) for name in ("cautious.yaml", "model.yaml")]
    found = compare(both, names=("Cautious", "Base"), draws=FEW)
    for sentence in (*found.sentences(), *found.verdicts):
        assert sentence in said(page)
    assert len(page.table) == 3


def test_what_the_reader_changed_stands_beside_and_is_left_by_using_another(page: AppTest) -> None:
    at = paste(page, "example", "model.yaml", DEARER, {})
    assert "Link 1 leaves" in said(at)
    at = at.button(key="use Link 1 expected").click().run()
    assert not at.exception
    assert "Yours" not in said(at)
    assert "You changed 1 of" in " ".join(one.value for one in at.caption)
    at = at.button(key="away Link 1").click().run()
    assert "Yours leaves" in said(at)


def test_a_link_of_other_people_has_outcomes_alone(page: AppTest) -> None:
    at = paste(page, "others", "model.yaml", {}, {})
    assert "Link 1: " in said(at)
    assert "Link 1 leaves" not in said(at)
    assert "Link 1: of other people than Cautious" in said(at)


def test_M5_what_a_link_leaves_out_and_its_version_are_said(page: AppTest) -> None:
    at = paste(page, "example", "model.yaml", DEARER | {"parameters.gone.value": 1}, {"e": "0.0.1"})
    told = at.info[0].value.replace("\\", "")
    assert "made by version 0.0.1" in told
    assert "parameters.gone.value" in told


def test_M6_what_is_no_link_is_said_and_the_others_stay(page: AppTest) -> None:
    before = said(page)
    at = page.text_input(key="pasted").set_value("https://here.example/?s=abc").run()
    assert what_if.NO_LINK in told(at)
    assert said(at) == before


def test_M3_a_fifth_and_a_third_that_is_joined_are_refused(page: AppTest) -> None:
    at = paste(page, "example", "model.yaml", DEARER, {})
    at = paste(at, "others", "model.yaml", {}, {})
    at = paste(at, "others", "model.yaml", DEARER, {})
    assert what_if.FULL in told(at)
    at = at.button(key="use Link 1 expected").click().run()
    at.button(key="away Link 1").click().run()
    at = paste(at, "others", "model.yaml", DEARER, {})
    assert at.checkbox(key="shown Yours").value != at.checkbox(key="shown Link 1").value
    off = "Yours" if not at.checkbox(key="shown Yours").value else "Link 1"
    at = at.checkbox(key=f"shown {off}").check().run()
    assert what_if.FIFTH in told(at)
    assert not at.checkbox(key=f"shown {off}").value


def test_one_alone_cannot_be_left(page: AppTest) -> None:
    at = page.checkbox(key="shown Cautious").uncheck().run()
    assert what_if.LAST in told(at)
    assert at.checkbox(key="shown Cautious").value


def test_the_changes_between_two_are_explained_and_sum(page: AppTest) -> None:
    at = page.toggle(key="explain on").set_value(True).run()
    assert not at.exception
    assert not at.error
    assert "From A to B net saving moves by" in " ".join(str(one.value) for one in at.markdown)
