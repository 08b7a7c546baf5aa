"""Two programs that share nothing but the scenario file give the same answers.

`tests/support/plain_engine.py` is the other one. Each run draws new scenarios and prints their seed; to
repeat one, set RANDOM_SEED. RANDOM_SCENARIOS sets how many.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.engine.formulas import NOTHING
from costmodel.model.draws import central_values, drawn_values
from costmodel.result.outcomes import Outcomes
from costmodel.scenario.blocks import DOSE_RULES
from tests.support import plain_payback
from tests.support.flows import simulate
from tests.support.plain_engine import PARTIES_OF, VIEWS, PlainModel
from tests.support.plain_values import plain_values
from tests.support.pounds import PARTIES, PERSPECTIVES
from tests.support.random_models import random_scenario

QUICK, MANY = 24, 300
READ = 5
"""Of them from the files; the others from the data that is written there."""
TOLERANCE = 1e-9
Draw = tuple[Outcomes, int]


def how_many(default: int) -> int:
    return int(os.environ.get("RANDOM_SCENARIOS", default))


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("RANDOM_SEED", secrets.randbits(32)))
    print(f"RANDOM_SEED={chosen}")
    return chosen


def close(found: object, wanted: object, scale: float, what: str) -> None:
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=what)


@lru_cache(maxsize=1)
def largest_total(plain: PlainModel) -> float:
    """The largest total cost of a line: what the error of a difference is measured against."""
    return max([1.0, *(sum(cost) for row in plain.variants for v in row for cost in v.cost.values())])


def compare(result: cm.Result, plain: PlainModel, outcomes: Outcomes, draw: int) -> tuple[int, int]:
    """Every number of one draw; returns how many curves and how many paybacks were compared."""
    curves = paybacks = 0
    for s, row in enumerate(plain.variants):
        for a in range(len(row)):
            compare_totals(result, plain, (outcomes, draw), s, a)
            for p, perspective in enumerate(PERSPECTIVES if s else ()):
                for v, view in enumerate(VIEWS):
                    at, what = (v, p, s, a, draw), f"{view} {perspective} {s} {a}"
                    curve = plain.curve(view, perspective, s, a)
                    kept = outcomes.curves_of(v, p)[:, s - 1, a, draw]
                    close(kept, curve, largest_total(plain), f"curve {what}")
                    close(outcomes.peak[at], max(curve), largest_total(plain), f"peak {what}")
                    curves += 1
                    paybacks += compare_paybacks(result, plain, outcomes, at, curve, list(kept))
    return curves, paybacks


def compare_totals(result: cm.Result, plain: PlainModel, of: Draw, s: int, a: int) -> None:
    outcomes, draw = of
    variant, discount, scale = plain.variants[s][a], plain.scenario.setting.discount, largest_total(plain)
    lines = list(plain.flows())
    for h, months in enumerate(result.horizons):
        for d, (money, health) in enumerate([(0, 0), (discount.costs, discount.health)]):
            cost = [plain.total(plain.discounted(variant.cost[line], money), months) for line in lines]
            close(outcomes.cost[h, d, :, s, a, draw], cost, scale, f"cost {h} {d} {s} {a}")
            qaly = plain.total(plain.discounted(variant.qaly, health), months)
            close(outcomes.qaly[h, d, s, a, draw], qaly, 1.0, f"QALYs {h} {d} {s} {a}")
        cash = [plain.total(plain.net_flow(line, "cash", s, a), months) for line in lines]
        close(outcomes.cash[h, :, s, a, draw], cash, scale, f"cash {h} {s} {a}")


def compare_paybacks(
    result: cm.Result,
    plain: PlainModel,
    outcomes: Outcomes,
    at: tuple[int, ...],
    curve: list[float],
    kept: list[float],
) -> int:
    """Months agree, unless the curve grazes zero so closely that rounding decides."""
    if grazes_zero([*curve, *kept], plain):
        return 0
    first = plain.first_payment(at[2])
    for h, horizon in enumerate(result.horizons):
        points = plain_payback.cut(list(zip(plain.months, curve, strict=True)), horizon)
        close(outcomes.sustained[h, *at], plain_payback.sustained(points, first), 1e3, f"sustained {h} {at}")
    return 1


def grazes_zero(values: list[float], plain: PlainModel) -> bool:
    least = 1e-6 * largest_total(plain)
    return any(0 < abs(value) < least for value in values)


def compare_expected_paybacks(result: cm.Result, plain: PlainModel, s: int) -> None:
    """Both paybacks of the curve in which the alternatives are mixed."""
    weights = plain.weights()
    run, first = result.runs["deterministic"], plain.first_payment(s)
    for perspective in PERSPECTIVES:
        for view in VIEWS:
            each = [plain.curve(view, perspective, s, a) for a in range(len(weights))]
            curve = [sum(w * x for w, x in zip(weights, at, strict=True)) for at in zip(*each, strict=True)]
            found = result.mean_curve(s, perspective, view, run)
            scale = max(largest_total(plain), NOTHING / TOLERANCE)  # what is nothing is shown as 0
            close(found, curve, scale, f"mixed curve {perspective} {view} {s}")
            if grazes_zero([*curve, *found], plain):
                continue
            for h, horizon in enumerate(result.horizons):
                points = plain_payback.cut(list(zip(plain.months, curve, strict=True)), horizon)
                for stays, walk in ((True, plain_payback.sustained), (False, plain_payback.first_touch)):
                    months = result.curve_payback(s, perspective, h, view=view, run=run, sustained=stays)
                    close(months, walk(points, first), 1e3, f"mixed {perspective} {view} {s} {h} {stays}")


def compare_table(result: cm.Result, plain: PlainModel) -> int:
    """Rows of the deterministic run: alternatives weighted, net savings by perspective, party and category."""
    table = result.table()
    table = table[(table.run == "deterministic") & (table.comparator != "")]
    weights = plain.weights()
    categories = {"therapy": "therapy"} | {f"cost {n}": item.category for n, item in plain.model.costs.items()}
    for name, flow in plain.model.work.flows.items() if plain.model.work else ():
        categories |= dict.fromkeys((f"work {name}", f"others {name}"), flow.category)
    rows = table[table.outcome.isin(["net_saving", "cash_net_saving"])]
    for row in rows.to_dict("records"):
        s = list(plain.model.strategies).index(row["strategy"])
        parties = PARTIES_OF[row["perspective"]] if row["perspective"] else {row["party"]}
        view = "cash" if row["outcome"] == "cash_net_saving" else "discounted" if row["discounted"] else "value"
        saving = 0.0
        for line, flow in plain.flows(s).items():
            sign = (flow.paid_by in parties) - (flow.received_by in parties)
            if sign and row["category"] in ("all", categories[line]):
                for a, weight in enumerate(weights):
                    net = plain.total(plain.net_flow(line, view, s, a), row["horizon_months"])
                    saving -= weight * sign * net
        close(row["value"], saving, largest_total(plain), str(row))
    return len(rows)


def check_one(seed: int, i: int, folder: Path) -> tuple[int, int]:
    scenario = random_scenario([seed, i], folder)
    if i < READ:
        read = cm.load(folder / "model.yaml")
        assert (read.sha256, read.model, read.leaves) == (scenario.sha256, scenario.model, scenario.leaves)
        scenario = read
    values = plain_values(scenario, folder)
    result = cm.run(scenario, draws=0)
    plain = PlainModel(scenario, values)
    counts = compare(result, plain, result.deterministic, 0)
    rows = compare_table(result, plain)
    for name, run in result.conventions.items():
        priced = scenario.conventions[name].scenario if name in scenario.conventions else scenario
        otherwise = PlainModel(priced, plain_values(priced, folder))
        if name not in scenario.conventions:
            otherwise.without_effect_on_other_care()
        found = compare(result, otherwise, run.outcomes, 0)
        counts = (counts[0] + found[0], counts[1] + found[1])
    for s in range(1, len(plain.variants)):
        compare_expected_paybacks(result, plain, s)
    strategies, horizons = len(plain.variants) - 1, len(result.horizons)
    assert rows >= strategies * horizons * (len(PERSPECTIVES) * 4 + 2)
    return counts


def check_many(seed: int, count: int, folder: Path) -> None:
    curves = paybacks = 0
    for i in range(count):
        try:
            found = check_one(seed, i, folder / str(i))
        except Exception as error:
            error.add_note(f"random scenario {i} of RANDOM_SEED={seed}, in {folder / str(i)}")
            raise
        curves, paybacks = curves + found[0], paybacks + found[1]
    assert paybacks > curves / 2  # so that those which graze zero are the exception


def test_full_results_agree_on_random_scenarios(tmp_path: Path, seed: int) -> None:
    check_many(seed, how_many(QUICK), tmp_path)


@pytest.mark.long
def test_full_results_agree_on_many_random_scenarios(tmp_path: Path, seed: int) -> None:
    check_many(seed, how_many(MANY), tmp_path)


def test_every_draw_agrees_with_a_run_of_its_own_values(tmp_path: Path, seed: int) -> None:
    varied = 0
    for i in range(5):
        scenario = random_scenario([seed, i], tmp_path / str(i))
        result = cm.run(scenario, draws=3, seed=i)
        assert result.expected is not None
        drawn = drawn_values(scenario, 3, seed=i)
        varied += sum(np.ptp(np.broadcast_to(value, 3)) > 0 for value in drawn.values())
        for draw in range(3):
            values = {name: float(np.broadcast_to(value, 3)[draw]) for name, value in drawn.items()}
            compare(result, PlainModel(scenario, values), result.expected, draw)
    assert varied > 10


def test_people_and_person_years_agree_to_1e_10(tmp_path: Path, seed: int) -> None:
    for i in range(10):
        scenario = random_scenario([seed, i], tmp_path / str(i))
        flows = simulate(scenario, central_values(scenario), 1)
        plain = PlainModel(scenario, central_values(scenario))
        for s, row in enumerate(plain.apart):
            for a, variant in enumerate(row):
                living = np.array(variant.people)[:, :-1]
                for found, wanted in (
                    (flows.people[:, :, s, a, 0], living),
                    (flows.person_years[:, :, s, a, 0], variant.person_years),
                ):
                    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10)


def test_the_same_seed_gives_the_same_random_scenario(tmp_path: Path) -> None:
    first, again, other = (random_scenario(s, tmp_path / n) for s, n in ((5, "a"), (5, "b"), (6, "c")))
    assert first.model == again.model != other.model


def features(scenario: cm.Scenario) -> dict[str, bool]:
    """Which parts of the format a scenario uses."""
    model = scenario.model
    kinds = {record.kind for record in model.parameters.values()}
    effects: list[Any] = [e for s in model.strategies.values() for e in s.effects.values()]
    therapies = [s.therapy for s in model.strategies.values() if s.therapy]
    transfers = [c for c in model.costs.values() if {c.paid_by, c.received_by} <= set(PARTIES)]
    return {
        **{kind: kind in kinds for kind in ("over_time", "joint", "one_of", "product_of", "mean_of", "rebased")},
        "rate": any(e.rate is not None for e in effects),
        "hazard ratio": any(e.hazard_ratio is not None for e in effects),
        "fading": any(e.half_life for e in effects),
        "half-life drawn": any(isinstance(e.half_life, str) for e in effects),
        "later of two": any(e.until and e.until.or_later for e in effects),
        "use fading after a gain": any(e.quantity and isinstance(e.half_life, str) for e in effects),
        "onset drawn": any(isinstance(e.onset, str) for e in effects),
        "quantity": any(e.quantity for e in effects),
        "onset": any(e.onset for e in effects),
        **{f"dose, {rule}": any(e.dose and e.dose.rule[0] == rule for e in effects) for rule in DOSE_RULES},
        "optimism": any(e.optimism is not None for e in effects),
        "taken by sessions": any(t.per_session for t in therapies),
        "taken once": any(t.once for t in therapies),
        "jobs": any(e.jobs is not None for e in effects),
        "displaced jobs": bool(model.work and model.work.displaced and any(e.jobs is not None for e in effects)),
        "controlled share": any(e.controlled_share is not None for e in effects),
        "fading at once": any(e.half_life and not e.until for e in effects),
        "wait": any(t.wait.months for t in therapies),
        "late": any(t.wait.months > model.follow_up.months for t in therapies),
        "set-up": any(t.set_up for t in therapies),
        "three strategies": len(model.strategies) >= 3,
        "therapy in usual care": next(iter(model.strategies.values())).therapy is not None,
        "harm": any(s.harms for s in model.strategies.values()),
        "transfer": bool(transfers),
        "causal share": any(c.causal_share is not None for c in model.costs.values()),
        "lag": any(c.lag.months for c in model.costs.values()),
        "composite": any(c.category == "composite" for c in model.costs.values()),
        "deaths by state": any(arrow.endswith("-> dead") for arrow in model.transitions),
        "death ratios by state": bool(model.mortality and model.mortality.rate_ratios),
        "start of its own": any(s.cohort for s in model.strategies.values()),
        "rate of its own": any(s.transitions for s in model.strategies.values()),
        "alternatives": len(model.alternatives) > 1,
        "strata": len(model.strata) > 1,
        "weighted uses of money": bool(model.money_mixture),
        "weighted uses beside alternatives": bool(model.money_mixture and model.alternatives),
        "weighted uses of strata": bool(model.money_mixture and model.strata),
        "money alternatives": bool(scenario.conventions),
        "money alternatives of strata": bool(scenario.conventions and model.strata),
        "money alternatives beside alternatives": bool(scenario.conventions and model.alternatives),
        "off the grid": any(t.over.months % 1 for t in therapies),
        **{word: model.beyond_follow_up == word for word in ("effects cease", "effects persist", "gap closes")},
    }


def test_random_scenarios_use_every_feature(tmp_path: Path) -> None:
    found = [features(random_scenario([5, i], tmp_path / str(i))) for i in range(36)]
    assert [name for name in found[0] if not any(one[name] for one in found)] == []
