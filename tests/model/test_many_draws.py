"""Runs with more draws than are kept, and runs in parallel."""

import threading
import time

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.model import run as running
from costmodel.model.parallel import in_order
from costmodel.result import outcomes
from costmodel.result.outcomes import KEPT_DRAWS, Outcomes
from tests.support.answers import answer
from tests.support.example import load_example
from tests.support.ledgers import EVERYBODY

DRAWS = 150
KEPT = 100


def drawn(scenario: cm.Scenario, draws: int, **how: int) -> Outcomes:
    found = cm.run(scenario, draws=draws, **how).expected
    assert found is not None
    return found


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("many"), **EVERYBODY)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BLOCK", 16)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("workers", [2, 8])
def test_no_bit_depends_on_the_number_of_workers(scenario: cm.Scenario, workers: int) -> None:
    one, many = (cm.run(scenario, draws=DRAWS, workers=n) for n in (1, workers))
    pd.testing.assert_frame_equal(one.table(), many.table(), check_exact=True)
    assert one.expected is not None
    assert many.expected is not None
    for name in (*outcomes.PER_DRAW, "mean_curve", "mean_cost", "mean_people", "mean_paid"):
        assert np.array_equal(getattr(one.expected, name), getattr(many.expected, name)), name


@pytest.mark.usefixtures("small_blocks")
def test_means_and_chances_are_over_all_draws_though_not_all_are_kept(
    scenario: cm.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cm.run(scenario, draws=DRAWS)
    monkeypatch.setattr(outcomes, "KEPT_DRAWS", KEPT)
    part, first = cm.run(scenario, draws=DRAWS), cm.run(scenario, draws=KEPT)
    assert part.expected is not None
    assert part.expected.draws == KEPT
    one, other, short = whole.table(), part.table(), first.table()
    assert (other.draws[other.run != "deterministic"] == DRAWS).all()
    np.testing.assert_allclose(other.value.to_numpy(float), one.value.to_numpy(float), rtol=1e-12, atol=1e-9)
    assert (other.words == one.words).all()
    chances = one.outcome.str.startswith("chance")
    assert np.array_equal(other.value[chances], one.value[chances])
    for end in ("low", "high"):
        assert np.array_equal(other[end].to_numpy(float), short[end].to_numpy(float), equal_nan=True), end
    assert not np.allclose(short.value.to_numpy(float), one.value.to_numpy(float), rtol=1e-9)


def test_the_room_of_a_run_does_not_grow_beyond_the_kept_draws(example_scenario: cm.Scenario) -> None:
    sizes = []
    for draws in (KEPT_DRAWS, 2 * KEPT_DRAWS):
        found = drawn(example_scenario, draws)
        sizes.append(sum(getattr(found, name).nbytes for name in outcomes.PER_DRAW))
    assert sizes[0] == sizes[1]


def test_the_chance_by_month_never_falls_and_ends_at_the_chance_of_payback(scenario: cm.Scenario) -> None:
    result = cm.run(scenario.changed({"sessions": 2}), draws=DRAWS)
    for perspective in ("nhs", "societal"):
        by_month = result.chance_by_month(1, perspective)
        draws = result.paybacks(result.headline, len(result.horizons) - 1, 1, perspective)
        for edge, chance in zip(result.edges * 12, by_month, strict=True):
            assert chance == pytest.approx(result.chance(result.headline, draws <= edge), abs=1e-12)
        assert (np.diff(by_month) >= 0).all()
        assert by_month[-1] == answer(result, "chance_payback", perspective, horizon_months=result.horizons[-1])
    assert by_month[-1] > 0


def test_answers_come_in_the_order_of_the_tasks() -> None:
    def work(task: int) -> int:
        time.sleep(0.01 * (task % 3 == 0))
        return task * task

    for workers in (1, 2, 8):
        assert list(in_order(work, range(20), workers)) == [n * n for n in range(20)]


def test_few_answers_wait_and_a_failure_stops_the_rest() -> None:
    begun: list[int] = []

    def work(task: int) -> int:
        begun.append(task)
        if task == 3:
            raise ValueError("task 3")
        return task

    answers = in_order(work, iter(range(1_000)), 2)
    with pytest.raises(ValueError, match="task 3"):
        list(answers)
    assert len(begun) < 20
    assert threading.active_count() < 50


@pytest.mark.parametrize("workers", [0, -1, 257, 1.5, True])
def test_an_impossible_number_of_workers_is_refused(workers: object, scenario: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="is not a number of workers. Whole, from 1 to 256"):
        cm.run(scenario, draws=1, workers=workers)  # type: ignore[arg-type]
