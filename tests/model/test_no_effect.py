"""A therapy without effect and harm costs its sessions and changes nothing else. Equal means equal."""

import secrets
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa import rows as rows_of_psa
from costmodel.report.answer import page
from costmodel.report.render import document
from costmodel.report.sentence import headline
from costmodel.report.workbook import write
from costmodel.result.table import THE_SAME
from tests.cli.commands import parsed
from tests.support.answers import answer, rows, saving
from tests.support.example import REMOVED, derived, load_example, number, write_setting
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PERSPECTIVES
from tests.support.random_models import of_data, random_model
from tests.support.spreadsheets import by_formualizer, disagreements, formulas, stored

EFFECT = "strategies.therapy.effects.recovers_faster"
INERT = {
    "ratio of 1": {f"{EFFECT}.hazard_ratio": 1},
    "ratio of 1 as a parameter": {"parameters.hr_recover": number("hazard ratio", 1)},
    "ratio of 1 that fades": {f"{EFFECT}.hazard_ratio": 1, f"{EFFECT}.half_life": "7 months"},
    "no effect at all": {"strategies.therapy.effects": REMOVED},
}


def test_the_effect_that_is_taken_away_below_does_save_something(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **EVERYBODY), draws=0)
    assert all(saving(result, perspective) != -1280 for perspective in PERSPECTIVES)


@pytest.mark.parametrize("edits", INERT.values(), ids=INERT.keys())
@pytest.mark.parametrize(("cycle", "beyond"), [("1 month", "gap closes"), ("12 months", "effects cease")])
def test_savings_are_exactly_0_and_net_cost_is_exactly_the_therapy(
    tmp_path: Path, edits: dict[str, Any], cycle: str, beyond: str
) -> None:
    lag = {"costs.benefit.lag": "12 months"}
    scenario = load_example(tmp_path, cycle=cycle, beyond_follow_up=beyond, **EVERYBODY, **lag, **edits)
    result = cm.run(scenario, draws=30)
    everything = {"run": None, "horizon_months": None, "discounted": None, "category": None}
    for perspective in PERSPECTIVES:
        parts = rows(result, "net_saving", perspective=perspective, **everything)
        other = parts[~parts.category.isin(["all", "therapy"])]
        assert len(other) == 7 * 2 * 2 * 3
        assert (other.value == 0).all()
        assert not other.low.any()
        assert not other.high.any()
        by_run = ["run", "horizon_months", "discounted"]
        whole = parts[parts.category == "all"].set_index(by_run).value
        therapy = parts[parts.category == "therapy"].set_index(by_run).value
        assert (whole == therapy).all()
        assert (whole < 0).all()
        for run in ("expected", "deterministic"):
            assert answer(result, "offset_ratio", perspective, run=run) == 0
            assert answer(result, "cash_net_saving", perspective, run=run) == saving(result, perspective, run=run)
    gained = rows(result, "qaly", perspective="", run=None, horizon_months=None, discounted=None)
    assert (gained.value == 0).all()
    assert not gained.high.any()


def test_every_draw_shares_what_the_strategies_have_in_common(tmp_path: Path) -> None:
    """Rates, quantities and utilities are drawn once for all: an inert therapy saves nothing in any draw."""
    result = cm.run(load_example(tmp_path, **EVERYBODY, **INERT["ratio of 1"]), draws=200)
    assert result.expected is not None
    cost, qaly = result.expected.cost, result.expected.qaly
    assert np.ptp(cost[:, :, 1:, 0], axis=-1).min() > 0
    assert np.all(cost[:, :, 1:, 1] == cost[:, :, 1:, 0])
    assert np.all(qaly[:, :, 1] == qaly[:, :, 0])


def test_a_therapy_without_effect_never_pays_back_and_its_peak_is_its_cost(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **INERT["no effect at all"]), draws=0)
    assert rows(result, "payback_sustained_months", perspective="nhs").words.item() == "not within 2 years"
    assert answer(result, "peak_funding", "nhs", horizon_months=60.0) == pytest.approx(1280)
    assert (
        rows(result, "cost_per_qaly", perspective="nhs", discounted=True).words.item()
        == "costs more for the same health"
    )


