"""Faults that were found in published models and tools of the same kind: this model must not have them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.report.workbook import write
from tests.scenario.slips import problems
from tests.support.answers import answer, rows, saving
from tests.support.example import REMOVED, documented_model, edited, example, load_example, number, price, write_model
from tests.support.spreadsheets import by_formualizer, stored

THERAPY = "strategies.therapy.therapy"
CYCLES = ("1 month", "3 months", "6 months", "12 months")
YEARS = 10
STEADY: dict[str, Any] = {
    "transitions": {"well -> ill": "relapse"},
    "strategies.therapy.effects": REMOVED,
    "mortality.rate_ratio": 0,
    "parameters.relapse": number("per year", 0),
    "costs.gp.while_in": {"ill": "gp_ill", "well": "gp_ill"},
    "costs.gp.causal_share": REMOVED,
    "costs.gp.gap_from": REMOVED,
    "cohort.start": {"well": 1},
    "horizon": f"{YEARS} years",
}
"""Edits after which nobody moves or dies, so that every year costs the same."""
VISITS_A_YEAR = 12 * 44 * 1.04
"""Pounds a person-year in the prices of the setting."""


@pytest.mark.parametrize("cycle", CYCLES)
def test_D14_a_cost_at_entry_is_paid_in_full(cycle: str, tmp_path: Path) -> None:
    """The fault: weights within a cycle shrank a cost at entry to a third or a half, which flatters early spending."""
    edits = {"cycle": cycle, f"{THERAPY}.set_up": "set_up", "parameters.set_up": price("person", 9_000)}
    result = cm.run(load_example(tmp_path, **edits), draws=0)
    for discounted in (False, True):  # all of it falls in the first year
        paid = -saving(result, "nhs", category="therapy", discounted=discounted)
        assert paid == pytest.approx(9_000 + 16 * 0.8 * 100, rel=1e-12)


@pytest.mark.parametrize("cycle", CYCLES)
def test_the_time_of_a_cohort_adds_up_to_the_horizon(cycle: str, tmp_path: Path) -> None:
    """The fault: Simpson weights shifted by one cycle summed to 9.33 over ten cycles."""
    result = cm.run(load_example(tmp_path, **STEADY, cycle=cycle), draws=0)
    cost = answer(result, "cost", "nhs", strategy="usual_care", comparator="", horizon_months=12.0 * YEARS)
    assert cost == pytest.approx(YEARS * VISITS_A_YEAR, rel=1e-12)
    assert answer(
        result, "qaly", "", strategy="usual_care", comparator="", horizon_months=12.0 * YEARS
    ) == pytest.approx(YEARS * 0.7, rel=1e-12)


@pytest.mark.parametrize("cycle", CYCLES)
def test_D5_a_discount_rate_is_per_year_whatever_the_cycle(cycle: str, tmp_path: Path) -> None:
    """The fault: a published model's results came out only when the annual rate was applied every month."""
    result = cm.run(load_example(tmp_path, **STEADY, cycle=cycle), draws=0)
    where = {"strategy": "usual_care", "comparator": "", "horizon_months": 12.0 * YEARS, "discounted": True}
    annuity = sum(1.035**-year for year in range(YEARS))
    assert answer(result, "cost", "nhs", **where) == pytest.approx(VISITS_A_YEAR * annuity, rel=1e-12)
    assert answer(result, "qaly", "", **where) == pytest.approx(0.7 * annuity, rel=1e-12)


def uncertain_alone(name: str, low: float, high: float, folder: Path) -> cm.Result:
    """A run in which one parameter is uncertain, by nothing but its range, and all others are held fixed."""
    model = edited(documented_model(), {"horizon": f"{YEARS} years"})
    spreads = {"distribution", "cv", "se", "ci95", "effective_size", "range"}
    model["parameters"] = {
        key: {k: v for k, v in record.items() if k not in spreads} for key, record in model["parameters"].items()
    }
    write_model(folder, model)
    at = f"parameters.{name}"
    overlay = f"add: {{{at}.distribution: uniform, {at}.range: [{low}, {high}]}}"
    (folder / "alone.yaml").write_text(f"format: 1\nextends: model.yaml\nlabel: alone\n{overlay}\n", "utf-8")
    return cm.run(cm.load(folder / "alone.yaml"), draws=50)


