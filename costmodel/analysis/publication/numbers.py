"""The numbers of a loaded scenario: does each say where it comes from and how we know it?

A measured spread (se, se_log, ci95, counts, of_users, quantiles, a plausible range) carries its source and
standing from its record. A judged one (cv, effective_size, mode, the range of a uniform, pert or triangular) does not:
unless the whole record is an assumption, an assumption stands among its sources, or its note speaks of the spread.
"""

import re
from collections.abc import Iterator

from costmodel.errors import Problem
from costmodel.inputs.distributions import ENDED
from costmodel.scenario.blocks import MatricesBlock
from costmodel.scenario.build import Scenario
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.used import is_recalled

Said = tuple[str, str]


def numbers(scenario: Scenario) -> list[str]:
    """Parameters that hold a number of their own; constants are none that anybody must have seen."""
    return [
        name
        for name, record in scenario.parameters.items()
        if record.kind in ("value", "joint") and not record.constant
    ]


def unsourced(scenario: Scenario) -> Iterator[Problem]:
    """Numbers without source or status, spreads without a word, assumptions that nobody owns up to."""
    for name in numbers(scenario):
        at = str(scenario.tree.place(("parameters", name)))
        for found, remedy in (*_record(scenario.parameters[name]), *_owned(scenario, scenario.parameters[name])):
            yield Problem(at, f"{name}: {found}", remedy)
    for group, block in scenario.model.groups.items():
        if block.correlation is not None:
            yield Problem(
                str(scenario.tree.place(("groups", group))),
                f"{group}: the correlation has no source and no status",
                "Fit the members together in a calibration file, or leave the correlation out.",
            )


def _record(record: Parameter) -> Iterator[Said]:
    for key in ("source", "status"):
        if not getattr(record, key):
            yield f"the {key} is missing", f"Give it a {key}: a figure without one is not fit to publish."


def _owned(scenario: Scenario, record: Parameter) -> Iterator[Said]:
    assumed = any(scenario.sources[source].status == "assumption" for source in record.sources)
    if record.status == "assumption" and record.sources and not assumed:
        yield (
            "the status is assumption and no source is one",
            "Add an entry with an id that begins with A to the sources file, and name it.",
        )
    if record.judged and record.status != "assumption" and not assumed:
        yield (
            f"the {' and '.join(record.judged)} is a judgement, and the status of the record is {record.status}",
            "Name an assumption (an id that begins with A) for the spread, or say in the note what the spread is of.",
        )


def moved(scenario: Scenario) -> Iterator[Problem]:
    """Numbers that an overlay moves without saying on whose word."""
    named = {(change.by, change.path) for change in scenario.changes}
    for change in scenario.changes:
        match = re.fullmatch(
            r"parameters\.([^.]+)\.(value|moved_to|cv|effective_size|se|se_log|ci95|range|mode)", change.path
        )
        if match is None or (change.by, f"parameters.{match[1]}.source") in named:
            continue
        if match[2] == "range" and scenario.parameters[match[1]].distribution not in ENDED:
            continue
        keys = [("parameters", match[1], key) for key in ("moved_to", match[2])]
        at = str(scenario.tree.place(next((one for one in keys if one in scenario.tree.places), keys[1])))
        yield Problem(
            at,
            f"{match[1]}: the {match[2]} is changed and its source is still that of the old one",
            f"Change parameters.{match[1]}.source too: say on whose word, or name an assumption.",
        )


def unlabelled(scenario: Scenario) -> Iterator[Problem]:
    """Effects and tables whose source was recalled, while nothing that a reader sees says so."""
    for structure in scenario.structures:
        for strategy, block in structure.model.strategies.items():
            for name, effect in block.effects.items():
                keys = ("strategies", strategy, "effects", name)
                yield from _effect(scenario, keys, effect.estimand.source, str(effect.size))
    tables: dict[tuple[str, ...], MatricesBlock | None] = {("matrices",): scenario.model.matrices}
    tables |= {("strategies", name, "matrices"): one.matrices for name, one in scenario.model.strategies.items()}
    for key, table in tables.items():
        if table is not None:
            yield from _table(scenario, str(scenario.tree.place((*key, "source"))), table)


def _table(scenario: Scenario, at: str, table: MatricesBlock) -> Iterator[Problem]:
    if table.source not in scenario.sources:
        yield Problem(at, f'there is no source "{table.source}"', "Add it to the sources file.")
    elif "recalled" in (table.status, scenario.sources[table.source].status):
        remedy = "Check the table at its source first: nothing shows the reader that it is to be checked."
        yield Problem(at, "the table of probabilities is recalled", remedy)


def _effect(scenario: Scenario, keys: tuple[str, ...], source: str, size: str) -> Iterator[Problem]:
    at = str(scenario.tree.place((*keys, "estimand", "source")))
    if source not in scenario.sources:
        yield Problem(at, f'there is no source "{source}"', "Add it to the sources file.")
    elif scenario.sources[source].status == "recalled" and not any(
        is_recalled(scenario, name) for name in behind(scenario, size)
    ):
        yield Problem(
            at,
            f"the effect rests on {source}, which is recalled, and {size} is not marked",
            f'Name {source} among the sources of {size}, so that "to be checked" appears.',
        )


def behind(scenario: Scenario, name: str) -> set[str]:
    """A parameter and everything that it is made of; nothing for a structural number."""
    if name not in scenario.parameters:
        return set()
    return {name}.union(*(behind(scenario, operand) for operand in scenario.parameters[name].operands))
