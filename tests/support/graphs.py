"""Random cohorts for the engine: states, transitions with rates, deaths, and where people start."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from costmodel.engine.cohort import Activity, trace

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Graph:
    """Constant rates a year: of each move, and of death from every state. start: people by state."""

    moves: tuple[tuple[int, int], ...]
    rates: tuple[float, ...]
    deaths: float
    start: tuple[float, ...]

    @property
    def states(self) -> int:
        return len(self.start)

    def permuted(self, order: Sequence[int]) -> "Graph":
        """The same with state s renamed order[s], and the moves listed backwards."""
        start = [0.0] * self.states
        for s, share in enumerate(self.start):
            start[order[s]] = share
        moves = tuple((order[a], order[b]) for a, b in self.moves)
        return replace(self, moves=moves[::-1], rates=self.rates[::-1], start=tuple(start))


@st.composite
def graphs(draw: st.DrawFn, highest: float = 3.0, connected: bool = False) -> Graph:
    """Two to five states, any transitions; with `connected`, every state can be reached from every other."""
    states = draw(st.integers(2, 5))
    arrows = [(a, b) for a in range(states) for b in range(states) if a != b]
    moves = draw(st.lists(st.sampled_from(arrows), unique=True, max_size=len(arrows)))
    if connected:
        moves += [(s, (s + 1) % states) for s in range(states) if (s, (s + 1) % states) not in moves]
    some = st.floats(0.3 if connected else 1e-6, highest)
    rate = some if connected else st.one_of(st.just(0.0), some)
    rates = draw(st.lists(rate, min_size=len(moves), max_size=len(moves)))
    parts = draw(st.lists(st.integers(0, 10), min_size=states, max_size=states).filter(any))
    deaths = draw(st.one_of(st.just(0.0), st.floats(1e-4, 1.0)))
    return Graph(tuple(moves), tuple(rates), deaths, tuple(part / sum(parts) for part in parts))


def random_graph(rng: np.random.Generator, highest: float) -> Graph:
    """As `graphs`, from a NumPy generator, with rates spread over orders of magnitude."""
    states = int(rng.integers(2, 6))
    moves = [(a, b) for a in range(states) for b in range(states) if a != b and rng.random() < 0.6]
    rates = np.exp(rng.uniform(np.log(0.01), np.log(highest / states), len(moves)))
    start = rng.dirichlet(np.ones(states))
    return Graph(tuple(moves), tuple(map(float, rates)), float(rng.uniform(0, 0.5)), tuple(map(float, start)))


def follow(graph: Graph, cycles: int, years: float) -> Activity:
    """One cohort through the engine."""
    return follow_together([graph], cycles, years)


def follow_together(group: Sequence[Graph], cycles: int, years: float) -> Activity:
    """Cohorts with the same transitions through the engine as the draws of one block, one variant."""
    start = np.array([graph.start for graph in group]).T[:, None, :]
    moving = [np.array([[graph.rates[m] for graph in group]]) for m in range(len(group[0].moves))]
    in_force = (moving, [np.array([[graph.deaths for graph in group]])] * len(start))
    return trace(start, group[0].moves, lambda _: in_force, cycles, years)


def generator(graph: Graph) -> Array:
    """Rates among the living states and dead (last), rows origins, each summing to 0."""
    q = np.zeros((graph.states + 1, graph.states + 1))
    for (a, b), rate in zip(graph.moves, graph.rates, strict=True):
        q[a, b] += rate
    q[:-1, -1] = graph.deaths
    np.fill_diagonal(q, q.diagonal() - q.sum(axis=1))
    return q


def exactly(graph: Graph, cycles: int, years: float) -> tuple[Array, Array]:
    """People at the start of each cycle and at the end, and person-years, by matrix exponential."""
    q = generator(graph)
    n = len(q)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n], block[:n, n:] = q, np.eye(n)
    step = expm(block * years)
    people = [np.array([*graph.start, 0.0])]
    person_years = []
    for _ in range(cycles):
        person_years.append(people[-1] @ step[:n, n:])
        people.append(people[-1] @ step[:n, :n])
    return np.array(people), np.array(person_years)
