"""Strata: the ledgers of parts of a cohort, added up to that of the whole within each draw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from costmodel.errors import InputError
from costmodel.model.lines import Look
from costmodel.model.lived import LARGEST_LEAK
from costmodel.model.values import Array
from costmodel.result.flows import Ledger, Shared
from costmodel.scenario.build import Scenario


def shares_of_strata(scenario: Scenario, look: Look) -> list[float | Array]:
    """Share of each stratum, a float or (draw,). Raises InputError where they do not sum to 1 in every draw."""
    shares = [look(structure.weight) for structure in scenario.structures]
    if np.max(np.abs(sum(shares) - 1)) > LARGEST_LEAK:
        found = "the shares of the strata do not sum to 1 in every draw"
        raise InputError.at("strata", found, "Make one the complement_of another, or draw them together (groups).")
    return shares


@dataclass(frozen=True)
class Together:
    """A ledger with one column a strategy: the strata of another, each by its share of the people.

    parts: its alternatives are the strata. shares: of each, a float or (draw,); they sum to 1 in every draw.
    """

    parts: Ledger
    shares: Sequence[float | Array]

    @property
    def edges(self) -> Array:
        """Years from referral, (cycle + 1,)."""
        return self.parts.edges

    @property
    def shape(self) -> tuple[int, int, int]:
        """Strategies, one alternative, draws."""
        strategies, _, draws = self.parts.shape
        return strategies, 1, draws

    @property
    def items(self) -> int:
        """How many items there are."""
        return self.parts.items

    def cost_of(self, item: int) -> Shared:
        """What an item costs, (cycle, strategy, draw)."""
        return self._added(self.parts.cost_of(item))

    def health(self) -> Shared:
        """QALYs, (cycle, strategy, draw)."""
        return self._added(self.parts.health())

    def living(self) -> Shared:
        """People at the start of each cycle and at the end, (cycle + 1, state, strategy, draw)."""
        return self._added(self.parts.living())

    def _added(self, parts: Shared) -> Shared:
        columns, kept = np.unique(parts.column, axis=0, return_inverse=True)
        values = np.stack([self._sum(parts.values, column) for column in columns], axis=-2)
        return Shared(values, kept.reshape(-1, 1))

    def _sum(self, values: Array, column: Array) -> Array:
        total: Array = np.zeros((*values.shape[:-2], values.shape[-1]))
        for share, of in zip(self.shares, column, strict=True):
            total += values[..., of, :] * share
        return total
