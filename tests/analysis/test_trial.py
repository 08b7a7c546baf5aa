"""The trial beside the model: figures against closed form and ordinary run, roles, verdicts, ceiling."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.trial import Compared, Comparison, compare
from costmodel.report.render import terminal
from costmodel.report.terminal import console
from tests.support.calibrated import share_well
from tests.support.example import REMOVED, documented_model, edited, load_example, number, write_model

MONTHS = 24
CEILING = {
    "strategy": "therapy",
    "against": "usual_care",
    "ill": "ill",
    "remission": ["well"],
    "complete": ["well"],
}


def row(role: str, outcome: str, observed: float, unit: str, **more: Any) -> dict[str, Any]:
    own = {
        "label": f"A {role} row", "role": role, "strategy": "therapy", "outcome": outcome,
        "time": f"{MONTHS} months", "observed": observed, "unit": unit,
        "source": "X001", "status": "assumption",
    }  # fmt: skip
    return own | more


def share(role: str, observed: float, **more: Any) -> dict[str, Any]:
    return row(role, "share in states", observed, "share", states=["well"], **more)


GAIN = {"against": "usual_care"}
ROWS = {
    "fitted": share("fitted", 0.5),
    "usual": share("predicted", 0.9, strategy="usual_care"),
    "gain": row("predicted", "qaly gain", 0.01, "QALY", **GAIN),
    "money": row("consistency", "net cost", 1000, "GBP", price_year="2022/23", index="example_index", **GAIN),
    "context": row("context", "none", 1.4, "ratio", note="Its definition is unknown"),
}


def write_trial(folder: Path, rows: dict[str, Any] | None = None, **edits: Any) -> None:
    content = edited({"format": 1, "ceiling": dict(CEILING), "rows": json.loads(json.dumps(rows or ROWS))}, edits)
    (folder / "trial.yaml").write_text(json.dumps(content), "utf-8")


@pytest.fixture
def scenario(tmp_path: Path) -> cm.Scenario:
    write_trial(tmp_path)
    return load_example(tmp_path)


def the(comparison: Comparison, name: str) -> Compared:
    (found,) = [one for one in comparison.rows if one.name == name]
    return found


def test_shares_are_the_closed_form_and_misses_are_in_points(scenario: cm.Scenario) -> None:
    found = compare(scenario, draws=50)
    fitted, usual = the(found, "fitted"), the(found, "usual")
    assert fitted.model
    assert usual.model
    assert fitted.model.best == pytest.approx(share_well(0.45, 0.2, 2), abs=1e-12)
    assert usual.model.best == pytest.approx(share_well(0.3, 0.2, 2), abs=1e-12)
    assert fitted.miss == pytest.approx(100 * (share_well(0.45, 0.2, 2) - 0.5), abs=1e-9)


def test_only_predicted_rows_get_a_verdict(scenario: cm.Scenario) -> None:
    found = compare(scenario, draws=200)
    verdicts = {one.name: one.verdict for one in found.rows}
    assert verdicts == {
        "fitted": "", "usual": "outside the interval", "gain": "inside the interval",
        "money": "", "context": "",
    }  # fmt: skip
    context = the(found, "context")
    assert (context.model, context.observed, context.miss) == (None, 1.4, None)


def test_qalys_and_money_are_those_of_the_ordinary_run(scenario: cm.Scenario) -> None:
    found, result = compare(scenario, draws=300, seed=7), cm.run(scenario, draws=300, seed=7)
    gain, money = the(found, "gain").model, the(found, "money").model
    estimate = result.estimate(result.headline, result.qaly_gain(result.headline, 0, 1, discounted=False))
    cost = result.estimate(result.headline, result.net_cost(result.headline, 0, 1, perspective="nhs_pss"))
    assert gain
    assert money
    assert (gain.mean, gain.low, gain.high) == pytest.approx((estimate.value, estimate.low, estimate.high), rel=1e-9)
    assert (money.mean, money.low, money.high) == pytest.approx((cost.value, cost.low, cost.high), rel=1e-9)


def test_observed_money_is_brought_to_the_price_year_of_the_setting(scenario: cm.Scenario) -> None:
    assert the(compare(scenario, draws=2), "money").observed == pytest.approx(1000 * 1.04 / 0.95)


def test_the_ceiling_is_remission_years_times_everything_a_year_ill_costs(scenario: cm.Scenario) -> None:
    (ceiling,) = compare(scenario, draws=50).ceilings
    years = np.linspace(0, 2, 20_001)
    gained = [share_well(0.45, 0.2, t) - share_well(0.3, 0.2, t) for t in years]
    assert ceiling.remission_years.best == pytest.approx(np.trapezoid(gained, years), rel=0.01)  # less deaths
    assert ceiling.year_ill.best == pytest.approx(12 * 44 * 1.04)
    assert ceiling.therapy.best == pytest.approx(16 * 0.8 * 100)
    assert ceiling.ceiling.best == pytest.approx(ceiling.remission_years.best * ceiling.year_ill.best)
    assert "at most" in ceiling.words
    assert ceiling.complete_years == ceiling.remission_years


def test_a_utility_set_is_the_option_of_every_utility_that_is_a_choice(tmp_path: Path) -> None:
    better = {
        "label": "Choice",
        "unit": "utility",
        "use": "one",
        "one_of": {"one": "utility_one", "two": "utility_two"},
    }
    write_model(
        tmp_path,
        edited(
            documented_model(),
            {
                "utilities.well": "choice", "parameters.choice": better,
                "parameters.utility_one": number("utility", 0.7),
                "parameters.utility_two": number("utility", 0.9),
            },
        ),
    )  # fmt: skip
    rows = {one: ROWS["gain"] | {"utility_set": one} for one in ("one", "two")}
    write_trial(tmp_path, rows)
    found = compare(cm.load(tmp_path / "model.yaml"), draws=20)
    one, two = the(found, "one").model, the(found, "two").model
    assert one
    assert two
    assert two.best == pytest.approx(2 * one.best, rel=0.02)  # a gap of 0.4 for one of 0.2, less lives


def test_each_structure_and_the_mixture_are_read(tmp_path: Path) -> None:
    changed = {"strategies.therapy.effects.recovers_faster.hazard_ratio": "hr_none"}
    extra = {
        "parameters.hr_none": number("hazard ratio", 1), "parameters.weight_a": number("share", 0.25),
        "parameters.weight_b": {"label": "Rest", "unit": "share", "complement_of": "weight_a"},
        "alternatives": {
            "works": {"label": "It works", "weight": "weight_a"},
            "fails": {"label": "It does not", "weight": "weight_b", "change": changed},
        },
    }  # fmt: skip
    write_model(tmp_path, edited(documented_model(), extra))
    write_trial(tmp_path)
    found = compare(cm.load(tmp_path / "model.yaml"), draws=20)
    best = {one.reading: one.model.best for one in found.rows if one.name == "fitted" and one.model}
    assert list(best) == ["works", "fails", "mixture"]
    assert best["fails"] == pytest.approx(share_well(0.3, 0.2, 2))
    assert best["mixture"] == pytest.approx(0.25 * best["works"] + 0.75 * best["fails"])


def test_net_cost_and_ceiling_are_repeated_at_the_trials_own_prices(tmp_path: Path, scenario: cm.Scenario) -> None:
    (tmp_path / "trial_prices.yaml").write_text(
        "format: 1\nextends: model.yaml\nlabel: own_prices\nchange: {parameters.session_price.value: 5}\n"
    )
    found = compare(scenario, draws=5)
    costs = [one for one in found.rows if one.name == "money"]
    assert [one.prices for one in costs] == ["base", "own_prices"]
    assert [one.therapy.best for one in found.ceilings] == pytest.approx([1280, 64])
    assert "only if" in found.ceilings[1].words
    assert len([one for one in found.rows if one.name == "gain"]) == 1


def test_every_row_is_printed_under_its_role(scenario: cm.Scenario) -> None:
    plain = console()
    plain.width = 150
    with plain.capture() as printed:
        for piece in terminal(compare(scenario, draws=20).page()):
            plain.print(piece)
    text = printed.get()
    heads = [
        "Fitted: ",
        "Predicted: ",
        "Consistency: ",
        "Context: ",
        "Largest miss",
        "Notes",
        "Ceiling within",
    ]
    places = [text.index(head) for head in heads]
    assert places == sorted(places)
    assert "outside the interval" in text
    assert "Its definition is unknown" in text
    assert "Even if all health and social care of a depressed year" in text


def test_the_table_holds_every_row(scenario: cm.Scenario) -> None:
    table = compare(scenario, draws=5).frame
    assert list(table.name) == list(ROWS)
    assert table.best.isna().sum() == 1


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"rows.fitted.strategy": "terapy"}, 'there is no strategy "terapy". Did you mean "therapy"'),
        ({"rows.fitted.states": ["wel"]}, 'there is no state "wel"'),
        ({"rows.fitted.states": REMOVED}, "states belong to the outcome share in states"),
        ({"rows.fitted.observed": 50}, "write it from 0 to 1"),
        ({"rows.fitted.role": "guessed"}, "Allowed: 'fitted'"),
        ({"rows.fitted.role": "context"}, "the outcome is none for rows of context"),
        ({"rows.fitted.time": "6 weeks"}, "is not a whole number of cycles"),
        ({"rows.fitted.time": "60 years"}, "outside the model's time"),
        ({"rows.fitted.source": "X9"}, 'there is no source "X9"'),
        ({"rows.gain.against": REMOVED}, "add against"),
        ({"rows.gain.utility_set": "sapin"}, 'no utility offers the option "sapin"'),
        ({"rows.money.price_year": REMOVED}, "a price_year"),
        ({"rows.money.index": REMOVED}, "needs an index"),
        ({"ceiling.ill": "sick"}, 'there is no state "sick"'),
        ({"ceiling.remission": ["well", "ill"]}, "both ill and in remission"),
        ({"rows.fitted.oberved": 1}, 'unknown key "oberved"'),
    ],
)
def test_a_fault_is_named_with_its_line(scenario: cm.Scenario, edits: dict[str, Any], message: str) -> None:
    write_trial(scenario.path.parent, **edits)
    with pytest.raises(cm.InputError) as refused:
        compare(scenario, draws=2)
    assert message in str(refused.value), refused.value
    assert all(one.place.startswith("trial.yaml, line ") for one in refused.value.problems)


def test_without_a_trial_file_or_with_one_draw_there_is_no_comparison(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    with pytest.raises(cm.InputError, match="there is no trial.yaml"):
        compare(scenario, draws=2)
    with pytest.raises(cm.InputError, match="not a number of draws that gives intervals"):
        compare(scenario, draws=1)
