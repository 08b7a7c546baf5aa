"""Break-even: the value of an input at which an outcome is met, or at which payback has a given chance."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from costmodel.analysis.sensitivity.batch import batch, changed
from costmodel.analysis.sensitivity.inputs import Input, inputs, named, named_on, one_by_one, only_the_bill, quoted
from costmodel.analysis.sensitivity.question import Question, ask, asked, prices, subject, target
from costmodel.analysis.sensitivity.search import Crossing, Scan, Which, scanned, search
from costmodel.errors import InputError, number, whole_number
from costmodel.inputs.draws import checked_seed
from costmodel.model.draws import Array, Values, completed, drawn_values
from costmodel.model.run import SEED, evaluate
from costmodel.page import SCREEN, SHEET, TEXT, Column, Notes, Page, Paged, Paragraph, Table
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.words import amount, money, pair, upper_first

if TYPE_CHECKING:
    import pandas as pd

NAMED = 4
"""Inputs that a sentence names."""
COLUMNS = (
    Column("marked", "input", only=(TEXT,)), Column("label", "input", "text", only=(SCREEN,)),
    Column("label", "Input", "text", only=(SHEET,)), Column("name", "Id", only=(SHEET,), width=30),
    Column("unit", "Unit", only=(SHEET,), width=22),
    Column("central", "in use", words="central_words", only=(TEXT, SCREEN)),
    Column("central", "Value in use", "rounded", only=(SHEET,)),
    Column("value", "break-even", words="value_words", only=(TEXT, SCREEN)),
    Column("value", "Break-even value", "rounded", only=(SHEET,)),
    Column("as_declared", "To type into Your value", "rounded", only=(SHEET,)), Column("met", "Met", right=False),
    Column("percentile", "Percentile of its own uncertainty", "share", only=(SHEET,)),
    Column("residual", "Net saving missed by, £", "tiny", only=(SHEET,)),
    Column("searched_low", "Searched from", "rounded", only=(SHEET,)),
    Column("searched_high", "Searched to", "rounded", only=(SHEET,)),
    Column("words", "Finding", only=(SHEET,), width=48),
    Column("place", "Where that lies", right=False, width=44),
)  # fmt: skip
DECLARED = (
    "“To type into Your value” is in the price year of the input's own record, as the sheet Inputs takes it; other "
    "values are in the prices of this workbook's setting. An input without such a value is listed with what was found."
)


@dataclass(frozen=True)
class Root:
    """A value at which the outcome is exactly met.

    met_above: whether larger values do better; None where the outcome only touches the target. residual: pounds by
    which it is missed when the value is put back. percentile: where it lies in the input's own uncertainty, 0 to 1,
    None where none is declared; place: the same in words.
    """

    value: float
    met_above: bool | None
    residual: float
    percentile: float | None
    place: str


@dataclass(frozen=True)
class BreakEven:
    """What was found for one input.

    roots: rising. jumps: values at which the outcome goes past the target without meeting it. met: stretches on which
    it is exactly met throughout. low, high: between which values was searched. limited: whether the model refused
    some values that the unit allows. inert: whether the input changes nothing here. met_now: whether the outcome is
    reached at the value in use.
    """

    input: Input
    roots: tuple[Root, ...]
    jumps: tuple[float, ...]
    met: tuple[tuple[float, float], ...]
    low: float
    high: float
    limited: bool
    inert: bool
    met_now: bool

    @property
    def words(self) -> str:
        """The finding in words, without figures of the roots."""
        if self.inert:
            return "changes nothing here"
        now = "already met at the value in use" if self.met_now else "not met at the value in use"
        if self.met:
            return f"{now}; exactly met over a stretch"
        if not self.roots and not self.jumps:
            always = "met" if self.met_now else "not met"
            return f"{always} at any value tried"
        count = len(self.roots)
        found = {0: "it jumps past the target", 1: "met at one value"}.get(count, f"met at {count} values")
        return f"{now}; {found}"


class Sought(Protocol):
    """What is to be met: an outcome with its value, or a chance."""

    @property
    def question(self) -> Question:
        """Of what it is asked."""
        ...

    @property
    def value(self) -> float:
        """What it is to reach."""
        ...

    @property
    def words(self) -> str:
        """The same in words."""
        ...


@dataclass(frozen=True, repr=False)
class BreakEvens(Paged):
    """The break-even values of inputs.

    figure: by how much the target is more than met at the values in use: pounds, or a share where it is a chance.
    """

    target: Sought
    figure: float
    found: tuple[BreakEven, ...]

    @property
    def met_now(self) -> bool:
        """Whether the outcome is reached at the values in use."""
        return self.figure >= 0

    @property
    def frame(self) -> "pd.DataFrame":
        """One row for each root or jump, and one for each input that has none."""
        import pandas as pd

        rows = []
        for one in self.found:
            base = {
                "input": one.input.name, "label": one.input.label, "unit": one.input.unit.text,
                "central": one.input.central, "met_now": one.met_now, "words": one.words,
                "searched_low": one.low, "searched_high": one.high, "limited": one.limited,
                "fitted_together": one.input.fitted,
            }  # fmt: skip
            kinds = [
                {"kind": "root", "value": root.value, "as_declared": root.value / one.input.price_factor,
                 "met_above": root.met_above, "residual": root.residual,
                 "percentile": root.percentile, "place": root.place}
                for root in one.roots
            ]  # fmt: skip
            kinds += [{"kind": "jump", "value": value} for value in one.jumps]
            kinds += [{"kind": "stretch", "value": low, "until": high} for low, high in one.met]
            rows += [base | more for more in kinds or [{"kind": "inert" if one.inert else "none"}]]
        return pd.DataFrame(rows)

    @property
    def takeaway(self) -> str:
        """Whether it is met now, and how many inputs could meet it within their own uncertainty."""
        state = "is met" if self.met_now else "is not met"
        inside = [(one, next(filter(_inside, one.roots), None)) for one in self.found]
        within = [_named(one, root) for one, root in inside if root]
        able = [_named(one, one.roots[0]) for one in self.found if one.roots]
        sentence = f"{upper_first(self.target.words)} {state} at the values in use"
        if not able:
            of = self.found[0].input.name if len(self.found) == 1 else "any one input"
            return f"{sentence}; no value of {of} would change that."
        verb = "keeps it from being met" if self.met_now else "meets it"
        if within:
            return f"{sentence}; a value within its own uncertainty {verb} for {_listed(within)}."
        only = "only a value outside its range, or of an input without one,"
        return f"{sentence}; {only} {verb}: {_listed(able)}."

    def page(self) -> Page:
        """Whether the target is met, the values that meet it, and the inputs that have none."""
        import pandas as pd

        question, roots = self.target.question, [row for one in self.found for row in _roots(one)]
        without = [one for one in self.found if not (one.roots or one.jumps or one.met or one.inert)]
        inert = [one.input for one in self.found if one.inert]
        everything = sorted(self.found, key=lambda one: (one.inert, not (one.roots or one.jumps or one.met)))
        blocks = (
            Paragraph(self.takeaway, strong=True),
            Paragraph("The value of one input, all others as they are; deterministic unless a chance is sought."),
            *([Table(pd.DataFrame(roots), COLUMNS, name="break_even", only=(TEXT, SCREEN))] if roots else ()),
            Notes("What to know", tuple(self._notes())),
            Notes(
                f"{'Met' if self.met_now else 'Not met'} at any value tried",
                tuple(f"{one.input.name} ({_span(one, one.low, one.high)})" for one in without), only=(TEXT, SCREEN),
            ),
            *(named_on(f"{len(inert)} inputs change nothing here", inert) if inert else ()),
            Paragraph(DECLARED, only=(SHEET,)),
            Table(pd.DataFrame([row for one in everything for row in _rows(one)]), COLUMNS, only=(SHEET,)),
        )  # fmt: skip
        short = "" if self.met_now or question.outcome == "payback" else f"; {money(abs(self.figure))} short"
        about = (f"{subject(question)}: {self.target.words}", f"{prices(question)}{short}")
        more = {"target": sought(self.target), "met_now": self.met_now}
        return asked(question, "costmodel/break-even/1", blocks, about, self.frame, **more)

    def _notes(self) -> Iterator[str]:
        """Limits of the search, and numbers that were fitted together."""
        for one in self.found:
            if one.limited and not one.inert:
                span = _span(one, one.low, one.high)
                yield f"{one.input.name}: the model does not allow all values; searched from {span}"
            for value in one.jumps:
                at = amount(value, one.input.unit, 4)
                yield f"{one.input.name}: the outcome jumps past the target at {at} and is not met there"
            for low, high in one.met:
                yield f"{one.input.name}: exactly met all the way from {_span(one, low, high)}"
        yield from only_the_bill(one.input for one in self.found if not one.inert)
        if fitted := [one.input.name for one in self.found if one.input.fitted and one.roots]:
            yield f"fitted together, and moved alone here while the others stay: {', '.join(fitted)}"


def sought(target: Sought) -> dict[str, Any]:
    """What is to be met, for a program."""
    return {"value": target.value, "words": target.words}


def side(root: Root) -> str:
    """On which side of a root the target is met."""
    return "only there" if root.met_above is None else "above" if root.met_above else "below"


def _inside(root: Root) -> bool:
    """Whether it lies within the input's distribution or, where it has none, within its plausible range."""
    return root.place.startswith(("at the ", "inside "))


