"""Parameters made of other parameters, for numbers, arrays of draws and worksheet cells alike."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from costmodel.scenario.parameter import Parameter
from costmodel.units import MONTHS_A_YEAR, parse_duration, period_months

Value = Any
"""A float, an array of draws, or a worksheet cell: anything with + − × ÷."""


def combine(record: Parameter, operand: Callable[[str], Value]) -> Value:
    """The value of a derived record; `operand` gives the value of a parameter by name.

    A rate that changes over time has no single value: `over_time` is refused here with a ValueError.
    """
    values = [operand(name) for name in record.operands]
    if record.product_of:
        product = values[0]
        for value in values[1:]:
            product = product * value
        return product
    if record.mean_of:
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total / len(values)
    if record.ratio_of:
        return values[0] / values[1]
    if record.complement_of:
        return 1 - values[0]
    if record.probability_of:
        return 1 - math.e ** (0 - values[0] * (period_months(record.unit) / MONTHS_A_YEAR))
    if record.rebased:
        ratio, prevalence = values
        return ratio / (1 + prevalence * (ratio - 1))
    if record.one_of:
        return values[0]
    raise ValueError(f"{record.label}: a {record.kind} has no single value")


def order(parameters: Mapping[str, Parameter]) -> list[str]:
    """Names so that each stands after what it is made of. Raises ValueError naming a circle."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(" → ".join((*path[path.index(name) :], name)))
        if name not in done and name in parameters:
            for operand in parameters[name].operands:
                visit(operand, (*path, name))
            done[name] = None

    for name in parameters:
        visit(name, ())
    return list(done)


def pieces(record: Parameter) -> list[tuple[float, str]]:
    """An `over_time` record as (years from referral, parameter), in order of time."""
    assert record.over_time is not None
    return sorted((parse_duration(text, zero_allowed=True).years, name) for text, name in record.over_time.items())
