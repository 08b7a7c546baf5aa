"""Life tables: the hazard of death of a cohort of women and men as it ages."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import Row, by_kind, cut, number, provenance_problems, records, text_of

Array = NDArray[np.float64]

SEXES = ("female", "male")

HIGHEST_HAZARD = 5.0
"""Deaths per person-year: 99% die within a year. Anything higher is in another unit, and is refused."""

ADULTS = range(20, 61)
LIKELY_HAZARDS = (0.0004, 0.05)
"""Lowest and highest mean hazard of the ages ADULTS that any population has: about 0.001 in the healthiest, 0.03 in the
worst years of an epidemic. Months, per cent and deaths per 1,000 fall outside."""

DEATHS_A_YEAR = {60: 0.0061, 70: 0.0149, 75: 0.0256, 80: 0.0453, 85: 0.0823, 90: 0.1444, 95: 0.2427}
"""Share of an age in England who die within a year, mean of women and men, 2017 to 2019. Source: ONS life tables."""
OLD = 80
"""A model in which nobody dies more slowly than people of this age is asked whether its unit is right."""


def age_of_deaths(yearly: float) -> int:
    """About the age at which a share of the general population dies within a year, between 60 and 95."""
    return int(np.interp(yearly, list(DEATHS_A_YEAR.values()), list(DEATHS_A_YEAR)))


@by_content
@dataclass(frozen=True)
class LifeTable:
    """Deaths per person-year by completed age, shape (ages,) each, from age 0; the last one is continued.

    called_hazards: whether the file calls its column that, as files of probabilities at times do.
    """

    female: Array
    male: Array
    called_hazards: bool = field(default=False, compare=False)

    @property
    def last_age(self) -> int:
        return self.female.size - 1


def read_life_table(path: Path) -> LifeTable:
    """Read the CSV of a life table in one of the layouts of docs/format.md.

    There is a row for each age and sex, or, as published, the sexes stand side by side or one below the other.

    Raises InputError naming file and line, with one problem for each kind of mistake.
    """
    hazards: dict[str, dict[int, float]] = {sex: {} for sex in SEXES}
    problems: list[Problem] = []
    opened: dict[int, str] = {}
    called_hazards = False
    for place, cells, measure in _entries(path, problems):
        try:
            sex, (age, is_open) = _sex(place, measure.sex or cells.get("sex", "")), _age(place, cells["age"])
            hazard = _hazard(place, measure, number(Row(place, cells), measure.name))
        except InputError as error:
            problems += error.problems
            continue
        if age in hazards[sex]:
            problems.append(Problem(place, f"age {age}, {sex}, stands twice", "Keep one."))
        hazards[sex][age] = hazard
        called_hazards |= "hazard" in measure.name
        if is_open:
            opened[age] = place
    for check in (_faults_of_ages, _implausible):
        problems = problems or list(check(path.name, hazards, opened))
    if problems:
        raise InputError(*by_kind(problems))
    female, male = (np.array([by_age[age] for age in sorted(by_age)]) for by_age in hazards.values())
    return LifeTable(female, male, called_hazards)


@dataclass(frozen=True)
class _Measure:
    """What a column gives: yearly probabilities or hazards, for `per` people, of one sex or of the row's ("")."""

    name: str
    probability: bool
    per: float
    sex: str


@dataclass(frozen=True)
class _Heading:
    """The columns of one table by name, as positions in a line, and its measures of deaths."""

    columns: dict[str, int]
    measures: tuple[_Measure, ...]


COLUMNS = ("age", "sex", "hazard", "status", "source")
_PUBLISHED = {"year", "ax", "lx", "dx", "tx", "ex", "total"}
"""Columns of published tables that are not read: they follow from the others."""
_SEX = {"female": "female", "females": "female", "f": "female", "male": "male", "males": "male", "m": "male"}
_SEX_OF_A_TITLE = re.compile(r"\b(female|male)s?\b", flags=re.IGNORECASE)
_MEASURE = re.compile(
    r"(?:(?P<sex>female|male)s?_)?(?P<what>hazard|mx|death_rate|probability|qx|deaths(?=_per))?_?(?:per_(?P<per>cent|10+))?"
)
_OPEN_AGE = re.compile(r"(\d+) ?(?:\+|(?:and|&) (?:over|above|older)|or more)", flags=re.IGNORECASE)


