"""What a user brings is read in memory, and stays inside the scenarios folder."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.app.parts import catalogue
from costmodel.errors import InputError
from costmodel.scenario.load import load_text
from tests.support.example import documented
from tests.support.workbooks import cell, exported, typed

OVERLAY = """
format: 1
extends: model.yaml
label: mine
title: "My own reading"
change: {parameters.attendance.value: 0.6}
"""
ESCAPES = [
    "format: 1\nextends: ../../../etc/passwd\nlabel: x\n",
    "format: 1\nextends: /etc/passwd\nlabel: x\n",
    "format: 1\nextends: model.yaml\nlabel: x\nchange: {setting: ../../outside.yaml}\n",
    "format: 1\nextends: model.yaml\nlabel: x\nchange: {parameters.recover.joint: /etc/passwd}\n",
    "format: 1\nextends: model.yaml\nlabel: x\nadd: {parameters.z: {joint: ../../../secret.csv}}\n",
    "format: 1\nmodel: locked\nlabel: x\nsources: ../../../etc/passwd\n",
    "format: 1\nextends: model.yaml\nlabel: x\nadd: {matrices: {file: /etc/passwd}}\n",
    'format: 1\nextends: "model\\0.yaml"\nlabel: x\n',
]


def bring(at: AppTest, text: str | bytes) -> AppTest:
    content = text.encode() if isinstance(text, str) else text
    return at.file_uploader[0].set_value(("my file.yaml", content, "application/yaml")).run()


def test_a_scenario_of_the_user_is_shown(app: AppTest) -> None:
    before = [metric.help for metric in app.metric]
    bring(app, OVERLAY)
    assert not app.error
    assert app.selectbox(key="file").value == catalogue.UPLOADED
    assert [metric.help for metric in app.metric] != before
    assert any("Your file" in c.value for c in app.caption)


def test_a_whole_model_of_the_user_is_shown(app: AppTest) -> None:
    bring(app, documented()["model"].replace("value: 100,", "value: 77,"))
    assert not app.error
    assert any("£77 a session" in m.value.replace("\\", "") for m in app.markdown)


@pytest.mark.parametrize("text", ESCAPES)
def test_a_path_that_leads_outside_is_refused(app: AppTest, text: str) -> None:
    before = [metric.help for metric in app.metric]
    bring(app, text)
    assert app.error
    assert "root" not in app.error[0].value
    assert [metric.help for metric in app.metric] == before


@pytest.mark.parametrize("text", ESCAPES[:-1])
def test_the_reason_names_the_line_and_the_folder(scenarios: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"your_file.yaml, line \d+: .* leads outside the scenarios folder"):
        catalogue.check_upload(text.encode(), "example")


def test_a_text_that_cannot_be_shown_is_refused_by_the_code_of_its_character(app: AppTest) -> None:
    for text in ('extends: "\\ud800.yaml"', 'extends: model.yaml\nchange: {setting: "\\ud800"}'):
        bring(app, f"format: 1\nlabel: x\n{text}\n")
        assert "U+D800" in app.error[0].value.replace("\\", "")
        assert "\ud800" not in app.error[0].value


def test_a_link_that_leads_outside_is_refused(scenarios: Path) -> None:
    (scenarios.parent / "outside.yaml").write_text(documented()["model"], "utf-8")
    (scenarios / "example" / "link.yaml").symlink_to(scenarios.parent / "outside.yaml")
    with pytest.raises(InputError, match="outside"):
        catalogue.check_upload(b"format: 1\nextends: link.yaml\nlabel: x\n", "example")


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00bad", b"just text", b"a: [1, 2", b"a: &x 1\nb: *x\n", b"x: " + b"1" * 1_000_001, b""],
)
def test_a_file_that_is_no_scenario_is_refused_and_nothing_applied(app: AppTest, content: bytes) -> None:
    before = [metric.help for metric in app.metric]
    bring(app, content)
    assert app.error
    assert [metric.help for metric in app.metric] == before
    assert not app.exception


def test_the_values_of_a_workbook_are_applied(app: AppTest, scenarios: Path) -> None:
    before = [metric.help for metric in app.metric]
    book = exported(cm.load(scenarios / "example" / "model.yaml"))
    bring(app, typed(book, {"attendance": 0.6, "strategies.therapy.therapy.wait": 2}))
    assert not app.error
    assert [metric.help for metric in app.metric] != before
    assert any("You changed 2 of" in caption.value for caption in app.caption)
    assert "The workbook changed 2 values" in app.info[0].value.replace("\\", "")


def test_a_value_of_a_workbook_outside_its_distribution_is_held(app: AppTest, scenarios: Path) -> None:
    before = [metric.help for metric in app.metric]
    bring(app, typed(exported(cm.load(scenarios / "example" / "model.yaml")), {"gp_ratio": 1.5}))
    assert not app.error
    assert [metric.help for metric in app.metric] != before
    assert "gp_ratio is held at 1.5" in app.info[0].value.replace("\\", "")


def test_a_workbook_of_the_scenario_on_screen_adds_to_the_changes(app: AppTest, scenarios: Path) -> None:
    bring(app, OVERLAY)
    mine = load_text(OVERLAY.encode(), scenarios / "example" / catalogue.UPLOADED)
    bring(app, typed(exported(mine), {"age": 41}))
    assert not app.error
    assert app.selectbox(key="file").value == catalogue.UPLOADED
    assert any("You changed 1 of" in caption.value for caption in app.caption)


def test_a_workbook_that_cannot_be_used_is_refused_by_its_cell(app: AppTest, scenarios: Path) -> None:
    before = [metric.help for metric in app.metric]
    book = exported(cm.load(scenarios / "example" / "model.yaml"))
    for content, message in (
        (typed(book, {"attendance": "60%"}), f'Inputs!{cell(book, "attendance")}: "60%" is no number'),
        (book[:2_000], "the file is damaged"),
        (b"\x89PNG\r\n", "byte 0 is not UTF-8"),
    ):
        bring(app, content)
        assert message in app.error[0].value.replace("\\", "")
        assert [metric.help for metric in app.metric] == before
        assert any("You changed 0 of" in caption.value for caption in app.caption)
