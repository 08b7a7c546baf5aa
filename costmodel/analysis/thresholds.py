"""Where the line runs: the price of a session and the use of services at which a strategy repays a payer.

Both move the net cost in a straight line, so that each draw has its own threshold in closed form: sessions × price +
rest = 0, and therapy − m × offset = 0 where everything that people use is multiplied by m.
"""

from dataclasses import dataclass

import numpy as np

from costmodel.model.activity import looking
from costmodel.model.draws import Array, Values
from costmodel.model.money import THERAPY, sessions, therapy_window
from costmodel.model.run import values_of
from costmodel.perspectives import weight
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.result import Result, Run
from costmodel.scenario.clock import MONTHS_A_YEAR

ANY = np.inf
"""Stands for every price where no session is paid for."""


@dataclass(frozen=True)
class Threshold:
    """At what the expected net saving is nothing, with the interval of the draws' own thresholds.

    value: NEVER where no size does it. low, high: 95% interval, NEVER where a draw has none; None without draws.
    now: the value in use. chance: share of draws in which the value in use is on the right side of its threshold.
    unit: what it counts.
    """

    value: float
    low: float | None
    high: float | None
    now: float
    chance: float | None
    unit: str


def session_price(result: Result, strategy: str, perspective: str, horizon: int = 0) -> Threshold:
    """Highest price of a session at which the strategy repays, GBP per session; below £0 none does.

    ANY where no session is held and nothing is lost. The comparator's own therapy, where it has one, keeps its price.
    """
    run, s = result.headline, result.strategies.index(strategy)
    cost = result.net_cost(run, horizon, s, perspective=perspective)
    held, price = _sessions(result, run, strategy, horizon), _price(result, run, strategy)
    without = np.where(cost <= NOTHING, ANY, -ANY)
    found = np.divide(-cost, held, out=without, where=held > 0) + price
    mean_held = _mean(run, held)
    free = ANY if _mean(run, cost) <= NOTHING else -ANY
    mean = _mean(run, held * price - cost) / mean_held if mean_held > 0 else free
    low, high = _interval(result, run, found)
    chance = None if run.outcomes.draws == 1 else result.chance(run, cost <= 0)
    now = _mean(run, held * price) / mean_held if mean_held > 0 else _mean(run, price)
    return Threshold(float(mean), low, high, now, chance, "GBP per session")


def use_of_services(result: Result, strategy: str, perspective: str, horizon: int = 0) -> Threshold:
    """Least spending on other care in usual care at which the strategy repays, GBP a year for each person.

    Everything that people use, and with it every change in it, is multiplied alike. NEVER where a strategy does not
    lower it.
    """
    run, s = result.headline, result.strategies.index(strategy)
    therapy = result.net_cost(run, horizon, s, perspective=perspective, category="therapy")
    offset = therapy - result.net_cost(run, horizon, s, perspective=perspective)
    years = result.horizons[horizon] / MONTHS_A_YEAR
    spent = _other_care(result, run, horizon, perspective) / years
    found = np.full(offset.shape, NEVER)
    np.divide(therapy * spent, offset, out=found, where=offset > NOTHING)
    mean_offset, now = _mean(run, offset), _mean(run, spent)
    mean = _mean(run, therapy) * now / mean_offset if mean_offset > NOTHING else NEVER
    low, high = _interval(result, run, found)
    chance = None if run.outcomes.draws == 1 else result.chance(run, therapy <= offset)
    return Threshold(mean, low, high, now, chance, "GBP per year")


def _other_care(result: Result, run: Run, horizon: int, perspective: str) -> Array:
    """What the comparator's people use beside therapy, (alternative, draw)."""
    total = np.zeros(run.outcomes.cost.shape[-2:])
    for i, item in enumerate(result.items):
        if item.name != THERAPY and (sign := weight(perspective, item.paid_by, item.received_by)):
            total += sign * run.outcomes.cost[horizon, 0, i, 0]
    return total


def _values(result: Result, run: Run) -> Values:
    draws = run.outcomes.draws
    return result.scenario.central if run.name == "deterministic" else values_of(result, draws)


def _price(result: Result, run: Run, strategy: str) -> Array:
    therapy = result.scenario.model.strategies[strategy].therapy
    value = 0.0 if therapy is None else looking(_values(result, run))(therapy.price)
    return np.broadcast_to(value, run.outcomes.cost.shape[-2:])


def _sessions(result: Result, run: Run, strategy: str, horizon: int) -> Array:
    """Sessions held by a horizon per person referred, (alternative, draw)."""
    model, shape = result.scenario.model, run.outcomes.cost.shape[-2:]
    if model.strategies[strategy].therapy is None:
        return np.zeros(shape)
    end = result.horizons[horizon] / MONTHS_A_YEAR
    held = sessions(model, strategy, 0.0, end, therapy_window(model, strategy), looking(_values(result, run)))
    return np.broadcast_to(held, shape)


def _mean(run: Run, values: Array) -> float:
    return float(run.weights @ values.mean(axis=-1))


def _interval(result: Result, run: Run, values: Array) -> tuple[float | None, float | None]:
    if run.outcomes.draws == 1:
        return None, None
    low, high = result.quantiles(run, values, (0.025, 0.975))
    return low, high
