"""Scores of targets: closed forms, trials before targets, what stands beside the model, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import costmodel as cm
from costmodel.analysis.validation import scores, validate
from costmodel.analysis.validation.page import Validation
from costmodel.analysis.validation.scores import Counted, Distance, Prediction, crps, distance, score
from costmodel.errors import InputError
from costmodel.model.run import run_at
from costmodel.report.render import markdown
from tests.support.example import example
from tests.support.targets import ROW, targets

STAGES = [{"label": "first"}, {"label": "now", "files": {"model.yaml": "later.yaml"}}]
COUNTED = ROW | {"trial": "Alpha", "counts_as": "prediction"}


def scored(
    folder: Path, rows: dict[str, Any], *, later: str = "change: {title: Later}", stages: Any = STAGES, draws: int = 200
) -> Validation:
    """The example in the folder `pop`, an overlay of it, and a validation file with stages."""
    (folder / "pop").mkdir()
    example(folder / "pop")
    (folder / "pop" / "later.yaml").write_text(f"format: 1\nextends: model.yaml\nlabel: later\n{later}", "utf-8")
    path = targets(folder, rows)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"stages": stages}), "utf-8")
    return validate(folder, draws=draws)


def one(found: Validation, stage: str = "first", roles: str = scores.PREDICTION, kind: str = "all") -> scores.Score:
    assert found.scores
    (row,) = [row for row in found.scores.rows if (row.stage, row.roles, row.kind) == (stage, roles, kind)]
    return row


def far(found: Validation) -> dict[str, Distance]:
    return {row.name: row.distance for row in found.rows if row.distance}


@pytest.mark.parametrize("y", [-1.5, 0.0, 0.7])
def test_crps_of_a_normal_is_the_closed_form(y: float) -> None:
    draws = special.ndtri((np.arange(20_000) + 0.5) / 20_000)
    closed = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert crps(draws[None], np.ones(1), y) == pytest.approx(closed, abs=2e-4)


def test_crps_of_alternatives_is_the_energy_form_of_their_mixture_and_of_a_point_the_distance() -> None:
    values, weights = np.array([[0.0, 1.0, 4.0], [2.0, 2.5, 7.0]]), np.array([0.25, 0.75])
    x, w = values.ravel(), np.repeat(weights / 3, 3)
    energy = w @ np.abs(x - 3) - w @ np.abs(x[:, None] - x) @ w / 2
    assert crps(values, weights, 3.0) == pytest.approx(energy)
    assert crps(np.full((2, 5), 1.0), weights, 3.0) == pytest.approx(2.0)
    assert crps(np.array([[1.0], [99.0]]), np.array([1.0, 0.0]), 3.0) == pytest.approx(2.0)


def test_width_and_crps_are_in_standard_errors_and_nothing_has_a_crps_without_a_mean() -> None:
    found = Prediction(1.0, 0.0, 4.0)
    here = distance(3.0, 0.5, found, np.ones(1), np.array([[1.0]]), np.array([[0.0]]))
    assert (here.covered, here.width, here.comparator) == (True, 8.0, None)
    assert (here.crps, here.unchanged) == pytest.approx((4.0, 6.0))
    assert distance(5.0, 0.5, found, np.ones(1), None, np.array([[0.0]])) == Distance(False, 8.0)


def test_a_trial_counts_once_however_many_targets_it_has() -> None:
    far = [("Alpha", 1.0), ("Alpha", 3.0), ("Beta", 5.0), ("Gamma", 9.0)]
    found = score(
        "now", "prediction", "all", [Counted(t, "health", Distance(x < 6, x, x, x + 1, None)) for t, x in far]
    )
    assert (found.targets, found.trials, found.covered) == (4, 3, 3)
    assert found.width == found.crps == pytest.approx((2 + 5 + 9) / 3)
    assert (found.unchanged, found.unchanged_se) == pytest.approx((-1.0, 0.0))
    assert np.isnan(found.comparator)
    assert (found.low, found.high) == pytest.approx((stats.beta.ppf(0.025, 3, 2), stats.beta.ppf(0.975, 4, 1)))
    uneven = [Counted(t, "health", Distance(True, np.inf, x, 0.0, 0.0)) for t, x in far]
    other = score("now", "prediction", "all", uneven)
    assert other.unchanged_se == pytest.approx(np.std([2, 5, 9], ddof=1) / np.sqrt(3))
    assert (other.endless, np.isnan(other.width)) == (4, True)


def test_stages_are_asked_their_own_files_and_what_stands_beside_is_in_standard_errors(tmp_path: Path) -> None:
    usual = COUNTED | {"strategy": "usual_care", "trial": "Beta"}
    gone = "parameters.hr_recover.distribution, parameters.hr_recover.ci95"
    now = f"change:\n  parameters.hr_recover.value: 1\nremove: [{gone}]"
    found = scored(tmp_path, {"T1": COUNTED, "T2": usual}, later=now)
    first, later = one(found), one(found, "now")
    assert (first.targets, first.trials) == (2, 2)
    assert first.comparator < 0  # therapy is predicted above usual care, and 0.9 was seen
    assert later.comparator == pytest.approx(0, abs=1e-12)  # and here it does nothing
    own = far(found)
    assert own["T1"].unchanged == pytest.approx(0.9 * 1.96 / 0.1)  # nobody is well on entry; the tolerance is 0.1
    assert own["T2"].comparator is None
    assert first.crps == pytest.approx(np.mean([own["T1"].crps, own["T2"].crps]))


def test_no_change_leaves_therapy_its_price_and_nothing_comes_back(tmp_path: Path) -> None:
    money = {key: value for key, value in COUNTED.items() if key != "states"} | {
        "outcome": "net cost", "against": "usual_care", "perspective": "nhs_pss", "unit": "GBP",
        "price_year": "2024/25", "observed": 0.0, "tolerance": 196.0, "width": 1.0,
    }  # fmt: skip
    health = {key: value for key, value in money.items() if key not in ("perspective", "price_year")}
    health |= {"outcome": "qaly gain", "unit": "QALY", "observed": 0.2, "tolerance": 0.196}
    found = scored(tmp_path, {"T1": money, "T2": health})
    own = far(found)
    result = run_at(cm.load(tmp_path / "pop" / "model.yaml"), [24], 200, 1)
    therapy = result.net_cost(result.headline, result.at(24), 1, perspective="nhs_pss", category="therapy")
    assert own["T1"].unchanged == pytest.approx(crps(therapy, np.ones(1), 0.0) / 100)
    assert own["T1"].comparator == 0  # the comparator's people cost what they cost
    assert own["T2"].unchanged == own["T2"].comparator == pytest.approx(2.0)
    assert one(found, kind="money").targets == one(found, kind="health").targets == 1


def test_another_row_asks_where_a_stage_has_other_states_and_the_first_roles_stay(tmp_path: Path) -> None:
    other = ROW | {"role": "consistency", "scenario": "later.yaml", "states": ["ill"], "since": "2"}
    other = {key: value for key, value in other.items() if key not in ("tolerance", "width")}
    late = COUNTED | {"since": "2"}
    stages = [{"label": "first"}, {"label": "now", "rows": {"T1": "T2"}}]
    found = scored(tmp_path, {"T1": COUNTED, "T2": other, "T3": late}, stages=stages)
    assert found.scores
    assert one(found).targets == one(found, "now").targets == 2
    assert one(found, roles=scores.FIRST).targets == 1
    assert one(found, "now").crps != one(found).crps
    page = markdown(found.page())
    asked = found.stages["now"]["T1"]
    assert asked.target.states == ["ill"]
    assert asked.distance
    share = f"{asked.figure.value:.1%} (" if asked.figure else ""
    (line,) = [line for line in page.splitlines() if line.startswith("| T1 | Alpha | prediction | 90.0% |")]
    assert share in line.split("|")[6]
    assert ", outside" in line.split("|")[6]
    assert "Consistency, not prediction; all were known." in page
    assert f"Prediction: first {one(found).covered} of 2 targets of 1 independent trials (0% to 84%); now" in page
    assert "By CRPS" not in page  # nobody knows of one trial


def refused(folder: Path, rows: dict[str, Any], **how: Any) -> str:
    with pytest.raises(InputError) as error:
        scored(folder, rows, draws=2, **how)
    (said,) = str(error.value).splitlines()
    return said


@pytest.mark.parametrize(
    ("rows", "how", "found"),
    [
        pytest.param(
            {"T1": COUNTED | {"same_as": ["X001"]}}, {}, "X001 is the source of", id="V1_an_input_is_no_prediction",
        ),
        pytest.param(
            {"T1": COUNTED, "T2": ROW | {"trial": "Alpha", "counts_as": "fitted"}}, {},
            "the trial Alpha is no test of the model: T2 of it was used", id="V2_what_was_fitted_is_no_prediction",
        ),
        pytest.param(
            {"T1": {key: value for key, value in COUNTED.items() if key != "trial"}}, {},
            "a score has the number of its independent trials", id="V4_a_score_without_its_trials",
        ),
        pytest.param(
            {"T1": COUNTED | {"role": "consistency", "tolerance": None, "width": None}}, {},
            "nothing says this one's. Write error", id="V5_a_score_without_the_error_of_what_was_seen",
        ),
        pytest.param(
            {"T1": COUNTED}, {"stages": [{"label": "now", "rows": {"T1": "T9"}}]}, 'there is no row "T9"',
            id="V6_a_stage_that_names_no_row",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_refused(tmp_path: Path, rows: dict[str, Any], how: Any, found: str) -> None:
    rows = {name: {key: value for key, value in row.items() if value is not None} for name, row in rows.items()}
    said = refused(tmp_path, rows, **how)
    assert said.startswith("validation.yaml")
    assert found in said


def test_V3_a_trial_of_the_synthesis_is_no_prediction(tmp_path: Path) -> None:
    (tmp_path / "synthesis").symlink_to(Path(__file__).parents[2] / "scenarios" / "synthesis")
    said = refused(tmp_path, {"T1": COUNTED | {"trial": "Guthrie"}})
    assert "the trial Guthrie is no test of the model: the synthesis has used it. Write counts_as: same trial." in said
