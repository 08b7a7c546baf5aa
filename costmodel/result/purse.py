"""The purse: what is spent on the comparator's people, by channel and payer, and what share of it therapy takes out.

A purse bounds what can be saved. Receipts are not in it (tax and pay gained are not bounded), nor is the course of
therapy. All is undiscounted, per person referred.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from costmodel.engine.formulas import NOTHING, settled
from costmodel.result.payback import NEVER
from costmodel.result.sums import DETERMINISTIC, Array, Estimate, Run, Sums
from costmodel.scenario.setting import THERAPY

ALL = "all"
NOTHING_SPENT = "nothing is spent there without the therapy"
NO_COURSE = "no course is paid for"
NOT_EVEN_ALL = "even every pound would not do"
TOO_SMALL = "the purse is too small for any input to matter"
NO_EFFECT = "no trial of this effect is used"
OUTSIDE = "outside the range of the trials"
SMALL = 0.05
"""Of a course: a purse below this cannot matter."""

Part = tuple[Array, Array]
"""What the comparator's people cost in a channel, and what of that is taken out, (alternative, draw) each."""


def purse(
    result: Sums, run: Run, h: int, s: int, *, perspective: str | None = None, party: str | None = None
) -> dict[str, Part]:
    """By channel, and of all: what is spent without the therapy to a horizon, and what of that it takes out.

    h, s: indices of horizon and strategy. Only channels in which the perspective or party pays anything. The sum is
    that of a payer and is never added up over payers: a person-month of work is seen by several.
    """
    nothing = np.zeros(run.outcomes.cost.shape[-2:])
    found: dict[str, Part] = {}
    for i, (item, sign) in enumerate(zip(result.items, result.signs(perspective, party), strict=True)):
        channel = result.setting.channel_of(item.category)
        if item.category == THERAPY or channel is None or sign <= 0:
            continue
        theirs, own = run.outcomes.cost[h, 0, i, 0], run.outcomes.cost[h, 0, i, s]
        for name in (channel, ALL):
            spent, taken = found.get(name, (nothing, nothing))
            found[name] = spent + theirs, taken + theirs - own
    found.setdefault(ALL, (nothing, nothing))
    return {name: found[name] for name in (*result.setting.channels, ALL) if name in found}


@dataclass(frozen=True)
class AYear:
    """What channels cost the comparator's people a person-year to the follow-up, at central values, and between what
    trials of the effect on them saw it; None where that has no end.
    """

    cost: float
    low: float | None
    high: float | None

    @property
    def outside(self) -> bool:
        """Whether it is outside the range of the trials: then no verdict is robust."""
        return not (self.low or 0.0) <= self.cost <= (self.high or NEVER)


def a_year(result: Sums, s: int) -> AYear | None:
    """The yearly cost of the channels on which a strategy has an effect that trials saw in a range; None without one.

    s: index of the strategy.
    """
    effects = result.scenario.model.strategies[result.strategies[s]].effects.values()
    effect = next((one for one in effects if one.purse), None)
    if effect is None or effect.purse is None:
        return None
    each = result.of_a_year[effect.channels or ()]
    spent = result.weights @ np.array(each[:: len(each) // len(result.weights)])  # strata of one reading have one purse
    low, high = (None if end is None else result.scenario.value(end) for end in (effect.purse.low, effect.purse.high))
    return AYear(float(spent), low, high)


def rows(result: Sums, run: Run, h: int, s: int, perspective: str, row: Any) -> Iterator[dict[str, Any]]:
    """Rows of the table: spent, taken out, the share needed, the shares achieved and supported.

    row: makes one from an outcome, an estimate, a channel, and words.
    """
    for channel, (spent, taken) in purse(result, run, h, s, perspective=perspective).items():
        spent, taken = settled(spent), settled(taken)
        yield row("purse", result.estimate(run, spent), channel=channel)
        yield row("taken_out", result.estimate(run, taken), channel=channel)
        achieved = _share(result, run, taken, spent)
        words = NOTHING_SPENT if achieved.value == NEVER else ""
        yield row("share_achieved", achieved, channel=channel, unit="share", words=words)
        if channel == ALL:
            course = result.net_cost(run, h, s, perspective=perspective, category=THERAPY)
            words = _needed(result, run, course, spent)
            yield row("share_needed", _share(result, run, course, spent), unit="share", words=words)
            continue
        if run.name in result.conventions:  # what the file's effects would take away is said of the base
            continue
        supported = supported_by(result, run, h, s, channel, perspective)
        found = Estimate(NEVER) if supported is None else result.estimate(run, supported)
        words = words or (NO_EFFECT if supported is None else "")
        yield row("share_supported", found, channel=channel, unit="share", words=words)


def supported_by(result: Sums, run: Run, h: int, s: int, channel: str, perspective: str) -> Array | None:
    """Share of a channel's cost that the evidence in the file takes away in full effect, (alternative, draw).

    Its items are weighted by what the comparator's people cost. None where no effect is on any of them.
    """
    signs = result.signs(perspective)
    paid = [
        i for i, sign in enumerate(signs) if sign > 0 and result.setting.channel_of(result.items[i].category) == channel
    ]
    of_items = [result.supported.get((result.strategies[s], result.items[i].name)) for i in paid]
    if not any(of_items):
        return None
    spent = [run.outcomes.cost[h, 0, i, 0] for i in paid]
    whole = np.sum(spent, axis=0)
    found: Array = np.zeros_like(whole)
    for own, item in zip(spent, of_items, strict=True):
        weight = np.divide(own, whole, out=np.full_like(whole, 1 / len(paid)), where=whole > NOTHING)
        found = found + weight * (0.0 if item is None else _in_run(run, *item))
    return found


def _in_run(run: Run, central: Array, drawn: Array) -> Array:
    """A share at central values, or in the draws of a run; their mean where it has others."""
    if run.name == DETERMINISTIC:
        return central
    return drawn if run.outcomes.draws == drawn.shape[-1] else drawn.mean(axis=-1, keepdims=True)


def _share(result: Sums, run: Run, part: Array, whole: Array) -> Estimate:
    """A share of expected money, with the interval of the share in each draw; NEVER of nothing."""
    over, under = (float(run.weights @ values.mean(axis=-1)) for values in (part, whole))
    if under <= NOTHING:
        return Estimate(NEVER)
    if run.outcomes.draws == 1:
        return Estimate(over / under + 0.0)
    each = np.divide(part, whole, out=np.zeros_like(part), where=whole > NOTHING)
    low, high = result.quantiles(run, each, (0.025, 0.975))
    return Estimate(over / under + 0.0, low + 0.0, high + 0.0)


def _needed(result: Sums, run: Run, course: Array, spent: Array) -> str:
    cost = float(run.weights @ course.mean(axis=-1))
    if cost <= NOTHING:
        return NO_COURSE
    most = float(spent.max()) if run.outcomes.draws == 1 else result.quantiles(run, spent, (0.975,))[0]
    if most <= NOTHING:
        return NOTHING_SPENT
    if most < SMALL * cost:
        return TOO_SMALL
    return NOT_EVEN_ALL if most < cost else ""
