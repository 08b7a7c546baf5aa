"""High users of services: the recovery that was observed, and use before therapy as what decides."""

from math import exp, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.spectrum import use_of_services
from costmodel.analysis.verdict import LEADS
from costmodel.model.draws import central_values
from costmodel.model.ledger import CohortLedger
from costmodel.page import Table
from costmodel.report.answer import for_whom
from costmodel.words import chance

MODEL = Path("scenarios/high_users/model.yaml")
IMPROVEMENT, ERROR, PEOPLE = (5.2, -0.3), (1.26, 1.17), (85, 86)
"""Of the SF-36's physical component after therapy and in usual care (Creed 2003)."""


@pytest.fixture(scope="module")
def scenario() -> cm.Scenario:
    return cm.load(MODEL)


def test_the_hazard_ratio_gives_the_standardised_difference_that_was_observed(scenario: cm.Scenario) -> None:
    deviations = [e * sqrt(n) for e, n in zip(ERROR, PEOPLE, strict=True)]
    pooled = sqrt(sum((n - 1) * s**2 for n, s in zip(PEOPLE, deviations, strict=True)) / (sum(PEOPLE) - 2))
    difference = (IMPROVEMENT[0] - IMPROVEMENT[1]) / pooled
    ledger = CohortLedger.of(scenario, central_values(scenario), 1)
    living = ledger.living()
    at = int(np.argmin(np.abs(ledger.edges - 14 / 12)))
    odds = []
    for strategy in (0, 1):
        distressed, improved = living.values[at, :, living.column[strategy, 0], 0]
        odds.append(improved / distressed)
    assert odds[1] / odds[0] == pytest.approx(exp(pi / sqrt(3) * difference), rel=0.01)


@pytest.mark.long
def test_heavy_users_alone_are_the_run_with_nobody_else_and_all_by_the_share_that_is_put_in() -> None:
    """Both verdicts stand in one table with the cost of care above which the course repays."""
    base = cm.load(MODEL.with_name("base.yaml"))
    result = cm.run(base, draws=64)
    (table,) = [block for block in for_whom(result, "pit", "nhs_pss") if isinstance(block, Table)]
    assert list(table.frame.who.str.split(":").str[0]) == ["Heavy users", "Light users, alone", "Everybody"]
    for row, share in ((0, 1.0), (2, None)):
        one = cm.run(base.changed({"share_heavy": share}, fix=True) if share else base, draws=64, strata=False)
        said, care = cm.verdict(one), use_of_services(Comparison(one, one.headline, 1, 1, "nhs_pss"))
        money = one.setting.currency.money
        (saving,) = one.summary("net_saving", perspective="nhs_pss", horizon_months=14).value
        found = table.frame.iloc[row]
        assert said.chance is not None
        assert (found.chance, found.now, found.above) == (chance(said.chance), money(care.now), money(care.value))
        assert found.word == " or ".join(LEADS[word] for word in said.words)
        assert found.saving == pytest.approx(100 * saving)


def test_one_relative_effect_saves_more_where_more_is_used(scenario: cm.Scenario) -> None:
    """What is saved on care is in proportion to what usual care costs, stratum by stratum."""
    result = cm.run(scenario, draws=0)
    shares = []
    for stratum in result.strata.values():
        ledger = CohortLedger.of(stratum.scenario, central_values(stratum.scenario), 1)
        usual, saved = 0.0, 0.0
        for i, item in enumerate(stratum.items):
            if item.paid_by != "nhs" or item.category == "therapy":
                continue
            cost = ledger.cost_of(i)
            year = [cost.values[2:14, cost.column[s, 0], 0].sum() for s in (0, 1)]
            usual, saved = usual + year[0], saved + year[0] - year[1]
        shares.append(saved / usual)
    assert shares == pytest.approx([1 - 0.587] * 2, rel=1e-9)
