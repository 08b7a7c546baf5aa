"""Runs with some inputs changed, many at once: each is one row of a batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from costmodel.analysis.sensitivity.inputs import one_by_one
from costmodel.analysis.sensitivity.question import Question, Rows
from costmodel.errors import InputError
from costmodel.model.activity import LARGEST_LEAK
from costmodel.model.draws import Array, Values, completed
from costmodel.model.run import BLOCK, evaluate
from costmodel.scenario.build import Scenario
from costmodel.units import out_of_support

Change = Mapping[str, float]
"""Inputs of a row that differ from the central values, by name; in the setting's price year."""
Measure = Callable[[Rows], Array]
"""Figures of rows, (figure, row)."""


@dataclass(frozen=True)
class Batch:
    """Figures of rows, (figure, row), NaN where the model refuses a row; and the reason, "" where it does not."""

    figures: Array
    refused: tuple[str, ...]


def central_leaves(scenario: Scenario) -> dict[str, float]:
    """The central value of every input, in the setting's price year."""
    return {name: leaf.central * leaf.price_factor for name, leaf in scenario.leaves.items()}


def changed(scenario: Scenario, change: Change) -> Scenario:
    """The scenario with other central values of inputs, which are held; of the age, say, that chooses the hazards."""
    leaves = {
        name: replace(leaf, central=change[name] / leaf.price_factor) if name in change else leaf
        for name, leaf in scenario.leaves.items()
    }
    return replace(scenario, leaves=leaves)


def batch(question: Question, changes: Sequence[Change], measure: Measure | None = None) -> Batch:
    """The figures of a question for every row. measure: other figures of the same rows.

    A value that the model does not allow, alone or with others, refuses its row and no other.
    """
    scenario, measure = question.scenario, measure or question.measure
    apart = one_by_one(scenario)
    groups: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for row, change in enumerate(changes):
        own = tuple((name, value) for name, value in sorted(change.items()) if name in apart)
        groups.setdefault(own, []).append(row)
    columns: dict[int, Array] = {}
    refused = [""] * len(changes)
    for own, rows in groups.items():
        if too_old := _beyond_the_life_table(scenario, dict(own)):
            refused = [too_old if row in rows else reason for row, reason in enumerate(refused)]
            continue
        version = changed(scenario, dict(own)) if own else scenario
        for first in range(0, len(rows), BLOCK):
            part = rows[first : first + BLOCK]
            found = _part(question, version, [changes[row] for row in part], measure)
            for row, (figures, reason) in zip(part, found, strict=True):
                refused[row] = reason
                if figures is not None:
                    columns[row] = figures
    count = len(next(iter(columns.values()))) if columns else 1
    out = np.full((count, len(changes)), np.nan)
    for row, figures in columns.items():
        out[:, row] = figures
    return Batch(out, tuple(refused))


def _part(
    question: Question, scenario: Scenario, changes: Sequence[Change], measure: Measure
) -> list[tuple[Array | None, str]]:
    """Figures or the reason of refusal of rows that one evaluation can hold."""
    values = _values(scenario, changes)
    reasons = _reasons(scenario, values, len(changes))
    sound = [row for row, reason in enumerate(reasons) if not reason]
    found: list[tuple[Array | None, str]] = [(None, reason) for reason in reasons]
    for row, answer in zip(sound, _evaluated(question, scenario, values, np.array(sound, int), measure), strict=True):
        found[row] = answer
    return found


def _values(scenario: Scenario, changes: Sequence[Change]) -> Values:
    """Values of every parameter in every row: arrays for what changes in any, floats for the rest."""
    leaves: dict[str, float | Array] = dict(central_leaves(scenario))
    for name in dict.fromkeys(name for change in changes for name in change):
        central = float(scenario.central[name])
        leaves[name] = np.array([change.get(name, central) for change in changes])
    with np.errstate(all="ignore"):
        return completed(scenario, leaves)


def _reasons(scenario: Scenario, values: Values, rows: int) -> list[str]:
    """Why a file with a row's values would be refused on load; "" where it would not."""
    reasons = [""] * rows
    for name in scenario.used:
        value, unit = values.get(name), scenario.parameters[name].unit
        if not isinstance(value, np.ndarray):
            continue
        with np.errstate(invalid="ignore"):
            odd = ~((unit.low <= value) & (value <= unit.high) & np.isfinite(value))
        for row in np.flatnonzero(odd | (value == unit.high)):
            fault = _fault(name, float(value[row]), scenario)
            reasons[row] = reasons[row] or fault
    for what, references in _sums_to_one(scenario):
        shares = [values[one] if isinstance(one, str) else float(one) for one in references]
        for row in np.flatnonzero(np.broadcast_to(np.abs(sum(shares) - 1) > LARGEST_LEAK, (rows,))):
            reasons[row] = reasons[row] or f"{what} would no longer sum to 1"
    return reasons


def _beyond_the_life_table(scenario: Scenario, change: Change) -> str:
    table, age = scenario.life_table, str(scenario.model.cohort.age)
    if table is None or not change:
        return ""
    value = float(changed(scenario, change).central[age])
    return "" if 0 <= value <= table.last_age else f"the life table covers ages of 0 to {table.last_age}"


def _fault(name: str, value: float, scenario: Scenario) -> str:
    fault = out_of_support(scenario.parameters[name].unit, value)
    return f"{name}: {fault}" if fault else ""


def _sums_to_one(scenario: Scenario) -> list[tuple[str, list[str | int]]]:
    model = scenario.model
    found: list[tuple[str, list[str | int]]] = [
        ("the shares of the cohort at referral", [*model.cohort.start.values()])
    ]
    if model.alternatives:
        found.append(("the weights of the alternatives", [one.weight for one in model.alternatives.values()]))
    return found


def _evaluated(
    question: Question, scenario: Scenario, values: Values, rows: np.ndarray, measure: Measure
) -> list[tuple[Array | None, str]]:
    """Figures of chosen rows. Where the model refuses some of them, they are found by halving."""
    if not len(rows):
        return []
    chosen = {name: value[rows] if isinstance(value, np.ndarray) else value for name, value in values.items()}
    try:
        figures = measure(question.rows(evaluate(scenario, chosen, len(rows)), chosen))
    except InputError as error:
        if len(rows) == 1:
            return [(None, error.problems[0].found)]
        half = len(rows) // 2
        return [
            one for part in (rows[:half], rows[half:]) for one in _evaluated(question, scenario, values, part, measure)
        ]
    return [(figures[:, row], "") for row in range(len(rows))]
