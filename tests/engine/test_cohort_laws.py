"""Laws of any cohort: people are neither made nor lost, and names and bookkeeping do not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.engine.cohort import Activity
from tests.support.graphs import Graph, follow, follow_together, graphs

CYCLES = 8
quickly = settings(max_examples=25)
years = st.sampled_from([1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 1.0])


def alive(activity: Activity) -> np.ndarray:
    return activity.people.sum(axis=1).ravel()


@quickly
@given(graphs(), years)
def test_person_years_alive_and_dead_sum_to_the_time_elapsed(graph: Graph, h: float) -> None:
    """The dead of a time t are 1 − exp(−deaths·t); their person-years are that, integrated."""
    elapsed = CYCLES * h
    died = graph.deaths * elapsed
    dead_years = elapsed - (-np.expm1(-died) / graph.deaths if graph.deaths else elapsed)
    assert follow(graph, CYCLES, h).person_years.sum() + dead_years == pytest.approx(elapsed, rel=1e-12)


@quickly
@given(graphs(), years)
def test_who_leaves_the_living_died_at_the_rate_of_death(graph: Graph, h: float) -> None:
    activity = follow(graph, CYCLES, h)
    deaths = graph.deaths * activity.person_years.sum(axis=1).ravel()
    np.testing.assert_allclose(-np.diff(alive(activity)), deaths, rtol=0, atol=1e-12)


@quickly
@given(graphs(highest=10), years)
def test_no_state_ever_holds_less_than_nobody(graph: Graph, h: float) -> None:
    activity = follow(graph, CYCLES, h)
    assert activity.people.min() >= 0
    assert activity.person_years.min() >= 0


@quickly
@given(graphs(highest=10), years)
def test_the_dead_never_return(graph: Graph, h: float) -> None:
    assert np.diff(alive(follow(graph, CYCLES, h))).max() <= 1e-14


@quickly
@given(graphs(), years)
def test_without_rates_nobody_moves(graph: Graph, h: float) -> None:
    still = Graph(graph.moves, (0.0,) * len(graph.moves), 0.0, graph.start)
    activity = follow(still, CYCLES, h)
    assert np.all(activity.people[:, :, 0, 0] == graph.start)
    assert np.all(activity.person_years[:, :, 0, 0] == h * np.array(graph.start))


@quickly
@given(graphs(highest=10), years)
def test_without_mortality_nobody_dies(graph: Graph, h: float) -> None:
    immortal = Graph(graph.moves, graph.rates, 0.0, graph.start)
    np.testing.assert_allclose(alive(follow(immortal, CYCLES, h)), 1.0, rtol=0, atol=1e-12)


@quickly
@given(graphs(), years, st.data())
def test_where_no_transition_leads_nobody_arrives(graph: Graph, h: float, data: st.DataObject) -> None:
    lonely = data.draw(st.integers(0, graph.states - 1))
    moves = [(move, rate) for move, rate in zip(graph.moves, graph.rates, strict=True) if move[1] != lonely]
    start = np.where(np.arange(graph.states) == lonely, 0.0, graph.start)
    cut = Graph(tuple(m for m, _ in moves), tuple(r for _, r in moves), graph.deaths, tuple(start))
    activity = follow(cut, CYCLES, h)
    assert np.all(activity.people[:, lonely] == 0)
    assert np.all(activity.person_years[:, lonely] == 0)


@quickly
@given(graphs(), years, st.data())
def test_the_order_of_states_and_transitions_does_not_matter(graph: Graph, h: float, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(graph.states)))
    plain, renamed = follow(graph, CYCLES, h), follow(graph.permuted(order), CYCLES, h)
    np.testing.assert_allclose(renamed.people[:, order], plain.people, rtol=0, atol=1e-14)
    np.testing.assert_allclose(renamed.person_years[:, order], plain.person_years, rtol=0, atol=1e-14)


@quickly
@given(graphs(highest=10), years, st.integers(1, CYCLES - 1))
def test_going_on_from_where_one_stopped_is_going_on(graph: Graph, h: float, first: int) -> None:
    whole = follow(graph, CYCLES, h)
    before = follow(graph, first, h)
    stopped = Graph(graph.moves, graph.rates, graph.deaths, tuple(before.people[-1, :, 0, 0]))
    after = follow(stopped, CYCLES - first, h)
    assert np.array_equal(np.concatenate([before.people, after.people[1:]]), whole.people)
    assert np.array_equal(np.concatenate([before.person_years, after.person_years]), whole.person_years)


@quickly
@given(graphs(), st.sampled_from([2, 3, 4, 6, 12]))
def test_shorter_cycles_lead_to_the_same_place(graph: Graph, pieces: int) -> None:
    coarse, fine = follow(graph, CYCLES, 1.0), follow(graph, CYCLES * pieces, 1.0 / pieces)
    summed = fine.person_years.reshape(CYCLES, pieces, *fine.person_years.shape[1:]).sum(axis=1)
    np.testing.assert_allclose(fine.people[::pieces], coarse.people, rtol=0, atol=1e-10)
    np.testing.assert_allclose(summed, coarse.person_years, rtol=0, atol=1e-10)


@quickly
@given(graphs(), years)
def test_ten_times_the_people_do_everything_ten_times(graph: Graph, h: float) -> None:
    many = Graph(graph.moves, graph.rates, graph.deaths, tuple(10 * share for share in graph.start))
    one, ten = follow(graph, CYCLES, h), follow(many, CYCLES, h)
    np.testing.assert_allclose(ten.person_years, 10 * one.person_years, rtol=1e-13, atol=0)


@settings(max_examples=6)
@given(graphs(connected=True))
def test_the_living_settle_where_in_and_out_balance(graph: Graph) -> None:
    """After a long time, of those alive, as many enter each state as leave it."""
    activity = follow(Graph(graph.moves, graph.rates, 0.0, graph.start), 60, 1.0)
    settled = activity.people[-1, :, 0, 0]
    flow = np.zeros(graph.states)
    for (a, b), rate in zip(graph.moves, graph.rates, strict=True):
        flow[a] -= rate * settled[a]
        flow[b] += rate * settled[a]
    np.testing.assert_allclose(flow, 0, rtol=0, atol=1e-5)


@quickly
@given(graphs(), years)
def test_equal_rates_give_equal_traces(graph: Graph, h: float) -> None:
    together = follow_together([graph, graph, graph], CYCLES, h)
    assert np.array_equal(together.people[..., 0], together.people[..., 2])
    assert np.array_equal(together.person_years[..., 0], together.person_years[..., 1])


@quickly
@given(graphs(connected=True), years, st.floats(1.05, 3.0))
def test_a_faster_transition_takes_people_out_of_its_origin_and_nobody_dies_of_it(
    graph: Graph, h: float, ratio: float
) -> None:
    """Where the transition is the only way out of the state and leads to one without return."""
    slow = Graph(((0, 1),), (graph.rates[0],), graph.deaths, (1.0, 0.0))
    fast = Graph(((0, 1),), (graph.rates[0] * ratio,), graph.deaths, (1.0, 0.0))
    before, after = follow(slow, CYCLES, h), follow(fast, CYCLES, h)
    assert np.all(after.people[1:, 0] < before.people[1:, 0])
    np.testing.assert_allclose(alive(after), alive(before), rtol=0, atol=1e-13)
