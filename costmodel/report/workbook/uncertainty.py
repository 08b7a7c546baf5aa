"""The sheet Uncertainty: by when, how much, how sure, and what a wrong decision loses, from the draws of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from costmodel.analysis.probabilistic import MONEY_ALONE, Choice, psa
from costmodel.page import reading_label
from costmodel.perspectives import PARTY_NAMES, PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.report.psa_answers import DEFAULT, Answers, answers
from costmodel.report.psa_words import sentences
from costmodel.report.workbook.run_sheet import Column, RunSheet, Value, nothing_drawn, unsteady
from costmodel.report.workbook.sheet import in_a_chart
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance, upper_first

PERCENTILES = (5, 25, 50, 75, 95)
WHEN: tuple[Column, ...] = (
    ("Payback, for whom", "text"), ("Strategy", "label"), ("To month", "months"), ("Chance of payback", "share"),
    ("Known to ± (95%)", "share"), *((f"{p} of 100 have it back by month", "months") for p in PERCENTILES),
)  # fmt: skip
HOW_MUCH: tuple[Column, ...] = (
    ("£ per person referred", "text"), ("Strategy", "label"), ("To month", "months"), ("Mean", "money"),
    ("Mean known to ± (95%)", "money"), ("Low (95%)", "money"), ("High (95%)", "money"), ("Low (50%)", "money"),
    ("High (50%)", "money"), ("Worst tenth, mean", "money"),
)  # fmt: skip
APART: tuple[Column, ...] = (
    ("Alternative", "text"), ("Strategy", "label"), ("To month", "months"), ("Mean net saving", "money"),
    ("Low (95%)", "money"), ("High (95%)", "money"), ("Worst tenth, mean", "money"), ("Chance of payback", "share"),
)  # fmt: skip
SHARES = {"name": "Share of simulations", "num_format": "0%", "min": 0, "max": 1}
"""Axis of the charts of chances."""
WIDTHS = (36, *(14,) * 15)
"""The second column names strategies."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "square_dot", "dash_dot", "long_dash", "round_dot")


def write_uncertainty(page: RunSheet, result: Result) -> None:
    """Everything that `cm.psa` says of the run, by perspective and party; curves for the NHS and social care."""
    if result.expected is None:
        nothing_drawn(page)
        return
    if few := unsteady(result):
        page.say(few, "strong_text")
    found = answers(psa(result))
    for strategy in result.strategies[1:]:
        for heading, said in sentences(found, strategy).items():
            page.section(heading if len(found.strategies) == 1 else f"{_label(found, strategy)}: {heading}")
            for text in said:
                page.say(text)
    page.section(f"Chance that the money is back for good by the end of each year, to {_end(result)}")
    _by_year(page, found)
    page.section("When the money is back: of 100 simulations, the quickest first; empty means not within the horizon")
    page.table(WHEN, _when(found))
    page.section("How much, and the worst tenth of the simulations")
    page.table(HOW_MUCH, _how_much(found))
    if len(found.psa.readings) > 1:
        page.section(f"Alternatives apart, {PERSPECTIVE_NAMES[DEFAULT]}")
        page.table(APART, _apart(found))
    page.section(f"Chance of being the best choice by value of a QALY, {PERSPECTIVE_NAMES[DEFAULT]}, {_end(result)}")
    page.say(
        "On the frontier stands the strategy with the highest expected net benefit, which need not be the one that is "
        "most often best. Expected loss: what choosing a strategy forgoes on average because it is not always the best."
    )
    _acceptability(page, found)


def _label(found: Answers, strategy: str) -> str:
    return found.result.scenario.model.strategies[strategy].label


def _end(result: Result) -> str:
    return in_words(result.horizons[-1])


