"""A grid file: what it spells out, in which order, and what is refused."""

from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.sweep import planned
from costmodel.analysis.sweep_grid import MOST_CELLS, OUTCOMES, SPAN, read_grid
from tests.support.sweeps import SMALL, grid_file


def refusal(path: Path) -> str:
    with pytest.raises(cm.InputError) as caught:
        planned(path)
    return str(caught.value)


def test_scenarios_change_slowest_and_the_last_value_fastest(tmp_path: Path) -> None:
    cells = planned(grid_file(tmp_path)).cells
    wanted = [
        (file, {"attendance": attendance, "sessions": sessions, "horizon": horizon})
        for file in ("model.yaml", "cautious.yaml")
        for attendance in (0.6, 0.7, 0.9)
        for sessions in (8, 16)
        for horizon in ("4 years", "5 years")
    ]
    assert [(cell["file"], {name: cell[f"set.{name}"] for name in wanted[0][1]}) for cell in cells] == wanted
    assert [cell["cell"] for cell in cells] == list(range(24))
    assert {cell["scenario"] for cell in cells} == {"base", "cautious"}


def test_each_cell_is_the_scenario_that_the_values_make(tmp_path: Path) -> None:
    plan = planned(grid_file(tmp_path))
    for cell in plan.cells:
        values = {name: cell[f"set.{name}"] for name in ("attendance", "sessions", "horizon")}
        assert cell["sha256"] == cm.load(tmp_path / str(cell["file"])).changed(values).sha256
        assert cell["sha256"] == plan.scenario(cell).sha256


def test_the_id_of_a_cell_stays_as_the_grid_grows(tmp_path: Path) -> None:
    few = planned(grid_file(tmp_path)).cells
    more = planned(grid_file(tmp_path, SMALL.replace("[0.6, ", "[0.5, 0.6, "))).cells
    assert len({cell["cell_id"] for cell in more}) == 32
    assert {cell["cell_id"] for cell in few} < {cell["cell_id"] for cell in more}


def test_a_span_has_equal_steps_both_ends_included_and_no_dust(tmp_path: Path) -> None:
    path = grid_file(tmp_path, SMALL.replace("{from: 8, to: 16, steps: 2}", "{from: 0.1, to: 0.7, steps: 7}"))
    assert read_grid(path)[0].set["sessions"] == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def test_what_is_left_out_keeps_everything(tmp_path: Path) -> None:
    plan = planned(grid_file(tmp_path, "format: 1\nscenarios: [model.yaml]\n"))
    assert [cell["file"] for cell in plan.cells] == ["model.yaml"]
    assert plan.cells[0]["sha256"] == cm.load(tmp_path / "model.yaml").sha256
    assert (plan.grid.draws, plan.grid.seed, tuple(plan.grid.outcomes)) == (2_000, 1, OUTCOMES)
    assert plan.grid.perspectives is None


