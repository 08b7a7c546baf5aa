"""Outcomes of one block of draws: of a scenario, and of the same people by each convention about money."""

from collections.abc import Callable
from functools import partial

import numpy as np

from costmodel.engine.cohort import TIMINGS
from costmodel.engine.formulas import stepped_discount_factor
from costmodel.model.activity import edges, looking
from costmodel.model.draws import Array, Values, repriced_values
from costmodel.model.ledger import CohortLedger, LedgerOfStrata, shares_of_strata
from costmodel.model.money import items, of_sessions, therapy_window
from costmodel.model.rates import Look
from costmodel.result.flows import Ledger
from costmodel.result.outcomes import Outcomes, Terms, outcomes, with_other_care_as_compared, year_of
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.conventions import NO_EFFECT, all_given
from costmodel.scenario.parameter import steps

BASE = ""
"""The run that conventions about money stand beside."""


def ledger_of(scenario: Scenario, values: Values, draws: int) -> Ledger:
    """The ledger of given values of every parameter, floats or (draw,); strata are added up by their shares."""
    return _together(CohortLedger.of(scenario, values, draws))


def _together(cohort: CohortLedger) -> Ledger:
    """The ledger of a cohort; strata added up by their shares."""
    if not cohort.scenario.model.strata:
        return cohort
    return LedgerOfStrata(cohort, shares_of_strata(cohort.scenario, cohort.look))


def outcomes_of(
    scenario: Scenario, values: Values, draws: int, horizons: tuple[float, ...], kept: int,
    drawn: Callable[[Scenario], Values] | None = None, kept_beside: int | None = None,
) -> dict[str, Outcomes]:  # fmt: skip
    """Outcomes of the base, and of the same people by each convention about money; people are followed once.

    horizons: years, rising. kept: curves to keep; kept_beside: of conventions, as many by default. drawn: the same
    draws of another scenario; None where conventions are not asked for.
    """
    cohort = CohortLedger.of(scenario, values, draws)
    ledger, terms = _together(cohort), _terms(scenario, values, horizons)
    base = outcomes(ledger, terms, kept)
    found = {BASE: base}
    if drawn is None:
        return found
    beside = kept if kept_beside is None else kept_beside
    for name, one in scenario.conventions.items():
        theirs = repriced_values(one, values, drawn)
        priced = _together(cohort.repriced(one.scenario, theirs))
        found[name] = outcomes(priced, _terms(one.scenario, theirs, horizons), beside, base)
    if NO_EFFECT in all_given(scenario):
        alone = of_sessions(structure.model for structure in scenario.structures)
        own = [i for i, item in enumerate(items(scenario.model)) if item.name in alone]
        found[NO_EFFECT] = with_other_care_as_compared(ledger, terms, beside, base, (0, *own))
    return found


def horizons_of(scenario: Scenario) -> tuple[float, ...]:
    """The follow-up first, then the horizon where it is longer; in years."""
    model = scenario.model
    lengths = dict.fromkeys((model.follow_up.months, model.horizon.months))
    return tuple(months / MONTHS_A_YEAR for months in lengths)


def first_payments(scenario: Scenario) -> tuple[float, ...]:
    model = scenario.model
    return tuple(
        therapy_window(model, name)[0] * MONTHS_A_YEAR if strategy.therapy else 0.0
        for name, strategy in model.strategies.items()
    )


def _terms(scenario: Scenario, values: Values, horizons: tuple[float, ...]) -> Terms:
    look = looking(values)
    ledger = items(scenario.model)
    setting, discount = scenario.setting, scenario.setting.discount
    factors = partial(discount_factors, scenario, look=look, years=_years(scenario))
    return Terms(
        horizons=horizons,
        signs=tuple(
            tuple(setting.weight(name, item.paid_by, item.received_by) for item in ledger)
            for name in setting.perspectives
        ),
        cashable=tuple(look(item.cashable) for item in ledger),
        lags=tuple(round(item.lag_months / cycle_months(scenario.model)) for item in ledger),
        factors=(factors(discount.costs), factors(discount.health)),
        first_payment=first_payments(scenario),
    )


def discount_factors(scenario: Scenario, reference: str | int, look: Look, years: Array) -> Array:
    """Discount factors of a rate at years from referral, (year, 1) or (year, draw)."""
    rates = [(begin, np.atleast_1d(look(rate))) for begin, rate in steps(scenario.parameters, reference)]
    return np.asarray(stepped_discount_factor(rates, years[:, None]))


def _years(scenario: Scenario) -> Array:
    """Years by which each cycle is discounted: whole years from referral, or as a model of probabilities declares."""
    timing = scenario.model.discounting
    if timing is None:
        return year_of(edges(scenario))
    length = cycle_months(scenario.model) / MONTHS_A_YEAR
    return np.asarray((np.arange(cycles(scenario.model)) + TIMINGS[timing]) * length, dtype=float)
