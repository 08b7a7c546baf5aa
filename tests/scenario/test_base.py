"""Use of other care as trials found it: what the shipped overlays do at the edges, by the rules that they declare."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values, drawn_values
from costmodel.result.purse import a_year
from tests.support.answers import saving
from tests.support.flows import simulate
from tests.support.pounds import money

SCENARIOS = Path(__file__).parents[2] / "scenarios"
POPULATIONS = sorted(path.parent.name for path in SCENARIOS.glob("*/base.yaml"))
LONG_COURSES = ("depression_resistant", "complex_long_term", "borderline")
DRAWS = 400


def scenario(population: str) -> cm.Scenario:
    return cm.load(SCENARIOS / population / "base.yaml")


def spent(of: cm.Scenario) -> np.ndarray:
    """What GP visits cost each month at central values, (month, strategy)."""
    item = 1 + list(of.model.costs).index("gp")
    return simulate(of, central_values(of), 1).cost[:, item, :2, 0, 0]


def taken(of: cm.Scenario, horizon: float | None = None) -> float:
    """What is taken out of the NHS's purse at central values."""
    months = of.model.follow_up.months if horizon is None else horizon
    return float(cm.run(of, draws=0).summary("taken_out", perspective="nhs", horizon_months=months).value.iloc[0])


def gained(of: cm.Scenario) -> float:
    """QALYs gained at central values, without harms, which no dose changes."""
    result = cm.run(of, draws=0)
    return float(result.qaly_gain(result.headline, 0, 1).mean())


def dose(of: cm.Scenario) -> tuple[float, str, str]:
    """Studied sessions, and the parameters of the sessions planned and of attendance."""
    strategy = list(of.model.strategies.values())[1]
    rule = strategy.effects["other_care"].dose
    return of.value(str(rule.studied)), str(strategy.therapy.sessions), str(strategy.therapy.attendance)


def part_of_effect(of: cm.Scenario, delivered: float) -> float:
    """What some sessions do, but for a factor: sessions ÷ (sessions + half dose), or level from a few on."""
    rule = list(of.model.strategies.values())[1].effects["other_care"].dose
    if rule.flat_from is not None:
        return min(delivered / of.value(str(rule.flat_from)), 1)
    return delivered / (delivered + of.value(str(rule.half_dose)))


@pytest.mark.parametrize("population", POPULATIONS)
def test_sessions_lower_the_saving_as_the_dose_rule_says(population: str) -> None:
    base = scenario(population).changed({"trials_purse_high": 1e6})  # the rule is of the whole fraction
    studied, sessions, attendance = dose(base)
    few = base.changed({sessions: base.value(sessions) / 5, attendance: base.value(attendance)})
    delivered = few.value(sessions) * few.value(attendance)
    full = min(base.value(sessions) * base.value(attendance), studied)
    part = [part_of_effect(base, one) for one in (delivered, full)]
    whole = [np.log(np.min(costs[:, 1] / costs[:, 0])) for costs in (spent(few), spent(base))]
    assert whole[0] / whole[1] == pytest.approx(part[0] / part[1], rel=1e-9)
    assert part[0] < part[1]
    assert gained(few) < gained(base)
    assert any("by the dose rule" in warning for warning in few.warnings)


@pytest.mark.parametrize("population", POPULATIONS)
def test_without_sessions_nothing_is_paid_and_nothing_taken_out(population: str) -> None:
    none = scenario(population).changed({dose(scenario(population))[1]: 0})
    assert taken(none) == 0
    assert saving(cm.run(none, draws=0), strategy=list(none.model.strategies)[1]) == 0


@pytest.mark.parametrize("population", POPULATIONS)
def test_full_attendance_costs_more_and_does_no_more_than_was_studied(population: str) -> None:
    base = scenario(population)
    assert taken(base.changed({dose(base)[2]: 1})) == pytest.approx(taken(base), rel=1e-9)


@pytest.mark.parametrize("population", LONG_COURSES)
def test_a_horizon_inside_therapy_counts_what_has_grown_by_then(population: str) -> None:
    short = scenario(population).changed({"follow_up": "12 months", "horizon": "12 months"})
    whole = scenario(population)
    assert 0 < taken(short) < taken(whole)


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_waiting_list_saves_nothing(population: str) -> None:
    base = scenario(population)
    strategy = list(base.model.strategies)[1]
    waiting = base.changed({f"strategies.{strategy}.therapy.wait": "24 months"})
    costs = spent(waiting)
    np.testing.assert_allclose(costs[:24, 1], costs[:24, 0], rtol=1e-12)
    assert taken(waiting, base.model.horizon.months) <= taken(base, base.model.horizon.months)


@pytest.mark.parametrize("population", POPULATIONS)
def test_no_saving_outlasts_the_gain_in_any_draw(population: str) -> None:
    values = drawn_values(scenario(population), DRAWS, seed=1)
    assert np.all(values["half_life_offsets"] <= values["half_life_gains"])


