"""Calibration finds known rates, repeats itself, and says what it does not know."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

import costmodel as cm
from costmodel.analysis.calibration import Fit, calibrate, write
from costmodel.analysis.calibration.posterior import density_of
from costmodel.analysis.calibration.problem import load_problem
from costmodel.scenario.joint import read_posterior
from tests.support.calibrated import (
    ASSUMED,
    PRIORS,
    TRUTH,
    calibration,
    fit,
    observation,
    share_well,
    true_observations,
)
from tests.support.example import number

NOISY = {
    "a": observation("usual_care", 6, 0.19, 90), "b": observation("therapy", 6, 0.22, 95),
    "c": observation("usual_care", 24, 0.37, 90), "d": observation("therapy", 24, 0.58, 95),
}  # fmt: skip
DESIGN_EFFECT = 3
USUAL = {"early": observation("usual_care", 6, 0.15, 900), "late": observation("usual_care", 24, 0.37, 900)}
WITHOUT_EFFECT = {"parameters.one": number("hazard ratio", 1)}


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    (found,) = calibrate(calibration(tmp_path_factory.mktemp("noisy"), NOISY))
    return found


def learned(found: Fit, name: str) -> Any:
    return next(one for one in found.learned if one.name == name)


def test_known_rates_are_recovered_from_proportions_worked_out_by_hand(tmp_path: Path) -> None:
    (found,) = calibrate(calibration(tmp_path, true_observations(300_000)))
    assert found.best == pytest.approx(TRUTH, rel=2e-3)
    assert found.largest_miss < 0.01
    assert found.effective_size > 1_000
    for name, value in TRUTH.items():
        low, _, high = learned(found, name).posterior
        assert low < value < high < low * 1.15


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
    density = density_of(problem, problem.file.fits["rates"])
    assert density.scenario.model.cycle == "6 months"
    shares = density.predicted(np.array([[TRUTH[name]] for name in density.priors]))[:, 0]
    assert shares == pytest.approx([one.share for one in problem.file.observations.values()], abs=1e-12)


def log_likelihood(recover: Any, relapse: Any, ratio: Any = 1.0) -> Any:
    """Of NOISY, from the closed form."""
    total: Any = 0.0
    for one in NOISY.values():
        rate = recover * (ratio if one["strategy"] == "therapy" else 1.0)
        years = 0.5 if one["time"] == "6 months" else 2.0
        p = rate / (rate + relapse) * (1 - np.exp(-(rate + relapse) * years))
        size = one["n"] / DESIGN_EFFECT
        total = total + size * (one["share"] * np.log(p) + (1 - one["share"]) * np.log(1 - p))
    return total


def test_the_most_plausible_point_is_that_of_another_search_in_another_form(noisy: Fit) -> None:
    """Nelder and Mead on the closed form, with priors of scipy and not of this program."""

    def lost(score: np.ndarray) -> float:
        recover, relapse = stats.expon.ppf(stats.norm.cdf(score[:2]), scale=0.4)
        ratio = np.exp(score[2] * np.log(5) / 1.959964)
        return -float(log_likelihood(recover, relapse, ratio) - score @ score / 2)

    other = minimize(lost, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12, "maxiter": 4_000})
    recover, relapse = stats.expon.ppf(stats.norm.cdf(other.x[:2]), scale=0.4)
    assert noisy.best["recover"] == pytest.approx(recover, rel=1e-4)
    assert noisy.best["relapse"] == pytest.approx(relapse, rel=1e-4)
    assert noisy.agreeing == noisy.searches


def test_the_posterior_is_that_of_integration_on_a_grid(tmp_path: Path) -> None:
    """Two rates in their own units, with the priors' densities of scipy: means, deviations and the evidence."""
    fits = {"rates": fit("recover", "relapse", held={"hr_recover": "one"})}
    (found,) = calibrate(calibration(tmp_path, NOISY, fits, WITHOUT_EFFECT), rows=4_000)
    grid = np.linspace(0.002, 4, 1_500)
    recover, relapse = np.meshgrid(grid, grid, indexing="ij")
    likelihood = np.exp(log_likelihood(recover, relapse) + 150)
    density = likelihood * stats.expon.pdf(recover, scale=0.4) * stats.expon.pdf(relapse, scale=0.4)
    step = (grid[1] - grid[0]) ** 2
    assert found.log_evidence == pytest.approx(np.log(density.sum() * step) - 150, abs=0.03)
    rows = found.values[1:]
    for column, values in enumerate((recover, relapse)):
        mean = (values * density).sum() / density.sum()
        deviation = np.sqrt((values**2 * density).sum() / density.sum() - mean**2)
        assert rows[:, column].mean() == pytest.approx(mean, abs=0.06 * deviation)
        assert rows[:, column].std() == pytest.approx(deviation, rel=0.06)


