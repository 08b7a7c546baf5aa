"""Many users, clicks in haste, lost sessions and crafted messages: nobody sees what belongs to another input."""

import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.app.parts import choice, compute, downloads
from costmodel.result.result import Result
from tests.dashboard.conftest import FEW
from tests.dashboard.test_in_full_page import exact_figures, python_figures
from tests.dashboard.test_uploads import OVERLAY
from tests.support.dashboard import ANSWER, DASHBOARD, PATIENCE, opened
from tests.support.example import documented, example

PRICE = "control parameters.session_price.value"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The draws of each run with draws that the dashboard begins from here on."""
    begun: list[int] = []
    usual = compute.run_for_pages

    def counted(scenario: cm.Scenario, draws: int, seed: int) -> Result:
        begun.append(draws)
        return usual(scenario, draws, seed)

    monkeypatch.setattr(compute, "run_for_pages", counted)
    return begun


def at_price(scenarios: Path, pounds: float) -> list[str]:
    return python_figures(cm.load(scenarios / "example" / "model.yaml").changed({"session_price": pounds}))


def test_H1_the_address_cannot_ask_for_draws(scenarios: Path, runs: list[int]) -> None:
    at = AppTest.from_file(DASHBOARD, default_timeout=PATIENCE)
    at.query_params["draws"] = "10000000"
    at.query_params["n"] = "10000000"
    at.run().switch_page(ANSWER).run()
    assert not at.error
    assert max(runs, default=0) <= FEW
    assert any(f"Expected values of {FEW} simulations" in c.value for c in at.caption)


def test_H1_more_draws_than_the_server_can_hold_are_refused_in_words(
    scenarios: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "DRAWS", 10_000_000)
    at = opened()
    assert any("10,000,000 draws are too many for the dashboard" in e.value.replace("\\", "") for e in at.error)
    assert "net saving" not in "".join(str(table.value) for table in at.table)


def test_H3_a_click_in_haste_begins_no_second_run(scenarios: Path, runs: list[int]) -> None:
    example(scenarios / "example", title="Asked for twice")
    at = opened()
    once = list(runs)
    assert FEW in once
    for _ in range(2):
        at.run()
    assert runs == once
    assert not at.error


def test_H3_a_run_under_way_is_shared_by_everyone_who_asks(
    scenarios: Path, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clicks, or two users, while the first run has not ended."""
    scenario = cm.load(example(scenarios / "example", title="Asked for at once by two"))
    held, started = threading.Event(), threading.Event()
    usual = compute.run_for_pages

    def slowly(*words: Any, **more: Any) -> Result:
        started.set()
        assert held.wait(PATIENCE)
        return usual(*words, **more)

    monkeypatch.setattr(compute, "run_for_pages", slowly)
    monkeypatch.setattr(compute.st, "session_state", {})
    first = compute.begin(scenario, lambda: scenario)
    assert started.wait(PATIENCE)
    second = compute.begin(scenario, lambda: scenario)
    held.set()
    assert second is first
    assert second.result().draws == FEW
    assert runs == [FEW]


def test_H3_the_last_of_two_changes_is_shown(app: AppTest, scenarios: Path) -> None:
    for pounds in (40.0, 70.0):
        app.number_input(key=PRICE).set_value(pounds)
    app.run()
    assert exact_figures(app) == at_price(scenarios, 70)


def test_H4_two_users_keep_their_own_inputs(scenarios: Path) -> None:
    first, second = opened(), opened()
    for at, pounds in ((first, 50.0), (second, 150.0)):
        at.number_input(key=PRICE).set_value(pounds).run()
    for at, pounds in ((first, 50.0), (second, 150.0)):
        at.run()
        assert at.number_input(key=PRICE).value == pounds
        assert exact_figures(at) == at_price(scenarios, pounds)
    third = opened()
    assert exact_figures(third) == at_price(scenarios, 100)
    assert any("You changed 0 of" in c.value for c in third.caption)


