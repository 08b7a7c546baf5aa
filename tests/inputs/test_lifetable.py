"""Mortality from a life table: survival at birthdays is exact and life expectancy is the published one."""

import math
import re
from collections.abc import Callable
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


MX = {sex: [float(f"{hazard:.6f}") for hazard in getattr(TABLE, sex)] for sex in ("female", "male")}
"""The invented table as an office would print it, to six places."""
ROWS = [(age, sex, MX[sex][age]) for age in range(101) for sex in ("male", "female")]
TITLE = "Office for Invented Statistics, period life tables 2017-2019"


def long(name: str = "hazard", per: float = 1.0, measure: Callable[[float], float] = float, text: str = HEADER) -> str:
    rows = (f'{age},{sex},{measure(hazard) * per!r},read,"Office, table 1"\n' for age, sex, hazard in ROWS)
    return text.replace("hazard", name) + "".join(rows)


def dying(hazard: float) -> float:
    """The share that dies within the year."""
    return -math.expm1(-hazard)


def side_by_side(columns: str, measure: Callable[[float], float]) -> str:
    rows = (f"{age},{measure(MX['male'][age])!r},1,2,,{age},{measure(MX['female'][age])!r},1,2\n" for age in range(101))
    above = f"{TITLE},,,,,,,,\nMales,,,,,Females,,,\n"
    return (
        above + f"age,{columns},lx,ex,,age,{columns},lx,ex\n" + "".join(rows) + ",,,,,,,,\nSource: the office,,,,,,,,\n"
    )


def one_below_the_other() -> str:
    """Blanks separate the columns, and each sex has a table of its own."""
    tables = []
    for sex in ("female", "male"):
        rows = (
            f"  2019  {age}{'+' if age == 100 else ''}   {MX[sex][age]:.6f}  {dying(MX[sex][age]):.6f}  0.50  100000\n"
            for age in range(101)
        )
        title = f"Country, Life tables (period 1x1), {sex.capitalize()}s\tLast modified: 7 March; Protocol: v6\n\n"
        tables.append(title + "  Year   Age    mx      qx      ax    lx\n" + "".join(rows))
    return "\n".join(tables)


def by_columns(of_females: str, of_males: str, measure: Callable[[float], float]) -> str:
    rows = (f"2019,{age},{measure(MX['female'][age])!r},{measure(MX['male'][age])!r},0\n" for age in range(101))
    return f"{TITLE}\nYear,Age,{of_females},{of_males},Total\n" + "".join(rows)


