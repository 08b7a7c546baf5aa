"""The Probabilities sheet and the Trace sheets of a model of probabilities, by the engine's own formulas."""

from __future__ import annotations

import numpy as np

from costmodel.engine.formulas import counted_in_cycle, discount_factor, probability_step, window_share
from costmodel.engine.textbook import TIMINGS, instant_weights
from costmodel.report.workbook.activity import Variant, structure_of, variant_name, variants
from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import REFERRAL, Sheet
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import DEAD, Chances, Move, all_states, arrow


def write_probabilities(sheet: Sheet, inputs: Inputs) -> dict[Variant, list[Move]]:
    """Clock, discount factors, weights of instants and the probability of each move, one row per cycle."""
    scenario = inputs.scenario
    model = scenario.model
    cycle, discount = cycle_months(model), scenario.setting.discount
    follow_up = inputs.months("follow_up", model.follow_up.months) / MONTHS_A_YEAR
    assert model.discounting is not None
    weights = _weights(inputs)
    chances = {
        v: Chances(structure_of(inputs, v[1]).model, v[0], scenario.matrices.get(v[0])) for v in variants(inputs)
    }
    sheet.constant("Month from", REFERRAL, 0)
    sheet.constant("Month to", REFERRAL, 0)
    for name in ("Discount factor, costs", "Discount factor, health", "Share within follow-up"):
        sheet.constant(name, REFERRAL, 1)
    if weights is not None:
        sheet.constant("Weight of the instant", REFERRAL, float(weights[0]))
    for k in range(cycles(model)):
        row = REFERRAL + 1 + k
        first = sheet.constant("Month from", row, k * cycle)
        last = sheet.constant("Month to", row, (k + 1) * cycle)
        begin = sheet.put("Begin, years", row, first / MONTHS_A_YEAR)
        end = sheet.put("End, years", row, last / MONTHS_A_YEAR)
        years = sheet.put("Years discounted", row, begin + TIMINGS[model.discounting] * (end - begin))
        sheet.put("Discount factor, costs", row, discount_factor(inputs.look(discount.costs), years))
        sheet.put("Discount factor, health", row, discount_factor(inputs.look(discount.health), years))
        sheet.put("Share within follow-up", row, window_share(begin, end, 0.0, follow_up))
        if weights is not None:
            sheet.constant("Weight of the instant", row, float(weights[k + 1]))
        for variant, of_variant in chances.items():
            for move, probability in of_variant.at(k, inputs.look).items():
                write = sheet.put if isinstance(probability, Cell) else sheet.constant
                write(variant_name(variant, arrow(move)), row, probability)
    return {variant: of_variant.moves() for variant, of_variant in chances.items()}


def _weights(inputs: Inputs) -> np.ndarray | None:
    model = inputs.scenario.model
    declared = None if model.weights is None else np.array(model.weights)
    return instant_weights(str(model.counting), cycles(model), declared)


def write_chain(sheet: Sheet, chances: Sheet, inputs: Inputs, variant: Variant, moves: list[Move]) -> None:
    """The recursion: each row starts from the people of the row above and ends one cycle later."""
    model = structure_of(inputs, variant[1]).model
    states = all_states(model)
    indices = [(states.index(origin), states.index(destination)) for origin, destination in moves]
    weighed = "Weight of the instant" in chances.columns
    events = _events(inputs)
    sheet.constant("Month to", REFERRAL, 0)
    for state in states:
        sheet.put(f"{state}: people at end", REFERRAL, inputs.look(model.cohort.start.get(state, 0)))
    for state in states[:-1]:
        at_start = sheet.at(f"{state}: people at end", REFERRAL)
        first_weight = chances.outside("Weight of the instant", REFERRAL) if weighed else 0.0
        sheet.put(f"{state}: person-years", REFERRAL, at_start * first_weight * inputs.cycle_years)
    for k in range(cycles(model)):
        row = REFERRAL + 1 + k
        sheet.put("Month to", row, chances.outside("Month to", row))
        before = [sheet.at(f"{state}: people at end", row - 1) for state in states]
        probabilities = [chances.outside(variant_name(variant, arrow(move)), row) for move in moves]
        after, flows = probability_step(before, indices, probabilities)
        here = [sheet.put(f"{state}: people at end", row, x) for state, x in zip(states, after, strict=True)]
        weight = chances.outside("Weight of the instant", row) if weighed else None
        for state, x, y in zip(states[:-1], before, here, strict=False):
            counted = counted_in_cycle(str(model.counting), x, y) if weight is None else y * weight
            sheet.put(f"{state}: person-years", row, counted * inputs.cycle_years)
        for move, flow in zip(moves, flows, strict=True):
            if move in events:
                sheet.put(moved_name(move), row, flow if weight is None else flow * weight)


def _events(inputs: Inputs) -> set[Move]:
    """Moves that cost something, or gain or lose health."""
    model = inputs.scenario.model
    named = [*model.qalys_on_transition, *(name for item in model.costs.values() for name in item.on_transition)]
    return {(name.partition(" -> ")[0], name.partition(" -> ")[2]) for name in named}


def moved_name(move: Move) -> str:
    """Heading of the people who make a move, as far as they count."""
    return f"{arrow(move)}: people who move"


def row_sum_checks(chances: Sheet, inputs: Inputs, variant: Variant, moves: list[Move]) -> list[tuple[str, str]]:
    """(label, formula) of live checks of the probabilities from each state, over all cycles together."""
    last = REFERRAL + cycles(inputs.scenario.model)
    found = []
    for state in (*inputs.scenario.model.states, DEAD):
        columns = [variant_name(variant, arrow(move)) for move in moves if move[0] == state]
        total = "+".join(f"SUM({chances.span(name, REFERRAL + 1, last)})" for name in columns)
        label = f"Probabilities from {state} sum to 1: {variant[0]}, {variant[1]}"
        found.append((label, f"ABS({total}-{last - REFERRAL})"))
        least = ",".join(f"MIN({chances.span(name, REFERRAL + 1, last)})" for name in columns)
        found.append((f"No probability from {state} below 0: {variant[0]}, {variant[1]}", f"0-MIN(0,{least})"))
    return found
