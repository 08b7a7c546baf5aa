"""A result as tidy frames: people, activity, ledger and draws add up to the answers of the one table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from tests.support.example import load_example, price, write_model
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PERSPECTIVES, weight
from tests.support.small_probabilities import small

PERIOD = ["strategy", "horizon_months"]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    """The example with an item for every party."""
    return cm.run(load_example(tmp_path_factory.mktemp("everybody"), **EVERYBODY), draws=100)


@pytest.fixture(scope="module")
def probabilities(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    return cm.run(cm.load(write_model(tmp_path_factory.mktemp("small"), small())), draws=0)


def test_who_enters_a_state_less_who_leaves_is_the_change_of_its_people(
    everybody: cm.Result, probabilities: cm.Result, trd: cm.Scenario
) -> None:
    for result in (everybody, probabilities, cm.run(trd, draws=0)):
        trace = result.trace("deterministic")
        for strategy in result.strategies:
            own = trace[trace.strategy == strategy].pivot(index="month", columns="name", values="people")
            for state in result.scenario.model.states:
                entered = own[[name for name in own if name.endswith(f" -> {state}")]].sum(axis=1)
                left = own[[name for name in own if name.startswith(f"{state} -> ")]].sum(axis=1)
                np.testing.assert_allclose(own[state].diff()[1:], (entered - left)[1:], rtol=0, atol=1e-14)


def test_a_trace_of_draws_has_the_people_and_not_their_moves(everybody: cm.Result) -> None:
    trace = everybody.trace()
    assert set(trace.kind) == {"occupancy"}
    first = trace[(trace.strategy == "therapy") & (trace.month == 0)].set_index("name").people
    assert dict(first) == {"ill": 1.0, "well": 0.0}


def test_the_ledger_adds_up_to_what_each_strategy_costs_each_perspective(
    everybody: cm.Result, probabilities: cm.Result
) -> None:
    for result in (everybody, probabilities):
        ledger, table = result.ledger(), result.table()
        table = table[(table.outcome == "cost") & ~table.discounted & (table.run == result.headline.name)]
        for row in table.itertuples():
            part = ledger[(ledger.strategy == row.strategy) & (ledger.to_month <= row.horizon_months)]
            signs = [weight(row.perspective, *payer) for payer in zip(part.paid_by, part.received_by, strict=True)]
            assert (part.money * signs).sum() == pytest.approx(row.value, rel=1e-12)


def test_what_is_booked_at_the_start_is_a_cycle_of_no_length(probabilities: cm.Result) -> None:
    ledger = probabilities.ledger()
    entry = ledger[(ledger.item == "entry") & (ledger.strategy == "therapy")].set_index("to_month").money
    assert entry[0.0] == pytest.approx(9000.0, rel=1e-12)
    assert np.allclose(entry[entry.index > 0], 0.0, atol=1e-9)


def test_activity_at_its_price_is_the_cost(everybody: cm.Result) -> None:
    used = everybody.activity("deterministic").set_index([*PERIOD, "item"]).value
    central, model = everybody.scenario.central, everybody.scenario.model
    ledger = everybody.ledger("deterministic")
    for (strategy, horizon, item), quantity in used.items():
        spent = ledger[(ledger.strategy == strategy) & (ledger.item == item) & (ledger.to_month <= horizon)].money.sum()
        if item != "therapy":
            assert quantity * central[str(model.costs[item].price)] == pytest.approx(spent, rel=1e-12)
        elif strategy == "therapy":
            therapy = model.strategies[strategy].therapy
            assert therapy is not None
            assert quantity == pytest.approx(central[therapy.sessions] * central[therapy.attendance], rel=1e-12)
        else:
            assert quantity == spent == 0


def test_activity_of_draws_is_the_mean_quantity_and_not_the_mean_cost_by_the_mean_price(tmp_path: Path) -> None:
    spread = {"parameters.session_price.distribution": "gamma", "parameters.session_price.cv": 0.8}
    result = cm.run(load_example(tmp_path, **spread), draws=200)
    used = result.activity().set_index([*PERIOD, "item"])
    inputs, therapy = result.by_draw()["input"], result.scenario.model.strategies["therapy"].therapy
    assert therapy is not None
    delivered = (inputs[str(therapy.attendance)] * result.scenario.central[str(therapy.sessions)]).mean()
    row = used.loc["therapy", result.horizons[0], "therapy"]
    assert row.value == pytest.approx(delivered, rel=1e-9)
    assert row.low < row.value < row.high
    assert row.unit == "sessions"


def test_the_set_up_of_a_therapy_is_no_session(tmp_path: Path) -> None:
    with_set_up = {"strategies.therapy.therapy.set_up": "set_up", "parameters.set_up": price("person", 500.0)}
    used = [
        load_example(tmp_path / name, **edits) for name, edits in (("without", {}), ("with", with_set_up))
    ]  # fmt: skip
    plain, other = (cm.run(scenario, draws=0).activity() for scenario in used)
    np.testing.assert_allclose(plain.value, other.value, rtol=1e-12)


def test_time_on_benefit_is_told_in_days(trd: cm.Scenario) -> None:
    result = cm.run(trd, draws=0)
    used = result.activity().set_index([*PERIOD, "item"])
    row = used.loc["usual_care", result.horizons[0], "benefits"]
    assert row.unit == "days"
    share = result.scenario.central["receipt_depressed"]
    assert row.value == pytest.approx(share * 365.25 * result.horizons[0] / 12, rel=0.01)  # a few die
    assert used.loc["usual_care", result.horizons[0], "gp"].unit == "visits"


def test_draws_one_by_one_have_the_means_of_the_table(everybody: cm.Result) -> None:
    draws, table = everybody.by_draw(), everybody.table()
    wanted = table[
        (table.outcome == "cost") & table.discounted & (table.run == "expected")
        & (table.horizon_months == everybody.horizons[-1])
    ]  # fmt: skip
    for row in wanted.itertuples():
        assert draws[f"cost_{row.perspective}", row.strategy].mean() == pytest.approx(row.value, rel=1e-12)
    assert len(draws) == everybody.draws
    assert set(draws["qaly"].columns) == set(everybody.strategies)
    with pytest.raises(cm.InputError, match="0 draws cannot be written one by one"):
        cm.run(everybody.scenario, draws=0).by_draw()


def test_the_curve_ends_at_the_net_cost_of_the_table(everybody: cm.Result) -> None:
    curve = everybody.curve("public_sector")
    saving = everybody.summary("net_saving", perspective="public_sector", horizon_months=everybody.horizons[-1])
    last = curve.iloc[-1]
    assert [-last.net_cost, -last.high, -last.low] == pytest.approx([*saving.iloc[0][["value", "low", "high"]]])
    assert list(cm.run(everybody.scenario, draws=0).curve().columns) == ["month", "net_cost"]


def test_a_summary_is_rows_of_the_table(everybody: cm.Result) -> None:
    table = everybody.table()
    for by, column in (("category", "category"), ("party", "party"), ("perspective", "perspective"), ("run", "run")):
        found = everybody.summary("net_saving", by=by, perspective="public_sector")
        assert list(found.columns) == [column, "value", "low", "high", "unit", "words"]
        for row in found.itertuples():
            asked = {"perspective": "public_sector", "party": "all", "category": "all", "run": "expected"}
            asked |= {"perspective": ""} if by == "party" else {}
            asked |= {column: getattr(row, column)}
            same = table[
                (table.outcome == "net_saving") & ~table.discounted & (table.horizon_months == everybody.horizons[0])
                & (table[list(asked)] == pd.Series(asked)).all(axis=1)
            ]  # fmt: skip
            assert same.value.tolist() == [row.value], (by, row)
    whole = everybody.summary()
    assert whole.outcome.is_unique
    assert {"net_saving", "qaly", "nmb", "payback_sustained_months", "chance_payback"} <= set(whole.outcome)


def test_parties_and_categories_of_a_summary_add_up(everybody: cm.Result) -> None:
    for perspective in PERSPECTIVES:
        (total,) = everybody.summary("net_saving", perspective=perspective).value
        for by in ("party", "category"):
            parts = everybody.summary("net_saving", by=by, perspective=perspective).value
            assert parts.sum() == pytest.approx(total, abs=1e-6)


def test_what_is_not_known_by_something_is_refused(everybody: cm.Result) -> None:
    with pytest.raises(cm.InputError, match="nmb is not known by category here"):
        everybody.summary("nmb", by="category")
    with pytest.raises(cm.InputError, match='Did you mean "net_saving"'):
        everybody.summary("net_savings")