OPEN_END = "".join(f"101,{sex},1,read,x\n" for sex in ("male", "female"))
LAYOUTS = {
    "as documented": long(),
    "rows from the oldest to the youngest": HEADER + "".join(reversed(long().splitlines(keepends=True)[1:])),
    "headings in capitals": long(text=HEADER.upper().replace("HAZARD", "hazard")).replace("hazard", "Hazard"),
    "sexes in capitals": long().replace("female", "Female").replace(",male", ",Males"),
    "sexes by letter": long().replace("female", "F").replace(",male", ",m"),
    "tabs": long().replace("Office, ", "Office ").replace(",", "\t"),
    "the line that names the separator": "sep=,\r\n" + long(),
    "empty columns and rows of a spreadsheet": "\ufeff" + long().replace("\n", ",,,\n") + ",,,,,,,\n" * 3,
    "an open last age": long().replace("\n100,", "\n100+,"),
    "an open last age in words": long().replace("\n100,", "\n100 and over,"),
    "ages as years of age": re.sub(r"\n(\d+),", lambda age: f"\n{age[1]}-{int(age[1]) + 1},", long()),
    "m(x)": long("m(x)"),
    "probabilities": long("probability", measure=dying),
    "q(x) in capitals": long("qx", measure=dying).replace("qx", "Q(x)"),
    "probabilities of which the last, of an open age, is 1": long("probability", measure=dying) + OPEN_END,
    "per 1,000": long("per_1000", per=1_000),
    "per 1,000 in words": long("x", per=1_000).replace("age,sex,x", 'age,sex,"mx per 1,000"'),
    "probabilities per 100,000": long("probability_per_100000", per=100_000, measure=dying),
    "per cent": long("per_cent", per=100),
    "probabilities in per cent": long("probability_per_cent", per=100, measure=dying),
    "side by side": side_by_side("mx", float),
    "side by side, probabilities": side_by_side("qx", dying),
    "one below the other": one_below_the_other(),
    "a column a sex": by_columns("Female mx", "Male mx", float),
    "a column a sex, probabilities": by_columns("female_probability", "male_probability", dying),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_is_the_same_in_whatever_layout_it_was_published(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(LAYOUTS[layout].encode())
    table = read_life_table(path)
    assert table.female == pytest.approx(MX["female"], rel=1e-12)
    assert table.male == pytest.approx(MX["male"], rel=1e-12)


@pytest.mark.parametrize(
    ("text", "found", "remedy"),
    [
        (long(per=100).partition("71,")[0], "is 0.306 (female) and 0.489 (male)", "per_cent, per_1000, probability"),
        (long(per=1 / 12), "is 0.000255 (female) deaths", "between 0.0004 and 0.05"),
        (long("per_1000", per=100), "is 0.000306 (female) deaths", "per_cent, per_1000"),
        (long() + OPEN_END, "the last hazard is exactly 1", "Name the column probability"),
        (long("probability", per=1_000, measure=dying), "(and ", "0 to 1"),
        (long(per=1_000), "(and ", "a column per_cent, per_1000 or probability is read"),
        (by_columns("Female", "Male", float), '"female" and "male" do not say what they hold', "female_hazard"),
        (by_columns("Female mx", "Male mx", float).partition("\n")[2], '"status" or "source"', "above the header"),
        (side_by_side("mx", float).replace("Females", ""), 'there is no column "sex"', "Columns: age, sex"),
        (one_below_the_other().split("\n\nCountry")[0], "no row for the sex male", "below this one"),
        (one_below_the_other().replace("2019  100+", "2020  100+"), "of 2 years, 2019 to 2020", "Keep those"),
        (long().replace("\n60,", "\n60+,"), "the open age 60+ is not the last", "a row of its own"),
        (long().replace("\n60,", "\n60-64,"), '"60-64" is a group of ages (and 1 more', "a row of its own"),
        (long().replace(",male", ",men"), 'no sex "men" in a life table (and 100 more', "Allowed: female, male"),
        (long().replace("hazard", "hazrad"), 'no column "hazard"', "In place of hazard: probability"),
        (long().replace(",status", ",state"), 'no column "status"', "Add it"),
        (long("hazard,per_1000").replace(",read", ",1,read"), '"hazard" and "per_1000" both give deaths', "Keep one"),
        (long() + "101,male,1.2,read,a, b\n", "the row has 6 cells and the header 5", "double quotes"),
    ],
)  # fmt: skip
def test_a_life_table_in_another_unit_or_layout_is_refused_in_a_line(
    tmp_path: Path, text: str, found: str, remedy: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_life_table(path)
    assert any(found in problem.found and remedy in problem.remedy for problem in refused.value.problems), refused
    assert len(refused.value.problems) <= 2


def test_a_probability_read_as_a_hazard_would_let_people_live_longer(tmp_path: Path) -> None:
    """The column's name is all that tells them apart: hazard = −ln(1 − probability)."""
    path = tmp_path / "table.csv"
    path.write_text(long("probability", measure=dying))
    right = mixed_hazards(read_life_table(path), 85, 1, 10)[1]
    path.write_text(long(measure=dying))
    wrong = mixed_hazards(read_life_table(path), 85, 1, 10)[1]
    assert right == pytest.approx(MX["female"][85:95])
    assert np.all(wrong < 0.97 * right)
