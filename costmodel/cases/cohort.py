"""A cohort case through the engine: its rules, its matrices followed, its rewards counted; slips of unit told."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from costmodel.cases.file import CohortCase, Transition, Values
from costmodel.content import by_content
from costmodel.engine.textbook import TIMINGS, Chain, chain, moves_counted, time_in_states
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.datasets import faults_of_rows, gaps
from costmodel.inputs.lifetable import OLD, age_of_deaths
from costmodel.result.flows import Flows
from costmodel.result.outcomes import VIEWS, Outcomes, Terms, outcomes

ROUNDING = 1e-12
"""By how much a complement that was worked out may miss 0 or 1."""
LARGEST_CASE = 200_000_000
"""States × cycles × strategies × moves from a state, at most: seconds, and under a gigabyte."""


def problems(case: CohortCase) -> list[Problem]:
    """Everything that is wrong with a case, each with its key."""
    return [*_shapes(case), *_accrual(case)] or [*_intervals(case), *_probabilities(case)]


def _shapes(case: CohortCase) -> Iterator[Problem]:
    n = len(case.states)
    if len(set(case.states)) < n:
        yield Problem("states", "a state stands twice", "Names differ.")
    if len(case.initial) != n:
        yield Problem("initial", f"{len(case.initial)} entries for {n} states")
    elif min(case.initial) < 0 or sum(case.initial) <= 0:
        yield Problem("initial", "the people at the start are negative, or nobody", "Numbers from 0, not all 0.")
    for name, strategy in case.strategies.items():
        at = f"strategies.{name}"
        for i, transition in enumerate(strategy.transition):
            yield from _matrix(f"{at}.transition[{i}]", transition.matrix, n)
        for key in ("transition_cost", "transition_effect"):
            if (matrix := getattr(strategy, key)) is not None:
                yield from _matrix(f"{at}.{key}", matrix, n)
        for key in ("state_cost", "state_effect"):
            yield from _lengths(f"{at}.{key}", getattr(strategy, key), n)
    for component, by_strategy in case.components.items():
        if component in ("cost", "effect", "trace"):
            yield Problem(f"components.{component}", "the name is taken", "Choose another.")
        for name, segments in by_strategy.items():
            at = f"components.{component}.{name}"
            if name not in case.strategies:
                yield Problem(at, "this is not a strategy", nearest(name, case.strategies))
            yield from _lengths(at, segments, n)
    most = max(len(s.transition) for s in case.strategies.values())
    if n * n * most > LARGEST_CASE or n * case.n_cycles * len(case.strategies) * 8 > LARGEST_CASE:
        yield Problem("n_cycles", "states × cycles × strategies are too many", "Make the case smaller.")


def _matrix(at: str, matrix: Sequence[Sequence[float]], n: int) -> Iterator[Problem]:
    if len(matrix) != n or any(len(row) != n for row in matrix):
        widths = sorted({len(row) for row in matrix})
        found = f"the matrix is {len(matrix)} × {' or '.join(map(str, widths))} for {n} states"
        yield Problem(at, found, "One row and one column for each state.")


def _lengths(at: str, segments: Sequence[Values], n: int) -> Iterator[Problem]:
    for i, segment in enumerate(segments):
        if len(segment.values) != n:
            yield Problem(f"{at}[{i}].values", f"{len(segment.values)} entries for {n} states")


def _accrual(case: CohortCase) -> Iterator[Problem]:
    accrual = case.accrual
    if accrual.scheme == "index":
        if accrual.weights is None or len(accrual.weights) != case.n_cycles + 1:
            given = 0 if accrual.weights is None else len(accrual.weights)
            yield Problem("accrual.weights", f"{given} weights for {case.n_cycles} cycles", "One an instant: n + 1.")
        return
    both = accrual.cost_occupancy and accrual.effect_occupancy
    if not (accrual.occupancy or both):
        yield Problem("accrual.occupancy", "nothing says who counts in a cycle", "Allowed: start, end, average.")
    if accrual.discount_exponent is None:
        yield Problem("accrual.discount_exponent", "nothing says when a cycle is discounted", "Allowed: k-1, k, k-0.5.")


def _intervals(case: CohortCase) -> Iterator[Problem]:
    for name, strategy in case.strategies.items():
        for key in ("transition", "state_cost", "state_effect"):
            yield from _covered(case, f"strategies.{name}.{key}", getattr(strategy, key))
    for component, by_strategy in case.components.items():
        for name, segments in by_strategy.items():
            yield from _covered(case, f"components.{component}.{name}", segments)


def _covered(case: CohortCase, at: str, segments: Sequence[Transition] | Sequence[Values]) -> Iterator[Problem]:
    """Intervals in order, from cycle 1 (or instant 0) to the last, without gap or overlap."""
    if any(segment.first > segment.last for segment in segments):
        yield Problem(at, "an interval ends before it begins", "from ≤ to.")
        return
    if [s.first for s in segments] != sorted(s.first for s in segments):
        yield Problem(at, "the intervals are not in order", "Earliest first.")
        return
    yield from gaps(at, [(max(segment.first, 1), segment.last) for segment in segments if segment.last >= 1])
    if segments[-1].last < case.n_cycles:
        yield Problem(at, f"cycle {segments[-1].last + 1} is not covered", f"Intervals run to {case.n_cycles}.")


def _probabilities(case: CohortCase) -> Iterator[Problem]:
    for name, strategy in case.strategies.items():
        for i, transition in enumerate(strategy.transition):
            at = f"strategies.{name}.transition[{i}] (from cycle {transition.first})"
            matrix = np.array(transition.matrix)
            outside = np.argwhere((matrix < -ROUNDING) | (matrix > 1 + ROUNDING))
            for row, column in outside[:3]:
                move = f"{case.states[row]} → {case.states[column]}"
                found = f"the probability of {move} is {matrix[row, column]:g}"
                yield Problem(at, found, "Between 0 and 1; a percentage typed?")
            if not len(outside):
                yield from faults_of_rows(at, case.states, matrix)
            for state in case.absorbing:
                if state not in case.states:
                    yield Problem("absorbing", f'"{state}" is not a state', nearest(state, case.states))
                elif abs(matrix[case.states.index(state), case.states.index(state)] - 1) > ROUNDING:
                    yield Problem(at, f'"{state}" is absorbing and the matrix lets people out')


Array = NDArray[np.float64]

COUNTING = {"start": "start", "end": "end", "average": "life-table"}
"""The engine's word for the format's occupancy."""
EXPONENTS = {"k-1": "start of cycle", "k-0.5": "middle of cycle", "k": "end of cycle"}
"""The engine's word for the format's discount exponent."""

"""Relative; what is left owing below it is rounding, and paid back."""


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
            signs=((1, *(0 for _ in self.items[1:])),),  # the total; components are parts of it
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


MONTHS = {"day": 12 / 365.25, "week": 12 * 7 / 365.25, "month": 1.0, "quarter": 3.0, "year": 12.0}


def warnings(run: CohortRun) -> Iterator[str]:
    """Sentences about units that do not fit together, with what they do to the answer."""
    yield from _people(run)
    yield from _cycle(run)
    yield from _deaths(run)


def _people(run: CohortRun) -> Iterator[str]:
    case, start = run.case, sum(run.case.initial)
    if case.population and abs(start - case.population) > 1e-6 * case.population:
        yield (
            f"The people at the start sum to {start:g} and the population is {case.population:g}: totals are those of "
            f"{start:g}, and results per person are divided by {case.population:g}."
        )


def _months(run: CohortRun) -> float | None:
    """Months that the file's own words give a cycle; a divisor of 12 for the effect says the same as "month"."""
    words = re.findall(r"\b(day|week|month|quarter|year)s?(?:ly)?\b", run.case.cycle_meaning.lower())
    if words:
        return MONTHS[words[0]]
    return 1.0 if run.case.effect_divisor == 12 and run.case.cycle_length_years == 1 else None


