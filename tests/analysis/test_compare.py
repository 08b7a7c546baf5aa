"""Scenarios side by side: answers are those of each alone, differences are drawn together, and refusals are said."""

from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.comparison import Compared, compare
from costmodel.errors import InputError
from costmodel.report.link import fitting, linked, packed
from tests.cli.commands import done, parsed, refused
from tests.support.example import example, load_example

DRAWS = 300
HOME = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def example_scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("compare") / "example")


@pytest.fixture(scope="module")
def dearer(example_scenario: cm.Scenario) -> cm.Scenario:
    return example_scenario.changed({"session_price": 140})


@pytest.fixture(scope="module")
def found(example_scenario: cm.Scenario, dearer: cm.Scenario) -> Compared:
    return compare([example_scenario, dearer], draws=DRAWS)


def test_answers_are_those_of_each_alone(found: Compared, dearer: cm.Scenario) -> None:
    result = cm.run(dearer, draws=DRAWS)
    table, months = result.table(), dearer.model.follow_up.months
    table = table[(table.run == "expected") & (table.horizon_months == months) & (table.party == "all")]
    seen = 0
    for one in found.answers:
        if one.letter != "B" or one.outcome not in ("net_saving", "offset_ratio", "chance_payback"):
            continue
        if one.party != "all":
            value = -float(result.net_cost(result.headline, 0, 1, party=one.party).mean())
        else:
            rows = table[(table.outcome == one.outcome) & (table.perspective == one.perspective)]
            value = float(rows[(rows.category == "all") & ~rows.discounted.astype(bool)].value.iloc[0])
        assert one.value == pytest.approx(value, abs=1e-9), one
        seen += 1
    assert seen >= 6


def test_a_difference_is_that_of_common_draws(
    found: Compared, example_scenario: cm.Scenario, dearer: cm.Scenario
) -> None:
    results = [cm.run(one, draws=DRAWS) for one in (example_scenario, dearer)]
    savings = [-one.net_cost(one.headline, 0, 1, perspective="nhs_pss") for one in results]
    apart = savings[1] - savings[0]
    (_, other) = found.of("net_saving")
    assert other.difference == pytest.approx(apart.mean())
    ends = results[0].quantiles(results[0].headline, apart, (0.025, 0.975))
    assert (other.difference_low, other.difference_high) == pytest.approx(ends)
    alone = (other.high or 0.0) - (other.low or 0.0)
    assert (other.difference_high or 0.0) - (other.difference_low or 0.0) < alone / 2


def test_alternatives_that_are_weighed_otherwise_meet_each_other() -> None:
    base, cautious = (cm.load(HOME / "panic" / f"{name}.yaml") for name in ("base", "cautious"))
    (_, other) = compare([base, cautious], draws=60).of("net_saving")
    results = [cm.run(one, draws=60) for one in (base, cautious)]
    one, two = (-r.net_cost(r.headline, 0, 1, perspective="nhs_pss") for r in results)
    assert other.difference == pytest.approx(float(results[1].weights @ two.mean(1) - results[0].weights @ one.mean(1)))
    pairs = np.concatenate([two[1] - one[0], two[1] - one[1]])  # the cautious one believes in its second alone
    assert list(results[1].weights) == [0, 1]
    assert (other.difference_low or 0.0) >= pairs.min()
    assert (other.difference_high or 0.0) <= pairs.max()
    assert other.difference_low in pairs
    assert other.difference_high in pairs


def test_what_differs_has_its_value_in_each_and_its_source(found: Compared) -> None:
    (one,) = found.inputs
    assert one.paths == ("parameters.session_price",)
    assert one.values == ("£100 per session", "£140 per session")


def test_a_third_that_keeps_what_the_second_changed_shows_the_first_ones_value(
    example_scenario: cm.Scenario, dearer: cm.Scenario
) -> None:
    third = example_scenario.changed({"people": 50, "gp_visit": 60})
    inputs = {one.paths: one.values for one in compare([example_scenario, dearer, third], draws=0).inputs}
    assert inputs["parameters.session_price",] == ("£100 per session", "£140 per session", "£100 per session")
    assert inputs["parameters.gp_visit",][0] == inputs["parameters.gp_visit",][1] != inputs["parameters.gp_visit",][2]


@pytest.mark.parametrize(("price", "way"), [(60, "better"), (140, "worse")])
def test_the_sentence_says_which_is_better_off_and_by_how_much(
    example_scenario: cm.Scenario, price: float, way: str
) -> None:
    found = compare(
        [example_scenario, example_scenario.changed({"session_price": price})], names=("One", "Two"), draws=DRAWS
    )
    (sentence,) = found.sentences()
    (_, other) = found.of("net_saving")
    assert other.difference is not None
    assert (other.difference > 0) == (way == "better")
    money = example_scenario.setting.currency.money(abs(other.difference))
    assert sentence.startswith(
        f"Two leaves the NHS and social care {money} a person {way} off than One within 2 years ("
    )


