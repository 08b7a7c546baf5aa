"""Where the line runs: put back into the scenario, each threshold makes the expected net saving nothing."""

import math
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.spectrum import session_price, use_of_services
from tests.support.answers import saving
from tests.support.example import load_example, number

QUANTITIES = ("parameters.gp_ill.value",)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("example"))


def of(result: cm.Result) -> Comparison:
    """Therapy against usual care as the NHS sees it by the follow-up."""
    return Comparison(result, result.headline, 0, 1, "nhs")


def test_at_the_threshold_price_nothing_is_saved_on_average(scenario: cm.Scenario) -> None:
    result = cm.run(scenario, draws=400)
    found = session_price(of(result))
    assert found.now == pytest.approx(100, rel=0.05)
    at = cm.run(scenario.changed({"session_price": found.value}, fix=True), draws=400)
    assert saving(at, "nhs") == pytest.approx(0, abs=1e-6)
    assert found.low is not None
    assert found.low < found.value < (found.high or 0)


def test_each_draw_has_its_own_threshold_price(scenario: cm.Scenario) -> None:
    result = cm.run(scenario, draws=200)
    found = session_price(of(result))
    low, high = (
        cm.run(scenario.changed({"session_price": price}, fix=True), draws=200) for price in (found.low, found.high)
    )
    saved = [np.mean(-r.net_cost(r.headline, 0, 1, perspective="nhs") >= 0) for r in (low, high)]
    assert saved[0] == pytest.approx(0.975, abs=0.01)
    assert saved[1] == pytest.approx(0.025, abs=0.01)


def test_at_the_threshold_of_use_nothing_is_saved_at_central_values(scenario: cm.Scenario) -> None:
    found = use_of_services(of(cm.run(scenario, draws=0)))
    times = found.value / found.now
    at = cm.run(scenario.changed({"gp_ill": scenario.central["gp_ill"] * times}), draws=0)
    assert saving(at, "nhs") == pytest.approx(0, abs=1e-6)
    assert found.low is None


def test_care_that_a_therapy_does_not_lower_repays_it_at_no_level(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.gp_ratio": number("multiplier", 1)})
    result = cm.run(scenario, draws=50)
    found = use_of_services(of(result))
    assert found.value == math.inf
    assert session_price(of(result)).value == pytest.approx(0, abs=1e-9)


def test_therapy_that_adds_to_other_care_repays_at_no_price(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.gp_ratio": number("multiplier", 2)})
    found = session_price(of(cm.run(scenario, draws=50)))
    assert found.value < 0


def test_where_no_session_is_held_any_price_will_do_or_none(tmp_path: Path) -> None:
    """Nothing is paid for and nothing lost: no price is too high. Where care grows dearer, none is low enough."""
    (tmp_path / "none").mkdir()
    none = load_example(tmp_path / "none", **{"parameters.attendance": number("share", 0)})
    assert session_price(of(cm.run(none, draws=0))).value == math.inf
    (tmp_path / "dearer").mkdir()
    edits = {"parameters.attendance": number("share", 0), "parameters.gp_ratio": number("multiplier", 3)}
    dearer = load_example(tmp_path / "dearer", **edits)
    assert session_price(of(cm.run(dearer, draws=0))).value == -math.inf
