"""The Summary sheet: this workbook now beside the original run, by perspective and payer, with charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.model.money import Item, items
from costmodel.perspectives import PARTY_NAMES, PERSPECTIVE_NAMES, PERSPECTIVES, account, weight
from costmodel.report.sentence import pick
from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.costs import (
    cumulative_name,
    difference_name,
    payback_formula,
    payback_value,
)
from costmodel.report.workbook.inputs import Inputs
from costmodel.report.workbook.sheet import HEADINGS, REFERRAL, Sheet, clean, in_a_chart, table
from costmodel.result.result import DETERMINISTIC
from costmodel.result.table import in_words
from costmodel.words import upper_first

COLUMNS = (
    ("Answer", 62), ("This workbook now", 18), ("Original run, central values", 18), ("Difference", 14),
    ("Original run, expected value", 18), ("Low (95%)", 16), ("High (95%)", 16), ("In words", 44),
)  # fmt: skip
NOW, ORIGINAL, DIFFERENCE, EXPECTED, LOW, HIGH, WORDS = range(1, 8)


@dataclass(frozen=True)
class Pages:
    """The live sheets that the summary reads."""

    rates: Sheet
    costs: Sheet
    net: Sheet


class Summary:
    """Writes the rows; `cells` maps (outcome, perspective, horizon) to the live cell, for tests and checks."""

    def __init__(self, sheet: Sheet, pages: Pages, inputs: Inputs) -> None:
        self.sheet, self.pages, self.inputs, self.result = sheet, pages, inputs, inputs.result
        self.last = REFERRAL + len(self.result.edges) - 1
        self.row = HEADINGS
        self.cells: dict[tuple[str, str, str, float], str] = {}
        table(sheet, self.row, [name for name, _ in COLUMNS], [width for _, width in COLUMNS])
        sheet.page.freeze_panes(self.row + 1, 1)
        self.row += 1
        for strategy in self.result.strategies[1:]:
            for horizon in self.result.horizons:
                self._horizon(strategy, horizon)

    def _horizon(self, strategy: str, horizon: float) -> None:
        label = self.result.scenario.model.strategies[strategy].label
        observed = "observed" if horizon == self.result.horizons[0] else "extrapolated"
        usual = self.result.scenario.model.strategies[self.result.comparator].label.lower()
        prices = f"GBP of {self.result.scenario.setting.price_year} per person"
        text = f"{label} against {usual} over {in_words(horizon)} ({observed}), {prices}"
        self.sheet.page.write_string(self.row, 0, clean(text), self.sheet.styles.section)
        self.row += 1
        for perspective in PERSPECTIVES:
            self._perspective(strategy, perspective, horizon)
        for party in self.result.parties():
            self._party(strategy, party, horizon)
        self._health(strategy, horizon)
        self.row += 1

    def _perspective(self, strategy: str, perspective: str, horizon: float) -> None:
        payer = upper_first(PERSPECTIVE_NAMES[perspective])
        for category in self.result.categories():
            formula = self._sum(
                strategy, horizon, lambda item: weight(perspective, item.paid_by, item.received_by), category
            )
            if formula:
                row = pick(
                    self.result,
                    "net_saving",
                    perspective=perspective,
                    category=category,
                    horizon=horizon,
                    run=DETERMINISTIC,
                    strategy=strategy,
                )
                self._line(
                    f"{payer}: saving on {category}",
                    formula,
                    row,
                    strategy,
                    ("net_saving", perspective, category, horizon),
                )
        for outcome, label, kind, discounted in (
            ("net_saving", "net saving", "value", False),
            ("net_saving", "net saving, discounted", "discounted", True),
            ("cash_net_saving", "net saving in cash", "cash", False),
        ):
            formula = f"0-({self._total(strategy, perspective, horizon, kind)})"
            row = pick(
                self.result,
                outcome,
                perspective=perspective,
                discounted=discounted,
                horizon=horizon,
                run=DETERMINISTIC,
                strategy=strategy,
            )
            key = (outcome + (" discounted" if discounted else ""), perspective, "all", horizon)
            self._line(f"{payer}: {label}", formula, row, strategy, key, style="output")
        if horizon == self.result.horizons[-1]:
            self._payback(strategy, perspective)

    def _party(self, strategy: str, party: str, horizon: float) -> None:
        formula = self._sum(strategy, horizon, lambda item: account(party, item.paid_by, item.received_by))
        row = pick(self.result, "net_saving", party=party, horizon=horizon, run=DETERMINISTIC, strategy=strategy)
        label = f"{PARTY_NAMES[party]}, own account: better off by"
        self._line(label, formula or "0", row, strategy, ("net_saving", party, "party", horizon))

    def _payback(self, strategy: str, perspective: str) -> None:
        number = self.result.strategies.index(strategy)
        for outcome, view, label in (
            (
                "payback_sustained_months",
                "value",
                "sustained payback, months (−1: none within the horizon)",
            ),
            (
                "cash_payback_sustained_months",
                "cash",
                "sustained payback in cash, months (−1: none within the horizon)",
            ),
        ):
            horizon = self.result.horizons[-1]
            row = pick(
                self.result,
                outcome,
                perspective=perspective,
                horizon=horizon,
                run=DETERMINISTIC,
                strategy=strategy,
            )
            value = payback_value(self.inputs, number, perspective, view)
            formula = payback_formula(self.pages.net, strategy, perspective, view, self.inputs)[1:]
            key = (outcome, perspective, "all", horizon)
            text = f"{upper_first(PERSPECTIVE_NAMES[perspective])}: {label}"
            self._line(text, formula, row, strategy, key, style="months", value=value)

    def _health(self, strategy: str, horizon: float) -> None:
        row = pick(self.result, "qaly", discounted=True, horizon=horizon, run=DETERMINISTIC, strategy=strategy)
        factor = self._span(self.pages.rates, "Discount factor, health")
        share = self._share(horizon)
        parts = []
        for structure in self.result.scenario.readings:
            weight_cell = self.inputs.look(structure.weight)
            weighted = getattr(weight_cell, "text", "1")
            for name, sign in ((strategy, ""), (self.result.comparator, "-")):
                column = f"{name}, {structure.name}: QALYs" if structure.name != "only" else f"{name}: QALYs"
                product = ",".join(filter(None, (self._span(self.pages.costs, column), factor, share)))
                parts.append(f"{sign}{weighted}*SUMPRODUCT({product})")
        self._line(
            "QALYs gained, discounted",
            "+".join(parts).replace("+-", "-"),
            row,
            strategy,
            ("qaly", "", "all", horizon),
            style="number",
        )

    def _line(
        self, label: str, formula: str, row: pd.Series, strategy: str, key: tuple[str, str, str, float],
        style: str = "money", value: float | None = None,
    ) -> None:  # fmt: skip
        page, styles = self.sheet.page, self.sheet.styles
        cached = float(row.value) if value is None else value
        page.write_string(self.row, 0, clean(label), styles.label)
        settled = formula if style == "months" else Cell(f"({formula})", cached).settled().text
        page.write_formula(self.row, NOW, f"={settled}", styles[style], cached)
        page.write_number(self.row, ORIGINAL, cached, styles[style])
        now, original = xl_rowcol_to_cell(self.row, NOW), xl_rowcol_to_cell(self.row, ORIGINAL)
        gap = f"{now}-{original}"
        page.write_formula(self.row, DIFFERENCE, f"=IF(ABS({gap})<0.000000001,0,{gap})", styles[style], 0)
        if self.result.expected is not None:
            horizon = key[3]
            found = pick(
                self.result, row.outcome, perspective=row.perspective, party=row.party, category=row.category,
                discounted=bool(row.discounted), horizon=horizon, strategy=strategy,
            )  # fmt: skip
            for column, number in ((EXPECTED, found.value), (LOW, found.low), (HIGH, found.high)):
                if number is not None and not pd.isna(number):
                    page.write_number(self.row, column, float(number), styles[style])
            page.write_string(self.row, WORDS, clean(found.words), styles.label)
        self.cells[key if strategy == self.result.strategies[1] else (f"{strategy} {key[0]}", *key[1:])] = (
            xl_rowcol_to_cell(self.row, NOW)
        )
        self.row += 1

    def _sum(self, strategy: str, horizon: float, sign_of: Callable[[Item], int], category: str | None = None) -> str:
        """Saving as the sum of items' mixed differences, each with its sign; of one category, or of all."""
        text = ""
        for item in items(self.result.scenario.model):
            sign = sign_of(item)
            name = difference_name(strategy, item.name)
            if category in (None, item.category) and sign and name in self.pages.net.columns:
                product = ",".join(filter(None, (self._span(self.pages.net, name), self._share(horizon))))
                text += f"{'-' if sign > 0 else '+'}SUMPRODUCT({product})"
        return f"0{text}" if text else ""

    def _total(self, strategy: str, perspective: str, horizon: float, view: str) -> str:
        heading = {"value": "net cost", "discounted": "net cost discounted", "cash": "net cash"}[view]
        column = self._span(self.pages.net, f"{strategy}: {heading}, {perspective}")
        return f"SUMPRODUCT({','.join(filter(None, (column, self._share(horizon))))})"

    def _share(self, horizon: float) -> str:
        """Column that cuts a sum at the follow-up; nothing for the whole horizon."""
        if len(self.result.horizons) > 1 and horizon == self.result.horizons[0]:
            return self._span(self.pages.rates, "Share within follow-up")
        return ""

    def _span(self, sheet: Sheet, name: str) -> str:
        return sheet.span(name, self.inputs.first_booked, self.last)

    def charts(self, book: Any, traces: dict[Any, Any]) -> None:
        """Native charts: cumulative net cost with the run's band, savings by category, people in each state."""
        strategy = self.result.strategies[1]
        label = self.result.scenario.model.strategies[strategy].label
        months = f"={self.pages.net.span('Month to', REFERRAL, self.last)}"
        line = book.add_chart({"type": "line"})
        series = [(cumulative_name(strategy, "nhs_pss", "value"), "This workbook now", "#0072B2", "solid")]
        for quantile, dash in (("2.5%", "dash"), ("97.5%", "dash")):
            name = f"{strategy}: {quantile} of draws, cumulative, NHS and social care (run)"
            if name in self.pages.net.columns:
                series.append((name, f"{quantile} of draws (original run)", "#D55E00", dash))
        for name, shown, colour, dash in series:
            values = f"={self.pages.net.span(name, REFERRAL, self.last)}"
            line.add_series(
                {
                    "name": shown,
                    "categories": months,
                    "values": values,
                    "line": {"color": colour, "width": 2, "dash_type": dash},
                }
            )
        self._place(line, "Cumulative net cost to the NHS and social care, £ per person", "Months since referral", 0,
                    f"Line chart: cumulative net cost of {label} to the NHS and social care, by month. "
                    "Above zero money is owed.")  # fmt: skip
        trace = next(iter(sheet for (s, _), sheet in traces.items() if s == strategy))
        area = book.add_chart({"type": "line"})
        for state, colour in zip(
            self.result.scenario.model.states, ("#D55E00", "#E69F00", "#009E73", "#56B4E9"), strict=False
        ):
            values = f"={trace.span(f'{state}: people at end', REFERRAL, self.last)}"
            area.add_series(
                {
                    "name": state.replace("_", " "),
                    "categories": f"={trace.span('Month to', REFERRAL, self.last)}",
                    "values": values,
                    "line": {"color": colour, "width": 2},
                }
            )
        self._place(area, f"Share of people in each state, {label} (first alternative)", "Months since referral", 20,
                    "Line chart: share of the cohort in each clinical state by month.")  # fmt: skip

    def _place(self, chart: Any, title: str, axis: str, below: int, alt: str) -> None:
        chart.set_title({"name": in_a_chart(title), "name_font": {"size": 11}})
        chart.set_x_axis({"name": axis, "interval_unit": 12, "interval_tick": 12, "label_position": "low"})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 760, "height": 380})
        self.sheet.page.insert_chart(self.row + 1 + below, 0, chart, {"description": clean(alt)})
