"""What stands behind the rate of each transition and the quantity of each cost item, for engine and workbook alike."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from costmodel.engine.formulas import (
    LEAST_TIME,
    dose_share,
    fading_share,
    flat_share,
    greatest,
    grown_share,
    mean_ratio,
    of_no_more,
    profile_at,
    rate_in_force,
    rising_share,
    saturating_share,
    weighted,
    window_share,
)
from costmodel.scenario.blocks import Effect, Purse, Therapy
from costmodel.scenario.clock import MONTHS_A_YEAR, Months, declared, window
from costmodel.scenario.parameter import pieces
from costmodel.scenario.probabilities import all_states, changes, in_force
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.setting import Accounts
from costmodel.units import Duration

Quantity = Any
Look = Callable[[str | int], Quantity]
"""The value of a reference: a float, draws, or a cell."""

DOSE_SHARES = {"shape": dose_share, "half_dose": saturating_share, "flat_from": flat_share}
"""The part of an effect that a dose brings about, by the rule: of the sessions delivered, those studied, its number."""


@dataclass(frozen=True)
class Drawn:
    """A time that is a parameter: its name, and how many of its unit are a year."""

    reference: str
    in_a_year: float

    def years(self, look: Look) -> Quantity:
        return greatest(look(self.reference) / self.in_a_year, LEAST_TIME)


@dataclass(frozen=True)
class Term:
    """One effect: its kind (ratio, rate or jobs), its size, and the years from referral between which it acts.

    half_life, onset: years in which it halves, and grows to its full size. weakened: what it is multiplied by on the
    log scale. channels, purse: of an effect on channels, what it acts on, and what that costs where trials saw it.
    """

    name: str
    kind: str
    size: str | int
    first: Quantity
    last: Quantity
    half_life: Drawn | Quantity | None = None
    onset: Drawn | Quantity | None = None
    weakened: "Weakened | None" = None
    channels: tuple[str, ...] = ()
    purse: Purse | None = None

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """Its times that are parameters."""
        return tuple(time for time in (self.onset, self.half_life) if isinstance(time, Drawn))

    def _times(self, look: Look) -> tuple[Quantity | None, Quantity | None]:
        """Onset and half-life in years."""
        onset, half_life = (
            time.years(look) if isinstance(time, Drawn) else time for time in (self.onset, self.half_life)
        )
        return onset, half_life

    def share(self, begin: Quantity, end: Quantity, look: Look) -> Quantity:
        """Mean part of the effect in force during a cycle.

        Draws stand last: begin and end are floats, cells, or (cycle, 1) where a time is drawn.
        """
        onset, half_life = self._times(look)
        if onset is None:
            share = window_share(begin, end, self.first, self.last)
        else:
            share = rising_share(begin, end, self.first, self.last, onset)
        if half_life is None:
            return share
        fading = fading_share(begin, end, self.last, half_life)
        return share + (fading if onset is None else fading * grown_share(self.first, self.last, onset))

    def whole(self, look: Look) -> Quantity:
        """The ratio in full effect, weakened where something weakens it."""
        size = look(self.size)
        return size if self.weakened is None else size ** self.weakened.strength(look)

    @property
    def needs_purse(self) -> bool:
        """Whether it depends on what its channels cost."""
        return self.purse is not None and self.purse.high is not None

    def multiple(
        self, begin: Quantity, end: Quantity, months: int, open_share: Quantity, look: Look, purse: Quantity
    ) -> Quantity:
        """Multiple of a cost in a cycle of so many months, in the middle of each; open_share: of the cycle before the
        gap to the comparator closes, which ends the effect. purse: what its channels cost the comparator's people a
        person-year, read where `needs_purse`.
        """
        strength = open_share if self.weakened is None else self.weakened.strength(look) * open_share
        onset, half_life = self._times(look)
        middles = [begin + (end - begin) * ((month + 0.5) / months) for month in range(months)]
        parts = [profile_at(middle, self.first, self.last, onset, half_life) for middle in middles]
        return self.limited(mean_ratio(look(self.size), [part * strength for part in parts]), look, purse)

    def limited(self, multiple: Quantity, look: Look, purse: Quantity) -> Quantity:
        """A multiple of a cost, taken of no more than its trials saw; purse: as of `multiple`."""
        if self.purse is None or self.purse.high is None:
            return multiple
        return of_no_more(multiple, purse, look(self.purse.high))

    def in_force(self, share: Quantity, look: Look) -> tuple[str, Quantity, Quantity]:
        """Kind, share and size as the formula of rates takes them, weakened where something weakens it."""
        size = look(self.size)
        if self.weakened is None:
            return self.kind, share, size
        strength = self.weakened.strength(look)
        if self.kind == "ratio":
            return self.kind, share, size**strength
        return self.kind, share * strength, size


@dataclass(frozen=True)
class Weakened:
    """By what an effect is less than in its source, on the log scale: the dose, and one shrinkage.

    ready: the strength where it was worked out before, such as a cell.
    """

    effect: Effect
    therapy: Therapy = field(hash=False)  # it holds tables
    ready: Quantity | None = None

    def strength(self, look: Look) -> Quantity:
        """Dose share × (1 − optimism), or × the controlled share."""
        if self.ready is not None:
            return self.ready
        strength: Quantity = 1.0
        if (dose := self.effect.dose) is not None:
            delivered = look(self.therapy.sessions) * look(self.therapy.attendance)
            rule, number = dose.rule
            strength = DOSE_SHARES[rule](delivered, look(dose.studied), look(number))
        if self.effect.optimism is not None:
            strength = strength * (1 - look(self.effect.optimism))
        if self.effect.controlled_share is not None:
            strength = strength * look(self.effect.controlled_share)
        return strength


@dataclass(frozen=True)
class RateLine:
    """A transition's rate: pieces of the base rate over time, and the effects of one strategy.

    destination: the state after the last is death. base: (years from referral, reference), the first at 0.
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

    @property
    def drawn(self) -> bool:
        """Whether a time of an effect is a parameter."""
        return any(term.drawn for term in self.terms)

    def shares(self, begin: Quantity, end: Quantity, horizon: float, look: Look) -> tuple[Quantity, ...]:
        """Every share of this line for a cycle: pieces of the base first, then effects."""
        return (*self.base_shares(begin, end, horizon), *(term.share(begin, end, look) for term in self.terms))

    def rate(self, shares: tuple[Quantity, ...], look: Look) -> Quantity:
        """Rate in force, per year, from the shares of a cycle."""
        count = len(self.base)
        values = [look(reference) for _, reference in self.base]
        base = values[0] if count == 1 else weighted(shares[:count], values)
        if not self.terms:
            return base
        terms = [term.in_force(share, look) for term, share in zip(self.terms, shares[count:], strict=True)]
        return rate_in_force(base, terms)


