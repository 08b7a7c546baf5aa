"""When things happen on a strategy's clock, in years from referral.

Durations come through a function, so that the workbook can put cells in their place.
"""

from collections.abc import Callable
from typing import Any

from costmodel.scenario.blocks import Effect
from costmodel.scenario.fields import Instant
from costmodel.scenario.schema import ModelFile

MONTHS_A_YEAR = 12.0
CYCLES = (1, 2, 3, 4, 6, 12)
"""Months that a cycle may last: they divide a year, so that no year begins inside a cycle."""
SAME_TIME = 1e-9
"""Cycles. Two times that differ by less are the same."""

Years = Any
"""A float, or a worksheet cell that holds one."""
Months = Callable[[str, float], Years]
"""The months of a duration, by its path in the scenario file and its declared value."""


def declared(path: str, months: float) -> Years:
    """The duration as the file declares it."""
    return months


def cycle_months(model: ModelFile) -> int:
    """Length of a cycle in months."""
    return int(model.cycle.split()[0])


def cycles(model: ModelFile) -> int:
    """Number of cycles to the horizon."""
    return round(model.horizon.months / cycle_months(model))


def in_whole_cycles(months: float, cycle: int) -> bool:
    """Whether a time is a whole number of cycles of so many months."""
    return abs(months / cycle - round(months / cycle)) <= SAME_TIME


def inside_a_cycle(model: ModelFile, months: float) -> str | None:
    """In words, the cycle inside which a time falls; None where a cycle begins or ends with it."""
    cycle = cycle_months(model)
    if in_whole_cycles(months, cycle):
        return None
    before = int(months // cycle)
    return f"cycle {before + 1}, which runs from month {before * cycle} to month {(before + 1) * cycle}"


def instant(model: ModelFile, strategy: str, moment: Instant, path: str, months: Months = declared) -> Years:
    """Years from referral to an instant of a strategy; `path` is where the instant stands in the file."""
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
    if effect.until.anchor == "follow-up" and model.beyond_follow_up == "effects persist":
        return begin, model.horizon.months / MONTHS_A_YEAR
    return begin, instant(model, strategy, effect.until, f"{path}.until", months)
