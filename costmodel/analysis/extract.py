"""The two files of a service's extract: read strictly, suppressed cells as what they may be, and summed up."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.service_plan import defaults
from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import Row, by_kind, number, read_table
from costmodel.inputs.prices import factor
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.setting import shipped
from costmodel.units import WEEKS_A_YEAR
from costmodel.words import counted

Array = NDArray[np.float64]
SERVICE, COHORT = "service", "cohort"
FILES = {SERVICE: "service.csv", COHORT: "cohort.csv"}
COLUMNS = "local.csv"
PRE, POST = "_pre", "_post"
NIGHTS, OUT_OF_AREA = "psychiatric_bed_days_pre", "out_of_area_bed_days_pre"
MONTHS = (12, 24)
"""Rows of a service's file."""
ENOUGH = 100
"""People from whom the figures of a cohort enter."""
SUPPRESSED = re.compile(r"\*|<\s*5")
FEW = np.array([2.5, 1.0, 4.0])
"""A suppressed number of people: as it reads, the least and the most that it may be."""
MOST_MISSED = 0.6
PRICES = ("contract_price_session", "contract_value_month")
BANDS = ("therapists_band_7", "therapists_band_8a")
SAME_POSTS = 0.05
"""Whole-time equivalents by which the bands may miss all therapists."""


def population_of(scenario: Scenario) -> str:
    """The folder of a scenario."""
    return scenario.path.resolve().parent.name


@cache
def columns() -> Mapping[str, Row]:
    """The columns of both files by name, as `data/local.csv` has them."""
    return {row.cells["column"]: row for row in read_table(shipped() / "data" / COLUMNS).rows}


@by_content
@dataclass(frozen=True)
class LocalFigure:
    """A figure of an extract. low, high: what suppressed cells leave open; both its value where there is none.

    enters: the input or path that it sets, "" for none. entered: whether it did. now: what stood there. how: the sum,
    and where it did not enter why.
    """

    label: str
    columns: str
    unit: str
    value: float
    low: float
    high: float
    enters: str = ""
    entered: bool = False
    now: str = ""
    how: str = ""


@by_content
@dataclass(frozen=True)
class BeforeAfter:
    """What the same people used in the years before and after, a person-year. change: a share."""

    label: str
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after / self.before - 1 if self.before else math.nan


def _cells(row: Row, column: str, spec: Row) -> Array | None:
    """What a cell holds: its value, and the least and most that it may be; None where it is empty."""
    text = row.cells[column]
    if not text:
        return None
    if SUPPRESSED.fullmatch(text):
        if spec.cells["unit"] not in ("count", "share", "per person-year", "days per person-year"):
            raise InputError.at(row.place, f'{column} is suppressed ("{text}")', "Leave it empty: it counts no people.")
        return FEW
    if text.startswith("<"):
        raise InputError.at(row.place, f'{column} is "{text[:20]}"', "Write a number; or * or <5 for fewer than five.")
    value = number(row, column)
    low, high = float(spec.cells["low"]), float(spec.cells["high"])
    if not low <= value <= high:
        found = f"{column} is {value:g} {spec.cells['unit']}"
        empty = "" if spec.cells["needed"] == "required" else "; leave it empty where it is not known"
        raise InputError.at(row.place, found, f"From {low:g} to {high:g}{empty}.")
    return np.full(3, value)


def _ratio(above: Array, below: Array) -> Array:
    """Of two uncertain figures; infinite and nothing are left to whoever asks."""
    return np.array([above[0] / below[0], above[1] / below[2], above[2] / below[1]])


def _figure(label: str, names: Sequence[str], unit: str, value: Array, enters: str, how: str) -> LocalFigure:
    file = FILES[SERVICE if columns()[names[0]].cells["file"] == SERVICE else COHORT]
    mid, low, high = map(float, value)
    return LocalFigure(label, f"{file}, {', '.join(names)}", unit, mid, low, high, enters, bool(enters), "", how)


