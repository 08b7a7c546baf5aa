"""What is known of the value of knowing more, and its page: sentences, every line in a table, and bars."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from costmodel.analysis.psa.comparison import NORMAL95
from costmodel.errors import one_of
from costmodel.page import (
    LONGEST,
    SCREEN,
    SHEET,
    TEXT,
    Block,
    Column,
    Figure,
    Heading,
    Notes,
    Page,
    Paged,
    Paragraph,
    Table,
    cut,
    page_of,
    titled,
)
from costmodel.result.decision import net_benefits
from costmodel.result.information import Array, Worth
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import chance, lower_first

if TYPE_CHECKING:
    from costmodel.drawing import Chart

Kind = Literal["everything", "inputs", "structure", "group", "parameter"]

UNUSED = "not used by this scenario"
NAMED = 3
"""Inputs that are named in the sentences."""
SHOWN = 15
"""Bars at most."""
PENNY = 0.01
KINDS = {
    "everything": "Everything", "structure": "Structure", "inputs": "All inputs", "group": "Inputs together",
    "parameter": "Single input",
}  # fmt: skip
PARTS = {
    "What knowing is worth before deciding": ("everything", "structure", "inputs"),
    "Inputs together": ("group",), "Single inputs": ("parameter",),
}  # fmt: skip
BARS = {"structure": ("PURPLE", "x"), "inputs": ("SKY", "."), "group": ("ORANGE", "/"), "parameter": ("BLUE", "")}
"""Colour and pattern of the bars of a kind."""


@dataclass(frozen=True)
class Question:
    """A decision between strategies.

    kind: `nmb`, which strategy has the highest net monetary benefit, discounted; `cash`, whether to pay for a
    strategy at all if nothing but its net saving counts, undiscounted (the comparator saves 0).
    threshold: money per QALY; None where the question is cash. horizon: index of a horizon of the result.
    """

    kind: Literal["nmb", "cash"]
    perspective: str
    threshold: float | None
    horizon: int

    def net_benefits(self, result: Result) -> Array:
        """Money per person of every strategy more than the comparator's, (strategy, alternative, draw)."""
        (found,) = net_benefits(result, result.headline, self.horizon, self.perspective, [self.threshold])
        return found


@dataclass(frozen=True)
class Subject:
    """Something that might be known. members: parameters. words: what a reader should know about it."""

    kind: Kind
    name: str
    label: str
    members: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Population:
    """Who would decide alike: people a year, for how many years, discounted by year with the first year as 1."""

    people_a_year: float
    years: int
    rates: tuple[tuple[float, float], ...]
    """Discount rates, each with the year from which it holds."""
    people: float
    """Discounted number of people."""


@dataclass(frozen=True)
class Line:
    """What knowing a subject is worth, money per person."""

    subject: Subject
    worth: Worth


