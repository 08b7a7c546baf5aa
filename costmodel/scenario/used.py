"""Which parameters an answer rests on, and which of them a reader should check."""

from costmodel.scenario.build import Scenario
from costmodel.scenario.subject import uses


def used(scenario: Scenario) -> list[str]:
    """Parameters that feed the result, in the order of the file, with everything they are made of."""
    discount = scenario.setting.discount
    found: set[str] = set()
    waiting = [str(reference) for reference in (discount.costs, discount.health, scenario.setting.thresholds[0])]
    for structure in scenario.structures:
        waiting += [use.reference for use in uses(structure.model) if isinstance(use.reference, str)]
    while waiting:
        name = waiting.pop()
        if name in scenario.parameters and name not in found:
            found.add(name)
            waiting += scenario.parameters[name].operands
    return [name for name in scenario.parameters if name in found]


def to_be_checked(scenario: Scenario) -> list[str]:
    """Used parameters that are recalled, or rest on a recalled source."""
    return [name for name in used(scenario) if is_recalled(scenario, name)]


def is_recalled(scenario: Scenario, name: str) -> bool:
    """Whether a parameter or one of its own sources was recalled and not checked."""
    record = scenario.parameters[name]
    sources = [scenario.sources[source].status for source in record.sources]
    return record.status == "recalled" or "recalled" in sources


def assumed(scenario: Scenario) -> list[str]:
    """Used parameters that are assumptions."""
    return [name for name in used(scenario) if scenario.parameters[name].status == "assumption"]