def of_service(scenario: Scenario, strategy: str, path: Path) -> tuple[list[LocalFigure], dict[str, float]]:
    """The figures of a file with a row a month, and what it says for a plan."""
    specs = {name: row for name, row in columns().items() if row.cells["file"] == SERVICE}
    table = read_table(path, tuple(specs), remarked=True)
    problems: list[Problem] = []
    months = list(_months(table.rows, problems))
    cells: dict[str, list[Array | None]] = {name: [] for name in specs if name != "period_start"}
    for row in table.rows:
        for name, values in cells.items():
            try:
                values.append(_cells(row, name, specs[name]))
            except InputError as error:
                problems += error.problems
                values.append(None)
                continue
            if values[-1] is None and specs[name].cells["needed"] == "required":
                problems.append(Problem(row.place, f"{name} is empty", "Write a number; 0 where there was none."))
    if not problems and not MONTHS[0] <= len(months) <= MONTHS[1]:
        found = f"the file has {counted(len(months), 'month')}"
        problems.append(Problem(path.name, found, f"Give {MONTHS[0]} to {MONTHS[1]} months in a row."))
    if problems:
        raise InputError(*by_kind(problems))
    return _derived(scenario, strategy, path.name, months, cells)


def _months(rows: Sequence[Row], problems: list[Problem]) -> Iterator[date]:
    """The months of the rows, which follow on one another."""
    last = None
    for row in rows:
        text = row.cells["period_start"]
        try:
            month = date.fromisoformat(text)
        except ValueError:
            month = None
        if month is None or month.day != 1:
            found = f'period_start is "{text[:20]}"'
            problems.append(Problem(row.place, found, "Write the first day of the month, as 2025-04-01."))
            last = None
            continue
        if last and month.year * 12 + month.month != last.year * 12 + last.month + 1:
            found = f"period_start is {month} after {last}"
            problems.append(Problem(row.place, found, "Give each month once, one after the other."))
        last = month
        yield month


def _derived(
    scenario: Scenario, strategy: str, name: str, months: Sequence[date], cells: Mapping[str, list[Array | None]]
) -> tuple[list[LocalFigure], dict[str, float]]:
    """What the sums of a service's columns say of its therapy."""
    therapy = scenario.model.strategies[strategy].therapy
    assert therapy is not None
    sums = {column: sum((one for one in each if one is not None), np.zeros(3)) for column, each in cells.items()}
    attended, missed = sums["contacts_attended"], sums["contacts_dna"] + sums["contacts_cancelled"]
    booked, left = attended + missed, sums["discharges_completed"] + sums["discharges_dropout"]
    began, waiting = sums["starts"], cells["waiting_list_end"]
    if not (attended[0] and left[0] and began[0]):
        said = "nobody started, came or left in these months"
        raise InputError.at(name, said, "Give months in which people started, came and left.")
    if missed[0] > MOST_MISSED * booked[0]:
        said = f"contacts_dna and contacts_cancelled are {missed[0] / booked[0]:.0%} of all contacts booked"
        raise InputError.at(name, said, f"At most {MOST_MISSED:.0%}: contacts_attended may hold less than all.")
    at_first = waiting[0][0] if waiting and waiting[0] is not None else math.inf
    if began[0] > sums["referrals_received"][0] + at_first:
        said = f"starts are {began[0]:g}, referrals_received {sums['referrals_received'][0]:g}"
        raise InputError.at(name, said, "Nobody starts who was not referred: check both columns, and the waiting list.")
    slots = ["contacts_attended", "contacts_dna", "contacts_cancelled"]
    gone = ["discharges_completed", "discharges_dropout"]
    came = np.array([attended[0] / booked[0], attended[1] / (attended[1] + missed[2]),
                     attended[2] / (attended[2] + missed[1])])  # fmt: skip
    found = [
        _figure("Contacts booked for each person who leaves", [*slots, *gone], "sessions", _ratio(booked, left),
                _named(therapy.sessions), f"{booked[0]:,.4g} booked ÷ {left[0]:,.4g} who left"),
        _figure("Contacts attended, as a share of those booked", slots, "share", came, _named(therapy.attendance),
                f"{attended[0]:,.4g} attended ÷ {booked[0]:,.4g} booked"),
        _figure("People whose therapy ended otherwise than planned", gone, "share",
                _ratio(sums["discharges_dropout"], left), "", "shown: no input; they are among those who leave"),
    ]  # fmt: skip
    found += _price(scenario, _named(therapy.price), months, cells)
    weeks = [(one[0], began_in) for one, began_in in zip(cells["weeks_to_first_median"], cells["starts"], strict=True)
             if one is not None and began_in is not None]  # fmt: skip
    if weeks and (people := sum(n[0] for _, n in weeks)):
        wait = sum(week * n[0] for week, n in weeks) / people
        cycle = cycle_months(scenario.model)
        whole = cycle * round(wait * MONTHS_A_YEAR / WEEKS_A_YEAR / cycle)
        how = f"{wait:.3g} weeks, weighted by starts, to the nearest cycle"
        path = f"strategies.{strategy}.therapy.wait"
        found.append(_figure("Wait for the first contact", ["weeks_to_first_median", "starts"], "months",
                             np.full(3, whole), path, how))  # fmt: skip
    plan = {"starts": began[0] / len(months)}
    if waiting and waiting[-1] is not None:
        plan["waiting"] = waiting[-1][0]
    if posts := [one[0] for one in cells["therapists"] if one is not None]:
        plan["therapists"] = sum(posts) / len(posts)
    return found, plan


