"""Inputs moved: each alone through its own uncertainty (the tornado), or two at once (the grid)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from costmodel.analysis.sensitivity.inputs import (
    RANGE,
    Input,
    inputs,
    named_on,
    only_the_bill,
    origin,
    quoted,
    tried,
    two,
    values_of,
)
from costmodel.analysis.sensitivity.question import (
    OUTCOMES,
    Change,
    Finding,
    Question,
    ask,
    asked,
    batch,
    prices,
    said,
    subject,
)
from costmodel.content import by_content
from costmodel.errors import InputError
from costmodel.model.draws import Array
from costmodel.page import SCREEN, SHEET, TEXT, Column, Drawn, Figure, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.build import Scenario
from costmodel.words import amount, pair

if TYPE_CHECKING:
    from costmodel.drawing import Chart

MOST, MOST_DRAWN, MOST_IN_A_SHEET = 20, 15, 12
"""Bars that are printed, drawn, and drawn in a worksheet; the tables for programs have all."""
CELLS = 26
"""Characters of a printed bar."""
LOW, HIGH, CENTRAL = "L", "H", "│"
ABOUT = (
    Column("label", "Input", "text", only=(SCREEN, SHEET)), Column("input", "Id", only=(SHEET,), width=30),
    Column("unit", "Unit", only=(SHEET,), width=22), Column("central", "Value in use", "rounded", only=(SHEET,)),
)  # fmt: skip
ENDS = (
    Column("low", "Low value tried", "rounded", "low_words", (SCREEN, SHEET)),
    Column("high", "High value tried", "rounded", "high_words", (SCREEN, SHEET)),
)
BARS = (
    Column("marked", "input", only=(TEXT,)), *ABOUT, ENDS[0], Column("span", "low to high", only=(TEXT,)),
    Column("outcome_at_low", "Outcome at low value", "money", "low_outcome"), ENDS[1],
    Column("outcome_at_high", "Outcome at high value", "money", "high_outcome"),
    Column("largest", "Largest at", only=(SHEET,)), Column("width", "Width of the bar", "money", "no_width", (SHEET,)),
    Column("change_at_low", "Change at low value", "money", only=(SHEET,)),
    Column("change_at_high", "Change at high value", "money", only=(SHEET,)),
    Column("least", "Least outcome on the way", "money", only=(SHEET,)),
    Column("most", "Most outcome on the way", "money", only=(SHEET,)),
    Column("origin", "Where the two values come from", only=(SCREEN, SHEET), width=46),
    Column("to_know", "To know", only=(SCREEN, SHEET), width=60), Column("drawn", "", only=(TEXT,), right=False),
)  # fmt: skip
FRAME = (
    "input", "label", "unit", "central", "low", "high", "from", "widened", "fitted_together", "kind", "outcome_at_low",
    "outcome_at_high", "words_at_low", "words_at_high", "least", "most", "width", "monotone", "note",
)  # fmt: skip
"""Columns of the tidy table; other columns of a row say the same in words."""
MOST_CELLS = 250_000
"""Pairs of values of a grid."""
SMALLEST = 1e-9
"""Movement of an outcome, as a share of its size or of 1, that is no rounding."""


@dataclass(frozen=True)
class Bar:
    """One input and the outcome over the values at which it was tried.

    at_low, at_high: the outcome at the input's low and high value. least, most: the smallest and largest number
    among all outcomes that were read, None where none is a number. width: infinite where some outcomes are words
    and others are not, or the words differ. monotone: whether the outcome only rises or only falls on the way.
    refused: why the model did not allow some of the values.
    """

    input: Input
    at_low: Finding
    at_high: Finding
    least: float | None
    most: float | None
    width: float
    monotone: bool
    refused: str = ""

    @property
    def higher_is_more(self) -> bool | None:
        """Whether the outcome is larger at the high value than at the low one; None where an end is words."""
        if self.at_low.value is None or self.at_high.value is None:
            return None
        return self.at_high.value > self.at_low.value


@dataclass(frozen=True)
class LeftOut:
    """An input that could not be tried, and why."""

    input: Input
    why: str


@by_content
@dataclass(frozen=True, repr=False)
class Tornado(Paged):
    """Bars from the widest to the narrowest, inputs that change nothing here, and those that could not be tried."""

    question: Question
    central: Finding
    bars: tuple[Bar, ...]
    inert: tuple[Input, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each input: `kind` is bar, inert or left out."""
        rows = [self._row(bar) for bar in self.bars]
        rows += [_row(one, "inert", "changes nothing here") for one in self.inert]
        rows += [_row(one.input, "left out", one.why) for one in self.left_out]
        return pd.DataFrame(rows).reindex(columns=FRAME)

    @property
    def takeaway(self) -> str:
        """What moves the outcome most, in a sentence."""
        question, central = self.question, said(self.central, self.question)
        name = OUTCOMES[question.outcome]
        if not self.bars:
            return f"No input, moved alone within its uncertainty, changes the {name}: {central}."
        bar = self.bars[0]
        spread, unit = bar.input.spread, bar.input.unit
        ends = (
            f"{said(bar.at_low, question)} at {amount(spread.low, unit)}, "
            f"{said(bar.at_high, question)} at {amount(spread.high, unit)}"
        )
        return f"{quoted(bar.input)} moves the {name} most: {ends}; {central} in the deterministic run."

    def page(self) -> Page:
        """The takeaway, the bars, what a reader must know of the inputs, and those that are no bars."""
        central = said(self.central, self.question)
        inert = f"{len(self.inert)} inputs change nothing here"
        chart = Drawn(
            "bar", "input", (("change_at_low", "at the low value"), ("change_at_high", "at the high value")),
            "Change in net saving per person when one input moves alone",
            f"Change from {central} in the deterministic run", most=MOST_IN_A_SHEET,
        )  # fmt: skip
        idle = pd.DataFrame([_row(one, "inert") for one in self.inert])
        untried = pd.DataFrame([_row(one.input, "left out", one.why) for one in self.left_out])
        blocks = (
            Paragraph(self.takeaway, strong=True),
            Figure(self.figure, "tornado", drawn=chart),
            Heading("Each input moved alone; L: at its low value, H: at its high value, │: deterministic run", (TEXT,)),
            Table(pd.DataFrame([self._row(bar) for bar in self.bars]), BARS, MOST, "tornado"),
            Paragraph("Each input alone, over its own uncertainty, at central values of the others."),
            Notes("What to know", tuple(self._notes())),
            *(named_on(inert, self.inert) if self.inert else ()),
            Notes("Not tried", tuple(f"{one.input.name}: {one.why}" for one in self.left_out), only=(TEXT, SCREEN)),
            Heading(f"Inputs that change nothing here: {len(self.inert)}", (SHEET,)),
            Table(idle, (*ABOUT, *ENDS), only=(SHEET,)),
            Heading(f"Inputs that could not be tried: {len(self.left_out)}", (SHEET,)),
            Table(untried, (*ABOUT, Column("note", "Why it was not tried")), only=(SHEET,)),
        )
        about = (f"{subject(self.question)}: {self.question.words}", f"{prices(self.question)}; {central} in the "
                 "deterministic run")  # fmt: skip
        shown = {"value": self.central.value, "words": self.central.words}
        return asked(self.question, "costmodel/tornado/1", blocks, about, self.frame, central=shown)

    def _notes(self) -> list[str]:
        bars, found = self.bars, []
        if guessed := [bar.input.name for bar in bars if bar.input.spread.why.startswith("no range")]:
            found.append(f"no range is declared for {', '.join(guessed)}: moved by 20% of themselves, or from 0 to 0.2")
        if numbers := [bar.input.name for bar in bars if bar.input.name in guessed and _may_be_constant(bar)]:
            found.append(
                f"declare constant: true where a number is no assumption, and it is not moved: {', '.join(numbers)}"
            )
        if fitted := [bar.input.name for bar in bars if bar.input.fitted]:
            found.append(f"fitted together, and moved one at a time here while the others stay: {', '.join(fitted)}")
        if turned := [bar.input.name for bar in bars if not bar.monotone]:
            found.append(f"not monotone (the outcome turns between the ends): {', '.join(turned)}")
        found += only_the_bill(bar.input for bar in bars)
        return found + [f"{bar.input.name}: {bar.refused}" for bar in bars if bar.refused]

    def _row(self, bar: Bar) -> dict[str, Any]:
        """A bar in numbers and in words."""
        low, high, unit = bar.input.spread.low, bar.input.spread.high, bar.input.unit
        row = _row(bar.input, "bar", bar.refused)
        for side, end in (("low", bar.at_low), ("high", bar.at_high)):
            change = None if end.value is None or self.central.value is None else end.value - self.central.value
            row |= {f"outcome_at_{side}": end.value, f"words_at_{side}": end.words, f"change_at_{side}": change}
            row[f"{side}_outcome"] = said(end, self.question)
        turns = "" if bar.monotone else "not monotone: the outcome turns between the two values"
        return row | {
            "least": bar.least, "most": bar.most, "width": bar.width if math.isfinite(bar.width) else None,
            "monotone": bar.monotone, "no_width": "words at an end", "largest": _largest(bar),
            "marked": bar.input.name + ("*" if bar.input.fitted else "") + ("" if bar.monotone else " ~"),
            "span": f"{amount(low, unit)} to {amount(high, unit)}", "pair": pair(low, high, unit),
            "to_know": "; ".join(filter(None, (turns, bar.refused))), "drawn": self._drawn(bar),
        }  # fmt: skip

    def _drawn(self, bar: Bar) -> str:
        """A bar in characters on the scale of all bars; blank where an end is words."""
        finite = [one for one in self.bars if math.isfinite(one.width)]
        numbers = [end for one in finite for end in (one.least, one.most) if end is not None]
        if not math.isfinite(bar.width) or bar.least is None or bar.most is None or self.central.value is None:
            return ""
        low, high = min(numbers), max(numbers)
        if high == low:
            return CENTRAL

        def at(value: float) -> int:
            return round((value - low) / (high - low) * (CELLS - 1))

        cells = [" "] * CELLS
        for i in range(at(bar.least), at(bar.most) + 1):
            cells[i] = "─"
        cells[at(self.central.value)] = CENTRAL
        for end, mark in ((bar.at_low, LOW), (bar.at_high, HIGH)):
            if end.value is not None and at(end.value) != at(self.central.value):
                cells[at(end.value)] = mark
        return "".join(cells).rstrip()

    def figure(self) -> "Chart":
        """The widest bars around the deterministic run, with letters at both ends; none with an end in words."""
        from costmodel import drawing

        central = self.central.value
        drawn = [row for row in map(self._row, self.bars) if row["width"] is not None and central is not None]
        drawn = drawn[:MOST_DRAWN]
        names, figure = [row["input"] for row in drawn], drawing.empty()
        dress = (("low", LOW, drawing.ORANGE, ""), ("high", HIGH, drawing.BLUE, "/"))
        for side, letter, colour, pattern in dress if drawn else ():
            words = [f"{row[f'{side}_words']}: {row[f'{side}_outcome']}" for row in drawn]
            figure.add_bar(
                y=names, x=[row[f"change_at_{side}"] or 0.0 for row in drawn], base=central, orientation="h",
                name=f"{side.capitalize()} value of the input ({letter})", text=[letter] * len(names),
                marker={"color": colour, "pattern": {"shape": pattern}}, textposition="outside", cliponaxis=False,
                customdata=[drawing.literal(word) for word in words], hovertemplate="%{customdata}",
            )  # fmt: skip
        if drawn:
            low, high = min(row["least"] for row in drawn), max(row["most"] for row in drawn)
            currency = self.question.scenario.setting.currency
            money = drawing.money_axis(currency, "xaxis", low, high, from_zero=False)
            figure.add_vline(central, line_width=1.5, line_color=drawing.GREY)
            figure.update_layout(barmode="overlay", **(money if self.question.in_money else {}))
            labels = [
                f"{drawing.wrapped(row['label'], drawing.LABEL)}<br>{drawing.literal(row['pair'])}" for row in drawn
            ]
            drawing.rows(figure, names, labels)
            room = drawing.ROOM * (high - low)
            figure.update_xaxes(range=[low - room, high + room])
        listed = "; ".join(f"{row['label']}: {row['low_outcome']} to {row['high_outcome']}" for row in drawn[:3])
        alt = f"Tornado of {len(drawn)} inputs, the widest first. {self.takeaway} {listed}"
        made = drawing.chart(figure, self.takeaway, alt)
        figure.update_layout(hovermode="closest")
        axis = f"{self.question.words}, per person referred"
        figure.update_xaxes(title_text=drawing.wrapped(axis, drawing.UNDER))
        return made


