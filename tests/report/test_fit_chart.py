"""The chart of a fit draws the numbers of the fit, and its page needs no network."""

from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from costmodel.analysis.calibration import Fit, calibrate
from costmodel.analysis.calibration.page import figure, page_of, sampling_interval
from costmodel.report import render
from tests.support.calibrated import calibration, fit, true_observations


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    seen = ["usual_care_6", "usual_care_24", "therapy_24"]
    fits = {"rates": fit(label="Rates & <more>", observations=seen)}
    (one,) = calibrate(calibration(tmp_path_factory.mktemp("fit"), true_observations(90), fits), rows=3)
    return one


def test_each_observation_has_its_bands_and_its_point(found: Fit) -> None:
    before, after, others, points = figure(found).figure.data
    assert [(x, y) for x, y in zip(after.x[::3], after.x[1::3], strict=True)] == [
        (row.posterior[0], row.posterior[-1]) for row in found.rows
    ]
    assert list(before.x[::3]) == [row.prior[0] for row in found.rows]
    assert list(others.x[::3]) == [row.left_out.low for row in found.rows if row.left_out]
    assert list(points.x) == [row.observed for row in found.rows]
    assert list(points.marker.symbol).count("circle-open") == 3


def test_its_table_has_the_same_numbers_and_its_title_the_count(found: Fit) -> None:
    chart = figure(found)
    rows = page_of("this", [found]).rows
    assert list(rows["fitted"]) == [row.fitted for row in found.rows]
    inside, asked = found.predicted_inside
    assert chart.title.endswith(f"{inside} of {asked} observations lie where the others predict them")


def test_what_is_recalled_is_to_be_checked(found: Fit) -> None:
    recalled = replace(found, rows=tuple(replace(row, status="recalled") for row in found.rows))
    said, unsaid = (
        " ".join(figure(one).figure.layout.yaxis.ticktext).replace("<br>", " ") for one in (recalled, found)
    )
    assert said.count("(to be checked)") == len(found.rows)
    assert "checked" not in unsaid


def test_the_sampling_error_is_jeffreys_and_holds_the_share() -> None:
    assert sampling_interval(0.3, 50) == pytest.approx(stats.beta(15.5, 35.5).ppf([0.025, 0.975]))
    assert sampling_interval(0.0, 50)[0] == 0
    assert sampling_interval(1.0, 50)[1] == 1


def test_the_page_is_whole_and_loads_nothing(found: Fit, tmp_path: Path) -> None:
    written = render.html(page_of("<this>", [found, found]))
    assert "&lt;this&gt;" in written
    assert "<more>" not in written.split("<body>")[1].split("plotly")[0]
    assert "<script src=" not in written
    assert written.count('id="figure-1"') == 1
    for warning in found.warnings:
        assert warning.split(" (")[0] in written
