"""Draws of a synthesis: they are the posterior, everything in a row belongs together, and scenarios say whence."""

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.inputs.draws import sobol
from costmodel.model.draws import drawn_values
from costmodel.report import answer, render
from costmodel.scenario.joint import ONSET, SynthesisLabel, label_of, read_posterior
from costmodel.synthesis import Synthesis, draws
from costmodel.synthesis.file import read_synthesis, shipped
from costmodel.synthesis.posterior import Array, EffectDensity, Model, Trial, Variant, combinations, grid, shrunk
from costmodel.synthesis.result import fitted_trials
from tests.cli.commands import parsed, refused
from tests.support.example import load_example
from tests.support.spreadsheets import stored

SHIPPED = shipped().parent / "draws"
DECLARED = read_synthesis(shipped()).file.draws
LONG = pytest.mark.long
SLOW = [name for name, one in DECLARED.files.items() if one.position != "borderline_hospital"]


@pytest.fixture(scope="module")
def figures() -> Synthesis:
    return cm.synthesise(position="figures")


@pytest.fixture(scope="module")
def columns(figures: Synthesis) -> dict[str, Array]:
    return draws.drawn(figures, 2000, 1)


def _near(ratios: Array, density: EffectDensity) -> None:
    assert np.mean(ratios) - 1 == pytest.approx(density.mean, abs=0.003)
    assert np.median(ratios) - 1 == pytest.approx(density.median, abs=0.006)
    assert np.quantile(ratios, 0.025) - 1 == pytest.approx(density.low, abs=0.02)
    assert np.mean(ratios > 1) == pytest.approx(density.rise, abs=0.012)


def test_they_are_the_posterior_over_all_onsets(figures: Synthesis, columns: dict[str, Array]) -> None:
    _near(columns["average"], figures.average)
    _near(columns["new_service"], figures.new)


@LONG
@pytest.mark.parametrize("trial", ["TADS", "Creed", "Holman", "Bosmans"])
def test_a_trials_column_is_its_effect_drawn_towards_the_others(
    trial: str, figures: Synthesis, columns: dict[str, Array]
) -> None:
    unit = next(row.unit for row in figures.rows if row.trial == trial)
    each = []
    for onset, _ in figures.by_onset:
        trials = fitted_trials(figures.evidence, figures.rows, onset)
        each.append(shrunk(trials, next(one for one in trials if one.id == unit), figures.model).mass)
    _near(columns[draws.column_of(trial)], EffectDensity(np.mean(each, axis=0)))


def test_every_effect_stands_beside_the_onset_that_it_was_fitted_with(
    figures: Synthesis, columns: dict[str, Array]
) -> None:
    for onset, fit in figures.by_onset:
        own = columns["average"][columns[ONSET] == onset]
        assert len(own) == pytest.approx(250, abs=5)
        assert own.mean() - 1 == pytest.approx(fit.average.mean, abs=0.02)
    slow, quick = (columns["average"][columns[ONSET] == one] for one in (columns[ONSET].max(), columns[ONSET].min()))
    assert slow.mean() < quick.mean() - 0.05  # a late effect has to be larger to be seen in the same window


def test_in_a_row_mean_service_and_trials_are_one_draw() -> None:
    """Trials with normal errors: given tau everything is normal, and the covariances are algebra."""
    model, classes = Model(0.15, 0.3), ("a", "a", "b")
    seen, errors = np.array([-0.4, 0.1, -0.2]), np.array([0.1, 0.15, 0.12])
    trials = [
        Trial(f"{i}", name, (Variant(1.0, np.exp(-((grid() - seen[i]) ** 2) / (2 * errors[i] ** 2))),))
        for i, name in enumerate(classes)
    ]
    names = [*draws.PARTS, "class a", "class b", *(f"trial {one.id}" for one in trials)]
    (one,) = combinations(trials, "a", model)
    found = dict(draws.effects_of(one, {one.id: one for one in trials}, "a", model, sobol(1, names, 8192)))
    order = ["average", "new_service", *(draws.column_of(one.id) for one in trials)]
    means, covariance = _algebra(model, classes, seen, errors)
    sample = np.array([found[name] for name in order])
    assert sample.mean(axis=1) == pytest.approx(means, abs=0.002)
    assert np.cov(sample) == pytest.approx(covariance, abs=4e-4)


