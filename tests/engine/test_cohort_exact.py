"""The cohort recursion against matrix exponentials, for slow rates and fast ones, alone and in a block."""

import os
import secrets

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.engine.cohort import HIGHEST_EXIT, HIGHEST_TOTAL_RATE, CohortStep, exit_rates, steps_needed, trace
from costmodel.report.workbook.sheet import Cell
from tests.support.graphs import Graph, exactly, follow, follow_together, graphs, random_graph

MODELS = 200
MONTHS = (1, 2, 3, 4, 6, 12)


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("RANDOM_SEED", secrets.randbits(32)))
    print(f"RANDOM_SEED={chosen}")
    return chosen


def largest_error(graph: Graph, cycles: int, years: float) -> float:
    people, person_years = exactly(graph, cycles, years)
    found = follow(graph, cycles, years)
    return max(
        float(np.abs(found.people[:, :, 0, 0] - people[:, :-1]).max()),
        float(np.abs(found.person_years[:, :, 0, 0] - person_years[:, :-1]).max()),
    )


@pytest.mark.parametrize("highest", [3.0, 20.0])
def test_occupancy_equals_a_matrix_exponential_on_200_random_models(seed: int, highest: float) -> None:
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(MODELS):
        months = int(rng.choice(MONTHS))
        errors.append(largest_error(random_graph(rng, highest), 36 // months, months / 12))
    assert max(errors) < 1e-10, f"model {int(np.argmax(errors))} of RANDOM_SEED={seed}"


@pytest.mark.parametrize("rate", [0.5, 2.0, 6.0, 7.0, 12.0, 16.0, 20.0, 40.0, 52.0])
@pytest.mark.parametrize("months", MONTHS)
def test_two_states_that_swap_people_are_the_hardest_case_and_hold(rate: float, months: int) -> None:
    """Everybody changes places at once: of all graphs with these exits the series converges slowest here."""
    assert largest_error(Graph(((0, 1), (1, 0)), (rate, rate), 0.0, (1.0, 0.0)), 12, months / 12) < 1e-10


def test_one_way_out_is_an_exponential() -> None:
    years, rate, deaths = 0.25, 1.7, 0.3
    activity = follow(Graph(((0, 1),), (rate,), deaths, (1.0, 0.0)), 40, years)
    t = np.arange(41) * years
    np.testing.assert_allclose(activity.people[:, 0, 0, 0], np.exp(-(rate + deaths) * t), rtol=0, atol=1e-13)
    expected = (1 - np.exp(-(rate + deaths) * 10)) / (rate + deaths)
    assert activity.person_years[:, 0].sum() == pytest.approx(expected, rel=1e-12)


@settings(max_examples=15)
@given(st.lists(st.floats(0, 20), min_size=2, max_size=5), st.data())
def test_a_draw_does_not_depend_on_the_others_of_its_block(rates: list[float], data: st.DataObject) -> None:
    """Slow and fast draws are cut into different numbers of steps, each as if it were alone."""
    moves = ((0, 1), (1, 2), (2, 0))
    group = [
        Graph(moves, (rate, *data.draw(st.tuples(st.floats(0, 5), st.floats(0, 5)))), 0.02, (1.0, 0.0, 0.0))
        for rate in rates
    ]
    together = follow_together(group, 3, 1.0)
    for draw, graph in enumerate(group):
        alone = follow(graph, 3, 1.0)
        assert np.array_equal(together.people[..., draw], alone.people[..., 0])
        assert np.array_equal(together.person_years[..., draw], alone.person_years[..., 0])


@given(st.floats(0, HIGHEST_TOTAL_RATE), st.sampled_from(MONTHS))
def test_steps_are_short_enough_and_no_shorter_than_needed(rate: float, months: int) -> None:
    steps = int(steps_needed([np.array([rate])], months / 12)[0])
    assert rate * months / 12 / steps <= HIGHEST_EXIT
    assert steps == 1 or rate * months / 12 / (steps / 2) > HIGHEST_EXIT


def test_a_state_that_is_left_more_than_weekly_is_refused() -> None:
    follow(Graph(((0, 1),), (HIGHEST_TOTAL_RATE,), 0.0, (1.0, 0.0)), 1, 1.0)
    with pytest.raises(ValueError, match="faster than 52 times a year"):
        follow(Graph(((0, 1),), (HIGHEST_TOTAL_RATE,), 0.001, (1.0, 0.0)), 1, 1.0)


def test_one_absurd_draw_among_good_ones_is_refused_too() -> None:
    good, bad = (Graph(((0, 1),), (rate,), 0.0, (1.0, 0.0)) for rate in (1.0, 60.0))
    with pytest.raises(ValueError, match="faster than"):
        follow_together([good, bad, good], 1, 1.0)


def test_rates_may_change_from_cycle_to_cycle() -> None:
    """Half a year at one rate and half at another leave what both exponents together leave."""

    def rates(k: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        return [np.array([[0.4 if k == 0 else 2.0]])], [np.array([[0.1 * (k + 1)]])] * 2

    activity = trace(np.array([1.0, 0.0]).reshape(2, 1, 1), [(0, 1)], rates, 2, 0.5)
    assert activity.people[2, 0, 0, 0] == pytest.approx(np.exp(-(0.4 + 2.0 + 0.3) / 2), rel=1e-13)
    assert activity.people[2].sum() == pytest.approx(np.exp(-0.3 / 2), rel=1e-13)


@given(graphs(highest=6.0), st.integers(1, 3), st.sampled_from(MONTHS))
@settings(max_examples=20)
def test_cells_follow_the_cohort_as_arrays_do_to_the_last_bit(graph: Graph, cycles: int, months: int) -> None:
    found = follow(graph, cycles, months / 12)
    rates, deaths = [Cell("rate", rate) for rate in graph.rates], Cell("deaths", graph.deaths)
    exits = exit_rates(graph.moves, rates, [deaths] * graph.states)
    steps = int(steps_needed([np.array([out.value]) for out in exits], months / 12)[0])
    recursion = CohortStep(graph.moves, (graph.states,), object)
    coefficients = recursion.coefficients(rates, exits)
    before = np.array([Cell("start", share) for share in graph.start])

    def keep(_: int, name: str, cells: np.ndarray) -> list[Cell]:
        return [Cell(name, cell.value) for cell in cells]

    for k in range(cycles):
        after, time = np.empty_like(before), np.empty_like(before)
        recursion.cycle(before, after, time, coefficients, Cell("years", months / 12), steps, keep)
        assert np.array_equal(found.people[k + 1, :, 0, 0], [cell.value for cell in after])
        assert np.array_equal(found.person_years[k, :, 0, 0], [cell.value for cell in time])
        before = after
