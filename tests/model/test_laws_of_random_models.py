"""Laws that hold for any model whatever: random graphs, rates, effects, costs, parties and horizons."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.model.activity import edges
from costmodel.model.draws import central_values
from costmodel.scenario.clock import cycle_months
from tests.model.test_laws import numbers_of, reordered
from tests.support.example import write_setting
from tests.support.flows import simulate
from tests.support.pounds import PARTIES, account, weight
from tests.support.random_models import POSTERIOR_ROWS, of_data, random_model, random_scenario

seeds = st.integers(0, 2**31 - 1)
lawful = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def written(seed: int, folder: Path, change: Any = lambda model: model) -> cm.Scenario:
    """A random scenario, changed as data before it is written."""
    rng = np.random.default_rng(seed)
    model, posterior = random_model(rng)
    folder.mkdir(parents=True, exist_ok=True)
    if posterior:
        best = int(rng.integers(POSTERIOR_ROWS))
        rows = zip(*posterior.values(), strict=True)
        lines = [",".join(["best", *posterior])]
        lines += [",".join([str(int(i == best)), *map(json.dumps, values)]) for i, values in enumerate(rows)]
        (folder / "posterior.csv").write_text("\n".join(lines) + "\n", "utf-8")
    write_setting(folder)
    return of_data(change(model), folder)


def smooth(result: cm.Result) -> pd.DataFrame:
    """The numbers that rounding moves by rounding only: a payback that grazes 0 may come or go."""
    numbers = numbers_of(result)
    outcomes = ("cost", "net_saving", "cash_net_saving", "qaly", "nmb", "peak_funding")
    return numbers[numbers.index.get_level_values("outcome").isin(outcomes)]


def folder(tmp_path_factory: Any) -> Path:
    return tmp_path_factory.mktemp("model")


@lawful
@given(seeds)
def test_nobody_appears_nor_vanishes(tmp_path_factory: Any, seed: int) -> None:
    scenario = random_scenario(seed, folder(tmp_path_factory))
    flows = simulate(scenario, central_values(scenario), 1)
    living = flows.people.sum(axis=1)
    assert np.all(flows.people >= -1e-15)
    assert np.all(living <= 1 + 1e-12)
    assert np.all(np.diff(living, axis=0) <= 1e-12)
    spent, length = flows.person_years.sum(axis=1), np.diff(edges(scenario))[:, None, None, None]
    assert np.all(spent <= length * (1 + 1e-12))
    gap_closes = scenario.model.beyond_follow_up == "gap closes"
    if not gap_closes:
        assert np.all(spent <= living[:-1] * length + 1e-12)
        assert np.all(spent >= living[1:] * length - 1e-12)


@lawful
@given(seeds)
def test_the_order_of_states_transitions_items_and_parameters_does_not_matter(tmp_path_factory: Any, seed: int) -> None:
    def turned(model: dict[str, Any]) -> dict[str, Any]:
        return model | {
            key: reordered(model[key]) for key in ("states", "transitions", "costs", "utilities", "parameters")
        }

    path = folder(tmp_path_factory)
    first, second = (
        cm.run(written(seed, path / name, change), draws=5) for name, change in (("a", dict), ("b", turned))
    )
    pd.testing.assert_frame_equal(smooth(first), smooth(second), **CLOSE)


@lawful
@given(seeds)
def test_a_longer_horizon_changes_nothing_before_it(tmp_path_factory: Any, seed: int) -> None:
    def longer(model: dict[str, Any]) -> dict[str, Any]:
        number, word = model["horizon"].split()
        return model | {"horizon": f"{2 * float(number):g} {word}"}

    path = folder(tmp_path_factory)
    short, long = (written(seed, path / name, change) for name, change in (("a", dict), ("b", longer)))
    effects = [e for s in short.model.strategies.values() for e in s.effects.values()]
    if short.model.beyond_follow_up == "effects persist" or any(
        moment and moment.anchor == "horizon" for e in effects for moment in (e.from_, e.until)
    ):
        return  # what lasts to the horizon lasts longer
    one, other = (simulate(scenario, central_values(scenario), 1) for scenario in (short, long))
    cycles = len(one.cost)
    np.testing.assert_allclose(other.cost[:cycles], one.cost, **CLOSE)
    np.testing.assert_allclose(other.qaly[:cycles], one.qaly, **CLOSE)


@lawful
@given(seeds)
def test_every_pound_has_a_payer_or_a_receiver_and_parties_sum_to_society(tmp_path_factory: Any, seed: int) -> None:
    result = cm.run(random_scenario(seed, folder(tmp_path_factory)), draws=0)
    cost = result.deterministic.cost[-1, 0]
    society = sum(weight("societal", i.paid_by, i.received_by) * cost[n] for n, i in enumerate(result.items))
    parties = sum(
        account(party, i.paid_by, i.received_by) * cost[n] for party in PARTIES for n, i in enumerate(result.items)
    )
    np.testing.assert_allclose(parties, society, rtol=1e-12, atol=1e-9)
    created = sum(
        ((i.received_by == "nobody") * 1 - (i.paid_by == "nobody") * 1) * cost[n] for n, i in enumerate(result.items)
    )
    np.testing.assert_allclose(np.asarray(created) + 0 * cost[0], society + 0 * cost[0], rtol=1e-12, atol=1e-9)


@lawful
@given(seeds, st.floats(0.1, 10.0))
def test_scaling_every_price_scales_every_cost_and_no_health(tmp_path_factory: Any, seed: int, factor: float) -> None:
    scenario = random_scenario(seed, folder(tmp_path_factory))
    central = central_values(scenario)
    # the prices that items and sessions name, whatever they are made of
    named = {str(i.price) for i in scenario.model.costs.values()}
    named |= {
        str(r) for s in scenario.model.strategies.values() if s.therapy for r in (s.therapy.price, s.therapy.set_up)
    }
    effects = [e for s in scenario.model.strategies.values() for e in s.effects.values() if e.purse]
    named |= {str(end) for e in effects if e.purse for end in (e.purse.low, e.purse.high)}
    flows = scenario.model.work.flows.values() if scenario.model.work else ()
    named |= {str(r) for flow in flows for amounts in (flow.in_work, flow.out_of_work) for r in amounts.values()}
    scaled = {name: value * factor if name in named else value for name, value in central.items()}
    one, other = simulate(scenario, central, 1), simulate(scenario, scaled, 1)
    np.testing.assert_allclose(other.cost, factor * one.cost, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(other.qaly, one.qaly)


@lawful
@given(seeds)
def test_a_dearer_session_costs_its_payer_more_and_nothing_else_moves(tmp_path_factory: Any, seed: int) -> None:
    scenario = random_scenario(seed, folder(tmp_path_factory))
    therapies = {n: s.therapy for n, s in scenario.model.strategies.items() if s.therapy}
    central = dict(central_values(scenario))
    prices = {str(t.price) for t in therapies.values() if isinstance(t.price, str)}
    dearer = {name: value + (1.0 if name in prices else 0.0) for name, value in central.items()}
    shared = {str(i.price) for i in scenario.model.costs.values()} | {str(t.set_up) for t in therapies.values()}
    if prices & shared:
        return
    one, other = simulate(scenario, central, 1), simulate(scenario, dearer, 1)
    months = cycle_months(scenario.model) * len(one.cost)
    for s, name in enumerate(scenario.model.strategies):
        more = (other.cost[:, 0, s] - one.cost[:, 0, s]).sum(axis=0)
        therapy = therapies.get(name)
        if therapy is None or not isinstance(therapy.price, str):
            np.testing.assert_array_equal(more, 0)
        elif therapy.wait.months + therapy.over.months <= months:
            attended = central[therapy.attendance] if isinstance(therapy.attendance, str) else therapy.attendance
            planned = central[therapy.sessions] if isinstance(therapy.sessions, str) else therapy.sessions
            np.testing.assert_allclose(more, planned * attended, rtol=1e-9, atol=1e-9)
        else:
            assert np.all(more >= 0)
    np.testing.assert_array_equal(other.cost[:, 1:], one.cost[:, 1:])
    np.testing.assert_array_equal(other.qaly, one.qaly)
