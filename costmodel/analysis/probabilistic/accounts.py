"""The deepest each party goes into the red: a second look at the flows, party by party."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from costmodel.model.run import BLOCK, ledger_of, values_of
from costmodel.perspectives import PERSPECTIVES, account, weight
from costmodel.result.flows import Ledger
from costmodel.result.payback import peak
from costmodel.result.result import Result

Array = NDArray[np.float64]
Signs = tuple[int, ...]


def peaks(result: Result) -> dict[str, Array]:
    """Peak funding of each party that pays or receives anything, (strategy, alternative, draw) of the kept draws.

    The most that a party is ever out of pocket up to the last horizon, undiscounted, against the comparator, whose own
    entries are 0. A run keeps this for perspectives; for a party whose account is none of them the draws are
    followed again.
    """
    known = {_signs(result, name): p for p, name in reversed(list(enumerate(PERSPECTIVES)))}
    signs = {party: _of_party(result, party) for party in result.parties()}
    again = {party: own for party, own in signs.items() if own not in known}
    followed = _followed(result, again) if again else {}
    kept = result.headline.outcomes.peak[0]
    return {party: followed[party] if party in again else kept[known[own]] for party, own in signs.items()}


def _signs(result: Result, perspective: str) -> Signs:
    return tuple(weight(perspective, item.paid_by, item.received_by) for item in result.items)


def _of_party(result: Result, party: str) -> Signs:
    return tuple(account(party, item.paid_by, item.received_by) for item in result.items)


def _followed(result: Result, accounts: Mapping[str, Signs]) -> dict[str, Array]:
    draws = result.headline.outcomes.draws
    shape = (len(result.strategies), len(result.weights), draws)
    found = {party: np.zeros(shape) for party in accounts}
    for first in range(0, draws, BLOCK):
        size = min(BLOCK, draws - first)
        ledger = ledger_of(result.scenario, values_of(result, size, first), size)
        for party, signs in accounts.items():
            found[party][1:, :, first : first + size] = peak(_curve(ledger, signs))
    return found


def _curve(ledger: Ledger, signs: Signs) -> Array:
    """Cumulative cost of every strategy less that of the comparator, (cycle + 1, strategy − 1, alternative, draw)."""
    strategies, alternatives, draws = ledger.shape
    curve = np.zeros((len(ledger.edges), strategies - 1, alternatives, draws))
    for i in np.flatnonzero(signs):
        item = ledger.cost_of(int(i))
        for s in range(1, strategies):
            for a in range(alternatives):
                own, comparator = item.column[s, a], item.column[0, a]
                if own != comparator:
                    curve[1:, s - 1, a] += signs[i] * (item.values[:, own] - item.values[:, comparator])
                    if item.at_start is not None:
                        curve[0, s - 1, a] += signs[i] * (item.at_start[own] - item.at_start[comparator])
    return np.cumsum(curve, axis=0)
