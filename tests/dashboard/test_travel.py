"""What is saved in one session comes back in another, to the population it belongs to and with the same digits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.app.parts import catalogue, choice
from costmodel.errors import InputError
from costmodel.report.saved import overlay_text, saved
from tests.model.test_strata import strata
from tests.support.dashboard import opened
from tests.support.example import example
from tests.support.workbooks import exported, typed

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DRAWS = 40
OLD = b"format: 1\nextends: model.yaml\nlabel: yours\nchange: {parameters.attendance.value: 0.6}\n"
"""Changes as version 0.1.0 saved them."""
NAMES_NONE = "does not say to which population it belongs"


def bring(at: AppTest, content: bytes, name: str = "my file.yaml") -> AppTest:
    return at.file_uploader[0].set_value((name, content, "application/octet-stream")).run()


def on_screen(at: AppTest) -> cm.Scenario:
    return choice.scenario_of(at.session_state["choice"])


def same_digits(one: cm.Scenario, other: cm.Scenario) -> bool:
    return cm.run(one, draws=DRAWS).table().equals(cm.run(other, draws=DRAWS).table())


def said(at: AppTest) -> str:
    return " ".join(one.value for one in (*at.info, *at.warning, *at.error)).replace("\\", "")


@pytest.fixture
def two(scenarios: Path) -> Path:
    """A catalogue of two populations whose parameters have the same names."""
    example(scenarios / "second", title="Therapy for others", **{"parameters.gp_visit.value": 70.0})
    return scenarios


def as_file(scenario: cm.Scenario) -> bytes:
    return overlay_text(saved(scenario))


@pytest.mark.parametrize("form", [as_file, pytest.param(exported, marks=pytest.mark.long)], ids=["file", "workbook"])
def test_what_was_saved_of_another_population_switches_to_it(two: Path, form: Callable[[cm.Scenario], bytes]) -> None:
    changed = cm.load(two / "second" / "cautious.yaml").changed({"session_price": 200.0, "people": 50})
    at = bring(opened(), form(changed))
    assert not at.error
    assert at.selectbox(key="population").value == "second"
    assert at.selectbox(key="file").value == "cautious.yaml"
    assert "Others: therapy”: the page has switched to it" in said(at)
    assert same_digits(on_screen(at), changed)


@pytest.mark.parametrize("form", [as_file, pytest.param(exported, marks=pytest.mark.long)], ids=["file", "workbook"])
def test_a_stratum_that_was_saved_is_shown_as_its_people_and_saved_as_such_again(
    two: Path, form: Callable[[cm.Scenario], bytes]
) -> None:
    example(two / "second", title="Therapy for others", **strata())
    light = cm.load(two / "second" / "model.yaml").stratum("light").changed({"session_price": 200.0})
    at = bring(opened(), form(light))
    assert not at.error
    assert "These are the people of the stratum light alone." in said(at)
    assert same_digits(on_screen(at), light)
    assert saved(on_screen(at))["base"]["stratum"] == "light"
    at.number_input(key="control people").set_value(50).run()
    assert on_screen(at).part == "light"
    assert same_digits(on_screen(at), light.changed({"people": 50}))


@pytest.mark.long
def test_what_was_typed_into_the_workbook_of_a_changed_scenario_is_added(two: Path) -> None:
    changed = cm.load(two / "second" / "model.yaml").changed({"session_price": 200.0})
    at = bring(opened(), typed(exported(changed), {"attendance": 0.6}))
    assert same_digits(on_screen(at), changed.changed({"attendance": 0.6}))
    assert "The workbook changed 1 value." in said(at)


def test_a_file_without_a_population_is_opened_only_for_the_one_that_was_chosen(two: Path) -> None:
    at = bring(opened(), OLD)
    assert NAMES_NONE in said(at)
    assert at.session_state["choice"].changes == ()
    at.selectbox(key="population").set_value("second").run()
    assert at.session_state["choice"].changes == ()
    at.button(key="open unnamed").click().run()
    assert same_digits(on_screen(at), cm.load(two / "second" / "model.yaml").changed({"attendance": 0.6}))
    assert f"{NAMES_NONE}. It was taken as changes of “Others: therapy”" in said(at)
    assert not [one for one in at.button if one.key == "open unnamed"]


@pytest.mark.long
def test_a_change_that_goes_along_to_another_population_is_said(two: Path) -> None:
    changed = cm.load(two / "example" / "model.yaml").changed({"session_price": 200.0})
    at = bring(opened(), as_file(changed))
    at.selectbox(key="population").set_value("second").run()
    assert "Your change holds for this population now." in said(at)


@pytest.mark.long
def test_a_base_that_has_changed_since_is_said(two: Path) -> None:
    content = as_file(cm.load(two / "second" / "model.yaml").changed({"session_price": 200.0}))
    example(two / "second", title="Therapy for others", **{"parameters.gp_visit.value": 71.0})
    at = bring(opened(), content)
    assert "second/model.yaml is another version than this was saved from: its SHA-256 was" in said(at)
    assert on_screen(at).central["session_price"] == 200


HOSTILE = [
    ("population", "../../etc"), ("population", "/etc"), ("population", "nowhere"), ("population", ".."),
    ("file", "../../etc/passwd"), ("file", "/dev/zero"), ("file", "sources.yaml"), ("file", "x\\y"), ("file", ""),
]  # fmt: skip


def test_a_base_that_is_not_in_the_catalogue_is_refused(two: Path) -> None:
    saved_file: Any = YAML(typ="safe", pure=True).load(as_file(cm.load(two / "second" / "cautious.yaml")))
    for key, name in HOSTILE:
        content = overlay_text({**saved_file, "base": {**saved_file["base"], key: name}})
        with pytest.raises(InputError, match=r"not a path|not among the scenarios here"):
            catalogue.base_of(content)


@pytest.mark.long
def test_a_hostile_base_changes_nothing_in_the_session(two: Path) -> None:
    saved_file: Any = YAML(typ="safe", pure=True).load(as_file(cm.load(two / "second" / "cautious.yaml")))
    at = opened()
    before = at.session_state["choice"]
    for key, name in HOSTILE:
        bring(at, overlay_text({**saved_file, "base": {**saved_file["base"], key: name}}))
        assert at.error
        assert not at.exception
        assert at.session_state["choice"] == before


@pytest.mark.long
def test_changes_to_a_file_of_ones_own_come_back_where_it_is_open(two: Path) -> None:
    own = (two / "example" / "model.yaml").read_bytes().replace(b"value: 100,", b"value: 77,")
    at = bring(opened(), own)
    mine = on_screen(at).changed({"attendance": 0.6})
    content = as_file(mine)
    assert "Open that file first, then this one." in said(bring(opened(), content))
    at.file_uploader[0].set_value([]).run()
    assert same_digits(on_screen(bring(at, content)), mine)


LEFT_OUT = {"psychosis", "talking_therapies"}
"""One is locked; the other has no part that the rest have not, and takes as long."""
POPULATIONS = sorted({path.parent.name for path in SCENARIOS.glob("*/model.yaml")} - LEFT_OUT)


@pytest.mark.long
@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("form", [as_file, exported], ids=["file", "workbook"])
def test_every_population_comes_back_in_a_fresh_session(population: str, form: Callable[[cm.Scenario], bytes]) -> None:
    for path in (SCENARIOS / population / name for name in ("model.yaml", "cautious.yaml")):
        base = cm.load(path)
        name = next(name for name, leaf in base.leaves.items() if leaf.distribution is not None and leaf.central > 0)
        changed = base.changed({name: base.leaves[name].central * 0.97, "horizon": "12 years", "people": 37})
        at = bring(opened(), form(changed))
        assert not at.error, path
        assert at.session_state["choice"].population == population
        assert same_digits(on_screen(at), changed), path