def _by_year(page: RunSheet, found: Answers) -> None:
    """One row a year for each strategy, and a chart of it."""
    result = found.result
    columns: tuple[Column, ...] = (
        ("Strategy", "text"), ("By the end of year", "count"), ("By month", "months"),
        *((upper_first(PERSPECTIVE_NAMES[name]), "share") for name in PERSPECTIVES),
        ("Cash alone, NHS and social care", "share"),
    )  # fmt: skip
    table: list[list[Value]] = []
    drawn: list[tuple[str, int, int, int]] = []
    for strategy in found.strategies:
        label = _label(found, strategy)
        curves = [found.psa.chances(name, strategy) for name in PERSPECTIVES]
        curves.append(found.psa.chances(DEFAULT, strategy, view="cash"))
        years: list[float] = [float(year) for year in curves[0].by_year()] or [result.horizons[-1] / MONTHS_A_YEAR]
        rows = [[curve.at(MONTHS_A_YEAR * year) for curve in curves] for year in years]
        first = len(table)
        table += [[label, year, MONTHS_A_YEAR * year, *row] for year, row in zip(years, rows, strict=True)]
        if len(found.strategies) > 1:
            drawn.append((label, 3 + list(PERSPECTIVES).index(DEFAULT), first, len(table)))
        else:
            drawn += [(name, 3 + column, first, len(table)) for name, column in _alike(columns[3:], rows)]
    written = page.table(columns, table)
    chart = page.book.add_chart({"type": "line"})
    for name, column, first, last in drawn:
        _line(page, chart, name, (1, column), written[first:last])
    said = "; ".join(
        f"{_label(found, name)} in "
        f"{chance(found.pick('chance_payback', name, perspective=DEFAULT)['value'])} simulations"
        for name in found.strategies
    )
    whose = "" if len(found.strategies) == 1 else f", {PERSPECTIVE_NAMES[DEFAULT]}"
    page.chart(
        chart, page.leave(), f"Chance that the money is back for good{whose}",
        f"Line chart of the table above. To the NHS and social care, within {_end(result)}: {said}.",
        {"name": "Years since referral"}, SHARES,
    )  # fmt: skip


def _alike(columns: Sequence[Column], rows: Sequence[Sequence[float]]) -> list[tuple[str, int]]:
    """Names and positions of columns to be drawn; those with the same values share a line."""
    found: dict[tuple[float, ...], list[int]] = {}
    for position in range(len(columns)):
        found.setdefault(tuple(row[position] for row in rows), []).append(position)
    return [("; ".join(columns[i][0] for i in alike), alike[0]) for alike in found.values()]


def _when(found: Answers) -> Iterator[list[Value]]:
    for strategy in found.strategies:
        for end in found.result.horizons:
            for name in PERSPECTIVES:
                row = found.pick("chance_payback", strategy, perspective=name, horizon=end)
                months = [
                    found.pick(f"payback_p{p:02d}", strategy, perspective=name, horizon=end)["value"]
                    for p in PERCENTILES
                ]
                yield [
                    upper_first(PERSPECTIVE_NAMES[name]),
                    _label(found, strategy),
                    end,
                    row["value"],
                    row["error"],
                    *months,
                ]


def _how_much(found: Answers) -> Iterator[list[Value]]:
    """Net savings by perspective and party to each horizon, then peak funding."""
    result = found.result
    accounts: list[tuple[str, dict[str, Any]]] = [
        *((upper_first(PERSPECTIVE_NAMES[name]), {"perspective": name}) for name in PERSPECTIVES),
        *((f"{upper_first(PARTY_NAMES[party])}, own account", {"party": party}) for party in result.parties()),
    ]
    for strategy in found.strategies:
        for end in result.horizons:
            for label, whose in accounts:
                more = whose | {"horizon": end}
                yield _answer(found, f"{label}: net saving", strategy, "net_saving", "net_saving_worst_tenth", more)
                if "perspective" in whose:
                    discounted = more | {"discounted": True}
                    yield _answer(found, f"{label}: net saving, discounted", strategy, "net_saving", None, discounted)
                    yield _answer(found, f"{label}: net saving in cash", strategy, "cash_net_saving", None, more)
        for label, whose in accounts:
            at = whose | {"horizon": result.horizons[-1]}
            yield _answer(
                found, f"{label}: peak funding", strategy, "peak_funding", "peak_funding_worst_tenth", at
            )  # fmt: skip


