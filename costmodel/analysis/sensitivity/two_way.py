"""Two inputs at once: an outcome over the values of both, and the break-even frontier between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from costmodel.analysis.sensitivity.batch import batch
from costmodel.analysis.sensitivity.break_even import BreakEven, Sought, outcome_at, side, sought
from costmodel.analysis.sensitivity.inputs import Input, named, only_the_bill
from costmodel.analysis.sensitivity.question import Finding, Question, ask, asked, prices, said, subject, target
from costmodel.analysis.sensitivity.search import Which, search
from costmodel.content import by_content
from costmodel.errors import InputError, listed, number
from costmodel.model.draws import Array
from costmodel.page import Column, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.build import Scenario
from costmodel.units import out_of_support
from costmodel.words import amount, upper_first

if TYPE_CHECKING:
    import pandas as pd

STEPS = 11
"""Values of each input where they are not named."""
MOST_CELLS = 250_000


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
    def frame(self) -> "pd.DataFrame":
        """One row for each pair of values."""
        import pandas as pd

        return pd.DataFrame(
            {self.first.name: x, self.second.name: y, "value": found.value, "words": found.words}
            for x, row in zip(self.first_values, self.findings, strict=True)
            for y, found in zip(self.second_values, row, strict=True)
        )

    def page(self) -> Page:
        """The outcome with the first input down and the second across."""
        import pandas as pd

        question, first, second = self.question, self.first, self.second
        rows = [
            {"at": value, "at_words": amount(value, first.unit)}
            | {f"value_{i}": found.value for i, found in enumerate(row)}
            | {f"words_{i}": said(found, question) for i, found in enumerate(row)}
            for value, row in zip(self.first_values, self.findings, strict=True)
        ]
        across = (
            Column(f"value_{i}", amount(value, second.unit), "money" if question.unit == "GBP" else "rounded",
                   f"words_{i}")
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
    second_values: Sequence[float] | None = None, outcome: str = "net_saving", perspective: str = "nhs_pss",
    horizon: float | None = None, strategy: str | None = None, discounted: bool = False,
) -> Grid:  # fmt: skip
    """The outcome at every pair of values; by default from the low to the high value of each input's uncertainty.

    Values are in the setting's price year. Raises InputError for names that there are not and for values that
    the unit does not allow; a pair that the model refuses says so in its cell.
    """
    question = ask(scenario, outcome, perspective, horizon, strategy, discounted)
    one, other = pair(scenario, first, second)
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


def pair(scenario: Scenario, first: str, second: str) -> tuple[Input, Input]:
    """Two different inputs by name. Raises InputError otherwise."""
    one, other = named(scenario, first), named(scenario, second)
    if one.name == other.name:
        raise InputError.at(f"{first} and {second}", "these are one input", "Name two different ones.")
    return one, other


def values_of(one: Input, given: Sequence[float] | None) -> tuple[float, ...]:
    """Values of an input that its unit allows; by default from the low to the high end of its uncertainty."""
    if given is None:
        if one.spread.low == one.spread.high:
            raise InputError.at(one.name, one.spread.why, "Name the values at which it is to be tried.")
        return tuple(float(x) for x in np.linspace(one.spread.low, one.spread.high, STEPS))
    values = tuple(number(one.name, x, wrong="not a value of it") for x in listed(one.name, given))
    if not values:
        raise InputError.at(one.name, "no values are named", "Name at least one.")
    for value in values:
        if fault := out_of_support(one.unit, value):
            raise InputError.at(one.name, fault)
    return values


@by_content
@dataclass(frozen=True, repr=False)
class Frontier(Paged):
    """What was found for the second input at each value of the first."""

    target: Sought
    first: Input
    second: Input
    values: tuple[float, ...]
    found: tuple[BreakEven, ...]

    @property
    def frame(self) -> "pd.DataFrame":
        """One row for each root, and one for each value of the first that has none."""
        import pandas as pd

        rows = []
        for value, one in zip(self.values, self.found, strict=True):
            roots = [
                {self.second.name: root.value, "met_above": root.met_above, "percentile": root.percentile,
                 "place": root.place, "residual": root.residual}
                for root in one.roots
            ]  # fmt: skip
            base = {self.first.name: value, "words": one.words}
            rows += [base | more for more in roots or [{self.second.name: None}]]
        return pd.DataFrame(rows)

    def page(self) -> Page:
        """What the second input has to be at each value of the first."""
        import pandas as pd

        question, first, second = self.target.question, self.first, self.second
        rows: list[dict[str, object]] = []
        for value, one in zip(self.values, self.found, strict=True):
            at = {"first": value, "first_words": amount(value, first.unit)}
            rows += [
                at | {"second": root.value, "second_words": amount(root.value, second.unit, 4), "met": side(root),
                      "place": root.place}
                for root in one.roots
            ] or [at | {"second": None, "second_words": "none", "met": "", "place": one.words}]  # fmt: skip
        columns = (
            Column("first", first.name, "rounded", "first_words"),
            Column("second", second.name, "rounded", "second_words"),
            Column("met", "met", right=False), Column("place", "where that lies", right=False),
        )  # fmt: skip
        takeaway = f"{upper_first(self.target.words)}: {second.label} needed at each value of {first.label}"
        blocks = (
            Paragraph(takeaway, strong=True),
            Table(pd.DataFrame(rows), columns, name="frontier"),
            Notes("What to know", tuple(only_the_bill((first, second)))),
        )
        more = {"target": sought(self.target), "first": first.name, "second": second.name}
        about = (subject(question), prices(question))
        return asked(question, "costmodel/break-even/1", blocks, about, self.frame, **more)


def frontier(
    scenario: Scenario, first: str, second: str, values: Sequence[float] | None = None, outcome: str = "net_saving",
    value: float | None = None, perspective: str = "nhs_pss", horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Frontier:  # fmt: skip
    """For each value of the first input, the values of the second at which an outcome is met.

    values: of the first, by default from the low to the high end of its uncertainty. Else as `break_even`.
    """
    wanted = target(ask(scenario, outcome, perspective, horizon, strategy, discounted), value)
    one, other = pair(scenario, first, second)
    xs = values_of(one, values)

    def figure(which: Which, tried: Array) -> Array:
        changes = [{one.name: xs[i], other.name: float(y)} for i, y in zip(which, tried, strict=True)]
        return np.asarray(batch(wanted.question, changes, wanted.figure).figures[0], dtype=float)

    at_central = [{one.name: x} for x in xs]
    now = batch(wanted.question, at_central, wanted.figure).figures[0]
    scans = search([other] * len(xs), figure)
    found = tuple(outcome_at(other, scan, float(y)) for scan, y in zip(scans, now, strict=True))
    return Frontier(wanted, one, other, xs, found)