@pytest.mark.parametrize(
    ("name", "ends", "outcome", "perspective"),
    [
        ("causal", (0, 1), "net_saving", "nhs"),
        ("discount_costs", (0, 0.07), "net_saving", "nhs"),
        ("discount_health", (0, 0.07), "qaly", ""),
    ],
)
def test_discount_rates_and_ranges_enter_the_probabilistic_run(
    name: str, ends: tuple[float, float], outcome: str, perspective: str, tmp_path: Path
) -> None:
    """The fault: the probabilistic run silently held discount rates, and parameters given by a range alone, fixed."""
    result = uncertain_alone(name, *ends, tmp_path)
    where = {"perspective": perspective, "horizon_months": 12.0 * YEARS}
    (row,) = rows(result, outcome, discounted=True, **where).itertuples()
    assert row.high - row.low > 0.001 * abs(row.value) > 0
    if name != "causal":
        (undiscounted,) = rows(result, outcome, discounted=False, **where).itertuples()
        assert undiscounted.high == pytest.approx(undiscounted.low, rel=1e-12)


YOURS = 5
"""Column of "Your value" on the sheet Inputs."""


def live(path: Path, typed: dict[str, float], label: str) -> float:
    """A line of the Summary's first block after values were typed into Inputs, as another program computes it."""
    cells = stored(path)
    at = {str(v): row for (sheet, row, column), v in cells.items() if sheet == "Inputs" and column == 1}
    lines = [row for (sheet, row, column), v in cells.items() if sheet == "Summary" and column == 1 and v == label]
    where = ("Summary", min(lines), 2)
    edits = {("Inputs", at[name], YOURS): value for name, value in typed.items()}
    found = by_formualizer(path, edits, only=[where])[where]
    assert isinstance(found, int | float)
    return float(found)


def test_a_ratio_typed_into_the_workbook_changes_its_answer(example_scenario: cm.Scenario, tmp_path: Path) -> None:
    """The fault: a workbook "with formulas" held pasted matrices, so that a new relative risk changed nothing."""
    path = tmp_path / "report.xlsx"
    write(cm.run(example_scenario, draws=0), path)
    label = "NHS and social care: net saving"
    before, after = live(path, {}, label), live(path, {"hr_recover": 2.5}, label)
    assert after - before > 1
    assert after == pytest.approx(saving(cm.run(example_scenario.changed({"hr_recover": 2.5}), draws=0)), abs=1e-6)


def test_a_value_typed_into_the_workbook_changes_no_other_of_the_same_size(
    example_scenario: cm.Scenario, tmp_path: Path
) -> None:
    """The fault: of two inputs that happened to hold the same number, a one-way analysis lost the second."""
    assert example_scenario.central["discount_costs"] == example_scenario.central["discount_health"]
    path = tmp_path / "report.xlsx"
    write(cm.run(example_scenario, draws=0), path)
    health, money = "QALYs gained, discounted", "NHS and social care: net saving, discounted"
    typed = {"discount_health": 0.1}
    assert live(path, typed, money) == live(path, {}, money)
    assert live(path, typed, health) < live(path, {}, health)


@pytest.mark.parametrize(("moved", "kept"), [("utility_ill", "causal"), ("causal", "utility_ill")])
def test_two_parameters_with_the_same_value_keep_their_identity(
    moved: str, kept: str, example_scenario: cm.Scenario
) -> None:
    """The fault: as above, where parameters are found by their value and not by their name."""
    assert example_scenario.central[moved] == example_scenario.central[kept] == 0.5
    before = cm.run(example_scenario, draws=0)
    changed = example_scenario.changed({moved: 0.4})
    after = cm.run(changed, draws=0)
    assert (changed.central[moved], changed.central[kept]) == (0.4, 0.5)
    assert [change.path for change in changed.changes] == [f"parameters.{moved}.value"]
    money, health = saving(after) == saving(before), answer(after, "qaly", "") == answer(before, "qaly", "")
    assert (money, health) == ((True, False) if moved == "utility_ill" else (False, True))


