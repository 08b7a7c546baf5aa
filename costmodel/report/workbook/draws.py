"""The draws of the run: the sheet Draws works the headline's mean, interval and chance out again from Draw values,
where they stand as numbers. And the seals by which a workbook that comes back shows that none was touched.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from costmodel.analysis.psa import psa
from costmodel.analysis.psa.comparison import Array, Comparison
from costmodel.analysis.psa.page import against_central
from costmodel.currency import PENNY
from costmodel.engine.formulas import NOTHING
from costmodel.errors import InputError
from costmodel.model.run import values_of
from costmodel.report.workbook.run_sheets import COLOURS, FIRST_WIDTH, RunSheet
from costmodel.report.workbook.sheet import HEADINGS, WIDTH, Sheet, clean, in_fifteen_digits
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.words import lower_first, upper_first

DRAWS, VALUES, PROVENANCE, SEALS = "Draws", "Draw values", "Provenance", "Draws, sealed"
"""Names of the two sheets, of that with what was run, and of the row of Provenance with their seals."""
DIGITS = 10
"""Significant digits of a number on Draw values, which every spreadsheet program keeps."""
MOST_INPUTS = 40_000
"""Drawn inputs that are written: of all inputs, for as many draws as fit."""
POINTS = 500
"""Draws of each structure in the plane: the first."""
FIRST = HEADINGS + 2
"""Row of the first draw on Draw values; above it every running sum begins at 0."""
WEIGHT, QALY, COST = 2, 3, 4
"""Columns of Draw values, after those of draw and structure."""
LEVELS = {"2.5 of 100 lie below": 0.025, "97.5 of 100 lie below": 0.975}
CHANCE = "Chance that the money is back by then"
LEVEL = 1
"""Column of Draws that holds the share of weight, or the value of a QALY, that a row is about."""
HALF = (545, 560)
"""Widths of the two charts, which stand beside each other, in pixels."""
MARKERS = ("circle", "diamond", "square", "triangle")
Found = tuple[str, float | str]
"""A formula and its value."""
Line = tuple[int, list[Any]]
"""Row of a line, and its values."""
THRESHOLDS = (0.0, 10_000.0, 50_000.0, 100_000.0)
"""Money per QALY, beside the ends of the setting's ranges."""
A_TIE = 1e-9
"""Less than the weight of any draw."""
TOUCHED = "Take that back. Draws are of the original run: bring the workbook back and run it again for new ones."


class Sealed(Sheet):
    """A sheet that remembers what is written into it, by column and row."""

    def __init__(self, book: Any, name: str, styles: dict[str, Any], says: str) -> None:
        self.written: dict[int, dict[int, Any]] = defaultdict(dict)
        super().__init__(book, name, styles, name, says, live=False)
        self.lock()

    def text(self, row: int, column: int, text: object, style: str = "text") -> None:
        """As of every sheet."""
        self.written[column][row] = clean(text)
        super().text(row, column, text, style)

    def number(self, row: int, column: int, value: float, style: str) -> None:
        """As of every sheet, in so many digits that every program gives them back."""
        rounded = _rounded(value)
        self.written[column][row] = rounded
        super().number(row, column, rounded, style)

    def formula(self, row: int, column: int, text: str, value: float | str, style: str) -> None:
        """As of every sheet."""
        self.written[column][row] = f"={text}"
        super().formula(row, column, text, value, style)

    @property
    def seals(self) -> dict[str, str]:
        """The seal of each column, by its letter."""
        return {xl_col_to_name(at): _seal(cells.items()) for at, cells in self.written.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}") + 0.0


def _seal(cells: Iterable[tuple[int, Any]]) -> str:
    """How far down a column goes, and a digest of what stands in it, whichever program saved it."""
    digest, last = hashlib.sha256(), 0
    for row, one in sorted(cells):
        text = getattr(one, "text", one)
        if isinstance(text, str):
            text = in_fifteen_digits(text) if text.startswith("=") else " ".join(clean(text).split())
        elif text is not None:
            text = f"{text + 0.0:.{DIGITS + 2}g}"
        if text:
            digest.update(f"{row} {text}\n".encode())
            last = row
    return f"{last} {digest.hexdigest()[:16]}"


def check_seals(book: Any) -> None:
    """Raises InputError for the first column of the sheets of the draws that is not as the run wrote it."""
    facts = book[PROVENANCE].iter_rows(max_col=2, values_only=True)
    text = next((str(row[1]) for row in facts if row[0] == SEALS), "{}")
    for name, seals in json.loads(text).items():
        if name not in book.sheetnames:
            raise InputError.at("workbook", f'there is no sheet "{name}"', TOUCHED)
        sheet, columns = book[name], defaultdict[str, list[tuple[int, Any]]](list)
        last = {letter: int(seal.split()[0]) for letter, seal in seals.items()}
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=max(last.values()) + 1, max_col=len(seals), values_only=True)
        letters = [xl_col_to_name(at) for at in range(len(seals))]
        for row, values in enumerate(rows):
            for letter, one in zip(letters, values, strict=False):
                if one is not None and row <= last[letter]:
                    columns[letter].append((row, one))
        for letter, seal in seals.items():
            if _seal(columns[letter]) != seal:
                raise InputError.at(f"{name}!{letter}", "a cell of this column is not as the run wrote it", TOUCHED)


