"""Times of effects that are parameters: they are drawn, moved and reported like every other number."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.sensitivity import tornado
from costmodel.model.draws import drawn_values
from tests.support.answers import saving
from tests.support.example import derived, load_example, number
from tests.support.flows import simulate

EFFECTS = "strategies.therapy.effects"
EFFECT = f"{EFFECTS}.recovers_faster"
HALF_LIFE, ONSET = f"{EFFECT}.half_life", f"{EFFECT}.onset"
LASTING = number("years", 2.5, distribution="lognormal", cv=0.6)
GROWING = number("months", 6, distribution="gamma", cv=0.7)
DRAWN = {HALF_LIFE: "lasting", ONSET: "growing", "parameters.lasting": LASTING, "parameters.growing": GROWING}


OFFSET: dict[str, Any] = {
    "quantity": "gp", "rate_ratio": "rr", "from": "start of therapy", "until": "follow-up", "half_life": "of_use",
    "estimand": {
        "source": "X001", "comparator": "usual care", "outcome": "visits", "time": "24 months",
        "analysis": "intention to treat",
    },
}  # fmt: skip
USED = {f"{EFFECTS}.less": OFFSET, "parameters.rr": number("rate ratio", 0.7)}


def test_a_time_by_name_does_what_the_same_time_in_words_does(tmp_path: Path) -> None:
    in_words = cm.run(load_example(tmp_path, **{HALF_LIFE: "30 months", ONSET: "6 months"}), draws=0)
    by_name = cm.run(load_example(tmp_path, **DRAWN), draws=0)
    assert saving(by_name, horizon_months=60.0) == saving(in_words, horizon_months=60.0)
    assert by_name.scenario.sha256 != in_words.scenario.sha256


def test_each_draw_is_the_model_with_its_own_times(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **DRAWN)
    values = drawn_values(scenario, 6, 4)
    drawn = simulate(scenario, values, 6)
    assert len({*np.asarray(values["lasting"])}) == 6
    for i in range(6):
        alone = {name: float(np.broadcast_to(value, 6)[i]) for name, value in values.items()}
        times = {name: alone[name] for name in ("lasting", "growing")}
        one = simulate(scenario.changed(times, fix=True), alone, 1)
        np.testing.assert_allclose(drawn.people[..., i], one.people[..., 0], rtol=0, atol=1e-13)
        np.testing.assert_allclose(drawn.cost[..., i], one.cost[..., 0], rtol=1e-12)


def test_where_a_draw_has_not_grown_to_its_full_size_it_fades_from_what_it_has(tmp_path: Path) -> None:
    """ln of those still ill: the base rate and the effect's integral, a triangle of half its height and its fading."""
    alone = {"mortality.rate_ratio": 0, "transitions.well -> ill": 0, f"{EFFECT}.until": "referral + 12 months"}
    scenario = load_example(tmp_path, **DRAWN, **alone)
    values = dict(scenario.central) | {"growing": np.array([24.0, 0.0]), "lasting": np.array([1.0, 1.0])}
    found = simulate(scenario, values, 2)
    t = found.edges[12:] - 1
    faded = (1 - 2.0**-t) / np.log(2)
    for draw, (grown, reached) in enumerate([(0.25, 0.5), (1.0, 1.0)]):
        ill = np.exp(-0.3 * (1 + t) - 0.15 * (grown + reached * faded))
        np.testing.assert_allclose(found.people[12:, 0, 1, 0, draw], ill, rtol=1e-8)


def test_a_time_is_used_moved_and_held_like_any_number(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **DRAWN)
    assert {"lasting", "growing"} <= set(scenario.used)
    shorter, longer = (cm.run(scenario.changed({"lasting": years}), draws=0) for years in (1.0, 4.0))
    assert saving(shorter, horizon_months=60.0) < saving(longer, horizon_months=60.0)
    shown = {bar.input.name: bar for bar in tornado(scenario, horizon=60.0).bars}
    at_ends = [saving(cm.run(scenario.changed({"lasting": end}), draws=0), horizon_months=60.0)
               for end in (shown["lasting"].input.spread.low, shown["lasting"].input.spread.high)]  # fmt: skip
    assert [shown["lasting"].at_low.value, shown["lasting"].at_high.value] == pytest.approx(at_ends, rel=1e-9)
    assert shown["growing"].width > 0


def test_a_half_life_may_be_made_of_another(tmp_path: Path) -> None:
    made: dict[str, Any] = {
        "parameters.part": number("share", distribution="uniform", range=[0.25, 1]),
        "parameters.of_use": derived("years", product_of=["lasting", "part"]),
    }
    scenario = load_example(tmp_path, **DRAWN, **USED, **made)
    values = drawn_values(scenario, 50, 1)
    assert np.all(np.asarray(values["of_use"]) <= np.asarray(values["lasting"]))
    assert cm.run(scenario, draws=50).draws == 50


