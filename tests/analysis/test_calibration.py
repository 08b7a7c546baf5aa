"""Calibration finds known rates, repeats itself, and says what it does not know."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

import costmodel as cm
from costmodel.analysis.calibration import calibrate, write
from costmodel.analysis.calibration.calibrate import prediction
from costmodel.analysis.calibration.fit import limits, resampled
from costmodel.analysis.calibration.likelihood import gradient, log_likelihood
from costmodel.analysis.calibration.problem import load_problem
from costmodel.inputs.posterior import read_posterior
from tests.support.calibrated import TRUTH, calibration, fit, observation, share_well, true_observations
from tests.support.example import number

NOISY = {
    "a": observation("usual_care", 6, 0.19, 90), "b": observation("therapy", 6, 0.22, 95),
    "c": observation("usual_care", 24, 0.37, 90), "d": observation("therapy", 24, 0.58, 95),
}  # fmt: skip


def test_known_rates_are_recovered_from_proportions_worked_out_by_hand(tmp_path: Path) -> None:
    (found,) = calibrate(calibration(tmp_path), rows=1)
    assert found.best == pytest.approx(TRUTH, rel=1e-5)
    assert found.largest_miss < 1e-4
    assert found.log_likelihood == pytest.approx(found.saturated, abs=1e-9)
    assert (found.at_bound, found.known, found.poorly_known) == ({}, 3, ())


def test_a_fit_does_not_need_the_posterior_that_it_makes(tmp_path: Path) -> None:
    path = calibration(tmp_path)
    with pytest.raises(cm.InputError, match=r'"rates.csv" does not exist'):
        cm.load(tmp_path / "model.yaml")
    found = calibrate(path, rows=3)
    assert not (tmp_path / "posteriors").exists()
    write(found)
    assert cm.load(tmp_path / "model.yaml").central["recover"] == found[0].best["recover"]


def test_the_prediction_is_the_closed_form_whatever_the_cycle(tmp_path: Path) -> None:
    problem = load_problem(calibration(tmp_path))
    block, observations = problem.file.fits["rates"], problem.file.observations
    seen = list(observations.values())
    task = prediction(problem.scenario, problem.structure(block), seen, list(TRUTH), {})
    assert task.scenario.model.cycle == "6 months"
    shares = task.shares(np.array([[value] for value in TRUTH.values()]))[:, 0]
    assert shares == pytest.approx([one.share for one in seen], abs=1e-12)


def test_the_fit_is_as_likely_as_that_of_scipy(tmp_path: Path) -> None:
    path = calibration(tmp_path, NOISY)
    (found,) = calibrate(path, rows=1)
    problem = load_problem(path)
    block, seen = problem.file.fits["rates"], list(problem.file.observations.values())
    predicted = prediction(problem.scenario, problem.structure(block), seen, list(block.free), {})
    start, low, high = limits(block.free)
    observed, sizes = np.array([[one.share] for one in seen]), np.array([one.n / 3 for one in seen])

    def lost(point: np.ndarray) -> tuple[float, np.ndarray]:
        shares, slopes = predicted.shares_and_slopes(point[:, None], low, high)
        height = log_likelihood(shares, observed, sizes)[0]
        return -float(height), -gradient(shares, slopes, observed, sizes)[:, 0]

    bounds = list(zip(low, high, strict=True))
    other = minimize(lost, start, jac=True, method="SLSQP", bounds=bounds, options={"ftol": 1e-13, "maxiter": 500})
    assert found.log_likelihood >= -other.fun - 1e-9
    assert list(found.best.values()) == pytest.approx(other.x, rel=1e-3)


def test_rows_repeat_with_the_seed_and_more_rows_extend_them(tmp_path: Path) -> None:
    path = calibration(tmp_path, NOISY)
    first, again, more, other = (
        calibrate(path, rows=rows, seed=seed)[0].values for rows, seed in ((6, 1), (6, 1), (9, 1), (6, 2))
    )
    assert np.array_equal(first, again)
    assert np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1:], other[1:])
    assert more[:6] == pytest.approx(first, rel=1e-6)


def test_samples_are_binomial_about_the_fitted_shares() -> None:
    sizes, shares = np.array([22.3, 20.7]), np.array([0.3, 0.05])
    samples = resampled(shares, sizes, ["a", "b"], 20_000, 1, "fit")
    assert np.allclose(samples[0] * 22, np.round(samples[0] * 22))
    assert samples.mean(axis=1) == pytest.approx(shares, abs=0.003)
    assert samples.var(axis=1) == pytest.approx(shares * (1 - shares) / [22, 21], rel=0.05)


def test_refits_scatter_about_the_fitted_share_and_not_about_the_observed_ones(tmp_path: Path) -> None:
    """Nobody in one sample and everybody in another of the same group: samples of these would never vary."""
    both = {name: observation("usual_care", 24, share, 60) for name, share in (("none", 0.0), ("all", 1.0))}
    fits = {"rates": fit("recover", held={"relapse": "held", "hr_recover": "one"})}
    path = calibration(tmp_path, both, fits, {"parameters.one": number("hazard ratio", 1)})
    (found,) = calibrate(path, rows=40)
    assert [row.fitted for row in found.rows] == pytest.approx([0.5, 0.5])
    shares = [share_well(rate, 0.2, 2) for rate in found.values[1:, 0]]
    assert np.std(shares) == pytest.approx((0.25 / 40) ** 0.5, rel=0.3)


def test_a_larger_design_effect_widens_the_rows_and_leaves_the_best_fit(tmp_path: Path) -> None:
    found = {}
    for effect in (1, 9):
        path = calibration(tmp_path, model={"parameters.design_effect.value": effect})
        (found[effect],) = calibrate(path, rows=60)
    assert found[1].best == pytest.approx(found[9].best, rel=1e-4)
    ratio = found[9].values.std(axis=0) / found[1].values.std(axis=0)
    assert ratio == pytest.approx([3, 3, 3], rel=0.35)


def test_a_held_parameter_stands_at_the_value_of_another_in_every_row(tmp_path: Path) -> None:
    fits = {"rates": fit("recover", "hr_recover", held={"relapse": "held"})}
    (found,) = calibrate(calibration(tmp_path, fits=fits), rows=4)
    assert found.parameters == ("recover", "hr_recover", "relapse")
    assert found.held == {"relapse": 0.2}
    assert np.all(found.values[:, 2] == 0.2)
    assert found.best == pytest.approx(TRUTH, rel=1e-5)


def test_a_rate_that_nothing_needs_stands_at_its_bound_and_is_reported(tmp_path: Path) -> None:
    nobody = {name: one | {"share": 0.0} for name, one in true_observations().items() if "therapy" in name}
    somebody = {name: one for name, one in true_observations().items() if "usual" in name}
    (found,) = calibrate(calibration(tmp_path, somebody | nobody), rows=21)
    assert found.best["hr_recover"] == 0.1
    assert found.at_bound == {"hr_recover": "low"}
    low, high = found.rows_at_bound["hr_recover"]
    assert low > 0.2
    assert high == 0


def test_what_the_data_do_not_determine_is_said(tmp_path: Path) -> None:
    """Usual care is observed once and early: recovery is known, relapse and the therapy's effect are not."""
    once = {"early": observation("usual_care", 6, share_well(0.35, 0.2, 0.5), n=200)}
    (found,) = calibrate(calibration(tmp_path, once), rows=1)
    assert found.known == 1
    assert found.poorly_known == ("relapse", "hr_recover")
    assert found.largest_miss < 0.01


