"""Parameters that are drawn together: shares that sum to 1, and numbers that are correlated."""

from collections.abc import Iterator, Mapping

import numpy as np

from costmodel.errors import Problem, nearest
from costmodel.inputs.draws import correlation_matrix
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.read import Tree
from costmodel.scenario.schema import Group

ROUNDING = 1e-9
"""By how much shares may miss 1, and effective sizes each other."""


def problems(
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