def _may_be_constant(bar: Bar) -> bool:
    return bar.input.unit.kind == "multiplier" and bar.input.central == round(bar.input.central)


def _largest(bar: Bar) -> str:
    """Which end is which."""
    if bar.higher_is_more is None:
        return "–"
    if bar.at_low.value == bar.at_high.value:
        return "neither end"
    return "high value" if bar.higher_is_more else "low value"


def _row(one: Input, kind: str, note: str = "") -> dict[str, Any]:
    """An input in numbers and in words."""
    spread = one.spread
    return {
        "input": one.name, "label": one.label, "unit": one.unit.text, "central": one.central, "low": spread.low,
        "high": spread.high, "from": spread.why, "widened": spread.widened, "fitted_together": one.fitted, "kind": kind,
        "note": note, "origin": origin(one), "low_words": amount(spread.low, one.unit),
        "high_words": amount(spread.high, one.unit),
    }  # fmt: skip


def tornado(
    scenario: Scenario, outcome: str = "net_saving", perspective: str | None = None, horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Tornado:  # fmt: skip
    """Move every input alone, deterministically, through the values at which it is uncertain.

    outcome: net_saving, payback, cost_per_qaly, nmb or offset_ratio. horizon: months, the follow-up by default.
    A number that was fitted together with others is moved alone too: the others stay. Raises InputError for names
    and horizons that there are not.
    """
    return tornado_of(ask(scenario, outcome, perspective, horizon, strategy, discounted))


def tornado_of(question: Question) -> Tornado:
    """The same of a question, whatever horizon its run has."""
    everything = inputs(question.scenario)
    changes: list[Change] = [{}]
    for one in everything:
        changes += [{one.name: value} for value in tried(one)]
    found = batch(question, changes)
    central = question.finding(found.figures[:, 0])
    bars, inert, left_out = [], [], []
    row = 1
    for one in everything:
        part = slice(row, row + len(tried(one)))
        row = part.stop
        moved = _moves(found.figures[:, part], found.figures[:, :1])
        reasons = [reason for reason in found.refused[part] if reason]
        if one.spread.low == one.spread.high and one.spread.why == RANGE:
            bars.append(Bar(one, central, central, central.value, central.value, 0.0, True))
        elif one.spread.low == one.spread.high:
            (left_out.append(LeftOut(one, one.spread.why)) if moved else inert.append(one))
        elif all(reason or _near(value, one) for value, reason in zip(tried(one), found.refused[part], strict=True)):
            left_out.append(LeftOut(one, reasons[0]))
        elif not moved and not reasons:
            inert.append(one)
        else:
            bars.append(_bar(question, one, central, found.figures[:, part], reasons))
    bars.sort(key=lambda bar: -bar.width)
    return Tornado(question, central, tuple(bars), tuple(inert), tuple(left_out))


def _near(value: float, one: Input) -> bool:
    """Whether a value is the one in use, to rounding."""
    return abs(value - one.central) <= SMALLEST * max(abs(one.central), 1.0)


def _moves(figures: Array, central: Array) -> bool:
    """Whether any figure differs from the central one by more than rounding."""
    with np.errstate(invalid="ignore"):
        far = np.abs(figures - central) > SMALLEST * np.maximum(np.abs(central), 1.0)
    return bool((far | (np.isinf(figures) != np.isinf(central))).any())


def _bar(question: Question, one: Input, central: Finding, figures: Array, reasons: list[str]) -> Bar:
    found = [
        Finding(None, "the model does not allow this value") if np.isnan(column).any() else question.finding(column)
        for column in figures.T
    ]
    allowed = [finding for finding, column in zip(found, figures.T, strict=True) if not np.isnan(column).any()]
    kinds = {None if finding.value is not None else finding.words for finding in (central, *allowed)}
    numbers = [finding.value for finding in (central, *allowed) if finding.value is not None]
    width = np.inf if len(kinds) > 1 else max(numbers) - min(numbers) if numbers else 0.0
    along = sorted(zip([one.central, *tried(one)], [central, *found], strict=True), key=lambda place: place[0])
    steps = np.diff([finding.value for _, finding in along if finding.value is not None])
    slack = SMALLEST * max([1.0, *map(abs, numbers)])
    monotone = bool(np.all(steps >= -slack) or np.all(steps <= slack))
    why = f"the model does not allow all of these values: {reasons[0]}" if reasons else ""
    least, most = (min(numbers), max(numbers)) if numbers else (None, None)
    return Bar(one, found[0], found[-1], least, most, float(width), monotone, why)


@by_content
@dataclass(frozen=True, repr=False)
class Grid(Paged):
    """An outcome over two inputs. findings: by value of the first, then of the second."""

    question: Question
    first: Input
    second: Input
    first_values: tuple[float, ...]
    second_values: tuple[float, ...]
    findings: tuple[tuple[Finding, ...], ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each pair of values."""
        return pd.DataFrame(
            {self.first.name: x, self.second.name: y, "value": found.value, "words": found.words}
            for x, row in zip(self.first_values, self.findings, strict=True)
            for y, found in zip(self.second_values, row, strict=True)
        )

    def page(self) -> Page:
        """The outcome with the first input down and the second across."""
        question, first, second = self.question, self.first, self.second
        rows = [
            {"at": value, "at_words": amount(value, first.unit)}
            | {f"value_{i}": found.value for i, found in enumerate(row)}
            | {f"words_{i}": said(found, question) for i, found in enumerate(row)}
            for value, row in zip(self.first_values, self.findings, strict=True)
        ]
        style = "money" if question.outcome in ("net_saving", "nmb") else "rounded"
        across = (
            Column(f"value_{i}", amount(value, second.unit), style, f"words_{i}")
            for i, value in enumerate(self.second_values)
        )  # fmt: skip
        blocks = (
            Paragraph(f"Down: {first.label} ({first.name}). Across: {second.label} ({second.name})."),
            Table(pd.DataFrame(rows), (Column("at", first.name, "rounded", "at_words"), *across), name="grid"),
            Notes("What to know", tuple(only_the_bill((first, second)))),
        )
        about = (f"{subject(question)}: {question.words}", prices(question))
        names = {"first": first.name, "second": second.name}
        return asked(question, "costmodel/grid/1", blocks, about, self.frame, **names)


def grid(
    scenario: Scenario, first: str, second: str, first_values: Sequence[float] | None = None,
    second_values: Sequence[float] | None = None, outcome: str = "net_saving", perspective: str | None = None,
    horizon: float | None = None, strategy: str | None = None, discounted: bool = False,
) -> Grid:  # fmt: skip
    """The outcome at every pair of values; by default from the low to the high value of each input's uncertainty.

    Values are in the setting's price year. Raises InputError for names that there are not and for values that
    the unit does not allow; a pair that the model refuses says so in its cell.
    """
    question = ask(scenario, outcome, perspective, horizon, strategy, discounted)
    one, other = two(scenario, first, second)
    xs, ys = values_of(one, first_values), values_of(other, second_values)
    if len(xs) * len(ys) > MOST_CELLS:
        raise InputError.at("grid", f"{len(xs) * len(ys):,} cells are too many", f"At most {MOST_CELLS:,}.")
    found = batch(question, [{one.name: x, other.name: y} for x in xs for y in ys])
    cells = [
        Finding(None, f"not allowed: {reason}") if reason else question.finding(column)
        for column, reason in zip(found.figures.T, found.refused, strict=True)
    ]
    rows = tuple(tuple(cells[i * len(ys) : (i + 1) * len(ys)]) for i in range(len(xs)))
    return Grid(question, one, other, xs, ys, rows)
