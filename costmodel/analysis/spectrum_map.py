"""The map of the spectrum: what a course costs against what is spent on these people without it, for every therapy.

A line from the origin joins what pays back alike: a course that costs a tenth of what is spent repays if a tenth of it
goes. Trials and claims that have both figures stand beside the therapies, in prices of their own.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from costmodel.analysis.purse import known
from costmodel.analysis.verdict import LEADS, WORDS, verdict
from costmodel.currency import Currency
from costmodel.errors import one_of
from costmodel.inputs.files import read_table
from costmodel.page import NONE, SCREEN, SHEET, Block, Column, Figure, Notes, Page, Paged, Paragraph, Table
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.purse import ALL, NO_COURSE, rows
from costmodel.result.result import Result
from costmodel.result.sums import Estimate
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.schema import SettingFile
from costmodel.scenario.setting import THERAPY, shipped
from costmodel.words import in_100, percent, upper_first

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart

PUBLISHED = "published_map.csv"
"""Trials and claims that have both figures, each with its sources."""
SHARES = (0.1, 0.25, 0.5, 1.0)
"""Shares of what is spent, of which the lines are drawn."""
BACK, NOT_BACK = "repays at central values", "does not repay at central values"
FEW = 2
"""Populations that must have a price basis for it to be offered for all."""
HEIGHT, STEPS, ROOM, NEAR = 460, (1, 2, 5), 1.35, 0.04
DRAWN = (SCREEN, SHEET)  # where there is room for what the chart shows too
TABLE = (
    Column("number", "No.", "whole"), Column("name", "Therapy", "text"), Column("course", "A course costs", "money"),
    Column("course_low", "95% interval", "interval", to="course_high", only=DRAWN),
    Column("spent", "spent without it", "money"),
    Column("spent_low", "95% interval", "interval", to="spent_high", only=DRAWN),
    Column("needed_words", "share that would have to go"), Column("taken_words", "the evidence takes out"),
    Column("verdict", "verdict", "text", right=False), Column("chance", "its chance", "chance"),
)  # fmt: skip
BESIDE = (
    Column("letter", "", "text"), Column("label", "Trial or claim", "text"),
    Column("course", "A course costs", "money"), Column("spent", "spent in this time", "money"),
    Column("share", "share that would have to go", "share"), Column("prices", "in", "text", right=False),
    Column("status", "status", "text", right=False), Column("source", "source", "text", right=False),
    Column("note", "", "text", right=False, only=DRAWN),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a therapy stands for a payer at a horizon (months); money is per person referred, undiscounted.

    spent: on the comparator's people, without the course. needed, taken: shares of it that would have to go, and that
    the evidence takes out; None where there are none, `needed_words` then says why. words, withheld, chance: those of
    the verdict; without draws there are none, and `saving` alone tells. price: the basis in use, "" where it has none.
    """

    population: str
    people: str
    strategy: str
    label: str
    perspective: str
    horizon_months: float
    as_studied: bool
    price: str
    course: float
    course_low: float | None
    course_high: float | None
    spent: float
    spent_low: float | None
    spent_high: float | None
    saving: float
    needed: float | None
    needed_words: str
    taken: float | None
    taken_low: float | None
    taken_high: float | None
    words: tuple[str, ...]
    withheld: str
    chance: float | None
    drawn: bool

    @property
    def name(self) -> str:
        """The therapy and the people."""
        return f"{self.label} ({self.people})"

    @property
    def verdict(self) -> str:
        """The word of the verdict, or why there is none."""
        if self.withheld:
            return f"no word: {self.withheld}"
        if not self.drawn:
            return BACK if self.saving >= -NOTHING else NOT_BACK
        return " or ".join(LEADS[word] for word in self.words)

    @property
    def taken_words(self) -> str:
        """The share that the evidence takes out, with its interval."""
        if self.taken is None:
            return NONE
        known = self.taken_low is not None and self.taken_high is not None
        span = f" ({percent(self.taken_low or 0.0, 2)} to {percent(self.taken_high or 0.0, 2)})" if known else ""
        return f"{percent(self.taken, 2)}{span}"


