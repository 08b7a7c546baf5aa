"""Which strategy to choose and what a wrong choice loses: closed forms, loops, laws. The unlucky tenth likewise."""

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import ndtri
from scipy.stats import qmc

import costmodel as cm
from costmodel.analysis.psa.comparison import highest, lowest
from costmodel.analysis.psa.draws import QUARTERS
from costmodel.engine.formulas import NOTHING as TIE
from costmodel.result.decision import Choice, judged
from tests.support.answers import answer
from tests.support.example import derived, load_example, number
from tests.support.given_draws import given

NORMAL = NormalDist()
THRESHOLDS = (0.0, 5_000.0, 20_000.0, 50_000.0, 100_000.0)
EVEN = 2**13


@pytest.fixture(scope="module")
def two(example_scenario: cm.Scenario) -> cm.Result:
    return cm.run(example_scenario, draws=0)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    """Three strategies under two alternatives of unequal weight."""
    folder = tmp_path_factory.mktemp("several")
    therapy = load_example(folder).tree.data["strategies"]["therapy"]
    scenario = load_example(
        folder,
        **{
            "strategies.brief": therapy | {"label": "Brief"},
            "parameters.weight": number("share", 0.3),
            "parameters.rest": derived("share", complement_of="weight"),
            "alternatives": {
                "base": {"label": "As it is", "weight": "weight"},
                "worse": {"label": "Worse", "weight": "rest", "change": {"transitions.ill -> well": "relapse"}},
            },
        },
    )
    return cm.run(scenario, draws=0)


def even_normals(columns: int) -> np.ndarray:
    """Normal scores spread so evenly that their averages are nearly exact, (column, draw)."""
    return ndtri(qmc.Sobol(columns, seed=1).random(EVEN)).T


def unit_normal_loss(mean: float, sd: float) -> float:
    """E max(0, X) of a normal X."""
    z = mean / sd
    return sd * NORMAL.pdf(z) + mean * NORMAL.cdf(z)


def in_normals(two: cm.Result) -> tuple[cm.Result, tuple[float, float, float, float]]:
    """Net cost of therapy N(3,000, 2,500), QALYs gained N(0.2, 0.1), independent."""
    cost, cost_sd, gain, gain_sd = 3_000.0, 2_500.0, 0.2, 0.1
    z = even_normals(2)
    none = np.zeros((1, EVEN))
    costs, qalys = np.stack([none, [cost + cost_sd * z[0]]]), np.stack([none, [gain + gain_sd * z[1]]])
    return given(two, costs, qalys), (cost, cost_sd, gain, gain_sd)


def test_chance_of_being_best_and_expected_loss_of_normal_net_benefits_are_the_closed_forms(two: cm.Result) -> None:
    result, (cost, cost_sd, gain, gain_sd) = in_normals(two)
    psa = cm.psa(result, THRESHOLDS)
    for choice in psa.choices():
        assert choice.threshold is not None
        mean, sd = choice.threshold * gain - cost, math.hypot(choice.threshold * gain_sd, cost_sd)
        assert choice.expected[1] == pytest.approx(mean, abs=2e-3 * sd)
        assert choice.chance[1] == pytest.approx(NORMAL.cdf(mean / sd), abs=2e-3)
        assert choice.loss[0] == pytest.approx(unit_normal_loss(mean, sd), abs=2e-3 * sd)
        assert choice.loss[1] == pytest.approx(unit_normal_loss(-mean, sd), abs=2e-3 * sd)
    (money,) = psa.choices(thresholds=[None])
    assert money.expected[1] == pytest.approx(-cost, rel=1e-3)
    assert money.chance[1] == pytest.approx(NORMAL.cdf(-cost / cost_sd), abs=2e-3)
    assert money.loss.tolist() == pytest.approx(
        [unit_normal_loss(-cost, cost_sd), unit_normal_loss(cost, cost_sd)], abs=2e-3 * cost_sd
    )


def test_quarters_of_the_plane_of_independent_normals_are_products(two: cm.Result) -> None:
    result, (cost, cost_sd, gain, gain_sd) = in_normals(two)
    more, saves = NORMAL.cdf(gain / gain_sd), NORMAL.cdf(-cost / cost_sd)
    shares = cm.psa(result).plane().shares
    expected = [more * saves, more * (1 - saves), (1 - more) * saves, (1 - more) * (1 - saves), 0.0]
    assert list(shares) == list(QUARTERS)
    assert list(shares.values()) == pytest.approx(expected, abs=2e-3)


def test_draws_on_an_axis_of_the_plane_are_in_no_quarter(two: cm.Result) -> None:
    cost = np.array([[[0.0] * 5], [[0.0, 1.0, -1.0, 1.0, -1.0]]])
    qaly = np.array([[[0.0] * 5], [[1.0, 0.0, 0.5, 0.5, -0.5]]])
    shares = cm.psa(given(two, cost, qaly)).plane().shares
    assert shares == {
        "more_health_saves": 0.2, "more_health_costs": 0.2, "less_health_saves": 0.2, "less_health_costs": 0.0,
        "on_an_axis": 0.4,
    }  # fmt: skip


