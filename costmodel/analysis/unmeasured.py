"""What no trial measured apart: how far a channel's cost with therapy may lie from the model's, and nobody knows.

A setting may give a channel a factor of mean 1 (`unmeasured`, lognormal). It multiplies what a therapy's people cost
there, unless an effect of its own names the channel. Where an effect on a sum names it with others, the sum is
measured: the factor moves the channel's part of it and no total. Else it moves the net saving too. No mean, chance,
word or ranking uses these factors: what they widen is told beside it, as an interval.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.psa.comparison import LEVELS, Comparison
from costmodel.inputs.draws import uniforms
from costmodel.inputs.shapes import from_moments

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Widened:
    """A 95% interval with the factors: of what is taken out of a channel, or of the net saving (channel "").

    Undiscounted, per person referred. inside: the channel is part of a sum that was measured.
    """

    channel: str
    inside: bool
    low: float
    high: float


def factors(seed: int, channel: str, deviation: float, draws: int) -> Array:
    """Draws of a channel's factor, (draw,), divided by their mean; the distribution has mean 1 and this deviation."""
    drawn = from_moments("lognormal", 1.0, deviation).quantile(uniforms(seed, f"unmeasured {channel}", draws))
    return np.asarray(drawn / drawn.mean(), dtype=float)


def widened(of: Comparison) -> Iterator[Widened]:
    """Intervals with the factors, of every channel that has one, and last of the net saving where they move it."""
    setting, outcomes = of.result.setting, of.run.outcomes
    if outcomes.draws == 1:
        return
    total = np.zeros(outcomes.cost.shape[-2:])
    moved = False
    for name, channel in setting.channels.items():
        alone, among = _named(of, name)
        if channel.unmeasured is None or alone:
            continue
        spent, own = (_cost(of, name, strategy) for strategy in (0, of.strategy))
        if not own.any():
            continue
        more = own * (factors(of.result.seed, name, channel.unmeasured.sd, outcomes.draws) - 1.0)
        yield Widened(name, among, *of.result.quantiles(of.run, spent - own - more, LEVELS[:2]))
        if not among:
            total, moved = total + more, True
    if moved:
        yield Widened("", False, *of.result.quantiles(of.run, of.saving() - total, LEVELS[:2]))


def _named(of: Comparison, channel: str) -> tuple[bool, bool]:
    """Whether an effect of the strategy names a channel alone, and whether one names it with others."""
    named = [
        effect.channels
        for structure in of.result.scenario.structures
        for effect in structure.model.strategies[of.name].effects.values()
        if effect.channels and channel in effect.channels
    ]
    return any(len(one) == 1 for one in named), any(len(one) > 1 for one in named)


def _cost(of: Comparison, channel: str, strategy: int) -> Array:
    """What a strategy's people cost the perspective in a channel, (alternative, draw)."""
    setting, cost = of.result.setting, of.run.outcomes.cost[of.horizon, 0]
    found = np.zeros(cost.shape[-2:])
    for i, (item, sign) in enumerate(zip(of.result.items, of.result.signs(of.perspective), strict=True)):
        if setting.channel_of(item.category) == channel:
            found += max(0, sign) * cost[i, strategy]
    return found
