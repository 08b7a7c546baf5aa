"""The dashboard in Chromium: what fits the first screen, what is cut off, what leaves the host, its speed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import costmodel as cm
from costmodel.report.sentence import answer, pick
from costmodel.scenario.load import HEADLINE

ROOT = Path(__file__).parents[2]
REAL = ROOT / "scenarios" / "depression_resistant" / "base.yaml"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
PATIENCE = 60_000
"""Milliseconds, for a machine that does other things too."""
METRIC = "[data-testid=stMetricValue]"
SETTLED = "simulations each"
"""Stands in the last thing that is computed."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A dashboard of our own on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"]
    environment = {name: value for name, value in os.environ.items() if name != "COSTMODEL_SCENARIOS"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_until_healthy(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_until_healthy(port: int) -> None:
    for _ in range(300):
        connection = HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/_stcore/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError("the dashboard does not answer")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def hosts() -> set[str]:
    """Hosts that a page has asked for anything."""
    return set()


def opened(browser: Browser, address: str, viewport: dict[str, int], hosts: set[str]) -> Page:
    page = browser.new_context(viewport=viewport).new_page()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if "://" in request.url else None)
    page.goto(f"{address}/in_full")
    page.get_by_text(SETTLED).wait_for(timeout=PATIENCE)
    page.locator(".js-plotly-plot").first.wait_for(timeout=PATIENCE)
    return page


@pytest.fixture
def page(browser: Browser, address: str, hosts: set[str]) -> Iterator[Page]:
    page = opened(browser, address, LAPTOP, hosts)
    yield page
    page.context.close()


def test_the_first_screen_holds_the_answer(page: Page) -> None:
    first = {
        "title": page.get_by_role("heading", level=1),
        "perspectives": page.get_by_role("radiogroup").or_(page.get_by_test_id("stButtonGroup")).first,
        "chart": page.locator(".js-plotly-plot").first,
        "beside": page.locator(".st-key-beside"),
    } | {f"metric {i}": page.get_by_test_id("stMetric").nth(i) for i in range(4)}
    for name, part in first.items():
        box = part.bounding_box()
        assert box is not None, name
        assert box["x"] >= 0, name
        assert box["y"] >= 0, name
        assert box["x"] + box["width"] <= LAPTOP["width"], name
        assert box["y"] + box["height"] <= LAPTOP["height"], (name, box)


@pytest.mark.long
@pytest.mark.parametrize("population", ["Panic disorder: panic", "Depression: short-term"])
def test_the_words_beside_the_chart_fit_the_first_screen_where_there_are_many_warnings(
    page: Page, population: str
) -> None:
    page.get_by_role("combobox", name="Population").click()
    page.get_by_role("option", name=population).click()
    page.get_by_text("in full under the chart").wait_for(timeout=PATIENCE)
    page.locator(".st-key-warnings li").first.wait_for(timeout=PATIENCE)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    box = page.locator(".st-key-beside").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= LAPTOP["height"]
    assert page.locator(".st-key-warnings li").count() > 1


@pytest.mark.long
def test_no_metric_is_cut_off(page: Page) -> None:
    cut = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMetric] *')]
            .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.innerText)"""
    )
    assert cut == []
    assert page.get_by_test_id("stMetric").count() == 4


@pytest.mark.long
def test_no_cell_of_the_evidence_runs_into_the_next(page: Page) -> None:
    page.get_by_role("link", name="Evidence").click()
    page.get_by_text("Roles", exact=True).wait_for(timeout=PATIENCE)
    cells = page.locator("[data-testid=stTable] td")
    assert cells.count() > 20
    assert cells.evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)") == []
    row, target = (cells.nth(i).bounding_box() for i in range(2))
    assert row is not None
    assert target is not None
    assert target["width"] > row["width"]


@pytest.mark.long
def test_the_whole_of_every_population_and_of_the_price_can_be_read(page: Page) -> None:
    price = page.get_by_role("combobox", name="Price of a session")
    assert price.evaluate("e => e.scrollWidth <= e.clientWidth")
    page.get_by_role("combobox", name="Population").click()
    options = page.get_by_role("option")
    expect(options).to_have_count(8)
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1)"
    assert options.evaluate_all(f"{cut}.map(e => e.innerText)") == []


@pytest.mark.long
def test_what_has_the_focus_of_the_keyboard_is_seen_in_the_navigation(page: Page) -> None:
    link = page.get_by_role("link", name="Uncertainty")
    page.get_by_role("link", name="Assumptions").focus()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_have_css("outline-style", "solid")


@pytest.mark.long
def test_help_is_read_aloud_without_escapes(page: Page) -> None:
    labels = page.get_by_role("button", name="Help for").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert any("NHS and social care, 42 months" in label for label in labels)
    assert [label for label in labels if "\\" in label] == []


def test_the_screen_says_what_python_says(page: Page) -> None:
    result = cm.run(cm.load(REAL))
    for line in (answer(result).headline, *answer(result).verdict.beside):
        assert page.get_by_text(line, exact=True).count() == 1
    exact = repr(float(pick(result, "net_saving", perspective="nhs_pss").value))
    page.get_by_text("Exact figures and how").click()
    expect(page.get_by_text(exact, exact=True).first).to_be_visible()


def test_no_request_leaves_the_host(page: Page, address: str, hosts: set[str]) -> None:
    page.get_by_role("link", name="Assumptions").click()
    page.get_by_text("Take it away").wait_for()
    page.get_by_role("link", name="In full").click()
    page.get_by_text(SETTLED).wait_for(timeout=PATIENCE)
    assert hosts == {address.split("/")[2]}


@pytest.mark.long
def test_nothing_scrolls_sideways_on_a_phone(browser: Browser, address: str, hosts: set[str]) -> None:
    page = opened(browser, address, PHONE, hosts)
    for name, after in (("In full", "assumptions"), ("Assumptions", "plan"), ("Plan", "plan")):
        widths = page.evaluate(
            """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
                .map(e => e.scrollWidth - e.clientWidth)"""
        )
        assert max(widths) <= 0, name
        page.goto(f"{address}/{after}")
        page.get_by_text("Take it away").wait_for(timeout=PATIENCE)
    page.context.close()


@pytest.mark.long
def test_no_text_of_a_chart_is_cut_off_on_a_phone(page: Page) -> None:
    page.get_by_role("combobox", name="Population").click()
    page.get_by_role("option", name="Panic disorder").click()
    page.get_by_text("Two readings of the evidence").wait_for(timeout=PATIENCE)
    plan, where = ("Plan", "Take it away"), ("Where does it pay?", "How to read it")
    what_if = ("What if?", "What moves it, change by change")
    for name, last in (("In full", SETTLED), ("Uncertainty", "Each input alone"), plan, where, what_if):
        page.set_viewport_size(LAPTOP)
        page.get_by_role("link", name=name).click()
        page.get_by_text(last).wait_for(timeout=PATIENCE)
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(1_500)
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
                const box = plot.getBoundingClientRect();
                return [...plot.querySelectorAll('text')].filter(text => {
                    const own = text.getBoundingClientRect();
                    return own.width > 0 && (own.left < box.left - 1 || own.right > box.right + 1);
                }).map(text => text.textContent);
            })"""
        )
        assert cut == [], name


