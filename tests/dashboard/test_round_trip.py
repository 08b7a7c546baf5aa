"""What is changed and taken away in one visit gives the same digits in another, in Chromium, for every population."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from costmodel.app.parts import catalogue
from costmodel.scenario.load import FOLDER
from tests.dashboard.test_browser import ARGUMENTS, LAPTOP, PATIENCE
from tests.support.protocol import Server, served

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
LEFT_OUT = {"psychosis", "talking_therapies"}
"""One is locked; the other has no part that the rest have not, and takes as long."""
POPULATIONS = sorted({path.parent.name for path in SCENARIOS.glob("*/model.yaml")} - LEFT_OUT)
CHANGES = {"People treated": "37", "Sessions planned": "21", "Horizon, years": "7"}
"""Values by the labels of fields: none is any population's own."""
FOR_THEM = f"For {CHANGES['People treated']} people"
MAKING = 4 * PATIENCE
"""Milliseconds for a workbook to be made: borderline disorder's takes most of a minute of processor time."""
EXACT = "Exact figures and how"

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served(**{FOLDER: str(SCENARIOS)}) as server:
        yield server


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(browser: Browser, server: Server) -> Page:
    """A page in a context of its own: nothing is known of earlier visits."""
    page = browser.new_context(viewport=LAPTOP, accept_downloads=True).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server.url}/in_full")
    page.get_by_role("spinbutton", name="People treated").wait_for()
    return page


def digits(page: Page) -> list[str]:
    """The four figures, and the unrounded ones with draws, seed and hash of the scenario, as they stand now."""
    panel = page.get_by_test_id("stExpander").filter(has_text=EXACT)
    figures = page.get_by_test_id("stMetricValue").all_inner_texts()
    return [*figures, *panel.locator("td").all_text_contents(), *panel.get_by_text("SHA-256").all_text_contents()]


def opened_panel(page: Page) -> None:
    """Open the panel with the unrounded figures, once it is there."""
    expect(page.locator("[data-test-script-state=notRunning]")).to_have_count(1, timeout=PATIENCE)  # a run closes it
    expect(page.get_by_text(EXACT)).to_have_count(1, timeout=PATIENCE)  # nothing is left of an earlier answer
    page.get_by_text(EXACT).click()
    page.get_by_test_id("stExpander").filter(has_text=EXACT).locator("td").first.wait_for()


def taken_away(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download(timeout=MAKING) as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def brought(browser: Browser, server: Server, file: Path, expected: list[str]) -> list[str]:
    """The digits of a first visit that brings a file and says nothing of it; waited for until they are as expected."""
    page = visit(browser, server)
    page.get_by_text("Use your file").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_test_id("stMain")).to_contain_text(FOR_THEM, timeout=PATIENCE)
    opened_panel(page)
    end = time.monotonic() + PATIENCE / 1000
    while digits(page) != expected and time.monotonic() < end:
        page.wait_for_timeout(200)
    found = digits(page)
    assert page.get_by_text("Not applied").count() == 0
    page.context.close()
    return found


@pytest.mark.parametrize("population", POPULATIONS)
def test_file_workbook_and_command_of_a_changed_scenario_give_the_same_digits(
    browser: Browser, server: Server, population: str, tmp_path: Path
) -> None:
    page = visit(browser, server)
    page.get_by_role("combobox", name="Population").click()
    page.get_by_role("option", name=catalogue.populations()[population].title, exact=True).click()
    for count, (label, value) in enumerate(CHANGES.items(), 1):
        field = page.get_by_role("spinbutton", name=label)
        field.fill(value)
        field.press("Enter")
        page.get_by_text(f"You changed {count} of").first.wait_for()
    page.get_by_text("simulations each").wait_for()
    expect(page.locator("[data-test-script-state=notRunning]")).to_have_count(1, timeout=PATIENCE)
    assert page.get_by_text("Not applied").count() == 0
    opened_panel(page)
    expected = digits(page)
    assert FOR_THEM in page.get_by_test_id("stMain").inner_text()
    command = page.get_by_test_id("stCode").filter(has_text="costmodel run").inner_text()
    book = taken_away(page, "Download the workbook", tmp_path)
    page.get_by_role("link", name="Assumptions").click()
    changes = taken_away(page, "Download your changes", tmp_path)
    page.context.close()

    assert brought(browser, server, changes, expected) == expected
    assert brought(browser, server, book, expected) == expected
    shown = " ".join(expected)
    assert [digit for digit in ran(command, tmp_path) if digit not in shown] == []


def ran(command: str, folder: Path) -> list[str]:
    """Net saving with its interval and the scenario's hash, as the command gives them in a folder of its own."""
    ours = command.replace("costmodel run", f"{shlex.quote(sys.executable)} -m costmodel run", 1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), FOLDER: str(SCENARIOS)}
    done = subprocess.run(
        ["bash", "-c", f"{ours} --json"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    first = answer["settings"]["follow_up_months"]
    strategy = next(row["strategy"] for row in answer["rows"] if row["comparator"])  # the one that the page opens with
    (row,) = [
        row
        for row in answer["rows"]
        if (row["outcome"], row["horizon_months"], row["discounted"]) == ("net_saving", first, False)
        and (row["run"], row["party"], row["category"]) == ("expected", "all", "all")
        and row["strategy"] == strategy
    ]
    return [*(repr(row[key]) for key in ("value", "low", "high")), answer["scenario"]["sha256"]]
