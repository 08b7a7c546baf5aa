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


LONGEST_CHAIN = 100
"""Parameters that are made of each other, one after the other."""


def order(parameters: Mapping[str, Parameter]) -> list[str]:
    """Names so that each stands after what it is made of.

    Raises ValueError, with what is wrong and the remedy, for a circle and for a chain longer than LONGEST_CHAIN.
    """
    length: dict[str, int] = {}
    for first in parameters:
        path = {first: iter(parameters[first].operands)} if first not in length else {}
        while path:
            name = next(reversed(path))
            operand = next((one for one in path[name] if one in parameters and one not in length), None)
            if operand in path:
                circle = [*path][[*path].index(operand) :]
                found = f"parameters are made of each other: {' → '.join((*circle, operand))}"
                raise ValueError(found, "Break the circle.")
            if operand is not None:
                path[operand] = iter(parameters[operand].operands)
                continue
            del path[name]
            length[name] = 1 + max((length.get(one, 0) for one in parameters[name].operands), default=0)
            if length[name] > LONGEST_CHAIN:
                found = f"{name} ends a chain of more than {LONGEST_CHAIN} parameters that are made one of the other"
                raise ValueError(found, "Make it of fewer: a product may have many factors.")
    return list(length)


def pieces(record: Parameter) -> list[tuple[float, str]]:
    """An `over_time` record as (years from referral, parameter), in order of time."""
    assert record.over_time is not None
    return sorted((parse_duration(text, zero_allowed=True).years, name) for text, name in record.over_time.items())
