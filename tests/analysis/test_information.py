"""The value of information of a scenario: bounds, closed forms, nested Monte Carlo, groups, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis import voi as information
from costmodel.analysis.voi import value_of_information
from costmodel.model.draws import completed, drawn_values
from costmodel.model.run import evaluate
from costmodel.page import titled
from costmodel.result import outcomes
from costmodel.result.information import Worth
from tests.cli.commands import two_structures
from tests.model.test_joint_parameters import joint_scenario
from tests.support.example import derived, load_example, number, price
from tests.support.pounds import PERSPECTIVES, money

DRAWS = 1_000
CHEAP = {"parameters.session_price": price("session", 4, distribution="gamma", cv=0.5)}
"""A session costs about what it saves, so that the question of cash is open."""


@pytest.fixture(scope="module")
def result(example_scenario: cm.Scenario) -> cm.Result:
    return cm.run(example_scenario, draws=DRAWS)


@pytest.fixture(scope="module")
def structures(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    return cm.run(cm.load(two_structures(tmp_path_factory.mktemp("structures"))), draws=DRAWS)


def value(found: information.ValueOfInformation, name: str) -> float:
    return found.line(name).worth.value


def test_perfect_information_is_what_deciding_on_averages_loses(result: cm.Result) -> None:
    run = result.headline
    cost = -result.net_cost(run, 1, 1, perspective="nhs_pss", discounted=True)[0]
    benefit = 20_000 * result.qaly_gain(run, 1, 1)[0] + cost
    wanted = np.maximum(benefit, 0).mean() - max(benefit.mean(), 0)
    found = value_of_information(result)
    assert found.everything.worth.value == pytest.approx(wanted)
    loss = np.maximum(benefit, 0) - benefit * (benefit.mean() > 0)
    assert found.everything.worth.error == pytest.approx(loss.std(ddof=1) / DRAWS**0.5)
    assert found.decided == ("therapy" if benefit.mean() > 0 else "usual_care")
    right = benefit >= 0 if benefit.mean() > 0 else benefit <= 0
    assert found.chance_right == pytest.approx(right.mean())


def test_it_is_shown_by_what_everything_is_worth_without_the_page(
    result: cm.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = value_of_information(result)
    monkeypatch.setattr(information.ValueOfInformation, "page", None)
    title, asked, worth = repr(found).splitlines()
    assert title == titled(result.scenario)
    assert asked == f"{found.asked}."
    assert worth.startswith(f"Perfect knowledge of everything is worth {money(found.everything.worth.value)} ± ")


def test_the_question_of_cash_is_whether_anything_is_saved(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **CHEAP), draws=DRAWS)
    for perspective in PERSPECTIVES:
        saving = -result.net_cost(result.headline, 1, 1, perspective=perspective)[0]
        found = value_of_information(result, "cash", perspective)
        wanted = np.maximum(saving, 0).mean() - max(saving.mean(), 0)
        assert found.everything.worth.value == pytest.approx(wanted) != 0
    early = value_of_information(result, "cash", horizon_months=24.0)
    assert early.everything.worth.value != pytest.approx(wanted)


def test_the_price_of_a_session_is_worth_what_its_distribution_says(tmp_path: Path) -> None:
    """Given the price the expected saving is a straight line in it: what care saves less price × sessions delivered."""
    scenario = load_example(tmp_path, **CHEAP)
    result = cm.run(scenario, draws=4_000)
    sessions = 16 * 0.8
    saving = -result.net_cost(result.headline, 1, 1, perspective="nhs_pss")[0].mean()
    prices = np.asarray(drawn_values(scenario, 4_000, result.seed)["session_price"])
    leaf = scenario.leaves["session_price"]
    assert leaf.distribution is not None
    many = leaf.distribution.quantile((np.arange(100_000) + 0.5) / 100_000)
    conditional = saving - sessions * (many - prices.mean())
    wanted = np.maximum(conditional, 0).mean() - max(conditional.mean(), 0)
    found = value_of_information(result, "cash").line("session_price").worth
    assert wanted > 3 * found.error
    assert found.value == pytest.approx(wanted, rel=0.1)


@pytest.mark.long
@pytest.mark.parametrize("names", [("hr_recover",), ("recover", "hr_recover")])
def test_nested_monte_carlo_agrees(names: tuple[str, ...], example_scenario: cm.Scenario) -> None:
    """Outer draws hold the inputs, and 400 inner draws of the others stand for each."""
    outer, inner = 300, 400
    held = drawn_values(example_scenario, outer, seed=71)
    others = drawn_values(example_scenario, inner, seed=72)
    leaves = {name: np.asarray(others[name]) for name in example_scenario.leaves}
    gains = []
    base = cm.run(example_scenario, draws=0)
    for i in range(outer):
        given = leaves | {name: np.full(inner, np.asarray(held[name])[i]) for name in names}
        outcomes = evaluate(example_scenario, completed(example_scenario, given), inner)
        one = replace(base, expected=outcomes, draws=inner)
        benefit = information.question_of(one).net_benefits(one)
        gains.append((benefit[1] - benefit[0]).mean())
    gain = np.array(gains)
    nested = np.maximum(gain, 0).mean() - max(gain.mean(), 0)
    error = (np.maximum(gain, 0) - gain * (gain.mean() > 0)).std() / outer**0.5
    found = information.voi(example_scenario, groups={"these": names}, draws=10_000).line("these").worth
    assert abs(found.value - nested) < 4 * np.hypot(error, found.error)


def test_values_lie_between_nothing_and_everything_and_groups_above_their_parts(structures: cm.Result) -> None:
    found = value_of_information(structures, threshold=15_000)
    everything, inputs, structure = (value(found, name) for name in ("everything", "inputs", "structure"))
    assert everything > 0
    assert 0 <= structure <= everything
    assert 0 <= inputs <= everything
    for group in found.of("group"):
        for name in group.subject.members:
            assert value(found, name) <= group.worth.value
    assert all(0 <= line.worth.value <= inputs for line in (*found.of("group"), *found.of("parameter")))


@pytest.mark.parametrize("threshold", [12_000.0, 20_000.0, 40_000.0])
def test_value_never_falls_as_a_parameter_joins(threshold: float, result: cm.Result) -> None:
    names = [line.subject.name for line in value_of_information(result).of("parameter")]
    chain = {f"first_{n}": names[:n] for n in range(1, len(names) + 1)}
    found = value_of_information(result, threshold=threshold, groups=chain)
    values = [value(found, name) for name in chain]
    assert np.all(np.diff(values) >= 0)
    assert values[-1] == pytest.approx(found.everything.worth.value)
    assert values[0] == value(found, names[0])


def test_a_whole_takes_the_value_of_a_part_that_chance_makes_larger(
    result: cm.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    falling = lambda benefits, weights, inputs: Worth(10.0 - len(inputs), 1.0)  # noqa: E731 (a line of a table)
    monkeypatch.setattr("costmodel.analysis.voi.worth_of_inputs", falling)
    chain = {"two": ["recover", "relapse"], "three": ["recover", "relapse", "causal"], "other": ["causal", "gp_ill"]}
    found = value_of_information(result, groups=chain)
    assert [value(found, name) for name in ("recover", "two", "three", "other")] == [9.0] * 4


def test_an_input_that_is_multiplied_by_nothing_is_worth_nothing(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **{"parameters.causal": number("share", 0)}), draws=DRAWS)
    found = value_of_information(result, threshold=18_000)
    assert value(found, "gp_ratio") <= 3 * found.line("gp_ratio").worth.error
    assert value(found, "gp_ratio") < 0.02 * found.everything.worth.value
    with pytest.raises(cm.InputError, match='there is no line "causal"'):
        found.line("causal")


def test_an_input_that_nothing_uses_is_worth_exactly_nothing(tmp_path: Path) -> None:
    spare = number("share", 0.5, distribution="beta", effective_size=10)
    result = cm.run(load_example(tmp_path, **{"parameters.spare": spare}), draws=DRAWS)
    found = value_of_information(result, groups={"with_it": ["spare", "recover"]})
    line = found.line("spare")
    assert line.worth == Worth(0.0, 0.0)
    assert line.subject.words == "not used by this scenario"
    others = [group for group in found.of("group") if group.subject.name != "with_it"]
    assert "spare" not in [name for group in others for name in group.subject.members]
    assert value(found, "with_it") >= value(found, "recover")


def test_more_draws_than_are_kept_are_said_and_change_nothing(
    example_scenario: cm.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "KEPT_DRAWS", 300)
    many = value_of_information(cm.run(example_scenario, draws=500))
    few = value_of_information(cm.run(example_scenario, draws=300))
    assert [line.worth for line in many.lines] == [line.worth for line in few.lines]
    assert (many.draws, many.result.draws) == (300, 500)
    assert "the first 300 of 500 draws are looked at one by one" in many.warnings
    assert "300 draws are few: 1,000 or more give steadier values" in few.warnings


def test_alternatives_have_their_own_line_and_their_labels(structures: cm.Result) -> None:
    found = value_of_information(structures)
    benefits = information.question_of(structures).net_benefits(structures)
    gain = benefits[1] - benefits[0]
    by_structure = gain.mean(axis=1)
    today = max(by_structure.mean(), 0)
    assert value(found, "structure") == pytest.approx(np.maximum(by_structure, 0).mean() - today, abs=1e-9)
    assert value(found, "inputs") == pytest.approx(np.maximum(gain.mean(axis=0), 0).mean() - today)
    assert value(found, "everything") == pytest.approx(np.maximum(gain, 0).mean() - today)
    assert found.line("structure").subject.words == "Speeds recovery or Prevents relapse"


def test_what_is_fitted_together_is_a_group(tmp_path: Path) -> None:
    scenario = joint_scenario(tmp_path)
    found = information.voi(scenario, draws=DRAWS)
    group = found.line("fit")
    assert set(group.subject.members) == {"recover", "relapse"}  # the column that does not vary is none of them
    assert found.line("recover").subject.words.startswith("drawn together")
    assert "Course of illness" not in [line.subject.name for line in found.of("group")]  # the same two
    moved = information.voi(scenario.changed({"recover": 0.3}), draws=DRAWS)
    assert "fit" not in [line.subject.name for line in moved.lines]


def test_groups_are_headings_of_the_file_or_of_the_unit(tmp_path: Path, result: cm.Result) -> None:
    by_unit = {group.subject.name: set(group.subject.members) for group in value_of_information(result).of("group")}
    assert by_unit == {
        "Course of illness": {"recover", "relapse"},
        "Care used": {"gp_ill", "gp_ratio"},
        "Quality of life": {"utility_ill", "utility_well"},
        "Shares": {"attendance", "causal"},
    }
    edits = {f"parameters.{name}.group": "Mine" for name in ("recover", "attendance", "cashable")}
    found = information.voi(load_example(tmp_path, **edits), draws=DRAWS)
    assert set(found.line("Mine").subject.members) == {"recover", "attendance"}


def test_a_derived_parameter_may_be_asked_for(result: cm.Result) -> None:
    asked = {"visits": ["gp_well"], "behind": ["gp_ill", "gp_ratio"], "fixed": ["sessions"]}
    found = value_of_information(result, groups=asked, threshold=16_000)
    assert value(found, "behind") >= value(found, "visits") >= 0
    assert found.line("fixed").worth == Worth(0.0, 0.0)
    assert "group fixed: sessions is held fixed, so that knowing it is worth nothing" in found.warnings


def test_a_group_of_ones_own_stands_in_the_place_of_a_heading(result: cm.Result) -> None:
    found = value_of_information(result, groups={"Shares": ["attendance", "recover"]})
    (group,) = [group for group in found.of("group") if group.subject.name == "Shares"]
    assert group.subject.members == ("attendance", "recover")


def test_a_population_is_discounted_by_year(result: cm.Result) -> None:
    found = value_of_information(result, people_a_year=1_000, years=3)
    assert found.population is not None
    assert found.population.people == pytest.approx(1_000 * (1 + 1 / 1.035 + 1 / 1.035**2))
    assert value_of_information(result, people_a_year=2.5, years=1).population.people == 2.5
    assert value_of_information(result).population is None


def test_a_threshold_of_nothing_leaves_only_costs(result: cm.Result) -> None:
    found = value_of_information(result, threshold=0)
    assert found.decided == "usual_care"
    assert found.everything.worth == Worth(0.0, 0.0)
    assert found.chance_right == 1.0


def test_the_same_seed_gives_the_same_values_and_groups_do_not_disturb_singles(result: cm.Result) -> None:
    one = value_of_information(result)
    other = value_of_information(result, groups={"mine": ["recover", "causal"]})
    for line in one.lines:
        assert other.line(line.subject.name).worth == line.worth


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"question": "qaly"}, 'question: there is no question "qaly"'),
    ({"perspective": "nh"}, 'perspective: there is no perspective "nh"'),
    ({"threshold": -1.0}, "threshold: -1 is no value of a QALY"),
    ({"threshold": float("nan")}, "threshold: nan is no value"),
    ({"question": "cash", "threshold": 1.0}, "threshold: the question of cash has no threshold"),
    ({"people_a_year": 5.0}, "years: population is given without it"),
    ({"years": 5}, "population: years is given without it"),
    ({"people_a_year": 0.0, "years": 5}, "population: 0 is no number of people"),
    ({"people_a_year": 1.0, "years": 0}, "years: 0 is no number of years"),
    ({"people_a_year": 1.0, "years": 101}, "years: 101 is no number of years"),
    ({"horizon_months": 7.0}, "horizon_months: there is no horizon of 7 months"),
    ({"groups": {"mine": []}}, "group mine: it is empty"),
    ({"groups": {"recover": ["relapse"]}}, "group recover: a parameter has this name"),
    ({"groups": {"structure": ["relapse"]}}, "group structure: a line of the answer has this name"),
    ({"groups": {"mine": ["recovr"]}}, 'group mine: there is no parameter "recovr". Did you mean "recover"?'),
]


@pytest.mark.parametrize(("asked", "message"), REFUSED, ids=lambda part: next(iter(part)) if part else "")
def test_what_cannot_be_is_refused(asked: dict[str, Any], message: str, result: cm.Result) -> None:
    with pytest.raises(cm.InputError, match=message.replace("?", r"\?")):
        value_of_information(result, **asked)


def test_too_few_draws_are_refused(example_scenario: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="99 draws cannot value information. At least 100."):
        cm.voi(example_scenario, draws=99)
    with pytest.raises(cm.InputError, match="draws: True is not a number of draws"):
        cm.voi(example_scenario, draws=True)


def test_rates_that_change_over_time_are_named_by_what_they_are_made_of(tmp_path: Path) -> None:
    edits = {
        "parameters.recover": derived("per year", over_time={"0 months": "early", "12 months": "late"}),
        "parameters.early": number("per year", 0.3, distribution="gamma", cv=0.2),
        "parameters.late": number("per year", 0.2, distribution="gamma", cv=0.2),
    }
    scenario = load_example(tmp_path, **edits)
    with pytest.raises(cm.InputError, match='"recover" has no single value. Name what it is made of: early, late.'):
        cm.voi(scenario, groups={"mine": ["recover"]}, draws=100)
    assert {"early", "late"} <= {line.subject.name for line in cm.voi(scenario, draws=100).lines}


def test_without_spread_there_is_nothing_to_learn(example_scenario: cm.Scenario) -> None:
    names = [name for name, leaf in example_scenario.leaves.items() if leaf.distribution]
    fixed = example_scenario.changed({name: example_scenario.central[name] for name in names}, fix=True)
    found = cm.voi(fixed, draws=100)
    assert [line.subject.name for line in found.lines] == ["everything"]
    assert found.everything.worth == Worth(0.0, 0.0)


def test_E17_a_group_of_more_inputs_than_draws_is_refused(
    example_scenario: cm.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(information, "FEWEST_DRAWS", 1)
    with pytest.raises(cm.InputError, match="has 3 inputs, and there are 3 draws. There must be more draws than"):
        cm.voi(example_scenario, draws=3, groups={"three": ["gp_ill", "gp_ratio", "recover"]})
