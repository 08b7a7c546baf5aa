"""What may be said in a business case is true of the table, and carries its chance and source in every medium."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.currency import Currency
from costmodel.report.board import board
from costmodel.report.business_case import BusinessCase, business_case
from costmodel.report.sentence import pick
from costmodel.words import in_100
from tests.cli.commands import done, parsed
from tests.report.test_board import POPULATIONS
from tests.support.example import example


@pytest.fixture(scope="module", params=["panic", "high_users"])
def case(request: pytest.FixtureRequest) -> BusinessCase:
    return business_case(board(cm.run(cm.load(request.param), draws=200, strata=False)))


def money_of(case: BusinessCase) -> Currency:
    return case.board.of.result.setting.currency


@pytest.mark.long
def test_four_sentences_are_those_of_the_table_with_chance_and_source(case: BusinessCase) -> None:
    of, money = case.board.of, money_of(case).money
    people = of.result.scenario.model.people
    at: dict[str, Any] = {"perspective": of.perspective, "horizon": of.months, "strategy": of.name}
    net, chance = pick(of.result, "net_saving", **at), pick(of.result, "chance_payback", **at).value
    therapy = -pick(of.result, "net_saving", category="therapy", **at).value
    cost, span, health, price = case.sentences
    assert f"costs {money(therapy * people)}" in cost
    assert f"{money((net.value + therapy) * people)} comes back (chance of repaying: {in_100(chance)})" in cost
    assert (
        f"is {money(net.value * people)} (95% interval {money(net.low * people)} to {money(net.high * people)};" in span
    )
    assert case.board.verdict.health.removeprefix("Health: ").casefold() in health.casefold()
    assert f"At {money(case.board.verdict.price or 0)} a session" in price
    for sentence in case.sentences:
        assert " in 100" in sentence
        assert "Chance given: with other care as trials found it" in sentence
        assert re.search(r"Source: costmodel [\d.]+, scenario [0-9a-f]{12}; [A-Z]+\d+", sentence)


@pytest.mark.long
def test_the_price_of_an_even_chance_leaves_the_chance_even(case: BusinessCase) -> None:
    of = case.board.of
    therapy = of.result.scenario.model.strategies[of.name].therapy
    assert therapy is not None
    assert isinstance(therapy.price, str)
    moved = of.result.scenario.changed({therapy.price: case.board.verdict.price}, fix=True)
    asked: dict[str, Any] = {"perspective": of.perspective, "horizon": of.months, "strategy": of.name}
    found = pick(cm.run(moved, draws=200, strata=False), "chance_payback", **asked).value
    assert found == pytest.approx(0.5, abs=0.01)


@pytest.mark.long
def test_what_is_copied_carries_the_range_and_the_objection(case: BusinessCase) -> None:
    assert case.range in case.paragraph.replace("Net saving", "net saving")
    assert f"The strongest objection: {case.objection}" in case.paragraph
    assert all(line in case.paragraph for line in case.board.verdict.lines)
    assert case.page().sentences[0] == case.paragraph


@pytest.mark.parametrize("population", POPULATIONS)
def test_two_sentences_of_the_claims_may_not_be_used_for_each_population(population: str) -> None:
    bearing = [one for one in cm.claims().of if population in one.record.populations and one.record.not_so]
    assert len(bearing) >= 2
    assert all(not one.record.verdict.startswith("Supported for") for one in bearing)


@pytest.mark.long
def test_what_may_not_be_used_has_its_reason_and_the_trials_are_those_of_the_synthesis(case: BusinessCase) -> None:
    assert len(case.unsaid) == 2
    for sentence in case.unsaid:
        (claim,) = {
            one.name for one in cm.claims().of if f"Source: {one.name}" in sentence and one.record.not_so in sentence
        }
        assert cm.claims().claim(claim).record.verdict in sentence
    trials = " ".join(case.trials)
    assert "Creed et al 2003" in trials
    assert "CoBalT 2014" in trials
    assert "assumed null" not in trials


@pytest.mark.long
def test_the_command_gives_the_same_scenario_and_the_same_sentences(tmp_path: Path) -> None:
    scenario = cm.load(example(tmp_path)).changed({"session_price": 85, "people": 40})
    case = business_case(board(cm.run(scenario, draws=50), horizon=24.0))
    page = case.page()
    words = [word for word in shlex.split(page.again)[1:] if word != "case.html"]
    done(*words, tmp_path / "case.md")
    written = (tmp_path / "case.md").read_text("utf-8")
    assert all(sentence in written for sentence in page.sentences)
    assert scenario.sha256 in written
    run = shlex.split(page.again.replace("costmodel report", "run"))
    end = next(at for at, word in enumerate(run) if word in ("--over", "--for"))
    drawn = run[run.index("--draws") : run.index("--seed") + 2]
    found = parsed(*run[:end], *drawn, "--json")
    assert found["scenario"]["sha256"] == scenario.sha256


@pytest.mark.long
def test_an_assumed_trial_is_none_to_cite() -> None:
    case = business_case(board(cm.run(cm.load("borderline"), draws=0, strata=False)))
    assert any("MBT-PH" in line for line in case.trials)
    assert not any("assumed null" in line for line in case.trials)
    assert not any("Chance given" in sentence for sentence in case.sentences)
    assert case.objection == "no chance is told here."


@pytest.mark.long
def test_where_health_is_not_modelled_nothing_is_said_of_it() -> None:
    found = board(cm.run(cm.load("talking_therapies"), draws=20, strata=False))
    assert set(found.frame.qaly) == {"not modelled"}
    case = business_case(found)
    assert not any("health" in sentence for sentence in case.sentences)
    assert f"observed, chance of repaying: {in_100(found.of.to(0).paid_back().value)}." in case.sentences[2]
    lacks = found.of.result.scenario.model.lacks
    assert lacks is not None
    assert case.paragraph.startswith(lacks)
    assert found.page().about[0] == lacks