def _cycle(run: CohortRun) -> Iterator[str]:
    months, case = _months(run), run.case
    declared = case.cycle_length_years * 12
    if months is None or abs(months - declared) < 0.02 * declared:
        return
    meant = next(word for word, length in MONTHS.items() if length == months)
    yield (
        f"The cycle is called a {meant} and its length is given as {_time(declared)}: "
        f"{case.n_cycles} cycles are taken for {case.n_cycles * case.cycle_length_years:g} years."
    )
    for what, rate, later in (
        ("cost", case.discount.cost, [run.cost(s) for s in run.strategies]),
        ("effect", case.discount.effect, [run.effect(s) for s in run.strategies]),
    ):
        if rate:
            ratio = _undone(run, what, months / declared) / sum(later) - 1
            yield (
                f"The annual discount rate of {rate:.3g} is applied to each {meant}: applied to each year instead, "
                f"the {what} would be {abs(ratio):.0%} {'higher' if ratio > 0 else 'lower'}."
            )


def _undone(run: CohortRun, what: str, share: float) -> float:
    """Total over the strategies if discounting used the cycle's length in its own words."""
    rate = run.case.discount.cost if what == "cost" else run.case.discount.effect
    factor = (1 + rate) ** -(run.years * share)
    flows, at_start = (
        (run.flows.cost[:, 0], run.flows.cost_at_start) if what == "cost" else (run.flows.qaly, run.flows.qaly_at_start)
    )
    assert at_start is not None
    first = at_start[0] if what == "cost" else at_start
    return float(first.sum() + np.tensordot(factor, flows.sum(axis=(1, 2, 3)), 1))


def _deaths(run: CohortRun) -> Iterator[str]:
    """Deaths a year of the state in which fewest die, if they are those of the very old."""
    dead = _dead(run)
    months = _months(run) or run.case.cycle_length_years * 12
    if dead is None:
        return
    first = [np.array(strategy.transition[0].matrix) for strategy in run.case.strategies.values()]
    living = [i for i in range(len(run.case.states)) if i != dead and any(m[i, i] < 1 for m in first)]
    if not living:
        return
    least = min(float(matrix[i, dead]) for matrix in first for i in living)
    yearly = 1 - (1 - least) ** (12 / months)
    if (age := age_of_deaths(yearly)) >= OLD:
        yield (
            f"In every state at least {least:.3g} of people die in a cycle of {_time(months)}, {yearly:.1%} a year: "
            f"in the general population that is so from an age of about {age}. Is it a probability of a year?"
        )


def _time(months: float) -> str:
    if months >= 12:
        return f"{months / 12:g} year" + "s" * (months != 12)
    return f"{months:.3g} month" + "s" * (months != 1)


def _dead(run: CohortRun) -> int | None:
    """The state that is called dead, if nobody leaves it."""
    for i, state in enumerate(run.case.states):
        if re.fullmatch(r"(dead|death|died|deceased|d)", state.lower()):
            stays = all(t.matrix[i][i] == 1 for s in run.case.strategies.values() for t in s.transition)
            return i if stays else None
    return None
