"""What is said of one target: whether the model has seen it, and the finding beside its observation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.calibration.file import CalibrationFile
from costmodel.analysis.validation.file import Target
from costmodel.analysis.validation.question import Kind
from costmodel.errors import InputError
from costmodel.result.estimate import quantiles
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.read import read_file

Array = NDArray[np.float64]
TAILS = (0.025, 0.975)
NORMAL = 1.96
"""Standard errors on either side of a chance."""
HIT, OUTSIDE, WIDE, OUTSIDE_AND_WIDE = "hit", "miss: outside", "miss: too wide", "miss: outside, too wide"


@dataclass(frozen=True)
class Prediction:
    """The model's figure and its 95% interval; infinite where there is none, such as a payback beyond the horizon."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Infinite where either end is."""
        return self.high - self.low if np.isfinite(self.high) and np.isfinite(self.low) else np.inf


def prediction(kind: Kind, drawn: Mapping[str, Array], weights: Array) -> Prediction:
    """The prediction of a weighted mixture of alternatives.

    drawn: the parts of a question, (alternative, draw) each. weights: (alternative,), they sum to 1.
    A chance has no spread over draws: its interval reaches from the lowest alternative to the highest, with the
    sampling error of each. A ratio whose denominator is not above 0 in a draw counts as infinite there.
    """
    if kind == "chance":
        return _chance(drawn["value"], weights)
    if kind == "ratio":
        above, below = drawn["above"], drawn["below"]
        each = np.full(above.shape, np.inf)
        np.divide(above, below, out=each, where=below > 0)
        spent, gained = float(weights @ above.mean(axis=1)), float(weights @ below.mean(axis=1))
        return Prediction(spent / gained if gained > 0 else np.inf, *quantiles(each, weights, TAILS))
    values = drawn["value"]
    if kind == "median":
        low, middle, high = quantiles(values, weights, (TAILS[0], 0.5, TAILS[1]))
        return Prediction(middle, low, high)
    return Prediction(float(weights @ values.mean(axis=1)), *quantiles(values, weights, TAILS))


def verdict(found: Prediction, observed: tuple[float, float], tolerance: float, width: float) -> str:
    """Hit or miss. observed: one figure twice, or the two ends of a range.

    A hit lies within the tolerance of it and has an interval no wider than the width; both ends count as inside.
    """
    outside = not observed[0] - tolerance <= found.value <= observed[1] + tolerance
    wide = not found.width <= width
    if outside:
        return OUTSIDE_AND_WIDE if wide else OUTSIDE
    return WIDE if wide else HIT


def _chance(happens: Array, weights: Array) -> Prediction:
    used = np.flatnonzero(weights)
    chances = happens.mean(axis=1)
    errors = NORMAL * np.sqrt(chances * (1 - chances) / happens.shape[1])
    low, high = (chances - errors)[used].min(), (chances + errors)[used].max()
    return Prediction(float(weights @ chances), float(max(low, 0.0)), float(min(high, 1.0)))


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
