"""A cohort case through the engine: its matrices followed, its rewards counted and summed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from costmodel.cases.cohort_rules import problems
from costmodel.cases.file import CohortCase, Values
from costmodel.content import by_content
from costmodel.engine.textbook import TIMINGS, Chain, chain, moves_counted, time_in_states
from costmodel.errors import InputError
from costmodel.result.flows import Flows
from costmodel.result.outcomes import VIEWS, Outcomes, Terms, outcomes

Array = NDArray[np.float64]

COUNTING = {"start": "start", "end": "end", "average": "life-table"}
"""The engine's word for the format's occupancy."""
EXPONENTS = {"k-1": "start of cycle", "k-0.5": "middle of cycle", "k": "end of cycle"}
"""The engine's word for the format's discount exponent."""
ROUNDING = 1e-12
"""Relative; what is left owing below it is rounding, and paid back."""
TOTAL = ("nhs", "nobody")
"""Payer and receiver of the total cost; components are parts of it and are paid by nobody."""
PART = ("nobody", "nobody")


@by_content
@dataclass(frozen=True)
class CohortRun:
    """A case that was run. Totals are those of the cohort."""

    case: CohortCase
    chain: Chain
    flows: Flows
    items: tuple[str, ...]
    years: Array

    @property
    def strategies(self) -> list[str]:
        """Names in the order of the file."""
        return list(self.case.strategies)

    @cached_property
    def outcomes(self) -> Outcomes:
        """Sums over time, every strategy beside the first."""
        return self._summed(range(len(self.strategies)))

    def _summed(self, order: Sequence[int]) -> Outcomes:
        """Sums over time with the strategies in another order: the first is the comparator."""
        flows, case = self.flows, self.case
        assert flows.cost_at_start is not None
        assert flows.qaly_at_start is not None
        chosen = list(order)
        reordered = Flows(
            flows.edges,
            flows.cost[:, :, chosen],
            flows.qaly[:, chosen],
            flows.people[:, :, chosen],
            flows.person_years[:, :, chosen],
            flows.cost_at_start[:, chosen],
            flows.qaly_at_start[chosen],
        )
        terms = Terms(
            horizons=(float(flows.edges[-1]),),
            payers=(TOTAL, *(PART for _ in self.items[1:])),
            cashable=(1.0,) * len(self.items),
            lags=(0,) * len(self.items),
            rates=(case.discount.cost, case.discount.effect),
            first_payment=(0.0,) * len(chosen),
            years=self.years,
        )
        return outcomes(reordered, terms, 1)

    def cost(self, strategy: str, item: str = "cost", *, discounted: bool = True) -> float:
        """Total of a cost or a component."""
        totals = self.outcomes.cost[0, int(discounted), self.items.index(item)]
        return float(totals[self.strategies.index(strategy), 0, 0])

    def effect(self, strategy: str, *, discounted: bool = True) -> float:
        """Total effect."""
        return float(self.outcomes.qaly[0, int(discounted), self.strategies.index(strategy), 0, 0])

    def effect_by_cycle(self, strategy: str) -> Array:
        """Discounted effect booked at time 0 and in each cycle."""
        s = self.strategies.index(strategy)
        factor = (1 + self.case.discount.effect) ** -self.years
        assert self.flows.qaly_at_start is not None
        return np.concatenate([[self.flows.qaly_at_start[s, 0, 0]], self.flows.qaly[:, s, 0, 0] * factor])

    def payback_cycle(self, strategy: str, comparator: str, *, discounted: bool) -> int:
        """First cycle whose cumulative saving covers what was paid at the start; −1 where none does."""
        pair = [self.strategies.index(comparator), self.strategies.index(strategy)]
        view = VIEWS.index("discounted" if discounted else "value")
        curve = self._summed(pair).mean_curve[1:, view, 0, 1, 0]
        paid_back = np.flatnonzero(curve <= ROUNDING * max(1.0, float(np.abs(curve).max())))
        return int(paid_back[0]) + 1 if paid_back.size else -1

    def trace(self, strategy: str, cycle: int) -> list[float]:
        """People in each state after a number of cycles."""
        return [float(x) for x in self.chain.people[cycle, :, self.strategies.index(strategy), 0]]


def run_cohort(case: CohortCase) -> CohortRun:
    """Run a cohort case. Raises InputError naming the key of everything that is wrong with it."""
    if found := problems(case):
        raise InputError(*found)
    lived = _followed(case)
    cost_counting, effect_counting, timing = _convention(case)
    weights = None if case.accrual.weights is None else np.array(case.accrual.weights)
    length, n = case.cycle_length_years, case.n_cycles
    start_cost, cost_time = time_in_states(lived.people, cost_counting, weights)
    start_effect, effect_time = time_in_states(lived.people, effect_counting, weights)
    moved = moves_counted(lived.moved, cost_counting, weights)
    names = list(case.strategies)
    items = ("cost", *case.components)
    shape = (len(names), 1, 1)
    cost, qaly = np.zeros((n, len(items), *shape)), np.zeros((n, *shape))
    cost_at_start, qaly_at_start = np.zeros((len(items), *shape)), np.zeros(shape)
    moves = _moves(case)
    for s, (name, strategy) in enumerate(case.strategies.items()):
        parts = [strategy.state_cost, *(component.get(name) for component in case.components.values())]
        for i, segments in enumerate(parts):
            if segments is not None:
                yearly = _by_cycle(segments, n)
                cost[:, i, s, 0, 0] = (cost_time[:, :, s, 0] * yearly[1:]).sum(axis=1) * length
                cost_at_start[i, s, 0, 0] = start_cost[:, s, 0] @ yearly[0] * length
        yearly = _by_cycle(strategy.state_effect, n)
        qaly[:, s, 0, 0] = (effect_time[:, :, s, 0] * yearly[1:]).sum(axis=1) * length
        qaly_at_start[s, 0, 0] = start_effect[:, s, 0] @ yearly[0] * length
        for matrix, target in ((strategy.transition_cost, cost[:, 0]), (strategy.transition_effect, qaly)):
            if matrix is not None:
                each = np.array([matrix[i][j] for i, j in moves])
                target[:, s, 0, 0] += moved[:, :, s, 0] @ each
        cost_at_start[0, s, 0, 0] += strategy.start_cost
    edges = np.asarray(np.arange(n + 1) * length, dtype=float)
    years = np.asarray((np.arange(n) + TIMINGS[timing]) * length, dtype=float)
    people = lived.people[:, :, :, None]
    flows = Flows(edges, cost, qaly, people, cost_time[:, :, :, None] * length, cost_at_start, qaly_at_start)
    return CohortRun(case, lived, flows, items, years)


def convention(case: CohortCase) -> str:
    """The counting convention in words; each report prints it."""
    cost, effect, timing = _convention(case)
    rates = f"discount rates {case.discount.cost:g} (cost) and {case.discount.effect:g} (effect) per year"
    length = f"cycles of {case.cycle_length_years:g} years"
    if case.accrual.scheme == "index":
        counted = f"people at each instant 0 … {case.n_cycles} with given weights"
        return f"{counted}, discounted at that instant; {length}; {rates}"
    counted = f"{cost}-of-cycle" if cost in ("start", "end") else "mean of start and end"
    if cost != effect:
        counted += f" for cost, {effect} for effect"
    return f"{counted} counting, discounted at the {timing}; {length}; {rates}"


def _convention(case: CohortCase) -> tuple[str, str, str]:
    """Counting of cost and of effect, and when a cycle is discounted, in the engine's words."""
    accrual = case.accrual
    if accrual.scheme == "index":
        return "weights", "weights", "at each count"
    cost = COUNTING[accrual.cost_occupancy or accrual.occupancy or "start"]
    effect = COUNTING[accrual.effect_occupancy or accrual.occupancy or "start"]
    return cost, effect, EXPONENTS[accrual.discount_exponent or "k"]