def _entries(path: Path, problems: list[Problem]) -> Iterator[tuple[str, dict[str, str], _Measure]]:
    """Every measure of deaths of every row, with its place and the cells beside it by column.

    What is wrong with the layout is added to `problems`. A line with a cell "age" heads those below it. Lines above it
    name the source, and the sex of a table of one.
    """
    headings: list[_Heading] = []
    titles: list[list[str]] = []
    years: set[str] = set()
    width = 0
    for place, cells in records(text_of(path), path.name, heading="age"):
        names = [_plain(cell) for cell in cut(cells, 0)]
        if "age" in names:
            width = len(names)
            headings = list(_headings(place, names, titles, problems))
            titles = []
            if problems:
                return
            continue
        row = cut(cells, width)
        row += [""] * (width - len(row) if width and not any("sex" in one.columns for one in headings) else 0)
        if not any("sex" in one.columns or re.match(r"\d", row[one.columns["age"]]) for one in headings):
            titles.append(cells)
            continue
        if len(row) != width:
            found = f"the row has {len(row)} cells and the header {width}"
            problems.append(Problem(place, found, "Put text that contains commas in double quotes."))
            continue
        for heading in headings:
            text = {name: row[column] for name, column in heading.columns.items()}
            years |= {text["year"]} if "year" in text else set()
            if "status" in text and "source" in text:
                problems += provenance_problems(Row(place, text))
            yield from ((place, text, measure) for measure in heading.measures if text["age"])
    if len(years) > 1:
        found = f"the rows are of {len(years)} years, {min(years)} to {max(years)}"
        problems.append(Problem(path.name, found, "Keep those of one."))
    if not headings:
        found, remedy = 'there is no column "age"', f"Columns: {', '.join(COLUMNS)}."
        problems.append(Problem(f"{path.name}, line 1" if titles else path.name, found, remedy))


def _plain(name: str) -> str:
    """A heading in small letters with _ for blanks: "m(x) per 1,000" is mx_per_1000."""
    return re.sub(r"[\s_-]+", "_", re.sub(r"[(),]", "", name.casefold())).strip("_")


def _headings(place: str, names: list[str], titles: list[list[str]], problems: list[Problem]) -> Iterator[_Heading]:
    """One heading for each column "age" of a line: what stands from it to the next is a table."""
    starts = [column for column, name in enumerate(names) if name == "age"]
    edges = [0, *starts[1:], len(names)]
    said = " ".join(cell for line in titles for cell in line)
    for first, last in pairwise(edges):
        columns = {name: column for column, name in enumerate(names) if first <= column < last and name}
        above = " ".join(cell for line in titles for cell in line[first:last]) if len(starts) > 1 else said
        sexes = {found[1].casefold() for found in _SEX_OF_A_TITLE.finditer(above)}
        sex = sexes.pop() if len(sexes) == 1 else ""
        measures = tuple(_measures(columns, sex))
        has_title = bool(_SEX_OF_A_TITLE.sub("", said).strip())
        faults = _faults_of_columns(columns, measures, sex, names[first:last], has_title)
        problems += [Problem(place, *fault) for fault in faults]
        yield _Heading(columns, measures)


def _measure(name: str) -> re.Match[str] | None:
    """What the name of a column says of the deaths in it; None where it is about something else."""
    match = _MEASURE.fullmatch(name)
    return match if match is not None and (match["what"] or match["per"]) else None


def _measures(columns: Iterable[str], sex: str) -> Iterator[_Measure]:
    """The columns of deaths: of a sex that has hazards and probabilities, the hazards."""
    found = []
    for name in columns:
        if (match := _measure(name)) is not None:
            per = 100.0 if match["per"] == "cent" else float(match["per"] or 1)
            found.append(_Measure(name, match["what"] in ("probability", "qx"), per, match["sex"] or sex))
    with_hazards = {one.sex for one in found if not one.probability}
    yield from (one for one in found if not (one.probability and one.sex in with_hazards))


def _faults_of_columns(
    columns: Collection[str], measures: Sequence[_Measure], sex: str, names: Sequence[str], has_title: bool
) -> Iterator[tuple[str, str]]:
    """sex: that the title of the table names. names: its headings. has_title: whether lines above say anything else."""
    of_a_sex = [one.sex for one in measures]
    allowed = f"Columns: {', '.join(COLUMNS)}."
    unnamed = [name for name in columns if name in _SEX]
    counted = Counter(name for name in names if name and name not in _PUBLISHED)
    yield from ((f'the column "{name}" stands twice', "Keep one.") for name, times in counted.items() if times > 1)
    if unnamed:
        named = " and ".join(f'"{name}"' for name in unnamed)
        yield (
            f"{named} do not say what they hold" if len(unnamed) > 1 else f"{named} does not say what it holds",
            "Name them female_hazard and male_hazard (deaths per person-year, mx) or female_probability and "
            "male_probability (share of an age that dies within the year, qx).",
        )
    elif not measures:
        yield 'there is no column "hazard"', f"{allowed} In place of hazard: probability, per_1000 or per_cent."
    elif len(set(of_a_sex)) < len(of_a_sex):
        named = " and ".join(f'"{one.name}"' for one in measures)
        yield f"{named} both give deaths", "Keep one."
    if not unnamed and not sex and "sex" not in columns and (not all(of_a_sex) or not of_a_sex):
        yield 'there is no column "sex"', allowed
    missing = [name for name in ("status", "source") if name not in columns]
    if missing and (len(missing) == 1 or not has_title):
        named = " or ".join(f'"{name}"' for name in missing)
        yield f"there is no column {named}", "Add it, or write the source in a line of its own above the header."
    known = {"age", "sex", "status", "source", *_PUBLISHED, *_SEX}
    for name in (one for one in columns if one not in known and not _measure(one)):
        yield f'the column "{name[:40]}" is not known', nearest(name, [one for one in COLUMNS if one not in columns])