def _named(one: BreakEven, root: Root) -> str:
    """An input, the value at which the target is met, and the one in use."""
    return f"{quoted(one.input)} at {pair(root.value, one.input.central, one.input.unit, ', not ')}"


def _listed(labels: list[str]) -> str:
    more = len(labels) - NAMED
    return "; ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _span(one: BreakEven, low: float, high: float) -> str:
    return f"{amount(low, one.input.unit)} to {amount(high, one.input.unit)}"


def _about(one: BreakEven) -> dict[str, Any]:
    return {
        "name": one.input.name, "label": one.input.label, "unit": one.input.unit.text, "central": one.input.central,
        "marked": one.input.name + ("*" if one.input.fitted else ""),
        "central_words": amount(one.input.central, one.input.unit), "searched_low": one.low, "searched_high": one.high,
        "words": one.words,
    }  # fmt: skip


def _value(one: BreakEven, value: float, met: str, **more: Any) -> dict[str, Any]:
    declared = value / one.input.price_factor
    words = amount(value, one.input.unit, 4)
    return _about(one) | {"value": value, "value_words": words, "as_declared": declared, "met": met, **more}


def _roots(one: BreakEven) -> Iterator[dict[str, Any]]:
    for root in one.roots:
        known = {"percentile": root.percentile, "residual": root.residual, "place": root.place}
        yield _value(one, root.value, side(root), **known)


