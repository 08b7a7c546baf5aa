"""The equations of the model, written once.

Every argument that is called a *quantity* below may be a float, a NumPy array of draws, or a worksheet
cell: the engine calls these functions with arrays, the workbook writer with cells, so that the two
cannot disagree. Times are years from referral. `keep` lets the caller store intermediate results (the
workbook gives each a column); the engine keeps nothing.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Quantity = Any
"""A float, an array of draws, or a worksheet cell."""
Keep = Callable[[int, str, Quantity], Quantity]
"""Stores intermediate quantities of a step (from 0) under a name, by state, and returns what stands for them."""

TERMS = 12
"""Terms of the exponential series. With an exit rate × step of at most HIGHEST_EXIT the rest is below 1e-13."""
HIGHEST_EXIT = 0.5
LN2 = math.log(2.0)
NOTHING = 1e-6
"""Pounds or QALYs per person. A difference that is not larger is rounding of the arithmetic, and taken for 0."""
LEAST_DOSE = 1e-9
"""Sessions. A studied dose of 0 is taken for this: any session is more."""


def least(a: Quantity, b: Quantity) -> Quantity:
    """The smaller of two quantities."""
    if hasattr(a, "least"):
        return a.least(b)
    return b.least(a) if hasattr(b, "least") else np.minimum(a, b)


def greatest(a: Quantity, b: Quantity) -> Quantity:
    """The larger of two quantities."""
    if hasattr(a, "greatest"):
        return a.greatest(b)
    return b.greatest(a) if hasattr(b, "greatest") else np.maximum(a, b)


def settled(difference: Quantity) -> Quantity:
    """A difference in pounds or QALYs, 0 where it is no more than rounding."""
    if hasattr(difference, "settled"):
        return difference.settled()
    return np.where(np.abs(difference) <= NOTHING, 0.0, difference)


def overlap(begin: Quantity, end: Quantity, first: Quantity, last: Quantity) -> Quantity:
    """Years of the cycle [begin, end] that lie inside the window [first, last]."""
    return greatest(0.0, least(end, last) - greatest(begin, first))


def window_share(begin: Quantity, end: Quantity, first: Quantity, last: Quantity) -> Quantity:
    """Share of the cycle during which a window is open."""
    return overlap(begin, end, first, last) / (end - begin)


def fading_share(begin: Quantity, end: Quantity, after: Quantity, half_life: Quantity) -> Quantity:
    """Mean over the cycle of an effect that halves every `half_life` years from `after` on, and is 0 before.

    The integral of 2^(−(t − after) / half_life) over the part of the cycle beyond `after`, divided by
    the cycle's length.
    """
    earlier = greatest(begin, after) - after
    later = greatest(end, after) - after
    integral = (2 ** (0 - earlier / half_life) - 2 ** (0 - later / half_life)) * half_life / LN2
    return integral / (end - begin)


def rising_share(begin: Quantity, end: Quantity, first: Quantity, last: Quantity, onset: Quantity) -> Quantity:
    """Mean over the cycle of an effect that grows in a straight line from `first`, is whole `onset` years later, and
    ends at `last`.

    The integral of min(t − first, onset) / onset over the part of the cycle inside the window, divided by the cycle's
    length.
    """

    def grown(until: Quantity) -> Quantity:
        passed = greatest(0.0, least(until, last) - first)
        rising = least(passed, onset)
        return rising * rising / (2 * onset) + (passed - rising)

    return (grown(end) - grown(begin)) / (end - begin)


def dose_share(delivered: Quantity, studied: Quantity, shape: Quantity) -> Quantity:
    """Share of an effect, on the log scale, that a dose brings about: (delivered ÷ studied)^shape, at most 1."""
    return least(1.0, delivered / greatest(studied, LEAST_DOSE)) ** shape


def rate_in_force(base: Quantity, terms: Sequence[tuple[str, Quantity, Quantity]]) -> Quantity:
    """Mean rate of a transition, or multiple of a quantity, over a cycle.

    base: per year, in usual care. terms: (kind, share, size), where share is the part of the effect in force
    during the cycle. A ratio multiplies: base × (1 + Σ share·(ratio − 1)). A rate replaces:
    base × (1 − Σ share) + Σ share·rate. Windows of one target do not overlap.
    """
    multiple: Quantity = 1.0
    added: Quantity = 0.0
    for kind, share, size in terms:
        if kind == "ratio":
            multiple = multiple + share * (size - 1)
        else:
            multiple = multiple - share
            added = added + share * size
    return base * multiple + added


def weighted(shares: Sequence[Quantity], values: Sequence[Quantity]) -> Quantity:
    """Σ share × value: a rate that changes at stated times, averaged over a cycle."""
    total = shares[0] * values[0]
    for share, value in zip(shares[1:], values[1:], strict=True):
        total = total + share * value
    return total


def exit_rates(
    moves: Sequence[tuple[int, int]], rates: Sequence[Quantity], deaths: Sequence[Quantity]
) -> list[Quantity]:
    """Total rate out of each living state: its transitions and its deaths.

    moves: (origin, destination) of each transition; a destination after the last living state is death. deaths: of
    each living state, beside those that are transitions.
    """
    exits = [*deaths]
    for (origin, _), rate in zip(moves, rates, strict=True):
        exits[origin] = exits[origin] + rate
    return exits


class CohortStep:
    """The only recursion of models of rates: advance the living by cycles of constant rates, exactly.

    On arrays of draws and on arrays of worksheet cells alike: the matrix exponential and its integral as power
    series, term_0 = x, term_(k+1) = term_k Q h / (k + 1), people = Σ term_k, person-years = h Σ term_k / (k + 1).

    moves: (origin, destination) of each transition, of which those to the state after the last bring nobody anywhere:
    deaths. shape: of a cohort, (state, …). kind: float, or object for cells.
    Room is taken once and used in every step, because allocation would take longer than arithmetic. All flows of a
    term are one product: first the arrivals in each state by its first transition, then further arrivals, then exits.
    """

    def __init__(self, moves: Sequence[tuple[int, int]], shape: tuple[int, ...], kind: type = float) -> None:
        states = shape[0]
        first: dict[int, int] = {}
        among_the_living = [(move, to) for move, (_, to) in enumerate(moves) if to < states]
        for move, destination in among_the_living:
            first.setdefault(destination, move)
        more = [move for move, destination in among_the_living if first[destination] != move]
        self._moves, self._states = len(moves), states
        self._order = [first.get(state) for state in range(states)] + [*more]
        origins = [0 if move is None else moves[move][0] for move in self._order]
        self._origins = np.array([*origins, *range(states)])
        self._flow: Quantity = np.empty((len(self._origins), *shape[1:]), kind)
        self._arriving, self._leaving = self._flow[:states], self._flow[len(origins) :]
        first_of = [self._flow[moves[move][1] : moves[move][1] + 1] for move in more]
        self._more = [(arrived, self._flow[states + i : states + i + 1]) for i, arrived in enumerate(first_of)]
        self._series: Quantity = np.empty((TERMS + 1, 2, *shape), kind)
        self._divisors = np.arange(1.0, TERMS + 2).reshape(-1, *(1 for _ in shape))

    def coefficients(self, rates: Sequence[Quantity], exits: Sequence[Quantity]) -> Quantity:
        """Per year, of every flow in the order of this room; 0 where no transition arrives.

        rates: of each move. exits: of each state, from `exit_rates`. Raises ValueError where one is missing.
        """
        if (len(rates), len(exits)) != (self._moves, self._states):
            wanted = f"{self._moves} rates and {self._states} exits"
            raise ValueError(f"{len(rates)} rates and {len(exits)} exits for {wanted}")
        none = np.zeros_like(exits[0])
        return np.stack([*(none if move is None else rates[move] for move in self._order), *exits])

    def cycle(
        self, before: Quantity, after: Quantity, time: Quantity, coefficients: Quantity, years: Quantity, steps: int,
        keep: Keep | None = None,
    ) -> None:  # fmt: skip
        """Write people and person-years of a cycle, shape (state, …); before and after may not overlap.

        coefficients: of this cycle. years: its length. steps: into how many equal steps it is cut, so that
        exit × step is at most HIGHEST_EXIT. keep: stores each term and what each step but the last leaves.
        """
        h = years / steps if steps > 1 else years
        spent = time if steps == 1 else np.empty_like(time)
        for step in range(steps):
            self._step(before if step == 0 else after, after, spent, coefficients, h, step, keep)
            if keep is not None and step < steps - 1:
                after[...] = keep(step, "people", after)
                spent[...] = keep(step, "person-years", spent)
            if steps > 1 and step == 0:
                time[...] = spent
            elif steps > 1:
                time += spent

    def _step(
        self, before: Quantity, people: Quantity, time: Quantity, coefficients: Quantity, h: Quantity, step: int,
        keep: Keep | None,
    ) -> None:  # fmt: skip
        flow, series = self._flow, self._series
        series[0, 0] = before
        for k in range(1, TERMS + 1):
            series[k - 1, 0].take(self._origins, axis=0, out=flow, mode="clip")
            np.multiply(coefficients, flow, flow)
            for arriving, more in self._more:
                np.add(arriving, more, arriving)
            np.subtract(self._arriving, self._leaving, self._arriving)
            np.multiply(self._arriving, h / k, series[k, 0])
            if keep is not None:
                series[k, 0] = keep(step, f"term {k}", series[k, 0])
        np.divide(series[:, 0], self._divisors, series[:, 1])
        total = series.sum(axis=0)
        people[...] = total[0]
        np.multiply(h, total[1], time)


def probability_step(
    cohort: Sequence[Quantity], moves: Sequence[tuple[int, int]], probabilities: Sequence[Quantity]
) -> tuple[list[Quantity], list[Quantity]]:
    """Advance a cohort by one cycle of given transition probabilities.

    cohort: people in each state. moves: (origin, destination), staying included. probabilities: of each
    move, in one cycle; those of an origin sum to 1. Returns people in each state a cycle later, and the
    people that made each move.
    """
    flows = [probability * cohort[origin] for (origin, _), probability in zip(moves, probabilities, strict=True)]
    people: list[Quantity] = [0.0] * len(cohort)
    for (_, destination), flow in zip(moves, flows, strict=True):
        people[destination] = people[destination] + flow
    return people, flows


def counted_in_cycle(counting: str, before: Quantity, after: Quantity) -> Quantity:
    """People who count in a cycle: those at its start, those at its end, or the mean of both ("life-table")."""
    if counting == "start":
        return before
    return after if counting == "end" else (before + after) / 2


def sessions_delivered(
    begin: Quantity, end: Quantity, first: Quantity, last: Quantity, planned: Quantity, attendance: Quantity
) -> Quantity:
    """Sessions that happen in a cycle, per person who starts: planned × attendance, spread evenly."""
    return planned * attendance * (overlap(begin, end, first, last) / (last - first))


def falls_within(moment: Quantity, begin: Quantity, end: Quantity) -> Quantity:
    """1 for the cycle in which a moment falls (its beginning counted, its end not), else 0."""
    if hasattr(moment, "falls_within"):
        return moment.falls_within(begin, end)
    return np.asarray((begin <= moment) & (moment < end), dtype=float)


def state_quantity(observed: Quantity, here: Quantity, causal_share: Quantity) -> Quantity:
    """Quantity per person-year in a state, when only part of the gap to the observed state is causal."""
    return observed + causal_share * (here - observed)


def total_over_states(person_years: Sequence[Quantity], per_year: Sequence[Quantity]) -> Quantity:
    """Σ person-years × amount per year: costs, quantities or QALYs of a cycle."""
    total = person_years[0] * per_year[0]
    for time, amount in zip(person_years[1:], per_year[1:], strict=True):
        total = total + time * amount
    return total


def closing(own: Quantity, comparators: Quantity, share_open: Quantity) -> Quantity:
    """Person-years when the gap to the comparator closes at once: own while it is open, then the comparator's."""
    return comparators + share_open * (own - comparators)


def discount_factor(rate: Quantity, year: Quantity) -> Quantity:
    """Present value at referral of 1 in a year (the first is 0): (1 + rate)^−year. Source: NICE PMG36, 4.5."""
    return (1 + rate) ** (0 - year)


def stepped_discount_factor(steps: Sequence[tuple[float, Quantity]], year: Quantity) -> Quantity:
    """Present value at referral of 1 in a year under a rate that changes: the product of the factors of its steps.

    steps: (years from referral, rate), the first at 0. Source: HM Treasury, Green Book, annex 6 (a rate that falls).
    """
    begins = [begin for begin, _ in steps]
    factor: Quantity = 1.0
    for (begin, rate), end in zip(steps, [*begins[1:], None], strict=True):
        passed = year if end is None else least(year, end)
        factor = factor * discount_factor(rate, passed - least(year, begin) if begin else passed)
    return factor


def cash(change_now: Quantity, change_earlier: Quantity, cashable: Quantity) -> Quantity:
    """Cash effect of a difference in cost (strategy − comparator).

    Increases are paid at once; of a reduction, the cashable share is released after the lag.
    change_now: this cycle's difference. change_earlier: that of one lag ago.
    """
    return greatest(change_now, 0.0) + cashable * least(change_earlier, 0.0)