def counted_by_hand(cost: np.ndarray, qaly: np.ndarray, weights: np.ndarray, threshold: float | None) -> Choice:
    """The same in plain loops."""
    strategies, alternatives, draws = cost.shape
    expected, chance, best_of_all = [0.0] * strategies, [0.0] * strategies, 0.0
    for a in range(alternatives):
        for i in range(draws):
            each = weights[a] / draws
            gain = [(threshold or 0.0) * (qaly[s, a, i] - qaly[0, a, i]) for s in range(strategies)]
            benefit = [gain[s] - cost[s, a, i] + cost[0, a, i] for s in range(strategies)]
            top = max(benefit)
            winners = [s for s in range(strategies) if benefit[s] >= top - TIE]
            best_of_all += each * top
            for s in range(strategies):
                expected[s] += each * benefit[s]
                chance[s] += each * (s in winners) / len(winners)
    loss = [best_of_all - one for one in expected]
    return Choice(threshold, np.array(expected), np.array(chance), np.array(loss))


def test_several_strategies_under_weighted_alternatives_are_counted_as_loops_count_them(several: cm.Result) -> None:
    rng = np.random.default_rng(5)
    cost, qaly = rng.normal(0, 3_000, (3, 2, 40)), rng.normal(0, 0.2, (3, 2, 40))
    cost[2, :, :15], qaly[2, :, :15] = cost[1, :, :15], qaly[1, :, :15]  # ties
    psa = cm.psa(given(several, cost, qaly), THRESHOLDS)
    for run in psa.readings.values():
        for choice in psa.choices(run=run.name, thresholds=[None, *THRESHOLDS]):
            by_hand = counted_by_hand(cost, qaly, run.weights, choice.threshold)
            assert choice.expected == pytest.approx(by_hand.expected, abs=1e-9)
            assert choice.chance == pytest.approx(by_hand.chance, abs=1e-12)
            assert choice.loss == pytest.approx(by_hand.loss, abs=1e-9)
            assert choice.chosen == by_hand.chosen


def test_strategies_that_are_equal_share_the_chance_and_the_comparator_is_chosen(several: cm.Result) -> None:
    same = np.broadcast_to(np.random.default_rng(2).normal(size=(1, 2, 9)), (3, 2, 9))
    for choice in cm.psa(given(several, same, same), THRESHOLDS).choices(thresholds=[None, 20_000.0]):
        assert choice.chance == pytest.approx([1 / 3] * 3)
        assert choice.loss.tolist() == [0, 0, 0]
        assert choice.chosen == 0


def test_strategies_apart_by_less_than_rounding_share_the_draw(two: cm.Result) -> None:
    cost = np.array([[[0.0] * 3], [[TIE / 2, -TIE / 2, 2 * TIE]]])
    (choice,) = cm.psa(given(two, cost, np.zeros_like(cost))).choices(thresholds=[None])
    assert choice.chance.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_net_saving_alone_is_not_discounted_and_net_benefit_and_the_plane_are(example_result: cm.Result) -> None:
    psa, at = cm.psa(example_result), {"horizon_months": example_result.horizons[-1]}
    by_money, by_benefit = psa.choices(thresholds=[None, example_result.threshold])
    saving, later = (answer(example_result, "net_saving", discounted=d, **at) for d in (False, True))
    assert saving != pytest.approx(later)
    assert by_money.expected[1] == pytest.approx(saving)
    assert by_benefit.expected[1] == pytest.approx(answer(example_result, "nmb", discounted=True, **at))
    plane = psa.plane()
    assert -plane.cost.mean() == pytest.approx(later)
    assert plane.qalys.mean() == pytest.approx(answer(example_result, "qaly", "", discounted=True, **at))


def test_the_frontier_follows_the_expected_net_benefit_and_not_the_chance(two: cm.Result) -> None:
    cost = np.array([[[0.0] * 4], [[1.0, 1.0, 1.0, -100.0]]])
    (choice,) = cm.psa(given(two, cost, np.zeros_like(cost))).choices(thresholds=[None])
    assert choice.chance.tolist() == [0.75, 0.25]
    assert choice.chosen == 1


benefits = st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(1, 12)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(-1e6, 1e6, width=32))
)


@over(benefits, st.integers(0, 2**32 - 1))
def test_chances_sum_to_1_and_no_choice_loses_less_than_the_best_on_average(values: np.ndarray, seed: int) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.ones(values.shape[1]))
    choice = judged(values, weights)
    perfect = float(values.max(axis=0).mean(axis=-1) @ weights)
    assert choice.chance.sum() == pytest.approx(1)
    assert choice.expected[choice.chosen] == pytest.approx(choice.expected.max(), abs=2 * TIE)
    assert choice.loss[choice.chosen] == pytest.approx(max(0.0, perfect - choice.expected.max()), abs=1e-6)
    assert choice.loss.min() >= 0
    assert choice.loss[choice.chosen] <= choice.loss.min() + 2 * TIE
    assert choice.loss - choice.loss[choice.chosen] == pytest.approx(
        choice.expected[choice.chosen] - choice.expected, abs=1e-5
    )


