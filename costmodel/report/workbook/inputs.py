"""The Inputs sheet: every number once, with its default, your value, what is used, and where it comes from."""

from __future__ import annotations

import math
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.report.workbook.sheet import HEADINGS, REFERRAL, Cell, Sheet
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, window
from costmodel.scenario.fields import Instant
from costmodel.scenario.leaves import HIGHEST_PRICE
from costmodel.scenario.parameter import Parameter, combine, order
from costmodel.scenario.schema import ModelFile
from costmodel.units import UNUSUAL_RATE, Duration
from costmodel.words import counted, upper_first

COLUMNS = {
    "Id": 44, "Name": 64, "Unit": 18, "Default": 13, "Your value": 13, "Used": 13, "To price year": 12,
    "In the model": 14, "Changed": 9, "Low": 10, "High": 10, "Distribution": 18, "Price year": 10, "Source": 14,
    "Status": 18, "Note": 60, "In the run": 13, "Differs from the run": 11,
}  # fmt: skip
"""Headings with the width of their columns."""
ID, NAME, UNIT, DEFAULT, YOURS, USED, FACTOR, MODEL, CHANGED, LOW, HIGH = range(11)
DISTRIBUTION, NOTE, RUN, DIFFERS = 11, 15, 16, 17

MOST_MONTHS = 1_200
HUGE = 1e12
"""Beyond it a spreadsheet needs no limit."""
SHORTEST, BELOW_ONE, HIGHEST_RATIO, LEAST = 0.1, 0.999, 20.0, 0.001
"""The shortest time that may be typed, in months; the highest discount rate and ratio; and of a number that has to be
above 0 the least part of its value.
"""


