"""Rows of a synthesis: one a trial and estimand, with every reason why a position may not read it.

A row is a *figure* (log ratio of mean costs, therapy to control), a *test* (a verdict with a test) or a *sign* (a
direction without one). Where no standard error was printed, a rule stands for it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import Row as Line
from costmodel.inputs.files import by_kind, number, provenance_problems, read_table

COLUMNS = (
    "id", "trial", "year", "country", "class", "population", "comparator", "design", "estimand", "kind", "verdict",
    "bounded", "log_ratio", "se", "error", "group", "weight", "correlation", "n_therapy", "n_control", "n_total",
    "arms", "from_month", "to_month", "therapy_end", "programme_cost", "itt", "independent", "flags",
    "baseline_cost_per_year", "baseline_prices", "sets", "status", "source", "note",
)  # fmt: skip
KINDS = ("figure", "test", "sign")
ERRORS = ("figure", "drawn", "rule", "")
NO_DIFFERENCE, SIGNIFICANTLY_LOWER, SIGNIFICANTLY_RAISED = (
    "no difference",
    "significantly lower",
    "significantly raised",
)
LOWER, RAISED = "lower", "raised"
VERDICTS = {
    "figure": ("",),
    "test": (NO_DIFFERENCE, SIGNIFICANTLY_LOWER, SIGNIFICANTLY_RAISED),
    "sign": (LOWER, RAISED),
}
FALLS = (SIGNIFICANTLY_LOWER, LOWER)
RANDOMISED, ASSUMED = "randomised", "assumed"
NUMBERS = ("log_ratio", "se", "weight", "correlation", "n_therapy", "n_control", "n_total", "arms", "from_month",
           "to_month", "therapy_end", "baseline_cost_per_year")  # fmt: skip
POSITIVE = ("se", "n_therapy", "n_control", "n_total", "arms", "baseline_cost_per_year")


@dataclass(frozen=True)
class EvidenceRow:
    """What a trial printed of one estimand.

    kind of therapy: `therapy`. log_ratio: of arithmetic mean costs. error: where its standard error comes from: figure,
    drawn (as the file says), rule, or "" where there is none. bounded: a sign known not to be significant. group: rows
    of one trial; with a weight below 1 they are alternatives, fitted one at a time. Windows and the end of therapy in
    """

    place: str
    id: str
    trial: str
    year: str
    country: str
    therapy: str
    population: str
    comparator: str
    design: str
    estimand: str
    kind: str
    verdict: str
    bounded: bool
    log_ratio: float | None
    se: float | None
    error: str
    group: str
    weight: float
    correlation: float | None
    n_therapy: float | None
    n_control: float | None
    n_total: float | None
    arms: float | None
    start: float | None
    end: float | None
    therapy_end: float | None
    programme_cost: str
    flags: tuple[str, ...]
    baseline: float | None
    prices: str
    sets: tuple[str, ...]
    status: str
    source: str
    note: str

    @property
    def unit(self) -> str:
        """What its trial effect belongs to: the group, or the trial and its year."""
        return self.group or f"{self.trial} {self.year}".strip()

    @property
    def name(self) -> str:
        """The trial with its year, as a reader knows it."""
        return f"{self.trial} {self.year}".strip()

    @property
    def spread_of_n(self) -> float | None:
        """√(1/n of therapy + 1/n of control); equal arms where only the total is known, None without numbers."""
        if self.n_therapy and self.n_control:
            return math.sqrt(1 / self.n_therapy + 1 / self.n_control)
        if self.n_total and self.arms:
            return math.sqrt(2 * self.arms / self.n_total)
        return None

    @property
    def people(self) -> float:
        """People in the two arms compared; 0 where that is not known."""
        if self.n_therapy and self.n_control:
            return self.n_therapy + self.n_control
        return 2 * self.n_total / self.arms if self.n_total and self.arms else 0.0


def read_rows(path: Path, positions: Sequence[str]) -> tuple[list[EvidenceRow], list[str]]:
    """The rows of a file, and a line for each exact copy that was dropped. Raises InputError with every fault."""
    problems: list[Problem] = []
    rows: list[EvidenceRow] = []
    dropped: list[str] = []
    seen: dict[tuple[tuple[str, str], ...], Line] = {}
    for line in read_table(path, COLUMNS).rows:
        content = tuple((key, cell) for key, cell in line.cells.items() if key != "id")
        if content in seen:
            dropped.append(
                f"{line.place}: {line.cells['id']} is a copy of {seen[content].cells['id']} and was left out"
            )
            continue
        if line.cells["id"] in {row.id for row in rows}:
            remedy = "Give it an id of its own, or take one of the two away."
            problems.append(Problem(line.place, f'the id "{line.cells["id"][:40]}" stands twice', remedy))
        seen[content] = line
        faults = list(_faults(line, positions))
        problems += faults
        if not faults:
            rows.append(_row(line))
    if problems:
        raise InputError(*by_kind(problems))
    return rows, dropped


def _faults(line: Line, positions: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with a row by itself, whatever reads it."""
    cells, place = line.cells, line.place
    for column in ("id", "trial", "class", "estimand"):
        if not cells[column]:
            yield Problem(place, f"the row has no {column}", "")
    if bool(cells["baseline_cost_per_year"]) != bool(cells["baseline_prices"]):
        found = "baseline_cost_per_year and baseline_prices do not stand together"
        yield Problem(place, found, "Write the currency and the year of its prices, such as GBP 2024/25.")
    allowed = {"kind": KINDS, "error": ERRORS, "verdict": VERDICTS.get(cells["kind"], ()), "bounded": ("", "yes")}
    for column, names in allowed.items():
        if names and cells[column] not in names:
            yield Problem(place, f'there is no {column} "{cells[column][:40]}" here', nearest(cells[column], names))
    for column in NUMBERS:
        if not cells[column]:
            continue
        try:
            value = number(line, column)
        except InputError as error:
            yield from error.problems
            continue
        if column in POSITIVE and value <= 0:
            yield Problem(place, f"{column} is {value:g}", "Above 0.")
    yield from provenance_problems(line)
    for name in _several(cells["sets"]):
        if name not in positions:
            yield Problem(place, f'there is no position "{name[:40]}"', nearest(name, positions))
    if cells["kind"] == "figure" and cells["log_ratio"].strip("-+0.") == "" and cells["log_ratio"]:
        found = f"{cells['id']} enters no difference as a ratio of exactly 1, which no trial saw"
        yield Problem(place, found, "Write kind test and verdict no difference; its likelihood says what that means.")


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _row(line: Line) -> EvidenceRow:
    cells = line.cells
    known = {column: number(line, column) if cells[column] else None for column in NUMBERS}
    same = ("id", "trial", "year", "country", "population", "comparator", "design", "estimand", "kind", "verdict",
            "error", "group", "programme_cost", "status", "source", "note")  # fmt: skip
    return EvidenceRow(
        place=line.place, **{column: cells[column] for column in same}, therapy=cells["class"],
        bounded=cells["bounded"] == "yes", log_ratio=known["log_ratio"], se=known["se"],
        weight=1.0 if known["weight"] is None else known["weight"], correlation=known["correlation"],
        n_therapy=known["n_therapy"], n_control=known["n_control"], n_total=known["n_total"], arms=known["arms"],
        start=known["from_month"], end=known["to_month"], therapy_end=known["therapy_end"],
        flags=_several(cells["flags"]), baseline=known["baseline_cost_per_year"],
        prices=cells["baseline_prices"], sets=_several(cells["sets"]),
    )  # fmt: skip