@dataclass(frozen=True, repr=False)
class ValueOfInformation(Paged):
    """Everything that is known about the value of knowing more.

    decided: the strategy that is best on average. chance_right: share of simulations in which it is the best one.
    lines: everything, structure and all inputs where there are alternatives, then groups and single inputs, each by
    falling value. draws: those that were looked at one by one. population: None where none was stated.
    """

    result: Result
    question: Question
    decided: str
    chance_right: float
    lines: tuple[Line, ...]
    draws: int
    population: Population | None
    warnings: tuple[str, ...]

    @property
    def everything(self) -> Line:
        """The value of perfect information."""
        return self.lines[0]

    def of(self, kind: str) -> list[Line]:
        """The lines of one kind: `everything`, `structure`, `inputs`, `group` or `parameter`."""
        one_of("kind", kind, get_args(Kind))
        return [line for line in self.lines if line.subject.kind == kind]

    def line(self, name: str) -> Line:
        """The line of a name: a group, a parameter, `everything`, `structure` or `inputs`.

        Raises InputError if there is none.
        """
        lines = {line.subject.name: line for line in reversed(self.lines)}
        return lines[one_of("line", name, lines)]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each subject: money per person, and for the population where one was stated."""
        whole, people = self.everything.worth.value, self.population.people if self.population else None
        rows = [
            {
                "kind": line.subject.kind, "name": line.subject.name, "label": line.subject.label,
                "members": list(line.subject.members), "value": line.worth.value, "standard_error": line.worth.error,
                "share": line.worth.value / whole if whole else None,
                "population_value": None if people is None else line.worth.value * people,
                "population_standard_error": None if people is None else line.worth.error * people,
                "unit": self.result.setting.currency.code, "price_year": self.result.setting.price_year,
                **self._asked, "draws": self.draws, "words": line.subject.words,
            }
            for line in self.lines
        ]  # fmt: skip
        return pd.DataFrame(rows).astype(object)

    @property
    def _asked(self) -> dict[str, Any]:
        """The question, for a program."""
        question = self.question
        return {
            "question": question.kind, "perspective": question.perspective, "threshold": question.threshold,
            "discounted": question.threshold is not None, "horizon_months": self.result.horizons[question.horizon],
        }  # fmt: skip

    @property
    def asked(self) -> str:
        """Which question was asked: payer, time, and how net benefit is counted."""
        setting, threshold = self.result.setting, self.question.threshold
        where = f"{setting.name(self.question.perspective)}, over {self._end}"
        if threshold is None:
            return f"Whether it pays for itself: {where}, net saving undiscounted, {setting.prices} per person"
        at = f"net benefit at {setting.currency.money(threshold, exact=True)} per QALY, discounted"
        return f"Which strategy is best: {where}, {at}, {setting.prices} per person"

    @property
    def _end(self) -> str:
        return in_words(self.result.horizons[self.question.horizon])

    def _worth(self, line: Line, people: float = 1.0) -> str:
        money = self.result.setting.currency.money
        return f"{money(line.worth.value * people)} ± {money(line.worth.error * people)}"

    def _sentences(self) -> Iterator[Paragraph]:
        decided = self.result.scenario.model.strategies[self.decided].label
        right, population = chance(self.chance_right), self.population
        yield Paragraph(f"Decided on averages: {decided}. It is the best choice in {right} simulations.")
        if self.everything.worth.value == 0:
            text = "No knowledge is worth anything here: it would not change the decision in any simulation."
            yield Paragraph(text, strong=True)
        else:
            yield Paragraph(
                f"Perfect knowledge of everything is worth {self._worth(self.everything)} a person: what is lost "
                "on average by deciding today. ± is the standard error, from the number of simulations.", strong=True,
            )  # fmt: skip
            ranked = [line for line in self.of("parameter") if line.worth.value > line.worth.error]
            best = "; ".join(f"{lower_first(line.subject.label)}, {self._worth(line)}" for line in ranked[:NAMED])
            none = "No single input, known alone, is worth more than its standard error."
            yield Paragraph(f"Of single inputs, most is gained by knowing: {best}." if best else none)
            for line in self.of("structure"):
                worth = self._worth(line)
                yield Paragraph(f"Knowing which structure is true ({line.subject.words}) is worth {worth}.")
        if population is None:
            yield Paragraph("For how many people one decides was not stated, so that values are per person only.")
            return
        rates = ", then ".join(f"{rate * 100:.3g}%" for _, rate in population.rates)
        yield Paragraph(
            f"For {population.people_a_year:,.10g} people a year over {population.years} "
            f"year{'s' * (population.years > 1)}, {population.people:,.0f} of them after discounting at "
            f"{rates} a year, everything is worth {self._worth(self.everything, population.people)}."
        )

    def __repr__(self) -> str:
        """What was asked and what everything is worth, without the page."""
        strong = (one.text for one in self._sentences() if one.strong)
        return cut("\n".join((titled(self.result.scenario), f"{self.asked}.", *strong)), LONGEST)

    def page(self) -> Page:
        """The answer in sentences, what each subject is worth, and those that are worth nothing."""
        rows, symbol = self.frame, self.result.setting.currency.symbol
        rows["kind_words"], rows["inputs"] = rows["kind"].map(KINDS), [len(names) or None for names in rows["members"]]
        single, worthy = rows["kind"] == "parameter", self.everything.worth.value > 0
        unused, little = single & (rows["words"] == UNUSED), single & (rows["value"] < PENNY)
        people = (Column("population_value", f"{symbol} for the population", "money"),) if self.population else ()
        columns = (
            Column("label", "What might be known", "text"), Column("kind_words", "Kind", only=(SCREEN, SHEET)),
            Column("name", "Id", only=(SHEET,), width=30), Column("inputs", "Inputs", "count", only=(SHEET,), width=9),
            Column("value", f"Worth, {symbol} a person", "money"), Column("standard_error", "Standard error", "money"),
            Column("share", "Share of everything", "share"), *people,
            Column("words", "To know", only=(SHEET,), width=50),
        )  # fmt: skip
        name = f"value_of_information_{self.question.kind}"
        in_text: list[Block] = []
        for title, kinds in PARTS.items():
            part = rows[rows["kind"].isin(kinds) & ~little]
            in_text += [Heading(title, (TEXT,)), Table(part, columns, name=name, only=(TEXT,))] if len(part) else []
        blocks = (
            *self._sentences(),
            *([Figure(self.figure, name)] if worthy else ()),
            *in_text,
            Table(rows, columns, name=name, only=(SCREEN, SHEET) if worthy else (SHEET,)),
            Notes("Worth less than a penny a person", tuple(rows["name"][little & ~unused]), True, (TEXT,)),
            Notes("Not used by this scenario", tuple(rows["name"][unused]), True, (TEXT,)),
        )
        return page_of(self.result, blocks, (f"{self.asked}.",), self._data(), self.frame, self.warnings)

    def _data(self) -> dict[str, Any]:
        result, population = self.result, self.population
        stated = None if population is None else {
            "people_a_year": population.people_a_year, "years": population.years,
            "discount_rate": population.rates[0][1] if len(population.rates) == 1 else dict(population.rates),
            "discounted_people": population.people,
        }  # fmt: skip
        asked = {name: value for name, value in self._asked.items() if name != "discounted"}
        settings = {"setting": result.setting.title, "price_year": result.setting.price_year} | asked | {
            "population": stated, "draws": result.draws, "draws_regressed": self.draws, "seed": result.seed,
        }  # fmt: skip
        decided = {"decided": self.decided, "chance_right": self.chance_right}
        return {"schema": "costmodel/voi/1", "settings": settings, **decided}

    def figure(self) -> "Chart":
        """Bars from the largest value down, with 95% intervals, and a line at what everything is worth."""
        from costmodel import drawing

        currency, whole = self.result.setting.currency, self.everything.worth.value
        parts = [line for line in self.lines[1:] if line.worth.value > 0]
        shown = sorted(parts, key=lambda line: -line.worth.value)[:SHOWN]
        figure = drawing.empty()
        for kind, (colour, pattern) in BARS.items():
            if not (these := [line for line in shown if line.subject.kind == kind]):
                continue
            worth = [line.worth.value for line in these]
            above = [NORMAL95 * line.worth.error for line in these]
            below = list(map(min, above, worth))
            figure.add_bar(
                x=worth, y=[line.subject.name for line in these], orientation="h", name=KINDS[kind],
                marker={
                    "color": getattr(drawing, colour),
                    "pattern": {"shape": pattern, "fgcolor": "white", "fillmode": "overlay"},
                },
                error_x={
                    "type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": drawing.GREY,
                },
                customdata=[currency.money(value) for value in worth], hovertemplate="%{customdata}",
            )  # fmt: skip
        drawing.zero_line(figure, vertical=True)
        if whole > 0:
            figure.add_vline(whole, line_width=1, line_dash="dash", line_color=drawing.GREY)
            figure.add_annotation(
                x=whole, y=1.0, yref="paper", yanchor="bottom", text="everything", showarrow=False,
                font={"size": 11, "color": drawing.GREY},
            )  # fmt: skip
        widest = max(line.worth.value + NORMAL95 * line.worth.error for line in self.lines)
        across = drawing.wrapped("Worth of knowing, per person (95% interval)", drawing.UNDER)
        axis = drawing.money_axis(currency, "xaxis", 0.0, widest)
        figure.update_layout(barmode="overlay", xaxis_title=across, **axis)
        labels = [drawing.wrapped(line.subject.label, drawing.LABEL) for line in shown]
        drawing.rows(figure, [line.subject.name for line in shown], labels)
        title = self._title(shown)
        alt = f"Bars of what knowing inputs, alone and together, is worth per person, with intervals. {title}"
        finished = drawing.chart(figure, title, alt)
        figure.update_layout(hovermode="closest")
        return finished

    def _title(self, shown: list[Line]) -> str:
        """The takeaway: what everything is worth, and which single input most."""
        money, whole = self.result.setting.currency.money, self.everything.worth.value
        who = self.result.setting.payer(self.question.perspective)
        if whole == 0:
            return f"For {who} over {self._end}, nothing that could be learnt would change the decision."
        text = f"For {who} over {self._end}, knowing everything is worth {money(whole)} a person"
        singles = [line for line in shown if line.subject.kind == "parameter"]
        if not singles:
            return f"{text}; no single input is worth anything alone."
        return f"{text}; “{singles[0].subject.label}” alone {money(singles[0].worth.value)}."
