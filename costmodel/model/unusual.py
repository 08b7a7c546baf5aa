"""What is unusual about a run without being wrong; what is unusual about a scenario is said by `scenario.warn`."""

from collections.abc import Iterator

import numpy as np

from costmodel.model.flows import therapy_window
from costmodel.model.lived import edges, looking
from costmodel.result.outcomes import Outcomes
from costmodel.scenario.build import Scenario
from costmodel.scenario.used import used


def unusual(scenario: Scenario, draws: int, deterministic: Outcomes) -> Iterator[str]:
    """Sentences about a run. deterministic: its outcomes at central values."""
    if draws == 1:
        yield "one draw gives no intervals."
    if draws and not any(_drawn(scenario, name) for name in used(scenario)):
        yield "every parameter is held fixed: all draws are the same, and the intervals say nothing."
    yield from _attended_by_the_dead(scenario, deterministic)


def _drawn(scenario: Scenario, name: str) -> bool:
    """Whether a parameter differs between draws by itself."""
    leaf = scenario.leaves.get(name)
    return leaf is not None and (leaf.distribution is not None or (leaf.posterior is not None and leaf.moved is None))


def _attended_by_the_dead(scenario: Scenario, deterministic: Outcomes) -> Iterator[str]:
    """Attendance contains deaths: it cannot be above the share of people who are alive half way through."""
    look, years = looking(scenario.central), edges(scenario)
    alive = deterministic.mean_people.sum(axis=1)
    for s, (name, strategy) in enumerate(scenario.model.strategies.items()):
        if strategy.therapy is None:
            continue
        attended = float(look(strategy.therapy.attendance))
        middle = sum(therapy_window(scenario.model, name)) / 2
        living = max(float(np.interp(middle, years, alive[:, s, a])) for a in range(alive.shape[2]))
        if attended > living + 1e-9:
            yield (
                f"{strategy.label}: {attended:.1%} of the sessions are delivered, and {living:.1%} of people are alive "
                "half way through: attendance contains deaths and drop-out."
            )
