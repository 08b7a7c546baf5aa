"""What people live through, by the engine's own formulas: Rates or Probabilities, and a Trace for each strategy and
alternative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from costmodel.engine.cohort import (
    TIMINGS,
    CohortStep,
    counted_in_cycle,
    exit_rates,
    instant_weights,
    probability_step,
    steps_needed,
)
from costmodel.engine.formulas import closing, stepped_discount_factor, window_share
from costmodel.model.activity import background_hazards
from costmodel.model.money import share_open
from costmodel.model.rates import RateLine, Term, rate_lines
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import REFERRAL, Cell, Sheet
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.parameter import steps
from costmodel.scenario.probabilities import DEAD, Chances, Move, all_states, arrow
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.structure import start_of

Variant = tuple[str, str]
"""A strategy and an alternative."""
PEOPLE, YEARS, COUNTED = "people at end", "person-years", "person-years counted"
DEATHS, OPEN, WEIGHT = "death rate", "share before the gap closes", "Weight of the instant"
DISCOUNTS = ("Discount factor, costs", "Discount factor, health")
WITHIN = "Share within follow-up"
BALANCE = "people lost or made"
"""Of headings."""


def variants(inputs: Inputs) -> list[Variant]:
    """Every strategy under every alternative, in the engine's order."""
    scenario = inputs.scenario
    return [(s, a.name) for s in scenario.model.strategies for a in scenario.structures]


def model_of(inputs: Inputs, variant: Variant) -> ModelFile:
    """The model under the alternative."""
    return next(s.model for s in inputs.scenario.structures if s.name == variant[1])


def variant_name(variant: Variant, what: str) -> str:
    """Heading of a column that belongs to a strategy under an alternative, or under all where none is named."""
    strategy, alternative = variant
    return f"{strategy}: {what}" if alternative in ("", "only") else f"{strategy}, {alternative}: {what}"


def _clock(
    sheet: Sheet, inputs: Inputs, row: int, heading: str, discounted: Callable[[Cell, Cell], Cell]
) -> tuple[Cell, Cell]:
    """Begin and end of a cycle, with its discount factors and the share of it within the follow-up.

    heading, discounted: the years for which flows between begin and end are discounted.
    """
    scenario, k = inputs.scenario, row - REFERRAL - 1
    cycle, discount = cycle_months(scenario.model), scenario.setting.discount
    first = sheet.constant("Month from", row, k * cycle)
    last = sheet.constant("Month to", row, (k + 1) * cycle)
    begin = sheet.put("Begin, years", row, first / MONTHS_A_YEAR)
    end = sheet.put("End, years", row, last / MONTHS_A_YEAR)
    years = sheet.put(heading, row, discounted(begin, end))
    for name, reference in zip(DISCOUNTS, (discount.costs, discount.health), strict=True):
        rates = [(first, inputs.look(rate)) for first, rate in steps(scenario.parameters, reference)]
        sheet.put(name, row, stepped_discount_factor(rates, years))
    sheet.put(WITHIN, row, window_share(begin, end, 0.0, inputs.follow_up))
    return begin, end


def write_rates(sheet: Sheet, inputs: Inputs) -> dict[Variant, list[RateLine]]:
    """Clock, discount factors, deaths and rates in force, one row per cycle; returns the lines of rates."""
    hazards, horizon = background_hazards(inputs.scenario), float(inputs.result.edges[-1])
    lines = {v: _live_lines(inputs, v) for v in variants(inputs)}
    for row in inputs.cycles:
        begin, end = _clock(
            sheet, inputs, row, "Year (first is 0)",
            lambda begin, _: Cell(f"INT({begin.text})", int(begin.value + 1e-12)),
        )  # fmt: skip
        hazard = sheet.constant("Deaths per person-year, general population", row, float(hazards[row - REFERRAL - 1]))
        for variant, of_variant in lines.items():
            model = model_of(inputs, variant)
            for heading, ratio in _deaths(model).values():
                if (variant_name(variant, heading), row) not in sheet.values:
                    sheet.put(variant_name(variant, heading), row, hazard * inputs.look(ratio))
            for line in of_variant:
                shares = list(line.shares(begin, end, horizon, inputs.look))
                for i, share in enumerate(shares):
                    if isinstance(share, Cell):
                        shares[i] = sheet.put(variant_name(variant, f"{line.name}, share {i + 1}"), row, share)
                sheet.put(variant_name(variant, line.name), row, line.rate(tuple(shares), inputs.look))
            gap = share_open(model, variant[0], begin, end, inputs.months)
            if gap is not None:
                sheet.put(variant_name(variant, OPEN), row, gap)
    return lines