def start_alone(folder: Path, observations: dict[str, Any], effect: float = DESIGN_EFFECT) -> Path:
    """People who stay where they start; the share who start well is fitted, with a beta(2, 6) prior."""
    prior = {"distribution": "beta", "counts": [2, 8]} | ASSUMED
    fits = {"rates": fit() | {"free": {"well_at_start": {"prior": prior}}}}
    model = {
        **{f"parameters.{name}": number("per year", 0) for name in ("recover", "relapse")},
        "parameters.hr_recover": number("hazard ratio", 1),
        "parameters.design_effect": number("multiplier", effect),
        "parameters.well_at_start": {"label": "Well", "unit": "share", "joint": "posteriors/rates.csv"},
        "parameters.ill_at_start": {"label": "Ill", "unit": "share", "complement_of": "well_at_start"},
        "cohort.start": {"well": "well_at_start", "ill": "ill_at_start"},
    }
    return calibration(folder, observations, fits, model)


def test_a_share_with_a_beta_prior_has_a_beta_posterior(tmp_path: Path) -> None:
    (found,) = calibrate(start_alone(tmp_path, {"seen": observation("usual_care", 6, 0.4, 60)}), rows=4_000)
    exact = stats.beta(2 + 20 * 0.4, 6 + 20 * 0.6)
    assert learned(found, "well_at_start").posterior == pytest.approx(exact.ppf([0.025, 0.5, 0.975]), abs=0.005)
    assert learned(found, "well_at_start").prior == pytest.approx(stats.beta(2, 6).ppf([0.025, 0.5, 0.975]))
    assert found.values[1:, 0].mean() == pytest.approx(exact.mean(), abs=0.005)
    assert found.values[1:, 0].std() == pytest.approx(exact.std(), rel=0.05)
    assert found.rows[0].left_out is None


def test_an_observation_is_predicted_from_the_others_with_its_own_sampling_error(tmp_path: Path) -> None:
    """The closed form is beta-binomial: the others, thinned by the design effect, and the n of the one left out."""
    seen = {"first": observation("usual_care", 6, 0.4, 60), "second": observation("usual_care", 24, 0.9, 45)}
    (found,) = calibrate(start_alone(tmp_path, seen))
    left_out = found.rows[1].left_out
    exact = stats.betabinom(45, 2 + 20 * 0.4, 6 + 20 * 0.6)
    assert left_out is not None
    assert left_out.mean == pytest.approx(exact.mean() / 45, abs=0.005)
    assert [left_out.low * 45, left_out.high * 45] == pytest.approx(exact.ppf([0.025, 0.975]), abs=1)
    assert not left_out.inside
    assert found.predicted_inside[1] == 2


def test_the_posterior_without_an_observation_that_decides_is_sampled_anew(tmp_path: Path) -> None:
    seen = {"one": observation("usual_care", 6, 0.2, 4_000), "two": observation("usual_care", 24, 0.7, 40_000)}
    (found,) = calibrate(start_alone(tmp_path, seen, effect=1))
    left_out = found.rows[1].left_out
    assert left_out is not None
    assert left_out.resampled
    assert left_out.effective_size > 1_000
    exact = stats.beta(2 + 800, 6 + 3_200)
    assert left_out.mean == pytest.approx(exact.mean(), abs=0.005)
    assert [left_out.low, left_out.high] == pytest.approx(exact.ppf([0.025, 0.975]), abs=0.005)


def test_rows_repeat_with_the_seed_and_the_most_plausible_one_does_not_depend_on_it(tmp_path: Path) -> None:
    path = calibration(tmp_path, NOISY)
    first, again, other = (calibrate(path, rows=50, seed=seed)[0].values for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1:], other[1:])


def test_rows_are_worth_less_than_their_number_and_less_than_the_draws_behind_them(noisy: Fit) -> None:
    assert noisy.effective_size > 4_000
    assert 1_000 < noisy.effective_rows < min(len(noisy.values), noisy.effective_size)


def test_a_larger_design_effect_widens_the_posterior(tmp_path: Path) -> None:
    width = {}
    for effect in (1, 4):
        path = calibration(tmp_path, true_observations(30_000), model={"parameters.design_effect.value": effect})
        (found,) = calibrate(path, rows=2)
        width[effect] = [one.width for one in found.learned]
    assert np.divide(width[4], width[1]) == pytest.approx([2, 2, 2], rel=0.1)


def test_a_held_parameter_stands_at_the_value_of_another_in_every_row(tmp_path: Path) -> None:
    fits = {"rates": fit("recover", "hr_recover", held={"relapse": "held"})}
    (found,) = calibrate(calibration(tmp_path, true_observations(300_000), fits), rows=4)
    assert found.parameters == ("recover", "hr_recover", "relapse")
    assert found.held == {"relapse": 0.2}
    assert np.all(found.values[:, 2] == 0.2)
    assert found.best == pytest.approx(TRUTH, rel=2e-3)


