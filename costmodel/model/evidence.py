"""What the effects of a file take away when they are whole, and what that is taken of: the evidence, before any run."""

from collections.abc import Callable
from itertools import product

import numpy as np

from costmodel.model.activity import looking
from costmodel.model.draws import Values, central_values
from costmodel.model.ledger import CohortLedger, shares_of_strata
from costmodel.model.money import taken_to
from costmodel.model.rates import channel_terms
from costmodel.result.sums import Array, OfAYear
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR


def _file_of(scenario: Scenario) -> Scenario:
    """The scenario as its file has it, or the stratum of it."""
    file = scenario.base or scenario
    return file.stratum(scenario.part) if scenario.part and not file.part else file


def of_a_year(scenario: Scenario) -> OfAYear:
    """What channels on which trials saw an effect in a range cost the comparator's people a person-year to the
    follow-up, at central values: under each structure.
    """
    seen = {
        effect.channels
        for structure in (*scenario.structures, *_file_of(scenario).structures)
        for strategy in structure.model.strategies.values()
        for effect in strategy.effects.values()
        if effect.purse is not None and effect.channels is not None
    }
    if not seen:
        return {}
    ledger = CohortLedger.of(scenario, central_values(scenario), 1)
    years = scenario.model.follow_up.months / MONTHS_A_YEAR
    return {
        channels: tuple(ledger.mean_purse(a, channels, years) for a in range(len(scenario.structures)))
        for channels in seen
    }


def supported(
    scenario: Scenario, drawn: Callable[..., Values], draws: int, seed: int, spent: OfAYear
) -> dict[tuple[str, str], tuple[Array, Array]]:
    """Share of each item's cost that the effects of the file as it stands take away when whole, by strategy and item:
    at central values (alternative, 1) and in draws (alternative, draw). Items that no such effect is on are left out.

    An effect that trials saw on so much a year takes of no more: spent is as of `of_a_year`.
    """
    file = _file_of(scenario)
    named = {
        (name, item)
        for structure in file.structures
        for name, item in product(structure.model.strategies, structure.model.costs)
        if channel_terms(structure.model, file.setting, name, item)
    }
    if not named:
        return {}
    looks = [(looking(central_values(file)), 1)]
    looks += [(looking(drawn(file, draws, seed, 0)), draws)] if draws else looks
    found = {}
    for strategy, item in sorted(named):
        each = []
        for look, count in looks:
            shares = shares_of_strata(file, look) if file.model.strata else [1.0]
            left = [
                taken_to(
                    one.model,
                    file.setting,
                    strategy,
                    item,
                    look,
                    {of: year[a] for of, year in spent.items()}.__getitem__,
                )
                for a, one in enumerate(file.structures)
            ]
            readings = [
                sum(share * (1.0 - one) for share, one in zip(shares, left[a : a + len(shares)], strict=True))
                for a in range(0, len(left), len(shares))
            ]
            each.append(np.stack([np.broadcast_to(np.asarray(one, dtype=float), (count,)) for one in readings]))
        found[strategy, item] = (each[0], each[1])
    return found
