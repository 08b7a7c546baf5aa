"""Every row of the table against a second reading of the outcomes; made-up outcomes, each number its own."""

import math
from dataclasses import replace

import numpy as np
import pytest

import costmodel as cm
from costmodel.result.outcomes import VIEWS, Outcomes, paid_by
from tests.support.example import derived, load_example, number
from tests.support.ledgers import EVERYBODY
from tests.support.plain_table import KEY, PlainTable, random_walks, smallest_reaching
from tests.support.pounds import PARTIES, PERSPECTIVES


def made_up(items: int, strategies: int, draws: int) -> Outcomes:
    """Outcomes without a pattern, so that no two questions have the same answer. Two horizons, two alternatives."""
    rng = np.random.default_rng([draws, 1])
    shape, views, perspectives = (strategies, 2, draws), len(VIEWS), len(PERSPECTIVES)
    sustained = rng.uniform(0, 80, (2, views, perspectives, *shape))
    sustained = np.where(sustained > 60, math.inf, sustained)
    return Outcomes(
        cost=rng.normal(1_000, 400, (2, 2, items, *shape)),
        cash=rng.normal(0, 400, (2, items, *shape)),
        qaly=rng.normal(2, 0.5, (2, 2, *shape)),
        sustained=sustained,
        peak=rng.uniform(0, 5_000, (views, perspectives, *shape)),
        curves=random_walks(rng, 61, views, perspectives, strategies - 1, 2, draws),
        sum_of=np.arange(perspectives),
        mean_curve=random_walks(rng, 61, views, perspectives, strategies, 2),
        mean_cost=rng.normal(size=(60, items, strategies, 2)),
        mean_people=rng.uniform(size=(61, 2, strategies, 2)),
        mean_paid=np.stack([(sustained[-1] <= month).mean(axis=-1) for month in range(61)]),
        mean_paid_within=(sustained < math.inf).mean(axis=-1),
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    """Three strategies, two alternatives of unequal weight, every party."""
    folder = tmp_path_factory.mktemp("rows")
    therapy = load_example(folder).tree.data["strategies"]["therapy"]
    scenario = load_example(
        folder,
        **EVERYBODY,
        **{
            "strategies.brief": therapy | {"label": "Brief", "therapy": therapy["therapy"] | {"wait": "5 months"}},
            "parameters.weight": number("share", 0.3),
            "parameters.rest": derived("share", complement_of="weight"),
            "alternatives": {
                "base": {"label": "As it is", "weight": "weight"},
                "worse": {"label": "Worse", "weight": "rest", "change": {"transitions.ill -> well": "relapse"}},
            },
        },
    )
    return cm.run(scenario, draws=0)


@pytest.fixture
def result(real: cm.Result) -> cm.Result:
    """The same with seven made-up draws; made anew for each test, so that each asks the code itself."""
    items = len(real.items)
    return replace(real, deterministic=made_up(items, 3, 1), expected=made_up(items, 3, 7), draws=7)


@pytest.mark.parametrize("name", ["expected", "deterministic", "base", "worse"])
def test_every_row_is_there_once_and_says_what_the_outcomes_say(result: cm.Result, name: str) -> None:
    expected = PlainTable(result, result.runs[name]).rows()
    table = result.table()
    found = {tuple(row[key] for key in KEY): row for row in table[table.run == name].to_dict("records")}
    assert set(found) == set(expected)
    for key, wanted in expected.items():
        row = found[key]
        for column in ("unit", "price_year", "draws", "words"):
            assert row[column] == wanted[column], (key, column)
        for column in ("value", "low", "high"):
            beyond = wanted[column] is None or math.isinf(wanted[column])
            assert (row[column] is None or math.isnan(row[column])) == beyond, (key, column)
            assert beyond or row[column] == pytest.approx(wanted[column], rel=1e-9, abs=1e-9), (key, column)


def test_the_saving_is_that_of_the_follow_up_undiscounted_to_the_nhs_and_social_care(result: cm.Result) -> None:
    expected = PlainTable(result, result.runs["expected"]).rows()

    def wanted(party: str = "all", category: str = "all", strategy: str = "therapy") -> list[float]:
        perspective = "nhs_pss" if party == "all" else ""
        row = expected[
            "expected", 24.0, strategy, perspective, party, category, "all", "net_saving", False, "usual_care"
        ]
        return [row["value"], row["low"], row["high"]]

    total = result.saving()
    assert total.columns.tolist() == ["category", "value", "low", "high"]
    assert total.index.tolist() == [0]
    assert total.category.tolist() == ["all"]
    assert total.iloc[0, 1:].tolist() == pytest.approx(wanted())
    assert result.saving(strategy="brief").iloc[0, 1:].tolist() == pytest.approx(wanted(strategy="brief"))
    by_category = result.saving(by="category")
    assert by_category.category.tolist() == result.categories()
    assert by_category.index.tolist() == list(range(len(by_category)))
    for row in by_category.itertuples(index=False):
        assert list(row[1:]) == pytest.approx(wanted(category=row.category))
    by_party = result.saving(by="party")
    assert by_party.columns.tolist() == ["party", "value", "low", "high"]
    assert by_party.index.tolist() == [0, 1]
    assert by_party.party.tolist() == ["nhs", "social_care"]
    for row in by_party.itertuples(index=False):
        assert list(row[1:]) == pytest.approx(wanted(party=row.party))


@pytest.mark.parametrize("perspective", PERSPECTIVES)
@pytest.mark.parametrize(("strategy", "s"), [("therapy", 1), ("brief", 2)])
def test_the_payback_of_a_strategy_in_all_its_readings(
    result: cm.Result, perspective: str, strategy: str, s: int
) -> None:
    expected = PlainTable(result, result.runs["expected"]).rows()
    assert result.expected is not None
    draws = result.expected.sustained[1, 0, list(PERSPECTIVES).index(perspective), s]

    def wanted(outcome: str) -> float | None:
        row = expected["expected", 60.0, strategy, perspective, "all", "all", "all", outcome, False, "usual_care"]
        return None if math.isinf(row["value"]) else pytest.approx(row["value"])

    percentiles = {p: smallest_reaching(p / 100, draws, result.weights) for p in (5, 25, 50, 75, 95)}
    assert result.payback(perspective, strategy) == {
        "horizon_months": 60.0,
        "sustained_months": wanted("payback_sustained_months"),
        "first_touch_months": wanted("payback_first_touch_months"),
        "percentiles": {p: None if math.isinf(m) else m for p, m in percentiles.items()},
        "chance_by_year": {
            year: pytest.approx(0.3 * np.mean(draws[0] <= 12 * year) + 0.7 * np.mean(draws[1] <= 12 * year))
            for year in (1, 2, 3, 4, 5)
        },
    }


def test_payback_is_that_of_the_first_therapy_to_the_nhs_and_social_care_unless_asked_otherwise(
    result: cm.Result,
) -> None:
    assert result.payback() == result.payback("nhs_pss", "therapy")
    answers = [result.payback(p, s) for p in PERSPECTIVES for s in ("therapy", "brief")]
    assert len({str(answer) for answer in answers}) == len(answers)
    assert {answer["sustained_months"] is None for answer in answers} == {True, False}


def test_what_is_paid_back_on_a_birthday_is_paid_back_within_the_year(result: cm.Result) -> None:
    assert result.expected is not None
    paid = paid_by(np.full((3, 4, 3, 2, 7), 12.0), result.edges) / 7
    at_a_year = replace(result, expected=replace(result.expected, mean_paid=paid))
    assert at_a_year.payback()["chance_by_year"] == dict.fromkeys(range(1, 6), 1.0)


@pytest.mark.parametrize("strategy", [1, 2])
def test_a_band_mixes_the_alternatives_by_their_weight(result: cm.Result, strategy: int) -> None:
    assert result.expected is not None
    at = (0.1, 0.5, 0.9)
    for v, view in enumerate(VIEWS):
        for p, perspective in enumerate(PERSPECTIVES):
            band = result.band(strategy, perspective, at, view)
            assert band.shape == (3, 61)
            for time in (0, 1, 30, 60):
                values = result.expected.curves_of(v, p)[time, strategy - 1]
                assert band[:, time].tolist() == [smallest_reaching(q, values, result.weights) for q in at]
    assert np.array_equal(result.band(strategy, "nhs", at), result.band(strategy, "nhs", at, "value"))


def test_a_band_reaches_its_share_exactly_and_leaves_out_what_has_no_weight(result: cm.Result) -> None:
    """Ten draws of one alternative: the median is the fifth; the other alternative's draws are not looked at."""
    assert result.expected is not None
    curves = np.zeros((61, 3, 4, 2, 2, 10))
    curves[..., 0, :], curves[..., 1, :] = np.arange(10.0)[::-1], -1_000.0
    sure = replace(result, weights=np.array([1.0, 0.0]), expected=replace(result.expected, curves=curves))
    assert np.array_equal(sure.band(1, "nhs", (0.1, 0.5, 1.0)), np.repeat([[0.0], [4.0], [9.0]], 61, axis=1))


def test_the_curve_is_the_weighted_mean_of_the_alternatives(result: cm.Result) -> None:
    assert result.expected is not None
    mean = result.expected.mean_curve[:, :, 1, 2]
    for v, view in enumerate(VIEWS):
        wanted = 0.3 * mean[:, v, 0] + 0.7 * mean[:, v, 1]
        np.testing.assert_allclose(result.mean_curve(2, "nhs_pss", view), wanted, rtol=1e-12, atol=1e-9)
    assert np.array_equal(result.mean_curve(2, "nhs_pss"), result.mean_curve(2, "nhs_pss", "value"))
    assert np.array_equal(result.mean_curve(2, "nhs_pss", run=result.runs["worse"]), mean[:, 0, 1])


def test_health_gained_is_discounted_unless_asked_otherwise(result: cm.Result) -> None:
    assert result.expected is not None
    for horizon in (0, 1):
        for chosen, d in (({}, 1), ({"discounted": True}, 1), ({"discounted": False}, 0)):
            qaly = result.expected.qaly[horizon, d]
            assert np.array_equal(result.qaly_gain(result.headline, horizon, 2, **chosen), qaly[2] - qaly[0])


def test_cost_is_undiscounted_value_to_society_unless_asked_otherwise(result: cm.Result) -> None:
    of_all = PlainTable(result, result.headline).rows()
    found = -result.net_cost(result.headline, 0, 1)
    wanted = of_all["expected", 24.0, "therapy", "societal", "all", "all", "all", "net_saving", False, "usual_care"]
    assert float(result.weights @ found.mean(axis=1)) == pytest.approx(wanted["value"])


def test_a_changed_copy_of_a_result_has_a_table_of_its_own(result: cm.Result) -> None:
    assert result.expected is not None
    before = result.table()
    dearer = replace(result, expected=replace(result.expected, cost=2 * result.expected.cost))
    assert dearer.saving().value.item() == pytest.approx(2 * result.saving().value.item())
    assert result.table() is before


def test_readings_have_names(result: cm.Result) -> None:
    assert list(result.runs) == ["expected", "deterministic", "base", "worse"]
    assert result.run() is result.headline is result.run("expected")
    assert result.run("worse").weights.tolist() == [0, 1]
    assert result.run("deterministic").outcomes is result.deterministic


def test_parties_are_those_who_pay_or_receive(result: cm.Result, example_result: cm.Result) -> None:
    assert list(result.parties()) == list(PARTIES)
    assert list(example_result.parties()) == ["nhs"]


def test_a_horizon_is_found_by_its_months_not_by_one_nearby(result: cm.Result) -> None:
    assert result.at(24 + 1e-10) == 0
    for months in (23.5, 24.5, 59.0):
        with pytest.raises(cm.InputError, match=f"there is no horizon of {months:g} months"):
            result.at(months)