def test_every_outcome_of_a_result_can_be_kept(example_result: cm.Result) -> None:
    assert set(example_result.table().outcome) == set(OUTCOMES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("draws: 50", "drawz: 50", 'grid.yaml, line 7: unknown key "drawz"'),
        ("format: 1", "format: 2", "grid.yaml, line 1: format is 2"),
        ("scenarios: [model.yaml, cautious.yaml]", "draws_: 1", 'the key "scenarios" is missing'),
        ("cautious.yaml]", "modle.yaml]", 'grid.yaml, line 2: the file "modle.yaml" does not exist'),
        ("cautious.yaml]", "model.yaml]", 'grid.yaml, line 2: "model.yaml" stands twice'),
        (
            "attendance:",
            "attendence:",
            'line 4: there is no parameter "attendence" (cell 0 and 23 more). Did',
        ),
        ("[0.6, 0.7, 0.9]", "[0.6, 0.7, 0.6]", "grid.yaml, line 4: set.attendance: 0.6 stands twice"),
        ("[0.6, 0.7, 0.9]", "[]", 'grid.yaml, line 4: set.attendance: "[]" is not a list of numbers'),
        ("[0.6, 0.7, 0.9]", "0.6", 'grid.yaml, line 4: set.attendance: "0.6" is not a list of numbers'),
        ("[0.6, 0.7, 0.9]", "[0.6, much]", "numbers and texts cannot stand in one list"),
        ("[0.6, 0.7, 0.9]", "[true]", '"[True]" is not a list of numbers or of texts'),
        ("[0.6, 0.7, 0.9]", "[0.6, .nan]", ".nan is not a finite decimal number"),
        ("[0.6, 0.7, 0.9]", "[0.6, 1.7]", "grid.yaml, line 4: attendance"),
        ("steps: 2", "step: 2", f"sessions: from: 8, to: 16, step: 2; {SPAN}"),
        ("steps: 2", "steps: 1", f"steps: 1; {SPAN}"),
        ("steps: 2", "steps: 2.5", f"steps: 2.5; {SPAN}"),
        ("from: 8", "from: 16", f"from: 16, to: 16, steps: 2; {SPAN}"),
        ("from: 8, ", "", f"to: 16, steps: 2; {SPAN}"),
        ("from: 8", "from: low", f"from: low, to: 16, steps: 2; {SPAN}"),
        ("5 years]", "5 yeers]", 'grid.yaml, line 6: horizon: "5 yeers" is not a duration'),
        ("horizon:", "setting:", "the setting cannot be set. Write an overlay that changes it"),
        ("draws: 50", "draws: -1", "grid.yaml, line 7: draws"),
        ("draws: 50", "draws: 0.5", "grid.yaml, line 7: draws is 0.5"),
        ("draws: 50", "draws: 1000000\noutcomes: [net_savings]", 'there is no outcome "net_savings"'),
        ("draws: 50", "perspectives: [nhs, all]", 'there is no perspective "all"'),
        ("draws: 50", "outcomes: [nmb, nmb]", '"nmb" stands twice'),
        ("steps: 2", "steps: 5000", f"the grid has 60,000 cells. At most {MOST_CELLS:,}"),
        ("steps: 2}", "steps: 500}\nseed: 1", "6,000 cells of 1,000,000 draws are 6,000,000,000 draws"),
    ],
)
def test_a_wrong_grid_is_refused_by_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new)
    if "steps: 500}" in new:
        text = text.replace("draws: 50", "draws: 1000000").replace("\nseed: 1", "") + "seed: 1\n"
    assert message in refusal(grid_file(tmp_path, text))


def test_every_problem_of_every_cell_is_listed_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("[0.6, 0.7, 0.9]", "[0.6, 1.7]").replace("5 years]", "5 yeers]").replace("sessions", "session")
    said = refusal(grid_file(tmp_path, text.replace("cautious.yaml]", "other.yaml]"))).splitlines()
    assert len(said) == 4
    for line, piece in zip(said, ("line 2", "line 5", "line 6", "line 4"), strict=True):
        assert piece in line
    assert "(cell 0 and 7 more)" in said[1]


def test_a_faulty_scenario_is_said_in_its_own_words_once(tmp_path: Path) -> None:
    text = SMALL.replace(", cautious.yaml", "")
    (said,) = refusal(grid_file(tmp_path, text, **{"parameters.attendance.value": 1.8})).splitlines()
    assert said.startswith("model.yaml, line")


def test_values_that_do_not_fit_together_name_their_cell(tmp_path: Path) -> None:
    text = "format: 1\nscenarios: [model.yaml]\nset:\n  horizon: [1 year, 5 years]\n"
    assert "(cell 0)" in refusal(grid_file(tmp_path, text))


def test_a_run_that_is_too_large_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costmodel.model.run.LARGEST_RUN", 2 * 48 * 50)
    text = "format: 1\nscenarios: [model.yaml]\ndraws: 50\nset: {horizon: [4 years, 5 years]}\n"
    assert "6,000 states × cycles × draws are too many (cell 1)" in refusal(grid_file(tmp_path, text))
