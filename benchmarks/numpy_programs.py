"""The same work in NumPy, by plain designs that others use."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.problem import Answer, Array, Problem


def dense(problem: Problem) -> Answer:
    """A matrix for every draw: draw × state × state products, a cycle at a time. The reference of the ratios."""
    return _dense(problem, lambda people, matrices: (people[:, None, :] @ matrices)[:, 0])


def dense_einsum(problem: Problem) -> Answer:
    """The same, with the products written as a sum over indices."""
    return _dense(problem, lambda people, matrices: np.einsum("di,dij->dj", people, matrices))


def _dense(problem: Problem, step: Callable[[Array, Array], Array]) -> Answer:
    begun = time.perf_counter()
    strategies, draws, states, _ = problem.transition.shape
    cost, qaly = np.empty((strategies, draws)), np.empty((strategies, draws))
    for s in range(strategies):
        trace = np.empty((problem.cycles + 1, draws, states))
        trace[0] = np.arange(states) == 0
        for k in range(problem.cycles):
            trace[k + 1] = step(trace[k], problem.transition[s])
        spent = np.tensordot(problem.discounted_weights, trace, axes=(0, 0))
        cost[s], qaly[s] = (spent * problem.cost[s]).sum(axis=1), (spent * problem.utility[s]).sum(axis=1)
    return Answer(cost, qaly, time.perf_counter() - begun)


def state_by_state(problem: Problem) -> Answer:
    """An array of draws for every state, and a product for every transition that can happen."""
    begun = time.perf_counter()
    strategies, draws, states, _ = problem.transition.shape
    cost, qaly = np.empty((strategies, draws)), np.empty((strategies, draws))
    for s in range(strategies):
        p = {
            (i, j): np.ascontiguousarray(problem.transition[s, :, i, j])
            for i in range(states)
            for j in range(states)
            if problem.transition[s, :, i, j].any()
        }
        people = [np.full(draws, float(i == 0)) for i in range(states)]
        spent = [weight * x for weight, x in zip([problem.discounted_weights[0]] * states, people, strict=True)]
        for weight in problem.discounted_weights[1:]:
            after = [np.zeros(draws) for _ in range(states)]
            for (i, j), probability in p.items():
                after[j] += probability * people[i]
            people = after
            for total, x in zip(spent, people, strict=True):
                total += weight * x
        cost[s] = sum(total * problem.cost[s, :, i] for i, total in enumerate(spent))
        qaly[s] = sum(total * problem.utility[s, :, i] for i, total in enumerate(spent))
    return Answer(cost, qaly, time.perf_counter() - begun)
