# ruff: noqa: E501 (rows of tables)
"""What is unusual is computed, and said on the terminal, in the JSON and on the workbook's cover."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import costmodel as cm
from costmodel.report import render
from costmodel.report.answer import page
from costmodel.report.workbook import as_bytes
from tests.support.answers import saving
from tests.support.example import load_example, number, price
from tests.support.ledgers import EVERYBODY, NUMBERS, cost

HARM = {"label": "Distress", "share": 1, "utility_loss": "loss", "from": "referral", "lasting": "1 year"}
YEARS = {"while_in": {"ill": 1, "well": 1}, "causal_share": "causal", "gap_from": "ill"}
CENTRES: dict[str, tuple[str, float]] = {
    "recover": ("per year", 0.3), "relapse": ("per year", 0.2), "hr_recover": ("hazard ratio", 1.5), "attendance": ("share", 0.8),
    "gp_ill": ("visits per year", 12), "gp_ratio": ("multiplier", 0.5), "causal": ("share", 0.5), "utility_ill": ("utility", 0.5),
    "utility_well": ("utility", 0.7),
}  # fmt: skip
FIXED = {f"parameters.{name}": number(*centre) for name, centre in CENTRES.items()}
"""Edits that, with the price of a session, hold every parameter of the example fixed."""
FIXED["parameters.session_price"] = price("session", 100)

UNUSUAL: dict[str, tuple[dict[str, Any], str]] = {
    "A30_effect_beyond_the_horizon": ({"strategies.therapy.effects.recovers_faster.until": "referral + 10 years"}, 'Talking therapy: the effect "recovers faster" lasts longer than the horizon of 5 years'),
    "C3_pence_typed_as_pounds": ({"parameters.gp_visit.value": 350_000}, "pence typed as pounds"),
    "C3_thousands_typed_as_pounds": ({"costs.gp.category": "hospital", "parameters.gp_visit.value": 2.1}, "thousands typed as pounds"),
    "C5_weekly_benefit_typed_as_annual": (
        {"costs.pip": cost("welfare", "dwp", "household", price="benefit", **YEARS), "parameters.benefit": price("year", 73.9)},
        '"benefit" is £73.9 a year: a weekly or monthly benefit'),
    "C9_resource_in_two_groups": (
        {**NUMBERS, "costs.drug": cost("medication", "nhs"), "costs.practice": cost("primary care", "nhs")},
        '"drug" and "practice" count the same quantity at the same price'),
    "C10_transfer_that_nobody_receives": ({**NUMBERS, "costs.benefit": cost("welfare", "dwp")}, '"benefit" (welfare) is a transfer with nobody on one side'),
    "C11_tax_beside_the_wages_that_it_is_paid_from": (
        {**NUMBERS, "costs.work": cost("productivity", "nobody", "household"), "costs.tax": cost("tax", "nobody", "hmrc")},
        '"tax" (tax) is a transfer with nobody on one side, so that society seems to gain or lose it beside the work'),
    "C12_utility_below_zero": ({"parameters.utility_ill.value": -0.2, "parameters.utility_ill.distribution": "normal"}, "worse than being dead"),
    "C14_utility_loss_with_the_wrong_sign": (
        {"strategies.therapy.harms": {"distress": HARM}, "parameters.loss": number("utility", -0.05)},
        'Talking therapy: the harm "Distress" has a utility loss below 0, so it adds health'),
    "C15_no_sessions": ({"parameters.sessions.value": 0}, "Talking therapy: sessions is 0, so the therapy costs nothing"),
    "C16_therapy_without_a_price": ({"strategies.therapy.therapy.price": 0}, "price is 0, so the therapy costs nothing"),
    "C17_attendance_above_survival": ({"strategies.therapy.therapy.attendance": 1}, "Talking therapy: 100.0% of the sessions are delivered, and 99."),
    "C18_attendance_of_nobody": ({"strategies.therapy.therapy.attendance": 0}, "attendance is 0, so the therapy costs nothing"),
    "probabilities_called_hazards": ({"horizon": "30 years", "parameters.age.value": 60}, 'the life table\'s column "hazard" is read as mx. If it holds qx, name it probability; else name it mx.'),
    "D10_horizon_beyond_the_life_table": ({"horizon": "50 years", "parameters.age.value": 60}, "people reach an age of 110 within the horizon and the life table ends at 100"),
    "D16_therapy_beyond_the_horizon": ({"cycle": "1 month", "strategies.therapy.therapy.wait": "59 months"}, "ends before the therapy"),
    "D16_effect_beyond_the_horizon": ({"strategies.therapy.effects.recovers_faster.until": "follow-up + 9 years"}, "lasts longer than the horizon"),
    "D16_harm_beyond_the_horizon": (
        {"strategies.therapy.harms": {"distress": HARM | {"lasting": "6 years"}}, "parameters.loss": number("utility", 0.05)},
        'Talking therapy: the harm "Distress" lasts longer than the horizon'),
    "E4_variance_as_standard_error": ({"parameters.gp_ill.cv": 4}, "gp_ill: the standard error is 4.0 times the mean"),
    "E5_natural_spread_as_log_spread": (
        {"parameters.hr_recover": number("hazard ratio", 1.5, distribution="lognormal", se_log=1.3)},
        "more than a hundredfold: was a standard error typed that is not on the log scale?"),
    "E11_one_draw": ({}, "one draw gives no intervals"),
    "E14_nothing_uncertain": (FIXED, "every parameter is held fixed"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_said_on_every_output(name: str, tmp_path: Path) -> None:
    edits, warning = UNUSUAL[name]
    said_on_every_output(cm.run(load_example(tmp_path, **({"cycle": "12 months"} | edits)), draws=1), warning)


def said_on_every_output(result: cm.Result, warning: str) -> None:
    assert sum(warning in text for text in result.warnings) == 1, result.warnings
    assert any(warning in text for text in render.document(page(result))["warnings"])
    assert warning in "\n".join(str(piece) for piece in render.terminal(page(result)))
    cover = openpyxl.load_workbook(io.BytesIO(as_bytes(result)), read_only=True)["Cover"]
    said = [row[1] for row in cover.iter_rows(values_only=True) if row[0] == "Warning"]
    assert any(warning in text for text in said), said


@pytest.mark.parametrize("fix", [False, True])
@pytest.mark.parametrize(("name", "value", "words"), [("sessions", 10, "8 sessions are delivered instead of 12.8, and the effects stay those of 12.8: nothing here says what fewer do"),
                                                      ("attendance", 0.9, "14.4 sessions are delivered instead of 12.8, and the effects stay those of 12.8: nothing here says what more do")])  # fmt: skip
def test_a_dose_that_was_moved_is_said_where_the_effect_does_not_know_the_dose(
    name: str, value: float, words: str, fix: bool, tmp_path: Path
) -> None:
    scenario = load_example(tmp_path)
    said_on_every_output(cm.run(scenario.changed({name: value}, fix=fix), draws=2), words)
    assert cm.run(scenario.changed({"gp_visit": 50.0}), draws=2).warnings == ()


def test_a_dose_outside_the_studied_range_is_said_on_every_output(tmp_path: Path) -> None:
    dose = {"studied": "studied", "least": "least", "shape": "shape"}
    edits = {
        "strategies.therapy.effects.recovers_faster.dose": dose,
        "parameters.studied": number("sessions", 12),
        "parameters.least": number("sessions", 10),
        "parameters.shape": number("share", 0.5),
    }
    said_on_every_output(cm.run(load_example(tmp_path, **edits), draws=2), "was studied at 10 to 12")


def test_the_example_gives_no_warning(example_result: cm.Result) -> None:
    assert example_result.warnings == ()


@pytest.mark.parametrize("edits", [EVERYBODY, {"parameters.gp_visit.value": 95_000}, {"horizon": "40 years"}])
def test_what_is_usual_is_not_warned_about(edits: dict[str, Any], tmp_path: Path) -> None:
    assert cm.run(load_example(tmp_path, **edits), draws=2).warnings == ()


def test_C14_a_utility_loss_above_zero_lowers_health(tmp_path: Path) -> None:
    harms = {"strategies.therapy.harms": {"distress": HARM}}
    without, with_loss = (
        cm.run(load_example(tmp_path, **harms, **{"parameters.loss": number("utility", loss)}), draws=0)
        for loss in (0, 0.05)
    )
    assert with_loss.deterministic.qaly[0, 0, 1, 0, 0] < without.deterministic.qaly[0, 0, 1, 0, 0]
    assert saving(with_loss) == saving(without)


def test_E14_draws_of_what_is_fixed_equal_the_deterministic_run(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **FIXED), draws=64)
    assert result.expected is not None
    for name in ("cost", "cash", "qaly", "sustained", "peak"):
        drawn, central = getattr(result.expected, name), getattr(result.deterministic, name)
        assert (drawn == central).all(), name
    expected, deterministic = (saving(result, run=run) for run in ("expected", "deterministic"))
    assert expected == deterministic
