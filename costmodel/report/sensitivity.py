"""What the answers of sensitivity share: their settings, values with their units, rows as JSON and CSV."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from costmodel.analysis.sensitivity import Finding, Input, Question
from costmodel.perspectives import PERSPECTIVE_NAMES
from costmodel.report import json_report
from costmodel.report.files import cell
from costmodel.report.words import MINUS, money, significant
from costmodel.result.table import in_words
from costmodel.units import Unit

WHOLE = 100
"""Pounds from which an answer is shown whole: bars differ in what three figures would hide."""


def document(schema: str, question: Question, frame: pd.DataFrame, notes: Iterable[str], **more: Any) -> dict[str, Any]:
    """What a command of sensitivity prints with `--json`. more: keys of its own, after the settings."""
    scenario = question.scenario
    return {
        "schema": schema,
        "scenario": json_report.identity(scenario),
        "engine": json_report.engine(),
        "settings": settings(question),
        **more,
        "rows": rows(frame),
        "warnings": list(question.template.warnings),
        "notes": list(notes),
        "changes": json_report.changes(scenario.changes),
    }


def settings(question: Question) -> dict[str, Any]:
    """What was asked, and of what."""
    template, scenario = question.template, question.scenario
    return {
        "setting": scenario.setting.title,
        "price_year": scenario.setting.price_year,
        "outcome": question.outcome,
        "unit": question.unit,
        "discounted": question.discounted or question.outcome in ("nmb", "cost_per_qaly"),
        "perspective": question.perspective,
        "strategy": template.strategies[question.strategy],
        "comparator": template.comparator,
        "horizon_months": question.months,
        "follow_up_months": template.horizons[0],
        "threshold": template.threshold,
        "run": "deterministic",
    }


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Records of a table, missing values as None."""
    columns = [str(name) for name in frame.columns]
    return [
        {name: json_report.plain(_missing(value)) for name, value in zip(columns, record, strict=True)}
        for record in frame.itertuples(index=False, name=None)
    ]


def _missing(value: Any) -> Any:
    return None if value is pd.NA or (isinstance(value, float) and value != value) else value


def as_csv(frame: pd.DataFrame) -> str:
    """The rows as CSV: numbers in full, missing ones empty, nothing that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=[str(name) for name in frame.columns], lineterminator="\n")
    writer.writeheader()
    for row in rows(frame):
        writer.writerow({key: cell(value) for key, value in row.items()})
    return out.getvalue()


def subject(question: Question) -> str:
    """Who is compared with whom, for whom, until when."""
    strategies = question.scenario.model.strategies
    own = strategies[question.template.strategies[question.strategy]].label
    observed = "" if question.horizon == 0 else " (extrapolation)"
    return (
        f"{own} against {strategies[question.template.comparator].label}, "
        f"{PERSPECTIVE_NAMES[question.perspective]}, {in_words(question.months)}{observed}"
    )


def said(finding: Finding, question: Question) -> str:
    """An answer as it is read: pounds, months or a ratio, or its words."""
    if finding.value is None:
        return finding.words
    if question.outcome == "payback":
        return finding.words
    if question.outcome == "offset_ratio":
        return f"{significant(finding.value):.3g}"
    pounds = money(float(round(finding.value)), exact=True) if abs(finding.value) >= WHOLE else money(finding.value)
    return pounds + (" per QALY" if question.outcome == "cost_per_qaly" else "")


def amount(value: float, unit: Unit, figures: int = 3) -> str:
    """A value of an input with its unit: £371 per session, 80%, 0.397 per year."""
    sign = MINUS if value < 0 else ""
    if unit.kind == "price":
        thing = unit.text.partition(" per ")[2]
        pounds = f"{abs(value):,.2f}" if 0 < abs(value) < 1_000 else f"{abs(value):,.0f}"
        return f"{sign}£{pounds.removesuffix('.00')} per {thing}"
    if unit.kind in ("share", "probability", "discount_rate"):
        return f"{sign}{abs(value) * 100:.{figures}g}%"
    number = f"{sign}{significant(abs(value), figures + 1):,.{figures + 1}g}"
    if unit.kind in ("rate", "quantity", "sessions", "age"):
        return f"{number} {unit.text}"
    return number


def pair(first: float, second: float, unit: Unit, between: str = " to ") -> str:
    """Two values of an input, their unit once: £253 to £375 per session."""
    one, other = amount(first, unit), amount(second, unit)
    thing = other.partition(" ")[2]
    return f"{one.removesuffix(f' {thing}') if thing else one}{between}{other}"


def only_the_bill(moved: Iterable[Input]) -> Iterator[str]:
    """That sessions and attendance change what a therapy costs and nothing that it does, where that is so."""
    if names := [one.name for one in moved if one.bill_only]:
        verb = "changes" if len(names) == 1 else "change"
        yield f"{verb} only the bill, because no effect here depends on the sessions delivered: {', '.join(names)}"


def label(one: Input) -> str:
    """An input inside a sentence."""
    return f"“{one.label}”" + (" (by the bill alone)" if one.bill_only else "")


def tried(one: Input) -> str:
    """Where the values come from at which an input is tried."""
    said_ = [one.spread.why]
    if one.fitted:
        said_.append("fitted together with others, which stay")
    if one.spread.widened:
        said_.append("widened to the value in use")
    return "; ".join(said_)