def _named(reference: object) -> str:
    """The input at a place of a therapy; "" where a number stands there."""
    return reference if isinstance(reference, str) else ""


def _price(
    scenario: Scenario, enters: str, months: Sequence[date], cells: Mapping[str, list[Array | None]]
) -> Iterator[LocalFigure]:
    """The price of a contact attended, in the setting's prices: from prices, else from sums, else from therapists."""
    given = [column for column in (*PRICES, *BANDS) if any(cell is not None for cell in cells[column])]
    if not given:
        return
    column = given[0]
    used = [column] if column in PRICES else [*BANDS, "therapists"]
    paid, came, old, unknown = np.zeros(3), np.zeros(3), set[str](), False
    for at, (month, attended) in enumerate(zip(months, cells["contacts_attended"], strict=True)):
        if column in BANDS:
            cost, posts = _of_bands(scenario, {band: cells[band][at] for band in BANDS})
            all_ = cells["therapists"][at]
            unknown |= all_ is None or abs(all_[0] - posts) > SAME_POSTS
        elif (sum_ := cells[column][at]) is None:
            continue
        else:
            cost = sum_ * _to_prices(scenario, f"{month.year - (month.month < 4)}", old)
        if attended is not None:
            paid, came = paid + cost * (attended if column == PRICES[0] else 1), came + attended
    if not came[0]:
        return
    value = np.full(3, paid[0] / came[0]) if column == PRICES[0] else _ratio(paid, came)
    how = f"{paid[0]:,.6g} ÷ {came[0]:,.6g} attended, {_of_year(scenario, old)}"
    if column in BANDS:
        how = f"contact hours of the therapists at their staff cost, {how}"
    if unknown:
        enters, how = "", "shown: therapists of other bands, or therapists left empty, whose cost is not known"
    money = scenario.setting.currency.code
    yield _figure(
        "Price of a contact attended", [*used, "contacts_attended"], f"{money} per session", value, enters, how
    )


def _of_bands(scenario: Scenario, posts: Mapping[str, Array | None]) -> tuple[Array, float]:
    """What the contact hours of a month cost at the staff price of each band, and how many therapists these are."""
    week, weeks = (float(defaults()[name].cells["value"]) for name in ("sessions_a_week", "weeks_a_year"))
    known = {band: float(one[0]) for band, one in posts.items() if one is not None}
    price = {band: float(scenario.central[columns()[band].cells["enters"]]) for band in known}
    cost = sum(number_ * price[band] for band, number_ in known.items()) * week * weeks / MONTHS_A_YEAR
    return np.full(3, cost), sum(known.values())


def _to_prices(scenario: Scenario, begins: str, old: set[str]) -> float:
    """What brings money of a financial year to the setting's. old: years that no index has are added to it."""
    year = f"{begins}/{(int(begins) + 1) % 100:02d}"
    try:
        return factor(next(iter(scenario.indices.values())), year, scenario.setting.price_year)
    except ValueError:
        old.add(year)
        return 1.0


