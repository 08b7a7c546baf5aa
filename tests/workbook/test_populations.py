"""The workbook of every population computes what the engine does, before and after thirty edits, in two programs."""

import re
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.spectrum import populations
from costmodel.report.workbook import write
from tests.support.spreadsheets import Cells, by_formualizer, by_libreoffice, disagreements, edited, stored

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ANSWERED = [path for path in populations(SCENARIOS) if not re.search("^model: locked", path.read_text("utf-8"), re.M)]
YOURS = 5
"""Column of "Your value" on the sheet Inputs."""
EDITS = 30
HELD = ("age_at_referral", "share_female")
SAVING = "NHS and social care: net saving"


def savings(path: Path, cells: Cells) -> list[float]:
    """Net saving of each strategy at each horizon, in the order of the sheet."""
    labels = {row: v for (sheet, row, column), v in stored(path).items() if sheet == "Summary" and column == 1}
    return [float(str(cells["Summary", row, 2])) for row, label in sorted(labels.items()) if label == SAVING]


def by_the_engine(scenario: cm.Scenario) -> list[float]:
    result = cm.run(scenario, draws=0, strata=False)
    run = result.runs["deterministic"]
    return [
        -float(run.weights @ result.net_cost(run, h, s, perspective="nhs_pss")[:, 0])
        for s in range(1, len(result.strategies))
        for h in range(len(result.horizons))
    ]


def thirty(scenario: cm.Scenario, path: Path) -> tuple[dict[tuple[str, int, int], float], dict[str, float]]:
    """Edits of thirty inputs by cell, and by name."""
    cells: dict[tuple[str, int, int], float] = {}
    values: dict[str, float] = {}
    for (sheet, row, column), name in sorted(stored(path).items()):
        record = scenario.parameters.get(str(name))
        if sheet != "Inputs" or column != 1 or record is None or name not in scenario.leaves or name in HELD:
            continue
        fixed = {str(each) for one in scenario.structures for each in one.factors}
        if record.joint or name in fixed or len(values) == EDITS:
            continue
        moved = scenario.leaves[str(name)].central * (0.9 if len(values) % 2 else 1.1) or 0.02
        cells[sheet, row, YOURS] = values[str(name)] = min(moved, 0.95) if record.unit.high <= 1 else moved
    return cells, values


def test_every_population_with_an_answer_is_among_them() -> None:
    assert len(ANSWERED) == 7


@pytest.mark.long
@pytest.mark.parametrize("path", ANSWERED, ids=lambda path: path.parent.name)
def test_two_programs_compute_the_workbook_of_every_population(path: Path, tmp_path: Path) -> None:
    scenario = cm.load(path)
    book = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), book)
    cells, values = thirty(scenario, book)
    assert len(values) == EDITS
    (changed,) = edited(book, [cells], tmp_path)
    wanted = by_the_engine(scenario.changed(values))
    for found, after in (
        by_libreoffice([book, changed], tmp_path),
        [by_formualizer(book), by_formualizer(changed)],
    ):
        assert disagreements(book, found) == []
        assert savings(book, found) == pytest.approx(by_the_engine(scenario), abs=0.005)
        assert savings(changed, after) == pytest.approx(wanted, abs=0.005)
