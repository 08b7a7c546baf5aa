"""Draws of parameters that come from elsewhere: a table with a column a parameter and a row a draw."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.table import number, read_table
from costmodel.scenario.build import Scenario
from costmodel.units import out_of_support

Array = NDArray[np.float64]

ALTERNATIVE = "alternative"
"""Column of an export that says which structure a draw has, from 1. A run computes all of them and leaves it unread."""
LARGEST_FILE = 200_000_000
"""Bytes."""


def read_given(path: Path, scenario: Scenario) -> dict[str, Array]:
    """Draws from a CSV: a column a parameter, a row a draw, money in the setting's price year.

    Raises InputError naming line and column for names that are not parameters of their own and for values that
    their unit does not allow.
    """
    table = read_table(path, largest_file=LARGEST_FILE)
    columns = tuple(name for name in table.columns if name != ALTERNATIVE or name in scenario.parameters)
    if problems := _names(columns, scenario, f"{table.place}, line 1"):
        raise InputError(*problems)
    if not columns:
        raise InputError.at(table.place, "no column is a parameter", "Give draws of at least one.")
    found = np.empty((len(columns), len(table.rows)))
    wrong: list[Problem] = []
    for r, row in enumerate(table.rows):
        for c, name in enumerate(columns):
            try:
                found[c, r] = number(row, name)
            except InputError as error:
                wrong += error.problems
                continue
            if fault := out_of_support(scenario.parameters[name].unit, float(found[c, r])):
                wrong.append(Problem(row.place, f"{name}: {fault}"))
    if wrong:
        raise InputError(*wrong)
    return dict(zip(columns, found, strict=True))


def check_given(scenario: Scenario, given: Mapping[str, Array], draws: int) -> None:
    """Raises InputError unless each entry is a parameter's draws, as many as are run, and within its unit's support."""
    problems = _names(tuple(given), scenario, "given")
    for name, values in given.items():
        if np.shape(values) != (draws,):
            problems.append(Problem(f"given {name}", f"it has the shape {np.shape(values)}", f"Wanted: ({draws},)."))
        elif name in scenario.parameters:
            unit = scenario.parameters[name].unit
            ends = (float(np.min(values)), float(np.max(values)))
            problems += [Problem(f"given {name}", fault) for end in ends if (fault := out_of_support(unit, end))]
    if problems:
        raise InputError(*problems)


def _names(names: tuple[str, ...], scenario: Scenario, place: str) -> list[Problem]:
    problems = []
    for name in names:
        if name not in scenario.parameters:
            problems.append(Problem(place, f'there is no parameter "{name}"', nearest(name, scenario.parameters)))
        elif name not in scenario.leaves:
            made_of = ", ".join(scenario.parameters[name].operands)
            problems.append(Problem(place, f'"{name}" is derived', f"Give what it is made of: {made_of}."))
    fixed = {str(scenario.model.cohort.age), str(scenario.model.cohort.female)}
    for name in fixed & set(names):
        problems.append(Problem(place, f'"{name}" chooses the life table and is not drawn', "Leave it out."))
    return problems
