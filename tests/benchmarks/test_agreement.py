"""The programs that are timed against each other do the same work, and a difference is noticed."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import ours
from benchmarks.compare import TOLERANCE, Disagreement, Timing, agree
from benchmarks.models import monthly, sick_sicker
from benchmarks.numpy_programs import dense, state_by_state
from benchmarks.problem import Answer, Problem

DRAWS = 50
PROGRAMS = {"dense": dense, "by state": state_by_state, "ours": ours.one_thread, "all": ours.every_processor}


@pytest.mark.parametrize("model", [sick_sicker, monthly])
def test_every_program_finds_the_same_in_every_draw(model: object) -> None:
    problem = model(DRAWS)  # type: ignore[operator]
    assert problem.transition.sum(axis=-1) == pytest.approx(1.0)
    assert agree(problem, PROGRAMS) < TOLERANCE


def test_one_draw_that_differs_stops_the_benchmark_and_is_named() -> None:
    def spoilt(problem: Problem) -> Answer:
        answer = dense(problem)
        cost = answer.cost.copy()
        cost[2, 17] *= 1 + 2 * TOLERANCE
        return replace(answer, cost=cost)

    with pytest.raises(Disagreement, match="cost of strategy 2 in draw 17 .* by spoilt"):
        agree(sick_sicker(DRAWS), {"dense": dense, "spoilt": spoilt})


def test_what_is_not_a_number_is_a_disagreement() -> None:
    def nothing(problem: Problem) -> Answer:
        answer = dense(problem)
        return replace(answer, qaly=np.full_like(answer.qaly, np.nan))

    with pytest.raises((Disagreement, ValueError)):
        agree(sick_sicker(DRAWS), {"dense": dense, "nothing": nothing})


def test_ratios_are_those_of_the_medians_with_the_spread_of_the_turns() -> None:
    slow, fast = Timing("slow", (4.0, 6.0, 5.0)), Timing("fast", (1.0, 1.0, 2.0))
    assert fast.times_faster_than(slow) == (5.0, 2.5, 6.0)
