"""Targets beside models: figures against closed form and ordinary run, verdicts, and rows that may not score."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.validation import Judged, validate, verdict
from costmodel.analysis.validation.question import Prediction, prediction
from costmodel.analysis.validation.target import Target
from costmodel.report.render import document, markdown
from tests.support.calibrated import share_well
from tests.support.example import REMOVED, derived, edited, example, number
from tests.support.targets import ROW, targets

MONTHS, YEARS = 24, 2
INDEX = 1.04 / 0.95
"""The example's prices of 2024/25 over those of 2022/23."""


def target(outcome: str, observed: float = 0.5, unit: str = "share", **more: Any) -> dict[str, Any]:
    own: dict[str, Any] = {key: value for key, value in ROW.items() if key != "states"}
    own |= {"outcome": outcome, "observed": observed, "unit": unit, "tolerance": 1.0, "width": 1.0}
    if outcome in ("net cost", "cost", "cost per year", "offset per year", "cost per qaly"):
        own |= {"price_year": "2024/25"}
    return own | more


AGAINST = {"against": "usual_care"}
PAID = AGAINST | {"perspective": "nhs_pss"}


def ask(folder: Path, rows: dict[str, Any], *, draws: int = 200, **edits: Any) -> dict[str, Judged]:
    """The example in the folder `pop`, and a validation file beside it."""
    (folder / "pop").mkdir(exist_ok=True)
    example(folder / "pop", **edits)
    targets(folder, rows)
    return {row.name: row for row in validate(folder, draws=draws).rows}


def figure(folder: Path, row: dict[str, Any], **how: Any) -> Prediction:
    found = ask(folder, {"T1": row}, **how)["T1"].figure
    assert found
    return found


def fixed(model: dict[str, Any]) -> dict[str, Any]:
    """Edits that take the spread off the rates, so that the closed form is the mean."""
    return {f"parameters.{name}.{key}": REMOVED for name, keys in model.items() for key in keys}


FIXED = fixed(
    {"recover": ["distribution", "cv"], "relapse": ["distribution", "cv"], "hr_recover": ["distribution", "ci95"]}
)


def test_shares_and_months_in_states_are_the_closed_form(tmp_path: Path) -> None:
    share = figure(tmp_path, target("share in states", states=["well"]), **FIXED)
    assert share.value == pytest.approx(share_well(0.45, 0.2, YEARS), abs=1e-9)
    months = figure(tmp_path, target("months in states", states=["well"], **AGAINST, unit="months"), **FIXED)
    years = np.linspace(0, YEARS, 20_001)
    gained = [share_well(0.45, 0.2, t) - share_well(0.3, 0.2, t) for t in years]
    assert months.value == pytest.approx(12 * np.trapezoid(gained, years), rel=0.01)  # less deaths


def test_the_share_that_moved_is_that_of_an_exponential_and_goes_on_beyond_the_horizon(tmp_path: Path) -> None:
    row = target("share moved", strategy="usual_care", transition="well -> ill")
    assert figure(tmp_path, row, **FIXED).value == pytest.approx(1 - np.exp(-0.2 * YEARS))
    row = target("share moved", strategy="usual_care", transition="well -> ill", time="180 months")
    assert figure(tmp_path, row, **FIXED).value == pytest.approx(1 - np.exp(-0.2 * 15))


def test_money_and_health_are_those_of_the_ordinary_run(tmp_path: Path) -> None:
    rows = {
        "cost": target("cost", perspective="nhs_pss", unit="GBP"),
        "year": target("cost per year", perspective="nhs_pss", unit="GBP"),
        "net": target("net cost", **PAID, unit="GBP"),
        "care": target("net cost", **PAID, unit="GBP", category="primary care"),
        "offset": target("offset per year", **PAID, unit="GBP"),
        "ratio": target("offset ratio", **PAID),
        "qaly": target("qaly gain", **AGAINST, unit="QALY"),
    }
    found = {name: row.figure for name, row in ask(tmp_path, rows, draws=300).items()}
    result = cm.run(cm.load(tmp_path / "pop" / "model.yaml"), draws=300, seed=1)
    run = result.headline

    def same(name: str, values: Any) -> bool:
        estimate, one = result.estimate(run, values), found[name]
        assert one
        return (one.value, one.low, one.high) == pytest.approx((estimate.value, estimate.low, estimate.high), rel=1e-9)

    net = result.net_cost(run, 0, 1, perspective="nhs_pss")
    rest = net - result.net_cost(run, 0, 1, perspective="nhs_pss", category="therapy")
    assert same("cost", result.total_cost(run, 0, 1, "nhs_pss", discounted=False))
    assert same("year", result.total_cost(run, 0, 1, "nhs_pss", discounted=False) / YEARS)
    assert same("net", net)
    assert same("care", result.net_cost(run, 0, 1, perspective="nhs_pss", category="primary care"))
    assert same("offset", -rest / YEARS)
    assert same("qaly", result.qaly_gain(run, 0, 1, discounted=False))
    table = result.table()
    printed = table[(table.outcome == "offset_ratio") & (table.run == "expected") & (table.perspective == "nhs_pss")]
    printed = printed[(printed.horizon_months == MONTHS) & ~printed.discounted]
    assert found["ratio"]
    assert [found["ratio"].value] == pytest.approx(list(printed.value), rel=1e-9)


