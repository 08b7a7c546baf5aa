"""The checks of a run on the page "In full": asked for by a button, those of Python, of the values in force."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.verification import verify
from costmodel.app.parts import compute
from costmodel.result.result import Result

BUTTON = "check this run"


def said(app: AppTest) -> list[str]:
    """What the page says of the checks; nothing before they were asked for."""
    return [e.value for e in (*app.success, *app.error) if "does not apply" in e.value]


def test_the_checks_are_those_of_python_and_only_when_asked_for(app: AppTest, scenarios: Path) -> None:
    assert said(app) == []
    app.button(key=BUTTON).click().run()
    wanted = verify(cm.load(scenarios / "example" / "model.yaml"), draws=compute.DRAWS)
    assert said(app) == [wanted.headline]
    (table,) = [t.value for t in app.table if "tolerance" in t.value]
    assert list(table["id"]) == [check.id for check in wanted]
    assert list(table["result"]) == [check.state for check in wanted]


def test_other_values_are_not_called_checked(app: AppTest) -> None:
    app.button(key=BUTTON).click().run()
    app.number_input(key="control parameters.sessions.value").set_value(30.0).run()
    assert said(app) == []
    app.button(key=BUTTON).click().run()
    assert len(said(app)) == 1


def test_a_failed_check_is_a_warning_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Result, "curve_payback", lambda *a, **how: 3.0)
    compute.KEPT.clear()
    app.button(key=BUTTON).click().run()
    compute.KEPT.clear()
    assert "1 failed" in said(app)[0]
    assert "Do not rely" in app.error[0].value
