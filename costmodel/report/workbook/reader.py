"""The workbook's way back: what was typed into "Your value" on the sheet Inputs, as changes of the scenario.

Formulas are not run. Only numbers are taken, and only from a workbook of the very scenario that they change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isclose
from typing import Any

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.report.json_report import engine
from costmodel.report.workbook.inputs import MOST_MONTHS, moves_the_centre
from costmodel.report.workbook.opened import INPUTS, PROVENANCE, Found, Opened, Row, opened
from costmodel.scenario.build import Scenario
from costmodel.scenario.fields import Instant
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.schema import ModelFile
from costmodel.units import Duration, out_of_support

NEAR = 1e-12
"""Relative difference below which two numbers are the same: some spreadsheet programs keep 15 digits."""
YEAR_2000, YEAR_2050 = 36_526, 54_789
"""As a spreadsheet counts days."""
FAR = 10
"""So many times the default, a whole number like a day's is taken for a date."""


@by_content
@dataclass(frozen=True)
class Returned:
    """What a workbook brings back.

    changes: by parameter name, or by path for durations, as `Scenario.changed` takes them.
    scenario: with these changes. warnings: what is unusual, in sentences.
    """

    changes: Mapping[str, Any]
    scenario: Scenario
    warnings: tuple[str, ...]

    @property
    def paths(self) -> dict[str, Any]:
        """The changes by path, as an overlay takes them."""
        names = self.scenario.parameters
        return {f"parameters.{n}.value" if n in names else n: value for n, value in self.changes.items()}


def read_changes(content: bytes, scenario: Scenario) -> Returned:
    """What a workbook of a scenario changes in it; values that stand already are left out.

    Raises InputError for a file that is no workbook of this scenario, and with every cell that cannot be used.
    """
    return changes_of(opened(content), scenario)


def changes_of(book: Opened, scenario: Scenario, *, another_version: bool = False) -> Returned:
    """As `read_changes`, for a workbook that has been opened.

    another_version: take what was typed although the scenario has changed since; what differs is said in a line.
    """
    said: tuple[str, ...] = ()
    if another_version and book.sha256 != scenario.sha256:
        rows = tuple(_at_its_default_now(row, scenario) for row in book.rows)
        moved = [row.id for row, was in zip(rows, book.rows, strict=True) if row != was]
        said = (_other_version(book, scenario, moved),)
        book = replace(book, rows=rows)
    else:
        _check_origin(book, scenario)
    problems: list[Problem] = []
    changes: dict[str, Any] = {}
    places: dict[str, str] = {}
    for row in book.rows:
        try:
            again = f"{INPUTS} {row.id}" in places
            changes |= _again(row) if again else _change(row, scenario)
        except InputError as error:
            problems += error.problems
        places.setdefault(f"{INPUTS} {row.id}", row.yours.place)
    changed = scenario
    try:
        changed = scenario.changed(changes, by=INPUTS)
    except InputError as error:
        problems += [replace(p, place=places.get(p.place, p.place)) for p in error.problems]
    if problems:
        raise InputError(*dict.fromkeys(problems))
    said += (*book.warnings, *_other_engine(book), *_other_deaths(scenario, changed))
    return Returned(changes, changed, said)


def _check_origin(book: Opened, scenario: Scenario) -> None:
    if book.sha256 != scenario.sha256:
        found = (
            f'the workbook was made from another scenario or another version of it: "{book.title}" '
            f"({book.file}, SHA-256 {book.sha256[:12]}…), not from {scenario.path.name} ({scenario.sha256[:12]}…)"
        )
        raise InputError.at(PROVENANCE, found, "Give the scenario it was made from, or write the workbook anew.")


def _other_engine(book: Opened) -> Iterator[str]:
    if book.engine != engine():
        yield f"The workbook was written by {book.engine or 'an unnamed program'}; this is {engine()}."


def _other_deaths(before: Scenario, after: Scenario) -> Iterator[str]:
    """The life table is not in the workbook: its deaths are those of the exported age and sex."""
    cohort = before.model.cohort
    for name in (cohort.age, cohort.female):
        if isinstance(name, str) and after.central[name] != before.central[name]:
            yield f"The workbook holds deaths as they were before {name} changed; the model computes them anew."


def _again(row: Row) -> dict[str, Any]:
    """A second row of an Id, which only a quantity that is worked out may have."""
    if not row.default.blank:
        raise InputError.at(row.yours.place, f'a second row has the Id "{row.id}"', "Take it out.")
    if not row.yours.blank:
        raise InputError(_worked_out(row))
    return {}


def _change(row: Row, scenario: Scenario) -> dict[str, Any]:
    """The change that a row asks for, if any. Raises InputError naming the cell."""
    record = scenario.parameters.get(row.id)
    if record is not None and (row.id in scenario.leaves or record.one_of):
        _check_formulas(row, (row.default,) if record.one_of else ())
        return _number(row, record, scenario)
    declared = _declared(scenario, row.id)
    if declared is not None and not row.default.blank:
        _check_formulas(row)
        _check_default(row, declared.months)
        return {} if row.yours.blank else _moved(row, declared)
    if not row.yours.blank:
        raise InputError(_no_input(row, scenario))
    return {}


