"""What each value-carrying parameter is worth: its centre, spread and price year; and which are drawn together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from costmodel.errors import Problem, nearest
from costmodel.inputs.datasets import Posterior, PriceIndex, factor
from costmodel.inputs.distributions import FIELDS, Distribution, fit, recentred
from costmodel.inputs.draws import correlation_matrix
from costmodel.scenario.blocks import Group
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.read import Tree
from costmodel.units import out_of_support, unusual

HIGHEST_PRICE = 10_000_000.0
"""GBP per unit; above it a price is taken for a slip."""


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


def leaf(
    name: str,
    record: Parameter,
    *,
    price_year: str,
    indices: Mapping[str, PriceIndex],
    posteriors: Mapping[Path, Posterior],
    posterior_path: Path | None,
) -> Leaf:
    """The leaf of one record. Raises ValueError with what is wrong and what is allowed."""
    faults = []
    price_factor, found = 1.0, None
    try:
        price_factor = _price_factor(record, price_year, indices)
    except ValueError as error:
        faults.append(str(error))
    try:
        if record.joint:
            assert posterior_path is not None
            found = _joint(name, record, posteriors[posterior_path], posterior_path)
        else:
            found = _plain(record, price_factor)
    except ValueError as error:
        faults.append(str(error))
    if found is None or faults:
        raise ValueError("; ".join(faults))
    return found


def _plain(record: Parameter, price_factor: float) -> Leaf:
    distribution = None
    if record.distribution:
        distribution = fit(record.distribution, unit=record.unit, **{name: getattr(record, name) for name in FIELDS})
    central = distribution.central if distribution else record.value
    assert central is not None
    _check_value(record, central)
    if record.fixed is not None:
        _check_value(record, record.fixed)
        return Leaf(record.fixed, None, price_factor)
    if record.moved_to is not None and record.moved_to != central:
        _check_value(record, record.moved_to)
        central = record.moved_to
        certain = central in (record.unit.low, record.unit.high)  # at an end of what is possible there is no spread
        distribution = recentred(distribution, record.unit, central) if distribution and not certain else None
    return Leaf(central, distribution, price_factor)


def _price_factor(record: Parameter, price_year: str, indices: Mapping[str, PriceIndex]) -> float:
    if record.unit.kind != "price":
        if record.price_year:
            raise ValueError(f'a price year belongs to a price; the unit is "{record.unit.text}"')
        return 1.0
    if record.price_year is None:
        raise ValueError("the price year is missing; without it the price cannot be compared with others")
    if record.price_year == price_year:
        return 1.0
    if record.index is None:
        raise ValueError(
            f"the price is of {record.price_year} and the setting of {price_year}: "
            f"name the index that converts it ({', '.join(indices)})"
        )
    if record.index not in indices:
        raise ValueError(f'there is no price index "{record.index}"; allowed: {", ".join(indices) or "none"}')
    return factor(indices[record.index], record.price_year, price_year)


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
