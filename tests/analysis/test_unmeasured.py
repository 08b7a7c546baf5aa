"""Factors that no trial measured: of mean 1, beside the answer and never in it."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.purse import purse
from costmodel.analysis.unmeasured import Widened, factors, widened
from costmodel.inputs.shapes import from_moments
from costmodel.page import Paragraph
from tests.support.example import load_example

SETTING = Path(__file__).parents[2] / "scenarios" / "settings" / "england.yaml"
DRAWS = 400


@pytest.fixture(scope="module")
def panic() -> cm.Result:
    return cm.run(cm.load("panic"), draws=DRAWS)


def without(scenario: cm.Scenario) -> cm.Scenario:
    """The scenario in a setting whose channels have no factors."""
    channels = {name: one.model_copy(update={"unmeasured": None}) for name, one in scenario.setting.channels.items()}
    return replace(scenario, setting=scenario.setting.model_copy(update={"channels": channels}))


def of(result: cm.Result, perspective: str = "nhs") -> list[Widened]:
    return list(widened(Comparison(result, result.headline, 0, 1, perspective)))


def test_the_mean_of_every_factor_of_the_setting_is_one() -> None:
    setting = cm.load("panic").setting
    spreads = {name: one.unmeasured.sd for name, one in setting.channels.items() if one.unmeasured}
    assert spreads == {"medicines": 0.15, "social_care": 0.20}
    assert {one.unmeasured.source for one in setting.channels.values() if one.unmeasured} <= cm.load(
        "panic"
    ).sources.keys()
    for name, deviation in spreads.items():
        law = from_moments("lognormal", 1.0, deviation)
        assert math.exp(law.first + law.second**2 / 2) == pytest.approx(1.0, abs=1e-12)
        drawn = factors(1, name, deviation, DRAWS)
        assert drawn.mean() == pytest.approx(1.0, abs=1e-12)
        assert drawn.std() == pytest.approx(deviation, rel=0.15)


def test_answer_and_verdict_are_those_without_them(panic: cm.Result) -> None:
    bare = cm.run(without(panic.scenario), draws=DRAWS)
    assert bare.scenario.sha256 == panic.scenario.sha256
    assert bare.table().equals(panic.table())
    said, other = cm.verdict(panic), cm.verdict(bare)
    assert (said.lines, said.beside, said.chances) == (other.lines, other.beside, other.chances)
    assert not any("no trial measured apart" in text for text in _paragraphs(bare))


def test_within_a_sum_that_was_measured_the_split_moves_and_no_total(panic: cm.Result) -> None:
    (medicines,) = of(panic)
    assert (medicines.channel, medicines.inside) == ("medicines", True)
    (place,) = [i for i, item in enumerate(panic.items) if item.category == "medication"]
    spent, own = (panic.expected.cost[0, 0, place, s] for s in (0, 1))  # type: ignore[union-attr]
    taken = (spent - own * factors(1, "medicines", 0.15, DRAWS)).ravel()
    assert (medicines.low, medicines.high) == pytest.approx(np.quantile(taken, [0.025, 0.975]), rel=0.05)
    assert medicines.high - medicines.low > np.ptp(np.quantile((spent - own).ravel(), [0.025, 0.975]))
    assert any("Medicines, taken out" in text and "inside the total" in text for text in _paragraphs(panic))


def test_outside_a_sum_the_net_saving_is_told_more_widely(tmp_path: Path) -> None:
    result = cm.run(load_example(tmp_path, **{"costs.gp.category": "social care"}), draws=DRAWS)
    *_, care, saving = of(result, "nhs")
    assert (care.channel, care.inside, saving.channel) == ("social_care", False, "")
    known = Comparison(result, result.headline, 0, 1, "nhs").spread(Comparison.saving)
    assert known.low is not None
    assert known.high is not None
    assert saving.low < known.low < known.high < saving.high
    assert of(cm.run(result.scenario, draws=0)) == []


def _paragraphs(result: cm.Result) -> list[str]:
    return [block.text for block in purse(result, "nhs").page().blocks if isinstance(block, Paragraph)]
