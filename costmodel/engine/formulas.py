"""The equations of the model, written once.

Every argument that is called a *quantity* below may be a float, a NumPy array of draws, or a worksheet
cell: the engine calls these functions with arrays, the workbook writer with cells, so that the two
cannot disagree. Times are years from referral. `keep(name, quantity)` lets the caller store an
intermediate result (the workbook gives it a column); the engine keeps nothing.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Quantity = Any
"""A float, an array of draws, or a worksheet cell."""
Keep = Callable[[str, Quantity], Quantity]

TERMS = 12
"""Terms of the exponential series. With an exit rate × step of at most HIGHEST_EXIT the rest is below 1e-13."""
HIGHEST_EXIT = 0.5
LN2 = math.log(2.0)
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
    states: int, moves: Sequence[tuple[int, int]], rates: Sequence[Quantity], deaths: Quantity
) -> list[Quantity]:
    """Total rate out of each living state: its transitions and its deaths."""
    exits = [deaths] * states
    for (origin, _), rate in zip(moves, rates, strict=True):
        exits[origin] = exits[origin] + rate
    return exits


def cohort_step(
    cohort: Sequence[Quantity],
    moves: Sequence[tuple[int, int]],
    rates: Sequence[Quantity],
    exits: Sequence[Quantity],
    years: Quantity,
    keep: Keep,
) -> tuple[list[Quantity], list[Quantity]]:
    """Advance the living by one step with constant rates, exactly.

    cohort: people in each living state. moves: (origin, destination) of each transition. rates: per year.
    exits: from `exit_rates`. years: length of the step; exit × years at most HIGHEST_EXIT.
    Returns people at the end and person-years during the step, by state. The matrix exponential and its
    integral as power series: term_0 = x, term_(k+1) = term_k Q h / (k + 1), people = Σ term_k,
    person-years = h Σ term_k / (k + 1).
    """
    term = list(cohort)
    people = list(cohort)
    time = list(cohort)
    for k in range(1, TERMS + 1):
        arriving: list[Quantity] = [None] * len(term)
        for (origin, destination), rate in zip(moves, rates, strict=True):
            flow = rate * term[origin]
            arriving[destination] = flow if arriving[destination] is None else arriving[destination] + flow
        leaving = [out * x for out, x in zip(exits, term, strict=True)]
        change = [0 - out if into is None else into - out for into, out in zip(arriving, leaving, strict=True)]
        term = [keep(f"term {k} state {s}", flow * (years / k)) for s, flow in enumerate(change)]
        people = [total + x for total, x in zip(people, term, strict=True)]
        time = [total + x / (k + 1) for total, x in zip(time, term, strict=True)]
    return people, [years * total for total in time]


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


def cash(change_now: Quantity, change_earlier: Quantity, cashable: Quantity) -> Quantity:
    """Cash effect of a difference in cost (strategy − comparator).

    Increases are paid at once; of a reduction, the cashable share is released after the lag.
    change_now: this cycle's difference. change_earlier: that of one lag ago.
    """
    return greatest(change_now, 0.0) + cashable * least(change_earlier, 0.0)
