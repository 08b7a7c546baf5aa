"""The verdict: its words at every boundary, when there is none, what is robust, and what a year of health costs."""

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

import costmodel as cm
from costmodel.analysis.verdict import WORDS, words_of
from costmodel.model.run import evaluate, values_of
from costmodel.page import Paragraph
from costmodel.report.answer import page as answer_page
from costmodel.report.render import document, html, markdown, terminal
from costmodel.report.screen import screen
from tests.support.example import REMOVED, derived, documented, load_example, number, price, write_setting
from tests.support.pounds import POUNDS

DRAWS = 400
STAFF: dict[str, Any] = {
    "money_base": {"price": "at staff prices", "form": "as a fraction"},
    "parameters.session_staff": price("session", 100),
    "parameters.session_cheap": price("session", 1),
    "parameters.session_dear": price("session", 300),
    "parameters.session_price": derived(
        "GBP per session", use="staff",
        one_of={"staff": "session_staff", "cheap": "session_cheap", "dear": "session_dear"},
    ),
}  # fmt: skip
ESTIMAND = {
    "source": "X001", "comparator": "usual care", "outcome": "cost of other care", "time": "24 months",
    "analysis": "intention to treat",
}  # fmt: skip
SURE: dict[str, Any] = {"parameters.causal": number("share", 1), "parameters.gp_ill": number("visits per year", 60)}
"""Other care that falls by more than a cheap course costs, in every draw."""


def convention(kind: str, label: str, **change: Any) -> dict[str, Any]:
    return {"label": label, "kind": kind, "change": change}


def priced(use: str) -> dict[str, Any]:
    return convention("price", f"at {use} prices", **{"parameters.session_price.use": use})


def form(share: float, name: str = "form") -> dict[str, Any]:
    parameters = {f"parameters.share_{name}": number("share", share)}
    return {"label": f"as constant pounds ({name})", "kind": "form", "add": parameters,
            "change": {"costs.gp.causal_share": f"share_{name}"}}  # fmt: skip


def lasting(share: float, label: str) -> dict[str, Any]:
    return form(share, "lasting") | {"label": label, "kind": "none"}


@pytest.mark.parametrize(
    ("chance", "word"),
    [(0, "no"), (0.0999, "no"), (0.1, "unlikely"), (0.3499, "unlikely"), (0.35, "open"), (0.65, "open"),
     (0.6501, "likely"), (0.9, "likely"), (0.9001, "yes"), (1, "yes"), (0.1 + 0.2 + 0.05, "open"), (3 * 0.3, "likely")],
)  # fmt: skip
def test_a_chance_has_the_word_of_its_place_on_both_sides_of_every_boundary(chance: float, word: str) -> None:
    assert words_of(chance) == (word,)


@pytest.mark.parametrize(
    ("chance", "error", "words"),
    [(0.09, 0.0049, ("no",)), (0.09, 0.005, ("no", "unlikely")), (0.12, 0.011, ("no", "unlikely")),
     (0.64, 0.006, ("open", "likely")), (0.5, 0.3, WORDS), (0.92, 0.0099, ("yes",)), (0.92, 0.011, ("likely", "yes"))],
)  # fmt: skip
def test_within_two_errors_of_a_boundary_both_words_stand(chance: float, error: float, words: tuple[str, ...]) -> None:
    assert words_of(chance, error) == words


def test_the_line_says_the_chance_of_the_draws_and_what_it_is_given(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **STAFF), draws=DRAWS)
    said = cm.verdict(result)
    chance = float(np.mean(result.paybacks(result.headline, 1, 1, "nhs_pss") < np.inf))
    assert said.chance == pytest.approx(chance, abs=1e-12)
    assert said.words == ("no",)
    assert said.money == (
        "Money: does not repay the NHS and social care within 5 years (none in 100, at staff prices, as a fraction)"
    )
    assert said.beside[0] == "The chance is given: at staff prices, as a fraction."


def test_a_chance_near_a_boundary_stands_with_both_words(tmp_path: Path) -> None:
    """At the price where half of the draws pay back the word is open; a hundred draws cannot tell 63 from 65."""
    even = cm.verdict(cm.run(load_example(tmp_path), draws=100)).price
    assert even is not None
    nearly = price("session", even * 0.74)
    said = cm.verdict(cm.run(load_example(tmp_path, **{"parameters.session_price": nearly}), draws=100))
    assert said.words == ("open", "likely")
    assert said.money.startswith("Money: open whether it repays or likely to repay the NHS and social care")
    assert "100 draws cannot tell which word holds." in said.beside


