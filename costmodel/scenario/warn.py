"""What is unusual without being wrong: computed, and said on every output."""

from collections.abc import Iterator, Mapping

from costmodel.inputs.distributions import warnings as spread_warnings
from costmodel.scenario.clock import MONTHS_A_YEAR, window
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.schema import ModelFile

UNUSUAL_PRICE = 100_000.0
"""Pounds a unit. Above it pence may have been typed as pounds."""


def warnings(model: ModelFile, central: Mapping[str, float], leaves: Mapping[str, Leaf]) -> Iterator[str]:
    """Sentences about a model that loaded."""
    for name, leaf in leaves.items():
        for sentence in spread_warnings(leaf.distribution) if leaf.distribution else ():
            yield f"{name}: {sentence}"
    horizon = model.horizon.months / MONTHS_A_YEAR
    for name, strategy in model.strategies.items():
        therapy = strategy.therapy
        if therapy is None:
            continue
        if (therapy.wait.months + therapy.over.months) / MONTHS_A_YEAR > horizon + 1e-9:
            yield f"{name}: the horizon of {model.horizon.text} ends before the therapy; part of its cost is left out."
        for what in ("sessions", "attendance", "price"):
            reference = getattr(therapy, what)
            value = float(reference) if isinstance(reference, int) else central[reference]
            if value == 0:
                yield f"{name}: {what} is 0, so the therapy costs nothing."
        for key, effect in strategy.effects.items():
            if window(model, name, key, effect)[1] > horizon + 1e-9:
                yield f"{name}: the effect {key} lasts longer than the horizon of {model.horizon.text}."
    for state, reference in model.utilities.items():
        value = float(reference) if isinstance(reference, int) else central[reference]
        if value < 0:
            yield f'the utility of "{state}" is {value:g}, worse than being dead.'
    for reference in {item.price for item in model.costs.values()}:
        if isinstance(reference, str) and central[reference] > UNUSUAL_PRICE:
            yield f'"{reference}" is £{central[reference]:,.0f} a unit: pence typed as pounds?'
