"""The same work in NumPy, by two plain designs that others use."""

import time

import numpy as np

from benchmarks.problem import Answer, Problem


def dense(problem: Problem) -> Answer:
    """A matrix for every draw: draw × state × state products, a cycle at a time. The reference of the ratios."""
    begun = time.perf_counter()
    strategies, draws, states, _ = problem.transition.shape
    cost, qaly = np.empty((strategies, draws)), np.empty((strategies, draws))
    for s in range(strategies):
        people = np.zeros((draws, 1, states))
        people[:, 0, 0] = 1.0
        trace = np.empty((problem.cycles + 1, draws, states))
        trace[0] = people[:, 0]
        for k in range(problem.cycles):
            people = people @ problem.transition[s]
            trace[k + 1] = people[:, 0]
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
