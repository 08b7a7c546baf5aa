"""What is unusual without being wrong: computed, and said on every output."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from costmodel.inputs.distributions import warnings as spread_warnings
from costmodel.inputs.lifetable import OLD, LifeTable, age_of_deaths
from costmodel.scenario.blocks import CostItem, Effect, Strategy, Therapy
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles, instant, window
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.overlay import Change
from costmodel.scenario.parameter import CENTRES, pieces
from costmodel.scenario.probabilities import DEAD
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.setting import NOBODY, Category
from costmodel.scenario.structure import start_of

CLOSE = 0.005
"""Share of a dose that is rounding."""
UNUSUAL_PRICE = 100_000.0
"""Money a unit. Above it hundredths may have been typed as whole units."""
UNUSUAL_HOSPITAL_PRICE = 10.0
"""Money a unit. Below it thousands may have been typed as units for hospital care."""
UNUSUAL_BENEFIT = 500.0
"""Money a year. Below it a weekly or monthly benefit may have been typed as an annual one."""


@dataclass(frozen=True)
class Seen:
    """What is looked at: the model and what was changed in it, central values by parameter, spreads, life table,
    categories.
    """

    model: ModelFile
    changes: Sequence[Change]
    central: Mapping[str, float]
    leaves: Mapping[str, Leaf]
    life_table: LifeTable | None
    categories: Mapping[str, Category]

    def value(self, reference: str | int) -> float:
        """Central value of a reference."""
        return float(reference) if isinstance(reference, int) else self.central[reference]

    def values(self, reference: str | int) -> list[float]:
        """Central values of a reference: one, or those of each time where it changes over time."""
        record = self.model.parameters.get(str(reference))
        if record is None or not record.over_time:
            return [self.value(reference)]
        return [self.value(name) for _, name in pieces(record)]

    def declared(self, reference: str | int) -> float:
        """The same as the model file has it, whatever overlays and users made of it."""
        for change in self.changes:
            place, _, key = change.path.rpartition(".")
            if place == f"parameters.{reference}" and key in CENTRES:
                record = self.model.parameters[str(reference)]
                old = record.value if change.old is None else change.old
                return float(old) if isinstance(old, int | float) else self.value(reference)
        return self.value(reference)

    @property
    def horizon(self) -> float:
        """Years."""
        return self.model.horizon.months / MONTHS_A_YEAR


def warnings(
    model: ModelFile,
    changes: Sequence[Change],
    central: Mapping[str, float],
    leaves: Mapping[str, Leaf],
    life_table: LifeTable | None,
    categories: Mapping[str, Category],
) -> Iterator[str]:
    """Sentences about a model that loaded."""
    seen = Seen(model, changes, central, leaves, life_table, categories)
    looks: tuple[Callable[[Seen], Iterator[str]], ...] = (
        _spreads,
        _strategies,
        _ages,
        _deaths,
        _deaths,
        _utilities,
        _prices,
        _counted_twice,
        _transfers,
        _probabilities,
    )
    for look in looks:
        yield from look(seen)


def _spreads(seen: Seen) -> Iterator[str]:
    for name, leaf in seen.leaves.items():
        for sentence in spread_warnings(leaf.distribution) if leaf.distribution else ():
            yield f"{name}: {sentence}"


def _strategies(seen: Seen) -> Iterator[str]:
    model = seen.model
    for name, strategy in model.strategies.items():
        yield from _beyond(seen, name, strategy)
        if strategy.therapy is None:
            continue
        who = strategy.label
        yield from _therapy(seen, who, strategy.therapy)
        if strategy.effects and not any(effect.dose for effect in strategy.effects.values()):
            yield from _moved_dose(seen, who, strategy.therapy)
        for key, effect in strategy.effects.items():
            yield from _measured(seen, who, _effect(key), strategy.therapy, effect)
        for harm in strategy.harms.values():
            if seen.value(harm.utility_loss) < 0:
                what = f'the harm "{harm.label}"'
                yield f"{who}: {what} has a utility loss below 0, so it adds health; a loss is positive."


def _effect(key: str) -> str:
    """An effect, its key in the file as it is read aloud."""
    return f'the effect "{key.replace("_", " ")}"'


def _beyond(seen: Seen, name: str, strategy: Strategy) -> Iterator[str]:
    """Effects and harms that last longer than the model looks."""
    model, who, horizon = seen.model, strategy.label, seen.model.horizon.text
    for key, effect in strategy.effects.items():
        if window(model, name, key, effect)[1] > seen.horizon + 1e-9:
            yield f"{who}: {_effect(key)} lasts longer than the horizon of {horizon}."
    for key, harm in strategy.harms.items():
        path = f"strategies.{name}.harms.{key}.from"
        if instant(model, name, harm.from_, path) + harm.lasting.years > seen.horizon + 1e-9:
            yield f'{who}: the harm "{harm.label}" lasts longer than the horizon of {horizon}; the rest is left out.'


def _measured(seen: Seen, who: str, which: str, therapy: Therapy, effect: Effect) -> Iterator[str]:
    """An effect that is used where it was not measured: another dose, another comparator."""
    if (dose := effect.dose) is not None:
        delivered = seen.value(therapy.sessions) * seen.value(therapy.attendance)
        most = seen.value(dose.studied)
        least = most if dose.least is None else seen.value(dose.least)
        if dose.least is None and delivered < most / 2 * (1 - CLOSE):
            yield (
                f"{who}: {delivered:.3g} sessions are delivered, under half of the {most:.3g} at which {which} was "
                "studied: what it does is by the dose rule, not by evidence."
            )
        fewer = dose.least is not None and delivered < least * (1 - CLOSE)
        if fewer or delivered > most * (1 + CLOSE):
            studied = f"{least:.3g} to {most:.3g}" if least < most else f"{most:.3g}"
            yield (
                f"{who}: {delivered:.3g} sessions are delivered and {which} was studied at "
                f"{studied}; more than were studied add no effect."
            )
    if effect.estimand.assumed_for:
        yield (
            f"{who}: {which} was measured against {effect.estimand.comparator} ({effect.estimand.source}) "
            f"and is assumed to hold against {effect.estimand.assumed_for}."
        )


def _moved_dose(seen: Seen, who: str, therapy: Therapy) -> Iterator[str]:
    """Other sessions than those whose effects are declared, where nothing says what the dose does."""
    delivered = seen.value(therapy.sessions) * seen.value(therapy.attendance)
    declared = seen.declared(therapy.sessions) * seen.declared(therapy.attendance)
    if abs(delivered - declared) > CLOSE * declared:
        yield (
            f"{who}: {delivered:.3g} sessions are delivered instead of {declared:.3g}, and the effects stay those of "
            f"{declared:.3g}: nothing here says what {'fewer' if delivered < declared else 'more'} do."
        )


def _therapy(seen: Seen, who: str, therapy: Therapy) -> Iterator[str]:
    if (therapy.wait.months + therapy.over.months) / MONTHS_A_YEAR > seen.horizon + 1e-9:
        yield f"{who}: the horizon of {seen.model.horizon.text} ends before the therapy; part of its cost is left out."
    for what in ("sessions", "attendance", "price"):
        if seen.value(getattr(therapy, what)) == 0:
            yield f"{who}: {what} is 0, so the therapy costs nothing."


def _ages(seen: Seen) -> Iterator[str]:
    age = seen.model.cohort.age
    if age is None or seen.life_table is None:
        return
    last_age = seen.life_table.last_age
    oldest = seen.value(age) + seen.horizon
    if oldest > last_age + 1:
        yield (
            f"people reach an age of {oldest:g} within the horizon and the life table ends at {last_age}: "
            "its last hazard is continued."
        )
    if oldest > OLD and seen.life_table.called_hazards:
        yield (
            f"people reach an age of {oldest:g}, at which deaths per person-year (mx) are well above the share that "
            'dies within the year (qx): the life table\'s column "hazard" is read as mx. If it holds qx, name it '
            "probability; else name it mx."
        )


def _deaths(seen: Seen) -> Iterator[str]:
    mortality = seen.model.mortality
    if mortality is None:
        return
    by_state = len({mortality.ratio(state) for state in seen.model.states}) > 1
    if by_state or any(arrow.endswith(f"-> {DEAD}") for arrow in seen.model.transitions):
        yield "deaths differ by state: people who die earlier use less, which counts as a saving."


def _utilities(seen: Seen) -> Iterator[str]:
    own = [(state, one) for strategy in seen.model.strategies.values() for state, one in strategy.utilities.items()]
    for state, reference in dict.fromkeys([*seen.model.utilities.items(), *own]):
        value = min(seen.values(reference))
        if value < 0:
            yield f'the utility of "{state}" is {value:g}, worse than being dead.'


def _prices(seen: Seen) -> Iterator[str]:
    said: dict[str, None] = {}
    for item in seen.model.costs.values():
        if not isinstance(item.price, str):
            continue
        price = seen.central[item.price]
        unit, category = seen.model.parameters[item.price].unit, seen.categories[item.category]
        assert unit.currency is not None
        currency = unit.currency
        shown = f'"{item.price}" is {currency.written(f"{price:,.10g}")}'
        if price > UNUSUAL_PRICE:
            slip = f"{currency.hundredths} typed as {currency.units}?"
            said[f'"{item.price}" is {currency.written(f"{price:,.0f}")} a unit: {slip}'] = None
        if category.kind == "hospital" and 0 < price < UNUSUAL_HOSPITAL_PRICE:
            said[f"{shown} a unit of {item.category} care: thousands typed as {currency.units}?"] = None
        if category.kind == "benefit" and unit.thing == "year" and 0 < price < UNUSUAL_BENEFIT:
            said[f"{shown} a year: a weekly or monthly benefit typed as an annual one?"] = None
    yield from said


def _counted_twice(seen: Seen) -> Iterator[str]:
    for (one, first), (other, second) in combinations(seen.model.costs.items(), 2):
        apart = first.only_in and second.only_in and not set(first.only_in) & set(second.only_in)
        if first.paid_by == second.paid_by and not apart and _resources(seen, first) & _resources(seen, second):
            yield f'"{one}" and "{other}" count the same quantity at the same price for the same payer: twice?'


def _resources(seen: Seen, item: CostItem) -> set[tuple[str | int, str | int]]:
    """What an item counts: quantity and price, by name."""
    return {(item.quantity(state), item.price) for state in seen.model.states if item.quantity(state) != 0}


def _transfers(seen: Seen) -> Iterator[str]:
    work = any(seen.categories[item.category].kind == "work" for item in seen.model.costs.values())
    for name, item in seen.model.costs.items():
        if seen.categories[item.category].kind in ("benefit", "tax") and NOBODY in (item.paid_by, item.received_by):
            yield (
                f'"{name}" ({item.category}) is a transfer with nobody on one side, so that society seems to gain or '
                "lose it" + (" beside the work that it is paid from." if work else ".")
            )


def _probabilities(seen: Seen) -> Iterator[str]:
    """Conventions and deaths of a model of probabilities that its author may not mean."""
    model = seen.model
    if not model.in_probabilities:
        return
    if model.counting in ("half-cycle", "life-table") and cycles(model) == 1:
        yield f"counting: {model.counting} corrects within a single cycle; shorten the cycle instead."
    starts = [start_of(model, name) for name in model.strategies]
    reached = {state for start in starts for state, share in start.items() if share != 0}
    for stratum in model.strata.values():
        reached |= {
            path.rpartition(".")[2] for path, share in stratum.change.items() if "cohort.start." in path and share
        }
    reached |= {name.partition(" -> ")[2] for name in model.transitions}
    for strategy in model.strategies.values():
        reached |= {name.partition(" -> ")[2] for name in strategy.transitions}
    for state in model.states if model.transitions else ():
        if state not in reached:
            yield f'nobody can be in "{state}": no transition leads there and nobody starts there.'
    dying = [model.transitions.get(f"{state} -> {DEAD}") for state in model.states if state not in model.absorbing]
    values = [seen.central.get(str(reference), 0.0) for reference in dying]
    if values and all(values):
        yearly = 1 - (1 - min(values)) ** (MONTHS_A_YEAR / cycle_months(model))
        if (age := age_of_deaths(yearly)) >= OLD:
            yield (
                f"in every state at least {yearly:.1%} of people die in a year, as in the general population from an "
                f"age of about {age}: is the period of the probability right?"
            )
