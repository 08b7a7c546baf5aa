"""Why two runs differ: the difference of an answer, divided among what the two scenarios differ in.

What a change moves depends on what was changed before it. `explain` therefore averages over orders of the changes, as
Shapley's value does, or walks one order that a file gives. Both sum to the difference.

Source: Shapley 1953, A value for n-person games; Castro, Gómez and Tejada 2009, Polynomial calculation of the Shapley
value based on sampling. An order and its reverse together give each of two changes half of what only both move.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from costmodel.analysis.explain_changes import Between, between
from costmodel.analysis.explain_order import Order, Step, read_order
from costmodel.analysis.sensitivity.question import OUTCOMES
from costmodel.content import by_content
from costmodel.currency import MINUS, significant
from costmodel.errors import InputError, made_by, number, one_of, path_of, true_or_false
from costmodel.inputs.draws import checked_seed
from costmodel.model.run import SEED, checked_draws, run_at
from costmodel.page import SCREEN, SHEET, TEXT, Block, Column, Drawn, Figure, Notes, Page, Paged, Paragraph, Table
from costmodel.result.result import DISCOUNTED
from costmodel.result.table import answers, in_words
from costmodel.scenario.build import Scenario

if TYPE_CHECKING:
    from costmodel.drawing import Chart

DRAWS = 200
"""Enough where the same draws stand on both sides of each step."""
FEW, FEWEST, RUNS = 7, 4, 150
"""Changes up to which every order is taken; of more, the fewest orders, and about how many runs are made."""
CHOSEN = 1
"""Start of the random numbers that choose the orders: fixed, so that no answer depends on it."""
LESS = ("cost", "payback", "cash_payback", "peak_funding", "share_needed")
"""Beginnings of the names of outcomes of which less speaks for therapy."""
WHOLES = ("party", "category", "channel")
"""Columns of the table that divide an answer."""
TOWARDS, AWAY, STILL = "towards therapy", "away", "no move"
TURNED = {TOWARDS: AWAY, AWAY: TOWARDS}
MOST_DRAWN = 15


@by_content
@dataclass(frozen=True)
class Part:
    """What a change, or a step of an order, moves.

    words: old → new, or the reason of a step. paths: of the changes. amount: in the outcome's unit. low, high: the
    least and the most that it moves over the orders. expected, moved: directions, of a step. undone: what the answer
    at the end of the walk moves by where the step alone, and what needs it, is taken back; nan without an order.
    """

    label: str
    words: str
    paths: tuple[str, ...]
    amount: float
    low: float
    high: float
    expected: str = ""
    moved: str = ""
    undone: float = math.nan


@dataclass(frozen=True)
class Asked:
    """An answer of the result's table. horizon_months: None for each scenario's own follow-up."""

    outcome: str
    perspective: str
    strategy: str
    discounted: bool
    horizon_months: float | None
    draws: int
    seed: int


@by_content
@dataclass(frozen=True, repr=False)
class Explanation(Paged):
    """The difference between two scenarios in an answer, divided among their changes; the amounts sum to it.

    before, after: the two, A and B. at: the answer of each. unit: of the answer. parts: the largest first, or in the
    order of the file. orders: over which amounts are averaged, or ranges taken; every: whether these are all there
    are. order: the file's name, "" for the average. runs: that were made.
    """

    before: Scenario
    after: Scenario
    asked: Asked
    at: tuple[float, float]
    unit: str
    parts: tuple[Part, ...]
    orders: int
    every: bool
    order: str
    runs: int

    @property
    def difference(self) -> float:
        """The answer of the second less that of the first."""
        return self.at[1] - self.at[0]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each part between one for each scenario: kind (`from`, `part`, `to`), label, words, paths, amount,
        low, high, expected, moved, undone, and total: the answer when it is reached in the order of the rows.
        """
        first, last = (Part(label, "", (), math.nan, math.nan, math.nan) for label in self._ends)
        totals = [self.at[0] + math.fsum(one.amount for one in self.parts[: i + 1]) for i in range(len(self.parts))]
        kinds = ["from", *["part"] * len(self.parts), "to"]
        rows = zip(kinds, (first, *self.parts, last), (self.at[0], *totals, self.at[1]), strict=True)
        return pd.DataFrame({"kind": kind, **asdict(part), "total": total} for kind, part, total in rows)

    @property
    def _ends(self) -> tuple[str, str]:
        return f"A: {name_of(self.before)}", f"B: {name_of(self.after)}"

    @property
    def _in_money(self) -> bool:
        return self.unit == self.after.setting.currency.code

    def said(self, value: float) -> str:
        """An amount in words."""
        if self._in_money:
            return self.after.setting.currency.money(value)
        return f"{significant(value):,.4g} {self.unit}".replace("-", MINUS)

    @property
    def words(self) -> str:
        """The outcome in words."""
        words = OUTCOMES.get(self.asked.outcome, self.asked.outcome.replace("_", " "))
        return f"{words}, discounted" if self.asked.discounted else words

    @property
    def takeaway(self) -> str:
        """How far the answer moves, and what moves it most."""
        if not self.parts:
            return f"A and B differ in nothing that moves an answer: {self.words} is {self.said(self.at[0])} in both."
        first, last = map(self.said, self.at)
        moves = f"From A to B {self.words} moves by {self.said(self.difference)}, from {first} to {last}."
        most = max(self.parts, key=lambda part: abs(part.amount))
        return f"{moves} What moves it most ({self.said(most.amount)}): {most.label}." if most.amount else moves

    def page(self) -> Page:
        """The parts in a chart and a table, and how they were worked out."""
        asked, setting, strategies = self.asked, self.after.setting, self.after.model.strategies
        when = "each at its own follow-up" if asked.horizon_months is None else in_words(asked.horizon_months)
        whose = f"{strategies[asked.strategy].label} against {next(iter(strategies.values())).label}"
        prices = f"{setting.prices} per person referred" if self._in_money else f"{self.unit} per person referred"
        marked = [end for end, one in zip("AB", (self.before, self.after), strict=True) if one.to_be_checked]
        checked = f" To be checked: recalled figures stand behind {' and '.join(marked)}." if marked else ""
        about = (
            "; ".join(self._ends),
            f"{whose}, {setting.name(asked.perspective)}, {when}: {self.words}; {prices}.{checked}",
        )  # fmt: skip
        shown = [part for part in self.parts if self.order or part.low or part.high]
        rows = [asdict(part) | {"span": f"{self.said(part.low)} to {self.said(part.high)}"} for part in shown]
        style, ranged = "money" if self._in_money else "rounded", "in all orders" if self.every else "in these orders"
        columns = (
            Column("label", "Step" if self.order else "Change", width=50),
            Column("words", "Why" if self.order else "A → B", "text", right=False, width=40),
            Column("amount", "Moves it by", style), Column("span", ranged.capitalize(), "text", only=(TEXT, SCREEN)),
            Column("low", f"Least, {ranged}", style, only=(SHEET,)),
            Column("high", f"Most, {ranged}", style, only=(SHEET,)),
            *((Column("expected", "Expected", "text"), Column("moved", "Moved", "text"),
               Column("undone", "Undone alone", style)) if self.order else ()),
        )  # fmt: skip
        drawn = Drawn("bar", "label", (("amount", "Moves it by"),), "What moves the answer", self.unit, style)
        parts: tuple[Block, ...] = (
            Figure(self.figure, "explain", None, drawn), Table(pd.DataFrame(rows), columns, name="explain")
        )  # fmt: skip
        still = tuple(f"{part.label}: {part.words}" for part in self.parts if part not in shown)
        blocks = (
            Paragraph(self.takeaway, strong=True), *(parts if rows else ()),
            Notes("How it is worked out", (self._how,)), Notes("Moves nothing here", still),
        )  # fmt: skip
        ends = {
            key: {"population": one.path.resolve().parent.name, "file": one.path.name, "label": one.model.label,
                  "sha256": one.sha256, "value": value}
            for key, one, value in zip(("from", "to"), (self.before, self.after), self.at, strict=True)
        }  # fmt: skip
        settings = asdict(asked) | {
            "unit": self.unit, "price_year": setting.price_year, "orders": self.orders, "every_order": self.every,
            "order": self.order or None, "runs": self.runs,
        }  # fmt: skip
        data = {"schema": "costmodel/explain/1", "settings": settings, **ends, "difference": self.difference}
        return Page("Why two runs differ", blocks, about, data=data, frame=self.frame, in_currency=setting.currency)

    @property
    def _how(self) -> str:
        draws = f"expected values of {self.asked.draws:,} draws (seed {self.asked.seed}), the same for what both have"
        draws = draws if self.asked.draws else "central values"
        if len(self.parts) < 2:
            return f"Compared at {draws}; {self.runs:,} runs." if self.parts else f"Compared at {draws}."
        orders = f"all {self.orders:,}" if self.every else f"a fixed set of {self.orders:,}"
        if self.order:
            return (
                f"One order, of {self.order}: what a step moves, given the steps before it; beside it the least and "
                f"the most over {orders} orders in which what a step needs comes first. Undone alone: "
                f"what B moves by where a step, and what needs it, is taken back. At {draws}; {self.runs:,} runs."
            )
        return (
            f"What each change moves on average over {orders} orders of the changes, each beside its reverse; {draws}; "
            f"{self.runs:,} runs."
        )

    def figure(self) -> "Chart":
        """From the first answer to the second, a bar for each part; of many parts the smallest are one bar."""
        from costmodel import drawing

        most = sorted(self.parts, key=lambda part: -abs(part.amount))[:MOST_DRAWN]
        bars = [(part.label, part.amount) for part in self.parts if part in most and part.amount]
        others = [part.amount for part in self.parts if part not in most]
        bars += [(f"{len(others)} smaller ones", math.fsum(others))] if others else []
        values = [self.at[0], *(value for _, value in bars), self.at[1]]
        figure, names = drawing.empty(), [str(i) for i in range(len(values))]
        short = self.after.setting.currency.short if self._in_money else self.said
        figure.add_waterfall(
            orientation="h", y=names, x=values, measure=["absolute", *["relative"] * len(bars), "total"],
            text=[drawing.literal(short(value)) for value in values], textposition="outside", cliponaxis=False,
            increasing={"marker": {"color": drawing.GREEN}}, decreasing={"marker": {"color": drawing.VERMILION}},
            totals={"marker": {"color": drawing.BLUE}}, hoverinfo="text",
            connector={"line": {"color": drawing.GREY, "width": 1, "dash": "dot"}},
        )  # fmt: skip
        labels = [self._ends[0], *(label for label, _ in bars), self._ends[1]]
        drawing.rows(figure, names, [drawing.wrapped(label, drawing.LABEL) for label in labels])
        drawing.zero_line(figure, vertical=True)
        totals = [0.0, *(math.fsum(values[: i + 1]) for i in range(len(bars) + 1)), self.at[1]]
        low, high = min(totals), max(totals)
        axis = drawing.money_axis(self.after.setting.currency, "xaxis", low, high) if self._in_money else {}
        figure.update_layout(showlegend=False, **axis)
        parts = "; ".join(f"{label}: {self.said(value)}" for label, value in bars[:3])
        made = drawing.chart(figure, self.takeaway, f"Waterfall from A to B. {self.takeaway} {parts}", self.frame)
        figure.update_layout(hovermode="closest")
        room = drawing.ROOM * (high - low or 1.0)
        axis_title = drawing.wrapped(f"{self.words}, per person referred", drawing.UNDER)
        figure.update_xaxes(range=[low - room, high + room], title_text=axis_title)
        return made


