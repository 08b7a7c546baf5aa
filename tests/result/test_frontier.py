"""Dominance, extended dominance and the ratios along the frontier, worked out by hand."""

import itertools

import pytest

from costmodel.result.decision import DOMINATED, EXTENDED, ON_FRONTIER, Step, frontier


def first(name: str) -> Step:
    return Step(name, None, None, None, ON_FRONTIER)


def on(name: str, cost: float, effect: float) -> Step:
    return Step(name, cost, effect, cost / effect, ON_FRONTIER)


def off(name: str, status: str) -> Step:
    return Step(name, None, None, None, status)


COST = {"A": 100.0, "B": 300.0, "C": 250.0, "D": 600.0, "E": 700.0, "F": 900.0}
EFFECT = {"A": 1.0, "B": 1.5, "C": 2.0, "D": 2.5, "E": 4.0, "F": 3.5}
STEPS = [first("A"), on("C", 150, 1), on("E", 450, 2), off("D", EXTENDED), off("F", DOMINATED), off("B", DOMINATED)]
"""C beats B and E beats F outright; D would cost 700 for each unit after C, and E after D only 67."""


def test_six_strategies_by_hand() -> None:
    assert frontier(COST, EFFECT) == STEPS


def test_the_order_in_which_they_are_named_does_not_matter() -> None:
    for names in itertools.permutations(COST):
        assert frontier({name: COST[name] for name in names}, EFFECT) == STEPS


@pytest.mark.parametrize("units", [0.2, 3.0, 7.0])
def test_the_unit_of_effect_changes_the_ratios_and_nobodys_place(units: float) -> None:
    found = frontier(COST, {name: units * effect for name, effect in EFFECT.items()})
    assert [(step.strategy, step.status) for step in found] == [(step.strategy, step.status) for step in STEPS]
    assert [step.ratio for step in found[1:3]] == pytest.approx([150 / units, 225 / units])


def test_one_strategy_is_its_own_frontier() -> None:
    assert frontier({"A": 5.0}, {"A": 1.0}) == [first("A")]


@pytest.mark.parametrize(
    ("cost", "effect"),
    [((1, 2), (1, 1)), ((1, 1), (2, 1)), ((1, 2), (2, 1))],
    ids=["dearer", "less effect", "both"],
)
def test_the_second_of_two_is_dominated(cost: tuple[float, float], effect: tuple[float, float]) -> None:
    costs, effects = dict(zip("AB", cost, strict=True)), dict(zip("AB", effect, strict=True))
    assert frontier(costs, effects) == [first("A"), off("B", DOMINATED)]
    turned = frontier({"B": costs["B"], "A": costs["A"]}, effects)
    assert turned == [first("A"), off("B", DOMINATED)]


def tied(name: str, status: str, same_as: str) -> Step:
    return Step(name, None, None, None, status, same_as)


def test_equals_share_one_place_on_the_frontier_and_off_it() -> None:
    cost, effect = {"A": 0, "B": 10, "C": 10, "D": 30, "E": 40}, {"A": 0, "B": 5, "C": 5, "D": 4, "E": 8}
    steps = [first("A"), on("B", 10, 5), tied("C", ON_FRONTIER, "B"), on("E", 30, 3), off("D", DOMINATED)]
    assert frontier(cost, effect) == steps
    assert frontier({"A": 1, "B": 1}, {"A": 1, "B": 1}) == [first("A"), tied("B", ON_FRONTIER, "A")]
    assert frontier({"A": 0.3, "B": 0.1 + 0.2}, {"A": 1, "B": 1}) == [first("A"), tied("B", ON_FRONTIER, "A")]
    beaten = frontier({"A": 1, "B": 2, "C": 2}, {"A": 1, "B": 1, "C": 1})
    assert beaten == [first("A"), off("B", DOMINATED), tied("C", DOMINATED, "B")]
    between = frontier({"A": 0, "B": 9, "C": 9, "D": 10}, {"A": 0, "B": 1, "C": 1, "D": 2})
    assert [(step.strategy, step.status, step.same_as) for step in between[2:]] == [
        ("B", EXTENDED, None),
        ("C", EXTENDED, "B"),
    ]


def test_more_effect_at_more_cost_is_a_step_and_not_dominance() -> None:
    assert frontier({"A": 1, "B": 3}, {"A": 1, "B": 2}) == [first("A"), on("B", 2, 1)]
    assert frontier({"A": 3, "B": 1}, {"A": 2, "B": 1}) == [first("B"), on("A", 2, 1)]


@pytest.mark.parametrize("unit", [1, 0.1, 1 / 3])
def test_on_a_straight_line_the_one_between_stays(unit: float) -> None:
    """A mixture of its neighbours costs the same for the same effect, but for rounding, and dominates nobody."""
    effect = {name: unit * k for k, name in enumerate("ABCD")}
    found = frontier({"A": 0, "B": 1, "C": 2, "D": 3}, effect)
    assert [(step.strategy, step.status) for step in found] == [(name, ON_FRONTIER) for name in "ABCD"]
    dearer = frontier({"A": 0, "B": 1.000001, "C": 2, "D": 3}, effect)
    assert [(step.strategy, step.status) for step in dearer][-1] == ("B", EXTENDED)


def test_removing_one_may_bring_another_above_the_line() -> None:
    """C at 3 a unit lies above B to D; with C gone, B at 2.5 lies above A to D at 2.4."""
    cost, effect = {"A": 0, "B": 2.5, "C": 5.5, "D": 8.4}, {"A": 0, "B": 1.0, "C": 2.0, "D": 3.5}
    assert frontier(cost, effect) == [first("A"), on("D", 8.4, 3.5), off("C", EXTENDED), off("B", EXTENDED)]
    cheaper = cost | {"B": 2.0}
    assert [step.strategy for step in frontier(cheaper, effect)] == ["A", "B", "D", "C"]


def test_the_dominated_stand_last_by_falling_effect_and_equals_as_named() -> None:
    cost, effect = {"A": 1, "B": 5, "C": 6, "D": 7}, {"A": 9, "B": 3, "C": 4, "D": 3}
    assert [step.strategy for step in frontier(cost, effect)] == ["A", "C", "B", "D"]
    turned = {"A": 1, "D": 7, "C": 6, "B": 5}
    assert [step.strategy for step in frontier(turned, effect)] == ["A", "C", "D", "B"]
