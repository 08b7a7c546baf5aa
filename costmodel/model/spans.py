"""What references mean in a stretch of cycles: models of probabilities may change them over time."""

from collections.abc import Iterable, Iterator

from costmodel.model.lines import Look
from costmodel.scenario.probabilities import changes, in_force
from costmodel.scenario.schema import ModelFile


def spans(model: ModelFile, references: Iterable[str | int], look: Look) -> Iterator[tuple[slice, Look]]:
    """Stretches of cycles in which no reference changes, each with what references mean in it."""
    begins = changes(model, references)
    for first, last in zip(begins, [*begins[1:], None], strict=True):
        yield slice(first, last), look_in(model, first, look)


def look_in(model: ModelFile, cycle: int, look: Look) -> Look:
    """References as they stand in a cycle."""
    return lambda reference: look(in_force(model, reference, cycle))
