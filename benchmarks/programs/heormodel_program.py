"""heormodel: its Markov engine, a parameter set at a time. Runs in an environment of its own."""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from heormodel.models.markov import CohortSpec, MarkovModel

folder = Path(sys.argv[1])
given = np.load(folder / "problem.npz")
transition, cost, utility = given["transition"], given["cost"] * given["years"], given["utility"] * given["years"]
strategies, draws, states, _ = transition.shape
names = [f"s{s}" for s in range(strategies)]

# The table of draws, with a column for each number that differs, as its users write it.
columns: dict[str, np.ndarray] = {}
matrices: dict[str, list[tuple[int, int, str]]] = {name: [] for name in names}
rewards: dict[str, list[tuple[str, str]]] = {name: [] for name in names}


def column(values: np.ndarray) -> str:
    """The name of a column with these values, added where there is none."""
    for known, others in columns.items():
        if np.array_equal(values, others):
            return known
    columns[f"x{len(columns)}"] = values
    return f"x{len(columns) - 1}"


for s, name in enumerate(names):
    for i, j in np.argwhere(transition[s].any(axis=0)):
        matrices[name].append((int(i), int(j), column(transition[s, :, i, j])))
    rewards[name] = [(column(cost[s, :, i]), column(utility[s, :, i])) for i in range(states)]


def spec(params: pd.Series, strategy: str) -> CohortSpec:
    matrix = np.zeros((states, states))
    for i, j, name in matrices[strategy]:
        matrix[i, j] = params[name]
    pairs = rewards[strategy]
    return CohortSpec(matrix, np.array([params[c] for c, _ in pairs]), np.array([params[u] for _, u in pairs]))


model = MarkovModel(
    states=[f"state {i}" for i in range(states)],
    interventions=names,
    transitions_and_rewards=spec,
    n_cycles=len(given["weights"]) - 1,
    cycle_length=float(given["years"]),
    discount_rate=float(given["rate"]),
    cycle_correction=str(given["correction"]),
)
table = pd.DataFrame(columns, index=pd.RangeIndex(draws, name="iteration"))
model.evaluate(table.head(2))  # warmth
begun = time.perf_counter()
outcomes = model.evaluate(table)
seconds = time.perf_counter() - begun
found = [
    np.stack([np.asarray(frame.xs(name, level="intervention")[column], dtype=float) for name in names])
    for frame, column in ((outcomes.data, "cost"), (outcomes.data, "qaly"))
]
np.savez(folder / "answer.npz", cost=found[0], qaly=found[1])
print(seconds)
