"""The board page: its rows are those of the table, its sentences are true of them, and it is two sheets of A4."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

import costmodel as cm
from costmodel.page import Page
from costmodel.report import render
from costmodel.report.board import NO, Board, board
from costmodel.report.business_case import business_case
from costmodel.report.sentence import pick
from costmodel.words import in_100
from tests.cli.commands import done, refused
from tests.dashboard.test_browser import ARGUMENTS
from tests.support.example import example

POPULATIONS = [
    "borderline",
    "complex_long_term",
    "depression_resistant",
    "depression_short_term",
    "high_users",
    "panic",
    "talking_therapies",
]
WAYS = (
    "Counted, it would favour therapy.",
    "Counted, it would speak against therapy.",
    "Counted, it could go either way.",
)
PAGE = re.compile(rb"/Type\s*/Page(?!s)")
CUT = """() => {
    const edge = document.body.getBoundingClientRect().right + 1
    return [...document.querySelectorAll("body *")]
        .filter(one => !one.closest("script, style, [role=img]"))
        .filter(one => one.getBoundingClientRect().right > edge || one.scrollWidth > one.clientWidth + 1 &&
            getComputedStyle(one).display == "block")
        .map(one => one.outerHTML.slice(0, 80))
}"""
"""What stands beyond the sheet's right edge, or does not fit into its own room."""


@pytest.fixture(scope="module")
def high_users() -> Board:
    return board(cm.run(cm.load("high_users"), draws=300, strata=False))


@pytest.fixture(scope="module")
def page(high_users: Board) -> Page:
    return high_users.page()


@pytest.mark.long
def test_the_rows_are_those_of_the_table_for_the_group(high_users: Board) -> None:
    of, people = high_users.of, high_users.of.result.scenario.model.people
    assert list(high_users.frame.perspective) == list(of.result.setting.perspectives)
    for row in high_users.frame.to_dict("records"):
        at: dict[str, Any] = {"perspective": row["perspective"], "horizon": of.months, "strategy": of.name}
        net = pick(of.result, "net_saving", **at)
        assert [row["net"], row["low"], row["high"]] == [net.value * people, net.low * people, net.high * people]
        assert row["back"] - row["therapy"] == pytest.approx(row["net"], abs=1e-6)
        assert row["therapy"] == pytest.approx(-pick(of.result, "net_saving", category="therapy", **at).value * people)
        assert row["chance"] == pick(of.result, "chance_payback", **at).value
        paid = pick(of.result, "payback_sustained_months", **at)
        assert row["payback"] == (NO if math.isnan(paid.value) else paid.words)


@pytest.mark.long
def test_the_first_row_says_what_the_verdict_says(high_users: Board, page: Page) -> None:
    row = high_users.frame[high_users.frame.perspective == high_users.of.perspective].iloc[0]
    assert row.chance == pytest.approx(high_users.verdict.chance)
    assert row.chance_words == in_100(row.chance)
    assert page.data["chance"] == high_users.verdict.chance


@pytest.mark.long
def test_the_objection_is_the_convention_with_the_farthest_chance(high_users: Board, page: Page) -> None:
    base, *others = high_users.verdict.chances
    far = max(abs(one.share - base.share) for one in others)
    (named, *_) = {one.share for one in others if abs(one.share - base.share) == far}
    assert high_users.objection.endswith(f": {in_100(named)}, in the place of {in_100(base.share)}.")
    assert high_users.objection in page.sentences


@pytest.mark.long
def test_what_decides_it_comes_from_the_largest_share_down(page: Page) -> None:
    said = "\n".join(page.sentences)
    shares = [float(text) for text in re.findall(r": ([\d.]+)% of the uncertainty", said)]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 100


@pytest.mark.long
@pytest.mark.parametrize("population", POPULATIONS)
def test_what_a_base_leaves_out_says_which_way_it_would_move_the_answer(population: str) -> None:
    base = cm.load(population)
    assert [line for line in base.left_out if not line.endswith(WAYS)] == []
    about = " ".join(base.left_out).lower()
    assert all(what in about for what in ("partners and children", "other teams", "deaths"))


