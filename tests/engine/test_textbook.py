"""The recursion of textbook models against matrix powers, and its counting conventions against sums by hand."""

import numpy as np
import pytest

from costmodel.engine.textbook import COUNTINGS, TIMINGS, chain, instant_weights, moves_counted, time_in_states

MATRIX = np.array([[0.6, 0.2, 0.2], [0.1, 0.5, 0.4], [0.0, 0.0, 1.0]])
MOVES = [(i, j) for i in range(3) for j in range(3) if MATRIX[i, j]]
START = np.array([0.7, 0.3, 0.0])


def followed(cycles: int = 5):
    probabilities = [np.full((1, 1), MATRIX[i, j]) for i, j in MOVES]
    return chain(START[:, None, None], MOVES, lambda _: probabilities, cycles)


def test_people_are_those_of_the_matrix_power() -> None:
    found = followed(12)
    for k in range(13):
        np.testing.assert_allclose(found.people[k, :, 0, 0], START @ np.linalg.matrix_power(MATRIX, k), rtol=1e-14)


def test_moves_are_the_probability_times_the_people_a_cycle_before() -> None:
    found = followed()
    for m, (i, j) in enumerate(MOVES):
        np.testing.assert_allclose(found.moved[:, m, 0, 0], found.people[:-1, i, 0, 0] * MATRIX[i, j], rtol=1e-15)


def test_probabilities_are_asked_for_cycle_by_cycle() -> None:
    asked = []

    def probabilities(cycle: int):
        asked.append(cycle)
        return [np.ones((1, 1))]

    chain(np.ones((1, 1, 1)), [(0, 0)], probabilities, 4)
    assert asked == [0, 1, 2, 3]


def test_each_counting_against_a_sum_by_hand() -> None:
    people = np.array([10.0, 6.0, 4.0, 3.0])[:, None, None, None]
    weights = np.array([1 / 3, 2 / 3, 4 / 3, 1 / 3])
    by_hand = {
        "start": ([0.0], [10, 6, 4]),
        "end": ([0.0], [6, 4, 3]),
        "life-table": ([0.0], [8, 5, 3.5]),
        "half-cycle": ([5.0], [6, 4, 1.5]),
        "weights": ([10 / 3], [4, 16 / 3, 1]),
    }
    assert set(by_hand) == set(COUNTINGS)
    for counting, (at_start, in_cycles) in by_hand.items():
        first, rest = time_in_states(people, counting, weights)
        np.testing.assert_allclose(first.ravel(), at_start, rtol=1e-15)
        np.testing.assert_allclose(rest.ravel(), in_cycles, rtol=1e-15)


def test_moves_take_the_weight_of_the_instant_at_which_they_arrive() -> None:
    moved = np.array([5.0, 3.0, 1.0])[:, None, None, None]
    weights = np.array([9.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(moves_counted(moved, "weights", weights).ravel(), [10, 9, 4])
    np.testing.assert_array_equal(moves_counted(moved, "half-cycle").ravel(), [5, 3, 0.5])
    for counting in ("start", "end", "life-table"):
        np.testing.assert_array_equal(moves_counted(moved, counting), moved)


@pytest.mark.parametrize("cycles", [1, 2, 10, 75])
def test_half_cycle_weights_sum_to_the_number_of_cycles(cycles: int) -> None:
    """A published program's default weights sum to 9.33 over 10 cycles: shifted by one, and far from the integral."""
    weights = instant_weights("half-cycle", cycles)
    assert weights is not None
    assert weights.sum() == cycles
    assert len(weights) == cycles + 1


def test_the_trapezoid_and_the_life_table_count_the_same_time() -> None:
    people = followed(9).people
    weighted = time_in_states(people, "half-cycle")
    np.testing.assert_allclose(
        weighted[0] + weighted[1].sum(axis=0), time_in_states(people, "life-table")[1].sum(axis=0), rtol=1e-14
    )


def test_the_timings_are_points_of_a_cycle() -> None:
    assert TIMINGS == {"start of cycle": 0, "middle of cycle": 0.5, "end of cycle": 1, "at each count": 1}