class Inputs:
    """The sheet, and the cell of every parameter, duration and quantity worked out from them.

    rows: of parameters, by name. cycle_years, follow_up: length of a cycle and of the evidence, in years; the rows of
    the workbook rest on them.
    """

    def __init__(self, book: Any, sheet: Sheet, result: Result) -> None:
        self.book, self.sheet, self.result = book, sheet, result
        self.scenario = result.scenario
        self._cells: dict[str, Cell] = {}
        self._durations: dict[str, Cell] = {}
        self._worked_out: dict[tuple[str, str], Cell] = {}
        self._filled = 0
        self._ends = ends_by_effects(self.scenario)
        self.rows: dict[str, int] = {}
        sheet.headings(COLUMNS)
        self._next = HEADINGS + 1
        self._before = {c.path.split(".")[1]: c.old for c in reversed(self.scenario.changes) if moved_by_you(c)}
        for name in self._parameters():
            self._parameter(name)
        model = self.scenario.model
        cycle = self._fixed("cycle", "Length of a cycle", cycle_months(model))
        self.cycle_years = self.instant("cycle_years", "Length of a cycle", cycle / MONTHS_A_YEAR)
        self.follow_up = self._fixed("follow_up", "Follow-up of the evidence", model.follow_up.months) / MONTHS_A_YEAR

    def _parameters(self) -> list[str]:
        """Used parameters and the options of choices, each after what it is made of."""
        scenario, records = self.scenario, self.scenario.parameters
        options = [option for name in scenario.used for option in (records[name].one_of or {}).values()]
        wanted = set(scenario.behind([*scenario.used, *options]))
        return [name for name in order(records) if name in wanted and not records[name].over_time]

    @property
    def last(self) -> int:
        """The row of the last cycle."""
        return REFERRAL + len(self.result.edges) - 1

    @property
    def cycles(self) -> range:
        """The rows of the cycles."""
        return range(REFERRAL + 1, self.last + 1)

    @property
    def booked(self) -> range:
        """Rows in which something is booked: every cycle, and time 0 in models of probabilities."""
        return range(REFERRAL if self.scenario.model.in_probabilities else REFERRAL + 1, self.last + 1)

    def look(self, reference: str | int) -> Cell | float:
        """The cell of a parameter; 0 and 1 as they are."""
        return float(reference) if isinstance(reference, int) else self._cells[reference]

    def months(self, path: str, months: float) -> Cell:
        """The cell of a duration of the scenario file, listed when it is first asked for."""
        if path not in self._durations:
            label = path.replace("strategies.", "").replace("parameters.", "").replace(".", ", ").replace("_", " ")
            after = ": how long after the instant that the file names" if path.endswith((".from", ".until")) else ""
            row = self._row(path, f"{label}{after}", "months")
            self.sheet.number(row, DEFAULT, months, "default")
            inert = not_read_back(self.scenario, path)
            style, cycle = "inert" if inert else "input", cycle_months(self.scenario.model)
            whole = cycle if ".harms." not in path and cycle == round(cycle) else None
            self._yours(row, months, None, *ends_of_time(self.scenario, path, months), style, whole)
            if inert:
                self.sheet.text(row, NOTE, inert, "label")
            self._durations[path] = self._finish(row, f"t_{path}", months)
        return self._durations[path]

    def instant(self, name: str, label: str, cell: Cell | float) -> Cell:
        """A moment worked out from durations, listed when it is first asked for."""
        return self.derived(name, label, "years from referral", cell, "t")

    def derived(self, name: str, label: str, unit: str, cell: Cell | float, kind: str = "q") -> Cell:
        """A quantity worked out from inputs, such as the cost of a year in a state; listed when first asked for."""
        if (name, label) not in self._worked_out:
            row = self._row(f"{kind}_{name}", label, unit)  # a parameter may have the name itself
            self._worked_out[name, label] = self._finish(row, f"{kind}_{name}", self._formula(row, cell))
        return self._worked_out[name, label]

    def _fixed(self, path: str, label: str, months: float) -> Cell:
        """A duration that the rows and headings of this workbook rest on."""
        row = self._row(path, f"{label} (fixed in this workbook)", "months")
        self.sheet.number(row, USED, months, "constant")
        self._durations[path] = self._finish(row, f"t_{path}", months)
        return self._durations[path]

    def _parameter(self, name: str) -> None:
        record, leaf = self.scenario.parameters[name], self.scenario.leaves.get(name)
        row, own = self._row(name, record.label, record.unit.text), self.scenario.central[name]
        self.rows[name] = row
        low, high = self._ends.get(name) or ends_of(self.scenario, name)
        if leaf:
            own, before = leaf.central, self._before.get(name)
            self.sheet.number(row, DEFAULT, own if before is None else float(before), "default")
            self._yours(row, own, own if name in self._before else None, low, high)
        elif record.one_of:
            option = self._cells[record.operands[0]]
            self.sheet.formula(row, DEFAULT, option.text, option.value, "default")
            self._yours(row, own, record.moved_to if record.fixed is None else record.fixed, low, high)
        else:
            own = self._formula(row, combine(record, self._cells.__getitem__))
        self._cells[name] = self._finish(row, f"in_{name}", own, leaf.price_factor if leaf else 1.0)
        self._about(row, name, record)

    def _row(self, name: str, label: str, unit: str) -> int:
        row = self._next
        for column, text in ((ID, name), (NAME, label), (UNIT, unit)):
            self.sheet.text(row, column, text, "label")
        self._next += 1
        return row

    def _yours(
        self, row: int, own: float, yours: float | None, low: float, high: float, style: str = "input",
        whole: float | None = None,
    ) -> None:  # fmt: skip
        """The blank cell for the reader's value, whether it is filled, and the value in use.

        own: the value of the run. yours: what the reader had typed before it, if anything. low, high: ends of what it
        may be. style: of the cell; an inert one is locked. whole: of how much it is a multiple, a whole number.
        """
        sheet, page = self.sheet, self.sheet.page
        if yours is None:
            page.write_blank(row, YOURS, None, sheet.styles[style])
        else:
            sheet.number(row, YOURS, yours, style)
            self._filled += 1
        between = {"validate": "integer" if whole == 1 else "decimal", "criteria": "between", "minimum": low,
                   "maximum": high}  # fmt: skip
        cell, said = _reference(row, YOURS), f"between {low:g} and {high:g}."
        if whole and whole > 1:
            rule = f"=AND(MOD({cell},{whole:g})=0,{cell}>={low:g},{cell}<={high:g})"
            between = {"validate": "custom", "value": rule}
        said = f"Whole cycles of {counted(round(whole), 'month')}, {said}" if whole else upper_first(said)
        told = {"error_title": "Outside what this may be", "error_message": said}
        page.data_validation(row, YOURS, row, YOURS, between | told)
        default, typed, in_use, run = (_reference(row, column) for column in (DEFAULT, YOURS, USED, RUN))
        sheet.formula(row, CHANGED, f"IF(ISBLANK({typed}),0,1)", 0 if yours is None else 1, "label")
        sheet.formula(row, USED, f"IF(ISBLANK({typed}),{default},{typed})", own, "used")
        sheet.number(row, RUN, own, "constant")
        differs = f"IF({in_use}={run},0,1)"
        sheet.formula(row, DIFFERS, f"IF(ISBLANK({typed}),0,{differs})" if yours is None else differs, 0, "label")

    def _formula(self, row: int, cell: Cell | float) -> float:
        cell = Cell.of(cell)
        self.sheet.formula(row, USED, cell.text, cell.value, "calculation")
        return cell.value

    def _finish(self, row: int, name: str, own: float, factor: float = 1.0) -> Cell:
        """The value in the model: what is used, in the workbook's price year; under a defined name."""
        self.sheet.number(row, FACTOR, factor, "constant")
        self.sheet.formula(
            row, MODEL, f"{_reference(row, USED)}*{_reference(row, FACTOR)}", own * factor, "calculation"
        )
        defined = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        self.book.define_name(defined, f"='{self.sheet.name}'!{xl_rowcol_to_cell(row, MODEL, True, True)}")
        return Cell(defined, own * factor)

    def _about(self, row: int, name: str, record: Parameter) -> None:
        """Where a parameter comes from and how sure it is."""
        distribution = self.scenario.leaves[name].distribution if name in self.scenario.leaves else None
        interval = record.range or (distribution.interval95 if distribution else None)
        for column, end in zip((LOW, HIGH), interval or (), strict=False):
            self.sheet.number(row, column, end, "rounded")
        kind = "fixed" if record.kind == "value" else record.kind.replace("_", " ")
        spread = record.distribution or ("fitted together" if record.joint else kind)
        status = self.scenario.status(name)
        standing = "recalled: to be checked" if status == "recalled" else status
        texts = (spread, record.price_year or "", ", ".join(record.sources), standing, record.note or "")
        for column, text in enumerate(texts, DISTRIBUTION):
            self.sheet.text(row, column, text, "label")

    def changed(self) -> tuple[str, float]:
        """Formula that counts the filled cells of "Your value", and its value now."""
        return self._sum(CHANGED), float(self._filled)

    def since_the_run(self) -> str:
        """Formula that counts the inputs that are no longer as they were in the run."""
        return self._sum(DIFFERS)

    def _sum(self, column: int) -> str:
        ends = (xl_rowcol_to_cell(row, column, True, True) for row in (HEADINGS + 1, self._next - 1))
        return f"SUM('{self.sheet.name}'!{':'.join(ends)})"


