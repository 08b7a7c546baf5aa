"""The Summary sheet: this workbook now beside the original run, by perspective and payer, with charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.model.money import items
from costmodel.report.sentence import pick
from costmodel.report.workbook.costs import (
    BANDS,
    QALYS,
    band_name,
    cumulative_name,
    difference_name,
    payback,
    view_name,
)
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import HEADINGS, REFERRAL, Cell, Sheet, height
from costmodel.report.workbook.trace import DISCOUNTS, PEOPLE, WITHIN, Variant, variant_name
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import in_words
from costmodel.scenario.setting import account
from costmodel.words import upper_first

COLUMNS = {
    "Answer": 48, "This workbook now": 14, "Original run, central values": 14, "Difference": 13,
    "Original run, expected value": 14, "Low (95%)": 13, "High (95%)": 13, "In words": 30,
}  # fmt: skip
NOW, ORIGINAL, DIFFERENCE, EXPECTED, LOW, HIGH, WORDS = range(1, 8)
COLOURS = ("#D55E00", "#E69F00", "#009E73", "#56B4E9")
MOST_PRINTED = 76
"""Rows that two pages hold; of the answers as many whole blocks are printed, and at least the first."""
BELOW = 20
"""Rows from one chart to the next."""


@dataclass(frozen=True)
class Pages:
    """The live sheets that the summary reads."""

    rates: Sheet
    traces: dict[Variant, Sheet]
    costs: Sheet
    net: Sheet


class Summary:
    """Writes the rows. savings: the live cell of each net saving, by strategy, perspective, category and horizon; the
    category of the sum is "all". lines: what `pick` finds the answer of each row by.
    """

    def __init__(self, sheet: Sheet, pages: Pages, inputs: Inputs) -> None:
        self.sheet, self.pages, self.inputs, self.result = sheet, pages, inputs, inputs.result
        self.savings: dict[tuple[str, str, str, float], str] = {}
        self.lines: dict[int, tuple[str, Mapping[str, Any]]] = {}
        sheet.headings(COLUMNS)
        sheet.page.freeze_panes(HEADINGS + 1, 1)
        self.row, self.printed = HEADINGS + 1, 0
        for strategy in self.result.strategies[1:]:
            for horizon in self.result.horizons:
                self._horizon(strategy, horizon)
                if self.row <= MOST_PRINTED or not self.printed:
                    self.printed = self.row
        sheet.page.print_area(0, 0, self.printed - 1, len(COLUMNS) - 1)

    def _horizon(self, strategy: str, horizon: float) -> None:
        setting = self.result.setting
        scenario, at = self.result.scenario, {"strategy": strategy, "horizon": horizon}
        observed = "observed" if horizon == self.result.horizons[0] else "extrapolated"
        label, usual = (scenario.model.strategies[name].label for name in (strategy, self.result.comparator))
        prices = f"{scenario.setting.currency.code} of {scenario.setting.price_year}"
        time = f"over {in_words(horizon)} ({observed}), {prices} per person"
        self.sheet.text(self.row, 0, f"{label} against {usual.lower()} {time}", "section")
        self.row += 1
        for perspective in setting.perspectives:
            self._perspective({**at, "perspective": perspective}, upper_first(setting.name(perspective)))
        for party in self.result.parties():
            text = f"{setting.parties[party].name}, own account: better off by"
            saved = self._saved(at, partial(account, party))
            self._line(text, saved or "0", "net_saving", {**at, "party": party})
        unknown = "" if scenario.model.health else " (health is not modelled)"
        self._line(f"QALYs gained, discounted{unknown}", self._qalys(at), "qaly", {**at, "discounted": True}, "number")
        self.row += 1

    def _perspective(self, at: dict[str, Any], payer: str) -> None:
        """What a payer saves by category and altogether; when it has its money back."""
        strategy, perspective, horizon = at["strategy"], at["perspective"], at["horizon"]

        def keep(category: str, cell: str) -> None:
            self.savings[strategy, perspective, category, horizon] = cell

        for category in self.result.categories():
            if saved := self._saved(at, partial(self.result.setting.weight, perspective), category):
                label = f"{payer}: saving on {category}"
                keep(category, self._line(label, saved, "net_saving", {**at, "category": category}))
        for label, view, outcome, more in (
            ("net saving", "value", "net_saving", {}),
            ("net saving, discounted", "discounted", "net_saving", {"discounted": True}),
            ("net saving in cash", "cash", "cash_net_saving", {}),
        ):
            total = self._sum(self.pages.net, view_name(strategy, perspective, view), horizon)
            cell = self._line(f"{payer}: {label}", f"0-({total})", outcome, at | more, "output")
            if view == "value":
                keep("all", cell)
        for label, view, outcome in (
            ("sustained payback", "value", "payback_sustained_months"),
            ("sustained payback in cash", "cash", "cash_payback_sustained_months"),
        ):
            if horizon == self.result.horizons[-1]:
                month = payback(self.pages.net, self.inputs, strategy, perspective, view)
                self._line(f"{payer}: {label}, months (−1: none within the horizon)", month, outcome, at, "months")

    def _qalys(self, at: Mapping[str, Any]) -> str:
        """QALYs gained, as a sum over the alternatives."""
        text, factor = "", self._span(self.pages.rates, DISCOUNTS[1])
        for structure in self.result.scenario.readings:
            share = getattr(structure.weight(self.inputs.look), "text", "1")
            for strategy, sign in ((at["strategy"], "+"), (self.result.comparator, "-")):
                column = variant_name((strategy, structure.name), QALYS)
                text += f"{sign}{share}*{self._sum(self.pages.costs, column, at['horizon'], factor)}"
        return text.removeprefix("+")

    def _line(
        self, label: str, answer: Cell | str, outcome: str, at: Mapping[str, Any], style: str = "money"
    ) -> str:  # fmt: skip
        """A row; returns the reference to its live cell.

        answer: a formula, of the value that the run's table has; or a cell. at: what `pick` finds the run's answer by.
        """
        sheet, row = self.sheet, self.row
        self.lines[row] = outcome, at
        if isinstance(answer, str):
            central = self.answer(self.result, row)
            answer = Cell(f"({answer})", central).settled()
            answer.value = central
        now, original = xl_rowcol_to_cell(row, NOW), xl_rowcol_to_cell(row, ORIGINAL)
        gap = f"{now}-{original}"
        sheet.text(row, 0, label, "answer")
        sheet.page.set_row(row, height(label, COLUMNS["Answer"]))
        sheet.formula(row, NOW, answer.text, answer.value, style)
        sheet.number(row, ORIGINAL, answer.value, style)
        sheet.formula(row, DIFFERENCE, f"IF(ABS({gap})<0.000000001,0,{gap})", 0, style)
        if self.result.expected is not None:
            found = pick(self.result, outcome, **at)
            for column, number in ((EXPECTED, found.value), (LOW, found.low), (HIGH, found.high)):
                if number is not None and not pd.isna(number):
                    sheet.number(row, column, float(number), style)
            sheet.text(row, WORDS, found.words, "answer")
        self.row += 1
        return str(now)

    def answer(self, result: Result, row: int) -> float:
        """What a run says in a row, at central values; −1 for a payback that is not within the horizon."""
        outcome, at = self.lines[row]
        value = pick(result, outcome, run=DETERMINISTIC, **at).value
        return -1.0 if value is None or pd.isna(value) else float(value)

    def _saved(self, at: Mapping[str, Any], sign_of: Callable[[str, str], int], category: str | None = None) -> str:
        """Saving as the sum of items' mixed differences, each with its sign; of one category, or of all."""
        text = ""
        for item in items(self.result.scenario.model):
            sign, name = sign_of(item.paid_by, item.received_by), difference_name(at["strategy"], item.name)
            if category in (None, item.category) and sign and name in self.pages.net.columns:
                text += f"{'-' if sign > 0 else '+'}{self._sum(self.pages.net, name, at['horizon'])}"
        return f"0{text}" if text else ""

    def _sum(self, sheet: Sheet, name: str, horizon: float, *factors: str) -> str:
        """A column up to a horizon, times further ones."""
        spans = [self._span(sheet, name), *factors]
        if len(self.result.horizons) > 1 and horizon == self.result.horizons[0]:
            spans.append(self._span(self.pages.rates, WITHIN))
        return f"SUMPRODUCT({','.join(spans)})"

    def _span(self, sheet: Sheet, name: str) -> str:
        return sheet.span(name, self.inputs.booked[0], self.inputs.last)

    def charts(self, book: Any) -> None:
        """Native charts: cumulative net cost with the run's band, people in each state."""
        strategy, net, model = self.result.strategies[1], self.pages.net, self.result.scenario.model
        trace = next(sheet for (name, _), sheet in self.pages.traces.items() if name == strategy)
        setting = self.result.setting
        who = setting.payer(setting.main)
        label = model.strategies[strategy].label
        money = [(cumulative_name(strategy, setting.main, "value"), "This workbook now", "#0072B2", "solid")]
        for quantile in (BANDS[0], BANDS[-1]):
            name = band_name(strategy, quantile, setting.name(setting.main))
            if name in net.columns:
                money.append((name, f"{quantile:.1%} of draws (original run)", "#D55E00", "dash"))
        people = [
            (f"{state}: {PEOPLE}", state.replace("_", " "), colour, "")
            for state, colour in zip(model.states, COLOURS, strict=False)
        ]
        for below, sheet, series, title, alt in (
            (0, net, money, f"Cumulative net cost to {who}, {setting.currency.symbol} per person",
             f"Line chart: cumulative net cost of {label} to {who}, by month. "
             "Above zero money is owed."),
            (BELOW, trace, people, f"Share of people in each state, {label} (first alternative)",
             "Line chart: share of the cohort in each clinical state by month."),
        ):  # fmt: skip
            chart = book.add_chart({"type": "line"})
            for name, shown, colour, dash in series:
                months, values = (f"={sheet.span(one, REFERRAL, self.inputs.last)}" for one in ("Month to", name))
                line = {"color": colour, "width": 2} | ({"dash_type": dash} if dash else {})
                chart.add_series({"name": shown, "categories": months, "values": values, "line": line})
            axis = {"name": "Months since referral", "interval_unit": 12, "interval_tick": 12, "label_position": "low"}
            self.sheet.chart(chart, self.row + 1 + below, title, alt, axis, {}, width=760)
