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
