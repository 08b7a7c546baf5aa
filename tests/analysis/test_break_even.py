"""Break-even: closed forms, published ratios, and the difference between a root, a bound and a jump."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.analysis.sensitivity import BreakEven, BreakEvens, inputs, named
from costmodel.analysis.sensitivity.inputs import ordinal
from costmodel.analysis.sensitivity.search import scanned, search
from costmodel.inputs.shapes import Distribution
from costmodel.model.draws import drawn_values
from tests.cli.commands import two_structures
from tests.support.answers import answer, rows
from tests.support.example import load_example, number, price, write_model
from tests.support.plain_engine import PlainModel
from tests.support.random_models import random_scenario
from tests.support.small_probabilities import small

SHIPPED = Path(__file__).parents[2] / "scenarios" / "depression_resistant" / "model.yaml"
PUBLISHED = Path(__file__).parents[1] / "published"
DELIVERED = 16 * 0.8


def only(found: BreakEvens) -> BreakEven:
    (one,) = found.found
    return one


def of(found: BreakEvens, name: str) -> BreakEven:
    (one,) = [one for one in found.found if one.input.name == name]
    return one


def test_the_price_of_a_session_breaks_even_at_its_closed_form(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    saving = answer(cm.run(scenario, draws=0), "net_saving", "nhs")
    (root,) = only(cm.break_even(scenario, "session_price", perspective="nhs")).roots
    assert root.value == pytest.approx(100 + saving / DELIVERED, rel=1e-9)
    assert root.met_above is False
    assert abs(root.residual) < 0.01
    assert root.place == "outside its 99.9% range"


@pytest.mark.parametrize("pounds", [-500.0, 20.0])
def test_another_net_saving_has_another_closed_form(pounds: float, tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    saving = answer(cm.run(scenario, draws=0), "net_saving", "nhs")
    (root,) = only(cm.break_even(scenario, "session_price", value=pounds, perspective="nhs")).roots
    assert root.value == pytest.approx(100 + (saving - pounds) / DELIVERED, rel=1e-9)


@pytest.mark.parametrize("ratio", [0.1, 1.0, 3.0])
def test_an_offset_ratio_divides_what_is_saved(ratio: float, tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    saved = answer(cm.run(scenario, draws=0), "net_saving", "nhs") + 100 * DELIVERED
    (root,) = only(cm.break_even(scenario, "session_price", "offset_ratio", ratio, "nhs")).roots
    assert root.value == pytest.approx(saved / ratio / DELIVERED, rel=1e-9)
    again = cm.run(scenario.changed({"session_price": root.value}), draws=0)
    assert answer(again, "offset_ratio", "nhs") == pytest.approx(ratio, rel=1e-9)


def test_roots_put_into_the_second_implementation_save_nothing(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.session_price": price("session", 3)})
    found = 0
    for name in ("recover", "relapse", "hr_recover", "causal", "gp_visit", "attendance", "sessions", "session_price"):
        for root in only(cm.break_even(scenario, name, perspective="societal")).roots:
            plain = PlainModel(scenario, {**scenario.central, name: root.value})
            saving = [plain.total(plain.net_flow(line, "value", 1, 0), 24) for line in plain.flows()]
            assert abs(sum(saving)) < 0.01, name
            found += 1
    assert found >= 6


def test_two_values_of_one_rate_are_both_found(tmp_path: Path) -> None:
    """Nobody recovers, or everybody does at once: in neither case has the therapy anything to save."""
    scenario = load_example(tmp_path, **{"parameters.session_price": price("session", 1)})
    low, high = only(cm.break_even(scenario, "recover", perspective="nhs")).roots
    assert 0 < low.value < scenario.central["recover"] < high.value < 12
    assert (low.met_above, high.met_above) == (True, False)


def test_no_value_is_said_and_no_bound_is_returned(tmp_path: Path) -> None:
    one = only(cm.break_even(load_example(tmp_path), "causal", perspective="nhs"))
    assert one.roots == one.jumps == ()
    assert one.words == "not met at any value tried"
    assert (one.low, one.high) == (0.0, 1.0)
    frame = cm.break_even(load_example(tmp_path), "causal", perspective="nhs").to_frame()
    assert frame.kind.tolist() == ["none"]
    assert "value" not in frame


def test_what_is_met_already_says_so(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.session_price": price("session", 1)})
    found = cm.break_even(scenario, perspective="nhs")
    assert found.met_now
    assert of(found, "session_price").words.startswith("already met at the value in use")
    assert of(found, "utility_ill").inert
    assert of(found, "utility_ill").roots == ()


def test_payback_by_a_month_is_that_of_the_mixed_curve(tmp_path: Path) -> None:
    scenario = cm.load(two_structures(tmp_path)).changed({"session_price": 3})
    found = cm.break_even(scenario, "session_price", "payback", 30.0, "nhs", horizon=60.0)
    (root,) = only(found).roots
    again = cm.run(scenario.changed({"session_price": root.value}), draws=0)
    assert again.curve_payback(1, "nhs", 1) == pytest.approx(30.0, abs=1e-6)
    assert "payback by 30 months, lasting to 5 years" in found.target.words


def test_payback_by_the_horizon_breaks_even_where_net_saving_does(tmp_path: Path) -> None:
    scenario = cm.load(two_structures(tmp_path))
    (root,) = only(cm.break_even(scenario, "session_price", "payback", perspective="nhs")).roots
    (other,) = only(cm.break_even(scenario, "session_price", perspective="nhs")).roots
    assert root.value == pytest.approx(other.value, rel=1e-9)


@pytest.mark.parametrize(("case", "ratio"), [("chancellor_1997", 6276), ("hip_replacement", 2198.49)])
def test_the_threshold_that_breaks_even_is_the_published_cost_per_qaly(case: str, ratio: float) -> None:
    scenario = cm.load(PUBLISHED / case / "model.yaml")
    name = str(scenario.setting.thresholds[0])
    found = only(cm.break_even(scenario, name, "nmb", perspective="nhs"))
    assert found.roots[0].value == pytest.approx(ratio, rel=1e-4)
    assert found.roots[0].met_above


def only_the_causal_share_is_drawn(folder: Path) -> cm.Scenario:
    fixed = {
        f"parameters.{name}": number(str(unit), value)
        for name, unit, value in (
            ("recover", "per year", 0.3), ("relapse", "per year", 0.2), ("hr_recover", "hazard ratio", 1.5),
            ("attendance", "share", 0.8), ("gp_ill", "visits per year", 12), ("gp_ratio", "multiplier", 0.5),
        )
    }  # fmt: skip
    return load_example(folder, **fixed, **{"parameters.session_price": price("session", 1)})


def test_a_chance_of_payback_is_that_of_the_draws(tmp_path: Path) -> None:
    """Only the causal share is drawn, net saving is linear in it: the price follows from a quantile of its draws."""
    scenario = only_the_causal_share_is_drawn(tmp_path)
    saved = answer(cm.run(scenario.changed({"causal": 0.5}), draws=0), "net_saving", "nhs") + DELIVERED
    drawn = np.sort(np.asarray(drawn_values(scenario, 400, 1)["causal"]))
    for chance in (0.25, 0.8):
        found = cm.chance_break_even(scenario, "session_price", chance, perspective="nhs", draws=400)
        (root,) = only(found).roots
        price_ = saved * 2 * float(np.quantile(drawn, 1 - chance)) / DELIVERED
        assert root.value == pytest.approx(price_, rel=0.02)
        assert root.met_above is False
        assert abs(root.residual) <= 1 / 400


def test_a_chance_that_is_met_over_a_stretch_is_no_root(tmp_path: Path) -> None:
    """With two draws one in two pays back at every price between what each of them saves."""
    scenario = only_the_causal_share_is_drawn(tmp_path)
    saved = answer(cm.run(scenario.changed({"causal": 0.5}), draws=0), "net_saving", "nhs") + DELIVERED
    low, high = np.sort(np.asarray(drawn_values(scenario, 2, 2)["causal"])) * saved * 2 / DELIVERED
    one = only(cm.chance_break_even(scenario, "session_price", 0.5, perspective="nhs", draws=2, seed=2))
    ((first, last),) = one.met
    assert low <= first < last <= high
    assert one.words == "already met at the value in use; exactly met over a stretch"
    assert one.rows[0]["kind"] == "stretch"


def test_the_frontier_of_price_and_attendance_is_a_hyperbola(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    saved = answer(cm.run(scenario, draws=0), "net_saving", "nhs") + 100 * DELIVERED
    found = cm.frontier(scenario, "attendance", "session_price", [0.4, 0.6, 0.9], perspective="nhs")
    for share, one in zip((0.4, 0.6, 0.9), found.found, strict=True):
        (root,) = one.roots
        assert root.value == pytest.approx(saved / (16 * share), rel=1e-9)
    assert found.to_frame().attendance.tolist() == [0.4, 0.6, 0.9]


def test_a_value_comes_in_the_price_year_of_its_record_too(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.session_price": price("session", 90, "2022/23")})
    (row,) = cm.break_even(scenario, "session_price", perspective="nhs").to_frame().to_dict("records")
    assert row["as_declared"] == pytest.approx(row["value"] * 0.95 / 1.04, rel=1e-12)
    again = cm.run(scenario.changed({"session_price": row["as_declared"]}), draws=0)
    assert answer(again, "net_saving", "nhs") == pytest.approx(0, abs=0.01)


def test_every_break_even_of_the_shipped_scenario_is_met_to_the_penny() -> None:
    found = cm.break_even(cm.load(SHIPPED))
    assert len(found.found) == len(inputs(cm.load(SHIPPED)))
    roots = [root for one in found.found for root in one.roots]
    assert len(roots) >= 3
    assert max(abs(root.residual) for root in roots) < 0.01
    assert all(one.limited for one in found.found if one.input.name.startswith("relapse_order"))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_roots_of_random_scenarios_put_back_save_nothing(seed: int, tmp_path: Path) -> None:
    scenario = random_scenario(seed, tmp_path)
    for one in cm.break_even(scenario, perspective="societal").found:
        for root in one.roots:
            if scenario.parameters[one.input.name].kind == "value":
                declared = root.value / one.input.price_factor
                again = cm.run(scenario.changed({one.input.name: declared}, fix=True), draws=0)
                (row,) = rows(again, "net_saving", perspective="societal", strategy=again.strategies[1]).itertuples()
                assert abs(row.value) < 0.01, one.input.name


def test_values_that_a_model_of_probabilities_refuses_are_left_out(tmp_path: Path) -> None:
    found = cm.break_even(cm.load(write_model(tmp_path, small())), perspective="nhs")
    leave = of(found, "leave")
    assert leave.limited
    assert 0.75 < leave.high <= 0.99
    price_ = of(found, "session")
    assert not price_.limited


# The search by itself, on figures whose zeros are known


def scan(figure: Callable[[Any], Any], tmp_path: Path, name: str = "causal") -> BreakEven:
    one = named(load_example(tmp_path), name)
    return search([one], lambda _, x: np.asarray(figure(x), dtype=float), [float(figure(one.central))])[0]


def test_a_jump_over_zero_is_no_root(tmp_path: Path) -> None:
    found = scan(lambda x: np.where(x < 0.37, -5.0, 7.0), tmp_path)
    assert found.jumps == (pytest.approx(0.37, abs=1e-9),)
    assert found.roots == ()


def test_a_stretch_of_zeros_is_no_root(tmp_path: Path) -> None:
    found = scan(lambda x: np.maximum(x - 0.5, 0.0), tmp_path)
    assert found.roots == found.jumps == ()
    ((low, high),) = found.met
    assert low == 0.0
    assert high == pytest.approx(0.5, abs=0.07)


def test_two_zeros_between_two_values_of_the_scan_are_found(tmp_path: Path) -> None:
    grid = scanned(named(load_example(tmp_path), "causal"))
    i = int(np.argmax(np.diff(grid)))
    middle, width = (grid[i] + grid[i + 1]) / 2, (grid[i + 1] - grid[i]) / 4
    found = scan(lambda x: (x - middle) ** 2 - width**2, tmp_path).roots
    assert [one.value for one in found] == pytest.approx([middle - width, middle + width], rel=1e-9)


def test_a_zero_just_inside_what_is_allowed_is_found(tmp_path: Path) -> None:
    found = scan(lambda x: np.where(x <= 0.771, 0.7701 - x, np.nan), tmp_path)
    assert [one.value for one in found.roots] == [pytest.approx(0.7701)]
    assert found.limited
    assert 0.77 < found.high <= 0.771


def test_a_zero_beyond_what_is_allowed_is_not_made_up(tmp_path: Path) -> None:
    found = scan(lambda x: np.where(x <= 0.77, 0.78 - x, np.nan), tmp_path)
    assert found.roots == found.jumps == ()
    assert found.limited


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(roots=st.lists(st.floats(0.001, 0.999), min_size=0, max_size=4, unique=True))
def test_every_simple_zero_of_a_polynomial_is_found(roots: list[float], tmp_path_factory: Any) -> None:
    roots = sorted(roots)
    if any(b - a < 0.07 for a, b in pairwise(roots)):
        return
    one = named(load_example(tmp_path_factory.mktemp("search")), "causal")
    found = search([one], lambda _, x: 1e5 * np.prod([x - root for root in roots], axis=0) * np.ones_like(x), [0])[0]
    assert [root.value for root in found.roots] == pytest.approx(roots, abs=1e-7)


def test_a_percentile_is_that_of_the_input_s_own_distribution(tmp_path: Path) -> None:
    edits = {"parameters.session_price": price("session", 3, distribution="gamma", cv=0.9)}
    scenario = load_example(tmp_path, **edits)
    (root,) = only(cm.break_even(scenario, "session_price", perspective="nhs")).roots
    distribution = scenario.leaves["session_price"].distribution
    assert isinstance(distribution, Distribution)
    assert root.percentile is not None
    assert 0.05 < root.percentile < 0.95
    assert distribution.quantile(np.array([root.percentile]))[0] == pytest.approx(root.value, rel=1e-6)
    assert root.place == f"at the {ordinal(root.percentile)} percentile of its uncertainty"


def test_targets_that_cannot_be_are_refused(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    for call, said in (
        (lambda: cm.break_even(scenario, outcome="cost_per_qaly"), "met where nmb is 0 at that threshold"),
        (lambda: cm.break_even(scenario, outcome="payback", value=30), "month 30 is not between"),
        (lambda: cm.break_even(scenario, "gp_well"), "made of other inputs"),
        (lambda: cm.break_even(scenario, "nothing"), "there is no such input"),
        (lambda: cm.break_even(scenario, value=float("nan")), "not a number"),
        (lambda: cm.chance_break_even(scenario, "causal", 1.2), "no chance between 0 and 1"),
    ):
        with pytest.raises(cm.InputError) as error:
            call()
        assert said in str(error.value)
