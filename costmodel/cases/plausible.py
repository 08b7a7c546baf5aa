"""Slips of unit that a published cohort model can carry: a cycle that is not a year, deaths that nobody dies."""

import re
from collections.abc import Iterator

import numpy as np

from costmodel.cases.cohort import CohortRun
from costmodel.inputs.lifetable import OLD, age_of_deaths

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