def test_payback_is_the_percentile_of_the_ordinary_run_and_beyond_the_horizon_it_is_too_wide(tmp_path: Path) -> None:
    row = target("payback month", 20, "months", tolerance=100, width=1000, **PAID)
    row.pop("time")
    cheap = {"parameters.session_price.value": 1}
    found = figure(tmp_path, row, draws=300, **cheap)
    percentiles = cm.run(cm.load(tmp_path / "pop" / "model.yaml"), draws=300).payback()["percentiles"]
    assert isinstance(percentiles, dict)
    assert found.value == pytest.approx(percentiles[50])
    judged = ask(tmp_path, {"T1": row})["T1"]
    assert judged.figure
    assert judged.figure.value == np.inf
    assert judged.verdict == "miss: outside, too wide"


def test_use_is_person_years_times_visits_and_a_fall_is_the_comparators_less_ones_own(tmp_path: Path) -> None:
    edits = FIXED | {
        "parameters.gp_ill.distribution": REMOVED, "parameters.gp_ill.cv": REMOVED, "parameters.causal": REMOVED,
        "parameters.causal_fixed": number("share", 1.0), "costs.gp.causal_share": "causal_fixed",
        "parameters.gp_ratio": number("multiplier", 0.5), "mortality.rate_ratio": 0,
    }  # fmt: skip
    rows = {
        "fall": target("fall in use", item="gp", **AGAINST, unit="visits"),
        "use": target("use per year", item="gp", strategy="usual_care", unit="visits"),
    }
    found = ask(tmp_path, rows, draws=2, **edits)

    def mean_well(recover: float, first: float, last: float) -> float:
        times = np.linspace(first, last, 5_001)
        return float(np.trapezoid([share_well(recover, 0.2, t) for t in times], times)) / (last - first)

    gained = mean_well(0.45, YEARS - 1 / 12, YEARS) - mean_well(0.3, YEARS - 1 / 12, YEARS)
    assert found["fall"].figure
    assert found["use"].figure
    assert found["fall"].figure.value == pytest.approx(12 * 0.5 * gained, rel=1e-5)
    assert found["use"].figure.value == pytest.approx(12 * (1 - 0.5 * mean_well(0.3, 0, YEARS)), rel=1e-5)


def test_chances_are_counted_over_draws(tmp_path: Path) -> None:
    rows = {
        "both": target("chance better and cheaper", states=["well"], **PAID),
        "worth": target("chance cost-effective", threshold=500, price_year="2024/25", **PAID),
    }
    cheap = {"parameters.session_price.value": 1}
    found = ask(tmp_path, rows, draws=400, **cheap)
    result = cm.run(cm.load(tmp_path / "pop" / "model.yaml"), draws=400)
    run = result.headline
    cost = result.net_cost(run, 0, 1, perspective="nhs_pss")
    gain = result.qaly_gain(run, 0, 1, discounted=False)
    assert found["both"].figure
    assert found["worth"].figure
    assert 0 < found["worth"].figure.value < 1
    assert found["worth"].figure.value == np.mean(gain * 500 > cost)
    assert 0 < found["both"].figure.value < 1
    assert found["both"].figure.value <= np.mean(cost < 0)


def test_observed_money_with_its_tolerance_and_width_comes_to_the_settings_prices(tmp_path: Path) -> None:
    row = target(
        "net cost", 1_000, "USD", price_year="2022/23", index="example_index", tolerance=100, width=500, **PAID
    )
    row["currency"] = {"per_unit": 0.5, "source": "X003", "status": "recalled"}
    judged = ask(tmp_path, {"T1": row})["T1"]
    now = judged.target
    assert (now.observed, now.tolerance, now.width) == pytest.approx([x * INDEX / 2 for x in (1_000, 100, 500)])
    assert (now.unit, now.price_year) == ("GBP", "2024/25")


