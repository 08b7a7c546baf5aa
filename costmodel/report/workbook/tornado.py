"""The sheet Tornado: every input moved alone through its own uncertainty, and what that does to the net saving."""

from __future__ import annotations

import math

from costmodel.analysis.sensitivity import Bar, Finding, Input, Tornado, tornado
from costmodel.report import sensitivity
from costmodel.report.tornado_table import notes
from costmodel.report.workbook.run_sheet import Column, RunSheet, Value
from costmodel.result.result import Result

BARS: tuple[Column, ...] = (
    ("Input", "text"), ("Id", "label"), ("Unit", "label"), ("Value in use", "rounded"), ("Low value tried", "rounded"),
    ("Outcome at low value", "money"), ("High value tried", "rounded"), ("Outcome at high value", "money"),
    ("Largest at", "label"), ("Width of the bar", "money"), ("Change at low value", "money"),
    ("Change at high value", "money"), ("Least outcome on the way", "money"), ("Most outcome on the way", "money"),
    ("Where the two values come from", "label"), ("To know", "label"),
)  # fmt: skip
AT_LOW, AT_HIGH = 10, 11
INERT: tuple[Column, ...] = (
    ("Input", "text"), ("Id", "label"), ("Unit", "label"), ("Value in use", "rounded"), ("Low value tried", "rounded"),
    ("High value tried", "rounded"),
)  # fmt: skip
LEFT_OUT: tuple[Column, ...] = (
    ("Input", "text"), ("Id", "label"), ("Unit", "label"), ("Value in use", "rounded"),
    ("Why it was not tried", "label"),
)  # fmt: skip
WIDTHS = (30, 22, 12, 12, 14, 12, 14, 13, 15, 14, 14, 14, 14, 46, 60)
MOST_DRAWN = 12
"""Bars of the chart; the table has all."""


def write_tornado(page: RunSheet, result: Result) -> None:
    """A tornado of each strategy, as `cm.tornado` has it by default. Money is per person referred."""
    year = result.scenario.setting.price_year
    page.say(
        f"Deterministic: one input at a time, all others as they are. £ of {year} per person referred; a saving is "
        "positive. Values of inputs in the same prices."
    )
    for strategy in result.strategies[1:]:
        _of_strategy(page, tornado(result.scenario, strategy=strategy))


def _of_strategy(page: RunSheet, found: Tornado) -> None:
    question = found.question
    page.section(f"{sensitivity.subject(question)}: {question.words}")
    page.say(f"{sensitivity.said(found.central, question)} in the deterministic run.")
    for text in notes(found):
        page.say(text)
    rows = page.table(BARS, (_bar(bar, found.central) for bar in found.bars))
    _chart(page, found, rows)
    page.section(f"Inputs that change nothing here: {len(found.inert)}")
    page.table(INERT, ([*_about(one), one.spread.low, one.spread.high] for one in found.inert))
    page.section(f"Inputs that could not be tried: {len(found.left_out)}")
    page.table(LEFT_OUT, ([*_about(left.input), left.why] for left in found.left_out))


def _about(one: Input) -> list[Value]:
    return [one.label, one.name, one.unit.text, one.central]


def _bar(bar: Bar, central: Finding) -> list[Value]:
    spread = bar.input.spread
    changes: list[Value] = [
        None if end.value is None or central.value is None else end.value - central.value
        for end in (bar.at_low, bar.at_high)
    ]
    turns = "" if bar.monotone else "not monotone: the outcome turns between the two values"
    return [
        *_about(bar.input),
        spread.low,
        _shown(bar.at_low),
        spread.high,
        _shown(bar.at_high),
        _largest(bar),
        bar.width if math.isfinite(bar.width) else "words at an end",
        *changes,
        bar.least,
        bar.most,
        sensitivity.tried(bar.input),
        "; ".join(filter(None, (turns, bar.refused))),
    ]


def _shown(finding: Finding) -> Value:
    return finding.words if finding.value is None else finding.value


def _largest(bar: Bar) -> str:
    """Which end is which."""
    if bar.higher_is_more is None:
        return "–"
    if bar.at_low.value == bar.at_high.value:
        return "neither end"
    return "high value" if bar.higher_is_more else "low value"


def _chart(page: RunSheet, found: Tornado, rows: range) -> None:
    drawn = range(rows.start, min(rows.stop, rows.start + MOST_DRAWN))
    if not drawn:
        return
    chart = page.book.add_chart({"type": "bar"})
    for column, name, colour, pattern in (
        (AT_LOW, "at the low value", "#0072B2", None),
        (AT_HIGH, "at the high value", "#D55E00", "wide_upward_diagonal"),
    ):
        fill = {"fill": {"color": colour}}
        if pattern:
            fill = {"pattern": {"pattern": pattern, "fg_color": colour, "bg_color": "#FFFFFF"}}
        chart.add_series({
            "name": name, "categories": page.span(1, drawn), "values": page.span(column, drawn), "overlap": 100,
            "gap": 40, "border": {"color": colour}, **fill,
        })  # fmt: skip
    axis = f"Change from {sensitivity.said(found.central, found.question)} in the deterministic run"
    page.chart(
        chart, page.leave(), "Change in net saving per person when one input moves alone", notes(found)[0],
        {"name": axis, "num_format": '"£"#,##0;-"£"#,##0', "label_position": "high"},
        {"reverse": True, "label_position": "low"},
    )  # fmt: skip
