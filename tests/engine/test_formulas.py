"""Each equation of the model means what its name says."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from costmodel.engine import cohort, formulas

times = st.floats(0, 20).map(lambda t: round(t, 4))
shares = st.floats(0, 1)
sizes = st.floats(0, 50)
rates = st.floats(1e-3, 20)


@given(times, times, times, times)
def test_a_window_is_open_for_the_time_it_shares_with_the_cycle(a: float, b: float, c: float, d: float) -> None:
    begin, end, first, last = min(a, b), max(a, b) + 0.1, min(c, d), max(c, d)
    inside = [t for t in np.linspace(begin, end, 4001) if first <= t <= last]
    shared = inside[-1] - inside[0] if inside else 0.0
    step = (end - begin) / 4000
    assert formulas.overlap(begin, end, first, last) == pytest.approx(shared, abs=2.1 * step)
    assert 0 <= formulas.window_share(begin, end, first, last) <= 1 + 1e-12


@given(times, st.lists(st.floats(0.01, 3), min_size=1, max_size=12), times, st.floats(0, 5))
def test_a_window_is_open_for_its_own_length_however_time_is_cut(
    start: float, lengths: list[float], first: float, length: float
) -> None:
    edges = start + np.concatenate([[0.0], np.cumsum(lengths)])
    inside = max(0.0, min(edges[-1], first + length) - max(start, first))
    total = sum(formulas.overlap(b, e, first, first + length) for b, e in itertools.pairwise(edges))
    assert total == pytest.approx(inside, abs=1e-9)


@settings(max_examples=60)
@given(times, st.floats(0.05, 2), times, st.floats(0.1, 10))
def test_a_fading_effect_is_the_mean_of_its_halving_curve(
    begin: float, length: float, after: float, half_life: float
) -> None:
    def in_force(t: float) -> float:
        return 2.0 ** (-(t - after) / half_life) if t >= after else 0.0

    end = begin + length
    points = [after] if begin < after < end else None
    mean = quad(in_force, begin, end, points=points, epsabs=1e-13, epsrel=1e-12)[0] / length
    assert formulas.fading_share(begin, end, after, half_life) == pytest.approx(mean, abs=1e-10)


@settings(max_examples=60)
@given(times, st.floats(0.05, 2), times, st.floats(0.1, 10), st.floats(0, 1))
def test_a_growing_effect_is_the_mean_of_its_rising_line(
    begin: float, length: float, first: float, lasting: float, part: float
) -> None:
    onset, last, end = max(part * lasting, 1e-3), first + lasting, begin + length

    def in_force(t: float) -> float:
        return min((t - first) / onset, 1.0) if first <= t <= last else 0.0

    points = [t for t in (first, first + onset, last) if begin < t < end]
    mean = quad(in_force, begin, end, points=points or None, epsabs=1e-12, epsrel=1e-11)[0] / length
    assert formulas.rising_share(begin, end, first, last, onset) == pytest.approx(mean, abs=1e-9)


def test_an_effect_is_half_grown_half_way_and_whole_afterwards() -> None:
    just = 1e-6
    assert formulas.rising_share(2.0, 2.0 + just, 1.0, 9.0, 2.0) == pytest.approx(0.5, rel=1e-5)
    assert formulas.rising_share(4.0, 5.0, 1.0, 9.0, 2.0) == 1.0
    assert formulas.rising_share(9.0, 10.0, 1.0, 9.0, 2.0) == 0.0


def test_half_the_dose_is_the_share_that_its_shape_says_and_more_than_studied_adds_nothing() -> None:
    assert formulas.dose_share(8.0, 16.0, 1.0) == 0.5
    assert formulas.dose_share(4.0, 16.0, 0.5) == 0.5
    assert formulas.dose_share(16.0, 16.0, 0.3) == 1.0
    assert formulas.dose_share(40.0, 16.0, 0.3) == 1.0
    assert formulas.dose_share(0.0, 16.0, 0.5) == 0.0
    assert formulas.dose_share(1.0, 0.0, 1.0) == 1.0


@pytest.mark.parametrize("number", [0.0, 1e-12, 5.0, 25.0])
@pytest.mark.parametrize("share", [formulas.saturating_share, formulas.flat_share])
def test_every_dose_rule_is_0_at_none_and_1_at_what_was_studied(share: Callable[..., float], number: float) -> None:
    assert share(0.0, 16.0, number) == 0.0
    assert share(16.0, 16.0, number) == share(90.0, 16.0, number) == share(1.0, 0.0, number) == 1.0
    doses = [float(share(dose, 16.0, number)) for dose in np.linspace(0, 16, 65)]
    assert doses == sorted(doses)


def test_half_the_dose_of_a_saturating_rule() -> None:
    assert formulas.saturating_share(8.0, 16.0, 8.0) == pytest.approx(0.5 / (16 / 24), rel=1e-15)
    assert formulas.flat_share(8.0, 16.0, 4.0) == 1.0
    assert formulas.flat_share(1.0, 16.0, 4.0) == 0.25
    assert formulas.flat_share(1.0, 2.0, 4.0) == 0.5


@given(st.floats(0, 100), st.floats(0.5, 100), st.floats(0.01, 1))
def test_more_sessions_never_do_less_and_each_does_no_more_than_the_one_before(
    delivered: float, studied: float, shape: float
) -> None:
    one, two, three = (formulas.dose_share(delivered + extra, studied, shape) for extra in (0.0, 1.0, 2.0))
    assert one <= two <= three
    assert two - one >= three - two - 1e-9


def test_after_one_half_life_half_of_an_effect_is_left() -> None:
    just = 1e-6
    assert formulas.fading_share(3.0, 3.0 + just, 1.0, 2.0) == pytest.approx(0.5, rel=1e-5)
    assert formulas.fading_share(5.0, 5.0 + just, 1.0, 2.0) == pytest.approx(0.25, rel=1e-5)


@given(rates, sizes, shares)
def test_a_hazard_ratio_multiplies_while_it_is_in_force(base: float, ratio: float, share: float) -> None:
    def found(part: float, size: float = ratio) -> float:
        return float(formulas.rate_in_force(base, [("ratio", part, size)]))

    assert found(0.0) == base
    assert found(share, 1.0) == base
    assert found(1.0) == pytest.approx(base * ratio, rel=1e-12, abs=1e-12)
    assert found(1.0, 0.0) == 0.0
    assert found(share) == pytest.approx((1 - share) * base + share * base * ratio, rel=1e-9)


@given(rates, rates, shares)
def test_a_replacing_rate_stands_instead_of_the_base_while_it_is_in_force(
    base: float, rate: float, share: float
) -> None:
    def found(part: float) -> float:
        return float(formulas.rate_in_force(base, [("rate", part, rate)]))

    assert found(0.0) == base
    assert found(1.0) == pytest.approx(rate, rel=1e-12)
    assert found(share) == pytest.approx((1 - share) * base + share * rate, rel=1e-9)


@given(rates, rates, st.floats(0, 5), shares)
def test_two_effects_take_turns(base: float, rate: float, ratio: float, share: float) -> None:
    terms = [("rate", share, rate), ("ratio", 1 - share, ratio)]
    expected = share * rate + (1 - share) * base * ratio
    assert formulas.rate_in_force(base, terms) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(times, st.floats(0.1, 3), st.floats(0, 100), shares, st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_every_session_is_held_once_whatever_the_cycle(
    wait: float, over: float, planned: float, attendance: float, months: int
) -> None:
    edges = np.arange(0, 26 * 12 + 1, months) / 12
    held = [
        formulas.sessions_delivered(b, e, wait, wait + over, planned, attendance) for b, e in itertools.pairwise(edges)
    ]
    assert sum(held) == pytest.approx(planned * attendance, rel=1e-9)


@given(times, st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_a_moment_falls_within_one_cycle(moment: float, months: int) -> None:
    edges = np.arange(0, 20 * 12 + 1 + months, months) / 12
    hits = [formulas.falls_within(moment, b, e) for b, e in itertools.pairwise(edges)]
    assert sum(hits) == 1
    assert edges[hits.index(1.0)] <= moment


def test_a_boundary_belongs_to_the_cycle_that_it_begins() -> None:
    assert formulas.falls_within(1.0, 1.0, 2.0) == 1
    assert formulas.falls_within(1.0, 0.0, 1.0) == 0


@given(sizes, sizes, shares)
def test_only_the_causal_part_of_a_gap_closes(observed: float, here: float, share: float) -> None:
    assert formulas.state_quantity(observed, here, 0.0) == observed
    assert formulas.state_quantity(observed, here, 1.0) == pytest.approx(here, abs=1e-12)
    found = formulas.state_quantity(observed, here, share)
    assert observed - found == pytest.approx(share * (observed - here), abs=1e-9)


@given(sizes, sizes, shares)
def test_a_gap_that_is_closed_leaves_the_comparators_time(own: float, usual: float, share: float) -> None:
    assert formulas.closing(own, usual, 0.0) == usual
    assert formulas.closing(own, usual, 1.0) == pytest.approx(own, abs=1e-12)
    assert formulas.closing(own, usual, share) == pytest.approx(share * own + (1 - share) * usual, abs=1e-9)


@given(st.floats(0, 0.5), st.integers(0, 50))
def test_money_at_interest_grows_to_what_was_discounted(rate: float, year: int) -> None:
    invested = formulas.discount_factor(rate, year)
    for _ in range(year):
        invested *= 1 + rate
    assert invested == pytest.approx(1.0, rel=1e-12)


@given(st.floats(-100, 100), st.floats(-100, 100), shares)
def test_increases_are_cash_at_once_and_reductions_in_part_and_later(
    now: float, earlier: float, cashable: float
) -> None:
    expected = (now if now > 0 else 0.0) + (cashable * earlier if earlier < 0 else 0.0)
    assert formulas.cash(now, earlier, cashable) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.tuples(shares, sizes), min_size=1, max_size=6))
def test_sums_over_pieces_and_states_leave_nothing_out(pairs: list[tuple[float, float]]) -> None:
    weights, values = zip(*pairs, strict=True)
    expected = math.fsum(w * v for w, v in pairs)
    assert formulas.weighted(weights, values) == pytest.approx(expected, abs=1e-9)
    assert formulas.total_over_states(weights, values) == pytest.approx(expected, abs=1e-9)


def test_exits_are_every_way_out_and_death() -> None:
    exits = cohort.exit_rates([(0, 1), (0, 2), (2, 0), (1, 3)], [0.1, 0.2, 0.4, 0.3], [0.05, 0.06, 0.07])
    assert exits == pytest.approx([0.35, 0.36, 0.47])


class Written:
    """A quantity that writes down what is asked of it, as a worksheet cell does."""

    def __init__(self, text: str) -> None:
        self.text = text

    def least(self, other: object) -> str:
        return f"MIN({self.text}, {other})"

    def greatest(self, other: object) -> str:
        return f"MAX({self.text}, {other})"

    def falls_within(self, begin: object, end: object) -> str:
        return f"{begin} <= {self.text} < {end}"


def test_a_cell_answers_for_itself_whichever_side_it_stands_on() -> None:
    cell = Written("A1")
    assert formulas.least(cell, 2.0) == formulas.least(2.0, cell) == "MIN(A1, 2.0)"
    assert formulas.greatest(cell, 2.0) == formulas.greatest(2.0, cell) == "MAX(A1, 2.0)"
    assert formulas.least(cell, Written("B1")).startswith("MIN(A1")
    assert formulas.greatest(cell, Written("B1")).startswith("MAX(A1")
    assert formulas.falls_within(cell, 1.0, 2.0) == "1.0 <= A1 < 2.0"


def test_arrays_are_compared_draw_by_draw() -> None:
    draws = np.array([1.0, 3.0])
    assert formulas.least(draws, 2.0).tolist() == [1, 2]
    assert formulas.greatest(2.0, draws).tolist() == [2, 3]


def advanced(
    start: list[float],
    moves: list[tuple[int, int]],
    rates: list[float],
    exits: list[float],
    years: float,
    steps: int = 1,
    keep: cohort.Keep | None = None,
) -> tuple[list[float], list[float]]:
    """People and person-years after one cycle of a single cohort."""
    before = np.array(start)
    people, time = np.empty_like(before), np.empty_like(before)
    recursion = cohort.CohortStep(moves, before.shape)
    coefficients = recursion.coefficients([np.float64(rate) for rate in rates], [np.float64(out) for out in exits])
    recursion.cycle(before, people, time, coefficients, years, steps, keep)
    return people.tolist(), time.tolist()


def test_each_term_of_the_series_is_offered_by_its_name_and_used_as_it_comes_back() -> None:
    """One state that is left once a year, followed for half a year: terms (−1/2)^k / k!; the second is made 0."""
    offered: dict[tuple[int, str], float] = {}

    def keep(step: int, name: str, value: np.ndarray) -> np.ndarray:
        offered[step, name] = float(value[0])
        return np.zeros(1) if name == "term 2" else value

    people, time = advanced([1.0], [], [], [1.0], 0.5, keep=keep)
    assert list(offered) == [(0, f"term {k}") for k in range(1, cohort.TERMS + 1)]
    assert list(offered.values()) == [-0.5, 0.125, *[0.0] * (cohort.TERMS - 2)]
    assert people == [1 - 0.5]
    assert time == [0.5 * (1 - 0.5 / 2)]


def test_what_a_step_leaves_is_offered_and_used_by_the_next() -> None:
    """Two steps of a state that is left; what the first left is replaced by one person and no time."""

    def keep(step: int, name: str, value: np.ndarray) -> np.ndarray:
        return {"people": np.ones(1), "person-years": np.zeros(1)}.get(name, value)

    assert advanced([7.0], [], [], [0.6], 1.0, 2, keep) == advanced([1.0], [], [], [0.6], 0.5)


def test_moves_meet_in_the_state_they_lead_to() -> None:
    """Two states drain into a third at a rate each; nobody dies."""
    rates = [0.3, 0.7]
    people, time = advanced([0.5, 0.5, 0.0], [(0, 2), (1, 2)], rates, [0.3, 0.7, 0.0], 0.5)
    left = [0.5 * math.exp(-rate / 2) for rate in rates]
    assert people == pytest.approx([*left, 1 - sum(left)], abs=1e-13)
    stayed = [0.5 * (1 - math.exp(-rate / 2)) / rate for rate in rates]
    assert time == pytest.approx([*stayed, 0.5 - sum(stayed)], abs=1e-13)


@pytest.mark.parametrize(
    "uneven",
    [
        lambda: formulas.weighted([0.5, 0.5], [1.0]),
        lambda: formulas.weighted([1.0], [1.0, 2.0]),
        lambda: formulas.total_over_states([0.5, 0.5], [1.0]),
        lambda: formulas.total_over_states([1.0], [1.0, 2.0]),
        lambda: cohort.exit_rates([(0, 1), (1, 0)], [0.1], [0.0, 0.0]),
    ],
)
def test_a_share_without_a_value_and_a_move_without_a_rate_are_refused(uneven: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is (shorter|longer)"):
        uneven()


@pytest.mark.parametrize(("rates", "exits"), [([0.1], [0.1, 0.0]), ([0.1, 0.2], [0.1])])
def test_a_move_without_a_rate_and_a_state_without_an_exit_are_refused(rates: list[float], exits: list[float]) -> None:
    with pytest.raises(ValueError, match=f"{len(rates)} rates and {len(exits)} exits for 2 rates and 2 exits"):
        advanced([1.0, 0.0], [(0, 1), (1, 0)], rates, exits, 0.5)