def test_two_parameters_alike_are_drawn_apart(tmp_path: Path) -> None:
    """The fault: as above; here two inputs with one value and one spread would be drawn as one."""
    alike = number("utility", 0.6, distribution="beta", se=0.05)
    result = cm.run(load_example(tmp_path, **{f"parameters.utility_{s}": alike for s in ("ill", "well")}), draws=400)
    assert result.expected is not None
    gains = result.expected.qaly[0, 0, 1, 0] - result.expected.qaly[0, 0, 0, 0]
    assert np.std(gains) > 0
    assert abs(np.mean(gains)) < 3 * np.std(gains) / np.sqrt(400)


@pytest.mark.parametrize("sustained", ["payback_sustained_months", "cash_payback_sustained_months"])
def test_payback_counts_money_alone_and_in_months(sustained: str, tmp_path: Path) -> None:
    """The fault: a break-even in whole years that mixed cash with pounds per QALY."""
    edits = {"parameters.session_price": price("session", 3), "parameters.cashable.value": 1}
    scenario = load_example(tmp_path, **edits, **{"parameters.causal": number("share", 1)})
    before = cm.run(scenario, draws=0)
    where = {"horizon_months": 60.0}
    (row,) = rows(before, sustained, perspective="nhs", **where).itertuples()
    assert row.unit == "months"
    assert 1 < row.value < 60
    assert abs(row.value / 12 - round(row.value / 12)) > 0.01
    richer = cm.run(scenario.changed({"threshold_low": 1e6, "utility_well": 0.9, "utility_ill": 0.1}), draws=0)
    assert answer(richer, "nmb", "nhs", discounted=True) > 10 * answer(before, "nmb", "nhs", discounted=True)
    assert answer(richer, sustained, "nhs", **where) == row.value


def test_who_dominates_whom_turns_with_the_comparator(tmp_path: Path) -> None:
    """The fault: a strategy that saved money was shown with "usual care: dominated", and signs followed the order."""
    model = documented_model()
    good = model["strategies"]["therapy"] | {"effects": {}}
    harm = {"label": "Harm", "share": 1, "utility_loss": "loss", "from": "referral", "lasting": "1 year"}
    bad = good | {"label": "Worse", "harms": {"harm": harm}, "therapy": good["therapy"] | {"price": "dear"}}
    model["parameters"] |= {"loss": number("utility", 0.1), "dear": price("session", 300)}
    words, savings, gains = {}, {}, {}
    for comparator, other in (("good", "bad"), ("bad", "good")):
        both = {"good": good, "bad": bad}
        folder = tmp_path / comparator
        strategies = {name: both[name] for name in (comparator, other)}
        result = cm.run(cm.load(write_model(folder, model | {"strategies": strategies})), draws=0)
        words[other] = rows(result, "cost_per_qaly", perspective="nhs", discounted=True).words.item()
        savings[other] = [saving(result, p) for p in ("nhs", "nhs_pss", "public_sector", "societal")]
        gains[other] = answer(result, "qaly", "")
    assert words["good"].startswith("dominant: saves money and improves health")
    assert words["bad"].startswith("dominated: costs more and worsens health")
    np.testing.assert_allclose(savings["good"], np.negative(savings["bad"]), rtol=1e-12)
    assert savings["good"][0] == pytest.approx(16 * 0.8 * 200, rel=1e-12)
    assert gains["good"] == pytest.approx(-gains["bad"], rel=1e-12)


