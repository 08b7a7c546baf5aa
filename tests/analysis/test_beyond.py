"""What nobody has observed: the saving after the last follow-up, and the verdict if effects end there."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.beyond import STOPS, Beyond, rows
from costmodel.model.draws import central_values
from costmodel.page import titled
from costmodel.report import charts
from tests.support.answers import answer
from tests.support.example import REMOVED, derived, load_example, number, write_model
from tests.support.flows import simulate
from tests.support.ledgers import EVERYBODY
from tests.support.pounds import PERSPECTIVES, weight
from tests.support.small_probabilities import small

DRAWS = 60
UNTIL = "strategies.therapy.effects.recovers_faster.until"
TWO = {
    "parameters.weight": number("share", 0.3),
    "parameters.rest": derived("share", complement_of="weight"),
    "alternatives": {
        "base": {"label": "As it is", "weight": "weight"},
        "worse": {"label": "Worse", "weight": "rest", "change": {"transitions.ill -> well": "relapse"}},
    },
}


def of_example(folder: Path, draws: int = DRAWS, **edits: Any) -> Beyond:
    return cm.beyond(cm.run(load_example(folder, **edits), draws=draws))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Beyond:
    """Every party, two alternatives; therapy waits for 3 months, so that observation ends with month 27."""
    folder = tmp_path_factory.mktemp("beyond")
    edits = {"strategies.therapy.therapy.wait": "3 months", "cycle": "3 months", "follow_up": "24 months"}
    return of_example(folder, **EVERYBODY, **TWO, **edits)


def test_the_verdict_of_a_stop_is_the_run_of_the_scenario_with_it(found: Beyond) -> None:
    scenario = found.result.scenario
    assert list(found.results) == list(STOPS)
    assert found.results["effects cease"] is found.result
    for stop in STOPS:
        alone = cm.run(scenario.changed({"beyond_follow_up": stop}), draws=DRAWS)
        last = alone.horizons[-1]
        for perspective in PERSPECTIVES:
            for run in alone.runs:
                verdict = found.verdict(stop, perspective, run=run)
                at = {"run": run, "horizon_months": last}
                assert verdict.saving.value == pytest.approx(answer(alone, "net_saving", perspective, **at))
                months = answer(alone, "payback_sustained_months", perspective, **at)
                assert verdict.months == pytest.approx(math.inf if math.isnan(months) else months)
                if run != "deterministic":
                    assert verdict.chance == answer(alone, "chance_payback", perspective, **at)
    assert found.verdict("effects cease", run="deterministic").chance is None


def test_it_is_shown_by_what_nobody_has_observed_without_the_page(
    found: Beyond, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Beyond, "page", None)
    title, about, told = repr(found).splitlines()
    assert title == titled(found.result.scenario)
    assert "Talking therapy against Usual care" in about
    assert told == f"Talking therapy: {found.unobserved().words}"


def test_the_saving_after_the_follow_up_is_added_up_as_loops_add_it_up(found: Beyond) -> None:
    result = found.result
    flows = simulate(result.scenario, central_values(result.scenario), 1)
    for perspective in PERSPECTIVES:
        total = after = 0.0
        for a, w in enumerate(result.weights):
            for k, (begin, end) in enumerate(zip(result.edges * 12, result.edges[1:] * 12, strict=False)):
                later = min(max(end - 27, 0.0), end - begin) / (end - begin)  # 3 months of waiting, 24 of follow-up
                for i, item in enumerate(result.items):
                    if item.category != "therapy":
                        sign = weight(perspective, item.paid_by, item.received_by)
                        saved = float(sign * w * (flows.cost[k, i, 0, a, 0] - flows.cost[k, i, 1, a, 0]))
                        total, after = total + saved, after + later * saved
        part = found.unobserved(perspective, run="deterministic")
        assert part.total == pytest.approx(total)
        assert part.after == pytest.approx(after)
        assert part.share == pytest.approx(after / total)
        assert part.words == f"{after / total:.0%} of the saving falls after the last observation"


@pytest.mark.parametrize("run", ["expected", "deterministic"])
def test_what_is_saved_after_the_follow_up_is_what_a_closing_gap_takes_away(run: str, tmp_path: Path) -> None:
    found = of_example(tmp_path, **EVERYBODY)
    for perspective in PERSPECTIVES:
        declared, closing = (
            found.verdict(stop, perspective, run=run).saving.value for stop in ("effects cease", "gap closes")
        )
        assert found.unobserved(perspective, run=run).after == pytest.approx(declared - closing)


def test_where_the_horizon_ends_with_observation_nothing_is_run_again_and_words_say_so(tmp_path: Path) -> None:
    wait = {"strategies.therapy.therapy.wait": "2 months"}
    for months, ends in ((24, "with"), (26, "with"), (25, "before")):
        edits = {"horizon": f"{months} months"} | (wait if months > 24 else {})
        found = of_example(tmp_path, **edits)
        assert found.nothing
        assert list(found.results) == ["effects cease"]
        part = found.unobserved()
        assert part.share is None
        assert part.after == 0
        assert part.words == f"nothing lies beyond the evidence: the horizon ends {ends} observation"
        assert {row["value"] for row in rows(found) if row["outcome"] == "share_of_saving_after_follow_up"} == {None}


def test_where_there_is_no_saving_there_is_no_share_of_it(tmp_path: Path) -> None:
    part = of_example(tmp_path, **{"strategies.therapy.effects": {}}).unobserved()
    assert (part.total, part.share) == (pytest.approx(0, abs=1e-9), None)
    assert part.words == "there is no saving: over 5 years, other care costs the same"
    dearer = {"parameters.gp_ratio.value": 1.4, "parameters.gp_ratio.distribution": REMOVED}
    dearer["parameters.gp_ratio.effective_size"] = REMOVED
    part = of_example(tmp_path, **dearer).unobserved()
    assert part.total < 0
    assert part.share is None
    assert part.words == "there is no saving: over 5 years, other care costs more"


def test_a_saving_that_comes_wholly_before_or_wholly_after_observation_is_said_to(tmp_path: Path) -> None:
    closing = of_example(tmp_path, beyond_follow_up="gap closes").unobserved()
    assert closing.share == pytest.approx(0, abs=1e-12)
    assert closing.words == "none of the saving falls after the last observation"
    harmful = {
        "parameters.hr_recover.value": 0.5, "parameters.hr_recover.ci95": [0.25, 1],
        "parameters.better": number("hazard ratio", 8.0), "horizon": "10 years",
        "strategies.therapy.effects.later": {
            "transition": "ill -> well", "hazard_ratio": "better", "from": "follow-up", "until": "horizon",
            "estimand": {
                "source": "X001", "comparator": "usual care", "outcome": "well", "time": "24 months",
                "analysis": "intention to treat",
            },
        },
    }  # fmt: skip
    later = of_example(tmp_path, **harmful).unobserved()
    assert later.share is not None
    assert later.share > 1
    assert later.words == "all of the saving falls after the last observation; before it, other care costs more"


@pytest.mark.parametrize("until", ["referral + 30 months", "follow-up + 1 month", "horizon"])
def test_effects_that_the_scenario_itself_lets_last_are_named(until: str, tmp_path: Path) -> None:
    assert of_example(tmp_path).lasting == ()
    assert of_example(tmp_path, **{UNTIL: until}).lasting == ("therapy: recovers_faster",)


def test_a_fading_effect_lasts_beyond_observation(tmp_path: Path) -> None:
    fading = {"strategies.therapy.effects.recovers_faster.half_life": "6 months"}
    assert of_example(tmp_path, **fading).lasting == ("therapy: recovers_faster",)


def test_a_stop_that_a_model_cannot_have_is_left_out_with_its_reason(tmp_path: Path) -> None:
    found = cm.beyond(cm.run(cm.load(write_model(tmp_path, small())), draws=DRAWS))
    assert list(found.results) == ["effects cease", "effects persist"]
    assert found.refused == {"gap closes": "gap closes is not yet supported with probabilities"}


def test_without_draws_the_deterministic_verdict_remains(tmp_path: Path) -> None:
    found = of_example(tmp_path, draws=0)
    assert {row["run"] for row in rows(found)} == {"deterministic"}
    assert all(row["draws"] == 0 for row in rows(found))
    assert found.verdict("gap closes").chance is None


@pytest.mark.parametrize("how", [{"sampling": "sobol"}, {"given": {"gp_visit": np.linspace(10, 90, 16)}}])
def test_every_stop_has_the_draws_of_the_result(how: dict[str, Any], tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    found = cm.beyond(cm.run(scenario, draws=16, **how))
    for stop in STOPS:
        alone = cm.run(scenario.changed({"beyond_follow_up": stop}), draws=16, **how)
        assert found.results[stop].table().equals(alone.table())


def test_rows_say_which_stop_they_belong_to(found: Beyond) -> None:
    everything = list(rows(found))
    keys = [
        (row["beyond_follow_up"], row["outcome"], row["run"], row["perspective"], row["strategy"]) for row in everything
    ]
    assert len(set(keys)) == len(keys)
    assert {row["beyond_follow_up"] for row in everything} == set(STOPS)
    some = list(rows(found, ["nhs"], ["therapy"]))
    assert some == [row for row in everything if row["perspective"] == "nhs"]


def test_the_chart_of_the_stops_draws_the_same_results(found: Beyond) -> None:
    chart = charts.stops(found.results, "societal")
    people = found.result.scenario.model.people
    for stop, net in zip(STOPS, chart.table["net cost"], strict=True):
        assert net == pytest.approx(-found.verdict(stop, "societal").saving.value * people)
    assert np.isfinite(chart.table["net cost"]).all()
