"""A broken calibration file gets every error at once, each with its line; nothing is fitted."""

from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.analysis.calibration import calibrate
from costmodel.analysis.calibration.problem import load_problem
from tests.model.test_strata import strata
from tests.support.calibrated import ASSUMED, PRIORS, REMOVED, SCORES, calibration, observation, true_observations

BELIEVED = {"prior": dict(PRIORS["recover"])}
PRIOR = "fits.rates.free.recover.prior"


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"fits.rates.observations": ["usual_care_7"]}, 'no observation "usual_care_7". Did you mean'),
        ({"fits.rates.observations": ["therapy_6", "therapy_6"]}, "therapy_6 stands twice"),
        ({"fits.rates.observations": "some"}, "wanted: all, or a list"),
        ({"fits.rates.free": {f"r{i}": BELIEVED for i in range(7)}}, "At most 6"),
        ({"fits.rates.free.gp_ill": BELIEVED}, '"gp_ill" is not a joint parameter of the scenario'),
        ({"fits.rates.free.recovr": BELIEVED}, 'there is no parameter "recovr". Did you mean "recover"'),
        ({"fits.rates.free.recover": {"start": 1, "low": 0, "high": 2}}, "in the place of start, low, high"),
        ({"fits.rates.free.recover": {}}, "it has no prior; write prior:"),
        ({f"{PRIOR}.distribution": "hurdle"}, "a hurdle distribution cannot be a prior"),
        ({f"{PRIOR}.cv": REMOVED}, "needs exactly one of se, cv"),
        ({f"{PRIOR}.value": 60}, "the prior of recover: "),
        ({PRIOR: {"distribution": "uniform", "range": [-1, 1]} | ASSUMED}, "the prior of recover: an end"),
        ({f"{PRIOR}.source": "X002"}, 'there is no source "X002"'),
        ({f"{PRIOR}.source": REMOVED}, 'the key "source" is missing'),
        ({f"{PRIOR}.status": "read"}, 'the status is "read" and its source X001 is "assumption"'),
        ({"fits.rates.free.recover": REMOVED}, 'the joint parameter "recover" is neither free nor held'),
        ({"fits.rates.held": {"recover": "held"}}, "recover cannot be both free and held"),
        ({"fits.rates.alternative": "faster"}, 'there is no alternative "faster"'),
        ({"fits.rates.output": "rates.txt"}, "is not a CSV file"),
        ({"fits.rates.output": "/etc/rates.csv"}, "leads out of this folder"),
        ({"fits.rates.output": "../rates.csv"}, "leads out of this folder"),
        ({"observations.therapy_6.states": ["well", "well"]}, '"well" stands twice'),
        ({"observations.therapy_6.share": 1.3}, "less than or equal to 1"),
        ({"observations.therapy_6.share": "30%"}, "so 0.3 for 30%"),
        ({"observations.therapy_6.n": 0}, "greater than or equal to 1"),
        ({"observations.therapy_6.states": ["wel"]}, 'there is no state "wel". Did you mean "well"'),
        ({"observations.therapy_6.strategy": "terapy"}, 'there is no strategy "terapy"'),
        ({"observations.therapy_6.time": "9 years"}, "outside the model's time"),
        ({"observations.therapy_6.source": "X002"}, 'there is no source "X002"'),
        ({"observations.therapy_6.status": "read"}, 'its source X001 is "assumption"'),
        ({"observations.therapy_6.tme": "1 year"}, 'unknown key "tme"'),
        ({"design_effect": "design_efect"}, 'there is no parameter "design_efect"'),
        ({"design_effect": 0}, "the design effect is 0"),
        ({"scenario": "mode.yaml"}, 'the file "mode.yaml" does not exist'),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path: Path, edits: dict[str, Any], message: str) -> None:
    path = calibration(tmp_path, edits=edits)
    with pytest.raises(cm.InputError) as refused:
        calibrate(path, rows=2)
    assert message in str(refused.value), refused.value
    assert all(one.place.startswith("calibration.yaml, line ") for one in refused.value.problems)


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    edits = {
        "observations.therapy_6.states": ["wel"],
        "observations.therapy_12.source": "X9",
        "fits.rates.free.gp_ill": BELIEVED,
        "design_effect": "nothing",
    }
    with pytest.raises(cm.InputError) as refused:
        calibrate(calibration(tmp_path, edits=edits), rows=2)
    assert len(refused.value.problems) >= 4


def test_a_time_between_cycles_is_refused_where_the_cycle_cannot_follow(tmp_path: Path) -> None:
    edits = {"observations.therapy_6.time": "6.5 months"}
    with pytest.raises(cm.InputError, match="not a whole number of cycles"):
        calibrate(calibration(tmp_path, edits=edits), rows=2)


