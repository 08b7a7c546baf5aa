"""This engine as its users call it: `cm.run`, from the declared model, its draws made anew."""

import time

import costmodel as cm
from benchmarks.problem import SEED, Answer, Problem
from costmodel.model.parallel import processors


def one_thread(problem: Problem) -> Answer:
    """On one processor."""
    return _answer(problem, 1)


def every_processor(problem: Problem) -> Answer:
    """On every processor that this program may use."""
    return _answer(problem, processors())


def _answer(problem: Problem, workers: int) -> Answer:
    begun = time.perf_counter()
    found = cm.run(problem.scenario, problem.draws, SEED, workers=workers).expected
    assert found is not None
    cost, qaly = found.cost[-1, 1].sum(axis=0)[:, 0], found.qaly[-1, 1][:, 0]
    return Answer(cost, qaly, time.perf_counter() - begun)
