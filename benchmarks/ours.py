"""This engine: discounted totals from the declared model and its draws."""

import time

from benchmarks.problem import Answer, Problem
from costmodel.model.run import processors
from costmodel.model.totals import totals


def one_thread(problem: Problem) -> Answer:
    """On one processor."""
    return _answer(problem, 1)


def every_processor(problem: Problem) -> Answer:
    """On every processor that this program may use."""
    return _answer(problem, processors())


def _answer(problem: Problem, workers: int) -> Answer:
    begun = time.perf_counter()
    found = totals(problem.scenario, problem.values, problem.draws, workers=workers)
    cost, qaly = found.cost.sum(axis=0)[:, 0], found.qaly[:, 0]
    return Answer(cost, qaly, time.perf_counter() - begun)
