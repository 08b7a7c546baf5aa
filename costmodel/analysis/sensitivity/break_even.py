"""Break-even: the value of an input at which an outcome is met, alone, beside another input, or with a given chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from costmodel.analysis.sensitivity.inputs import (
    Input,
    inputs,
    named,
    named_on,
    one_by_one,
    only_the_bill,
    quoted,
    two,
    values_of,
)
from costmodel.analysis.sensitivity.question import (
    Change,
    Target,
    ask,
    asked,
    batch,
    by_a_month,
    changed,
    prices,
    subject,
    target,
)
from costmodel.analysis.sensitivity.search import SOLVED, BreakEven, Root, Which, scanned, search, span
from costmodel.content import by_content
from costmodel.errors import InputError, number, whole_number
from costmodel.inputs.draws import checked_seed
from costmodel.model.draws import Array, completed, drawn_values
from costmodel.model.run import SEED, evaluate
from costmodel.page import SCREEN, SHEET, TEXT, Column, Notes, Page, Paged, Paragraph, Table
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.words import amount, pair, upper_first

if TYPE_CHECKING:
    import pandas as pd

DRAWS, MOST_DRAWS = 1_000, 2_048
POINTS_OF_A_CHANCE, STEPS_OF_A_CHANCE = 11, 12
"""Values near the input's own uncertainty at which a chance is scanned, and as many over all that is searched; and
steps in which it is approached between two of them."""
NAMED = 4
"""Inputs that a sentence names."""
COLUMNS = (
    Column("marked", "input", only=(TEXT,)), Column("label", "input", "text", only=(SCREEN,)),
    Column("label", "Input", "text", only=(SHEET,)), Column("input", "Id", only=(SHEET,), width=30),
    Column("unit", "Unit", only=(SHEET,), width=22),
    Column("central", "in use", words="central_words", only=(TEXT, SCREEN)),
    Column("central", "Value in use", "rounded", only=(SHEET,)),
    Column("value", "break-even", words="value_words", only=(TEXT, SCREEN)),
    Column("value", "Break-even value", "rounded", only=(SHEET,)),
    Column("as_declared", "To type into Your value", "rounded", only=(SHEET,)), Column("met", "Met", right=False),
    Column("percentile", "Percentile of its own uncertainty", "share", only=(SHEET,)),
    Column("residual", "Net saving missed by", "tiny", only=(SHEET,)),
    Column("searched_low", "Searched from", "rounded", only=(SHEET,)),
    Column("searched_high", "Searched to", "rounded", only=(SHEET,)),
    Column("words", "Finding", only=(SHEET,), width=48),
    Column("place", "Where that lies", right=False, width=44),
)  # fmt: skip
SCHEMA = "costmodel/break-even/1"
DECLARED = (
    "“To type into Your value” is in the price year of the input's own record, as the sheet Inputs takes it; other "
    "values are in the prices of this workbook's setting. An input without such a value is listed with what was found."
)


@by_content
@dataclass(frozen=True, repr=False)
class BreakEvens(Paged):
    """What was found for each input. figure: pounds, or chance, by which the target is more than met now."""

    target: Target
    figure: float
    found: tuple[BreakEven, ...]

    @property
    def met_now(self) -> bool:
        """Whether the target is reached at the values in use."""
        return self.figure >= 0

    @property
    def frame(self) -> "pd.DataFrame":
        """One row for each root, jump or stretch, and one for each input that has none."""
        import pandas as pd

        rows = pd.DataFrame([row for one in self.found for row in one.rows])
        return rows.drop(columns=["marked", "central_words", "value_words", "met"], errors="ignore")

    @property
    def takeaway(self) -> str:
        """Whether it is met now, and how many inputs could meet it within their own uncertainty."""
        state = "is met" if self.met_now else "is not met"
        sentence = f"{upper_first(self.target.words)} {state} at the values in use"
        able = [one for one in self.found if one.roots]
        if not able:
            of = self.found[0].input.name if len(self.found) == 1 else "any one input"
            return f"{sentence}; no value of {of} would change that."
        inside = [(one, root) for one in able for root in one.roots if root.place.startswith(("at the ", "inside "))]
        verb = "keeps it from being met" if self.met_now else "meets it"
        if inside:
            first = {one.input.name: (one, root) for one, root in reversed(inside)}
            return f"{sentence}; a value within its own uncertainty {verb} for {_listed(*reversed(first.values()))}."
        only = "only a value outside its range, or of an input without one,"
        return f"{sentence}; {only} {verb}: {_listed(*((one, one.roots[0]) for one in able))}."

    def page(self) -> Page:
        """Whether the target is met, the values that meet it, and the inputs that have none."""
        import pandas as pd

        currency = self.target.question.scenario.setting.currency
        missed = f"Net saving missed by, {currency.symbol}"
        exact = tuple(replace(one, label=missed) if one.key == "residual" else one for one in COLUMNS)
        question, roots = self.target.question, [row for one in self.found for row in one.rows if row["kind"] == "root"]
        without = [one for one in self.found if not (one.roots or one.jumps or one.met or one.inert)]
        inert = [one.input for one in self.found if one.inert]
        everything = sorted(self.found, key=lambda one: (one.inert, not (one.roots or one.jumps or one.met)))
        notes = [note for one in self.found for note in one.notes()]
        notes += only_the_bill(one.input for one in self.found if not one.inert)
        if fitted := [one.input.name for one in self.found if one.input.fitted and one.roots]:
            notes.append(f"fitted together, and moved alone here while the others stay: {', '.join(fitted)}")
        blocks = (
            Paragraph(self.takeaway, strong=True),
            Paragraph("The value of one input, all others as they are; deterministic unless a chance is sought."),
            *([Table(pd.DataFrame(roots), COLUMNS, name="break_even", only=(TEXT, SCREEN))] if roots else ()),
            Notes("What to know", tuple(notes)),
            Notes(
                f"{'Met' if self.met_now else 'Not met'} at any value tried",
                tuple(f"{one.input.name} ({span(one.input, one.low, one.high)})" for one in without),
                only=(TEXT, SCREEN),
            ),
            *(named_on(f"{len(inert)} inputs change nothing here", inert) if inert else ()),
            Paragraph(DECLARED, only=(SHEET,)),
            Table(pd.DataFrame([row for one in everything for row in one.rows]), exact, only=(SHEET,)),
        )  # fmt: skip
        short = "" if self.met_now or question.outcome == "payback" else f"; {currency.money(abs(self.figure))} short"
        about = (f"{subject(question)}: {self.target.words}", f"{prices(question)}{short}")
        sought = {"value": self.target.value, "words": self.target.words}
        return asked(question, SCHEMA, blocks, about, self.frame, target=sought, met_now=self.met_now)


def _listed(*found: tuple[BreakEven, Root]) -> str:
    """Some inputs, the value at which the target is met, and the one in use."""
    labels = [
        f"{quoted(one.input)} at {pair(root.value, one.input.central, one.input.unit, ', not ')}" for one, root in found
    ]
    more = len(labels) - NAMED
    return "; ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "")


@by_content
@dataclass(frozen=True, repr=False)
class Frontier(Paged):
    """What was found for the second input at each value of the first."""

    target: Target
    first: Input
    second: Input
    values: tuple[float, ...]
    found: tuple[BreakEven, ...]

    @property
    def rows(self) -> "pd.DataFrame":
        """Each value of the first input with one of the second, in numbers and words, or with none."""
        import pandas as pd

        rows = []
        for value, one in zip(self.values, self.found, strict=True):
            at = {"first": value, "first_words": amount(value, self.first.unit), "words": one.words}
            roots = [row | at | {"finding": row["place"]} for row in one.rows if row["kind"] == "root"]
            rows += roots or [at | {"value": None, "value_words": "none", "met": "", "finding": one.words}]
        return pd.DataFrame(rows)

    @property
    def frame(self) -> "pd.DataFrame":
        """One row for each root, and one for each value of the first that has none."""
        shown = ["first", "words", "value", "met_above", "percentile", "place", "residual"]
        frame = self.rows.reindex(columns=shown)
        return frame.rename(columns={"first": self.first.name, "value": self.second.name})

    def page(self) -> Page:
        """What the second input has to be at each value of the first."""
        question, first, second = self.target.question, self.first, self.second
        columns = (
            Column("first", first.name, "rounded", "first_words"),
            Column("value", second.name, "rounded", "value_words"),
            Column("met", "met", right=False), Column("finding", "where that lies", right=False),
        )  # fmt: skip
        takeaway = f"{upper_first(self.target.words)}: {second.label} needed at each value of {first.label}"
        blocks = (
            Paragraph(takeaway, strong=True),
            Table(self.rows, columns, name="frontier"),
            Notes("What to know", tuple(only_the_bill((first, second)))),
        )
        sought = {"value": self.target.value, "words": self.target.words}
        more = {"target": sought, "first": first.name, "second": second.name}
        return asked(question, SCHEMA, blocks, (subject(question), prices(question)), self.frame, **more)


def break_even(
    scenario: Scenario, input: str | None = None, outcome: str = "net_saving", value: float | None = None,
    perspective: str | None = None, horizon: float | None = None, strategy: str | None = None, discounted: bool = False,
) -> BreakEvens:  # fmt: skip
    """The values of one input, or of each, at which an outcome is met while all others stay as they are.

    outcome, value: net_saving or nmb of so many pounds (0), payback by a month (within the horizon), or an
    offset_ratio (1). horizon: months, the follow-up by default. Deterministic; alternatives as the weighted mixture.
    The whole support of an input's unit is searched, or 0 and from 1/100 to 100 times its value. Raises InputError
    for names, horizons and targets that there are not.
    """
    wanted = target(ask(scenario, outcome, perspective, horizon, strategy, discounted), value)
    return solved(wanted, inputs(scenario) if input is None else [named(scenario, input)])


def solved(wanted: Target, chosen: Sequence[Input]) -> BreakEvens:
    """The values of some inputs at which a target is met, each alone."""
    now = float(_figures(wanted, [{}])[0])

    def figure(which: Which, values: Array) -> Array:
        return _figures(wanted, [{chosen[i].name: float(x)} for i, x in zip(which, values, strict=True)])

    return BreakEvens(wanted, now, search(chosen, figure, [now] * len(chosen)))


def frontier(
    scenario: Scenario, first: str, second: str, values: Sequence[float] | None = None, outcome: str = "net_saving",
    value: float | None = None, perspective: str | None = None, horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Frontier:  # fmt: skip
    """For each value of the first input, the values of the second at which an outcome is met.

    values: of the first, by default from the low to the high end of its uncertainty. Else as `break_even`.
    """
    wanted = target(ask(scenario, outcome, perspective, horizon, strategy, discounted), value)
    one, other = two(scenario, first, second)
    xs = values_of(one, values)

    def figure(which: Which, tried: Array) -> Array:
        return _figures(wanted, [{one.name: xs[i], other.name: float(y)} for i, y in zip(which, tried, strict=True)])

    now = _figures(wanted, [{one.name: x} for x in xs])
    return Frontier(wanted, one, other, xs, search([other] * len(xs), figure, now))


def _figures(wanted: Target, changes: Sequence[Change]) -> Array:
    return np.asarray(batch(wanted.question, changes, wanted.figure).figures[0], dtype=float)


def chance_break_even(
    scenario: Scenario, input: str, chance: float, by_month: float | None = None, perspective: str | None = None,
    horizon: float | None = None, strategy: str | None = None, discounted: bool = False, draws: int = DRAWS,
    seed: int = SEED,
) -> BreakEvens:  # fmt: skip
    """The values of one input, held in every draw, at which sustained payback has a chance.

    by_month: the horizon by default. The chance moves in steps of one draw; a root is right to the width that is
    left between two values on both sides of the target. Raises InputError for what there is not.
    """
    chance = number("chance", chance)
    if not 0 < chance < 1:
        raise InputError.at("chance", f"{chance:g} is no chance between 0 and 1", "Write 0.8 for 80 in 100.")
    wrong = "not a number of draws here, where every value is a run of them"
    draws, seed = whole_number("draws", draws, 1, MOST_DRAWS, wrong=wrong), checked_seed(seed)
    question = ask(scenario, "payback", perspective, horizon, strategy, discounted)
    month = question.months if by_month is None else number("by_month", by_month)
    by_a_month("by_month", question, month)
    one = named(scenario, input)
    drawn = drawn_values(scenario, draws, seed)
    refused: list[InputError] = []

    def gap(value: float | None) -> float:
        """The chance less the one that is wanted, where the input is held at a value; None where it is drawn too."""
        version, values = scenario, drawn
        if value is not None:
            version = changed(scenario, {one.name: value}) if one.name in one_by_one(scenario) else scenario
            values = completed(version, {name: drawn[name] for name in scenario.leaves} | {one.name: value})
        rows = question.rows(evaluate(version, values, draws), values)
        view, asked_of = "discounted" if question.discounted else "value", rows.result
        months = asked_of.paybacks(asked_of.headline, question.horizon, question.strategy, question.perspective, view)
        return float(np.mean(rows.mixed((months <= month).astype(float)))) - chance

    def figure(_: Which, values: Array) -> Array:
        found = np.full(len(values), np.nan)
        for i, value in enumerate(values):
            try:
                found[i] = gap(float(value))
            except InputError as error:
                refused.append(error)
        return found

    now = gap(None)  # raises where the draws themselves cannot be
    (lowest, highest), (low, high) = one.limits, (one.spread.low, one.spread.high)
    wide = max(high - low, abs(one.central), SOLVED)
    near = np.linspace(max(lowest, low - wide), min(highest, high + wide), POINTS_OF_A_CHANCE)
    far = scanned(one)
    far = far[np.linspace(0, len(far) - 1, POINTS_OF_A_CHANCE).astype(int)]
    how = {"tolerances": {"fatol": 1 / (2 * draws)}, "maxiter": STEPS_OF_A_CHANCE}
    found = search([one], figure, [now], [np.unique([*near, *far, one.central])], how)
    if np.isnan(found[0].low):
        raise refused[0]
    words = f"a chance of {chance:.0%} of payback by {in_words(month)}"
    return BreakEvens(Target(question, chance, words), now, found)