def test_a_number_of_people_that_is_typed_is_the_one_that_is_answered_for(page: Page) -> None:
    field = page.get_by_role("spinbutton", name="People treated")
    field.fill("250")
    field.press("Enter")
    expect(page.get_by_test_id("stMain")).to_contain_text("For 250 people", timeout=PATIENCE)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_the_previous_answer_does_not_stay_above_a_locked_population(page: Page) -> None:
    page.get_by_role("combobox", name="Population").click()
    page.get_by_role("option", name="Psychosis: ").click()
    page.get_by_text(HEADLINE).wait_for(timeout=PATIENCE)
    expect(page.get_by_test_id("stMetric")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(0)
    expect(page.get_by_test_id("stNumberInput")).to_have_count(0)
    assert "£" not in page.locator("body").inner_text()


def test_a_changed_control_shows_the_new_answer_and_then_its_band(
    page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    first, then = [], []
    for sessions in (50, 55, 65, 70, 75):
        old = page.locator(METRIC).first.inner_text()
        field = page.get_by_role("spinbutton", name="Sessions planned")
        field.fill(str(sessions))
        start = time.monotonic()
        field.press("Enter")
        changed = "([old, css]) => { const m = document.querySelectorAll(css); return m[0]?.innerText !== old }"
        page.wait_for_function(changed, arg=[old, METRIC], timeout=PATIENCE)
        first.append(time.monotonic() - start)
        complete = "css => { const m = document.querySelectorAll(css); return m[3] && m[3].innerText !== '…' }"
        page.wait_for_function(complete, arg=METRIC, timeout=PATIENCE)
        page.get_by_text("Expected values of").first.wait_for(timeout=PATIENCE)
        then.append(time.monotonic() - start)
        page.get_by_text(SETTLED).wait_for(timeout=PATIENCE)
    with capsys.disabled():
        print(f"\n  new answer after {median(first):.2f} s, its band after {median(then):.2f} s (median of 5)")
    assert page.get_by_text("You changed 1 of").first.is_visible()


# The first page


@pytest.fixture
def purse(browser: Browser, address: str) -> Iterator[tuple[Page, list[str]]]:
    """The first page once its draws are in, and the errors that the console has seen."""
    page = browser.new_context(viewport=LAPTOP).new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.get_by_role("button", name="Share").wait_for(timeout=PATIENCE)
    yield page, errors
    page.context.close()


@pytest.mark.long
def test_the_first_page_says_what_python_says(purse: tuple[Page, list[str]]) -> None:
    page, _ = purse
    scenario = cm.load(REAL)
    lines = cm.verdict(cm.run(scenario), horizon=scenario.model.follow_up.months).lines
    assert page.locator(".verdict").all_inner_texts() == list(lines)


@pytest.mark.long
def test_the_first_page_fits_a_laptop_and_does_not_scroll_sideways_on_a_phone(purse: tuple[Page, list[str]]) -> None:
    page, errors = purse
    for css in (
        ".st-key-question",
        ".verdict >> nth=1",
        ".under",
        ".js-plotly-plot",
        ".st-key-facts",
        ".st-key-others",
    ):
        box = page.locator(css).bounding_box()
        assert box is not None, css
        assert box["x"] >= 0, css
        assert box["x"] + box["width"] <= LAPTOP["width"], css
        assert box["y"] + box["height"] <= LAPTOP["height"], (css, box)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(1_500)
    beyond = page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth }"
    )
    assert beyond <= 0
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
            const box = plot.getBoundingClientRect();
            return [...plot.querySelectorAll('text')].filter(text => {
                const own = text.getBoundingClientRect();
                return own.width > 0 && (own.left < box.left - 1 || own.right > box.right + 1);
            }).map(text => text.textContent);
        })"""
    )
    assert cut == []
    assert errors == []


@pytest.mark.long
def test_menus_speak_of_the_people_who_are_chosen_now(purse: tuple[Page, list[str]]) -> None:
    """Of others savings were studied for another time; what the browser still shows must be what the server offers."""
    page, _ = purse
    for people, months in (
        ("Borderline", "3 years"),
        ("High users", "14 months"),
        ("Treatment-resistant", "42 months"),
    ):
        page.get_by_role("combobox", name="Who is treated").click()
        page.get_by_role("option", name=people).click()
        over = page.get_by_role("combobox", name="Counting savings over")
        expect(over).to_have_value(f"{months}, as studied", timeout=PATIENCE)
        page.get_by_role("button", name="Share").wait_for(timeout=PATIENCE)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    page.get_by_role("combobox", name="Who is treated").click()
    page.get_by_role("option", name="Psychosis").click()
    page.get_by_text(HEADLINE).wait_for(timeout=PATIENCE)
    expect(page.get_by_text("not among its options")).to_have_count(0)


@pytest.mark.long
def test_the_address_of_the_first_page_opens_on_the_same_answer_elsewhere(
    browser: Browser, purse: tuple[Page, list[str]]
) -> None:
    page, _ = purse
    before = page.locator(".st-key-verdict").inner_text()
    field = page.get_by_role("spinbutton", name="Sessions planned")
    field.fill("30")
    field.press("Enter")
    expect(page.locator(".st-key-verdict")).not_to_have_text(before, timeout=PATIENCE)
    page.get_by_text("tries of the model.").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(1_000)
    other = browser.new_context(viewport=LAPTOP).new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Share").wait_for(timeout=PATIENCE)
    expect(other.get_by_role("spinbutton", name="Sessions planned")).to_have_value("30")
    for css in (".st-key-verdict", ".st-key-facts"):
        assert other.locator(css).inner_text() == page.locator(css).inner_text()
    other.context.close()