def _moves(case: CohortCase) -> list[tuple[int, int]]:
    """(from, to) of every probability above 0, in any interval of any strategy."""
    matrices = [t.matrix for strategy in case.strategies.values() for t in strategy.transition]
    used = np.max(np.array(matrices), axis=0) > 0
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(used), strict=True)]


def _followed(case: CohortCase) -> Chain:
    moves = _moves(case)
    tables = [[np.array([t.matrix[i][j] for i, j in moves]) for t in s.transition] for s in case.strategies.values()]
    ends = [np.array([t.last for t in s.transition]) for s in case.strategies.values()]
    starts = {t.first for s in case.strategies.values() for t in s.transition}
    in_force: list[Array] = []

    def probabilities(cycle: int) -> list[Array]:
        nonlocal in_force
        if cycle + 1 in starts or not in_force:
            rows = [table[int(np.searchsorted(end, cycle + 1))] for table, end in zip(tables, ends, strict=True)]
            in_force = list(np.array(rows).T[:, :, None])
        return in_force

    start = np.repeat(np.array(case.initial)[:, None, None], len(case.strategies), axis=1)
    return chain(start, moves, probabilities, case.n_cycles)


def _by_cycle(segments: Sequence[Values], cycles: int) -> Array:
    """Values by instant or cycle 0 … n, shape (cycles + 1, state); before the first segment, its own values."""
    first = min(segments, key=lambda segment: segment.first)
    values = np.tile(np.array(first.values), (cycles + 1, 1))
    for segment in segments:
        values[segment.first : segment.last + 1] = segment.values
    return values
