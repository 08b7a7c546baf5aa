"""Saved changes, workbooks and the printed command give the same digits again, wherever they are taken."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import costmodel as cm
from costmodel.report.saved import command, overlay_text, saved
from tests.cli.commands import call, done, parsed, refused
from tests.support.example import example
from tests.support.workbooks import edited, exported, typed

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DRAWS = 40
CHANGES = {"session_price": 200.0, "hr_recover": 1e-05, "horizon": "4 years", "people": 37}
OLD = "format: 1\nextends: model.yaml\nlabel: yours\nchange: {parameters.attendance.value: 0.6}\n"
"""Changes as version 0.1.0 saved them."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of two populations whose parameters have the same names; the working folder is elsewhere."""
    example(tmp_path / "scenarios" / "example")
    example(tmp_path / "scenarios" / "second", **{"parameters.gp_visit.value": 70.0})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(tmp_path / "scenarios"))
    return tmp_path / "scenarios"


def same_digits(one: cm.Scenario, other: cm.Scenario) -> bool:
    return cm.run(one, draws=DRAWS).table().equals(cm.run(other, draws=DRAWS).table())


def content_of(file: bytes | Path) -> Any:
    return YAML(typ="safe", pure=True).load(file)


def test_saved_changes_are_loaded_from_anywhere(folder: Path, tmp_path: Path) -> None:
    for file in ("model.yaml", "cautious.yaml"):
        changed = cm.load(folder / "second" / file).changed(CHANGES).changed({"age": 41.0}, fix=True)
        path = tmp_path / "elsewhere" / "mine.yaml"
        path.write_bytes(overlay_text(saved(changed)))
        loaded = cm.load(path)
        assert same_digits(loaded, changed)
        assert loaded.warnings == changed.warnings
        assert content_of(path)["base"] == {
            "population": "second",
            "file": file,
            "sha256": cm.load(folder / "second" / file).sha256,
            "changed_sha256": loaded.sha256,
            "engine": f"costmodel {cm.__version__}",
        }


def test_what_was_changed_back_is_not_saved(folder: Path) -> None:
    base = cm.load(folder / "second" / "cautious.yaml")
    there = base.changed({"session_price": 200.0, "horizon": "4 years"})
    back = there.changed({"session_price": base.central["session_price"]})
    assert saved(back)["change"] == {"horizon": "4 years"}


def test_changes_beside_another_population_are_those_of_their_own(folder: Path) -> None:
    changed = cm.load(folder / "second" / "model.yaml").changed(CHANGES)
    (folder / "example" / "mine.yaml").write_bytes(overlay_text(saved(changed)))
    assert same_digits(cm.load(folder / "example" / "mine.yaml"), changed)


def test_files_that_a_change_names_stand_beside_the_base(folder: Path, tmp_path: Path) -> None:
    text = "best,hr_recover\n1,0.8\n0,0.7\n0,0.9\n"
    (folder / "second" / "table.csv").write_text(text)
    record = {"label": "x", "unit": "hazard ratio", "joint": "table.csv", "source": "X001", "status": "assumption"}
    own = {"format": 1, "extends": "model.yaml", "label": "joint", "change": {"parameters.hr_recover": record}}
    (folder / "second" / "joint.yaml").write_bytes(overlay_text(own))
    from costmodel.scenario.load import load_text

    changed = load_text(overlay_text(own), folder / "second" / "typed.yaml").changed({"attendance": 0.6})
    (tmp_path / "elsewhere" / "mine.yaml").write_bytes(overlay_text(saved(changed)))
    assert same_digits(cm.load(tmp_path / "elsewhere" / "mine.yaml"), changed)


def test_a_base_that_has_changed_and_changes_that_were_edited_are_said(folder: Path, tmp_path: Path) -> None:
    changed = cm.load(folder / "second" / "model.yaml").changed({"session_price": 200.0})
    path = tmp_path / "elsewhere" / "mine.yaml"
    path.write_bytes(overlay_text(saved(changed)))
    path.write_text(path.read_text().replace("200.0", "201.0"))
    assert cm.load(path).remarks == ("The changes were edited after they were saved.",)
    was = cm.load(folder / "second" / "model.yaml").sha256
    example(folder / "second", **{"parameters.gp_visit.value": 71.0})
    (remark,) = cm.load(path).changed({"attendance": 0.6}).remarks
    assert remark.startswith(
        f"second/model.yaml is another version than this was saved from: its SHA-256 was {was[:12]}"
    )
    assert remark in done("check", path)


