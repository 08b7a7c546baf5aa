"""A plan's budget: what a service costs each payer in each financial year, what comes back as value and as cash.

Cohorts go on their own clocks: what one person costs and saves by month, at central values, is laid out once for each
month's starts (a convolution). Undiscounted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.analysis.cohorts import NIGHT, closed_wards, person_of
from costmodel.analysis.service_plan import YEAR, Array, ServicePlan, admitted, given_words, plan_of, queue_chart
from costmodel.content import by_content
from costmodel.currency import MINUS, PENNY
from costmodel.errors import made_by
from costmodel.model.money import THERAPY
from costmodel.page import Block, Column, Drawn, Figure, Heading, Notes, Page, Paged, Paragraph, Table, titled
from costmodel.result.frames import counted_in
from costmodel.result.payback import NOTHING
from costmodel.result.result import Result
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import counted, percent, upper_first

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart

__all__ = ["Budget", "ServicePlan", "budget"]

SERVICE, OTHER, BEDS = "service", "other care and money", "beds"
"""Lines of the frame beside sessions: sums of the plan, all other items, and what closed wards release."""
WAIT = "people who wait"
OF_SERVICE = ("people who start", WAIT, "sessions", "contact hours")
"""What is counted of the service itself: who starts and waits at the end of a year, sessions held, hours they take."""
HEIGHT = 352


@by_content
@dataclass(frozen=True, repr=False)
class Budget(Paged):
    """A plan's money and places. Costs are positive, money that comes back is negative; undiscounted.

    starts, waiting: people who start in a planned month and who wait at its end. value, cash, beds: (month, item), to
    the end of the last one's horizon: what all who start cost more than without the therapy, what of it is cash, and
    what closed wards release beside. used: natural units, as of `Person`. sessions: held, (month,). course: those of
    one who starts, from the start. service: the plan's own sums, (month,). wards: closed in each financial year, and
    nights: not used in each.
    """

    result: Result
    plan: ServicePlan
    strategy: str
    perspective: str
    starts: Array
    waiting: Array
    value: Array
    cash: Array
    beds: Array
    used: Array
    sessions: Array
    course: Array
    service: Array
    wards: Array
    nights: Array

    @property
    def months(self) -> int:
        """Months to the end of the last one's horizon."""
        return len(self.sessions)

    @cached_property
    def prices(self) -> Array:
        """By what growth multiplies the prices of each month, (month,)."""
        return np.asarray((1.0 + self.plan.growth) ** self.plan.year_of(self.months), dtype=float)

    def lines(self, perspective: str | None = None, party: str | None = None) -> dict[str, tuple[Array, Array]]:
        """Value and cash of each line by month, (month,) each, real: of a perspective or one party."""
        result = self.result
        signs = np.array(result.signs(perspective, party), dtype=float)
        therapy = np.array([item.category == THERAPY for item in result.items])
        payer = result.items[0].paid_by
        pays = payer == party if party else payer in result.setting.members(perspective or self.perspective)
        own = self.service * pays
        parts = {THERAPY: signs * therapy, OTHER: signs * ~therapy}
        found = {name: (self.value @ part, self.cash @ part) for name, part in parts.items()}
        return found | {SERVICE: (own, own), BEDS: (np.zeros(self.months), self.beds @ signs)}

    def net(self, perspective: str | None = None, party: str | None = None) -> tuple[Array, Array]:
        """Net cost by month as value and as cash, (month,) each, in the prices of the plan's years."""
        lines = self.lines(perspective, party).values()
        value, cash = (sum((line[i] for line in lines), np.zeros(self.months)) * self.prices for i in (0, 1))
        return value, cash

    def peak(self, perspective: str | None = None, party: str | None = None) -> tuple[float, int]:
        """Most cash out at once, and the month in which it is, from 1; 0 of both where none ever is."""
        so_far = np.cumsum(self.net(perspective, party)[1])
        most = float(so_far.max())
        return (most, int(np.argmax(so_far > most - PENNY)) + 1) if most > PENNY else (0.0, 0)

    @cached_property
    def _years(self) -> Array:
        """Which months are in which financial year, (year, month)."""
        of = self.plan.year_of(self.months)
        return np.asarray(np.arange(of[-1] + 1)[:, None] == of, dtype=float)

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each financial year, party and line of money, and for each thing that is counted.

        Columns: year, from_month, to_month (after the first start), party, line, unit, value, cash, value_nominal,
        cash_nominal. Money: a cost is positive. Things: those of `OF_SERVICE`, and what is used more
        (below 0: less) of each item; party is then empty.
        """
        import pandas as pd

        rows = []
        nominal = self._years * self.prices
        unit = self.result.setting.currency.code
        for party in self.result.setting.parties:
            for line, (value, cash) in self.lines(party=party).items():
                each = (self._years @ value, self._years @ cash, nominal @ value, nominal @ cash)
                if any(np.abs(one).max() > 0 for one in each):
                    rows += [
                        self._row(y, party, line, unit, *map(float, of)) for y, of in enumerate(zip(*each, strict=True))
                    ]
        for line, unit, values in self._things():
            rows += [self._row(y, "", line, unit, float(value)) for y, value in enumerate(values)]
        return pd.DataFrame(rows)

    def _row(
        self, year: int, party: str, line: str, unit: str, value: float, cash: float | None = None,
        value_nominal: float | None = None, cash_nominal: float | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        inside = np.flatnonzero(self._years[year])
        return {
            "year": self.plan.year_name(year), "from_month": int(inside[0]), "to_month": int(inside[-1]) + 1,
            "party": party, "line": line, "unit": unit, "value": value, "cash": cash, "value_nominal": value_nominal,
            "cash_nominal": cash_nominal,
        }  # fmt: skip

    def _things(self) -> Iterator[tuple[str, str, Array]]:
        """What is counted: its name, its unit, and how many there are in each financial year."""
        starts, waiting = (np.pad(one, (0, self.months - len(one))) for one in (self.starts, self.waiting))
        waiting[len(self.waiting) :] = self.waiting[-1]
        start, wait, held, hours = OF_SERVICE
        yield start, "people", self._years @ starts
        yield wait, "people", np.array([waiting[np.flatnonzero(one)[-1]] for one in self._years])
        yield held, "sessions", self._years @ self.sessions
        yield hours, "hours", self._years @ self.plan.hours(self.sessions)
        for i, item in enumerate(self.result.items):
            if (
                item.category != THERAPY
                and np.isfinite(self.used[:, i]).all()
                and np.abs(self.used[:, i]).max() > NOTHING
            ):
                yield item.label, counted_in(self.result, i)[0], self._years @ self.used[:, i]

    # In words

    def sentences(self) -> list[str]:
        """Who starts, what it costs and brings back, how deep the purse is, the places, and the wards."""
        return [*self._people(), *self._money(), *self._places(), *self._wards()]

    def _people(self) -> Iterator[str]:
        plan = self.plan
        each = "1 person comes" if plan.starts == 1 else f"{plan.starts:g} people come"
        ramp = f", the full rate after {plan.ramp}" if plan.ramp else ""
        yield f"{each} a month for {counted(plan.months, 'month')}{ramp}: {plan.arrivals.sum():,.0f} in all."
        if plan.waiting:
            yield f"{_people(plan.waiting)} of them wait already and come first."

    def _money(self) -> Iterator[str]:
        setting, until = self.result.setting, self.plan.planned
        money, who = setting.currency.money, setting.payer(self.perspective)
        lines = {
            name: [float((of * self.prices)[:until].sum()) for of in both]
            for name, both in self.lines(self.perspective).items()
        }
        spent = lines[THERAPY][0] + lines[SERVICE][0]
        back, cash = -lines[OTHER][0], -lines[OTHER][1] - lines[BEDS][1]
        less = " less" if spent < 0 else ""
        yield f"In {self.plan.length} {who} pays {money(abs(spent))}{less} for the service."
        value = f"{money(back)} of value comes back" if back > 0 else f"other care and money cost {money(-back)} more"
        released = f"{money(cash)} of it as cash" if cash > 0 else f"as cash, {money(-cash)} more is paid"
        yield f"{upper_first(value)}; {released if abs(cash) > NOTHING else 'none of it is cash'}."
        peak, month = self.peak(self.perspective)
        if month:
            yield f"{upper_first(who)} is out of pocket by {money(peak)} at the deepest, in month {month}."
        else:
            yield f"{upper_first(who)} is never out of pocket."

    def _places(self) -> Iterator[str]:
        plan, hours = self.plan, self.plan.hours(self.sessions)
        course = float(plan.hours(self.course).sum())
        if course <= 0:
            yield "This therapy holds no sessions, so it needs no therapist."
            return
        if plan.therapists is None:
            yield f"The busiest month takes {_few(hours.max() / plan.capacity_of_one)} whole-time therapists."
            return
        possible, most = plan.capacity / course, float(self.waiting.max())
        held = percent(float(hours.max()) / plan.capacity, 2)
        many = f"{_few(plan.therapists)} whole-time therapist{'' if plan.therapists == 1 else 's'}"
        yield f"{many} can start {_few(possible)} people a month in the long run."
        if plan.starts > possible:
            yield f"To start {plan.starts:g} a month takes {_few(plan.starts * course / plan.capacity_of_one)}."
        if most <= NOTHING:
            yield f"Nobody waits for a place; the busiest month takes {held} of their hours."
        elif self.waiting[-1] <= NOTHING:
            month = int(np.flatnonzero(self.waiting > NOTHING)[-1]) + 2
            yield f"The queue clears in month {month}; {_people(most)} wait at its longest."
        elif plan.starts > possible:
            yield f"The queue cannot clear: {plan.starts:g} people come a month and {_few(possible)} can start."
            yield f"{_people(self.waiting[-1])} still wait at the end of {plan.length}."
        else:
            yield f"The queue does not clear in {plan.length}: {_people(self.waiting[-1])} still wait at the end."

    def _wards(self) -> Iterator[str]:
        plan, units = self.plan, [counted_in(self.result, i)[0] for i in range(len(self.result.items))]
        if NIGHT not in units:
            yield "Nights are no line of their own here, so no ward can close."
        elif plan.ward_nights == 0:
            yield "Wards are left open: nights count as the scenario has them."
        elif self.wards.max() == 0:
            best = f"{max(float(self.nights.max()), 0.0):,.0f} nights a year stay unused at most"
            yield f"No ward closes: {best}, and one ward has {plan.ward_nights:,.0f}."
        else:
            year, money = int(np.flatnonzero(self.wards)[0]), self.result.setting.currency.money
            most = round(float(self.wards.max()))
            count = counted(most, "ward")
            released = -float((self._years @ self.beds.sum(axis=1)).min())
            begin = plan.year_name(year)
            yield f"Up to {count} can close, from {begin}; that releases {money(released)} in the best year."

    # As a page

    def page(self) -> Page:
        """Sentences, money by year, by payer as cash and as value, and natural units."""
        scenario, plan, setting = self.result.scenario, self.plan, self.result.setting
        first, *rest = self.sentences()
        blocks: list[Block] = [Paragraph(first, strong=True), *map(Paragraph, rest)]
        drawn = Drawn(
            "line", "year", (("so_far_cash", "as cash"), ("so_far_value", "as value")), "Net cost so far",
            setting.currency.symbol,
        )  # fmt: skip
        blocks += [Heading(f"By financial year: {setting.name(self.perspective)}")]
        blocks += [
            Figure(self.figure, "budget", HEIGHT, drawn),
            Table(self._of_years(), _of_years(plan), name="budget_years"),
        ]
        for view, words in (("cash", "Net cost as cash, by payer"), ("value", "Net cost as value, by payer")):
            frame, columns = self._of_payers(("value", "cash").index(view))
            blocks += [Heading(words), Table(frame, columns, name=f"budget_{view}")]
        if self.waiting.max() > NOTHING:
            blocks += [Heading("Who waits"), Figure(partial(queue_chart, self.starts, self.waiting), "queue", HEIGHT)]
        blocks += [Heading("In natural units"), Table(*self._of_things(), name="budget_units")]
        blocks += [Notes("What the plan takes", tuple(given_words(plan))), Notes("What this leaves out", LEFT_OUT)]
        label = scenario.model.strategies[self.strategy].label
        prices = f"prices of {setting.price_year}"
        if plan.growth:
            prices += f", which grow {percent(plan.growth)} a year after {plan.year_name(0)}"
        about = (
            f"{label}, against {scenario.model.strategies[self.result.comparator].label}",
            f"Money: {prices}; undiscounted, central values; a cost is positive, what comes back negative",
        )
        data = {
            "schema": "costmodel/budget/1", "strategy": self.strategy, "perspective": self.perspective,
            "plan": {name: getattr(plan, name) for name in plan.__dataclass_fields__},
            "peak": {party: self.peak(party=party) for party in setting.parties},
        }  # fmt: skip
        return Page(
            titled(scenario), tuple(blocks), about, scenario, "no draws", self.result.warnings, data, self.frame
        )

    def _shown(self, monthly: Array) -> Array:
        """Sums of the planned years, and of all that comes later."""
        each = self._years @ monthly
        return np.append(each[: self.plan.years], each[self.plan.years :].sum())

    @property
    def _names(self) -> list[str]:
        return [*(self.plan.year_name(year) for year in range(self.plan.years)), "later"]

    def _of_years(self) -> "pd.DataFrame":
        import pandas as pd

        lines = {
            name: [self._shown(of * self.prices) for of in both] for name, both in self.lines(self.perspective).items()
        }
        value, cash = (self._shown(one) for one in self.net(self.perspective))
        return pd.DataFrame({
            "year": self._names, "therapy": lines[THERAPY][0], "service": lines[SERVICE][0],
            "back_value": lines[OTHER][0], "back_cash": lines[OTHER][1] + lines[BEDS][1], "value": value, "cash": cash,
            "so_far_value": np.cumsum(value), "so_far_cash": np.cumsum(cash),
        })  # fmt: skip

    def _of_payers(self, view: int) -> "tuple[pd.DataFrame, tuple[Column, ...]]":
        """Net cost of every party that has one, in a column each; and last, of cash, the most that is out at once."""
        import pandas as pd

        frame: dict[str, list[Any]] = {"year": [*self._names, "in all"]}
        columns = [Column("year", "year", "text")]
        for name, party in self.result.setting.parties.items():
            money = self.net(party=name)[view]
            if np.abs(money).max() > NOTHING:
                frame[name] = [*self._shown(money), money.sum()]
                columns.append(Column(name, party.name, "money"))
        if view:
            frame["year"] = [*frame["year"], "most out at once", "in month"]
            for name in list(frame)[1:]:
                peak, month = self.peak(party=name)
                frame[name] = [self.result.setting.currency.money(one) for one in frame[name]]
                frame[name] += [self.result.setting.currency.money(peak), str(month) if month else "–"]
        return pd.DataFrame(frame), tuple(columns)

    def _of_things(self) -> "tuple[pd.DataFrame, tuple[Column, ...]]":
        """A row for each thing, a column for each year."""
        import pandas as pd

        rows, years = [], self.plan.years
        for line, unit, values in self._things():
            less = line not in OF_SERVICE
            shown = [*values[:years], values[-1] if line == WAIT else values[years:].sum()]
            words = [_whole(-one if less else one) for one in shown]
            rows.append({
                "thing": upper_first(line), "unit": f"{unit} fewer" if less else unit,
                **{f"year_{y}": one for y, one in enumerate(words)},
            })  # fmt: skip
        columns = [Column(f"year_{y}", name, "text") for y, name in enumerate(self._names)]
        return pd.DataFrame(rows), (
            Column("thing", "what", "text"),
            Column("unit", "unit", "text", right=False),
            *columns,
        )

    def figure(self) -> "Chart":
        """Net cost so far by month, as cash and as value."""
        import pandas as pd

        from costmodel.drawing import BLUE, GREY, ORANGE, chart, empty, money_axis, year_axis, zero_line

        setting = self.result.setting
        value, cash = (np.concatenate([[0.0], np.cumsum(one)]) for one in self.net(self.perspective))
        years = np.arange(self.months + 1) / MONTHS_A_YEAR
        figure, money = empty(), setting.currency.money
        for name, line, colour, dash in (("as cash", cash, ORANGE, "solid"), ("as value", value, BLUE, "dash")):
            figure.add_scatter(
                x=years, y=line, mode="lines", name=name, line={"color": colour, "width": 2.5, "dash": dash},
                customdata=[money(one) for one in line], hovertemplate="%{customdata}<extra></extra>",
            )  # fmt: skip
        zero_line(figure)
        end = self.plan.planned / YEAR
        if end < self.months / YEAR:
            figure.add_vline(end, line_width=1, line_dash="dash", line_color=GREY)
            side = {"yref": "paper", "y": 1.0, "yanchor": "bottom", "showarrow": False}
            figure.add_annotation(x=end, text="plan ends", font={"size": 11, "color": GREY}, **side)
        both = np.concatenate([cash, value])
        axis = year_axis(self.months / YEAR) | {"title": {"text": "Years from the first start"}}
        low_high = money_axis(setting.currency, "yaxis", float(both.min()), float(both.max()))
        figure.update_layout(height=HEIGHT, xaxis=axis, yaxis_title="Net cost so far", **low_high)
        at, who = self.plan.planned, setting.payer(self.perspective)
        ends = [f"{money(abs(of[at]))} is {'out' if of[at] > 0 else 'back'} as" for of in (cash, value)]
        title = f"After {self.plan.length} {ends[0]} cash, and {ends[1]} value."
        alt = f"Line chart of the net cost so far to {who}. {title} At the end of all horizons it stands at "
        alt += f"{money(cash[-1])} as cash and {money(value[-1])} as value; above zero, money has not come back."
        return chart(figure, title, alt, pd.DataFrame({"year": years, "as cash": cash, "as value": value}))


LEFT_OUT = (
    "How sure this is: central values have no interval. The answer of the scenario has one.",
    "Value that is no cash: hours and beds that others use. No payment falls.",
    "A fixed payment for mental health stays the same in the year, however many contacts there are.",
    "Sessions at less than their full price: where rooms and overheads are there anyway, pay alone is new money.",
    "People who wait: they go on as without the therapy.",
)


def _of_years(plan: ServicePlan) -> tuple[Column, ...]:
    """The columns of the table by year; sums of the service where there are any."""
    service = plan.set_up + plan.training + plan.supervision + plan.room
    return (
        Column("year", "year", "text"), Column("therapy", "sessions", "money"),
        *([Column("service", "service", "money")] if service else []),
        Column("back_value", "elsewhere, value", "money"), Column("back_cash", "elsewhere, cash", "money"),
        Column("value", "net, value", "money"), Column("cash", "net, cash", "money"),
        Column("so_far_value", "so far, value", "money"), Column("so_far_cash", "so far, cash", "money"),
    )  # fmt: skip


def _whole(value: float) -> str:
    """A number without its fraction, with our minus."""
    return f"{round(value) + 0:,}".replace("-", MINUS)


def _few(value: float) -> str:
    """A number of therapists or of people in few digits."""
    return f"{value:,.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:,.0f}"


def _people(count: float) -> str:
    return "1 person" if round(count) == 1 else f"{count:,.0f} people" if count >= 1 else "less than one person"


def budget(result: Result, plan: object, *, strategy: str | None = None, perspective: str | None = None) -> Budget:
    """What a plan costs whom and when, at a result's central values.

    plan: names with numbers, as {"starts": 10, "months": 24, "therapists": 4}; see `ServicePlan`. strategy: the second
    if left out. perspective: whose money the sentences and the chart are about; the main one if left out. Those who
    find no place wait; a start takes place only where the whole course does. Nights that an item's `cashable` share
    has not released close whole wards, year by year. Raises InputError.
    """
    made_by("result", result, Result, "costmodel.run")
    plan, perspective = plan_of(plan), result.setting.asked(perspective)
    strategy = result.strategies[result.compared(strategy)]
    person = person_of(result, strategy)
    starts, waiting = admitted(plan.arrivals, plan.hours(person.sessions), plan.capacity)

    last = int(max(np.flatnonzero(starts), default=0))
    months = max(len(starts), last + len(person.sessions))

    def all_of(each: Array) -> Array:
        """Everyone's, (month, …) as of one who starts."""
        rows = each.reshape(len(each), -1).T
        found = np.stack([np.convolve(starts[: last + 1], row) for row in rows], axis=1)
        found = np.pad(found, ((0, months - len(found)), (0, 0)))
        return found.reshape(months, *each.shape[1:])

    held = all_of(person.sessions)
    beds, nights, wards = closed_wards(result, plan, all_of(person.later))
    service = np.zeros(len(held))
    open_for = int(np.flatnonzero(held)[-1]) + 1 if held.any() else len(plan.arrivals)
    service[:open_for] = (plan.supervision + plan.room) / YEAR
    service[0] += plan.set_up + plan.training
    return Budget(
        result, plan, strategy, perspective, starts, waiting, all_of(person.value), all_of(person.cash), beds,
        all_of(person.used), held, person.sessions, service, wards, nights,
    )  # fmt: skip