def _of_year(scenario: Scenario, old: set[str]) -> str:
    as_is = f"; {', '.join(sorted(old))} as it stands, which no index reaches" if old else ""
    return f"prices of {scenario.setting.price_year}{as_is}"


def of_cohort(scenario: Scenario, path: Path) -> tuple[list[LocalFigure], list[BeforeAfter]]:
    """The figures of a file with a column and its value a row, and the years before and after."""
    specs = {name: row for name, row in columns().items() if row.cells["file"] == COHORT}
    after = {name.removesuffix(PRE) + POST: row for name, row in specs.items() if name.endswith(PRE)}
    known = specs | after
    rows: dict[str, Row] = {}
    problems: list[Problem] = []
    table = read_table(path, remarked=True)
    if not {"column", "value"} <= set(table.columns):
        raise InputError.at(table.place, "a row has a column and its value", "Write column,value as the header.")
    for row in table.rows:
        name = row.cells["column"]
        if name not in known:
            problems.append(Problem(row.place, f'there is no column "{name[:40]}"', nearest(name, known)))
        elif name in rows:
            problems.append(Problem(row.place, f'the column "{name}" stands twice', "Keep one."))
        rows.setdefault(name, row)
    if problems:
        raise InputError(*by_kind(problems))
    values: dict[str, Array] = {}
    for name, row in rows.items():
        if name == "price_year":
            continue
        try:
            cell = _cells(Row(row.place, {name: row.cells["value"]}), name, known[name])
        except InputError as error:
            problems += error.problems
            continue
        if cell is not None:
            values[name] = cell
    size = values.get("cohort_size")
    if size is None and not problems:
        problems.append(Problem(path.name, "cohort_size is empty or missing", "Write how many people the file is of."))
    year = rows["price_year"].cells["value"] if "price_year" in rows else ""
    money = [name for name in values if known[name].cells["unit"].startswith("money")]
    if money and not re.fullmatch(r"\d{4}/\d{2}", year):
        found = f'{money[0]} is money, and price_year is "{year[:20]}"'
        problems.append(Problem(rows[money[0]].place, found, "Write the financial year of its prices, as 2023/24."))
    out, nights = values.get(OUT_OF_AREA), values.get(NIGHTS)
    if out is not None and (nights is None or out[0] > nights[0]):
        found = f"{OUT_OF_AREA} is more than {NIGHTS}"
        problems.append(Problem(rows[OUT_OF_AREA].place, found, "They are a part of them: give both."))
    if problems:
        raise InputError(*by_kind(problems))
    assert size is not None
    people, old = float(size[0]), set[str]()
    figures = []
    for name, value in values.items():
        if name == "cohort_size" or name in after:
            continue
        spec, how = specs[name].cells, "as it stands"
        if value is FEW:
            value, how = FEW / people, f"suppressed: 2.5 of {people:,.0f} people, 1 to 4"
        if name in money:
            value = value * _to_prices(scenario, year[:4], old)
            how = f"{year}, {_of_year(scenario, old)}"
        unit = spec["unit"].replace("money", scenario.setting.currency.code)
        if name == OUT_OF_AREA and nights is not None and nights[0]:
            value, unit, how = _ratio(value, nights), "share", f"÷ {NIGHTS}"
        enters = input_of(scenario, spec["enters"])
        if not enters:
            how = "shown: the scenario has no such input"
        elif people < ENOUGH:
            enters, how = "", f"shown, not entered: of {people:,.0f} people, and {ENOUGH} replace a mean"
        figures.append(_figure(spec["meaning"], [name], unit, value, enters, how))
    pairs = ((name, name.removesuffix(POST) + PRE) for name in after if name in values)
    years = [
        BeforeAfter(specs[pre].cells["meaning"].removesuffix(" in the twelve months before").removesuffix(
            " in the twelve months before the start"), float(values[pre][0]), float(values[post][0]))
        for post, pre in pairs if pre in values
    ]  # fmt: skip
    return figures, years


def input_of(scenario: Scenario, enters: str) -> str:
    """The first input of a list that the scenario has; "population:input" in that population alone."""
    for one in filter(None, enters.split("; ")):
        population, _, name = one.rpartition(":")
        if name in scenario.parameters and population in ("", population_of(scenario)):
            return name
    return ""