@pytest.mark.parametrize(
    ("key", "name"),
    [("population", "../../etc"), ("file", "../../etc/passwd"), ("file", "/etc/passwd"), ("population", "nowhere")],
)
def test_a_base_that_is_no_name_of_the_catalogue_is_refused(folder: Path, tmp_path: Path, key: str, name: str) -> None:
    content = saved(cm.load(folder / "second" / "model.yaml").changed({"attendance": 0.6}))
    content["base"][key] = name
    (tmp_path / "mine.yaml").write_bytes(overlay_text(content))
    said = refused("run", tmp_path / "mine.yaml")
    assert said.startswith("mine.yaml, line ")
    assert "root" not in said


def test_saved_files_that_name_each_other_are_refused(folder: Path) -> None:
    one, two = folder / "second" / "one.yaml", folder / "second" / "two.yaml"
    content = saved(cm.load(folder / "second" / "model.yaml").changed({"attendance": 0.6}))
    for path, other in ((one, two), (two, one)):
        base = {**content["base"], "file": other.name}
        path.write_bytes(overlay_text({**content, "base": base, "extends": other.name}))
    assert "the files extend each other: one.yaml → two.yaml → one.yaml" in refused("check", one)


def test_changes_of_the_first_version_are_opened_for_the_population_that_is_named(folder: Path, tmp_path: Path) -> None:
    old, new = folder / "example" / "your_changes.yaml", tmp_path / "elsewhere" / "new.yaml"
    old.write_text(OLD)
    assert "do not say to which population they belong. Say it: costmodel import your_changes.yaml" in refused(
        "run", old
    )
    assert "--scenario POPULATION/model.yaml" in refused("import", old, "-o", new)
    said = done("import", old, "--scenario", folder / "second" / "model.yaml", "-o", new)
    assert "your_changes.yaml does not say to which population it belongs. It was taken as changes of: " in said
    assert same_digits(cm.load(new), cm.load(folder / "second" / "model.yaml").changed({"attendance": 0.6}))


def test_a_workbook_is_imported_without_naming_its_scenario(folder: Path, tmp_path: Path) -> None:
    changed = cm.load(folder / "second" / "cautious.yaml").changed({"session_price": 200.0})
    (tmp_path / "report.xlsx").write_bytes(typed(exported(changed), {"hr_recover": 0.9}))
    out = tmp_path / "elsewhere" / "mine.yaml"
    said = done("import", tmp_path / "report.xlsx", "-o", out)
    assert "\n – The workbook was not recalculated" in said
    assert said.partition("Warnings")[2].count("\n – ") == 1
    assert same_digits(cm.load(out), changed.changed({"hr_recover": 0.9}))
    example(folder / "second", **{"parameters.gp_visit.value": 71.0})
    said = done("import", tmp_path / "report.xlsx", "-o", out)
    assert "The workbook was made from another version of cautious.yaml: its SHA-256 was " in said
    assert "1 of its defaults has changed: gp_visit." in said
    assert cm.load(out).central["hr_recover"] == 0.9


@pytest.mark.long
def test_a_workbook_of_the_first_version_needs_its_scenario(folder: Path, tmp_path: Path) -> None:
    def as_before(book: Any) -> None:
        page = book["Provenance"]
        for row in reversed(list(page.iter_rows(min_row=1, max_col=1))):
            if row[0].value in ("Changes as a file", "Base population", "Base file", "Base SHA-256"):
                page.delete_rows(row[0].row)

    path, out = tmp_path / "old.xlsx", tmp_path / "mine.yaml"
    path.write_bytes(edited(typed(exported(cm.load(folder / "second" / "model.yaml")), {"attendance": 0.6}), as_before))
    assert "does not say to which population its model.yaml belongs" in refused("import", path, "-o", out)
    done("import", path, "--scenario", folder / "second" / "model.yaml", "-o", out)
    assert cm.load(out).central["attendance"] == 0.6


