"""The fully incremental analysis of a run: steps along the frontier, dominated strategies, the same in every medium."""

import io
import json
from pathlib import Path

import openpyxl
import pytest

import costmodel as cm
from costmodel.analysis.incremental import Incremental
from tests.cli.commands import done
from tests.support.example import example, load_example, number, price
from tests.support.workbooks import as_bytes

THERAPY = {"sessions": "sessions", "over": "6 months", "wait": "0 months", "attendance": "attendance"}


def _three(**more: object) -> dict[str, object]:
    """A dearer therapy with the larger effect, and one that costs most and does nothing."""
    better = {"label": "More therapy", "therapy": THERAPY | {"price": "dear"}, "effects": {"recovers_faster": {
        "transition": "ill -> well", "hazard_ratio": "hr_more", "from": "start of therapy", "until": "follow-up",
        "estimand": {"source": "X001", "comparator": "Usual care", "outcome": "well", "time": "24 months",
                     "analysis": "intention to treat"}}}}  # fmt: skip
    return {
        "strategies.more": better,
        "strategies.useless": {"label": "A useless one", "therapy": THERAPY | {"price": "dearest"}},
        "parameters.dear": price("session", 250),
        "parameters.dearest": price("session", 900),
        "parameters.hr_more": number("hazard ratio", 2.5),
    } | more


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> cm.Result:
    return cm.run(load_example(tmp_path_factory.mktemp("three"), **_three()), draws=40)


def _total(result: cm.Result, outcome: str, strategy: str, perspective: str) -> float:
    table = result.table()
    row = table[
        (table.outcome == outcome) & (table.strategy == strategy) & (table.comparator == "") & table.discounted
        & (table.perspective == perspective) & (table.horizon_months == 24) & (table.run == "expected")
    ]  # fmt: skip
    return float(row.value.item())


def test_each_step_is_the_difference_to_the_one_before_it(result: cm.Result) -> None:
    found = cm.incremental(result).frame.set_index("strategy")
    assert list(found.index[found.status == "ND"]) == ["usual_care", "therapy", "more"]
    for before, name in (("usual_care", "therapy"), ("therapy", "more")):
        cost = _total(result, "cost", name, "nhs_pss") - _total(result, "cost", before, "nhs_pss")
        qaly = _total(result, "qaly", name, "") - _total(result, "qaly", before, "")
        assert found.more_cost[name] == pytest.approx(cost, rel=1e-12)
        assert found.ratio[name] == pytest.approx(cost / qaly, rel=1e-9)
    assert found.status["useless"] == "D"
    assert found.words["useless"] == "dominated"
    assert found.cost.is_monotonic_increasing


def test_the_payer_decides_what_counts_as_cost(result: cm.Result) -> None:
    nhs, society = (cm.incremental(result, one).frame.set_index("strategy") for one in ("nhs", "societal"))
    assert society.cost["therapy"] == pytest.approx(_total(result, "cost", "therapy", "societal"), rel=1e-12)
    assert nhs.cost["therapy"] == pytest.approx(_total(result, "cost", "therapy", "nhs"), rel=1e-12)


def test_a_strategy_that_costs_and_does_the_same_shares_the_place(tmp_path: Path) -> None:
    again = {"label": "Therapy again", "therapy": THERAPY | {"price": "session_price"}}
    plain = {"label": "Plain", "therapy": THERAPY | {"price": "session_price"}}
    scenario = load_example(tmp_path, **{"strategies.again": again, "strategies.plain": plain})
    found = cm.incremental(cm.run(scenario, draws=0)).frame.set_index("strategy")
    assert found.words["plain"] == "costs and does the same as Therapy again"


def test_of_two_strategies_it_says_what_the_result_says(example_result: cm.Result) -> None:
    (row,) = cm.incremental(example_result).frame.dropna(subset="ratio").itertuples()
    assert row.ratio == pytest.approx(example_result.summary("cost_per_qaly").value.item(), rel=1e-9)


def test_wrong_names_are_refused(result: cm.Result) -> None:
    with pytest.raises(cm.InputError, match="nhs_pss"):
        cm.incremental(result, "nhs_ps")
    with pytest.raises(cm.InputError, match="horizon"):
        cm.incremental(result, horizon_months=7)
    with pytest.raises(cm.InputError, match="result"):
        cm.incremental("model.yaml")  # type: ignore[arg-type]


def _said(found: Incremental) -> list[str]:
    return found.sentences()


def test_every_medium_says_the_same(result: cm.Result, tmp_path: Path) -> None:
    path = example(tmp_path, **_three())
    found = cm.incremental(cm.run(cm.load(path), draws=40))
    printed = done("run", path, "--draws", 40)
    sheet = openpyxl.load_workbook(io.BytesIO(as_bytes(found.result)))["Incremental"]
    in_workbook = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    rows = json.loads(done("incremental", path, "--draws", 40, "--json"))["rows"]
    for sentence in _said(found):
        assert sentence in " ".join(printed.split())
        assert sentence in in_workbook
    assert [row["ratio"] for row in rows if row["ratio"]] == pytest.approx(found.frame.ratio.dropna().tolist())


def test_twenty_strategies_stand_in_one_table_and_one_more_is_refused(tmp_path: Path) -> None:
    def others(count: int) -> dict[str, object]:
        sized = {f"parameters.dear_{i}": price("session", 110 + i) for i in range(count)}
        blocks = {f"strategies.s{i}": {"label": f"Therapy at £{110 + i}", "therapy": THERAPY | {"price": f"dear_{i}"}}
                  for i in range(count)}  # fmt: skip
        return sized | blocks

    (tmp_path / "twenty").mkdir()
    found = cm.incremental(cm.run(load_example(tmp_path / "twenty", **others(18)), draws=0)).frame
    assert len(found) == 20
    assert list(found.status).count("D") == 18
    (tmp_path / "more").mkdir()
    with pytest.raises(cm.InputError, match=r"strategies has 21 entries. At most 20. Put the others into a second"):
        load_example(tmp_path / "more", **others(19))