def place_of(result: Result, population: str, strategy: str, perspective: str, months: float) -> Place:
    """Where a strategy of a result stands. Raises InputError for names and horizons that there are not."""
    s, h, run, model = result.compared(strategy), result.at(months), result.headline, result.scenario.model
    course = known(result, lambda run: result.net_cost(run, h, s, perspective=perspective, category=THERAPY))
    net = known(result, lambda run: result.net_cost(run, h, s, perspective=perspective)).value
    every: Iterator[Any] = rows(result, run, h, s, perspective, _row)
    found: dict[str, tuple[Estimate, str]] = dict(row for channel, row in every if channel == ALL)
    said = verdict(replace(result, behind=None), perspective, months, strategy)  # its price is not asked for here
    (needed, why), (taken, _), (spent, _) = (found[one] for one in ("share_needed", "share_achieved", "purse"))
    paid = course.value > NOTHING and needed.value != NEVER
    title, _, people = model.title.partition(" for ")
    return Place(
        population=population, people=people or title, strategy=strategy, label=model.strategies[strategy].label,
        perspective=perspective, horizon_months=months, as_studied=months == model.follow_up.months,
        price=_basis(result.scenario, strategy),
        course=course.value, course_low=course.low, course_high=course.high,
        spent=spent.value, spent_low=spent.low, spent_high=spent.high, saving=-net,
        needed=needed.value if paid else None, needed_words=percent(needed.value, 2) if paid else why or NO_COURSE,
        taken=None if taken.value == NEVER else taken.value, taken_low=taken.low, taken_high=taken.high,
        words=said.words, withheld=said.withheld, chance=said.chance, drawn=result.draws > 0,
    )  # fmt: skip


def _row(outcome: str, estimate: Estimate, channel: str = ALL, unit: str = "", words: str = "") -> Any:
    return channel, (outcome, (estimate, words))


def places_of(result: Result, population: str, months: Iterable[float]) -> tuple[Place, ...]:
    """Every strategy of a result for every payer at each of these months."""
    asked = product(months, result.setting.perspectives, result.strategies[1:])
    return tuple(place_of(result, population, strategy, payer, at) for at, payer, strategy in asked)


def _basis(scenario: Scenario, strategy: str) -> str:
    """The basis on which a strategy's sessions are priced; "" where its price has none."""
    therapy = scenario.model.strategies[strategy].therapy
    record = None if therapy is None else scenario.parameters.get(str(therapy.price))
    return "" if record is None else record.use or ""


def fits(scenario: Scenario, months: float) -> bool:
    """Whether a scenario can be read at a month: within its horizon and at the end of a cycle."""
    cycle = cycle_months(scenario.model)
    return months <= scenario.model.horizon.months and abs(months / cycle - round(months / cycle)) < NOTHING


# Price bases


def bases(scenario: Scenario) -> dict[str, set[str]]:
    """Prices of sessions by parameter, with the bases that each may stand on."""
    prices = {str(one.therapy.price) for one in scenario.model.strategies.values() if one.therapy is not None}
    known = {name: scenario.parameters[name].one_of for name in sorted(prices) if name in scenario.parameters}
    return {name: set(one_of) for name, one_of in known.items() if one_of}


def offered(known: Iterable[Iterable[str]]) -> list[str]:
    """Price bases that more than one population has, by name. known: those of each population."""
    counts = Counter(name for names in known for name in set(names))
    return sorted(name for name, count in counts.items() if count >= FEW)


def priced(scenario: Scenario, price: str | None) -> Scenario:
    """The scenario with sessions on a basis, where it has that; else as it is. Raises InputError."""
    if price is None:
        return scenario
    changes = {f"parameters.{name}.use": price for name, known in bases(scenario).items() if price in known}
    return scenario.changed(changes) if changes else scenario


def check_price(price: str | None, scenarios: Iterable[Scenario]) -> None:
    """Raises InputError for a basis that none of the scenarios has."""
    if price is not None:
        every = sorted(set().union(*(known for one in scenarios for known in bases(one).values())))
        one_of("price", price, every, why="These are the bases of the prices of sessions.")


