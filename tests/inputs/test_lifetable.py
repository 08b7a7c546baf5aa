"""Mortality from a life table: survival at birthdays is exact and life expectancy is the published one."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from costmodel.errors import InputError
from costmodel.inputs.lifetable import LifeTable, cycle_hazards, mixed_hazards, read_life_table

Array = NDArray[np.float64]

PUBLISHED_TABLE = Path(__file__).parents[2] / "scenarios" / "data" / "life_table_england_2017_19.csv"
PUBLISHED_LIFE_EXPECTANCY = {
    (0, "female"): 83.33, (20, "female"): 63.78, (40, "female"): 44.18,
    (60, "female"): 25.61, (80, "female"): 9.86,
    (0, "male"): 79.67, (20, "male"): 60.22, (40, "male"): 40.95, (60, "male"): 22.98, (80, "male"): 8.55,
}  # fmt: skip
"""Column ex of ONS, National Life Tables, England, 2017 to 2019."""

HEADER = "age,sex,hazard,status,source\n"
AGES = np.arange(101)
TABLE = LifeTable(female=5e-5 * np.exp(0.09 * AGES), male=8e-5 * np.exp(0.09 * AGES))
"""Gompertz by sex; the shape is invented."""


def survival(hazards: Array, lengths: Array) -> Array:
    """Share alive at the start and at the end of each piece."""
    return np.concatenate([[1.0], np.exp(-np.cumsum(hazards * lengths))])


@pytest.mark.parametrize(("age", "sex"), PUBLISHED_LIFE_EXPECTANCY)
def test_life_expectancy_is_the_published_one(age: int, sex: str) -> None:
    table = read_life_table(PUBLISHED_TABLE)
    edges = np.arange(12 * (130 - age) + 1) / 12
    hazards = cycle_hazards(table, age, float(sex == "female"), edges)
    lengths = np.diff(edges)
    years_lived = survival(hazards, lengths)[:-1] * -np.expm1(-hazards * lengths) / hazards
    assert years_lived.sum() == pytest.approx(PUBLISHED_LIFE_EXPECTANCY[age, sex], abs=0.01)


@given(
    age=st.one_of(st.integers(0, 100), st.floats(0, 100)),
    share_female=st.floats(0, 1),
    years=st.integers(1, 60),
)
def test_survival_at_birthdays_is_that_of_the_two_sexes(age: float, share_female: float, years: int) -> None:
    starts, hazards = mixed_hazards(TABLE, age, share_female, years)
    expected = np.zeros_like(starts)
    for share, sex_hazards in ((share_female, TABLE.female), (1 - share_female, TABLE.male)):
        for piece in range(starts.size):
            ages = np.minimum(math.floor(age) + np.arange(piece), 100)
            expected[piece] += share * math.exp(-np.sum(sex_hazards[ages] * np.diff(starts[: piece + 1])))
    assert survival(hazards[:-1], np.diff(starts)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("share_female", "sex_hazards"), [(1.0, TABLE.female), (0.0, TABLE.male)])
def test_one_sex_alone_has_its_own_hazard(share_female: float, sex_hazards: Array) -> None:
    starts, hazards = mixed_hazards(TABLE, 98, share_female, 5)
    assert np.array_equal(starts, [0, 1, 2, 3, 4])
    assert hazards == pytest.approx(sex_hazards[[98, 99, 100, 100, 100]], rel=1e-12)


def test_hazards_change_at_birthdays() -> None:
    starts, hazards = mixed_hazards(TABLE, 17.75, 1.0, 2)
    assert np.array_equal(starts, [0, 0.25, 1.25])
    assert hazards == pytest.approx(TABLE.female[17:20], rel=1e-12)


def test_the_share_of_women_rises_as_men_die() -> None:
    table = LifeTable(np.full(3, 0.1), np.full(3, 0.5))
    _, hazards = mixed_hazards(table, 0, 0.5, 60)
    assert np.all(np.diff(hazards) < 0)
    assert 0.1 < hazards[-1] < 0.1 + 1e-9
    assert hazards[0] == pytest.approx(-math.log(0.5 * math.exp(-0.1) + 0.5 * math.exp(-0.5)))


@given(age=st.floats(0, 100), share_female=st.floats(0, 1), months=st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_cycle_length_and_horizon_do_not_change_survival(age: float, share_female: float, months: int) -> None:
    edges = np.arange(0, 10 * 12 + 1, months) / 12
    yearly = np.arange(21.0)
    by_cycle = survival(cycle_hazards(TABLE, age, share_female, edges), np.diff(edges))
    by_year = survival(cycle_hazards(TABLE, age, share_female, yearly), np.diff(yearly))
    assert by_cycle[-1] == pytest.approx(by_year[10], rel=1e-12)


def test_a_cycle_across_a_birthday_has_the_time_average() -> None:
    hazard = cycle_hazards(TABLE, 40.75, 1.0, np.array([0.0, 1.0]))
    assert hazard == pytest.approx([0.25 * TABLE.female[40] + 0.75 * TABLE.female[41]])


def test_a_birthday_a_moment_away_does_no_harm() -> None:
    starts, hazards = mixed_hazards(TABLE, math.nextafter(41.0, 0.0), 0.5, 1)
    assert starts[1] < 1e-14
    assert hazards[0] == pytest.approx((TABLE.female[40] + TABLE.male[40]) / 2, rel=1e-9)


@pytest.mark.parametrize("age", [-3, 101, 140, math.nan])
def test_an_age_outside_the_table_is_refused(age: float) -> None:
    with pytest.raises(ValueError, match="covers 0 to 100"):
        mixed_hazards(TABLE, age, 0.5, 1)


@pytest.mark.parametrize(("share_female", "years", "reason"), [(1.5, 1, "share of women"), (0.5, 0, "more than 0")])
def test_what_is_no_cohort_is_refused(share_female: float, years: float, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        mixed_hazards(TABLE, 40, share_female, years)


def test_a_table_is_read_by_column_and_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = ["0.3,male,1,read,X", "0.1,female,0,read,X", "0.2,female,1,read,X", "0.4,male,0,read,X"]
    path.write_text("\n".join(["hazard,sex,age,status,source", *rows]))
    table = read_life_table(path)
    assert np.array_equal(table.female, [0.1, 0.2])
    assert np.array_equal(table.male, [0.4, 0.3])


BOTH = "0,female,0.1,read,X\n0,male,0.1,read,X\n"


@pytest.mark.parametrize(
    ("rows", "place", "reason"),
    [
        (BOTH + "0,male,0.1,read,X\n", ", line 4", "age 0, male, stands twice"),
        (BOTH + "1,man,0.1,read,X\n", ", line 4", 'no sex "man"'),
        (BOTH + "1,male,-0.1,read,X\n", ", line 4", "the hazard is -0.1"),
        (BOTH + "1,male,12.5,read,X\n", ", line 4", "deaths per 1,000"),
        (BOTH + "1,male,inf,read,X\n", ", line 4", "not a finite number"),
        (BOTH + "1.5,male,0.1,read,X\n", ", line 4", "not a whole number"),
        (BOTH + "1,male,0.1,guessed,X\n", ", line 4", "no status"),
        (BOTH + "2,male,0.1,read,X\n", "", "age 1, male, is missing"),
        (BOTH + "1,male,0.1,read,X\n", "", "the last ages differ: 0 (female) and 1 (male)"),
        ("0,male,0.1,read,X\n", "", "no row for the sex female"),
        ("1,male,0.1,read,X\n1,female,0.1,read,X\n", "", "age 0, female, is missing"),
    ],
)
def test_a_fault_is_refused_with_file_and_line(tmp_path: Path, rows: str, place: str, reason: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(HEADER + rows)
    with pytest.raises(InputError) as refused:
        read_life_table(path)
    assert any(p.place == f"table.csv{place}" and reason in str(p) for p in refused.value.problems), refused