def _algebra(model: Model, classes: tuple[str, ...], seen: Array, errors: Array) -> tuple[Array, Array]:
    """Means and covariances of the mean of class a, a new service and the trials, over tau on the model's own points.

    Unknowns: mu, the means of classes a and b, the trials' effects.
    """
    k = len(classes)
    moments = []
    for tau, prior in zip(*model.taus(), strict=True):
        precision, pull = np.zeros((3 + k, 3 + k)), np.zeros(3 + k)
        links = [(0, 1, model.class_sd), (0, 2, model.class_sd)]
        links += [({"a": 1, "b": 2}[name], 3 + i, tau) for i, name in enumerate(classes)]
        for first, second, sd in links:
            pair = np.ix_((first, second), (first, second))
            precision[pair] += np.array([[1, -1], [-1, 1]]) / sd**2
        precision[range(3, 3 + k), range(3, 3 + k)] += 1 / errors**2
        pull[3:] = seen / errors**2
        covariance = np.linalg.inv(precision)
        mean = covariance @ pull
        evidence = math.log(prior) - k * math.log(tau) + (np.linalg.slogdet(covariance)[1] + pull @ mean) / 2
        rows = [1, 1, *range(3, 3 + k)]  # a new service has the mean of its class, and tau² more variance
        spread = covariance[np.ix_(rows, rows)]
        spread[1, 1] += tau**2
        moments.append((evidence, mean[rows], spread))
    weights = np.exp(np.array([one[0] for one in moments]) - max(one[0] for one in moments))
    weights /= weights.sum()
    centre = sum(w * mean for w, (_, mean, _) in zip(weights, moments, strict=True))
    around = sum(
        w * (spread + np.outer(mean - centre, mean - centre))
        for w, (_, mean, spread) in zip(weights, moments, strict=True)
    )
    return np.asarray(centre), np.asarray(around)


def test_the_first_row_has_the_medians_at_the_typical_onset(figures: Synthesis, tmp_path: Path) -> None:
    first = read_posterior(figures.write_draws(tmp_path / "own.csv", rows=100))
    assert first.best == 0
    central = {name: column[0] for name, column in first.columns.items()}
    assert central["average"] == pytest.approx(1 + figures.typical.average.median, abs=1e-7)
    assert central["new_service"] == pytest.approx(1 + figures.typical.new.median, abs=1e-7)
    assert central["trial_tads"] == pytest.approx(1 + figures.of_trial("TADS").shrunk.median, abs=1e-7)
    assert central[ONSET] == figures.typical_onset


@LONG
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(figures: Synthesis, tmp_path: Path) -> None:
    first, again, other = (
        figures.write_draws(tmp_path / f"{i}.csv", rows=100, seed=seed).read_bytes() for i, seed in enumerate((1, 1, 2))
    )
    assert first == again != other


@pytest.mark.parametrize("name", [pytest.param(one, marks=[LONG] if one in SLOW else []) for one in DECLARED.files])
def test_shipped_draws_are_what_the_command_writes_today(name: str, tmp_path: Path) -> None:
    """Another processor may round the last bit otherwise; hence not all rows."""
    declared = DECLARED.files[name]
    found = cm.synthesise(None, declared.position, declared.therapy, declared.without, declared.onset_of)
    path = found.write_draws(tmp_path / f"{name}.csv")
    shipped_, now = read_posterior(SHIPPED / path.name), read_posterior(path)
    assert json.loads(shipped_.remark) == json.loads(now.remark) | {"file": "../synthesis.yaml"}
    assert list(shipped_.columns) == list(now.columns)
    alike = [np.isclose(shipped_.columns[one], now.columns[one], rtol=1e-3) for one in now.columns]
    assert np.all(alike, axis=0).mean() > 0.99
    assert (SHIPPED / path.name).stat().st_size <= 120_000


