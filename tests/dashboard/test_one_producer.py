"""Every answer has one producer: a sum that is wrong there is wrong, and the same, wherever it is read."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

import costmodel as cm
from costmodel.analysis.psa import rows
from costmodel.analysis.spectrum import spectrum
from costmodel.app.parts import compute
from costmodel.app.parts.kept import Kept
from costmodel.report.sentence import answer
from costmodel.result.result import Run
from costmodel.result.sums import Array, Sums
from tests.cli.commands import done, parsed
from tests.dashboard.conftest import FEW
from tests.support.dashboard import opened
from tests.support.targets import ROW, targets

WRONG = 12_345.0
"""Pounds that are added to every sum of costs."""
EXPECTED = 5
"""The column of the summary sheet that has expected values."""


def value(result: cm.Result) -> float:
    """Net saving of the NHS and social care at the follow-up."""
    return float(result.summary("net_saving").value.item())


@pytest.fixture
def right(scenarios: Path) -> cm.Result:
    """A run before anything is wrong, and asked before."""
    result = cm.run(cm.load(scenarios / "example" / "model.yaml"), draws=FEW)
    result.answers()
    return result


@pytest.fixture
def planted(right: cm.Result, monkeypatch: pytest.MonkeyPatch) -> float:
    """The net saving with a wrong sum in the one producer of answers."""
    wanted, net_cost = value(right) - WRONG, Sums.net_cost

    def wrong(self: Sums, run: Run, horizon: int, strategy: int, **more: Any) -> Array:
        return net_cost(self, run, horizon, strategy, **more) + WRONG

    monkeypatch.setattr(Sums, "net_cost", wrong)
    monkeypatch.setattr(compute, "KEPT", Kept(compute.MOST_KEPT))
    return wanted


def test_python_shows_it(right: cm.Result, planted: float) -> None:
    result = cm.run(right.scenario, draws=FEW)
    assert value(result) == pytest.approx(planted, abs=1e-6)
    assert result.saving().value.item() == value(result)
    drawn = [row["value"] for row in rows(cm.psa(result)) if row["outcome"] == "net_saving" and not row["discounted"]]
    assert value(result) in drawn
    (line, *_) = spectrum([right.scenario.path], ["nhs_pss"], draws=FEW).lines
    assert line.record["net_saving"] == value(result)


def test_what_is_laid_beside_studies_shows_it(right: cm.Result, planted: float) -> None:
    folder, months = right.scenario.path.parents[1], f"{right.horizons[0]:g} months"
    paid = {"population": "example", "against": "usual_care", "perspective": "nhs_pss", "time": months}
    row = (
        {key: value for key, value in ROW.items() if key != "states"} | paid | {"unit": "GBP", "price_year": "2024/25"}
    )
    targets(folder, {"T1": row | {"outcome": "net cost"}, "T2": row | {"outcome": "cost per qaly"}})
    net, each = (one.figure for one in cm.validate(folder, draws=FEW).rows)
    assert net
    assert each
    assert net.value == pytest.approx(-planted, abs=1e-6)
    gain = cm.run(right.scenario, draws=FEW)
    assert each.value == pytest.approx(
        -planted / gain.qaly_gain(gain.headline, 0, 1, discounted=False).mean(), rel=1e-9
    )


def test_json_shows_it(right: cm.Result, planted: float) -> None:
    found = parsed("run", right.scenario.path, "--draws", FEW, "--json")["rows"]
    (shown,) = [
        row["value"]
        for row in found
        if (row["run"], row["outcome"], row["perspective"], row["category"], row["channel"])
        == ("expected", "net_saving", "nhs_pss", "all", "all")
        and (row["discounted"], row["horizon_months"]) == (False, right.horizons[0])
    ]
    assert shown == pytest.approx(planted, abs=1e-6)


def test_the_terminal_says_it(right: cm.Result, planted: float) -> None:
    before = answer(right).headline
    said = " ".join(done("run", right.scenario.path, "--draws", FEW).split())
    wrong = answer(cm.run(right.scenario, draws=FEW)).headline
    assert wrong != before
    assert wrong in said
    assert before not in said


def test_the_workbook_shows_it(right: cm.Result, planted: float, tmp_path: Path) -> None:
    cm.workbook(cm.run(right.scenario, draws=FEW), tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)
    lines = {str(row[0]): row for row in reversed(list(book["Summary"].iter_rows(values_only=True)))}
    assert lines["NHS and social care: net saving"][EXPECTED - 1] == pytest.approx(planted, abs=1e-6)


def test_the_dashboard_shows_it(right: cm.Result, planted: float) -> None:
    (table,) = [one.value for one in opened().table if "net saving, £ per person" in one.value]
    assert float(table["net saving, £ per person"].iloc[1]) == pytest.approx(planted, abs=1e-6)
