"""Blocks of draws, in their order, as one."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.result.outcomes import KEPT_CURVES, Outcomes

Array = NDArray[np.float64]

KEPT_DRAWS = 10_240
"""Draws whose outcomes are kept one by one. Means and chances are over all draws, however many."""
PER_DRAW = ("cost", "cash", "qaly", "sustained", "peak", "curves")
AVERAGED = ("cost", "cash", "qaly", "peak")
"""What each draw has and a mean may be taken of; months of payback have none."""
ALIKE = ("sum_of",)
"""What is the same in every block."""


@dataclass
class Gathering:
    """Takes blocks of draws in their order. Its room does not grow with the draws beyond those that are kept."""

    draws: int
    seen: int = 0

    def __post_init__(self) -> None:
        self._kept: dict[str, Array] = {}
        self._sums: dict[str, Array] = {}
        self._alike: dict[str, NDArray[np.int64]] = {}

    def add(self, block: Outcomes) -> None:
        """The next block."""
        for name in PER_DRAW:
            self._keep(name, getattr(block, name), KEPT_CURVES if name == "curves" else KEPT_DRAWS)
        for name in AVERAGED:
            self._sum(name, getattr(block, name).sum(axis=-1, keepdims=True))
        for name in (field.name for field in fields(Outcomes)):
            if name in ALIKE:
                self._alike[name] = getattr(block, name)
            elif name not in PER_DRAW:
                self._sum(name, getattr(block, name))
        self.seen += block.draws

    def _keep(self, name: str, values: Array, most: int) -> None:
        if name not in self._kept:
            self._kept[name] = np.empty((*values.shape[:-1], min(self.draws, most)))
        room = self._kept[name][..., self.seen : self.seen + values.shape[-1]]
        room[...] = values[..., : room.shape[-1]]

    def _sum(self, name: str, values: Array) -> None:
        if name in self._sums:
            self._sums[name] += values
        else:
            self._sums[name] = values.copy()

    def outcomes(self) -> Outcomes:
        """Outcomes of the kept draws; sums have become means over all draws."""
        return self._outcomes(self._kept | self._means(without=PER_DRAW))

    def means(self) -> Outcomes | None:
        """Means over all draws in the place of a single draw, or None where every draw is kept."""
        if self.draws <= KEPT_DRAWS:
            return None
        one = {name: self._kept[name][..., :1] for name in PER_DRAW}
        return self._outcomes(one | self._means(without=()))

    def _outcomes(self, rest: dict[str, Any]) -> Outcomes:
        return Outcomes(**(rest | self._alike))

    def _means(self, without: tuple[str, ...]) -> dict[str, Any]:
        return {name: total / self.draws for name, total in self._sums.items() if name not in without}


def joined(blocks: list[Outcomes]) -> Outcomes:
    """Blocks of draws as one."""
    gathering = Gathering(sum(block.draws for block in blocks))
    for block in blocks:
        gathering.add(block)
    return gathering.outcomes()
