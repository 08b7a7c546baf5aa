"""The Evidence page says of the targets what Python says."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from costmodel.analysis.validation import validate
from costmodel.app.parts import compute
from costmodel.page import SCREEN, Table

PAGE = "costmodel/app/evidence.py"
ROW = {
    "label": "Well at 24 months", "role": "predicted", "why": "Because it *matters*", "population": "example",
    "strategy": "therapy", "outcome": "share in states", "states": ["well"], "time": "24 months", "observed": 0.9,
    "unit": "share", "tolerance": 0.1, "width": 0.5, "source": "X002", "status": "recalled",
}  # fmt: skip


@pytest.fixture
def declared(scenarios: Path) -> Path:
    source = {"citation": "Invented", "where": "here", "figure": "1", "status": "assumption"}
    (scenarios / "more.yaml").write_text(json.dumps({"sources": {"X002": source}}), "utf-8")
    rows = {"T1": ROW, "T2": ROW | {"population": "elsewhere"}}
    content = {"format": 1, "sources": ["more.yaml"], "rows": rows}
    (scenarios / "validation.yaml").write_text(json.dumps(content), "utf-8")
    return scenarios


def shown(at: AppTest) -> list[list[str]]:
    (table,) = [one.value for one in at.table]
    return [[str(cell).replace("\\", "") for cell in row] for row in table.to_numpy()]


def test_the_table_is_that_of_python_for_this_population_and_for_all(
    declared: Path, app_with: Callable[..., AppTest]
) -> None:
    at = app_with().switch_page(PAGE).run()
    assert not at.exception
    found = validate(declared, "example", draws=compute.DRAWS)
    (table,) = [block for block in found.page().blocks if isinstance(block, Table)]
    assert shown(at) == table.cells(SCREEN)
    assert found.headline in "\n".join(one.value for one in at.markdown).replace("\\", "")
    assert "(to be checked)" in shown(at)[0][1]
    everything = at.segmented_control(key="targets").set_value("All populations").run()
    assert [line[0] for line in shown(everything)] == ["T1", "T2"]
    assert shown(everything)[1][-1] == "no model yet"


def test_without_targets_it_says_so(app: AppTest) -> None:
    at = app.switch_page(PAGE).run()
    assert not at.exception
    assert "No targets are declared" in "\n".join(one.value for one in at.markdown)
