"""`costmodel import` writes what was typed into a workbook as an overlay, whole or not at all."""

import os
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.report.workbook.reader import ZIP
from tests.cli.commands import done, parsed, refused
from tests.support.example import example
from tests.support.workbooks import cell, exported, typed

TYPED = {"attendance": 0.7, "strategies.therapy.therapy.wait": 2, "hr_recover": 1.0e-5}
CHANGES = {"attendance": 0.7, "strategies.therapy.therapy.wait": "2 months", "hr_recover": 1.0e-5}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return example(tmp_path / "model", horizon="3 years")


@pytest.fixture
def workbook(model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "typed.xlsx"
    path.write_bytes(typed(exported(cm.load(model)), TYPED))
    return path


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_the_overlay_gives_the_numbers_of_the_same_changes(workbook: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    out = tmp_path / "mine" / "overlay.yaml"
    said = done("import", workbook, model, "-o", out)
    for line in ("parameters.attendance.value: 0.8 → 0.7", "therapy.wait: 0 months → 2 months", f"{out} written."):
        assert line in said
    loaded, wanted = cm.load(out), cm.load(model).changed(CHANGES)
    assert loaded.model.label == "imported"
    assert "extends: ../model/model.yaml\n" in out.read_text()
    assert cm.run(loaded, draws=0).table().equals(cm.run(wanted, draws=0).table())


def test_the_json_says_what_was_changed(workbook: Path, model: Path, tmp_path: Path) -> None:
    found = parsed("import", workbook, model, "-o", tmp_path / "overlay.yaml", "--label", "mine", "--json")
    assert found["schema"] == "costmodel/import/1"
    assert found["written"] == "overlay.yaml"
    assert {"path": "parameters.attendance.value", "old": 0.8, "new": 0.7, "by": "Inputs"} in found["changes"]
    assert len(found["changes"]) == len(CHANGES)
    assert found["scenario"]["sha256"] == cm.load(model).sha256
    assert cm.load(tmp_path / "overlay.yaml").model.label == "mine"


def test_a_workbook_that_changes_nothing_writes_nothing(model: Path, tmp_path: Path) -> None:
    (tmp_path / "same.xlsx").write_bytes(exported(cm.load(model)))
    before = files(tmp_path)
    said = done("import", tmp_path / "same.xlsx", model, "-o", tmp_path / "overlay.yaml")
    assert "The workbook changes nothing. Nothing was written." in said
    found = parsed("import", tmp_path / "same.xlsx", model, "-o", tmp_path / "overlay.yaml", "--json")
    assert found["written"] is None
    assert files(tmp_path) == before


def test_a_workbook_of_an_overlay_comes_back_to_it(model: Path, tmp_path: Path) -> None:
    cautious = model.with_name("cautious.yaml")
    cautious.write_text("format: 1\nextends: model.yaml\nlabel: cautious\nchange: {parameters.attendance.value: 0.6}\n")
    (tmp_path / "typed.xlsx").write_bytes(typed(exported(cm.load(cautious)), {"attendance": 0.5}))
    assert "0.6 → 0.5" in done("import", tmp_path / "typed.xlsx", cautious, "-o", model.with_name("mine.yaml"))
    assert cm.load(model.with_name("mine.yaml")).central["attendance"] == 0.5
    (tmp_path / "again.xlsx").write_bytes(typed(exported(cm.load(model.with_name("mine.yaml"))), {"attendance": 0.4}))
    again = ["import", tmp_path / "again.xlsx", model.with_name("mine.yaml"), "-o", model.with_name("third.yaml")]
    assert "stacked too deep" in refused(*again)
    assert not model.with_name("third.yaml").exists()


@pytest.mark.parametrize("exists", [False, True], ids=["new", "over another"])
def test_a_refusal_writes_nothing(model: Path, tmp_path: Path, exists: bool) -> None:
    book = exported(cm.load(model))
    (tmp_path / "typed.xlsx").write_bytes(typed(book, {"attendance": "70%", "age": 41}))
    out = tmp_path / "overlay.yaml"
    if exists:
        out.write_text("as it was")
    before = files(tmp_path)
    said = refused("import", tmp_path / "typed.xlsx", model, "-o", out)
    assert f'Inputs!{cell(book, "attendance")}: "70%" is no number. Type a number, so 0.7 for 70%;' in said
    assert files(tmp_path) == before
    assert not exists or out.read_text() == "as it was"


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("overlay.xlsx", [], "a scenario file's name ends in .yaml. Did you mean overlay.yaml?"),
        ("nowhere/overlay.yaml", [], "does not exist"),
        ("model/model.yaml", [], "this is the scenario itself"),
        ("overlay.yaml", ["--label", "My own"], "--label My own: this is not a label"),
    ],
)
def test_options_that_cannot_be_are_refused(
    workbook: Path, model: Path, tmp_path: Path, out: str, options: list[str], message: str
) -> None:
    before = files(tmp_path)
    assert message in refused("import", workbook, model, "-o", tmp_path / out, *options)
    assert files(tmp_path) == before


NAMES = ["x.csv:stream.xlsx", "💷.xlsx", "a" * 251 + ".yaml", "..xlsx", "plain"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: f"F23 {name[:20]}")
def test_any_name_of_a_file_will_do_if_its_content_does(workbook: Path, model: Path, tmp_path: Path, name: str) -> None:
    os.replace(workbook, tmp_path / name[-255:])
    done("import", tmp_path / name[-255:], model, "-o", tmp_path / "overlay.yaml")


@pytest.mark.parametrize("name", ["missing.xlsx", "a" * 300 + ".xlsx", "."], ids=["missing", "F23 300", "folder"])
def test_a_file_that_is_not_there_is_refused(model: Path, tmp_path: Path, name: str) -> None:
    said = refused("import", tmp_path / name, model, "-o", tmp_path / "overlay.yaml")
    assert "the file cannot be opened" in said


def test_a_large_file_is_not_read_to_its_end(model: Path, tmp_path: Path) -> None:
    with (tmp_path / "large.xlsx").open("wb") as file:
        file.write(ZIP)
        file.truncate(300_000_000)
    said = refused("import", tmp_path / "large.xlsx", model, "-o", tmp_path / "overlay.yaml")
    assert "more than 8,000,000 bytes" in said


def test_a_value_outside_its_distribution_is_held_in_the_overlay(model: Path, tmp_path: Path) -> None:
    (tmp_path / "typed.xlsx").write_bytes(typed(exported(cm.load(model)), {"gp_ratio": 1.5}))
    said = done("import", tmp_path / "typed.xlsx", model, "-o", tmp_path / "overlay.yaml")
    assert "gp_ratio is held at 1.5 in every draw" in said
    assert cm.load(tmp_path / "overlay.yaml").parameters["gp_ratio"].fixed == 1.5
