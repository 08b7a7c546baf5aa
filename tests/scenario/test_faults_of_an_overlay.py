"""A fault that an overlay brings in is shown in the overlay, once, and hides no other."""

from pathlib import Path

import pytest

import costmodel as cm


def test_a_wrong_option_is_shown_where_it_was_chosen_and_only_there(trd: cm.Scenario, tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        f"format: 1\nextends: {trd.path}\nlabel: mine\n"
        "change:\n  parameters.session_price.use: trail\n  parameters.attendance.value: 80\n"
    )
    with pytest.raises(cm.InputError) as refused:
        cm.load(overlay)
    problems = [str(problem) for problem in refused.value.problems]
    assert [problem.partition(":")[0] for problem in problems] == ["mine.yaml, line 5", "mine.yaml, line 6"]
    assert 'no option "trail"; allowed: psychotherapy_service' in problems[0]
    assert "percentage? 0.8" in problems[1]


def test_a_change_inside_an_entry_that_is_changed_as_a_whole_is_refused(trd: cm.Scenario, tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    record = "{label: Attendance, unit: share, value: 0.5, source: A001, status: assumption}"
    overlay.write_text(
        f"format: 1\nextends: {trd.path}\nlabel: mine\n"
        f"change:\n  parameters.attendance.value: 0.7\n  parameters.attendance: {record}\n"
    )
    with pytest.raises(cm.InputError, match=r"mine.yaml, line 5: parameters.attendance.value lies in") as refused:
        cm.load(overlay)
    assert "Keep one of the two." in str(refused.value)


def test_a_value_of_another_kind_is_named_by_the_path_that_was_written(trd: cm.Scenario, tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(f'format: 1\nextends: {trd.path}\nlabel: mine\nchange: {{parameters.attendance.value: "70%"}}\n')
    with pytest.raises(cm.InputError, match="parameters.attendance.value is '70%'. Wanted: a number, so 0.7"):
        cm.load(overlay)