def cannot_be_pooled(row: EvidenceRow, drawn: Sequence[str], name: str, assumed: bool) -> Iterator[Problem]:
    """Why a position does not read a row. drawn: ids of which the file says how they are drawn. name: the position's.

    assumed: whether it may hold rows that are assumed.
    """
    if not row.design:
        found = f"{row.id} has no design, and {name} pools"
        yield Problem(row.place, found, "Write randomised if it is, or take the position out of its sets.")
    elif row.design != RANDOMISED and not (assumed and row.design == ASSUMED):
        found = f"{row.id} ({row.design}) stands in {name}, which pools"
        yield Problem(row.place, found, "Only randomised trials may; list it in a position of its own.")
    if row.start is None or row.end is None or not 0 <= row.start < row.end:
        found = f"{row.id} has no window in months, and its position pools"
        yield Problem(row.place, found, "Write from_month and to_month, or take the position out of its sets.")
    remedy = "Write se, or error: rule with the numbers of people, or take the position out of its sets."
    missing = {
        "figure": row.se is None or row.log_ratio is None,
        "drawn": row.id not in drawn,
        "rule": row.spread_of_n is None or (row.kind == "figure" and row.log_ratio is None),
        "": True,
    }
    if missing[row.error]:
        yield Problem(row.place, f"{row.id} has no standard error and no declared rule for one", remedy)
    if row.error != "rule" and row.kind != "figure":
        yield Problem(row.place, f"{row.id} is a verdict with an error of its own", "Write error: rule.")


