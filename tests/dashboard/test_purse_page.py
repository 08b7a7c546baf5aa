"""The first page asks by its controls, answers in two lines, and its link brings all of it back."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.purse import seen_in_words
from costmodel.app.parts import catalogue, choice, compute, link
from costmodel.app.parts.text import literal
from costmodel.model.run import SEED, run_at
from costmodel.report.board import board
from costmodel.report.business_case import business_case
from costmodel.report.link import FORMAT
from costmodel.report.screen import Screen, length, levers, months_offered, screen, with_length
from costmodel.result.result import Result
from costmodel.result.table import in_words
from tests.support.dashboard import DASHBOARD, PATIENCE, first
from tests.support.example import example

NHS = "nhs"


def html(at: AppTest) -> str:
    """What stands on the page beside its controls."""
    return " ".join(one.proto.body for one in at.get("html"))


def result_of(scenario: cm.Scenario, draws: int | None = None) -> Result:
    count = compute.DRAWS if draws is None else draws
    return run_at(scenario, months_offered(scenario), count, SEED, alone=True, forms=True)


def said_by_python(scenario: cm.Scenario, perspective: str | None = None, months: float | None = None) -> Screen:
    result = result_of(scenario)
    at = months or scenario.model.follow_up.months
    asked = result, result.strategies[1], result.setting.asked(perspective), at
    return with_length(screen(*asked), length(*asked))


def shows(at: AppTest, found: Screen) -> None:
    assert not at.error
    words = html(at).replace("&#x27;", "'").replace("<small>", "")
    for text in (found.money, found.health, found.under, *(fact.value for fact in found.facts)):
        assert text in words


@pytest.fixture
def at(scenarios: Path) -> AppTest:
    return first()


@pytest.fixture
def base(scenarios: Path) -> cm.Scenario:
    return cm.load(scenarios / "example" / "model.yaml")


def test_the_first_page_says_what_python_says(at: AppTest, base: cm.Scenario) -> None:
    found = said_by_python(base)
    shows(at, found)
    assert found.beside.startswith("With no effect on other care: ")
    assert any(one.value.endswith(literal(found.beside)) for one in at.caption)
    assert len(at.get("plotly_chart")) == 1
    assert [one.label for one in at.selectbox][:5] == [
        "Who is treated", "Therapy", "Instead of", "Counting savings over", "Whose money",
    ]  # fmt: skip
    assert len(at.sidebar) == 0
    assert any("assumptions only" in one.value for one in at.caption)


@pytest.mark.parametrize(
    ("key", "value", "change"),
    [
        ("control parameters.sessions.value", 30.0, {"sessions": 30}),
        ("control parameters.session_price.value", 55.0, {"session_price": 55}),
    ],
)
def test_what_is_set_of_the_service_moves_the_answer_as_python_would(
    at: AppTest, base: cm.Scenario, key: str, value: float, change: dict[str, Any]
) -> None:
    at.number_input(key=key).set_value(value).run()
    shows(at, said_by_python(base.changed(change)))


def test_payer_and_horizon_move_the_answer(at: AppTest, base: cm.Scenario) -> None:
    at.selectbox(key="perspective").set_value("societal").run()
    shows(at, said_by_python(base, "societal"))
    last = max(months_offered(base))
    at.selectbox(key="over").set_value(last).run()
    shows(at, said_by_python(base, "societal", last))


@pytest.mark.long
def test_a_payer_that_changes_nothing_says_so_and_why(at: AppTest) -> None:
    payer = at.selectbox(key="perspective")
    same = [one for one in payer.options if one.endswith("(same)")]
    assert bool(same) == ("changes here" in (payer.help or ""))
    saving = {}
    for name in payer.options:
        at.selectbox(key="perspective").select(name).run()
        saving[name] = html(at).partition("<div class=under>")[2].partition(".")[0]
    order = list(saving)
    for name in same:
        assert saving[name] == saving[order[order.index(name) - 1]]


def test_a_wrong_number_is_said_and_the_last_good_answer_stays(at: AppTest, base: cm.Scenario) -> None:
    at.number_input(key="control parameters.sessions.value").set_value(-5.0).run()
    assert "outside what the field offers" in at.error[0].value.replace("\\", "")
    words = html(at).replace("<small>", "")
    assert said_by_python(base).money in words


def test_every_figure_says_its_horizon(base: cm.Scenario) -> None:
    for months in months_offered(base):
        found = said_by_python(base, months=months)
        time = in_words(months)
        assert time in found.under
        assert time in found.chart.title
        for said in (found.health, *(fact.label for fact in found.facts)):
            assert time in said


def test_chips_choose_a_file_and_say_its_result(at: AppTest, scenarios: Path) -> None:
    cautious = next(one for one in at.button if one.key == "chip cautious")
    at = cautious.click().run()
    assert at.session_state["choice"].file == "cautious.yaml"
    shows(at, said_by_python(cm.load(scenarios / "example" / "cautious.yaml")))


def reopened(address: str) -> AppTest:
    at = AppTest.from_file(DASHBOARD, default_timeout=PATIENCE)
    at.query_params[link.NAME] = address
    at.run()
    assert not at.exception
    return at


def address_of(at: AppTest) -> str:
    found = at.query_params[link.NAME]
    return found if isinstance(found, str) else found[0]


def test_a_link_brings_everything_back_to_the_same_digits(at: AppTest, base: cm.Scenario) -> None:
    at.number_input(key="control parameters.session_price.value").set_value(55.0).run()
    at.selectbox(key="perspective").set_value("public_sector").run()
    at.selectbox(key="over").set_value(max(months_offered(base))).run()
    again = reopened(address_of(at))
    assert html(again) == html(at)
    theirs, ours = (choice.scenario_of(one.session_state["choice"], whole=False) for one in (again, at))
    assert result_of(theirs).table().equals(result_of(ours).table())


def packed(**state: Any) -> str:
    whole = {"v": FORMAT, "e": cm.__version__, "p": "example", "f": "model.yaml", "c": {}} | state
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(whole).encode())).decode().rstrip("=")


@pytest.mark.parametrize(
    "address",
    ["", "%%%", "AAAA", packed(p="../../etc"), packed(f="/etc/passwd"), packed(c=[1]), packed(v=99),
     packed(c={"a": {"b": 1}}), packed(p=1), "A" * 100_000],
    ids=["empty", "no letters", "no archive", "out of the folder", "a path", "a list", "format", "nested", "number",
         "long"],
)  # fmt: skip
def test_a_link_that_is_none_of_ours_is_said_and_nothing_else_happens(base: cm.Scenario, address: str) -> None:
    at = reopened(address)
    assert any("could not be read" in one.value for one in at.info)
    shows(at, said_by_python(base))


def test_what_a_link_holds_that_does_not_fit_is_said_and_left_out(base: cm.Scenario) -> None:
    at = reopened(packed(c={"parameters.session_price.value": -4.0}))
    assert any("did not fit" in one.value for one in at.info)
    shows(at, said_by_python(base))
    at = reopened(packed(e="0.0.1", c={"parameters.session_price.value": 55.0}))
    assert any("made by version 0.0.1" in one.value.replace("\\", "") for one in at.info)
    shows(at, said_by_python(base.changed({"session_price": 55})))


def test_a_run_alone_has_the_digits_of_the_whole_run(base: cm.Scenario) -> None:
    whole, alone = cm.run(base, draws=50), result_of(base, 50)
    months = base.model.follow_up.months
    for perspective in base.setting.perspectives:
        one, other = (
            result.summary("net_saving", perspective=perspective, horizon_months=months).value[0]
            for result in (whole, alone)
        )
        assert one == other


def test_the_lines_are_those_of_every_medium_the_other_form_among_them() -> None:
    scenario = cm.load("panic")
    whole = cm.run(scenario, draws=50)
    said = screen(result_of(scenario, 50), whole.strategies[1], NHS, whole.horizons[-1])
    assert (said.money, said.health) == cm.verdict(whole, NHS).lines
    assert "as a constant sum a year: " in said.money
    unlike = scenario.changed({"session_price": 20}, whole=False)
    assert list(unlike.conventions) == ["pounds"]
    changed = cm.verdict(cm.run(scenario.changed({"session_price": 20}), draws=50), NHS)
    assert screen(result_of(unlike, 50), whole.strategies[1], NHS, whole.horizons[-1]).money == changed.money


@pytest.mark.parametrize("draws", [0, 20])
def test_people_who_cost_other_than_those_of_the_trials_are_told_of_beside_the_lines(draws: int) -> None:
    """In the words of every other page, whatever horizons and draws this page has."""
    scenario = cm.load("borderline")
    result, name = result_of(scenario, draws), list(scenario.model.strategies)[1]
    said = screen(result, name, NHS, result.horizons[-1]).beside
    assert said.endswith("a person-year; trials saw it from £1,770 to £5,850: outside the range of the trials.")
    assert said.endswith(seen_in_words(cm.run(scenario, draws=0, strata=False), name))
    resistant = result_of(cm.load("depression_resistant"), draws)
    assert "outside" not in screen(resistant, "ltpp", NHS, resistant.horizons[0]).beside


BASES = sorted(catalogue.folder().glob("*/base.yaml"))
assert BASES


@pytest.mark.long
@pytest.mark.parametrize("path", BASES, ids=[path.parent.name for path in BASES])
def test_sentences_of_every_population_are_short_and_what_comes_back_is_the_sum_of_the_bars(path: Path) -> None:
    scenario = cm.load(path)
    result = result_of(scenario, 0)
    for strategy in result.strategies[1:]:
        for perspective in result.setting.perspectives:
            for months in months_offered(scenario):
                found = screen(result, strategy, perspective, months)
                assert len(found.under.split()) <= 35
                assert found.health.startswith("Health: ")
                h, s = result.at(months), result.compared(strategy)
                net = result.net_cost(result.headline, h, s, perspective=perspective)
                course = result.net_cost(result.headline, h, s, perspective=perspective, category="therapy")
                back = float(result.weights @ (course - net).mean(axis=-1))
                assert found.chart.table["taken out"].sum() == pytest.approx(back, abs=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("path", BASES, ids=[path.parent.name for path in BASES])
def test_every_belief_that_is_offered_moves_the_answer(path: Path) -> None:
    scenario = cm.load(path)
    last, payer = max(months_offered(scenario)), list(scenario.setting.perspectives)[-1]
    strategy = next(iter(list(scenario.model.strategies)[1:]))
    before = screen(result_of(scenario, 0), strategy, payer, last).chart.table["taken out"].sum()
    for name in levers(scenario, strategy):
        moved = scenario.changed({name: scenario.leaves[name].central * 0.9}, whole=False)
        after = screen(result_of(moved, 0), strategy, payer, last).chart.table["taken out"].sum()
        assert after != before, name


@pytest.mark.long
def test_the_dial_is_what_the_file_counts_by_that_convention(scenarios: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSTMODEL_SCENARIOS")
    path = next(one for one in BASES if one.parent.name == "high_users")
    from costmodel.app.parts.service import menu

    base = cm.load(path)
    for kind in ("dial", "price"):
        for name, changes in menu(base, kind).items():
            ours = result_of(base.changed(changes, whole=False), 20)
            theirs = result_of(base.conventions[name].scenario, 20)
            assert ours.net_cost(ours.headline, 0, 1).tolist() == theirs.net_cost(theirs.headline, 0, 1).tolist(), name


def test_another_comparator_is_chosen_where_it_stands(scenarios: Path) -> None:
    example(scenarios / "example")
    (scenarios / "example" / "other.yaml").write_text(
        "format: 1\nextends: model.yaml\nlabel: other\nchange:\n  strategies.usual_care.label: Structured care\n"
        "  strategies.therapy.effects.recovers_faster.estimand.comparator: Structured care\n"
    )
    at = first()
    assert at.selectbox(key="instead").options == ["Usual care", "Structured care"]
    at.selectbox(key="instead").set_value("other.yaml").run()
    assert at.session_state["choice"].file == "other.yaml"


@pytest.mark.long
def test_sentences_for_a_business_case_are_those_of_python(at: AppTest, base: cm.Scenario) -> None:
    at.button(key="business case").click().run()
    assert not at.exception
    months = base.model.follow_up.months
    result = run_at(base, (months,), compute.DRAWS, SEED)
    case = business_case(board(result, None, months))
    assert case.paragraph in [one.value for one in at.code]
    lists = " ".join(one.value for one in at.markdown)
    assert all(literal(sentence) in lists for sentence in (*case.sentences, *case.unsaid))
    assert {"board", "workbook", "overlay"} <= {one.key for one in at.get("download_button")}