def test_observations_that_a_fit_does_not_see_are_shown_and_do_not_count(tmp_path: Path) -> None:
    fits = {"rates": fit(observations=["usual_care_6", "usual_care_24", "therapy_24"])}
    changed = {"observations.therapy_6.share": 0.9}
    (found,) = calibrate(calibration(tmp_path, fits=fits, edits=changed), rows=1)
    assert {row.name for row in found.rows if not row.used} == {"usual_care_12", "therapy_12", "therapy_6"}
    assert max(abs(row.miss) for row in found.rows) > 50
    assert found.largest_miss < 0.01


def test_the_posterior_is_written_with_its_columns_best_first_and_reads_back(tmp_path: Path) -> None:
    path = calibration(tmp_path, NOISY, model={"parameters.recover.column": "get_well"})
    found = calibrate(path, rows=4)
    (written,) = write(found)
    posterior = read_posterior(written)
    assert (list(posterior.columns), posterior.best) == (["get_well", "relapse", "hr_recover"], 0)
    assert np.array_equal(np.stack(list(posterior.columns.values()), axis=1), found[0].values)
    assert [one.name for one in written.parent.iterdir()] == ["rates.csv"]


def test_an_interrupted_write_leaves_the_old_posterior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = calibrate(calibration(tmp_path, NOISY), rows=2)
    (written,) = write(found)
    before = written.read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(calibrate(tmp_path / "calibration.yaml", rows=3))
    assert written.read_bytes() == before
    assert [one.name for one in written.parent.iterdir()] == ["rates.csv"]


def test_progress_counts_the_rows(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    calibrate(calibration(tmp_path, NOISY), rows=3, progress=lambda *one: said.append(one))
    assert said == [("rates", 1, 3), ("rates", 3, 3)]
