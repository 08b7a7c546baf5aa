"""A posterior says what it was fitted for, and is refused where it does not belong; harmless changes leave it alone."""

import json
import shutil
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.calibration import calibrate, write
from tests.support.calibrated import calibration

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a calibrated scenario."""
    folder = tmp_path_factory.mktemp("made")
    write(calibrate(calibration(folder), rows=3))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "own")
    return tmp_path / "own"


def replaced(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def refusal(path: Path) -> str:
    with pytest.raises(cm.InputError) as refused:
        cm.load(path)
    return str(refused.value)


def test_a_posterior_that_belongs_is_taken_without_a_word(folder: Path) -> None:
    assert cm.load(folder / "model.yaml").warnings == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"gp_visit": 60.0, "utility_ill": 0.4},
        {"strategies.therapy.therapy.wait": "3 months"},
        {"strategies.therapy.effects.recovers_faster.until": "horizon"},
        {"beyond_follow_up": "effects persist"},
        {"recover": 0.4},
    ],
)
def test_prices_health_waits_durability_and_moved_rates_do_not_matter(folder: Path, changes: dict[str, object]) -> None:
    assert not any("rates.csv" in said for said in cm.load(folder / "model.yaml").changed(changes).warnings)


def test_columns_that_change_places_are_refused(folder: Path) -> None:
    replaced(
        folder / "model.yaml",
        ('"ill -> well": "recover"', '"ill -> well": "?"'),
        ('"well -> ill": "relapse"', '"well -> ill": "recover"'),
        ('"ill -> well": "?"', '"ill -> well": "relapse"'),
    )
    said = refusal(folder / "model.yaml")
    assert 'recover: rates.csv was fitted with "recover" for ill -> well; here it stands for well -> ill' in said
    assert 'relapse: rates.csv was fitted with "relapse"' in said
    assert said.startswith("model.yaml, line ")


def test_a_posterior_names_the_model_that_it_was_fitted_to_and_is_refused_in_another(folder: Path) -> None:
    posterior = folder / "posteriors" / "rates.csv"
    first, _, rest = posterior.read_text("utf-8").partition("\n")
    said = json.loads(first.removeprefix("# "))
    assert said["format"] == 1
    assert said["model"]["file"] == "model.yaml"
    assert len(said["model"]["sha256"]) == 64
    for shape, refused in ((said["model"]["shape"], False), ("0" * 16, True)):
        posterior.write_text(f"# {json.dumps(said | {'model': said['model'] | {'shape': shape}})}\n{rest}", "utf-8")
        if refused:
            assert "rates.csv was fitted to a model of other states or transitions" in refusal(folder / "model.yaml")
        else:
            assert cm.load(folder / "model.yaml").warnings == ()


def test_a_posterior_that_names_no_model_is_taken_as_before(folder: Path) -> None:
    posterior = folder / "posteriors" / "rates.csv"
    first, _, rest = posterior.read_text("utf-8").partition("\n")
    older = {
        key: entry for key, entry in json.loads(first.removeprefix("# ")).items() if key not in ("format", "model")
    }
    posterior.write_text(f"# {json.dumps(older)}\n{rest}", "utf-8")
    assert cm.load(folder / "model.yaml").warnings == ()


def test_an_effect_on_another_transition_is_refused(folder: Path) -> None:
    replaced(folder / "model.yaml", ('"transition": "ill -> well"', '"transition": "well -> ill"'))
    assert "for ratio of therapy on ill -> well; here it stands for ratio of therapy on well -> ill" in refusal(
        folder / "model.yaml"
    )


def test_a_rate_that_was_fitted_to_the_whole_course_may_stand_in_a_part_of_it(folder: Path) -> None:
    pieces = '"over_time": {"0 months": "other", "6 months": "recover"}'
    rate = '"label": "Another", "group": "Course", "unit": "per year"'
    replaced(
        folder / "model.yaml",
        ('"ill -> well": "recover"', '"ill -> well": "in_parts"'),
        (
            '"parameters": {',
            f'"parameters": {{"in_parts": {{{rate}, {pieces}}}, '
            f'"other": {{{rate}, "value": 0.5, "source": "X001", "status": "assumption"}}, ',
        ),
    )
    assert cm.load(folder / "model.yaml").warnings == ()


def test_the_posterior_of_one_structure_is_refused_in_another(tmp_path: Path) -> None:
    shutil.copytree(SCENARIOS, tmp_path / "scenarios")
    model = tmp_path / "scenarios" / "depression_resistant" / "model.yaml"
    replaced(
        model,
        (
            "joint: posteriors/replace_rate.csv\n    column: recover",
            "joint: posteriors/lower_relapse.csv\n    column: recover",
        ),
    )
    assert "are posteriors of different fits and meet in one structure" in refusal(model)


def test_observations_and_priors_that_changed_since_are_said(folder: Path) -> None:
    file = folder / "calibration.yaml"
    before = file.read_text("utf-8")
    for old, new in (('"n": 3000', '"n": 2000'), ('"cv": 1', '"cv": 0.9'), ('"rates": {', '"other": {')):
        file.write_text(before.replace(old, new, 1), "utf-8")
        (said,) = cm.load(folder / "model.yaml").warnings
        assert said.startswith("rates.csv was fitted to other observations or priors than calibration.yaml has now")
    file.write_text(before.replace('"label": "All rates"', '"label": "Rates"'), "utf-8")
    assert cm.load(folder / "model.yaml").warnings == ()
    file.unlink()
    assert cm.load(folder / "model.yaml").warnings == ()


def test_another_design_effect_than_that_of_the_fit_is_said(folder: Path) -> None:
    (said,) = cm.load(folder / "model.yaml").changed({"design_effect": 2.0}).warnings
    assert said.startswith("rates.csv was fitted with design_effect = 3, and here it is 2")


def test_a_damaged_line_of_origin_is_refused_and_none_is_a_table_of_somebodys_own(folder: Path) -> None:
    posterior = folder / "posteriors" / "rates.csv"
    first, _, rest = posterior.read_text("utf-8").partition("\n")
    posterior.write_text(rest, "utf-8")
    assert cm.load(folder / "model.yaml").warnings == ()
    for damaged in (
        "# made by hand",
        first.replace('"seed"', '"sed"'),
        first.replace("../calibration", "../../../etc/x"),
    ):
        posterior.write_text(f"{damaged}\n{rest}", "utf-8")
        assert "rates.csv, line 1: the line does not say where the posterior comes from" in refusal(
            folder / "model.yaml"
        )


def test_lines_are_counted_with_the_line_of_origin(folder: Path) -> None:
    posterior = folder / "posteriors" / "rates.csv"
    lines = posterior.read_text("utf-8").splitlines()
    lines[3] = "0,many,1,1"
    posterior.write_text("\n".join(lines) + "\n", "utf-8")
    assert "rates.csv, line 4" in refusal(folder / "model.yaml")


def test_a_start_that_changed_since_is_said() -> None:
    """Where people begin is among what a fit rests on."""
    shipped = cm.load("depression_resistant/bands")
    assert not any("was fitted with" in one for one in shipped.warnings)
    (first, second) = (one for one in shipped.changed({"share_quick": 0.4}).warnings if "was fitted with" in one)
    assert first.startswith("bands_as_in_trial.csv was fitted with share_quick = 0.5, and here it is 0.4")
    assert second.startswith("bands_without_worsening.csv was fitted with share_quick = 0.5")
