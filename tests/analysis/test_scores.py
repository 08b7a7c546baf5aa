"""Scores: means, standard deviations and shares beyond a cut-off, as calibration and targets read them."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import costmodel as cm
from costmodel.analysis.calibration import Fit, calibrate
from costmodel.analysis.calibration.page import page_of
from costmodel.analysis.calibration.posterior import density_of
from costmodel.analysis.calibration.problem import load_problem
from costmodel.report.render import html, markdown
from tests.support.calibrated import ASSUMED, SCORES, calibration, fit, observation, share_well

ILL, WELL, WITHIN, PART = 20.0, 7.0, 3.0, 0.25


def by_hand(share: float) -> tuple[float, float, float]:
    """Mean and standard deviation of the scale, and the share that scores low, where a share of the people is well."""
    mean = share * WELL + (1 - share) * ILL
    squares = share * WELL**2 + (1 - share) * ILL**2 + WITHIN**2
    return mean, math.sqrt(squares - mean**2), share + (1 - share) * PART


def scored(months: int, **figure: Any) -> dict[str, Any]:
    kept = observation("usual_care", months, 0.0, n=4_000)
    return {key: value for key, value in kept.items() if key not in ("states", "share")} | figure


def file(folder: Path, **edits: Any) -> Path:
    """A fit of two rates to what follows from 0.35 and 0.2 a year, said in scores."""
    (mean, sd, _), (_, late, low) = by_hand(share_well(0.35, 0.2, 0.5)), by_hand(share_well(0.35, 0.2, 2))
    seen = {
        "early": scored(6, score="scale", mean=mean, sd=sd),
        "late": scored(24, score="scale", sd=late),
        "low": scored(24, score="low", share=low),
    }
    one = fit("recover", "relapse", held={"hr_recover": "one"})
    one_ratio = {"parameters.one": {"label": "One", "unit": "hazard ratio", "value": 1} | ASSUMED}
    model = SCORES | one_ratio
    return calibration(folder, observations=seen, fits={"rates": one}, model=model, edits=edits)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    (found,) = calibrate(file(tmp_path_factory.mktemp("scores")), rows=2)
    return found


def test_a_fit_to_scores_finds_the_rates_that_they_follow_from(fitted: Fit) -> None:
    assert fitted.best["recover"] == pytest.approx(0.35, rel=0.05)
    assert fitted.best["relapse"] == pytest.approx(0.2, rel=0.15)
    for row in fitted.rows:
        assert row.fitted == pytest.approx(row.observed, rel=0.01), row.name
        assert row.left_out is not None
        assert row.left_out.inside, row.name


def test_the_error_of_a_standard_deviation_is_that_of_a_mean_over_the_root_of_two(fitted: Fit) -> None:
    by_name = {row.name: row.scatter for row in fitted.rows}
    (_, early, _), (_, late, _) = by_hand(share_well(0.35, 0.2, 0.5)), by_hand(share_well(0.35, 0.2, 2))
    assert by_name == pytest.approx({"early": early, "late": late / math.sqrt(2), "low": 0.0})


def test_the_page_says_scores_in_points_and_how_much_was_learnt(fitted: Fit) -> None:
    said = markdown(page_of("calibration.yaml", [fitted]))
    assert "Contraction" in said
    assert "set by the prior" not in said
    mean = next(row for row in fitted.rows if row.name == "early")
    assert f"{mean.posterior[0]:.1f} to {mean.posterior[-1]:.1f}" in said
    assert all(one.contraction == pytest.approx(1 - one.width**2) for one in fitted.learned)


def test_the_page_says_the_largest_miss_of_shares_and_of_scores_apart(fitted: Fit) -> None:
    worse = replace(fitted, rows=tuple(replace(row, miss=7.0 if row.scatter else 3.0) for row in fitted.rows))
    said = markdown(page_of("calibration.yaml", [worse]))
    assert "most plausible point 3.0 percentage points among shares and 7.0 points among scores;" in said


def test_a_fit_with_scores_alone_has_a_page_without_a_chart_and_no_score_is_a_percentage(fitted: Fit) -> None:
    scores = replace(fitted, rows=tuple(row for row in fitted.rows if row.scatter))
    page = page_of("calibration.yaml", [scores, replace(scores, name="again")])
    assert "largest miss of the most plausible point 0.0 points among scores;" in markdown(page)
    early = next(row for row in fitted.rows if row.name == "early")
    assert f"(observed {early.observed:.1f})" in markdown(page)
    assert "among shares" not in markdown(page)
    assert 'id="figure-' not in html(page)
    assert 'id="figure-' in html(page_of("calibration.yaml", [fitted]))


def test_what_nothing_is_learnt_of_is_set_by_the_prior(tmp_path: Path) -> None:
    edits = {f"observations.{name}.n": 1 for name in ("early", "late", "low")}
    (found,) = calibrate(file(tmp_path, **edits), rows=2)
    assert [one.by_prior for one in found.learned] == [True, True]
    assert markdown(page_of("calibration.yaml", [found])).count("set by the prior") == 2


def test_an_overlay_is_fitted_as_the_whole_that_it_gives(tmp_path: Path) -> None:
    """An overlay that changes no rate predicts what its model does; one that moves a score predicts another mean."""
    path = file(tmp_path)
    of_model = _predicted(path, "model.yaml", {})
    assert of_model.tolist() == _predicted(path, "over.yaml", {"people": 50}).tolist()
    moved = _predicted(path, "over.yaml", {"parameters.score_ill.value": 24})
    share = (of_model[0] - ILL) / (WELL - ILL)
    assert moved[0] == pytest.approx(share * WELL + (1 - share) * 24)
    assert moved[2] == of_model[2]


def _predicted(path: Path, scenario: str, change: dict[str, Any]) -> NDArray[np.float64]:
    """What each observation is predicted to be at the medians of the priors; change: of an overlay on the model."""
    over = {"format": 1, "extends": "model.yaml", "label": "over", "change": change}
    (path.parent / "over.yaml").write_text(json.dumps(over), "utf-8")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"scenario": scenario}), "utf-8")
    problem = load_problem(path)
    return density_of(problem, problem.file.fits["rates"]).shares(np.zeros((2, 1)))[:, 0]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"scores.scale.while_in": {"ill": "score_ill"}}, "nothing is said of well"),
        ({"scores.scale.while_in": {"il": "score_ill", "others": 0}}, '"il" is not a declared state'),
        ({"scores.scale.spread": {"il": "within"}}, '"il" is not a declared state'),
        ({"scores.scale.spread": {"ill": "part_ill"}}, '"part_ill" has the unit "share"'),
        ({"scores.scale.while_in.ill": "gp_ill"}, '"gp_ill" has the unit "visits per year"'),
        ({"scores.scale.while_in.ill": "score_il"}, 'there is no parameter "score_il"'),
    ],
)
def test_a_score_that_the_states_do_not_have_is_refused(tmp_path: Path, edits: dict[str, Any], message: str) -> None:
    with pytest.raises(cm.InputError) as refused:
        calibrate(calibration(tmp_path, model=SCORES | edits), rows=2)
    assert message in str(refused.value), refused.value


def test_a_target_asks_for_a_mean_score_its_spread_and_a_difference(tmp_path: Path) -> None:
    rows = {
        "mean": {"outcome": "mean score"},
        "spread": {"outcome": "spread of score"},
        "start": {"outcome": "mean score", "time": "0 months"},
        "low": {"outcome": "mean score", "score": "low", "unit": "share"},
        "gain": {"outcome": "mean score", "strategy": "therapy", "against": "usual_care"},
        "unknown": {"outcome": "mean score", "score": "scal"},
    }
    found = _asked(tmp_path, rows)
    assert 'no score "scal"' in found.pop("unknown").remark
    value = {name: one.figure.value for name, one in found.items() if one.figure}
    mean, spread, low = by_hand(share_well(0.35, 0.2, 2))
    treated, *_ = by_hand(share_well(0.35 * 1.6, 0.2, 2))
    wanted = {"mean": mean, "spread": spread, "start": ILL, "low": low, "gain": treated - mean}
    assert value == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"outcome": "mean score", "score": "low"}, '"low" is in share, and the target in points'),
        ({"outcome": "mean score", "unit": "share"}, '"scale" is in points, and the target in share'),
        ({"outcome": "spread of score", "unit": "share"}, '"scale" is in points, and the target in share'),
        ({"outcome": "spread of score", "score": "low", "unit": "share"}, "a cut-off, which has no spread"),
    ],
)
def test_C24_a_target_in_another_unit_than_its_score_is_not_asked(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    one = _asked(tmp_path, {"one": row})["one"]
    assert message in one.remark
    assert one.figure is None


def _asked(folder: Path, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What becomes of targets of the example with scores."""
    (folder / "example").mkdir()
    rates = {f"parameters.{name}": _rate(name, value) for name, value in RATES.items()}
    calibration(folder / "example", model=SCORES | rates)
    row = {"label": "A row", "role": "context", "why": "To see", "population": "example", "unit": "points"} | ASSUMED
    asked = {"strategy": "usual_care", "time": "24 months", "score": "scale", "observed": 1.0}
    sources = {"X001": {"citation": "Nobody", "where": "nowhere", "figure": "1", "status": "assumption"}}
    (folder / "sources.yaml").write_text(json.dumps({"sources": sources}), "utf-8")
    content = {
        "format": 1,
        "sources": ["sources.yaml"],
        "rows": {name: row | asked | own for name, own in rows.items()},
    }
    (folder / "validation.yaml").write_text(json.dumps(content), "utf-8")
    return {one.name: one for one in cm.validate(folder, draws=2).rows}


RATES = {"recover": 0.35, "relapse": 0.2, "hr_recover": 1.6}


def _rate(name: str, value: float) -> dict[str, Any]:
    return {"label": name, "unit": "hazard ratio" if "hr" in name else "per year", "value": value} | ASSUMED
