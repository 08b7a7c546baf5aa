"""Rate lines: what stands behind the rate of each transition, for the engine, the workbook and the documents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from costmodel.engine.formulas import fading_share, rate_in_force, weighted, window_share
from costmodel.scenario.clock import MONTHS_A_YEAR, Months, declared, window
from costmodel.scenario.derived import pieces
from costmodel.scenario.schema import ModelFile

Quantity = Any
Look = Callable[[str | int], Quantity]
"""The value of a reference: a float, draws, or a cell."""


@dataclass(frozen=True)
class Term:
    """One effect on a transition: its kind, its size, and the years from referral between which it is whole."""

    name: str
    kind: str
    size: str | int
    first: Quantity
    last: Quantity
    half_life: Quantity | None

    def share(self, begin: Quantity, end: Quantity) -> Quantity:
        """Mean part of the effect in force during a cycle."""
        share = window_share(begin, end, self.first, self.last)
        if self.half_life is None:
            return share
        return share + fading_share(begin, end, self.last, self.half_life)


@dataclass(frozen=True)
class RateLine:
    """A transition's rate: pieces of the base rate over time, and the effects of one strategy.

    base: (years from referral, reference), the first at 0.
    """

    origin: int
    destination: int
    name: str
    base: tuple[tuple[Quantity, str | int], ...]
    terms: tuple[Term, ...]

    def base_shares(self, begin: Quantity, end: Quantity, horizon: float) -> list[Quantity]:
        """Share of a cycle in which each piece of the base rate is in force."""
        if len(self.base) == 1:
            return [1.0]
        ends = [*(time for time, _ in self.base[1:]), max(horizon, 1.0) * 2]
        return [window_share(begin, end, first, last) for (first, _), last in zip(self.base, ends, strict=True)]

    def shares(self, begin: Quantity, end: Quantity, horizon: float) -> tuple[Quantity, ...]:
        """Every share of this line for a cycle: pieces of the base first, then effects."""
        return (*self.base_shares(begin, end, horizon), *(term.share(begin, end) for term in self.terms))

    def rate(self, shares: tuple[Quantity, ...], look: Look) -> Quantity:
        """Rate in force, per year, from the shares of a cycle."""
        count = len(self.base)
        values = [look(reference) for _, reference in self.base]
        base = values[0] if count == 1 else weighted(shares[:count], values)
        if not self.terms:
            return base
        terms = [(t.kind, share, look(t.size)) for t, share in zip(self.terms, shares[count:], strict=True)]
        return rate_in_force(base, terms)


def rate_lines(model: ModelFile, strategy: str, months: Months = declared) -> list[RateLine]:
    """The rate lines of a strategy, in the order of the model's transitions."""
    states = list(model.states)
    lines = []
    for arrow, reference in model.transitions.items():
        origin, _, destination = arrow.partition(" -> ")
        terms = tuple(
            _term(model, strategy, name, months)
            for name, effect in model.strategies[strategy].effects.items()
            if " -> ".join(effect.transition) == arrow
        )
        base = _base(model, reference, months)
        lines.append(RateLine(states.index(origin), states.index(destination), arrow, base, terms))
    return lines


def _base(model: ModelFile, reference: str | int, months: Months) -> tuple[tuple[Quantity, str | int], ...]:
    record = model.parameters.get(str(reference))
    if record is None or record.over_time is None:
        return ((0.0, reference),)
    base: list[tuple[Quantity, str | int]] = []
    for (text, _), (years, name) in zip(record.over_time.items(), pieces(record), strict=True):
        path = f"parameters.{reference}.over_time.{text}"
        base.append((months(path, years * MONTHS_A_YEAR) / MONTHS_A_YEAR if years else 0.0, name))
    return tuple(base)


def _term(model: ModelFile, strategy: str, name: str, months: Months) -> Term:
    effect = model.strategies[strategy].effects[name]
    first, last = window(model, strategy, name, effect, months)
    half_life = None
    if effect.half_life:
        path = f"strategies.{strategy}.effects.{name}.half_life"
        half_life = months(path, effect.half_life.months) / MONTHS_A_YEAR
    size = effect.rate if effect.hazard_ratio is None else effect.hazard_ratio
    assert size is not None
    return Term(name, "rate" if effect.hazard_ratio is None else "hazard_ratio", size, first, last, half_life)
