"""Conventions about money stand side by side: the same people, the same draws, each a run of its own."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

import costmodel as cm
from costmodel.content import digest
from costmodel.model.activity import live_by_rates
from costmodel.model.draws import central_values
from costmodel.report.answer import page
from costmodel.report.render import terminal
from costmodel.report.sentence import answer as words_of
from costmodel.report.workbook import as_bytes, write
from costmodel.result.outcomes import KEPT_BESIDE, Outcomes
from tests.support.answers import answer, saving
from tests.support.example import REMOVED, derived, load_example, number, price
from tests.support.ledgers import EVERYBODY
from tests.support.spreadsheets import by_formualizer, disagreements
from tests.workbook.test_live import check_summary

NO_EFFECT = "no_effect_on_other_care"
DRAWS = 1_100
"""More than a block of them."""
PRICES: dict[str, Any] = {
    "money_base": {"price": "at staff prices", "form": "as a fraction"},
    "parameters.session_staff": price("session", 100, distribution="gamma", cv=0.1),
    "parameters.session_accounts": price("session", 250, distribution="gamma", cv=0.3),
    "parameters.session_price": derived(
        "GBP per session", use="staff", one_of={"staff": "session_staff", "accounts": "session_accounts"}
    ),
    "parameters.gp_staff": price("visit", 44),
    "parameters.gp_accounts": price("visit", 61, distribution="gamma", cv=0.2),
    "parameters.gp_visit": derived(
        "GBP per visit", use="staff", one_of={"staff": "gp_staff", "accounts": "gp_accounts"}
    ),
}
ACCOUNTS = {
    "label": "at the accounts' prices",
    "kind": "price",
    "change": {"parameters.session_price.use": "accounts", "parameters.gp_visit.use": "accounts"},
}
WHOLE_GAP = {
    "label": "with the whole gap closed",
    "kind": "reading",
    "change": {"costs.gp.causal_share": 1, "costs.gp.cashable": 1, "costs.gp.lag": "24 months"},
}
FORM = {
    "label": "as constant pounds",
    "kind": "form",
    "add": {
        "parameters.half": number("share", distribution="uniform", range=[0.4, 0.6]),
        "parameters.twice": number("multiplier", 2),
        "parameters.gp_twice": derived("visits per year", product_of=["gp_ill", "twice"]),
    },
    "change": {"costs.gp.causal_share": "half", "costs.gp.while_in.ill": "gp_twice"},
}
NOTHING = {
    "label": "with a number that is not used",
    "kind": "none",
    "add": {"parameters.unused": number("share", 0.5)},
}
EACH = {"accounts": ACCOUNTS, "whole_gap": WHOLE_GAP, "pounds": FORM, "nothing": NOTHING}
ALTERNATIVES: dict[str, Any] = {
    "parameters.hr_relapse": number("hazard ratio", 0.4, distribution="lognormal", se_log=0.2),
    "parameters.weight": number("share", 0.3),
    "parameters.rest": derived("share", complement_of="weight"),
    "alternatives": {
        "faster": {"label": "Speeds recovery", "weight": "weight"},
        "fewer": {
            "label": "Prevents relapse",
            "weight": "rest",
            "change": {
                "strategies.therapy.effects.recovers_faster.transition": "well -> ill",
                "strategies.therapy.effects.recovers_faster.hazard_ratio": "hr_relapse",
            },
        },
    },
}
STRATA: dict[str, Any] = {
    "parameters.share_heavy": number("share", 0.4, distribution="beta", effective_size=50),
    "parameters.share_light": derived("share", complement_of="share_heavy"),
    "parameters.seldom": number("per year", 0.1),
    "strata": {
        "heavy": {"label": "Seldom well", "share": "share_heavy", "change": {"transitions.ill -> well": "seldom"}},
        "light": {"label": "Others", "share": "share_light"},
    },
}
MIXTURE: dict[str, Any] = {
    "parameters.weight_found": number("share", 0.7),
    "parameters.weight_told": derived("share", complement_of="weight_found"),
    "parameters.gp_told": number("visits per year", 2, distribution="gamma", cv=0.2),
    "money_mixture": {
        "found": {"label": "As found", "weight": "weight_found"},
        "told": {"label": "As told", "weight": "weight_told", "change": {"costs.gp.while_in.well": "gp_told"}},
    },
}
SHAPES: dict[str, dict[str, Any]] = {
    "one structure": {},
    "alternatives": ALTERNATIVES,
    "strata": STRATA,
    "strata beside alternatives": ALTERNATIVES | STRATA,
    "mixture": MIXTURE,
    "mixture beside alternatives and strata": ALTERNATIVES | MIXTURE | STRATA,
    "gap closes": {"beyond_follow_up": "gap closes"},
}


def example(folder: Path, *edits: dict[str, Any], conventions: dict[str, Any] = EACH) -> cm.Scenario:
    found = {key: value for one in (EVERYBODY, PRICES, *edits) for key, value in one.items()}
    return load_example(folder, **found, **({"money_alternatives": conventions} if conventions else {}))


def same(one: Outcomes, other: Outcomes | None) -> bool:
    return other is not None and digest(one) == digest(other)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    return cm.run(example(tmp_path_factory.mktemp("conventions")), draws=DRAWS)


def shorter(outcomes: Any) -> Any:
    """With the curves of as many draws as a convention keeps."""
    return replace(outcomes, curves=outcomes.curves[..., :KEPT_BESIDE])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sampling", ["random", "sobol"])
def test_a_convention_is_a_run_of_its_own_with_the_same_draws(shape: str, sampling: Any, tmp_path: Path) -> None:
    conventions = EACH if sampling == "random" else {"accounts": ACCOUNTS, "whole_gap": WHOLE_GAP}
    scenario = example(tmp_path, SHAPES[shape], conventions=conventions)
    result = cm.run(scenario, draws=DRAWS, sampling=sampling, strata=False)
    assert [*result.conventions] == [*conventions, NO_EFFECT]
    for name in conventions:
        alone = cm.run(scenario.conventions[name].scenario, draws=DRAWS, sampling=sampling, strata=False)
        assert same(result.conventions[name].outcomes, shorter(alone.expected)), name
        assert name == "nothing" or not same(result.conventions[name].outcomes, shorter(result.expected)), name


@pytest.mark.parametrize("shape", SHAPES)
def test_a_convention_that_changes_nothing_is_the_base_to_the_last_bit(shape: str, tmp_path: Path) -> None:
    for draws in (0, 50):
        result = cm.run(example(tmp_path / str(draws), SHAPES[shape]), draws=draws)
        assert same(result.conventions["nothing"].outcomes, result.headline.outcomes)


def test_conventions_move_nothing_of_the_base_and_their_order_moves_nothing(tmp_path: Path) -> None:
    without, each, turned = (
        example(tmp_path / name, conventions=conventions)
        for name, conventions in (("a", {}), ("b", EACH), ("c", dict(reversed(EACH.items()))))
    )
    results = [cm.run(one, draws=60) for one in (without, each, turned)]
    assert all(same(results[0].deterministic, one.deterministic) for one in results)
    assert all(one.expected and same(one.expected, results[0].expected) for one in results)
    for name in EACH:
        assert same(results[1].conventions[name].outcomes, results[2].conventions[name].outcomes)
    assert each.sha256 == turned.sha256 != without.sha256


def test_more_draws_than_are_kept_have_their_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costmodel.result.outcomes.KEPT_DRAWS", 64)
    scenario = example(tmp_path)
    result = cm.run(scenario, draws=200)
    alone = cm.run(scenario.conventions["accounts"].scenario, draws=200)
    assert saving(result, run="accounts") == saving(alone) != saving(result)


def test_the_number_of_workers_moves_nothing(tmp_path: Path) -> None:
    scenario = example(tmp_path)
    one, two = (cm.run(scenario, draws=DRAWS, workers=workers) for workers in (1, 2))
    for name in one.conventions:
        assert same(one.conventions[name].outcomes, two.conventions[name].outcomes)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_effect_on_other_care_is_what_closing_no_part_of_the_gap_gives(shape: str, tmp_path: Path) -> None:
    # Everybody dies alike, so that people whose use is the same in every state use the same under every strategy.
    scenario = example(tmp_path, {"parameters.death_ratio.value": 1}, SHAPES[shape], conventions={})
    result = cm.run(scenario, draws=40)
    alike = cm.run(scenario.changed({f"costs.{name}.causal_share": 0 for name in scenario.model.costs}), draws=40)
    found, wanted = result.conventions[NO_EFFECT].outcomes, alike.expected
    assert wanted is not None
    for name in ("cash", "mean_curve", "peak"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, atol=1e-8)
    for view, perspective in np.ndindex(found.mean_curve.shape[1:3]):
        each = [one.curves_of(view, perspective) for one in (found, wanted)]
        np.testing.assert_allclose(*each, rtol=1e-9, atol=1e-8)
    assert (found.mean_paid == wanted.mean_paid).all()
    net = [cost[:, :, :, 1:] - cost[:, :, :, :1] for cost in (found.cost, wanted.cost)]
    np.testing.assert_allclose(*net, rtol=1e-9, atol=1e-8)
    assert result.expected is not None
    assert (found.cost[:, :, :, 0] == result.expected.cost[:, :, :, 0]).all()
    assert (found.qaly == result.expected.qaly).all()
    for view in (False, True):
        spent = result.net_cost(result.headline, 0, 1, category="therapy", discounted=view)
        everything = result.net_cost(result.conventions[NO_EFFECT], 0, 1, discounted=view)
        np.testing.assert_allclose(everything, spent, rtol=1e-12)


def test_no_effect_on_other_care_stands_only_where_therapy_can_change_it(tmp_path: Path) -> None:
    same_use = {
        "costs.gp.while_in": {"others": "gp_ill"},
        "costs.gp.causal_share": REMOVED,
        "costs.gp.gap_from": REMOVED,
    }
    assert not cm.run(load_example(tmp_path / "a", **same_use), draws=0).conventions
    assert [*cm.run(load_example(tmp_path / "b"), draws=0).conventions] == [NO_EFFECT]


def test_every_chance_says_what_it_is_given(result: cm.Result) -> None:
    table = result.table()
    chances = table[table.outcome.isin(["chance_payback", "chance_cash_payback"])]
    given = {run: set(rows.words) for run, rows in chances.groupby("run")}
    assert given == {
        "expected": {"given: at staff prices, as a fraction"},
        "accounts": {"given: at the accounts' prices, as a fraction"},
        "whole_gap": {"given: with the whole gap closed, at staff prices, as a fraction"},
        "pounds": {"given: at staff prices, as constant pounds"},
        "nothing": {"given: at staff prices, as a fraction, with a number that is not used"},
        NO_EFFECT: {"given: at staff prices, as a fraction, no effect on other care"},
    }
    said = words_of(result).verdict
    assert "The chance is given: at staff prices, as a fraction." in said.beside
    assert " in 100, at staff prices, as a fraction; as constant pounds: " in said.money


def test_a_convention_is_read_as_any_run(result: cm.Result) -> None:
    run = result.run("accounts")
    assert run is result.conventions["accounts"]
    assert (
        saving(result, run="accounts") == result.estimate(run, -result.net_cost(run, 0, 1, perspective="nhs_pss")).value
    )
    assert result.summary("net_saving", run="accounts").value[0] == saving(result, run="accounts")
    assert answer(result, "qaly", "", run="accounts") == answer(result, "qaly", "")
    used, at_accounts = (
        result.activity(run=name).set_index(["strategy", "item", "horizon_months"]) for name in ("expected", "accounts")
    )
    np.testing.assert_allclose(at_accounts.value.to_numpy(), used.value.to_numpy(), rtol=1e-9)
    assert len(result.curve(run="accounts")) == len(result.edges)
    with pytest.raises(cm.InputError, match='Did you mean "accounts"'):
        result.run("acounts")


def test_the_page_and_the_workbook_have_a_table_by_convention(result: cm.Result) -> None:
    text = "\n".join(str(getattr(one, "columns", one)) for one in terminal(page(result)))
    assert "By convention about money" in text
    (table,) = [b for b in page(result).blocks if getattr(b, "name", "") == "by_convention_nhs_pss"]
    people = result.scenario.model.people
    for record, name in zip(table.records, ("expected", *EACH, NO_EFFECT), strict=True):
        for horizon in result.horizons:
            assert record[f"saving_{horizon:g}"] == saving(result, run=name, horizon_months=horizon) * people
    sheet = openpyxl.load_workbook(io.BytesIO(as_bytes(result)))["Conventions"]
    cells = [[cell.value for cell in row[: len(table.columns)]] for row in sheet.iter_rows()]
    for record in table.records:
        assert [record[column.key] for column in table.columns] in cells


def test_a_label_is_words_and_a_price_is_not(tmp_path: Path) -> None:
    plain = example(tmp_path / "a", conventions={"accounts": ACCOUNTS})
    named = example(tmp_path / "b", conventions={"accounts": ACCOUNTS | {"label": "at the prices of others"}})
    dear = example(tmp_path / "c", {"parameters.session_accounts.value": 251}, conventions={"accounts": ACCOUNTS})
    assert plain.sha256 == named.sha256 != dear.sha256
    assert plain.words_sha256 != named.words_sha256


def test_a_stratum_alone_has_the_conventions_of_the_whole(tmp_path: Path) -> None:
    scenario = example(tmp_path, STRATA)
    heavy = cm.run(scenario.stratum("heavy"), draws=30)
    priced = cm.run(scenario.conventions["accounts"].scenario.stratum("heavy"), draws=30)
    assert same(heavy.conventions["accounts"].outcomes, priced.expected)  # type: ignore[attr-defined]
    beside = cm.run(scenario, draws=30).strata["heavy"]
    assert beside.conventions == {}
    assert same(beside.expected, heavy.expected)


def test_conventions_follow_what_is_changed(tmp_path: Path) -> None:
    scenario = example(tmp_path)
    dearer = scenario.changed({"session_accounts": 500})
    before, after = (cm.run(one, draws=0) for one in (scenario, dearer))
    assert saving(before) == saving(after)
    assert saving(after, run="accounts") < saving(before, run="accounts") - 1_000
    there = scenario.changed({"session_price": "accounts", "gp_visit": "accounts"})
    at_accounts = cm.run(there, draws=0)
    assert same(at_accounts.conventions["accounts"].outcomes, at_accounts.deterministic)


@pytest.mark.parametrize("shape", [{}, ALTERNATIVES, STRATA, ALTERNATIVES | STRATA])
def test_a_weighted_use_is_the_model_with_its_changes_and_the_headline_their_mixture(
    shape: dict[str, Any], tmp_path: Path
) -> None:
    both = cm.run(example(tmp_path / "a", MIXTURE, shape, conventions={}), draws=60, strata=False)
    told = {"costs.gp.while_in.well": "gp_told", "money_mixture": {}}
    alone = {
        "found": cm.run(example(tmp_path / "b", MIXTURE, {"money_mixture": {}}, shape, conventions={}), draws=60),
        "told": cm.run(example(tmp_path / "c", MIXTURE, told, shape, conventions={}), draws=60),
    }
    for outcome in ("net_saving", "cash_net_saving", "chance_payback"):
        each = {name: answer(one, outcome, run="expected") for name, one in alone.items()}
        for name, value in each.items():
            assert answer(both, outcome, run=name) == pytest.approx(value, rel=1e-12), name
        mixed = 0.7 * each["found"] + 0.3 * each["told"]
        assert answer(both, outcome) == pytest.approx(mixed, rel=1e-12)
    assert answer(both, "qaly", "") == pytest.approx(answer(alone["found"], "qaly", ""), rel=1e-12)
    for name in both.scenario.model.alternatives:
        mixed = 0.7 * saving(alone["found"], run=name) + 0.3 * saving(alone["told"], run=name)
        assert saving(both, run=name) == pytest.approx(mixed, rel=1e-12)


def test_weighted_uses_share_the_people_of_each_alternative(tmp_path: Path) -> None:
    scenario = example(tmp_path, ALTERNATIVES, MIXTURE, conventions={})
    people = live_by_rates(scenario, central_values(scenario), 1).people
    without = example(tmp_path / "b", ALTERNATIVES, conventions={})
    assert people.shape == live_by_rates(without, central_values(without), 1).people.shape


def test_the_workbook_mixes_weighted_uses_as_the_run_does(tmp_path: Path) -> None:
    edits = {"horizon": "3 years", "follow_up": "12 months"}
    for name, shape in (("a", ALTERNATIVES), ("b", STRATA)):
        scenario = example(tmp_path / name, shape, MIXTURE, edits)
        path = tmp_path / f"{name}.xlsx"
        write(cm.run(scenario, draws=20), path)
        cells = by_formualizer(path)
        assert disagreements(path, cells) == []
        check_summary(path, cells, scenario)