def name_of(scenario: Scenario) -> str:
    """Population and label of a scenario, and how much was changed in it by hand."""
    by_hand = sum(one.by != scenario.model.label for one in scenario.changes) if scenario.base is not None else 0
    words = f", {by_hand} change{'s' * (by_hand != 1)}" if by_hand else ""
    return f"{scenario.path.resolve().parent.name}, {scenario.model.label}{words}"


@dataclass(frozen=True)
class Values:
    """The answer of every scenario between two, each worked out once. unit: of the answers, the last one."""

    found: Between
    asked: Asked
    known: dict[frozenset[int], float] = field(default_factory=dict)
    unit: list[str] = field(default_factory=list)

    def at(self, taken: frozenset[int]) -> float:
        """The answer with some of the changes, by index. Raises InputError where there is none."""
        edits, changes = self.found.edits_of(taken), self.found.differences
        if edits not in self.known:
            try:
                self.known[edits] = self._answer(self.found.scenario(edits))
            except InputError as error:
                if len(taken) in (0, len(changes)):
                    raise
                others = [i for i in range(len(changes)) if i not in taken]
                one, other = (", ".join(changes[i].paths[0] for i in some) for some in (sorted(taken), others))
                found = f"no model has {one} of one and {other} of the other ({error.problems[0].found})"
                remedy = "Take those that need one another in one step of an order file."
                raise InputError.at("explain", found, remedy) from error
        return self.known[edits]

    def _answer(self, scenario: Scenario) -> float:
        asked, known = self.asked, set()
        months = scenario.model.follow_up.months if asked.horizon_months is None else asked.horizon_months
        result = run_at(scenario, [months], asked.draws, asked.seed, alone=True)
        for row in answers(result, result.at(months), result.compared(asked.strategy), asked.perspective):
            if row["perspective"] not in (asked.perspective, "") or {row[one] for one in WHOLES} != {"all"}:
                continue
            known |= {row["outcome"]} if row["discounted"] == asked.discounted else set()
            if asked.outcome in known and row["value"] is None:
                found = f"{asked.outcome} is no number in {name_of(scenario)}: {row['words']}"
                raise InputError.at("outcome", found, "Ask for net_saving, which always is one.")
            if asked.outcome in known:
                self.unit[:] = [row["unit"]]
                return float(row["value"])
        kind = "discounted" if asked.discounted else "undiscounted"
        one_of("outcome", asked.outcome, sorted(known), why=f"These are the {kind} ones of {name_of(scenario)}.")
        raise AssertionError("an outcome that is known has a row")


