"""The Rates sheet and one Trace sheet for each strategy and alternative, by the engine's own formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from costmodel.engine.formulas import CohortStep, closing, discount_factor, exit_rates, window_share
from costmodel.model.activity import background_hazards
from costmodel.model.money import share_open
from costmodel.model.rates import RateLine, Term, rate_lines
from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import REFERRAL, Sheet
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.structure import Structure

Variant = tuple[str, str]
"""A strategy and an alternative."""


def variants(inputs: Inputs) -> list[Variant]:
    """Every strategy under every alternative, in the engine's order."""
    scenario = inputs.scenario
    return [(s, a.name) for s in scenario.model.strategies for a in scenario.structures]


def write_rates(sheet: Sheet, inputs: Inputs, steps: int) -> dict[Variant, list[RateLine]]:
    """Clock, discount factors, deaths and rates in force, one row per cycle."""
    scenario, result = inputs.scenario, inputs.result
    cycle = cycle_months(scenario.model)
    hazards = background_hazards(scenario)
    horizon = float(result.edges[-1])
    discount = scenario.setting.discount
    follow_up = inputs.months("follow_up", scenario.model.follow_up.months) / MONTHS_A_YEAR
    lines = {v: _live_lines(inputs, *v) for v in variants(inputs)}
    ratios = {v: inputs.look(structure_of(inputs, v[1]).model.deaths.rate_ratio) for v in lines}
    for k in range(len(result.edges) - 1):
        row = REFERRAL + 1 + k
        first = sheet.constant("Month from", row, k * cycle)
        last = sheet.constant("Month to", row, (k + 1) * cycle)
        begin = sheet.put("Begin, years", row, first / MONTHS_A_YEAR)
        end = sheet.put("End, years", row, last / MONTHS_A_YEAR)
        year = sheet.put("Year (first is 0)", row, Cell(f"INT({begin.text})", int(begin.value + 1e-12)))
        sheet.put("Discount factor, costs", row, discount_factor(inputs.look(discount.costs), year))
        sheet.put("Discount factor, health", row, discount_factor(inputs.look(discount.health), year))
        sheet.put("Share within follow-up", row, window_share(begin, end, 0.0, follow_up))
        hazard = sheet.constant("Deaths per person-year, general population", row, float(hazards[k]))
        for variant, of_variant in lines.items():
            sheet.put(variant_name(variant, "death rate"), row, hazard * ratios[variant])
            for line in of_variant:
                shares = tuple(
                    sheet.put(variant_name(variant, f"{line.name}, share {i + 1}"), row, share)
                    if isinstance(share, Cell)
                    else share
                    for i, share in enumerate(line.shares(begin, end, horizon))
                )
                sheet.put(variant_name(variant, line.name), row, line.rate(shares, inputs.look))
            gap = share_open(structure_of(inputs, variant[1]).model, variant[0], begin, end, inputs.months)
            if gap is not None:
                sheet.put(variant_name(variant, "share before the gap closes"), row, gap)
    return lines


def _live_lines(inputs: Inputs, strategy: str, alternative: str) -> list[RateLine]:
    """The rate lines with their instants listed on the Inputs sheet, each once."""
    model = structure_of(inputs, alternative).model
    live = []
    for line in rate_lines(model, strategy, inputs.months):
        live.append(replace(line, terms=tuple(live_term(inputs, strategy, term) for term in line.terms)))
    return live


def live_term(inputs: Inputs, strategy: str, term: Term) -> Term:
    """An effect with its instants, and its strength where it is weakened, listed on the Inputs sheet."""
    name = f"{strategy}_{term.name}"
    first = inputs.instant(f"{name}_first", f"{strategy}: {term.name} begins", term.first)
    last = inputs.instant(f"{name}_last", f"{strategy}: {term.name} ends", term.last)
    weakened = term.weakened
    if weakened is not None:
        label = f"{strategy}: {term.name}, part of the source's effect (dose, shrinkage)"
        weakened = replace(weakened, ready=inputs.once(name, label, "multiplier", weakened.strength(inputs.look)))
    return replace(term, first=first, last=last, weakened=weakened)


def structure_of(inputs: Inputs, alternative: str) -> Structure:
    """A structure by name."""
    return next(s for s in inputs.scenario.structures if s.name == alternative)


def variant_name(variant: Variant, what: str) -> str:
    """Heading of a column that belongs to one strategy under one alternative."""
    strategy, alternative = variant
    return f"{strategy}, {alternative}: {what}" if alternative != "only" else f"{strategy}: {what}"


def write_trace(
    sheet: Sheet, rates: Sheet, inputs: Inputs, variant: Variant, lines: list[RateLine], steps: int
) -> None:
    """The cohort recursion: each row starts from the people of the row above and ends one cycle later."""
    model = structure_of(inputs, variant[1]).model
    states = list(model.states)
    sheet.column("Month to")
    sheet.constant("Month to", REFERRAL, 0)
    for state in states:
        start = inputs.look(model.cohort.start.get(state, 0))
        sheet.put(f"{state}: people at end", REFERRAL, start)
    moves = [(line.origin, line.destination) for line in lines]
    recursion = CohortStep(moves, (len(states),), object)
    for k in range(len(inputs.result.edges) - 1):
        row = REFERRAL + 1 + k
        sheet.put("Month to", row, rates.outside("Month to", row))
        moving = [rates.outside(variant_name(variant, line.name), row) for line in lines]
        dying = rates.outside(variant_name(variant, "death rate"), row)
        exits = [
            sheet.put(f"{state}: rate of leaving", row, out)
            for state, out in zip(states, exit_rates(len(states), moves, moving, dying), strict=True)
        ]
        before = np.array([sheet.at(f"{state}: people at end", row - 1) for state in states])
        people, time = np.empty_like(before), np.empty_like(before)

        def keep(step: int, name: str, cells: np.ndarray, row: int = row) -> list[Cell]:
            """Each state's cell in a column of its own."""
            prefix = f"step {step + 1}, " if steps > 1 else ""
            return [sheet.put(f"{prefix}{state}: {name}", row, x) for state, x in zip(states, cells, strict=True)]

        recursion.cycle(before, people, time, recursion.coefficients(moving, exits), inputs.cycle_years, steps, keep)
        for state, x, spent_in in zip(states, people, time, strict=True):
            sheet.put(f"{state}: people at end", row, x)
            sheet.put(f"{state}: person-years", row, spent_in)
        total = sum(
            (sheet.at(f"{state}: people at end", row) for state in states[1:]),
            sheet.at(f"{states[0]}: people at end", row),
        )
        sheet.put("dead: people at end", row, 1 - total)


def close_gap(sheet: Sheet, comparators: Sheet, rates: Sheet, inputs: Inputs, variant: Variant) -> None:
    """Person-years once the gap to the comparator closes; as they are where it does not."""
    for k in range(len(inputs.result.edges) - 1):
        row = REFERRAL + 1 + k
        for state in inputs.scenario.model.states:
            own = sheet.at(f"{state}: person-years", row)
            share = rates.outside(variant_name(variant, "share before the gap closes"), row)
            other = comparators.outside(f"{state}: person-years", row)
            sheet.put(f"{state}: person-years counted", row, closing(own, other, share))


def counted(sheet: Sheet, state: str, row: int) -> Cell:
    """Reference to the person-years that count in a cycle."""
    name = f"{state}: person-years counted"
    return sheet.outside(name if name in sheet.columns else f"{state}: person-years", row)