class _Values:
    """Draw values: every draw under each structure that has weight, and by payer sorted with running weights.

    blocks: by payer the first column of its block, the savings as written, and the weight before each and after the
    last. each: weights of the draws. with_inputs: for how many draws the inputs are written.
    """

    def __init__(self, sheet: Sealed, of: Comparison) -> None:
        self.sheet, self.of, self._next = sheet, of, 0
        result, used = of.result, np.flatnonzero(of.run.weights)
        self.draws, self.structures = of.run.outcomes.draws, len(used)
        self.last = FIRST + self.structures * self.draws - 1
        self.each = np.repeat(of.run.weights[used] / of.run.weights.sum() / self.draws, self.draws)

        def flat(values: Array) -> Array:
            return _all_rounded(values[used].ravel())

        self._column("Draw", np.tile(np.arange(1, self.draws + 1), self.structures), "count")
        self._column("Structure", np.repeat(np.arange(1, self.structures + 1), self.draws), "count")
        self._column("Weight", self.each, "default")
        self.qaly, self.cost = flat(of.gain()), flat(-of.saving(discounted=True))
        self._column("QALYs gained, discounted", self.qaly, "number")
        who = result.setting.name(of.perspective)
        self._column(f"{upper_first(who)}: net cost, discounted", self.cost, "money")
        self.blocks: dict[str, tuple[int, Array, Array]] = {}
        for payer in result.setting.perspectives:
            saving, who = flat(replace(of, perspective=payer).saving()), upper_first(result.setting.name(payer))
            order = np.argsort(saving, kind="stable")
            running = _all_rounded(np.cumsum(np.concatenate([[0.0], self.each[order]])))
            self.blocks[payer] = self._next, saving[order], running
            self._column(f"{who}: net saving, sorted", saving[order], "money")
            self._column(f"{who}: weight up to here", running, "default", FIRST - 1)
            self._column(f"{who}: row of this draw", order + FIRST + 1, "count")
        drawn = values_of(result, self.draws)
        moved = [name for name in result.scenario.leaves if np.ptp(drawn[name]) > 0]
        self.with_inputs = min(self.draws, MOST_INPUTS // max(1, len(moved)))
        for name in moved:
            self._column(name, np.asarray(drawn[name])[: self.with_inputs], "default")

    def _column(self, heading: str, values: NDArray[Any], style: str, first: int = FIRST) -> None:
        self.sheet.text(HEADINGS, self._next, heading, "heading")
        self.sheet.page.set_column(self._next, self._next, WIDTH)
        for row, value in enumerate(values.tolist(), first):
            self.sheet.number(row, self._next, value, style)
        self._next += 1

    def span(self, column: int, first: int = FIRST, last: int | None = None) -> str:
        """Reference to a column, of all draws if first and last are left out, for use on another sheet."""
        ends = (xl_rowcol_to_cell(row, column, True, True) for row in (first, self.last if last is None else last))
        return f"'{VALUES}'!{':'.join(ends)}"

    def before(self, column: int) -> str:
        """The same, each a row higher."""
        return self.span(column, FIRST - 1, self.last - 1)


def _all_rounded(values: Array) -> Array:
    return np.array([_rounded(one) for one in values.tolist()])


def write_draws(book: Any, page: Callable[[str, str], Sealed], result: Result, edits: str) -> dict[str, dict[str, str]]:
    """Write both sheets of a run with draws; returns their seals, by sheet and column.

    page: makes a sheet of a name, with what it says. edits: counts the inputs that were changed since the run.
    """
    of = psa(result).comparison()
    front = page(DRAWS, "The headline worked out again, by formulas, from the draws of the run on Draw values.")
    values = _Values(page(VALUES, "Every draw under each structure; by payer sorted, with running weights."), of)
    values.sheet.page.freeze_panes(HEADINGS + 1, 1)
    values.sheet.for_the_screen()
    _Front(RunSheet(book, front, edits), values).write()
    return {one.name: one.seals for one in (front, values.sheet)}


class _Front:
    """The sheet Draws."""

    def __init__(self, sheet: RunSheet, values: _Values) -> None:
        self.run, self.sheet, self.values, self.of = sheet, sheet.sheet, values, values.of

    def write(self) -> None:
        """What was drawn, the headline by payer, the step from central values, and health."""
        of, values, result = self.of, self.values, self.of.result
        payers = list(values.blocks)
        for at, width in enumerate([FIRST_WIDTH, 12, *(17 for _ in payers)]):
            self.sheet.page.set_column(at, at, width)
        usual = lower_first(result.scenario.model.strategies[result.comparator].label)
        self.run.say(f"{of.label} against {usual}, {in_words(of.months)}, {result.setting.prices} per person.")
        under = f" under each of {values.structures} structures" if values.structures > 1 else ""
        self.run.say(f"{values.draws:,} draws{under}; inputs of the first {values.with_inputs:,} beside them.")
        if values.draws < result.draws:
            self.run.say(
                f"The run made {result.draws:,} draws and kept these. Its means and chances are of all of them, so "
                "that they differ from those worked out here."
            )
        self._step(payers, self._headline(payers))
        if np.any(of.run.outcomes.qaly):
            self._health()

    def _titles(self, *texts: str) -> None:
        for column, text in enumerate(texts):
            self.sheet.text(self.run.row, column, text, "heading")
        self.run.row += 1

    def _line(self, label: str, cells: Iterable[Found | float], style: str, level: float | None = None) -> Line:
        """A row of formulas with their values, or of numbers; returns its place and its values."""
        row, values = self.run.row, []
        self.sheet.text(row, 0, label, "label")
        if level is not None:
            self.sheet.number(row, LEVEL, level, "constant" if level < 1 else "whole")
        for column, cell in enumerate(cells, LEVEL + 1):
            if isinstance(cell, tuple):
                self.sheet.formula(row, column, *cell, style)
            else:
                self.sheet.number(row, column, cell, style)
            values.append(cell[1] if isinstance(cell, tuple) else _rounded(cell))
        self.run.row += 1
        return row, values

    def _headline(self, payers: list[str]) -> Line:
        """Mean, interval and chance by payer, worked out and as the run has them; returns the means."""
        of, setting = self.of, self.of.result.setting
        self.run.section("Net saving, undiscounted")
        self._titles("Worked out from Draw values", "Level", *(upper_first(setting.name(payer)) for payer in payers))
        here = [self._line("Mean", map(self._mean, payers), "output")]
        for label, level in LEVELS.items():
            here.append(self._line(label, [self._lowest(payer, level) for payer in payers], "output", level))
        here.append(self._line(CHANCE, map(self._chance, payers), "chance"))
        theirs = [replace(of, perspective=payer) for payer in payers]
        self._titles("As the run has it")
        there = [self._line("Mean", [one.expected(Comparison.saving) for one in theirs], "money")]
        for label, level in LEVELS.items():
            ends = [of.result.quantiles(of.run, one.saving(), (level,))[0] for one in theirs]
            there.append(self._line(label, ends, "money"))
        there.append(self._line(CHANCE, [one.paid_back().value for one in theirs], "chance"))
        same = []
        for at in range(len(payers)):
            pairs = [
                [xl_rowcol_to_cell(line[0], at + LEVEL + 1) for line in lines]
                for lines in zip(here, there, strict=True)
            ]
            near = all(abs(one[1][at] - other[1][at]) < PENNY for one, other in zip(here, there, strict=True))
            gaps = ",".join(f"ABS({one}-{other})" for one, other in pairs)
            same.append((f'IF(MAX({gaps})<0.01,"OK","CHECK")', "OK" if near else "CHECK"))
        self._line("The same: money to the penny, chances to 1 in 100", same, "flag")
        return here[0]

    def _weights(self, payer: str) -> tuple[str, Array]:
        """The weight of each sorted draw: of all up to it, less of all before it."""
        at, _, running = self.values.blocks[payer]
        return f"{self.values.span(at + 1)}-{self.values.before(at + 1)}", np.diff(running)

    def _mean(self, payer: str) -> Found:
        (at, saving, _), (weights, each) = self.values.blocks[payer], self._weights(payer)
        return f"SUMPRODUCT({self.values.span(at)},{weights})", float(saving @ each)

    def _lowest(self, payer: str, level: float) -> Found:
        """The lowest saving up to which a share of all weight lies."""
        at, saving, running = self.values.blocks[payer]
        asked = f"{xl_rowcol_to_cell(self.run.row, LEVEL, col_abs=True)}-{A_TIE:.9f}"
        place = np.searchsorted(running[:-1], level - A_TIE, side="right") - 1
        before = self.values.before(at + 1)
        return f"INDEX({self.values.span(at)},MATCH({asked},{before},1))", float(saving[place])

    def _chance(self, payer: str) -> Found:
        (at, saving, _), (weights, each) = self.values.blocks[payer], self._weights(payer)
        return f"SUMPRODUCT(1*({self.values.span(at)}>0),{weights})", float((saving > 0) @ each)

    def _step(self, payers: list[str], means: Line) -> None:
        """From the run at central values to the mean of the draws."""
        result = self.of.result
        self.run.section("From central values to the mean of the draws")
        at_centre = [replace(self.of, perspective=payer).of(result.deterministic) for payer in payers]
        central = self._line(
            "Every input at its central value", [x.expected(Comparison.saving) for x in at_centre], "money"
        )
        cells = [[xl_rowcol_to_cell(row, at) for row in (central[0], means[0])] for at in range(2, 2 + len(payers))]
        steps = [
            (f"{there}-{here}", drawn - fixed)
            for (here, there), fixed, drawn in zip(cells, central[1], means[1], strict=True)
        ]
        step = self._line("Step, since the draws of the inputs spread", steps, "money")
        sums = [
            (f"{here}+{xl_rowcol_to_cell(step[0], at)}", drawn)
            for at, ((here, _), drawn) in enumerate(zip(cells, means[1], strict=True), 2)
        ]
        self._line("Mean of the draws", sums, "output")
        self.run.say(against_central(psa(result), self.of))

    def _health(self) -> None:
        """Means, the chance that health is worth its cost at some values of it, and the plane."""
        of, values, setting = self.of, self.values, self.of.result.setting
        weight, gain, cost = (values.span(column) for column in (WEIGHT, QALY, COST))
        self.run.section(f"Health and cost, discounted, {setting.name(of.perspective)}")
        self._line("QALYs gained, mean", [(f"SUMPRODUCT({weight},{gain})", float(values.each @ values.qaly))], "number")
        self._line("Net cost, mean", [(f"SUMPRODUCT({weight},{cost})", float(values.each @ values.cost))], "money")
        self._titles("Chance that the health gained is worth its net cost", "Per QALY", "Chance")
        ends = {self.of.result.scenario.value(name) for one in setting.qaly_ranges for name in (one.low, one.high)}
        first = self.run.row
        for worth in sorted({*THRESHOLDS, *ends}):
            at = xl_rowcol_to_cell(self.run.row, LEVEL, col_abs=True)
            text = f"SUMPRODUCT(1*({at}*{gain}-{cost}>{NOTHING:.6f}),{weight})"
            found = (text, float((worth * values.qaly - values.cost > NOTHING) @ values.each))
            self._line("If a year of good health is worth", [found], "chance", worth)
        self.sheet.page.set_h_pagebreaks([self.run.row + 1])
        self._curve(first, self.run.row - 1)
        self._plane()

    def _curve(self, first: int, last: int) -> None:
        chart = self.run.book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        where = [
            f"='{DRAWS}'!{xl_rowcol_to_cell(first, at, True, True)}:{xl_rowcol_to_cell(last, at, True, True)}"
            for at in (LEVEL, LEVEL + 1)
        ]
        chart.add_series(
            {"name": "chance", "categories": where[0], "values": where[1], "line": {"color": COLOURS[0], "width": 2}}
        )
        units = self.of.result.setting.currency
        x = {"name": f"{units.symbol} per QALY", "num_format": units.cells("#,##0"), "min": 0}
        title = "How likely the health gained is worth its cost"
        alt = "Line: the chance that net benefit is above nothing, by what a QALY is worth."
        self.sheet.chart(
            chart,
            self.run.row + 1,
            title,
            alt,
            x,
            {"name": "chance", "num_format": "0%", "min": 0, "max": 1},
            width=HALF[0],
        )

    def _plane(self) -> None:
        """A cloud for each structure, of its first draws."""
        chart, values, units = (
            self.run.book.add_chart({"type": "scatter"}),
            self.values,
            self.of.result.setting.currency,
        )
        shown = min(values.draws, POINTS)
        for structure in range(values.structures):
            begin = FIRST + structure * values.draws
            x, y = (f"={values.span(column, begin, begin + shown - 1)}" for column in (QALY, COST))
            colour = COLOURS[structure % len(COLOURS)]
            kind = MARKERS[structure % len(MARKERS)]
            marker = {"type": kind, "size": 3, "border": {"color": colour}, "fill": {"none": True}}
            chart.add_series({"name": f"structure {structure + 1}", "categories": x, "values": y, "marker": marker})
        sums = units.cells("#,##0")
        title = f"Health and cost of the first {shown:,} draws"
        alt = "Scatter: QALYs gained and net cost in each draw; below the axis money is saved."
        across = {"name": "QALYs gained, discounted", "num_format": "0.00", "label_position": "low"}
        up = {"name": f"net cost, discounted, {units.symbol}", "num_format": f"{sums};-{sums}", "label_position": "low"}
        self.sheet.chart(chart, self.run.row + 1, title, alt, across, up, width=HALF[1], column=LEVEL)
