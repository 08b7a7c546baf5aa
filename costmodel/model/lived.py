"""What a cohort lives through under a scenario, before any money: people, time in states, moves."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import InputError
from costmodel.model.lines import Look
from costmodel.model.values import Array, Values
from costmodel.result.flows import Shared
from costmodel.scenario.build import Scenario, Structure
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles

LARGEST_LEAK = 1e-9
"""People: by how much the shares of a cohort may miss 1."""


@dataclass(frozen=True)
class Lived:
    """Of one person referred. The states are the declared ones; the dead are the rest.

    Strategies and alternatives with the same transitions share a column.
    people: at the start of each cycle and at the end, (cycle + 1, state, column, draw).
    person_years: that count in each cycle, (cycle, state, column, draw).
    at_start: person-years that count at time 0, (state, column, draw); models of probabilities.
    moved: people that made each move that is priced, in each cycle, by (from, to), (cycle, column, draw) each;
    empty in models of rates.
    column: of each strategy and alternative, (strategy, alternative).
    """

    people: Array
    person_years: Array
    at_start: Array | None
    moved: dict[tuple[str, str], Array]
    column: NDArray[np.intp]

    def apart(self) -> "Lived":
        """The same with a column of its own for each strategy and alternative; models of rates."""
        columns = self.column.ravel()
        own = np.arange(len(columns)).reshape(self.column.shape)
        return replace(
            self, people=self.people[:, :, columns], person_years=self.person_years[:, :, columns], column=own
        )

    def time_in_states(self) -> Shared:
        """Person-years, (cycle, state, column, draw)."""
        return Shared(self.person_years, self.column, self.at_start)


def edges(scenario: Scenario) -> Array:
    """Beginnings of the cycles and the end of the last, in years from referral."""
    model = scenario.model
    months = np.arange(cycles(model) + 1) * cycle_months(model)
    years: Array = months / MONTHS_A_YEAR
    return years


def looking(values: Values) -> Look:
    """References to values: 0 and 1 stand for themselves."""
    return lambda reference: float(reference) if isinstance(reference, int) else values[reference]


def draws_that_miss_one(shares: Sequence[float | Array], draws: int) -> int:
    """In how many draws shares do not sum to 1."""
    return int(np.count_nonzero(np.broadcast_to(np.abs(sum(shares) - 1) > LARGEST_LEAK, (draws,))))


def start_shares(structure: Structure, look: Look, draws: int) -> Array:
    """Shares of the cohort at referral, (state, draw). Raises InputError where they do not sum to 1 in every draw."""
    start = structure.model.cohort.start
    shares = [look(start[state]) if state in start else 0.0 for state in structure.model.states]
    if wrong := draws_that_miss_one(shares, draws):
        found = f"the shares of the cohort do not sum to 1 in every draw: {wrong:,} of {draws:,} do not"
        remedy = "Make one the complement_of another, draw them as one (groups, together: dirichlet), or hold them."
        raise InputError.at("cohort.start", found, remedy)
    return np.stack([np.broadcast_to(share, (draws,)) for share in shares])


def alike(keys: Sequence[Sequence[Hashable]]) -> tuple[NDArray[np.intp], list[tuple[int, int]]]:
    """Columns of strategies and alternatives with equal keys, and of each column the first that has it.

    keys: by strategy and alternative.
    """
    columns: dict[Hashable, int] = {}
    first: list[tuple[int, int]] = []
    column = np.empty((len(keys), len(keys[0])), dtype=np.intp)
    for s, row in enumerate(keys):
        for a, key in enumerate(row):
            if key not in columns:
                columns[key] = len(columns)
                first.append((s, a))
            column[s, a] = columns[key]
    return column, first