def _deaths(model: ModelFile) -> dict[str, tuple[str, str | int]]:
    """Heading of the death rate of each state, and what it multiplies the general population's by."""
    ratios = {state: model.deaths.ratio(state) for state in model.states}
    alike = not model.deaths.rate_ratios
    return {state: (DEATHS if alike else f"{DEATHS}, {ratio}", ratio) for state, ratio in ratios.items()}


def _live_lines(inputs: Inputs, variant: Variant) -> list[RateLine]:
    """The rate lines with their instants listed on the Inputs sheet, each once."""
    return [
        replace(line, terms=tuple(live_term(inputs, variant[0], term) for term in line.terms))
        for line in rate_lines(model_of(inputs, variant), variant[0], inputs.months)
    ]


def live_term(inputs: Inputs, strategy: str, term: Term) -> Term:
    """An effect with its instants, and its strength where it is weakened, listed on the Inputs sheet."""
    name = f"{strategy}_{term.name}"
    first = inputs.instant(f"{name}_first", f"{strategy}: {term.name} begins", term.first)
    last = inputs.instant(f"{name}_last", f"{strategy}: {term.name} ends", term.last)
    weakened = term.weakened
    if weakened is not None:
        label = f"{strategy}: {term.name}, part of the source's effect (dose, shrinkage)"
        weakened = replace(weakened, ready=inputs.derived(name, label, "multiplier", weakened.strength(inputs.look)))
    return replace(term, first=first, last=last, weakened=weakened)


def steps_of(rates: Sheet, inputs: Inputs, lines: dict[Variant, list[RateLine]]) -> int:
    """Steps into which cycles are cut: as many as the fastest needs in all of them, so that a column has one shape."""
    fastest = []
    for variant, of_variant in lines.items():
        moves = [(line.origin, line.destination) for line in of_variant]
        headings = [heading for heading, _ in _deaths(model_of(inputs, variant)).values()]
        for row in inputs.cycles:
            moving = [rates.values[variant_name(variant, line.name), row] for line in of_variant]
            dying = [rates.values[variant_name(variant, heading), row] for heading in headings]
            fastest.append(np.max(exit_rates(moves, moving, dying)))
    return int(steps_needed([np.array(fastest)], inputs.cycle_years.value).max())


