"""What an answer rests on: its parameters, and which of them a reader should check."""

from costmodel.scenario.build import Scenario, references

CENTRES = ("value", "moved_to", "fixed")
"""Keys of a record that hold its centre."""


def used(scenario: Scenario) -> list[str]:
    """Parameters that feed the result, in the order of the file, with everything they are made of."""
    found: set[str] = set()
    waiting = references(scenario)
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


def made_of(scenario: Scenario, name: str) -> list[str]:
    """The parameters that a derived one is made of, down to the last; a choice is made of its option in use."""
    found: dict[str, None] = {}
    waiting = list(scenario.parameters[name].operands)
    while waiting:
        part = waiting.pop(0)
        if part in scenario.parameters and part not in found:
            found[part] = None
            waiting += scenario.parameters[part].operands
    return list(found)


def moved_by(scenario: Scenario, name: str) -> str | None:
    """Who moved the centre of a parameter away from its source's figure: a file's label, an option or "you".

    None where nobody did, or where whoever moved it named a source of his own.
    """
    own = f"parameters.{name}."
    moves = [c.by for c in scenario.changes if c.path.startswith(own) and c.path.removeprefix(own) in CENTRES]
    sourced = [c.by for c in scenario.changes if c.path == f"{own}source"]
    record = scenario.parameters[name]
    if not moves or moves[-1] in sourced or (record.one_of and record.moved_to is None and record.fixed is None):
        return None
    return moves[-1]