def _rows(one: BreakEven) -> Iterator[dict[str, Any]]:
    """Every value of an input, or what was found of one that has none."""
    yield from _roots(one)
    for value in one.jumps:
        yield _value(one, value, "jumps", place="not met there: it jumps past")
    for low, high in one.met:
        until = f"met all the way to {amount(high, one.input.unit, 4)}"
        yield _value(one, low, "from there", place=until)
    if not (one.roots or one.jumps or one.met):
        yield _about(one) | {"met": "–"}


def break_even(
    scenario: Scenario, input: str | None = None, outcome: str = "net_saving", value: float | None = None,
    perspective: str = "nhs_pss", horizon: float | None = None, strategy: str | None = None, discounted: bool = False,
) -> BreakEvens:  # fmt: skip
    """The values of one input, or of each, at which an outcome is met while all others stay as they are.

    outcome, value: net_saving or nmb of so many pounds (0), payback by a month (within the horizon), or an
    offset_ratio (1). horizon: months, the follow-up by default. Deterministic; alternatives as the weighted mixture.
    The whole support of an input's unit is searched, or 0 and from 1/100 to 100 times its value. Raises InputError
    for names, horizons and targets that there are not.
    """
    wanted = target(ask(scenario, outcome, perspective, horizon, strategy, discounted), value)
    chosen = inputs(scenario) if input is None else [named(scenario, input)]

    def figure(which: Which, values: Array) -> Array:
        changes = [{chosen[i].name: float(x)} for i, x in zip(which, values, strict=True)]
        return np.asarray(batch(wanted.question, changes, wanted.figure).figures[0], dtype=float)

    now = float(batch(wanted.question, [{}], wanted.figure).figures[0, 0])
    scans = search(chosen, figure)
    return BreakEvens(wanted, now, tuple(outcome_at(one, scan, now) for one, scan in zip(chosen, scans, strict=True)))


def outcome_at(one: Input, scan: Scan, now: float) -> BreakEven:
    """What a scan found of an input, told. now: the figure at the values in use."""
    roots = tuple(
        Root(crossing.value, crossing.rises, crossing.residual, *one.spread.place(crossing.value))
        for crossing in scan.crossings
        if not crossing.jumps
    )
    jumps = tuple(crossing.value for crossing in scan.crossings if crossing.jumps)
    moves = scan.moves or bool(roots or jumps)
    return BreakEven(
        one, roots if moves else (), jumps, scan.flat if moves else (), scan.low, scan.high, not scan.allowed,
        not moves, now >= 0,
    )  # fmt: skip


