"""Two readings of the evidence: the ends are the sources' effects, the weight moves the answer one way."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

import costmodel as cm
from costmodel.model.draws import central_values
from tests.cli.commands import done
from tests.support.answers import saving
from tests.support.flows import simulate

PATH = Path(__file__).parents[2] / "scenarios" / "complex_long_term" / "model.yaml"
WEIGHT = "weight_leichsenring_rabung"
YEARS, REMISSION, LTPP, USUAL = 3.0, 1, 1, 0
SIDES = {"leichsenring_rabung": (0, 1.0), "smit": (1, 0.0)}
"""Position, and the weight at which it stands alone."""


@pytest.fixture(scope="module")
def scenario() -> cm.Scenario:
    return cm.load(PATH)


def share_in_remission(remit: float, relapse: float) -> float:
    """Closed form of two states from all active; deaths are alike in both."""
    total = remit + relapse
    return remit / total * (1 - math.exp(-total * YEARS))


def with_therapy(name: str, usual: float, recovery: float = 0.0) -> float:
    """Share in remission by a source: a standardised difference of 0.56, or a risk difference of recovery."""
    if name == "smit":
        return usual + recovery
    odds = math.exp(math.pi / math.sqrt(3) * 0.56) * usual / (1 - usual)
    return odds / (1 + odds)


@pytest.mark.parametrize("name", SIDES)
def test_each_end_reproduces_its_sources_effect_at_the_stated_time_to_1_percent(
    scenario: cm.Scenario, name: str
) -> None:
    position, weight = SIDES[name]
    alone = scenario.changed({WEIGHT: weight})
    people = simulate(alone, central_values(alone), 1).people[36, :, :, position, 0]
    shares = people[REMISSION] / people.sum(axis=0)
    assert shares[LTPP] == pytest.approx(with_therapy(name, shares[USUAL]), rel=0.01)
    assert saving(cm.run(alone, draws=0)) == pytest.approx(saving(cm.run(alone, draws=20), run="deterministic"))


def ratio(scenario: cm.Scenario, name: str, recovery: float = 0.0) -> float:
    """The hazard ratio at which the share in remission is that of a source."""
    remit, relapse = scenario.central["remit"], scenario.central["relapse"]
    wanted = with_therapy(name, share_in_remission(remit, relapse), recovery)
    return brentq(lambda hr: share_in_remission(remit * hr, relapse) - wanted, 0.01, 100)


@pytest.mark.parametrize("name", SIDES)
def test_the_declared_hazard_ratios_follow_from_their_sources(scenario: cm.Scenario, name: str) -> None:
    assert scenario.central[f"hr_{name}"] == pytest.approx(ratio(scenario, name), rel=1e-3)


def test_the_spread_of_the_primary_outcome_follows_from_its_interval(scenario: cm.Scenario) -> None:
    """C033: a risk difference of recovery of 0.00 (-0.17 to 0.17)."""
    low, high = (ratio(scenario, "smit", difference) for difference in (-0.17, 0.17))
    record = scenario.parameters["hr_smit"]
    assert record.range == pytest.approx((low, high), rel=1e-3)
    assert record.se_log == pytest.approx(math.log(high / low) / (2 * 1.96), abs=1e-3)


def test_the_weight_moves_the_expected_saving_one_way(scenario: cm.Scenario) -> None:
    weights = (0, 0.1, 0.25, 0.5, 0.75, 1)
    found = [saving(cm.run(scenario.changed({WEIGHT: w}), draws=300)) for w in weights]
    steps = np.diff(found)
    assert np.all(steps > 0) or np.all(steps < 0)


def test_a_half_way_weight_never_stands_alone(scenario: cm.Scenario) -> None:
    labels = [structure.label for structure in scenario.structures]
    printed = done("run", PATH, "--draws", 20)
    assert all(label in printed for label in labels)
    rows = json.loads(done("run", PATH, "--draws", 20, "--json"))["rows"]
    assert {"leichsenring_rabung", "smit"} <= {row["run"] for row in rows}