def test_what_the_data_do_not_determine_keeps_its_prior_and_is_said(tmp_path: Path) -> None:
    """Usual care alone is observed, three times and early: nothing is learned about the therapy's effect."""
    early = {f"at_{m}": observation("usual_care", m, share_well(0.35, 0.2, m / 12), n=67) for m in (5, 6, 7)}
    (found,) = calibrate(calibration(tmp_path, early), rows=2)
    ratio = learned(found, "hr_recover")
    assert ratio.width == pytest.approx(1, abs=0.03)
    assert ratio.posterior == pytest.approx([0.2, 1, 5], rel=0.1)
    assert learned(found, "recover").width < 0.7
    assert any(said.startswith("hr_recover is not identified") for said in found.warnings)
    assert not any(said.startswith("recover is not") for said in found.warnings)


def test_quantities_that_are_known_only_together_are_said(tmp_path: Path) -> None:
    """Only their product plays a part."""
    wide = {"distribution": "lognormal", "quantiles": [[0.5, 0.6], [0.975, 3]]} | ASSUMED
    fits = {"rates": fit() | {"free": {"first": {"prior": wide}, "second": {"prior": wide}}}}
    joint = {"label": "A factor", "joint": "posteriors/rates.csv"}
    model = WITHOUT_EFFECT | {
        "parameters.first": joint | {"unit": "per year"},
        "parameters.second": joint | {"unit": "multiplier"},
        "parameters.recover": {"label": "Recovery", "unit": "per year", "product_of": ["first", "second"]},
        "parameters.relapse": number("per year", 0.2),
        "parameters.hr_recover": number("hazard ratio", 1),
    }
    seen = {name: observation(name, 24, 0.4, 1_500) for name in ("usual_care", "therapy")}
    (found,) = calibrate(calibration(tmp_path, seen, fits, model), rows=2)
    ((first, second, correlation),) = found.ties
    assert (first, second) == ("first", "second")
    assert correlation < -0.98
    assert any("known only together" in said for said in found.warnings)


def test_data_that_contradict_a_prior_are_said(tmp_path: Path) -> None:
    narrow = PRIORS["recover"] | {"value": 0.1, "cv": 0.35}
    fits = {"rates": fit("recover", held={"relapse": "held", "hr_recover": "one"})}
    fits["rates"]["free"]["recover"]["prior"] = narrow
    (found,) = calibrate(calibration(tmp_path, USUAL, fits, WITHOUT_EFFECT), rows=2)
    assert any("above its prior" in said for said in found.warnings)


def test_a_target_that_no_value_of_the_priors_reaches_is_refused_with_the_best_achievable(tmp_path: Path) -> None:
    """At most one in a year recovers and nobody relapses: 39.3% by month 6 (1 − exp(−½))."""
    bounded = {"distribution": "uniform", "range": [0, 1]} | ASSUMED
    fits = {"rates": fit() | {"free": {name: {"prior": bounded} for name in ("recover", "relapse")}}}
    fits["rates"]["held"] = {"hr_recover": "one"}
    seen = {"far": observation("usual_care", 6, 0.8, 60), "near": observation("usual_care", 24, 0.4, 60)}
    with pytest.raises(cm.InputError) as refused:
        calibrate(calibration(tmp_path, seen, fits, WITHOUT_EFFECT))
    (problem,) = refused.value.problems
    assert problem.found == "far: 80.0% cannot be reached by the fit rates: the best achievable is 39.3%"
    assert problem.place.startswith("calibration.yaml, line ")


def test_targets_that_cannot_be_reached_together_are_said_with_the_best_achievable(tmp_path: Path) -> None:
    """Nobody in one group and everybody in the other, who have the same rates: half is the best for both."""
    both = {"none": observation("usual_care", 24, 0.0, 60), "all": observation("therapy", 24, 1.0, 60)}
    fits = {"rates": fit("recover", held={"relapse": "held", "hr_recover": "one"})}
    (found,) = calibrate(calibration(tmp_path, both, fits, WITHOUT_EFFECT), rows=2)
    assert [row.apart for row in found.rows] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert sum("the best achievable is 50.0%" in said for said in found.warnings) == 2


def test_observations_that_a_fit_does_not_see_are_shown_and_do_not_count(tmp_path: Path) -> None:
    seen = ["usual_care_6", "usual_care_24", "therapy_24"]
    fits = {"rates": fit("recover", "hr_recover", held={"relapse": "held"}, observations=seen)}
    changed = {"observations.therapy_6.share": 0.9}
    (found,) = calibrate(calibration(tmp_path, true_observations(300_000), fits, edits=changed), rows=2)
    unseen = [row for row in found.rows if not row.used]
    assert {row.name for row in unseen} == {"usual_care_12", "therapy_12", "therapy_6"}
    assert {(row.left_out, row.apart) for row in unseen} == {(None, None)}
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


def test_progress_counts_the_steps(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    calibrate(calibration(tmp_path, NOISY), rows=3, progress=lambda *one: said.append(one))
    assert said == [("rates", step, 7) for step in range(1, 8)]