def test_half_of_the_draws_pay_back_at_the_price_that_is_named(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    odd = DRAWS + 1
    result = cm.run(scenario, draws=odd)
    said = cm.verdict(result)
    assert said.price is not None
    chances = []
    for wanted in (said.price - 1e-6, said.price + 1e-6):
        values = {**values_of(result, odd), "session_price": wanted}
        end = evaluate(scenario, values, odd).sustained[1, 0, 1, 1]
        chances.append(float(np.mean(end < np.inf)))
    assert chances[0] > 0.5 > chances[1]
    assert any(f"50 in 100 at {POUNDS.money(said.price)} a session" in line for line in said.beside)


def test_no_price_is_named_where_free_sessions_would_not_do(tmp_path: Path) -> None:
    nothing = {"parameters.causal": number("share", 0)}
    said = cm.verdict(cm.run(load_example(tmp_path, **nothing), draws=DRAWS))
    assert any(line.startswith("Not even sessions that cost nothing would do") for line in said.beside)


def test_a_yes_says_when_and_a_no_does_not(tmp_path: Path) -> None:
    cheap = STAFF | SURE | {"parameters.session_staff": price("session", 10)}
    said = cm.verdict(cm.run(load_example(tmp_path, **cheap), draws=DRAWS))
    assert said.words == ("yes",)
    assert said.money.startswith("Money: repays the NHS and social care after about ")


def test_there_is_no_word_while_therapy_runs(tmp_path: Path) -> None:
    still = {"strategies.therapy.therapy.over": "25 months"}
    result = cm.run(load_example(tmp_path, **still), draws=DRAWS)
    said = cm.verdict(result, horizon=24)
    assert (said.words, said.withheld, said.chance) == ((), "therapy still runs", None)
    assert said.money == "Money: no word, therapy still runs at 2 years"
    assert said.health.startswith("Health: ")
    assert cm.verdict(result).words == ("no",)
    ended = {"strategies.therapy.therapy.over": "24 months"}
    assert cm.verdict(cm.run(load_example(tmp_path, **ended), draws=DRAWS), horizon=24).words == ("no",)


@pytest.mark.parametrize("none", ["sessions", "session_price"])
def test_there_is_no_word_without_a_course(tmp_path: Path, none: str) -> None:
    nothing = number("sessions", 0) if none == "sessions" else price("session", 0)
    said = cm.verdict(cm.run(load_example(tmp_path, **{f"parameters.{none}": nothing}), draws=DRAWS))
    assert (said.words, said.withheld, said.price) == ((), "no course", None)
    assert said.money == "Money: no course for the NHS and social care to repay"


def test_a_strategy_that_has_no_sessions_has_no_course(tmp_path: Path) -> None:
    bare = {"strategies.therapy.therapy": REMOVED, "strategies.therapy.effects": {}}
    assert cm.verdict(cm.run(load_example(tmp_path, **bare), draws=DRAWS)).withheld == "no course"


@pytest.mark.parametrize(("studied", "withheld"), [(25.7, True), (25.6, False)])
def test_under_half_the_studied_dose_the_word_is_withheld(tmp_path: Path, studied: float, withheld: bool) -> None:
    """12.8 sessions are delivered."""
    dose = {
        "parameters.studied": number("sessions", studied), "parameters.half": number("sessions", 15),
        "strategies.therapy.effects.recovers_faster.dose": {"studied": "studied", "half_dose": "half"},
    }  # fmt: skip
    said = cm.verdict(cm.run(load_example(tmp_path, **dose), draws=DRAWS))
    assert (said.words == ()) is withheld
    assert said.chance is not None
    if withheld:
        assert said.money == "Money: no word, since any would be by the dose rule, not by evidence (none in 100)"
        assert "No trial saw so few sessions: 12.8 are delivered, and 25.7 were studied." in said.beside


def test_a_named_scenario_has_a_chance_and_no_word(tmp_path: Path) -> None:
    """It says what it takes for granted, and moves no answer by saying so."""
    scenario, plain = load_example(tmp_path, outside_verdicts="Gains last for ever."), load_example(tmp_path / "plain")
    result = cm.run(scenario, draws=DRAWS)
    said, base = cm.verdict(result), cm.verdict(cm.run(plain, draws=DRAWS))
    assert (said.words, said.robust, said.chance) == ((), "", base.chance)
    assert said.money == "Money: no word, since any would be by a named scenario, not by evidence (none in 100)"
    assert said.beside[0] == "Outside every verdict: gains last for ever."
    assert screen(result, "therapy", "nhs_pss", result.horizons[-1]).beside.startswith(said.beside[0])
    assert said.health == base.health
    assert scenario.sha256 == plain.sha256


def test_the_other_form_stands_in_the_same_line(tmp_path: Path) -> None:
    said = cm.verdict(cm.run(load_example(tmp_path, **STAFF, money_alternatives={"pounds": form(0.5)}), draws=DRAWS))
    assert said.money.endswith("(none in 100, at staff prices, as a fraction; as constant pounds (form): none in 100)")


NO = {"dear": priced("dear"), "pounds": form(0.2), "persists": lasting(0.6, "with savings that persist")}
YES = {"dear": priced("dear"), "pounds": form(0.9), "stops": lasting(0.8, "with savings that stop")}


@pytest.mark.parametrize(
    ("conventions", "robust"),
    [(NO, True), (NO | {"cheap": priced("cheap")}, False), (NO | {"pounds": form(1, "high")}, True),
     ({name: NO[name] for name in ("dear", "pounds")}, False)],
)  # fmt: skip
def test_a_no_is_robust_where_every_price_form_and_lasting_savings_say_no(
    tmp_path: Path, conventions: dict[str, Any], robust: bool
) -> None:
    said = cm.verdict(cm.run(load_example(tmp_path, **STAFF, money_alternatives=conventions), draws=DRAWS))
    assert said.words == ("no",)
    assert said.robust == ("no" if robust else "")
    if robust:
        assert any(line.startswith("Robust: under 10 in 100 also at dear prices") for line in said.beside)
    if "cheap" in conventions:
        assert any(line.startswith("Not robust: at cheap prices") for line in said.beside)


@pytest.mark.parametrize(
    ("conventions", "robust"),
    [(YES, True), (YES | {"stops": lasting(0, "with savings that stop")}, False),
     (YES | {"persists": lasting(0, "with savings that persist")}, True), (YES | {"pounds": form(0)}, False),
     ({name: YES[name] for name in ("dear", "pounds")}, False)],
)  # fmt: skip
def test_a_yes_is_robust_where_every_price_form_and_savings_that_stop_say_yes(
    tmp_path: Path, conventions: dict[str, Any], robust: bool
) -> None:
    edits = STAFF | SURE | {
        "parameters.session_staff": price("session", 1), "parameters.session_dear": price("session", 2),
        "money_alternatives": conventions,
    }  # fmt: skip
    said = cm.verdict(cm.run(load_example(tmp_path, **edits), draws=DRAWS))
    assert said.words == ("yes",)
    assert said.robust == ("yes" if robust else "")


def test_no_effect_on_other_care_stands_beside_and_breaks_no_robust_yes(tmp_path: Path) -> None:
    edits = STAFF | SURE | {"parameters.session_staff": price("session", 1), "money_alternatives": YES}
    edits |= {"parameters.session_dear": price("session", 2)}
    said = cm.verdict(cm.run(load_example(tmp_path, **edits), draws=DRAWS))
    assert said.robust == "yes"
    assert "With no effect on other care: none in 100." in said.beside


def test_no_word_is_robust_where_the_purse_is_known_only_as_a_total(tmp_path: Path) -> None:
    edits = STAFF | {
        "costs.gp.category": "composite",
        "costs.gp.covers": ["primary care", "community"],
        "money_alternatives": NO,
    }
    said = cm.verdict(cm.run(load_example(tmp_path, **edits), draws=DRAWS))
    assert (said.words, said.robust) == (("no",), "")
    assert any("known only as a total" in line for line in said.beside)


@pytest.mark.parametrize(("high", "robust"), [(90_000, "no"), (1, "")])
def test_no_word_is_robust_outside_the_range_of_the_trials(high: float, robust: str, tmp_path: Path) -> None:
    path = "strategies.therapy.effects.other"
    effect = {
        "channels": ["gp_community"], "cost_ratio": "less", "purse": {"high": "high"}, "from": "referral",
        "until": "follow-up", "estimand": ESTIMAND,
    }  # fmt: skip
    edits = {path: effect, "parameters.less": number("cost ratio", 0.9), "parameters.high": price("year", high)}
    persists = {"label": "with savings that persist", "kind": "none", "change": {f"{path}.until": "horizon"}}
    said = cm.verdict(cm.run(load_example(tmp_path, **edits, money_alternatives={"persists": persists}), draws=DRAWS))
    assert (said.words, said.robust) == (("no",), robust)
    outside = "No robust word: what is spent on these people is outside the range of the trials."
    assert (outside in said.beside) == (not robust)


def test_a_word_that_needs_money_beyond_the_evidence_says_so(tmp_path: Path) -> None:
    edits = SURE | {"parameters.session_price": price("session", 80)}
    edits |= {"strategies.therapy.effects.recovers_faster.until": "horizon", "follow_up": "7 months"}
    result = cm.run(load_example(tmp_path, **edits), draws=DRAWS)
    said = cm.verdict(result)
    assert said.needs_later_money
    assert any("without what other care saves after 7 months" in line for line in said.beside)
    assert not cm.verdict(result, horizon=7).needs_later_money


def with_ranges(folder: Path, **edits: Any) -> cm.Scenario:
    """The example, its setting with a range of £20,000 to £30,000."""
    path = load_example(folder, **edits).path
    text = documented()["setting"]
    low = next(line for line in text.splitlines() if line.strip().startswith("threshold_low:"))
    high = low.replace("threshold_low", "threshold_high").replace("20000", "30000")
    ranges = """thresholds: [threshold_low, threshold_high]
qaly_ranges: [{within: "the range", low: threshold_low, high: threshold_high}]"""
    text = text.replace(low, f"{low}\n{high}").replace("thresholds: [threshold_low]", ranges)
    write_setting(folder, text)
    return cm.load(path)


WORSE = {"parameters.hr_recover": number("hazard ratio", 0.5)}
FREE = {"parameters.causal": number("share", 0)}


@pytest.mark.parametrize(
    ("edits", "health"),
    [({"parameters.session_price": price("session", 60)}, "below the range of £20,000 to £30,000"),
     ({"parameters.session_price": price("session", 140)}, "in the range of £20,000 to £30,000"),
     ({"parameters.session_price": price("session", 800)}, "above the range of £20,000 to £30,000"),
     (SURE | {"parameters.session_price": price("session", 1)}, "saves money and improves health within 5 years ("),
     (WORSE | FREE, "Health: costs more and worsens health within 5 years ("),
     (SURE | WORSE | {"parameters.gp_ratio": number("multiplier", 3), "parameters.session_price": price("session", 1)},
      "for each year of good health lost within 5 years"),
     ({"parameters.hr_recover": number("hazard ratio", 1)}, "Health: costs more for the same health within 5 years"),
     ({f"parameters.utility_{name}": number("utility", 0) for name in ("ill", "well")},
      "Health: not modelled here, because no state has a utility")],
)  # fmt: skip
def test_health_is_a_price_a_year_in_its_range_or_what_happens_instead(
    tmp_path: Path, edits: dict[str, Any], health: str
) -> None:
    said = cm.verdict(cm.run(with_ranges(tmp_path, **edits), draws=DRAWS))
    assert health in said.health


def test_the_price_of_health_is_that_of_expected_values_with_the_chance_below_the_range(tmp_path: Path) -> None:
    result = cm.run(with_ranges(tmp_path), draws=DRAWS)
    said, run = cm.verdict(result), result.headline
    cost = result.net_cost(run, 1, 1, perspective="nhs_pss", discounted=True)
    gain = result.qaly_gain(run, 1, 1)
    share = float(np.mean(gain * 20_000 > cost))
    assert said.health.startswith(
        f"Health: {POUNDS.money(cost.mean() / gain.mean())} a year of good health within 5 years"
    )
    assert said.health.endswith(f"({share * 100:.0f} in 100 below £20,000)")


def test_at_central_values_both_lines_are_estimates_without_a_chance(tmp_path: Path) -> None:
    said = cm.verdict(cm.run(with_ranges(tmp_path), draws=0))
    assert (said.words, said.chance, said.chances) == ((), None, ())
    assert said.money == (
        "Money: does not repay the NHS and social care within 5 years at central values (an estimate, without a chance)"
    )
    assert said.health.endswith("(an estimate, without a chance)")


def test_the_first_line_never_stands_without_the_second(tmp_path: Path) -> None:
    said = cm.verdict(cm.run(load_example(tmp_path), draws=DRAWS))
    strong = [block.text for block in said.page().blocks if getattr(block, "strong", False)]
    assert strong == [said.money, said.health]
    assert len(repr(said)) < 2_000
    assert said.money in repr(said)
    assert said.health in repr(said)


def test_the_two_lines_are_the_same_string_in_every_medium(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **STAFF, money_alternatives=NO), draws=DRAWS)
    said = cm.verdict(result)
    page = answer_page(result)
    blocks = [block.text for block in page.blocks if isinstance(block, Paragraph)]
    assert tuple(blocks[:2]) == said.lines
    found = document(page)
    assert (found["verdicts"]["therapy"]["money"], found["verdicts"]["therapy"]["health"]) == said.lines
    cm.workbook(result, tmp_path / "report.xlsx")
    cover = openpyxl.load_workbook(tmp_path / "report.xlsx", read_only=True)["Cover"]
    cells = [value for row in cover.iter_rows(values_only=True) for value in row]
    for line in (*said.lines, *said.beside):
        assert line in found["notes"]
        assert any(line in str(piece) for piece in terminal(page))
        assert line in markdown(page)
        assert escape(line) in html(page)
        assert line in cells
