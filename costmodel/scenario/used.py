"""What an answer rests on: its parameters, which of them a reader should check, and all of it as one digest."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from costmodel.content import digest
from costmodel.scenario.derived import pieces
from costmodel.scenario.fields import Block, Instant
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.subject import uses
from costmodel.units import Duration

if TYPE_CHECKING:
    from costmodel.scenario.build import Scenario

WORDS = {
    "label", "title", "description", "population", "leaves_out", "price_basis", "people", "format", "source",
    "sources", "status", "estimand", "setting", "table", "file",
}  # fmt: skip
"""Fields of a model that say something, or name a file, and move no answer per person; the content of files is taken
itself.
"""
APART = {"parameters", "groups", "strata", "alternatives", "states"}
"""Fields of a model that are taken by themselves: what is used of parameters and groups, each structure complete, and
the names of states without their definitions.
"""
IN_ORDER = {"strategies"}
"""Named entries whose order counts: the first strategy is the comparator. Others are looked up by name."""
IN_ANY_ORDER = {"absorbing", "only_in", "covers"}
"""Lists that say what belongs together, and not in which order."""

CENTRES = ("value", "moved_to", "fixed")
"""Keys of a record that hold its centre."""


def used(scenario: "Scenario") -> list[str]:
    """Parameters that feed the result, in the order of the file, with everything they are made of."""
    found: set[str] = set()
    waiting = _references(scenario)
    while waiting:
        name = waiting.pop()
        if name in scenario.parameters and name not in found:
            found.add(name)
            waiting += scenario.parameters[name].operands
    return [name for name in scenario.parameters if name in found]


def to_be_checked(scenario: "Scenario") -> list[str]:
    """Used parameters that are recalled, or rest on a recalled source."""
    return [name for name in used(scenario) if is_recalled(scenario, name)]


def is_recalled(scenario: "Scenario", name: str) -> bool:
    """Whether a parameter or one of its own sources was recalled and not checked."""
    record = scenario.parameters[name]
    sources = [scenario.sources[source].status for source in record.sources]
    return record.status == "recalled" or "recalled" in sources


def assumed(scenario: "Scenario") -> list[str]:
    """Used parameters that are assumptions."""
    return [name for name in used(scenario) if scenario.parameters[name].status == "assumption"]


def made_of(scenario: "Scenario", name: str) -> list[str]:
    """The parameters that a derived one is made of, down to the last; a choice is made of its option in use."""
    found: dict[str, None] = {}
    waiting = list(scenario.parameters[name].operands)
    while waiting:
        part = waiting.pop(0)
        if part in scenario.parameters and part not in found:
            found[part] = None
            waiting += scenario.parameters[part].operands
    return list(found)


def moved_by(scenario: "Scenario", name: str) -> str | None:
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


def sha256(scenario: "Scenario") -> str:
    """The digest of everything that moves an answer per person, and of nothing else.

    Strategies, strata and alternatives count in their order, other entries by their names. Files count by the numbers
    that they hold, parameters by what the model is given of them; of a choice every option counts, since an answer
    may be asked for each. Words, layout, the number of people, draws and versions do not count.
    """
    setting, names = scenario.setting, _reached(scenario)
    leaves = [scenario.leaves[name] for name in names & scenario.leaves.keys()]
    fitted = {leaf.posterior[0] for leaf in leaves if leaf.posterior}
    posteriors = {
        path.name: [one.columns, one.best] if path in fitted else None
        for path, one in sorted(scenario.posteriors.items())
    }
    structures = [(one.name, one.weight, sorted(one.model.states), _plain(one.model)) for one in scenario.structures]
    groups = [group for group in scenario.model.groups.values() if names.issuperset(group.members)]
    return digest(
        {
            "structures": structures,
            "parameters": {name: _content(scenario, name) for name in sorted(names)},
            "groups": sorted((_plain(group) for group in groups), key=lambda group: str(group["members"])),
            "drawn": sorted(name for name, leaf in scenario.leaves.items() if leaf.distribution is not None),
            "price_year": [setting.currency, setting.price_year],
            "indices": {name: dict(sorted(one.levels.items())) for name, one in sorted(scenario.indices.items())},
            "discount": _plain(setting.discount),
            "thresholds": setting.thresholds,
            "life_table": scenario.life_table,
            "matrices": dict(sorted(scenario.matrices.items())),
            "posteriors": posteriors,
        }
    )


def _references(scenario: "Scenario") -> list[str]:
    """Names of the parameters at every place that feeds the result, over and over."""
    discount = scenario.setting.discount
    found = [str(reference) for reference in (discount.costs, discount.health, scenario.setting.thresholds[0])]
    for structure in scenario.structures:
        found += [use.reference for use in uses(structure.model) if isinstance(use.reference, str)]
    return found


def _reached(scenario: "Scenario") -> set[str]:
    """Parameters that an answer can come to rest on: used ones, every option of choices, and those drawn with them."""
    waiting = [*_references(scenario), *map(str, scenario.setting.thresholds)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in scenario.parameters and name not in found:
            found.add(name)
            record = scenario.parameters[name]
            waiting += [*record.operands, *(record.one_of or {}).values()]
            waiting += [
                one for group in scenario.model.groups.values() if name in group.members for one in group.members
            ]
    return found


def _content(scenario: "Scenario", name: str) -> dict[str, Any]:
    """What the model is given of a parameter."""
    record, leaf = scenario.parameters[name], scenario.leaves.get(name)
    found: dict[str, Any] = {"unit": record.unit.text, "range": record.range}
    if leaf is None:
        return found | {"made": _made(record), "moved": record.moved_to, "fixed": record.fixed}
    posterior = (leaf.posterior[0].name, leaf.posterior[1]) if leaf.posterior else None
    return found | {"leaf": [leaf.central, leaf.distribution, leaf.price_factor, posterior, leaf.moved]}


def _made(record: Parameter) -> list[Any]:
    """How a derived parameter is made; the order of factors and terms makes nothing else of them."""
    if record.over_time:
        return [record.kind, pieces(record)]
    if record.one_of:
        return [record.kind, record.use, dict(sorted(record.one_of.items()))]
    operands: Iterable[str] = record.operands
    return [record.kind, sorted(operands) if record.product_of or record.mean_of else list(operands)]


def _plain(value: Any, in_order: bool = False) -> Any:
    """A part of a model without its words."""
    if isinstance(value, Block):
        told = {name: getattr(value, name) for name in type(value).model_fields if name not in WORDS | APART}
        return {
            name: sorted(entry) if name in IN_ANY_ORDER else _plain(entry, name in IN_ORDER)
            for name, entry in told.items()
        }
    if isinstance(value, Mapping):
        return {name: _plain(value[name]) for name in (value if in_order else sorted(value))}
    if isinstance(value, Duration):
        return value.months
    if isinstance(value, Instant):
        return [value.anchor, value.months]
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
