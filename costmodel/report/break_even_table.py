"""Break-even values and frontiers in a terminal and as JSON."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.sensitivity import BreakEven, BreakEvens, Frontier, Root
from costmodel.report import sensitivity
from costmodel.report.json_report import engine
from costmodel.report.terminal import Piece, headed, listed
from costmodel.report.words import money, upper_first

NAMED = 4
"""Inputs that a sentence names."""
SCHEMA = "costmodel/break-even/1"


def document(found: BreakEvens) -> dict[str, Any]:
    """Everything that `costmodel break-even --json` prints."""
    return sensitivity.document(
        SCHEMA, found.target.question, found.to_frame(), [takeaway(found), *notes(found)], target=_target(found.target)
    ) | {"met_now": found.met_now}


def frontier_document(found: Frontier) -> dict[str, Any]:
    """The same with `--against`."""
    inputs = {"first": found.first.name, "second": found.second.name}
    return sensitivity.document(
        SCHEMA, found.target.question, found.to_frame(), frontier_notes(found), target=_target(found.target), **inputs
    )


def frontier_notes(found: Frontier) -> list[str]:
    """What a reader must know of the two inputs."""
    return list(sensitivity.only_the_bill((found.first, found.second)))


def _target(target: Any) -> dict[str, Any]:
    return {"value": target.value, "words": target.words}


def takeaway(found: BreakEvens) -> str:
    """Whether it is met now, and how many inputs could meet it within their own uncertainty."""
    state = "is met" if found.met_now else "is not met"
    inside = [(one, next(filter(_inside, one.roots), None)) for one in found.found]
    within = [_named(one, root) for one, root in inside if root]
    able = [_named(one, one.roots[0]) for one in found.found if one.roots]
    sentence = f"{upper_first(found.target.words)} {state} at the values in use"
    if not able:
        return f"{sentence}; no value of {_one_or_any(found)} would change that."
    verb = "keeps it from being met" if found.met_now else "meets it"
    if within:
        return f"{sentence}; a value within its own uncertainty {verb} for {_listed(within)}."
    return f"{sentence}; only a value outside its 99.9% range, or of an input without a range, {verb}: {_listed(able)}."


def _inside(root: Root) -> bool:
    return root.percentile is not None and not root.place.startswith("outside")


def _named(one: BreakEven, root: Root) -> str:
    """An input, the value at which the target is met, and the one in use."""
    return (
        f"{sensitivity.label(one.input)} at {sensitivity.pair(root.value, one.input.central, one.input.unit, ', not ')}"
    )


def _listed(labels: list[str]) -> str:
    more = len(labels) - NAMED
    return "; ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _one_or_any(found: BreakEvens) -> str:
    return found.found[0].input.name if len(found.found) == 1 else "any one input"


def notes(found: BreakEvens) -> list[str]:
    """Limits of the search, and numbers that were fitted together."""
    said = []
    for one in found.found:
        if one.limited and not one.inert:
            ends = f"{sensitivity.amount(one.low, one.input.unit)} to {sensitivity.amount(one.high, one.input.unit)}"
            said.append(f"{one.input.name}: the model does not allow all values; searched from {ends}")
        for value in one.jumps:
            at = sensitivity.amount(value, one.input.unit, 4)
            said.append(f"{one.input.name}: the outcome jumps past the target at {at} and is not met there")
        for low, high in one.met:
            ends = f"{sensitivity.amount(low, one.input.unit)} to {sensitivity.amount(high, one.input.unit)}"
            said.append(f"{one.input.name}: exactly met all the way from {ends}")
    said += sensitivity.only_the_bill(one.input for one in found.found if not one.inert)
    if fitted := [one.input.name for one in found.found if one.input.fitted and one.roots]:
        said.append(f"fitted together, and moved alone here while the others stay: {', '.join(fitted)}")
    return said


def pieces(found: BreakEvens) -> Iterator[Piece]:
    """What `costmodel break-even` prints, piece by piece."""
    question = found.target.question
    scenario = question.scenario
    yield Text(f"{scenario.model.title} ({scenario.model.label})", style="bold")
    missing = "" if found.met_now or question.outcome == "payback" else f"; {money(abs(found.figure))} short"
    yield Text(f"{sensitivity.subject(question)}; £ of {scenario.setting.price_year} per person referred{missing}")
    yield Text("")
    yield Text(takeaway(found), style="bold")
    with_roots = [one for one in found.found if one.roots]
    if with_roots:
        yield from headed("The value of one input, all others as they are")
        yield _table(with_roots)
    yield from headed("What to know", listed(notes(found)))
    without = [one for one in found.found if not one.roots and not one.jumps and not one.met and not one.inert]
    if without:
        state = "Met" if found.met_now else "Not met"
        lines = [
            f"{one.input.name} ({sensitivity.amount(one.low, one.input.unit)} to "
            f"{sensitivity.amount(one.high, one.input.unit)})"
            for one in without
        ]
        yield from headed(f"{state} at any value tried", listed(lines))
    if inert := [one.input.name for one in found.found if one.inert]:
        yield from headed(f"{len(inert)} inputs change nothing here", listed([", ".join(inert)]))
    yield from headed("Changed", listed(f"{change} (by {change.by})" for change in scenario.changes))
    yield Text("")
    yield Text(f"{engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")


def _table(found: list[BreakEven]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("input", "in use", "break-even", "met", "where that lies"):
        table.add_column(heading, justify="right" if heading in ("in use", "break-even") else "left", overflow="fold")
    for one in found:
        for root in one.roots:
            table.add_row(one.input.name + ("*" if one.input.fitted else ""), *in_words(one, root))
    return table


def in_words(one: BreakEven, root: Root) -> tuple[str, str, str, str]:
    """The value in use, the one at which the outcome is met, on which side of it, and how likely it is."""
    unit = one.input.unit
    return sensitivity.amount(one.input.central, unit), sensitivity.amount(root.value, unit, 4), side(root), root.place


def side(root: Root) -> str:
    """On which side of a root the target is met."""
    return "only there" if root.met_above is None else "above" if root.met_above else "below"


def frontier_pieces(found: Frontier) -> Iterator[Piece]:
    """What `costmodel break-even --input A --against B` prints."""
    question = found.target.question
    yield Text(f"{question.scenario.model.title} ({question.scenario.model.label})", style="bold")
    yield Text(f"{sensitivity.subject(question)}; £ of {question.scenario.setting.price_year} per person referred")
    yield Text("")
    yield Text(f"{upper_first(found.target.words)}: {found.second.label} needed at each value of {found.first.label}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in (found.first.name, found.second.name, "met", "where that lies"):
        table.add_column(heading, justify="left", overflow="fold")
    for value, one in zip(found.values, found.found, strict=True):
        first = sensitivity.amount(value, found.first.unit)
        for root in one.roots:
            table.add_row(first, sensitivity.amount(root.value, found.second.unit, 4), side(root), root.place)
        if not one.roots:
            table.add_row(first, "none", "", one.words)
    yield table
    yield from headed("What to know", listed(frontier_notes(found)))
    yield Text("")
    yield Text(f"{engine()}; scenario SHA-256 {question.scenario.sha256}", style="dim", overflow="fold")