@pytest.mark.parametrize(
    "edits",
    [
        {"utilities": {"ill": "utility_ill", "well": "utility_well", "dead": "utility_ill"}},
        {"costs.gp.while_in": {"ill": "gp_ill", "well": "gp_well", "dead": "gp_ill"}},
    ],
    ids=["C13_utility_of_the_dead", "cost_of_the_dead"],
)
def test_what_the_dead_cost_or_feel_is_refused(edits: dict[str, Any], tmp_path: Path) -> None:
    """The fault: costs and utilities of the dead state were accepted and silently ignored."""
    said = problems(example(tmp_path, **edits))
    assert len(said) == 1, said
    assert '"dead" is not a declared state' in said[0]


def test_a_tornado_moves_discount_rates_and_what_has_a_range_alone(tmp_path: Path) -> None:
    """The fault: both were silently left out."""
    edits = {"parameters.gp_visit": price("visit", 44, "2023/24", range=[30, 60]), "follow_up": "36 months"}
    scenario = load_example(tmp_path, **edits)
    found = {bar.input.name: bar for bar in cm.tornado(scenario, "nmb", "nhs").bars}
    for name in (scenario.setting.discount.costs, scenario.setting.discount.health):
        bar = found[str(name)]
        for value, end in ((0.028, bar.at_low), (0.042, bar.at_high)):
            again = cm.run(scenario.changed({str(name): value}), draws=0)
            assert end.value == pytest.approx(answer(again, "nmb", "nhs", discounted=True), rel=1e-12)
        assert bar.width > 0
    assert (found["gp_visit"].input.spread.low, found["gp_visit"].input.spread.high) == (30 * 1.04, 60 * 1.04)
    assert found["gp_visit"].width > 0
    undiscounted = cm.tornado(scenario, perspective="nhs")
    assert str(scenario.setting.discount.costs) in {one.name for one in undiscounted.inert}


def test_two_inputs_with_the_same_value_are_moved_apart(tmp_path: Path) -> None:
    """The fault: of two parameters that happened to hold the same value one lost its row."""
    alike = number("per year", 0.3)
    scenario = load_example(tmp_path, **{"parameters.recover": alike, "parameters.relapse": alike})
    found = {bar.input.name: bar for bar in cm.tornado(scenario, perspective="nhs").bars}
    for name in ("recover", "relapse"):
        for value, end in ((0.24, found[name].at_low), (0.36, found[name].at_high)):
            again = cm.run(scenario.changed({name: value}), draws=0)
            assert end.value == pytest.approx(saving(again, "nhs"), rel=1e-12)
    assert found["recover"].at_high.value != found["relapse"].at_high.value
    less = saving(cm.run(scenario, draws=0), "nhs") - 1
    roots = {one.input.name: one.roots for one in cm.break_even(scenario, value=less, perspective="nhs").found}
    assert roots["recover"]
    assert roots["relapse"]
    assert roots["recover"] != roots["relapse"]


def test_break_even_counts_money_alone_and_to_the_day(tmp_path: Path) -> None:
    """The fault: a break-even in whole years that mixed cash with pounds per QALY."""
    scenario = load_example(tmp_path)
    richer = scenario.changed({"threshold_low": 1e6, "utility_well": 0.9, "utility_ill": 0.1})
    for outcome, value in (("net_saving", 0.0), ("payback", 31.5)):
        first, other = (
            cm.break_even(one, "session_price", outcome, value, "nhs", horizon=60.0).found[0].roots[0].value
            for one in (scenario, richer)
        )
        assert first == other
    again = cm.run(scenario.changed({"session_price": first}), draws=0)
    assert again.curve_payback(1, "nhs", 1) == pytest.approx(31.5, abs=1e-6)


def test_a_bound_of_the_search_is_never_returned_as_a_break_even_value(tmp_path: Path) -> None:
    """The fault: where nothing met the target, the end of the search came back as if it did."""
    found = cm.break_even(
        load_example(tmp_path, **{"parameters.session_price": price("session", 500)}), perspective="nhs"
    )
    for one in found.found:
        for root in one.roots:
            assert abs(root.residual) < 0.01
            assert root.value not in (one.low, one.high)
    assert [one.roots for one in found.found if one.input.name == "causal"] == [()]
