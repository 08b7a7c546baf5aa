"""Undiscounted flows in real terms, per person referred: what a run writes into its ledger."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shared:
    """An array with one column for all strategies and alternatives that are alike in it.

    values: (time, …, column, draw). column: of each strategy and alternative, (strategy, alternative).
    at_start: booked at time 0, (…, column, draw); None where nothing is.
    """

    values: Array
    column: NDArray[np.intp]
    at_start: Array | None = None

    def of(self, strategy: int, alternative: int) -> Array:
        """One strategy and alternative, (time, …, draw)."""
        return self.values[..., self.column[strategy, alternative], :]


def apart(values: Array, column: NDArray[np.intp]) -> Array:
    """Columns spread over strategies and alternatives: (…, column, draw) → (…, strategy, alternative, draw)."""
    return np.take(values, column, axis=-2)


class Ledger(Protocol):
    """What the summing reads. An item is written out when it is asked for, and forgotten afterwards."""

    @property
    def edges(self) -> Array:
        """Years from referral, (cycle + 1,)."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """Strategies, alternatives, draws."""
        ...

    @property
    def items(self) -> int:
        """How many items there are."""
        ...

    def cost_of(self, item: int) -> Shared:
        """What an item costs, (cycle, column, draw)."""
        ...

    def health(self) -> Shared:
        """QALYs, (cycle, column, draw)."""
        ...

    def living(self) -> Shared:
        """People at the start of each cycle and at the end, (cycle + 1, state, column, draw)."""
        ...

    def time_in_states(self) -> Shared:
        """Person-years, (cycle, state, column, draw)."""
        ...
