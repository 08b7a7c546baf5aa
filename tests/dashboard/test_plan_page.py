"""The Plan page: its sentences are those of Python, what does not fit stays out, and the link has all of it."""

import json
import shlex
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.service_plan import ServicePlan
from costmodel.app.parts import link, planned
from tests.cli.commands import parsed
from tests.support.dashboard import first, said

PAGE = "costmodel/app/plan.py"


@pytest.fixture
def page(app: AppTest) -> AppTest:
    at = app.switch_page(PAGE).run()
    assert not at.exception
    assert not at.error
    return at


def field(at: AppTest, name: str) -> AppTest:
    return at.number_input(key=f"plan {name}")


def python(scenarios: Path, **plan: float) -> cm.analysis.budget.Budget:  # type: ignore[name-defined]
    return cm.budget(cm.run(cm.load(scenarios / "example" / "model.yaml"), draws=0), plan)


def test_it_opens_with_as_many_a_month_as_treat_the_people_in_a_year(page: AppTest, scenarios: Path) -> None:
    for sentence in python(scenarios, starts=8).sentences():
        assert sentence in said(page)
    assert set(planned.LABELS) == set(ServicePlan.__dataclass_fields__)
    assert all(field(page, name) for name in planned.LABELS)


def test_what_is_typed_is_the_plan_of_python_of_the_link_and_of_the_command(page: AppTest, scenarios: Path) -> None:
    for name, value in (("starts", 2.5), ("months", 30), ("therapists", 0.3), ("room", 1_000.0)):
        page = field(page, name).set_value(value).run()
    assert not page.error
    found = python(scenarios, starts=2.5, months=30, therapists=0.3, room=1_000)
    for sentence in found.sentences():
        assert sentence in said(page)
    (code,) = (one.value for one in page.code)
    words = shlex.split(code)
    words[2] = str(scenarios / "example" / "model.yaml")
    assert parsed(*words[1:], "--json")["peak"] == {
        party: list(found.peak(party=party)) for party in found.result.setting.parties
    }
    address = page.query_params[link.NAME]
    other = AppTest.from_file(Path(__file__).parents[2] / "dashboard.py", default_timeout=60)
    other.query_params[link.NAME] = address
    other = other.run().switch_page(PAGE).run()
    assert said(other) == said(page)


def test_what_does_not_fit_is_refused_at_its_field_and_the_last_plan_stays(page: AppTest) -> None:
    before = said(page)
    at = field(page, "ramp").set_value(12).run()
    (error,) = at.error
    assert "Months of build-up: the full rate comes after 12 months" in error.value.replace("\\", "")
    assert said(at) == before
    assert field(at, "ramp").value == 0
    at = field(at, "ramp").set_value(3).run()
    assert not at.error
    assert "the full rate after 3" in said(at)


def test_an_emptied_field_is_its_default(page: AppTest) -> None:
    before = said(page)
    at = field(page, "therapists").set_value(0.1).run()
    assert "The queue cannot clear" in said(at)
    assert said(field(at, "therapists").set_value(None).run()) == before


@pytest.mark.parametrize("text", [json.dumps({"starts": "many", "romm": 3}), "[3]", "[" * 5_000])
def test_a_link_whose_plan_is_none_shows_the_usual_plan(text: str, scenarios: Path) -> None:
    at = first()
    usual = said(at.switch_page(PAGE).run())
    at = first()
    at.session_state["plan"] = text
    at = at.switch_page(PAGE).run()
    assert not at.exception
    assert said(at) == usual