def explain(
    a: Scenario, b: Scenario, order: str | Path | None = None, *, outcome: str = "net_saving",
    perspective: str | None = None, horizon: float | None = None, strategy: str | None = None,
    discounted: bool | None = None, draws: int = DRAWS, seed: int = SEED,
) -> Explanation:  # fmt: skip
    """Why the answers of two scenarios differ, change by change.

    Changes are inputs (value and spread) and parts of the structure; those that only work together are one. What each
    moves is the average over orders of the changes, all of them up to seven changes, else a fixed set closed under
    reversal; or, with an order file, what each of its steps moves in its order. It sums to the difference, and turns
    its sign where the two are swapped.

    order: a file of steps. outcome: of the result's table; discounted as it is usually told, if left out. perspective:
    the setting's main one by default. horizon: months, each one's own follow-up by default. draws: with 0, central
    values. Raises InputError where the two cannot be compared change by change, for names that there are not, and for
    an order file that does not take every change once.
    """
    for place, one in (("a", a), ("b", b)):
        made_by(place, one, Scenario, "costmodel.load")
    told = outcome in DISCOUNTED if discounted is None else true_or_false("discounted", discounted)
    if horizon is not None:
        horizon = number(
            "horizon", horizon, 0, min(one.model.horizon.months for one in (a, b)), wrong="no month of both"
        )
    asked = Asked(
        outcome, *_whose(a, b, perspective, strategy), told, horizon, checked_draws(draws), checked_seed(seed)
    )
    file = None if order is None else read_order(path_of("order", order))
    turned = a.sha256 > b.sha256 if file is None else _backwards(file, a, b)
    values = Values(between(*((b, a) if turned else (a, b)), parted=file is not None), asked)
    changes = range(len(values.found.differences))
    steps = file.steps(values.found) if file else [Step(None, frozenset({i}), frozenset()) for i in changes]
    ends = values.at(frozenset()), values.at(frozenset(changes))
    orders, every = _orders(steps, closed=file is None)
    moved = [_moves(values, steps, one) for one in orders]
    sign, parts = -1.0 if turned else 1.0, []
    for i, step in enumerate(steps if changes else ()):
        each = sorted(sign * one[i] + 0.0 for one in moved)
        amount = sign * moved[0][i] + 0.0 if file else math.fsum(each) / len(each) + 0.0
        undone = _undone(values, steps, i, turned) + 0.0 if file else math.nan
        parts.append(_part(values, step, turned, amount, each[0], each[-1], undone))
    if file is None:
        parts.sort(key=lambda part: -abs(part.amount))
    elif turned:
        parts.reverse()
    return Explanation(
        before=a, after=b, asked=asked, at=ends[::-1] if turned else ends, unit=values.unit[0], parts=tuple(parts),
        orders=len(orders), every=every, order=file.path.name if file else "", runs=len(values.known),
    )  # fmt: skip


