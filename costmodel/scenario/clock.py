"""When things happen on a strategy's clock, in years from referral, and which times a scenario may have.

Durations come through a function, so that the workbook can put cells in their place.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from costmodel.errors import Problem
from costmodel.scenario.blocks import Effect
from costmodel.scenario.fields import Instant
from costmodel.scenario.parameter import pieces
from costmodel.scenario.read import Keys
from costmodel.scenario.schema import CYCLES_OF_WEEKS, ModelFile, weeks_a_year
from costmodel.scenario.structure import Subject
from costmodel.units import Duration, parse_duration

MONTHS_A_YEAR = 12.0
CYCLES = (1, 2, 3, 4, 6, 12)
"""Months that a cycle of a model of rates may last: they divide a year, so that no year begins inside a cycle."""
MAX_CYCLES = 1_200
SAME_TIME = 1e-9
"""Cycles. Two times that differ by less are the same."""

Years = Any
"""A float, or a worksheet cell that holds one."""
TimeOf = Duration | str
"""A time of an effect: a duration, or the parameter that it is."""
Months = Callable[[str, float], Years]
"""The months of a duration, by its path in the scenario file and its declared value."""


def declared(path: str, months: float) -> Years:
    """The duration as the file declares it."""
    return months


def cycle_months(model: ModelFile) -> float:
    """Length of a cycle in months; that of a cycle of weeks is a fraction, twelve 52nds a week."""
    number = int(model.cycle.split()[0])
    return number * MONTHS_A_YEAR / weeks_a_year(model.cycle) if model.cycle in CYCLES_OF_WEEKS else number


def on_the_clock(model: ModelFile, text: str) -> Duration:
    """A duration that another file or the user asks of a model, with the weeks of its year. Raises ValueError."""
    return parse_duration(text, weeks_a_year=weeks_a_year(model.cycle))


def cycles(model: ModelFile) -> int:
    """Number of cycles to the horizon."""
    return round(model.horizon.months / cycle_months(model))


def in_whole_cycles(months: float, cycle: float) -> bool:
    """Whether a time is a whole number of cycles of so many months."""
    return abs(months / cycle - round(months / cycle)) <= SAME_TIME


def inside_a_cycle(model: ModelFile, months: float) -> str | None:
    """In words, the cycle inside which a time falls; None where a cycle begins or ends with it."""
    cycle = cycle_months(model)
    if in_whole_cycles(months, cycle):
        return None
    before = int(months // cycle)
    return f"cycle {before + 1}, which runs from month {before * cycle:.6g} to month {(before + 1) * cycle:.6g}"


def instant(model: ModelFile, strategy: str, moment: Instant, path: str, months: Months = declared) -> Years:
    """Years from referral to an instant of a strategy; `path` is where the instant stands in the file."""
    if moment.or_later is not None:
        other = instant(model, strategy, moment.or_later, f"{path}.or_later", months)
        own = instant(model, strategy, replace(moment, or_later=None), path, months)
        return own.greatest(other) if hasattr(own, "greatest") else max(own, other)
    if moment.anchor == "horizon":
        return model.horizon.months / MONTHS_A_YEAR
    total = months(path, moment.months)
    therapy = model.strategies[strategy].therapy
    if moment.anchor != "referral" and therapy:
        total = months(f"strategies.{strategy}.therapy.wait", therapy.wait.months) + total
        if moment.anchor == "end of therapy":
            total = months(f"strategies.{strategy}.therapy.over", therapy.over.months) + total
    if moment.anchor == "follow-up":
        total = months("follow_up", model.follow_up.months) + total
    return total / MONTHS_A_YEAR


def window(
    model: ModelFile, strategy: str, name: str, effect: Effect, months: Months = declared
) -> tuple[Years, Years]:
    """Years from referral between which an effect has its full size.

    An effect observed until the follow-up lasts to the horizon where effects persist.
    """
    path = f"strategies.{strategy}.effects.{name}"
    begin = instant(model, strategy, effect.from_, f"{path}.from", months)
    if effect.until is None:
        return begin, begin
    if "follow-up" in effect.until.anchors and model.beyond_follow_up == "effects persist":
        return begin, model.horizon.months / MONTHS_A_YEAR
    return begin, instant(model, strategy, effect.until, f"{path}.until", months)


OUTLASTS = "What is saved does not outlast the gain: make its half-life product_of a gain's half-life and a share."


def outlasting(model: ModelFile, strategy: str) -> Iterator[tuple[str, TimeOf, list[TimeOf]]]:
    """Effects on use and jobs that fade: the key of each, its half-life, and those of the gains it may not outlast.

    Gains are effects on transitions. None is named where nothing fades but use, or where a gain lasts to the horizon.
    """
    effects = model.strategies[strategy].effects
    gains = {key: effect for key, effect in effects.items() if effect.transition is not None}
    fading = [effect.half_life for effect in gains.values() if effect.half_life is not None]
    lasting = (window(model, strategy, key, one)[1] for key, one in gains.items() if one.half_life is None)
    if fading and not any(end >= model.horizon.years - SAME_TIME for end in lasting):
        for key, effect in effects.items():
            if effect.transition is None and effect.half_life is not None:
                yield key, effect.half_life, fading


def times(subject: Subject) -> Iterator[Problem]:
    """Lengths that are none, or no whole number of cycles."""
    model = subject.model
    cycle = cycle_months(model)
    if not in_whole_cycles(model.horizon.months, cycle):
        yield subject.problem(
            ("horizon",),
            f"{model.horizon.text} is not a whole number of cycles of {model.cycle}",
            "Change one of them.",
        )
    if model.horizon.months / cycle > MAX_CYCLES:
        yield subject.problem(("horizon",), f"{model.horizon.text} is too long", f"At most {MAX_CYCLES:,} cycles.")
    if model.follow_up.months > model.horizon.months:
        yield subject.problem(("follow_up",), "the follow-up is longer than the horizon", "Lengthen the horizon.")
    for name, item in model.costs.items():
        if not in_whole_cycles(item.lag.months, cycle):
            yield subject.problem(
                ("costs", name, "lag"),
                f"{item.lag.text} is not a whole number of cycles",
                f"The cycle is {model.cycle}.",
            )


def therapies(subject: Subject) -> Iterator[Problem]:
    """Therapies with payers of their own, and items of which sessions take some: they exist for that alone."""
    model = subject.model
    payers = dict.fromkeys(strategy.therapy.paid_by for strategy in model.strategies.values() if strategy.therapy)
    if len(payers) > 1:
        found = f"therapies are paid by different parties ({', '.join(payers)})"
        yield subject.problem(("strategies",), found, "This is not yet supported: give all the same payer.")
    for name, strategy in model.strategies.items():
        for key in ("per_session", "once") if strategy.therapy else ():
            for item in getattr(strategy.therapy, key):
                keys: Keys = ("strategies", name, "therapy", key, item)
                yield from subject.undeclared(keys, item, model.costs, "cost item")
                if item in model.costs and model.costs[item].used:
                    remedy = "Give what sessions take an item of its own, with while_in: {others: 0}."
                    yield subject.problem(keys, f'people use "{item}" by themselves', remedy)


def cuts(subject: Subject) -> Iterator[Problem]:
    """Times inside a cycle at which sums end or something begins to differ.

    What a cycle costs and gains is known for the cycle as a whole, and its rates are constant: an answer for a part of
    it would be a guess. Sessions and harms may begin and end at any time, because sums to the end of a cycle hold them
    whole.
    """
    model = subject.model
    first: dict[float, tuple[Keys, str]] = {}
    for keys, what, months in _instants(subject):
        if 0 < months < model.horizon.months and inside_a_cycle(model, months):
            first.setdefault(round(months, 6), (keys, what))
    for months, (keys, what) in first.items():
        fitting = [cycle for cycle in CYCLES if in_whole_cycles(months, cycle)]
        shorter = f", or write cycle: {fitting[-1]} month{'s' * (fitting[-1] > 1)}" if fitting else ""
        remedy = f"Give whole cycles of {model.cycle}{shorter}: a cycle has one rate and its sum is known as a whole."
        if model.in_probabilities:
            remedy = f"A probability holds for a whole cycle of {model.cycle}."
        inside = inside_a_cycle(model, months)
        yield subject.problem(keys, f"{what}, month {months:.6g}, is within a cycle: {inside}", remedy)


def fades(subject: Subject) -> Iterator[Problem]:
    """Effects on use that fade later than the gains do."""
    for name in subject.model.strategies:
        for key, time, gains in outlasting(subject.model, name):
            years, most = subject.years(time), [subject.years(gain) for gain in gains]
            longest = max((gain for gain in most if gain is not None), default=None)
            if years is not None and longest is not None and years > longest * (1 + SAME_TIME):
                found = f"{key} halves in {years:.3g} years and the longest gain in {longest:.3g}"
                yield subject.problem(("strategies", name, "effects", key, "half_life"), found, OUTLASTS)


def _instants(subject: Subject) -> Iterator[tuple[Keys, str, float]]:
    """Where it stands, what it is, and its month after referral: every time that has to be the edge of a cycle."""
    model = subject.model
    yield ("follow_up",), "the follow-up", model.follow_up.months
    for name, record in model.parameters.items():
        if record.over_time and name not in subject.faulty:
            for years, _ in pieces(record):
                yield ("parameters", name), f'a change of "{name}"', years * MONTHS_A_YEAR
    for number, (name, strategy) in enumerate(model.strategies.items()):
        wait = strategy.therapy.wait.months if strategy.therapy else 0.0
        if number and model.beyond_follow_up == "gap closes" and not model.in_probabilities:
            yield ("beyond_follow_up",), f"the end of {name}'s follow-up", wait + model.follow_up.months
        for key, effect in strategy.effects.items():
            begin, end = window(model, name, key, effect)
            at: Keys = ("strategies", name, "effects", key)
            yield (*at, "from"), f'the beginning of "{key}"', begin * MONTHS_A_YEAR
            yield (*at, "until"), f'the end of "{key}"', end * MONTHS_A_YEAR