def test_every_position_and_every_prediction_that_is_scored_is_shipped() -> None:
    file = read_synthesis(shipped()).file
    assert {path.stem for path in SHIPPED.glob("*.csv")} == set(file.draws.files)
    made = [(one.position, sorted(one.without)) for one in file.draws.files.values() if not one.onset_of]
    computed = [name for name, one in file.positions.items() if one.role != "listed"]
    assert [name for name in computed if (name, []) not in made] == []
    scored = [(one.position, sorted(one.scored_without)) for one in file.populations.values()]
    assert [one for one in scored if one not in made] == []


def test_the_label_holds_the_costs_between_which_trials_saw_an_effect() -> None:
    """Outside them a scenario is outside the range of the trials."""
    labels = {name: label_of(read_posterior(SHIPPED / f"{name}.csv"), name) for name in DECLARED.files}
    costs = {name: one.costs for name, one in labels.items() if isinstance(one, SynthesisLabel)}
    assert costs["tests"] == pytest.approx([1_770, 5_850], abs=5)
    assert costs["collaborative"] == pytest.approx([1_770, 8_160], abs=5)
    assert costs["borderline_hospital"] == []


@LONG
def test_the_command_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    parsed("synthesise", "--position", "borderline_hospital", "--draws", path, "--seed", "2", "--json")
    label = label_of(read_posterior(path), path.name)
    assert isinstance(label, SynthesisLabel)
    assert (label.position, label.seed, label.file) == ("borderline_hospital", 2, "")
    assert "does not exist" in refused("synthesise", "--draws", tmp_path / "nowhere" / "own.csv")


# A scenario that reads them


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a scenario whose visits shrink with therapy, beside a synthesis with draws of its own."""
    shutil.copytree(shipped().parent, tmp_path / "synthesis")
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def _joint(column: str, unit: str = "cost ratio") -> dict[str, object]:
    return {"label": column, "unit": unit, "joint": "../synthesis/draws/tests.csv", "column": column}


ESTIMAND = {
    "source": "X001", "comparator": "usual care", "outcome": "cost of other care", "time": "24 months",
    "analysis": "intention to treat",
}  # fmt: skip
EFFECT = {
    "channels": ["gp_community"], "cost_ratio": "ratio", "from": "start of therapy", "onset": "onset",
    "until": "follow-up", "estimand": ESTIMAND,
}  # fmt: skip


def _load(folder: Path, **more: object) -> cm.Scenario:
    """An effect on other care that is a new service, with the onset that it was fitted with."""
    drawn = {"parameters.ratio": _joint("new_service"), "parameters.onset": _joint(ONSET, "months")}
    return load_example(folder, **({"strategies.therapy.effects.other_care": EFFECT} | drawn | more))


SAYS = "tests.csv: figures and tests, psychodynamic: 13 rows of 12 trials, 2,032 people; 9 of 12 errors assumed; 5 of"


def test_a_scenario_says_which_trials_its_draws_rest_on(folder: Path, tmp_path: Path) -> None:
    scenario = _load(folder)
    assert (scenario.central["ratio"], scenario.central["onset"]) == pytest.approx((0.808, 6), abs=1e-3)
    assert [one.startswith(SAYS) for one in scenario.origins] == [True]
    assert "a convenience sample" in scenario.origins[0]
    page = answer.page(cm.run(scenario, draws=50))
    assert SAYS in render.markdown(page)
    assert SAYS in render.html(page)
    assert SAYS in "\n".join(str(piece) for piece in render.terminal(page))
    assert any(SAYS in note for note in render.document(page)["notes"])
    assert not any("tests.csv" in said for said in scenario.warnings)


@LONG
def test_a_workbook_says_it_too(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    cm.workbook(cm.run(_load(folder), draws=50), path)
    assert any(SAYS in str(value) for (sheet, *_), value in stored(path).items() if sheet == "Provenance")


def test_a_scenario_without_such_draws_says_nothing_of_trials(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    assert scenario.origins == ()
    assert "From trials" not in render.markdown(answer.page(cm.run(scenario, draws=50)))


def _stale(folder: Path, column: str, value: str) -> bool:
    """Whether the draws are said to be of other rows after a change of Guthrie's."""
    path = folder.parent / "synthesis" / "rows.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    next(row for row in rows if row["id"] == "Y010")[column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return any("tests.csv was drawn from other rows or choices" in said for said in _load(folder).warnings)


