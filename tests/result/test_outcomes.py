"""Sums over time against plain loops: cost, cash, health, curves and payback of made-up flows."""

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.result.outcomes import VIEWS, Outcomes, Terms, joined, outcomes, until, year_of
from tests.support import plain_payback
from tests.support.flows import Flows
from tests.support.pounds import PERSPECTIVES, weight

CYCLES, STRATEGIES, ALTERNATIVES, DRAWS = 6, 3, 2, 5
EDGES = np.arange(CYCLES + 1) / 2
PAYERS = (("nhs", "nobody"), ("dwp", "household"), ("nobody", "employer"), ("nhs", "nobody"), ("hmrc", "household"))
ITEMS = len(PAYERS)
RATES = (0.035, np.linspace(0.01, 0.05, DRAWS))
TERMS = Terms(
    horizons=(1.5, 3.0),
    signs=tuple(tuple(weight(name, *payer) for payer in PAYERS) for name in PERSPECTIVES),
    cashable=(0.5, 1.0, 0.25, np.linspace(0.1, 0.9, DRAWS), 0.8),
    lags=(0, 1, 2, CYCLES, CYCLES + 1),
    factors=tuple((1 + np.atleast_1d(rate)) ** -year_of(EDGES)[:, None] for rate in RATES),  # type: ignore[arg-type]
    first_payment=(0.0, 0.0, 4.0),
)


def flows_of(draws: slice = slice(None), at_start: bool = True) -> Flows:
    """Every flow a number of its own. Costs fall over time, so that some curves come back to 0."""
    rng = np.random.default_rng(3)
    shape = (STRATEGIES, ALTERNATIVES, DRAWS)
    cost = rng.normal(0, 100, (CYCLES, ITEMS, *shape))
    cost += np.linspace(60, -60, CYCLES)[:, None, None, None, None] * np.arange(STRATEGIES)[:, None, None]
    first, health = rng.normal(0, 100, (ITEMS, *shape)), rng.normal(0, 1, shape)
    people = rng.uniform(size=(CYCLES + 1, 2, *shape))
    return Flows(
        edges=EDGES,
        cost=cost[..., draws],
        qaly=rng.uniform(size=(CYCLES, *shape))[..., draws],
        people=people[..., draws],
        person_years=people[1:, ..., draws],
        cost_at_start=first[..., draws] if at_start else None,
        qaly_at_start=health[..., draws] if at_start else None,
    )


@pytest.fixture(params=[True, False], ids=["with flows at time 0", "without"])
def flows(request: pytest.FixtureRequest) -> Flows:
    return flows_of(at_start=request.param)


@pytest.fixture
def found(flows: Flows) -> Outcomes:
    return outcomes(flows, TERMS, kept=3)


def cases(*axes: int) -> list[tuple[int, ...]]:
    return list(np.ndindex(*axes))


def share_within(k: int, horizon: float) -> float:
    return min(max((horizon - EDGES[k]) / 0.5, 0.0), 1.0)