def test_whoever_pays_nothing_for_it_has_neither_cost_nor_saving(tmp_path: Path) -> None:
    paid_privately = {"strategies.therapy.therapy.paid_by": "household"}
    result = cm.run(load_example(tmp_path, **paid_privately, **INERT["no effect at all"]), draws=20)
    for perspective in ("nhs", "nhs_pss", "public_sector"):
        assert saving(result, perspective) == 0
        assert rows(result, "payback_sustained_months", perspective=perspective).words.item() == THE_SAME
    assert saving(result, "societal") < -1000
    assert saving(result, "", party="household") == saving(result, "societal")


def test_only_harm_is_left_where_there_is_harm(tmp_path: Path) -> None:
    harm = {
        "label": "Distress",
        "share": "half",
        "utility_loss": "loss",
        "from": "start of therapy",
        "lasting": "6 months",
    }
    numbers = {"parameters.half": number("share", 0.5), "parameters.loss": number("utility", 0.1)}
    scenario = load_example(tmp_path, **INERT["ratio of 1"], **numbers, **{"strategies.therapy.harms.distress": harm})
    result = cm.run(scenario, draws=0)
    assert answer(result, "qaly", "") == pytest.approx(-0.5 * 0.1 * 0.5, rel=1e-12)
    assert saving(result, "nhs") == saving(result, "nhs", category="therapy")


@pytest.mark.parametrize("scenarios", [5, pytest.param(50, marks=pytest.mark.long)])
def test_no_random_scenario_saves_anything_once_its_effects_are_gone(tmp_path: Path, scenarios: int) -> None:
    seed = secrets.randbits(32)
    write_setting(tmp_path)
    for i in range(scenarios):
        tries = (random_model(np.random.default_rng([seed, i, attempt])) for attempt in count())
        model = next(model for model, posterior in tries if not posterior)  # one that needs no other file
        for strategy in model["strategies"].values():
            for key in ("effects", "harms", "cohort", "transitions"):
                strategy.pop(key, None)
            for key in ("per_session", "once"):
                strategy.get("therapy", {}).pop(key, None)
        model |= {"alternatives": {}, "money_alternatives": {}, "money_mixture": {}}
        model["strategies"]["usual_care"].pop("therapy", None)
        result = cm.run(of_data(model, tmp_path), draws=5)
        assert result.expected is not None
        for outcomes in (result.deterministic, result.expected):
            assert np.all(outcomes.cost[:, :, 1:] == outcomes.cost[:, :, 1:, :1]), f"scenario {i} of {seed}"
            assert np.all(outcomes.qaly == outcomes.qaly[:, :, :1]), f"scenario {i} of {seed}"


def test_so_in_each_of_two_alternatives(tmp_path: Path) -> None:
    edits = {
        "parameters.weight": number("share", 0.3),
        "parameters.rest": derived("share", complement_of="weight"),
        "alternatives": {
            "one": {"label": "One", "weight": "weight"},
            "other": {
                "label": "Other",
                "weight": "rest",
                "change": {"utilities.well": "utility_ill", "transitions.ill -> well": "relapse"},
            },
        },
    }
    result = cm.run(load_example(tmp_path, **edits, **INERT["ratio of 1"]), draws=10)
    for run in ("expected", "deterministic", "one", "other"):
        assert saving(result, "nhs", category="primary care", run=run) == 0
        assert answer(result, "qaly", "", run=run) == 0


UNMOVED = {
    "strategies.therapy.therapy.paid_by": "employer",
    "costs.gp.while_in": {"others": "gp_ill"},
    "costs.gp.causal_share": REMOVED,
    "costs.gp.gap_from": REMOVED,
    "costs.gp.lag": "12 months",
}
"""People recover faster, an employer pays for it, and the NHS spends on all alike: £0, computed as 1e-13."""