def _number(row: Row, record: Parameter, scenario: Scenario) -> dict[str, Any]:
    """The change of a parameter. A blank cell asks for the default, or for the option of a choice."""
    now = scenario.leaves[row.id].central if row.id in scenario.leaves else scenario.central[row.id]
    if record.one_of:
        default = scenario.central[record.operands[0]]
    else:
        default = _default(row, scenario)
        _check_default(row, default)
    value = default if row.yours.blank else _value(row.yours, default)
    if isclose(value, now, rel_tol=NEAR):
        return {}
    if record.one_of and row.yours.blank:
        remedy = f"Type the price of the option ({default:g}), or choose the option in the scenario."
        raise InputError.at(row.yours.place, "a value of your own was taken out of a choice", remedy)
    if record.fixed is not None:
        raise InputError.at(row.yours.place, f"{row.id} is held at {now:g} in every draw", "Empty the cell.")
    if fault := out_of_support(record.unit, value):
        raise InputError.at(row.yours.place, f"{row.id}: {fault}", f"Allowed: {record.unit.support}.")
    return {row.id: value}


def _default(row: Row, scenario: Scenario) -> float:
    """What a row's default was: the number in use, or the one before a change by hand, which the workbook may show."""
    now = scenario.leaves[row.id].central
    by_hand = scenario.changes[len((scenario.base or scenario).changes) :]
    before = [c.old for c in by_hand if moves_the_centre(c) and c.path.split(".")[1] == row.id][:1]
    return next((old for old in before if _stands(row, old)), before[0] if before and not _stands(row, now) else now)


def _stands(row: Row, default: float) -> bool:
    """Whether a number stands as the default of a row."""
    found = row.default.value
    return not row.default.fault and found is not None and isclose(found, default, rel_tol=NEAR)


def _at_its_default_now(row: Row, scenario: Scenario) -> Row:
    """A row whose default is that of the scenario as it is now, where it takes a value."""
    declared = _declared(scenario, row.id)
    if row.default.fault or not isinstance(row.default.value, int | float):
        return row
    if row.id in scenario.leaves:
        now = _default(row, scenario)
    elif declared is not None:
        now = declared.months
    else:
        return row
    return row if _stands(row, now) else replace(row, default=replace(row.default, value=now))


def _other_version(book: Opened, scenario: Scenario, moved: list[str]) -> str:
    """What is said where a workbook's scenario has changed since: which of its defaults are others now."""
    names = f"{', '.join(moved[:5])}{f' and {len(moved) - 5} more' if len(moved) > 5 else ''}"
    count = f"{len(moved)} of its defaults {'has' if len(moved) == 1 else 'have'} changed: {names}"
    return (
        f"The workbook was made from another version of {book.file}: its SHA-256 was {book.sha256[:12]}…, and is "
        f"{scenario.sha256[:12]}… now; {count if moved else 'its defaults are the same'}."
    )


def _moved(row: Row, declared: Duration | Instant) -> dict[str, Any]:
    """The change of a duration, or of the time after an anchor."""
    months = _value(row.yours, declared.months)
    if not 0 <= months <= MOST_MONTHS:
        remedy = f"Type months, from 0 to {MOST_MONTHS:,}."
        raise InputError.at(row.yours.place, f"{row.id}: {months:g} months is not a time", remedy)
    if isclose(months, declared.months, rel_tol=NEAR):
        return {}
    length = f"{Decimal(repr(months)).normalize():f} month{'' if months == 1 else 's'}"
    if isinstance(declared, Instant):
        return {row.id: f"{declared.anchor} + {length}" if months else declared.anchor}
    return {row.id: length}


def _value(cell: Found, default: float) -> float:
    if cell.fault:
        raise InputError.at(cell.place, cell.fault, cell.remedy)
    value = float(cell.value)
    if value.is_integer() and YEAR_2000 <= value < YEAR_2050 and value > FAR * abs(default):
        found = f"{value:.0f} is what a spreadsheet makes of a date such as 3-4; the default is {default:g}"
        raise InputError.at(cell.place, found, "Type the number again; if it is meant, change the scenario file.")
    return value


def _check_default(row: Row, default: float) -> None:
    if not _stands(row, default):
        remedy = 'Put it back, and type your own number into "Your value".'
        raise InputError.at(row.default.place, f"the default of {row.id} was {default:g} and was overwritten", remedy)


def _check_formulas(row: Row, more: tuple[Found, ...] = ()) -> None:
    """What the workbook shows must follow from "Your value". more: further cells of the row that hold formulas."""
    for cell in (row.used, row.model, *more):
        if not cell.formula:
            remedy = 'Put the formula back, and type your own number into "Your value".'
            raise InputError.at(cell.place, f"the formula of {row.id} was overwritten", remedy)


def _declared(scenario: Scenario, path: str) -> Duration | Instant | None:
    """The duration or moment at a path, where it is the same in all alternatives that have it."""
    found = _at(scenario.model, path)
    theirs = [_at(structure.model, path) for structure in scenario.structures]
    return found if all(one in (found, None) for one in theirs) else None


def _at(model: ModelFile, path: str) -> Duration | Instant | None:
    node: Any = model
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else getattr(node, "from_" if key == "from" else key, None)
    return node if isinstance(node, Duration | Instant) else None


def _no_input(row: Row, scenario: Scenario) -> Problem:
    """Why a row takes no value."""
    place, record = row.yours.place, scenario.parameters.get(row.id)
    if not row.id:
        return Problem(place, "a value stands in a row without an Id", "Type values only beside an Id.")
    if record is not None:
        remedy = f"Change what it is made of: {', '.join(record.operands)}."
        return Problem(place, f"{row.id} is derived ({record.kind.replace('_', ' ')})", remedy)
    if row.default.blank:
        return _worked_out(row)
    if ".over_time." in row.id or any(_at(one.model, row.id) for one in scenario.structures):
        found = f"{row.id} is a time that only the scenario file can change"
        return Problem(place, found, "Change it there, and empty the cell.")
    return Problem(place, f'there is no parameter "{row.id}"', nearest(row.id, scenario.parameters))


def _worked_out(row: Row) -> Problem:
    return Problem(row.yours.place, f"{row.id} is worked out or fixed, and takes no value", "Empty the cell.")
