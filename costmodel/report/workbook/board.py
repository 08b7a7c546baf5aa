"""The board page as a sheet: both lines of the verdict put together from approved words, and the payers, all of this
workbook now, at central values. Below stands what only the run can say: chances, intervals, what decides it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.analysis.verdict import (
    BY_THE_DOSE_RULE,
    LEADS,
    NO_COURSE,
    NOT_MODELLED,
    SAVES_AND_HARMS,
    STILL_RUNS,
)
from costmodel.engine.formulas import NOTHING
from costmodel.model.money import THERAPY
from costmodel.page import Notes, Paragraph
from costmodel.report.board import NOT_MODELLED as NO_RATIO
from costmodel.report.board import board, health_is_modelled
from costmodel.report.workbook.inputs import DEFAULT, USED, Inputs
from costmodel.report.workbook.sheet import HEADINGS, Cell, Sheet, height
from costmodel.report.workbook.summary import COLOURS, NOW, Summary
from costmodel.report.workbook.words import NOTHING_MORE, Step, Words
from costmodel.result.result import Result
from costmodel.result.table import SMALLEST_QALY, cost_per_qaly, in_words
from costmodel.scenario.schema import QalyRange
from costmodel.words import lower_first, upper_first

BOARD = "Board"
"""Name of the sheet."""
ABOUT_BOARD = "One answer on one page. Down to “Of the original run” it follows the inputs, at central values."
ESTIMATE = "(an estimate, without a chance)"
WIDTHS = (28, 15, 15, 15, 14, 22)
"""Of the columns of the board page, which is printed upright."""
PAYERS = ("Whose money", "Therapy costs", "Comes back", "Net", "Repays, months", "Cost per QALY")
HARMS, RATIO = "Cheaper and worse", "Dearer and better"
"""Names of two findings."""
LINES, PEOPLE, FIRST = HEADINGS + 2, HEADINGS + 5, HEADINGS + 9
"""Rows of the two lines, of the people who start, and of the first payer."""
LONG = 36
"""Height of a line of the verdict, points."""


class Front:
    """The board page and Words: what follows the inputs."""

    def __init__(self, sheet: Sheet, words: Sheet, summary: Summary, inputs: Inputs) -> None:
        self.sheet, self.summary, self.inputs = sheet, summary, inputs
        result = inputs.result
        self.central: Result = replace(result, expected=None, means=None, draws=0, conventions={})
        self.board = board(self.central)
        self.of = self.board.of
        self.words = Words(words)
        self.words.of_currency(result.setting.currency)
        self.who, self.within = result.setting.payer(self.of.perspective), in_words(self.of.months)
        self._titles()
        for row, line in enumerate((self._money(), self._health()), LINES):
            sheet.formula(row, 0, line.text, line.value, "verdict")
        self._table()

    def found(self, outcome: str, perspective: str = "", **more: Any) -> Cell:
        """The Summary's answer now, to the end of this page's time."""
        at = {"strategy": self.of.name, "horizon": self.of.months, **more}
        at |= {"perspective": perspective} if perspective else {}
        row = next(row for row, line in self.summary.lines.items() if line == (outcome, at))
        return Cell(
            f"'{self.summary.sheet.name}'!{xl_rowcol_to_cell(row, NOW, True, True)}",
            self.summary.answer(self.central, row),
        )

    def _titles(self) -> None:
        sheet, model = self.sheet, self.of.result.scenario.model
        for at, width in enumerate(WIDTHS):
            sheet.page.set_column(at, at, width)
        sheet.page.set_portrait()
        for row in (LINES, LINES + 1):
            sheet.page.set_row(row, LONG)
            sheet.page.merge_range(row, 0, row, len(WIDTHS) - 1, "", sheet.styles["verdict"])
        usual = lower_first(model.strategies[self.of.result.comparator].label)
        sheet.text(HEADINGS, 0, f"{self.of.label} instead of {usual}", "section")
        sheet.text(HEADINGS + 1, 0, f"Does it repay {self.who} within {self.within}?", "strong")
        sheet.text(PEOPLE, 0, "People who start", "strong")
        sheet.number(PEOPLE, 1, model.people, "people")
        self.people = Cell(f"'{BOARD}'!{xl_rowcol_to_cell(PEOPLE, 1, True, True)}", model.people)
        edits = self.words.step("Inputs that differ from the run", self.inputs.since_the_run(), 0).text
        still = "Every input is as it was in the run."
        changed = f'{edits}&IF({edits}=1," input"," inputs")&" changed; interval and chances are of the original run."'
        sheet.formula(PEOPLE, 2, f'IF({edits}=0,"{still}",{changed})', still, "mark")
        sheet.text(PEOPLE + 1, 0, f"{self.of.result.setting.prices}, undiscounted but for cost per QALY.", "says")

    # The first line

    def _money(self) -> Step:
        words, of, look = self.words, self.of, self.inputs.look
        strategy = of.result.scenario.model.strategies[of.name]
        paid, saved = self.found("payback_sustained_months", of.perspective), self.found("net_saving", of.perspective)
        withheld = self.board.verdict.withheld
        nothing = f"AND({paid.text}<0,ABS({saved.text})<={NOTHING:.6f})"
        gone, runs, dose = "1=1", "1=0", "1=0"
        if strategy.therapy is not None and self._pays():
            held, asked, price = (
                Cell.of(look(one))
                for one in (strategy.therapy.sessions, strategy.therapy.attendance, strategy.therapy.price)
            )
            gone = f"OR({held.text}*{asked.text}*{price.text}=0,{nothing})"
            end = Cell(f"12*t_{of.name}_therapy_last", 0)
            last = Cell.of(of.months)
            runs = f"{end.text}>{last.text}+{NOTHING:.6f}"
            studied = dict.fromkeys(self._studied())
            if studied:
                each = (f"{held.text}*{asked.text}*(1+1)<{Cell.of(look(one)).text}-{NOTHING:.6f}" for one in studied)
                dose = f"OR({','.join(each)})"
        when = self._when(paid)
        central = f" at central values {ESTIMATE}"
        none, within = NOTHING_MORE, self.within
        dosed = f"Money: no word, since any would be {BY_THE_DOSE_RULE}"
        rows = [
            ("Nothing to repay", f"Money: {NO_COURSE} for {self.who} to repay", none, "", gone, withheld == NO_COURSE),
            ("It still runs", f"Money: no word, {STILL_RUNS} at {within}", none, "", runs, withheld == STILL_RUNS),
            ("Too few sessions", dosed, none, "", dose, withheld == BY_THE_DOSE_RULE),
            ("No", f"Money: {LEADS['no']} {self.who} within {within}", none, central, f"{paid.text}<0", paid.value < 0),
            ("Yes", f"Money: {LEADS['yes']} {self.who} ", when, central, "1=1", True),
        ]
        return words.first_that_holds(rows)

    def _pays(self) -> bool:
        """Whether therapy costs this payer anything."""
        item = next((one for one in self.of.result.items if one.name == THERAPY), None)
        return (
            item is not None and self.of.result.setting.weight(self.of.perspective, item.paid_by, item.received_by) > 0
        )

    def _studied(self) -> Iterable[Any]:
        for structure in self.of.result.scenario.structures:
            for effect in structure.model.strategies[self.of.name].effects.values():
                if effect.dose is not None:
                    yield effect.dose.studied

    def _when(self, paid: Cell) -> Step:
        """When the money is back, rounded, in words."""
        words = self.words
        year, years, month, months, at_once = (
            words.word(f"Of time: {one}", one) for one in ("year", "years", "month", "months", "at once")
        )
        to_year = f"ROUND({paid.text}/12,0)*12"
        value = paid.value
        r_value = round(value / 12) * 12 if value >= 24 else max(1, round(value))
        r = words.step("Months, rounded", f"IF({paid.text}>=12+12,{to_year},MAX(1,ROUND({paid.text},0)))", r_value)
        whole = r_value >= 12 and r_value % 12 == 0
        is_year = words.step("Are they whole years?", f"IF(AND({r.text}>=12,MOD({r.text},12)=0),1,0)", int(whole))
        n_value = r_value // 12 if whole else r_value
        n = words.step("How many", f"IF({is_year.text}=1,{r.text}/12,{r.text})", n_value)
        unit = words.step(
            "Of what",
            f"IF({is_year.text}=1,IF({n.text}=1,{year.text},{years.text}),IF({n.text}=1,{month.text},{months.text}))",
            ("year" if n_value == 1 else "years") if whole else ("month" if n_value == 1 else "months"),
        )
        first = (
            f"12*t_{self.of.name}_therapy_first"
            if self.of.result.scenario.model.strategies[self.of.name].therapy
            else "0"
        )
        once = value <= self.of.result.first_payment[self.of.strategy]
        return words.step(
            "When", f'IF({paid.text}<={first}+{NOTHING:.6f},{at_once.text},"after about "&{n.text}&" "&{unit.text})',
            "at once" if once else f"after about {n_value} {unit.value}",
        )  # fmt: skip

    # The second line

    def _health(self) -> Step:
        words, of = self.words, self.of
        cost, gain = self._cost(of.perspective), self.found("qaly", discounted=True)
        ratio = words.step("Net cost of a QALY", f"IF(ABS({gain.text})<{SMALLEST_QALY:.4f},0,{cost.text}/{gain.text})",
                           0.0 if abs(gain.value) < SMALLEST_QALY else cost.value / gain.value)  # fmt: skip
        money = words.money("A year of good health", ratio)
        within = f" within {self.within}"
        where, tail = NOTHING_MORE, ""
        if ranges := of.result.setting.qaly_ranges:
            where, tail = self._where(ratio, ranges[0]), f" {ESTIMATE}"
        a_year = Step(
            f'{money.text}&" a year of good health{within}"&{where.text}',
            f"{money.value} a year of good health{within}{where.value}",
        )
        lost = Step(
            f'{money.text}&" for each year of good health lost{within}"',
            f"{money.value} for each year of good health lost{within}",
        )
        unit = of.result.setting.currency.units
        modelled = bool(np.any(of.run.outcomes.qaly))
        rows = [
            (
                "Not modelled",
                f"Health: not modelled here, because {NOT_MODELLED}",
                NOTHING_MORE,
                "",
                f"1={int(not modelled)}",
                not modelled,
            )
        ]
        for what, finding, holds, now in findings(cost, gain, unit):
            said = finding.split(": ")[-1]
            if what == HARMS:
                rows.append((what, f"Health: {SAVES_AND_HARMS}, ", lost, tail, holds, now))
            elif what == RATIO:
                rows.append((what, "Health: ", a_year, tail, holds, now))
            else:
                rows.append((what, f"Health: {said}{within}", NOTHING_MORE, tail, holds, now))
        return words.first_that_holds(rows)

    def _cost(self, perspective: str) -> Cell:
        saved = self.found("net_saving", perspective, discounted=True)
        return self.words.cell(
            f"Net cost, discounted: {self.of.result.setting.name(perspective)}", f"0-{saved.text}", 0.0 - saved.value
        )

    def _where(self, ratio: Step, asked: QalyRange) -> Step:
        """Below, in or above a range, whose ends may be inputs."""
        words, inputs, scenario = self.words, self.inputs, self.of.result.scenario
        money, ends, moved = scenario.setting.currency.money, [], []
        for name in (asked.low, asked.high):
            value = scenario.value(name)
            if (row := inputs.rows.get(name)) is None:
                ends.append((Cell.of(value), words.word("End of the range", money(value))))
                continue
            cell = Cell.of(inputs.look(name))
            ends.append((cell, words.money("End of the range", cell)))
            default, used = (f"'Inputs'!{xl_rowcol_to_cell(row, at, True, True)}" for at in (DEFAULT, USED))
            moved.append(f"{default}<>{used}")
        (low, low_words), (high, high_words) = ends
        below, inside, above = (words.word("Where it stands", one) for one in ("below", "in", "above"))
        changed = {change.path.split(".")[1] for change in scenario.changes if change.path.startswith("parameters.")}
        called = words.word("The range", "a range" if {asked.low, asked.high} & changed else asked.within)
        other = words.word("The range, if an end was moved", "a range")
        title = words.step(
            "What it is called", f"IF(OR({','.join(moved) or '1=0'}),{other.text},{called.text})", called.value
        )
        over = f"IF({ratio.text}>{high.text},{above.text},{inside.text})"
        standing = "below" if ratio.value < low.value else "above" if ratio.value > high.value else "in"
        side = words.step("Which side", f"IF({ratio.text}<{low.text},{below.text},{over})", standing)
        text = f'", "&{side.text}&" "&{title.text}&" of "&{low_words.text}&" to "&{high_words.text}'
        return words.step(
            "Beside the range", text, f", {side.value} {title.value} of {low_words.value} to {high_words.value}"
        )

    # The payers

    def _table(self) -> None:
        sheet, of, setting = self.sheet, self.of, self.of.result.setting
        for column, heading in enumerate(PAYERS):
            sheet.text(FIRST - 1, column, heading, "over_numbers" if column else "heading")
        gain = self.found("qaly", discounted=True)
        for row, payer in enumerate(setting.perspectives, FIRST):
            sheet.text(row, 0, upper_first(setting.name(payer)), "label")
            try:
                therapy = self.found("net_saving", payer, category="therapy")
            except StopIteration:  # which this payer has nothing of
                therapy = Cell("0", 0)
            net, paid = self.found("net_saving", payer), self.found("payback_sustained_months", payer)
            spent, kept, people = (
                therapy.value * of.result.scenario.model.people,
                net.value * self.people.value,
                self.people.text,
            )
            sheet.formula(row, 1, f"(0-{therapy.text})*{people}", 0.0 - spent, "thousands")
            sheet.formula(row, 2, f"({net.text}-{therapy.text})*{people}", kept - spent, "thousands")
            sheet.formula(row, 3, f"{net.text}*{people}", kept, "thousands")
            sheet.formula(
                row, 4, f'IF({paid.text}<0,"no",{paid.text})', "no" if paid.value < 0 else paid.value, "month"
            )
            if not health_is_modelled(of):
                sheet.text(row, 5, NO_RATIO, "per_qaly")
                continue
            cost = self._cost(payer)
            found = self.words.first_that_holds(
                (what, finding, NOTHING_MORE, "", holds, now)
                for what, finding, holds, now in findings(cost, gain, setting.currency.units)
            )
            text = self.words.step("In words", found.text, found.value)
            costs = cost.value > NOTHING and gain.value >= SMALLEST_QALY
            asked = f"AND({cost.text}>{NOTHING:.6f},{gain.text}>={SMALLEST_QALY:.4f})"
            sheet.formula(
                row, 5, f"IF({asked},{cost.text}/{gain.text},{text.text})",
                cost.value / gain.value if costs else text.value, "per_qaly",
            )  # fmt: skip
        self.row = FIRST + len(setting.perspectives) + 1

    def of_the_run(self, book: Any, result: Result) -> None:
        """What only the run can say: its verdict with the chance, intervals, the purse, what decides it, objections."""
        found = board(result)
        row, sheet = self.row, self.sheet
        many = result.scenario.model.people
        of = ("1 person" if many == 1 else f"{many:,} people", *((f"{result.draws:,} draws",) if result.draws else ()))
        sheet.text(row, 0, ", ".join(("Of the original run", *of)), "section")
        lacks = result.scenario.model.lacks
        lines = [*((lacks,) if lacks else ()), *(found.verdict.lines if result.draws else ())]
        first = list(found.first())
        lines += [one.text for one in first if isinstance(one, Paragraph) and not one.strong]
        for text in lines:
            row = self._say(row + 1, text)
        if result.draws:
            row += 2
            for column, text in enumerate(("Net saving and its chance", "95%: from", "to", "Chance")):
                sheet.text(row, column, text, "over_numbers" if column else "heading")
            for line in found.frame.to_dict("records"):
                row += 1
                sheet.text(row, 0, line["who"], "label")
                for column, key in ((1, "low"), (2, "high")):
                    if math.isfinite(line[key]):  # one draw has no interval
                        sheet.number(row, column, line[key], "thousands")
                sheet.text(row, 3, line["chance_words"] or "", "right")
        for notes in (one for one in first if isinstance(one, Notes) and one.lines):
            row += 2
            sheet.text(row, 0, notes.heading, "section")
            for text in notes.lines:
                row = self._say(row + 1, text)
        self._chart(book, row + 1)

    def _chart(self, book: Any, row: int) -> None:
        """What therapy costs each payer beside what comes back, now."""
        chart, units = book.add_chart({"type": "column"}), self.of.result.setting.currency
        last = FIRST + len(self.of.result.setting.perspectives) - 1
        who, *bars = (
            f"='{BOARD}'!{xl_rowcol_to_cell(FIRST, at, True, True)}:{xl_rowcol_to_cell(last, at, True, True)}"
            for at in range(3)
        )
        for name, values, colour in zip(PAYERS[1:3], bars, COLOURS, strict=False):
            chart.add_series({"name": name, "categories": who, "values": values, "fill": {"color": colour}})
        alt = "Columns: what therapy costs each payer, and what of it comes back, by this workbook now."
        title = f"What comes back within {self.within}, {units.symbol}"
        y = {"num_format": units.cells("#,##0"), "major_gridlines": {"visible": True, "line": {"color": "#CCCCCC"}}}
        self.sheet.chart(chart, row, title, alt, {"label_position": "low"}, y, width=790, height=200)

    def _say(self, row: int, text: str) -> int:
        self.sheet.page.merge_range(row, 0, row, len(WIDTHS) - 1, "", self.sheet.styles["text"])
        self.sheet.text(row, 0, text)
        self.sheet.page.set_row(row, height(text, sum(WIDTHS)))
        return row


def findings(cost: Cell, gain: Cell, units: str) -> Iterator[tuple[str, str, str, bool]]:
    """What cost and health say together: a name, the words of the table of answers, when it holds, and whether now."""
    c, g, same, tiny = cost.text, gain.text, f"ABS({cost.text})<={NOTHING:.6f}", f"ABS({gain.text})<{SMALLEST_QALY:.4f}"
    is_same, is_tiny = abs(cost.value) <= NOTHING, abs(gain.value) < SMALLEST_QALY
    for what, signs, holds, now in (
        ("Nothing differs", (0, 0), f"AND({tiny},{same})", is_tiny and is_same),
        ("Dearer, health the same", (1, 0), f"AND({tiny},{c}>0)", is_tiny and cost.value > 0),
        ("Cheaper, health the same", (-1, 0), tiny, is_tiny),
        ("Cost the same, better", (0, 1), f"AND({same},{g}>0)", is_same and gain.value > 0),
        ("Cost the same, worse", (0, -1), same, is_same),
        ("Cheaper and better", (-1, 1), f"AND({g}>0,{c}<=0)", gain.value > 0 >= cost.value),
        ("Dearer and worse", (1, -1), f"AND({g}<0,{c}>=0)", gain.value < 0 <= cost.value),
        (HARMS, (-1, -1), f"{g}<0", gain.value < 0),
        (RATIO, (1, 1), "1=1", True),
    ):
        yield what, cost_per_qaly(*signs, units)[1], holds, now