def test_H4_runs_side_by_side_do_not_mix(scenarios: Path) -> None:
    scenario = cm.load(scenarios / "example" / "model.yaml")
    prices = [60.0 + 10 * n for n in range(6)]
    found: dict[float, list[str]] = {}

    def one(pounds: float) -> None:
        found[pounds] = python_figures(scenario.changed({"session_price": pounds}))

    threads = [threading.Thread(target=one, args=(pounds,)) for pounds in prices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {pounds: at_price(scenarios, pounds) for pounds in prices}


def test_H5_a_changed_file_is_not_answered_from_memory(app: AppTest, scenarios: Path) -> None:
    before = exact_figures(app)
    model = scenarios / "example" / "model.yaml"
    model.write_text(documented()["model"].replace("value: 100, price_year", "value: 130, price_year"), "utf-8")
    app.run()
    assert exact_figures(app) == python_figures(cm.load(model)) != before
    index = scenarios / "example" / "settings" / "data" / "index.csv"
    index.write_text(index.read_text("utf-8").replace("2023/24,1.0", "2023/24,0.98"), "utf-8")
    between = exact_figures(app)
    app.run()
    assert exact_figures(app) == python_figures(cm.load(model)) != between


def test_H5_another_version_of_the_engine_is_asked_again(
    app: AppTest, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.run()
    assert runs == []
    monkeypatch.setattr(compute, "__version__", "0.0.test")
    app.run()
    assert FEW in runs


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("control horizon", 100_000, "outside what the field offers, 2 to 40"),
        ("control horizon", -3, "outside what the field offers"),
        ("control horizon", 0, "outside what the field offers"),
        ("control people", -1, "outside what the field offers, 1 to 10,000,000"),
        ("control people", 10**12, "outside what the field offers"),
        (PRICE, -5.0, "outside what the field offers, 0 to 10,000,000"),
        (PRICE, 1e15, "outside what the field offers"),
        (PRICE, float("nan"), "no number"),
        (PRICE, float("inf"), "no number"),
        ("control parameters.sessions.value", -1.0, "outside what the field offers"),
    ],
)
def test_H6_a_crafted_value_is_refused_in_words(app: AppTest, key: str, value: float, said: str) -> None:
    """A test sends the message itself, past the browser."""
    before = exact_figures(app)
    app.number_input(key=key).set_value(value).run()
    assert not app.exception
    assert any(said in e.value.replace("\\", "") for e in app.error), [e.value for e in app.error]
    assert exact_figures(app) == before


def test_H7_a_lost_session_begins_again_and_takes_its_changes_back_from_their_file(
    app: AppTest, scenarios: Path
) -> None:
    app.number_input(key=PRICE).set_value(77.0).run()
    app.number_input(key="control horizon").set_value(8).run()
    changed = exact_figures(app)
    saved = downloads.overlay(app.session_state[choice.CHOICE])
    fresh = opened()
    assert exact_figures(fresh) == at_price(scenarios, 100)
    fresh.file_uploader[0].set_value(("your_changes.yaml", saved, "application/yaml")).run()
    assert not fresh.error
    assert exact_figures(fresh) == changed


def test_H7_a_session_without_its_state_runs(app: AppTest) -> None:
    app.number_input(key=PRICE).set_value(77.0).run()
    for key in (choice.CHOICE, choice.FAULTS):
        if key in app.session_state:
            del app.session_state[key]
    app.run()
    assert not app.exception
    assert not app.error
    assert app.metric


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.yaml", "x" * 300 + ".yaml", "😀.yaml", "x.csv:stream.yaml", "model.yaml"],
    ids=["F23_climbs", "F23_long", "F23_emoji", "F22_stream", "F23_name_of_ours"],
)
def test_the_name_of_an_uploaded_file_is_never_used(app: AppTest, scenarios: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in scenarios.rglob("*") if path.is_file()}
    app.file_uploader[0].set_value((name, OVERLAY.encode(), "application/yaml")).run()
    assert not app.error
    assert any("Your file" in c.value for c in app.caption)
    assert {path: path.read_bytes() for path in scenarios.rglob("*") if path.is_file()} == before


def test_G4_a_warning_with_markup_is_shown_letter_for_letter(scenarios: Path) -> None:
    example(scenarios / "example", title="<script>alert(1)</script>", population="![x](http://example.org/x.png)")
    at = opened()
    for element in (*at.title, *at.markdown, *at.caption):
        assert "<script>" not in element.value.replace("\\<", "")
        assert "![x](" not in element.value