def write_trace(
    sheet: Sheet, rates: Sheet, inputs: Inputs, variant: Variant, lines: list[RateLine], steps: int
) -> None:
    """The recursion of rates: each row starts from the people of the row above and ends one cycle later."""
    states = list(inputs.scenario.model.states)
    _at_referral(sheet, inputs, variant, states)
    moves = [(line.origin, line.destination) for line in lines]
    headings = [heading for heading, _ in _deaths(model_of(inputs, variant)).values()]
    recursion, priced = CohortStep(moves, (len(states),), object), _priced(inputs)
    for row in inputs.cycles:
        sheet.put("Month to", row, rates.outside("Month to", row))
        moving = [rates.outside(variant_name(variant, line.name), row) for line in lines]
        dying = [rates.outside(variant_name(variant, heading), row) for heading in headings]
        exits = [
            sheet.put(f"{state}: rate of leaving", row, out)
            for state, out in zip(states, exit_rates(moves, moving, dying), strict=True)
        ]
        before = np.array([sheet.at(f"{state}: {PEOPLE}", row - 1) for state in states])
        people, time = np.empty_like(before), np.empty_like(before)

        def keep(step: int, name: str, cells: np.ndarray, row: int = row) -> list[Cell]:
            """Each state's cell in a column of its own."""
            prefix = f"step {step + 1}, " if steps > 1 else ""
            return [sheet.put(f"{prefix}{state}: {name}", row, x) for state, x in zip(states, cells, strict=True)]

        recursion.cycle(before, people, time, recursion.coefficients(moving, exits), inputs.cycle_years, steps, keep)
        alive, spent = [], []
        for state, x, spent_in in zip(states, people, time, strict=True):
            alive.append(sheet.put(f"{state}: {PEOPLE}", row, x))
            spent.append(sheet.put(f"{state}: {YEARS}", row, spent_in))
        sheet.put(f"dead: {PEOPLE}", row, 1 - sum(alive[1:], alive[0]))
        sheet.put(BALANCE, row, _balance(list(before), alive, spent, moves, moving, dying))
        for line, rate in zip(lines, moving, strict=True):
            if line.name in priced:
                sheet.put(moved_name(line.name), row, rate * spent[line.origin])


def _balance(
    before: Sequence[Cell], after: Sequence[Cell], years: Sequence[Cell], moves: Sequence[tuple[int, int]],
    moving: Sequence[Cell], dying: Sequence[Cell],
) -> Cell:  # fmt: skip
    """By how much the people of a cycle are not those before it with who came and who left, over all living states."""
    total = Cell.of(0)
    for state, (x, y, time) in enumerate(zip(before, after, years, strict=True)):
        gap = x - y - dying[state] * time
        for (origin, destination), rate in zip(moves, moving, strict=True):
            gap = gap - rate * time if origin == state else gap
            gap = gap + rate * years[origin] if destination == state else gap
        total = total + gap.size() if state else gap.size()
    return total


def _at_referral(sheet: Sheet, inputs: Inputs, variant: Variant, states: list[str]) -> None:
    """The row from which the recursion starts."""
    start = start_of(model_of(inputs, variant), variant[0])
    sheet.constant("Month to", REFERRAL, 0)
    for state in states:
        sheet.put(f"{state}: {PEOPLE}", REFERRAL, inputs.look(start.get(state, 0)))


def close_gap(sheet: Sheet, comparators: Sheet, rates: Sheet, inputs: Inputs, variant: Variant) -> None:
    """Person-years once the gap to the comparator closes; as they are where it does not."""
    for row in inputs.cycles if variant_name(variant, OPEN) in rates.columns else ():
        share = rates.outside(variant_name(variant, OPEN), row)
        for state in inputs.scenario.model.states:
            own, other = sheet.at(f"{state}: {YEARS}", row), comparators.outside(f"{state}: {YEARS}", row)
            sheet.put(f"{state}: {COUNTED}", row, closing(own, other, share))


def counted(sheet: Sheet, state: str, row: int) -> Cell:
    """Reference to the person-years that count in a cycle."""
    return sheet.outside(f"{state}: {COUNTED if f'{state}: {COUNTED}' in sheet.columns else YEARS}", row)