def rate_lines(model: ModelFile, strategy: str, months: Months = declared) -> list[RateLine]:
    """The rate lines of a strategy, in the order of the model's transitions."""
    states, own = all_states(model), model.strategies[strategy].transitions
    lines = []
    for arrow, reference in model.transitions.items():
        origin, _, destination = arrow.partition(" -> ")
        terms = tuple(_terms(model, strategy, arrow, months))
        base = _base(model, own.get(arrow, reference), months)
        lines.append(RateLine(states.index(origin), states.index(destination), arrow, base, terms))
    return lines


def quantity_terms(model: ModelFile, strategy: str, item: str, months: Months = declared) -> tuple[Term, ...]:
    """The effects of a strategy on the quantity of a cost item, or on paid work."""
    return tuple(_terms(model, strategy, item, months))


def channel_terms(
    model: ModelFile, accounts: Accounts, strategy: str, item: str, months: Months = declared
) -> tuple[Term, ...]:
    """The effects of a strategy on the channel of a cost item."""
    channel = accounts.channel_of(model.costs[item].category)
    return tuple(
        _term(model, strategy, name, effect, months)
        for name, effect in model.strategies[strategy].effects.items()
        if effect.on_cost and (effect.quantity == item or channel in (effect.channels or ()))
    )


def _base(model: ModelFile, reference: str | int, months: Months) -> tuple[tuple[Quantity, str | int], ...]:
    record = model.parameters.get(str(reference))
    if record is None or record.over_time is None:
        return ((0.0, reference),)
    base: list[tuple[Quantity, str | int]] = []
    for (text, _), (years, name) in zip(record.over_time.items(), pieces(record), strict=True):
        path = f"parameters.{reference}.over_time.{text}"
        base.append((months(path, years * MONTHS_A_YEAR) / MONTHS_A_YEAR if years else 0.0, name))
    return tuple(base)


def _terms(model: ModelFile, strategy: str, target: str, months: Months) -> Iterator[Term]:
    """The effects of a strategy on a transition, a cost item or paid work. A channel may have the name of an item."""
    for name, effect in model.strategies[strategy].effects.items():
        if not effect.on_cost and effect.target == target:
            yield _term(model, strategy, name, effect, months)


def _term(model: ModelFile, strategy: str, name: str, effect: Effect, months: Months) -> Term:
    first, last = window(model, strategy, name, effect, months)
    path = f"strategies.{strategy}.effects.{name}"
    half_life, onset = (
        _time(model, f"{path}.{key}", time, months)
        for key, time in (("half_life", effect.half_life), ("onset", effect.onset))
    )
    therapy, weakened = model.strategies[strategy].therapy, None
    if therapy and (effect.dose or effect.optimism is not None or effect.controlled_share is not None):
        weakened = Weakened(effect, therapy)
    kind = "rate" if effect.rate is not None else "jobs" if effect.jobs is not None else "ratio"
    channels = effect.channels or ()
    return Term(name, kind, effect.size, first, last, half_life, onset, weakened, channels, effect.purse)


def _time(model: ModelFile, path: str, time: Duration | str | None, months: Months) -> Drawn | Quantity | None:
    """Years, or the parameter that they are; None where there is no time."""
    if isinstance(time, str):
        return Drawn(time, model.parameters[time].unit.in_a_year)
    return months(path, time.months) / MONTHS_A_YEAR if time and time.months else None


def spans(model: ModelFile, references: Iterable[str | int], look: Look) -> Iterator[tuple[slice, Look]]:
    """Stretches of cycles in which no reference changes, each with what references mean in it."""
    begins = changes(model, references)
    for first, last in zip(begins, [*begins[1:], None], strict=True):
        yield slice(first, last), look_in(model, first, look)


def look_in(model: ModelFile, cycle: int, look: Look) -> Look:
    """References as they stand in a cycle."""
    return lambda reference: look(in_force(model, reference, cycle))