def _answer(
    found: Answers, label: str, strategy: str, outcome: str, worst: str | None, whose: dict[str, Any]
) -> list[Value]:
    row = found.pick(outcome, strategy, **whose)
    tail = found.pick(worst, strategy, **whose)["value"] if worst else None
    spread = (row["value"], row["error"], row["low"], row["high"], row["low_50"], row["high_50"])
    return [label, _label(found, strategy), whose["horizon"], *spread, tail]


def _apart(found: Answers) -> Iterator[list[Value]]:
    for strategy in found.strategies:
        for end in found.result.horizons:
            for run in found.psa.readings:
                at: dict[str, Any] = {"perspective": DEFAULT, "run": run, "horizon": end}
                row = found.pick("net_saving", strategy, **at)
                worst = found.pick("net_saving_worst_tenth", strategy, **at)["value"]
                paid = found.pick("chance_payback", strategy, **at)["value"]
                label = upper_first(reading_label(found.result, run))
                yield [label, _label(found, strategy), end, row["value"], row["low"], row["high"], worst, paid]


def _acceptability(page: RunSheet, found: Answers) -> None:
    """Net saving alone and the setting's thresholds, then the curve with its chart."""
    names = found.result.strategies
    labels = [_label(found, name) for name in names]
    columns: tuple[Column, ...] = (
        ("Judged by", "text"), ("£ per QALY", "whole"), *((f"Chance best: {label}", "share") for label in labels),
        ("On the frontier", "label"), ("Chance that it is best", "share"),
        *((f"Expected loss: {label}", "money") for label in labels),
    )  # fmt: skip
    own = found.psa.choices(DEFAULT, thresholds=(None, *found.psa.setting_thresholds))
    page.table(columns, [_choice(choice, labels) for choice in own])
    place = page.leave()
    rows = page.table(columns, [_choice(choice, labels) for choice in found.psa.choices(DEFAULT)])
    chart = page.book.add_chart({"type": "line"})
    chart.add_series({
        "name": "frontier", "categories": page.span(1, rows), "values": page.span(3 + len(names), rows),
        "line": {"color": "#BBBBBB", "width": 7}, "marker": {"type": "none"},
    })  # fmt: skip
    for s, label in enumerate(labels):
        _line(page, chart, label, (1, 2 + s), rows)
    said = sentences(found, found.strategies[0])["What a wrong decision loses"][-1]
    page.chart(
        chart, place, "Chance of being the best choice, by what a QALY is worth",
        f"Line chart of the table below; the broad grey line is the frontier. {said}",
        {"name": "£ per QALY", "interval_unit": 10, "interval_tick": 10, "num_format": '"£"#,##0'}, SHARES,
    )  # fmt: skip


def _choice(choice: Choice, labels: Sequence[str]) -> list[Value]:
    by = MONEY_ALONE if choice.threshold is None else "net benefit"
    chances = [float(share) for share in choice.chance]
    losses = [float(loss) for loss in choice.loss]
    chosen = choice.chosen
    return [upper_first(by), choice.threshold, *chances, labels[chosen], chances[chosen], *losses]


def _line(page: RunSheet, chart: Any, name: str, columns: tuple[int, int], rows: range) -> None:
    number = len(chart.series)
    chart.add_series({
        "name": in_a_chart(name), "categories": page.span(columns[0], rows), "values": page.span(columns[1], rows),
        "line": {"color": COLOURS[number % len(COLOURS)], "width": 2, "dash_type": DASHES[number % len(DASHES)]},
        "marker": {"type": "none"},
    })  # fmt: skip