def discount(which: int, k: int, n: int) -> float:
    """Years 0, 0, 1, 1, 2, 2: constant within a year."""
    rate = float(np.broadcast_to(RATES[which], DRAWS)[n])
    return (1 + rate) ** -(k // 2)


def cash_effect(flows: Flows, i: int, s: int, a: int, n: int) -> list[float]:
    """At time 0 and in each cycle: an increase is paid at once, a reduction released in part, a lag later."""
    change = flows.cost[:, i, s, a, n] - flows.cost[:, i, 0, a, n]
    share, lag = float(np.broadcast_to(TERMS.cashable[i], DRAWS)[n]), TERMS.lags[i]
    paid = [0.0] * (CYCLES + 1)
    for k, amount in enumerate(change, start=1):
        if amount > 0:
            paid[k] += amount
        elif k + lag <= CYCLES:
            paid[k + lag] += share * amount
    if flows.cost_at_start is not None:
        first = flows.cost_at_start[i, s, a, n] - flows.cost_at_start[i, 0, a, n]
        if first > 0:
            paid[0] += first
        elif lag <= CYCLES:
            paid[lag] += share * first
    return paid


def curve_of(flows: Flows, view: str, parties: tuple[str, ...], s: int, a: int, n: int) -> list[float]:
    """Cumulative net cost at each edge."""
    steps = [0.0] * (CYCLES + 1)
    for i, (payer, receiver) in enumerate(PAYERS):
        sign = (payer in parties) - (receiver in parties)
        if view == "cash":
            item = cash_effect(flows, i, s, a, n)
        else:
            first = 0.0 if flows.cost_at_start is None else flows.cost_at_start[i, s, a, n]
            usual = 0.0 if flows.cost_at_start is None else flows.cost_at_start[i, 0, a, n]
            item = [first - usual, *(flows.cost[:, i, s, a, n] - flows.cost[:, i, 0, a, n])]
            if view == "discounted":
                item[1:] = [amount * discount(0, k, n) for k, amount in enumerate(item[1:])]
        steps = [total + sign * amount for total, amount in zip(steps, item, strict=True)]
    return list(np.cumsum(steps))


def summed(first: float, by_cycle: Any, horizon: float) -> float:
    return first + math.fsum(share_within(k, horizon) * amount for k, amount in enumerate(by_cycle))


def test_costs_and_health_to_a_horizon_are_the_sums_of_the_cycles_before_it(flows: Flows, found: Outcomes) -> None:
    for h, s, a, n in cases(2, STRATEGIES, ALTERNATIVES, DRAWS):
        horizon = TERMS.horizons[h]
        for i in range(ITEMS):
            first = 0.0 if flows.cost_at_start is None else flows.cost_at_start[i, s, a, n]
            cost = flows.cost[:, i, s, a, n]
            later = [amount * discount(0, k, n) for k, amount in enumerate(cost)]
            wanted = [summed(first, cost, horizon), summed(first, later, horizon)]
            assert found.cost[h, :, i, s, a, n] == pytest.approx(wanted)
        first = 0.0 if flows.qaly_at_start is None else flows.qaly_at_start[s, a, n]
        health = flows.qaly[:, s, a, n]
        later = [amount * discount(1, k, n) for k, amount in enumerate(health)]
        assert found.qaly[h, :, s, a, n] == pytest.approx(
            [summed(first, health, horizon), summed(first, later, horizon)]
        )


def test_an_increase_is_cash_at_once_and_a_reduction_in_part_a_lag_later(flows: Flows, found: Outcomes) -> None:
    for h, i, s, a, n in cases(2, ITEMS, STRATEGIES, ALTERNATIVES, DRAWS):
        first, *later = cash_effect(flows, i, s, a, n)
        assert found.cash[h, i, s, a, n] == pytest.approx(summed(first, later, TERMS.horizons[h]), abs=1e-9)


def test_curves_add_up_what_a_perspective_pays_and_receives(flows: Flows, found: Outcomes) -> None:
    assert found.curves.shape == (CYCLES + 1, 3, len(set(found.sum_of)), STRATEGIES - 1, ALTERNATIVES, 3)
    for (v, view), (p, parties) in ((x, y) for x in enumerate(VIEWS) for y in enumerate(PERSPECTIVES.values())):
        for s, a in cases(STRATEGIES, ALTERNATIVES):
            each = [curve_of(flows, view, parties, s, a, n) for n in range(DRAWS)]
            np.testing.assert_allclose(found.mean_curve[:, v, p, s, a], np.sum(each, axis=0), atol=1e-9)
            for n, curve in enumerate(each):
                assert found.peak[v, p, s, a, n] == pytest.approx(max(0.0, *curve), abs=1e-9)
                if s and n < 3:
                    np.testing.assert_allclose(found.curves_of(v, p)[:, s - 1, a, n], curve, atol=1e-9)


def test_perspectives_that_count_the_same_items_share_their_curves(flows: Flows) -> None:
    one = outcomes(flows, replace(TERMS, signs=((1,) * ITEMS,) * len(PERSPECTIVES)), kept=3)
    assert one.curves.shape[2] == 1
    for p in range(4):
        assert np.array_equal(one.curves_of(0, p), one.curves[:, 0, 0])


def test_payback_is_read_off_each_curve_up_to_each_horizon(flows: Flows, found: Outcomes) -> None:
    outcome = set()
    for (v, view), (p, parties) in ((x, y) for x in enumerate(VIEWS) for y in enumerate(PERSPECTIVES.values())):
        for s, a, n in cases(STRATEGIES, ALTERNATIVES, DRAWS):
            points = list(zip(12 * EDGES, curve_of(flows, view, parties, s, a, n), strict=True))
            for h, horizon in enumerate(TERMS.horizons):
                months = plain_payback.sustained(plain_payback.cut(points, 12 * horizon), TERMS.first_payment[s])
                assert found.sustained[h, v, p, s, a, n] == pytest.approx(months)
                outcome.add(months == math.inf)
    assert outcome == {True, False}


def test_sums_over_draws_are_kept_by_cycle(flows: Flows, found: Outcomes) -> None:
    np.testing.assert_allclose(found.mean_cost[2, 1, 2, 1], math.fsum(flows.cost[2, 1, 2, 1]))
    np.testing.assert_allclose(found.mean_people[3, 1, 2, 0], math.fsum(flows.people[3, 1, 2, 0]))
    assert found.mean_cost.shape == (CYCLES, ITEMS, STRATEGIES, ALTERNATIVES)
    assert found.mean_people.shape == (CYCLES + 1, 2, STRATEGIES, ALTERNATIVES)


def test_blocks_joined_are_all_draws_at_once_and_sums_become_means() -> None:
    def block(draws: slice) -> Outcomes:
        terms = replace(
            TERMS, cashable=(0.5, 1.0, 0.25, 0.1, 0.8), factors=tuple(factor[:, :1] for factor in TERMS.factors)
        )  # type: ignore[arg-type]
        return outcomes(flows_of(draws), terms, kept=DRAWS)

    at_once, blocks = block(slice(None)), [block(slice(0, 2)), block(slice(2, 4)), block(slice(4, 5))]
    together = joined(blocks)
    assert together.draws == DRAWS
    for name in (field.name for field in fields(Outcomes)):
        whole = getattr(at_once, name)
        wanted = whole / DRAWS if name.startswith("mean_") else whole
        np.testing.assert_allclose(getattr(together, name), wanted, rtol=1e-12, atol=1e-10, err_msg=name)
    alone = joined([blocks[0]])
    assert np.array_equal(alone.curves, blocks[0].curves)
    np.testing.assert_allclose(alone.mean_curve, blocks[0].mean_curve / 2)


def test_years_are_whole_and_a_cycle_belongs_to_the_year_in_which_it_begins() -> None:
    assert year_of(np.arange(0, 37, 4) / 12).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert year_of(np.array([0.0, 1 - 1e-12, 2.0])).tolist() == [0, 1]  # rounding does not delay a birthday
    assert year_of(np.array([0.0, 1 - 1e-6, 2.0])).tolist() == [0, 0]


def test_a_curve_ends_with_the_cycle_that_ends_at_its_horizon() -> None:
    curve, edges = np.array([[0.0], [10.0], [30.0]]), np.array([0.0, 1.0, 2.0])
    for horizon, months, values in (
        (2.0, [0, 12, 24], [0, 10, 30]),
        (1.0, [0, 12], [0, 10]),
        (1.0 + 1e-12, [0, 12], [0, 10]),
    ):
        cut, found = until(curve, edges, horizon)
        assert found.tolist() == pytest.approx(months)
        assert cut[:, 0].tolist() == pytest.approx(values)


def test_no_sum_ends_inside_a_cycle(flows: Flows) -> None:
    with pytest.raises(InputError, match="month 15 is within a cycle: cycle 3 runs from month 12 to month 18"):
        outcomes(flows, replace(TERMS, horizons=(1.25, 3.0)), kept=3)
    with pytest.raises(InputError, match="month 37 is beyond the last cycle"):
        until(np.zeros(len(EDGES)), EDGES, 37 / 12)