def _sex(place: str, text: str) -> str:
    if text.casefold() not in _SEX:
        raise InputError.at(place, f'there is no sex "{text[:40]}" in a life table', "Allowed: female, male.")
    return _SEX[text.casefold()]


def _age(place: str, text: str) -> tuple[int, bool]:
    """The completed age, and whether it is an open one such as 100+."""
    if match := _OPEN_AGE.fullmatch(text):
        return int(match[1]), True
    if match := re.fullmatch(r"(\d+) ?[-–] ?(\d+)", text):
        if int(match[2]) == int(match[1]) + 1:
            return int(match[1]), False
        raise InputError.at(place, f'"{text}" is a group of ages', "Give each age a row of its own.")
    age = number(Row(place, {"age": text}), "age")
    if age < 0 or age != int(age):
        raise InputError.at(place, f"the age {age:g} is not a whole number from 0")
    return int(age), False


def _hazard(place: str, measure: _Measure, written: float) -> float:
    """Deaths per person-year; infinite where everyone dies within the year."""
    value = written / measure.per
    if measure.probability:
        if 0 <= value <= 1:
            return -math.log1p(-value) if value < 1 else math.inf
        remedy = f"Give the share of an age that dies within the year, 0 to {measure.per:g}."
    else:
        if 0 <= value <= HIGHEST_HAZARD:
            return value
        remedy = (
            f"Give deaths per person-year, 0 to {HIGHEST_HAZARD:g}: not per cent, nor deaths per 1,000; "
            "a column per_cent, per_1000 or probability is read as what its name says."
        )
    raise InputError.at(place, f"the {measure.name} is {written:g}", remedy)


Hazards = dict[str, dict[int, float]]


def _faults_of_ages(place: str, hazards: Hazards, opened: Mapping[int, str]) -> Iterator[Problem]:
    """Ages that are missing. A last age at which all die, the open end of a table of probabilities, is taken away."""
    for sex, by_age in hazards.items():
        if len(by_age) > 1 and by_age[max(by_age)] == math.inf:
            del by_age[max(by_age)]
        for age in [age for age, hazard in by_age.items() if hazard == math.inf]:
            yield Problem(place, f"all die at age {age}, {sex}, and older ages follow", "Below 1 before the last age.")
        if not by_age:
            remedy = "Both sexes are needed: put the other's table below this one, under its own title and header."
            yield Problem(place, f"there is no row for the sex {sex}", remedy)
        missing = [expected for expected, age in enumerate(sorted(by_age)) if age != expected][:1]
        for age in missing:
            yield Problem(place, f"age {age}, {sex}, is missing", "Ages run from 0 without a gap.")
    last_ages = {sex: max(by_age) for sex, by_age in hazards.items() if by_age}
    for age, line in opened.items():
        if age < max(last_ages.values(), default=age):
            yield Problem(line, f"the open age {age}+ is not the last", "Give each age a row of its own.")
    if len(last_ages) == len(SEXES) and len(set(last_ages.values())) > 1:
        last = " and ".join(f"{age} ({sex})" for sex, age in last_ages.items())
        yield Problem(place, f"the last ages differ: {last}", "End both sexes at the same age.")


def _implausible(place: str, hazards: Hazards, _: Mapping[int, str]) -> Iterator[Problem]:
    """Units that no population fits: see LIKELY_HAZARDS."""
    lowest, highest = LIKELY_HAZARDS
    means = {}
    for sex, by_age in hazards.items():
        of_adults = [hazard for age, hazard in by_age.items() if age in ADULTS]
        if of_adults and not lowest <= (mean := sum(of_adults) / len(of_adults)) <= highest and any(of_adults):
            means[sex] = mean
    if means:
        named = " and ".join(f"{mean:.3g} ({sex})" for sex, mean in means.items())
        yield Problem(
            place,
            f"at ages {ADULTS.start} to {ADULTS.stop - 1} the mean hazard is {named} deaths per person-year",
            f"In every population it lies between {lowest:g} and {highest:g}. Name the column for what it holds: "
            "per_cent, per_1000, probability (of dying within the year), or hazard.",
        )
    elif all(by_age[max(by_age)] == 1 for by_age in hazards.values()) and len(hazards["female"]) > min(ADULTS):
        found = "the last hazard is exactly 1 for both sexes, as in a table of yearly probabilities (qx)"
        yield Problem(place, found, "Name the column probability, or leave the last age out.")


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
