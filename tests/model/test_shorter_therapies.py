"""Shorter therapies for resistant depression: the differences that were observed, beside the long therapy as it was."""

from math import exp, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.draws import central_values
from costmodel.model.ledger import CohortLedger

FOLDER = Path("scenarios/depression_resistant")
OBSERVED = {
    "istdp": (18, exp(pi / sqrt(3) * 0.64)),
    "cbt": (6, (0.46 / 0.54) / (0.22 / 0.78)),
}
"""Month, and odds ratio of remission or response against usual care at it."""


@pytest.fixture(scope="module")
def scenario() -> cm.Scenario:
    return cm.load(FOLDER / "shorter_therapies.yaml")


@pytest.mark.parametrize("strategy", OBSERVED)
def test_each_structure_gives_the_odds_that_were_observed(scenario: cm.Scenario, strategy: str) -> None:
    ledger = CohortLedger.of(scenario, central_values(scenario), 1)
    living = ledger.living()
    month, observed = OBSERVED[strategy]
    at = int(np.argmin(np.abs(ledger.edges - month / 12)))
    for alternative in range(ledger.shape[1]):
        odds = []
        for s in (0, list(scenario.model.strategies).index(strategy)):
            depressed, partial, complete = living.values[at, :, living.column[s, alternative], 0]
            odds.append((partial + complete) / depressed)
        assert odds[1] / odds[0] == pytest.approx(observed, rel=0.05)


def test_the_long_therapy_is_untouched_by_the_shorter_ones(scenario: cm.Scenario) -> None:
    alone, beside = (cm.run(one, draws=20) for one in (cm.load(FOLDER / "model.yaml"), scenario))
    for perspective in ("nhs", "societal"):
        costs = [one.net_cost(one.headline, 0, 1, perspective=perspective) for one in (alone, beside)]
        assert np.array_equal(*costs)
    assert np.array_equal(*(one.qaly_gain(one.headline, 0, 1) for one in (alone, beside)))