def test_two_of_the_same_are_said_to_be_the_same(example_scenario: cm.Scenario) -> None:
    found = compare([example_scenario, example_scenario], names=("One", "Two"), draws=DRAWS)
    assert list(found.sentences()) == ["Two leaves the NHS and social care where One does within 2 years."]
    assert found.inputs == ()


def test_the_waterfall_sums_to_the_difference(example_scenario: cm.Scenario) -> None:
    other = example_scenario.changed({"session_price": 140, "gp_visit": 60})
    found = compare([example_scenario, other], draws=0, explained="AB")
    assert found.explained is not None
    (_, second) = found.of("net_saving")
    assert sum(part.amount for part in found.explained.parts) == pytest.approx(second.difference)
    assert "Here A is " in " ".join(found.page().sentences)


def test_M3_a_fifth_scenario_and_one_alone(example_scenario: cm.Scenario) -> None:
    with pytest.raises(InputError, match="5 scenarios cannot be compared. Compare two to four"):
        compare([example_scenario] * 5, draws=0)
    with pytest.raises(InputError, match="1 scenario cannot be compared"):
        compare([example_scenario], draws=0)
    with pytest.raises(InputError, match="1 names for 2 scenarios"):
        compare([example_scenario, example_scenario], names=["one"], draws=0)


def test_M4_a_scenario_of_another_population_has_outcomes_alone(tmp_path: Path, example_scenario: cm.Scenario) -> None:
    other = load_example(tmp_path / "others")
    found = compare([example_scenario, other.changed({"session_price": 140})], draws=0)
    assert found.inputs == ()
    assert all(one.difference is None for one in found.answers)
    assert any("of other people than" in note for note in found.notes)
    assert not list(found.sentences())
    with pytest.raises(InputError, match="is of other people than"):
        compare([example_scenario, other], draws=0, explained="AB")


def test_M5_a_link_says_what_it_leaves_out_and_of_which_version_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example(tmp_path / "here")
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(tmp_path))
    changes = {"parameters.session_price.value": 140, "parameters.no_such.value": 3}
    text = packed("here", "model.yaml", changes, {"e": "0.0.1"})
    scenario, said = linked(f"https://dashboard.example/purse?s={text}#x")
    assert scenario.central["session_price"] == 140
    assert said[0].startswith("The link was made by version 0.0.1")
    assert said[1] == "Left out of the link, because they do not fit here: parameters.no_such.value."
    assert fitting(scenario, {}) == (scenario, (), {})
    whole = packed("here", "model.yaml", {"parameters.session_price.value": 140}, {})
    assert linked(f"?s={whole}")[1] == ()
    assert linked(whole)[0].sha256 == scenario.sha256


def test_M6_what_is_no_link_and_a_link_of_a_scenario_that_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example(tmp_path / "here")
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(tmp_path))
    model = tmp_path / "here" / "model.yaml"
    assert "this is no link of the dashboard" in refused("compare", model, "?s=abc")
    for names in (("gone", "model.yaml"), ("..", "model.yaml"), ("here", "../here/model.yaml")):
        assert "is not among the scenarios here" in refused("compare", model, f"?s={packed(*names, {}, {})}")


def test_the_command_line_says_what_python_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = example(tmp_path / "here")
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(tmp_path))
    text = packed("here", "model.yaml", {"parameters.session_price.value": 140}, {"e": "0.0.1"})
    asked = ("compare", model, f"?s={text}", "--draws", 50, "--perspective", "nhs")
    scenario = cm.load(model)
    found = compare([scenario, scenario.changed({"session_price": 140})], perspective="nhs", draws=50)
    read = parsed(*asked, "--json")
    assert [row["value"] for row in read["rows"]] == [one.value for one in found.answers]
    said = " ".join(done(*asked, "--explain", "AB").split())
    assert "What differs" in said
    assert "version 0.0.1" in said
    assert "What moves it" in said


def test_where_health_is_not_modelled_no_qaly_is_printed() -> None:
    without = cm.load("talking_therapies")
    alone = compare([without, without], draws=0)
    assert all(one.value is None for one in alone.of("qaly"))
    assert "QALY" not in " ".join(str(row) for row in alone._rows())
    beside = compare([cm.load(HOME / "panic" / "base.yaml"), without], draws=0)
    (row,) = [row for row in beside._rows() if row["what"] == "QALYs gained"]
    assert row["B"] == "–"
