"""The equations of a cycle beside the cohort's own: what is in force, what is delivered, what it costs.

How people move stands in `cohort`. Every argument that is called a *quantity* may be a float, a NumPy array of draws,
or a worksheet cell: the engine calls these functions with arrays, the workbook writer with cells, so that the two
cannot disagree. Times are years from referral.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Quantity = Any
"""A float, an array of draws, or a worksheet cell."""
LN2 = math.log(2.0)
NOTHING = 1e-6
"""Pounds or QALYs per person. A difference that is not larger is rounding of the arithmetic, and taken for 0."""
LEAST_DOSE = 1e-9
"""Sessions. A studied dose of 0 is taken for this: any session is more."""
LEAST_PURSE = 1e-9
"""Money a year; below it nothing is spent, of which nothing can be taken."""
LEAST_TIME = 1e-9
"""Years. A drawn time of 0 is taken for this: nothing grows or fades faster."""


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


def grown_share(first: Quantity, last: Quantity, onset: Quantity) -> Quantity:
    """Part of its full size to which an effect has grown at `last`: (last − first) ÷ onset, at most 1."""
    return least(1.0, greatest(0.0, last - first) / onset)


FOR_EVER = 1e6
"""Years. An effect that fades does so to the end of every horizon."""


def profile_at(
    moment: Quantity, first: Quantity, last: Quantity, onset: Quantity | None, half_life: Quantity | None
) -> Quantity:
    """Part of an effect, on the log scale, in force at a moment: min((t − first) / onset, 1) from `first` to `last`,
    then what has grown by then, halved every `half_life` years; 0 before, and afterwards where it does not fade.
    """

    def grown(until: Quantity) -> Quantity:
        return 1.0 if onset is None else grown_share(first, until, onset)

    part = falls_within(moment, first, last) * grown(moment)
    if half_life is None:
        return part
    fading = 2 ** (0 - greatest(0.0, moment - last) / half_life)
    return part + falls_within(moment, greatest(first, last), FOR_EVER) * grown(last) * fading


def mean_ratio(size: Quantity, parts: Sequence[Quantity]) -> Quantity:
    """Mean over the months of a cycle of size^part: the multiple of a cost of which an effect is in force in part."""
    total = size ** parts[0]
    for part in parts[1:]:
        total = total + size**part
    return total / len(parts)


def of_no_more(multiple: Quantity, purse: Quantity, high: Quantity) -> Quantity:
    """Multiple of a cost where the change is that of `high` a year at most. purse: the cost a person-year."""
    return 1 + (multiple - 1) * (high / greatest(greatest(purse, high), LEAST_PURSE))


def dose_share(delivered: Quantity, studied: Quantity, shape: Quantity) -> Quantity:
    """Share of an effect, on the log scale, that a dose brings about: (delivered ÷ studied)^shape, at most 1."""
    return least(1.0, delivered / greatest(studied, LEAST_DOSE)) ** shape


def saturating_share(delivered: Quantity, studied: Quantity, half_dose: Quantity) -> Quantity:
    """The same where sessions add ever less: dose ÷ (dose + half_dose), as a part of that at the studied dose."""

    def done(sessions: Quantity) -> Quantity:
        return sessions / greatest(sessions + half_dose, LEAST_DOSE)

    studied = greatest(studied, LEAST_DOSE)
    return done(least(delivered, studied)) / done(studied)


def flat_share(delivered: Quantity, studied: Quantity, flat_from: Quantity) -> Quantity:
    """The same where more than a few sessions add nothing: delivered ÷ flat_from, at most 1 and 1 when studied."""
    return dose_share(delivered, least(studied, flat_from), 1.0)


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


def within_work(extra: Quantity, employed: Quantity) -> Quantity:
    """Extra people in paid work, as a share of all: at most those out of work, and no fewer than those in it lost."""
    return greatest(0 - employed, least(1 - employed, extra))


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
