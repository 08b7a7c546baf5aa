"""What a model has seen: the ids behind its numbers and its fits, and those that a predicted target rests on."""

from collections.abc import Iterator
from pathlib import Path

from costmodel.analysis.calibration.file import CalibrationFile
from costmodel.analysis.validation.file import Target
from costmodel.errors import InputError
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.read import read_file

ASSUMPTION = "A"
"""Ids that begin so name assumptions of the project, not observations."""


def already_seen(row: Target, scenario: Scenario) -> str | None:
    """Where a predicted target's observation went into the model; None where it did not."""
    observations = {one for one in [*row.sources, *row.same_as] if not one.startswith(ASSUMPTION)}
    for place, ids in _ids(scenario):
        if found := sorted(observations & ids):
            return f"{', '.join(found)} is {place}"
    return None


def _ids(scenario: Scenario) -> Iterator[tuple[str, set[str]]]:
    """Source ids with what they are the source of."""
    for path in sorted(scenario.path.parent.glob("*.yaml")):
        yield from _fitted(path)
    for name, record in scenario.parameters.items():
        yield f"the source of {name}", set(record.sources)
    for structure in scenario.structures:
        for strategy in structure.model.strategies.values():
            for name, effect in strategy.effects.items():
                if effect.estimand is not None:
                    yield f"the source of the effect {name}", {effect.estimand.source}


def _fitted(path: Path) -> Iterator[tuple[str, set[str]]]:
    tree = read_file(path)
    if "observations" not in tree.data or "fits" not in tree.data:
        return
    file, problems, _ = validate(CalibrationFile, tree)
    if file is None:
        raise InputError(*problems)
    ids = {one.source for one in file.observations.values()} | set(file.observations)
    yield f"an observation of {path.name}", ids
