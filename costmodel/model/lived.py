"""What a cohort lives through under a scenario, before any money: people, time in states, moves."""

from dataclasses import dataclass

import numpy as np

from costmodel.errors import InputError
from costmodel.model.lines import Look
from costmodel.model.values import Array, Values
from costmodel.scenario.build import Scenario, Structure
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles

LARGEST_LEAK = 1e-9
"""People: by how much the shares of a cohort may miss 1."""


@dataclass(frozen=True)
class Lived:
    """Of one person referred. The states are the declared ones; the dead are the rest.

    people: at the start of each cycle and at the end, (cycle + 1, state, strategy, alternative, draw).
    person_years: that count in each cycle, (cycle, state, strategy, alternative, draw).
    at_start: person-years that count at time 0, (state, strategy, alternative, draw); models of probabilities.
    moved: people that made each move in each cycle, by (from, to), (cycle, strategy, alternative, draw) each;
    empty in models of rates.
    """

    people: Array
    person_years: Array
    at_start: Array | None
    moved: dict[tuple[str, str], Array]


def edges(scenario: Scenario) -> Array:
    """Beginnings of the cycles and the end of the last, in years from referral."""
    model = scenario.model
    months = np.arange(cycles(model) + 1) * cycle_months(model)
    years: Array = months / MONTHS_A_YEAR
    return years


def looking(values: Values) -> Look:
    """References to values: 0 and 1 stand for themselves."""
    return lambda reference: float(reference) if isinstance(reference, int) else values[reference]


def start_shares(structure: Structure, look: Look, draws: int) -> Array:
    """Shares of the cohort at referral, (state, draw). Raises InputError where they do not sum to 1 in every draw."""
    start = structure.model.cohort.start
    shares = [look(start[state]) if state in start else 0.0 for state in structure.model.states]
    if np.max(np.abs(sum(shares) - 1)) > LARGEST_LEAK:
        found = "the shares of the cohort do not sum to 1 in every draw"
        raise InputError.at("cohort.start", found, "Make one the complement_of another, or hold them fixed.")
    return np.stack([np.broadcast_to(share, (draws,)) for share in shares])