@pytest.mark.parametrize("population", POPULATIONS)
def test_what_is_supported_comes_from_the_synthesis_alone(population: str) -> None:
    base = scenario(population)
    ratio = base.value("other_care_ratio")
    result = cm.run(base.changed({"other_care_ratio": 0.5}), draws=0)
    rows: Any = result.summary("share_supported", by="channel", perspective="nhs").set_index("channel").value
    # A little less where fewer sessions are delivered; half where one of two uses of care has medicines as elsewhere.
    channel, weight = ("medicines", 0.5) if base.model.money_mixture else ("gp_community", 1.0)
    year = a_year(result, 1)
    assert year is not None
    assert year.high is not None
    limit = min(1.0, year.high / year.cost)  # it acts on no more than what the trials saw
    assert rows[channel] == pytest.approx(limit * weight * (1 - ratio), abs=0.02)


@pytest.mark.long
@pytest.mark.parametrize("population", POPULATIONS)
def test_the_readme_says_what_comes_out(population: str) -> None:
    result = cm.run(scenario(population))
    people = result.scenario.model.people
    at = {"perspective": "nhs_pss", "horizon_months": result.horizons[0]}

    def of_group(outcome: str) -> str:
        row = result.summary(outcome, **at).iloc[0]
        return f"{money(row.value * people)} ({money(row.low * people)} to {money(row.high * people)})"

    def share(outcome: str) -> str:
        row = result.summary(outcome, **at).iloc[0]
        return f"{row.value:.0%} ({row.low:.0%} to {row.high:.0%})".replace("-", "−")

    cells = [of_group("purse"), share("share_needed"), share("share_achieved"), of_group("net_saving")]
    assert f"| {' | '.join(cells)} |" in (SCENARIOS / population / "README.md").read_text("utf-8")


@pytest.mark.parametrize("population", POPULATIONS)
def test_the_other_form_is_the_same_sum_whatever_is_spent(population: str) -> None:
    """A constant sum of £355 a year for every effect on other care, told as a ratio where £1,770 is spent."""
    scenario = cm.load(population)
    other = scenario.conventions["pounds"].scenario
    effects = [one for strategy in other.model.strategies.values() for one in strategy.effects.values() if one.purse]
    assert effects
    for effect in effects:
        assert (effect.cost_ratio, effect.purse.high) == ("other_care_ratio_pounds", "trials_purse_low")  # type: ignore[union-attr]
    record = other.parameters["other_care_ratio_pounds"]
    mean = record.value * math.exp(record.se_log**2 / 2)  # type: ignore[operator]
    assert (1 - mean) * scenario.value("trials_purse_low") == pytest.approx(355, abs=2)
    assert mean * math.sqrt(math.expm1(record.se_log**2)) * 1770 == pytest.approx(277, abs=2)  # type: ignore[operator]


@pytest.mark.long
def test_two_uses_of_care_make_one_headline_and_each_is_shown_alone_with_its_chance() -> None:
    """Of borderline disorder: all other care by trials of other people, and hospital nights by their own."""
    result = cm.run(scenario("borderline"), draws=DRAWS)
    at = {"perspective": "nhs_pss", "strategy": "mbt_outpatient"}
    for outcome in ("net_saving", "chance_payback"):
        whole, *each = (
            float(result.summary(outcome, run=run, **at).value.iloc[0])
            for run in ("expected", "all_other_care", "hospital_nights")
        )
        assert whole == pytest.approx(sum(each) / 2, rel=1e-9)
    nights, contacts = (
        result.ledger(run="hospital_nights").query(f"item == '{item}' and strategy in ['usual_care', 'mbt_outpatient']")
        for item in ("inpatient", "mental_health_contacts")
    )
    spent = [one.groupby("strategy").money.sum() for one in (nights, contacts)]
    assert spent[0]["mbt_outpatient"] < 0.8 * spent[0]["usual_care"]
    assert spent[1]["mbt_outpatient"] == pytest.approx(spent[1]["usual_care"], rel=1e-9)


def test_the_three_therapies_of_borderline_disorder_are_treated_alike() -> None:
    effects = [one.effects for name, one in scenario("borderline").model.strategies.items() if name != "usual_care"]
    assert len(effects) == 3
    for name in ("other_care", "fewer_nights", "fewer_outpatients", "fewer_medicines", "more_in_work"):
        alike = {str(one[name].model_copy(update={"dose": None})) for one in effects}
        assert len(alike) == 1


@pytest.mark.parametrize(("weight", "least", "most"), [(0, 0, 1e-9), (1, 1_000, 5_000)], ids=["nights", "all care"])
def test_only_a_fraction_of_all_other_care_is_of_no_more_than_trials_saw(
    weight: float, least: float, most: float
) -> None:
    """Hospital nights follow trials of these people, and are not capped."""
    alone = scenario("borderline").changed({"weight_all_care": weight})
    capped, free = (cm.run(one, draws=0) for one in (alone, alone.changed({"trials_purse_high": 1e6})))
    assert least <= saving(free, strategy="mbt_outpatient") - saving(capped, strategy="mbt_outpatient") <= most
