"""Nothing that was recalled feeds an answer without the words "to be checked": on screen, in the workbook, in JSON."""

import io
from pathlib import Path

import openpyxl
import pytest

import costmodel as cm
from costmodel.report import render
from costmodel.report.answer import page
from costmodel.report.sentence import answer
from costmodel.report.workbook import as_bytes

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(
    p for p in SCENARIOS.glob("*/*.yaml") if "\nextends:" in (t := p.read_text("utf-8")) or "\nstates:" in t
)
WORDS = "to be checked"


def on_the_cover(result: cm.Result) -> str:
    cover = openpyxl.load_workbook(io.BytesIO(as_bytes(result)), read_only=True)["Cover"]
    return "\n".join(str(cell) for row in cover.iter_rows(values_only=True) for cell in row if cell)


@pytest.mark.long
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_was_recalled_is_marked_wherever_the_answer_stands_and_nothing_else_is(path: Path) -> None:
    result = cm.run(cm.load(path), draws=2, strata=False)
    recalled = bool(result.scenario.to_be_checked)
    outputs = {
        "sentence, on every page": "\n".join(answer(result).beside),
        "terminal": "\n".join(str(piece) for piece in render.terminal(page(result))),
        "JSON": "\n".join(render.document(page(result))["notes"]),
        "workbook": on_the_cover(result),
    }
    assert {name: WORDS in text.lower() for name, text in outputs.items()} == dict.fromkeys(outputs, recalled)


def test_some_shipped_answers_rest_on_recalled_figures_and_some_do_not() -> None:
    marked = {bool(cm.load(SCENARIOS / name / "model.yaml").to_be_checked) for name in ("panic", "high_users")}
    assert marked == {True, False}