def _whose(a: Scenario, b: Scenario, perspective: str | None, strategy: str | None) -> tuple[str, str]:
    """Perspective and strategy, which both must have."""
    perspectives = [one.setting.asked(perspective) for one in (a, b)]
    others = [list(one.model.strategies)[1:] for one in (a, b)]
    strategies = [known[0] if strategy is None else one_of("strategy", strategy, known) for known in others]
    for what, (one, other) in (("perspective", perspectives), ("strategy", strategies)):
        if one != other:
            raise InputError.at(what, f"by default it is {one} in A and {other} in B", "Name one that both have.")
    return perspectives[0], strategies[0]


def _backwards(order: Order, a: Scenario, b: Scenario) -> bool:
    """Whether an order is walked from its end. Raises InputError where it begins at neither of the two."""
    if order.begins.sha256 in (a.sha256, b.sha256):
        return order.begins.sha256 != a.sha256
    found = f"the walk begins at {name_of(order.begins)}, which is neither A nor B"
    raise InputError(order.tree.problem(("from",), found, "Compare that scenario with another."))


def _orders(steps: Sequence[Step], closed: bool) -> tuple[list[tuple[int, ...]], bool]:
    """Orders in which steps can be taken, the given one first, and whether they are all; closed: under reversal."""
    given = tuple(range(len(steps)))
    if len(given) <= FEW:
        found = permutations(given)
        return [one for one in found if all(steps[s].after <= set(one[:i]) for i, s in enumerate(one))], True
    chance, orders = random.Random(CHOSEN), [] if closed else [given]
    while len(orders) < max(FEWEST, RUNS // (len(given) - 1)):
        rank, order = chance.sample(given, len(given)), tuple[int, ...]()
        while len(order) < len(given):  # of those that can come next, the first in a random order
            order += (next(s for s in rank if s not in order and steps[s].after <= set(order)),)
        orders += [order, order[::-1]] if closed else [order]
    return orders, False


def _moves(values: Values, steps: Sequence[Step], order: Sequence[int]) -> list[float]:
    """What each step moves in an order of them, by step."""
    moved, taken, before = [0.0] * len(steps), frozenset[int](), values.at(frozenset())
    for s in order:
        taken |= steps[s].takes
        moved[s], before = values.at(taken) - before, values.at(taken)
    return moved


def _undone(values: Values, steps: Sequence[Step], one: int, turned: bool) -> float:
    """What the answer at the end of the walk moves by where a step, and those that need it, are taken back. At the end
    of a walk backwards nothing is taken: the step is then taken with those that it needs.
    """
    found, every = {one}, frozenset[int]().union(*(step.takes for step in steps))
    if turned:
        for s in reversed(range(one)):
            found |= {s} if any(s in steps[i].after for i in found) else set()
    else:
        for s in range(one + 1, len(steps)):
            found |= {s} if steps[s].after & found else set()
    these = frozenset[int]().union(*(steps[s].takes for s in found))
    before, after = (frozenset[int](), these) if turned else (every, every - these)
    return values.at(after) - values.at(before)


def _part(values: Values, step: Step, turned: bool, amount: float, low: float, high: float, undone: float) -> Part:
    """A step with what it moves. turned: whether it is walked from the second scenario to the first."""
    changes = [values.found.differences[i] for i in sorted(step.takes)]
    paths = tuple(path for change in changes for path in change.paths)
    if (block := step.block) is None:
        return Part(changes[0].label, changes[0].back if turned else changes[0].words, paths, amount, low, high)
    moved = TOWARDS if (amount > 0) != values.asked.outcome.startswith(LESS) else AWAY
    expected = TURNED.get(block.expected, block.expected) if turned else block.expected
    return Part(block.label, block.reason, paths, amount, low, high, expected, moved if amount else STILL, undone)
