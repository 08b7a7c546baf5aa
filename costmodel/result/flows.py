"""Undiscounted flows in real terms, per person referred: what a run writes into its ledger."""

from dataclasses import dataclass
from functools import cached_property
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

    def spread(self) -> Array:
        """The same with every strategy and alternative, (time, …, strategy, alternative, draw)."""
        return apart(self.values, self.column)

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


@dataclass(frozen=True)
class Flows:
    """A ledger that is written out whole.

    edges: years from referral, (cycle + 1,). cost: (cycle, item, strategy, alternative, draw).
    qaly: (cycle, strategy, alternative, draw).
    people: at the start of each cycle and at the end, (cycle + 1, state, strategy, alternative, draw).
    person_years: (cycle, state, strategy, alternative, draw).
    cost_at_start, qaly_at_start: booked at time 0, shapes as above without the cycle; None where nothing is.
    """

    edges: Array
    cost: Array
    qaly: Array
    people: Array
    person_years: Array
    cost_at_start: Array | None = None
    qaly_at_start: Array | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Strategies, alternatives, draws."""
        strategies, alternatives, draws = self.qaly.shape[1:]
        return strategies, alternatives, draws

    @property
    def items(self) -> int:
        """How many items there are."""
        return int(self.cost.shape[1])

    def cost_of(self, item: int) -> Shared:
        """What an item costs, a column for each strategy and alternative."""
        return self._shared(self.cost[:, item], None if self.cost_at_start is None else self.cost_at_start[item])

    def health(self) -> Shared:
        """QALYs, a column for each strategy and alternative."""
        return self._shared(self.qaly, self.qaly_at_start)

    def living(self) -> Shared:
        """People, a column for each strategy and alternative."""
        return self._shared(self.people, None)

    def time_in_states(self) -> Shared:
        """Person-years, a column for each strategy and alternative."""
        return self._shared(self.person_years, None)

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        strategies, alternatives, _ = self.shape
        return np.arange(strategies * alternatives).reshape(strategies, alternatives)

    def _shared(self, values: Array, at_start: Array | None) -> Shared:
        def flat(array: Array) -> Array:
            return array.reshape(*array.shape[:-3], -1, array.shape[-1])

        return Shared(flat(values), self._columns, None if at_start is None else flat(at_start))


def whole(ledger: Ledger) -> Flows:
    """A ledger written out whole."""
    costs, health = [ledger.cost_of(item) for item in range(ledger.items)], ledger.health()
    first = [apart(cost.at_start, cost.column) for cost in costs if cost.at_start is not None]
    return Flows(
        ledger.edges,
        np.stack([cost.spread() for cost in costs], axis=1),
        health.spread(),
        ledger.living().spread(),
        ledger.time_in_states().spread(),
        np.stack(first) if first else None,
        None if health.at_start is None else apart(health.at_start, health.column),
    )