def test_the_verdict_on_money_is_in_the_settings_prices(tmp_path: Path) -> None:
    row = target("net cost", 0, "GBP", price_year="2022/23", index="example_index", width=1e6, **PAID)
    cost = figure(tmp_path, row).value
    near = row | {"observed": (cost - 101) / INDEX, "tolerance": 100.0}
    assert ask(tmp_path, {"T1": near})["T1"].verdict == "hit"  # £100 of 2022/23 are more than £101
    assert ask(tmp_path, {"T1": near | {"tolerance": 90.0}})["T1"].verdict == "miss: outside"


def a_row(**keys: Any) -> Target:
    return Target(**target("share in states", states=["well"]) | keys)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Prediction(0.5, 0.4, 0.6), "hit"),
        (Prediction(0.6, 0.5, 0.7), "hit"),
        (Prediction(0.61, 0.5, 0.7), "miss: outside"),
        (Prediction(0.5, 0.2, 0.8), "miss: too wide"),
        (Prediction(0.5, 0.4, np.inf), "miss: too wide"),
        (Prediction(0.9, 0.0, 1.0), "miss: outside, too wide"),
    ],
)
def test_a_hit_is_near_and_narrow(found: Prediction, words: str) -> None:
    assert verdict(found, a_row(observed=0.5, tolerance=0.1 + 1e-12, width=0.3)) == words


def test_of_a_range_the_inside_counts() -> None:
    row = a_row(observed=None, low=0, high=8, tolerance=0, width=12)
    assert verdict(Prediction(5, 4, 6), row) == "hit"
    assert verdict(Prediction(9, 8, 10), row) == "miss: outside"


def test_a_chance_reaches_from_one_structure_to_the_other() -> None:
    happens = np.stack([np.zeros(400), np.ones(400)])
    assert prediction("chance", {"value": happens}, np.array([0.5, 0.5])) == Prediction(0.5, 0.0, 1.0)
    even = np.tile([0.0, 1.0], 200)[None]
    assert prediction("chance", {"value": even}, np.array([1.0])).width == pytest.approx(2 * 1.96 * 0.5 / 20)


def test_a_ratio_is_of_means_and_has_no_upper_end_where_its_denominator_may_be_nothing() -> None:
    above, below = np.full((1, 100), 2.0), np.linspace(-1, 3, 100)[None]
    found = prediction("ratio", {"above": above, "below": below}, np.array([1.0]))
    assert (found.value, found.high) == (pytest.approx(2.0), np.inf)


def test_the_greatest_offset_is_time_gained_times_everything_a_year_ill_costs(tmp_path: Path) -> None:
    rows = {
        "most": target("greatest offset ratio", role="consistency", states=["well"], ill="ill", **PAID),
        "months": target("months in states", role="consistency", states=["well"], **AGAINST),
    }
    for row in rows.values():
        del row["tolerance"], row["width"]
    found = ask(tmp_path, rows, **FIXED)
    result = cm.run(cm.load(tmp_path / "pop" / "model.yaml"), draws=200)
    therapy = result.net_cost(result.headline, 0, 1, perspective="nhs_pss", category="therapy").mean()
    assert found["most"].figure
    assert found["months"].figure
    year = 12 * 44 * 1.04
    assert found["most"].figure.value == pytest.approx(found["months"].figure.value / 12 * year / therapy, rel=0.02)
    assert "Even if all that a year in the state ill costs" in found["most"].remark
    assert found["most"].verdict == ""


def test_a_utility_set_is_the_option_of_every_utility_that_is_a_choice(tmp_path: Path) -> None:
    better = {"label": "Choice", "unit": "utility", "use": "one", "one_of": {"one": "utility_1", "two": "utility_2"}}
    edits = {
        "utilities.well": "choice", "parameters.choice": better,
        "parameters.utility_1": number("utility", 0.7), "parameters.utility_2": number("utility", 0.9),
    }  # fmt: skip
    row = target("qaly gain", unit="QALY", **AGAINST)
    found = ask(tmp_path, {one: row | {"utility_set": one} for one in ("one", "two")}, **edits)
    one, two = found["one"].figure, found["two"].figure
    assert one
    assert two
    assert two.value == pytest.approx(2 * one.value, rel=0.02)  # a gap of 0.4 for one of 0.2, less lives
    assert 'no utility offers the option "sapin"' in ask(tmp_path, {"T1": row | {"utility_set": "sapin"}})["T1"].remark