@pytest.mark.long
def test_html_names_nothing_outside_itself(page: Page) -> None:
    said = re.sub(r"<script.*?</script>", "", render.html(page), flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=|url[(]|@import|https?:", said)
    assert said.count("class=sheet>") == 1


@pytest.mark.long
def test_the_same_page_comes_from_the_command_line_for_another_group_and_time(tmp_path: Path) -> None:
    path = example(tmp_path)
    words = ("report", path, "--draws", 50, "--people", 40, "--over", "1 year")
    out = tmp_path / "x.json"
    assert done(*words, "-o", out) == f"{out} written.\n"
    found = json.loads(out.read_text("utf-8"))
    scenario = cm.load(path).changed({"people": 40})
    assert [row["therapy"] for row in found["rows"]] == pytest.approx(
        [row["therapy"] for row in board(cm.run(scenario, draws=50), horizon=24.0).frame.to_dict("records")], rel=1e-9
    )
    assert found["schema"] == "costmodel/board/1"
    assert found["horizon_months"] == 12
    done(*words, "-o", tmp_path / "x.md")
    assert "for 40 people; over 1 year" in (tmp_path / "x.md").read_text("utf-8")
    done(*words, "-o", tmp_path / "x.html", "--format", "html")
    assert "--set people=40" in (tmp_path / "x.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["-o", "x.html", "--format", "md"], "a page as md ends in .md. Write x.md.", id="R1_other_ending"),
        pytest.param(
            ["-o", "x.xlsx", "--over", "1 year"], "a workbook has every payer", id="R2_a_workbook_over_a_time"
        ),
        pytest.param(
            ["-o", "x.html", "--over", "1 year", "--sampling", "sobol"],
            "Leave out --draws-from",
            id="R3_time_and_draws",
        ),
        pytest.param(["-o", "x.html", "--people", "0"], "people is 0", id="R4_nobody"),
    ],
)
def test_a_page_that_cannot_be_is_refused(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = example(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert message in refused("report", path, *words)
    assert not list(tmp_path.glob("x.*"))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


def check_sheets(browser: Browser, found: Page, folder: Path) -> None:
    """Two sheets of A4 from print, nothing beyond an edge, no request but the file's own, no word on the console."""
    path, asked, said = folder / "board.html", set[str](), list[str]()
    path.write_text(render.html(found), "utf-8")
    tab = browser.new_page()
    tab.on("request", lambda request: asked.add(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(path.as_uri())
    tab.locator(".bars, .plot").first.wait_for()
    tab.emulate_media(media="print")
    assert tab.evaluate(CUT) == []
    assert tab.evaluate("getComputedStyle(document.querySelector('h2.sheet')).breakBefore") == "page"
    printed = tab.pdf(prefer_css_page_size=True, print_background=True)
    tab.close()
    assert len(PAGE.findall(printed)) == 2
    assert asked == {path.as_uri()}
    assert said == []


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("population", POPULATIONS)
def test_it_is_two_sheets_of_a4(browser: Browser, population: str, tmp_path: Path) -> None:
    check_sheets(browser, board(cm.run(cm.load(population), draws=20, strata=False)).page(), tmp_path)


@pytest.mark.long
def test_a_named_scenario_says_on_the_first_sheet_that_it_is_outside_every_verdict() -> None:
    scenario = cm.load("complex_long_term/finnish_register")
    found = board(cm.run(scenario, draws=20, strata=False))
    first = render.html(found.page()).partition("class=sheet>")[0]
    assert "Outside every verdict: 6 more of 100 people in paid work" in first
    assert {row["who"] for row in found.corners} == {"Cautious", "Base", "Favourable", "This scenario"}
    assert all("No verdict: by a named scenario" in sentence for sentence in business_case(found).sentences)


@pytest.mark.long
def test_a_neighbour_that_cannot_be_read_has_no_row(tmp_path: Path) -> None:
    path = example(tmp_path)
    (path.parent / "cautious.yaml").write_text("format: 1\nextends: nothing.yaml\n", "utf-8")
    found = board(cm.run(cm.load(path), draws=20))
    assert [row["who"] for row in found.corners] == ["Base"]


def test_both_ends_of_the_evidence_are_runs_of_their_files(high_users: Board) -> None:
    other = board(cm.run(cm.load("high_users/favourable"), draws=300, strata=False))
    (row,) = [one for one in high_users.corners if one["who"] == "Favourable"]
    (own,) = [one for one in other.frame.to_dict("records") if one["perspective"] == other.of.perspective]
    assert [row[key] for key in ("therapy", "net", "chance")] == pytest.approx(
        [own[key] for key in ("therapy", "net", "chance")]
    )