def _reference(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column, col_abs=True))


def ends_of(scenario: Scenario, name: str) -> tuple[float, float]:
    """Between which ends a parameter may be typed: what its unit allows, and no further than is taken for a slip."""
    unit, own = scenario.parameters[name].unit, scenario.central[name]
    low, high = max(unit.low, -HUGE), min(unit.high, HUGE)
    if unit.kind == "months":
        low, high = SHORTEST, float(MOST_MONTHS)
    most = {"price": HIGHEST_PRICE, "rate": UNUSUAL_RATE, "discount_rate": BELOW_ONE}
    high = min(high, HIGHEST_RATIO if unit.is_ratio else most.get(unit.kind, HUGE))
    if name == scenario.model.cohort.age and scenario.life_table is not None:
        high = float(scenario.life_table.last_age)
    leaf = scenario.leaves.get(name)
    own = leaf.central if leaf else own
    return min(low, own), max(high, own)


def ends_by_effects(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """The same of parameters that an effect needs above 0 (the dose studied, the purse of its trials, its half-life
    and what that is made of), or no longer than its own time: its onset.
    """
    found: dict[str, tuple[float, float]] = {}
    for model in (one.model for one in scenario.structures):
        for strategy, block in model.strategies.items():
            for name, effect in block.effects.items():
                purse, dose = effect.purse, effect.dose
                above = [effect.half_life, dose and dose.studied, purse and purse.low, purse and purse.high]
                for one in scenario.behind([one for one in above if isinstance(one, str)]):
                    low, high = found.get(one) or ends_of(scenario, one)
                    found[one] = max(low, LEAST * scenario.central[one]), high
                if purse and isinstance(purse.low, str) and isinstance(purse.high, str):
                    found[purse.low] = found[purse.low][0], scenario.central[purse.high]
                    found[purse.high] = scenario.central[purse.low], found[purse.high][1]
                if isinstance(effect.onset, str):
                    first, last = window(model, strategy, name, effect)
                    low, high = found.get(effect.onset) or ends_of(scenario, effect.onset)
                    found[effect.onset] = low, min(high, (last - first) * MONTHS_A_YEAR)
    return found


def ends_of_time(scenario: Scenario, path: str, months: float) -> tuple[float, float]:
    """Between which ends a time of the file may be typed, in months: so that an effect ends after it has begun and
    grown, that what lasts has a length, and that therapy is over before the last observation.
    """
    keys, cycle, low, high = path.split("."), cycle_months(scenario.model), 0.0, float(MOST_MONTHS)
    if keys[-1] in ("over", "lasting"):
        low = cycle
    if keys[-1] == "wait":
        therapy = scenario.model.strategies[keys[1]].therapy
        high = scenario.model.follow_up.months - cycle - (therapy.over.months if therapy else 0.0)
    if keys[2:3] == ["effects"] and keys[-1] in ("from", "until"):
        models = (one.model for one in scenario.structures)
        model = next(one for one in models if keys[3] in one.strategies[keys[1]].effects)
        effect = model.strategies[keys[1]].effects[keys[3]]
        first, last = window(model, keys[1], keys[3], effect)
        drawn = scenario.central[effect.onset] if isinstance(effect.onset, str) else None
        onset = getattr(effect.onset, "months", 0.0) if drawn is None else drawn
        spare = (last - first) * MONTHS_A_YEAR - max(math.ceil(onset / cycle) * cycle, cycle)
        low, high = (low, months + spare) if keys[-1] == "from" else (months - spare, high)
    return min(max(low, 0.0), months), max(high, months)


def moved_by_you(change: Any) -> bool:
    """Whether a change gave a number another centre by hand: it then stands in "Your value"."""
    return change.by == "you" and moves_the_centre(change)


def moves_the_centre(change: Any) -> bool:
    """Whether a change gave a number another centre."""
    parts = change.path.split(".")
    return parts[0] == "parameters" and parts[-1] in ("value", "moved_to") and change.old is not None


def declared_time(scenario: Scenario, path: str) -> Duration | Instant | None:
    """The duration or moment at a path, where it is the same in all alternatives that have it."""
    found = time_at(scenario.model, path)
    theirs = [time_at(structure.model, path) for structure in scenario.structures]
    return found if all(one in (found, None) for one in theirs) else None


def time_at(model: ModelFile, path: str) -> Duration | Instant | None:
    """The duration or moment at a path of a model; None where none stands."""
    node: Any = model
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else getattr(node, "from_" if key == "from" else key, None)
    return node if isinstance(node, Duration | Instant) else None


def not_read_back(scenario: Scenario, path: str) -> str:
    """Why a time that is typed into a workbook could not come back; "" where it can."""
    declared = declared_time(scenario, path)
    if declared is None:
        return "Takes no value here: it is worked out, or differs between alternatives. Change the scenario file."
    if isinstance(declared, Instant) and (declared.or_later or path.endswith(".or_later")):
        return "Takes no value here: it is the later of two moments. Change the scenario file."
    return ""
