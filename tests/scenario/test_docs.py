"""What the documents show works: every YAML block is read, and whole files are loaded."""

import re
import shutil
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.calibration.problem import load_problem
from costmodel.analysis.sweep import planned
from costmodel.analysis.validation.target import read_validation
from costmodel.scenario.read import read_file
from tests.support.example import DOCS, derived, documented, example, number, yaml_blocks

BLOCKS = [
    pytest.param(block, id=f"{document.name}-{number}")
    for document in sorted(DOCS.glob("*.md"))
    for number, block in enumerate(yaml_blocks(document), start=1)
]


WHOLE_FILES = {
    "model": "states",
    "locked": "refusal",
    "setting": "life_tables",
    "overlay": "extends",
    "calibration": "fits",
    "validation": "sources",
    "grid": "scenarios",
}
"""Kinds of file, and a key that no other kind has."""


def kind(block: str) -> str:
    """What a block is, by its keys: a whole file of some kind, or a part of one."""
    keys = set(re.findall(r"^(\w+):", block, flags=re.MULTILINE))
    if "format" not in keys:
        return "part"
    for name, key in WHOLE_FILES.items():
        if key in keys:
            return name
    raise AssertionError(f"a whole file of no known kind: {sorted(keys)}")


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_read(block: str, tmp_path: Path) -> None:
    path = tmp_path / "block.yaml"
    path.write_text(block, "utf-8")
    assert read_file(path).data


OF_ONE_FOLDER = [block for block in BLOCKS if not str(block.id).startswith("new-scenario.md")]
"""Those of new-scenario.md stand in a folder of their own, and have a test of their own."""


@pytest.mark.parametrize("block", OF_ONE_FOLDER)
def test_a_whole_file_loads_among_the_files_that_it_names(block: str, tmp_path: Path) -> None:
    path = example(tmp_path)
    match kind(block):
        case "model":
            path.write_text(block, "utf-8")
        case "setting":
            (tmp_path / "settings" / "example.yaml").write_text(block, "utf-8")
        case "overlay":
            path = tmp_path / "overlay.yaml"
            path.write_text(block, "utf-8")
        case "calibration":
            (tmp_path / "calibration.yaml").write_text(block, "utf-8")
            write_calibrated_model(tmp_path)
            assert load_problem(tmp_path / "calibration.yaml").file.fits
        case "grid":
            (tmp_path / "grid.yaml").write_text(re.sub(r"^draws: .*", "draws: 2", block, flags=re.MULTILINE), "utf-8")
            assert len(planned(tmp_path / "grid.yaml").cells) == 48
        case "validation":
            (tmp_path / "validation.yaml").write_text(block, "utf-8")
            shutil.copy(tmp_path / "settings" / "sources.yaml", tmp_path / "sources.yaml")
            assert read_validation(tmp_path / "validation.yaml").rows
        case "locked":
            (tmp_path / "locked.yaml").write_text(block, "utf-8")
            with pytest.raises(cm.Refused, match="It does harm"):
                cm.load(tmp_path / "locked.yaml")
    assert cm.run(cm.load(path), draws=2).table().value.notna().any()


def write_calibrated_model(folder: Path) -> None:
    """The example with what its calibration file speaks of."""
    example(
        folder,
        **{
            "parameters.recover": derived("per year", joint="posteriors/first.csv", status="derived"),
            "parameters.design_effect": number("multiplier", 2),
            "alternatives": {"faster_recovery": {"label": "Faster", "weight": 1}},
        },
    )
    (folder / "posteriors").mkdir()
    (folder / "posteriors" / "first.csv").write_text("best,recover\n1,0.3\n0,0.4\n", "utf-8")


def test_the_format_shows_a_whole_model_setting_and_overlay() -> None:
    assert set(documented()) == {"model", "setting", "overlay"}
    kinds = [kind(block) for block in yaml_blocks(DOCS / "format.md")]
    assert set(kinds) == {*WHOLE_FILES, "part"} - {"grid"}


def test_the_overlay_of_the_documents_changes_what_it_says(tmp_path: Path) -> None:
    example(tmp_path)
    scenario = cm.load(tmp_path / "cautious.yaml")
    assert [str(change) for change in scenario.changes] == [
        "parameters.attendance.value: 0.8 → 0.7",
        "strategies.therapy.therapy.wait: 0 months → 3 months",
    ]
    assert scenario.model.label == "cautious"
    assert scenario.central["attendance"] == 0.7


def test_the_alternatives_of_the_documents_stand_in_the_model_of_the_documents(tmp_path: Path) -> None:
    block = next(b for b in yaml_blocks(DOCS / "format.md") if kind(b) == "part" and "\nalternatives:" in b)
    numbers = {
        "weight_faster": ("share", 0.5),
        "weight_fewer": ("share", 0.5),
        "hr_relapse": ("hazard ratio", 0.7),
    }
    lines = "".join(
        f"  {name}: {{label: A number, unit: {unit}, value: {value}, source: X001, status: assumption}}\n"
        for name, (unit, value) in numbers.items()
    )
    path = example(tmp_path)
    path.write_text(documented()["model"].replace("\nparameters:\n", f"\n{block}\nparameters:\n{lines}"), "utf-8")
    scenario = cm.load(path)
    assert [structure.name for structure in scenario.structures] == ["faster_recovery", "fewer_relapses"]


def test_a_key_that_the_documents_do_not_know_is_refused(tmp_path: Path) -> None:
    """So that a document which shows an invented key would fail above."""
    path = example(tmp_path)
    path.write_text(documented()["model"] + "\nsurprise: 1\n", "utf-8")
    with pytest.raises(cm.InputError, match="surprise"):
        cm.load(path)
    shutil.rmtree(tmp_path / "settings")
    with pytest.raises(cm.InputError, match="does not exist"):
        cm.load(path)
