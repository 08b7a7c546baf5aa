"""Models of probabilities: the published recursion, cycle by cycle, with the declared counting convention."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.engine.textbook import chain, moves_counted, time_in_states
from costmodel.errors import InputError
from costmodel.inputs.matrices import ROW_TOLERANCE
from costmodel.model.lived import Lived, alike, looking, start_shares
from costmodel.model.values import Array, Values
from costmodel.scenario.build import Scenario, Structure
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.probabilities import Chances, Move, all_states, arrow
from costmodel.scenario.schema import ModelFile


def live_by_probabilities(scenario: Scenario, values: Values, draws: int) -> Lived:
    """The cohort of each strategy and alternative.

    Raises InputError where a draw has a probability outside [0, 1]: nothing is clipped.
    """
    model, look = scenario.model, looking(values)
    variants, column, structures = chances(scenario)
    starts = [start_shares(structure, look, draws) for structure in structures]
    moves = list(dict.fromkeys(move for one in variants for move in one.moves()))
    changes = {cycle for one in variants for cycle in one.starts()}
    in_force: list[Array] = []

    def probabilities(cycle: int) -> Sequence[Array]:
        nonlocal in_force
        if cycle in changes:
            in_force = move_probabilities(variants, moves, cycle, draws, look)
        return in_force

    states = all_states(model)
    dead = np.zeros((1, len(variants), draws))
    start = np.concatenate([np.stack(starts, axis=1), dead])
    indices = [(states.index(origin), states.index(destination)) for origin, destination in moves]
    names = _priced(structure.model for structure in scenario.structures)
    priced = [move for move in moves if arrow(move) in names]
    lived = chain(start, indices, probabilities, cycles(model), [moves.index(move) for move in priced])
    years = cycle_months(model) / MONTHS_A_YEAR
    assert model.counting is not None
    weights = None if model.weights is None else np.array(model.weights)
    at_start, in_cycles = time_in_states(lived.people[:, :-1], model.counting, weights)
    moved = moves_counted(lived.moved, model.counting, weights)
    return Lived(
        people=lived.people[:, :-1],
        person_years=in_cycles * years,
        at_start=at_start * years,
        moved={move: moved[:, i] for i, move in enumerate(priced)},
        column=column,
    )


def _priced(models: Iterable[ModelFile]) -> set[str]:
    """Moves that cost something or bring health, as they are written."""
    return {
        name
        for model in models
        for named in (model.qalys_on_transition, *(item.on_transition for item in model.costs.values()))
        for name in named
    }


def chances(scenario: Scenario) -> tuple[list[Chances], NDArray[np.intp], list[Structure]]:
    """The different sets of probabilities, which of them each strategy and alternative has, and whose start."""
    each = [
        [Chances(structure.model, strategy, scenario.matrices.get(strategy)) for structure in scenario.structures]
        for strategy in scenario.model.strategies
    ]
    keys = [
        [
            (one.key(), tuple(structure.model.cohort.start.items()))
            for one, structure in zip(row, scenario.structures, strict=True)
        ]
        for row in each
    ]
    column, first = alike(keys)
    return [each[s][a] for s, a in first], column, [scenario.structures[a] for _, a in first]


def move_probabilities(variants: list[Chances], moves: list[Move], cycle: int, draws: int, look: Any) -> list[Array]:
    """The probability of each move in a cycle, (variant, draw) each; rounding of a remainder below 0 is taken off."""
    found = [one.at(cycle, look) for one in variants]
    stacked = []
    for move in moves:
        p = np.stack([np.broadcast_to(one.get(move, 0.0), (draws,)) for one in found])
        outside = (p < -ROW_TOLERANCE) | (p > 1 + ROW_TOLERANCE)
        if outside.any():
            worst = float(p[outside][np.argmax(np.abs(p[outside] - 0.5))])
            what = (
                f"the probability of {arrow(move)} is {worst:.4g} in {outside.any(axis=0).sum():,} of {draws:,} draws"
            )
            remedy = "Narrow the uncertainty of the probabilities that leave the state; they are not clipped."
            raise InputError.at("transitions", f"{what} (cycle {cycle + 1})", remedy)
        stacked.append(np.maximum(p, 0.0))
    return stacked
