"""What a scenario predicts for observed proportions, as a function of its free parameters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.calibration.file import Observation
from costmodel.model.lines import rate_lines
from costmodel.model.lived import edges
from costmodel.model.simulate import Books
from costmodel.scenario.build import Scenario, Structure
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.derived import combine, order

Array = NDArray[np.float64]

CYCLES = (12, 6, 4, 3, 2, 1)
"""Lengths of a cycle in months, the longest first."""
SAME_TIME = 1e-9
"""Months within which two times are one."""


@dataclass(frozen=True)
class Prediction:
    """Predicted shares of the living, from the model's own engine.

    scenario: with one structure and the longest cycle on which every change falls: the
    cohort recursion is exact, so the cycle does not move the shares. free: the parameters that vary.
    values: of all others. dependent: what must be worked out again when the free ones move.
    reads: (strategy, states, edge) of each observation.
    """

    scenario: Scenario
    free: tuple[str, ...]
    values: Mapping[str, float]
    dependent: tuple[str, ...]
    reads: tuple[tuple[int, tuple[int, ...], int], ...]

    def shares(self, free: Array) -> Array:
        """Shares for draws of the free parameters, shape (free, draw) → (observation, draw)."""
        values: dict[str, float | Array] = dict(self.values)
        values |= dict(zip(self.free, free, strict=True))
        for name in self.dependent:
            values[name] = combine(self.scenario.parameters[name], values.__getitem__)
        lived = Books.of(self.scenario, values, free.shape[1]).lived  # the ledger itself is never written out
        found = []
        for s, states, k in self.reads:
            people = lived.people[k, :, lived.column[s, 0]]
            found.append(people[list(states)].sum(axis=0) / people.sum(axis=0))
        return np.stack(found)


def prediction(
    scenario: Scenario,
    structure: Structure,
    observations: Sequence[Observation],
    free: Sequence[str],
    held: Mapping[str, float],
) -> Prediction:
    """The prediction of one structure for some observations, with some parameters held at values."""
    narrow = narrowed(scenario, structure, [observation.time.months for observation in observations])
    model = narrow.model
    dependent, values = _dependent(scenario, {*free, *held}), dict(scenario.central) | dict(held)
    for name in dependent:
        if not _reaches(scenario, name, set(free)):
            values[name] = combine(scenario.parameters[name], values.__getitem__)
    time = edges(narrow) * MONTHS_A_YEAR
    strategies, states = list(model.strategies), list(model.states)
    reads = tuple(
        (
            strategies.index(observation.strategy),
            tuple(states.index(state) for state in observation.states),
            int(np.argmin(np.abs(time - observation.time.months))),
        )
        for observation in observations
    )
    varying = tuple(name for name in dependent if _reaches(scenario, name, set(free)))
    return Prediction(narrow, tuple(free), values, varying, reads)


def narrowed(scenario: Scenario, structure: Structure, times: Sequence[float]) -> Scenario:
    """The scenario with one structure, costs that fall at once, the longest cycle that fits and the shortest horizon.

    times: months at which the cohort is read.
    """
    follow_up = scenario.model.follow_up.months
    cycle = longest_cycle(scenario, structure, times)
    months = int(np.ceil((max(*times, follow_up) if times else follow_up) / cycle - SAME_TIME)) * cycle
    word = "month" if cycle == 1 else "months"
    changes = {"cycle": f"{cycle} {word}", "horizon": f"{months} months"}
    changes |= {f"costs.{name}.lag": "0 months" for name in structure.model.costs}
    narrow = scenario.changed(changes, by="calibration")
    (same,) = [each for each in narrow.structures if each.name == structure.name]
    return replace(narrow, structures=(same,))


def longest_cycle(scenario: Scenario, structure: Structure, times: Sequence[float]) -> int:
    """Months: the longest cycle on whose edges every change of a rate and every observation falls.

    Where there is none, or an effect fades continuously, the scenario's own.
    """
    moments = [*times, *(float(moment) for moment in _changes(scenario, structure))]
    fading = any(
        effect.half_life for strategy in structure.model.strategies.values() for effect in strategy.effects.values()
    )
    if not fading:
        for cycle in CYCLES:
            if all(falls_on(moment, cycle) for moment in moments):
                return cycle
    return cycle_months(scenario.model)


def falls_on(months: float, cycle: int) -> bool:
    """Whether a time is a whole number of cycles."""
    return abs(months / cycle - round(months / cycle)) < SAME_TIME


def _changes(scenario: Scenario, structure: Structure) -> Iterator[float]:
    """Months at which the rates of a structure change. An end at the horizon is none."""
    horizon = scenario.model.horizon.months
    for strategy in structure.model.strategies:
        for line in rate_lines(structure.model, strategy):
            yield from (years * MONTHS_A_YEAR for years, _ in line.base)
            for term in line.terms:
                yield from (m for m in (term.first * MONTHS_A_YEAR, term.last * MONTHS_A_YEAR) if m < horizon)


def _dependent(scenario: Scenario, names: set[str]) -> list[str]:
    """Parameters made of some others, each after what it is made of. A rate over time has no value."""
    records = scenario.parameters
    return [
        name
        for name in order(records)
        if name not in names
        and records[name].operands
        and not records[name].over_time
        and _reaches(scenario, name, names)
    ]


def _reaches(scenario: Scenario, name: str, names: set[str]) -> bool:
    return name in names or any(_reaches(scenario, operand, names) for operand in scenario.parameters[name].operands)
