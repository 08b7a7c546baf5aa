"""A tornado in a terminal and as JSON."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.sensitivity import OUTCOMES, Bar, Tornado
from costmodel.report import sensitivity
from costmodel.report.json_report import engine
from costmodel.report.terminal import Piece, headed, listed

SCHEMA = "costmodel/tornado/1"
CELLS = 26
"""Characters of a drawn bar."""
MOST = 20
"""Bars that are printed; the JSON and the CSV have all."""
LOW, HIGH, CENTRAL = "L", "H", "│"


def document(tornado: Tornado) -> dict[str, Any]:
    """Everything that `costmodel tornado --json` prints."""
    central = {"value": tornado.central.value, "words": tornado.central.words}
    return sensitivity.document(SCHEMA, tornado.question, tornado.to_frame(), notes(tornado), central=central)


def notes(tornado: Tornado) -> list[str]:
    """The takeaway, and what a reader must know of the inputs."""
    found = [takeaway(tornado)]
    guessed = [bar.input.name for bar in tornado.bars if bar.input.spread.why.startswith("no range")]
    if guessed:
        found.append(f"no range is declared for {', '.join(guessed)}: moved by 20% of themselves, or from 0 to 0.2")
    if numbers := [bar.input.name for bar in tornado.bars if bar.input.name in guessed and _may_be_constant(bar)]:
        found.append(
            f"declare constant: true where a number is no assumption, and it is not moved: {', '.join(numbers)}"
        )
    fitted = [bar.input.name for bar in tornado.bars if bar.input.fitted]
    if fitted:
        found.append(f"fitted together, and moved one at a time here while the others stay: {', '.join(fitted)}")
    if turned := [bar.input.name for bar in tornado.bars if not bar.monotone]:
        found.append(f"not monotone (the outcome turns between the ends): {', '.join(turned)}")
    found += sensitivity.only_the_bill(bar.input for bar in tornado.bars)
    found += [f"{bar.input.name}: {bar.refused}" for bar in tornado.bars if bar.refused]
    return found


def _may_be_constant(bar: Bar) -> bool:
    return bar.input.unit.kind == "multiplier" and bar.input.central == round(bar.input.central)


def takeaway(tornado: Tornado) -> str:
    """What moves the outcome most, in a sentence."""
    question = tornado.question
    name = OUTCOMES[question.outcome]
    if not tornado.bars:
        return f"No input, moved alone within its uncertainty, changes the {name}: {_said(tornado)}."
    bar = tornado.bars[0]
    ends = (
        f"{sensitivity.said(bar.at_low, question)} at {sensitivity.amount(bar.input.spread.low, bar.input.unit)}, "
        f"{sensitivity.said(bar.at_high, question)} at {sensitivity.amount(bar.input.spread.high, bar.input.unit)}"
    )
    return f"{sensitivity.label(bar.input)} moves the {name} most: {ends}; {_said(tornado)} in the deterministic run."


def _said(tornado: Tornado) -> str:
    return sensitivity.said(tornado.central, tornado.question)


def pieces(tornado: Tornado) -> Iterator[Piece]:
    """What `costmodel tornado` prints, piece by piece."""
    question = tornado.question
    scenario = question.scenario
    yield Text(f"{scenario.model.title} ({scenario.model.label})", style="bold")
    yield Text(f"{sensitivity.subject(question)}: {question.words}")
    unit = f"£ of {scenario.setting.price_year} per person referred; a saving is positive"
    yield Text(f"{unit}; {_said(tornado)} in the deterministic run")
    yield Text("")
    yield Text(takeaway(tornado), style="bold")
    if tornado.bars:
        yield from headed("Each input moved alone; L: at its low value, H: at its high value, │: deterministic run")
        yield _table(tornado)
        if len(tornado.bars) > MOST:
            yield Text(f"{len(tornado.bars) - MOST} narrower bars are in --json and --csv")
    yield from headed("What to know", listed(notes(tornado)[1:]))
    if tornado.inert:
        yield from headed(
            f"{len(tornado.inert)} inputs change nothing here", listed([", ".join(one.name for one in tornado.inert)])
        )
    yield from headed("Not tried", listed(f"{one.input.name}: {one.why}" for one in tornado.left_out))
    yield from headed("Changed", listed(f"{change} (by {change.by})" for change in scenario.changes))
    yield Text("")
    yield Text(f"{engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")


def _table(tornado: Tornado) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("input", "low to high", "at low", "at high"):
        table.add_column(heading, justify="left" if heading == "input" else "right", overflow="fold")
    table.add_column("", no_wrap=True)
    for bar in tornado.bars[:MOST]:
        spread, unit = bar.input.spread, bar.input.unit
        low, high = sensitivity.amount(spread.low, unit), sensitivity.amount(spread.high, unit)
        marked = bar.input.name + ("*" if bar.input.fitted else "") + ("" if bar.monotone else " ~")
        ends = (sensitivity.said(end, tornado.question) for end in (bar.at_low, bar.at_high))
        table.add_row(marked, f"{low} to {high}", *ends, drawn(bar, tornado))
    return table


def drawn(bar: Bar, tornado: Tornado) -> str:
    """A bar in characters on the scale of all bars; blank where an end is words."""
    numbers = [
        end for one in tornado.bars for end in (one.least, one.most) if end is not None and one.width < float("inf")
    ]
    if bar.width == float("inf") or bar.least is None or bar.most is None or tornado.central.value is None:
        return ""
    low, high = min(numbers), max(numbers)
    if high == low:
        return CENTRAL

    def at(value: float) -> int:
        return round((value - low) / (high - low) * (CELLS - 1))

    cells = [" "] * CELLS
    for i in range(at(bar.least), at(bar.most) + 1):
        cells[i] = "─"
    cells[at(tornado.central.value)] = CENTRAL
    for end, mark in ((bar.at_low, LOW), (bar.at_high, HIGH)):
        if end.value is not None and at(end.value) != at(tornado.central.value):
            cells[at(end.value)] = mark
    return "".join(cells).rstrip()
