"""What each parameter is worth, and whether its record holds: centre, spread, price year, source, what it is made of.

A leaf is a parameter that is not made of others.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from costmodel.errors import Problem, nearest
from costmodel.inputs.distributions import FIELDS, Distribution, fit, recentred
from costmodel.inputs.draws import correlation_matrix
from costmodel.inputs.prices import price_factor
from costmodel.scenario.attached import Attached
from costmodel.scenario.blocks import Group
from costmodel.scenario.joint import Posterior
from costmodel.scenario.parameter import DERIVED, STRENGTH, Parameter, combine, order, varies
from costmodel.scenario.read import Keys, Tree
from costmodel.scenario.schema import ModelFile
from costmodel.units import Duration, Unit, out_of_support, unusual

HIGHEST_PRICE = 10_000_000.0
"""Money per unit; above it a price is taken for a slip."""


@dataclass(frozen=True)
class Leaf:
    """A parameter that is not made of others.

    central: in the record's own unit and price year. distribution: None where held fixed.
    price_factor: multiplies into the setting's price year (1 for what is not money).
    posterior: file and column of a jointly fitted parameter.
    moved: a joint parameter's new centre, which conditions its posterior.
    """

    central: float
    distribution: Distribution | None = None
    price_factor: float = 1.0
    posterior: tuple[Path, str] | None = None
    moved: float | None = None


def leaves_of(model: ModelFile, tree: Tree, attached: Attached, faulty: set[str]) -> dict[str, Leaf]:
    """The leaf of every parameter that is not derived; what is wrong is added to the problems, names to `faulty`."""
    leaves: dict[str, Leaf] = {}
    broken = attached.setting.price_indices.keys() - attached.indices.keys()
    for name, record in model.parameters.items():
        if record.kind not in ("value", "joint"):
            continue
        if record.index in broken or (record.price_year is None and {name, "price_year"} <= faulty):
            # said already; the rest of the record is checked
            record = record.model_copy(update={"price_year": attached.setting.price_year})
        keys = ("parameters", name)
        path = tree.place((*keys, "joint")).path.parent / record.joint if record.joint else None
        if path is not None and path not in attached.posteriors:
            faulty.add(name)
            continue
        carried, found, faults = 1.0, None, []
        try:
            carried = price_factor(
                record.unit, record.price_year, record.index, attached.setting.price_year, attached.indices
            )
        except ValueError as error:
            faults.append(str(error))
        try:
            found = _plain(record) if path is None else _joint(name, record, attached.posteriors[path], path)
        except ValueError as error:
            if name not in faulty or faulty.isdisjoint(FIELDS):  # else what is missing was faulty, and said so
                faults.append(str(error))
        if found is not None and not faults:
            leaves[name] = replace(found, price_factor=carried)
            continue
        faulty.add(name)
        if faults:
            attached.problems.append(Problem(str(tree.place_of_fault(keys)), f"{name}: {'; '.join(faults)}"))
    return leaves


def _plain(record: Parameter) -> Leaf:
    distribution = None
    if record.distribution:
        distribution = fit(record.distribution, unit=record.unit, **{name: getattr(record, name) for name in FIELDS})
    central = distribution.central if distribution else record.value
    assert central is not None
    _check_value(record, central)
    if record.fixed is not None:
        _check_value(record, record.fixed)
        return Leaf(record.fixed)
    if record.moved_to is not None and record.moved_to != central:
        _check_value(record, record.moved_to)
        central = record.moved_to
        certain = central in (record.unit.low, record.unit.high)  # at an end of what is possible there is no spread
        distribution = recentred(distribution, record.unit, central) if distribution and not certain else None
    return Leaf(central, distribution)


def _joint(name: str, record: Parameter, posterior: Posterior, path: Path) -> Leaf:
    column = record.column or name
    if column not in posterior.columns:
        raise ValueError(f'{path.name} has no column "{column}"; it has {", ".join(posterior.columns)}')
    best = float(posterior.columns[column][posterior.best])
    for value in (best, float(posterior.columns[column].min()), float(posterior.columns[column].max())):
        _check_value(record, value)
    if record.fixed is not None:
        return Leaf(record.fixed)
    if record.moved_to is not None and record.moved_to != best:
        _check_value(record, record.moved_to)
        return Leaf(record.moved_to, posterior=(path, column), moved=record.moved_to)
    return Leaf(best, posterior=(path, column))


def _check_value(record: Parameter, value: float) -> None:
    fault = out_of_support(record.unit, value)
    if fault:
        raise ValueError(fault)
    if record.unit.kind == "rate" and (odd := unusual(record.unit, value)):
        raise ValueError(odd)
    if record.unit.kind == "price" and value > HIGHEST_PRICE:
        raise ValueError(f"a price of {value:,.0f} is above {HIGHEST_PRICE:,.0f} and taken for a slip")
    if record.range and not record.range[0] <= value <= record.range[1] and value == record.value:
        raise ValueError(f"the value {value:g} is outside its range {record.range[0]:g} to {record.range[1]:g}")


def central_values(parameters: Mapping[str, Parameter], leaves: Mapping[str, Leaf]) -> Mapping[str, float]:
    central: dict[str, float] = {}
    for name in order(parameters):
        record = parameters[name]
        if name in leaves:
            central[name] = leaves[name].central * leaves[name].price_factor
        elif record.kind in ("value", "joint", "over_time") or not central.keys() >= set(record.operands):
            continue
        elif record.one_of and (record.fixed is not None or record.moved_to is not None):
            central[name] = float(record.fixed if record.fixed is not None else record.moved_to or 0)
        else:
            with suppress(ZeroDivisionError):
                central[name] = combine(record, central.__getitem__)
    return central


def derived_problems(model: ModelFile, central: Mapping[str, float], tree: Tree) -> Iterator[Problem]:
    """Derived parameters whose central value their unit does not allow."""
    for name, record in model.parameters.items():
        if record.kind not in DERIVED or record.over_time or not central.keys() >= set(record.operands):
            continue
        made_of = ", ".join(f"{operand} = {central[operand]:g}" for operand in record.operands)
        fault = out_of_support(record.unit, central[name]) if name in central else "it divides by 0"
        if fault:
            found = f"{name} ({record.kind}): {fault}"
            yield tree.problem(("parameters", name), found, f"Check what it is made of: {made_of}.")


def provenance(
    model: ModelFile, attached: Attached, tree: Tree, leaves: Mapping[str, Leaf], faulty: set[str]
) -> Iterator[Problem]:
    """Problems of the parameters' records and of the setting's references, `faulty` ones left alone."""
    for name, record in model.parameters.items():
        for found, remedy in _record(record, model.parameters, attached, faulty):
            yield tree.problem(("parameters", name), f"{name}: {found}", remedy)
    yield from _setting(model, attached, faulty)
    if model.mortality is None:
        return
    table, tables = model.mortality.table, attached.setting.life_tables
    if table not in tables:
        yield tree.problem(("mortality", "table"), f'there is no life table "{table}"', nearest(table, tables))
    elif table in attached.life_tables:
        oldest = len(attached.life_tables[table].female) - 1
        age = leaves.get(str(model.cohort.age))
        if age and age.central > oldest:
            yield tree.problem(
                ("cohort", "age"), f"an age of {age.central:g} is outside the life table", f"At most {oldest}."
            )


def _record(
    record: Parameter, parameters: Mapping[str, Parameter], attached: Attached, faulty: set[str]
) -> Iterator[tuple[str, str]]:
    for key in ("source", "status"):
        if record.kind == "value" and not record.constant and not getattr(record, key):
            yield f"the {key} is missing", f"A number without a {key} is not accepted."
    for source in record.sources:
        if attached.sources and source not in attached.sources:
            yield f'there is no source "{source}"', nearest(source, attached.sources)
    known = [attached.sources[source].status for source in record.sources if source in attached.sources]
    if known and record.status:
        best = min(known, key=STRENGTH.index)
        if STRENGTH.index(record.status) < STRENGTH.index(best):
            yield f'the status is "{record.status}" and its best source is "{best}"', "Say what the source is."
    if record.range and not record.range[0] <= record.range[1]:
        yield f"the range {record.range[0]:g} to {record.range[1]:g} is upside down", "Low first."
    behind = dict.fromkeys((*record.operands, *(record.one_of or {}).values()))
    for name in behind:
        if name not in parameters and name not in faulty:
            yield f'there is no parameter "{name}"', nearest(name, parameters)
        elif name in parameters and parameters[name].over_time:
            yield f'it is made of "{name}", which changes over time', "Put what it is made of into the pieces."
    if behind.keys() <= parameters.keys():
        yield from _units(record, {name: parameters[name].unit for name in behind})
    if record.over_time:
        yield from _times(record.over_time)
    scaled = ("price", "quantity", "sessions", "multiplier", "rate")
    if record.one_of and record.moved_to is not None and record.unit.kind not in scaled:
        yield "it is a choice", f"Change the option behind it: {record.operands[0]}."


def _units(record: Parameter, behind: Mapping[str, Unit]) -> Iterator[tuple[str, str]]:
    """behind: the unit of each parameter that it is made of."""
    wanted = record.unit.text
    if record.mean_of or record.over_time or record.one_of:
        for name, unit in behind.items():
            if unit.text != wanted:
                yield f'"{name}" has the unit "{unit.text}"', f"Wanted: {wanted}."
    units = [behind[name] for name in record.operands]
    if record.product_of:
        plain = ("share", "multiplier", "hazard_ratio", "rate_ratio", "cost_ratio", "sessions")
        rest = [unit.text for unit in units if unit.kind not in plain]
        if record.unit.kind not in plain and rest != [wanted]:
            found = " × ".join(unit.text for unit in units)
            yield f'{found} is not "{wanted}"', "Exactly one operand has the unit of the product."
    if record.complement_of and not {record.unit.kind, units[0].kind} <= {"share", "probability"}:
        yield "a complement is taken of a share or a probability", "Check the units."
    if record.probability_of and (record.unit.kind, units[0].kind) != ("probability", "rate"):
        remedy = "Its unit is probability per TIME, and the rate's is per year."
        yield "a probability is made of a rate", remedy
    if record.rebased and [unit.kind for unit in units] != ["rate_ratio", "share"]:
        yield "rebasing needs a rate ratio and a share", "Check the units."


def _times(over_time: Mapping[Duration, str]) -> Iterator[tuple[str, str]]:
    times = [time.months for time in over_time]
    if sorted(set(times)) != times or times[0] != 0:
        yield "the times are not in order from 0 months", "Begin with 0 months; each later than the last."


def _setting(model: ModelFile, attached: Attached, faulty: set[str]) -> Iterator[Problem]:
    setting = attached.setting
    wanted: list[tuple[str | int, str, Keys]] = [
        (setting.discount.costs, "discount_rate", ("discount", "costs")),
        (setting.discount.health, "discount_rate", ("discount", "health")),
    ]
    wanted += [(name, "price", ("thresholds",)) for name in setting.thresholds]
    for reference, kind, keys in wanted:
        record = model.parameters.get(str(reference))
        if isinstance(reference, int) or reference in faulty:
            continue
        if record is None:
            found, remedy = f'there is no parameter "{reference}"', nearest(reference, model.parameters)
        elif record.unit.kind != kind:
            found, remedy = f'"{reference}" has the unit "{record.unit.text}"', f"Wanted: {kind.replace('_', ' ')}."
        elif record.over_time and kind == "price":
            remedy = "Only rates may. Give one value for all years, and run the others with --set."
            found = f'"{reference}" changes over time'
        elif kind == "price" and (spread := varies(model.parameters, reference)):
            remedy = "Hold it fixed, and run it at other values with --set."
            found = f'"{spread}" is uncertain, and a threshold is not drawn'
        else:
            continue
        yield attached.tree.problem(keys, found, remedy)


ROUNDING = 1e-9
"""By how much shares may miss 1, and effective sizes each other."""


def group_problems(
    groups: Mapping[str, Group], parameters: Mapping[str, Parameter], leaves: Mapping[str, Leaf], tree: Tree
) -> Iterator[Problem]:
    """What is wrong with the groups; members whose own record is faulty were reported already."""
    where: dict[str, str] = {}
    for name, group in groups.items():
        at = str(tree.place(("groups", name)))
        wrong = False
        for member in group.members:
            if found := _member(member, name, group, parameters, leaves, where):
                wrong = True
                yield Problem(at, f"{name}: {found[0]}", found[1])
            where.setdefault(member, name)
        if wrong or any(member not in leaves for member in group.members):
            continue
        check = _dirichlet if group.together == "dirichlet" else _correlated
        for found_, remedy in check(group, leaves):
            yield Problem(at, f"{name}: {found_}", remedy)


def _member(
    member: str,
    name: str,
    group: Group,
    parameters: Mapping[str, Parameter],
    leaves: Mapping[str, Leaf],
    where: Mapping[str, str],
) -> tuple[str, str] | None:
    if member not in parameters:
        return f'there is no parameter "{member}"', nearest(member, parameters)
    if group.members.count(member) > 1:
        return f'"{member}" stands twice', "Keep one."
    if member in where and where[member] != name:
        return f'"{member}" belongs to the group "{where[member]}" too', "A parameter belongs to one group."
    if member not in leaves and parameters[member].kind in ("value", "joint"):
        return None
    if parameters[member].distribution is None:
        remedy = "Name what it is made of." if parameters[member].operands else "Give it one, or leave it out."
        return f'"{member}" has no distribution of its own', remedy
    return None


def _dirichlet(group: Group, leaves: Mapping[str, Leaf]) -> Iterator[tuple[str, str]]:
    if group.correlation is not None:
        yield "a correlation does not go with dirichlet", "Leave it out."
    held = [member for member in group.members if leaves[member].distribution is None]
    if held and len(held) < len(group.members):
        yield f'"{held[0]}" is held fixed and others are not', "Hold all of them, or none."
        return
    total = sum(leaves[member].central for member in group.members)
    if abs(total - 1) > ROUNDING:
        yield f"the shares sum to {total:.10g}", "They sum to 1: change the others too."
    sizes = []
    for member in group.members:
        distribution = leaves[member].distribution
        if distribution is None:
            continue
        if distribution.kind != "beta":
            yield f'"{member}" has a {distribution.kind} distribution', "The margins of a Dirichlet are beta."
            return
        sizes.append(distribution.first + distribution.second)
    if sizes and max(sizes) - min(sizes) > ROUNDING * max(sizes):
        said = ", ".join(f"{size:.6g}" for size in sizes)
        yield f"the effective sizes differ ({said})", "Give counts of the same n, or one effective_size."


def _correlated(group: Group, leaves: Mapping[str, Leaf]) -> Iterator[tuple[str, str]]:
    if group.correlation is None:
        yield "the correlation is missing", "Give one number for every pair, or a matrix."
        return
    try:
        correlation_matrix(group.correlation, len(group.members))
    except ValueError as error:
        yield str(error), "See docs/format.md, Groups."


def active(group: Group, leaves: Mapping[str, Leaf]) -> list[int]:
    """Members that are drawn: those that are not held fixed."""
    return [i for i, member in enumerate(group.members) if leaves[member].distribution is not None]


def correlation_of(group: Group, members: list[int]) -> np.ndarray:
    """Correlations of some members, (member, member)."""
    assert group.correlation is not None
    return correlation_matrix(group.correlation, len(group.members))[np.ix_(members, members)]