@pytest.mark.parametrize(
    ("column", "value", "stale"),
    [("n_total", "120", True), ("verdict", "no difference", True), ("sets", "wider", True), ("to_month", "9", True),
     ("note", "another word", False), ("source", "another place", False), ("sets", "tests;wider", False)],
)  # fmt: skip
def test_draws_of_other_rows_are_warned_about(column: str, value: str, stale: bool, folder: Path) -> None:
    assert _stale(folder, column, value) is stale


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("class_sd: 0.15", "class_sd: 0.2", True), ("cv_high: 1.8", "cv_high: 1.7", True),
        ("typical_months: 6", "typical_months: 5", True), ("saving_high: 850", "saving_high: 800", True),
        ("title: Psych", "title: Some psych", False), ("status: assumption", "status: read", False),
        ("onset_to_months: 12", "onset_to_months: 11", False),
    ],
)  # fmt: skip
def test_draws_of_other_choices_are_warned_about(old: str, new: str, stale: bool, folder: Path) -> None:
    path = folder.parent / "synthesis" / "synthesis.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    assert any("drawn from other rows or choices" in said for said in _load(folder).warnings) is stale


def test_effects_without_their_onset_are_warned_about(folder: Path) -> None:
    at_six = {"strategies.therapy.effects.other_care": EFFECT | {"onset": "6 months"}}
    scenario = load_example(folder, **at_six, **{"parameters.ratio": _joint("new_service")})
    assert any("tests.csv is used without its column onset_months" in said for said in scenario.warnings)


@pytest.mark.parametrize(
    ("column", "unit", "said"),
    [
        ("new_service", "rate ratio", 'ratio has the unit "rate ratio", and in tests.csv new_service'),
        (ONSET, "cost ratio", 'ratio has the unit "cost ratio", and in tests.csv onset_months'),
    ],
)  # fmt: skip
def test_S10_a_column_of_another_unit_is_refused(column: str, unit: str, said: str, folder: Path) -> None:
    with pytest.raises(cm.InputError) as error:
        _load(folder, **{"parameters.ratio": _joint(column, unit)})
    problem = next(one for one in error.value.problems if said in one.found)
    assert problem.place.startswith("model.yaml, line ")
    assert problem.remedy.startswith("Write unit: ")


def test_effect_and_onset_of_a_draw_are_of_one_row(folder: Path) -> None:
    scenario = _load(folder)
    posterior = next(one for path, one in scenario.posteriors.items() if path.name == "tests.csv")
    found = drawn_values(scenario, 200, 1)
    rows = {(a, b) for a, b in zip(posterior.columns["new_service"], posterior.columns[ONSET], strict=True)}
    assert set(zip(found["ratio"], found["onset"], strict=True)) <= rows


def test_S11_a_damaged_label_is_refused(folder: Path) -> None:
    path = folder.parent / "synthesis" / "draws" / "tests.csv"
    path.write_text(path.read_text("utf-8").replace('"position"', '"place"', 1), "utf-8")
    with pytest.raises(cm.InputError, match=r"tests\.csv, line 1.*costmodel calibrate or synthesise"):
        _load(folder)