DRAWS = 1_000
MOST_DRAWS = 2_048
POINTS = 11
"""Values near the input's own uncertainty at which the chance is scanned, and as many over all that is searched."""
HALVINGS = 12
Gap = Callable[[float | None], float]
"""Chance less the target at a value of the input; NaN where the model refuses it."""


@dataclass(frozen=True)
class Chance:
    """Payback by a month in so many of all draws."""

    question: Question
    value: float
    month: float
    draws: int
    seed: int

    @property
    def words(self) -> str:
        """What is to be met, in words."""
        return f"a chance of {self.value:.0%} of payback by {in_words(self.month)}"


def chance_break_even(
    scenario: Scenario, input: str, chance: float, by_month: float | None = None, perspective: str = "nhs_pss",
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
    if by_month is not None:
        by_month = number("by_month", by_month)
    question = ask(scenario, "payback", perspective, horizon, strategy, discounted)
    month = question.months if by_month is None else by_month
    if not question.first_payment < month <= question.months:
        found = f"month {month:g} is not between the first payment and {in_words(question.months)}"
        raise InputError.at("by_month", found, "Name a month in between, or another horizon.")
    one = named(scenario, input)
    wanted = Chance(question, chance, month, draws, seed)
    drawn = drawn_values(scenario, draws, seed)

    refused: list[InputError] = []

    def gap(value: float | None) -> float:
        try:
            return _chance(wanted, one, drawn, value) - chance
        except InputError as error:
            refused.append(error)
            return np.nan

    now = _chance(wanted, one, drawn, None) - chance  # raises where the draws themselves cannot be
    scan = _search(one, gap)
    if scan is None:
        raise refused[0]
    return BreakEvens(wanted, now, (outcome_at(one, scan, now),))


def _chance(wanted: Chance, one: Input, drawn: Values, value: float | None) -> float:
    """The chance where the input is held at a value; None where it is drawn too."""
    question, scenario = wanted.question, wanted.question.scenario
    values = drawn
    if value is not None:
        leaves = {name: drawn[name] for name in scenario.leaves} | {one.name: value}
        if one.name in one_by_one(scenario):
            scenario = changed(scenario, {one.name: value})
        values = completed(scenario, leaves)
    rows = question.rows(evaluate(scenario, values, wanted.draws), values)
    view = "discounted" if question.discounted else "value"
    months = rows.result.paybacks(rows.result.headline, question.horizon, question.strategy, question.perspective, view)
    return float(np.mean(rows.mixed((months <= wanted.month).astype(float))))


def _search(one: Input, gap: Gap) -> Scan | None:
    """What was found among values of an input; None where the model refuses all of them."""
    lowest, highest = one.limits
    low, high = one.spread.low, one.spread.high
    wide = max(high - low, abs(one.central), 1e-9)
    near = np.linspace(max(lowest, low - wide), min(highest, high + wide), POINTS)
    wanted = scanned(one)
    far = wanted[np.linspace(0, len(wanted) - 1, POINTS).astype(int)]
    x = np.unique([*near, *far, one.central])
    y = np.array([gap(float(value)) for value in x])
    crossings = []
    for i in np.flatnonzero(y[:-1] * y[1:] < 0):
        crossings.append(_narrowed(gap, x[i : i + 2], y[i : i + 2]))
    crossings += [Crossing(float(x[i]), 0.0, None) for i in np.flatnonzero(y == 0)]
    known = np.isfinite(y)
    if not known.any():
        return None
    moves = bool(known.any() and np.ptp(y[known]) > 0)
    ordered = tuple(sorted(crossings, key=lambda found: found.value))
    return Scan(ordered, (), float(x[known].min()), float(x[known].max()), bool(known.all()), moves)


def _narrowed(gap: Gap, x: Array, y: Array) -> Crossing:
    """A crossing between two values, halved until it is narrow; the nearer side is reported."""
    (low, high), (below, above) = map(float, x), map(float, y)
    rises = below < 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        there = gap(middle)
        if there == 0:
            return Crossing(middle, 0.0, rises)
        if (there < 0) == (below < 0):
            low, below = middle, there
        else:
            high, above = middle, there
    value, residual = (low, below) if abs(below) < abs(above) else (high, above)
    return Crossing(value, residual, rises)
