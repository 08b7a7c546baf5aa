"""A cohort case through the engine: its matrices followed, its rewards counted; slips of unit told."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.cases.case import ROUNDING, CohortCase, Values, problems
from costmodel.content import by_content
from costmodel.engine.cohort import TIMINGS, chain, moves_counted, time_in_states
from costmodel.engine.formulas import discount_factor
from costmodel.errors import InputError
from costmodel.inputs.lifetable import OLD, age_of_deaths

Array = NDArray[np.float64]

COUNTING = {"start": "start", "end": "end", "average": "life-table"}
"""The engine's word for the format's occupancy."""
EXPONENTS = {"k-1": "start of cycle", "k-0.5": "middle of cycle", "k": "end of cycle"}
"""The engine's word for the format's discount exponent."""
MONTHS = {"day": 12 / 365.25, "week": 12 * 7 / 365.25, "month": 1.0, "quarter": 3.0, "year": 12.0}


@by_content
@dataclass(frozen=True)
class CohortRun:
    """A case that was run. Totals are those of the cohort, over time 0 and all cycles.

    people: at time 0 and at the end of each cycle, (cycle + 1, state, strategy). costs: of "cost" and each component,
    booked at time 0 and in each cycle, (cycle + 1, item, strategy). effects: (cycle + 1, strategy). years: by which
    each of them is discounted, (cycle + 1,).
    """

    case: CohortCase
    people: Array
    costs: Array
    effects: Array
    years: Array

    @property
    def strategies(self) -> list[str]:
        """Names in the order of the file."""
        return list(self.case.strategies)

    @property
    def items(self) -> tuple[str, ...]:
        """The total cost and its components."""
        return ("cost", *self.case.components)

    def factors(self, what: str, share: float = 1.0) -> Array:
        """Discount factors of cost or effect, (cycle + 1,); share: of a cycle's length by which it is discounted."""
        return np.asarray(discount_factor(getattr(self.case.discount, what), self.years * share))

    def costs_of(self, strategy: str, item: str = "cost", *, discounted: bool = True) -> Array:
        """A cost or a component by cycle."""
        costs = self.costs[:, self.items.index(item), self.strategies.index(strategy)]
        return costs * self.factors("cost") if discounted else costs

    def cost(self, strategy: str, item: str = "cost", *, discounted: bool = True) -> float:
        """Total of a cost or a component."""
        return float(self.costs_of(strategy, item, discounted=discounted).sum())

    def effects_of(self, strategy: str, *, discounted: bool = True) -> Array:
        """The effect by cycle."""
        effects = self.effects[:, self.strategies.index(strategy)]
        return effects * self.factors("effect") if discounted else effects

    def effect(self, strategy: str, *, discounted: bool = True) -> float:
        """Total effect."""
        return float(self.effects_of(strategy, discounted=discounted).sum())

    def payback_cycle(self, strategy: str, comparator: str, *, discounted: bool) -> int:
        """First cycle whose cumulative saving covers what was paid at the start; −1 where none does."""
        one, other = (self.costs_of(name, discounted=discounted) for name in (strategy, comparator))
        curve = np.cumsum(one - other)[1:]
        paid_back = np.flatnonzero(curve <= ROUNDING * max(1.0, float(np.abs(curve).max())))
        return int(paid_back[0]) + 1 if paid_back.size else -1

    def trace(self, strategy: str, cycle: int) -> list[float]:
        """People in each state after a number of cycles."""
        return [float(x) for x in self.people[cycle, :, self.strategies.index(strategy)]]


