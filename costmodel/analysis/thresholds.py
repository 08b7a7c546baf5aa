"""Where the line runs: the price of a session and the use of services at which a strategy repays a payer.

Both move the net cost in a straight line, so that each draw has its own threshold in closed form: sessions × price +
rest = 0, and therapy − m × offset = 0 where everything that people use is multiplied by m.
"""

from dataclasses import dataclass

import numpy as np

from costmodel.model.activity import looking
from costmodel.model.draws import Array
from costmodel.model.money import THERAPY, sessions, therapy_window
from costmodel.model.run import values_of
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.result import DETERMINISTIC, Result, Run
from costmodel.scenario.clock import MONTHS_A_YEAR

ANY = np.inf
"""Stands for every price where no session is paid for."""


@dataclass(frozen=True)
class Threshold:
    """At what the expected net saving is nothing, with the interval of the draws' own thresholds.

    value: NEVER where no size does it. low, high: 95% interval, NEVER where a draw has none; None without draws.
    now: the value in use.
    """

    value: float
    low: float | None
    high: float | None
    now: float


def session_price(result: Result, strategy: str, perspective: str, horizon: int = 0) -> Threshold:
    """Highest price of a session at which the strategy repays, money per session; below no money none does.

    ANY where no session is held and nothing is lost. The comparator's own therapy, where it has one, keeps its price.
    """
    run, s = result.headline, result.strategies.index(strategy)
    cost = result.net_cost(run, horizon, s, perspective=perspective)
    held, price = _sessions(result, run, strategy, horizon)
    found = np.divide(-cost, held, out=np.where(cost <= NOTHING, ANY, -ANY), where=held > 0) + price
    mean_held, mean_cost = _mean(run, held), _mean(run, cost)
    if mean_held > 0:
        now = _mean(run, held * price) / mean_held
        return _threshold(result, run, now - mean_cost / mean_held, found, now)
    return _threshold(result, run, ANY if mean_cost <= NOTHING else -ANY, found, _mean(run, price))


def use_of_services(result: Result, strategy: str, perspective: str, horizon: int = 0) -> Threshold:
    """Least spending on other care in usual care at which the strategy repays, money a year for each person.

    Everything that people use, and with it every change in it, is multiplied alike. NEVER where a strategy does not
    lower it.
    """
    run, s = result.headline, result.strategies.index(strategy)
    repaid = result.net_cost(run, horizon, s, perspective=perspective, category="therapy")
    spent = np.zeros(repaid.shape)
    for i, item in enumerate(result.items):
        cost, sign = (
            run.outcomes.cost[horizon, 0, i],
            result.setting.weight(perspective, item.paid_by, item.received_by),
        )
        if sign and item.name in result.scenario.model.costs:
            spent += sign * cost[0]
        elif sign and item.name != THERAPY:  # what jobs move does not go by the use of services
            repaid = repaid + sign * (cost[s] - cost[0])
    offset = repaid - result.net_cost(run, horizon, s, perspective=perspective)
    repaid = np.maximum(repaid, 0.0)
    spent /= result.horizons[horizon] / MONTHS_A_YEAR
    found = np.divide(repaid * spent, offset, out=np.full(offset.shape, NEVER), where=offset > NOTHING)
    mean_offset, now = _mean(run, offset), _mean(run, spent)
    mean = _mean(run, repaid) * now / mean_offset if mean_offset > NOTHING else NEVER
    return _threshold(result, run, mean, found, now)


def _sessions(result: Result, run: Run, strategy: str, horizon: int) -> tuple[Array, Array]:
    """Sessions held by a horizon per person referred, and their price, (alternative, draw)."""
    model, shape = result.scenario.model, run.outcomes.cost.shape[-2:]
    therapy = model.strategies[strategy].therapy
    if therapy is None:
        return np.zeros(shape), np.zeros(shape)
    central = run.name == DETERMINISTIC
    look = looking(result.scenario.central if central else values_of(result, run.outcomes.draws))
    end = result.horizons[horizon] / MONTHS_A_YEAR
    held = sessions(model, strategy, 0.0, end, therapy_window(model, strategy), look)
    return np.broadcast_to(held, shape), np.broadcast_to(look(therapy.price), shape)


def _mean(run: Run, values: Array) -> float:
    return float(run.weights @ values.mean(axis=-1))


def _threshold(result: Result, run: Run, mean: float, values: Array, now: float) -> Threshold:
    low, high = (None, None) if run.outcomes.draws == 1 else result.quantiles(run, values, (0.025, 0.975))
    return Threshold(float(mean), low, high, now)
