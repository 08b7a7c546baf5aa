"""Life expectancy, with the condition's own mortality and discounting off, is that of the life table."""

import math
from pathlib import Path

import pytest

import costmodel as cm
from tests.support.answers import answer
from tests.support.example import LAST_AGE, example, hazard, load_example, number

SHIPPED = Path(__file__).parents[2] / "scenarios" / "data" / "life_table_england_2017_19.csv"

# Column ex of the National Life Tables, England, 2017 to 2019, by age and sex; Office for National
# Statistics, National Life Tables 1980-82 to 2018-20, published 23 September 2021.
PUBLISHED = {
    "female": {0: 83.33, 20: 63.78, 40: 44.18, 60: 25.61, 80: 9.86},
    "male": {0: 79.67, 20: 60.22, 40: 40.95, 60: 22.98, 80: 8.55},
}
CASES = [(sex, age) for sex, by_age in PUBLISHED.items() for age in by_age]


def for_a_century(sex: str, age: float, cycle: str = "12 months") -> dict[str, object]:
    """Edits: one sex, one age, followed for 100 years, with every utility 1: QALYs are years lived."""
    return {
        "horizon": "100 years",
        "cycle": cycle,
        "parameters.age": number("years", age),
        "parameters.share_female": number("share", 1 if sex == "female" else 0),
        "utilities": {"ill": 1, "well": 1},
    }


def years_lived(result: cm.Result, last_hazard: float) -> float:
    """Over a century and, by those who are left, after it: at the last age the hazard stays as it is."""
    left = float(result.deterministic.mean_people[-1, :, 0, 0].sum())
    century = answer(result, "qaly", "", strategy="usual_care", comparator="", horizon_months=1200.0)
    return century + left / last_hazard


def surviving(sex: str, age: float) -> float:
    """Years lived from an age on under the invented table, summed age by age."""
    alive, lived, now = 1.0, 0.0, age
    while now < LAST_AGE:
        until, rate = math.floor(now) + 1, hazard(math.floor(now), sex)
        lived += alive * -math.expm1(-rate * (until - now)) / rate
        alive *= math.exp(-rate * (until - now))
        now = until
    return lived + alive / hazard(LAST_AGE, sex)


@pytest.mark.parametrize(("sex", "age"), CASES)
def test_of_england_2017_19_is_as_published(tmp_path: Path, sex: str, age: int) -> None:
    table = SHIPPED.read_text("utf-8")
    path = example(tmp_path, **for_a_century(sex, age))
    (tmp_path / "settings" / "data" / "life_table.csv").write_text(table, "utf-8")
    last = next(row for row in table.splitlines() if row.startswith(f"{LAST_AGE},{sex},")).split(",")
    result = cm.run(cm.load(path), draws=0)
    assert years_lived(result, float(last[2])) == pytest.approx(PUBLISHED[sex][age], abs=0.05)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("age", [0, 30, 75.5, 100])
def test_of_an_invented_table_is_what_its_hazards_say(tmp_path: Path, sex: str, age: float) -> None:
    result = cm.run(load_example(tmp_path, **for_a_century(sex, age, "6 months")), draws=0)
    assert years_lived(result, hazard(LAST_AGE, sex)) == pytest.approx(surviving(sex, age), rel=1e-9)


def test_of_women_and_men_together_lies_between_in_proportion(tmp_path: Path) -> None:
    """Of a mixed cohort each sex lives as long as it would alone."""
    mixed = for_a_century("female", 40) | {"parameters.share_female": number("share", 0.3)}
    result = cm.run(load_example(tmp_path, **mixed), draws=0)
    expected = 0.3 * surviving("female", 40) + 0.7 * surviving("male", 40)
    assert years_lived(result, hazard(LAST_AGE, "female")) == pytest.approx(expected, abs=1e-3)


def test_is_halved_in_hazard_where_the_ratio_is_doubled(tmp_path: Path) -> None:
    """From the last age on the hazard is constant: life expectancy is its inverse, divided by the ratio."""
    edits = for_a_century("male", 100) | {"parameters.death_ratio.value": 2}
    result = cm.run(load_example(tmp_path, **edits), draws=0)
    lived = answer(result, "qaly", "", strategy="usual_care", comparator="", horizon_months=1200.0)
    assert lived == pytest.approx(1 / (2 * hazard(LAST_AGE, "male")), rel=1e-9)


def test_does_not_depend_on_the_cycle_and_1200_cycles_are_the_most(tmp_path: Path) -> None:
    monthly = cm.run(load_example(tmp_path, **for_a_century("female", 20, "1 month")), draws=0)
    assert len(monthly.edges) == 1_201
    assert years_lived(monthly, hazard(LAST_AGE, "female")) == pytest.approx(surviving("female", 20), rel=1e-9)
    with pytest.raises(cm.InputError, match="At most 1,200 cycles"):
        load_example(tmp_path, **for_a_century("female", 20, "1 month") | {"horizon": "101 years"})


def test_without_deaths_everybody_lives_to_the_horizon(tmp_path: Path) -> None:
    edits = for_a_century("female", 40) | {"mortality.rate_ratio": 0}
    result = cm.run(load_example(tmp_path, **edits), draws=0)
    lived = answer(result, "qaly", "", strategy="usual_care", comparator="", horizon_months=1200.0)
    assert lived == pytest.approx(100, rel=1e-12)
