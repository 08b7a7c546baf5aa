"""The ledger of a run written out whole: every strategy under every alternative, as plain arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from costmodel.model.draws import Array, Values
from costmodel.model.ledger import CohortLedger
from costmodel.result.flows import Ledger, Shared, apart
from costmodel.scenario.build import Scenario


def simulate(scenario: Scenario, values: Values, draws: int) -> "Flows":
    """Every strategy under every alternative, or of every stratum, for a block of draws.

    values: of every parameter, floats or arrays of shape (draw,). Raises InputError where the rates or
    probabilities of a draw are absurd.
    """
    return whole(CohortLedger.of(scenario, values, draws))


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
        np.stack([spread(cost) for cost in costs], axis=1),
        spread(health),
        spread(ledger.living()),
        spread(ledger.time_in_states()),
        np.stack(first) if first else None,
        None if health.at_start is None else apart(health.at_start, health.column),
    )


def spread(shared: Shared) -> Array:
    """The same with every strategy and alternative, (time, …, strategy, alternative, draw)."""
    return apart(shared.values, shared.column)