def check_the_same(result: cm.Result, strategy: str, perspective: str) -> None:
    """£0 is exactly 0, "the same", without payback and ratio, in table, JSON, sentences, bands and simulations."""
    s = result.strategies.index(strategy)
    simulated = list(rows_of_psa(cm.psa(result), [perspective], [strategy])) if result.expected is not None else []
    table = result.table()
    table = table[(table.strategy == strategy) & (table.perspective == perspective)]
    for made in (table.to_dict("records"), document(page(result, perspective))["rows"], simulated):
        found = [r for r in made if (r["strategy"], r["perspective"]) == (strategy, perspective) and r["comparator"]]
        outcomes = {row["outcome"] for row in found}
        assert ("payback_sustained_months" in outcomes) == bool(made)
        assert "offset_ratio" not in outcomes
        for row in found:
            value = row["value"]
            if row["outcome"].startswith("payback") or row["outcome"].startswith("cash_payback"):
                assert value is None or np.isnan(value), row
                assert row["words"] == THE_SAME, row
            elif row["outcome"] in ("net_saving", "cash_net_saving", "peak_funding", "chance_payback"):
                assert value == 0, row
                assert not row["low"] or np.isnan(row["low"]), row
                assert not row["high"] or np.isnan(row["high"]), row
            elif row["outcome"] == "cost_per_qaly":
                assert "the same" in row["words"] or "no difference" in row["words"], row
            elif row["outcome"] in ("chance_more_health_saves", "chance_less_health_costs"):
                assert value == 0, row
    said = headline(result, strategy, perspective)
    assert "the same" in said
    who = result.setting.payer(perspective)
    assert cm.verdict(result, perspective, strategy=strategy).money == f"Money: no course for {who} to repay"
    for view in ("value", "discounted", "cash"):
        assert not result.mean_curve(s, perspective, view).any()
        assert result.expected is None or not result.band(s, perspective, (0.025, 0.975), view).any()


def test_rounding_is_no_saving_in_any_output(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    result = cm.run(load_example(tmp_path / "people", **UNMOVED), draws=40)
    raw = np.abs(result.deterministic.cost[:, :, 1, 1] - result.deterministic.cost[:, :, 1, 0])
    assert 0 < raw.max() < 1e-9  # there is rounding to be read as a fact
    assert answer(result, "qaly", "") > 0.01
    for perspective in ("nhs", "nhs_pss", "public_sector"):
        check_the_same(result, "therapy", perspective)
    assert saving(result, "societal") < -1000
    assert answer(result, "offset_ratio", "societal") == 0
    found = parsed("spectrum", tmp_path, "--draws", 20, "--json")["rows"]
    (row,) = [row for row in found if row["perspective"] == "nhs"]
    assert (row["net_saving"], row["chance_payback"], row["payback_sustained_months"]) == (0, 0, None)


def test_the_workbook_says_the_same_of_rounding(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    write(cm.run(load_example(tmp_path, **UNMOVED), draws=0), path)
    cells = by_formualizer(path)
    assert disagreements(path, cells) == []
    texts = {row: value for (sheet, row, column), value in stored(path).items() if (sheet, column) == ("Summary", 1)}
    paid = [(str(text), cells["Summary", row, 2]) for row, text in texts.items() if str(text).startswith("NHS: ")]
    assert [value for text, value in paid if "payback" in text] == [-1, -1]
    saved = [value for text, value in paid if "saving" in text]
    assert len(saved) >= 6
    assert not any(saved)
    assert any(formula.startswith("=IF(ABS(") for (sheet, *_), formula in formulas(path).items() if sheet == "Summary")


def check_that_equals_are_the_same(seeds: int, folder: Path) -> None:
    """Every strategy has the therapy and the harms of usual care, and nothing of its own."""
    write_setting(folder)
    for seed in range(seeds):
        tries = (random_model(np.random.default_rng([13, seed, attempt])) for attempt in count())
        model = next(model for model, posterior in tries if not posterior)  # one that needs no other file
        first, *others = model["strategies"]
        if "therapy" in model["strategies"][first]:  # a gap cannot close inside a cycle
            model["strategies"][first]["therapy"]["wait"] = "0 months"
        for name in others:
            model["strategies"][name] = {**model["strategies"][first], "label": f"As usual care: {name}"}
        model |= {"alternatives": {}, "money_alternatives": {}, "money_mixture": {}}
        result = cm.run(of_data(model, folder), draws=3 if seed % 10 == 1 else 0, strata=False)
        for name in others:
            check_the_same(result, name, list(PERSPECTIVES)[seed % len(PERSPECTIVES)])


def test_equal_strategies_are_the_same_in_random_scenarios(tmp_path: Path) -> None:
    check_that_equals_are_the_same(8, tmp_path)


@pytest.mark.long
def test_equal_strategies_are_the_same_in_many_random_scenarios(tmp_path: Path) -> None:
    check_that_equals_are_the_same(200, tmp_path)