def test_each_structure_and_the_mixture_are_read(tmp_path: Path) -> None:
    changed = {"strategies.therapy.effects.recovers_faster.hazard_ratio": "hr_none"}
    edits = FIXED | {
        "parameters.hr_none": number("hazard ratio", 1), "parameters.weight_a": number("share", 0.25),
        "parameters.weight_b": {"label": "Rest", "unit": "share", "complement_of": "weight_a"},
        "alternatives": {
            "works": {"label": "It works", "weight": "weight_a"},
            "fails": {"label": "It does not", "weight": "weight_b", "change": changed},
        },
    }  # fmt: skip
    judged = ask(tmp_path, {"T1": target("share in states", states=["well"])}, **edits)["T1"]
    each = {label: one.value for label, one in judged.readings.items()}
    assert each == pytest.approx({"It works": share_well(0.45, 0.2, YEARS), "It does not": share_well(0.3, 0.2, YEARS)})
    assert judged.figure
    assert judged.figure.value == pytest.approx(0.25 * each["It works"] + 0.75 * each["It does not"])


def test_strata_are_asked_apart_and_together(tmp_path: Path) -> None:
    strata = {
        "heavy": {"label": "Heavy", "share": "share_heavy", "change": {"costs.gp.while_in.ill": "gp_heavy"}},
        "light": {"label": "Light", "share": "share_light"},
    }
    edits = {
        "strata": strata, "parameters.share_heavy": number("share", 0.25),
        "parameters.share_light": {"label": "Rest", "unit": "share", "complement_of": "share_heavy"},
        "parameters.gp_heavy": number("visits per year", 60),
    }  # fmt: skip
    row = target("cost per year", unit="GBP", perspective="nhs", strategy="usual_care")
    rows = {"all": row, "heavy": row | {"stratum": "heavy"}, "light": row | {"stratum": "light"}}
    found = {name: one.figure.value for name, one in ask(tmp_path, rows, **edits).items() if one.figure}
    assert found["all"] == pytest.approx(0.25 * found["heavy"] + 0.75 * found["light"], rel=1e-9)
    assert found["heavy"] > 2 * found["light"]


def test_what_a_model_was_built_on_does_not_score(tmp_path: Path) -> None:
    seen = target("share in states", states=["well"], source="X002", same_as=["X001"])
    judged = ask(tmp_path, {"T1": seen})["T1"]
    assert (judged.verdict, judged.figure) == ("void", None)
    assert "X001 is the source of" in judged.remark


PRIOR = {"distribution": "uniform", "range": [0, 2], "source": "X001", "status": "assumption"}


def calibrated(folder: Path, output: str, observations: object = "all") -> None:
    """A calibration file of two observations in a folder, with a fit that may see them."""
    one = {
        "strategy": "therapy", "states": ["well"], "time": "24 months", "share": 0.5, "n": 9, "source": "X002",
        "status": "assumption",
    }  # fmt: skip
    fit = {"label": "A fit", "observations": observations, "free": {"recover": {"prior": PRIOR}}}
    content = {
        "format": 1, "scenario": "model.yaml", "design_effect": 1,
        "observations": {"one": one, "two": one | {"source": "X003"}},
        "fits": {"fit": fit | {"held": {}, "output": output}},
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "calibration.yaml").write_text(json.dumps(content), "utf-8")


def test_what_a_model_was_fitted_to_does_not_score(tmp_path: Path) -> None:
    calibrated(tmp_path / "pop", "p.csv")
    judged = ask(tmp_path, {"T1": target("share in states", states=["well"])})["T1"]
    assert (judged.verdict, judged.remark) == ("void", "Not a prediction: X002 is an observation of calibration.yaml.")


def fitted(**more: Any) -> dict[str, Any]:
    row = target("share in states", role="fitted", states=["well"], **more)
    return {key: value for key, value in row.items() if key not in ("tolerance", "width")}


def test_a_fitted_row_has_no_verdict_and_is_told_where_the_fit_did_not_see_it(tmp_path: Path) -> None:
    calibrated(tmp_path / "pop", "p.csv", ["one"])
    (tmp_path / "pop" / "p.csv").write_text("best,recover\n1,0.3\n0,0.4\n", "utf-8")
    joint = derived("per year", joint="p.csv", status="derived")
    found = ask(tmp_path, {"seen": fitted(), "unseen": fitted(source="X003")}, **{"parameters.recover": joint})
    assert [one.verdict for one in found.values()] == ["", ""]
    assert [one.remark for one in found.values()] == ["", "The fit of this scenario did not see it."]