# The map


@dataclass(frozen=True)
class Published:
    """A trial or claim that has both figures, in the money of its own `prices`. spent: in the months of the map."""

    letter: str
    id: str
    label: str
    population: str
    course: float
    spent: float
    prices: str
    status: str
    source: str
    note: str

    @property
    def share(self) -> float:
        """The share of what is spent that a course costs."""
        return self.course / self.spent


def published(populations: Sequence[str], months: float, currency: Currency) -> list[Published]:
    """Trials and claims about some populations, what is spent a year as long as the map looks. Raises InputError."""
    found: list[Published] = []
    for row in read_table(shipped() / "data" / PUBLISHED).rows:
        cells = dict(row.cells)
        if cells["population"] in populations and cells["prices"].startswith(currency.code):
            course, spent = float(cells.pop("course")), float(cells.pop("spent_a_year")) * months / MONTHS_A_YEAR
            found.append(Published(chr(ord("A") + len(found)), course=course, spent=spent, **cells))
    return found


@dataclass(frozen=True, repr=False)
class Map(Paged):
    """Therapies on one map for one payer. months: None where each is read to its own follow-up. price: the basis asked
    for, None for each file's own. left_out: populations that are not on it, with the reason.
    """

    places: tuple[Place, ...]
    setting: SettingFile
    perspective: str
    months: float | None
    price: str | None
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each therapy, by its number on the map."""
        import pandas as pd

        found = []
        for number, one in enumerate(self.places, 1):
            words = {"name": one.name, "verdict": one.verdict, "words": " or ".join(one.words)}
            found.append({"number": number, **asdict(one), **words, "taken_words": one.taken_words})
        return pd.DataFrame(found)

    @property
    def payer(self) -> str:
        """Whose money, as a table names it."""
        return str(self.setting.name(self.perspective))

    @property
    def _within(self) -> str:
        return "within the time of its own evidence" if self.months is None else f"within {in_words(self.months)}"

    def sentences(self) -> Iterator[str]:
        """Which repay and which do not, then who stands where, then who is nearest."""
        told = [one for one in self.places if not one.withheld]
        payer, drawn = self.setting.payer(self.perspective), any(one.drawn for one in told)
        back = [one for one in told if one.verdict in (LEADS[WORDS[-1]], BACK)]
        if not told:
            yield f"No therapy here can be told to repay {payer} {self._within}."
        else:
            count = "None" if not back else "All" if 1 < len(back) == len(told) else f"{len(back)}"
            of = f"of {len(told)} therap{'y' if len(told) == 1 else 'ies'}"
            verb = "repays" if len(back) < 2 and count != "All" else "repay"
            likely = sum(one.words == ("likely",) for one in told)
            more = f"; {likely} {'is' if likely == 1 else 'are'} likely to" if likely else ""
            yield f"{count} {of} {verb} {payer} {self._within}{'' if drawn else ', at central values'}{more}."
        for words in dict.fromkeys(sorted((one.verdict for one in self.places), key=_rank)):
            yield f"{upper_first(words)}: {'; '.join(one.name for one in self.places if one.verdict == words)}."
        near = [one for one in told if one.needed is not None and one.taken is not None]
        if near:
            one = min(near, key=lambda one: one.needed or 0.0)
            yield (
                f"The smallest share would have to go for {one.name}: {one.needed_words}; "
                f"the evidence takes out {percent(one.taken or 0.0, 2)}."
            )

    def blocks(self) -> Iterator[Block]:
        """The sentences, the map, and both tables."""
        import pandas as pd

        first, *rest = self.sentences()
        yield Paragraph(first, strong=True)
        yield from map(Paragraph, rest)
        if not self.places:
            return
        yield Figure(self.figure, "map", HEIGHT)
        yield Table(self.frame, TABLE, name="map", currency=self.setting.currency)
        if beside := self.beside:
            shown = [asdict(one) | {"share": one.share} for one in beside]
            yield Table(pd.DataFrame(shown), BESIDE, name="published", currency=self.setting.currency)
        yield Notes("How to read it", tuple(self._notes()))

    def _notes(self) -> Iterator[str]:
        yield "A course repays where the evidence takes out the share that would have to go. Lines join equal shares."
        if self.beside:
            yield (
                "A trial or claim stands in its own prices, and its year counts as often as the map has years; "
                "its share holds in any price year if its spending stays as it was."
            )
        if self.price is not None:
            others = [one.name for one in self.places if one.price != self.price]
            kept = f" Without it, on their own basis: {'; '.join(others)}." if others else ""
            yield f"Sessions are priced on the basis {self.price.replace('_', ' ')}.{kept}"
        for name, why in self.left_out:
            yield f"Not on the map: {name}, {why}."

    @property
    def beside(self) -> list[Published]:
        """Trials and claims about these populations. Where each is read to its own follow-up, one a year long."""
        there = list(dict.fromkeys(one.population for one in self.places))
        if self.months is not None:
            return published(there, self.months, self.setting.currency)
        longest = {one.population: one.horizon_months for one in self.places}
        whole = published(there, MONTHS_A_YEAR, self.setting.currency)
        return [replace(one, spent=one.spent * longest[one.population] / MONTHS_A_YEAR) for one in whole]

    def page(self) -> Page:
        """The map by itself."""
        about = (f"{upper_first(self.payer)}, {self._within}, {self.setting.prices} a person, undiscounted",)
        data = {
            "schema": "costmodel/map/1", "perspective": self.perspective, "horizon_months": self.months,
            "price": self.price, "published": [asdict(one) for one in self.beside],
        }  # fmt: skip
        return Page(
            "Where does it pay?", tuple(self.blocks()), about, data=data, frame=self.frame,
            in_currency=self.setting.currency,
        )  # fmt: skip

    def figure(self) -> "Chart":
        """Points with their intervals on two axes that grow by factors, lines of equal shares, what was published."""
        from costmodel import drawing

        currency, beside = self.setting.currency, self.beside
        figure, there = drawing.empty(), [one for one in self.places if min(one.course, one.spent) > NOTHING]
        first = next(self.sentences())
        alt = " ".join((first, *map(self._told, self.places)))
        if not there:
            return drawing.chart(figure, first, alt, self.frame)
        xs = [one.course for one in there] + [one.course for one in beside]
        ys = [one.spent for one in there] + [one.spent for one in beside]
        (left, right), (low, high) = ((min(of) / ROOM, max(of) * ROOM) for of in (xs, ys))
        for share in SHARES:
            figure.add_scatter(
                x=[left, right], y=[left / share, right / share], mode="lines", hoverinfo="skip", showlegend=False,
                line={"color": drawing.GREY, "width": 1, "dash": "solid" if share == 1 else "dot"},
            )  # fmt: skip
            at = min(right, high * share)
            if at > left and at / share > low:
                figure.add_annotation(
                    x=math.log10(at), y=math.log10(at / share), text=f"<b>{percent(share)}</b>", showarrow=False,
                    xanchor="right", yanchor="top" if at == right else "bottom", font={"size": 12},
                )  # fmt: skip
        for word in dict.fromkeys(sorted((one.verdict for one in there), key=_rank)):
            some = [one for one in there if one.verdict == word]
            colour, symbol = _dress(word)
            figure.add_scatter(
                x=[one.course for one in some], y=[one.spent for one in some], mode="markers+text",
                text=[f"<b>{self._label(one)}</b>" for one in some], textposition="top right", textfont={"size": 13},
                name=upper_first(drawing.literal(word)), customdata=[[one.population, one.strategy] for one in some],
                marker={"color": colour, "symbol": symbol, "size": 12},
                error_x=_bars([(one.course_low, one.course, one.course_high) for one in some], colour),
                error_y=_bars([(one.spent_low, one.spent, one.spent_high) for one in some], colour),
                hovertext=[drawing.wrapped(self._told(one), 50) for one in some], hoverinfo="text",
            )  # fmt: skip
        if beside:
            figure.add_scatter(
                x=[one.course for one in beside], y=[one.spent for one in beside], mode="markers+text",
                text=[one.letter for one in beside], textposition="bottom right", textfont={"size": 13},
                name="Published, in its own prices",
                marker={"color": drawing.GREY, "symbol": "star-open", "size": 11}, hoverinfo="text",
                hovertext=[drawing.wrapped(f"{one.letter} {one.label} ({one.prices})", 50) for one in beside],
            )  # fmt: skip
        made = drawing.chart(figure, first, drawing.literal(alt), self.frame)
        figure.update_layout(
            height=HEIGHT, hovermode="closest", **_axis(currency, "xaxis", left, right, "A course costs"),
            **_axis(currency, "yaxis", low, high, "Spent on these people without it"),
        )  # fmt: skip
        return made

    def _label(self, one: Place) -> str:
        """The numbers of all that stand on one spot, at the first of them."""
        alike = [n for n, other in enumerate(self.places, 1) if math.isclose(other.course, one.course, rel_tol=NEAR)
                 and math.isclose(other.spent, one.spent, rel_tol=NEAR)]  # fmt: skip
        return ", ".join(map(str, alike)) if self.places[alike[0] - 1] == one else ""

    def _told(self, one: Place) -> str:
        """A point in words."""
        money = self.setting.currency.money
        chance = "" if one.chance is None else f" ({in_100(one.chance)})"
        need = f"{one.needed_words} would have to go" if one.needed is not None else one.needed_words
        sums = f"costs {money(one.course)}, {money(one.spent)} is spent"
        return f"{self.places.index(one) + 1} {one.name}: {sums}, {need}; {one.verdict}{chance}."


def _rank(words: str) -> int:
    """Where a verdict stands: what repays first, what has no word last."""
    first = words.split(" or ")[-1]
    order = [*(LEADS[word] for word in reversed(WORDS)), BACK, NOT_BACK]
    return order.index(first) if first in order else len(order)


def _dress(words: str) -> tuple[str, str]:
    """Colour and mark of a verdict; those of its last word where it has two."""
    from costmodel.drawing import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

    marks = ((GREEN, "circle"), (SKY, "diamond"), (ORANGE, "square"), (PURPLE, "triangle-up"), (VERMILION, "x"),
             (GREEN, "circle"), (VERMILION, "x"), (BLUE, "cross"))  # fmt: skip
    return marks[_rank(words)]


def _bars(ends: list[tuple[float | None, float, float | None]], colour: str) -> dict[str, Any]:
    """Whiskers of points; none where there are no intervals."""
    above = [0.0 if high is None else max(high - value, 0.0) for _, value, high in ends]
    below = [0.0 if low is None else max(value - max(low, value / 100), 0.0) for low, value, _ in ends]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "thickness": 1,
            "width": 3}  # fmt: skip


def _axis(currency: Currency, axis: str, low: float, high: float, title: str) -> dict[str, Any]:
    """An axis of money that grows by factors, with round sums."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    at = [step * 10.0**power for power in powers for step in STEPS if low <= step * 10.0**power <= high]
    span = [math.log10(low), math.log10(high)]
    return {
        axis: {"type": "log", "range": span, "tickvals": at, "ticktext": [currency.short(one) for one in at],
               "title": {"text": title}, "minor": {"ticks": ""}}
    }  # fmt: skip


def mapped(
    places: Iterable[Place], setting: SettingFile, perspective: str, months: float | None, price: str | None,
    left_out: Iterable[tuple[str, str]] = (),
) -> Map:  # fmt: skip
    """A map of the places of one payer and one time. Raises InputError for a perspective that the setting has not."""
    asked = setting.asked(perspective)
    kept = [one for one in places if one.perspective == asked]
    kept = [one for one in kept if (one.as_studied if months is None else one.horizon_months == months)]
    return Map(tuple(kept), setting, asked, months, price, tuple(left_out))