def test_what_is_saved_never_outlasts_the_gain(tmp_path: Path) -> None:
    """In months against years, and no draw of a product with a share is refused for the rounding of its factors."""
    part = number("share", 1)
    as_long = {"parameters.part": part, "parameters.of_use": derived("years", product_of=["lasting", "part"])}
    assert cm.run(load_example(tmp_path, **DRAWN, **USED, **as_long), draws=200).draws == 200
    months = USED | {"parameters.of_use": number("months", 30.1)}
    with pytest.raises(cm.InputError, match=r"less halves in 2\.51 years and the longest gain in 2\.5"):
        load_example(tmp_path, **DRAWN, **months)
    assert load_example(tmp_path, **DRAWN, **(months | {"parameters.of_use": number("months", 30)}))


def test_draws_in_which_it_does_are_counted_and_refused(tmp_path: Path) -> None:
    drawn = USED | {"parameters.of_use": number("years", 2.4, distribution="lognormal", cv=0.2)}
    scenario = load_example(tmp_path, **DRAWN, **drawn)
    values = drawn_values(scenario, 300, 0)
    late = np.count_nonzero(np.asarray(values["of_use"]) > np.asarray(values["lasting"]))
    assert 0 < late < 300
    with pytest.raises(cm.InputError, match=rf"less: it fades later than every gain in {late} of 300 draws"):
        cm.run(scenario, draws=300, seed=0)


def test_a_gain_that_lasts_or_one_that_ends_sooner_bounds_nothing(tmp_path: Path) -> None:
    """The offset fades; the gain lasts to the horizon, or does not fade: only fading is compared with fading."""
    late = USED | {"parameters.of_use": number("years", 9)}
    for until in ("horizon", "follow-up"):
        assert load_example(tmp_path, **late, **{f"{EFFECT}.until": until})
    on_a_transition = {"transition": "well -> ill", "hazard_ratio": "hr", "until": "horizon"}
    second = {key: OFFSET[key] for key in ("from", "estimand")} | on_a_transition
    hr = {"parameters.hr": number("hazard ratio", 0.8)}
    assert load_example(tmp_path, **DRAWN, **late, **hr, **{f"{EFFECTS}.relapses_less": second})


LATER = "later of start of therapy + 15 months and end of therapy"


@pytest.mark.parametrize(("over", "month"), [("6 months", 15), ("15 months", 15), ("20 months", 20)])
@pytest.mark.parametrize("until", [LATER, "later of end of therapy and start of therapy + 15 months"])
def test_the_later_of_two_moments(until: str, over: str, month: int, tmp_path: Path) -> None:
    length = {"strategies.therapy.therapy.over": over, HALF_LIFE: "30 months"}
    one, other = (
        load_example(tmp_path, **length, **{f"{EFFECT}.until": moment})
        for moment in (until, f"start of therapy + {month} months")
    )
    found, wanted = (simulate(scenario, dict(scenario.central), 1) for scenario in (one, other))
    np.testing.assert_array_equal(found.people, wanted.people)
    assert one.sha256 != other.sha256


def test_the_later_of_two_persists_where_one_of_them_is_the_follow_up(tmp_path: Path) -> None:
    persisting = {"beyond_follow_up": "effects persist"}
    one, other = (
        load_example(tmp_path, **persisting, **{f"{EFFECT}.until": moment})
        for moment in ("later of end of therapy and follow-up", "horizon")
    )
    found, wanted = (simulate(scenario, dict(scenario.central), 1) for scenario in (one, other))
    np.testing.assert_array_equal(found.people, wanted.people)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no parameter": ({HALF_LIFE: "lastign"}, 'there is no parameter "lastign". Did you mean "lasting"?'),
    "another unit": ({HALF_LIFE: "causal"}, '"causal" has the unit "share". Wanted here: months or years.'),
    "no length": ({"parameters.lasting": number("years", 0)}, '"lasting" is 0: this time must be above 0'),
    "an age in months": (
        {"cohort.age": "months_old", "parameters.months_old": number("months", 480)},
        '"months_old" has the unit "months". Wanted here: years.',
    ),
    "too slow": ({"parameters.growing": number("years", 3)}, "has not grown to its full size after 3 years"),
    "half of a pair": ({f"{EFFECT}.until": "later of end of therapy"}, '"later of" one "and" another'),
    "neither of a pair": ({f"{EFFECT}.until": "later of lunch and end of therapy"}, 'wanted: "referral"'),
    "inside a cycle": (
        {f"{EFFECT}.until": "later of end of therapy and start of therapy + 20.5 months"},
        "month 20.5, is within a cycle",
    ),
    "over time": (
        {HALF_LIFE: "later", "parameters.later": derived("years", over_time={"0 months": "lasting"})},
        '"later" changes over time',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_time_that_is_none_is_refused(case: str, tmp_path: Path) -> None:
    edits, found = REFUSED[case]
    with pytest.raises(cm.InputError) as caught:
        load_example(tmp_path, **(DRAWN | edits))
    assert found in str(caught.value)
    assert "model.yaml, line" in str(caught.value)


def test_a_fixed_time_gives_every_draw_the_same_rates(tmp_path: Path) -> None:
    fixed = load_example(tmp_path, **{HALF_LIFE: "30 months"})
    held = load_example(tmp_path, **{HALF_LIFE: "lasting", "parameters.lasting": number("years", 2.5)})
    one, other = (simulate(scenario, drawn_values(scenario, 5, 2), 5) for scenario in (fixed, held))
    np.testing.assert_array_equal(one.people, other.people)
