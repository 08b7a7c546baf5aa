"""What a service sets out to do: whom it starts, with how many therapists, at what sums; and who then finds a place."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest, number, shown, whole_number
from costmodel.inputs.files import Row, read_table
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.setting import shipped
from costmodel.words import counted

if TYPE_CHECKING:
    from costmodel.drawing import Chart

Array = NDArray[np.float64]

YEAR = round(MONTHS_A_YEAR)
DEFAULTS = "capacity.csv"
"""Where the shipped defaults stand, each with its source."""
WHOLE = {
    "months": (1, 600), "ramp": (0, 600), "years": (1, 50), "first_month": (1, YEAR), "year_begins": (1, YEAR),
    "first_year": (1900, 2200),
}  # fmt: skip
MOST = 1e12
LIMITS = {
    "starts": (0, 1e5), "waiting": (0, 1e6), "therapists": (0, 1e5), "sessions_a_week": (0.1, 100),
    "weeks_a_year": (1, 52), "hours_a_session": (0.01, 100), "missed": (0, 0.9), "set_up": (0, MOST),
    "training": (0, MOST), "supervision": (0, MOST), "room": (0, MOST), "ward_nights": (0, 1e6), "growth": (-0.5, 0.5),
}  # fmt: skip
"""The lowest and the highest value of what may be typed; whole numbers above."""


@by_content
@dataclass(frozen=True)
class ServicePlan:
    """A service's plan. Make one with `plan_of`. Months count from the first start, money is of the setting.

    starts: people who come a month at the full rate. months: for so many they come. ramp: months before the full rate,
    in which the rate rises in equal steps. waiting: people who wait at the beginning; they come first. therapists:
    whole-time; None for no limit. sessions_a_week: contact hours of one in a working week; weeks_a_year: such weeks.
    hours_a_session: hours of a therapist that a session held takes. missed: share of all slots that nobody comes to,
    beside the sessions held. set_up, training: sums at the first start. supervision, room: sums a year while sessions
    are held. ward_nights: nights a year that close one ward; 0 for none. growth: of all prices, a year, from the
    second financial year on; 0 for real terms. years: financial years planned. first_month: calendar month of the
    first start; year_begins: that in which a financial year begins. first_year: calendar year of the first start, for
    names of years alone.
    """

    starts: float
    sessions_a_week: float
    weeks_a_year: float
    hours_a_session: float
    missed: float
    set_up: float
    training: float
    supervision: float
    room: float
    ward_nights: float
    months: int = YEAR
    ramp: int = 0
    waiting: float = 0.0
    therapists: float | None = None
    growth: float = 0.0
    years: int = 5
    first_month: int = 4
    year_begins: int = 4
    first_year: int | None = None

    @property
    def offset(self) -> int:
        """Months of the first financial year that are over at the first start."""
        return (self.first_month - self.year_begins) % YEAR

    @property
    def planned(self) -> int:
        """Months from the first start to the end of the last planned year."""
        return self.years * YEAR - self.offset

    @property
    def length(self) -> str:
        """The planned years in words."""
        return counted(self.years, "financial year")

    @property
    def arrivals(self) -> Array:
        """People who come in each planned month; those who wait already in the first."""
        month = np.arange(self.planned)
        rate = self.starts * np.minimum((month + 1) / (self.ramp + 1), 1.0) * (month < self.months)
        rate[0] += self.waiting
        return np.asarray(rate, dtype=float)

    @property
    def capacity(self) -> float:
        """Contact hours of all therapists a month; infinite without a limit."""
        return math.inf if self.therapists is None else self.therapists * self.capacity_of_one

    @property
    def capacity_of_one(self) -> float:
        """Contact hours of one whole-time therapist a month."""
        return self.sessions_a_week * self.weeks_a_year / YEAR

    def hours(self, sessions: Array) -> Array:
        """Contact hours that sessions held take, with the slots that are missed beside them."""
        return sessions * self.hours_a_session / (1.0 - self.missed)

    def year_of(self, months: int) -> NDArray[np.intp]:
        """The financial year of each of so many months, from 0."""
        return (np.arange(months) + self.offset) // YEAR

    def year_name(self, year: int) -> str:
        """What a financial year is called."""
        if self.first_year is None:
            return f"year {year + 1}"
        begins = self.first_year - (self.first_month < self.year_begins) + year
        return str(begins) if self.year_begins == 1 else f"{begins}/{(begins + 1) % 100:02d}"


@cache
def defaults() -> Mapping[str, Row]:
    """The shipped defaults by name: rows of value, unit, status, source and note."""
    rows = read_table(shipped() / "data" / DEFAULTS).rows
    return {row.cells["name"]: row for row in rows}


def plan_of(given: object, named: Callable[[str], str] = str) -> ServicePlan:
    """A plan from names and numbers; what is left out, or None, is the default. A plan stays as it is.

    named: what a name is called where it is typed, for messages. Raises InputError with every problem.
    """
    if isinstance(given, ServicePlan):
        return given
    if not isinstance(given, Mapping):
        raise InputError.at("plan", f"{shown(given)} is no plan", 'Write names with numbers, as {"starts": 10}.')
    known = [field.name for field in fields(ServicePlan)]
    values: dict[str, Any] = {name: float(row.cells["value"]) for name, row in defaults().items()}
    problems = []
    for name, value in given.items():
        if not isinstance(name, str) or name not in known:
            remedy = nearest(str(name), known)
            problems.append(Problem("plan", f"a plan has no {shown(name)}", remedy))
        elif value is not None:
            try:
                values[name] = _read(named(name), name, value)
            except InputError as error:
                problems += error.problems
    if "starts" not in values and not problems:
        problems.append(Problem(named("starts"), "nothing says how many people start a month", "Write a number."))
    if problems:
        raise InputError(*problems)
    plan = ServicePlan(**values)
    if problems := list(_faults(plan, named)):
        raise InputError(*problems)
    return plan


def _read(place: str, name: str, value: object) -> float:
    if name in WHOLE:
        return whole_number(place, value, *WHOLE[name], wrong="not a whole number that may stand here")
    return number(place, value, *LIMITS[name], wrong="not a number that may stand here")


def _faults(plan: ServicePlan, named: Callable[[str], str]) -> "list[Problem]":
    """What does not fit together."""
    found = []
    if plan.starts == 0 and plan.waiting == 0:
        found.append(Problem(named("starts"), "nobody starts and nobody waits", "Write more than 0."))
    if plan.therapists == 0:
        remedy = "Write more than 0, or leave it out for no limit."
        found.append(Problem(named("therapists"), "people start and there is no therapist", remedy))
    if plan.ramp >= plan.months:
        says = f"the full rate comes after {plan.ramp} months, and people start for {plan.months}"
        found.append(Problem(named("ramp"), says, f"At most {plan.months - 1}, or start people for longer."))
    if plan.months > plan.planned:
        says = f"people start for {plan.months} months, and the plan has {plan.planned}"
        found.append(Problem(named("months"), says, f"At most {plan.planned}, or plan more years."))
    return found


def given_words(plan: ServicePlan) -> Iterator[str]:
    """Each figure of a plan that has a default, and where that is from if it stands."""
    for name, row in defaults().items():
        value, about = getattr(plan, name), row.cells
        words = f"{name.replace('_', ' ')}: {value:,.6g} ({about['unit']})"
        own = value != float(about["value"])
        yield f"{words}, yours" if own else f"{words}: {about['status']}; {about['source']}. {about['note']}"


def admitted(arrivals: Array, hours: Array, capacity: float) -> tuple[Array, Array]:
    """Who starts in each month, first come first served, and who still waits at its end, (month,) each.

    arrivals: people who come, (month,). hours: contact hours that one who starts takes in each month from the start,
    (month of the course,). capacity: contact hours a month. Nobody starts whose whole course would not fit.
    """
    starts, waiting = np.zeros(len(arrivals)), np.zeros(len(arrivals))
    used, taken = np.zeros(len(arrivals) + len(hours)), hours > 0
    queue = 0.0
    for month, come in enumerate(arrivals):
        queue += come
        ahead = used[month : month + len(hours)]
        room = np.min((capacity - ahead[taken]) / hours[taken], initial=math.inf)
        starts[month] = min(queue, max(room, 0.0))
        ahead += starts[month] * hours
        queue -= starts[month]
        waiting[month] = queue
    return starts, waiting


def queue_chart(starts: Array, waiting: Array) -> "Chart":
    """Who starts in each planned month and who waits at its end, (month,) each."""
    import pandas as pd

    from costmodel.drawing import BLUE, VERMILION, chart, empty

    figure, months = empty(), np.arange(1, len(starts) + 1)
    for name, line, colour, dash in (("wait", waiting, VERMILION, "solid"), ("start", starts, BLUE, "dash")):
        figure.add_scatter(
            x=months, y=line, mode="lines", name=name, line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate="%{y:,.0f}<extra></extra>",
        )  # fmt: skip
    longest = int(np.argmax(waiting))
    title = f"Most wait at the end of month {longest + 1}: {waiting[longest]:,.0f} people."
    figure.update_layout(xaxis={"title": {"text": "Month"}}, yaxis={"title": {"text": "People"}, "rangemode": "tozero"})
    alt = f"Line chart of people who wait and who start, by month. {title} {waiting[-1]:,.0f} wait at the end."
    return chart(figure, title, alt, pd.DataFrame({"month": months, "wait": waiting, "start": starts}))
