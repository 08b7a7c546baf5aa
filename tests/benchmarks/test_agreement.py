"""The programs that are timed against each other do the same work, and a difference is noticed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import elsewhere, ours
from benchmarks.__main__ import QUICK
from benchmarks.compare import TOLERANCE, Disagreement, Timing, agree, timed
from benchmarks.models import monthly, sick_sicker
from benchmarks.numpy_programs import dense
from benchmarks.problem import Answer, Problem
from costmodel.model.run import evaluate

DRAWS = 50


@pytest.mark.parametrize("model", [sick_sicker, monthly])
def test_every_program_finds_the_same_in_every_draw(model: Callable[[int], Problem]) -> None:
    problem = model(DRAWS)
    assert problem.transition.sum(axis=-1) == pytest.approx(1.0)
    assert agree(problem, QUICK) < TOLERANCE


@pytest.mark.parametrize("model", [sick_sicker, monthly])
def test_what_is_timed_is_what_a_run_finds(model: Callable[[int], Problem]) -> None:
    def run(problem: Problem) -> Answer:
        found = evaluate(problem.scenario, problem.values, problem.draws)
        return Answer(found.cost[-1, 1].sum(axis=0)[:, 0], found.qaly[-1, 1][:, 0], 0.0)

    assert agree(model(DRAWS), {"run": run, "timed": ours.one_thread, "dense": dense}) < TOLERANCE


@pytest.mark.parametrize("wrong", [2 * TOLERANCE, np.nan, np.inf])
def test_one_draw_that_differs_stops_the_benchmark_and_is_named(wrong: float) -> None:
    def spoilt(problem: Problem) -> Answer:
        answer = dense(problem)
        cost = answer.cost.copy()
        cost[2, 17] *= 1 + wrong
        return replace(answer, cost=cost)

    with pytest.raises(Disagreement, match="cost of strategy 2 in draw 17 .* by spoilt"):
        agree(sick_sicker(DRAWS), {"dense": dense, "spoilt": spoilt})


def test_a_program_that_answers_for_fewer_draws_disagrees() -> None:
    def short(problem: Problem) -> Answer:
        answer = dense(problem)
        return replace(answer, qaly=answer.qaly[:, :1])

    with pytest.raises(Disagreement, match=r"qaly has shape \(4, 1\) by short and \(4, 50\) by dense"):
        agree(sick_sicker(DRAWS), {"dense": dense, "short": short})


def test_nothing_agrees_with_nothing_and_with_nothing_else() -> None:
    def nothing(_: Problem) -> Answer:
        return Answer(np.zeros((4, DRAWS)), np.zeros((4, DRAWS)), 0.0)

    problem = sick_sicker(DRAWS)
    assert agree(problem, {"nothing": nothing, "nothing too": nothing}) == 0
    with pytest.raises(Disagreement, match="cost of strategy 0 in draw 0 is 0 by nothing"):
        agree(problem, {"dense": dense, "nothing": nothing})


def test_programs_take_turns_and_slow_ones_only_in_the_first() -> None:
    turns: list[str] = []

    def program(name: str) -> Callable[[Problem], Answer]:
        def run(problem: Problem) -> Answer:
            turns.append(name)
            return Answer(problem.cost[..., 0], problem.cost[..., 0], float(len(turns)))

        return run

    found = timed(sick_sicker(1), {"a": program("a"), "b": program("b")}, 3, {"slow": program("slow")}, 1)
    assert "".join(name[0] for name in turns) == "ab" + "abs" + "ab" + "ab"
    assert [(one.name, one.seconds) for one in found] == [("a", (3, 6, 8)), ("b", (4, 7, 9)), ("slow", (5,))]


def test_ratios_are_those_of_the_medians_with_the_spread_of_the_turns() -> None:
    slow, fast = Timing("slow", (4.0, 6.0, 5.0)), Timing("fast", (1.0, 1.0, 2.0))
    assert fast.times_faster_than(slow) == (5.0, 2.5, 6.0)
    once = Timing("once", (8.0,))
    assert Timing("noisy", (2.0, 1.0, 1.0)).times_faster_than(once) == (4.0, 4.0, 4.0)


def test_what_cannot_be_measured_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere.shutil, "which", lambda name: None)
    assert elsewhere.programs_in_r() == ({}, ["R is not installed: base R and hesim were not measured"])