def several_of_a_trial(rows: Sequence[EvidenceRow]) -> Iterator[Problem]:
    """Second rows of a trial in one position, unless they are alternatives or a correlation joins them."""
    trials: dict[tuple[str, str], list[EvidenceRow]] = {}
    groups: dict[str, list[EvidenceRow]] = {}
    for row in rows:
        trials.setdefault((row.trial, row.year), []).append(row)
        if row.group:
            groups.setdefault(row.group, []).append(row)
    for several in trials.values():
        for row in several[1:]:
            if not row.group or row.group != several[0].group:
                found = f"{row.id} is a second row of {row.name} beside {several[0].id}, without a group"
                yield Problem(row.place, found, "Give both one group, and weights that add to 1 or a correlation.")
    for group, several in groups.items():
        if len(several) == 1:
            continue
        total = sum(row.weight for row in several)
        if all(row.weight < 1 for row in several):
            if abs(total - 1) > 1e-9:
                yield Problem(several[0].place, f"the weights of {group} add to {total:g}", "They add to 1.")
            continue
        if len(several) > 2 or any(row.kind != "figure" or row.error != "figure" for row in several):
            found = f"only two figures of one trial can be joined, and {group} has others"
            yield Problem(several[1].place, found, "Leave one of them in the position, or give them weights.")
        elif several[1].correlation is None or not -1 < several[1].correlation < 1:
            found = f"{several[1].id} is a second row of {several[1].name}, without its correlation with the first"
            yield Problem(several[1].place, found, "Write it in the column correlation, between -1 and 1.")
    for row in rows:
        if row.weight != 1 and len(groups.get(row.group, ())) < 2:
            found = f"{row.id} has the weight {row.weight:g} and no alternative in its position"
            yield Problem(row.place, found, "Write 1, or bring its alternative in.")


def mixed_prices(rows: Sequence[EvidenceRow], name: str) -> Iterator[Problem]:
    """Rows of a position whose costs are in other prices than those of the first."""
    priced = [row for row in rows if row.prices]
    for row in priced[1:]:
        if row.prices != priced[0].prices:
            found = f"{row.id} is in {row.prices} and {priced[0].id} in {priced[0].prices}, and {name} takes both"
            yield Problem(row.place, found, "Bring the cost of its controls to the prices of the others.")


def not_of_a_base(
    rows: Sequence[EvidenceRow], everything: Sequence[EvidenceRow], name: str, estimand: str,
    classes: Sequence[str], verdicts: str,
) -> Iterator[Problem]:  # fmt: skip
    """Rows that a base may not read, and those that it lacks.

    verdicts: none, all, or no falls (a bound, which its name says).
    """
    for row in rows:
        if row.estimand != estimand:
            found = f"{row.id} compares {row.estimand}, and the base {name} {estimand}"
            yield Problem(row.place, found, "A base has one estimand; a position with role beside may mix them.")
        if row.kind != "figure" and (verdicts == "none" or (verdicts == "no falls" and row.verdict in FALLS)):
            yield Problem(row.place, f"{row.id} is a verdict that {name} does not take", f"It takes: {verdicts}.")
        if row.therapy not in classes:
            yield Problem(row.place, f"{row.id} is of the class {row.therapy}", f"{name} has {', '.join(classes)}.")
    ids = {row.id for row in rows}
    if verdicts == "no falls" and "sceptic" not in name:
        found = f"{name} takes nulls and rises without the falls of the same estimand"
        yield Problem(rows[0].place, found, "Take all verdicts, or none, or call it what it is: a sceptic's bound.")
    if verdicts != "all":
        return
    for row in everything:
        eligible = row.kind != "figure" and row.estimand == estimand and row.therapy in classes and row.error == "rule"
        if eligible and row.design in (RANDOMISED, ASSUMED) and row.id not in ids:
            found = f"{name} has verdicts, and not {row.id}, which says {row.verdict} of the same estimand"
            yield Problem(row.place, found, "A base takes all verdicts of an estimand, or none.")