def write_probabilities(sheet: Sheet, inputs: Inputs) -> dict[Variant, list[Move]]:
    """Clock, discount factors, weights of instants and the probability of each move, one row per cycle; returns the
    moves.
    """
    scenario, model = inputs.scenario, inputs.scenario.model
    assert model.discounting is not None
    timing = TIMINGS[model.discounting]
    declared = None if model.weights is None else np.array(model.weights)
    weights = instant_weights(str(model.counting), len(inputs.cycles), declared)
    chances = {v: Chances(model_of(inputs, v), v[0], scenario.matrices.get(v[0])) for v in variants(inputs)}
    for name, value in (("Month from", 0), ("Month to", 0), (DISCOUNTS[0], 1), (DISCOUNTS[1], 1), (WITHIN, 1)):
        sheet.constant(name, REFERRAL, value)
    if weights is not None:
        sheet.constant(WEIGHT, REFERRAL, float(weights[0]))
    for k, row in enumerate(inputs.cycles):
        _clock(sheet, inputs, row, "Years discounted", lambda begin, end: begin + timing * (end - begin))
        if weights is not None:
            sheet.constant(WEIGHT, row, float(weights[k + 1]))
        for variant, of_variant in chances.items():
            for move, probability in of_variant.at(k, inputs.look).items():
                write = sheet.put if isinstance(probability, Cell) else sheet.constant
                write(variant_name(variant, arrow(move)), row, probability)
    return {variant: of_variant.moves() for variant, of_variant in chances.items()}


def write_chain(sheet: Sheet, chances: Sheet, inputs: Inputs, variant: Variant, moves: list[Move]) -> None:
    """The recursion of probabilities: each row starts from the people of the row above and ends one cycle later."""
    model = model_of(inputs, variant)
    states = all_states(model)
    indices = [(states.index(origin), states.index(destination)) for origin, destination in moves]
    weighed = WEIGHT in chances.columns
    priced = _priced(inputs)
    _at_referral(sheet, inputs, variant, states)
    at_first = chances.outside(WEIGHT, REFERRAL) if weighed else 0.0
    for state in states[:-1]:
        people = sheet.at(f"{state}: {PEOPLE}", REFERRAL)
        sheet.put(f"{state}: {YEARS}", REFERRAL, people * at_first * inputs.cycle_years)
    for row in inputs.cycles:
        sheet.put("Month to", row, chances.outside("Month to", row))
        before = [sheet.at(f"{state}: {PEOPLE}", row - 1) for state in states]
        probabilities = [chances.outside(variant_name(variant, arrow(move)), row) for move in moves]
        after, flows = probability_step(before, indices, probabilities)
        here = [sheet.put(f"{state}: {PEOPLE}", row, x) for state, x in zip(states, after, strict=True)]
        weight = chances.outside(WEIGHT, row) if weighed else None
        for state, x, y in zip(states[:-1], before, here, strict=False):
            people = counted_in_cycle(str(model.counting), x, y) if weight is None else y * weight
            sheet.put(f"{state}: {YEARS}", row, people * inputs.cycle_years)
        for move, flow in zip(moves, flows, strict=True):
            if arrow(move) in priced:
                sheet.put(moved_name(arrow(move)), row, flow if weight is None else flow * weight)


def _priced(inputs: Inputs) -> set[str]:
    """Transitions that cost something, or gain or lose health."""
    model = inputs.scenario.model
    return {*model.qalys_on_transition, *(name for item in model.costs.values() for name in item.on_transition)}


def moved_name(move: str) -> str:
    """Heading of the people who make a move, as far as they count."""
    return f"{move}: people who move"


def row_sum_checks(chances: Sheet, inputs: Inputs, variant: Variant, moves: list[Move]) -> list[tuple[str, str]]:
    """(label, formula) of live checks of the probabilities from each state, over all cycles together."""
    found, of = [], f"{variant[0]}, {variant[1]}"
    for state in (*inputs.scenario.model.states, DEAD):
        names = [variant_name(variant, arrow(move)) for move in moves if move[0] == state]
        columns = [chances.span(name, REFERRAL + 1, inputs.last) for name in names]
        total = "+".join(f"SUM({column})" for column in columns)
        least = ",".join(f"MIN({column})" for column in columns)
        found.append((f"Probabilities from {state} sum to 1: {of}", f"ABS({total}-{len(inputs.cycles)})"))
        found.append((f"No probability from {state} below 0: {of}", f"0-MIN(0,{least})"))
    return found
