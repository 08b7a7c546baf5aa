"""Chains of probabilities against powers and by hand; who counts in a cycle under each convention."""

from collections.abc import Sequence

import numpy as np
import pytest

from costmodel.engine.cohort import (
    COUNTINGS,
    TIMINGS,
    chain,
    counted_in_cycle,
    instant_weights,
    moves_counted,
    probability_step,
    time_in_states,
)

MOVES = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 2)]
MATRIX = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.0, 0.0, 1.0]])
PEOPLE = np.array([[8.0, 2.0], [6.0, 3.0], [4.0, 5.0], [1.0, 6.0]])
MOVED = np.array([[2.0, 1.0], [3.0, 0.5], [4.0, 0.25]])


def constant(_: int) -> Sequence[np.ndarray]:
    return [np.array([[MATRIX[move]]]) for move in MOVES]


def test_a_constant_chain_is_a_power_of_its_matrix() -> None:
    start = np.array([0.6, 0.4, 0.0])
    found = chain(start.reshape(3, 1, 1), MOVES, constant, 8)
    for k in range(9):
        np.testing.assert_allclose(found.people[k, :, 0, 0], start @ np.linalg.matrix_power(MATRIX, k), rtol=1e-13)
    for m, (origin, destination) in enumerate(MOVES):
        wanted = found.people[:-1, origin, 0, 0] * MATRIX[origin, destination]
        np.testing.assert_allclose(found.moved[:, m, 0, 0], wanted, rtol=1e-13)
        alone = chain(start.reshape(3, 1, 1), MOVES, constant, 8, [m])
        assert np.array_equal(alone.moved[:, 0], found.moved[:, m])
        assert np.array_equal(alone.people, found.people)


def test_probabilities_may_change_from_cycle_to_cycle_and_differ_between_draws() -> None:
    """Half leave in the first cycle and none in the second; in the other draw a quarter and all of them."""
    leaving = [np.array([[0.5, 0.25]]), np.array([[0.0, 1.0]])]
    start = np.array([[[1.0, 1.0]], [[0.0, 0.0]]])
    moves = [(0, 0), (0, 1), (1, 1)]
    found = chain(start, moves, lambda k: [1 - leaving[k], leaving[k], np.ones(1)], 2)
    assert found.people[:, 0, 0].tolist() == [[1, 1], [0.5, 0.75], [0.5, 0]]
    assert found.people[:, 1, 0].tolist() == [[0, 0], [0.5, 0.25], [0.5, 1]]
    assert found.moved[:, 1, 0].tolist() == [[0.5, 0.25], [0, 0.75]]


def test_one_step_moves_people_and_says_who_went_where() -> None:
    people, flows = probability_step([10.0, 4.0], [(0, 0), (0, 1), (1, 0), (1, 1)], [0.8, 0.2, 0.25, 0.75])
    assert people == [9.0, 5.0]
    assert flows == [8.0, 2.0, 1.0, 3.0]


def test_a_move_without_a_probability_is_refused_and_so_is_a_probability_without_a_move() -> None:
    with pytest.raises(ValueError, match="shorter"):
        probability_step([1.0, 0.0], [(0, 0), (0, 1)], [0.5])
    with pytest.raises(ValueError, match="longer"):
        probability_step([1.0, 0.0], [(0, 0)], [0.5, 0.5])


def test_nobody_enters_a_state_to_which_no_move_leads() -> None:
    people, _ = probability_step([1.0, 0.0], [(0, 0)], [1.0])
    assert people == [1.0, 0.0]


def test_within_a_cycle_those_at_its_start_its_end_or_the_mean_count() -> None:
    assert [counted_in_cycle(counting, 8.0, 6.0) for counting in COUNTINGS[:3]] == [8.0, 6.0, 7.0]


@pytest.mark.parametrize(
    ("counting", "first", "cycles"),
    [
        ("start", [0, 0], [[8, 2], [6, 3], [4, 5]]),
        ("end", [0, 0], [[6, 3], [4, 5], [1, 6]]),
        ("life-table", [0, 0], [[7, 2.5], [5, 4], [2.5, 5.5]]),
        ("half-cycle", [4, 1], [[6, 3], [4, 5], [0.5, 3]]),
        ("weights", [2, 0.5], [[0, 0], [8, 10], [1, 6]]),
    ],
)
def test_time_in_states_by_hand(counting: str, first: list[float], cycles: list[list[float]]) -> None:
    weights = np.array([0.25, 0.0, 2.0, 1.0])
    at_start, later = time_in_states(PEOPLE, counting, weights)
    assert at_start.tolist() == first
    assert later.tolist() == cycles


def test_the_trapezoid_and_the_life_table_count_the_same_in_all() -> None:
    start, cycles = time_in_states(PEOPLE, "half-cycle")
    _, halves = time_in_states(PEOPLE, "life-table")
    assert (start + cycles.sum(axis=0)).tolist() == halves.sum(axis=0).tolist()


def test_every_convention_weighs_whole_blocks_of_draws() -> None:
    block = np.stack([PEOPLE, 2 * PEOPLE], axis=-1)
    for counting in COUNTINGS:
        weights = np.array([0.25, 0.0, 2.0, 1.0])
        for found, alone in zip(
            time_in_states(block, counting, weights), time_in_states(PEOPLE, counting, weights), strict=True
        ):
            assert np.array_equal(found, np.stack([alone, 2 * alone], axis=-1))
        moved = np.stack([MOVED, 2 * MOVED], axis=-1)
        alone = moves_counted(MOVED, counting, weights)
        assert np.array_equal(moves_counted(moved, counting, weights), np.stack([alone, 2 * alone], axis=-1))


def test_a_move_counts_whole_or_with_the_weight_of_the_instant_at_which_it_arrives() -> None:
    for counting in ("start", "end", "life-table"):
        assert moves_counted(MOVED, counting).tolist() == MOVED.tolist()
    assert moves_counted(MOVED, "half-cycle").tolist() == [[2, 1], [3, 0.5], [2, 0.125]]
    assert moves_counted(MOVED, "weights", np.array([9.0, 0.5, 1.0, 2.0])).tolist() == [[1, 0.5], [3, 0.5], [8, 0.5]]


def test_instants_are_weighted_by_half_at_both_ends_or_as_told() -> None:
    assert instant_weights("half-cycle", 1).tolist() == [0.5, 0.5]
    assert instant_weights("half-cycle", 4).tolist() == [0.5, 1, 1, 1, 0.5]
    told = np.array([0.0, 1.0])
    assert instant_weights("weights", 1, told) is told
    for counting in ("start", "end", "life-table"):
        assert instant_weights(counting, 1, told) is None


def test_flows_are_discounted_from_the_start_the_middle_or_the_end_of_their_cycle() -> None:
    assert TIMINGS == {"start of cycle": 0, "middle of cycle": 0.5, "end of cycle": 1, "at each count": 1}


@pytest.mark.parametrize("cycles", [1, 2, 10, 75])
def test_half_cycle_weights_sum_to_the_number_of_cycles(cycles: int) -> None:
    """A published program's default weights sum to 9.33 over 10 cycles: shifted by one, and far from the integral."""
    weights = instant_weights("half-cycle", cycles)
    assert weights is not None
    assert weights.sum() == cycles
    assert len(weights) == cycles + 1
