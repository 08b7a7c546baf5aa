"""Central values of a scenario's parameters, worked out a second time from the records themselves."""

import csv
import math
from pathlib import Path
from typing import Any


def plain_values(scenario: Any, folder: Path) -> dict[str, float]:
    """Every parameter that has a single value, money in the setting's price year.

    Holds for records whose central value is their `value`, the midpoint of a uniform `range`, or the best
    row of a posterior.
    """
    records = scenario.parameters
    found: dict[str, float] = {}

    def value(name: str) -> float:
        if name not in found:
            found[name] = worked_out(name, records[name])
        return found[name]

    def worked_out(name: str, record: Any) -> float:
        if record.value is not None:
            return record.value * _inflation(record, scenario.setting, folder)
        if record.distribution == "uniform":
            return (record.range[0] + record.range[1]) / 2
        if record.joint:
            with (folder / record.joint).open(encoding="utf-8") as file:
                best = next(row for row in csv.DictReader(file) if row["best"] == "1")
            return float(best[record.column or name])
        if record.product_of:
            return math.prod(value(operand) for operand in record.product_of)
        if record.mean_of:
            return math.fsum(value(operand) for operand in record.mean_of) / len(record.mean_of)
        if record.ratio_of:
            return value(record.ratio_of[0]) / value(record.ratio_of[1])
        if record.complement_of:
            return 1 - value(record.complement_of)
        if record.one_of:
            return value(record.one_of[record.use])
        if record.rebased:
            ratio, prevalence = value(record.rebased.ratio), value(record.rebased.prevalence)
            return ratio / (prevalence * ratio + (1 - prevalence))
        raise AssertionError(name)

    for name, record in records.items():
        if record.over_time is None:
            value(name)
    return found


def _inflation(record: Any, setting: Any, folder: Path) -> float:
    if record.price_year in (None, setting.price_year):
        return 1.0
    path = folder / "settings" / setting.price_indices[record.index]
    with path.open(encoding="utf-8") as file:
        levels = {row["year"]: float(row["level"]) for row in csv.DictReader(file)}
    return levels[setting.price_year] / levels[record.price_year]