@over(benefits, st.floats(-1e5, 1e5), st.integers(0, 3))
def test_what_every_strategy_gains_alike_changes_no_choice(values: np.ndarray, more: float, order: int) -> None:
    weights = np.full(values.shape[1], 1 / values.shape[1])
    values = np.round(values)
    one, other = judged(values, weights), judged(values + np.round(more), weights)
    assert other.chance == pytest.approx(one.chance)
    assert other.loss == pytest.approx(one.loss, abs=1e-6)
    turned = judged(np.roll(values, order, axis=0), weights)
    assert turned.chance == pytest.approx(np.roll(one.chance, order))


def test_the_expected_loss_of_the_best_choice_is_the_value_of_perfect_information(example_result: cm.Result) -> None:
    run, last = example_result.headline, len(example_result.horizons) - 1
    for choice in cm.psa(example_result).choices():
        assert choice.threshold is not None
        gain = choice.threshold * example_result.qaly_gain(run, last, 1)[0]
        benefit = gain - example_result.net_cost(run, last, 1, perspective="nhs_pss", discounted=True)[0]
        perfect = float(np.maximum(benefit, 0).mean()) - max(0.0, float(benefit.mean()))
        assert choice.loss.min() == choice.loss[choice.chosen] == pytest.approx(perfect, abs=1e-9)


# The worst tenth


def test_the_worst_tenth_of_a_normal_is_the_closed_form() -> None:
    values = 500 + 200 * even_normals(1)
    border = NORMAL.inv_cdf(0.1)
    wanted = 500 - 200 * NORMAL.pdf(border) / 0.1
    assert lowest(values, np.ones(1)) == pytest.approx(wanted, rel=1e-3)
    assert highest(values, np.ones(1)) == pytest.approx(1_000 - wanted, rel=1e-3)


def test_the_worst_tenth_of_weighted_alternatives_counts_each_draw_with_its_weight() -> None:
    one, other = np.arange(20.0), 100 + np.arange(20.0)
    values = np.stack([one, other])
    assert lowest(values, np.array([1.0, 0.0])) == 0.5
    assert lowest(values, np.array([0.5, 0.5])) == pytest.approx((0 + 1 + 2 + 3) / 4)
    assert lowest(values, np.array([0.05, 0.95])) == pytest.approx((0.05 * 9.5 + 0.0475 * 100 + 0.0025 * 101) / 0.1)


draws = arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 30)), elements=st.floats(-1e6, 1e6, width=32))


@over(draws, st.integers(0, 2**32 - 1))
def test_the_worst_tenth_lies_between_the_worst_draw_and_the_mean(values: np.ndarray, seed: int) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(values)))
    mean, slack = float(weights @ values.mean(axis=-1)), 1e-6
    assert values.min() - slack <= lowest(values, weights) <= mean + slack
    assert mean - slack <= highest(values, weights) <= values.max() + slack
    assert lowest(values, weights, 1.0) == pytest.approx(mean, abs=1e-6)
    assert lowest(2 * values + 3, weights) == pytest.approx(2 * lowest(values, weights) + 3, abs=1e-5)


# Thresholds and names


@pytest.mark.parametrize(
    ("thresholds", "found"),
    [
        ([], "there are none"),
        ([20_000, -1], "-1 is no value of a QALY"),
        ([math.nan], "nan is no value"),
        ([math.inf], "inf is no value"),
        ([1e9], "is no value of a QALY"),
        (["20000"], "'20000' is no value"),
        ([True], "True is no value"),
        (range(1_000_000_000), "more than 1,001"),
    ],
)
def test_E16_impossible_thresholds_are_refused(thresholds: object, found: str, example_result: cm.Result) -> None:
    with pytest.raises(cm.InputError, match=f"thresholds: .*{found}.*Wanted: 1 to 1,001 numbers"):
        cm.psa(example_result, thresholds)  # type: ignore[arg-type]


def test_E16_descending_thresholds_are_put_in_order_and_each_is_taken_once(example_result: cm.Result) -> None:
    psa = cm.psa(example_result, [30_000, 10_000, 30_000, 0])
    assert psa.thresholds == (0.0, 10_000.0, 30_000.0)
    assert [choice.threshold for choice in psa.choices()] == [0.0, 10_000.0, 30_000.0]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"perspective": "nhs_ps"}, 'perspective: there is no perspective "nhs_ps" here. Did you mean "nhs_pss"?'),
        ({"strategy": "usual_care"}, 'strategy: there is no strategy "usual_care" here. Allowed: therapy.'),
        ({"run": "deterministic"}, 'run: there is no run "deterministic" here. Allowed: expected.'),
        ({"horizon": 30.0}, "horizon: there is no horizon of 30 months"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(
    asked: dict[str, object], found: str, example_result: cm.Result
) -> None:
    with pytest.raises(cm.InputError) as refused:
        cm.psa(example_result).chances(**asked)  # type: ignore[arg-type]
    assert found in str(refused.value)


def test_E11_without_draws_there_is_no_probabilistic_analysis(tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match="draws: the run has no draws.*Run it with 2 or more"):
        cm.psa(cm.run(load_example(tmp_path), draws=0))
