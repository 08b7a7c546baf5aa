"""The Inputs sheet: every number once, with its default, your value, what is used, and where it comes from."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.report.workbook.cells import Cell
from costmodel.report.workbook.sheet import HEADINGS, REFERRAL, Sheet, clean, table
from costmodel.result.result import Result
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months
from costmodel.scenario.parameter import Parameter, combine, order

COLUMNS = (
    ("Id", 44), ("Name", 64), ("Unit", 18), ("Default", 13), ("Your value", 13), ("Used", 13), ("To price year", 12),
    ("In the model", 14), ("Changed", 9), ("Low", 10), ("High", 10), ("Distribution", 18), ("Price year", 10),
    ("Source", 14), ("Status", 18), ("Note", 60), ("In the run", 13),
    ("Differs from the run", 11),
)  # fmt: skip
(
    ID,
    NAME,
    UNIT,
    DEFAULT,
    YOURS,
    USED,
    FACTOR,
    MODEL,
    CHANGED,
    LOW,
    HIGH,
    DISTRIBUTION,
    YEAR,
    SOURCE,
    STATUS,
    NOTE,
    RUN,
    DIFFERS,
) = range(18)

MOST_MONTHS = 1_200
FIXED = {
    "cycle": "Length of a cycle (fixed in this workbook)",
    "follow_up": "Follow-up of the evidence (fixed in this workbook)",
}


class Inputs:
    """The sheet, and the cell of every parameter and duration."""

    def __init__(self, book: Any, sheet: Sheet, result: Result) -> None:
        self.book, self.sheet, self.result = book, sheet, result
        self.scenario = result.scenario
        self.cells: dict[str, Cell] = {}
        self.clock: dict[str, Cell] = {}
        self.per_year: dict[str, dict[int, list[Cell]]] = {}
        """Cost of a year in each state, by the cycle from which it holds, by item or item of a stratum."""
        self._strengths: dict[str, Cell] = {}
        self.rows: dict[str, int] = {}
        self.filled = 0
        self.row = HEADINGS
        table(sheet, self.row, [name for name, _ in COLUMNS], [width for _, width in COLUMNS])
        self.row += 1
        self.first = self.row
        self._before = {c.path.split(".")[1]: c.old for c in reversed(self.scenario.changes) if moved_by_you(c)}
        for name in self._listed():
            self._parameter(name)
        self.cycle_years = self._cycle()

    def _listed(self) -> list[str]:
        """Used parameters and the options of choices, each after what it is made of."""
        scenario, records = self.scenario, self.scenario.parameters
        options = [option for name in scenario.used for option in (records[name].one_of or {}).values()]
        wanted = set(scenario.behind([*scenario.used, *options]))
        return [name for name in order(records) if name in wanted and not records[name].over_time]

    @property
    def rows_booked(self) -> range:
        """Rows in which something is booked: every cycle, and time 0 in models of probabilities."""
        return range(self.first_booked, REFERRAL + len(self.result.edges))

    @property
    def first_booked(self) -> int:
        """The first of them."""
        return REFERRAL if self.scenario.model.in_probabilities else REFERRAL + 1

    def look(self, reference: str | int) -> Cell | float:
        """The cell of a parameter; 0 and 1 as they are."""
        return float(reference) if isinstance(reference, int) else self.cells[reference]

    def months(self, path: str, months: float) -> Cell:
        """The cell of a duration of the scenario file, listed when it is first asked for."""
        if path not in self.clock:
            if path in FIXED:
                self.clock[path] = self._fixed(path, months)
            else:
                row = self._row(path, _path_label(path), "months")
                self._editable(row, months, None, (0, MOST_MONTHS))
                self.clock[path] = self._finish(row, f"t_{path}", months)
        return self.clock[path]

    def instant(self, name: str, label: str, cell: Cell | float) -> Cell:
        """A moment worked out from durations, listed with its formula."""
        if name not in self.clock:
            row = self._row(name, label, "years from referral")
            self.clock[name] = self._finish(row, f"t_{name}", self._worked_out(row, cell).value)
        return self.clock[name]

    def once(self, name: str, label: str, unit: str, cell: Cell | float) -> Cell:
        """A derived quantity that several variants share, listed when it is first asked for."""
        if name not in self._strengths:
            self._strengths[name] = self.derived(name, label, unit, cell)
        return self._strengths[name]

    def derived(self, name: str, label: str, unit: str, cell: Cell | float) -> Cell:
        """A quantity worked out from inputs once, such as the cost of a year in a state."""
        row = self._row(name, label, unit)
        return self._finish(row, f"q_{name}", self._worked_out(row, cell).value)

    def _parameter(self, name: str) -> None:
        record, leaf = self.scenario.parameters[name], self.scenario.leaves.get(name)
        row = self._row(name, record.label, record.unit.text)
        central = self.scenario.central[name]
        factor = leaf.price_factor if leaf else 1.0
        if leaf:
            yours = leaf.central if name in self._before else None
            default = self._before.get(name)
            self._editable(row, leaf.central if default is None else float(default), yours, _support(record))
            own = leaf.central
        elif record.one_of:
            behind = self.cells[record.operands[0]]
            moved = record.fixed if record.fixed is not None else record.moved_to
            self.sheet.page.write_formula(row, DEFAULT, f"={behind.text}", self.sheet.styles.default, behind.value)
            self._yours(row, central, moved, _support(record))
            own = central
        else:
            own = self._worked_out(row, combine(record, self.cells.__getitem__)).value
        self.cells[name] = self._finish(row, f"in_{name}", own, factor)
        self._about(row, name, record)

    def _row(self, name: str, label: str, unit: str) -> int:
        page, styles, row = self.sheet.page, self.sheet.styles, self.row
        page.write_string(row, ID, clean(name), styles.label)
        page.write_string(row, NAME, clean(label), styles.label)
        page.write_string(row, UNIT, clean(unit), styles.label)
        self.rows[name] = row
        self.row += 1
        return row

    def _editable(self, row: int, default: float, yours: float | None, support: tuple[float, float]) -> None:
        self.sheet.page.write_number(row, DEFAULT, default, self.sheet.styles.default)
        self._yours(row, default if yours is None else yours, yours, support)

    def _yours(self, row: int, own: float, yours: float | None, support: tuple[float, float]) -> None:
        """The blank cell for the reader's value, whether it is filled, and the value in use."""
        page, styles = self.sheet.page, self.sheet.styles
        if yours is None:
            page.write_blank(row, YOURS, None, styles.input)
        else:
            page.write_number(row, YOURS, yours, styles.input)
            self.filled += 1
        low, high = support
        page.data_validation(
            row, YOURS, row, YOURS,
            {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high,
             "error_title": "Outside what this may be", "error_message": f"Between {low:g} and {high:g}."},
        )  # fmt: skip
        default_cell, own_cell = (xl_rowcol_to_cell(row, column, col_abs=True) for column in (DEFAULT, YOURS))
        page.write_formula(row, CHANGED, f"=IF(ISBLANK({own_cell}),0,1)", styles.label, 0 if yours is None else 1)
        page.write_formula(row, USED, f"=IF(ISBLANK({own_cell}),{default_cell},{own_cell})", styles.used, own)
        page.write_number(row, RUN, own, styles.constant)
        used_cell, run_cell = (xl_rowcol_to_cell(row, column, col_abs=True) for column in (USED, RUN))
        differs = f"IF({used_cell}={run_cell},0,1)"
        if yours is None:
            differs = f"IF(ISBLANK({own_cell}),0,{differs})"
        page.write_formula(row, DIFFERS, f"={differs}", styles.label, 0)

    def _worked_out(self, row: int, cell: Cell | float) -> Cell:
        cell = Cell.of(cell)
        self.sheet.page.write_formula(row, USED, f"={cell.text}", self.sheet.styles.calculation, cell.value)
        return cell

    def _finish(self, row: int, name: str, own: float, factor: float = 1.0) -> Cell:
        """The value in the model: what is used, in the workbook's price year; under a defined name."""
        page, styles = self.sheet.page, self.sheet.styles
        used_cell, factor_cell = (xl_rowcol_to_cell(row, column, col_abs=True) for column in (USED, FACTOR))
        page.write_number(row, FACTOR, factor, styles.constant)
        page.write_formula(row, MODEL, f"={used_cell}*{factor_cell}", styles.calculation, own * factor)
        defined = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        self.book.define_name(defined, f"='{self.sheet.name}'!{xl_rowcol_to_cell(row, MODEL, True, True)}")
        return Cell(defined, own * factor)

    def _about(self, row: int, name: str, record: Parameter) -> None:
        page, styles = self.sheet.page, self.sheet.styles
        distribution = self.scenario.leaves[name].distribution if name in self.scenario.leaves else None
        interval = record.range or (distribution.interval95 if distribution else None)
        if interval:
            page.write_number(row, LOW, interval[0], styles.rounded)
            page.write_number(row, HIGH, interval[1], styles.rounded)
        spread = record.distribution or (
            "fitted together" if record.joint else "fixed" if record.kind == "value" else record.kind.replace("_", " ")
        )
        status = self.scenario.status(name)
        page.write_string(row, DISTRIBUTION, spread, styles.label)
        page.write_string(row, YEAR, record.price_year or "", styles.label)
        page.write_string(row, SOURCE, ", ".join(record.sources), styles.label)
        page.write_string(row, STATUS, "recalled: to be checked" if status == "recalled" else status, styles.label)
        page.write_string(row, NOTE, clean(record.note or ""), styles.label)

    def _cycle(self) -> Cell:
        cell = self.months("cycle", cycle_months(self.scenario.model))
        return self.instant("cycle_years", "Length of a cycle", cell / MONTHS_A_YEAR)

    def _fixed(self, path: str, months: float) -> Cell:
        """A duration that the rows and headings of this workbook rest on."""
        row = self._row(path, FIXED[path], "months")
        self.sheet.page.write_number(row, USED, months, self.sheet.styles.constant)
        return self._finish(row, f"t_{path}", months)

    def changed(self) -> tuple[str, float]:
        """Formula that counts the filled cells of "Your value", and its value now."""
        return self._sum(CHANGED), float(self.filled)

    def since_the_run(self) -> tuple[str, float]:
        """Formula that counts the inputs that are no longer as they were in the run, and its value now."""
        return self._sum(DIFFERS), 0.0

    def _sum(self, column: int) -> str:
        ends = (xl_rowcol_to_cell(row, column, True, True) for row in (self.first, self.row - 1))
        return f"SUM('{self.sheet.name}'!{':'.join(ends)})"


def moved_by_you(change: Any) -> bool:
    """Whether a change gave a number another centre by hand: it then stands in "Your value"."""
    return change.by == "you" and moves_the_centre(change)


def moves_the_centre(change: Any) -> bool:
    """Whether a change gave a number another centre."""
    parts = change.path.split(".")
    return parts[0] == "parameters" and parts[-1] in ("value", "moved_to") and change.old is not None


def _support(record: Parameter) -> tuple[float, float]:
    low = record.unit.low if record.unit.low > -1e12 else -1e12
    return low, min(record.unit.high, 1e12)


def _path_label(path: str) -> str:
    return path.replace("strategies.", "").replace("parameters.", "").replace(".", ", ").replace("_", " ")
