"""Why the mean over draws is not the run at central values."""

from dataclasses import dataclass, replace

import numpy as np

from costmodel.analysis.psa.monte_carlo import Array, averaged, error_of_mean
from costmodel.content import by_content
from costmodel.model.draws import completed
from costmodel.model.run import evaluate, values_of
from costmodel.result.result import Result, Run
from costmodel.scenario.parameter import heading

NOT_MOVED = 1e-12
"""As a share of its size: an input whose draws have a mean nearer to its central value than this is not off it."""


@by_content
@dataclass(frozen=True)
class AgainstCentral:
    """Expected net saving beside that at central values, GBP per person, and where the difference comes from.

    at_means: with every input at the mean of its draws, which need not be its central value (a median, a best fit,
    or chance). by_category: each category's part of the difference. by_group: what it moves to put one group of
    inputs at the means of its draws and leave the others at their central values; where groups act on each other
    these do not sum to `of_inputs`. error: half the 95% interval of the expected saving, from the draws.
    """

    expected: float
    central: float
    at_means: float
    by_category: dict[str, float]
    by_group: dict[str, float]
    error: float | None

    @property
    def difference(self) -> float:
        """Expected less central."""
        return self.expected - self.central

    @property
    def of_inputs(self) -> float:
        """Because the means of the draws are not the central values."""
        return self.at_means - self.central

    @property
    def of_shape(self) -> float:
        """Because the saving is no straight line in the inputs, taken together."""
        return self.expected - self.at_means


@dataclass(frozen=True)
class Means:
    """Runs with inputs at the means of their draws: all of them first, then one group at a time."""

    groups: tuple[str, ...]
    result: Result


def at_means(result: Result) -> Means:
    """Run the scenario at the means of the kept draws of every input, and of each group of inputs alone."""
    scenario = result.scenario
    drawn = values_of(result, result.headline.outcomes.draws)
    off: dict[str, float] = {}
    for name in scenario.leaves:
        mean, central = float(np.mean(drawn[name])), scenario.central[name]
        if abs(mean - central) > NOT_MOVED * max(abs(central), abs(mean)):
            off[name] = mean
    groups = tuple(dict.fromkeys(heading(scenario.parameters[name]) for name in off))
    rows = 1 + len(groups)
    values = {name: np.full(rows, scenario.central[name]) for name in scenario.leaves}
    for name, mean in off.items():
        values[name][[0, 1 + groups.index(heading(scenario.parameters[name]))]] = mean
    outcomes = evaluate(scenario, completed(scenario, values), rows)
    return Means(groups, replace(result, deterministic=outcomes, expected=None, means=None, draws=0))


def against_central(
    result: Result, means: Means, run: Run, horizon: int, strategy: int, perspective: str
) -> AgainstCentral:
    """Why the expected net saving is not that of the run at central values. means: those of the same result."""

    def saving(of: Result, reading: Run, category: str | None = None) -> Array:
        """Of each row, alternatives weighted, (draw,)."""
        cost = of.net_cost(reading, horizon, strategy, perspective=perspective, category=category)
        return np.asarray(-(run.weights @ cost), dtype=float)

    everything, central = averaged(run), result.runs["deterministic"]
    rows = saving(means.result, means.result.headline)
    at_centre = float(saving(result, central)[0])
    return AgainstCentral(
        expected=float(saving(result, everything).mean()),
        central=at_centre,
        at_means=float(rows[0]),
        by_category={
            category: float(saving(result, everything, category).mean() - saving(result, central, category)[0])
            for category in result.categories()
        },
        by_group={group: float(row) - at_centre for group, row in zip(means.groups, rows[1:], strict=True)},
        error=error_of_mean(
            result.net_cost(run, horizon, strategy, perspective=perspective), run.weights, result.draws
        ),
    )
