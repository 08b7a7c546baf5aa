"""What a scenario holds, as a list for a reader: the answer of `costmodel check`."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from costmodel.report import json_report
from costmodel.report.terminal import Piece, headed, listed
from costmodel.scenario.build import Scenario
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.probabilities import convention
from costmodel.scenario.structure import Structure


def by_status(scenario: Scenario) -> dict[str, list[str]]:
    """Names of all parameters by standing, the best first."""
    names: dict[str, list[str]] = {status: [] for status in STRENGTH}
    for name in scenario.parameters:
        names[scenario.status(name)].append(name)
    return names


def ratios(scenario: Scenario) -> list[tuple[str, Leaf, tuple[float, float]]]:
    """Uncertain relative effects with the range that holds 95% of their draws: a slip of scale shows there."""
    return [
        (name, leaf, leaf.distribution.interval95)
        for name, leaf in scenario.leaves.items()
        if leaf.distribution is not None and scenario.parameters[name].unit.is_ratio
    ]


def document(scenario: Scenario) -> dict[str, Any]:
    """Everything that `costmodel check --json` prints."""
    model = scenario.model
    return {
        "schema": json_report.CHECK_SCHEMA,
        "scenario": json_report.identity(scenario),
        "engine": json_report.engine(),
        "strategies": {name: strategy.label for name, strategy in model.strategies.items()},
        "structures": {s.name: {"label": s.label, "weight": _weight(scenario, s)} for s in scenario.structures},
        "parameters": by_status(scenario),
        "ratios": {name: {"central": leaf.central, "interval95": list(ends)} for name, leaf, ends in ratios(scenario)},
        "unused": _unused(scenario),
        "to_be_checked": scenario.to_be_checked,
        "changes": json_report.changes(scenario.changes),
        "warnings": list(scenario.warnings),
    }


def checked(scenario: Scenario) -> Iterator[Piece]:
    """What `costmodel check` prints, piece by piece."""
    model, setting = scenario.model, scenario.setting
    yield Text(f"{scenario.path.name} is a valid scenario: {model.title} ({model.label})", style="bold")
    yield Text(
        f"{setting.title}, prices of {setting.price_year}; follow-up {model.follow_up.text}, "
        f"{model.beyond_follow_up} beyond it; horizon {model.horizon.text} in cycles of {model.cycle}"
    )
    yield Text(f"Convention: {convention(model)}")
    comparator = next(iter(model.strategies))
    strategies = [
        f"{name}: {strategy.label}{' (comparator)' if name == comparator else ''}"
        for name, strategy in model.strategies.items()
    ]
    yield from headed("Strategies", listed(strategies))
    yield from headed("States", listed([f"{name}: {meaning}" for name, meaning in model.states.items()]))
    if model.alternatives:
        weights = [f"{s.name}: {s.label} (weight {_weight(scenario, s):g})" for s in scenario.structures]
        yield from headed("Structures", listed(weights))
    if model.strata:
        shares = [f"{s.name}: {s.label} ({_weight(scenario, s):.0%} of people)" for s in scenario.structures]
        yield from headed("Strata", listed(shares))
    costs = [f"{name}: {item.label} ({item.category}, paid by {item.paid_by})" for name, item in model.costs.items()]
    yield from headed("Cost items", listed(costs))
    standing = [f"{status}, {len(names)}: {', '.join(names)}" for status, names in by_status(scenario).items() if names]
    yield from headed(f"{len(scenario.parameters)} parameters by standing", listed(standing))
    if drawn := ratios(scenario):
        lines = [
            f"{name}: {scenario.parameters[name].unit} {leaf.central:.4g}, 95% of draws {low:.3g} to {high:.3g}"
            for name, leaf, (low, high) in drawn
        ]
        yield from headed("Ratios that are drawn", listed(lines))
    if unused := _unused(scenario):
        yield from headed("Parameters not behind this answer (other choices, calibration)", listed([", ".join(unused)]))
    if recalled := scenario.to_be_checked:
        yield from headed("To be checked (recalled, not yet verified)", listed(recalled))
    if scenario.changes:
        yield from headed("Changed", listed([f"{change} (by {change.by})" for change in scenario.changes]))
    yield from headed("Warnings", listed(scenario.warnings or ["none"]))
    yield Text("")
    yield Text(f"{json_report.engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")


def _weight(scenario: Scenario, structure: Structure) -> float:
    return float(structure.weight) if isinstance(structure.weight, int) else scenario.central[structure.weight]


def _unused(scenario: Scenario) -> list[str]:
    feeding = set(scenario.used)
    return [name for name in scenario.parameters if name not in feeding]
