"""The sentences about the draws, on draws of which everything is known beforehand."""

from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.psa.draws import Draws
from costmodel.analysis.psa.page import (
    against_central,
    by_when,
    how_exact,
    how_much,
    in_the_plane,
    sentences,
    wrong_decision,
)
from costmodel.result import outcomes
from tests.support.example import load_example
from tests.support.given_draws import given
from tests.support.pounds import money

TEN = 10


@pytest.fixture(scope="module")
def plain(example_scenario: cm.Scenario) -> cm.Result:
    return cm.run(example_scenario, draws=0)


def of(
    result: cm.Result, cost: object, gain: object = 0.1, months: object = np.inf, perspective: str = "nhs"
) -> tuple[Draws, Comparison]:
    """Ten draws of therapy's net cost, QALYs gained and month of payback, for the 100 people of the example."""
    shape = (2, 1, TEN)
    costs, qalys, paid = (np.zeros(shape) for _ in range(3))
    costs[1], qalys[1], paid[1] = cost, gain, months
    return asked(cm.psa(given(result, costs, qalys, paid)), perspective)


def asked(psa: Draws, perspective: str) -> tuple[Draws, Comparison]:
    """The draws, and what is asked of them."""
    return psa, psa.comparison(perspective)


def test_when_the_money_is_back_is_told_from_the_quickest_on(plain: cm.Result) -> None:
    found = of(plain, 100.0, months=[6, 12, 18, 24, 30, 36, 42, 48, 60, np.inf])
    assert by_when(*found) == [
        "The NHS has its money back within 2 years in 90 of 100 simulations, within 5 years in 90 of 100.",
        "Of 100 simulations, the quickest first, the 5th has it back after 6 months, the 25th after 18 months, the "
        "50th after 30 months, the 75th after 4 years, the 95th not within 5 years.",
    ]
    early = by_when(*of(plain, 100.0, months=[6, 12, *[np.inf] * 8]))[1]
    assert early.endswith("the 5th has it back after 6 months, the 25th not within 5 years.")
    never = by_when(*of(plain, 100.0, perspective="societal"))
    assert never[0].startswith("Society has its money back within 2 years in none of 100 simulations")
    assert never[1] == "Even the quickest 5 of 100 simulations do not have it back within 5 years."


def test_how_much_names_mean_intervals_and_the_worst_tenth(plain: cm.Result) -> None:
    found = of(plain, [-10, 0, 10, 20, 30, 40, 50, 60, 70, 130])
    assert how_much(found[1])[0] == (
        "Net saving over 2 years, 100 people: −£4,000 on average; half of the simulations lie between −£6,000 and "
        "−£1,000, 95 of 100 between −£13,000 and £1,000; the worst tenth comes to −£13,000 on average."
    )
    assert how_much(found[1])[-1].startswith("At the deepest point the NHS is £0 out of pocket on average")


def test_the_plane_is_told_from_its_fullest_quarter_on(plain: cm.Result) -> None:
    gain = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.1, 0.1, 0.1, -0.1]
    found = of(plain, [50, 50, 50, 50, 50, 50, -50, -50, -50, 50], gain)
    assert in_the_plane(*found) == (
        "Health and cost over 5 years, discounted: more health, and it costs more, in 60 of 100 simulations; more "
        "health, and money is saved, in 20 of 100 simulations; less health, and money is saved, in 10 of 100 "
        "simulations; less health, and it costs more, in 10 of 100."
    )
    assert in_the_plane(*of(plain, 50.0)).endswith("it costs more, in all of 100 simulations.")


def test_a_wrong_decision_loses_what_is_forgone(plain: cm.Result) -> None:
    found = of(plain, [-100, -100, *[50] * 8], 0.01)
    assert wrong_decision(*found, None) == (
        "Judged by net saving alone over 5 years, usual care is the best choice on average, and in 80 of 100 "
        "simulations. Choosing it still loses £2,000 for 100 people on average, because it is not always the best; "
        "choosing talking therapy loses £4,000."
    )
    assert wrong_decision(*found, 20_000.0) == (
        "At £20,000 per QALY over 5 years, talking therapy is the best choice on average, and in all of 100 "
        "simulations. Choosing it loses nothing; choosing usual care loses £18,000."
    )


def test_how_exact_it_is_says_what_more_draws_would_bring(plain: cm.Result) -> None:
    exact = how_exact(*of(plain, 100.0))
    assert exact[0] == (
        "With 10 draws the mean net saving over 5 years is known to ±£0, and the chance of payback to ±26 points (95%)."
    )
    assert exact[1] == (
        "It would take about 260 draws to know the saving to ±£200, 2% of the cost of therapy, and the chance to "
        "±1 point."
    )
    unsure = how_exact(*of(plain, [-100, 100] * 5))
    assert unsure[-1] == "Whether money is saved on average these draws cannot tell."
    assert "2% of the cost of therapy" not in unsure[1]


def test_enough_draws_are_said_to_be_enough(plain: cm.Result) -> None:
    costs = np.zeros((2, 1, 400))
    costs[1] = 100.0
    found = asked(cm.psa(given(plain, costs, costs)), "nhs")
    assert how_exact(*found)[1].startswith("That is enough to know the saving to ±£200")


def test_what_is_not_of_all_draws_is_said(example_scenario: cm.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "KEPT_DRAWS", 20)
    found = asked(cm.psa(cm.run(example_scenario, draws=30)), "nhs")
    assert how_exact(*found)[-1] == (
        "Means and chances of payback are of all 30 draws; intervals, percentiles, worst tenths, choices, the plane "
        "and parties' peak funding are of the first 20."
    )


def test_the_mean_beside_the_central_run_is_explained_only_where_they_differ(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    others = {name: leaf.central for name, leaf in scenario.leaves.items() if leaf.distribution}
    del others["session_price"]
    result = cm.run(scenario.changed(others, fix=True), draws=50)
    psa = cm.psa(result)
    apart = psa.against_central("nhs")
    text = against_central(*asked(psa, "nhs"))
    size, direction = money(abs(apart.difference) * 100), "higher" if apart.difference > 0 else "lower"
    assert f"is {size} {direction} than at central values" in text
    assert f": {size} {direction} because the means of the inputs' draws are not their central values, most in" in text
    assert "; nothing because the saving is no straight line in the inputs. By category: therapy " in text
    assert apart.error is not None
    assert text.endswith(f"The difference is within the Monte-Carlo error of the mean, ±{money(apart.error * 100)}.")
    fixed = cm.run(scenario.changed({**others, "session_price": 100}, fix=True), draws=5)
    assert against_central(*asked(cm.psa(fixed), "nhs")).startswith(
        "The mean net saving over 5 years is that of the run at central values, −£"
    )


def test_every_sentence_begins_with_a_capital_and_ends_with_a_full_stop(trd_result: cm.Result) -> None:
    for perspective in ("nhs_pss", "societal"):
        found = asked(cm.psa(trd_result), perspective)
        for said in sentences(*found).values():
            for sentence in said:
                assert sentence[0].isupper()
                assert sentence.endswith(".")
                assert "nan" not in sentence
                assert "None" not in sentence