def printed(result: cm.Result, perspective: str | None = None) -> list[str]:
    """The words of the command, as a shell would hand them on."""
    import os

    words = shlex.split(command(result, perspective=perspective))
    assert words[:2] == ["costmodel", "run"]
    return [os.path.expandvars(word) for word in words[1:]]


def test_the_command_holds_everything(folder: Path) -> None:
    changed = cm.load(folder / "second" / "cautious.yaml").changed(CHANGES).changed({"age": 41.0}, fix=True)
    result = cm.run(changed, draws=DRAWS, seed=7, sampling="sobol")
    words = command(result, perspective="nhs")
    for word in ('"$COSTMODEL_SCENARIOS"/second/cautious.yaml', "--set hr_recover=1e-05", "--fix age=41.0",
                 "--horizon '4 years'", "--perspective nhs", "--draws 40", "--seed 7", "--sampling sobol"):  # fmt: skip
        assert word in words
    rows = parsed(*printed(result), "--json")["rows"]
    assert [row["value"] for row in rows if row["value"] is not None] == result.table().value.dropna().tolist()
    shown = call(*printed(result)).stdout
    assert f"Again: {command(result)}" in " ".join(shown.split())


def test_the_command_of_changes_that_are_no_values_reads_them_from_their_file(folder: Path, tmp_path: Path) -> None:
    from costmodel.scenario.load import load_text

    text = b"format: 1\nextends: model.yaml\nlabel: fewer\nremove: [costs.gp]\n"
    result = cm.run(load_text(text, folder / "second" / "typed.yaml"), draws=DRAWS)
    (tmp_path / "elsewhere" / "your_changes.yaml").write_bytes(overlay_text(saved(result.scenario)))
    rows = parsed(*printed(result), "--json")["rows"]
    assert [row["value"] for row in rows if row["value"] is not None] == result.table().value.dropna().tolist()


def test_draws_say_which_scenario_they_are_of(folder: Path, tmp_path: Path) -> None:
    mine = folder / "second" / "cautious.yaml"
    done("draws", mine, "--set", "session_price=200", "--draws", DRAWS, "-o", tmp_path / "draws")
    given = ["--draws-from", tmp_path / "draws" / "parameters.csv"]
    rows = parsed("run", tmp_path / "draws" / "scenario.yaml", *given, "--json")
    assert rows["warnings"] == parsed("run", mine, "--set", "session_price=200", *given, "--json")["warnings"]
    assert rows["scenario"]["sha256"] == cm.load(mine).changed({"session_price": 200}).sha256
    said = done("run", mine, *given)
    assert "parameters.csv was drawn from another scenario (second/cautious.yaml with its changes" in said


POPULATIONS = sorted(path.parent.name for path in SCENARIOS.glob("*/model.yaml") if path.parent.name != "psychosis")


@pytest.mark.long
@pytest.mark.parametrize("population", POPULATIONS)
def test_file_workbook_and_command_of_every_population_give_the_same_digits(
    population: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SCENARIOS.parent)
    monkeypatch.delenv("COSTMODEL_SCENARIOS", raising=False)
    for path in sorted((SCENARIOS / population).glob("*.yaml")):
        if b"\nextends:" not in path.read_bytes() and path.name != "model.yaml":
            continue
        base = cm.load(path)
        name = next(name for name, leaf in base.leaves.items() if leaf.distribution is not None and leaf.central > 0)
        changed = base.changed({name: base.leaves[name].central * 0.97, "horizon": "12 years", "people": 37})
        result = cm.run(changed, draws=DRAWS)
        (tmp_path / "mine.yaml").write_bytes(overlay_text(saved(changed)))
        assert cm.run(cm.load(tmp_path / "mine.yaml"), draws=DRAWS).table().equals(result.table()), path
        if path.name in ("model.yaml", "cautious.yaml"):  # a workbook takes longest to write
            (tmp_path / "report.xlsx").write_bytes(exported(changed))
            done("import", tmp_path / "report.xlsx", "-o", tmp_path / "brought.yaml")
            assert cm.run(cm.load(tmp_path / "brought.yaml"), draws=DRAWS).table().equals(result.table()), path
        rows = parsed(*printed(result), "--json")["rows"]
        assert [row["value"] for row in rows if row["value"] is not None] == result.table().value.dropna().tolist()
