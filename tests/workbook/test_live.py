"""The workbook is live: two other spreadsheet programs compute what the engine computed, before and after edits."""

import re
from functools import lru_cache
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.engine import cohort
from costmodel.report.workbook import sheet as sheets
from costmodel.report.workbook import write
from costmodel.result.table import in_words
from tests.support.spreadsheets import (
    by_formualizer,
    by_libreoffice,
    disagreements,
    edited,
    formulas,
    stored,
    was_recalculated,
)

SCENARIOS = Path(__file__).parents[2] / "scenarios"
YOURS = 5
"""Column of "Your value" on the sheet Inputs."""

PERSPECTIVES = {"nhs": "NHS", "nhs_pss": "NHS and social care", "public_sector": "Public sector", "societal": "Society"}


@pytest.fixture(scope="module")
def book(trd_book: Path) -> Path:
    return trd_book


def test_formualizer_computes_every_stored_value(book: Path) -> None:
    cells = by_formualizer(book)
    assert len(cells) > 10_000
    assert was_recalculated(cells, book)
    assert disagreements(book, cells) == []


@pytest.mark.long
@pytest.mark.parametrize("population", ["panic", "depression_resistant"])
def test_formualizer_computes_every_stored_value_of_care_base_it(population: str, tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    write(cm.run(cm.load(SCENARIOS / population / "base.yaml"), draws=20), path)
    cells = by_formualizer(path)
    assert was_recalculated(cells, path)
    assert disagreements(path, cells) == []


def test_libreoffice_computes_every_stored_value(book: Path, tmp_path: Path) -> None:
    (cells,) = by_libreoffice([book], tmp_path)
    assert was_recalculated(cells, book)
    assert disagreements(book, cells) == []


def test_a_fault_in_the_recursion_makes_engine_and_workbook_wrong_alike(
    example_scenario: cm.Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A series that breaks off after two terms: there is no second recursion that would still be right."""

    def people_at_the_end(name: str) -> tuple[float, float]:
        result = cm.run(example_scenario, draws=0)
        write(result, tmp_path / name)
        cells = {at: value for at, value in stored(tmp_path / name).items() if at[0] == "Trace 1"}
        heading = f"{next(iter(example_scenario.model.states))}: people at end"
        (column,) = (column for (_, row, column), value in cells.items() if value == heading)
        last = max(row for _, row, at in cells if at == column)
        return float(str(cells["Trace 1", last, column])), result.deterministic.mean_people[-1, 0, 0, 0]

    right = people_at_the_end("right.xlsx")
    monkeypatch.setattr(cohort, "TERMS", 2)
    wrong = people_at_the_end("wrong.xlsx")
    assert right[0] == pytest.approx(right[1], rel=1e-12)
    assert wrong[0] == pytest.approx(wrong[1], rel=1e-12)
    assert abs(wrong[1] / right[1] - 1) > 1e-6


def test_a_wrong_stored_value_is_caught(
    example_result: cm.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = sheets.Sheet.put

    def spoiled(self: sheets.Sheet, name: str, row: int, cell: object, style: str = "calculation") -> object:
        reference = put(self, name, row, cell, style)  # type: ignore[arg-type]
        if self.name == "Trace 2" and name.endswith("term 5") and row == 40:
            self.page.write_formula(row, self.columns[name], f"={cell.text}", None, cell.value + 1e-6)  # type: ignore[attr-defined]
        return reference

    monkeypatch.setattr(sheets.Sheet, "put", spoiled)
    write(example_result, tmp_path / "spoiled.xlsx")
    wrong = disagreements(tmp_path / "spoiled.xlsx", by_formualizer(tmp_path / "spoiled.xlsx"))
    assert wrong
    assert all("Trace 2 row 41" in line for line in wrong)


def test_a_wrong_formula_in_one_cell_is_caught(
    example_result: cm.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = sheets.Sheet.put

    def spoiled(self: sheets.Sheet, name: str, row: int, cell: object, style: str = "calculation") -> object:
        reference = put(self, name, row, cell, style)  # type: ignore[arg-type]
        if self.name == "Trace 1" and name.endswith("term 3") and row == 20:
            self.page.write_formula(row, self.columns[name], f"={cell.text}*1.001", None, cell.value)  # type: ignore[attr-defined]
        return reference

    monkeypatch.setattr(sheets.Sheet, "put", spoiled)
    write(example_result, tmp_path / "spoiled.xlsx")
    assert disagreements(tmp_path / "spoiled.xlsx", by_formualizer(tmp_path / "spoiled.xlsx"))


def test_each_column_has_one_formula_shape(book: Path) -> None:
    shapes: dict[tuple[str, int], set[str]] = {}
    for (sheet, row, column), formula in formulas(book).items():
        if sheet.startswith("Trace") or sheet in ("Rates", "Costs", "Net cost"):
            if row <= sheets.REFERRAL + 1:
                continue
            reference = r"(?<![\w$])(\$?[A-Z]{1,3})(\d+)\b"
            relative = re.sub(reference, lambda m, r=row: f"{m[1]}[{int(m[2]) - r}]", formula)
            shapes.setdefault((sheet, column), set()).add(relative)
    mixed = {key: sorted(found)[:2] for key, found in shapes.items() if len(found) > 1}
    assert shapes
    assert mixed == {}


def _rows(path: Path) -> dict[str, int]:
    """The row of each input; what is worked out from them stands below, and may bear the name of one."""
    found = {(row, str(v)) for (sheet, row, column), v in stored(path).items() if sheet == "Inputs" and column == 1}
    first: dict[str, int] = {}
    for row, name in sorted(found):
        first.setdefault(name, row)
    return first


@lru_cache(maxsize=4)
def _lines(path: Path) -> dict[tuple[str, str], tuple[str, int, int]]:
    """The live cell of each line of the Summary, by horizon in words and label."""
    lines: dict[tuple[str, str], tuple[str, int, int]] = {}
    horizon = ""
    labels = {row: str(v) for (sheet, row, column), v in stored(path).items() if sheet == "Summary" and column == 1}
    for row, label in sorted(labels.items()):
        if found := re.search(r" against usual care over (.+?) \(", label):
            horizon = found[1]
        lines[horizon, label] = ("Summary", row, 2)
    return lines


def check_summary(path: Path, cells: dict, scenario: cm.Scenario) -> None:
    """Every net saving to a penny and every payback to the month, against the engine."""
    result = cm.run(scenario, draws=0)
    table = result.table()
    table = table[(table.run == "deterministic") & (table.category == "all") & (table.comparator != "")]
    for horizon in result.horizons:
        at = table[table.horizon_months == horizon]
        for name, words in PERSPECTIVES.items():
            mine = at[at.perspective == name]
            for outcome, discounted, label in (
                ("net_saving", False, "net saving"),
                ("net_saving", True, "net saving, discounted"),
                ("cash_net_saving", False, "net saving in cash"),
            ):
                wanted = mine[(mine.outcome == outcome) & (mine.discounted == discounted)].value.item()
                at_cell = _lines(path)[in_words(horizon), f"{words}: {label}"]
                assert cells[at_cell] == pytest.approx(wanted, abs=0.005)
            if horizon == result.horizons[-1]:
                paid = mine[(mine.outcome == "payback_sustained_months") & ~mine.discounted].value.item()
                line = f"{words}: sustained payback, months (−1: none within the horizon)"
                found = cells[_lines(path)[in_words(horizon), line]]
                assert found == pytest.approx(-1 if paid != paid else paid, abs=1e-6)


def _edits(scenario: cm.Scenario, path: Path) -> list[tuple[dict[str, float], dict[str, float | str]]]:
    """Thirty edits: (by row id on the sheet, the same for the engine)."""
    rows = _rows(path)
    edits: list[tuple[dict[str, float], dict[str, float | str]]] = []
    for name in rows:
        record = scenario.parameters.get(name)
        if record is None or name not in scenario.leaves or name in ("age_at_referral", "share_female"):
            continue
        centre = scenario.leaves[name].central
        moved = centre * (0.6 if len(edits) % 2 else 1.3) or 0.02
        if record.unit.high <= 1:
            moved = min(moved, 0.95)
        edits.append(({name: moved}, {name: moved}))
    for path_name, months, text in (
        ("strategies.ltpp.therapy.over", 12.0, "12 months"),
        ("strategies.ltpp.therapy.wait", 5.0, "5 months"),
        ("strategies.ltpp.therapy.wait", 12.0, "12 months"),
        ("strategies.ltpp.effects.improves_faster.until", 9.0, "follow-up + 9 months"),
        ("strategies.ltpp.effects.improves_faster.from", 6.0, "start of therapy + 6 months"),
        ("costs.hospital.lag", 6.0, "6 months"),
    ):
        assert path_name in rows
        edits.append(({path_name: months}, {path_name: text}))
    cheap = {"session_price": 2.0}
    edits.append((cheap, dict(cheap)))
    step = max(1, len(edits) // 30)
    return edits[:-8:step] + edits[-8:]


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.long)])
def test_edits_agree_with_the_engine_in_formualizer(book: Path, trd: cm.Scenario, every: int) -> None:
    rows = _rows(book)
    edits = _edits(trd, book)
    assert len(edits) >= 30
    for on_sheet, for_engine in edits[::every]:
        typed = {("Inputs", rows[name], YOURS): value for name, value in on_sheet.items()}
        cells = by_formualizer(book, typed, only=_lines(book).values())
        check_summary(book, cells, trd.changed(for_engine, fix=False))


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.long)])
def test_edits_agree_with_the_engine_in_libreoffice(book: Path, trd: cm.Scenario, tmp_path: Path, every: int) -> None:
    rows = _rows(book)
    edits = _edits(trd, book)[::every]
    typed = [{("Inputs", rows[name], YOURS): value for name, value in on_sheet.items()} for on_sheet, _ in edits]
    copies = edited(book, typed, tmp_path)
    for cells, (_, for_engine) in zip(by_libreoffice(copies, tmp_path, sheet="Summary"), edits, strict=True):
        check_summary(book, cells, trd.changed(for_engine))
