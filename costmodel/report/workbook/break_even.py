"""The sheet Break-even: for each input the value at which the net saving is nothing, all others as they are."""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.analysis.sensitivity import BreakEven, BreakEvens, break_even
from costmodel.report import sensitivity
from costmodel.report.break_even_table import notes, side, takeaway
from costmodel.report.workbook.run_sheet import Column, RunSheet, Value
from costmodel.result.result import Result

FOUND: tuple[Column, ...] = (
    ("Input", "text"), ("Id", "label"), ("Unit", "label"), ("Value in use", "rounded"), ("Break-even value", "rounded"),
    ("To type into Your value", "rounded"), ("Met", "label"), ("Percentile of its own uncertainty", "share"),
    ("Net saving missed by, £", "tiny"), ("Searched from", "rounded"), ("Searched to", "rounded"), ("Finding", "label"),
    ("Where that lies", "label"),
)  # fmt: skip

WIDTHS = (30, 22, 13, 13, 13, 12, 15, 13, 14, 14, 48, 44)


def write_break_even(page: RunSheet, result: Result) -> None:
    """The break-even values of each strategy, as `cm.break_even` has them by default."""
    page.say(
        "Deterministic: one input at a time, all others as they are. Values in the prices of this workbook's setting; "
        "“To type into Your value” is the same in the price year of the input's own record, as the sheet Inputs "
        "takes it. An input without such a value is listed with what was found."
    )
    for strategy in result.strategies[1:]:
        found = break_even(result.scenario, strategy=strategy)
        page.section(f"{sensitivity.subject(found.target.question)}: {found.target.words}")
        page.say(takeaway(found))
        for text in notes(found):
            page.say(text)
        page.table(FOUND, _rows(found))


def _rows(found: BreakEvens) -> Iterator[list[Value]]:
    """Inputs with values first, then those without, then those that change nothing."""
    for one in sorted(found.found, key=lambda one: (one.inert, not (one.roots or one.jumps or one.met))):
        yield from _of_input(one)


def _of_input(one: BreakEven) -> Iterator[list[Value]]:
    about: list[Value] = [one.input.label, one.input.name, one.input.unit.text, one.input.central]
    searched: list[Value] = [one.low, one.high]
    factor = one.input.price_factor
    for root in one.roots:
        yield [
            *about, root.value, root.value / factor, side(root), root.percentile, root.residual, *searched, one.words,
            root.place,
        ]  # fmt: skip
    for value in one.jumps:
        yield [*about, value, value / factor, "jumps", None, None, *searched, one.words, "not met there: it jumps past"]
    for low, high in one.met:
        until = f"met all the way to {sensitivity.amount(high, one.input.unit, 4)}"
        yield [*about, low, low / factor, "from there", None, None, *searched, one.words, until]
    if not (one.roots or one.jumps or one.met):
        yield [*about, None, None, "–", None, None, *searched, one.words, None]