def test_E18_more_free_parameters_than_targets_that_were_read_are_refused(tmp_path: Path) -> None:
    """Three free rates: two targets are too few, and three of which one is recalled or assumed are unless the fit says
    why.
    """
    read = {f"observations.{name}.status": "derived" for name in true_observations()}
    unsaid: dict[str, Any] = read | {"fits.rates.on_recalled": REMOVED}
    two = unsaid | {"fits.rates.observations": ["usual_care_6", "therapy_6"]}
    with pytest.raises(cm.InputError, match=r"more free parameters \(3\) than targets that were read \(2\)"):
        calibrate(calibration(tmp_path, edits=two), rows=2)
    three = {"fits.rates.observations": ["usual_care_6", "therapy_6", "therapy_12"]}
    recalled = {"observations.therapy_12.status": "recalled"}
    for weaker in (recalled, {"observations.therapy_12.status": "assumption"}):
        with pytest.raises(cm.InputError, match=r"than targets that were read \(2\)"):
            calibrate(calibration(tmp_path, edits=unsaid | three | weaker), rows=2)
    why = {"fits.rates.on_recalled": "Looked for again and not found"}
    path = calibration(tmp_path, edits=three | recalled | why)
    sources = tmp_path / "settings" / "sources.yaml"
    sources.write_text(sources.read_text("utf-8").replace('"assumption"', '"recalled"'), "utf-8")
    assert load_problem(path).file.fits["rates"].on_recalled
    with pytest.raises(cm.InputError, match=r"than targets \(2\)"):
        calibrate(calibration(tmp_path, edits=two | why), rows=2)


@pytest.mark.parametrize(
    ("one", "again"),
    [
        ({"states": ["well"], "share": 0.3}, {"states": ["well"], "share": 0.31, "n": 40}),
        ({"states": ["well", "ill"], "share": 0.9}, {"states": ["ill", "well"], "share": 0.9}),
        ({"score": "scale", "sd": 4.0}, {"score": "scale", "sd": 4.1}),
        ({"score": "scale", "mean": 9.0, "sd": 4.0}, {"score": "scale", "mean": 9.0, "sd": 5.0}),
    ],
)
def test_E20_one_figure_under_two_names_is_refused(tmp_path: Path, one: dict[str, Any], again: dict[str, Any]) -> None:
    """A mean and a standard deviation of the same people are two figures."""
    kept = {key: value for key, value in observation("therapy", 18, 0.3).items() if key not in ("states", "share")}
    seen = true_observations() | {"one": kept | one, "again": kept | again}
    with pytest.raises(cm.InputError, match='"one" and "again" are one figure: .* at 18 months'):
        load_problem(calibration(tmp_path, observations=seen, model=SCORES))
    apart = seen | {"again": kept | {"score": "scale", "mean": 9.0, "sd": 4.0}}
    if "mean" not in one:
        load_problem(calibration(tmp_path, observations=apart, model=SCORES))


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        ({"score": "scale", "mean": 9.0, "sd": 4.0, "states": ["well"]}, "either states or a score"),
        ({"share": 0.3}, "either states or a score"),
        ({"score": "scale", "mean": 9.0}, "give a share; of a score also its mean and sd"),
        ({"states": ["well"], "sd": 3.0}, "give a share; of a score also its mean and sd"),
        ({"score": "scale", "share": 0.3, "sd": 4.0}, "either a share, or a mean and sd of a score"),
        ({"score": "scale", "share": 0.3}, '"scale" is in points. Wanted of what was observed: share.'),
        ({"score": "low", "mean": 9.0, "sd": 4.0}, '"low" is in share. Wanted of what was observed: points.'),
        ({"score": "scal", "mean": 9.0, "sd": 4.0}, 'there is no score "scal". Did you mean "scale"'),
        ({"score": "fitted", "mean": 9.0, "sd": 4.0}, '"fitted" rests on "rests", which has no value of its own'),
    ],
)
def test_E19_a_score_that_was_not_observed_so_is_refused(
    tmp_path: Path, observed: dict[str, Any], message: str
) -> None:
    seen = {key: value for key, value in observation("therapy", 6, 0.3).items() if key not in ("states", "share")}
    path = calibration(tmp_path, observations=true_observations() | {"one": seen | observed}, model=SCORES)
    with pytest.raises(cm.InputError) as refused:
        calibrate(path, rows=2)
    assert message in str(refused.value), refused.value


@pytest.mark.parametrize("given", [{"rows": 0}, {"rows": 1}, {"rows": 2.5}, {"seed": -1}, {"fits": ["rate"]}])
def test_an_impossible_request_is_refused(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError):
        calibrate(calibration(tmp_path), **({"rows": 2} | given))


def test_faults_of_the_scenario_itself_are_reported(tmp_path: Path) -> None:
    path = calibration(tmp_path, model={"utilities": {"ill": "utility_ill"}})
    with pytest.raises(cm.InputError, match='the utility of "well" is missing'):
        calibrate(path, rows=2)


def test_priors_that_the_model_mostly_refuses_are_refused(tmp_path: Path) -> None:
    """A rate and a ratio, each possible, whose product empties a state in days."""
    fast = {"distribution": "uniform", "range": [20, 50]} | ASSUMED
    edits = {PRIOR: fast, "fits.rates.free.hr_recover.prior.ci95": REMOVED, "fits.rates.free.hr_recover.prior.cv": 2.0}
    with pytest.raises(cm.InputError, match="the model refuses [0-9]+% of what the priors allow"):
        calibrate(calibration(tmp_path, edits=edits), rows=2)


def test_strata_beside_alternatives_are_not_fitted(tmp_path: Path) -> None:
    both = strata(change={"utilities.ill": "utility_well"}) | {"alternatives": {"one": {"label": "One", "weight": 1}}}
    with pytest.raises(cm.InputError, match="the scenario has strata beside alternatives"):
        calibrate(calibration(tmp_path, model=both), rows=2)
