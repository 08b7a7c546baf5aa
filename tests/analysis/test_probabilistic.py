"""What draws say: when the money is back, how exact it all is, what each party is out of pocket, every row."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.analysis.psa import Psa, rows
from costmodel.analysis.psa.comparison import error_of_chance, error_of_mean
from costmodel.model.draws import drawn_values
from costmodel.model.run import values_of
from costmodel.page import titled
from costmodel.result import outcomes
from costmodel.scenario.parameter import heading
from costmodel.words import chance as in_simulations
from tests.support.answers import answer
from tests.support.example import derived, load_example, number, price, write_model
from tests.support.flows import simulate
from tests.support.ledgers import EVERYBODY
from tests.support.plain_table import smallest_reaching
from tests.support.pounds import PERSPECTIVES, account, money
from tests.support.small_probabilities import small

DRAWS = 150
KEPT = 100
PRICES = {"parameters.session_price.value": 4, "parameters.gp_visit.value": 300}
"""At which some draws pay back and others do not."""

Made = Callable[..., cm.Scenario]


def alternatives(weight: float = 0.3) -> dict[str, Any]:
    """Two structures of unequal weight."""
    return {
        "parameters.weight": number("share", weight),
        "parameters.rest": derived("share", complement_of="weight"),
        "alternatives": {
            "base": {"label": "As it is", "weight": "weight"},
            "worse": {"label": "Worse", "weight": "rest", "change": {"transitions.ill -> well": "relapse"}},
        },
    }


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    """Every party, two alternatives, two therapies; some draws pay back."""
    folder = tmp_path_factory.mktemp("mixed")
    therapy = load_example(folder).tree.data["strategies"]["therapy"]
    brief = therapy | {"label": "Brief", "therapy": therapy["therapy"] | {"wait": "5 months"}}
    return load_example(folder, **EVERYBODY, **PRICES, **alternatives(), **{"strategies.brief": brief})


@pytest.fixture(scope="module")
def psa(mixed: cm.Scenario) -> Psa:
    return cm.psa(cm.run(mixed, draws=DRAWS))


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    """A model of probabilities, with items that one strategy alone uses at the start, of which people pay two."""
    model = small()
    model["parameters"]["leave"] = number("probability per year", 0.2, distribution="beta", effective_size=30)
    model["parameters"]["session"] |= {"distribution": "gamma", "cv": 0.2}
    model["parameters"]["leave_more"] = number("probability per year", 0.4, distribution="beta", effective_size=30)
    model["strategies"]["therapy"]["transitions"] = {"ill -> well": "leave_more"}
    model["parameters"]["entry"] |= {"value": 200.0}
    model["parameters"]["session"] |= {"value": 20.0}
    private = {"category": "community", "paid_by": "household", "at_start": 1, "while_in": {"others": 0}}
    for label, amount, strategy in (("Journeys", 200.0, "usual"), ("Deposit", 450.0, "therapy")):
        model["parameters"][label.lower()] = price("assessment", amount)
        alone = {"label": label, "cashable": 0, "lag": "0 months", "price": label.lower(), "only_in": [strategy]}
        model["costs"][label.lower()] = private | alone
    return cm.load(write_model(tmp_path_factory.mktemp("chained"), model))


def some_pay_back(result: cm.Result) -> bool:
    return bool(0.02 < result.chance_of_payback(result.headline, len(result.horizons) - 1, 1, "nhs_pss") < 0.98)


def test_some_draws_of_these_tests_pay_back_and_others_do_not(psa: Psa, chained: cm.Scenario) -> None:
    assert some_pay_back(psa.result)
    assert some_pay_back(cm.run(chained, draws=DRAWS))


def test_it_is_shown_by_its_headline_numbers_without_the_page(psa: Psa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Psa, "page", None)
    title, about, *strategies = repr(psa).splitlines()
    assert title == titled(psa.result.scenario)
    assert about == f"{DRAWS} draws, seed 1; NHS and social care, 100 people"
    for name, line in zip(psa.result.strategies[1:], strategies, strict=True):
        at = {"strategy": name, "horizon_months": psa.result.horizons[-1], "run": "expected"}
        saving = answer(psa.result, "net_saving", discounted=False, category="all", **at)
        paid = answer(psa.result, "chance_payback", **at)
        assert (
            f": net saving {money(100 * saving)} over 5 years, money back in {in_simulations(paid)} simulations" in line
        )


# By when


@pytest.mark.parametrize("view", ["value", "cash"])
@pytest.mark.parametrize("perspective", PERSPECTIVES)
def test_the_chance_by_month_counts_the_draws_that_are_back_by_then(psa: Psa, perspective: str, view: str) -> None:
    result, outcome = psa.result, "chance_payback" if view == "value" else "chance_cash_payback"
    table = result.table()
    for run in psa.readings.values():
        for h, end in enumerate(result.horizons):
            for s, strategy in enumerate(result.strategies[1:], 1):
                found = psa.chances(perspective, strategy, end, run.name, view)
                back = result.paybacks(run, h, s, perspective, view)
                assert found.months.tolist() == list(range(int(end) + 1))
                for month, chance in zip(found.months, found.chances, strict=True):
                    shares = [sum(x <= month for x in of) / DRAWS for of in back]
                    assert chance == pytest.approx(float(np.dot(run.weights, shares)), abs=1e-12)
                assert np.all(np.diff(found.chances) >= 0)
                row = table[
                    (table.outcome == outcome) & (table.run == run.name) & (table.horizon_months == end)
                    & (table.strategy == strategy) & (table.perspective == perspective)
                ]  # fmt: skip
                assert found.chances[-1] == pytest.approx(row.value.item(), abs=1e-12)
                assert found.draws == DRAWS


def test_the_chance_by_year_is_that_at_its_last_month(psa: Psa, chained: cm.Scenario) -> None:
    found = psa.chances()
    assert list(found.by_year()) == [1, 2, 3, 4, 5]
    assert all(chance == found.chances[12 * year] for year, chance in found.by_year().items())
    assert found.by_year() == pytest.approx(psa.result.payback()["chance_by_year"])
    assert list(psa.chances(horizon=24).by_year()) == [1, 2]
    yearly = cm.psa(cm.run(chained, draws=DRAWS)).chances()
    assert yearly.months.tolist() == [12 * year for year in range(11)]
    assert yearly.at(35) == yearly.chances[2]


def test_the_follow_up_ends_its_chances(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, cycle="6 months", follow_up="18 months", **PRICES), draws=DRAWS)
    found = cm.psa(result).chances(horizon=18)
    assert found.months.tolist() == [0, 6, 12, 18]
    assert found.chances[-1] == result.chance_of_payback(result.headline, 0, 1, "nhs_pss")


def test_percentiles_count_those_who_never_pay_back_as_beyond_the_horizon(psa: Psa) -> None:
    result, last = psa.result, len(psa.result.horizons) - 1
    for run in psa.readings.values():
        back = result.paybacks(run, last, 1, "nhs_pss")
        found = psa.percentiles(run=run.name)
        for percent, month in found.items():
            assert month == smallest_reaching(percent / 100, back, run.weights)
        assert list(found) == [5, 25, 50, 75, 95]
        assert sorted(found.values()) == list(found.values())
    assert math.isinf(psa.percentiles()[95])
    assert math.isfinite(psa.percentiles()[5])


# How exact


def test_the_error_of_a_mean_is_the_spread_of_means_from_other_seeds(mixed: cm.Scenario) -> None:
    results = [cm.run(mixed, draws=DRAWS, seed=seed) for seed in range(60)]
    means, errors = [], []
    for result in results:
        saving = -result.net_cost(result.headline, 0, 1, perspective="nhs_pss")
        means.append(float(result.weights @ saving.mean(axis=-1)))
        errors.append(error_of_mean(saving, result.weights, DRAWS))
    assert np.mean(errors) / 1.96 == pytest.approx(np.std(means, ddof=1), rel=0.25)


def test_the_error_of_a_mean_weighs_alternatives_before_it_looks_at_the_draws() -> None:
    values, weights = np.array([[1.0, 2.0, 4.0], [-1.0, -2.0, -4.0]]), np.array([0.5, 0.5])
    assert error_of_mean(values, weights, 3) == 0
    assert error_of_mean(values[:1], np.ones(1), 12) == pytest.approx(1.959964 * np.std([1, 2, 4], ddof=1) / 12**0.5)
    assert error_of_mean(values[:, :1], weights, 1) is None


@pytest.mark.parametrize("draws", [2, 30, 2_000])
def test_what_no_draw_has_may_still_happen_as_often_as_the_rule_of_three_says(draws: int) -> None:
    unseen = error_of_chance(np.zeros((1, draws), bool), np.ones(1), draws)
    assert unseen is not None
    assert (1 - unseen) ** draws == pytest.approx(0.05)
    assert error_of_chance(np.ones((1, draws), bool), np.ones(1), draws) == unseen
    half = np.arange(2_000)[None] % 2 == 0
    assert error_of_chance(half, np.ones(1), 2_000) == pytest.approx(1.96 * 0.5 / 2_000**0.5, rel=1e-3)


def test_convergence_ends_with_the_headline_and_needs_as_many_draws_as_its_errors_say(mixed: cm.Scenario) -> None:
    result = cm.run(mixed, draws=450)
    found, run = cm.psa(result).convergence(), result.headline
    assert [step.draws for step in found.steps] == [112, 225, 450]
    saving = -result.net_cost(run, 1, 1, perspective="nhs_pss")
    paid = result.paybacks(run, 1, 1, "nhs_pss") < math.inf
    for step in found.steps:
        assert step.saving == pytest.approx(result.weights @ saving[:, : step.draws].mean(axis=-1))
        assert step.chance == pytest.approx(result.weights @ paid[:, : step.draws].mean(axis=-1))
    spent = float(result.weights @ result.net_cost(run, 1, 1, category="therapy").mean(axis=-1))
    assert found.wanted_saving == pytest.approx(0.02 * spent)
    last = found.last
    assert last.saving_error is not None
    assert last.chance_error is not None
    wanted = max(last.saving_error / (0.02 * spent), last.chance_error / 0.01) ** 2 * 450
    assert found.needed == math.ceil(wanted)
    assert not found.enough
    assert found.sure_of_sign == (abs(last.saving) > last.saving_error)


def test_the_wanted_error_is_a_share_of_the_cost_of_therapy_whoever_pays_for_it(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **{"strategies.therapy.therapy.paid_by": "household"}), draws=DRAWS)
    wanted = {cm.psa(result).convergence(perspective).wanted_saving for perspective in PERSPECTIVES}
    spent = result.net_cost(result.headline, 1, 1, perspective="societal", category="therapy").mean()
    assert list(wanted) == [pytest.approx(0.02 * spent)]
    assert spent > 0


def test_a_run_that_is_as_exact_as_wanted_is_enough(trd_result: cm.Result) -> None:
    found = cm.psa(trd_result).convergence("nhs_pss", horizon=42)
    assert found.last.chance == 0
    assert found.enough
    assert found.sure_of_sign
    assert found.needed is not None
    assert 300 <= found.needed <= 2_000


def test_E11_one_draw_has_no_interval_and_no_error(mixed: cm.Scenario) -> None:
    psa = cm.psa(cm.run(mixed, draws=1))
    assert "one draw gives no intervals." in psa.result.warnings
    for row in rows(psa):
        assert row["low"] is row["high"] is row["low_50"] is row["high_50"] is row["error"] is None
    found = psa.convergence()
    assert found.needed is None
    assert not found.enough
    assert not found.sure_of_sign
    assert psa.against_central().error is None


def test_E14_where_everything_is_fixed_the_draws_are_the_deterministic_run(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    fixed = {name: leaf.central for name, leaf in scenario.leaves.items() if leaf.distribution}
    result = cm.run(scenario.changed(fixed, fix=True), draws=20)
    assert any("every parameter is held fixed" in warning for warning in result.warnings)
    psa = cm.psa(result)
    found = psa.against_central()
    assert found.difference == pytest.approx(0, abs=1e-9)
    assert found.by_group == {}
    assert found.error == pytest.approx(0, abs=1e-9)
    for row in rows(psa):
        if row["low"] is not None:
            assert row["low"] == pytest.approx(row["high"])
        if row["outcome"] in ("chance_payback", "chance_best"):
            assert row["value"] in (0, 1)


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_E12_the_seed_repeats_every_answer(seed: int, tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **EVERYBODY)
    one, other = (list(rows(cm.psa(cm.run(scenario, draws=20, seed=seed)))) for _ in range(2))
    assert one == other
    assert one != list(rows(cm.psa(cm.run(scenario, draws=20, seed=seed // 2 + 1))))


# Against the run at central values


def test_the_difference_from_the_central_run_is_split_without_a_rest(psa: Psa) -> None:
    result = psa.result
    table = result.table()
    for run in psa.readings:
        for end in result.horizons:
            for perspective in PERSPECTIVES:
                found = psa.against_central(perspective, "therapy", end, run)
                rows = table[
                    (table.outcome == "net_saving") & (table.category == "all") & (table.perspective == perspective)
                    & ~table.discounted & (table.horizon_months == end) & (table.strategy == "therapy")
                ].set_index("run")  # fmt: skip
                assert found.expected == pytest.approx(rows.value[run])
                if run == "expected":
                    assert found.central == pytest.approx(rows.value["deterministic"])
                assert found.of_inputs + found.of_shape == pytest.approx(found.difference)
                assert sum(found.by_category.values()) == pytest.approx(found.difference)


def test_a_saving_that_is_a_straight_line_in_its_only_uncertain_input_has_no_part_of_shape(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    others = {n: leaf.central for n, leaf in scenario.leaves.items() if leaf.distribution and n != "session_price"}
    result = cm.run(scenario.changed(others, fix=True), draws=DRAWS)
    found = cm.psa(result).against_central(horizon=24)
    price = drawn_values(result.scenario, DRAWS, 1)["session_price"]
    assert found.of_shape == pytest.approx(0, abs=1e-8)
    assert found.of_inputs == pytest.approx(-16 * 0.8 * (np.mean(price) - 100))
    assert found.by_group == pytest.approx({"Prices": found.of_inputs})
    assert found.by_category == pytest.approx({"therapy": found.difference, "primary care": 0}, abs=1e-8)


def test_the_part_of_the_inputs_is_the_run_at_the_means_of_their_draws(tmp_path: Path) -> None:
    groups = {"parameters.hr_recover.group": "Effects", "parameters.gp_ill.group": "Care"}
    scenario = load_example(tmp_path, **groups)
    result = cm.run(scenario, draws=DRAWS)
    drawn = drawn_values(scenario, DRAWS, 1)
    means = {name: float(np.mean(drawn[name])) for name, leaf in scenario.leaves.items() if leaf.distribution}

    def saving(**held: float) -> float:
        found = cm.run(scenario.changed(held, fix=True), draws=0)
        return float(-found.net_cost(found.headline, 1, 1, perspective="nhs_pss")[0, 0])

    found = cm.psa(result).against_central()
    assert found.at_means == pytest.approx(saving(**means))
    assert found.by_group["Effects"] == pytest.approx(saving(hr_recover=means["hr_recover"]) - saving())
    assert found.by_group["Care"] == pytest.approx(saving(gp_ill=means["gp_ill"]) - saving())
    assert abs(found.of_shape) > 1e-3


def saved(result: cm.Result) -> float:
    """Net saving of the deterministic run to the last horizon."""
    cost = result.net_cost(result.headline, len(result.horizons) - 1, 1, perspective="nhs_pss")
    return float(-(result.weights @ cost)[0])


# Out of pocket


def out_of_pocket(result: cm.Result) -> dict[str, np.ndarray]:
    """Peak funding of each party in plain loops over a ledger that is written out whole."""
    assert result.expected is not None
    draws = result.expected.draws
    flows = simulate(result.scenario, values_of(result, draws), draws)
    found = {}
    for party in result.parties():
        deepest = np.zeros(flows.qaly.shape[1:])
        for s in range(1, deepest.shape[0]):
            owing = np.zeros(deepest.shape[1:])
            for k in range(-1, len(flows.cost)):
                if k < 0 and flows.cost_at_start is None:
                    continue
                for i, item in enumerate(result.items):
                    cost = flows.cost[k, i] if k >= 0 else flows.cost_at_start[i]
                    owing = owing + account(party, item.paid_by, item.received_by) * (cost[s] - cost[0])
                deepest[s] = np.maximum(deepest[s], owing)
        found[party] = deepest
    return found


@pytest.mark.parametrize("which", ["mixed", "chained"])
def test_peak_funding_of_a_party_is_its_deepest_point(
    which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("costmodel.analysis.psa.draws.BLOCK", 16)
    result = cm.run(request.getfixturevalue(which), draws=40)
    found, by_hand = cm.psa(result).party_peaks, out_of_pocket(result)
    assert set(found) == set(result.parties())
    for party, peaks in by_hand.items():
        assert found[party] == pytest.approx(peaks, abs=1e-8), party
    assert np.array_equal(found["nhs"], result.headline.outcomes.peak[0, 0])


def test_what_people_no_longer_pay_at_the_start_is_taken_off_what_they_pay(chained: cm.Scenario) -> None:
    assert cm.psa(cm.run(chained, draws=4)).party_peaks["household"][1] == pytest.approx(np.full((1, 4), 250.0))


def test_draws_of_a_sequence_or_from_elsewhere_are_the_ones_that_are_looked_at_again(mixed: cm.Scenario) -> None:
    given = {"month_of_care": np.linspace(100, 900, 32), "session_price": np.linspace(1, 11, 32)}
    plain = cm.psa(cm.run(mixed, draws=32)).party_peaks["household"]
    for how in ({"sampling": "sobol"}, {"given": given}):
        result = cm.run(mixed, draws=32, **how)  # type: ignore[arg-type]
        psa = cm.psa(result)
        assert not np.allclose(psa.party_peaks["household"], plain)
        for party, peaks in out_of_pocket(result).items():
            assert psa.party_peaks[party] == pytest.approx(peaks, abs=1e-8), party
        prices = {n: v for n, v in values_of(result, 32).items() if heading(mixed.parameters[n]) == "Prices"}
        own_year = {name: float(np.mean(v)) / mixed.leaves[name].price_factor for name, v in prices.items()}
        at_means = mixed.changed(own_year, fix=True)
        moved = saved(cm.run(at_means, draws=0)) - saved(cm.run(mixed, draws=0))
        assert psa.against_central().by_group["Prices"] == pytest.approx(moved)


# Rows


KEY = (
    "outcome", "run", "horizon_months", "strategy", "comparator", "perspective", "party", "category", "channel",
    "discounted", "threshold",
)  # fmt: skip


def by_key(found: list[dict[str, Any]]) -> dict[tuple[object, ...], dict[str, Any]]:
    keyed = {tuple(row[name] for name in KEY): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def in_table(result: cm.Result) -> dict[tuple[object, ...], dict[str, Any]]:
    """The table's rows, with the threshold that the only ones with one have."""
    found = []
    for row in result.table().to_dict("records"):
        clean = {str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        found.append(clean | {"threshold": result.threshold if row["outcome"] == "nmb" else None})
    return {tuple(row[name] for name in KEY): row for row in found}


ONLY_HERE = {
    "net_saving_worst_tenth", "peak_funding_worst_tenth", "chance_best", "expected_loss",
    *(f"payback_p{percent:02d}" for percent in (5, 25, 50, 75, 95)),
    *(f"chance_{where}_health_{what}" for where in ("more", "less") for what in ("saves", "costs")),
    "chance_on_an_axis",
}  # fmt: skip


@pytest.mark.parametrize("which", ["mixed", "chained"])
def test_every_row_that_the_table_has_too_says_the_same(which: str, request: pytest.FixtureRequest) -> None:
    result = cm.run(request.getfixturevalue(which), draws=DRAWS)
    found, table = by_key(list(rows(cm.psa(result)))), in_table(result)
    shared = found.keys() & table.keys()
    assert len(shared) > 70
    parties = {key for key in found if key[0] == "peak_funding" and key[6] != "all"}
    others = {key for key in found.keys() - shared - parties if key[0] != "nmb"}
    assert {key[0] for key in others} == ONLY_HERE
    for key in shared:
        for name, value in table[key].items():
            if isinstance(value, float):
                assert found[key][name] == pytest.approx(value, rel=1e-9, abs=1e-9), (key, name)
            elif key[0] != "offset_ratio" or name not in ("low", "high"):  # the table has no interval of it
                assert found[key][name] == value, (key, name)


def test_intervals_lie_within_each_other_and_worst_tenths_below_the_mean(psa: Psa) -> None:
    found = by_key(list(rows(psa)))
    for key, row in found.items():
        ends = [row[name] for name in ("low", "low_50", "high_50", "high")]
        if None not in ends:
            assert ends == sorted(ends)
        if key[0] == "net_saving_worst_tenth":
            assert row["value"] <= found[("net_saving", *key[1:])]["value"] + 1e-9
        if key[0] == "peak_funding_worst_tenth":
            assert row["value"] >= found[("peak_funding", *key[1:])]["value"] - 1e-9
    table = pd.DataFrame(found.values())
    best = table[table.outcome == "chance_best"].fillna({"threshold": -1.0})
    sums = best.groupby(["run", "horizon_months", "perspective", "threshold"]).value.sum()
    assert sums.tolist() == pytest.approx([1.0] * (3 * 2 * 4 * 2))


def test_what_is_not_asked_for_is_left_out_and_the_rest_unchanged(psa: Psa) -> None:
    everything = by_key(list(rows(psa)))
    some = by_key(list(rows(psa, ["societal"], ["brief"])))
    wanted = {
        key
        for key, row in everything.items()
        if row["perspective"] in ("societal", "") and (row["strategy"] == "brief" or not row["comparator"])
    }
    assert some == {key: everything[key] for key in wanted}


def test_beyond_the_draws_that_are_kept_means_and_chances_are_of_all_and_the_rest_says_of_how_many(
    mixed: cm.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cm.run(mixed, draws=DRAWS)
    monkeypatch.setattr(outcomes, "KEPT_DRAWS", KEPT)
    part, first = cm.run(mixed, draws=DRAWS), cm.run(mixed, draws=KEPT)
    psa = cm.psa(part)
    assert psa.kept == KEPT
    found, of_all, of_first = (by_key(list(rows(one))) for one in (psa, cm.psa(whole), cm.psa(first)))
    for key, row in found.items():
        as_many = of_all if row["draws"] == DRAWS else of_first
        assert row["draws"] in (KEPT, DRAWS)
        wanted = as_many[key]["value"]
        assert row["value"] == (wanted if wanted is None else pytest.approx(wanted, rel=1e-9, abs=1e-9)), key
        if row["low"] is not None:
            assert row["low_50"] == pytest.approx(of_first[key]["low_50"]), key
        if key[0] in ("net_saving", "qaly", "nmb"):
            error = of_first[key]["error"] * math.sqrt(KEPT / DRAWS)
            assert row["error"] == pytest.approx(error, rel=1e-9, abs=1e-9), key
        one_by_one = key[0] in ONLY_HERE or (key[0] == "peak_funding" and row["party"] != "all")
        assert (row["draws"] == KEPT) == one_by_one, key
    assert psa.chances().chances == pytest.approx(cm.psa(whole).chances().chances)
    assert psa.chances().draws == DRAWS
    assert psa.chances(horizon=24).draws == KEPT
    steps = psa.convergence().steps
    assert [step.draws for step in steps] == [KEPT, DRAWS]
    assert steps[-1].saving == pytest.approx(cm.psa(whole).convergence().last.saving)
    assert steps[-1].chance == pytest.approx(cm.psa(whole).convergence().last.chance)
    assert psa.against_central().expected == pytest.approx(cm.psa(whole).against_central().expected)