def test_an_overlay_is_asked_the_rows_of_the_model_and_scores_only_its_own(tmp_path: Path) -> None:
    (tmp_path / "pop").mkdir()
    overlay = "format: 1\nextends: model.yaml\nlabel: costly\nchange: {parameters.session_price.value: 5}\n"
    (tmp_path / "pop" / "costly.yaml").write_text(overlay, "utf-8")
    (tmp_path / "pop" / "other.yaml").write_text(overlay.replace("costly", "other"), "utf-8")
    row = target("net cost", unit="GBP", **PAID)
    rows = {"base": row, "own": row | {"scenario": "costly.yaml"}, "other": row | {"scenario": "other.yaml"}}
    ask(tmp_path, rows)
    found = validate(draws=20, scenario=cm.load(tmp_path / "pop" / "costly.yaml"))
    base, own = found.rows
    assert base.figure
    assert own.figure
    assert (base.name, base.verdict, own.name, own.verdict) == ("base", "", "own", "miss: outside, too wide")
    assert base.figure.value == own.figure.value
    assert "Asked of costly.yaml in the place of model.yaml" in base.remark
    assert (
        found.headline
    ) == "0 of 1 predicted targets were hit; missed: own; asked of another scenario than was declared: base."


def test_the_former_file_of_a_trial_is_refused_with_what_to_do(tmp_path: Path) -> None:
    ask(tmp_path, {"T1": target("share in states", states=["well"])})
    (tmp_path / "pop" / "trial.yaml").write_text("format: 1\nrows: {}\n", "utf-8")
    with pytest.raises(cm.InputError) as refused:
        validate(tmp_path, draws=2)
    (problem,) = refused.value.problems
    assert problem.place == "pop/trial.yaml"
    assert "Move its rows there, each with population: pop and why" in str(problem)


def test_a_row_that_cannot_be_asked_says_why_and_does_not_score(tmp_path: Path) -> None:
    rows = {
        "elsewhere": target("share in states", states=["well"], population="nowhere"),
        "state": target("share in states", states=["wel"]),
        "context": target("none", role="context", tolerance=None, width=None),
    }
    rows["context"] = {k: v for k, v in rows["context"].items() if k not in ("strategy", "time") and v is not None}
    found = ask(tmp_path, rows)
    assert found["elsewhere"].verdict == "no model yet"
    assert found["state"].verdict == "cannot be asked"
    assert 'no states "wel". Did you mean "well"?' in found["state"].remark
    assert found["context"].verdict == ""
    validation = validate(tmp_path, draws=2)
    assert (validation.scored, validation.hits) == ([], [])
    assert "without a prediction: elsewhere, state" in validation.headline


def test_the_file_and_json_say_the_same(tmp_path: Path) -> None:
    ask(
        tmp_path,
        {"T1": target("share in states", states=["well"]), "T2": target("share in states", 9, states=["well"])},
    )
    validation = validate(tmp_path, draws=50)
    text, said = markdown(validation.page()), document(validation.page())
    assert "**1 of 2 predicted targets were hit; missed: T2.**" in text
    assert said["score"] == {"predicted": 2, "answered": 2, "hit": 1}
    assert [row["verdict"] for row in said["targets"]] == ["hit", "miss: outside"]
    assert f"| {said['targets'][0]['predicted']:.1%} |" in text
    json.dumps(said, allow_nan=False)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"tolerance": REMOVED}, "declares tolerance and width"),
        ({"role": "context"}, "belong to predicted rows"),
        ({"outcome": "none", "strategy": REMOVED, "states": REMOVED, "time": REMOVED}, "give an outcome"),
        ({"states": REMOVED}, "needs states"),
        ({"item": "gp"}, "has no use for item"),
        ({"observed": REMOVED}, "give observed, or low and high"),
        ({"low": 2.0, "high": 1.0}, "low is 2 and high is 1"),
        ({"source": "X9"}, 'there is no source "X9"'),
        (
            {"outcome": "net cost", "against": "usual_care", "perspective": "nhs", "states": REMOVED},
            "money has a price_year",
        ),
        ({"rolle": "predicted"}, 'unknown key "rolle"'),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_line(tmp_path: Path, edits: dict[str, Any], message: str) -> None:
    row = edited(target("share in states", states=["well"]), edits)
    with pytest.raises(cm.InputError) as refused:
        ask(tmp_path, {"T1": row})
    assert message in str(refused.value)
    assert all(one.place.startswith("validation.yaml, line ") for one in refused.value.problems)


def test_a_population_without_targets_is_refused_by_name(tmp_path: Path) -> None:
    ask(tmp_path, {"T1": target("share in states", states=["well"])})
    with pytest.raises(cm.InputError, match='Did you mean "pop"'):
        validate(tmp_path, "pob", draws=2)
