"""Life tables: the hazard of death of a cohort of women and men as it ages."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import InputError, Problem
from costmodel.inputs.table import Row, number, provenance_problems, read_table

Array = NDArray[np.float64]

SEXES = ("female", "male")

HIGHEST_HAZARD = 5.0
"""Deaths per person-year: 99% die within a year. Anything higher is in another unit, and is refused."""

DEATHS_A_YEAR = {60: 0.0061, 70: 0.0149, 75: 0.0256, 80: 0.0453, 85: 0.0823, 90: 0.1444, 95: 0.2427}
"""Share of an age in England who die within a year, mean of women and men, 2017 to 2019. Source: ONS life tables."""
OLD = 80
"""A model in which nobody dies more slowly than people of this age is asked whether its unit is right."""


def age_of_deaths(yearly: float) -> int:
    """About the age at which a share of the general population dies within a year, between 60 and 95."""
    return int(np.interp(yearly, list(DEATHS_A_YEAR.values()), list(DEATHS_A_YEAR)))


@dataclass(frozen=True)
class LifeTable:
    """Deaths per person-year by completed age, shape (ages,) each, from age 0; the last one is continued."""

    female: Array
    male: Array

    @property
    def last_age(self) -> int:
        return self.female.size - 1


def read_life_table(path: Path) -> LifeTable:
    """Read the CSV of a life table: columns age, sex, hazard, status and source, rows in any order.

    Raises InputError naming file and line.
    """
    hazards: dict[str, dict[int, float]] = {sex: {} for sex in SEXES}
    problems: list[Problem] = []
    table = read_table(path, ("age", "sex", "hazard", "status", "source"))
    for row in table.rows:
        problems += provenance_problems(row)
        try:
            sex, age, hazard = _entry(row)
        except InputError as error:
            problems += error.problems
            continue
        if age in hazards[sex]:
            problems.append(Problem(row.place, f"age {age}, {sex}, stands twice", "Keep one."))
        hazards[sex][age] = hazard
    if not problems:
        for sex, by_age in hazards.items():
            problems += _gaps(table.place, sex, sorted(by_age))
        if not problems and hazards["female"].keys() != hazards["male"].keys():
            last = " and ".join(f"{max(by_age)} ({sex})" for sex, by_age in hazards.items())
            problems.append(Problem(table.place, f"the last ages differ: {last}", "End both sexes at the same age."))
    if problems:
        raise InputError(*problems)
    female, male = (np.array([by_age[age] for age in sorted(by_age)]) for by_age in hazards.values())
    return LifeTable(female, male)


def _entry(row: Row) -> tuple[str, int, float]:
    sex, age, hazard = row.cells["sex"], number(row, "age"), number(row, "hazard")
    if sex not in SEXES:
        raise InputError.at(row.place, f'there is no sex "{sex[:40]}" in a life table', "Allowed: female, male.")
    if age < 0 or age != int(age):
        raise InputError.at(row.place, f"the age {age:g} is not a whole number from 0")
    if not 0 <= hazard <= HIGHEST_HAZARD:
        remedy = f"Give deaths per person-year, 0 to {HIGHEST_HAZARD:g}: not per cent, nor deaths per 1,000."
        raise InputError.at(row.place, f"the hazard is {hazard:g}", remedy)
    return sex, int(age), hazard


def _gaps(place: str, sex: str, ages: list[int]) -> list[Problem]:
    if not ages:
        return [Problem(place, f"there is no row for the sex {sex}", "Both sexes are needed.")]
    missing = [expected for expected, age in enumerate(ages) if age != expected][:1]
    return [Problem(place, f"age {age}, {sex}, is missing", "Ages run from 0 without a gap.") for age in missing]


def mixed_hazards(table: LifeTable, age: float, share_female: float, years: float) -> tuple[Array, Array]:
    """The hazard of death of the living of a mixed cohort, constant between birthdays.

    age: at time 0, fractions allowed; share_female: at time 0. years: how far to look ahead.
    Returns the start of each piece in years from time 0 and its hazard per year, shape (pieces,) each; the
    last piece runs to the first birthday at or after `years`, so that looking further changes nothing.
    In each piece the hazard is −ln(S(end)/S(start))/length, so that survival at birthdays is exact, with
    S = share_female · S_female + (1 − share_female) · S_male.
    Raises ValueError if the age is outside the table or the share is not one.
    """
    if not 0 <= age < table.last_age + 1:
        raise ValueError(f"the age {age:g} is outside the life table, which covers 0 to {table.last_age}")
    if not 0 <= share_female <= 1:
        raise ValueError(f"the share of women {share_female:g} is outside 0 to 1")
    if not years > 0:
        raise ValueError(f"the life table was asked for {years:g} years ahead; it needs more than 0")
    completed_age = math.floor(age)
    pieces = math.ceil(age - completed_age + years)
    starts = np.maximum(0.0, completed_age - age + np.arange(pieces + 1))
    lengths = np.diff(starts)
    ages = np.minimum(completed_age + np.arange(pieces), table.last_age)
    hazards = np.stack([table.female[ages], table.male[ages]])
    survival_from_start = np.exp(-np.cumsum(hazards * lengths, axis=1))
    alive = np.array([[share_female], [1 - share_female]]) * np.insert(survival_from_start[:, :-1], 0, 1.0, axis=1)
    dying = -np.expm1(-hazards * lengths)
    return starts[:-1], -np.log1p(-np.sum(alive * dying, axis=0) / np.sum(alive, axis=0)) / lengths


def cycle_hazards(table: LifeTable, age: float, share_female: float, edges: Array) -> Array:
    """The mean over each cycle of the hazard of `mixed_hazards`, per year, shape (cycles,).

    edges: where cycles begin and end, years from time 0, rising, shape (cycles + 1,).
    """
    starts, hazards = mixed_hazards(table, age, share_female, float(edges[-1]))
    completed_age = math.floor(age)
    knots = np.append(starts, completed_age - age + starts.size)
    cumulative = np.concatenate([[0.0], np.cumsum(hazards * np.diff(knots))])
    cumulative_at_edges = np.asarray(np.interp(edges, knots, cumulative), dtype=np.float64)
    return np.diff(cumulative_at_edges) / np.diff(edges)