def run_cohort(case: CohortCase) -> CohortRun:
    """Run a cohort case. Raises InputError naming the key of everything that is wrong with it."""
    if found := problems(case):
        raise InputError(*found)
    n, length, strategies = case.n_cycles, case.cycle_length_years, list(case.strategies.values())
    every = np.max([transition.matrix for one in strategies for transition in one.transition], axis=0)
    moves = [(int(i), int(j)) for i, j in np.argwhere(every > 0)]
    tables = [[np.array([one.matrix[i][j] for i, j in moves]) for one in s.transition] for s in strategies]
    ends = [[one.last for one in s.transition] for s in strategies]

    def probabilities(cycle: int) -> list[Array]:
        at = [int(np.searchsorted(last, cycle + 1)) for last in ends]
        return list(np.array([table[i] for table, i in zip(tables, at, strict=True)]).T[:, :, None])

    start = np.repeat(np.array(case.initial)[:, None, None], len(strategies), axis=1)
    followed = chain(start, moves, probabilities, n)
    cost_counting, effect_counting, timing = _convention(case)
    weights = None if case.accrual.weights is None else np.array(case.accrual.weights)
    cost_time, effect_time = (
        np.concatenate([at_start[None], in_cycles])[..., 0] * length
        for at_start, in_cycles in (
            time_in_states(followed.people, one, weights) for one in (cost_counting, effect_counting)
        )
    )
    moved = moves_counted(followed.moved, cost_counting, weights)[..., 0]
    costs = np.zeros((n + 1, 1 + len(case.components), len(strategies)))
    effects = np.zeros((n + 1, len(strategies)))
    for s, (name, strategy) in enumerate(case.strategies.items()):
        for i, segments in enumerate([strategy.state_cost, *(one.get(name) for one in case.components.values())]):
            if segments is not None:
                costs[:, i, s] = (cost_time[:, :, s] * _by_cycle(segments, n)).sum(axis=1)
        effects[:, s] = (effect_time[:, :, s] * _by_cycle(strategy.state_effect, n)).sum(axis=1)
        costs[0, 0, s] += strategy.start_cost
        for matrix, target in (
            (strategy.transition_cost, costs[1:, 0, s]),
            (strategy.transition_effect, effects[1:, s]),
        ):
            if matrix is not None:
                target += moved[:, :, s] @ np.array([matrix[i][j] for i, j in moves])
    years = np.concatenate([[0.0], (np.arange(n) + TIMINGS[timing]) * length])
    return CohortRun(case, followed.people[..., 0], costs, effects, years)


def _by_cycle(segments: Sequence[Values], cycles: int) -> Array:
    """Values by instant or cycle 0 … n, shape (cycles + 1, state); before the first segment, its own values."""
    values = np.tile(np.array(segments[0].values), (cycles + 1, 1))
    for segment in segments:
        values[segment.first : segment.last + 1] = segment.values
    return values


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


def warnings(run: CohortRun) -> Iterator[str]:
    """Sentences about units that do not fit together, with what they do to the answer."""
    case, people = run.case, sum(run.case.initial)
    if case.population and abs(people - case.population) > 1e-6 * case.population:
        yield (
            f"The people at the start sum to {people:g} and the population is {case.population:g}: totals are those of "
            f"{people:g}, and results per person are divided by {case.population:g}."
        )
    meant = _meant(case)
    if meant is not None and abs(MONTHS[meant] - 12 * case.cycle_length_years) >= 0.24 * case.cycle_length_years:
        yield from _called_otherwise(run, meant)
    yield from _deaths(run, MONTHS[meant] if meant else 12 * case.cycle_length_years)


def _meant(case: CohortCase) -> str | None:
    """What the file's own words call a cycle; a divisor of 12 for the effect says the same as "month"."""
    words = re.findall(r"\b(day|week|month|quarter|year)s?(?:ly)?\b", case.cycle_meaning.lower())
    if words:
        return str(words[0])
    return "month" if case.effect_divisor == 12 and case.cycle_length_years == 1 else None


def _called_otherwise(run: CohortRun, meant: str) -> Iterator[str]:
    """What it does where the length of a cycle is not that of its name."""
    case, declared = run.case, 12 * run.case.cycle_length_years
    yield (
        f"The cycle is called a {meant} and its length is given as {_time(declared)}: "
        f"{case.n_cycles} cycles are taken for {case.n_cycles * case.cycle_length_years:g} years."
    )
    for what, flows in (("cost", run.costs[:, 0].sum(axis=1)), ("effect", run.effects.sum(axis=1))):
        if rate := getattr(case.discount, what):
            by_name, as_given = (run.factors(what, share) @ flows for share in (MONTHS[meant] / declared, 1.0))
            ratio = by_name / as_given - 1
            yield (
                f"The annual discount rate of {rate:.3g} is applied to each {meant}: applied to each year instead, "
                f"the {what} would be {abs(ratio):.0%} {'higher' if ratio > 0 else 'lower'}."
            )


def _deaths(run: CohortRun, months: float) -> Iterator[str]:
    """Deaths a year of the state in which fewest die, if they are those of the very old. months: of a cycle."""
    matrices = [np.array(one.matrix) for strategy in run.case.strategies.values() for one in strategy.transition]
    first = [np.array(strategy.transition[0].matrix) for strategy in run.case.strategies.values()]
    names = enumerate(run.case.states)
    dead = next((i for i, name in names if re.fullmatch(r"(dead|death|died|deceased|d)", name.lower())), None)
    if dead is None or any(matrix[dead, dead] != 1 for matrix in matrices):
        return
    living = [i for i in range(len(run.case.states)) if i != dead and any(m[i, i] < 1 for m in first)]
    least = min((float(matrix[i, dead]) for matrix in first for i in living), default=0.0)
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
