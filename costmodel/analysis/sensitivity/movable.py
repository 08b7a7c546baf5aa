"""The inputs of an answer, one by one: every number that feeds it and is not made of others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from costmodel.analysis.sensitivity.spread import Spread, limits, spread_of
from costmodel.errors import InputError, made_by, nearest, one_of
from costmodel.page import SCREEN, TEXT, Block, Notes
from costmodel.scenario.build import Scenario
from costmodel.scenario.structure import uses
from costmodel.scenario.used import used
from costmodel.units import Unit


@dataclass(frozen=True)
class Input:
    """A number that can be moved alone.

    central: in the setting's price year. fitted: the posterior file of numbers that were fitted together; "" for
    others. alone: whether a row of a batch cannot hold it, so that each of its values is a run of its own.
    limits: between which it can be moved. price_factor: divides a value into the price year of its own record, in
    which `Scenario.changed` and `--set` take it; 1 for what is not money. bill_only: whether it is of the sessions or
    the attendance of therapies no effect of which depends on the sessions delivered.
    """

    name: str
    label: str
    unit: Unit
    central: float
    spread: Spread
    fitted: str
    alone: bool
    limits: tuple[float, float]
    price_factor: float = 1.0
    bill_only: bool = False


def inputs(scenario: Scenario) -> list[Input]:
    """Every registered input that feeds the result, in the order of the file, the setting's among them; no constants.

    A choice that was given a number of its own stands for the option behind it.
    """
    names = used(made_by("scenario", scenario, Scenario, "costmodel.load"))
    moved = {name for name in names if _has_own_number(scenario, name)}
    referred = {use.reference for structure in scenario.structures for use in uses(structure.model)}
    hidden = set()
    for name in moved:
        option = scenario.parameters[name].operands[0]
        others = [other for other in names if other != name and option in scenario.parameters[other].operands]
        if option not in referred and not others:
            hidden.add(option)
    runs_of_their_own, bill = one_by_one(scenario), bill_only(scenario)
    return [
        _input(scenario, name, name in runs_of_their_own, name in bill)
        for name in names
        if (name in scenario.leaves or name in moved) and name not in hidden and not scenario.parameters[name].constant
    ]


def named(scenario: Scenario, name: str) -> Input:
    """One input by name; a choice stands for the option in use. Raises InputError where there is none such."""
    found = {one.name: one for one in inputs(scenario)}
    if not isinstance(name, str):
        one_of("input", name, found)
    meant = name
    while meant not in found and meant in scenario.parameters and scenario.parameters[meant].one_of:
        meant = scenario.parameters[meant].operands[0]
    if meant in found:
        return found[meant]
    place = f'input "{name[:40]}"'
    if name in scenario.parameters and scenario.parameters[name].operands:
        remedy = f"Name one of what it is made of: {', '.join(scenario.parameters[name].operands)}."
        raise InputError.at(place, "this is made of other inputs", remedy)
    if name in scenario.parameters and scenario.parameters[name].constant:
        raise InputError.at(place, "this is a constant", "If it could be another number, remove constant: true.")
    if name in scenario.parameters:
        raise InputError.at(place, "this does not feed the answer", "`costmodel check` lists what does not.")
    raise InputError.at(place, "there is no such input", nearest(name, found))


def one_by_one(scenario: Scenario) -> set[str]:
    """Inputs that a row of a batch cannot move: those behind the age and the sexes, which choose the hazards."""
    cohort = scenario.model.cohort
    return behind(scenario, (cohort.age, cohort.female))


def bill_only(scenario: Scenario) -> set[str]:
    """Parameters behind sessions and attendance that change what a therapy costs and nothing that it does."""
    billed: list[str | int] = []
    others: list[str | int] = []
    for structure in scenario.structures:
        strategies = structure.model.strategies
        for use in uses(structure.model):
            of_sessions = use.keys[0] == "strategies" and use.keys[2:] in (
                ("therapy", "sessions"), ("therapy", "attendance"),
            )  # fmt: skip
            dosed = of_sessions and any(effect.dose for effect in strategies[str(use.keys[1])].effects.values())
            (billed if of_sessions and not dosed else others).append(use.reference)
    return behind(scenario, billed) - behind(scenario, others)


def behind(scenario: Scenario, references: Iterable[str | int | None]) -> set[str]:
    """Parameters that stand at some references, with everything they are made of."""
    waiting = [str(reference) for reference in references]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in scenario.parameters and name not in found:
            found.add(name)
            waiting += scenario.parameters[name].operands
    return found


def _has_own_number(scenario: Scenario, name: str) -> bool:
    record = scenario.parameters[name]
    return record.one_of is not None and (record.fixed is not None or record.moved_to is not None)


def _input(scenario: Scenario, name: str, alone: bool, bill: bool) -> Input:
    record, leaf = scenario.parameters[name], scenario.leaves.get(name)
    fitted = leaf.posterior[0].name if leaf is not None and leaf.posterior else ""
    factor = leaf.price_factor if leaf is not None else 1.0
    central, ends = float(scenario.central[name]), limits(record.unit)
    if record.unit.kind == "age" and scenario.life_table is not None:
        ends = (ends[0], min(ends[1], float(scenario.life_table.last_age)))
    spread = spread_of(scenario, name)
    return Input(name, record.label, record.unit, central, spread, fitted, alone, ends, factor, bill)


def only_the_bill(moved: Iterable[Input]) -> Iterator[str]:
    """That sessions and attendance change what a therapy costs and nothing that it does, where that is so."""
    if names := [one.name for one in moved if one.bill_only]:
        verb = "changes" if len(names) == 1 else "change"
        yield f"{verb} only the bill, because no effect here depends on the sessions delivered: {', '.join(names)}"


def quoted(one: Input) -> str:
    """An input inside a sentence."""
    return f"“{one.label}”" + (" (by the bill alone)" if one.bill_only else "")


def origin(one: Input) -> str:
    """Where the values come from at which an input is tried."""
    fitted = ["fitted together with others, which stay"] if one.fitted else []
    return "; ".join((one.spread.why, *fitted, *(["widened to the value in use"] if one.spread.widened else [])))


def named_on(heading: str, found: Iterable[Input]) -> tuple[Block, ...]:
    """Inputs under a heading: their names where one types them, their labels where one reads."""
    some = list(found)
    names, labels = (tuple(getattr(one, what) for one in some) for what in ("name", "label"))
    return Notes(heading, names, names=True, only=(TEXT,)), Notes(heading, labels, names=True, only=(SCREEN,))
